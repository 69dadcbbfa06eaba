"""The interlude: gradients checked and derived, far and near, clipped, cut into windows, and used for training."""

import itertools
import math

import numpy as np

from gru_checks.calling import Call
from gru_checks.drawing import gate, state
from gru_checks.question import Behaviour, Case, Misconception, Part, Question
from gru_checks.registry import Assignment
from gru_ref import GRU, clip_by_norm, sigmoid

STEM = "learning-through-time"
SPECIAL = f"{STEM}#The idea"
TABLE = f"{STEM}#Line against line"
SLOPES = f"{STEM}#Claim 1: every gradient is a slope, and central differences find the same"
MATRIX = f"{STEM}#Claim 3: one step multiplies by a matrix, and a shut gate makes it the identity"
REACH = f"{STEM}#Claim 4: a plain network's gradient vanishes or explodes, a GRU's reaches as far as its gate lets it"
CLIPPING = f"{STEM}#Claim 6: clipping by the joint norm shortens the gradient and keeps its direction"
WINDOWS = f"{STEM}#Claim 7: truncation lets the state pass and stops the gradient"
CANNOT_FAIL = f"{STEM}#A gradient check that cannot fail"
TOO_EARLY = f"{STEM}#Clipping before the gradient is there"
BY_ITSELF = f"{STEM}#Clipping each array by itself"
DETACHED = f"{STEM}#Detached at every step, or never"
ONE_STEP = f"{STEM}#A sequence of one step"
POLARITY = "ch03-update-gate#Claim 3: the polarity is only a name"


# Central differences


def _repeated(weights, h):
    """State of a unit that multiplies by another weight at each step."""
    for u in weights:
        h = math.tanh(u * h)
    return h


def _differences(formula, run=lambda u, h, steps: _repeated([u] * steps, h)):
    """Make a version from a formula of the states with the weight raised, lowered and as it is."""

    def slope(u, h, steps, eps):
        return formula(run(u + eps, h, steps), run(u - eps, h, steps), run(u, h, steps), eps)

    return slope


def _central(above, below, middle, eps):
    return (above - below) / (2 * eps)


def central_difference(u, h, steps, eps):
    """Central difference of the last state with respect to the weight that all steps share."""
    return _differences(_central)(u, h, steps, eps)


def _draw_difference(rng):
    def case(name, u, steps, eps):
        h = float(rng.uniform(0.4, 0.9) * rng.choice([-1, 1]))
        return Case(name, Call("central_difference", (float(rng.uniform(*u)), h, int(rng.integers(*steps)), eps)))

    return [
        case("two or three steps", (0.8, 1.4), (2, 4), float(rng.uniform(0.1, 0.2))),
        case("a negative weight", (-1.5, -1.0), (3, 6), float(rng.uniform(0.1, 0.2))),
        case("eight steps and more", (1.1, 1.6), (8, 12), float(rng.uniform(0.1, 0.2))),
        case("the eps of a good check", (0.9, 1.4), (3, 6), 1e-5),
    ]


DIFFERENCE = Question(
    id="time.difference",
    title="A slope without a derivation",
    points=2,
    answer="central_difference",
    reference=central_difference,
    draw=_draw_difference,
    returns=(Part("the slope", ""),),
    kind="value",
    page=SLOPES,
    hints=(
        "Run the unit twice: once with a larger weight and once with a smaller one. How far apart are the two weights?",
        "The weights are `u + eps` and `u - eps`, so the change of the last state is divided by `2 * eps`. Write the"
        " run as a loop first: `h = np.tanh(u * h)`, as often as there are steps.",
    ),
    misconceptions=(
        Misconception(
            "one_sided",
            "This is a one-sided difference. Its error shrinks with eps, that of the central one with the square of"
            " eps: raise the weight, and lower it too.",
            _differences(lambda above, below, middle, eps: (above - middle) / eps),
            also=(_differences(lambda above, below, middle, eps: (middle - below) / eps),),
            slight=True,
        ),
        Misconception(
            "distance",
            "The change is divided by eps. The two weights are 2 * eps apart, so the slope comes out twice as large.",
            _differences(lambda above, below, middle, eps: (above - below) / eps),
        ),
        Misconception(
            "parentheses",
            "Parentheses are missing: / 2 * eps divides by 2 and then multiplies by eps. The divisor is (2 * eps).",
            _differences(lambda above, below, middle, eps: (above - below) / 2 * eps),
        ),
        Misconception(
            "lower_alone_divided",
            "Parentheses are missing: only the second state is divided. First the difference, then the division.",
            _differences(lambda above, below, middle, eps: above - below / (2 * eps)),
        ),
        Misconception(
            "not_divided",
            "This is the change of the state. A slope is the change divided by how far the weight was moved.",
            _differences(lambda above, below, middle, eps: above - below),
            also=(_differences(lambda above, below, middle, eps: above - middle),),
        ),
        Misconception(
            "sign",
            "The difference is turned around: first the state with the raised weight, then that with the lowered one.",
            _differences(lambda above, below, middle, eps: (below - above) / (2 * eps)),
        ),
        Misconception(
            "last_copy",
            "The weight is raised and lowered in the last step alone. All steps share one weight, so a change of it"
            " acts in every step.",
            lambda u, h, steps, eps: _differences(_central, lambda v, h, n: _repeated([u] * (n - 1) + [v], h))(
                u, h, steps, eps
            ),
            SPECIAL,
        ),
        Misconception(
            "first_copy",
            "The weight is raised and lowered in the first step alone. All steps share one weight, so a change of it"
            " acts in every step.",
            lambda u, h, steps, eps: _differences(_central, lambda v, h, n: _repeated([v] + [u] * (n - 1), h))(
                u, h, steps, eps
            ),
            SPECIAL,
        ),
        Misconception(
            "one_step",
            "Only one step is run. The unit steps as often as `steps` says, each time from the state before.",
            _differences(_central, lambda u, h, steps: _repeated([u], h)),
        ),
        Misconception(
            "another_count",
            "The unit has taken a step more than `steps`, or a step less.",
            _differences(_central, lambda u, h, steps: _repeated([u] * (steps + 1), h)),
            also=(_differences(_central, lambda u, h, steps: _repeated([u] * (steps - 1), h)),),
        ),
        Misconception(
            "run_on",
            "The second run goes on where the first one ended. Both begin at the same h: keep it under a name of its"
            " own.",
            lambda u, h, steps, eps: (
                ((above := _repeated([u + eps] * steps, h)) - _repeated([u - eps] * steps, above)) / (2 * eps)
            ),
            also=(
                lambda u, h, steps, eps: (
                    (_repeated([u + eps] * steps, below := _repeated([u - eps] * steps, h)) - below) / (2 * eps)
                ),
            ),
        ),
        Misconception(
            "state_raised",
            "The state is raised and lowered here. The slope with respect to the weight u is asked for.",
            lambda u, h, steps, eps: _differences(_central, lambda k, _, n: _repeated([u] * n, k))(h, h, steps, eps),
        ),
        Misconception(
            "relative",
            "The weight is changed by the share eps of itself. It is raised and lowered by eps.",
            lambda u, h, steps, eps: _differences(_central)(u, h, steps, u * eps) * u,
        ),
        Misconception(
            "own_eps",
            "This is the slope with an eps of your own, or an exact one. With the eps that is given, the central"
            " difference is a little off, and it is that number which is asked for.",
            lambda u, h, steps, eps: _differences(_central)(u, h, steps, 1e-5),
            slight=True,
        ),
    ),
)


# One step back


def step_back(g, x, h_prev, z, r, candidate, W, U):
    """Gradients of a step's input, old state, weights and biases."""
    return _step()(g, x, h_prev, z, r, candidate, W, U)


