"""Chapter 1, the introduction: what fades, what a layer returns, the adding problem, and a unit that solves it."""

import math

import numpy as np

from gru_checks.calling import Call
from gru_checks.drawing import state
from gru_checks.question import Behaviour, Case, Misconception, Part, Question, Tolerance
from gru_checks.registry import Assignment
from gru_ref import sigmoid

STEM = "ch01-introduction"
EQUATION = f"{STEM}#The equation"
CHANGE = f"{STEM}#How a change travels"
FIRST_LAYER = f"{STEM}#The first layer"
SAME_LAYER = f"{STEM}#Claim 1: Keras, PyTorch and `gru_ref` compute the same layer"
FADES = f"{STEM}#Claim 2: a plain network's memory fades with distance, and so does that of a fresh GRU"
ADDING = f"{STEM}#Claim 3: over 40 steps the GRU learns the task, and the plain network does not"
PICTURE = f"{STEM}#In a picture"
ONE_STEP = f"{STEM}#One step"
THREE_STEPS = f"{STEM}#Three steps"
EXCHANGED = f"{STEM}#Batch and time exchanged"
LAST_ONLY = f'{STEM}#"Output shape (32, 64)": which step?'
WITHOUT_BASELINE = f"{STEM}#An error without its baseline"
KEEP = f"{STEM}#Keep, unless there is a reason to write"


# How long a change lasts


def _steps(left, count=math.ceil):
    """Count steps by the share of a change that each of them leaves."""
    return lambda u, h, share: count(math.log(share) / math.log(left(u, h)))


def steps_until_less(u, h, share):
    """Smallest number of steps after which less than a share of a change is left."""
    return _steps(lambda u, h: u * (1 - h**2))(u, h, share)


def _steps_of_a_moving_state(u, h, share):
    steps, left = 0, 1.0
    while left >= share:
        h = math.tanh(u * h)
        left *= u * (1 - h**2)
        steps += 1
    return steps


def _draw_fading(rng):
    def case(name, u, h, share, part):
        # By how far the steps go beyond a whole number: each kind of rounding is wrong in one of the cases.
        while True:
            givens = round(rng.uniform(*u), 3), round(rng.uniform(*h), 3), share
            exact = math.log(share) / math.log(givens[0] * (1 - givens[1] ** 2))
            if part[0] < exact % 1 < part[1]:
                return Case(name, Call("steps_until_less", givens))

    return [
        case("half of it is left", (0.95, 0.99), (0.15, 0.25), 0.5, (0.1, 0.4)),
        case("a hundredth of it", (0.9, 0.99), (0.2, 0.35), 0.01, (0.6, 0.9)),
        case("a millionth of it", (0.9, 0.99), (0.15, 0.25), 1e-6, (0.1, 0.4)),
        case("a unit far from 0", (0.9, 0.99), (0.6, 0.8), 0.001, (0.6, 0.9)),
    ]


FADING = Question(
    id="ch01.fading",
    title="How long a change lasts",
    points=2,
    answer="steps_until_less",
    reference=steps_until_less,
    draw=_draw_fading,
    returns=(Part("the number of steps", ""),),
    kind="value",
    page=CHANGE,
    hints=(
        "By which factor does one step multiply a change? The chapter derives it: the slope of tanh, times a weight."
        " And by what do n steps multiply it?",
        "The factor of a step is `u * (1 - h**2)`. You look for the smallest n for which its n-th power is below"
        " `share`: try one n after another, or take logarithms and round up.",
    ),
    misconceptions=(
        Misconception(
            "slope_forgotten",
            "Each step is taken to leave the share u. The change also passes through tanh, whose slope is 1 - h²: one"
            " step leaves u (1 - h²).",
            _steps(lambda u, h: u),
        ),
        Misconception(
            "weight_forgotten",
            "Each step is taken to leave the share 1 - h². That is the slope of tanh alone; the change also passes"
            " through the weight u.",
            _steps(lambda u, h: 1 - h**2),
        ),
        Misconception(
            "tanh_twice",
            "tanh is applied to h once more. h is what came out of tanh already, and the slope there is 1 - h².",
            _steps(lambda u, h: u * (1 - math.tanh(h) ** 2)),
            also=(_steps(lambda u, h: u * (1 - math.tanh(u * h) ** 2)),),
        ),
        Misconception(
            "not_squared",
            "The slope of tanh is taken to be 1 - h. It is 1 - h², with the square: near 0 it is almost 1.",
            _steps(lambda u, h: u * (1 - h)),
        ),
        Misconception(
            "all_squared",
            "The slope of tanh is taken to be (1 - h)². Only h is squared: 1 - h².",
            _steps(lambda u, h: u * (1 - h) ** 2),
        ),
        Misconception(
            "state_moves",
            "The state is taken to fade as well. Here the input and the bias hold it at h, so that every step has the"
            " same factor.",
            _steps_of_a_moving_state,
        ),
        Misconception(
            "sigmoid_slope",
            "h (1 - h) is the slope of a sigmoid. The plain unit ends in a tanh, whose slope is 1 - h².",
            _steps(lambda u, h: u * h * (1 - h)),
        ),
        Misconception(
            "state_itself",
            "The state h is taken for the slope. At the state h the slope of tanh is 1 - h².",
            _steps(lambda u, h: u * h),
        ),
        Misconception(
            "one_too_few",
            "That is one step too few: after so many steps the given share, or more, is still there.",
            _steps(lambda u, h: u * (1 - h**2), math.floor),
        ),
        Misconception(
            "one_too_many",
            "That is one step too many: one step earlier less than the share is left already.",
            _steps(lambda u, h: u * (1 - h**2), lambda n: math.ceil(n) + 1),
        ),
        Misconception(
            "not_whole",
            "This is the point between two steps at which exactly the share would be left. There are whole steps only:"
            " round up.",
            _steps(lambda u, h: u * (1 - h**2), float),
        ),
        Misconception(
            "rounded",
            "This is rounded to the nearest whole number, which is sometimes one step too few. Less than the share is"
            " left from the next whole number on: round up.",
            _steps(lambda u, h: u * (1 - h**2), round),
        ),
        Misconception(
            "what_is_gone",
            "The part of the change that a step loses is taken for the part that it leaves, which is u (1 - h²).",
            _steps(lambda u, h: 1 - u * (1 - h**2)),
        ),
        Misconception(
            "subtracted",
            "Every step is taken to cost the same amount. It costs the same share of what is left: the factors are"
            " multiplied.",
            lambda u, h, share: math.ceil((1 - share) / (1 - u * (1 - h**2))),
        ),
        Misconception(
            "share_lost",
            "These are the steps until the share is lost. The question is when less than the share is left.",
            lambda u, h, share: steps_until_less(u, h, 1 - share),
        ),
        Misconception(
            "share_ignored",
            "Here the share plays no part. How long it takes depends on how little is to be left.",
            lambda u, h, share: -1 / math.log(u * (1 - h**2)),
            also=(
                lambda u, h, share: math.ceil(-1 / math.log(u * (1 - h**2))),
                lambda u, h, share: 1 / (1 - u * (1 - h**2)),
                lambda u, h, share: math.ceil(1 / (1 - u * (1 - h**2))),
            ),
        ),
        Misconception(
            "upside_down",
            "The two logarithms are exchanged: n log(factor) = log(share), so n = log(share) / log(factor).",
            lambda u, h, share: math.log(u * (1 - h**2)) / math.log(share),
            also=(lambda u, h, share: math.ceil(math.log(u * (1 - h**2)) / math.log(share)),),
        ),
        Misconception(
            "what_is_left",
            "This is what one step leaves. The question is how many steps it takes.",
            lambda u, h, share: u * (1 - h**2),
        ),
    ),
)


# What a layer returns


def layer_shapes(B, T, I, H, layers, batch_first):
    """Shapes of the outputs and of the final state."""
    return ((B, T, H) if batch_first else (T, B, H)), (layers, B, H)


