"""The judge: what is told first, in which words, and what an answer is worth."""

import dataclasses
import itertools

import numpy as np
import pytest

from gru_checks.calling import Call, Outcome, perform
from gru_checks.comparison import agrees, compare
from gru_checks.judge import judge
from gru_checks.question import Behaviour, Case, Misconception, Part, Question, Tolerance
from gru_checks.registry import Assignment

A, B = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[-1.0], [0.5]])


def double(a):
    return 2 * a


def case(name, a, weight=1, **errors):
    return Case(name, Call("answer", (a,), errors), weight)


CASES = [case("the first", A), case("the second", B, 3)]

QUESTION = Question(
    id="test.double",
    title="Twice",
    points=4,
    answer="answer",
    reference=double,
    draw=lambda rng: CASES,
    returns=(Part("y", "HB"),),
    hints=("one", "two"),
    page="ch03-update-gate#The idea",
    misconceptions=(
        Misconception("squared", "This is the square.", lambda a: a**2, "ch03-update-gate#What goes wrong"),
        Misconception("negated", "The sign is wrong.", lambda a: -2 * a),
    ),
)


def told(function, question=QUESTION, cases=CASES, public=True):
    outcomes = [perform(Call("answer", c.call.arguments, c.call.errors), {"answer": function}) for c in cases]
    return judge(question, cases, outcomes, public=public)


def fixed(*outcomes, question=QUESTION, public=True):
    return judge(question, CASES, list(outcomes), public=public)


def returned(value, **more):
    return Outcome("returned", value=value, **more)


RIGHT = (returned(2 * A), returned(2 * B))


def test_a_right_answer():
    verdict = told(double)
    assert (verdict.status, verdict.points, verdict.max_points) == ("right", 4, 4)
    assert verdict.message == "Right in all 2 cases." and verdict.page == ""
    assert type(verdict.points) is float


def test_the_points_follow_the_weights_of_the_cases():
    def only_the_second(a):
        return 2 * a if len(a[0]) == 1 else 0 * a

    verdict = told(only_the_second)
    assert (verdict.status, verdict.points) == ("partly_right", 3)
    assert verdict.message.endswith("Right already: the second.")


# From the last in the order of the judge to the first: each stage outweighs all before it.
STAGES = {
    "value": returned(3 * B),
    "nonfinite": returned(B * np.nan),
    "dtype": returned(np.array([[-2], [1]])[::-1]),
    "shape": returned(2 * B.T),
    "type": returned("two"),
    "unreadable": Outcome("unreadable", message="a set"),
    "raised": Outcome("raised", error="ValueError", message="no", line="x = 1", line_number=3),
    "timed_out": Outcome("timed_out"),
    "crashed": Outcome("crashed"),
    "missing": Outcome("missing"),
    "not_attempted": Outcome("not_attempted", message="answer"),
}
WORDS = {
    "value": "-2 is right, yours is -3",
    "nonfinite": "a finite number is expected",
    "dtype": "whole numbers",
    "shape": "y has shape (1, 2); (H, B) = (2, 1) is expected",
    "type": "y is a str",
    "unreadable": "It returned a set".lower(),
    "raised": "it stopped with ValueError: no, in line 3 of its cell:\n    x = 1",
    "timed_out": "did not finish in time",
    "crashed": "the process ended",
    "missing": "No answer came back",
    "not_attempted": "answer still raises NotImplementedError",
}


@pytest.mark.parametrize("position", range(len(STAGES) - 1))
def test_of_two_troubles_the_earlier_in_the_order_is_told(position):
    names = list(STAGES)
    later, earlier = names[position], names[position + 1]
    first_trouble = STAGES[later]
    if later in ("value", "nonfinite", "dtype", "shape", "type"):
        # The first case has another shape, so its trouble is made for it.
        first_trouble = {
            "value": returned(3 * A),
            "nonfinite": returned(A * np.inf),
            "dtype": returned((2 * A + 1).astype(int)),
            "shape": returned(A.T),
            "type": returned("two"),
        }[later]
    message = fixed(first_trouble, STAGES[earlier]).message
    assert WORDS[earlier] in message.replace("It ", "it ") or WORDS[earlier] in message, message