def _four_ways(kept, seen, update, reset):
    return kept + seen + update + reset


def _step(
    difference=lambda h, c: c - h,
    gate_slope=lambda s, k: s * (1 - s),
    tanh_slope=lambda c: 1 - c**2,
    written=lambda g, z: g * z,
    kept=lambda g, z: g * (1 - z),
    to_reset=lambda s, h: s * h,
    seen=lambda r, s: r * s,
    back=lambda U, k, delta: U[k].T @ delta,
    ways=_four_ways,
    met=lambda h, p: (h, h, p),
    outer=lambda delta, v: delta @ v.swapaxes(-1, -2),
    to_input=lambda W, delta: (W.transpose(0, 2, 1) @ delta).sum(axis=0),
    to_bias=lambda delta: delta.sum(axis=2, keepdims=True),
):
    """Make a step back, with some of its lines exchanged."""

    def step(g, x, h_prev, z, r, candidate, W, U):
        delta_h = written(g, z) * tanh_slope(candidate)
        s = back(U, 2, delta_h)
        delta_r = to_reset(s, h_prev) * gate_slope(r, 1)
        delta_z = g * difference(h_prev, candidate) * gate_slope(z, 0)
        d_h_prev = ways(kept(g, z), seen(r, s), back(U, 0, delta_z), back(U, 1, delta_r))
        delta = np.stack([delta_z, delta_r, delta_h])
        d_U = outer(delta, np.stack(met(h_prev, r * h_prev)))
        return to_input(W, delta), d_h_prev, outer(delta, x), d_U, to_bias(delta)

    return step


def _transposed_but(place):
    return _step(back=lambda U, k, delta: (U[k] if k == place else U[k].T) @ delta)


def _sloped_but(place):
    return _step(gate_slope=lambda s, k: np.ones_like(s) if k == place else s * (1 - s))


def _input_by(*places):
    return _step(to_input=lambda W, delta: sum(W[k].T @ delta[k] for k in places))


def _draw_step(rng):
    def case(name, I, H, B, weight=1, dtype=np.float64):
        arrays = [rng.normal(0, 1, (H, B)), rng.normal(0, 1, (I, B)), state(rng, H, B), gate(rng, H, B)]
        arrays += [gate(rng, H, B), rng.uniform(-0.8, 0.8, (H, B)), *(rng.normal(0, 1, (3, H, k)) for k in (I, H))]
        return Case(name, Call("step_back", tuple(array.astype(dtype) for array in arrays)), weight)

    return [
        case("one example, two inputs, three units", 2, 3, 1, 2),
        case("as many inputs as units as examples", 3, 3, 3),
        case("a batch of four in float32", 3, 2, 4, dtype=np.float32),
    ]


GRADIENTS = (Part("d_W", "3HI"), Part("d_U", "3HH"), Part("d_b", "3H1"))

STEP = Question(
    id="time.step",
    title="One step back",
    points=4,
    answer="step_back",
    reference=step_back,
    draw=_draw_step,
    returns=(Part("d_x", "IB"), Part("d_h_prev", "HB"), *GRADIENTS),
    public_seed=69,
    page=TABLE,
    hints=(
        "Go through the table of the chapter from below: first `delta_h`, then `s`, `delta_r` and `delta_z`. Only then"
        " collect: four ways to the old state, three to the input, and for each matrix what it was multiplied with.",
        "`delta_h = g * z * (1 - candidate**2)`, `s = U[2].T @ delta_h`, `delta_r = s * h_prev * r * (1 - r)`,"
        " `delta_z = g * (candidate - h_prev) * z * (1 - z)`. Then `delta = np.stack([delta_z, delta_r, delta_h])`"
        " makes `d_W = delta @ x.T`. U[2] met r * h_prev.",
    ),
    misconceptions=(
        Misconception(
            "state_for_seen",
            "The gradient of U[2] is made with h_prev. That matrix met r * h_prev on the way forward, and nothing but"
            " its own gradient shows the mistake.",
            _step(met=lambda h, p: (h, h, h)),
            CANNOT_FAIL,
        ),
        Misconception(
            "seen_everywhere",
            "All three gradients of U are made with r * h_prev. Only U[2] met it; the two gates looked at h_prev.",
            _step(met=lambda h, p: (p, p, p)),
        ),
        Misconception(
            "seen_way_missing",
            "The way by what the candidate saw is missing in d_h_prev: r * s.",
            _step(ways=lambda kept, seen, update, reset: kept + update + reset),
        ),
        Misconception(
            "kept_way_missing",
            "The straight way is missing in d_h_prev: (1 - z) * g. It is the one on which a gradient comes far.",
            _step(ways=lambda kept, seen, update, reset: seen + update + reset),
            REACH,
        ),
        Misconception(
            "update_way_missing",
            "The way through the update gate is missing in d_h_prev: U[0].T @ delta_z.",
            _step(ways=lambda kept, seen, update, reset: kept + seen + reset),
        ),
        Misconception(
            "reset_way_missing",
            "The way through the reset gate is missing in d_h_prev: U[1].T @ delta_r.",
            _step(ways=lambda kept, seen, update, reset: kept + seen + update),
        ),
        Misconception(
            "gate_ways_missing",
            "Both gates' ways are missing in d_h_prev: the gates looked at the old state too.",
            _step(ways=lambda kept, seen, update, reset: kept + seen),
        ),
        Misconception(
            "polarity",
            "The shares are the wrong way round: 1 - z goes straight to the old state, and z to the candidate.",
            _step(kept=lambda g, z: g * z, written=lambda g, z: g * (1 - z)),
            POLARITY,
            also=(
                _step(kept=lambda g, z: g * z),
                _step(written=lambda g, z: g * (1 - z)),
                _step(kept=lambda g, z: g * z, written=lambda g, z: g * (1 - z), difference=lambda h, c: h - c),
            ),
        ),
        Misconception(
            "difference_turned",
            "In delta_z the difference is turned around: a larger z moves the state from h_prev towards the candidate.",
            _step(difference=lambda h, c: h - c),
        ),
        Misconception(
            "difference_missing",
            "In delta_z stands the candidate alone. z also takes away from the old state: candidate - h_prev.",
            _step(difference=lambda h, c: c),
        ),
        Misconception(
            "not_transposed",
            "On the way back a recurrent matrix is not transposed: U.T @ delta. It is square, so no shape warns of it.",
            _step(back=lambda U, k, delta: U[k] @ delta),
            CANNOT_FAIL,
            also=(_transposed_but(0), _transposed_but(1), _transposed_but(2)),
        ),
        Misconception(
            "blocks_exchanged",
            "The blocks of the two gates are exchanged. Block 0 belongs to the update gate, 1 to the reset gate.",
            lambda *arguments: (
                *(given := step_back(*arguments))[:2],
                *(part[[1, 0, 2]] for part in given[2:]),
            ),
            also=(
                lambda *arguments: (*(given := step_back(*arguments))[:2], given[2][[1, 0, 2]], *given[3:]),
                _step(back=lambda U, k, delta: U[(1, 0, 2)[k]].T @ delta),
            ),
        ),
        Misconception(
            "gradient_transposed",
            "The gradients of U are transposed: it is delta times what the matrix met, transposed, and not the other"
            " way round. Row i belongs to unit i.",
            lambda *arguments: (
                *(given := step_back(*arguments))[:3],
                given[3].transpose(0, 2, 1),
                given[4],
            ),
        ),
        Misconception(
            "no_tanh_slope",
            "The slope of the tanh is missing in delta_h: 1 - candidate**2.",
            _step(tanh_slope=np.ones_like),
        ),
        Misconception(
            "wrong_tanh_slope",
            "The slope of the tanh is 1 - candidate**2, made from its value.",
            _step(tanh_slope=lambda c: 1 - np.tanh(c) ** 2),
            also=(_step(tanh_slope=lambda c: c * (1 - c)), _step(tanh_slope=lambda c: 1 - c)),
        ),
        Misconception(
            "no_gate_slopes",
            "A sigmoid's slope is missing: delta_z and delta_r both have the factor gate * (1 - gate).",
            _step(gate_slope=lambda s, k: np.ones_like(s)),
            also=(_sloped_but(0), _sloped_but(1)),
        ),
        Misconception(
            "wrong_gate_slopes",
            "1 - gate**2 is the slope of a tanh. That of a sigmoid is gate * (1 - gate).",
            _step(gate_slope=lambda s, k: 1 - s**2),
        ),
        Misconception(
            "not_written",
            "In delta_h the factor z is missing: only the share z of the candidate was written.",
            _step(written=lambda g, z: g),
        ),
        Misconception(
            "reset_without_state",
            "In delta_r the factor h_prev is missing: in r * h_prev each factor gets the other one.",
            _step(to_reset=lambda s, h: s),
        ),
        Misconception(
            "not_filtered",
            "What comes back by the candidate goes to the old state unfiltered. The candidate saw r * h_prev, so it is"
            " r * s.",
            _step(seen=lambda r, s: s),
        ),
        Misconception(
            "input_by_the_candidate",
            "A part of d_x is missing. All three lines look at the input, so three parts are added.",
            _input_by(2),
            also=(_input_by(0, 2), _input_by(1, 2), _input_by(0, 1)),
        ),
        Misconception(
            "bias_mean",
            "The gradient of a bias is the sum over the examples, not the mean.",
            _step(to_bias=lambda delta: delta.mean(axis=2, keepdims=True)),
        ),
        Misconception(
            "weights_mean",
            "The gradients of the weights are averaged over the examples. What is used by all of them receives the sum;"
            " a loss that is a mean has its 1/B in g already.",
            lambda *arguments: (
                *(given := step_back(*arguments))[:2],
                *(part / arguments[0].shape[1] for part in given[2:]),
            ),
        ),
        Misconception(
            "bias_not_summed",
            "The gradient of the biases has a column for each example. All examples share the biases: add them up.",
            _step(to_bias=lambda delta: delta),
        ),
        Misconception(
            "sign",
            "Every sign is turned around. A gradient points uphill; the minus comes later, when a step is taken.",
            lambda *arguments: tuple(-part for part in step_back(*arguments)),
        ),
    ),
)


