"""Chapter 5, the candidate state: how it is made, how far it measures, where it rests, how it learns."""

import math

import numpy as np

from gru_checks.calling import Call
from gru_checks.drawing import gate, step_inputs
from gru_checks.question import Behaviour, Case, Misconception, Part, Question
from gru_checks.registry import Assignment
from gru_checks.sum_mistakes import sum_mistakes
from gru_ref import candidate_state, new_state, sigmoid

STEM = "ch05-candidate-state"
IDEA = f"{STEM}#The idea"
EQUATION = f"{STEM}#The equation"
MEASURES = f"{STEM}#Claim 3: near 0 the candidate measures, far out it only takes sides"
NO_REST = f"{STEM}#Claim 4: a sigmoid cannot hold a sign, and without a bound there is no rest"
SURE = f"{STEM}#Claim 6: a candidate that is sure hardly learns"
GRADIENT = f"{STEM}#The gradient of the candidate, line by line"
PROPOSES = f"{STEM}#What a candidate can propose"
SIGMOID = f"{STEM}#A sigmoid in place of the tanh"
NO_TANH = f"{STEM}#No tanh at all"
BRACKET = f"{STEM}#A bracket too few"
TOO_FAR = f"{STEM}#A reset gate that reaches too far"
THAT_FIT = f"{STEM}#Two that fit and are wrong"
TAKEN = f"{STEM}#A candidate taken for the state"
FORMS = "ch04-reset-gate#Claim 4: before and after the product are two functions"


# The slope


def tanh_slope(candidate):
    """Slope of the tanh, from its value."""
    return 1 - candidate**2


def _draw_slope(rng):
    def case(name, shape, dtype=np.float64):
        values = rng.uniform(0.2, 0.95, shape) * np.resize([1, -1], shape)
        return Case(name, Call("tanh_slope", (values.astype(dtype),)))

    return [
        case("two units, three examples", (2, 3)),
        case("a column", (5, 1)),
        case("float32", (3, 2), np.float32),
    ]


SLOPE = Question(
    id="ch05.slope",
    title="The slope, from the value",
    points=1,
    answer="tanh_slope",
    reference=tanh_slope,
    draw=_draw_slope,
    returns=(Part("the slope", "HB"),),
    page=SURE,
    public_seed=0,
    hints=(
        "The pre-activation is not given, and not needed: the tanh's slope can be told from the tanh's value.",
        "$\\tanh'(a) = 1 - \\tanh(a)^2$, and $\\tanh(a)$ is `candidate`.",
    ),
    misconceptions=(
        Misconception(
            "unsquared",
            "The slope is 1 minus the square of the value, not 1 minus the value: it is the same for 0.9 and for -0.9.",
            lambda candidate: 1 - candidate,
            also=(lambda candidate: 1 - np.abs(candidate),),
        ),
        Misconception(
            "sigmoid_slope",
            "s (1 - s) is the slope of a sigmoid with the value s. That of the tanh is 1 minus the square.",
            lambda candidate: candidate * (1 - candidate),
        ),
        Misconception(
            "tanh_twice",
            "The tanh is applied once more: candidate is its value already.",
            lambda candidate: 1 - np.tanh(candidate) ** 2,
            also=(lambda candidate: 1 / np.cosh(candidate) ** 2,),
        ),
        Misconception(
            "square_alone",
            "This is the square of the value. The slope is what is left of 1: it is 1 where the candidate is 0, and"
            " almost nothing where it is near 1 or -1.",
            lambda candidate: candidate**2,
        ),
        Misconception(
            "plus",
            "A minus stands in the formula: 1 - candidate**2. With a plus the slope would be largest where the tanh is"
            " flat.",
            lambda candidate: 1 + candidate**2,
        ),
        Misconception(
            "sign",
            "The sign is turned around. The tanh rises everywhere, so its slope is never negative.",
            lambda candidate: candidate**2 - 1,
        ),
        Misconception(
            "squared_whole",
            "The square belongs to the value alone: 1 - candidate**2, not (1 - candidate)**2.",
            lambda candidate: (1 - candidate) ** 2,
            also=(lambda candidate: (1 - candidate**2) ** 2,),
        ),
        Misconception(
            "root",
            "There is no root in the slope: it is 1 - candidate**2 itself.",
            lambda candidate: np.sqrt(1 - candidate**2),
        ),
        Misconception(
            "upside_down",
            "This is the slope of the way back, from the candidate to its sum. That of the tanh is 1 - candidate**2.",
            lambda candidate: 1 / (1 - candidate**2),
        ),
        Misconception(
            "twice_the_value",
            "-2 candidate is the derivative of 1 - candidate**2. That expression itself is the slope.",
            lambda candidate: -2 * candidate,
            also=(lambda candidate: 2 * candidate, lambda candidate: 1 - 2 * candidate),
        ),
        Misconception(
            "matrix_product",
            "The value is squared entry by entry: candidate**2, not a product of matrices.",
            lambda candidate: 1 - candidate @ candidate,
            also=(lambda candidate: 1 - candidate @ candidate.T,),
        ),
        Misconception(
            "caret",
            "^ is no power in Python: it compares the bits of whole numbers. A square is candidate**2.",
            lambda candidate: 1 - candidate ^ 2,
            also=(lambda candidate: 1 - (candidate ^ 2),),
        ),
    ),
)


# The candidate


def _draw_candidate(rng):
    def case(name, I, H, B, weight=1, dtype=np.float64, scale=0.7):
        x, h_prev, *weights = step_inputs(rng, I, H, B, scale=scale, dtype=dtype)
        return Case(name, Call("candidate_state", (x, h_prev, gate(rng, H, B, dtype), *weights)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1, 2),
        case("a batch of four", 2, 3, 4, 2),
        case("more inputs than units", 5, 2, 3),
        case("as many inputs as units as examples", 3, 3, 3),
        case("float32", 3, 4, 2, dtype=np.float32),
        case("large weights", 4, 5, 6, scale=40.0),
    ]


def _of_term(term, activation=np.tanh):
    """Make a wrong candidate from another term of the state."""
    return lambda x, h_prev, r, W, U, b: activation(W @ x + term(U, h_prev, r) + b)


def _activated_by(activation):
    return _of_term(lambda U, h, r: U @ (r * h), activation)