@pytest.mark.parametrize("stage", STAGES)
def test_the_words_of_each_stage(stage):
    verdict = fixed(RIGHT[0], STAGES[stage])
    assert WORDS[stage] in verdict.message, verdict.message
    assert verdict.status == "partly_right" and verdict.points == 1


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome("not_defined"), "not_defined"),
        (Outcome("not_callable", kind="int"), "not_defined"),
        (Outcome("not_attempted", message="answer"), "not_attempted"),
        (Outcome("raised", error="E", message="", line_number=1), "raised"),
        (Outcome("unreadable", message="a set"), "unreadable"),
        (Outcome("crashed"), "crashed"),
        (Outcome("timed_out"), "timed_out"),
        (Outcome("missing"), "missing"),
        (returned(None), "wrong"),
    ],
)
def test_the_status_where_nothing_is_right(outcome, status):
    verdict = fixed(outcome, outcome)
    assert (verdict.status, verdict.points) == (status, 0)
    assert verdict.message and verdict.page == QUESTION.page


def test_what_is_missing_is_said_for_who_reads_it():
    outcomes = [Outcome("not_defined")] * len(CASES)
    assert "Has the cell that defines it been run?" in judge(QUESTION, CASES, outcomes, public=True).message
    assert "after all cells have run" in judge(QUESTION, CASES, outcomes, public=False).message
    outcomes = [Outcome("not_attempted", message="answer")] * len(CASES)
    assert "run its cell" in judge(QUESTION, CASES, outcomes, public=True).message
    assert "run its cell" not in judge(QUESTION, CASES, outcomes, public=False).message


def test_an_exception_s_text_stays_on_one_line():
    outcome = Outcome("raised", error="ValueError", message="no\n✓ Right: all of it\n(4 of 4 points)", line_number=1)
    assert "ValueError: no ✓ Right: all of it (4 of 4 points)" in fixed(outcome, outcome).message


def test_a_mistake_that_explains_every_case_is_named_first():
    verdict = told(lambda a: -2 * a)
    assert verdict.misconception == "negated" and verdict.message.startswith("The sign is wrong.\n")
    assert verdict.page == QUESTION.page
    assert told(np.square).page == "ch03-update-gate#What goes wrong"


def test_a_mistake_that_explains_only_some_cases_is_not_named():
    verdict = told(lambda a: -2 * a if a.shape == A.shape else 7 * a)
    assert verdict.misconception == "" and "sign" not in verdict.message


def test_if_two_mistakes_fit_none_is_named():
    twin = Misconception("turned", "Also the sign.", lambda a: a * -2)
    question = dataclasses.replace(QUESTION, misconceptions=(*QUESTION.misconceptions, twin))
    verdict = told(lambda a: -2 * a, question)
    assert verdict.misconception == "" and "sign" not in verdict.message.lower()


def test_a_mistake_that_raises_is_known_by_its_error():
    cases = [case("small", B), case("large", 1e4 * A, over="raise")]
    naive = Misconception("overflows", "exp is too large.", lambda a: np.log(np.exp(2 * a)))
    question = dataclasses.replace(QUESTION, misconceptions=(naive,))
    verdict = told(lambda a: np.log(np.exp(2 * a)), question, cases)
    assert verdict.misconception == "overflows"
    assert "failed with FloatingPointError: overflow encountered in exp" in verdict.message
    other = told(lambda a: 2 * a if len(a[0]) == 1 else [][1], question, cases)
    assert other.misconception == "" and "IndexError" in other.message


def overflowing(a):
    return np.log(np.exp(-2 * a))


HARD = [case("small", B), case("another", A), case("large", -1e4 * A, over="raise")]


def test_the_mistake_that_explains_most_is_named_although_an_error_remains():
    verdict = told(overflowing, cases=HARD)
    assert (verdict.misconception, verdict.status) == ("negated", "wrong")
    first, place, other = verdict.message.split("\n")[:3]
    assert first == "The sign is wrong." and place.startswith("In the case of small: it differs")
    assert other.startswith("Another fault: in the case of large: the call answer(a) failed with FloatingPointError")


