"""The two functions that an exercise notebook calls: `check` and `progress`."""

import contextlib
import difflib
import os
import sys
from dataclasses import replace

from gru_checks import feedback
from gru_checks.calling import perform
from gru_checks.judge import judge
from gru_checks.question import public_inputs
from gru_checks.registry import assignment, assignments
from gru_checks.registry import question as find_question

MOST_NAMES = 10
"""To who asks for what there is not, so many names are told."""
MOST_PRINTED, MOST_LINES = 1000, 16
"""Of what an answer prints in a case, so many characters and lines are shown."""


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
    Interrupted
        A KeyboardInterrupt, if the kernel is interrupted.
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
    Interrupted
        A KeyboardInterrupt, if the kernel is interrupted.
    """
    return _guarded(_progress, stem, sys._getframe(1).f_globals)


class Interrupted(KeyboardInterrupt):
    """The learner stopped a check. A notebook shows the sentence alone, without the course's own lines."""

    def _render_traceback_(self):
        return [str(self)]


def verdict_on(question, namespace):
    """Judge the answer that a namespace holds, on the inputs that everybody knows.

    Parameters
    ----------
    question : Question
    namespace : dict

    Returns
    -------
    Verdict
    """
    return _judged(question, namespace)[0]


def _judged(question, namespace):
    """Give the verdict on an answer, and what the answer printed in the case that the verdict speaks of."""
    cases = public_inputs(question)
    outcomes, printed = _performed(cases, namespace)
    verdict = judge(question, cases, outcomes, public=True)
    noisy = [(case.name, text) for case, text in zip(cases, printed, strict=True) if text]
    told = [pair for pair in noisy if f"In the case of {pair[0]}:" in verdict.message]
    name, text = (told or noisy or [("", "")])[0]
    if text:
        text = f"{'It printed' if len(cases) == 1 else f'In the case of {name} it printed'}:\n{text}"
    if verdict.status != "right":
        verdict = _after_what_it_uses(question, cases, verdict, namespace)
    return verdict, text


def _performed(cases, namespace):
    outcomes, printed = [], []
    for case in cases:
        paper = _Paper()
        with contextlib.redirect_stdout(paper), contextlib.redirect_stderr(paper):
            outcomes.append(perform(case.call, namespace))
        printed.append(paper.text())
    return outcomes, printed


def _after_what_it_uses(question, cases, verdict, namespace):
    """Blame a function that the answer uses, if that one is wrong and a right one in its place changes the verdict."""
    for id in question.uses:
        helper = find_question(id)
        own = verdict_on(helper, namespace)
        if own.status in ("right", "not_attempted"):
            continue
        with _in_place(namespace, helper):
            repaired = judge(question, cases, _performed(cases, namespace)[0], public=True)
        if repaired.message == verdict.message:
            continue
        name, used = question.answer, helper.answer
        if own.status == "not_defined":
            first = f"{name} uses {used}. {own.message}"
        else:
            first = (
                f"{name} uses your {used}, which is not right yet; mend that first. Its own check says:\n{_begun(own)}"
            )
        if repaired.status == "right":
            rest = f"{name} itself is right: with a right {used} it passes."
        else:
            rest = f"With a right {used} this remains of {name}:\n{repaired.message}"
        return replace(verdict, message=f"{first}\n{rest}", misconception="", page=own.page)
    return verdict


def _begun(verdict):
    """Give the first sentence of a verdict, with the line of code that it ends in."""
    first, *rest = verdict.message.split("\n")
    return "\n".join([first, *rest[: first.endswith(":")]])


@contextlib.contextmanager
def _in_place(namespace, question):
    """Put the right answer to a question in the place of the learner's for a while."""

    def right(*arguments):
        return question.reference(*arguments)

    right.__module__ = namespace.get("__name__")  # so that nobody is accused of using the reference
    missing = object()
    own = namespace.get(question.answer, missing)
    namespace[question.answer] = right
    try:
        yield
    finally:
        if own is missing:
            del namespace[question.answer]
        else:
            namespace[question.answer] = own


def _check(id, namespace):
    try:
        asked = find_question(id)
    except KeyError:
        known = {question.id: question.answer for assignment in assignments() for question in assignment.questions}
        return 0.0, _unknown("question", id, known, 'check("ch03.sigmoid")')
    verdict, printed = _judged(asked, namespace)
    shown = (feedback.verdict_html(asked, verdict, printed), feedback.verdict_text(asked, verdict, printed))
    return verdict.points, shown


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
        first = list(known)[:MOST_NAMES]
        others = ", ..." if len(known) > MOST_NAMES else ""
        guess = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(first)}{others}."
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
    except KeyboardInterrupt:
        raise Interrupted(
            "The check was interrupted. If it took too long: is there a loop in the answer that does not end?"
        ) from None
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


class _Paper:
    """A stream that keeps the beginning of what is printed, however much that is."""

    encoding = "utf-8"

    def __init__(self):
        self._kept = ""
        self._full = False

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        text = str.__str__(text)  # a subclass may have methods of its own
        room = MOST_PRINTED - len(self._kept)
        self._full |= len(text) > room
        self._kept += text[:room]
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def text(self):
        """Give what was printed as lines without control characters; an ellipsis stands for what was too much."""
        lines = self._kept.expandtabs(4).rstrip().split("\n")
        lines = ["".join(c if c.isprintable() else " " for c in line) for line in lines]
        cut = self._full or len(lines) > MOST_LINES
        return "\n".join(lines[:MOST_LINES] + ["…"] * cut)