# A whole sequence


def _forward(x, h0, W, U, b):
    """Run a cell over a sequence: each step's old state, gates and candidate, and the states."""
    h, steps, states = h0, [], []
    for from_input in W @ x[:, np.newaxis] + b:
        z, r = sigmoid(from_input[:2] + U[:2] @ h)
        candidate = np.tanh(from_input[2] + U[2] @ (r * h))
        steps.append((h, z, r, candidate))
        h = (1 - z) * h + z * candidate
        states.append(h)
    return steps, np.array(states)


def backward(x, h0, W, U, b, d_states):
    """Gradients of a loss with respect to all that a run over a sequence is given."""
    return _from_reference(x, h0, W, U, b, d_states)


def _from_reference(x, h0, W, U, b, d_states, window=None):
    """Ask the reference network, which has rows in place of columns and joins the blocks."""
    network = GRU.from_columns(W, U, b)
    trace = network.trace(x.transpose(2, 0, 1), h0.T[np.newaxis])
    found = network.backward(trace, d_states.transpose(2, 0, 1), window=window)
    d_W, d_U = (np.stack(np.split(joined.T, 3)) for joined in (found.W, found.U))
    return found.x.transpose(1, 2, 0), found.h0[0].T, d_W, d_U, found.b_input.reshape(b.shape)


def _sequence(
    step=step_back,
    arriving=lambda e, q, g: e + q,
    losses=lambda e: e,
    total=lambda parts: sum(parts),
    inputs=lambda parts: parts[::-1],
    first=lambda q, g: q,
    old=lambda steps, states: steps,
    start=lambda h0: h0,
    order=slice(None, None, -1),
):
    """Make a backward pass over a sequence, with some of its lines exchanged."""

    def wrong(x, h0, W, U, b, d_states):
        steps, states = _forward(x, start(h0), W, U, b)
        steps = old(steps, states)
        q = g = np.zeros_like(h0)
        found = []
        for x_t, (h_prev, z, r, candidate), e in list(zip(x, steps, losses(d_states), strict=True))[order]:
            g = arriving(e, q, g)
            d_x, q, *of_step = step(g, x_t, h_prev, z, r, candidate, W, U)
            found.append((d_x, *of_step))
        d_x, *weights = zip(*found, strict=True)
        return (np.array(inputs(d_x)), first(q, g), *(total(parts) for parts in weights))

    return wrong


def _with_new_states(steps, states):
    return [(h, *rest) for h, (_, *rest) in zip(states, steps, strict=True)]


def _run_inputs(rng, T, I, H, B, dtype):
    arrays = [rng.normal(0, 1, (T, I, B)), state(rng, H, B), *(rng.normal(0, 1, (3, H, k)) for k in (I, H, 1))]
    return [array.astype(dtype) for array in (*arrays, rng.normal(0, 1, (T, H, B)))]


def _draw_backward(rng):
    def case(name, T, I, H, B, weight=1, dtype=np.float64):
        return Case(name, Call("backward", tuple(_run_inputs(rng, T, I, H, B, dtype))), weight)

    return [
        case("two steps of one example", 2, 2, 3, 1, 2),
        case("as many steps as inputs, units and examples", 3, 3, 3, 3),
        case("four steps in float32, a batch of three", 4, 3, 2, 3, dtype=np.float32),
    ]


SEQUENCE = Question(
    id="time.backward",
    title="A whole sequence",
    points=4,
    answer="backward",
    reference=backward,
    draw=_draw_backward,
    returns=(Part("d_x", "TIB"), Part("d_h0", "HB"), *GRADIENTS),
    public_seed=5,
    page=TABLE,
    uses=("time.step",),
    hints=(
        "First forward: run `forward_step` over the sequence and keep, for each step, its input, its old state, z, r"
        " and the candidate. Then back, from the last step to the first. What reaches a state: from the loss, and from"
        " the step after it?",
        "`g = d_states[t] + q`, with `q = 0` at the last step; `d_x_t, q, ... = step_back(g, ...)`. Add up the"
        " gradients of the weights over the steps. The q that is left after the first step is the gradient of h0.",
    ),
    misconceptions=(
        Misconception(
            "no_future",
            "Each state gets only what the loss hands to it. It is also the old state of the next step, and what comes"
            " back from there, q, is added.",
            _sequence(arriving=lambda e, q, g: e),
            SPECIAL,
        ),
        Misconception(
            "last_loss_only",
            "The loss is looked at after the last step alone. Every state may enter it: d_states[t] is added at each"
            " step.",
            _sequence(losses=lambda e: np.concatenate([0 * e[:-1], e[-1:]])),
            SPECIAL,
        ),
        Misconception(
            "added_to_the_old",
            "What reached the state after it is added as a whole, too. A step replaces g by q, what it sends back.",
            _sequence(arriving=lambda e, q, g: g + e + q),
        ),
        Misconception(
            "one_step_weights",
            "The gradients of the weights are those of a single step. All steps share the weights, so their parts are"
            " added up: += in place of =.",
            _sequence(total=lambda parts: parts[-1]),
            CANNOT_FAIL,
            also=(_sequence(total=lambda parts: parts[0]),),
        ),
        Misconception(
            "mean_over_steps",
            "The gradients of the weights are averaged over the steps. They are added up.",
            _sequence(total=lambda parts: sum(parts) / len(parts)),
            SPECIAL,
        ),
        Misconception(
            "inputs_backwards",
            "The gradients of the inputs stand in the order in which they were found, from the last step to the first."
            " Turn them round.",
            _sequence(inputs=lambda parts: parts),
        ),
        Misconception(
            "first_state_for_start",
            "d_h0 is the gradient of the state after the first step. That of h0 is what the first step sends back.",
            _sequence(first=lambda q, g: g),
        ),
        Misconception(
            "forwards",
            "The steps are gone through from the first to the last. What reaches a state comes from the step after it,"
            " so the way back begins at the end.",
            _sequence(order=slice(None), inputs=lambda parts: parts),
            also=(_sequence(order=slice(None)),),
        ),
        Misconception(
            "losses_backwards",
            "The steps go from the end, d_states does not: step t belongs to d_states[t].",
            _sequence(losses=lambda e: e[::-1]),
        ),
        Misconception(
            "new_states",
            "A step is given the state after it as its old state. The old state of step t is that after step t - 1.",
            _sequence(old=_with_new_states),
        ),
        Misconception(
            "zero_start",
            "The forward pass begins at a state of zero. It begins at h0.",
            _sequence(start=np.zeros_like),
        ),
        Misconception(
            "state_for_seen",
            "All is right but the gradient of U[2]: that matrix met r * h_prev, not h_prev.",
            _sequence(step=_step(met=lambda h, p: (h, h, h))),
            CANNOT_FAIL,
        ),
        Misconception(
            "one_each",
            "The gradients of the weights come back for every step. All steps share the weights: add them up.",
            _sequence(total=np.array),
        ),
    ),
)


