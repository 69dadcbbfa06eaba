"""Drive gru-grader from outside, as a teacher does, and measure what it costs."""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from authoring import five_questions
from gru_checks.question import inputs
from gru_grader import __version__, selftest
from gru_grader.budget import Limits
from gru_grader.client import Worker
from gru_grader.libraries import FRAMEWORKS
from gru_grader.tables import SUMMARY_FILE
from tests.grader.bank import ASSIGNMENT, STEM

ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# The tests' bank as a teacher's own question modules, for each framework.
QUESTIONS = """
from dataclasses import replace

from _bank import ASSIGNMENT

ASSIGNMENT = replace(ASSIGNMENT, framework="{framework}")
"""
# The command, which says at its end how much memory it itself held at most.
COMMAND = """
import pathlib, sys
from gru_grader.__main__ import main
status = main(sys.argv[1:])
lines = pathlib.Path("/proc/self/status").read_text().splitlines()
print("PEAK", *(line.split()[1] for line in lines if line.startswith("VmHWM:")))
sys.exit(status)
"""


class Failed(Exception):  # noqa: N818 - it says what happened
    """A command of a grader failed; the message says how."""


@dataclass(frozen=True)
class Run:
    """What one grading cost and gave.

    Parameters
    ----------
    wall : float
        Seconds on the clock.
    cpu : float
        Processor seconds, user and system, of the command and all processes below it.
    points : dict of float or None
        By student; None where the grader gave no result.
    peak : float, optional
        Most memory that the command's own process held, in MiB; 0 if that was not asked.
    """

    wall: float
    cpu: float
    points: dict = field(default_factory=dict)
    peak: float = 0.0


def measured(command, accept=(0,), **options):
    """Run a command to its end.

    Parameters
    ----------
    command : list of str
    accept : tuple of int, optional
        Exit statuses that are no failure.
    **options : object
        For `subprocess.run`; `env` is added to one thread.

    Returns
    -------
    tuple of Run, str
        The second is what it printed.

    Raises
    ------
    Failed
    """
    environment = {**os.environ, **options.pop("env", {}), **ONE_THREAD}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", **options)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in accept:
        raise Failed(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr[-2000:]}")
    return Run(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), done.stdout


class Ours:
    """gru-grader, with the five questions as a teacher's own.

    Parameters
    ----------
    framework : str, optional
    """

    name = "gru-grader"
    version = __version__

    def __init__(self, framework="numpy"):
        self.handout = five_questions.ours()
        self._folder = tempfile.TemporaryDirectory(prefix="gru-bench-")
        self._questions = Path(self._folder.name) / "questions"
        self._questions.mkdir()
        bank = (ROOT / "tests" / "grader" / "bank.py").read_text(encoding="utf-8")
        (self._questions / "_bank.py").write_text(bank, encoding="utf-8")
        (self._questions / "five.py").write_text(QUESTIONS.format(framework=framework))

    def grade(self, students, jobs=1):
        """Grade a class.

        Parameters
        ----------
        students : dict of nbformat.NotebookNode
            By the students' names.
        jobs : int, optional

        Returns
        -------
        Run
        """
        # Kept to the end: ext4 is slower to make files where others were removed a moment ago.
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        for student, notebook in students.items():
            five_questions.write(notebook, folder / "in" / student / f"{STEM}.ipynb")
        arguments = ["grade", folder / "in", "--out", folder / "out", "--questions", self._questions]
        run, printed = measured([sys.executable, "-c", COMMAND, *arguments, "--jobs", str(jobs)], cwd=ROOT)
        with open(folder / "out" / SUMMARY_FILE, encoding="utf-8-sig", newline="") as file:
            points = {row["student"]: float(row["score"]) if row["score"] else None for row in csv.DictReader(file)}
        return Run(run.wall, run.cpu, points, float(printed.rpartition("PEAK ")[2]) / 1024)


def held_by_a_child(framework, cells):
    """Measure the memory that a submission's process holds for itself, above the warm process.

    It is what it has written (Private_Dirty of /proc/PID/smaps_rollup) when all its
    cells have run and all questions have been asked; all else it shares with
    the warm process from which it was forked.

    Parameters
    ----------
    framework : str
    cells : list of str

    Returns
    -------
    float or None
        MiB; None where the system does not let it be read.
    """
    limits, others = Limits(), _children(os.getpid())
    with Worker(selftest.strongest_level(), limits, packages=FRAMEWORKS[framework]) as worker:
        (warm,) = set(_children(os.getpid())) - set(others)
        child = worker.fork()
        child.run(cells, (), limits)
        for question in ASSIGNMENT.questions:
            for case in inputs(question, "memory"):
                outcome = child.call(case.call, child.budget(limits))
                if outcome.status != "returned":
                    raise Failed(f"{question.answer} {outcome.status}: {outcome.message}")
        try:
            process = _last_below(warm)
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            return None
        finally:
            child.close()
    (kibibytes,) = (int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))
    return kibibytes / 1024


def _last_below(process):
    """Find the process at the end of a line of children: warm process, first of the namespace, submission."""
    while children := _children(process):
        (process,) = children
    return process


def _children(process):
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
