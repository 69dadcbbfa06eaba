"""Chapter 6, the new state: the mixture, the whole cell, a sequence, what a state is made of, and its gradient."""

import math

import numpy as np

from gru_checks.calling import Call
from gru_checks.drawing import gate, state, step_inputs
from gru_checks.gate_mistakes import keras2_hard_sigmoid, keras3_hard_sigmoid
from gru_checks.question import Behaviour, Case, Misconception, Part, Question
from gru_checks.registry import Assignment
from gru_ref import gru_cell, new_state, sigmoid

STEM = "ch06-new-state"
IDEA = f"{STEM}#The idea"
EQUATION = f"{STEM}#The equation"
MADE_OF = f"{STEM}#Claim 3: the state is a weighted mean of everything that was ever proposed"
STEP_GRADIENT = f"{STEM}#The gradient of the whole step, line by line"
SEQUENCE = f"{STEM}#The whole cell over a sequence"
AVERAGE = f"{STEM}#A leaky average of a chosen half-life"
SHARES = f"{STEM}#The shares that do not add up"
THAT_FIT = f"{STEM}#Two that fit and are wrong"
TANH_OVER = f"{STEM}#A tanh over the mixture"
ALIASING = f"{STEM}#A state that is overwritten in place"
POLARITY = "ch03-update-gate#Claim 3: the polarity is only a name"
FORMS = f"{STEM}#Claim 7: where the reset gate stands is not"
BRACKET = "ch05-candidate-state#A bracket too few"


# The mixture


def _draw_mixture(rng):
    def case(name, H, B, weight=1, dtype=np.float64):
        # Some gates below one half and some above it, so that a rounded gate is neither all open nor all shut.
        z = np.where(np.resize([True, False], (H, B)), rng.uniform(0.05, 0.4, (H, B)), rng.uniform(0.6, 0.95, (H, B)))
        arrays = state(rng, H, B), z, state(rng, H, B)
        return Case(name, Call("new_state", tuple(array.astype(dtype) for array in arrays)), weight)

    return [
        case("one column of three units", 3, 1),
        case("a batch of four", 2, 4),
        case("as many units as examples", 3, 3),
        case("float32", 4, 2, dtype=np.float32),
    ]


NEW_STATE = Question(
    id="ch06.new_state",
    title="The new state",
    points=2,
    answer="new_state",
    reference=new_state,
    draw=_draw_mixture,
    returns=(Part("h", "HB"),),
    page=EQUATION,
    hints=(
        "It is a mean of two things, unit by unit. Their shares add up to 1: which of them gets z?",
        "In this book z near 1 writes, so z is the share of the candidate, and the old state gets the rest.",
    ),
    misconceptions=(
        Misconception(
            "polarity",
            "The shares are the wrong way round: this is keep polarity, the form of Keras and PyTorch. In this book z"
            " is the share of the candidate.",
            lambda h_prev, z, candidate: z * h_prev + (1 - z) * candidate,
            POLARITY,
        ),
        Misconception(
            "nothing_given_up",
            "The old state is kept whole, so the shares add up to more than 1 and the state can grow without end."
            " What is written is taken from the old: its share is 1 - z.",
            lambda h_prev, z, candidate: h_prev + z * candidate,
            SHARES,
        ),
        Misconception(
            "candidate_whole",
            "The candidate is added whole, so the shares add up to more than 1. Its share is z.",
            lambda h_prev, z, candidate: (1 - z) * h_prev + candidate,
            SHARES,
        ),
        Misconception(
            "same_share",
            "Both get the same share. The two shares add up to 1: z for the candidate, 1 - z for the old state.",
            lambda h_prev, z, candidate: z * h_prev + z * candidate,
            SHARES,
            also=(lambda h_prev, z, candidate: (1 - z) * h_prev + (1 - z) * candidate,),
        ),
        Misconception(
            "half_of_each",
            "This is half of each. How much is written is up to the gate, unit by unit.",
            lambda h_prev, z, candidate: (h_prev + candidate) / 2,
        ),
        Misconception(
            "candidate_only",
            "The old state is missing. Without it nothing is remembered: what is not written is kept.",
            lambda h_prev, z, candidate: z * candidate,
            also=(lambda h_prev, z, candidate: candidate,),
        ),
        Misconception(
            "old_only",
            "The candidate is missing, so nothing new is ever written: its share is z.",
            lambda h_prev, z, candidate: (1 - z) * h_prev,
            also=(lambda h_prev, z, candidate: h_prev,),
        ),
        Misconception(
            "tanh_over",
            "Another tanh stands around the mixture. Then no unit can hold anything: each step pulls its value towards"
            " 0, even with the gate fully shut.",
            lambda h_prev, z, candidate: np.tanh((1 - z) * h_prev + z * candidate),
            TANH_OVER,
            slight=True,
        ),
        Misconception(
            "matrix_products",
            "@ is the product of matrices; it fits where there are as many examples as units. Each unit is mixed by"
            " itself, entry by entry: *.",
            lambda h_prev, z, candidate: (1 - z) @ h_prev + z @ candidate,
            THAT_FIT,
            also=(lambda h_prev, z, candidate: (1 - z) * h_prev + z @ candidate,),
        ),
        Misconception(
            "gate_again",
            "z is a gate already. Another sigmoid leaves only shares between 0.5 and 0.73.",
            lambda h_prev, z, candidate: (1 - sigmoid(z)) * h_prev + sigmoid(z) * candidate,
        ),
        Misconception(
            "rounded",
            "The gate is taken to be open or shut. It may stand anywhere between, and the new state lies between the"
            " old one and the candidate.",
            lambda h_prev, z, candidate: np.where(z > 0.5, candidate, h_prev),
        ),
        Misconception(
            "minus",
            "The old state is taken away. Both are added, each with its share.",
            lambda h_prev, z, candidate: z * candidate - (1 - z) * h_prev,
            also=(lambda h_prev, z, candidate: (1 - z) * h_prev - z * candidate,),
        ),
        Misconception(
            "wrong_way",
            "The step leads away from the candidate: h_prev + z * (candidate - h_prev) goes towards it.",
            lambda h_prev, z, candidate: h_prev + z * (h_prev - candidate),
        ),
        Misconception(
            "parentheses",
            "Parentheses are missing: 1 - z * h_prev is 1 minus the product. The share is (1 - z).",
            lambda h_prev, z, candidate: 1 - z * h_prev + z * candidate,
        ),
        Misconception(
            "one_gate_for_all",
            "One gate is used for all units. Each unit has its own: row i of z belongs to row i of the other two.",
            lambda h_prev, z, candidate: (1 - z[0]) * h_prev + z[0] * candidate,
            also=(lambda h_prev, z, candidate: (1 - z.mean()) * h_prev + z.mean() * candidate,),
        ),
    ),
)