# Reading a trace: how far the straight way reaches


def steps_back(z, share):
    """Number of steps over which the straight way keeps at least a share of the gradient, for each unit."""
    return (np.cumprod(1 - z[::-1], axis=0) >= share).sum(axis=0)


def _at_least(product):
    return lambda z, share: (product(z) >= share).sum(axis=0)


def _draw_steps_back(rng):
    def case(name, T, H, share, opened=0.5, dtype=np.float64):
        share = float(rng.uniform(*share))
        while True:
            z = rng.beta(0.8, 4, (T, H)) * opened + 0.005
            kept = np.concatenate([np.cumprod(part, axis=0) for part in (1 - z, 1 - z[::-1])])
            # Not so near the share that rounding decides, and not so far that all is the same.
            if np.abs(kept / share - 1).min() > 1e-3 and np.ptp(steps_back(z, share)) > 2:
                return Case(name, Call("steps_back", (z.astype(dtype), share)))

    def exact(name, T, H):
        z = 0.5 * (rng.random((T, H)) < 0.2)
        z[-2:] = 0.5 * rng.permuted(np.resize([[0, 1, 1], [0, 0, 1]], (2, H)), axis=1)
        return Case(name, Call("steps_back", (z, 0.25)))

    return [
        case("one half", 30, 6, (0.45, 0.55)),
        case("a tenth, in float32", 60, 6, (0.08, 0.12), dtype=np.float32),
        case("units that reach the beginning", 12, 8, (0.3, 0.5), 0.3),
        exact("gates at 0 and 1/2, where exactly a quarter may be left", 20, 6),
    ]


TRACE = Question(
    id="time.trace",
    title="Reading a trace: how far back",
    points=2,
    answer="steps_back",
    reference=steps_back,
    draw=_draw_steps_back,
    returns=(Part("n", "H"),),
    page=REACH,
    hints=(
        "On the straight way the last step multiplies by $1 - z_T$, the step before it by $1 - z_{T-1}$, and so on."
        " What is left after one step back, after two, after three?",
        "`np.cumprod(1 - z[::-1], axis=0)` holds what is left after 1, 2, ..., T steps back. It never grows, so count"
        " where it is at least `share`.",
    ),
    misconceptions=(
        Misconception(
            "polarity",
            "The factor z is taken. In this book z near 1 writes: the straight way keeps the share 1 - z.",
            _at_least(lambda z: np.cumprod(z[::-1], axis=0)),
            POLARITY,
        ),
        Misconception(
            "from_the_start",
            "The product begins at the first step. A gradient comes from the end: the last step is the first that it"
            " meets.",
            _at_least(lambda z: np.cumprod(1 - z, axis=0)),
        ),
        Misconception(
            "one_too_many",
            "This counts the step at which less than the share is left. The last step with at least the share counts"
            " last.",
            lambda z, share: steps_back(z, share) + 1,
        ),
        Misconception(
            "more_than",
            "Where exactly the share is left, the step is not counted. At least the share means >=, not >.",
            lambda z, share: (np.cumprod(1 - z[::-1], axis=0) > share).sum(axis=0),
        ),
        Misconception(
            "single_steps",
            "Each step is looked at by itself. The factors of all steps on the way are multiplied.",
            _at_least(lambda z: 1 - z),
            MATRIX,
        ),
        Misconception(
            "added",
            "The gates are added up. Each step takes its share of what is left, so the factors 1 - z are multiplied.",
            _at_least(lambda z: 1 - np.cumsum(z[::-1], axis=0)),
        ),
        Misconception(
            "mean_gate",
            "This is the reach of a gate that stands at its mean. The gates of this trace move, and the last of them"
            " come first.",
            lambda z, share: np.minimum(len(z), (np.log(share) / np.log(1 - z.mean(axis=0))).astype(int)),
        ),
        Misconception(
            "first_place_below",
            "Where the share is left to the beginning, nothing is below it, and argmax, which finds no place, says 0."
            " Count the steps where it is at least the share.",
            lambda z, share: (np.cumprod(1 - z[::-1], axis=0) < share).argmax(axis=0),
        ),
        Misconception(
            "units_turned",
            "The units are turned round too, or in place of the steps. Steps are the first axis: z[::-1].",
            _at_least(lambda z: np.cumprod(1 - z[::-1, ::-1], axis=0)),
            also=(_at_least(lambda z: np.cumprod(1 - z[:, ::-1], axis=0)),),
        ),
        Misconception(
            "half",
            "This is the half-life. The share that shall be left is given.",
            lambda z, share: steps_back(z, 0.5),
        ),
        Misconception(
            "units_together",
            "The mean over the units is taken. Each unit has its own gate, and its gradient its own way.",
            lambda z, share: steps_back(np.repeat(z.mean(axis=1, keepdims=True), z.shape[1], axis=1), share),
            also=(lambda z, share: steps_back(z.mean(axis=1), share),),
        ),
        Misconception(
            "place",
            "This is where the way ends, counted from the first step. The number of steps back is asked for.",
            lambda z, share: len(z) - steps_back(z, share),
            also=(lambda z, share: len(z) - 1 - steps_back(z, share),),
        ),
        Misconception(
            "units_for_steps",
            "The product runs over the units. Steps are the first axis: axis=0.",
            lambda z, share: (np.cumprod(1 - z[::-1], axis=1) >= share).sum(axis=0),
            also=(lambda z, share: (np.cumprod(1 - z[::-1], axis=0) >= share).sum(axis=1),),
        ),
    ),
)


# Exploding and vanishing


def gain(J):
    """Largest factor by which a run of steps can lengthen a gradient."""
    return _largest(_product(J))


def _product(J):
    product = np.eye(J.shape[1])
    for step in J:
        product = step @ product
    return product


def _largest(matrix):
    return np.linalg.svd(matrix, compute_uv=False)[0]