def _draw_shapes(rng):
    def case(name, layers, batch_first):
        B, T, I, H = (int(n) for n in rng.choice(np.arange(5, 60), 4, replace=False))
        return Case(name, Call("layer_shapes", (B, T, I, H, layers, batch_first)))

    return [
        case("one layer, batch first", 1, True),
        case("one layer, time first", 1, False),
        case("several layers, batch first", int(rng.integers(2, 5)), True),
        case("several layers, time first", int(rng.integers(2, 5)), False),
    ]


def _shapes(outputs=lambda B, T, H, batch_first: (B, T, H) if batch_first else (T, B, H), final=None):
    """Make a wrong version: the outputs' shape or the final state's is another."""

    def wrong(B, T, I, H, layers, batch_first):
        right = layer_shapes(B, T, I, H, layers, batch_first)
        return outputs(B, T, H, batch_first), final(B, T, H, layers, batch_first) if final else right[1]

    return wrong


SHAPES = Question(
    id="ch01.shapes",
    title="What a layer returns",
    points=2,
    answer="layer_shapes",
    reference=layer_shapes,
    draw=_draw_shapes,
    returns=(Part("outputs"), Part("final")),
    kind="value",
    page=SAME_LAYER,
    hints=(
        "What comes out is the state: how many numbers does it have? Of which steps do the outputs hold it, and of"
        " which step the final state?",
        "The outputs are (B, T, H) or (T, B, H), whatever the number of layers: only the last layer's states are"
        " handed out. The final state has one state of each layer and no time axis, so there is nothing in it that"
        " `batch_first` could put first.",
    ),
    misconceptions=(
        Misconception(
            "final_batch_first",
            "batch_first is applied to the final state as well. It changes what goes in and the outputs; the final"
            " state is (layers, B, H) in either case.",
            _shapes(final=lambda B, T, H, L, batch_first: (B, L, H) if batch_first else (L, B, H)),
        ),
        Misconception(
            "always_batch_first",
            "The outputs are batch first in every case. Without batch_first=True, PyTorch's layer reads and returns"
            " (T, B, ...): time first.",
            _shapes(lambda B, T, H, first: (B, T, H)),
            EXCHANGED,
        ),
        Misconception(
            "always_time_first",
            "The outputs are time first in every case. With batch_first=True the examples come first, in what goes in"
            " and in the outputs.",
            _shapes(lambda B, T, H, first: (T, B, H)),
            EXCHANGED,
        ),
        Misconception(
            "turned_around",
            "The two cases are exchanged: batch_first=True puts the B examples first, False the T steps.",
            _shapes(lambda B, T, H, first: (T, B, H) if first else (B, T, H)),
            EXCHANGED,
        ),
        Misconception(
            "one_layer",
            "The final state is that of one layer. Each layer of the stack has its own: the first axis counts layers.",
            _shapes(final=lambda B, T, H, L, first: (1, B, H)),
            FIRST_LAYER,
        ),
        Misconception(
            "no_layer_axis",
            "The axis that counts layers is missing in the final state. Keras has none, because its layer is always one"
            " layer; PyTorch has it even where there is one.",
            _shapes(final=lambda B, T, H, L, first: (B, H)),
        ),
        Misconception(
            "inputs_come_out",
            "The last axis is I long. I is what goes in; what comes out is the state, with a number for each of the H"
            " units.",
            lambda B, T, I, H, layers, batch_first: layer_shapes(B, T, I, I, layers, batch_first),
            FIRST_LAYER,
            also=(
                lambda B, T, I, H, layers, batch_first: (
                    layer_shapes(B, T, I, I, layers, batch_first)[0],
                    (layers, B, H),
                ),
            ),
        ),
        Misconception(
            "last_step_only",
            "The outputs have lost their time axis. That is Keras without return_sequences=True; PyTorch hands out the"
            " states of all steps.",
            _shapes(lambda B, T, H, first: (B, H)),
            LAST_ONLY,
        ),
        Misconception(
            "layers_side_by_side",
            "The outputs are given H numbers for each layer. The layers stand on top of one another, and only the last"
            " one's states are handed out.",
            lambda B, T, I, H, layers, batch_first: (
                layer_shapes(B, T, I, layers * H, layers, batch_first)[0],
                (layers, B, H),
            ),
        ),
        Misconception(
            "outputs_of_all_layers",
            "The outputs are given an axis that counts layers. They are those of the last layer alone; only the final"
            " state has one.",
            lambda B, T, I, H, layers, batch_first: (
                (layers, *layer_shapes(B, T, I, H, layers, batch_first)[0]),
                (layers, B, H),
            ),
        ),
        Misconception(
            "final_of_all_steps",
            "The final state is given a time axis. It is the state after one step, the last.",
            _shapes(final=lambda B, T, H, L, first: (L, B, T, H)),
            FIRST_LAYER,
            also=(
                _shapes(final=lambda B, T, H, L, first: (L, T, B, H)),
                _shapes(final=lambda B, T, H, L, first: (T, B, H)),
            ),
        ),
        Misconception(
            "units_are_steps",
            "T is taken for the number of units. How many numbers a state has, H, was chosen when the layer was made;"
            " T is how many steps the sequences have.",
            _shapes(lambda B, T, H, first: (B, T, T) if first else (T, B, T), lambda B, T, H, L, first: (L, B, T)),
            FIRST_LAYER,
        ),
        Misconception(
            "features_before_steps",
            "The outputs end in the time axis. Their last axis counts units, as the last axis of what goes in counts"
            " inputs.",
            _shapes(lambda B, T, H, first: (B, H, T) if first else (T, H, B)),
            FIRST_LAYER,
        ),
        Misconception(
            "single_layer_batch_first",
            "These are the shapes of one layer with batch_first=True, as in the chapter. Here the number of layers and"
            " batch_first are given, and make a difference.",
            _shapes(lambda B, T, H, first: (B, T, H), lambda B, T, H, L, first: (1, B, H)),
        ),
        Misconception(
            "as_in_keras",
            "These are the shapes that Keras returns. In PyTorch the order of the outputs' axes depends on batch_first,"
            " and the final state has an axis that counts layers.",
            _shapes(lambda B, T, H, first: (B, T, H), lambda B, T, H, L, first: (B, H)),
            also=(_shapes(lambda B, T, H, first: (B, H), lambda B, T, H, L, first: (B, H)),),
        ),
        Misconception(
            "pair_exchanged",
            "The two shapes come back in the wrong order: outputs first, then the final state.",
            lambda *givens: layer_shapes(*givens)[::-1],
            FIRST_LAYER,
        ),
    ),
)


# What an answer is worth that knows nothing


def baseline(low, high, count):
    """Best answer that is always the same, and its mean squared error."""
    return count * (low + high) / 2, count * (high - low) ** 2 / 12


def _with_error(error):
    return lambda low, high, count: (baseline(low, high, count)[0], error(low, high, count))


def _draw_baseline(rng):
    def case(name, low, high, count):
        return Case(name, Call("baseline", (float(low), float(high), count)))

    return [
        case("two numbers between 0 and 1", 0, 1, 2),
        case("two numbers between -1 and 1", -1, 1, 2),
        case("several numbers", 0, round(rng.uniform(1.5, 4), 2), int(rng.integers(4, 9))),
        case("a range that is not about 0", round(rng.uniform(-3, -1), 2), round(rng.uniform(4, 6), 2), 3),
    ]