# The whole cell


def _filtered(U, h, r):
    return U @ (r * h)


def _mixed(h, z, c, r):
    return (1 - z) * h + z * c


def _gate(x, h, W, U, b):
    return sigmoid(W @ x + U @ h + b)


def _cell(blocks=(0, 1, 2), gates=_gate, term=_filtered, squash=np.tanh, mixture=_mixed):
    """Make a wrong cell by exchanging one of its parts."""

    def wrong(x, h_prev, W, U, b):
        update, reset, own = blocks
        z = gates(x, h_prev, W[update], U[update], b[update])
        r = gates(x, h_prev, W[reset], U[reset], b[reset])
        candidate = squash(W[own] @ x + term(U[own], h_prev, r) + b[own])
        return mixture(h_prev, z, candidate, r)

    return wrong


def _filtered_update(x, h_prev, W, U, b):
    r = _gate(x, h_prev, W[1], U[1], b[1])
    z = _gate(x, r * h_prev, W[0], U[0], b[0])
    return _mixed(h_prev, z, np.tanh(W[2] @ x + U[2] @ (r * h_prev) + b[2]), r)


def _cell_inputs(rng, I, H, B, dtype=np.float64, scale=1.0):
    x, h_prev, *_ = step_inputs(rng, I, H, B, dtype=dtype)
    return x, h_prev, *((scale * rng.normal(0, 1, (3, H, columns))).astype(dtype) for columns in (I, H, 1))


def _draw_cell(rng):
    def case(name, I, H, B, weight=1, **more):
        return Case(name, Call("gru_cell", _cell_inputs(rng, I, H, B, **more)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1, 2),
        case("a batch of four", 2, 3, 4, 2),
        case("as many inputs as units as examples", 3, 3, 3),
        case("float32", 4, 2, 3, dtype=np.float32),
        case("large weights", 3, 4, 5, scale=30.0),
    ]


