"""Every hostile submission gets what it deserves, and so does every honest odd one."""

import pytest

from gru_grader.client import Worker
from tests.hostile.honest_table import HONEST
from tests.hostile.hostile_table import TABLE
from tests.hostile.table_run import LIMITS, deserved, statuses

pytestmark = pytest.mark.needs("sandbox")


@pytest.fixture(scope="module", params=["full", pytest.param("restricted", marks=pytest.mark.slow)])
def worker(request):
    with Worker(request.param, LIMITS) as worker:
        yield worker


def parameters():
    """All hostile submissions; most of those that wait for the clock are left to the whole run."""
    hanging = [submission for submission in TABLE if submission.category == "hanging"]
    for submission in TABLE:
        marks = pytest.mark.slow if submission in hanging[4:] else []
        yield pytest.param(submission, id=f"{submission.category}: {submission.name}", marks=marks)


@pytest.mark.parametrize("submission", list(parameters()))
def test_a_hostile_submission_gets_what_it_deserves(worker, submission):
    assert statuses(worker, submission) == deserved(submission)


@pytest.mark.parametrize("submission", HONEST, ids=lambda submission: submission.name)
def test_an_honest_submission_gets_full_points(worker, submission):
    assert statuses(worker, submission) == deserved(submission)


def test_there_are_enough_of_each_category():
    categories = [submission.category for submission in TABLE]
    assert len(TABLE) >= 100 and len(HONEST) >= 35
    assert set(categories) == {"tampering", "reading", "escaping", "hanging", "exhausting", "crashing", "channel"}
