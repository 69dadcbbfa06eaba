"""Chapter 2, the architecture: columns, parameters, what can be computed together, the first step, the last state."""

import numpy as np

from gru_checks.calling import Call
from gru_checks.drawing import step_inputs
from gru_checks.question import Case, Misconception, Part, Question
from gru_checks.registry import Assignment
from gru_ref import count_parameters, gru_cell, reset_gate, sigmoid, update_gate

STEM = "ch02-architecture"
EQUATION = f"{STEM}#The equation"
COLUMNS = f"{STEM}#Claim 1: the columns do not see one another"
LIMITS = f"{STEM}#Claim 2: at the limits of its gates, the cell is something simpler"
TOGETHER = f"{STEM}#Claim 3: the gates can be computed together, the candidate has to wait"
COUNT = f"{STEM}#Claim 4: the number of parameters is 3 (I H + H² + H), for sequences of any length"
NOT_STEPS = f'{STEM}#"Hidden units are time steps"'
LSTM_GATES = f"{STEM}#Input, forget and output gates"
LAST = f"{STEM}#The last output and all outputs"
THAT_FIT = f"{STEM}#Four that fit and are wrong"


# Parameters


def cell_parameters(I, H, B, T):
    """Numbers to learn in a cell with one bias for each block."""
    return count_parameters(I, H, biases=1)


def _draw_parameters(rng):
    def case(name, I, H):
        sizes = int(rng.integers(*I)), int(rng.integers(*H)), int(rng.integers(5, 40)), int(rng.integers(50, 200))
        return Case(name, Call("cell_parameters", sizes))

    return [
        case("a few inputs and units", (2, 6), (7, 12)),
        case("more inputs than units", (30, 60), (5, 15)),
        case("a large layer", (100, 300), (300, 600)),
        case("a single input", (1, 2), (20, 40)),
    ]


PARAMETERS = Question(
    id="ch02.parameters",
    title="How many numbers to learn",
    points=2,
    answer="cell_parameters",
    reference=cell_parameters,
    draw=_draw_parameters,
    returns=(Part("the number", ""),),
    kind="value",
    public_seed=12,
    page=COUNT,
    hints=(
        "Which arrays are learned, and what are their shapes? Two of the four given numbers play no part.",
        "Each block has a matrix (H, I), a matrix (H, H) and a bias (H, 1). How many blocks are there?",
    ),
    misconceptions=(
        Misconception(
            "times_steps",
            "The number is multiplied by T. The same weights act at every step: a longer sequence uses them more often"
            " and has no more of them.",
            lambda I, H, B, T: T * cell_parameters(I, H, B, T),
            NOT_STEPS,
        ),
        Misconception(
            "times_examples",
            "The number is multiplied by B. All examples of a batch share the same weights.",
            lambda I, H, B, T: B * cell_parameters(I, H, B, T),
            COLUMNS,
            also=(lambda I, H, B, T: B * T * cell_parameters(I, H, B, T),),
        ),
        Misconception(
            "units_are_steps",
            "T is taken for the number of units. H is how many numbers a state holds; T is how many steps there are.",
            lambda I, H, B, T: cell_parameters(I, T, B, H),
            NOT_STEPS,
        ),
        Misconception(
            "four_blocks",
            "Four blocks are counted. That is an LSTM; a GRU has three: two gates and the candidate.",
            lambda I, H, B, T: 4 * (I * H + H * H + H),
            LSTM_GATES,
        ),
        Misconception(
            "two_blocks",
            "Two blocks are counted. The candidate has weights of its own, besides the two gates.",
            lambda I, H, B, T: 2 * (I * H + H * H + H),
        ),
        Misconception(
            "one_block",
            "This is one block. There are three of this size: update gate, reset gate, candidate.",
            lambda I, H, B, T: I * H + H * H + H,
        ),
        Misconception(
            "two_biases",
            "Two biases are counted for each block, as PyTorch keeps them. Here each block has one.",
            lambda I, H, B, T: 3 * (I * H + H * H + 2 * H),
        ),
        Misconception(
            "no_biases",
            "The biases are forgotten: H numbers for each block.",
            lambda I, H, B, T: 3 * (I * H + H * H),
        ),
        Misconception(
            "one_bias",
            "A bias is counted as a single number. Each unit has its own: H numbers for each block.",
            lambda I, H, B, T: 3 * (I * H + H * H + 1),
        ),
        Misconception(
            "shared_bias",
            "One bias is counted for the whole cell. Each of the three blocks has its own, of H numbers.",
            lambda I, H, B, T: 3 * (I * H + H * H) + H,
        ),
        Misconception(
            "no_recurrent",
            "The recurrent weights are forgotten: every unit looks at every unit, H² numbers for each block.",
            lambda I, H, B, T: 3 * (I * H + H),
        ),
        Misconception(
            "no_input",
            "The weights of the input are forgotten: H rows of I numbers for each block.",
            lambda I, H, B, T: 3 * (H * H + H),
        ),
        Misconception(
            "swapped",
            "I and H are exchanged: the recurrent weights join units with units, H², not inputs with inputs.",
            lambda I, H, B, T: 3 * (I * H + I * I + I),
            also=(lambda I, H, B, T: 3 * (I * H + I * I + H),),
        ),
        Misconception(
            "states_counted",
            "The state is counted as well. It is computed, not learned.",
            lambda I, H, B, T: 3 * (I * H + H * H + H) + H,
            also=(lambda I, H, B, T: 3 * (I * H + H * H + H) + H * B,),
        ),
    ),
)