CELL = Question(
    id="ch06.cell",
    title="The whole cell",
    points=4,
    answer="gru_cell",
    reference=gru_cell,
    draw=_draw_cell,
    returns=(Part("h", "HB"),),
    public_seed=84,
    page=f"{STEM}#The code",
    hints=(
        "Four lines, in this order: the update gate, the reset gate, the candidate, the mixture. Take the blocks apart"
        " first, so that each has a name.",
        "Both gates look at `x` and at the *old* state; the candidate looks at `x` and at `r * h_prev`; the mixture"
        " contains `h_prev` itself. `W[0]`, `W[1]`, `W[2]` are the blocks.",
    ),
    misconceptions=(
        Misconception(
            "gates_exchanged",
            "The blocks of the two gates are exchanged. Here the order is update gate, reset gate, candidate; PyTorch"
            " has the reset gate first, and nothing warns of it, since all blocks have the same shapes.",
            _cell((1, 0, 2)),
            "ch04-reset-gate#Six that fit and are wrong",
        ),
        Misconception(
            "other_blocks",
            "The candidate is computed with the block of a gate. The order is update gate, reset gate, candidate.",
            _cell((0, 2, 1)),
            also=(_cell((2, 1, 0)), _cell((1, 2, 0)), _cell((2, 0, 1)), _cell((0, 1, 1)), _cell((0, 1, 0))),
        ),
        Misconception(
            "one_gate",
            "Both gates are computed with the same block. Each has weights of its own.",
            _cell((0, 0, 2)),
            also=(_cell((1, 1, 2)),),
        ),
        Misconception(
            "update_polarity",
            "The shares of the mixture are the wrong way round: this is keep polarity, the form of Keras and PyTorch."
            " In this book z is the share of the candidate.",
            _cell(mixture=lambda h, z, c, r: z * h + (1 - z) * c),
            POLARITY,
        ),
        Misconception(
            "after",
            "The reset gate stands after the product. That is another function, the one that PyTorch computes; in this"
            " book's form the state is filtered first, U @ (r * h_prev).",
            _cell(term=lambda U, h, r: r * (U @ h)),
            FORMS,
        ),
        Misconception(
            "pytorch",
            "This is the cell of PyTorch: the reset gate stands after the product, and z is the share that is kept. In"
            " this book the state is filtered first, U @ (r * h_prev), and z is the share of the candidate.",
            _cell(term=lambda U, h, r: r * (U @ h), mixture=lambda h, z, c, r: z * h + (1 - z) * c),
            FORMS,
        ),
        Misconception(
            "bracket_missing",
            "Parentheses are missing: Python reads U @ r * h_prev as (U @ r) * h_prev. The filter comes first,"
            " U @ (r * h_prev).",
            _cell(term=lambda U, h, r: U @ r * h),
            BRACKET,
        ),
        Misconception(
            "reset_ignored",
            "The reset gate is not used: the candidate sees the whole old state. It sees r * h_prev.",
            _cell(term=lambda U, h, r: U @ h),
        ),
        Misconception(
            "reset_polarity",
            "The reset gate is read the wrong way round: the candidate sees the share r of the old state, not 1 - r.",
            _cell(term=lambda U, h, r: U @ ((1 - r) * h)),
            "ch04-reset-gate#The idea",
        ),
        Misconception(
            "filtered_in_the_mixture",
            "The mixture contains r * h_prev. The reset gate acts on what the candidate sees; the mixture contains the"
            " old state as it is, and so nothing is lost while z is shut.",
            _cell(mixture=lambda h, z, c, r: (1 - z) * r * h + z * c),
            "ch04-reset-gate#Claim 3: the reset gate erases nothing",
        ),
        Misconception(
            "gate_on_the_candidate",
            "The reset gate multiplies the whole candidate. It stands at the old state and nowhere else.",
            _cell(term=lambda U, h, r: U @ h, mixture=lambda h, z, c, r: (1 - z) * h + z * (r * c)),
            "ch05-candidate-state#A reset gate that reaches too far",
            also=(_cell(mixture=lambda h, z, c, r: (1 - z) * h + z * (r * c)),),
        ),
        Misconception(
            "candidate_for_state",
            "This is the candidate. It is only a proposal: the update gate mixes it with the old state, and that is"
            " where the memory is.",
            _cell(mixture=lambda h, z, c, r: c),
            "ch05-candidate-state#A candidate taken for the state",
        ),
        Misconception(
            "nothing_given_up",
            "The old state is kept whole, so the shares add up to more than 1 and the state can grow without end. Its"
            " share is 1 - z.",
            _cell(mixture=lambda h, z, c, r: h + z * c),
            SHARES,
        ),
        Misconception(
            "candidate_whole",
            "The candidate is added whole, so the shares add up to more than 1. Its share is z.",
            _cell(mixture=lambda h, z, c, r: (1 - z) * h + c),
            SHARES,
        ),
        Misconception(
            "tanh_over",
            "Another tanh stands around the mixture. Then no unit can hold anything: each step pulls its value towards"
            " 0, even with the gate fully shut.",
            _cell(mixture=lambda h, z, c, r: np.tanh((1 - z) * h + z * c)),
            TANH_OVER,
            slight=True,
        ),
        Misconception(
            "sigmoid_candidate",
            "The candidate ends in a sigmoid, and is never negative. It is content and needs a sign, so a tanh.",
            _cell(squash=sigmoid),
            "ch05-candidate-state#A sigmoid in place of the tanh",
        ),
        Misconception(
            "no_tanh",
            "The candidate lacks its tanh, so the state may have any size.",
            _cell(squash=np.asarray),
            "ch05-candidate-state#No tanh at all",
        ),
        Misconception(
            "tanh_gates",
            "The gates end in a tanh. A gate is a share, between 0 and 1: that takes a sigmoid.",
            _cell(gates=lambda x, h, W, U, b: np.tanh(W @ x + U @ h + b)),
        ),
        Misconception(
            "hard_sigmoid",
            "The gates end in a hard sigmoid, a straight line cut off at 0 and 1, as in old versions of Keras.",
            _cell(gates=lambda x, h, W, U, b: keras2_hard_sigmoid(W @ x + U @ h + b)),
            also=(_cell(gates=lambda x, h, W, U, b: keras3_hard_sigmoid(W @ x + U @ h + b)),),
            slight=True,
        ),
        Misconception(
            "gates_of_the_input",
            "The gates see only the input. They look at the old state too: U @ h_prev is missing in them.",
            _cell(gates=lambda x, h, W, U, b: sigmoid(W @ x + b)),
            "ch03-update-gate#A gate that sees the input only",
        ),
        Misconception(
            "gates_of_the_state",
            "The gates see only the old state. They look at the input too: W @ x is missing in them.",
            _cell(gates=lambda x, h, W, U, b: sigmoid(U @ h + b)),
        ),
        Misconception(
            "transposed",
            "The recurrent weights are transposed. Row i of a block holds the weights into unit i; the blocks of U are"
            " square, and therefore no shape warns of it.",
            lambda x, h_prev, W, U, b: gru_cell(x, h_prev, W, U.transpose(0, 2, 1), b),
            also=(_cell(term=lambda U, h, r: U.T @ (r * h)), _cell(gates=lambda x, h, W, U, b: _gate(x, h, W, U.T, b))),
        ),
        Misconception(
            "no_bias",
            "The biases are missing.",
            lambda x, h_prev, W, U, b: gru_cell(x, h_prev, W, U, 0 * b),
        ),
        Misconception(
            "some_biases",
            "A bias is missing. Each of the three blocks has its own: b[0], b[1] and b[2].",
            lambda x, h_prev, W, U, b: gru_cell(x, h_prev, W, U, np.stack([b[0], b[1], 0 * b[2]])),
            also=tuple(
                lambda x, h_prev, W, U, b, there=there: gru_cell(x, h_prev, W, U, np.reshape(there, (3, 1, 1)) * b)
                for there in ((0, 1, 1), (1, 0, 1), (0, 0, 1))
            ),
        ),
        Misconception(
            "filtered_for_the_update_gate",
            "The update gate sees the filtered state. Both gates look at h_prev as it is; r filters what the candidate"
            " sees.",
            _filtered_update,
        ),
        Misconception(
            "counted_from_one",
            "Python counts from 0: W[0], W[1] and W[2] are the three blocks.",
            _cell((1, 2, 3)),
        ),
    ),
)


# A sequence


def run_cell(x, h0, W, U, b):
    """State after each step of a sequence."""
    return _over_time(gru_cell)(x, h0, W, U, b)


