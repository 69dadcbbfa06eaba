"""Chapter 3, the update gate: the sigmoid, the gate, its limits, its gradient, and what it is good for."""

import numpy as np

from gru_checks.calling import Call
from gru_checks.gate_mistakes import gate_mistakes, keras2_hard_sigmoid, keras3_hard_sigmoid, softmax
from gru_checks.question import Behaviour, Case, Misconception, Part, Question
from gru_checks.registry import Assignment
from gru_ref import gate_gradient, sigmoid, update_gate

STEM = "ch03-update-gate"
EQUATION = f"{STEM}#the-equation"
WRONG = f"{STEM}#what-goes-wrong"
IDEA = f"{STEM}#the-idea"
CLAIMS = f"{STEM}#the-claims-tested"


# The sigmoid


def _draw_sigmoid(rng):
    def case(name, a, weight=1, dtype=np.float64):
        # Underflow to 0 is right; overflow and 0 / 0 or inf / inf are what the question is about.
        return Case(name, Call("sigmoid", (a.astype(dtype),), {"over": "raise", "invalid": "raise"}), weight)

    # Ordinary numbers stand among the large ones, so that no constant is right.
    near = rng.normal(0, 2, (3, 1))
    far = rng.uniform(2000, 9000, (3, 3))
    large = np.concatenate(([1e4, -1e4], rng.uniform(100, 9000, 5) * rng.choice([-1, 1], 5), [rng.normal(0, 2)]))
    return [
        case("a few numbers of ordinary size", rng.normal(0, 2, (2, 3)), 2),
        case("one column", rng.normal(0, 3, (5, 1)), 1),
        case("numbers between -30 and 30", rng.uniform(-30, 30, (4, 4)), 1),
        case("float32", rng.normal(0, 3, (3, 2)), 1, np.float32),
        case("large positive numbers", np.hstack([near, far]), 1),
        case("large negative numbers", np.hstack([near, -far]), 1),
        case("large numbers of both signs", large.reshape(2, 4), 1),
        case("large numbers of both signs in float32", large.reshape(4, 2), 1, np.float32),
    ]


def _where(a):
    return np.where(a >= 0, 1 / (1 + np.exp(-a)), np.exp(a) / (1 + np.exp(a)))