# Columns


def to_columns(x):
    """Sequences in rows, (B, T, I), as a matrix of columns for each step, (T, I, B)."""
    return x.transpose(1, 2, 0)


def _draw_rows(rng):
    def case(name, B, T, I, dtype=np.float64):
        return Case(name, Call("to_columns", (rng.normal(0, 1, (B, T, I)).astype(dtype),)))

    return [
        case("four sequences of three steps", 4, 3, 2),
        case("one sequence", 1, 5, 2),
        case("as many examples as steps as inputs", 3, 3, 3),
        case("float32", 2, 4, 6, np.float32),
    ]


COLUMNS_FROM_ROWS = Question(
    id="ch02.columns",
    title="From rows to columns",
    points=2,
    answer="to_columns",
    reference=to_columns,
    draw=_draw_rows,
    returns=(Part("the result", "TIB"),),
    page=COLUMNS,
    hints=(
        "No number changes; each only moves. Where must the number of example 0, step 2, input 1 stand afterwards?",
        "`reshape` keeps the order of the numbers and cuts it up differently. `transpose` moves axes: its arguments"
        " name, for each new axis, the old one.",
    ),
    misconceptions=(
        Misconception(
            "reshaped",
            "reshape lays the numbers out in their old order and cuts them into new pieces, so that the numbers of"
            " different examples, steps and inputs get mixed. transpose moves whole axes.",
            lambda x: x.reshape(x.shape[1], x.shape[2], x.shape[0]),
            also=(
                lambda x: x.reshape(x.shape[1], x.shape[2], -1),
                lambda x: x.swapaxes(0, 1).reshape(x.shape[1], x.shape[2], x.shape[0]),
            ),
        ),
        Misconception(
            "reversed_axes",
            "The axes are reversed, (I, T, B). Steps come first, then inputs, then examples.",
            lambda x: x.T,
        ),
        Misconception(
            "steps_first_only",
            "The steps stand first now, but the examples are still rows, (T, B, I). They are columns here: (T, I, B).",
            lambda x: x.transpose(1, 0, 2),
        ),
        Misconception(
            "columns_only",
            "The inputs are columns now, but the examples stand first, (B, I, T). The steps come first: (T, I, B).",
            lambda x: x.transpose(0, 2, 1),
        ),
        Misconception(
            "inputs_first",
            "The axes stand in another order, (I, B, T). For transpose, name for each new axis the old one: steps,"
            " inputs, examples.",
            lambda x: x.transpose(2, 0, 1),
        ),
        Misconception(
            "unchanged",
            "Nothing has moved: this is still (B, T, I).",
            lambda x: x,
        ),
        Misconception(
            "flattened",
            "Two axes have become one. The result has three: steps, inputs, examples.",
            lambda x: x.reshape(len(x), -1).T,
            also=(lambda x: x.reshape(-1, x.shape[2]).T,),
        ),
        Misconception(
            "one_step_sequences",
            "Every number has become a sequence of one step, and in a sequence of one step there is no recurrence.",
            lambda x: x.reshape(-1, 1, 1),
            "learning-through-time#A sequence of one step",
        ),
        Misconception(
            "backwards",
            "The steps are in the reverse order. The first step stays the first.",
            lambda x: x.transpose(1, 2, 0)[::-1],
        ),
    ),
)