def _draw_gain(rng):
    def case(name, T, H, size, dtype=np.float64):
        # Matrices of size one on average: the product neither explodes nor vanishes but by `size`.
        J = rng.normal(0, 1, (T, H, H))
        J *= size / np.sqrt(H)
        return Case(name, Call("gain", (J.astype(dtype),)))

    return [
        case("two steps of two units", 2, 2, 1.0),
        case("a gradient that explodes", 8, 3, 2.5),
        case("a gradient that vanishes", 5, 4, 0.4),
        case("float32", 4, 3, 1.0, np.float32),
    ]


GAIN = Question(
    id="time.gain",
    title="Exploding or vanishing",
    points=2,
    answer="gain",
    reference=gain,
    draw=_draw_gain,
    returns=(Part("the gain", ""),),
    public_seed=13,
    page=REACH,
    hints=(
        "Two steps: what is $\\partial h_T / \\partial h_{T-2}$, written with the matrices of the steps, and in which"
        " order? By how much can one matrix lengthen a vector?",
        "The product is $J_T \\cdots J_2\\, J_1$: each later matrix is multiplied from the left. The largest singular"
        " value of the *product* is `np.linalg.norm(product, 2)`.",
    ),
    misconceptions=(
        Misconception(
            "wrong_order",
            "The matrices are multiplied in the other order. The last step stands on the left:"
            " J[-1] @ ... @ J[1] @ J[0].",
            lambda J: _largest(_product(J[::-1])),
            MATRIX,
        ),
        Misconception(
            "product_of_norms",
            "The largest singular values are multiplied. That is a bound; it is reached only if each step stretches the"
            " very direction into which the one before it has stretched.",
            lambda J: np.prod([_largest(step) for step in J]),
        ),
        Misconception(
            "eigenvalue",
            "This is the largest eigenvalue in size. A matrix that is not symmetric can lengthen a vector by more than"
            " that; the largest singular value is the factor.",
            lambda J: np.abs(np.linalg.eigvals(_product(J))).max(),
        ),
        Misconception(
            "frobenius",
            "This is the root of the sum of all squares, which np.linalg.norm gives of a matrix by itself. With a 2 as"
            " second argument it gives the largest singular value.",
            lambda J: np.linalg.norm(_product(J)),
        ),
        Misconception(
            "all_values",
            "These are all singular values. The first of them, the largest, is asked for.",
            lambda J: np.linalg.svd(_product(J), compute_uv=False),
        ),
        Misconception(
            "sums_of_sizes",
            "This is the largest sum of the sizes in a column, or in a row. With a 2 as second argument np.linalg.norm"
            " gives the largest singular value.",
            lambda J: np.linalg.norm(_product(J), 1),
            also=(lambda J: np.linalg.norm(_product(J), np.inf),),
        ),
        Misconception(
            "smallest",
            "This is the smallest singular value, the factor of the direction that is shortened most.",
            lambda J: np.linalg.svd(_product(J), compute_uv=False)[-1],
        ),
        Misconception(
            "squared",
            "The root is missing: the eigenvalues of product.T @ product are the squares of the singular values.",
            lambda J: _largest(_product(J)) ** 2,
        ),
        Misconception(
            "last_step",
            "This is the factor of one step. All of them are multiplied.",
            lambda J: _largest(J[-1]),
            also=(lambda J: _largest(J[0]),),
        ),
        Misconception(
            "power_of_one",
            "The factor of one step is taken to the power of their number. The steps have matrices of their own.",
            lambda J: _largest(J[-1]) ** len(J),
            also=(lambda J: _largest(J[0]) ** len(J), lambda J: _largest(J.mean(axis=0)) ** len(J)),
        ),
        Misconception(
            "added",
            "The matrices are added. One step after another is a product.",
            lambda J: _largest(J.sum(axis=0)),
            also=(lambda J: _largest(J.sum(axis=0) + np.eye(J.shape[1])),),
        ),
        Misconception(
            "entry_by_entry",
            "* multiplies entry by entry. One step after another is the product of matrices: @.",
            lambda J: _largest(np.prod(J, axis=0)),
            also=(lambda J: _largest(np.eye(J.shape[1]) * np.prod(J, axis=0)),),
        ),
        Misconception(
            "determinant",
            "The determinant says how volumes grow. A volume may vanish while one direction explodes.",
            lambda J: abs(np.linalg.det(_product(J))),
            also=(lambda J: np.linalg.det(_product(J)),),
        ),
        Misconception(
            "largest_entry",
            "This is the largest entry. A direction that mixes the units can be lengthened by more.",
            lambda J: np.abs(_product(J)).max(),
        ),
    ),
)


# Clipping


def clip(d_W, d_U, d_b, bound):
    """Gradients shortened together, so that their joint norm is at most a bound."""
    return tuple(clip_by_norm([d_W, d_U, d_b], bound)[0])


def _squares(gradients):
    return sum(float(np.sum(np.square(g, dtype=np.float64))) for g in gradients)


def _scaled(factor):
    """Make a version that multiplies all gradients by one factor."""
    return lambda *given: tuple(g * g.dtype.type(factor(given[:3], given[3])) for g in given[:3])


def _if_above(length, factor=lambda bound, norm: bound / norm):
    """Make a version with another length, or another factor beyond the bound."""

    def of(gradients, bound):
        norm = length(gradients)
        return factor(bound, norm) if norm > bound else 1.0

    return _scaled(of)


def _norm(gradients):
    return np.sqrt(_squares(gradients))


def _each(d_W, d_U, d_b, bound):
    return tuple(clip_by_norm([g], bound)[0][0] for g in (d_W, d_U, d_b))


def _draw_clip(rng):
    def case(name, I, H, share, sizes=(1.0, 1.0, 1.0), weight=1, dtype=np.float64):
        arrays = [size * rng.normal(0, 1, (3, H, k)) for size, k in zip(sizes, (I, H, 1), strict=True)]
        # Many blocks of which none is nearly nothing: some units are clipped as single numbers.
        bound = float(share * _norm(arrays))
        return Case(name, Call("clip", (*(array.astype(dtype) for array in arrays), bound)), weight)

    return [
        case("a gradient far beyond the bound", 2, 3, rng.uniform(0.05, 0.1)),
        case("a gradient within the bound", 3, 2, rng.uniform(1.5, 2.5)),
        # The bound is beyond the norm of each array and below the joint one.
        case("three arrays that are beyond it only together", 3, 3, 0.95, (1.0, 1.0, 1.7)),
        case("one large array, in float32", 2, 4, rng.uniform(0.3, 0.4), (0.1, 5.0, 0.1), dtype=np.float32),
    ]