SIGMOID = Question(
    id="ch03.sigmoid",
    title="A sigmoid that does not overflow",
    points=3,
    answer="sigmoid",
    reference=sigmoid,
    draw=_draw_sigmoid,
    returns=(Part("the result"),),
    keeps_dtype=True,
    page=WRONG,
    hints=(
        "`np.exp` overflows for arguments above 709 (above 88 in float32). For which `a` does `np.exp(-a)` overflow,"
        " and for which does `np.exp(a)`?",
        "Write the sigmoid so that `exp` only ever sees numbers below zero, using `np.abs(a)`; or use"
        " $\\sigma(a) = \\frac12 \\tanh(\\frac a2) + \\frac12$, since `np.tanh` never overflows.",
    ),
    misconceptions=(
        Misconception(
            "overflows_for_negative",
            "1 / (1 + exp(-a)) overflows where a is far below zero, because exp(-a) is then too large for any float."
            " The limit 1 / inf happens to be right, but the warning hides others. Let exp see only numbers below 0.",
            lambda a: 1 / (1 + np.exp(-a)),
        ),
        Misconception(
            "overflows_for_positive",
            "exp(a) / (1 + exp(a)) overflows where a is far above zero, and inf / inf is nan. Let exp see only numbers"
            " below zero.",
            lambda a: np.exp(a) / (1 + np.exp(a)),
        ),
        Misconception(
            "where_computes_both",
            "np.where computes both of its branches everywhere and only then chooses, so each formula also meets the"
            " numbers it overflows for. Use -np.abs(a) inside exp, or index with a mask.",
            _where,
        ),
        Misconception(
            "clipped_for_float64",
            "Cutting a off at -500 is enough in float64, but in float32 exp overflows from 88 on.",
            lambda a: 1 / (1 + np.exp(-np.clip(a, -500, 500))),
        ),
        Misconception(
            "float64_always",
            "The values are right, but float32 came in and float64 went out: that doubles the memory of everything"
            " computed from it. np.empty, np.zeros and float(...) make float64; np.empty_like keeps the dtype.",
            lambda a: sigmoid(np.asarray(a, dtype=np.float64)),
        ),
        Misconception(
            "sign_lost",
            "This is sigmoid(-a), or 1 - sigmoid(a), which is the same. The minus belongs to the exponent:"
            " 1 / (1 + exp(-a)) grows with a.",
            lambda a: sigmoid(-a),
        ),
        Misconception(
            "tanh",
            "This is tanh, which lies between -1 and 1. The sigmoid lies between 0 and 1.",
            np.tanh,
        ),
        Misconception(
            "tanh_not_halved",
            "The argument of tanh is not halved: 0.5 * tanh(a) + 0.5 is sigmoid(2 a), twice as steep.",
            lambda a: sigmoid(2 * a),
        ),
        Misconception(
            "tanh_not_shifted",
            "tanh(a / 2) still lies between -1 and 1. Halve it and add one half.",
            lambda a: np.tanh(0.5 * a),
        ),
        Misconception(
            "hard_sigmoid_fifth",
            "This is the hard sigmoid, 0.2 a + 0.5 cut off at 0 and 1: three straight lines instead of a curve.",
            keras2_hard_sigmoid,
        ),
        Misconception(
            "hard_sigmoid_sixth",
            "This is the hard sigmoid, a / 6 + 0.5 cut off at 0 and 1: three straight lines instead of a curve.",
            keras3_hard_sigmoid,
        ),
        Misconception(
            "softmax",
            "This is a softmax: it makes the entries share a total of 1. The sigmoid treats every entry by itself.",
            softmax,
        ),
        Misconception(
            "slope",
            "This is the slope of the sigmoid, s (1 - s), which is at most 1/4. The sigmoid itself is asked for.",
            lambda a: sigmoid(a) * (1 - sigmoid(a)),
        ),
    ),
)


# The gate


def _gate_inputs(rng, I, H, B, scale=1.0, dtype=np.float64):
    """Draw x, h_prev, W, U, b: dense weights of size about 1, a state and a bias that are not zero."""
    arrays = (
        rng.normal(0, 1, (I, B)),
        rng.uniform(-1, 1, (H, B)),
        rng.normal(0, scale, (H, I)),
        rng.normal(0, scale, (H, H)),
        rng.normal(0, scale, (H, 1)),
    )
    return tuple(array.astype(dtype) for array in arrays)


def _draw_update_gate(rng):
    def case(name, I, H, B, weight=1, **more):
        return Case(name, Call("update_gate", _gate_inputs(rng, I, H, B, **more)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1, 2),
        case("a batch of four", 2, 3, 4, 2),
        case("more inputs than units", 6, 2, 3),
        case("as many inputs as units as examples", 3, 3, 3),
        case("float32", 3, 4, 2, dtype=np.float32),
        case("large weights", 4, 5, 6, scale=60.0),
    ]


UPDATE_GATE = Question(
    id="ch03.update_gate",
    title="The update gate",
    points=3,
    answer="update_gate",
    reference=update_gate,
    draw=_draw_update_gate,
    returns=(Part("z", "HB"),),
    page=EQUATION,
    hints=(
        "Three terms are added: one from the input, one from the old state, one that is there even when both are zero."
        " Write down the shape of each; all three must come out as (H, B), or as (H, 1), which fits every column.",
        "`W_z @ x` is a matrix product, `*` is not. The sum goes through your `sigmoid`, once.",
    ),
    misconceptions=gate_mistakes("z", "update gate", WRONG),
)


# Its two limits


