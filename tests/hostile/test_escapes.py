"""No way out harms the canary in a sandbox, and every one does without, so that the attempts are real."""

import json

import pytest

from tests.hostile import throwaway
from tests.hostile.escapes import ESCAPES, harm_done
from tests.hostile.hostile_table import ATTEMPTS


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("level", ["full", "restricted"])
def test_no_escape_harms_anything(level):
    assert harm_done(level) == {name: [] for name in ESCAPES}


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
def test_every_escape_succeeds_where_nothing_isolates():
    """In a throw-away shell with namespaces of its own, a read-only root and limits, never on the bare machine."""
    ran = throwaway.run("-m", "tests.hostile.escapes", "none")
    assert ran.returncode == 0, ran.stderr
    harm = json.loads(ran.stdout)
    assert {name for name, done in harm.items() if not done} == set()
    assert harm.keys() == ESCAPES.keys()


@pytest.mark.slow
@pytest.mark.needs("bubblewrap")
def test_every_list_of_attempts_has_some_that_succeed_where_nothing_isolates():
    ran = throwaway.run("-m", "tests.hostile.table_run", "none")
    assert ran.returncode == 0, ran.stderr
    differences = json.loads(ran.stdout)["differences"]
    assert {submission.name for submission in ATTEMPTS} - differences.keys() == set()
