"""One submission to verdicts: have its cells run and its functions called, and judge what came back."""

import re
import signal
from dataclasses import dataclass, field, replace

from gru_checks.calling import Outcome
from gru_checks.judge import judge
from gru_grader.answers import CellError, how_it_ended
from gru_grader.cells import BARE_DEFINITIONS, DEFINITIONS, EVERYTHING, QUICK_DEFINITIONS
from gru_grader.child import Ended, WorkerError
from gru_grader.text import safe_line, without_signs

MAX_STOPPED = 3
"""After so many ends of the process, only definitions are run in the cells after the last; see `_Processes._plan`."""
MAX_STARTS = MAX_STOPPED + 5
"""After so many ends, no cell is run at all."""
LONGEST_LINE = 60
KILLED = how_it_ended(-signal.SIGKILL)


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
    begins : str
        The first line of code in the cell, to find it by.
    """

    cell: int
    status: str
    reason: str
    begins: str = ""


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
    limits : gru_grader.budget.Limits

    Returns
    -------
    Graded

    Raises
    ------
    gru_grader.child.WorkerError
        If the grader's own part failed.
    """
    processes = _Processes(notebook, worker, limits)
    graded = processes.graded
    try:
        answered = [(question, cases, processes.outcomes(question, cases)) for question, cases in questions]
        # The process, which has nothing more to do, ends while its answers are judged.
        processes.end()
        for question, cases, outcomes in answered:
            verdict = judge(question, cases, outcomes, public=False)
            if question.id in processes.never_called:
                verdict = replace(verdict, message=processes.never_called[question.id])
            graded.verdicts.append(verdict)
        graded.verdicts = [
            _with_what_it_uses(question, verdict, questions, graded.verdicts)
            for (question, _), verdict in zip(questions, graded.verdicts, strict=True)
        ]
    finally:
        processes.close()
    return graded


def _with_what_it_uses(question, verdict, questions, verdicts):
    """Add to a wrong answer's verdict that another answer, which it may use, is wrong as well."""
    if verdict.status == "right":
        return verdict
    wrong = [
        f"Your {other.answer} is not right either. If {question.answer} uses it, mend that first."
        for (other, _), other_verdict in zip(questions, verdicts, strict=True)
        if other.id in question.uses and other_verdict.status in ("wrong", "raised", "unreadable")
    ]
    return replace(verdict, message="\n".join([verdict.message, *wrong]))


def first_line(source):
    """Give the first line of code of a cell, bounded and harmless."""
    lines = [line.strip() for line in source.split("\n")]
    codes = [line for line in lines if line and not line.startswith("#")]
    return safe_line(without_signs((codes or [""])[0]), LONGEST_LINE)