def test_of_two_mistakes_the_one_that_explains_the_error_too_is_named():
    both = Misconception("overflows", "The sign is wrong, and exp is too large.", overflowing)
    verdict = told(overflowing, dataclasses.replace(QUESTION, misconceptions=(*QUESTION.misconceptions, both)), HARD)
    assert verdict.misconception == "overflows" and "Another fault" not in verdict.message


def test_a_mistake_is_not_named_against_a_value_that_came_back():
    def mixed(a):
        return -2 * a if len(a[0]) == 1 else overflowing(a) + 1

    assert told(mixed, cases=HARD).misconception == ""


def test_an_error_in_a_hard_case_does_not_hide_a_wrong_value_in_an_easy_one():
    message = told(lambda a: overflowing(a) + 1, cases=HARD).message
    assert message.startswith("In the case of small: it differs from the right answer")
    assert "Another fault: in the case of large: the call answer(a) failed with FloatingPointError" in message


def test_an_error_of_the_same_kind_explains_only_beside_a_value():
    square, wide = case("square", A[:, :2]), case("wide", A)
    product = Misconception("product", "That is a matrix product.", lambda a: a @ a)
    question = dataclasses.replace(QUESTION, misconceptions=(product,))
    # The words of NumPy's error differ between @ and np.dot.
    assert told(lambda a: np.dot(a, a), question, [square, wide]).misconception == "product"
    assert told(lambda a: np.dot(a, a), question, [wide]).misconception == ""
    assert told(lambda a: a @ a, question, [wide]).misconception == "product"


def test_an_answer_and_a_mistake_of_the_same_wrong_shape_are_compared():
    summed = Misconception("rows", "The rows are added up.", lambda a: a.sum(0))
    question = dataclasses.replace(QUESTION, misconceptions=(summed,))
    assert told(lambda a: a.mean(0), question).misconception == ""
    assert told(lambda a: a.sum(0), question).misconception == "rows"


def test_a_mistake_in_several_forms_has_one_name():
    cubed = Misconception("power", "This is a power.", np.square, also=(lambda a: a**3,))
    question = dataclasses.replace(QUESTION, misconceptions=(cubed,))
    assert [told(lambda a, n=n: a**n, question).misconception for n in (2, 3, 4)] == ["power", "power", ""]


def test_a_mistake_known_by_more_than_its_numbers():
    large = Misconception("large", "Too large.", lambda a: 100 + 0 * a, fits=lambda value, a: np.all(value > 2 * a))
    question = dataclasses.replace(QUESTION, misconceptions=(*QUESTION.misconceptions, large))
    assert told(lambda a: 2 * a + 0.5, question).misconception == "large"
    assert told(lambda a: 2 * np.abs(a) + 0.5, question).misconception == "large"
    assert told(lambda a: 2 * a - 0.5, question).misconception == ""
    assert told(lambda a: (2 * a + 0.5).ravel(), question).misconception == "", "a wrong shape comes first"
    assert told(lambda a: -2 * a, question, [case("below", -A)]).misconception == "negated", "equal numbers come first"


def test_a_rounded_answer_is_told_to_be_one():
    cases = [case("thirds", A / 3)]
    assert "right but for rounding to 2 decimal places" in told(lambda a: np.round(2 * a, 2), cases=cases).message
    assert "rounding to 1 decimal place;" in told(lambda a: np.round(2 * a, 1), cases=cases, public=False).message
    assert "rounding" not in told(lambda a: 2 * a + 0.01, cases=cases).message
    assert "rounding" not in told(lambda a: 0 * a, cases=[case("tiny", A / 1e4)]).message, "zeros prove nothing"


def test_amounts_are_told_on_public_inputs_alone():
    for function in (lambda a: 3 * a, lambda a: a * np.nan, lambda a: -2 * a):
        message = told(function, public=False).message
        assert not any(amount in message for amount in ("is right", "yours is", " 2 ", " 3 ", "-2", "-3")), message
    assert "first y[0, 0] (unit 0, example 0)." in told(lambda a: 3 * a, public=False).message
    assert "2 is right, yours is 3" in told(lambda a: 3 * a).message