def _over_time(cell):
    def run(x, h0, W, U, b):
        h, states = h0, []
        for x_t in x:
            h = cell(x_t, h, W, U, b)
            states.append(h)
        return np.array(states)

    return run


def _shifted(x, h0, W, U, b):
    return np.concatenate([h0[np.newaxis], run_cell(x, h0, W, U, b)[:-1]])


def _draw_run(rng):
    def case(name, T, I, H, B, dtype=np.float64):
        _, h0, *weights = _cell_inputs(rng, I, H, B, dtype=dtype)
        return Case(name, Call("run_cell", (rng.normal(0, 1, (T, I, B)).astype(dtype), h0, *weights)))

    return [
        case("two steps of one example", 2, 2, 3, 1),
        case("five steps, a batch of three", 5, 2, 4, 3),
        case("as many steps as inputs, units and examples", 3, 3, 3, 3),
        case("a dozen steps in float32", 12, 3, 2, 2, np.float32),
    ]


RUN = Question(
    id="ch06.run",
    title="Over a sequence",
    points=3,
    answer="run_cell",
    reference=run_cell,
    draw=_draw_run,
    returns=(Part("states", "THB"),),
    public_seed=0,
    page=SEQUENCE,
    uses=("ch06.cell",),
    hints=(
        "The state that a step returns is the old state of the next. What is the old state of the first step?",
        "Begin with `h = h0`; for each `x_t` of `x` let `h` be what `gru_cell` returns, and append it to a list."
        " `np.array(list)` makes one array of them.",
    ),
    misconceptions=(
        Misconception(
            "zero_start",
            "The sequence begins at a state of zero. It begins at h0.",
            lambda x, h0, W, U, b: run_cell(x, 0 * h0, W, U, b),
        ),
        Misconception(
            "not_carried",
            "Every step begins at h0 again, so nothing is remembered from one step to the next. The state that a step"
            " returns is the old state of the next.",
            lambda x, h0, W, U, b: np.array([gru_cell(x_t, h0, W, U, b) for x_t in x]),
        ),
        Misconception(
            "one_step_late",
            "These are the states *before* each step, from h0 on. The state after the last step is missing: append h"
            " after the step, not before it.",
            _shifted,
        ),
        Misconception(
            "with_the_start",
            "h0 is among the states. The state after each step is asked for: T of them.",
            lambda x, h0, W, U, b: np.concatenate([h0[np.newaxis], run_cell(x, h0, W, U, b)]),
        ),
        Misconception(
            "last_state_only",
            "This is the state after the last step. The states after all steps are asked for.",
            lambda x, h0, W, U, b: run_cell(x, h0, W, U, b)[-1],
        ),
        Misconception(
            "first_input",
            "Every step gets the first input. Step t gets x[t].",
            lambda x, h0, W, U, b: run_cell(np.repeat(x[:1], len(x), axis=0), h0, W, U, b),
            also=(lambda x, h0, W, U, b: run_cell(np.repeat(x[-1:], len(x), axis=0), h0, W, U, b),),
        ),
        Misconception(
            "backwards",
            "The sequence is read from its end. Step t comes after step t - 1: the first input first.",
            lambda x, h0, W, U, b: run_cell(x[::-1], h0, W, U, b),
            also=(
                lambda x, h0, W, U, b: run_cell(x[::-1], h0, W, U, b)[::-1],
                lambda x, h0, W, U, b: run_cell(x, h0, W, U, b)[::-1],
            ),
        ),
        Misconception(
            "another_axis",
            "The loop goes over another axis of x. The time steps come first: x[t], or for x_t in x.",
            lambda x, h0, W, U, b: run_cell(x.transpose(1, 0, 2), h0, W, U, b),
            also=(lambda x, h0, W, U, b: run_cell(x.transpose(2, 0, 1), h0, W, U, b),),
        ),
        Misconception(
            "one_array",
            "All entries of the list are the same array: it was changed in place, and what was there before is gone."
            " Let each step make a new one.",
            lambda x, h0, W, U, b: np.array([run_cell(x, h0, W, U, b)[-1]] * len(x)),
            ALIASING,
        ),
        Misconception(
            "examples_first",
            "The axes are in another order. Time steps come first, then units, then examples: (T, H, B).",
            lambda x, h0, W, U, b: run_cell(x, h0, W, U, b).transpose(2, 0, 1),
            also=(
                lambda x, h0, W, U, b: run_cell(x, h0, W, U, b).transpose(0, 2, 1),
                lambda x, h0, W, U, b: run_cell(x, h0, W, U, b).transpose(1, 0, 2),
                lambda x, h0, W, U, b: run_cell(x, h0, W, U, b).transpose(1, 2, 0),
                lambda x, h0, W, U, b: run_cell(x, h0, W, U, b).transpose(2, 1, 0),
            ),
        ),
        Misconception(
            "side_by_side",
            "The states stand side by side in one matrix. np.array of the list gives each step a place of its own,"
            " (T, H, B).",
            lambda x, h0, W, U, b: np.hstack(list(run_cell(x, h0, W, U, b))),
            also=(lambda x, h0, W, U, b: np.vstack(list(run_cell(x, h0, W, U, b))),),
        ),
        Misconception(
            "one_step_short",
            "The last step is missing: a loop over x goes over all T of them.",
            lambda x, h0, W, U, b: run_cell(x, h0, W, U, b)[:-1],
            also=(lambda x, h0, W, U, b: run_cell(x[1:], h0, W, U, b),),
        ),
        Misconception(
            "first_step_alone",
            "Only the first step comes back. If return stands inside the loop, the loop ends there: it belongs behind"
            " it, as far to the left as for.",
            lambda x, h0, W, U, b: run_cell(x[:1], h0, W, U, b),
        ),
        Misconception(
            "added_up",
            "The new states are added to the old ones. What gru_cell returns is the new state itself: it takes the"
            " place of the old one.",
            _over_time(lambda x, h, W, U, b: h + gru_cell(x, h, W, U, b)),
        ),
    ),
)


