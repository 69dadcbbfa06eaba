"""Every question of every assignment: the reference passes, each mistake is named, no two are alike."""

import itertools
import pickle
import warnings
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest

from authoring import public_seeds
from authoring.mutants import given_cells, model_answers, run
from gru_checks.calling import Outcome, perform
from gru_checks.judge import _performed as wrong_outcome
from gru_checks.judge import judge
from gru_checks.registry import Assignment, RegistryError, assignments, inputs, validate
from gru_checks.registry import question as find_question

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = [question for assignment in assignments() for question in assignment.questions]
DRAWN = [question for question in QUESTIONS if question.kind != "choice"]
ids = {"ids": lambda question: question.id}


def seeds(question, count):
    """As many seeds as a proof asks for; three at most if the question trains, since each call takes a training."""
    return range(min(count, 3) if question.trains else count)


@pytest.fixture(scope="module")
def solved():
    """One namespace an assignment with all its model solutions, by question id."""
    namespaces = {}
    for assignment in assignments():
        namespace = run([*given_cells(assignment), *model_answers(assignment).values()])
        namespaces |= dict.fromkeys((question.id for question in assignment.questions), namespace)
    return namespaces


@pytest.mark.parametrize("count", [3, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("question", QUESTIONS, **ids)
def test_the_reference_and_the_model_solution_pass(question, count, judged, solved):
    for seed in seeds(question, count):
        cases = inputs(question, seed)
        model = judge(question, cases, [perform(case.call, solved[question.id]) for case in cases], public=False)
        for verdict in (judged(question, question.reference, seed), model):
            assert verdict.status == "right", (seed, verdict)
            assert verdict.points == question.points and not verdict.remarks and not verdict.page


@pytest.mark.parametrize("count", [1, pytest.param(50, marks=pytest.mark.slow)])
@pytest.mark.parametrize("question", QUESTIONS, **ids)
def test_every_mistake_costs_points_is_named_and_is_far_from_all_else(question, count, performed):
    for seed in seeds(question, count):
        cases = inputs(question, seed)
        right = performed(question.reference, cases)
        # The judge keeps these outcomes, so that each wrong implementation runs once a case. Its origin plays no part.
        outcomes = {
            (mistake, place): [replace(wrong_outcome(form, case), source="") for case in cases]
            for mistake in question.misconceptions
            for place, form in enumerate(mistake.forms)
        }
        for (mistake, place), found in outcomes.items():
            verdict = judge(question, cases, found, public=seed % 2 == 0)
            assert verdict.misconception == mistake.id, (seed, mistake.id, place, verdict)
            assert verdict.points < verdict.max_points
            assert mistake.sentence in verdict.message
            assert verdict.page == (mistake.page or question.page)
        # Those known by more than their values may give the same values as others.
        known = {mistake.id: outcomes[mistake, 0] for mistake in question.misconceptions if mistake.fits is None}
        implementations = {"right": right} | known
        for one, other in itertools.combinations(implementations, 2):
            trios = zip(cases, implementations[one], implementations[other], strict=True)
            assert any(distance(question, *trio) >= 100 for trio in trios), (seed, one, other)


def distance(question, case, one, other):
    """How many tolerances two outcomes are apart; infinitely many if they differ in kind."""
    if one.status != other.status or one.status == "raised":
        return 0 if (one.error, one.message) == (other.error, other.message) else np.inf
    values = [outcome.value for outcome in (one, other)]
    if question.kind == "choice":
        return 0 if values[0] == values[1] else np.inf
    if question.kind == "behaviour":
        values = [question.behaviour.observe(value, case) for value in values]
    parts = [value if type(value) is tuple else (value,) for value in values]
    if len(parts[0]) != len(parts[1]):
        return np.inf
    return max(array_distance(question, np.asarray(a), np.asarray(b)) for a, b in zip(*parts, strict=True))


def array_distance(question, a, b):
    if a.shape != b.shape or (question.keeps_dtype and a.dtype != b.dtype):
        return np.inf
    if np.any(np.isnan(a) != np.isnan(b)):
        return np.inf
    coarser = min(a.dtype, b.dtype, key=lambda dtype: dtype.itemsize)
    return np.max(np.abs(a.astype(float) - b) / question.tolerance.bound(a, coarser))


@pytest.mark.parametrize("question", QUESTIONS, **ids)
def test_an_answer_that_ignores_its_inputs_earns_nothing(question, judged):
    def of_zeros(*arguments):
        right = question.reference(*arguments)
        return tuple(map(np.zeros_like, right)) if type(right) is tuple else np.zeros_like(right)

    if question.kind == "choice":
        return
    verdict = judged(question, of_zeros)
    assert verdict.points == 0 or question.kind == "behaviour", verdict


@pytest.mark.parametrize("question", DRAWN, **ids)
def test_inputs_depend_on_the_seed_and_the_id_alone(question):
    def as_bytes(seed):
        return [
            (case.name, pickle.dumps(case.given), [np.asarray(a).tobytes() for a in case.call.all_arguments])
            for case in inputs(question, seed)
        ]

    assert as_bytes(1) == as_bytes(1) != as_bytes(2)


@pytest.mark.parametrize("question", [q for q in DRAWN if q.kind in ("function", "class")], **ids)
def test_cases_cover_the_named_edges(question):
    cases = inputs(question, "edges")
    arrays = [[a for a in case.call.all_arguments if type(a) is np.ndarray] for case in cases]
    assert {array.dtype for group in arrays for array in group} == {np.dtype("f4"), np.dtype("f8")}
    names = question.parameters
    if {"x", "h_prev"} <= set(names):
        shapes = [dict(zip(names, map(np.shape, case.call.arguments), strict=True)) for case in cases]
        assert {shape["x"][1] == 1 for shape in shapes} == {True, False}, "a batch of one and of many"
        assert all(shape["h_prev"][0] >= 2 for shape in shapes), "H >= 2"
        assert any(shape["x"][0] != shape["h_prev"][0] for shape in shapes), "I != H"
        assert any(len({*shape["x"], *shape["h_prev"]}) == 1 for shape in shapes), "I = H = B: silent broadcasting"
        state = names.index("h_prev")
        assert all(np.all(case.call.arguments[state] != 0) for case in cases), "a state that is not zero"


@pytest.mark.parametrize("question", QUESTIONS, **ids)
def test_every_page_that_a_question_points_to_has_that_heading(question):
    for page in {question.page, *(mistake.page for mistake in question.misconceptions if mistake.page)}:
        stem, _, heading = page.partition("#")
        path = ROOT / "book" / f"{stem}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
        headings = [line.lstrip("# ") for line in lines if line.startswith("#")]
        assert headings.count(heading) == 1, (page, headings)


@pytest.mark.parametrize("question", DRAWN, **ids)
def test_what_everybody_is_told_of_a_mistake_differs_to_the_eye(question):
    assert public_seeds.alike(question) == "", "python -m authoring.public_seeds finds a better one"


def test_numbers_that_look_alike_are_found():
    asked = find_question("ch03.half_life")
    alike = replace(asked.misconceptions[0], id="off", wrong=lambda z: 1.01 * asked.reference(z), also=())
    assert public_seeds.alike(replace(asked, misconceptions=(alike,))) == "off"
    assert public_seeds.alike(replace(asked, misconceptions=(replace(alike, slight=True),))) == ""


def test_the_stub_scores_nothing(judged):
    def stub(*arguments):
        raise NotImplementedError

    for question in QUESTIONS:
        assert judged(question, stub).points == 0


def test_a_large_sigmoid_is_judged_under_overflow_errors_in_both_precisions():
    (sigmoid,) = (question for question in QUESTIONS if question.id == "ch03.sigmoid")
    cases = inputs(sigmoid, 0)
    assert all(case.call.errors == {"over": "raise", "invalid": "raise"} for case in cases)
    largest = {case.call.arguments[0].dtype.name: np.abs(case.call.arguments[0]).max() for case in cases}
    assert largest == {"float64": 1e4, "float32": 1e4}


def latch_verdict(bias, weight=0.0):
    question = find_question("ch03.latch")
    cases = inputs(question, 5)
    value = (np.array([[weight, 0.0]]), np.zeros((1, 1)), np.array([[bias]]))
    return judge(question, cases, [Outcome("returned", value=value) for _ in cases], public=False)


def test_a_gate_that_is_always_open_or_always_shut_is_no_latch_at_all():
    assert latch_verdict(99.0).points == 0
    assert latch_verdict(-99.0).points == 0


def test_weights_of_any_size_are_judged_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert latch_verdict(1e308, 1e308).points == 0


def test_a_latch_must_hold_either_bit_against_the_worst_data():
    # Seen to pass once: a data weight that opens the gate for one bit alone, and a gate a little too open.
    assert 0 < latch_verdict(-8.2, 30.0).points < 3
    question = find_question("ch03.latch")
    cases = inputs(question, "public")
    value = (np.array([[24.0, 5.0]]), np.zeros((1, 1)), np.array([[-12.0]]))
    verdict = judge(question, cases, [Outcome("returned", value=value) for _ in cases], public=True)
    assert 0 < verdict.points < 3


TRAINING = [question for question in QUESTIONS if question.trains]


@pytest.mark.parametrize("question", TRAINING, **ids)
def test_a_wrong_training_earns_nothing(question, judged):
    """What stands in place of changed model solutions: each wrong way to train loses all points."""
    for mistake in question.misconceptions:
        for place, form in enumerate(mistake.forms):
            assert judged(question, form).points == 0, (mistake.id, place)


@pytest.mark.parametrize("question", TRAINING, **ids)
def test_a_training_learns_from_what_it_is_given(question, solved):
    """Weights that were trained on other sequences fail: no weights that are always the same can pass."""
    one, other = inputs(question, "one"), inputs(question, "other")
    learned = [perform(case.call, solved[question.id]) for case in one]
    assert judge(question, one, learned, public=False).status == "right"
    assert judge(question, other, learned, public=False).points < question.points


@pytest.mark.parametrize(
    ("question", "changes", "sentence"),
    [
        ("time.train", {"kind": "function", "behaviour": None}, "only a behaviour can train"),
        ("time.train", {"trains": ("W", "U")}, "it must be given W, U and return these, in this order"),
        ("time.train", {"trains": ("b", "U", "W")}, "it must be given b, U, W and return these, in this order"),
        ("time.train", {"misconceptions": ()}, "at least 5 wrong ways to train are needed"),
        ("time.train", {"reference": lambda x, y, W, U, b: (W, U, b)}, "the given weights are right already"),
        ("time.clip", {"trains": ("d_W", "d_U", "d_b")}, "only a behaviour can train"),
        ("ch03.latch", {"trains": ("W_z", "U_z", "b_z")}, "it must be given W_z, U_z, b_z and return these"),
    ],
)
def test_only_a_question_that_trains_is_spared_the_long_proof(question, changes, sentence):
    asked = replace(find_question(question), uses=(), **changes)
    with pytest.raises(RegistryError, match=sentence):
        validate([Assignment("ch99-one", "One", (asked,), 5, "easy", "It trains.", "Go on.")])


def test_the_mark_changes_how_many_seeds_are_tried_and_nothing_else():
    assert [question.id for question in TRAINING] == ["time.train"]
    for question in QUESTIONS:
        assert len(seeds(question, 200)) == (3 if question in TRAINING else 200)


def test_the_loop_to_repair_is_the_one_whose_faults_are_known(performed):
    """The code that the task prints runs, and all three of its faults are named."""
    (found,) = (a for a in assignments() if "time.repair" in [question.id for question in a.questions])
    task = next(
        cell.source
        for cell in nbformat.read(ROOT / "exercises" / f"{found.stem}.ipynb", as_version=4).cells
        if cell.metadata.get("gru") == {"part": "task", "question": "time.repair"}
    )
    printed = task.partition("```python\n")[2].partition("```")[0]
    namespace = run([*given_cells(found), *model_answers(found).values(), printed])
    asked = find_question("time.repair")
    for seed in range(5):
        cases = inputs(asked, seed)
        verdict = judge(asked, cases, performed(namespace[asked.answer], cases), public=True)
        assert verdict.misconception == "as_printed" and verdict.points == 0, verdict