def test_the_place_of_the_first_difference():
    def one_wrong(a):
        a = 2 * a
        a[1, -1] += 1
        return a

    assert "in 1 of 6 entries, first y[1, 2] (unit 1, example 2): 12 is right, yours is 13" in told(one_wrong).message


SHAPES = [
    ((3, 2), "It is the transpose"),
    ((2,), ""),
    ((3,), "The axis of the units is missing (axis 0)"),
    ((2, 2), "A product of matrices that adds up over the examples has this shape"),
    ((1, 2, 3), "only axes of length 1 differ"),
    ((5, 5, 5), ""),
]


@pytest.mark.parametrize(("shape", "remedy"), SHAPES)
def test_a_wrong_shape_is_told_with_what_repairs_it(shape, remedy):
    message = told(lambda a: np.zeros(shape)).message
    assert f"y has shape {shape}; (H, B) = (2, 3) is expected." in message
    assert remedy in message


def test_a_lost_axis_of_one_and_a_missing_sum():
    cases = [case("a column", B)]
    assert "keepdims=True or reshape(-1, 1) keeps it" in told(np.ravel, cases=cases).message
    cases = [case("a row", B.T)]
    assert "The axis of the units is missing (axis 0); a second pair of brackets adds it." in (
        told(np.ravel, cases=cases).message
    )
    question = dataclasses.replace(QUESTION, reference=lambda a: a.sum(1, keepdims=True))
    assert "A sum over an axis is missing." in told(lambda a: a, question, [case("a matrix", A)]).message
    cases = [case("a column", B)]
    assert "broadcast to (H, H)" in told(lambda a: a + a.ravel(), cases=cases).message


def test_a_shape_of_one_axis_is_written_as_python_writes_it():
    question = dataclasses.replace(QUESTION, reference=lambda a: a[0], returns=(Part("y", "T"),))
    assert "y has shape (2, 3); (T,) = (3,) is expected." in told(lambda a: a, question).message


def test_of_a_shape_that_was_chosen_by_hand_nothing_is_said_about_a_computation():
    behaviour = Behaviour(observe=lambda value, case: value, part=Part("the weight", "H1"), words={})
    question = dataclasses.replace(
        QUESTION, kind="behaviour", behaviour=behaviour, reference=lambda: np.ones((2, 1)), returns=(Part("w", "H1"),)
    )
    cases = [Case("by hand", Call("double", ()))]
    assert told(lambda: [[1, 2], [3, 4]], question, cases).message.endswith("(H, 1) = (2, 1) is expected.")
    flat = told(lambda: [1, 2], question, cases).message
    assert flat.endswith("An axis of one is missing (axis 1); a pair of brackets around each number adds it.")


TYPES = [
    (None, "None (is the line with return missing?)"),
    ("a", "y is a str"),
    ([[1, 2], [3]], "a list whose rows differ in length"),
    ([["a", "b"]], "a list that does not hold numbers alone"),
    (["yes", "no"], "a list that does not hold numbers alone"),
    ((A, A), "returned 2 arrays, of shapes (2, 3) and (2, 3); one of shape (H, B) = (2, 3) is expected."),
    ((A, A[0]), "returned 2 arrays, of shapes (2, 3) and (3,); one of shape (H, B) = (2, 3) is expected."),
    ({"y": 1}, "a dict of 1"),
]


@pytest.mark.parametrize(("value", "words"), TYPES, ids=str)
def test_a_wrong_type_is_named(value, words):
    assert words in told(lambda a: value).message


def test_a_tuple_where_parts_are_missing():
    question = dataclasses.replace(QUESTION, reference=lambda a: (a, a), returns=(Part("u", "HB"), Part("v", "HB")))
    assert told(lambda a: [a, a], question).status == "right"
    assert "the 2 parts are expected: return u, v." in told(lambda a: a, question).message
    assert "a tuple of 3" in told(lambda a: (a, a, a), question).message
    assert told(lambda a: np.stack([a, a]), question).status == "right", "it unpacks into both parts"
    assert "v[0, 0]" in told(lambda a: np.stack([a, a + 1]), question).message
    assert "one array of shape (2, 2, 3, 1)" in told(lambda a: np.ones((2, *a.shape, 1)), question).message
    # The shape of the second part outweighs the value of the first.
    assert "v has shape" in told(lambda a: (a + 1, a.T), question).message