def limit_biases(W_z, U_z, eps):
    """Biases that keep the gate below eps, or above 1 - eps, for every x and h_prev in [-1, 1]."""
    reach = np.abs(W_z).sum(axis=1, keepdims=True) + np.abs(U_z).sum(axis=1, keepdims=True)
    logit = np.log(eps / (1 - eps))
    return logit - reach, reach - logit


def _limits(reach=lambda W, U: _row_sum(np.abs(W)) + _row_sum(np.abs(U)), logit=lambda eps: np.log(eps / (1 - eps))):
    """Make a wrong version by exchanging one of the two things that the biases are made of."""
    return lambda W_z, U_z, eps: (logit(eps) - reach(W_z, U_z), reach(W_z, U_z) - logit(eps))


def _row_sum(array):
    return array.sum(axis=1, keepdims=True)


def _draw_limits(rng):
    def case(name, I, H, eps, weight=1, dtype=np.float64):
        weights = (rng.normal(0, 1, (H, I)).astype(dtype), rng.normal(0, 1, (H, H)).astype(dtype))
        return Case(name, Call("limit_biases", (*weights, eps)), weight)

    return [
        case("two units, one input, eps = 0.1", 1, 2, 0.1),
        case("three units, two inputs, eps = 0.01", 2, 3, 0.01),
        case("as many inputs as units", 4, 4, float(rng.uniform(0.02, 0.3))),
        case("a very small eps", 5, 3, 1e-6),
        case("float32", 3, 2, 0.05, dtype=np.float32),
    ]


GATE_LIMITS = Question(
    id="ch03.limits",
    title="The two limits: biases that keep and biases that write",
    points=3,
    answer="limit_biases",
    reference=limit_biases,
    draw=_draw_limits,
    returns=(Part("b_keep", "H1"), Part("b_write", "H1")),
    page=CLAIMS,
    hints=(
        "The gate is at most `eps` where its pre-activation is at most $\\ln\\frac{\\varepsilon}{1-\\varepsilon}$:"
        " that is the inverse of the sigmoid. What is the largest value that row $i$ of $W_z x + U_z h$ can take?",
        "A weight $w$ times a number between -1 and 1 is at most $|w|$. So the largest value of row $i$ is the sum of"
        " the absolute values of row $i$ of `W_z` and of row $i$ of `U_z`, and the smallest is minus that.",
    ),
    misconceptions=(
        Misconception(
            "swapped",
            "The two are swapped. In this course z near 0 keeps the old state and z near 1 writes the new one, so the"
            " bias that keeps is the very negative one.",
            lambda W_z, U_z, eps: limit_biases(W_z, U_z, eps)[::-1],
            IDEA,
        ),
        Misconception(
            "no_absolute_values",
            "The weights are summed with their signs, so positive and negative ones cancel. The worst input has the"
            " sign of each weight, and then their absolute values add up.",
            _limits(reach=lambda W, U: _row_sum(W) + _row_sum(U)),
        ),
        Misconception(
            "recurrent_forgotten",
            "The old state is left out: h_prev may push the gate by as much as the absolute values of its row of U_z.",
            _limits(reach=lambda W, U: _row_sum(np.abs(W))),
        ),
        Misconception(
            "input_forgotten",
            "The input is left out: x may push the gate by as much as the absolute values of its row of W_z.",
            _limits(reach=lambda W, U: _row_sum(np.abs(U))),
        ),
        Misconception(
            "weights_forgotten",
            "These are the biases for x = 0 and h_prev = 0. Other inputs push the gate away from there; the weights"
            " say how far.",
            _limits(reach=lambda W, U: np.zeros((len(W), 1))),
        ),
        Misconception(
            "columns_of_U",
            "U_z is summed over its rows, axis 0. The weights into unit i are row i, so the sum runs along axis 1.",
            _limits(reach=lambda W, U: _row_sum(np.abs(W)) + _row_sum(np.abs(U).T)),
        ),
        Misconception(
            "largest_weight_only",
            "Only the largest weight of each row is counted. All inputs can be at their worst at the same time, so"
            " the absolute values add up.",
            _limits(reach=lambda W, U: np.abs(W).max(axis=1, keepdims=True) + np.abs(U).max(axis=1, keepdims=True)),
        ),
        Misconception(
            "log_instead_of_logit",
            "ln(eps) inverts the exponential. The sigmoid's inverse is ln(eps / (1 - eps)).",
            _limits(logit=np.log),
        ),
        Misconception(
            "eps_as_preactivation",
            "eps is used as a pre-activation. It is a value of the gate; ln(eps / (1 - eps)) is the pre-activation that"
            " gives it.",
            _limits(logit=lambda eps: eps),
        ),
        Misconception(
            "best_case",
            "The weights push the wrong way: these are the biases for the most favourable input, not for the worst."
            " To keep, the bias must win against the largest push upwards.",
            _limits(reach=lambda W, U: -_row_sum(np.abs(W)) - _row_sum(np.abs(U))),
        ),
    ),
)


