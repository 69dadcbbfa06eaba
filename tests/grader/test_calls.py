"""Several calls of a submission's functions, which are asked for together."""

import time

import numpy as np
import pytest

from gru_checks.calling import Call
from gru_grader.budget import Limits
from gru_grader.child import Ended
from gru_grader.client import Worker
from gru_grader.wire import MAX_ARRAYS, MAX_VALUES

LIMITS, QUICK = Limits(), Limits(seconds=0.2)
CELLS = (
    "import os, time\nimport numpy as np\nmet = []",
    "def told(x):\n    met.append(int(x.sum()))\n    return x, x + 0, list(met)",
    "def many(x):\n    return list(range(int(x.sum())))",
    "def slow(x):\n    time.sleep(3600)",
    "def end(x):\n    os._exit(0)",
    "def leave(x):\n    os.closerange(3, 256)\n    time.sleep(3600)",
)


pytestmark = pytest.mark.needs("sandbox")


@pytest.fixture(params=["full", "restricted"])
def child(request):
    with Worker(request.param, LIMITS) as worker:
        child = worker.fork()
        assert child.run(CELLS, (), LIMITS) == []
        yield child
        child.close()


# Of the larger ones, first the answers together and then the requests too are more than a message holds.
@pytest.mark.parametrize("entries", [1, MAX_ARRAYS // 110, MAX_ARRAYS // 25], ids=["small", "large", "larger"])
def test_calls_are_answered_in_their_order(child, entries):
    given = [np.full(entries, number, np.int64) for number in range(12)]
    outcomes = child.calls([Call("told", (x,)) for x in given], child.budget(LIMITS))
    seen = [entries * number for number in range(12)]
    for number, (x, outcome) in enumerate(zip(given, outcomes, strict=True)):
        *values, met = outcome.value
        for value in values:
            np.testing.assert_array_equal(value, x)
        assert met == seen[: number + 1]


def test_an_answer_that_is_too_large_costs_no_other_one(child):
    names, x = ("told", "many", "told"), np.array([MAX_VALUES])
    outcomes = child.calls([Call(name, (x,)) for name in names], child.budget(LIMITS))
    assert [outcome.status for outcome in outcomes] == ["returned", "unreadable", "returned"]
    assert outcomes[1].kind == "list"


@pytest.mark.parametrize(("last", "status"), [("slow", "timed_out"), ("end", "crashed")])
def test_a_call_that_ends_the_process_is_found_behind_others(child, last, status):
    start, x = time.monotonic(), np.ones(2)
    with pytest.raises(Ended) as ended:
        child.calls([Call(name, (x,)) for name in ("told", last, "told")], child.budget(QUICK))
    assert ended.value.status == status
    assert time.monotonic() - start < 2 * QUICK.wall_seconds


def test_a_process_that_cuts_itself_off_was_not_killed_by_the_system(child):
    """Whoever was, is asked once more."""
    with pytest.raises(Ended, match="it closed what it sends answers through") as ended:
        child.call(Call("leave", (np.ones(2),)), child.budget(LIMITS))
    assert ended.value.status == "crashed"