CLIP = Question(
    id="time.clip",
    title="Clipping by the joint norm",
    points=2,
    answer="clip",
    reference=clip,
    draw=_draw_clip,
    returns=GRADIENTS,
    public_seed=2,
    page=CLIPPING,
    hints=(
        "Take the three arrays as one long vector. How long is it? And which factor makes it as long as the bound?",
        "`norm = np.sqrt((d_W**2).sum() + (d_U**2).sum() + (d_b**2).sum())`. If it is larger than the bound, all three"
        " are multiplied by `bound / norm`; otherwise they stay as they are.",
    ),
    misconceptions=(
        Misconception(
            "each_array",
            "Each array is clipped by its own norm. Then the large ones are shortened more than the small ones, and the"
            " step points elsewhere. All three get the same factor.",
            _each,
            BY_ITSELF,
        ),
        Misconception(
            "each_number",
            "Each number is clipped by itself, which turns the step further than anything. All of them get the same"
            " factor.",
            lambda d_W, d_U, d_b, bound: tuple(np.clip(g, -bound, bound) for g in (d_W, d_U, d_b)),
            BY_ITSELF,
        ),
        Misconception(
            "always",
            "Short gradients are made longer: all get the length of the bound. Those within it stay as they are.",
            _scaled(lambda gradients, bound: bound / _norm(gradients)),
        ),
        Misconception(
            "never",
            "Nothing is clipped: the gradients come back as they are.",
            lambda d_W, d_U, d_b, bound: (d_W, d_U, d_b),
        ),
        Misconception(
            "the_other_way",
            "The condition is turned around: short gradients are lengthened, and long ones stay as they are.",
            _scaled(lambda gradients, bound: bound / _norm(gradients) if _norm(gradients) < bound else 1),
        ),
        Misconception(
            "no_root",
            "The root is missing: the norm is the root of the sum of all squares.",
            _if_above(_squares),
        ),
        Misconception(
            "norms_added",
            "The three norms are added. The joint norm is the root of the sum of their squares.",
            _if_above(lambda gradients: sum(_norm([g]) for g in gradients)),
        ),
        Misconception(
            "largest_norm",
            "The largest of the three norms is taken. All three count together.",
            _if_above(lambda gradients: max(_norm([g]) for g in gradients)),
        ),
        Misconception(
            "largest_entry",
            "The largest entry is taken for the length. The norm is the root of the sum of all squares.",
            _if_above(lambda gradients: max(np.abs(g).max() for g in gradients)),
        ),
        Misconception(
            "sizes_added",
            "The sizes of all entries are added. The norm is the root of the sum of their squares.",
            _if_above(lambda gradients: sum(np.abs(g).sum() for g in gradients)),
        ),
        Misconception(
            "unit_length",
            "The bound is missing in the factor, so the result has the length 1. The factor is bound / norm.",
            _if_above(_norm, lambda bound, norm: 1 / norm),
        ),
        Misconception(
            "inverted",
            "The factor is upside down, and a long gradient becomes longer. It is bound / norm.",
            _if_above(_norm, lambda bound, norm: norm / bound),
        ),
        Misconception(
            "dropped",
            "A gradient beyond the bound is dropped. It is shortened and keeps its direction.",
            _if_above(_norm, lambda bound, norm: 0.0),
        ),
        Misconception(
            "weights_alone",
            "The length is that of one or two of the arrays. All three count together.",
            _if_above(lambda gradients: _norm(gradients[:1])),
            also=(_if_above(lambda gradients: _norm(gradients[:2])),),
        ),
        Misconception(
            "bias_left",
            "The biases' gradient stays as it was. All three get the same factor.",
            lambda d_W, d_U, d_b, bound: (*clip(d_W, d_U, d_b, bound)[:2], d_b),
        ),
        Misconception(
            "mean_square",
            "The mean of the squares is taken. The norm is the root of their sum.",
            _if_above(lambda gradients: np.sqrt(_squares(gradients) / sum(g.size for g in gradients))),
        ),
    ),
)


# Windows


def truncated(x, h0, W, U, b, d_states, window):
    """Gradients of a run whose gradient is cut every few steps, while its state goes on."""
    d_x, _, *weights = _from_reference(x, h0, W, U, b, d_states, window=window)
    return d_x, *weights


_whole = _sequence()


def _windows(
    places=lambda T, window: [slice(start, start + window) for start in range(0, T, window)],
    following=lambda states, h0: states[-1],
    total=lambda parts: sum(parts),
    carried=lambda h, h0: h,
    losses=lambda d_states, here, steps: d_states[here],
):
    """Make a truncated pass, with some of its lines exchanged."""

    def wrong(x, h0, W, U, b, d_states, window):
        h, found = h0, []
        for here in places(len(x), window):
            d_x, _, *weights = _whole(x[here], h, W, U, b, losses(d_states, here, len(x[here])))
            found.append((d_x, *weights))
            h = following(_forward(x[here], carried(h, h0), W, U, b)[1], h0)
        d_x, *weights = zip(*found, strict=True)
        return np.concatenate(d_x), *(total(parts) for parts in weights)

    return wrong


def _from_the_end(T, window):
    borders = sorted({0, *range(T, 0, -window)})
    return [slice(*pair) for pair in itertools.pairwise(borders)]


def _draw_truncated(rng):
    def case(name, T, I, H, B, window, weight=1, dtype=np.float64):
        return Case(name, Call("truncated", (*_run_inputs(rng, T, I, H, B, dtype), window)), weight)

    return [
        case("two windows of two steps", 4, 2, 3, 1, 2),
        case("three windows, the last of them shorter", 5, 3, 2, 3, 2, 2),
        case("a window as long as the sequence, in float32", 3, 2, 3, 2, 3, dtype=np.float32),
    ]


TRUNCATED = Question(
    id="time.truncated",
    title="In windows",
    points=3,
    answer="truncated",
    reference=truncated,
    draw=_draw_truncated,
    returns=(Part("d_x", "TIB"), *GRADIENTS),
    public_seed=5,
    page=WINDOWS,
    uses=("time.step", "time.backward"),
    hints=(
        "Each window is a sequence by itself, and your `backward` can do it. From which state does the second window"
        " begin? And which of the five results crosses the border?",
        "`for start in range(0, len(x), window)` with `here = slice(start, start + window)`. The next window begins at"
        " `run(x[here], h, W, U, b)[-1]`. Nothing is handed back over the border: d_h0 of a window is not used.",
    ),
    misconceptions=(
        Misconception(
            "not_truncated",
            "The gradient crosses the borders: this is the whole sequence. Each window's own backward pass begins with"
            " nothing but its d_states.",
            _windows(places=lambda T, window: [slice(None)]),
        ),
        Misconception(
            "every_step",
            "The gradient is cut at every step. It is cut between two windows; within one it goes back.",
            _windows(places=lambda T, window: [slice(t, t + 1) for t in range(T)]),
            DETACHED,
        ),
        Misconception(
            "state_lost",
            "Each window begins at h0 again. The gradient stops at a border, and the state passes.",
            _windows(following=lambda states, h0: h0),
        ),
        Misconception(
            "state_zeroed",
            "The windows after the first begin at a state of zero. They begin where the window before ended.",
            _windows(following=lambda states, h0: 0 * h0),
        ),
        Misconception(
            "first_state_carried",
            "A window begins at the first state of the one before. It begins at the last: states[-1].",
            _windows(following=lambda states, h0: states[0]),
        ),
        Misconception(
            "run_from_the_start",
            "The state that is passed on comes from a run that begins at h0, whichever window it is. Each window is run"
            " from where the one before ended, which shows from the third window on.",
            _windows(carried=lambda h, h0: h0),
        ),
        Misconception(
            "losses_of_the_first",
            "Every window is handed the d_states of the first. Each has its own: d_states[here].",
            _windows(losses=lambda d_states, here, steps: d_states[:steps]),
        ),
        Misconception(
            "last_window_weights",
            "The gradients of the weights are those of the last window. All windows share the weights: add them up.",
            _windows(total=lambda parts: parts[-1]),
            also=(_windows(total=lambda parts: parts[0]),),
        ),
        Misconception(
            "mean_over_windows",
            "The gradients of the weights are averaged over the windows. They are added up.",
            _windows(total=lambda parts: sum(parts) / len(parts)),
        ),
        Misconception(
            "from_the_end",
            "The borders are counted from the end, so that the first window is the short one. The first window begins"
            " at the first step.",
            _windows(places=_from_the_end),
        ),
        Misconception(
            "rest_left_out",
            "The steps after the last whole window are missing. The last window may be shorter.",
            _windows(places=lambda T, window: [slice(s, s + window) for s in range(0, T - window + 1, window)]),
        ),
        Misconception(
            "one_step_longer",
            "The borders stand one step too late: a window has `window` steps.",
            _windows(places=lambda T, window: [slice(s, s + window + 1) for s in range(0, T, window + 1)]),
        ),
    ),
)