# How long it remembers


def half_life(z):
    """Steps until half of the old state is left, for a gate that stands at z."""
    return np.log(0.5) / np.log(1 - z)


def _draw_half_life(rng):
    def case(name, z, weight=1, dtype=np.float64):
        return Case(name, Call("half_life", (z.reshape(-1, 1).astype(dtype),)), weight)

    return [
        case("gates around one half", rng.uniform(0.3, 0.7, 3), 1),
        case("gates almost shut", rng.uniform(0.002, 0.02, 4), 1),
        case("gates wide open", rng.uniform(0.9, 0.99, 2), 1),
        case("float32", rng.uniform(0.1, 0.9, 3), 1, np.float32),
    ]


HALF_LIFE = Question(
    id="ch03.half_life",
    title="How long a gate remembers",
    points=2,
    answer="half_life",
    reference=half_life,
    draw=_draw_half_life,
    returns=(Part("the result", "H1"),),
    page=CLAIMS,
    hints=(
        "With a candidate of 0 the state is multiplied by the same factor at every step. Which factor?",
        "After $n$ steps $(1 - z)^n$ of the state is left. Set that to $\\frac12$ and take logarithms.",
    ),
    misconceptions=(
        Misconception(
            "polarity",
            "The share that stays is taken to be z. In this course z is the share that is written, and 1 - z stays.",
            lambda z: np.log(0.5) / np.log(z),
        ),
        Misconception(
            "time_constant",
            "This is -1 / ln(1 - z), the time until 1/e of the state is left. For one half, multiply by ln 2.",
            lambda z: -1 / np.log(1 - z),
        ),
        Misconception(
            "one_over_z",
            "1 / z is the mean age of what is remembered. The half-life solves (1 - z)**n = 1/2.",
            lambda z: 1 / z,
        ),
        Misconception(
            "linear",
            "This takes the state to lose the same amount at every step. It loses the same share: n steps leave"
            " (1 - z)**n of it, not 1 - n z.",
            lambda z: 0.5 / z,
        ),
        Misconception(
            "small_gate_only",
            "ln 2 / z is what the half-life comes near to when z is small. For any z it is ln(1/2) / ln(1 - z).",
            lambda z: np.log(2) / z,
        ),
        Misconception(
            "upside_down",
            "The fraction is upside down: ln(1 - z) / ln(1/2) is how many halvings one step makes, not how many steps"
            " one halving takes.",
            lambda z: np.log(1 - z) / np.log(0.5),
        ),
        Misconception(
            "sign",
            "A number of steps is positive: ln(1 - z) is below zero, and so must be what it divides, ln(1/2) = -ln 2.",
            lambda z: np.log(2) / np.log(1 - z),
        ),
        Misconception(
            "whole_steps",
            "The result is rounded up to whole steps. The real number is asked for.",
            lambda z: np.ceil(np.log(0.5) / np.log(1 - z)),
        ),
    ),
)


# The other convention


def to_keep_polarity(W_z, U_z, b_z):
    """Weights of the gate that is 1 minus this one."""
    return -W_z, -U_z, -b_z


