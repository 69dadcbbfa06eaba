"""One submission to verdicts: have its cells run and its functions called, and judge what came back."""

import re
from dataclasses import dataclass, field

from gru_checks.calling import Outcome
from gru_checks.judge import judge
from gru_grader.answers import CellError
from gru_grader.client import Ended, WorkerError

MAX_STOPPED = 3
"""After so many cells that end the process or do not end, what comes after the last of them is left out."""


@dataclass(frozen=True)
class StoppedCell:
    """A cell that ended the process, or that had to be ended.

    Parameters
    ----------
    cell : int
        Place among the code cells, from 1.
    status : str
        "crashed", "timed_out" or "missing".
    reason : str
    """

    cell: int
    status: str
    reason: str


@dataclass
class Graded:
    """What came of a submission.

    Parameters
    ----------
    verdicts : list of gru_checks.judge.Verdict
        One a question.
    ends : dict of str
        Question ids, with why the process ended in answering them.
    stopped : list of StoppedCell
    errors : list of gru_grader.answers.CellError
    processor_seconds : float
    memory : int
        The most that one of its processes held, KiB.
    """

    verdicts: list = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    stopped: list[StoppedCell] = field(default_factory=list)
    errors: list[CellError] = field(default_factory=list)
    processor_seconds: float = 0.0
    memory: int = 0


def grade(notebook, questions, worker, limits):
    """Grade a submission.

    Each question stands alone: when a call ends the process, or does not end,
    that question is lost and the next one meets a fresh process.

    Parameters
    ----------
    notebook : gru_grader.notebook.Notebook
    questions : sequence of (Question, list of Case)
    worker : gru_grader.client.Worker
    limits : gru_grader.client.Limits

    Returns
    -------
    Graded

    Raises
    ------
    gru_grader.client.WorkerError
        If the grader's own part failed.
    """
    processes = _Processes(notebook, worker, limits)
    graded = processes.graded
    try:
        for question, cases in questions:
            outcomes = processes.outcomes(question, cases)
            graded.verdicts.append(judge(question, cases, outcomes, public=False))
    finally:
        processes.close()
    return graded


class _Processes:
    """The processes of one submission, one after the other."""

    def __init__(self, notebook, worker, limits):
        self._all_cells = self._cells = notebook.cells
        self._worker = worker
        self._limits = limits
        self._child = None
        self.graded = Graded()

    def outcomes(self, question, cases):
        try:
            if self._child is None:
                self._start()
            budget = self._child.budget(self._limits)
            outcomes = [self._child.call(case.call, budget) for case in cases]
        except Ended as ended:
            self.close()
            self.graded.ends[question.id] = ended.reason
            return [Outcome(ended.status) for _ in cases]
        if any(outcome.status != "not_defined" for outcome in outcomes):
            return outcomes
        return self._undefined(question, outcomes)

    def _undefined(self, question, outcomes):
        """Say why an answer is not defined, where the cell that should define it failed."""
        defines = re.compile(rf"^\s*(def|class)\s+{question.answer}\b|^\s*{question.answer}\s*[=:]", re.MULTILINE)
        cells = [number for number, source in enumerate(self._all_cells, 1) if defines.search(source)]
        stopped = {stop.cell: stop for stop in self.graded.stopped}
        if len(self.graded.stopped) >= MAX_STOPPED:
            left_out = range(len(self._cells) + 1, len(self._all_cells) + 1)
            stopped = {**dict.fromkeys(left_out, self.graded.stopped[-1]), **stopped}
        for cell in cells:
            if cell in stopped:
                stop = stopped[cell]
                self.graded.ends[question.id] = f"code cell {stop.cell} was left out, because {stop.reason}"
                return [Outcome(stop.status) for _ in outcomes]
        errors = {error.cell: error for error in self.graded.errors if error.cell in cells}
        if errors:
            error = errors[max(errors)]
            self.graded.ends[question.id] = f"code cell {error.cell}, which defines it, stopped with {error.error}"
        return outcomes

    def close(self):
        if self._child is not None:
            self._child.close()
            seconds, memory = self._child.usage
            self.graded.processor_seconds += seconds
            self.graded.memory = max(self.graded.memory, memory)
            self._child = None

    def _start(self):
        """Make a process in which the cells have run, leaving out those that end it."""
        stopped = self.graded.stopped
        while True:
            self._child = self._worker.fork()
            try:
                skip = {stop.cell for stop in stopped}
                self.graded.errors = self._child.run(self._cells, skip, self._limits)
                return
            except Ended as ended:
                self.close()
                if ended.cell == 0:
                    raise WorkerError(f"a process ended before the first cell: {ended.reason}") from None
                if len(stopped) > MAX_STOPPED:
                    raise
                stopped.append(StoppedCell(ended.cell, ended.status, ended.reason))
                if len(stopped) == MAX_STOPPED:
                    self._cells = self._cells[: ended.cell - 1]