# What a state is made of


def candidate_weights(z):
    """Weight of each step's candidate in the last state."""
    weights = []
    kept = np.ones_like(z[0])
    for gate_of_step in z[::-1]:
        weights.append(gate_of_step * kept)
        kept = kept * (1 - gate_of_step)
    return np.array(weights[::-1])


def _from_kept(weight):
    """Make a wrong version from z and the shares 1 - z that later steps keep."""

    def wrong(z):
        later = np.concatenate([1 - z[1:], np.ones_like(z[:1])])
        return weight(z, np.cumprod(later[::-1], axis=0)[::-1])

    return wrong


def _draw_weights(rng):
    def case(name, T, H, dtype=np.float64):
        return Case(name, Call("candidate_weights", (rng.uniform(0.15, 0.8, (T, H)).astype(dtype),)))

    return [
        case("two steps of two units", 2, 2),
        case("five steps of three units", 5, 3),
        case("as many steps as units", 4, 4),
        case("eight steps in float32", 8, 2, np.float32),
    ]


WEIGHTS = Question(
    id="ch06.weights",
    title="What a state is made of",
    points=3,
    answer="candidate_weights",
    reference=candidate_weights,
    draw=_draw_weights,
    returns=(Part("w", "TH"),),
    public_seed=0,
    page=MADE_OF,
    hints=(
        "At its own step a candidate is written with the share z. What happens to it at each later step?",
        "$w_s = z_s (1 - z_{s+1}) \\cdots (1 - z_T)$. Go from the last step to the first and keep the product of the"
        " shares that were kept; or go forward, where at each step everything that is there shrinks by $1 - z$ and a"
        " new share $z$ joins.",
    ),
    misconceptions=(
        Misconception(
            "own_step_too",
            "The product begins one step too early: a candidate is not diminished at its own step. It was written with"
            " z, and only the steps after it keep 1 - z of it.",
            _from_kept(lambda z, kept: z * kept * (1 - z)),
        ),
        Misconception(
            "one_step_short",
            "The product ends one step too early, or begins one too late: every step after a candidate's own, to the"
            " last, keeps 1 - z of it.",
            lambda z: z * np.concatenate([candidate_weights(z[:-1]) / z[:-1], np.ones_like(z[:1])]),
            also=(_from_kept(lambda z, kept: z * np.concatenate([kept[1:], np.ones_like(z[:1])])),),
        ),
        Misconception(
            "polarity",
            "The shares are the wrong way round: here z is the share that is written and 1 - z the share that is kept.",
            lambda z: candidate_weights(1 - z),
            POLARITY,
        ),
        Misconception(
            "earlier_steps",
            "The product runs over the earlier steps. What was written is diminished by what is written *later*.",
            lambda z: candidate_weights(z[::-1])[::-1],
        ),
        Misconception(
            "from_the_first_step",
            "The product runs from the first step to a candidate's own. What was written is diminished by what is"
            " written *later*: the product runs from the step after it to the last.",
            lambda z: z * np.cumprod(1 - z, axis=0),
        ),
        Misconception(
            "with_the_start",
            "w_0, the weight of the state at the start, is among them. Those of the candidates are asked for, w_1 to"
            " w_T.",
            lambda z: np.concatenate([np.prod(1 - z, axis=0)[np.newaxis], candidate_weights(z)]),
        ),
        Misconception(
            "reversed",
            "The weights stand in the reverse order. Row s belongs to step s, the first to the first step.",
            lambda z: candidate_weights(z)[::-1],
        ),
        Misconception(
            "gate_alone",
            "This is the share with which each candidate was written. Later steps write over it and keep 1 - z of it.",
            lambda z: z,
        ),
        Misconception(
            "kept_alone",
            "This is the share that later steps keep. The candidate was written with the share z of its own step.",
            _from_kept(lambda z, kept: kept),
        ),
        Misconception(
            "next_step_only",
            "Only the step after a candidate's own is counted. All later steps keep 1 - z: a product.",
            _from_kept(lambda z, kept: z * np.concatenate([1 - z[1:], np.ones_like(z[:1])])),
        ),
        Misconception(
            "made_to_add_up",
            "The weights are divided by their sum. They need not add up to 1 by themselves: the rest is the weight of"
            " the state at the start.",
            lambda z: candidate_weights(z) / candidate_weights(z).sum(axis=0),
        ),
        Misconception(
            "gate_that_stands_still",
            "This takes the gate to stand at one value all the time. Each step has its own.",
            lambda z: z[-1] * (1 - z[-1]) ** np.arange(len(z))[::-1, np.newaxis],
            also=(lambda z: z * (1 - z) ** np.arange(len(z))[::-1, np.newaxis],),
        ),
        Misconception(
            "added",
            "The shares are added up. Each later step keeps a share of what the one before it has left, so they are"
            " multiplied.",
            _from_kept(lambda z, kept: z + kept),
        ),
        Misconception(
            "over_units",
            "The product runs over the units. Each unit is mixed by itself; the product runs over later steps,"
            " along axis 0.",
            lambda z: (
                z * np.concatenate([np.cumprod((1 - z[:, :0:-1]), axis=1)[:, ::-1], np.ones_like(z[:, :1])], axis=1)
            ),
        ),
    ),
)


# A leaky average


def bias_for_half_life(n):
    """Bias with which a gate that it alone sets loses half of the state in n steps."""
    return math.log(2 ** (1 / n) - 1)


def _logit(z):
    return math.log(z / (1 - z))