def test_the_shapes_of_the_inputs_are_told_with_errors_that_shapes_cause(run_cell):
    def message(source):
        namespace = run_cell(source)
        return judge(QUESTION, CASES, [perform(c.call, namespace) for c in CASES], public=True).message

    assert "Shapes of the inputs: a (2, 3)." in message("def answer(a):\n    return a @ a")
    assert "Shapes of the inputs" not in message("def answer(a):\n    return undefined")


def test_with_an_error_a_list_among_the_inputs_is_told_by_its_length_alone(run_cell):
    question = dataclasses.replace(QUESTION, reference=lambda a: np.array(a), returns=(Part("y", "H"),))
    cases = [case("a list", [41, 42])]
    outcome = perform(cases[0].call, run_cell("def answer(a):\n    return a - 1"))
    message = judge(question, cases, [outcome], public=False).message
    assert "Shapes of the inputs: a, a list of 2." in message and "41" not in message


def test_a_mistake_is_named_before_what_it_does():
    summed = Misconception("rows", "The rows are added up.", lambda a: a.sum(0))
    verdict = told(lambda a: a.sum(0), dataclasses.replace(QUESTION, misconceptions=(summed,)))
    assert verdict.message.startswith("The rows are added up.\nIn the case of the first: y has shape (3,)")


def test_dtypes():
    assert "True and False" in told(lambda a: a > 0).message
    assert "the part after the point was cut off" in told(lambda a: (2.3 * a).astype(int)).message
    assert told(lambda a: np.round(2 * a).astype(int)).status == "right", "right values are right in any dtype"
    assert told(lambda a: (2 * a).astype(np.float32)).status == "right"


def test_float32_is_never_compared_at_the_precision_of_float64():
    off = 1 + 3e-6
    assert told(lambda a: 2 * a * off).status == "wrong"
    assert told(lambda a: (2 * a * off).astype(np.float32)).status == "right"
    single = [case("single", A.astype(np.float32))]
    assert told(lambda a: 2 * a.astype(np.float64) * off, cases=single).status == "right"
    assert told(lambda a: 2 * a * 1.001, cases=single).status == "wrong"


def test_an_answer_does_not_loosen_its_own_comparison():
    """In float16 the bound would be wide enough for 0 in place of any small number."""
    small = [case("small", A / 100)]
    assert told(lambda a: np.zeros(a.shape, np.float16), cases=small).status == "wrong"
    assert told(lambda a: (2.02 * a).astype(np.float16), cases=small).status == "wrong"
    honest = told(lambda a: (2 * a).astype(np.float16), cases=small)
    assert "y is right to the three digits that float16 keeps" in honest.message and "rounding" not in honest.message
    half = [case("half", A.astype(np.float16))]
    assert told(lambda a: 2 * a.astype(np.float64) * 1.001, cases=half).status == "right"


def test_the_two_numbers_told_are_never_written_alike():
    message = told(lambda a: 2 * a + 2e-7, cases=[case("one", np.array([[1 / 3]]))]).message
    assert "0.666666666666667 is right, yours is 0.666666866666667." in message


def test_the_tolerance_is_that_of_the_question():
    question = dataclasses.replace(QUESTION, tolerance=Tolerance(rtol=0.1, atol=0))
    assert told(lambda a: 2.1 * a, question).status == "right"
    assert told(lambda a: 2.3 * a, question).status == "wrong"


def test_a_kept_dtype_is_demanded_only_where_the_question_says_so():
    single = [case("single", A.astype(np.float32))]
    question = dataclasses.replace(QUESTION, keeps_dtype=True)

    def widened(a):
        return 2 * a.astype(np.float64)

    assert told(widened, cases=single).status == "right"
    assert "y has dtype float64 where the input has float32" in told(widened, question, single).message
    assert told(lambda a: (2 * a).tolist(), question, single).status == "right", "a list has no dtype to keep"