# A training loop to repair


def mended_training(series, W, U, b, readout, rate, bound, updates):
    """Weights after a few updates in predicting a series' next number."""
    return _training()(series, W, U, b, readout, rate, bound, updates)


def _downhill(weights, gradients, rate):
    return [w - rate * g for w, g in zip(weights, gradients, strict=True)]


def _training(
    shape=(-1, 1, 1),
    target=lambda series: series[1:],
    early=False,
    clipped=clip,
    step=_downhill,
    error=lambda states, readout, y: readout @ states - y,
    handed=lambda error, readout: readout.T @ error,
    times=lambda updates: updates,
    keeps=False,
):
    """Make a training loop, with some of its lines exchanged."""

    def train(series, W, U, b, readout, rate, bound, updates):
        x, y = series[:-1].reshape(shape), target(series).reshape(shape)
        h0 = np.zeros((U.shape[1], x.shape[2]), x.dtype)
        weights = given = [W, U, b]
        for _ in range(times(updates)):
            steps, states = _forward(x, h0, *weights)
            d_states = handed(error(states, readout, y), readout)
            gradients = _weight_gradients(x, steps, d_states, *weights[:2])
            if not early:
                gradients = clipped(*gradients, bound)
            weights = step(given if keeps else weights, gradients, rate)
        return tuple(weights)

    return train


def _weight_gradients(x, steps, d_states, W, U):
    q, found = 0, []
    for x_t, (h_prev, z, r, candidate), e in list(zip(x, steps, d_states, strict=True))[::-1]:
        _, q, *of_step = step_back(e + q, x_t, h_prev, z, r, candidate, W, U)
        found.append(of_step)
    return [sum(parts) for parts in zip(*found, strict=True)]


FLAT = {"shape": (1, 1, -1)}
SAME = {"target": lambda series: series[:-1]}
EARLY = {"early": True}


def _first_norm(series, W, U, b, readout, **faults):
    """Joint norm of the first gradients in a loop with some of the faults."""
    found = []
    _training(**faults, clipped=lambda *given: found.append(_norm(given[:3])) or given[:3])(
        series, W, U, b, readout, 0.0, 1.0, 1
    )
    return found[0]


def _draw_training(rng):
    def case(name, N, H, weight=1, beyond=True, dtype=np.float64):
        series = np.cumsum(rng.normal(0, 1, N))
        weights = [rng.normal(0, 1, (3, H, k)) for k in (1, H, 1)]
        readout = rng.normal(0, 1, (1, H))
        arrays = [array.astype(dtype) for array in (series, *weights, readout)]
        norm, rate = _first_norm(*arrays), rng.uniform(0.2, 0.4)
        if beyond:
            # Whichever faults are left: otherwise clipping too early could not be seen.
            bound = 0.3 * min(norm, *(_first_norm(*arrays, **faults) for faults in (FLAT, SAME, FLAT | SAME)))
        else:
            bound, rate = 1e4 * norm, rate / norm
        return Case(name, Call("mended_training", (*arrays, float(rate), float(bound), 2)), weight)

    return [
        case("gradients beyond the bound", 4, 3, 2),
        case("gradients within the bound", 4, 2, beyond=False),
        case("float32", 4, 2, dtype=np.float32),
    ]


REPAIR = Question(
    id="time.repair",
    title="A training loop to repair",
    points=3,
    answer="mended_training",
    reference=mended_training,
    draw=_draw_training,
    returns=(Part("W", "3HI"), Part("U", "3HH"), Part("b", "3H1")),
    public_seed=7,
    page=ONE_STEP,
    uses=("time.step", "time.backward", "time.clip"),
    hints=(
        "Take the three one at a time. Print the shape of x: how many steps are there, and how many examples? Which"
        " number is the network to tell after it has read series[t]? And what is there to be clipped when `clip` is"
        " called for the first time?",
        "In (T, I, B) one sequence of N - 1 steps is `reshape(-1, 1, 1)`. The targets are `series[1:]`, which get the"
        " same shape. And `clip` stands after `backward` and before the weights are changed.",
    ),
    misconceptions=(
        Misconception(
            "as_printed",
            "All three faults are still there: the series is read as many sequences of one step, the targets are the"
            " numbers just read, and the clipping comes before there is a gradient.",
            _training(**FLAT, **SAME, **EARLY),
        ),
        Misconception(
            "one_step_sequences",
            "One fault is left: (1, 1, N - 1) is one step of many examples, so nothing is ever remembered. One sequence"
            " of N - 1 steps has the shape (N - 1, 1, 1).",
            _training(**FLAT),
            ONE_STEP,
        ),
        Misconception(
            "number_just_read",
            "One fault is left: the targets are the numbers that the network has just read. To predict, it is to tell"
            " the next one: series[1:].",
            _training(**SAME),
        ),
        Misconception(
            "clipped_too_early",
            "One fault is left: what is clipped is not what is used. Clipping stands after backward, which makes the"
            " gradients, and before the step, which uses them.",
            _training(**EARLY),
            TOO_EARLY,
        ),
        Misconception(
            "flat_and_same",
            "Two faults are left: the series is read as many sequences of one step, and the targets are the numbers"
            " just read.",
            _training(**FLAT, **SAME),
        ),
        Misconception(
            "flat_and_early",
            "Two faults are left: the series is read as many sequences of one step, and the clipping comes before there"
            " is a gradient.",
            _training(**FLAT, **EARLY),
        ),
        Misconception(
            "same_and_early",
            "Two faults are left: the targets are the numbers just read, and the clipping comes before there is a"
            " gradient.",
            _training(**SAME, **EARLY),
        ),
        Misconception(
            "uphill",
            "The weights go uphill: a gradient points to where the loss grows, so a step goes against it.",
            _training(step=lambda weights, gradients, rate: _downhill(weights, gradients, -rate)),
        ),
        Misconception(
            "each_array",
            "Each gradient is clipped by its own norm. All three get the same factor.",
            _training(clipped=_each),
            BY_ITSELF,
        ),
        Misconception(
            "targets_without_axes",
            "The targets have no axes of one: (N - 1, 1, 1) minus (N - 1,) compares every answer with every target."
            " Give them the shape of the answers.",
            _training(error=lambda states, readout, y: readout @ states - y.ravel()),
        ),
        Misconception(
            "mean_over_steps",
            "The errors are averaged. The loss is half their sum of squares, so each comes back as it is.",
            _training(handed=lambda error, readout: readout.T @ error / len(error)),
        ),
        Misconception(
            "last_error_only",
            "Only the last prediction is learned from. Every step has a target, so every step has an error.",
            _training(handed=lambda error, readout: readout.T @ np.concatenate([0 * error[:-1], error[-1:]])),
        ),
        Misconception(
            "not_carried",
            "Every update begins at the weights that were given. It begins at those of the update before.",
            _training(keeps=True),
        ),
        Misconception(
            "one_update_less",
            "The number of updates is another one: `updates` is how often the weights change.",
            _training(times=lambda updates: updates - 1),
            also=(_training(times=lambda updates: updates + 1), _training(times=lambda updates: 0)),
        ),
        Misconception(
            "without_readout",
            "The error is handed to every unit alike. Back through the product with readout it goes with its"
            " transpose.",
            _training(handed=lambda error, readout: np.ones_like(readout.T) @ error),
        ),
    ),
)


# Training


UNITS, TRAINED_ON, UNSEEN = 4, 100, 200
ENOUGH = 0.9
"""Share of unseen sequences that is to be answered right."""


