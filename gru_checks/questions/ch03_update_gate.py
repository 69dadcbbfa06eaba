"""Chapter 3, the update gate: the sigmoid, the gate, its limits, its gradient, and what it is good for."""

import math

import numpy as np

from gru_checks.calling import Call
from gru_checks.gate_mistakes import gate_mistakes, keras2_hard_sigmoid, keras3_hard_sigmoid, softmax
from gru_checks.question import Behaviour, Case, Misconception, Part, Question
from gru_checks.registry import Assignment
from gru_ref import gate_gradient, sigmoid, update_gate

STEM = "ch03-update-gate"
IDEA = f"{STEM}#The idea"
EQUATION = f"{STEM}#The equation"
LIMITS = f"{STEM}#Claim 2: at one limit the unit keeps, at the other it writes, and it never leaves the space between"
POLARITY = f"{STEM}#Claim 3: the polarity is only a name"
CONSTANT = f"{STEM}#Claim 5: a constant gate has a half-life"
GRADIENT = f"{STEM}#The gradient of the gate, line by line"
OVERFLOW = f"{STEM}#A sigmoid that becomes nan"
THAT_FIT = f"{STEM}#Three that fit and are wrong"


# The sigmoid


def _draw_sigmoid(rng):
    def case(name, a, weight=1, dtype=np.float64):
        # Underflow to 0 is right; overflow and 0 / 0 or inf / inf are what the question is about.
        return Case(name, Call("sigmoid", (a.astype(dtype),), {"over": "raise", "invalid": "raise"}), weight)

    # Ordinary numbers stand among the large ones, so that no constant is right.
    def small(scale, shape):
        # Of both signs, so that what is right for one sign alone is not right.
        return rng.uniform(0.2, scale, shape) * np.resize([1, -1], shape)

    near = rng.normal(0, 2, (3, 1))
    far = rng.uniform(2000, 9000, (3, 3))
    large = np.concatenate(([1e4, -1e4], rng.uniform(100, 9000, 5) * rng.choice([-1, 1], 5), [rng.normal(0, 2)]))
    return [
        case("a few numbers of ordinary size", small(3, (2, 3)), 1),
        case("five numbers on one axis", small(5, 5), 1),
        case("numbers between -30 and 30 on three axes", rng.uniform(-30, 30, (2, 3, 2)), 1),
        case("a single number of shape ()", np.array(rng.normal(0, 2)), 1),
        case("float32", rng.normal(0, 3, (3, 2)), 1, np.float32),
        case("large positive numbers", np.hstack([near, far]), 1),
        case("large negative numbers", np.hstack([near, -far]), 1),
        case("large numbers of both signs", large.reshape(2, 4), 1),
        case("large numbers of both signs in float32", large.reshape(4, 2), 1, np.float32),
    ]


def _where(a):
    return np.where(a >= 0, 1 / (1 + np.exp(-a)), np.exp(a) / (1 + np.exp(a)))


def _branching(a):
    return 1 / (1 + np.exp(-a)) if a >= 0 else np.exp(a) / (1 + np.exp(a))


def _clipped(limit):
    return lambda a: 1 / (1 + np.exp(-np.clip(a, -limit, limit)))


def _rows_and_columns(a):
    return [[_of_one_number(number) for number in row] for row in a]


def _rows_and_columns_by_index(a):
    out = np.zeros_like(a)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = sigmoid(a[i, j])
    return out


def _rows_and_columns_by_length(of_one_number):
    def looping(a):
        out = np.zeros_like(a)
        for i in range(len(a)):
            for j in range(len(a[0])):
                out[i, j] = of_one_number(a[i, j])
        return out

    return looping


def _rows_and_columns_in_float64(a):
    out = np.zeros(a.shape)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i, j] = sigmoid(a[i, j])
    return out


def _sizes_unpacked(a):
    rows, columns = a.shape
    return [[_of_one_number(a[i, j]) for j in range(columns)] for i in range(rows)]


def _of_one_number(number):
    return 0.5 * math.tanh(0.5 * number) + 0.5


