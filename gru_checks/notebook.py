"""The two functions that an exercise notebook calls: `check` and `progress`."""

import contextlib
import difflib
import os
import sys

from gru_checks import feedback
from gru_checks.calling import perform
from gru_checks.judge import judge
from gru_checks.registry import assignment, assignments, inputs, question

PUBLIC_SEED = "public"
"""Everybody's inputs in a notebook. A grader draws others."""


def check(id=None, /):
    """Judge the answer to a question and show what is right or wrong about it.

    The answer is the function of the name that the task gives, among the
    globals of whoever calls. Whatever the answer does, no error of it stops
    the notebook; only the learner can, by interrupting the kernel.

    Parameters
    ----------
    id : str
        For example "ch03.update_gate".

    Returns
    -------
    float or None
        While nbgrader runs the notebook, the points earned, and nothing is
        shown; otherwise None.

    Raises
    ------
    KeyboardInterrupt
        If the kernel is interrupted.
    """
    return _guarded(_check, id, sys._getframe(1).f_globals)


def progress(stem=None, /):
    """Show the points of every question of an assignment and what to do next.

    Parameters
    ----------
    stem : str
        Name of the notebook without its ending, for example "ch03-update-gate".

    Returns
    -------
    float or None
        While nbgrader runs the notebook, the points earned in all, and nothing
        is shown; otherwise None.

    Raises
    ------
    KeyboardInterrupt
        If the kernel is interrupted.
    """
    return _guarded(_progress, stem, sys._getframe(1).f_globals)


def verdict_on(question, namespace):
    """Judge the answer that a namespace holds, on the inputs that everybody knows.

    What the answer prints, while it is called, is not shown.

    Parameters
    ----------
    question : Question
    namespace : dict

    Returns
    -------
    Verdict
    """
    cases = inputs(question, PUBLIC_SEED)
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        outcomes = [perform(case.call, namespace) for case in cases]
    return judge(question, cases, outcomes, public=True)


def _check(id, namespace):
    try:
        asked = question(id)
    except KeyError:
        known = {question.id: question.answer for assignment in assignments() for question in assignment.questions}
        return 0.0, _unknown("question", id, known, 'check("ch03.sigmoid")')
    verdict = verdict_on(asked, namespace)
    return verdict.points, (feedback.verdict_html(asked, verdict), feedback.verdict_text(asked, verdict))


def _progress(stem, namespace):
    try:
        found = assignment(stem)
    except KeyError:
        known = {assignment.stem: assignment.title for assignment in assignments()}
        return 0.0, _unknown("assignment", stem, known, 'progress("ch03-update-gate")')
    verdicts = [verdict_on(question, namespace) for question in found.questions]
    earned = sum(verdict.points for verdict in verdicts)
    return earned, (feedback.progress_html(found, verdicts), feedback.progress_text(found, verdicts))


def _unknown(what, name, known, example):
    """Say that there is no such question or assignment, and which was perhaps meant."""
    if type(name) is not str:
        text = f"Which {what}? Its name goes in quotes, as in {example}."
    else:
        near = difflib.get_close_matches(name, known, 1) or [id for id, other in known.items() if other == name]
        guess = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        text = f"There is no {what} {name[:60]!r}. {guess}"
    return feedback.note_html(text), text


_under_way = []
"""Names of the checks being done, the outermost first; more than one where an answer calls a check."""


def _guarded(job, name, namespace):
    """Do the job; whatever goes wrong in it is the course's fault and must not stop the notebook."""
    grading = "NBGRADER_EXECUTION" in os.environ
    _under_way.append(name)
    if len(_under_way) > 1:
        # An answer calls a check, which would call the answer, and so on for ever.
        return None
    try:
        points, shown = job(name, namespace)
        if len(_under_way) > 1:
            text = (
                "check or progress is called inside an answer, which would go on for ever. Move that line out of the"
                " function: it begins without spaces, in a cell of its own."
            )
            points, shown = 0.0, (feedback.note_html(text), text)
    except Exception as error:
        text = (
            "This check has failed itself: that is a fault of the course, not of your answer."
            f" Please report it: {type(error).__name__}: {error}"
        )
        points, shown = 0.0, (feedback.note_html(text), text)
    finally:
        _under_way.clear()
    if grading:
        return float(points)
    _show(*shown)
    return None


def _show(as_html, text):
    """Show HTML with its text twin where a front end may choose, else print the text."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        ipython.display.display({"text/html": as_html, "text/plain": text}, raw=True)
    else:
        print(text)


class _Nowhere:
    """A stream that keeps nothing, however much is printed."""

    encoding = "utf-8"

    def write(self, text):
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False