BASELINE = Question(
    id="ch01.baseline",
    title="What an answer is worth that knows nothing",
    points=2,
    answer="baseline",
    reference=baseline,
    draw=_draw_baseline,
    returns=(Part("guess", ""), Part("error", "")),
    kind="value",
    page=ADDING,
    hints=(
        "The best constant answer is the mean of the right answers. What is the mean of one number, and what that of"
        " the sum? Its mean squared error is then the variance of the sum.",
        "A number that is uniform between 0 and 1 has the variance 1/12. Stretched to the width `high - low`, it has"
        " that width *squared* times as much. And the variances of numbers that do not depend on one another add up.",
    ),
    misconceptions=(
        Misconception(
            "of_the_chapter",
            "These are the chapter's own numbers, for two numbers between 0 and 1. Here the range and the count are"
            " given.",
            lambda low, high, count: (1.0, 1 / 6),
        ),
        Misconception(
            "one_number",
            "This is for one number. The right answer is a sum of several: their means add up, and so do their"
            " variances.",
            lambda low, high, count: baseline(low, high, 1),
        ),
        Misconception(
            "guess_for_one",
            "The guess is the mean of one number. The right answers are sums, and their mean is that of one number"
            " times how many are added.",
            lambda low, high, count: ((low + high) / 2, baseline(low, high, count)[1]),
        ),
        Misconception(
            "error_of_one",
            "The error is the variance of one number. Those of all the numbers that are added add up.",
            _with_error(lambda low, high, count: (high - low) ** 2 / 12),
        ),
        Misconception(
            "error_of_the_mean",
            "The error is that of a mean of the numbers, which is divided by the count. Of a sum it grows with the"
            " count.",
            _with_error(lambda low, high, count: (high - low) ** 2 / 12 / count),
        ),
        Misconception(
            "not_squared",
            "The width of the range enters the error as it is. The error is a mean of *squares*, so a range twice as"
            " wide has four times the error.",
            _with_error(lambda low, high, count: count * (high - low) / 12),
        ),
        Misconception(
            "root",
            "This is the root of the mean squared error. The mean squared error itself is asked for.",
            _with_error(lambda low, high, count: math.sqrt(count * (high - low) ** 2 / 12)),
        ),
        Misconception(
            "count_squared",
            "The count is squared. That would be right if all the numbers of a sequence were the same; of numbers that"
            " do not depend on one another, the variances add up.",
            _with_error(lambda low, high, count: count**2 * (high - low) ** 2 / 12),
        ),
        Misconception(
            "mean_of_squares",
            "The error is the mean of the squared answers, which is that of always saying 0. Of the best guess it is"
            " the variance: the distances from the mean are squared.",
            _with_error(lambda low, high, count: sum(part**2 for part in _mean_and_deviation(low, high, count))),
        ),
        Misconception(
            "difference_of_squares",
            "The squares of the two ends are subtracted. The width comes first, high - low, and is then squared.",
            _with_error(lambda low, high, count: count * (high**2 - low**2) / 12),
        ),
        Misconception(
            "width_ignored",
            "The error is that of numbers between 0 and 1, whatever the range is. A wider range has a larger error.",
            _with_error(lambda low, high, count: count / 12),
        ),
        Misconception(
            "largest_error",
            "The error is the largest squared error that can occur. The mean over all answers is asked for, and most of"
            " them are nearer to the guess.",
            _with_error(lambda low, high, count: (count * (high - low) / 2) ** 2),
        ),
        Misconception(
            "low_ignored",
            "The range is taken to begin at 0. Its middle is (low + high) / 2, and its width is high - low.",
            lambda low, high, count: baseline(0, high, count),
        ),
        Misconception(
            "not_the_middle",
            "The guess is not made from the middle of the range, which is (low + high) / 2, with the parentheses.",
            lambda low, high, count: (count * (high - low) / 2, baseline(low, high, count)[1]),
            also=(
                lambda low, high, count: (count * (low + high / 2), baseline(low, high, count)[1]),
                lambda low, high, count: (count * high / 2, baseline(low, high, count)[1]),
                lambda low, high, count: (count / 2, baseline(low, high, count)[1]),
            ),
        ),
        Misconception(
            "no_error",
            "The error is 0. The best constant guess is still wrong nearly always: by how much, is the baseline.",
            _with_error(lambda low, high, count: 0.0),
        ),
        Misconception(
            "guess_is_zero",
            "The guess is 0. The best constant guess is the mean of the right answers, and that is 0 only for a range"
            " about 0.",
            lambda low, high, count: (0.0, baseline(low, high, count)[1]),
            also=(
                lambda low, high, count: (
                    0.0,
                    sum(part**2 for part in _mean_and_deviation(low, high, count)),
                ),
            ),
        ),
        Misconception(
            "exchanged",
            "The two come back in the wrong order: the guess first, then its error.",
            lambda low, high, count: baseline(low, high, count)[::-1],
        ),
    ),
)


def _mean_and_deviation(low, high, count):
    mean, variance = baseline(low, high, count)
    return mean, math.sqrt(variance)


# The adding problem, from given draws


def adding_data(numbers, draws):
    """Sequences with two marks each, and the sums to be found."""
    return _adding()(numbers, draws)