SIGMOID = Question(
    id="ch03.sigmoid",
    title="A sigmoid that does not overflow",
    points=3,
    answer="sigmoid",
    reference=sigmoid,
    draw=_draw_sigmoid,
    returns=(Part("the result"),),
    keeps_dtype=True,
    page=OVERFLOW,
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
            also=(lambda a: 1 / (1 + np.e**-a),),
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
            "a is cut off far enough for float64, where exp overflows beyond 709, but in float32 it overflows beyond 88"
            " already.",
            _clipped(500),
        ),
        Misconception(
            "clipped_too_near",
            "a is cut off so near to 0 that ordinary values change: no entry comes as close to 0 or 1 as it should."
            " If you cut off at all, then where the result no longer changes, and before exp overflows.",
            _clipped(10),
            also=tuple(_clipped(limit) for limit in (3, 4, 5, 6, 7, 8, 12, 15, 20)),
            slight=True,
        ),
        Misconception(
            "float64_always",
            "The values are right, but float32 came in and float64 went out: that doubles the memory of everything"
            " computed from it. np.empty, np.zeros and float(...) make float64; np.empty_like keeps the dtype.",
            lambda a: sigmoid(np.asarray(a, dtype=np.float64)),
        ),
        Misconception(
            "float32_always",
            "float64 came in and float32 went out: half of the digits are lost. The result keeps the dtype of a.",
            lambda a: sigmoid(np.asarray(a, dtype=np.float32)),
        ),
        Misconception(
            "sign_lost",
            "This is sigmoid(-a), or 1 - sigmoid(a), which is the same. The minus belongs to the exponent:"
            " 1 / (1 + exp(-a)) grows with a.",
            lambda a: sigmoid(-a),
            also=(lambda a: 1 / (1 + np.exp(a)),),
        ),
        Misconception(
            "parentheses_missing",
            "Parentheses are missing: 1 / 1 + exp(-a) is 1 + exp(-a), since division comes before addition. Written"
            " out, the formula is 1 / (1 + exp(-a)).",
            lambda a: 1 / 1 + np.exp(-a),
        ),
        Misconception(
            "minus_below",
            "A minus stands where the formula has a plus: 1 / (1 - exp(-a)) has a pole at a = 0, the sigmoid is 1/2"
            " there.",
            lambda a: 1 / (1 - np.exp(-a)),
        ),
        Misconception(
            "absolute_value_everywhere",
            "With np.abs(a) alone the sign of a is lost: a and -a give the same. With e = exp(-abs(a)) the result is"
            " 1 / (1 + e) where a is positive and e / (1 + e) where it is negative: np.where chooses.",
            lambda a: sigmoid(np.abs(a)),
            also=(lambda a: sigmoid(-np.abs(a)),),
        ),
        Misconception(
            "twice",
            "The sigmoid is applied twice: the result of a sigmoid goes through another one, and all that is left lies"
            " between 0.5 and 0.73.",
            lambda a: sigmoid(sigmoid(a)),
        ),
        Misconception(
            "relu",
            "This is a ReLU, max(0, a), which has no upper bound. The sigmoid lies between 0 and 1.",
            lambda a: np.maximum(a, 0),
        ),
        Misconception(
            "step",
            "This is a step, 0 below and 1 above. The sigmoid goes from 0 to 1 gradually, and is 1/2 at a = 0.",
            lambda a: (a > 0).astype(a.dtype),
            also=(lambda a: np.round(sigmoid(a)),),
        ),
        Misconception(
            "one_number_alone",
            "math.exp takes a single number, and a is an array. np.exp works on every entry of an array.",
            lambda a: 1 / (1 + math.exp(-a)),
            also=(lambda a: 0.5 * math.tanh(0.5 * a) + 0.5, lambda a: math.exp(-abs(a)) / (1 + math.exp(-abs(a)))),
        ),
        Misconception(
            "if_on_an_array",
            "if asks one question, and an array has an answer for each entry: some are above zero and some below."
            " np.where chooses entry by entry, and so does a mask.",
            _branching,
        ),
        Misconception(
            "some_shapes_only",
            "This counts on a certain number of axes, but a may have any. Functions such as np.exp and np.tanh work on"
            " every entry, whatever the shape, so no loop is needed.",
            _rows_and_columns,
            also=(
                _rows_and_columns_by_index,
                _rows_and_columns_by_length(sigmoid),
                _rows_and_columns_by_length(_branching),
                _rows_and_columns_in_float64,
                _sizes_unpacked,
                lambda a: [_of_one_number(number) for number in a],
                lambda a: [1 / (1 + math.exp(-number)) for number in a],
                lambda a: [[1 / (1 + math.exp(-number)) for number in row] for row in a],
            ),
        ),
        Misconception(
            "unchanged",
            "a comes back as it is. Its sigmoid is asked for.",
            lambda a: a,
        ),
        Misconception(
            "inverse",
            "This is the inverse of the sigmoid, ln(z / (1 - z)), which goes from a gate back to its pre-activation.",
            lambda a: np.log(a / (1 - a)),
            also=(lambda a: -np.log(1 / a - 1),),
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
            "tanh(a / 2) lies between -1 and 1. Two things bring it between 0 and 1: halve it, and add one half.",
            lambda a: np.tanh(0.5 * a),
            also=(
                lambda a: 0.5 * np.tanh(0.5 * a),
                lambda a: np.tanh(0.5 * a) + 0.5,
                lambda a: np.tanh(0.5 * a) + 1,
                lambda a: 0.5 * np.tanh(0.5 * a) + 1,
                lambda a: 0.5 * np.tanh(0.5 * a) - 0.5,
            ),
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
            also=(
                lambda a: softmax(a, axis=None),
                lambda a: np.exp(a) / np.exp(a).sum(),
                lambda a: np.exp(a) / np.exp(a).sum(axis=0),
            ),
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
    misconceptions=gate_mistakes(
        "z",
        "update gate",
        {
            "recurrent_transposed": THAT_FIT,
            "elementwise_recurrent": THAT_FIT,
            "tanh": THAT_FIT,
            "recurrent_dropped": f"{STEM}#A gate that sees the input only",
            "bias_as_row": f"{STEM}#A bias of shape (H,)",
        },
    ),
    uses=("ch03.sigmoid",),
)