def _draw_bias(rng):
    def case(name, low, high):
        return Case(name, Call("bias_for_half_life", (float(rng.uniform(low, high)),)))

    return [
        case("a few steps", 2.5, 6),
        case("some dozens", 15, 50),
        case("hundreds", 150, 900),
        case("less than two steps", 1.2, 1.8),
    ]


BIAS = Question(
    id="ch06.half_life_bias",
    title="A leaky average of a given half-life",
    points=2,
    answer="bias_for_half_life",
    reference=bias_for_half_life,
    draw=_draw_bias,
    returns=(Part("the bias", ""),),
    kind="value",
    page=AVERAGE,
    hints=(
        "Two steps: which gate z leaves half of the state after n steps, and which bias sets a gate to z?",
        "$(1 - z)^n = \\frac12$ gives z. Then the inverse of the sigmoid, $\\ln\\frac{z}{1 - z}$, gives the bias.",
    ),
    misconceptions=(
        Misconception(
            "gate",
            "This is the gate. The bias stands inside the sigmoid, so its inverse is needed: ln(z / (1 - z)).",
            lambda n: 1 - 2 ** (-1 / n),
        ),
        Misconception(
            "polarity",
            "This gate keeps what it should write: z is taken for the share that stays. In this book z is written and"
            " 1 - z stays, so the sign of the bias is the other one.",
            lambda n: -bias_for_half_life(n),
            POLARITY,
        ),
        Misconception(
            "logarithm_of_the_gate",
            "ln(z) inverts the exponential. The sigmoid's inverse is ln(z / (1 - z)).",
            lambda n: math.log(1 - 2 ** (-1 / n)),
            slight=True,
        ),
        Misconception(
            "small_gate_only",
            "z = ln(2) / n is what the gate comes near to when n is large. For any n it is 1 - 2**(-1 / n).",
            lambda n: _logit(math.log(2) / n),
            slight=True,
        ),
        Misconception(
            "one_over_n",
            "A gate of 1 / n leaves 1/e of the state after about n steps, not one half.",
            lambda n: _logit(1 / n),
            also=(lambda n: math.log(1 / n),),
        ),
        Misconception(
            "time_constant",
            "With this bias 1/e of the state is left after n steps. For one half, (1 - z)**n = 1/2 is solved for z.",
            lambda n: math.log(math.exp(1 / n) - 1),
        ),
        Misconception(
            "same_amount",
            "This takes the state to lose the same amount at every step, 1 / (2 n). It loses the same share.",
            lambda n: _logit(0.5 / n),
        ),
        Misconception(
            "kept_share",
            "This is the share that is kept at each step. The bias of the gate is asked for.",
            lambda n: 2 ** (-1 / n),
        ),
        Misconception(
            "other_base",
            "The logarithm has the wrong base. The sigmoid is made with e, so its inverse takes the natural one.",
            lambda n: math.log2(2 ** (1 / n) - 1),
            also=(lambda n: math.log10(2 ** (1 / n) - 1),),
        ),
        Misconception(
            "exponent_not_inverted",
            "The n-th root is missing: (1 - z)**n = 1/2 gives 1 - z = (1/2)**(1 / n).",
            lambda n: _logit(1 - 0.5 / n),
            also=(lambda n: math.log(2 / n), lambda n: _logit(1 - 0.5**n)),
        ),
        Misconception(
            "sigmoid",
            "sigmoid(z) goes from a bias to a gate. Here the gate is known and the bias is sought: ln(z / (1 - z)).",
            lambda n: float(sigmoid(1 - 2 ** (-1 / n))),
        ),
    ),
)


# The gradient of the whole step


def state_gradient(d_h, h_prev, z, r, candidate, U_z, U_r, U_h):
    """Gradient of a loss with respect to the old state, given that with respect to the new one."""
    return sum(_ways()(d_h, h_prev, z, r, candidate, U_z, U_r, U_h))


def _ways(
    difference=lambda h, c: c - h,
    sigmoid_slope=lambda g: g * (1 - g),
    tanh_slope=lambda c: 1 - c**2,
    written=lambda d, z: d * z,
    kept=lambda d, z: d * (1 - z),
    back=lambda U, d: U.T @ d,
    seen=lambda s, r: s * r,
    to_reset=lambda s, h: s * h,
):
    """Make the four ways back to the old state, with some lines exchanged."""

    def ways(d_h, h_prev, z, r, candidate, U_z, U_r, U_h):
        delta_z = d_h * difference(h_prev, candidate) * sigmoid_slope(z)
        s = back(U_h, written(d_h, z) * tanh_slope(candidate))
        delta_r = to_reset(s, h_prev) * sigmoid_slope(r)
        return kept(d_h, z), seen(s, r), back(U_z, delta_z), back(U_r, delta_r)

    return ways


def _all(**changed):
    return lambda *arguments: sum(_ways(**changed)(*arguments))


def _one_way(place, **changed):
    """Make a version in which lines of one of the four ways alone are exchanged."""

    def wrong(*arguments):
        ways = list(_ways()(*arguments))
        ways[place] = _ways(**changed)(*arguments)[place]
        return sum(ways)

    return wrong


def _with_one_transposed(place):
    """Make a version that multiplies by one of U_z, U_r and U_h itself where its transpose belongs."""

    def wrong(d_h, h_prev, z, r, candidate, *U):
        return state_gradient(d_h, h_prev, z, r, candidate, *(u.T if k == place else u for k, u in enumerate(U)))

    return wrong


def _without(*left_out):
    return lambda *arguments: sum(way for place, way in enumerate(_ways()(*arguments)) if place not in left_out)