def _draw_keep(rng):
    def case(name, I, H, weight=1, dtype=np.float64):
        return Case(name, Call("to_keep_polarity", _gate_inputs(rng, I, H, 1, dtype=dtype)[2:]), weight)

    return [
        case("two inputs, three units", 2, 3),
        case("as many inputs as units", 3, 3),
        case("float32", 4, 2, dtype=np.float32),
    ]


KEEP_POLARITY = Question(
    id="ch03.keep_polarity",
    title="The same cell in the other convention",
    points=2,
    answer="to_keep_polarity",
    reference=to_keep_polarity,
    draw=_draw_keep,
    returns=(Part("W_z", "HI"), Part("U_z", "HH"), Part("b_z", "H1")),
    page=CLAIMS,
    hints=(
        "You need weights for which the gate is $1 - z$ whatever $x$ and $h$ are. What is $1 - \\sigma(a)$?",
        "$1 - \\sigma(a) = \\sigma(-a)$: try it with numbers. Which weights turn $a$ into $-a$ for every $x$ and $h$?",
    ),
    misconceptions=(
        Misconception(
            "unchanged",
            "The weights come back as they went in, so the gate is still z. It must become 1 - z.",
            lambda W_z, U_z, b_z: (W_z, U_z, b_z),
        ),
        Misconception(
            "bias_only",
            "Only the bias changes sign. That is enough for x = 0 and h = 0 alone; the whole pre-activation must"
            " change its sign, and so every term of it.",
            lambda W_z, U_z, b_z: (W_z, U_z, -b_z),
        ),
        Misconception(
            "bias_kept",
            "W_z and U_z change sign and the bias does not. It is a term of the pre-activation like the others.",
            lambda W_z, U_z, b_z: (-W_z, -U_z, b_z),
        ),
        Misconception(
            "recurrent_kept",
            "U_z keeps its sign. The old state's term must change its sign like the others.",
            lambda W_z, U_z, b_z: (-W_z, U_z, -b_z),
        ),
        Misconception(
            "input_kept",
            "W_z keeps its sign. The input's term must change its sign like the others.",
            lambda W_z, U_z, b_z: (W_z, -U_z, -b_z),
        ),
        Misconception(
            "one_minus_weights",
            "1 - W is not what makes the gate 1 - z: the sigmoid stands in between. Since 1 - sigmoid(a) ="
            " sigmoid(-a), it is the signs that change.",
            lambda W_z, U_z, b_z: (1 - W_z, 1 - U_z, 1 - b_z),
        ),
        Misconception(
            "reciprocal",
            "1 / W is not what makes the gate 1 - z. Since 1 - sigmoid(a) = sigmoid(-a), it is the signs that change.",
            lambda W_z, U_z, b_z: (1 / W_z, 1 / U_z, 1 / b_z),
        ),
        Misconception(
            "recurrent_transposed",
            "U_z is transposed as well. Both conventions have column vectors here, so the weights stay where they are.",
            lambda W_z, U_z, b_z: (-W_z, -U_z.T, -b_z),
        ),
    ),
)


# Its gradient


def gate_weight_gradient(d_z, z, x, h_prev):
    """Gradients of a loss with respect to W_z, U_z and b_z, given that with respect to z."""
    H, I = len(z), len(x)
    gradient = gate_gradient(d_z, z, x, h_prev, np.zeros((H, I)), np.zeros((H, H)))
    return gradient.W, gradient.U, gradient.b


def _slope(d_a):
    """Make a wrong version from a wrong gradient with respect to the pre-activation."""

    def wrong(d_z, z, x, h_prev):
        d = d_a(d_z, z)
        return d @ x.T, d @ h_prev.T, d.sum(axis=1, keepdims=True)

    return wrong


def _right_slope(d_z, z):
    return d_z * z * (1 - z)


def _bias_not_summed(d_z, z, x, h_prev):
    d = _right_slope(d_z, z)
    return d @ x.T, d @ h_prev.T, d