# Both gates at once


def both_gates(x, h_prev, W, U, b):
    """Update gate and reset gate, from weights that stand on top of each other."""
    H = len(h_prev)
    upper, lower = slice(None, H), slice(H, None)
    return (
        update_gate(x, h_prev, W[upper], U[upper], b[upper]),
        reset_gate(x, h_prev, W[lower], U[lower], b[lower]),
    )


def _split(both, activation=sigmoid, total=lambda x, h, W, U, b: W @ x + U @ h + b):
    """Make a wrong version from another way to divide what one product gives."""
    return lambda x, h_prev, W, U, b: both(activation(total(x, h_prev, W, U, b)), len(h_prev))


def _halves(a, H):
    return a[:H], a[H:]


def _draw_gates(rng):
    def case(name, I, H, B, dtype=np.float64):
        x, h_prev, *_ = step_inputs(rng, I, H, B, dtype=dtype)
        blocks = (rng.normal(0, 1, (2 * H, columns)).astype(dtype) for columns in (I, H, 1))
        return Case(name, Call("both_gates", (x, h_prev, *blocks)))

    return [
        case("one column, two inputs, three units", 2, 3, 1),
        case("a batch of four", 3, 2, 4),
        case("as many inputs as units as examples", 4, 4, 4),
        case("float32", 5, 3, 2, np.float32),
    ]