# Its two limits


def limit_biases(W_z, U_z, eps):
    """Biases that keep the gate below eps, or above 1 - eps, for every x and h_prev in [-1, 1]."""
    reach = _row_sum(np.abs(W_z)) + _row_sum(np.abs(U_z))
    return _logit(eps) - reach, reach - _logit(eps)


def _logit(z):
    return np.log(z / (1 - z))


def _limits(reach=lambda W, U: _row_sum(np.abs(W)) + _row_sum(np.abs(U)), logit=_logit):
    """Make a wrong version by exchanging one of the two things that the biases are made of."""
    return lambda W_z, U_z, eps: (logit(eps) - reach(W_z, U_z), reach(W_z, U_z) - logit(eps))


def _row_sum(array):
    return array.sum(axis=1, keepdims=True)


def _row_mean(array):
    return array.mean(axis=1, keepdims=True)


def _other_write(write):
    """Make a wrong version whose first bias is right; `write` takes the push and the logit of eps."""

    def wrong(W_z, U_z, eps):
        reach = _row_sum(np.abs(W_z)) + _row_sum(np.abs(U_z))
        return _logit(eps) - reach, write(reach, _logit(eps))

    return wrong


def _each_end_by(inverse):
    """Make a wrong version from a wrong inverse of the sigmoid, taken of eps and of 1 - eps."""

    def wrong(W_z, U_z, eps):
        reach = _row_sum(np.abs(W_z)) + _row_sum(np.abs(U_z))
        return inverse(eps) - reach, inverse(1 - eps) + reach

    return wrong


def _same_sum_taken_away(W_z, U_z, eps):
    push = _row_sum(W_z) + _row_sum(U_z)
    return _logit(eps) - push, _logit(1 - eps) - push