def _draw_gradient(rng):
    def case(name, H, B, weight=1, dtype=np.float64):
        arrays = [rng.normal(0, 1, (H, B)), state(rng, H, B), gate(rng, H, B), gate(rng, H, B)]
        arrays += [rng.uniform(-0.8, 0.8, (H, B)), *rng.normal(0, 1.5, (3, H, H))]
        return Case(name, Call("state_gradient", tuple(array.astype(dtype) for array in arrays)), weight)

    return [
        case("one example, three units", 3, 1),
        case("a batch of four", 2, 4, 2),
        case("as many units as examples", 4, 4),
        case("float32", 5, 2, dtype=np.float32),
    ]


GRADIENT = Question(
    id="ch06.gradient",
    title="The four ways back",
    points=4,
    answer="state_gradient",
    reference=state_gradient,
    draw=_draw_gradient,
    returns=(Part("dh_prev", "HB"),),
    page=STEP_GRADIENT,
    hints=(
        "The old state enters the new one in four ways: straight, in the mixture; by way of the candidate; and through"
        " each of the two gates. Write one line for each way back, and add them.",
        "Straight: `d_h * (1 - z)`. By way of the candidate: with `s = U_h.T @ (d_h * z * (1 - candidate**2))`, it is"
        " `r * s`. Through the update gate: `U_z.T @ (d_h * (candidate - h_prev) * z * (1 - z))`. Through the reset"
        " gate: `s` goes on to it times `h_prev`.",
    ),
    misconceptions=(
        Misconception(
            "straight_missing",
            "The straight way is missing, (1 - z) * d_h. It is the one on which a gradient survives hundreds of steps.",
            _without(0),
            f"{STEM}#Claim 4: the gradient is divided in the same shares",
        ),
        Misconception(
            "candidate_missing",
            "The way by the candidate is missing: the candidate saw r * h_prev.",
            _without(1),
        ),
        Misconception(
            "update_missing",
            "The way through the update gate is missing: the gate looked at the old state too.",
            _without(2),
        ),
        Misconception(
            "reset_missing",
            "The way through the reset gate is missing: the gate looked at the old state too, and the candidate saw"
            " what the gate let through.",
            _without(3),
        ),
        Misconception(
            "straight_only",
            "This is the straight way alone. The old state is also what the candidate and both gates are made from.",
            _without(1, 2, 3),
            f"{STEM}#Claim 4: the gradient is divided in the same shares",
        ),
        Misconception(
            "gates_missing",
            "Both gates are taken as given. They looked at the old state too, and each has a way back to it.",
            _without(2, 3),
        ),
        Misconception(
            "polarity",
            "The shares are the wrong way round: 1 - z goes straight to the old state and z to the candidate.",
            _all(kept=lambda d, z: d * z, written=lambda d, z: d * (1 - z)),
            POLARITY,
            also=(_all(kept=lambda d, z: d * z),),
        ),
        Misconception(
            "difference_turned",
            "The difference is turned around. A larger z moves the state from h_prev towards the candidate, by"
            " candidate - h_prev.",
            _all(difference=lambda h, c: h - c),
        ),
        Misconception(
            "difference_missing",
            "The update gate got the factor candidate alone. z also takes away from the old state, so the factor is"
            " candidate - h_prev.",
            _all(difference=lambda h, c: c),
        ),
        Misconception(
            "not_written",
            "The factor z is missing on the way to the candidate: only the share z of it was written.",
            _all(written=lambda d, z: d),
        ),
        Misconception(
            "not_transposed",
            "Back through a product with U the gradient goes with U transposed. The blocks are square, so no shape"
            " warns of it.",
            _all(back=lambda U, d: U @ d),
        ),
        Misconception(
            "one_not_transposed",
            "One of the matrices is not transposed. Back through a product with U the gradient goes with U.T, on each"
            " of the three ways. The blocks are square, so no shape warns of it.",
            _with_one_transposed(0),
            also=(_with_one_transposed(1), _with_one_transposed(2)),
        ),
        Misconception(
            "no_tanh_slope",
            "The slope of the tanh is missing: between the candidate and its sum stands the factor 1 - candidate**2.",
            _all(tanh_slope=np.ones_like),
        ),
        Misconception(
            "wrong_tanh_slope",
            "The slope of the tanh is 1 - candidate**2.",
            _all(tanh_slope=lambda c: c * (1 - c)),
            also=(_all(tanh_slope=lambda c: 1 - c),),
        ),
        Misconception(
            "no_gate_slopes",
            "The slopes of the sigmoids are missing: between a gate and its sum stands the factor gate * (1 - gate).",
            _all(sigmoid_slope=np.ones_like),
        ),
        Misconception(
            "one_gate_slope",
            "One of the two gates lacks the slope of its sigmoid: between each gate and its sum stands the factor"
            " gate * (1 - gate).",
            _one_way(3, sigmoid_slope=np.ones_like),
            also=(_one_way(2, sigmoid_slope=np.ones_like),),
        ),
        Misconception(
            "wrong_gate_slopes",
            "1 - gate**2 is the slope of a tanh. A gate comes out of a sigmoid, whose slope is gate * (1 - gate).",
            _all(sigmoid_slope=lambda g: 1 - g**2),
        ),
        Misconception(
            "seen_ungated",
            "By way of the candidate the factor r is missing: only the share r of the old state was seen.",
            _all(seen=lambda s, r: s),
        ),
        Misconception(
            "reset_without_state",
            "On the way to the reset gate the factor h_prev is missing: in r * h_prev each factor gets the other one.",
            _all(to_reset=lambda s, h: s),
        ),
        Misconception(
            "sign",
            "Every sign is turned around. The gradient points uphill; the minus comes later, when a step is taken.",
            lambda *arguments: -state_gradient(*arguments),
        ),
        Misconception(
            "four_parts",
            "The four ways come back one by one. Their sum is asked for.",
            lambda *arguments: np.array(_ways()(*arguments)),
        ),
    ),
)