def _adding(
    places=lambda draws, T: (np.floor(draws[:, 0] * (T // 2)), T // 2 + np.floor(draws[:, 1] * (T - T // 2))),
    inputs=lambda numbers, marks: np.stack([numbers, marks], axis=2),
    target=lambda numbers, marks, first, second: (numbers * marks).sum(axis=1),
):
    """Make a version from where the marks stand, how the inputs are laid out and what the target is."""

    def made(numbers, draws):
        rows, T = np.arange(len(numbers)), numbers.shape[1]
        first, second = (np.asarray(steps).astype(int) for steps in places(draws, T))
        marks = np.zeros(numbers.shape, numbers.dtype)
        marks[rows, first] = marks[rows, second] = 1
        return inputs(numbers, marks), target(numbers, marks, first, second)

    return made


def _found_there(numbers, marks, first, second):
    """Add up what stands at the two places, which may be one and the same."""
    rows = np.arange(len(numbers))
    return numbers[rows, first] + numbers[rows, second]


def _marked_everywhere(numbers, draws):
    """Set the marks of every sequence in all sequences, as an index of all rows does."""
    x, y = adding_data(numbers, draws)
    x[:, x[:, :, 1].any(axis=0), 1] = 1
    return x, y


def _draw_adding(rng):
    def case(name, B, T, dtype=np.float64, last=False):
        numbers = rng.random((B, T)).astype(dtype)
        halves = np.array([T // 2, T - T // 2])
        steps = rng.integers(0, halves, (B, 2))
        if B > 1:  # The marks of two sequences differ, and no place is right for both halves.
            steps[0], steps[1] = (0, 1), (halves[0] - 1, 0)
        if last:
            steps[0, 1] = halves[1] - 1
        # Well inside the share of [0, 1) that belongs to a step: below its middle for one mark, above it for another.
        inside = np.where(rng.permuted(np.arange(2 * B) % 2).reshape(B, 2), 0.2, 0.75)
        if B > 1:
            inside[1] = 0.75
        return Case(name, Call("adding_data", (numbers, ((steps + inside) / halves).astype(dtype))))

    return [
        case("three sequences of eight steps", 3, 8),
        case("one sequence", 1, 12),
        case("an odd number of steps", 4, 7, last=True),
        case("as many sequences as steps, float32", 6, 6, np.float32),
    ]


ADDING_DATA = Question(
    id="ch01.adding_data",
    title="The adding problem, from given draws",
    points=2,
    answer="adding_data",
    reference=adding_data,
    draw=_draw_adding,
    returns=(Part("x", "BTI"), Part("y", "B")),
    page=ADDING,
    hints=(
        "How many steps has the first half, and how many the second, if T is odd? Multiply a draw by that and cut off"
        " what follows the point: which whole numbers can come out?",
        "With `half = T // 2`, the first mark stands at `(draws[:, 0] * half).astype(int)` and the second at"
        " `half + (draws[:, 1] * (T - half)).astype(int)`. One entry of each row is reached by two lists of places:"
        " `x[np.arange(B), first, 1] = 1`.",
    ),
    misconceptions=(
        Misconception(
            "second_in_first_half",
            "Both marks stand in the first half. The steps of the second half begin at T // 2: add it.",
            _adding(lambda draws, T: (draws[:, 0] * (T // 2), draws[:, 1] * (T - T // 2))),
            also=(
                _adding(lambda draws, T: (draws[:, 0] * (T // 2), draws[:, 1] * (T // 2))),
                _adding(
                    lambda draws, T: (draws[:, 0] * (T // 2), draws[:, 1] * (T - T // 2)),
                    target=_found_there,
                ),
                _adding(lambda draws, T: (draws[:, 0] * (T // 2), draws[:, 1] * (T // 2)), target=_found_there),
            ),
        ),
        Misconception(
            "anywhere",
            "Each mark may stand anywhere. One belongs into the first half, the other into the second.",
            _adding(lambda draws, T: (draws[:, 0] * T, draws[:, 1] * T)),
            also=(_adding(lambda draws, T: (draws[:, 0] * T, draws[:, 1] * T), target=_found_there),),
        ),
        Misconception(
            "last_of_each_never",
            "The last step of each half is never marked. A half of n steps is n pieces of [0, 1), not n - 1: multiply"
            " by n.",
            _adding(lambda draws, T: (draws[:, 0] * (T // 2 - 1), T // 2 + np.floor(draws[:, 1] * (T - T // 2 - 1)))),
        ),
        Misconception(
            "last_step_never",
            "With an odd number of steps the last one is never marked: the second half is longer by one,"
            " T - T // 2 steps.",
            _adding(lambda draws, T: (draws[:, 0] * (T // 2), T // 2 + draws[:, 1] * (T // 2))),
        ),
        Misconception(
            "equal_halves",
            "With an odd number of steps both halves are taken to be T / 2 long, and a step in the middle belongs to"
            " both. The first has T // 2 steps, the second the other T - T // 2.",
            _adding(lambda draws, T: (draws[:, 0] * (T / 2), T / 2 + draws[:, 1] * (T / 2))),
            also=(_adding(lambda draws, T: (draws[:, 0] * T // 2, T // 2 + draws[:, 1] * T // 2)),),
        ),
        Misconception(
            "rounded",
            "The places are rounded to the nearest whole number. That reaches one step too far, and the ends half as"
            " often: cut off what follows the point.",
            _adding(
                lambda draws, T: (
                    np.round(draws[:, 0] * (T // 2)),
                    np.minimum(T // 2 + np.round(draws[:, 1] * (T - T // 2)), T - 1),
                )
            ),
            also=(
                _adding(
                    lambda draws, T: (np.round(draws[:, 0] * (T // 2)), T // 2 + np.round(draws[:, 1] * (T - T // 2)))
                ),
                _adding(
                    lambda draws, T: (
                        np.round(draws[:, 0] * (T // 2)),
                        np.minimum(T // 2 + np.round(draws[:, 1] * (T - T // 2)), T - 1),
                    ),
                    target=_found_there,
                ),
                _adding(
                    lambda draws, T: (
                        np.round(draws[:, 0] * (T // 2 - 1)),
                        T // 2 + np.round(draws[:, 1] * (T - T // 2 - 1)),
                    )
                ),
            ),
        ),
        Misconception(
            "draws_exchanged",
            "The draws are exchanged: column 0 places the mark of the first half, column 1 that of the second.",
            _adding(lambda draws, T: (draws[:, 1] * (T // 2), T // 2 + np.floor(draws[:, 0] * (T - T // 2)))),
        ),
        Misconception(
            "one_place_for_all",
            "All sequences have their marks at the places of the first one. Each has a row of draws of its own.",
            lambda numbers, draws: adding_data(numbers, np.broadcast_to(draws[:1], draws.shape)),
        ),
        Misconception(
            "marked_in_all",
            "The marks of every sequence stand in all of them. x[:, places, 1] takes these steps of every sequence;"
            " x[np.arange(B), places, 1] takes one of each.",
            _marked_everywhere,
            also=(
                lambda numbers, draws: (
                    _marked_everywhere(numbers, draws)[0],
                    _marked_everywhere(numbers, draws)[0].prod(axis=2).sum(axis=1),
                ),
            ),
        ),
        Misconception(
            "numbers_hidden",
            "The numbers without a mark have become 0. All of them stay: to find out which ones count is the task.",
            _adding(inputs=lambda numbers, marks: np.stack([numbers * marks, marks], axis=2)),
        ),
        Misconception(
            "mark_is_number",
            "Where a mark belongs stands the number itself. A mark is 1, whatever it marks.",
            _adding(inputs=lambda numbers, marks: np.stack([numbers, numbers * marks], axis=2)),
        ),
        Misconception(
            "inputs_exchanged",
            "The two inputs are exchanged: input 0 is the number, input 1 the mark.",
            _adding(inputs=lambda numbers, marks: np.stack([marks, numbers], axis=2)),
        ),
        Misconception(
            "one_mark",
            "There is one mark where there should be two: the second one stands on the first.",
            _adding(lambda draws, T: (draws[:, 0] * (T // 2), draws[:, 0] * (T // 2))),
        ),
        Misconception(
            "target_of_one_mark",
            "The target is one of the two marked numbers. It is their sum.",
            _adding(target=lambda numbers, marks, first, second: numbers[np.arange(len(numbers)), first]),
            also=(_adding(target=lambda numbers, marks, first, second: numbers[np.arange(len(numbers)), second]),),
        ),
        Misconception(
            "all_added",
            "The target is the sum of all numbers. Only the two marked ones are added.",
            _adding(target=lambda numbers, marks, first, second: numbers.sum(axis=1)),
            also=(_adding(target=lambda numbers, marks, first, second: (numbers + marks).sum(axis=1)),),
        ),
        Misconception(
            "mean",
            "The target is the mean of the two marked numbers. It is their sum.",
            _adding(target=lambda numbers, marks, first, second: (numbers * marks).sum(axis=1) / 2),
        ),
        Misconception(
            "mean_over_steps",
            "The target is divided by the number of steps. It is the sum of the two marked numbers.",
            _adding(target=lambda numbers, marks, first, second: (numbers * marks).mean(axis=1)),
        ),
        Misconception(
            "product",
            "The target is the product of the two marked numbers. It is their sum.",
            _adding(target=lambda numbers, marks, first, second: np.where(marks == 1, numbers, 1).prod(axis=1)),
        ),
        Misconception(
            "places_added",
            "The target is the sum of the two places. The numbers that stand there are added.",
            _adding(target=lambda numbers, marks, first, second: first + second),
        ),
        Misconception(
            "steps_first",
            "The steps come first in x. A layer of this course reads (B, T, I): sequences first.",
            lambda numbers, draws: (adding_data(numbers, draws)[0].transpose(1, 0, 2), adding_data(numbers, draws)[1]),
            FIRST_LAYER,
        ),
        Misconception(
            "inputs_before_steps",
            "The inputs come before the steps in x. A layer reads (B, T, I): the last axis counts inputs.",
            lambda numbers, draws: (adding_data(numbers, draws)[0].transpose(0, 2, 1), adding_data(numbers, draws)[1]),
            FIRST_LAYER,
        ),
    ),
)


# A plain network over time


def _step(x, h, W, U, b):
    return np.tanh(x @ W.T + h @ U.T + b)


def _over_time(step=_step):
    """Make a run over sequences from a step on rows."""

    def run(x, h0, W, U, b):
        h, states = h0, []
        for t in range(x.shape[1]):
            h = step(x[:, t], h, W, U, b)
            states.append(h)
        return np.stack(states, axis=1)

    return run


def plain_states(x, h0, W, U, b):
    """State after each step of each sequence."""
    return _over_time()(x, h0, W, U, b)


def _one_after_another(x, h0, W, U, b):
    """Read the sequences as if they were one."""
    B, T, I = x.shape
    return plain_states(x.reshape(1, B * T, I), h0[:1], W, U, b).reshape(B, T, -1)


def _plain_arrays(rng, B, T, I, H, dtype):
    arrays = (
        rng.normal(0, 1, (B, T, I)),
        state(rng, B, H),
        *(rng.normal(0, 0.8, shape) for shape in ((H, I), (H, H))),
        state(rng, 1, H)[0],
    )
    return tuple(array.astype(dtype) for array in arrays)


def _draw_run(rng):
    def case(name, B, T, I, H, dtype=np.float64):
        return Case(name, Call("plain_states", _plain_arrays(rng, B, T, I, H, dtype)))

    return [
        case("one sequence of two steps", 1, 2, 2, 3),
        case("three sequences of five steps", 3, 5, 2, 4),
        case("as many sequences as steps, inputs and units", 3, 3, 3, 3),
        case("a dozen steps in float32", 2, 12, 3, 2, np.float32),
    ]


RUN = Question(
    id="ch01.run",
    title="A plain network over time",
    points=3,
    answer="plain_states",
    reference=plain_states,
    draw=_draw_run,
    returns=(Part("states", "BTH"),),
    public_seed=0,
    page=EQUATION,
    hints=(
        "The steps have to be taken one after another, because each needs the state of the one before. The sequences do"
        " not: `x[:, t]` is the input of step t of all of them, (B, I). By what must it be multiplied so that (B, H)"
        " comes out?",
        "Examples are rows here, so the weights stand behind, transposed: `h = np.tanh(x[:, t] @ W.T + h @ U.T + b)`."
        " Collect the states in a list; `np.stack(states, axis=1)` puts time into the middle.",
    ),
    misconceptions=(
        Misconception(
            "recurrent_transposed",
            "U is used without its transpose. Row i of U holds the weights into unit i, and the states are rows here:"
            " h @ U.T. U is square, and therefore no shape warns of it.",
            _over_time(lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U + b)),
            ONE_STEP,
        ),
        Misconception(
            "input_transposed",
            "W is used without its transpose. Row i of W holds the weights into unit i, and the inputs are rows here:"
            " x[:, t] @ W.T. The other way fits only where there are as many inputs as units.",
            _over_time(lambda x, h, W, U, b: np.tanh(x @ W + h @ U.T + b)),
            also=(_over_time(lambda x, h, W, U, b: np.tanh(x @ W + h @ U + b)),),
        ),
        Misconception(
            "starts_at_zero",
            "The first step starts from zero. Here the state before the first step is given: h0.",
            lambda x, h0, W, U, b: plain_states(x, 0 * h0, W, U, b),
        ),
        Misconception(
            "starts_anew",
            "Every step starts from h0. It starts from the state that the step before has left.",
            lambda x, h0, W, U, b: _over_time(lambda x, h, W, U, b: _step(x, h0, W, U, b))(x, h0, W, U, b),
        ),
        Misconception(
            "one_late",
            "These are the states before the steps, beginning with h0. What a layer returns begins with the state after"
            " the first step.",
            lambda x, h0, W, U, b: np.concatenate([h0[:, None], plain_states(x, h0, W, U, b)[:, :-1]], axis=1),
            FIRST_LAYER,
        ),
        Misconception(
            "start_included",
            "h0 stands among the states. There are T of them: after the first step, after the second, and so on.",
            lambda x, h0, W, U, b: np.concatenate([h0[:, None], plain_states(x, h0, W, U, b)], axis=1),
            FIRST_LAYER,
        ),
        Misconception(
            "last_only",
            "This is the state after the last step. The states of all steps are asked for.",
            lambda x, h0, W, U, b: plain_states(x, h0, W, U, b)[:, -1],
            LAST_ONLY,
        ),
        Misconception(
            "first_only",
            "There is the state after one step and no other. A return inside the loop ends it in its first round.",
            lambda x, h0, W, U, b: plain_states(x[:, :1], h0, W, U, b),
            also=(lambda x, h0, W, U, b: plain_states(x[:, :1], h0, W, U, b)[:, 0],),
        ),
        Misconception(
            "last_at_every_step",
            "The state after the last step stands at every step: one array was written anew each time, and the list"
            " holds it T times. Make a new array in each step, or append a copy.",
            lambda x, h0, W, U, b: np.repeat(plain_states(x, h0, W, U, b)[:, -1:], x.shape[1], axis=1),
        ),
        Misconception(
            "carried_to_the_next",
            "A sequence begins with the state that the one before it has left. Sequences do not know of one another:"
            " each begins with its own row of h0.",
            _one_after_another,
            FIRST_LAYER,
        ),
        Misconception(
            "weights_in_front",
            "The weights stand in front, as in the equation. There examples are columns; here they are rows, and the"
            " weights stand behind, transposed: x[:, t] @ W.T.",
            _over_time(lambda x, h, W, U, b: np.tanh(W @ x + U @ h + b)),
            ONE_STEP,
        ),
        Misconception(
            "as_many_steps_as_sequences",
            "len(x) is the number of sequences, and the loop takes as many steps. There are x.shape[1] of them.",
            lambda x, h0, W, U, b: plain_states(x.take(range(len(x)), axis=1), h0, W, U, b),
            EXCHANGED,
        ),
        Misconception(
            "time_first",
            "The steps come first, (T, B, H). Sequences come first here: np.stack(states, axis=1) puts time into the"
            " middle.",
            lambda x, h0, W, U, b: plain_states(x, h0, W, U, b).transpose(1, 0, 2),
        ),
        Misconception(
            "reshaped_to_batch_first",
            "reshape has cut (T, B, H) into (B, T, H) without moving a number, so that sequences and steps are mixed."
            " np.stack(states, axis=1) or a transpose moves the axes.",
            lambda x, h0, W, U, b: plain_states(x, h0, W, U, b).transpose(1, 0, 2).reshape(*x.shape[:2], -1),
            EXCHANGED,
        ),
        Misconception(
            "batch_and_time_exchanged",
            "A loop over x itself goes through the sequences, as if they were steps. Its first axis counts sequences;"
            " the steps are x[:, t].",
            lambda x, h0, W, U, b: plain_states(x.transpose(1, 0, 2), h0, W, U, b),
            EXCHANGED,
            also=(lambda x, h0, W, U, b: plain_states(x.transpose(1, 0, 2), h0, W, U, b).transpose(1, 0, 2),),
        ),
        Misconception(
            "backwards",
            "The steps are taken from the last to the first. Time runs the other way.",
            lambda x, h0, W, U, b: plain_states(x[:, ::-1], h0, W, U, b),
            also=(lambda x, h0, W, U, b: plain_states(x[:, ::-1], h0, W, U, b)[:, ::-1],),
        ),
        Misconception(
            "no_recurrence",
            "The old state plays no part: h @ U.T is missing, and with it the memory.",
            _over_time(lambda x, h, W, U, b: np.tanh(x @ W.T + b)),
        ),
        Misconception(
            "no_input",
            "The inputs play no part: x[:, t] @ W.T is missing.",
            _over_time(lambda x, h, W, U, b: np.tanh(h @ U.T + b)),
        ),
        Misconception(
            "same_input",
            "Every step reads the input of the first. Step t reads x[:, t].",
            lambda x, h0, W, U, b: plain_states(np.repeat(x[:, :1], x.shape[1], axis=1), h0, W, U, b),
        ),
        Misconception(
            "no_bias",
            "The bias is missing.",
            lambda x, h0, W, U, b: plain_states(x, h0, W, U, 0 * b),
        ),
        Misconception(
            "no_tanh",
            "The tanh is missing: nothing keeps the states between -1 and 1.",
            _over_time(lambda x, h, W, U, b: x @ W.T + h @ U.T + b),
        ),
        Misconception(
            "tanh_of_a_part",
            "The bias, or another term, is added after the tanh. All three are added first, and one tanh takes their"
            " sum.",
            _over_time(lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U.T) + b),
            also=(
                _over_time(lambda x, h, W, U, b: np.tanh(x @ W.T + b) + h @ U.T),
                _over_time(lambda x, h, W, U, b: np.tanh(x @ W.T) + np.tanh(h @ U.T + b)),
            ),
        ),
        Misconception(
            "sigmoid",
            "A sigmoid stands in place of the tanh. The states of a plain network have a sign, between -1 and 1.",
            _over_time(lambda x, h, W, U, b: sigmoid(x @ W.T + h @ U.T + b)),
        ),
        Misconception(
            "state_kept",
            "The old state is added to the new one. A plain network keeps nothing as it is: it writes the tanh in its"
            " place.",
            _over_time(lambda x, h, W, U, b: h + _step(x, h, W, U, b)),
            f"{STEM}#A memory that is written anew at every step",
        ),
        Misconception(
            "state_without_weights",
            "The old state is added without its weights. Every unit hears every unit: h @ U.T.",
            _over_time(lambda x, h, W, U, b: np.tanh(x @ W.T + h + b)),
        ),
        Misconception(
            "elementwise",
            "* multiplies entry by entry. A product of matrices is meant, h @ U.T.",
            _over_time(lambda x, h, W, U, b: np.tanh(x @ W.T + h * U + b)),
            ONE_STEP,
        ),
    ),
)


# How far back a plain network reaches


def _backwards(factor=lambda d, h, U: (d * (1 - h**2)) @ U, size=lambda d: np.linalg.norm(d, axis=1), shift=0):
    """Make a way back over the steps from how a gradient passes one, and what is read off it."""

    def back(states, U, readout):
        T = states.shape[1]
        d = np.tile(readout, (len(states), 1))
        left = np.zeros(states.shape[:2])
        for t in reversed(range(T)):
            left[:, t] = size(d)
            d = factor(d, states[:, max(t + shift, 0)], U)
        return left / left[:, -1:]

    return back


def reach_back(states, U, readout):
    """Size of a gradient at every step, relative to that at the last one."""
    return _backwards()(states, U, readout)


def _unrelated(back):
    """Undo the division by the last step's norm."""
    return lambda states, U, readout: back(states, U, readout) * np.linalg.norm(readout)


def _sizes(of_weights, of_slopes):
    """Multiply sizes of the factors, where the size of their product is asked for."""

    def back(states, U, readout):
        left = np.ones(states.shape[:2])
        for t in reversed(range(1, states.shape[1])):
            left[:, t - 1] = left[:, t] * of_weights(U) * of_slopes(1 - states[:, t] ** 2)
        return left

    return back


def _before_the_tanh(states, U, readout):
    """Take the norms of the gradients of what went into each tanh."""
    left = np.zeros(states.shape[:2])
    d = np.tile(readout, (len(states), 1))
    for t in reversed(range(states.shape[1])):
        d = d * (1 - states[:, t] ** 2)
        left[:, t] = np.linalg.norm(d, axis=1)
        d = d @ U
    return left / left[:, -1:]


def _draw_reach(rng):
    def case(name, B, T, H, dtype=np.float64):
        states = (rng.uniform(0.2, 0.8, (B, T, H)) * rng.choice([-1, 1], (B, T, H))).astype(dtype)
        U, readout = rng.normal(0, 1, (H, H)).astype(dtype), (2 * state(rng, 1, H)[0]).astype(dtype)
        return Case(name, Call("reach_back", (states, U, readout)))

    return [
        case("one sequence of three steps", 1, 3, 2),
        case("three sequences of six steps", 3, 6, 4),
        case("as many sequences as steps and units", 4, 4, 4),
        case("ten steps in float32", 2, 10, 3, np.float32),
    ]


REACH = Question(
    id="ch01.reach",
    title="How far back a plain network reaches",
    points=3,
    answer="reach_back",
    reference=reach_back,
    draw=_draw_reach,
    returns=(Part("left", "BT"),),
    public_seed=8,
    page=FADES,
    hints=(
        "Begin at the end. By how much does the answer change with each unit of the *last* state? Then go one step"
        " back: the last state came out of a tanh, and into that went the state before, through U.",
        "At the end the gradient is `readout`. A step back is `d = (d * (1 - states[:, t]**2)) @ U`, with the states"
        " that this step has *made*: first the slope of tanh, then the weights, from unit i back to all that spoke to"
        " it. Note the norm of each row before you go on, and divide by the norm of `readout`.",
    ),
    misconceptions=(
        Misconception(
            "recurrent_transposed",
            "On the way back U is transposed once too often. Forwards it is U h; the gradient goes back with its"
            " transpose, and with examples as rows that is d @ U.",
            _backwards(lambda d, h, U: (d * (1 - h**2)) @ U.T),
        ),
        Misconception(
            "no_slope",
            "The slope of tanh is missing: each step back multiplies by 1 - h² first, entry by entry.",
            _backwards(lambda d, h, U: d @ U),
            CHANGE,
        ),
        Misconception(
            "slope_last",
            "The slope is multiplied in after the weights. A change goes through U first and then through tanh, so the"
            " way back meets the tanh first.",
            _backwards(lambda d, h, U: (d @ U) * (1 - h**2)),
        ),
        Misconception(
            "slope_of_the_step_before",
            "The slope is taken at the state before the step. The tanh of a step gave the state *after* it, and the"
            " slope is that state's 1 - h².",
            _backwards(shift=-1),
            THREE_STEPS,
        ),
        Misconception(
            "tanh_twice",
            "tanh is applied to the states once more. They came out of tanh already: the slope is 1 - h².",
            _backwards(lambda d, h, U: (d * (1 - np.tanh(h) ** 2)) @ U),
            CHANGE,
        ),
        Misconception(
            "sigmoid_slope",
            "h (1 - h) is the slope of a sigmoid. That of tanh is 1 - h².",
            _backwards(lambda d, h, U: (d * h * (1 - h)) @ U),
            CHANGE,
        ),
        Misconception(
            "state_for_slope",
            "The states themselves stand where their slopes belong: 1 - h².",
            _backwards(lambda d, h, U: (d * h) @ U),
            CHANGE,
        ),
        Misconception(
            "no_weights",
            "The weights are missing: a step back is multiplied by the slopes, and then goes through U.",
            _backwards(lambda d, h, U: d * (1 - h**2)),
        ),
        Misconception(
            "not_relative",
            "The norms are not divided. At the last step the share is 1: divide by the norm of the readout.",
            _unrelated(reach_back),
        ),
        Misconception(
            "turned_around",
            "The order is turned around: this counts steps back from the end. Entry t belongs to the state after step"
            " t, so the last entry is 1.",
            lambda states, U, readout: reach_back(states, U, readout)[:, ::-1],
        ),
        Misconception(
            "readout_ignored",
            "The way back begins with ones. It begins with the readout, by which the answer is formed from the last"
            " state.",
            lambda states, U, readout: reach_back(states, U, np.ones_like(readout)),
        ),
        Misconception(
            "squared",
            "These are squares of the norms. The norm is the root of the sum of squares.",
            lambda states, U, readout: reach_back(states, U, readout) ** 2,
        ),
        Misconception(
            "sum_of_sizes",
            "The sizes of the entries are added. The norm is the root of the sum of their squares.",
            _backwards(size=lambda d: np.abs(d).sum(axis=1)),
        ),
        Misconception(
            "sum_of_entries",
            "The entries of the gradient are added, and those of opposite signs cancel. The norm is the root of the sum"
            " of squares.",
            _backwards(size=lambda d: d.sum(axis=1)),
            also=(_backwards(size=lambda d: np.abs(d.sum(axis=1))),),
        ),
        Misconception(
            "largest_entry",
            "This is the largest entry of the gradient. The norm is the root of the sum of squares.",
            _backwards(size=lambda d: np.abs(d).max(axis=1)),
        ),
        Misconception(
            "one_step_off",
            "Everything stands one step too far along: entry t is the share before step t. The last entry, after the"
            " last step, is 1.",
            lambda states, U, readout: np.concatenate(
                [
                    reach_back(np.concatenate([states[:, :1], states], axis=1), U, readout)[:, :1],
                    reach_back(states, U, readout)[:, :-1],
                ],
                axis=1,
            ),
        ),
        Misconception(
            "product_of_sizes",
            "The sizes of the factors are multiplied. The size of a product of matrices is at most that, and mostly far"
            " smaller: carry the gradient itself back, and take the norm of that.",
            _sizes(lambda U: np.linalg.norm(U, 2), lambda slopes: np.linalg.norm(slopes, axis=1)),
            also=(
                _sizes(lambda U: np.linalg.norm(U, 2), lambda slopes: slopes.max(axis=1)),
                _sizes(lambda U: np.linalg.norm(U, 2), lambda slopes: slopes.mean(axis=1)),
                _sizes(np.linalg.norm, lambda slopes: np.linalg.norm(slopes, axis=1)),
                _sizes(np.linalg.norm, lambda slopes: slopes.max(axis=1)),
                _sizes(np.linalg.norm, lambda slopes: slopes.mean(axis=1)),
            ),
        ),
        Misconception(
            "before_the_tanh",
            "The slope is multiplied in before the norm is taken: that is the gradient of what goes into the tanh of"
            " step t. Take the norm first, and then go on through the tanh.",
            _before_the_tanh,
        ),
        Misconception(
            "whole_batch",
            "One norm is taken of all sequences together. Each has its own: axis=1.",
            _backwards(size=lambda d: np.full(len(d), np.linalg.norm(d))),
        ),
        Misconception(
            "averaged",
            "This is the mean over the sequences. Here each has a row of its own.",
            lambda states, U, readout: reach_back(states, U, readout).mean(axis=0),
        ),
        Misconception(
            "same_step",
            "Every step back uses the slopes of the last step. Each step has states of its own.",
            lambda states, U, readout: reach_back(np.repeat(states[:, -1:], states.shape[1], axis=1), U, readout),
        ),
        Misconception(
            "not_carried_on",
            "Every step is reached from the end in one go. The gradient passes all the steps in between, one after"
            " another.",
            lambda states, U, readout: np.concatenate(
                [
                    np.linalg.norm((readout * (1 - states[:, 1:] ** 2)) @ U, axis=2) / np.linalg.norm(readout),
                    np.ones((len(states), 1)),
                ],
                axis=1,
            ),
        ),
    ),
)


# A program to repair


def explained(x, y, W, U, b, readout, constant):
    """Share of the baseline's error that a plain network explains."""
    return _explained()(x, y, W, U, b, readout, constant)


def _explained(
    over=lambda x: x.transpose(1, 0, 2),
    answer=lambda a: a[:, 0],
    knows_nothing=lambda y, answers: np.mean((y - y.mean()) ** 2),
    share=lambda error, base: 1 - error / base,
    run=_step,
):
    """Make a version in which some of the three faults are left, or another is made."""

    def made(x, y, W, U, b, readout, constant):
        h = np.zeros((len(x), len(b)))
        for x_t in over(x):
            h = run(x_t, h, W, U, b)
        answers = answer(h @ readout + constant)
        return share(np.mean((answers - y) ** 2), knows_nothing(y, answers))

    return made


BY_SEQUENCE = {"over": lambda x: x}
COLUMN = {"answer": lambda a: a}
FROM_ZERO = {"knows_nothing": lambda y, answers: np.mean(y**2)}


def _draw_explained(rng):
    def case(name, B, T, I, H, dtype=np.float64):
        x, _, W, U, b = _plain_arrays(rng, B, T, I, H, dtype)
        readout, constant = 2 * state(rng, H, 1, dtype), 2 * state(rng, 1, 1, dtype)[0]
        h = _over_time()(x, np.zeros((B, H)), W, U, b)[:, -1]
        answers = (h @ readout + constant)[:, 0]
        # The errors have a mean other than 0: a baseline about the mean of the answers is not the one about that of y.
        y = answers + answers.std() * rng.permuted(np.linspace(-0.3, 1.3, B))
        return Case(name, Call("explained", (x, y.astype(dtype), W, U, b, readout, constant)))

    return [
        case("as many sequences as steps", 5, 5, 3, 3),
        case("eight sequences of three steps", 8, 3, 2, 4),
        case("as many sequences as steps, inputs and units", 4, 4, 4, 4),
        case("float32", 6, 4, 3, 2, np.float32),
    ]


REPAIR = Question(
    id="ch01.repair",
    title="A program to repair",
    points=3,
    answer="explained",
    reference=explained,
    draw=_draw_explained,
    returns=(Part("the share", ""),),
    page=EXCHANGED,
    hints=(
        "Take the lines one at a time and write beside each the shape of what it computes, with letters. What does a"
        " loop over `x` go through? What is the shape of `answers`, what that of `y`, and what that of their"
        " difference? And what would the best answer say that knows nothing?",
        "`x[:, t]` is a time step of all sequences. (B, 1) minus (B,) is (B, B), every answer against every target:"
        " `answers[:, 0]` is a row like `y`. And the best constant guess is the mean of `y`, not 0.",
    ),
    misconceptions=(
        Misconception(
            "as_printed",
            "All three faults are still there: the loop goes through the sequences, every answer is compared with every"
            " target, and the baseline is that of always saying 0.",
            _explained(**BY_SEQUENCE, **COLUMN, **FROM_ZERO),
        ),
        Misconception(
            "batch_and_time",
            "One fault is left: a loop over x goes through the sequences and takes them for steps. The steps are"
            " x[:, t].",
            _explained(**BY_SEQUENCE),
        ),
        Misconception(
            "every_answer_with_every_target",
            "One fault is left: the answers have shape (B, 1) and y has shape (B,), so their difference is (B, B),"
            " every answer against every target. No error says so; answers[:, 0] makes them alike.",
            _explained(**COLUMN),
        ),
        Misconception(
            "from_zero",
            "One fault is left: the baseline is that of always saying 0. The best constant guess is the mean of y.",
            _explained(**FROM_ZERO),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "axes_and_column",
            "Two faults are left: the loop goes through the sequences, and every answer is compared with every target.",
            _explained(**BY_SEQUENCE, **COLUMN),
        ),
        Misconception(
            "axes_and_zero",
            "Two faults are left: the loop goes through the sequences, and the baseline is that of always saying 0.",
            _explained(**BY_SEQUENCE, **FROM_ZERO),
        ),
        Misconception(
            "column_and_zero",
            "Two faults are left: every answer is compared with every target, and the baseline is that of always saying"
            " 0.",
            _explained(**COLUMN, **FROM_ZERO),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "always_one",
            "The baseline is that of always saying 1. That is the best guess in the adding problem; here it is the mean"
            " of y.",
            _explained(knows_nothing=lambda y, answers: np.mean((1 - y) ** 2)),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "of_the_adding_problem",
            "The baseline is 1/6, that of the adding problem. Here it is the mean squared distance of y from its mean.",
            _explained(knows_nothing=lambda y, answers: 1 / 6),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "mean_of_the_answers",
            "The baseline always says the mean of the network's answers. An answer that knows nothing does not know"
            " them either: its best guess is the mean of y.",
            _explained(knows_nothing=lambda y, answers: np.mean((y - answers.mean()) ** 2)),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "spread_of_the_answers",
            "The error is divided by how much the network's answers vary. It is compared with the error of the best"
            " constant guess, which depends on y alone.",
            _explained(knows_nothing=lambda y, answers: np.var(answers)),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "share_left",
            "This is the share of the error that is left. What is explained is the rest: 1 minus it.",
            _explained(share=lambda error, base: error / base),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "error_itself",
            "This is the error itself. By itself it says little: compare it with the error of the best constant guess.",
            _explained(share=lambda error, base: error),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "difference",
            "The error is subtracted from the baseline. A share is asked for: 1 minus the error divided by the"
            " baseline.",
            _explained(share=lambda error, base: base - error),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "of_roots",
            "The share is formed of the roots. It is one of the mean squared errors themselves.",
            _explained(share=lambda error, base: 1 - np.sqrt(error / base)),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "percent",
            "This is in percent. As a share it lies below 1.",
            _explained(share=lambda error, base: 100 * (1 - error / base)),
            WITHOUT_BASELINE,
        ),
        Misconception(
            "as_many_steps_as_sequences",
            "len(x) is the number of sequences, and the loop takes as many steps. There are x.shape[1] of them.",
            _explained(over=lambda x: [x[:, t] for t in range(len(x))]),
        ),
        Misconception(
            "reshaped",
            "reshape has made (T, B, I) of (B, T, I) without moving a number, so that sequences and steps are mixed."
            " x[:, t] is step t, or a transpose puts the steps first.",
            _explained(over=lambda x: x.reshape(x.shape[1], x.shape[0], -1)),
        ),
        Misconception(
            "new_fault_in_U",
            "The line with the tanh was right as it stood: h is a row for each sequence, and the weights stand behind"
            " it transposed, h @ U.T.",
            _explained(run=lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U + b)),
            ONE_STEP,
        ),
    ),
)


# Adding, with weights set by hand


def adding_weights():
    """One right answer of many: a mark opens the gate, and the candidate is the sum so far with the number added."""
    return (
        np.array([[0.0, 24.0]]),
        np.array([[-12.0]]),
        np.array([[0.01, 0.0]]),
        np.array([[1.0]]),
        np.array([[100.0]]),
    )


def summed(value, case):
    """Run a gated unit, whose gate sees the inputs alone, over sequences of numbers and marks; give its answers."""
    W_z, b_z, W_h, U_h, readout = (np.asarray(part, dtype=np.float64) for part in value)
    x = np.array(case.given)
    h = np.zeros(len(x))
    from_gate, from_candidate = (x @ W_z.T + b_z)[:, :, 0], (x @ W_h.T)[:, :, 0]
    for t in range(x.shape[1]):
        z = sigmoid(from_gate[:, t])
        h = (1 - z) * h + z * np.tanh(from_candidate[:, t] + U_h.item() * h)
    return readout.item() * h


def _draw_hand(rng):
    def case(name, B, T, numbers=(0, 1), places=None, weight=1):
        x = np.zeros((B, T, 2))
        x[:, :, 0] = rng.uniform(*numbers, (B, T)).round(3)
        halves = np.array([T // 2, T - T // 2])
        places = rng.integers(0, halves, (B, 2)) + [0, T // 2] if places is None else np.tile(places, (B, 1))
        x[np.arange(B)[:, np.newaxis], places, 1] = 1
        given = tuple(tuple(tuple(map(float, step)) for step in sequence) for sequence in x)
        return Case(name, Call("adding_weights"), weight, given)

    return [
        case("five steps", 3, 5),
        case("two large numbers", 2, 6, (0.9, 1)),
        case("forty steps", 4, 40, weight=2),
        case("the first step and the last of four hundred", 2, 400, (0.9, 1), (0, 399), 2),
    ]


LEAK = math.log(0.000125 / (1 - 0.000125))
"""Pre-activation of a gate through which four hundred numbers near 1, the worst that can come, add up to 0.05."""


def adding_fault(weights):
    """Say in a word what is wrong with the weights of a unit that is to add; the worst comes first.

    Parameters
    ----------
    weights : tuple of numpy.ndarray
        ``(W_z, b_z, W_h, U_h, readout)`` of the shapes (1, 2), (1, 1), (1, 2), (1, 1) and (1, 1).

    Returns
    -------
    str
        Id of a misconception; "" if nothing is.
    """
    (number, mark), bias, (step, of_mark) = weights[0].ravel(), weights[1].item(), weights[2].ravel()
    own, read = weights[3].item(), weights[4].item()
    opened = sigmoid(bias + mark)
    faults = {
        "nothing": not any(part.any() for part in weights),
        "gate_turned": mark < 0 < bias,
        "gate_sees_the_number": abs(number) > abs(mark),
        "always_open": bias >= 0,
        "always_shut": bias + mark <= 0,
        "number_ignored": step == 0,
        "overwrites": own == 0,
        "candidate_of_the_mark": of_mark != 0,
        "squashed": abs(step) > 0.125,
        "first_fades": own < 0.97,
        "first_grows": own > 1.03,
        "leaks": bias + max(number, 0) > LEAK,
        "opens_too_little": opened < 0.975 and abs(opened * step * read - 1) > 0.02,
        "readout": abs(opened * step * read - 1) > 0.02,
    }
    return next((name for name, found in faults.items() if found), "")


def _hand(id, sentence, page="", *, number=0.0, mark=24.0, bias=-12.0, step=0.01, of_mark=0.0, own=1.0, read=100.0):
    weights = tuple(np.array([part]) for part in ([number, mark], [bias], [step, of_mark], [own], [read]))
    return Misconception(id, sentence, lambda: weights, page, fits=lambda value: adding_fault(value) == id)


BY_HAND = Question(
    id="ch01.adding_weights",
    title="Adding, with weights set by hand",
    points=3,
    answer="adding_weights",
    reference=adding_weights,
    draw=_draw_hand,
    returns=(Part("W_z", "HI"), Part("b_z", "H1"), Part("W_h", "HI"), Part("U_h", "HH"), Part("readout", "1H")),
    kind="behaviour",
    tolerance=Tolerance(rtol=0, atol=0.05),
    behaviour=Behaviour(summed, Part("the answer", "B")),
    page=PICTURE,
    hints=(
        "When shall the gate be open, and when shut? Only the second input knows. And what must the candidate be at a"
        " mark, so that writing it adds the number to what the unit holds?",
        "The candidate must be the old state *plus* the number, and tanh leaves only small numbers as they are. So let"
        " the unit hold a hundredth of the sum: a small weight for the number, a weight of 1 for the state, and a"
        " readout that makes up for it. The bias must shut the gate so tightly that 400 steps without a mark do no"
        " harm: z below 0.0001.",
    ),
    misconceptions=(
        _hand(
            "nothing",
            "All weights are 0: the state stays at 0, and so does the answer.",
            number=0.0,
            mark=0.0,
            bias=0.0,
            step=0.0,
            own=0.0,
            read=0.0,
        ),
        _hand(
            "gate_turned",
            "The gate is shut at a mark and open elsewhere. In this book z near 1 writes: the mark needs a positive"
            " weight, and the bias must be negative.",
            KEEP,
            mark=-24.0,
            bias=12.0,
        ),
        _hand(
            "gate_sees_the_number",
            "The gate looks at the number more than at the mark. What is to be written, the second input says.",
            number=24.0,
            mark=0.0,
        ),
        _hand(
            "always_open",
            "The gate is open at every step, so every number is added. A negative bias shuts it where no mark is.",
            KEEP,
            bias=12.0,
        ),
        _hand(
            "always_shut",
            "The gate stays shut at a mark, so nothing is ever written. The weight of the mark must outweigh the bias.",
            KEEP,
            mark=4.0,
        ),
        _hand(
            "number_ignored",
            "The candidate does not look at the number, the first input. It is what is to be added.",
            step=0.0,
        ),
        _hand(
            "overwrites",
            "The second marked number takes the place of the first. The candidate must hold both, the old state and the"
            " number: U_h may not be 0.",
            own=0.0,
        ),
        _hand(
            "candidate_of_the_mark",
            "The candidate looks at the mark as well, so something is added that is no number. Only the gate needs to"
            " know of the mark.",
            of_mark=0.01,
        ),
        _hand(
            "squashed",
            "The sum is squashed: tanh leaves only small numbers as they are. Give the number a small weight, so that"
            " the unit holds a small share of the sum, and let the readout make up for it.",
            EQUATION,
            step=1.0,
            read=1.0,
        ),
        _hand(
            "first_fades",
            "At the second mark the first number loses a part: the candidate must contain the whole old state, with a"
            " weight of 1.",
            own=0.5,
        ),
        _hand(
            "first_grows",
            "At the second mark the first number grows: the candidate must contain the old state once, with a weight of"
            " 1.",
            own=2.0,
        ),
        _hand(
            "leaks",
            "Between the marks the gate is still a little open, and over many steps the numbers that count for nothing"
            " add up. Make the bias more negative, and the weight of the mark larger.",
            mark=10.0,
            bias=-4.0,
        ),
        _hand(
            "opens_too_little",
            "At a mark the gate does not open far enough, so that only a part of each number is written. Make the"
            " weight of the mark larger.",
            KEEP,
            mark=14.0,
        ),
        _hand(
            "readout",
            "The unit holds the right share of the sum, and the answer is not the sum: the readout must be the reverse"
            " of the weight that the number has in the candidate.",
            read=1.0,
        ),
    ),
)


ASSIGNMENT = Assignment(
    stem=STEM,
    title="Introduction",
    questions=(FADING, SHAPES, BASELINE, ADDING_DATA, RUN, REPAIR, REACH, BY_HAND),
    minutes=75,
    difficulty="from easy (1, 2, 3) to demanding (7, 8)",
    trains="You say how long a change lasts and what a layer returns, make a task, run a plain network, repair a"
    " program, measure how far back a memory reaches, and set a gate by hand.",
    next_step="Chapter 2 takes the gated unit apart.",
)