def _holds_with_room(value, W_z, U_z, eps):
    """Whether every gate stays within its bounds, with biases further out than they need to be."""
    keep, write = limit_biases(W_z, U_z, eps)
    slack = 1e-6 * (1 + np.abs(keep))
    return np.all(value[0] <= keep + slack) and np.all(value[1] >= write - slack)


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
    page=LIMITS,
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
            also=(_same_sum_taken_away,),
        ),
        Misconception(
            "absolute_value_of_the_sum",
            "The absolute value is taken after the sum, when positive and negative weights have cancelled already."
            " First the absolute values, then the sum.",
            _limits(reach=lambda W, U: np.abs(_row_sum(W)) + np.abs(_row_sum(U))),
            also=(_limits(reach=lambda W, U: np.abs(_row_sum(W) + _row_sum(U))),),
        ),
        Misconception(
            "mean_of_weights",
            "The absolute weights of a row are averaged. Each of them can push by its whole size at the same time, so"
            " they add up.",
            _limits(reach=lambda W, U: _row_mean(np.abs(W)) + _row_mean(np.abs(U))),
        ),
        Misconception(
            "euclidean_norm",
            "This takes the length of each row, the root of the sum of squares. It is the right push for inputs in a"
            " ball; here every entry may be 1 or -1 by itself, so the absolute values add up.",
            _limits(reach=lambda W, U: np.sqrt(_row_sum(W**2)) + np.sqrt(_row_sum(U**2))),
            also=(_limits(reach=lambda W, U: np.sqrt(_row_sum(W**2) + _row_sum(U**2))),),
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
            "The sum runs down the columns, axis 0. The weights into unit i are row i of W_z and row i of U_z, so it"
            " runs along axis 1.",
            _limits(reach=lambda W, U: _row_sum(np.abs(W)) + _row_sum(np.abs(U).T)),
            also=(
                _limits(reach=lambda W, U: _row_sum(np.abs(W).T) + _row_sum(np.abs(U).T)),
                _limits(reach=lambda W, U: np.abs(W).sum(axis=0, keepdims=True) + np.abs(U).sum(axis=0, keepdims=True)),
            ),
        ),
        Misconception(
            "largest_weight_only",
            "Only the largest weight of each row is counted. All inputs can be at their worst at the same time, so"
            " the absolute values add up.",
            _limits(reach=lambda W, U: np.abs(W).max(axis=1, keepdims=True) + np.abs(U).max(axis=1, keepdims=True)),
        ),
        Misconception(
            "all_weights_together",
            "The weights of all units are added up. Each unit has a bias of its own, for which its own row alone"
            " counts: axis=1, keepdims=True.",
            _limits(reach=lambda W, U: np.abs(W).sum() + np.abs(U).sum()),
            also=(_limits(reach=lambda W, U: np.full((len(W), 1), np.abs(W).sum() + np.abs(U).sum())),),
        ),
        Misconception(
            "log_instead_of_logit",
            "ln(eps) inverts the exponential. The sigmoid's inverse is ln(eps / (1 - eps)).",
            _limits(logit=np.log),
            also=(_each_end_by(np.log),),
        ),
        Misconception(
            "eps_as_preactivation",
            "eps is used as a pre-activation. It is a value of the gate; ln(eps / (1 - eps)) is the pre-activation that"
            " gives it.",
            _limits(logit=lambda eps: eps),
            also=(_each_end_by(lambda share: share),),
        ),
        Misconception(
            "eps_forgotten",
            "eps is not used. With these biases the worst input brings the pre-activation to 0 and the gate to 1/2. It"
            " may come to ln(eps / (1 - eps)) only, which is below 0.",
            _limits(logit=lambda eps: 0.0),
        ),
        Misconception(
            "sigmoid_of_eps",
            "sigmoid(eps) goes from a pre-activation to a gate. Here the gate is given and the pre-activation sought:"
            " that is the way back, ln(eps / (1 - eps)).",
            _limits(logit=sigmoid),
            also=(_each_end_by(sigmoid),),
        ),
        Misconception(
            "logit_upside_down",
            "The fraction in the logarithm is upside down: ln((1 - eps) / eps) is positive, the pre-activation of a"
            " gate at 1 - eps. A gate at eps has ln(eps / (1 - eps)).",
            _limits(logit=lambda eps: np.log((1 - eps) / eps)),
        ),
        Misconception(
            "other_base",
            "The logarithm has the wrong base. The sigmoid is made with e, so its inverse takes np.log.",
            _limits(logit=lambda eps: np.log10(eps / (1 - eps))),
            also=(_limits(logit=lambda eps: np.log2(eps / (1 - eps))),),
        ),
        Misconception(
            "writes_only_eps",
            "b_keep is right. b_write makes the gate at least eps; it must be at least 1 - eps, whose pre-activation is"
            " -ln(eps / (1 - eps)).",
            _other_write(lambda reach, logit: reach + logit),
        ),
        Misconception(
            "writes_in_the_best_case",
            "b_keep is right. b_write forgets that x and h_prev may pull the gate down: it must outweigh the largest"
            " pull, so the sum of the absolute values is added to it.",
            _other_write(lambda reach, logit: -logit - reach),
            also=(_other_write(lambda reach, logit: -logit + 0 * reach),),
        ),
        Misconception(
            "one_minus_bias",
            "b_write is 1 - b_keep here. It is the gate that goes from eps to 1 - eps; between a gate and a bias stands"
            " the sigmoid, and 1 - sigmoid(a) = sigmoid(-a).",
            _other_write(lambda reach, logit: 1 - (logit - reach)),
        ),
        Misconception(
            "same_twice",
            "Both biases are the same. One shuts the gate, the other opens it.",
            _other_write(lambda reach, logit: logit - reach),
        ),
        Misconception(
            "more_than_needed",
            "These biases do hold the gate, but they are further out than they need to be. The largest that keeps and"
            " the smallest that writes are asked for: with those, the gate reaches eps or 1 - eps at the worst input.",
            lambda W_z, U_z, eps: (np.full((len(W_z), 1), -1000.0), np.full((len(W_z), 1), 1000.0)),
            fits=_holds_with_room,
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


def _counted_steps(z):
    steps, left = 0, 1.0
    while left > 0.5:
        steps, left = steps + 1, left * (1 - z)
    return steps


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
    page=CONSTANT,
    hints=(
        "With a candidate of 0 the state is multiplied by the same factor at every step. Which factor?",
        "After $n$ steps $(1 - z)^n$ of the state is left. Set that to $\\frac12$ and take logarithms.",
    ),
    misconceptions=(
        Misconception(
            "polarity",
            "The share that stays is taken to be z. In this course z is the share that is written, and 1 - z stays.",
            lambda z: np.log(0.5) / np.log(z),
            also=(lambda z: 0.5 / (1 - z), lambda z: 1 / (1 - z)),
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
            "logarithm_missing_below",
            "The logarithm below the line is missing: (1 - z)**n = 1/2 gives n ln(1 - z) = ln(1/2), with a logarithm on"
            " both sides.",
            lambda z: np.log(0.5) / (1 - z),
            also=(lambda z: np.log(2) / (1 - z),),
        ),
        Misconception(
            "logarithm_missing_above",
            "The logarithm above the line is missing: (1 - z)**n = 1/2 gives n ln(1 - z) = ln(1/2), with a logarithm on"
            " both sides.",
            lambda z: 0.5 / np.log(1 - z),
        ),
        Misconception(
            "rate_only",
            "This is ln(1 - z), by which the logarithm of the state changes at each step. How many steps add up to"
            " ln(1/2)?",
            lambda z: np.log(1 - z),
            also=(lambda z: -np.log(1 - z),),
        ),
        Misconception(
            "mixed_bases",
            "Two logarithms of different bases are divided. Any base does, if it is the same above and below.",
            lambda z: np.log10(0.5) / np.log(1 - z),
            also=(lambda z: np.log(0.5) / np.log10(1 - z), lambda z: np.log(0.5) / np.log2(1 - z)),
        ),
        Misconception(
            "grows",
            "This takes the state to be multiplied by 1 + z, as if it grew. With a candidate of 0 each step leaves"
            " 1 - z of it.",
            lambda z: np.log(0.5) / np.log(1 + z),
            also=(lambda z: np.log(2) / np.log(1 + z),),
        ),
        Misconception(
            "power",
            "A power takes the place of the logarithm. The number of steps n stands in the exponent of (1 - z)**n ="
            " 1/2; only a logarithm brings it down.",
            lambda z: (1 - z) ** 0.5,
            also=(lambda z: 0.5 ** (1 - z), lambda z: 0.5 ** (1 / (1 - z)), lambda z: 0.5**z),
        ),
        Misconception(
            "logarithms_subtracted",
            "This is ln(1/2) - ln(1 - z), the logarithm of a quotient. The quotient of the two logarithms is needed,"
            " ln(1/2) / ln(1 - z).",
            lambda z: np.log(0.5) - np.log(1 - z),
        ),
        Misconception(
            "logarithm_of_a_negative_number",
            "z - 1 is negative and has no logarithm, so the result is nan. What stays after a step is 1 - z.",
            lambda z: np.log(0.5) / np.log(z - 1),
            also=(lambda z: np.log(2) / np.log(z - 1),),
        ),
        Misconception(
            "loop_on_an_array",
            "while and if ask one question, and z holds several gates, each with an answer of its own. No loop is"
            " needed: solve (1 - z)**n = 1/2 for n.",
            _counted_steps,
        ),
        Misconception(
            "one_number_alone",
            "math.log takes a single number, and z is an array. np.log works on every entry.",
            lambda z: math.log(0.5) / math.log(1 - z),
        ),
        Misconception(
            "sign",
            "A number of steps is positive: ln(1 - z) is below zero, and so must be what it divides, ln(1/2) = -ln 2.",
            lambda z: np.log(2) / np.log(1 - z),
        ),
        Misconception(
            "whole_steps",
            "The result is brought to whole steps. The exact number is asked for; it need not be whole.",
            lambda z: np.ceil(np.log(0.5) / np.log(1 - z)),
            also=(
                lambda z: np.floor(np.log(0.5) / np.log(1 - z)),
                lambda z: np.round(np.log(0.5) / np.log(1 - z)),
            ),
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
    page=POLARITY,
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
            "input_only",
            "Only W_z changes sign. U_z h_prev and b_z are terms of the pre-activation as well, and all of it must"
            " change its sign.",
            lambda W_z, U_z, b_z: (-W_z, U_z, b_z),
        ),
        Misconception(
            "recurrent_only",
            "Only U_z changes sign. W_z x and b_z are terms of the pre-activation as well, and all of it must change"
            " its sign.",
            lambda W_z, U_z, b_z: (W_z, -U_z, b_z),
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
            "Taking the weights from 1 does not make the gate 1 - z: the sigmoid stands in between. Since"
            " 1 - sigmoid(a) = sigmoid(-a), it is the signs that change.",
            lambda W_z, U_z, b_z: (1 - W_z, 1 - U_z, 1 - b_z),
            also=(lambda W_z, U_z, b_z: (W_z - 1, U_z - 1, b_z - 1),),
        ),
        Misconception(
            "one_minus_bias",
            "The bias has become 1 - b_z. It changes sign like the others: the 1 in 1 - z belongs to the gate, outside"
            " the sigmoid.",
            lambda W_z, U_z, b_z: (-W_z, -U_z, 1 - b_z),
            also=(lambda W_z, U_z, b_z: (W_z, U_z, 1 - b_z),),
        ),
        Misconception(
            "through_the_sigmoid",
            "Each array goes through a sigmoid. Only the pre-activation does; the weights change their signs, nothing"
            " else.",
            lambda W_z, U_z, b_z: (1 - sigmoid(W_z), 1 - sigmoid(U_z), 1 - sigmoid(b_z)),
        ),
        Misconception(
            "all_negative",
            "All weights get the same sign. Each must change the sign it has: positive ones become negative, negative"
            " ones positive.",
            lambda W_z, U_z, b_z: (-np.abs(W_z), -np.abs(U_z), -np.abs(b_z)),
            also=(lambda W_z, U_z, b_z: (np.abs(W_z), np.abs(U_z), np.abs(b_z)),),
        ),
        Misconception(
            "bias_dropped",
            "The bias has become 0. It is a term of the pre-activation, and like the others it changes its sign.",
            lambda W_z, U_z, b_z: (-W_z, -U_z, np.zeros_like(b_z)),
        ),
        Misconception(
            "one_array",
            "Three arrays of different shapes do not fit into one array. Return them side by side, with commas"
            " between.",
            lambda W_z, U_z, b_z: np.array([-W_z, -U_z, -b_z]),
        ),
        Misconception(
            "order",
            "W_z and U_z come back in the wrong order: return W_z, then U_z, then b_z.",
            lambda W_z, U_z, b_z: (-U_z, -W_z, -b_z),
        ),
        Misconception(
            "reciprocal",
            "1 / W is not what makes the gate 1 - z. Since 1 - sigmoid(a) = sigmoid(-a), it is the signs that change.",
            lambda W_z, U_z, b_z: (1 / W_z, 1 / U_z, 1 / b_z),
        ),
        Misconception(
            "recurrent_transposed",
            "Something is transposed. Both conventions have column vectors here, so the weights stay where they are.",
            lambda W_z, U_z, b_z: (-W_z, -U_z.T, -b_z),
            also=(
                lambda W_z, U_z, b_z: (W_z, U_z.T, b_z),
                lambda W_z, U_z, b_z: (W_z.T, U_z.T, b_z.T),
                lambda W_z, U_z, b_z: (-W_z.T, -U_z.T, -b_z.T),
                lambda W_z, U_z, b_z: (-W_z.T, -U_z.T, -b_z),
            ),
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


def _bias_from(bias):
    """Make a wrong version from a wrong gradient of the bias, made of that of the pre-activation."""

    def wrong(d_z, z, x, h_prev):
        d = _right_slope(d_z, z)
        return d @ x.T, d @ h_prev.T, bias(d)

    return wrong


def _from_products(products):
    """Make a wrong version from wrong gradients of the two matrices."""

    def wrong(d_z, z, x, h_prev):
        d = _right_slope(d_z, z)
        return *products(d, x, h_prev), d.sum(axis=1, keepdims=True)

    return wrong


def _slope_after_product(d_z, z, x, h_prev):
    slope = z * (1 - z)
    return (d_z @ x.T) * slope, (d_z @ h_prev.T) * slope, (d_z * slope).sum(axis=1, keepdims=True)


def _everything_after_product(d_z, z, x, h_prev):
    slope = z * (1 - z)
    return (d_z @ x.T) * slope, (d_z @ h_prev.T) * slope, d_z * slope


def _weights_mean(d_z, z, x, h_prev):
    dW, dU, db = gate_weight_gradient(d_z, z, x, h_prev)
    return dW / x.shape[1], dU / x.shape[1], db


def _batch_mean(d_z, z, x, h_prev):
    return tuple(part / x.shape[1] for part in gate_weight_gradient(d_z, z, x, h_prev))


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
    page=GRADIENT,
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
            "slope_twice",
            "The slope z (1 - z) is multiplied in twice. Once is enough: there is one sigmoid between a and z.",
            _slope(lambda d_z, z: d_z * (z * (1 - z)) ** 2),
        ),
        Misconception(
            "slope_with_a_plus",
            "The slope has a plus, z (1 + z). It is z (1 - z), which is small where the gate is near 0 and near 1.",
            _slope(lambda d_z, z: d_z * z * (1 + z)),
        ),
        Misconception(
            "divided_by_slope",
            "d_z is divided by the slope. By the chain rule it is multiplied: a change of a changes z by z (1 - z)"
            " times as much, and the loss by d_z times that.",
            _slope(lambda d_z, z: d_z / (z * (1 - z))),
        ),
        Misconception(
            "gate_not_slope",
            "sigmoid(z) is taken for the slope. z is the sigmoid's value already, and the slope there is z (1 - z).",
            _slope(lambda d_z, z: d_z * sigmoid(z)),
        ),
        Misconception(
            "slope_after_product",
            "The slope is multiplied in after the product with x or h_prev, when the examples have been added up. Each"
            " example has a slope of its own: first d_a = d_z * z * (1 - z), then d_a @ x.T.",
            _slope_after_product,
            also=(_everything_after_product,),
        ),
        Misconception(
            "slope_added",
            "d_z and the slope are added. By the chain rule they are multiplied: d_z * z * (1 - z).",
            _slope(lambda d_z, z: d_z + z * (1 - z)),
        ),
        Misconception(
            "parentheses_missing",
            "Parentheses are missing: d_z * z * 1 - z takes z away at the end. The slope is z * (1 - z).",
            _slope(lambda d_z, z: d_z * z * 1 - z),
        ),
        Misconception(
            "elementwise",
            "* multiplies entry by entry, where shapes allow it. A weight joins every unit and every input, and the"
            " examples add up: that is the matrix product d_a @ x.T.",
            _from_products(lambda d, x, h: (d * x, d * h)),
            also=(_from_products(lambda d, x, h: (d * x.T, d * h.T)),),
        ),
        Misconception(
            "outer_of_the_batch",
            "np.outer lays each array out in one row first, so units and examples get mixed. It is right for one"
            " example; for a batch, d_a @ x.T adds up the outer products of the examples.",
            _from_products(lambda d, x, h: (np.outer(d, x), np.outer(d, h))),
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
            _bias_from(lambda d: d),
        ),
        Misconception(
            "bias_mean",
            "db_z is averaged over the batch. The loss is that of the whole batch, so the examples add up: sum, not"
            " mean.",
            _bias_from(lambda d: d.mean(axis=1, keepdims=True)),
        ),
        Misconception(
            "bias_of_first_example",
            "db_z takes one example of the batch alone. All of them add up.",
            _bias_from(lambda d: d[:, :1]),
            also=(_bias_from(lambda d: d[:, -1:]),),
        ),
        Misconception(
            "bias_of_everything",
            "db_z adds up the units as well. Each unit has a bias of its own; the sum runs over the batch alone, along"
            " axis 1.",
            _bias_from(lambda d: np.full((len(d), 1), d.sum())),
            also=(_bias_from(np.sum),),
        ),
        Misconception(
            "bias_summed_over_units",
            "db_z is summed over the units, axis 0. Each unit has a bias of its own; the sum runs over the batch,"
            " axis 1.",
            _bias_from(lambda d: d.sum(axis=0, keepdims=True).T),
            also=(_bias_from(lambda d: d.sum(axis=0, keepdims=True)), _bias_from(lambda d: d.sum(axis=0))),
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
            "weights_mean",
            "dW_z and dU_z are averaged over the batch and db_z is not. The loss is that of the whole batch, so"
            " nothing is divided.",
            _weights_mean,
        ),
        Misconception(
            "recurrent_transposed",
            "dU_z is transposed: h_prev @ d_a.T has the gradient of U_z[i, j] at place [j, i]. U_z is square, so no"
            " shape warns of it.",
            _from_products(lambda d, x, h: (d @ x.T, h @ d.T)),
        ),
        Misconception(
            "both_transposed",
            "dW_z and dU_z are transposed. Entry [i, j] belongs to unit i and input j: d_a @ x.T, not x @ d_a.T.",
            _from_products(lambda d, x, h: (x @ d.T, h @ d.T)),
        ),
        Misconception(
            "input_transposed",
            "dW_z is transposed. Entry [i, j] belongs to unit i and input j: d_a @ x.T, not x @ d_a.T.",
            _from_products(lambda d, x, h: (x @ d.T, d @ h.T)),
        ),
        Misconception(
            "not_transposed",
            "x and h_prev are not transposed. d_a has shape (H, B), and B must be what the product adds up: d_a @ x.T"
            " with (H, B) times (B, I).",
            _from_products(lambda d, x, h: (d @ x, d @ h)),
        ),
        Misconception(
            "order",
            "dW_z and dU_z come back in the wrong order: return dW_z, then dU_z, then db_z.",
            _from_products(lambda d, x, h: (d @ h.T, d @ x.T)),
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


SHUT, OPEN = _logit(1 - 0.95 ** (1 / 200)), _logit(0.95)
"""Pre-activations of a latch: up to the first, 200 steps leave 95 percent of the state; from the second on, one step
goes 95 percent of the way to the bit. The way is 2 at most, and 0.1 of it is allowed."""


def latch_fault(weights):
    """Say in a word what is wrong with the weights of a latch; the worst comes first.

    Parameters
    ----------
    weights : tuple of numpy.ndarray
        ``(W_z, U_z, b_z)`` of the shapes (1, 2), (1, 1) and (1, 1).

    Returns
    -------
    str
        Id of a misconception; "" if nothing is.
    """
    (write, data), state, bias = weights[0].ravel(), weights[1].item(), weights[2].item()
    at_0, at_1 = bias, bias + write  # with the data line and the state at 0
    enough = at_0 <= SHUT and at_1 >= OPEN
    faults = {
        "nothing": write == data == state == bias == 0,
        "polarity": write < 0 < at_0,
        "listens_to_data": abs(data) > abs(write),
        "listens_to_both": abs(data) > abs(write) / 2 or (enough and data != 0 and state == 0),
        "listens_to_state": abs(state) > abs(write) / 2 or (enough and state != 0),
        "no_bias": bias == 0 < write,
        "always_open": at_0 >= 0,
        "always_shut": at_1 <= -OPEN,
        "too_weak": at_0 > SHUT and at_1 < OPEN,
        "opens_too_little": at_1 < OPEN,
        "leaks": at_0 > SHUT,
    }
    return next((name for name, found in faults.items() if found), "")


def _latch_mistake(id, sentence, wrong, page=""):
    return Misconception(id, sentence, wrong, page, fits=lambda weights: latch_fault(weights) == id)


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
    page=f"{STEM}#What a gate does to a signal",
    hints=(
        "Which of the two inputs should the gate listen to? Give the other one, and the old state, no weight. What must"
        " the pre-activation be when the write line is 0, and what when it is 1?",
        "The pre-activation should be very negative when the line is 0 and very positive when it is 1: the bias sets"
        " the first, the weight of the line lifts it to the second. Over 200 quiet steps at least 0.95 of the state"
        " must be left, $(1 - z)^{200} \\ge 0.95$, so z must stay below 0.00025.",
    ),
    misconceptions=(
        _latch_mistake(
            "nothing",
            "All weights are 0, so the gate stands at 1/2 in every step, whatever the lines say. The bias must shut it,"
            " and the write line must open it.",
            _gate_weights(0.0, 0.0, 0.0, 0.0),
        ),
        _latch_mistake(
            "polarity",
            "The gate is shut when the line says write and open when it says keep. In this course z near 1 writes, so"
            " the write line needs a positive weight and the bias must be negative.",
            _gate_weights(-24.0, 0.0, 0.0, 12.0),
            IDEA,
        ),
        _latch_mistake(
            "listens_to_data",
            "The gate listens to the data line, the second input, instead of the write line, the first.",
            _gate_weights(0.0, 24.0, 0.0, -12.0),
        ),
        _latch_mistake(
            "listens_to_both",
            "The gate listens to the data line too: its weight, W_z[0, 1], lets a bit on that line open or shut the"
            " gate. Whether to write is the write line's business alone.",
            _gate_weights(24.0, 24.0, 0.0, -12.0),
        ),
        _latch_mistake(
            "listens_to_state",
            "The gate listens to the old state too: with U_z as it is, what the unit holds opens or shuts its gate."
            " A latch must store and hold a 1 and a -1 alike; U_z can be 0.",
            _gate_weights(24.0, 0.0, 24.0, -12.0),
        ),
        _latch_mistake(
            "no_bias",
            "The bias is 0, so while the write line is 0 the gate stands at 1/2 and the unit loses half of its bit in"
            " every step. A negative bias shuts it.",
            _gate_weights(24.0, 0.0, 0.0, 0.0),
        ),
        _latch_mistake(
            "always_open",
            "The gate is open at every step, so the unit copies the data line and remembers nothing. A negative bias"
            " shuts it while the write line is 0.",
            _gate_weights(24.0, 0.0, 0.0, 12.0),
        ),
        _latch_mistake(
            "always_shut",
            "The gate hardly ever opens, so the unit holds what it began with. The weight of the write line must be"
            " positive and outweigh the bias.",
            _gate_weights(0.0, 0.0, 0.0, -30.0),
        ),
        _latch_mistake(
            "too_weak",
            "The idea is right and the numbers are too small: the gate is neither quite shut while the write line is 0"
            " nor quite open while it is 1. The sigmoid comes near to 0 and 1 only far from the middle.",
            _gate_weights(4.0, 0.0, 0.0, -2.0),
        ),
        _latch_mistake(
            "opens_too_little",
            "With the write line at 1 the gate does not open far enough: there the pre-activation is the bias plus"
            " W_z[0, 0], and a gate at 0.95 needs a sum of 3.",
            _gate_weights(12.0, 0.0, 0.0, -12.0),
        ),
        _latch_mistake(
            "leaks",
            "The unit stores a bit, but does not hold it long enough: with the write line at 0 the gate is still a"
            " little open. There the pre-activation is the bias alone, and sigmoid(-5) is 0.007, half of the bit in a"
            " hundred steps. Make the bias more negative, and the write line's weight larger.",
            _gate_weights(24.0, 0.0, 0.0, -5.0),
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
        "a": "It took over the candidate at almost every step.",
        "b": "It held almost the same value all the time.",
        "c": "It formed its candidate almost without its old state.",
        "d": "After a few steps nothing was left of its value.",
    },
    page=IDEA,
    hints=(
        "Put z = 0 into $h = (1 - z) \\odot h_{prev} + z \\odot \\tilde h$. What is left?",
        "With z = 0.00001, a hundred steps leave $0.99999^{100} \\approx 0.999$ of the state as it was.",
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
            "That is what a reset gate near 0 does, the cell's other gate. The update gate does not enter the"
            " candidate, and says nothing of how it was formed; it decides how much of it is written.",
            lambda: "c",
        ),
        Misconception(
            "gate_scales_state",
            "That would be so if the state were multiplied by z. It is multiplied by 1 - z, which is 0.99999 here.",
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
    next_step="The quiz at the end of the chapter asks what such numbers mean.",
)