def _marked(rng, rule, T, count):
    """Draw sequences marked in their first half, and their labels: the sign of the marked number, or its opposite."""
    mark, number, sign = rule
    x = rng.uniform(-1, 1, (T, 3, count))
    x[:, number] = rng.uniform(0.3, 1, (T, count)) * rng.choice([-1, 1], (T, count))
    at, each = rng.integers(0, T // 2, count), np.arange(count)
    x[:, mark] = 0
    x[at, mark, each] = 1
    return x, sign * np.sign(x[at, number, each])


def _mark_line(x):
    """Find the line that is 1 in exactly one step of each sequence and 0 in the others."""
    return next(line for line in range(x.shape[1]) if np.all(np.sort(x[:, line], axis=0)[:-1] == 0))


def _rule(x, y):
    """Read off the data which line has the mark, which one the number, and its sign."""
    mark = _mark_line(x)
    marked = (x * x[:, mark : mark + 1]).sum(axis=0)
    agreement = np.sign(marked) @ y / len(y)
    agreement[mark] = 0
    number = np.argmax(np.abs(agreement))
    return mark, number, np.sign(agreement[number])


def trained_weights(x, y, W, U, b):
    """Weights that solve the task, set by hand: a unit whose gate opens at the mark and writes the number's sign."""
    mark, number, sign = _rule(x, y)
    W, U, b = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    W[0, 0, mark], b[0] = 24, -12
    W[2, 0, number] = 10 * sign
    return W, U, b


def told(weights, x):
    """State of unit 0 after the last step, for each sequence."""
    h0 = np.zeros((weights[1].shape[1], x.shape[2]))
    return _forward(x, h0, *weights)[1][-1, 0]


def answered_right(weights, case):
    """Share of the unseen sequences that are answered right: 1 from `ENOUGH` on, below it in twentieths."""
    x, y = case.given
    share = np.mean(told(weights, x) * y > 0)
    return np.array(1.0 if share >= ENOUGH else np.floor(20 * share) / 20)


def _loss(weights, x, y):
    return np.mean((told(weights, x) - y) ** 2) / 2


def training_fault(value, x, y, W, U, b):
    """Say in a word what is wrong with trained weights; the worst comes first.

    Parameters
    ----------
    value : tuple of numpy.ndarray
        The weights that came back.
    x, y, W, U, b : numpy.ndarray
        What was given.

    Returns
    -------
    str
        Id of a misconception; "" if nothing is.
    """
    right = told(value, x) * y > 0
    mark = _mark_line(x)
    faults = {
        "untrained": all(np.array_equal(new, old) for new, old in zip(value, (W, U, b), strict=True)),
        "blown_up": max(np.abs(part).max() for part in value) > 100,
        "no_way_back": np.array_equal(value[0][..., mark], W[..., mark]),
        "uphill": _loss(value, x, y) > 1.05 * _loss((W, U, b), x, y),
        "too_little": right.mean() < 0.85,
    }
    return next((name for name, found in faults.items() if found), "")


def _trained(updates=150, rate=2.0, bound=1.0, labels=lambda y: y, reach=None):
    """Make a training by gradient descent that goes back `reach` steps from the end."""

    def train(x, y, W, U, b):
        y = labels(y)
        weights = [W, U, b]
        h0 = np.zeros((U.shape[1], x.shape[2]))
        for _ in range(updates):
            steps, states = _forward(x, h0, *weights)
            d_states = np.zeros_like(states[-reach if reach else None :])
            d_states[-1, 0] = (states[-1, 0] - y) / len(y)
            start = len(x) - len(d_states)
            gradients = _weight_gradients(x[start:], steps[start:], d_states, *weights[:2])
            weights = _downhill(weights, clip(*gradients, bound) if bound else gradients, rate)
        return tuple(weights)

    return train


def _draw_trained(rng):
    def case(name, T, weight=1):
        mark, number, _ = rng.permutation(3)
        rule = mark, number, rng.choice([-1, 1])
        weights = [rng.normal(0, 0.3, (3, UNITS, k)) for k in (3, UNITS)]
        b = np.zeros((3, UNITS, 1))
        b[0] = -2
        given = (*_marked(rng, rule, T, TRAINED_ON), *weights, b)
        return Case(name, Call("trained_weights", given), weight, _marked(rng, rule, T, UNSEEN))

    return [case("sequences of four steps", 4), case("sequences of eight steps", 8)]


def _training_mistake(id, sentence, *wrong, page=""):
    def fits(value, *given):
        return training_fault(value, *given) == id

    return Misconception(id, sentence, wrong[0], page, also=wrong[1:], fits=fits)


TRAINED = Question(
    id="time.train",
    title="Training",
    points=4,
    answer="trained_weights",
    reference=trained_weights,
    draw=_draw_trained,
    returns=(Part("W", "3HI"), Part("U", "3HH"), Part("b", "3H1")),
    kind="behaviour",
    behaviour=Behaviour(
        answered_right,
        Part("the share of unseen sequences answered right", ""),
        {1.0: f"at least {ENOUGH:.0%}"} | {k / 20: f"{k / 20:.0%} to {(k + 1) / 20:.0%}" for k in range(18)},
    ),
    trains=("W", "U", "b"),
    page=REACH,
    uses=("time.step", "time.backward", "time.clip"),
    hints=(
        "One update: run the network, compare the last state of unit 0 with y, hand the difference to `backward` at"
        " that place and zero everywhere else, clip, and take a step against the gradient. Then repeat it.",
        "`d_states = np.zeros_like(states)` and `d_states[-1, 0] = (states[-1, 0] - y) / len(y)`. With a bound of 1 and"
        " a rate of 2, 150 updates are enough.",
    ),
    misconceptions=(
        _training_mistake(
            "untrained",
            "The weights have come back as they were given. Do the new ones go into the next update, and out of the"
            " function?",
            lambda x, y, W, U, b: (W, U, b),
            _trained(updates=0),
        ),
        _training_mistake(
            "uphill",
            "The loss on the training sequences has grown. A gradient points uphill, so a step goes against it; and"
            " what is handed to the last state of unit 0 is that state minus y, each sequence's own y.",
            _trained(updates=30, rate=-2.0),
            _trained(updates=30, labels=np.negative),
            _trained(updates=30, labels=np.ones_like),
            _trained(updates=30, labels=lambda y: -np.ones_like(y)),
            page=SPECIAL,
        ),
        _training_mistake(
            "blown_up",
            "The weights have become so large that gates and candidate stand at their limits, where no gradient is"
            " left. Clip the gradients, or take a smaller rate.",
            _trained(updates=20, rate=1e5),
            _trained(updates=20, rate=1e5, bound=None),
            page=CLIPPING,
        ),
        _training_mistake(
            "no_way_back",
            "The weights by which the mark is read have not moved at all: no gradient has come back to the steps that"
            " have one. It has to go back over the whole sequence, from the last step to the first.",
            _trained(reach=1),
            page=DETACHED,
        ),
        _training_mistake(
            "too_little",
            "Training went the right way and not far enough: too many training sequences are still answered wrong. More"
            " updates, or a larger rate, and all sequences in every update.",
            _trained(rate=1e-3),
            _trained(updates=2, rate=0.1),
        ),
    ),
)


ASSIGNMENT = Assignment(
    stem=STEM,
    title="Learning through time",
    questions=(DIFFERENCE, STEP, SEQUENCE, TRACE, GAIN, CLIP, TRUNCATED, REPAIR, TRAINED),
    minutes=120,
    difficulty="from easy (1, 4, 6) to demanding (2, 3, 9)",
    trains="You derive, check, clip and cut the gradient of a GRU over time, and train one with it.",
    next_step="The quiz at the end of the interlude asks what reaches back, and what does not.",
)