# A parity bit


def parity_weights():
    """One right answer of many: a pulse opens the gate, and what is written is the opposite."""
    return np.array([[24.0]]), np.array([[-12.0]]), np.array([[-4.0]])


def sides(value, case):
    """Run a unit that looks at a pulse line with its gate and at itself with its candidate.

    Returns the side of 0 on which it stands after each step, 0 where it is within 0.5 of 0.
    """
    W_z, b_z, U_h = (np.asarray(part, dtype=np.float64).item() for part in value)
    h, pulses = case.given
    states = []
    for z in sigmoid(W_z * np.array(pulses) + b_z):
        h = (1 - z) * h + z * np.tanh(U_h * h)
        states.append(h)
    return np.where(np.abs(states) > 0.5, np.sign(states), 0.0)


def _draw_parity(rng):
    def case(name, start, pulses, weight=1):
        return Case(name, Call("parity_weights"), weight, (float(start), tuple(map(float, pulses))))

    side = rng.choice([-0.8, 0.8])
    return [
        case("one pulse between quiet steps", side, [0, 0, 1, 0, 0]),
        case("a pulse at every step", -side, np.ones(9)),
        case("sixty steps at random", side, [1, 0, *(rng.random(58) < 0.4)], 2),
        case("a bit held for two hundred steps", -side, [1, *np.zeros(200), 1]),
    ]


def parity_fault(weights):
    """Say in a word what is wrong with the weights of a parity bit; the worst comes first.

    Parameters
    ----------
    weights : tuple of numpy.ndarray
        ``(W_z, b_z, U_h)``, each of shape (1, 1).

    Returns
    -------
    str
        Id of a misconception; "" if nothing is.
    """
    pulse, bias, own = (part.item() for part in weights)
    faults = {
        "nothing": pulse == bias == own == 0,
        "gate_turned": bias > 0 > bias + pulse,
        "same_side": own > 0,
        "always_open": bias >= 0,
        "always_shut": bias + pulse <= 0,
        "fades": -1.3 < own <= 0,
        "leaks": bias > -7,
        "opens_too_little": bias + pulse < 3,
    }
    return next((name for name, found in faults.items() if found), "")


def _parity(id, sentence, pulse, bias, own, page=""):
    weights = np.array([[pulse]]), np.array([[bias]]), np.array([[own]])
    return Misconception(id, sentence, lambda: weights, page, fits=lambda value: parity_fault(value) == id)


PARITY = Question(
    id="ch06.parity",
    title="A parity bit, with weights set by hand",
    points=2,
    answer="parity_weights",
    reference=parity_weights,
    draw=_draw_parity,
    returns=(Part("W_z", "HI"), Part("b_z", "H1"), Part("U_h", "HH")),
    kind="behaviour",
    behaviour=Behaviour(sides, Part("the side", "T"), {1.0: "above 0", -1.0: "below 0", 0.0: "near 0"}),
    page="ch05-candidate-state#What is proposed and what is written",
    hints=(
        "What must the candidate be, so that writing it changes the side? And when is it written?",
        "A unit that proposes the opposite of what it holds needs a negative weight for itself, and one well beyond 1"
        " in size, so that the value does not fade. A negative bias shuts the gate; the pulse opens it.",
    ),
    misconceptions=(
        _parity(
            "nothing",
            "All weights are 0: half of a candidate of 0 is written at every step, and the unit fades.",
            0.0,
            0.0,
            0.0,
        ),
        _parity(
            "gate_turned",
            "The gate is open when there is no pulse and shut when there is one. In this book z near 1 writes: the"
            " pulse needs a positive weight and the bias must be negative.",
            -24.0,
            12.0,
            -4.0,
            POLARITY,
        ),
        _parity(
            "same_side",
            "The unit proposes the side on which it already stands, so a pulse changes nothing. It looks at itself with"
            " U_h, which must be negative.",
            24.0,
            -12.0,
            4.0,
        ),
        _parity(
            "always_open",
            "The gate is open at every step, so the unit changes sides at every step. A negative bias shuts it while"
            " there is no pulse.",
            24.0,
            12.0,
            -4.0,
        ),
        _parity(
            "always_shut",
            "The gate does not open at a pulse, so the unit keeps its side. The weight of the pulse must outweigh the"
            " bias.",
            4.0,
            -12.0,
            -4.0,
        ),
        _parity(
            "fades",
            "The unit changes sides and fades: a weight for itself that is hardly beyond 1 in size makes"
            " each proposal smaller than what it answers. Take a weight of -2 or beyond.",
            24.0,
            -12.0,
            -1.0,
            "ch05-candidate-state#Claim 4: a sigmoid cannot hold a sign, and without a bound there is no rest",
        ),
        _parity(
            "leaks",
            "Without a pulse the gate is still a little open, and over two hundred steps the unit loses its side. Make"
            " the bias more negative, and the weight of the pulse larger.",
            24.0,
            -4.0,
            -4.0,
        ),
        _parity(
            "opens_too_little",
            "At a pulse the gate does not open far enough to bring the unit to the other side. There the sum is the"
            " weight plus the bias; 3 gives a gate of 0.95.",
            12.0,
            -11.5,
            -4.0,
        ),
    ),
)


ASSIGNMENT = Assignment(
    stem=STEM,
    title="The new state",
    questions=(NEW_STATE, CELL, RUN, WEIGHTS, BIAS, GRADIENT, PARITY),
    minutes=70,
    difficulty="from easy (1, 5) to demanding (2, 4, 6)",
    trains="You write the mixture, the whole cell and its run over a sequence, and follow memory and gradient.",
    next_step="The quiz at the end of the chapter asks what the whole cell can hold, and why.",
)