def _on_what_is_seen(wrong):
    """Make a wrong candidate from a wrong sum of the input and of what is seen of the state."""
    return lambda x, h_prev, r, W_h, U_h, b_h: wrong(x, r * h_prev, W_h, U_h, b_h)


CANDIDATE = Question(
    id="ch05.candidate",
    title="The candidate state",
    points=3,
    answer="candidate_state",
    reference=candidate_state,
    draw=_draw_candidate,
    returns=(Part("candidate", "HB"),),
    public_seed=16,
    page=EQUATION,
    hints=(
        "Go from the inside to the outside: first what is seen of the old state, then the sum of three terms, last the"
        " tanh.",
        "`r * h_prev` is a product entry by entry, `U_h @ (...)` one of matrices, and the parentheses are needed:"
        " Python takes `@` and `*` from left to right.",
    ),
    misconceptions=(
        *(
            Misconception(m.id, m.sentence, _on_what_is_seen(m.wrong), m.page, tuple(map(_on_what_is_seen, m.also)))
            for m in sum_mistakes(
                np.tanh,
                "candidate",
                "h",
                "(r * h_prev)",
                {"recurrent_transposed": THAT_FIT, "bias_dropped": THAT_FIT},
            )
        ),
        Misconception(
            "bracket_missing",
            "Parentheses are missing: Python reads U_h @ r * h_prev as (U_h @ r) * h_prev. The filter comes first,"
            " U_h @ (r * h_prev).",
            _of_term(lambda U, h, r: U @ r * h),
            BRACKET,
        ),
        Misconception(
            "after",
            "The gate stands after the product. That is another function, the one that PyTorch computes; in this book's"
            " form the state is filtered first, U_h @ (r * h_prev).",
            _of_term(lambda U, h, r: r * (U @ h)),
            FORMS,
        ),
        Misconception(
            "ungated",
            "The reset gate is left out: this is the step of a plain recurrent network. The candidate sees r * h_prev,"
            " not h_prev.",
            _of_term(lambda U, h, r: U @ h),
            f"{STEM}#Claim 2: with r = 0 the memory counts for nothing, with r = 1 it is a plain recurrent network",
        ),
        Misconception(
            "polarity",
            "The share is taken to be 1 - r. A reset gate of 1 resets nothing: r is the share that is seen.",
            _of_term(lambda U, h, r: U @ ((1 - r) * h)),
            IDEA,
        ),
        Misconception(
            "gate_on_the_sum",
            "The gate multiplies the whole sum, so it hides the input and the bias as well. It stands at the old state"
            " and nowhere else.",
            lambda x, h_prev, r, W, U, b: np.tanh(r * (W @ x + U @ h_prev + b)),
            TOO_FAR,
            also=(lambda x, h_prev, r, W, U, b: np.tanh(r * (W @ x + U @ h_prev) + b),),
        ),
        Misconception(
            "gate_on_the_candidate",
            "The gate multiplies the finished candidate. It stands at the old state and nowhere else: with r = 0 the"
            " input must still come through whole.",
            lambda x, h_prev, r, W, U, b: r * np.tanh(W @ x + U @ h_prev + b),
            TOO_FAR,
            also=(lambda x, h_prev, r, W, U, b: r * candidate_state(x, h_prev, r, W, U, b),),
        ),
        Misconception(
            "gate_on_the_input",
            "The gate multiplies the input, which fits only where there are as many inputs as units. It stands at the"
            " old state.",
            lambda x, h_prev, r, W, U, b: np.tanh(W @ (r * x) + U @ h_prev + b),
            TOO_FAR,
            also=(lambda x, h_prev, r, W, U, b: np.tanh(W @ (r * x) + U @ (r * h_prev) + b),),
        ),
        Misconception(
            "gate_twice",
            "The gate is multiplied in twice, before the product and after it. Once is enough: before.",
            _of_term(lambda U, h, r: r * (U @ (r * h))),
            also=(_of_term(lambda U, h, r: U @ (r * r * h)),),
        ),
        Misconception(
            "gate_by_matrix_product",
            "r and h_prev belong together, entry by entry: first r * h_prev, then the product with U_h. Here a matrix"
            " is made of the gate.",
            _of_term(lambda U, h, r: U @ (r @ h)),
            also=(_of_term(lambda U, h, r: (U * r) @ h), _of_term(lambda U, h, r: U @ r @ h)),
        ),
        Misconception(
            "one_number_alone",
            "math.tanh takes a single number, and the sum is an array. np.tanh works on every entry of an array.",
            lambda x, h_prev, r, W, U, b: math.tanh(W @ x + U @ (r * h_prev) + b),
        ),
        Misconception(
            "gate_for_the_state",
            "The gate stands in the place of what is seen. It is a share of the old state: r * h_prev.",
            _of_term(lambda U, h, r: U @ r),
        ),
        Misconception(
            "gate_added",
            "The gate is added to the state. It is a share of it, so the two are multiplied.",
            _of_term(lambda U, h, r: U @ (r + h)),
        ),
        Misconception(
            "mixed",
            "This mixes the old state in once more, as the update gate does later. The candidate is only the proposal:"
            " nothing is kept and nothing is written here.",
            lambda x, h_prev, r, W, U, b: (1 - r) * h_prev + r * np.tanh(W @ x + U @ h_prev + b),
            IDEA,
            also=(lambda x, h_prev, r, W, U, b: r * h_prev + (1 - r) * np.tanh(W @ x + U @ h_prev + b),),
        ),
        Misconception(
            "sigmoid",
            "A sigmoid stands where the tanh belongs, and no candidate is ever negative. A gate is a share and takes a"
            " sigmoid; a candidate is content and needs a sign.",
            _activated_by(sigmoid),
            SIGMOID,
        ),
        Misconception(
            "no_activation",
            "The tanh is missing: this is the sum, which may have any size. A state must stay between -1 and 1.",
            _activated_by(np.asarray),
            NO_TANH,
        ),
        Misconception(
            "relu",
            "This is a ReLU, max(0, a): it has no sign and no upper bound. The candidate needs both.",
            _activated_by(lambda a: np.maximum(a, 0)),
        ),
        Misconception(
            "cut_off",
            "The sum is cut off at -1 and 1. The tanh bends towards these limits and never quite reaches them.",
            _activated_by(lambda a: np.clip(a, -1, 1)),
        ),
        Misconception(
            "tanh_twice",
            "The tanh is applied twice. Once is enough; twice, no candidate goes beyond 0.77.",
            _activated_by(lambda a: np.tanh(np.tanh(a))),
        ),
        Misconception(
            "sigmoid_stretched",
            "2 sigmoid(a) - 1 lies between -1 and 1, and is only half as steep: tanh(a) is 2 sigmoid(2 a) - 1.",
            _activated_by(lambda a: 2 * sigmoid(a) - 1),
            f"{STEM}#Claim 1: tanh has a sign, a middle at 0, and a bound",
        ),
        Misconception(
            "slope",
            "This is the slope of the tanh, 1 - candidate**2, which the gradient needs. The candidate is the tanh"
            " itself.",
            _activated_by(lambda a: 1 - np.tanh(a) ** 2),
        ),
        Misconception(
            "softmax",
            "This is a softmax: it makes the entries share a total of 1. Each candidate is made for itself, and it"
            " needs a sign.",
            _activated_by(lambda a: np.exp(a) / np.exp(a).sum(axis=0)),
            also=(_activated_by(lambda a: np.exp(a) / np.exp(a).sum()),),
        ),
        Misconception(
            "only_the_sign",
            "This tells the side alone, -1 or 1. The tanh also measures: near 0 it is almost the sum itself.",
            _activated_by(np.sign),
            MEASURES,
            also=(_activated_by(lambda a: np.round(np.tanh(a))),),
        ),
    ),
)