BOTH_GATES = Question(
    id="ch02.both_gates",
    title="Both gates with one product",
    points=3,
    answer="both_gates",
    reference=both_gates,
    draw=_draw_gates,
    returns=(Part("z", "HB"), Part("r", "HB")),
    public_seed=0,
    page=TOGETHER,
    hints=(
        "`W @ x + U @ h_prev + b` has 2H rows. Which of them belong to which gate?",
        "The upper H rows are the update gate's, the lower H the reset gate's: `a[:H]` and `a[H:]`, with"
        " `H = len(h_prev)`.",
    ),
    misconceptions=(
        Misconception(
            "order",
            "The two come back in the wrong order: the upper rows are the update gate's, and z comes first.",
            _split(lambda a, H: (a[H:], a[:H])),
            THAT_FIT,
        ),
        Misconception(
            "every_other",
            "Every other row is taken. The blocks stand on top of each other: the first H rows, then the other H.",
            _split(lambda a, H: (a[::2], a[1::2])),
            also=(_split(lambda a, H: (a[1::2], a[::2])),),
        ),
        Misconception(
            "columns_divided",
            "The examples are divided, not the units: a[:, ...] takes columns. The gates stand in rows.",
            _split(lambda a, H: (a[:, : a.shape[1] // 2], a[:, a.shape[1] // 2 :])),
        ),
        Misconception(
            "same_twice",
            "Both gates are the same rows. The lower H rows are the reset gate's.",
            _split(lambda a, H: (a[:H], a[:H])),
            also=(_split(lambda a, H: (a[H:], a[H:])),),
        ),
        Misconception(
            "not_divided",
            "Both gates come back in one array. Divide it: the first H rows, then the other H.",
            _split(lambda a, H: a),
            also=(_split(lambda a, H: (a, a)),),
        ),
        Misconception(
            "no_sigmoid",
            "The sigmoid is missing: these are the pre-activations, which may have any size.",
            _split(_halves, np.asarray),
        ),
        Misconception(
            "tanh",
            "tanh stands where the sigmoid belongs. A gate is a share, between 0 and 1.",
            _split(_halves, np.tanh),
        ),
        Misconception(
            "polarity",
            "These are 1 - z and 1 - r. The sigmoid of the pre-activation is the gate itself.",
            _split(_halves, lambda a: 1 - sigmoid(a)),
            also=(_split(lambda a, H: (1 - a[:H], a[H:])), _split(lambda a, H: (a[:H], 1 - a[H:]))),
        ),
        Misconception(
            "state_missing",
            "The old state is missing: both gates look at it, U @ h_prev.",
            _split(_halves, total=lambda x, h, W, U, b: W @ x + b),
        ),
        Misconception(
            "input_missing",
            "The input is missing: both gates look at it, W @ x.",
            _split(_halves, total=lambda x, h, W, U, b: U @ h + b),
        ),
        Misconception(
            "bias_missing",
            "The bias is missing. It decides where a gate stands when x and h_prev are zero.",
            _split(_halves, total=lambda x, h, W, U, b: W @ x + U @ h),
        ),
        Misconception(
            "reset_sees_filtered",
            "The reset gate looks at what the update gate leaves of the state. Neither gate needs the other: both look"
            " at h_prev as it is, which is why they can be computed together.",
            lambda x, h_prev, W, U, b: (
                both_gates(x, h_prev, W, U, b)[0],
                both_gates(x, (1 - both_gates(x, h_prev, W, U, b)[0]) * h_prev, W, U, b)[1],
            ),
        ),
    ),
)


# The first step


def first_step(x, W, b):
    """New state of a cell whose old state is zero."""
    H = W.shape[1]
    return gru_cell(x, np.zeros((H, x.shape[1]), x.dtype), W, np.zeros((3, H, H), x.dtype), b)


def _fresh(mixture, activation=np.tanh, gate=sigmoid, update=0, own=2):
    def wrong(x, W, b):
        return mixture(gate(W[update] @ x + b[update]), activation(W[own] @ x + b[own]), gate(W[1] @ x + b[1]))

    return wrong


def _draw_first(rng):
    def case(name, I, H, B, dtype=np.float64):
        x, *_ = step_inputs(rng, I, H, B, dtype=dtype)
        return Case(name, Call("first_step", (x, *(rng.normal(0, 1, (3, H, n)).astype(dtype) for n in (I, 1)))))

    return [
        case("one column, two inputs, three units", 2, 3, 1),
        case("a batch of four", 3, 2, 4),
        case("as many inputs as units as examples", 3, 3, 3),
        case("float32", 5, 3, 2, np.float32),
    ]


FIRST_STEP = Question(
    id="ch02.first_step",
    title="The first step",
    points=2,
    answer="first_step",
    reference=first_step,
    draw=_draw_first,
    returns=(Part("h", "HB"),),
    public_seed=1,
    page=LIMITS,
    hints=(
        "Put $h_{prev} = 0$ into each of the four lines. Which terms are left? Which gate has nothing to act on?",
        "Of the mixture, $z \\odot \\tilde h$ is left, and of the candidate, $\\tanh(W_h x + b_h)$.",
    ),
    misconceptions=(
        Misconception(
            "candidate_whole",
            "The candidate is written whole. Also in the first step only the share z of it is written; the rest is"
            " that of the old state, 0.",
            _fresh(lambda z, c, r: c),
        ),
        Misconception(
            "polarity",
            "The share is the wrong one: in this book z is the share of the candidate.",
            _fresh(lambda z, c, r: (1 - z) * c),
            "ch03-update-gate#Claim 3: the polarity is only a name",
        ),
        Misconception(
            "reset_used",
            "The reset gate multiplies something. It acts on the old state alone, and that is 0 here.",
            _fresh(lambda z, c, r: z * r * c),
            also=(lambda x, W, b: sigmoid(W[0] @ x + b[0]) * np.tanh(sigmoid(W[1] @ x + b[1]) * (W[2] @ x + b[2])),),
        ),
        Misconception(
            "reset_for_update",
            "The share is that of the reset gate. The blocks are in the order update gate, reset gate, candidate.",
            _fresh(lambda z, c, r: r * c),
            THAT_FIT,
        ),
        Misconception(
            "other_candidate",
            "The candidate is computed with the block of a gate. Its own is the last.",
            _fresh(lambda z, c, r: z * c, own=1),
            also=(_fresh(lambda z, c, r: z * c, own=0), _fresh(lambda z, c, r: z * c, update=2, own=0)),
        ),
        Misconception(
            "sigmoid_candidate",
            "The candidate ends in a sigmoid. It is content and needs a sign: that takes a tanh.",
            _fresh(lambda z, c, r: z * c, activation=sigmoid),
            "ch05-candidate-state#A sigmoid in place of the tanh",
        ),
        Misconception(
            "no_tanh",
            "The candidate lacks its tanh.",
            _fresh(lambda z, c, r: z * c, activation=np.asarray),
            "ch05-candidate-state#No tanh at all",
        ),
        Misconception(
            "tanh_gate",
            "The gate ends in a tanh. It is a share, between 0 and 1: that takes a sigmoid.",
            _fresh(lambda z, c, r: z * c, gate=np.tanh),
        ),
        Misconception(
            "no_bias",
            "The biases are missing. They are there even when the state is zero.",
            lambda x, W, b: first_step(x, W, 0 * b),
        ),
        Misconception(
            "one_bias",
            "One of the two biases is missing. The gate and the candidate have one each, b[0] and b[2].",
            lambda x, W, b: sigmoid(W[0] @ x + b[0]) * np.tanh(W[2] @ x),
            also=(lambda x, W, b: sigmoid(W[0] @ x) * np.tanh(W[2] @ x + b[2]),),
        ),
        Misconception(
            "no_sigmoid",
            "The gate lacks its sigmoid, so the share may have any size.",
            _fresh(lambda z, c, r: z * c, gate=np.asarray),
        ),
        Misconception(
            "entry_by_entry",
            "* multiplies entry by entry. Matrix products are meant, W[0] @ x and W[2] @ x: every unit sees every"
            " input.",
            lambda x, W, b: sigmoid(W[0] * x + b[0]) * np.tanh(W[2] * x + b[2]),
        ),
        Misconception(
            "gate_alone",
            "This is the update gate. The new state is the share z of the candidate.",
            _fresh(lambda z, c, r: z),
        ),
        Misconception(
            "nothing",
            "The state stays at zero here. From an empty memory the cell still writes a share of its candidate.",
            _fresh(lambda z, c, r: 0 * c),
        ),
        Misconception(
            "added",
            "The gate is added to the candidate. It is a share of it: the two are multiplied.",
            _fresh(lambda z, c, r: z + c),
        ),
    ),
)


# The last state


def last_states(states, lengths):
    """State after the last step of each sequence."""
    return np.stack([states[length - 1, :, place] for place, length in enumerate(lengths)], axis=1)


def _draw_last(rng):
    def case(name, T, H, B, dtype=np.float64):
        # One sequence has all the steps, one has a single step, and the first has neither where there are three.
        lengths = [*(int(n) for n in rng.integers(2, T, B - 2)), 1, T]
        states = rng.uniform(-1, 1, (T, H, B)).astype(dtype)
        return Case(name, Call("last_states", (states, lengths)))

    return [
        case("two sequences", 4, 3, 2),
        case("five sequences of different lengths", 6, 2, 5),
        case("as many steps as units as sequences", 4, 4, 4),
        case("float32", 5, 2, 3, np.float32),
    ]


LAST_STATES = Question(
    id="ch02.last_states",
    title="The last state of each sequence",
    points=2,
    answer="last_states",
    reference=last_states,
    draw=_draw_last,
    returns=(Part("h_last", "HB"),),
    page=LAST,
    hints=(
        "Sequence $k$ has `lengths[k]` steps, and Python counts from 0: which row of `states` is its last?",
        "`states[lengths[k] - 1, :, k]` is the last state of sequence $k$; `np.stack(..., axis=1)` puts the columns"
        " side by side.",
    ),
    misconceptions=(
        Misconception(
            "after_the_padding",
            "This is the state after the last step of the longest sequence. In the shorter ones what follows their end"
            " is padding, and the state went on moving.",
            lambda states, lengths: states[-1],
        ),
        Misconception(
            "one_too_far",
            "These are one step too far: Python counts from 0, so the last of n steps has the number n - 1.",
            lambda states, lengths: np.stack([states[n % len(states), :, k] for k, n in enumerate(lengths)], axis=1),
            also=(lambda states, lengths: np.stack([states[n, :, k] for k, n in enumerate(lengths)], axis=1),),
        ),
        Misconception(
            "one_too_early",
            "These are one step too early: the last of n steps has the number n - 1.",
            lambda states, lengths: np.stack([states[n - 2, :, k] for k, n in enumerate(lengths)], axis=1),
            also=(
                lambda states, lengths: np.stack([states[max(n - 2, 0), :, k] for k, n in enumerate(lengths)], axis=1),
            ),
        ),
        Misconception(
            "first_state",
            "This is the state after the first step.",
            lambda states, lengths: states[0],
        ),
        Misconception(
            "mean",
            "The states are averaged over time. The mean of all outputs is not the last output.",
            lambda states, lengths: np.stack([states[:n, :, k].mean(axis=0) for k, n in enumerate(lengths)], axis=1),
            also=(lambda states, lengths: states.mean(axis=0),),
        ),
        Misconception(
            "added_up",
            "The states are added up over time. The last of them is asked for.",
            lambda states, lengths: states.sum(axis=0),
            also=(
                lambda states, lengths: np.stack([states[:n, :, k].sum(axis=0) for k, n in enumerate(lengths)], axis=1),
            ),
        ),
        Misconception(
            "last_example",
            "This is the last example, at all its steps. The last step of each example is asked for: the axis of the"
            " steps is the first.",
            lambda states, lengths: states[..., -1],
        ),
        Misconception(
            "rows",
            "The states stand in rows, (B, H). Examples are columns here: (H, B).",
            lambda states, lengths: last_states(states, lengths).T,
        ),
        Misconception(
            "rows_reshaped",
            "The states were put into rows, (B, H), and reshaped: the shape is right, and the numbers of different"
            " sequences got mixed. transpose, or np.stack(..., axis=1), makes rows into columns.",
            lambda states, lengths: last_states(states, lengths).T.reshape(states.shape[1:]),
        ),
        Misconception(
            "from_the_end",
            "The steps are counted from the end: states[-n] is the n-th step before the end, and a short sequence ends"
            " near the beginning. The last of n steps has the number n - 1.",
            lambda states, lengths: np.stack([states[-n, :, k] for k, n in enumerate(lengths)], axis=1),
        ),
        Misconception(
            "all_of_one",
            "All sequences are cut at the same place. Each has a length of its own.",
            lambda states, lengths: states[lengths[0] - 1],
        ),
        Misconception(
            "all_combinations",
            "Indexing with the list alone takes these steps of *all* sequences. Step and sequence go together:"
            " step lengths[k] - 1 of sequence k.",
            lambda states, lengths: states[np.array(lengths) - 1],
        ),
        Misconception(
            "list_as_array",
            "lengths is a list, and nothing can be taken away from a list. np.array(lengths) - 1 is counted from 0.",
            lambda states, lengths: states[lengths - 1, :, range(len(lengths))],
        ),
        Misconception(
            "everything",
            "These are the states of all steps. One for each sequence is asked for.",
            lambda states, lengths: states,
        ),
    ),
)


# A cell with three faults


def mended_cell(x, h_prev, W, U, b):
    """New state, from blocks in the order reset gate, update gate, candidate and flat biases."""
    order = [1, 0, 2]
    return gru_cell(x, h_prev, W[order], U[order], b[order][:, :, np.newaxis])


def _faulty(
    order=(1, 0, 2),
    bias=lambda b: b[:, np.newaxis],
    seen=lambda h, r: r * h,
    last=lambda h, z, r, c: (1 - z) * h + z * c,
):
    """Make a version in which some of the three faults are left, or another is made."""

    def wrong(x, h_prev, W, U, b):
        update, reset, own = order
        z = sigmoid(W[update] @ x + U[update] @ h_prev + bias(b[update]))
        r = sigmoid(W[reset] @ x + U[reset] @ h_prev + bias(b[reset]))
        candidate = np.tanh(W[own] @ x + U[own] @ seen(h_prev, r) + bias(b[own]))
        return last(h_prev, z, r, candidate)

    return wrong


def _mixed_numbers(*exchanged):
    """Make a version in which the blocks of the two gates are exchanged in some of W, U and b alone."""

    def wrong(x, h_prev, W, U, b):
        order = [1, 0, 2]
        W, U, b = (part[order] if place in exchanged else part for place, part in enumerate((W, U, b)))
        return gru_cell(x, h_prev, W, U, b[:, :, np.newaxis])

    return wrong


ROW = {"bias": lambda b: b}
PRINTED_ORDER = {"order": (0, 1, 2)}
ERASING = {"last": lambda h, z, r, c: (1 - z) * r * h + z * c}


def _draw_mended(rng):
    def case(name, I, H, B, dtype=np.float64):
        x, h_prev, *_ = step_inputs(rng, I, H, B, dtype=dtype)
        W, U, b = (rng.normal(0, 1, shape).astype(dtype) for shape in ((3, H, I), (3, H, H), (3, H)))
        return Case(name, Call("mended_cell", (x, h_prev, W, U, b)))

    return [
        case("as many inputs as units as examples", 3, 3, 3),
        case("a batch of four", 3, 2, 4),
        case("one column", 2, 3, 1),
        case("float32", 2, 4, 4, np.float32),
    ]


REPAIR = Question(
    id="ch02.repair",
    title="A cell to repair",
    points=3,
    answer="mended_cell",
    reference=mended_cell,
    draw=_draw_mended,
    returns=(Part("h", "HB"),),
    public_seed=0,
    page=THAT_FIT,
    hints=(
        "Take the three one at a time: to which gate does block 0 belong? To what is entry i of a bias of shape (H,)"
        " added? And may the reset gate stand in the last line?",
        "Block 0 is the reset gate's here. `b[0][:, np.newaxis]` is a column of shape (H, 1). And the last line"
        " contains `h_prev` as it is.",
    ),
    misconceptions=(
        Misconception(
            "as_printed",
            "All three faults are still there: the blocks are taken in the wrong order, each bias is added as a row,"
            " and the reset gate stands in the last line.",
            _faulty(**ROW, **PRINTED_ORDER, **ERASING),
        ),
        Misconception(
            "bias_as_row",
            "One fault is left: a bias of shape (H,) is a row, and its entry i goes to example i instead of unit i."
            " As a column, b[0][:, np.newaxis], it goes to every example.",
            _faulty(**ROW),
            "ch03-update-gate#A bias of shape (H,)",
        ),
        Misconception(
            "block_order",
            "One fault is left: here block 0 belongs to the reset gate and block 1 to the update gate. All blocks have"
            " the same shapes, so nothing warns of it.",
            _faulty(**PRINTED_ORDER),
        ),
        Misconception(
            "blocks_exchanged_in_part",
            "In a gate stand blocks of different numbers. W, U and b have the same order, so all three of the reset"
            " gate have number 0, and all three of the update gate number 1.",
            _mixed_numbers(0, 1),
            also=tuple(_mixed_numbers(*places) for places in ((0,), (1,), (2,), (0, 2), (1, 2))),
        ),
        Misconception(
            "reset_unused",
            "The reset gate has gone from the candidate, too. There it belongs: the candidate sees r * h_prev.",
            _faulty(seen=lambda h, r: h),
        ),
        Misconception(
            "reset_in_the_last_line",
            "One fault is left: with r in the last line the reset gate erases. It acts on what the candidate sees; the"
            " mixture contains the old state as it is.",
            _faulty(**ERASING),
            "ch04-reset-gate#Claim 3: the reset gate erases nothing",
        ),
        Misconception(
            "row_and_order",
            "Two faults are left: the biases are added as rows, and the blocks of the two gates are exchanged.",
            _faulty(**ROW, **PRINTED_ORDER),
        ),
        Misconception(
            "row_and_reset",
            "Two faults are left: the biases are added as rows, and the reset gate stands in the last line.",
            _faulty(**ROW, **ERASING),
        ),
        Misconception(
            "order_and_reset",
            "Two faults are left: the blocks of the gates are exchanged, and the reset gate stands in the last line.",
            _faulty(**PRINTED_ORDER, **ERASING),
        ),
        Misconception(
            "polarity",
            "The shares of the mixture are the wrong way round: in this book z is the share of the candidate.",
            _faulty(last=lambda h, z, r, c: z * h + (1 - z) * c),
            "ch03-update-gate#Claim 3: the polarity is only a name",
        ),
        Misconception(
            "no_bias",
            "The biases have gone. They belong in every line but the last, as columns.",
            _faulty(bias=lambda b: 0),
        ),
        Misconception(
            "candidate_for_state",
            "This is the candidate. Only the share z of it is written.",
            _faulty(last=lambda h, z, r, c: c),
            THAT_FIT,
        ),
        Misconception(
            "other_blocks",
            "The candidate is computed with the block of a gate. Its own is the last, block 2.",
            _faulty(order=(1, 2, 0)),
            also=(_faulty(order=(2, 1, 0)), _faulty(order=(0, 2, 1)), _faulty(order=(2, 0, 1))),
        ),
    ),
)


ASSIGNMENT = Assignment(
    stem=STEM,
    title="The architecture",
    questions=(PARAMETERS, COLUMNS_FROM_ROWS, FIRST_STEP, LAST_STATES, BOTH_GATES, REPAIR),
    minutes=45,
    difficulty="from easy (1, 2) to middling (5, 6)",
    trains="You count what a cell learns, bring data into columns, compute gates together and find hidden faults.",
    next_step="The quiz at the end of the chapter asks how the four lines hang together.",
)