def _batch_mean(d_z, z, x, h_prev):
    return tuple(part / x.shape[1] for part in gate_weight_gradient(d_z, z, x, h_prev))


def _bias_summed_over_units(d_z, z, x, h_prev):
    d = _right_slope(d_z, z)
    return d @ x.T, d @ h_prev.T, d.sum(axis=0, keepdims=True).T


def _U_transposed(d_z, z, x, h_prev):
    d = _right_slope(d_z, z)
    return d @ x.T, h_prev @ d.T, d.sum(axis=1, keepdims=True)


def _both_transposed(d_z, z, x, h_prev):
    d = _right_slope(d_z, z)
    return x @ d.T, h_prev @ d.T, d.sum(axis=1, keepdims=True)


def _bias_slope_only(d_z, z, x, h_prev):
    d = _right_slope(d_z, z)
    return d @ x.T, d @ h_prev.T, d_z.sum(axis=1, keepdims=True)


def _z_for_h(d_z, z, x, h_prev):
    d = _right_slope(d_z, z)
    return d @ x.T, d @ z.T, d.sum(axis=1, keepdims=True)


def _draw_gradient(rng):
    def case(name, I, H, B, weight=1, dtype=np.float64):
        x, h_prev, W, U, b = _gate_inputs(rng, I, H, B, dtype=dtype)
        d_z = rng.normal(0, 1, (H, B)).astype(dtype)
        return Case(name, Call("gate_weight_gradient", (d_z, update_gate(x, h_prev, W, U, b), x, h_prev)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1),
        case("a batch of four", 2, 3, 4, 2),
        case("as many inputs as units as examples", 3, 3, 3, 1),
        case("a batch of eight in float32", 5, 2, 8, 1, np.float32),
    ]


GATE_GRADIENT = Question(
    id="ch03.gate_gradient",
    title="The gradient of the gate's weights",
    points=3,
    answer="gate_weight_gradient",
    reference=gate_weight_gradient,
    draw=_draw_gradient,
    returns=(Part("dW_z", "HI"), Part("dU_z", "HH"), Part("db_z", "H1")),
    page=CLAIMS,
    hints=(
        "First take the gradient with respect to the pre-activation $a$, where $z = \\sigma(a)$. The sigmoid's slope"
        " can be written with `z` alone, so `a` is not needed.",
        "`d_a = d_z * z * (1 - z)` has shape (H, B). Then $a = W_z x + \\dots$ gives `dW_z = d_a @ x.T`: check its"
        " shape, and that the product adds up the examples of the batch. `db_z` must add them up too.",
    ),
    misconceptions=(
        Misconception(
            "no_slope",
            "The slope of the sigmoid is missing: d_z is the gradient with respect to z, and on the way to the"
            " pre-activation it is multiplied by z (1 - z).",
            _slope(lambda d_z, z: d_z),
        ),
        Misconception(
            "slope_of_tanh",
            "1 - z**2 is the slope of tanh. That of the sigmoid is z (1 - z).",
            _slope(lambda d_z, z: d_z * (1 - z**2)),
        ),
        Misconception(
            "slope_without_z",
            "The slope lacks its factor z: it is z (1 - z).",
            _slope(lambda d_z, z: d_z * (1 - z)),
        ),
        Misconception(
            "slope_without_one_minus_z",
            "The slope lacks its factor 1 - z: it is z (1 - z).",
            _slope(lambda d_z, z: d_z * z),
        ),
        Misconception(
            "sigmoid_twice",
            "The sigmoid is applied once more: z is already its value, so the slope is z (1 - z) directly.",
            _slope(lambda d_z, z: d_z * sigmoid(z) * (1 - sigmoid(z))),
        ),
        Misconception(
            "upstream_ignored",
            "d_z is not used. It says how much the loss changes with each entry of z, and multiplies the slope.",
            _slope(lambda d_z, z: z * (1 - z)),
        ),
        Misconception(
            "sign",
            "Every sign is turned around. The gradient points uphill; the minus comes later, when a step is taken.",
            _slope(lambda d_z, z: -_right_slope(d_z, z)),
        ),
        Misconception(
            "bias_not_summed",
            "db_z is not summed over the batch. Every example adds the same bias, so their gradients add up:"
            " d_a.sum(axis=1, keepdims=True).",
            _bias_not_summed,
        ),
        Misconception(
            "bias_summed_over_units",
            "db_z is summed over the units, axis 0. Each unit has a bias of its own; the sum runs over the batch,"
            " axis 1.",
            _bias_summed_over_units,
        ),
        Misconception(
            "bias_without_slope",
            "db_z sums d_z. The slope z (1 - z) lies between the bias and z too.",
            _bias_slope_only,
        ),
        Misconception(
            "batch_mean",
            "The gradients are averaged over the batch. d_z already belongs to the loss of the whole batch, so the"
            " contributions of the examples add up.",
            _batch_mean,
        ),
        Misconception(
            "recurrent_transposed",
            "dU_z is transposed: h_prev @ d_a.T has the gradient of U_z[i, j] at place [j, i]. U_z is square, so no"
            " shape warns of it.",
            _U_transposed,
        ),
        Misconception(
            "both_transposed",
            "dW_z and dU_z are transposed. Entry [i, j] belongs to unit i and input j: d_a @ x.T, not x @ d_a.T.",
            _both_transposed,
        ),
        Misconception(
            "gate_instead_of_state",
            "dU_z is built with z. U_z is multiplied by the old state, so it is h_prev that enters its gradient.",
            _z_for_h,
        ),
    ),
)


