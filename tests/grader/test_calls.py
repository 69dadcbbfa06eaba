"""Several calls of a submission's functions, sent ahead of one another."""

import time

import numpy as np
import pytest

from gru_checks.calling import Call
from gru_grader.client import MAX_AHEAD, Ended, Limits, Worker

LIMITS, QUICK = Limits(), Limits(seconds=0.2)
CELLS = (
    "import os, time\nimport numpy as np\nmet = []",
    "def told(x):\n    met.append(int(x.sum()))\n    return x, list(met)",
    "def slow(x):\n    time.sleep(3600)",
    "def end(x):\n    os._exit(0)",
)


pytestmark = pytest.mark.needs("sandbox")


@pytest.fixture(params=["full", "restricted"])
def child(request):
    with Worker(request.param, LIMITS) as worker:
        child = worker.fork()
        assert child.run(CELLS, (), LIMITS) == []
        yield child
        child.close()


@pytest.mark.parametrize("entries", [1, MAX_AHEAD // 32, MAX_AHEAD], ids=["small", "three at a time", "large"])
def test_calls_are_answered_in_their_order(child, entries):
    given = [np.full(entries, number, np.int64) for number in range(12)]
    outcomes = child.calls([Call("told", (x,)) for x in given], child.budget(LIMITS))
    seen = [entries * number for number in range(12)]
    for number, (x, outcome) in enumerate(zip(given, outcomes, strict=True)):
        value, met = outcome.value
        np.testing.assert_array_equal(value, x)
        assert met == seen[: number + 1]


@pytest.mark.parametrize(("last", "status"), [("slow", "timed_out"), ("end", "crashed")])
def test_a_call_that_ends_the_process_is_found_behind_others(child, last, status):
    start, x = time.monotonic(), np.ones(2)
    with pytest.raises(Ended) as ended:
        child.calls([Call(name, (x,)) for name in ("told", last, "told")], child.budget(QUICK))
    assert ended.value.status == status
    assert time.monotonic() - start < 2 * QUICK.wall_seconds