def test_infinity_and_nan_are_right_where_the_reference_has_them():
    odd = np.array([np.inf, np.nan, 1.0])
    question = dataclasses.replace(QUESTION, reference=lambda a: odd, returns=(Part("y", "H"),))
    cases = [case("odd", A)]
    assert told(lambda a: [np.inf, np.nan, 1.0], question, cases).status == "right"
    assert told(lambda a: [-np.inf, np.nan, 1.0], question, cases).status == "wrong"
    assert told(lambda a: [np.inf, 0.0, 1.0], question, cases).status == "wrong"


def test_nan_entry_by_entry_is_traced_to_its_input():
    question = dataclasses.replace(QUESTION, returns=(Part("the result"),))
    cases = [case("mixed", np.array([1.0, -1e4]))]

    def spoiled(a):
        return np.where(a < -9, np.nan, 2 * a)

    message = told(spoiled, question, cases).message
    assert "the result at [1] is nan" in message and "It came from the input -10000 at [1]." in message
    assert "10000" not in told(spoiled, question, cases, public=False).message


def test_a_change_of_the_arguments_is_a_remark_that_costs_nothing():
    def in_place(a):
        a *= 2
        return a

    verdict = told(in_place)
    assert (verdict.status, verdict.points) == ("right", 4)
    assert len(verdict.remarks) == 1 and "changes a in place" in verdict.remarks[0]


def test_what_comes_from_the_reference_does_not_count_unless_allowed():
    given = [Outcome("returned", value=o.value, source="gru_ref") for o in RIGHT]
    verdict = fixed(*given)
    assert (verdict.status, verdict.points) == ("wrong", 0) and "answer uses gru_ref" in verdict.message
    allowed = Assignment("s", "t", (QUESTION,), 1, "easy", "It trains.", "Go on.", imports=("gru_ref",)).questions[0]
    assert fixed(*given, question=allowed).status == "right"


def test_who_calls_an_unwritten_function_is_told_which():
    waiting = Outcome("not_attempted", message="sigmoid")
    assert "answer calls sigmoid, which still raises NotImplementedError: write that one first." in (
        fixed(waiting, waiting).message
    )


def test_an_error_without_a_line_of_theirs_names_the_call():
    assert "the call answer(a) failed with TypeError" in told(lambda: 1).message


class Forged(np.ndarray):
    def __array_function__(self, *arguments):
        return True

    def __array_ufunc__(self, *arguments, **more):
        return np.ones(())

    def __eq__(self, other):
        return True


def test_values_are_rebuilt_whoever_made_the_outcome():
    forged = [returned(np.zeros_like(o.value).view(Forged)) for o in RIGHT]
    assert fixed(*forged).points == 0
    assert fixed(*[returned(object())] * 2).status == "unreadable"
    assert told(lambda a: np.zeros(a.shape).view(Forged)).points == 0