# A latch made by hand


def latch_weights():
    """One right answer of many: the write line opens the gate, nothing else matters."""
    return np.array([[24.0, 0.0]]), np.zeros((1, 1)), np.array([[-12.0]])


def held(value, case):
    """Run a cell with these gate weights over the pulses of a case.

    The candidate is the data line itself. Returns, a step each, 1 or -1 if the
    state holds that within 0.1, and 0 if it holds neither.
    """
    W_z, U_z, b_z = (np.asarray(part, dtype=np.float64) for part in value)
    h, pulses = case.given
    from_inputs = (W_z @ np.transpose(pulses) + b_z).ravel()
    recurrent = U_z.item()
    states = []
    for (_, data), pre_activation in zip(pulses, from_inputs, strict=True):
        z = sigmoid(pre_activation + recurrent * h)
        h = (1 - z) * h + z * data
        states.append(h)
    return np.where(np.abs(states) > 0.9, np.sign(states), 0.0)


def _draw_latch(rng):
    def case(name, start, writes, data, weight=1):
        pulses = tuple((float(w), float(d)) for w, d in zip(writes, data, strict=True))
        return Case(name, Call("latch_weights"), weight, (float(start), pulses))

    def signs(count):
        return rng.choice([-1.0, 1.0], count)

    bit = signs(1)[0]
    lines = (rng.random(60) < 0.25).astype(float)
    lines[0] = 1
    noisy = np.where(lines == 1, signs(60), rng.uniform(-1, 1, 60))
    return [
        case("one pulse, then five quiet steps", -bit, [0, 1, 0, 0, 0, 0, 0], [bit, bit, -bit, bit, -bit, -bit, bit]),
        case("seven pulses in a row, then a quiet step", 1, [*np.ones(7), 0], [1, -1, *signs(4), bit, -bit]),
        case("pulses at random", -bit, lines, signs(60)),
        case("a data line full of noise between the pulses", bit, lines, noisy),
        # The worst that a quiet data line can do, for either bit: to stand at the other one all the time.
        case("a 1 held for two hundred steps", -1, [1, *np.zeros(200)], [1, *np.full(200, -1)], 0.5),
        case("a -1 held for two hundred steps", 1, [1, *np.zeros(200)], [-1, *np.full(200, 1)], 0.5),
    ]


def _gate_weights(write, data, recurrent, bias):
    return lambda: (np.array([[write, data]]), np.array([[recurrent]]), np.array([[bias]]))


