"""The mutator itself, and that no mutant of a model solution gets full points."""

import ast
import itertools

import pytest

from authoring import mutants
from gru_checks.question import inputs
from gru_checks.registry import assignment, assignments


@pytest.fixture(scope="module")
def results():
    return [result for found in assignments() for result in mutants.trial(found)]


@pytest.mark.slow
def test_every_mutant_is_killed_or_provably_right(results, record_property):
    record_property("report", mutants.report(results).splitlines()[0])
    holes = [(r.mutant.question_id, r.mutant.change) for r in results if not r.killed and not r.reason]
    assert not holes, mutants.report(results)


@pytest.mark.slow
def test_no_reason_is_given_for_a_mutant_that_does_not_survive(results):
    survivors = {(result.mutant.question_id, result.mutant.change) for result in results if not result.killed}
    assert survivors == {(id, change) for id, reasons in mutants.STILL_RIGHT.items() for change in reasons}


@pytest.mark.slow
def test_every_question_has_mutants(results):
    counts = {id: len(list(group)) for id, group in itertools.groupby(results, key=lambda r: r.mutant.question_id)}
    questions = [question for found in assignments() for question in found.questions]
    assert set(counts) == {question.id for question in questions if not question.trains}
    assert min(counts.values()) >= 5 and sum(counts.values()) >= 200


def changes(body):
    """Bodies of the mutants of a function whose parameters stay as they are."""
    made = [mutant.source.splitlines() for mutant in mutants.mutants("q", f"def f(a, b):\n    return {body}")]
    return {lines[-1].strip() for lines in made if lines[0] == "def f(a, b):"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a + b", {"return a - b", "return a", "return b", "return -(a + b)", "return 1 - (a + b)"}),
        ("a - b", {"return a + b", "return b - a", "return a", "return b"}),
        ("a @ b", {"return a * b", "return b @ a", "return a.T @ b", "return a @ b.T"}),
        ("a.T", {"return a"}),
        ("-a", {"return a"}),
        ("g(a, b)", {"return g(b, a)"}),
        ("(a, b)", {"return (b, a)"}),
        ("a.sum(axis=1)", {"return a.sum(axis=0)"}),
        ("a.sum(keepdims=True)", {"return a.sum(keepdims=False)"}),
        ("np.tanh(a)", {"return sigmoid(a)", "return a"}),
        ("3 * a", {"return 4 * a", "return 2 * a", "return 0 * a", "return -3 * a", "return 6 * a"}),
        ("a < b", {"return a <= b"}),
        ("'b'", {"return 'a'", "return 'c'", "return 'd'"}),
        ("a / b", {"return a * b", "return b / a"}),
        ("a ** b", {"return a * b"}),
    ],
)
def test_the_changes_that_are_tried(body, expected):
    found = changes(body)
    assert expected <= found, expected - found
    assert f"return {body}" not in found


def test_parameters_are_swapped_too():
    made = [mutant.source.splitlines()[0] for mutant in mutants.mutants("q", "def f(a, b, c):\n    return a")]
    assert {"def f(b, a, c):", "def f(c, b, a):", "def f(a, c, b):"} <= set(made)


def test_a_method_keeps_its_object():
    source = "class C:\n\n    def f(self, a, b):\n        return a"
    made = [mutant.source for mutant in mutants.mutants("q", source)]
    assert any("def f(self, b, a):" in text for text in made) and all("(self, " in text for text in made)


def test_a_mutant_that_never_ends_is_killed(monkeypatch):
    monkeypatch.setattr(mutants, "SECONDS", 1)
    namespace = mutants.run(["def half_life(z):\n    while True:\n        pass"])
    (asked,) = (q for q in assignment("ch03-update-gate").questions if q.id == "ch03.half_life")
    assert mutants._loses_points(asked, inputs(asked, 0), namespace)


@pytest.mark.slow
def test_each_mutant_differs_from_the_solution_and_from_the_others(results):
    for (id, _), group in itertools.groupby(results, key=lambda r: (r.mutant.question_id, 0)):
        sources = [result.mutant.source for result in group]
        assert len(sources) == len(set(sources)), id
        for source in sources:
            ast.parse(source)


def test_a_hole_would_be_found(monkeypatch):
    """With a tolerance that lets everything pass, the mutants survive and the report says so."""
    found = assignment("ch03-update-gate")
    monkeypatch.setattr(mutants, "_loses_points", lambda question, cases, namespace: False)
    assert "A HOLE" in mutants.report(mutants.trial(found))
    monkeypatch.setattr(mutants, "assignments", lambda: [found])
    assert mutants.main() == 1
