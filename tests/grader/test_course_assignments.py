"""Every assignment of the course: its solution earns full points in the grader, its exercise none and no blame."""

from pathlib import Path

import pytest

from gru_checks.question import inputs
from gru_checks.registry import assignments
from gru_grader.budget import Limits
from gru_grader.client import Worker
from gru_grader.grade import grade
from gru_grader.notebook import read

ROOT = Path(__file__).parents[2]
LIMITS = Limits()
pytestmark = pytest.mark.needs("sandbox")


@pytest.fixture(scope="module", params=["full", "restricted"])
def worker(request):
    with Worker(request.param, LIMITS) as worker:
        yield worker


def graded(worker, assignment, folder, seed):
    questions = [(question, inputs(question, seed)) for question in assignment.questions]
    return grade(read(ROOT / folder / f"{assignment.stem}.ipynb"), questions, worker, LIMITS)


@pytest.mark.parametrize("assignment", assignments(), ids=lambda assignment: assignment.stem)
def test_a_solution_earns_full_points(worker, assignment):
    for seed in range(3):
        result = graded(worker, assignment, "solutions", seed)
        assert [verdict.status for verdict in result.verdicts] == ["right"] * len(assignment.questions)
        assert sum(verdict.points for verdict in result.verdicts) == assignment.points
        assert result.errors == []


@pytest.mark.parametrize("assignment", assignments(), ids=lambda assignment: assignment.stem)
def test_an_untouched_exercise_is_not_attempted(worker, assignment):
    result = graded(worker, assignment, "exercises", 0)
    assert {verdict.status for verdict in result.verdicts} == {"not_attempted"}
    assert sum(verdict.points for verdict in result.verdicts) == 0
    assert result.errors == []