LATCH = Question(
    id="ch03.latch",
    title="A latch, with weights set by hand",
    points=3,
    answer="latch_weights",
    reference=latch_weights,
    draw=_draw_latch,
    returns=(Part("W_z", "HI"), Part("U_z", "HH"), Part("b_z", "H1")),
    kind="behaviour",
    behaviour=Behaviour(held, Part("what the unit holds", "T"), {1.0: "1", -1.0: "-1", 0.0: "neither 1 nor -1"}),
    page=f"{STEM}#in-a-picture",
    hints=(
        "Which of the two inputs should the gate listen to? Give the other one, and the old state, no weight. What must"
        " the pre-activation be when the write line is 0, and what when it is 1?",
        "The pre-activation should be very negative when the line is 0 and very positive when it is 1: the bias sets"
        " the first, the weight of the line lifts it to the second. To hold a bit for 200 steps, z must stay below"
        " 0.0002.",
    ),
    misconceptions=(
        Misconception(
            "polarity",
            "The gate is shut when the line says write and open when it says keep. In this course z near 1 writes, so"
            " the write line needs a positive weight and the bias must be negative.",
            _gate_weights(-24.0, 0.0, 0.0, 12.0),
            IDEA,
        ),
        Misconception(
            "always_open",
            "The gate is open at every step, so the unit copies the data line and remembers nothing. A negative bias"
            " shuts it while the write line is 0.",
            _gate_weights(24.0, 0.0, 0.0, 12.0),
        ),
        Misconception(
            "always_shut",
            "The gate never opens, so the unit holds what it began with. The weight of the write line must outweigh"
            " the bias.",
            _gate_weights(0.0, 0.0, 0.0, -30.0),
        ),
        Misconception(
            "listens_to_data",
            "The gate listens to the data line, the second input, instead of the write line, the first.",
            _gate_weights(0.0, 24.0, 0.0, -12.0),
        ),
    ),
)


# Reading a gate


def _draw_reading(rng):
    return [Case("the choice", Call("what_the_gate_says"))]


READING = Question(
    id="ch03.reading",
    title="Reading a gate",
    points=1,
    answer="what_the_gate_says",
    reference=lambda: "b",
    draw=_draw_reading,
    returns=(Part("the choice"),),
    kind="choice",
    choices={
        "a": "It takes over the candidate at almost every step.",
        "b": "It holds almost the same value all the time.",
        "c": "It forms its candidate almost without its old state.",
        "d": "Its value falls towards 0.",
    },
    page=IDEA,
    hints=(
        "Put z = 0 into $h = (1 - z) \\odot h_{prev} + z \\odot \\tilde h$. What is left?",
        "With z = 0.001, a hundred steps leave $0.999^{100} \\approx 0.90$ of the state as it was.",
    ),
    misconceptions=(
        Misconception(
            "polarity",
            "That would be z near 1: in this course z is the share that is written. In PyTorch and Keras z is the share"
            " that is kept, and there this would be right.",
            lambda: "a",
        ),
        Misconception(
            "reset_instead",
            "That is what a reset gate near 0 does. The update gate does not enter the candidate; it decides how much"
            " of the candidate is written.",
            lambda: "c",
        ),
        Misconception(
            "gate_scales_state",
            "That would be so if the state were multiplied by z. It is multiplied by 1 - z, which is near 1 here.",
            lambda: "d",
        ),
    ),
)


ASSIGNMENT = Assignment(
    stem=STEM,
    title="The update gate",
    questions=(SIGMOID, UPDATE_GATE, GATE_LIMITS, HALF_LIFE, KEEP_POLARITY, GATE_GRADIENT, LATCH, READING),
    minutes=60,
    difficulty="from easy (1, 2, 4, 5, 8) to demanding (3, 6, 7)",
    trains="You write the update gate and its gradient, move it to its two limits and build a memory cell with it.",
    next_step="Next comes the reset gate: the same equation with another job, to hide the past from the candidate.",
)