class _Processes:
    """The processes of one submission, one after the other."""

    def __init__(self, notebook, worker, limits):
        self._cells = notebook.cells
        self._worker = worker
        self._limits = limits
        self._child = None
        self._ends = 0
        self._last = 0
        self._leading, self._skipped = set(), set()
        self._spared = set()
        self._singly = False
        self._begins = {}
        self.graded = Graded()
        self.never_called = {}
        """Question ids, with what is said of an answer that was lost with its cell."""

    def outcomes(self, question, cases):
        try:
            if self._child is None:
                self._start()
            budget = self._child.budget(self._limits)
            outcomes = self._child.calls([case.call for case in cases], budget)
        except Ended as ended:
            self.close()
            if self._may_be_spared(ended, question.id):
                return self.outcomes(question, cases)
            self.graded.ends[question.id] = ended.reason
            return [Outcome(ended.status) for _ in cases]
        if any(outcome.status != "not_defined" for outcome in outcomes):
            if self._ends >= MAX_STOPPED and any(outcome.error == "NameError" for outcome in outcomes):
                self.graded.ends[question.id] = (
                    f"after the cells had been stopped {self._ends} times, only what defines something was run;"
                    " a name that other code sets may be missing"
                )
            return outcomes
        return self._undefined(question, outcomes)

    def _may_be_spared(self, ended, doing):
        """Whether to try once more: out of memory, the system kills, and another submission may be to blame for it."""
        if ended.reason != KILLED or doing in self._spared:
            return False
        self._spared.add(doing)
        return True

    def _undefined(self, question, outcomes):
        """Say why an answer is not defined, where the cell that should define it failed."""
        name = question.answer
        # Within a line: over line ends, the time would grow with the square of a run of empty lines.
        defines = re.compile(rf"^[ \t]*(def|class)[ \t]+{name}\b|^[ \t]*{name}[ \t]*[=:]", re.MULTILINE)
        cells = [number for number, source in enumerate(self._cells, 1) if defines.search(source)]
        stopped = {stop.cell: stop for stop in self.graded.stopped}
        errors = {error.cell: error for error in self.graded.errors if error.cell in cells}
        if lost := [cell for cell in cells if cell in stopped]:
            stop = stopped[lost[-1]]
            end = f"code cell {stop.cell} was left out, because {stop.reason}"
        elif errors:
            error = errors[max(errors)]
            self.graded.ends[question.id] = (
                f"code cell {error.cell}, which defines it, stopped with {error.error}. It begins: {error.begins}"
            )
            return outcomes
        elif cells and self._ends >= MAX_STOPPED:
            stop = replace(self.graded.stopped[-1], begins=self._first_line(cells[-1]))
            end = f"code cell {cells[-1]} was left out, because the cells had been stopped {self._ends} times before"
        else:
            return outcomes
        self.graded.ends[question.id] = f"{end}. It begins: {stop.begins}"
        self.never_called[question.id] = f"{name} was not called: the cell that defines it did not run to its end."
        return [Outcome(stop.status) for _ in outcomes]

    def end(self):
        if self._child is not None:
            self._child.end()

    def close(self):
        if self._child is not None:
            self._child.close()
            seconds, memory = self._child.usage
            self.graded.processor_seconds += seconds
            self.graded.memory = max(self.graded.memory, memory)
            self._child = None

    def _start(self):
        """Make a process in which the cells have run, as far as they do not end it."""
        while True:
            self._child = self._worker.fork()
            try:
                errors = self._child.run(
                    self._cells, self._skipped, self._limits, self._plan(), self._leading, self._singly
                )
            except Ended as ended:
                self.close()
                if ended.status == "missing" and not self._singly:
                    # By the time that this was met, another cell may have been running.
                    self._singly = True
                    continue
                if self._may_be_spared(ended, "cells"):
                    continue
                if ended.cell == 0:
                    raise WorkerError(f"a process ended before the first cell: {ended.reason}") from None
                self._leave_out(ended)
                continue
            self.graded.errors = [
                replace(error, begins=self._first_line(error.cell)) if error.cell else error for error in errors
            ]
            return

    def _first_line(self, number):
        # Once a cell: a long one with many errors, in many processes, would take seconds.
        if number not in self._begins:
            self._begins[number] = first_line(self._cells[number - 1])
        return self._begins[number]

    def _plan(self):
        """Say how much of each cell to run: the more often the process ended, the less.

        A right answer shall not be lost to a slow experiment before or after
        it, and what a notebook may cost is bounded all the same.
        """
        parts = {MAX_STOPPED + 1: QUICK_DEFINITIONS, MAX_STOPPED + 2: BARE_DEFINITIONS}
        if self._ends < MAX_STOPPED:
            return [EVERYTHING] * len(self._cells)
        if self._ends == MAX_STOPPED:
            return [DEFINITIONS if number > self._last else EVERYTHING for number in range(1, len(self._cells) + 1)]
        return [parts.get(self._ends, BARE_DEFINITIONS)] * len(self._cells)

    def _leave_out(self, ended):
        """Leave out of the cell that ended a process what follows its first definitions, and the second time all."""
        self._ends += 1
        self._last = ended.cell
        if ended.cell in self._leading:
            self._skipped.add(ended.cell)
        else:
            begins = self._first_line(ended.cell)
            self.graded.stopped.append(StoppedCell(ended.cell, ended.status, ended.reason, begins))
            self._leading.add(ended.cell)
        if self._ends > MAX_STOPPED + 2:
            self._skipped |= set(range(ended.cell, len(self._cells) + 1))
        if self._ends >= MAX_STARTS:
            self._skipped = set(range(1, len(self._cells) + 1))