def hangs_deep():
    value = []
    for _ in range(10**5):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        [0.0] * 10**7,
        np.broadcast_to(0.0, (10**7, 10**7)),
        np.array([[None] * 3] * 2),
        2**5000,
        float("nan"),
        "x" * 10**6,
        [[[]]],
        np.zeros((0, 3)),
        np.array("text"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_odd_and_huge_values_are_judged_soon_and_earn_nothing(value):
    verdict = told(lambda a: value)
    assert verdict.points == 0 and len(verdict.message) < 1000


def test_a_value_nested_without_end_is_refused():
    value = hangs_deep()
    assert told(lambda a: value).status == "unreadable"


def test_each_outcome_belongs_to_a_case():
    with pytest.raises(ValueError, match="2 cases and 1 outcomes"):
        judge(QUESTION, CASES, [RIGHT[0]], public=True)
    with pytest.raises(ValueError, match="no such status: odd"):
        fixed(Outcome("odd"), Outcome("odd"))


def test_the_judge_is_pure():
    outcomes = [returned(3 * A), returned(3 * B)]
    first = judge(QUESTION, CASES, outcomes, public=True)
    assert judge(QUESTION, CASES, outcomes, public=True) == first
    assert np.array_equal(outcomes[0].value, 3 * A)


CHOICE = dataclasses.replace(
    QUESTION,
    kind="choice",
    reference=lambda: "b",
    choices={"a": "This.", "b": "That."},
    misconceptions=(Misconception("this", "This is not it.", lambda: "a"),),
)
ASKED = [Case("the choice", Call("answer"))]


def test_a_choice():
    assert told(lambda: " B ", CHOICE, ASKED).status == "right"
    assert told(lambda: "a", CHOICE, ASKED).message == "This is not it."
    assert told(lambda: "e", CHOICE, ASKED).message == "'e' is none of the choices a, b."
    sentence = told(lambda: "It held almost the same value.", CHOICE, ASKED).message
    assert sentence == "'It held almost the s...' is none of the choices a, b. The letter alone is asked for."
    assert "a letter in quotes" in told(lambda: 2, CHOICE, ASKED).message


TRACE = dataclasses.replace(
    QUESTION,
    kind="behaviour",
    reference=lambda: np.array([2.0]),
    returns=(Part("w", "1"),),
    behaviour=Behaviour(lambda w, case: np.sign(w * case.given), Part("the sign", "T"), {0.0: "none"}),
    misconceptions=(Misconception("turned", "It is turned around.", lambda: np.array([-7.0])),),
)
TRIED = [Case("up", Call("answer"), given=np.array([1.0, -1.0])), Case("down", Call("answer"), given=np.array([-2.0]))]


def test_a_behaviour_passes_with_any_weights_that_show_it():
    for weight in ([3], np.array([0.1]), (9,)):
        assert told(lambda weight=weight: weight, TRACE, TRIED).status == "right"
    assert told(lambda: [-1], TRACE, TRIED).misconception == "turned"
    assert "first the sign at time step 0: 1 is right, yours is none." in told(lambda: [0], TRACE, TRIED).message
    assert "w has shape (2,)" in told(lambda: [1, 2], TRACE, TRIED).message
    assert "w[0] is nan; a finite number is expected" in told(lambda: [np.nan], TRACE, TRIED).message


VALUE = dataclasses.replace(
    QUESTION,
    kind="value",
    reference=lambda I, H, rate: I * H + rate,
    returns=(Part("the number", ""),),
    misconceptions=(Misconception("sum", "They are added.", lambda I, H, rate: I + H + rate),),
)
GIVEN = [Case("few", Call("answer", (2, 3, 0.5))), Case("many", Call("answer", (7, 5, 1e-7)))]


def test_a_value_is_judged_on_its_givens_and_names_them_to_who_may_know():
    assert told(lambda I, H, rate: I * H + rate, VALUE, GIVEN).status == "right"
    assert told(lambda I, H, rate: np.float32(I * H + rate), VALUE, GIVEN).status == "right"
    message = told(lambda I, H, rate: I - H, VALUE, GIVEN).message
    assert message == (
        "In the case of few: with I = 2, H = 3, rate = 0.5 the number differs from the right answer:"
        " 6.5 is right, yours is -1."
    )
    hidden = told(lambda I, H, rate: I - H, VALUE, GIVEN, public=False).message
    assert "I = 2" not in hidden and "6.5" not in hidden
    assert told(lambda I, H, rate: I + H + rate, VALUE, GIVEN).misconception == "sum"


def test_an_error_in_a_value_comes_with_its_givens(run_cell):
    def message(public):
        namespace = run_cell("def answer(I, H, rate):\n    return [][I]")
        return judge(VALUE, GIVEN, [perform(c.call, namespace) for c in GIVEN], public=public).message

    assert "It was given I = 2, H = 3, rate = 0.5." in message(True)
    assert "I = 2" not in message(False)


class Adder:
    def __init__(self, start):
        self.total = start

    def add(self, amount):
        self.total = self.total + amount
        return self.total


class Forgetful(Adder):
    def add(self, amount):
        return Adder(0 * self.total).add(amount)


def added(name, start, *amounts):
    return Case(name, Call("answer", (start,), steps=tuple(("add", (amount,)) for amount in amounts)))


OBJECT = dataclasses.replace(
    QUESTION,
    kind="class",
    reference=Adder,
    returns=(Part("the first sum", "HB"), Part("the second sum", "HB")),
    misconceptions=(Misconception("forgets", "What was added before is forgotten.", Forgetful),),
)
OBJECTS = [added("one", A, A, A), added("other", B, -B, 3 * B)]


def of_class(source, run_cell):
    namespace = run_cell(source)
    return judge(OBJECT, OBJECTS, [perform(c.call, namespace) for c in OBJECTS], public=True)


ADDER = """
class answer:
    def __init__(self, start):
        self.total = start
    def add(self, amount):
        {}
"""


def test_a_class_is_judged_by_what_the_methods_of_an_object_return(run_cell):
    right = ADDER.format("self.total = self.total + amount; return self.total")
    assert of_class(right, run_cell).message == "Right in all 2 cases."
    verdict = of_class(ADDER.format("return self.total * 0 + amount"), run_cell)
    assert (verdict.status, verdict.misconception) == ("wrong", "forgets")
    assert "first the second sum at unit 0" in of_class(ADDER.format("return self.total + amount"), run_cell).message


def test_of_an_unwritten_class_the_method_is_named(run_cell):
    verdict = of_class(ADDER.format("raise NotImplementedError()"), run_cell)
    assert verdict.status == "not_attempted" and "answer.add still raises NotImplementedError" in verdict.message
    verdict = of_class("class answer:\n    def __init__(self, start): raise NotImplementedError()", run_cell)
    assert verdict.status == "not_attempted" and "answer.__init__ still raises" in verdict.message
    assert of_class("class answer:\n    def __init__(self, start): pass", run_cell).status == "raised"


def test_an_object_may_return_its_own_array_and_change_it_later(run_cell):
    assert of_class(ADDER.format("self.total += amount; return self.total"), run_cell).status == "right"
    verdict = of_class(ADDER.format("return {1}"), run_cell)
    assert verdict.status == "unreadable" and "It returned a set".lower() in verdict.message.lower()


NUMBERS = [
    np.ones((2, 3)),
    2 * A,
    (2 * A).tolist(),
    2 * A.T,
    3 * A,
    A * np.nan,
    A > 0,
    (2 * A).astype(np.float32),
    A.astype(int),
]
ODD = ["two", None, (A, A, A), [[1], [1, 2]]]


@pytest.mark.parametrize("keeps_dtype", [False, True])
@pytest.mark.parametrize("parts", [1, 2])
def test_to_agree_is_to_have_nothing_wrong(parts, keeps_dtype):
    returns = (Part("u", "HB"), Part("v", "HB"))[:parts]
    question = dataclasses.replace(QUESTION, keeps_dtype=keeps_dtype, returns=returns)
    agreed = 0
    for expected, value in itertools.product(NUMBERS, NUMBERS + ODD):
        if parts == 2:
            expected, value = (expected, 2 * A), (value, 2 * A)
        nothing_wrong = compare(question, CASES[0], expected, value, public=False) is None
        assert agrees(question, CASES[0], expected, value) == nothing_wrong, (expected, value)
        agreed += nothing_wrong
    assert len(NUMBERS) <= agreed < len(NUMBERS) ** 2 / 2
    assert not agrees(question, CASES[0], None, 2 * A) and not agrees(question, CASES[0], (A,) * 3, 2 * A)


def test_a_mistake_that_returns_too_few_or_too_many_parts_is_known():
    alone = Misconception("alone", "One is missing.", lambda a: a)
    thrice = Misconception("thrice", "One too many.", lambda a: (a, a, a))
    question = dataclasses.replace(
        QUESTION,
        reference=lambda a: (a, 2 * a),
        returns=(Part("u", "HB"), Part("v", "HB")),
        misconceptions=(alone, thrice),
    )
    assert told(lambda a: 1 * a, question).misconception == "alone"
    assert told(lambda a: [a, a, a], question).misconception == "thrice"
    assert told(lambda a: 3 * a, question).misconception == told(lambda a: (a, a), question).misconception == ""
