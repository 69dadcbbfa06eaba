"""A right answer is not lost to the cells around it that end the process, or do not end."""

import os
import signal
import sys
import threading
import time

import pytest

from gru_checks.question import inputs
from gru_grader.budget import Limits
from gru_grader.cells import BARE_DEFINITIONS, DEFINITIONS, EVERYTHING, QUICK_DEFINITIONS, run_cell
from gru_grader.client import Worker
from gru_grader.grade import grade
from gru_grader.notebook import Notebook
from tests.grader.bank import ASSIGNMENT, RIGHT
from tests.grader.processes import below

pytestmark = pytest.mark.slow
LIMITS = Limits(seconds=0.4, memory=512, disk=16)
# Eight answers: three of them are asked twice.
QUESTIONS = [(q, inputs(q, 7)) for q in (*ASSIGNMENT.questions, *ASSIGNMENT.questions[:3])]
IMPORT = "import numpy as np"


@pytest.fixture(scope="module")
def worker():
    with Worker("full", LIMITS) as worker:
        yield worker


def graded(worker, cells):
    return grade(Notebook(tuple(cells), ""), QUESTIONS, worker, LIMITS)


def points(found):
    return sum(verdict.points for verdict in found.verdicts)


def after_each(experiment):
    answers = [*RIGHT.values(), *list(RIGHT.values())[:3]]
    return [IMPORT, *[cell for answer in answers for cell in (answer, experiment)]]


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize(
    "experiment",
    [
        "for step in range(10**12):\n    pass",
        "def train():\n    while True:\n        pass\nhistory = train()",
        "history = [max(range(10**7)) for step in range(10**6)]",
        "# slow\nimport time\nstart = time.process_time()\nwhile time.process_time() < start + 0.25:\n    pass",
    ],
)
def test_slow_experiments_cost_no_points(worker, experiment):
    found = graded(worker, after_each(experiment))
    assert points(found) == 16
    assert found.processor_seconds < 9 * LIMITS.seconds
    assert all(stop.cell % 2 and stop.status == "timed_out" for stop in found.stopped)


@pytest.mark.needs("sandbox")
def test_an_experiment_in_the_cell_of_an_answer_costs_no_points(worker):
    found = graded(worker, [IMPORT, *[f"{answer}\nwhile True:\n    pass" for answer in RIGHT.values()]])
    assert points(found) == 16 and found.processor_seconds < 9 * LIMITS.seconds


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("ends", [3, 12])
def test_cells_that_end_python_cost_no_points(worker, ends):
    found = graded(worker, [IMPORT, *["import os\nos._exit(0)"] * ends, *RIGHT.values()])
    assert points(found) == 16
    assert [stop.reason for stop in found.stopped] == ["it ended Python (exit status 0)"] * 3


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("where", ["cells", "call"])
def test_who_is_killed_from_outside_is_asked_again(worker, where):
    """The system kills when it is out of memory, for which the submission beside this one may be to blame."""
    wait = "import time\ntime.sleep(0.5)"
    double = (
        RIGHT["double"] if where == "cells" else f"def double(x):\n    {wait.replace(chr(10), '; ')}\n    return 2 * x"
    )
    cells = [IMPORT, *([wait] if where == "cells" else []), double, *list(RIGHT.values())[1:]]
    killed = []

    def kill():
        end = time.monotonic() + 20
        while not below(worker._process.pid) and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.3)
        # The last is the submission's.
        killed.append(max(below(worker._process.pid)))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = graded(worker, cells)
    killer.join()
    assert killed and points(found) == 16 and not found.stopped and not found.ends


@pytest.mark.needs("sandbox")
def test_who_has_to_be_killed_each_time_is_not_asked_without_end(worker):
    leave = "import os\n{0}os.closerange(0, 60)\n{0}while True:\n{0}    pass"
    double = "def double(x):\n    " + leave.format("    ")
    found = graded(worker, [IMPORT, *{**RIGHT, "double": double}.values(), leave.format("")])
    assert [verdict.status for verdict in found.verdicts[:2]] == ["crashed", "right"]
    assert [stop.cell for stop in found.stopped] == [7]


@pytest.mark.needs("sandbox")
def test_it_is_said_truly_which_cells_used_up_the_time(worker):
    burn = "import time\nstart = time.process_time()\nwhile time.process_time() < start + 0.25:\n    pass"
    found = graded(worker, [IMPORT, burn, burn, f"# mine\nwhile True:\n    pass\n{RIGHT['double']}"])
    together = "the cells together used up 0.4 s of processor time, and this one was running"
    assert found.stopped[0].reason == together and found.stopped[0].begins == "import time"
    assert found.ends["sums.double"].startswith("code cell 4 was left out, because the cells together used up")
    assert found.ends["sums.double"].endswith("It begins: while True:")
    assert found.verdicts[0].message == "double was not called: the cell that defines it did not run to its end."
    assert found.verdicts[0].status == "timed_out"


@pytest.mark.needs("sandbox")
def test_what_always_ends_python_is_given_up(worker):
    found = graded(worker, [IMPORT, *["def f(x=__import__('os')._exit(0)):\n    pass"] * 30, RIGHT["double"]])
    assert points(found) == 0 and found.verdicts[0].status == "crashed"


@pytest.mark.parametrize(
    ("part", "leading", "names"),
    [
        (EVERYTHING, False, "math f a b c d e g"),
        (EVERYTHING, True, "math f a b c d"),
        (DEFINITIONS, False, "math f a b c d g"),
        (QUICK_DEFINITIONS, False, "math f a b d g"),
        (BARE_DEFINITIONS, False, "math f a d g"),
    ],
)
def test_definitions_are_told_from_the_rest(part, leading, names):
    source = "import math\ndef f():\n    return 1\na = 1\n'text'\nb = math.sqrt(4)\nc = f()\nd = lambda: f()\n"
    namespace = {}
    assert run_cell(1, source + "if True:\n    e = 1\ng: int = 2", namespace, part, leading) == []
    assert set(namespace) - {"__builtins__", "__annotations__"} == set(names.split())


@pytest.mark.needs("sandbox")
def test_the_first_line_of_a_long_cell_is_looked_for_once(worker, monkeypatch):
    """Many errors in it, met again in each of many processes, would take seconds of the trusted one."""
    looked = []
    monkeypatch.setattr(sys.modules[grade.__module__], "first_line", lambda source: looked.append(source) or "")
    failing = ["import none_such", "double = lambda x: __import__('os')._exit(0)", "square = double"]
    found = graded(worker, failing)
    assert len(found.ends) >= 2 and len(found.errors) == 1
    assert looked == failing[:1]