# How far it measures


def largest_input(w, error):
    """Size of the input up to which tanh(w x) is known to be within `error` of w x, by the bound |a|**3 / 3."""
    return (3 * error) ** (1 / 3) / w


def _draw_largest(rng):
    def case(name, low, high, few, many):
        given = float(rng.uniform(low, high)), float(rng.uniform(few, many))
        return Case(name, Call("largest_input", given))

    return [
        case("a weight below 1", 0.2, 0.6, 0.005, 0.02),
        case("a weight above 1", 2.0, 5.0, 0.05, 0.2),
        case("a small weight and a small error", 0.01, 0.05, 1e-5, 1e-4),
        case("a large weight", 20.0, 80.0, 0.05, 0.2),
    ]


LARGEST_INPUT = Question(
    id="ch05.largest_input",
    title="How far a unit measures",
    points=2,
    answer="largest_input",
    reference=largest_input,
    draw=_draw_largest,
    returns=(Part("the largest size", ""),),
    kind="value",
    page=MEASURES,
    hints=(
        "Call the sum $a = w x$. For which $|a|$ is the bound $|a|^3 / 3$ equal to the error that is allowed?",
        "$|a| = (3 \\cdot \\text{error})^{1/3}$, and $|x| = |a| / w$.",
    ),
    misconceptions=(
        Misconception(
            "of_the_sum",
            "This is the largest size of the sum a. The input is multiplied by w on the way to it, so divide by w.",
            lambda w, error: (3 * error) ** (1 / 3),
        ),
        Misconception(
            "times_weight",
            "The size of the sum is multiplied by w. The sum is w x, so x is the sum divided by w: a larger weight"
            " measures less far.",
            lambda w, error: w * (3 * error) ** (1 / 3),
        ),
        Misconception(
            "square_root",
            "The bound is a third of the *cube* of the sum, so a cube root brings the sum back, not a square root.",
            lambda w, error: (3 * error) ** 0.5 / w,
        ),
        Misconception(
            "no_root",
            "The root is missing: |a|**3 / 3 = error gives |a| = (3 error)**(1/3).",
            lambda w, error: 3 * error / w,
        ),
        Misconception(
            "third_forgotten",
            "The third is forgotten: the bound is |a|**3 / 3, so |a|**3 may be as large as three times the error.",
            lambda w, error: error ** (1 / 3) / w,
        ),
        Misconception(
            "divided_by_three",
            "The error is divided by 3. The bound is |a|**3 / 3, so |a|**3 may be as large as 3 times the error.",
            lambda w, error: (error / 3) ** (1 / 3) / w,
        ),
        Misconception(
            "three_outside",
            "The factor 3 stands outside of the root. |a|**3 = 3 error, and the root is taken of both.",
            lambda w, error: 3 * error ** (1 / 3) / w,
        ),
        Misconception(
            "weight_inside",
            "The weight stands under the root. The sum to the power 3 is (w x)**3: the root gives w x, and w divides"
            " after it.",
            lambda w, error: (3 * error / w) ** (1 / 3),
        ),
        Misconception(
            "power_of_three",
            "A cube stands where the cube root belongs: |a|**3 = 3 error is solved for |a|.",
            lambda w, error: (3 * error) ** 3 / w,
        ),
        Misconception(
            "whole_number_exponent",
            "1 // 3 is 0, and anything to the power 0 is 1. A cube root is ** (1 / 3).",
            lambda w, error: (3 * error) ** (1 // 3) / w,
        ),
        Misconception(
            "exponent_without_parentheses",
            "** comes before /: x ** 1 / 3 is a third of x. The exponent needs parentheses, ** (1 / 3).",
            lambda w, error: (3 * error) ** 1 / 3 / w,
        ),
    ),
)


# Where it rests


def resting_values(u, start):
    """Values at which units with the candidate tanh(u h) and no input come to rest."""
    return _settled(_half_way)(u, start)


def _half_way(h, u):
    return 0.5 * h + 0.5 * np.tanh(u * h)


def _settled(step, times=300):
    """Make a version, right or wrong, from a step and the number of times that it is repeated."""

    def settled(u, start):
        h = start
        for _ in range(times):
            h = step(h, u)
        return h

    return settled


def _stopped_by(near_enough):
    """Make a version that repeats the step until the old and the new values are near enough to each other."""

    def stopped(u, start):
        h, new = start, _half_way(start, u)
        while not near_enough(h, new):
            h, new = new, _half_way(new, u)
        return new

    return stopped


def _stopped_within(distance):
    return _stopped_by(lambda h, new: np.abs(new - h).max() < distance)


def _until_all_agree(u, start):
    h = start
    while h != np.tanh(u * h):
        h = _half_way(h, u)
    return h


def _draw_resting(rng):
    def case(name, *ranges, dtype=np.float64):
        # A unit that holds its value on either side, then those of the case, so that no constant is right.
        ranges = ((1.25, 1.5), (1.25, 1.5), *ranges)
        u = np.array([rng.uniform(*each) for each in ranges])
        signs = np.array([1, -1, *rng.choice([-1, 1], len(ranges) - 2)])
        start = signs * rng.uniform(0.2, 0.6, len(ranges))
        return Case(name, Call("resting_values", tuple(each.reshape(-1, 1).astype(dtype) for each in (u, start))))

    return [
        case("two units with weights of about 1.4"),
        case("a unit with a larger weight and one with a weight below 1", (1.7, 2.4), (0.75, 0.85)),
        case("units with negative weights", (-0.8, -0.3), (-0.9, -0.5)),
        case("five units in float32", (3.0, 5.0), (0.3, 0.85), (-0.8, -0.3), dtype=np.float32),
    ]


RESTING = Question(
    id="ch05.resting",
    title="Where units come to rest",
    points=3,
    answer="resting_values",
    reference=resting_values,
    draw=_draw_resting,
    returns=(Part("h", "H1"),),
    page=NO_REST,
    public_seed=1,
    hints=(
        "At rest a step changes nothing: what is $h$ if $h = \\frac12 h + \\frac12 \\tanh(u h)$? There is no formula"
        " for the solution, but each unit finds it by itself.",
        "Repeat the step many times, say 300; a hundred are not enough where `u` is near 1. Begin at `start`, whose"
        " sign decides on which side of 0 a unit ends.",
    ),
    misconceptions=(
        Misconception(
            "one_step",
            "This is the state after a single step. A unit needs many until a step changes nothing any more.",
            _settled(_half_way, 1),
            also=(_settled(lambda h, u: np.tanh(u * h), 1),),
        ),
        Misconception(
            "too_few_steps",
            "Some units are still on their way: with so few steps they have not come to rest, least of all where u is"
            " near 1. Take some hundreds.",
            _settled(_half_way, 10),
            also=tuple(_settled(_half_way, times) for times in (20, 50, 100)),
            slight=True,
        ),
        Misconception(
            "stopped_too_early",
            "The loop ends too early. A step that changes a value by a hundred-thousandth still changes it, and"
            " np.allclose calls such values equal. Go on until nothing changes at all, or take a fixed number of"
            " steps.",
            _stopped_by(np.allclose),
            also=tuple(map(_stopped_within, (1e-2, 1e-3, 1e-4, 1e-5))),
            slight=True,
        ),
        Misconception(
            "at_zero",
            "A unit at 0 rests too, but no unit starts there, and one with a weight above 1 moves away from 0: it ends"
            " where h = tanh(u h) on its own side.",
            lambda u, start: 0 * start,
        ),
        Misconception(
            "sigmoid",
            "The candidate ends in a sigmoid here, and no candidate of a sigmoid is negative: a unit that starts below"
            " 0 ends above it.",
            _settled(lambda h, u: 0.5 * h + 0.5 * sigmoid(u * h)),
            SIGMOID,
        ),
        Misconception(
            "sign_lost",
            "The side of 0 on which a unit starts is lost. The tanh is odd: from -0.3 a unit goes to minus the value to"
            " which it goes from 0.3.",
            lambda u, start: np.abs(resting_values(u, start)),
            also=(
                lambda u, start: resting_values(u, np.ones_like(start)),
                lambda u, start: resting_values(u, np.full_like(start, 0.5)),
            ),
        ),
        Misconception(
            "sign_turned",
            "The units end on the other side. A unit stays on the side of 0 on which it starts.",
            lambda u, start: -resting_values(u, start),
        ),
        Misconception(
            "only_the_tanh",
            "This is a single tanh. tanh(u) is the candidate of a unit that holds 1; at rest a unit holds"
            " h = tanh(u h), which is smaller.",
            lambda u, start: np.sign(start) * np.tanh(u),
            also=(lambda u, start: np.tanh(u),),
        ),
        Misconception(
            "one_always",
            "A unit at rest is not at -1 or 1. The tanh never quite reaches these; it holds the value at which"
            " h = tanh(u h).",
            lambda u, start: np.sign(start),
        ),
        Misconception(
            "weight_forgotten",
            "The weight u is not used: a unit that looks at itself with the weight 1 always fades to 0, slowly.",
            _settled(lambda h, u: 0.5 * h + 0.5 * np.tanh(h)),
        ),
        Misconception(
            "weight_outside",
            "The weight stands outside of the tanh. It belongs to the sum: tanh(u h).",
            _settled(lambda h, u: 0.5 * h + 0.5 * u * np.tanh(h)),
        ),
        Misconception(
            "added_up",
            "Half of the candidate is added and nothing of the old value is given up. The share that is written is"
            " taken from the old one: half of each.",
            _settled(lambda h, u: h + 0.5 * np.tanh(u * h)),
            also=(_settled(lambda h, u: h + np.tanh(u * h)),),
        ),
        Misconception(
            "nothing_squashes",
            "The tanh is missing. Without a bound there is no rest: for weights above 1 the state grows for ever.",
            _settled(lambda h, u: 0.5 * h + 0.5 * u * h),
            also=(_settled(lambda h, u: u * h),),
        ),
        Misconception(
            "beyond_one",
            "A value beyond 1 is none at which a unit rests: it would be h = tanh(u h), and no tanh is that large. In"
            " each step as much is given up as is written, half of each.",
            _settled(lambda h, u: 0.5 * h + np.tanh(u * h)),
            fits=lambda value, u, start: np.abs(value).max() > 1.05,
        ),
        Misconception(
            "start_kept",
            "These are the values that the units start with. They move until h = tanh(u h).",
            lambda u, start: start,
        ),
        Misconception(
            "loop_on_an_array",
            "while asks one question, and u holds several weights: some units are at rest before others. A fixed number"
            " of steps does for all, or np.all(...) in the question.",
            _until_all_agree,
        ),
        Misconception(
            "product_of_matrices",
            "u @ h is a product of matrices. Each unit looks at itself alone: u * h, entry by entry.",
            _settled(lambda h, u: 0.5 * h + 0.5 * np.tanh(u @ h)),
            also=(_settled(lambda h, u: 0.5 * h + 0.5 * np.tanh(u.T @ h)),),
        ),
    ),
)


# A step with three faults


def proposed_and_written(x, h_prev, z, r, W_h, U_h, b_h):
    """Candidate and new state of one time step."""
    candidate = candidate_state(x, h_prev, r, W_h, U_h, b_h)
    return candidate, new_state(h_prev, z, candidate)


def _step(candidate=candidate_state, mixture=lambda h, z, c: (1 - z) * h + z * c):
    """Make a wrong version from another candidate or another mixture."""

    def wrong(x, h_prev, z, r, W_h, U_h, b_h):
        proposal = candidate(x, h_prev, r, W_h, U_h, b_h)
        return proposal, mixture(h_prev, z, proposal)

    return wrong


def _draw_step(rng):
    def case(name, I, H, B, dtype=np.float64):
        x, h_prev, *weights = step_inputs(rng, I, H, B, scale=0.7, dtype=dtype)
        gates = gate(rng, H, B, dtype), gate(rng, H, B, dtype)
        return Case(name, Call("proposed_and_written", (x, h_prev, *gates, *weights)))

    return [
        case("one column, two inputs, three units", 2, 3, 1),
        case("a batch of four", 2, 3, 4),
        case("as many inputs as units as examples", 3, 3, 3),
        case("float32", 4, 2, 3, np.float32),
    ]


_PRINTED = _of_term(lambda U, h, r: U @ r * h, sigmoid)

REPAIR = Question(
    id="ch05.repair",
    title="A step to repair",
    points=3,
    answer="proposed_and_written",
    reference=proposed_and_written,
    draw=_draw_step,
    returns=(Part("candidate", "HB"), Part("h", "HB")),
    public_seed=4,
    page=TAKEN,
    hints=(
        "Which value does `h_prev` have in the third line? Then look at what the candidate ends in, and at what Python"
        " multiplies first.",
        "Give the candidate a name of its own, so that `h_prev` is still the old state in the mixture; use `np.tanh`;"
        " and put `r * h_prev` into parentheses.",
    ),
    misconceptions=(
        Misconception(
            "as_printed",
            "All the faults are still there: the old state is overwritten before the mixture needs it, a sigmoid stands"
            " where the tanh belongs, and parentheses are missing around r * h_prev.",
            _step(_PRINTED, lambda h, z, c: c),
        ),
        Misconception(
            "state_overwritten",
            "The candidate is stored under the name of the old state, so the mixture mixes the candidate with itself."
            " A candidate is only a proposal; h_prev is still needed.",
            _step(mixture=lambda h, z, c: c),
            TAKEN,
        ),
        Misconception(
            "sigmoid",
            "The candidate ends in a sigmoid, and is never negative. It is content and needs a sign, so a tanh.",
            _step(_activated_by(sigmoid)),
            SIGMOID,
        ),
        Misconception(
            "bracket_missing",
            "Parentheses are missing: Python reads U_h @ r * h_prev as (U_h @ r) * h_prev. The filter comes first,"
            " U_h @ (r * h_prev).",
            _step(_of_term(lambda U, h, r: U @ r * h)),
            BRACKET,
        ),
        Misconception(
            "sigmoid_and_bracket",
            "The mixture is right now. Two faults are left: the sigmoid in the place of the tanh, and the missing"
            " parentheses around r * h_prev.",
            _step(_PRINTED),
        ),
        Misconception(
            "overwritten_and_sigmoid",
            "The parentheses are right now. Two faults are left: the old state is overwritten before the mixture, and"
            " the sigmoid stands in the place of the tanh.",
            _step(_activated_by(sigmoid), lambda h, z, c: c),
        ),
        Misconception(
            "overwritten_and_bracket",
            "The tanh is right now. Two faults are left: the old state is overwritten before the mixture, and the"
            " parentheses around r * h_prev are missing.",
            _step(_of_term(lambda U, h, r: U @ r * h), lambda h, z, c: c),
        ),
        Misconception(
            "one_result",
            "Only one of the two results comes back: return candidate, h gives both.",
            lambda *arguments: proposed_and_written(*arguments)[1],
            also=(lambda *arguments: proposed_and_written(*arguments)[0],),
        ),
        Misconception(
            "order",
            "The two results come back in the wrong order: first the candidate, then the new state.",
            lambda *arguments: proposed_and_written(*arguments)[::-1],
        ),
        Misconception(
            "update_polarity",
            "The shares of the mixture are the wrong way round: in this book z near 1 writes the candidate.",
            _step(mixture=lambda h, z, c: z * h + (1 - z) * c),
            "ch03-update-gate#Claim 3: the polarity is only a name",
        ),
        Misconception(
            "filtered_in_the_mixture",
            "The mixture contains r * h_prev. The reset gate acts on what the candidate sees; the mixture contains the"
            " old state as it is.",
            lambda x, h_prev, z, r, W_h, U_h, b_h: (
                candidate_state(x, h_prev, r, W_h, U_h, b_h),
                (1 - z) * r * h_prev + z * candidate_state(x, h_prev, r, W_h, U_h, b_h),
            ),
            "ch04-reset-gate#Claim 3: the reset gate erases nothing",
        ),
        Misconception(
            "after",
            "The gate stands after the product. That is another function; in this book's form the state is filtered"
            " first, U_h @ (r * h_prev).",
            _step(_of_term(lambda U, h, r: r * (U @ h))),
            FORMS,
        ),
        Misconception(
            "ungated",
            "The reset gate is left out: the candidate sees r * h_prev, not h_prev.",
            _step(_of_term(lambda U, h, r: U @ h)),
        ),
        Misconception(
            "gates_exchanged",
            "The gates have changed places: r filters what the candidate sees, z sets the shares of the mixture.",
            lambda x, h_prev, z, r, W_h, U_h, b_h: proposed_and_written(x, h_prev, r, z, W_h, U_h, b_h),
        ),
    ),
)


# Its gradient


def candidate_gradient(d_candidate, candidate, x, h_prev, r, U_h):
    """Gradients of a loss with respect to W_h, U_h, b_h, r and h_prev, given that with respect to the candidate."""
    d_sum = d_candidate * (1 - candidate**2)
    d_seen = U_h.T @ d_sum
    return d_sum @ x.T, d_sum @ (r * h_prev).T, d_sum.sum(axis=1, keepdims=True), d_seen * h_prev, d_seen * r


def _back(
    slope=lambda c: 1 - c**2,
    product=lambda U, d: U.T @ d,
    dW=lambda d, x: d @ x.T,
    dU=lambda d, h, r: d @ (r * h).T,
    db=lambda d: d.sum(axis=1, keepdims=True),
    dr=lambda s, h, r: s * h,
    dh=lambda s, h, r: s * r,
):
    """Make a wrong version by exchanging some of its lines."""

    def wrong(d_candidate, candidate, x, h_prev, r, U_h):
        d = d_candidate * slope(candidate)
        s = product(U_h, d)
        return dW(d, x), dU(d, h_prev, r), db(d), dr(s, h_prev, r), dh(s, h_prev, r)

    return wrong


def _parts(change):
    return lambda *arguments: change(*candidate_gradient(*arguments))


def _batch_mean(d_candidate, candidate, x, h_prev, r, U_h):
    dW, dU, db, dr, dh = candidate_gradient(d_candidate, candidate, x, h_prev, r, U_h)
    B = x.shape[1]
    return dW / B, dU / B, db / B, dr, dh


def _after_form(d_candidate, candidate, x, h_prev, r, U_h):
    d = d_candidate * (1 - candidate**2)
    return d @ x.T, (d * r) @ h_prev.T, d.sum(axis=1, keepdims=True), d * (U_h @ h_prev), U_h.T @ (d * r)


def _draw_gradient(rng):
    def case(name, I, H, B, weight=1, dtype=np.float64):
        x, h_prev, W_h, U_h, b_h = step_inputs(rng, I, H, B, dtype=dtype)
        r = gate(rng, H, B, dtype)
        candidate = candidate_state(x, h_prev, r, 0.5 * W_h, 0.5 * U_h, 0.5 * b_h)
        d_candidate = rng.normal(0, 1, (H, B)).astype(dtype)
        return Case(name, Call("candidate_gradient", (d_candidate, candidate, x, h_prev, r, U_h)), weight)

    return [
        case("one column, two inputs, three units", 2, 3, 1),
        case("a batch of four", 2, 3, 4, 2),
        case("as many inputs as units as examples", 3, 3, 3),
        case("a batch of eight in float32", 5, 2, 8, 1, np.float32),
    ]


CANDIDATE_GRADIENT = Question(
    id="ch05.gradient",
    title="The gradient of the candidate",
    points=4,
    answer="candidate_gradient",
    reference=candidate_gradient,
    draw=_draw_gradient,
    returns=(Part("dW_h", "HI"), Part("dU_h", "HH"), Part("db_h", "H1"), Part("dr", "HB"), Part("dh_prev", "HB")),
    public_seed=4,
    page=GRADIENT,
    hints=(
        "Take two steps back first: the gradient of the sum, and the gradient of what is seen of the old state. All"
        " five results are made of these two.",
        "`d_sum = d_candidate * (1 - candidate**2)` and `d_seen = U_h.T @ d_sum`. `U_h` was multiplied by"
        " `r * h_prev`, so that stands in its gradient; and in `r * h_prev` each factor gets the other one.",
    ),
    misconceptions=(
        Misconception(
            "no_slope",
            "The slope of the tanh is missing: between the candidate and its sum stands the factor 1 - candidate**2.",
            _back(slope=np.ones_like),
            SURE,
        ),
        Misconception(
            "sigmoid_slope",
            "candidate (1 - candidate) is the slope of a sigmoid. The candidate comes out of a tanh, whose slope is"
            " 1 - candidate**2.",
            _back(slope=lambda c: c * (1 - c)),
        ),
        Misconception(
            "slope_unsquared",
            "The slope of the tanh is 1 minus the square of its value, not 1 minus the value.",
            _back(slope=lambda c: 1 - c),
        ),
        Misconception(
            "tanh_twice",
            "The tanh is applied once more: candidate is its value already, so the slope is 1 - candidate**2 directly.",
            _back(slope=lambda c: 1 - np.tanh(c) ** 2),
        ),
        Misconception(
            "weights_ungated",
            "dU_h is built with the whole old state. U_h was multiplied by r * h_prev: about a unit that is hidden"
            " nothing is learned.",
            _back(dU=lambda d, h, r: d @ h.T),
        ),
        Misconception(
            "state_ungated",
            "dh_prev lacks the gate: in r * h_prev each factor gets the other one, so h_prev gets r.",
            _back(dh=lambda s, h, r: s),
        ),
        Misconception(
            "gate_without_state",
            "dr lacks the old state: in r * h_prev each factor gets the other one, so r gets h_prev.",
            _back(dr=lambda s, h, r: s),
        ),
        Misconception(
            "factors_exchanged",
            "dr and dh_prev are exchanged. Either they come back in the wrong order, or each factor of r * h_prev got"
            " itself: r gets h_prev, and h_prev gets r.",
            _back(dr=lambda s, h, r: s * r, dh=lambda s, h, r: s * h),
        ),
        Misconception(
            "order_of_the_first",
            "dW_h and dU_h come back in the wrong order: return dW_h, dU_h, db_h, dr, dh_prev.",
            _parts(lambda dW, dU, db, dr, dh: (dU, dW, db, dr, dh)),
        ),
        Misconception(
            "product_not_transposed",
            "Back through a product with U_h the gradient goes with U_h transposed: unit k is seen by every candidate"
            " i, with the weight U_h[i, k]. U_h is square, so no shape warns of it.",
            _back(product=lambda U, d: U @ d),
        ),
        Misconception(
            "product_skipped",
            "On the way to r and h_prev the product with U_h is left out. What is seen of a unit goes into all"
            " candidates, and the gradient comes back from all of them: U_h.T @ d_sum.",
            _back(product=lambda U, d: d),
        ),
        Misconception(
            "product_elementwise",
            "U_h is multiplied entry by entry. The way back through a product of matrices is one too, U_h.T @ d_sum.",
            _back(product=lambda U, d: U.T * d),
            also=(_back(product=lambda U, d: U * d),),
        ),
        Misconception(
            "slope_only_for_weights",
            "On the way to r and h_prev the slope of the tanh is missing: it lies between the candidate and everything"
            " below it.",
            lambda d, c, x, h, r, U: (
                *candidate_gradient(d, c, x, h, r, U)[:3],
                *candidate_gradient(d, 0 * c, x, h, r, U)[3:],
            ),
        ),
        Misconception(
            "recurrent_transposed",
            "dU_h is transposed: entry [i, k] belongs to the candidate of unit i and what is seen of unit k. U_h is"
            " square, so no shape warns of it.",
            _back(dU=lambda d, h, r: (r * h) @ d.T),
        ),
        Misconception(
            "input_transposed",
            "dW_h is transposed. Entry [i, j] belongs to unit i and input j: d_sum @ x.T, not x @ d_sum.T.",
            _back(dW=lambda d, x: x @ d.T),
            also=(_back(dW=lambda d, x: x @ d.T, dU=lambda d, h, r: (r * h) @ d.T),),
        ),
        Misconception(
            "weights_gated_outside",
            "The gate multiplies the gradient, as in the form with the gate after the product. Here it multiplies the"
            " state: d_sum @ (r * h_prev).T.",
            _back(dU=lambda d, h, r: (r * d) @ h.T),
            FORMS,
        ),
        Misconception(
            "bias_not_summed",
            "db_h is not summed over the batch. Every example adds the same bias, so their gradients add up:"
            " d_sum.sum(axis=1, keepdims=True).",
            _back(db=lambda d: d),
        ),
        Misconception(
            "bias_mean",
            "db_h is averaged over the batch. The loss is that of the whole batch, so the examples add up: sum, not"
            " mean.",
            _back(db=lambda d: d.mean(axis=1, keepdims=True)),
        ),
        Misconception(
            "bias_summed_over_units",
            "db_h is summed over the units, axis 0. Each unit has a bias of its own; the sum runs over the batch,"
            " axis 1.",
            _back(db=lambda d: d.sum(axis=0, keepdims=True)),
            also=(_back(db=lambda d: d.sum(axis=0)), _back(db=np.sum)),
        ),
        Misconception(
            "through_the_gate",
            "dr goes on through the sigmoid of the gate. It ends at the gate: the gradient with respect to r is asked"
            " for, without r (1 - r).",
            _back(dr=lambda s, h, r: s * h * r * (1 - r)),
        ),
        Misconception(
            "after_form",
            "This is the gradient of the other form, with the gate after the product. Here the gate stands before it,"
            " so r * h_prev is what U_h was multiplied by.",
            _after_form,
            FORMS,
        ),
        Misconception(
            "batch_mean",
            "The gradients of the weights are averaged over the batch. The loss is that of the whole batch, so the"
            " contributions of the examples add up.",
            _batch_mean,
        ),
        Misconception(
            "sign",
            "Every sign is turned around. The gradient points uphill; the minus comes later, when a step is taken.",
            _parts(lambda *parts: tuple(-part for part in parts)),
        ),
        Misconception(
            "three_results",
            "Five results are asked for: dW_h, dU_h, db_h, and the gradients of r and h_prev, which lead on to the gate"
            " and to the step before.",
            lambda *arguments: candidate_gradient(*arguments)[:3],
        ),
    ),
)


# Rising or falling, with weights set by hand


def change_weights():
    """One right answer of many: unit 1 copies a tenth of the input, unit 2 compares the input with that copy."""
    return np.array([[0.1], [10.0]]), np.array([[0.0, 0.0], [-100.0, 0.0]]), np.zeros((2, 1))


UNDECIDED = 9.0


def direction(value, case):
    """Run two units with these candidates, all gates open, over the signal of a case.

    Returns, for each step after the first, what unit 2 says: 1 above 0.8, -1
    below -0.8, 0 within 0.3 of 0, else `UNDECIDED`.
    """
    W_h, U_h, b_h = (np.asarray(part, dtype=np.float64) for part in value)
    h, said = np.zeros((2, 1)), []
    for number in case.given:
        h = np.tanh(W_h * number + U_h @ h + b_h)
        said.append(h[1, 0])
    said = np.array(said[1:])
    return np.select([said > 0.8, said < -0.8, np.abs(said) < 0.3], [1.0, -1.0, 0.0], UNDECIDED)


def _draw_change(rng):
    def case(name, signal, weight=1):
        return Case(name, Call("change_weights"), weight, tuple(float(number) for number in signal))

    level = rng.uniform(0.3, 0.6)
    walk = [0.0]
    while len(walk) < 40:
        move = rng.choice([-1, 0, 1]) * rng.uniform(0.3, 0.8)
        if abs(walk[-1] + move) <= 1:
            walk.append(walk[-1] + move)
    return [
        case("a rise, a rest, a fall", [-level, level, level, level, -level, -level]),
        case("a fall that stays above 0", [1, 1, 0.6, 0.6, 0.2, 0.2]),
        case("a rise that stays below 0", [-1, -1, -0.6, -0.6, -0.2, -0.2]),
        case("up and down at every step", np.resize([level, -level], 12)),
        case("forty steps at random", walk, 2),
    ]


def change_fault(weights):
    """Say in a word what is wrong with the weights of a unit that tells the change; the worst comes first.

    Parameters
    ----------
    weights : tuple of numpy.ndarray
        ``(W_h, U_h, b_h)`` of the shapes (2, 1), (2, 2) and (2, 1).

    Returns
    -------
    str
        Id of a misconception; "" if nothing is.
    """
    (copy, now), ((copy_of_copy, copy_of_change), (before, itself)), bias = (
        weights[0].ravel(),
        weights[1],
        weights[2].ravel(),
    )
    old = before * np.tanh(copy)  # what an old input of 1 adds to the sum of unit 2
    faults = {
        "nothing": not any(np.any(part) for part in weights),
        "no_memory": before == 0,
        "no_input": now == 0,
        "no_copy": copy == 0,
        "added": now * old > 0,
        "turned_around": now < 0 < old,
        "copy_saturated": abs(copy) > 0.5,
        "copy_remembers": copy_of_copy != 0 or copy_of_change != 0,
        "looks_at_itself": itself != 0,
        "biased": bool(np.any(bias != 0)),
        "unequal": abs(now + old) > 0.05 * abs(now),
        "too_weak": 0.3 * now < np.arctanh(0.8),
    }
    return next((name for name, found in faults.items() if found), "")


def _changing(id, sentence, W_h, U_h, b_h=(0.0, 0.0), page=""):
    weights = np.reshape(W_h, (2, 1)), np.array(U_h), np.reshape(b_h, (2, 1))
    return Misconception(id, sentence, lambda: weights, page, fits=lambda value: change_fault(value) == id)


CHANGE = Question(
    id="ch05.change",
    title="Rising or falling, with weights set by hand",
    points=3,
    answer="change_weights",
    reference=change_weights,
    draw=_draw_change,
    returns=(Part("W_h", "HI"), Part("U_h", "HH"), Part("b_h", "H1")),
    kind="behaviour",
    behaviour=Behaviour(
        direction,
        Part("unit 2 in the steps after the first", "T"),
        {1.0: "rising (1)", -1.0: "falling (-1)", 0.0: "at rest (0)", UNDECIDED: "undecided"},
    ),
    page=PROPOSES,
    hints=(
        "A single input never says whether it is rising. Let unit 1 remember the input of the step before, and let unit"
        " 2 compare: which sign does each of the two need?",
        "Unit 1 copies a *small* share of the input, such as a tenth, where the tanh is straight. Unit 2 looks at the"
        " input with a weight of 10 and at unit 1 with the weight that takes exactly ten times the old input away.",
    ),
    misconceptions=(
        _changing(
            "nothing",
            "All weights are 0, so both candidates are 0 all the time. Unit 1 must copy the input, and unit 2 must"
            " compare the input with that copy.",
            [0.0, 0.0],
            [[0.0, 0.0], [0.0, 0.0]],
        ),
        _changing(
            "no_memory",
            "Unit 2 looks at the input alone, so it says on which side of 0 the input is, not where it is going. It"
            " needs the input of the step before: U_h[1, 0], the weight with which it looks at unit 1.",
            [0.1, 10.0],
            [[0.0, 0.0], [0.0, 0.0]],
        ),
        _changing(
            "no_input",
            "Unit 2 does not look at the input, only at the copy of the step before. W_h[1, 0] is the weight with which"
            " it looks at the new one.",
            [0.1, 0.0],
            [[0.0, 0.0], [-100.0, 0.0]],
        ),
        _changing(
            "no_copy",
            "Unit 1 does not look at the input, so there is nothing to compare with. W_h[0, 0] makes it copy a share of"
            " the input.",
            [0.0, 10.0],
            [[0.0, 0.0], [-100.0, 0.0]],
        ),
        _changing(
            "added",
            "The old input is added to the new one. A change is a difference: U_h[1, 0] must take away what W_h[1, 0]"
            " adds.",
            [0.1, 10.0],
            [[0.0, 0.0], [100.0, 0.0]],
        ),
        _changing(
            "turned_around",
            "The difference is taken the wrong way round: unit 2 says falling where the input rises. The new input"
            " needs the positive weight, the old one the negative.",
            [0.1, -10.0],
            [[0.0, 0.0], [100.0, 0.0]],
        ),
        _changing(
            "copy_saturated",
            "Unit 1 looks at the input with so large a weight that its tanh is bent: it knows the side of the old input"
            " and hardly its size. Near 0 the candidate measures, so copy a tenth and make up for it in U_h[1, 0].",
            [2.0, 10.0],
            [[0.0, 0.0], [-10.0, 0.0]],
            page=MEASURES,
        ),
        _changing(
            "copy_remembers",
            "Unit 1 looks at the old state as well, so what it holds is not the input of the step before alone. Row 0"
            " of U_h can be 0.",
            [0.1, 10.0],
            [[0.9, 0.0], [-100.0, 0.0]],
        ),
        _changing(
            "looks_at_itself",
            "Unit 2 looks at itself, so it goes on saying what it said before. U_h[1, 1] can be 0.",
            [0.1, 10.0],
            [[0.0, 0.0], [-100.0, 5.0]],
        ),
        _changing(
            "biased",
            "A bias pushes to one side, so an input at rest is taken for one that moves. Both biases can be 0.",
            [0.1, 10.0],
            [[0.0, 0.0], [-100.0, 0.0]],
            (0.0, 5.0),
        ),
        _changing(
            "unequal",
            "The two weights do not balance: for an input at rest the sum must be 0, so what U_h[1, 0] takes away must"
            " be what W_h[1, 0] adds. The old input arrives as W_h[0, 0] times U_h[1, 0].",
            [0.1, 10.0],
            [[0.0, 0.0], [-10.0, 0.0]],
        ),
        _changing(
            "too_weak",
            "The comparison is right and too timid: a change of 0.3 must bring unit 2 beyond 0.8, and tanh(1.1) is 0.8."
            " Make both weights of unit 2 larger, in the same ratio.",
            [0.1, 1.0],
            [[0.0, 0.0], [-10.0, 0.0]],
        ),
    ),
)


# Reading a candidate


def _draw_reading(rng):
    return [Case("the choice", Call("what_the_candidate_says"))]


READING = Question(
    id="ch05.reading",
    title="Reading a candidate",
    points=1,
    answer="what_the_candidate_says",
    reference=lambda: "d",
    draw=_draw_reading,
    returns=(Part("the choice"),),
    kind="choice",
    choices={
        "a": "The unit forgot its value: the new state of each step was near 1.",
        "b": "The unit learned quickly in these steps, since its candidate was so sure.",
        "c": "The weights of the candidate must be wrong: it never agreed with the state.",
        "d": "The unit held its value, and hardly any gradient reached the candidate's weights.",
    },
    page=IDEA,
    hints=(
        "What is proposed is not yet written. Which number says how much of it was?",
        "The gradient that reaches the candidate has the factor z, and behind the tanh the factor"
        " $1 - \\tilde h^2$. How large are the two?",
    ),
    misconceptions=(
        Misconception(
            "candidate_taken_for_state",
            "A candidate is a proposal. With z = 0.001 a thousandth of it was written at each step, so after fifty"
            " steps the state has gone a twentieth of the way.",
            lambda: "a",
            TAKEN,
        ),
        Misconception(
            "sure_learns",
            "It is the other way round: the slope of the tanh at 0.98 is 1 - 0.98**2 = 0.04, and the gradient that"
            " arrives is z times that of the state, a thousandth. A candidate that is sure hardly learns.",
            lambda: "b",
            SURE,
        ),
        Misconception(
            "must_agree",
            "A candidate need not agree with the state: while the update gate is shut, proposals are made in vain, and"
            " that is how a value is held.",
            lambda: "c",
            f"{STEM}#What is proposed and what is written",
        ),
    ),
)


ASSIGNMENT = Assignment(
    stem=STEM,
    title="The candidate state",
    questions=(SLOPE, CANDIDATE, LARGEST_INPUT, RESTING, REPAIR, CANDIDATE_GRADIENT, CHANGE, READING),
    minutes=60,
    difficulty="from easy (1, 3, 8) to demanding (4, 6, 7)",
    trains="You write the candidate and its gradient, see where it measures and where it rests, and make it compare.",
    next_step="The quiz at the end of the chapter asks what a candidate may propose and what becomes of it.",
)
