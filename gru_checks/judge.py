"""From a question, its cases and what an answer did in them to a verdict; nothing of the learner's runs here."""

import functools
import warnings
from dataclasses import dataclass, replace

import numpy as np

from gru_checks.calling import Outcome, perform
from gru_checks.comparison import STAGES, Finding, agrees, as_arrays, compare, givens
from gru_checks.values import NotPlain, plain

ORDER = ("not_attempted", "missing", "crashed", "timed_out", "raised", "unreadable", *STAGES)
"""Of several things that went wrong in different cases, the first one here is told."""
SHAPE_ERRORS = ("ValueError", "IndexError", "TypeError")
"""Errors that often come from a wrong shape, so that the shapes of the inputs are told with them."""


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth and what its author is told.

    Parameters
    ----------
    question_id : str
    status : str
        right, partly_right, wrong, not_defined, not_attempted, raised,
        crashed, timed_out, unreadable or missing.
    points, max_points : float
    message : str
        Sentences; a line that begins with four spaces is the learner's code.
        It may quote text of the learner's, so whoever shows it must escape it.
    remarks : tuple of str
        What costs nothing and is good to know.
    misconception : str
        Id of the one misconception that explains the answer, or "".
    page : str
        Where to read on, as "stem#heading"; "" if all is right.
    """

    question_id: str
    status: str
    points: float
    max_points: float
    message: str
    remarks: tuple[str, ...] = ()
    misconception: str = ""
    page: str = ""


def judge(question, cases, outcomes, *, public):
    """Judge what an answer did.

    Parameters
    ----------
    question : Question
    cases : sequence of Case
    outcomes : sequence of Outcome
        One a case, in the same order.
    public : bool
        Whether the learner may know the inputs: then amounts are told.

    Returns
    -------
    Verdict

    Raises
    ------
    ValueError
        If there is not one outcome a case.
    """
    if len(cases) != len(outcomes):
        raise ValueError(f"{question.id} has {len(cases)} cases and {len(outcomes)} outcomes")
    for outcome in outcomes:
        refusal = _refusal(question, outcome, public)
        if refusal is not None:
            return refusal
    expected = [_reference_value(question, case) for case in cases]
    outcomes = [_reread(outcome, right) for outcome, right in zip(outcomes, expected, strict=True)]
    findings = [
        _finding(question, case, right, outcome, public)
        for case, right, outcome in zip(cases, expected, outcomes, strict=True)
    ]
    right = [case for case, finding in zip(cases, findings, strict=True) if finding is None]
    if len(right) == len(cases):
        message = "Right." if len(cases) == 1 else f"Right in all {len(cases)} cases."
        remarks = _remarks(
            question, outcomes, "That costs nothing here, but what the caller passed in is no longer what it was."
        )
        return Verdict(question.id, "right", float(question.points), float(question.points), message, remarks)
    remarks = _remarks(
        question,
        outcomes,
        "Whatever is computed later starts from the changed values. A copy, array.copy(), avoids it.",
    )
    return _not_right(question, cases, outcomes, findings, right, remarks)


def _refusal(question, outcome, public):
    """Verdict on an answer that cannot count, whatever it returns."""
    name = question.answer
    if outcome.status == "not_defined":
        message = (
            f"There is no {name} so far. Has the cell that defines it been run?"
            if public
            else f"There is no {name} after all cells have run."
        )
        return _nothing(question, "not_defined", message)
    if outcome.status == "not_callable":
        message = (
            f"{name} is a value of type {outcome.kind}, not a function: an answer is what a function returns."
            " If you wrote one, a later line uses its name for something else."
        )
        return _nothing(question, "not_defined", message)
    if outcome.source.startswith("gru_") and outcome.source not in question.imports:
        message = (
            f"{name} uses {outcome.source}. Here the task is to write it yourself, so this answer does not count;"
            f" {outcome.source} is welcome for comparing, in a cell of its own."
        )
        return _nothing(question, "wrong", message)
    return None


def _nothing(question, status, message):
    return Verdict(question.id, status, 0.0, float(question.points), message, page=question.page)


def _reread(outcome, expected):
    """Rebuild the value as plain once more: whoever made the outcome, what is compared is plain."""
    if outcome.status != "returned":
        return outcome
    try:
        value = plain(outcome.value)
    except NotPlain as error:
        return Outcome("unreadable", message=str(error), changed=outcome.changed)
    return Outcome("returned", value=_unpacked(value, expected), changed=outcome.changed)


def _unpacked(value, expected):
    """Read one array that holds all expected parts as a tuple of them: z, r = f(...) takes either."""
    if type(expected) is not tuple or type(value) is not np.ndarray or value.ndim == 0 or len(value) != len(expected):
        return value
    if any(np.ndim(part) != value.ndim - 1 for part in expected):
        return value
    return tuple(np.array(part) for part in value)


@functools.lru_cache(maxsize=256)
def _reference_value(question, case):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return plain(case.call.carried_out(question.reference, case.call.arguments))


def _finding(question, case, expected, outcome, public):
    if outcome.status == "returned":
        return compare(question, case, expected, outcome.value, public=public)
    return Finding(outcome.status, _what_happened(question, case, outcome, public))


def _what_happened(question, case, outcome, public):
    name = question.answer
    match outcome.status:
        case "not_attempted" if outcome.message in ("", name, *_methods(case)):
            part = f"{name}.{outcome.message}" if outcome.message in _methods(case) else name
            told = f"{part} still raises NotImplementedError: put your answer in place of that line."
            return f"{told} If you have, run its cell, and see whether it ended without an error." if public else told
        case "not_attempted":
            return f"{name} calls {outcome.message}, which still raises NotImplementedError: write that one first."
        case "raised":
            return _raised(question, case, outcome, public)
        case "unreadable":
            return f"It returned {outcome.message}. Numbers, or arrays of numbers, are expected."
        case "crashed":
            return "The process ended while it ran."
        case "timed_out":
            return "It did not finish in time. Is there a loop that never ends?"
        case "missing":
            return "No answer came back."
    raise ValueError(f"{question.id}: no such status: {outcome.status}")


def _raised(question, case, outcome, public):
    # On one line: an exception's text is the learner's own and could imitate a verdict.
    message = " ".join(outcome.message.split())
    said = f"{outcome.error}: {message}" if message else outcome.error
    if not outcome.line_number:
        call = f"{question.answer}({', '.join(question.parameters)})"
        return f"The call {call} failed with {said}."
    lines = [f"It stopped with {said}, in line {outcome.line_number} of its cell:"]
    lines += [f"    {outcome.line}"] if outcome.line else []
    if question.kind == "value" and public:
        lines.append(f"It was given {givens(question, case)}.")
    shapes = _shapes(question, case) if outcome.error in SHAPE_ERRORS else ""
    return "\n".join(lines + ([f"Shapes of the inputs: {shapes}."] if shapes else []))


def _methods(case):
    return ("__init__", *(method for method, _ in case.call.steps)) if case.call.steps else ()


def _shapes(question, case):
    """Name the arguments that are arrays, with their shapes, and those that are lists, with their lengths."""
    told = []
    for name, value in zip(question.parameters, case.call.arguments, strict=True):
        if type(value) is np.ndarray:
            told.append(f"{name} {value.shape}")
        elif type(value) is list:
            told.append(f"{name}, a list of {len(value)}")
    return ", ".join(told)


def _remarks(question, outcomes, consequence):
    """Name the arguments that were changed in place, in one sentence, and say what follows."""
    changed = {place for outcome in outcomes for place in outcome.changed}
    if not changed:
        return ()
    parameters = question.parameters
    places = sorted(place for place in changed if place < len(parameters))
    if not places:
        return ()
    return (f"It changes {', '.join(parameters[place] for place in places)} in place. {consequence}",)


def _not_right(question, cases, outcomes, findings, right, remarks):
    failing = [place for place, finding in enumerate(findings) if finding is not None]
    misconception, explained = _explanation(question, cases, outcomes, findings)
    place = min(explained or failing, key=lambda place: (ORDER.index(findings[place].stage), place))
    weight = sum(case.weight for case in cases)
    points = round(question.points * sum(case.weight for case in right) / weight, 2)
    if right:
        status = "partly_right"
    else:
        status = "wrong" if findings[place].stage in STAGES else findings[place].stage
    paragraphs = [_told(cases, findings, place)]
    others = [other for other in failing if other not in explained]
    if misconception is not None:
        # A wrong choice has no place or amount to tell besides.
        paragraphs = [misconception.sentence, *(paragraphs if question.kind != "choice" else [])]
        if others:
            paragraphs.append(f"Another fault: {_small(_told(cases, findings, others[0]))}")
    elif findings[place].stage not in STAGES and failing[0] < place:
        # An error in a harder case is told, but not before what is wrong in an easier one.
        paragraphs = [_told(cases, findings, failing[0]), f"Another fault: {_small(paragraphs[0])}"]
    if right:
        paragraphs.append(f"Right already: {'; '.join(case.name for case in right)}.")
    return Verdict(
        question.id,
        status,
        points,
        float(question.points),
        "\n".join(paragraphs),
        remarks,
        misconception.id if misconception else "",
        (misconception.page if misconception else "") or question.page,
    )


def _told(cases, findings, place):
    """Say what is wrong in a case, with its name where there are several."""
    finding = findings[place]
    if finding.stage in ("not_attempted", "missing") or len(cases) == 1:
        return finding.text
    return f"In the case of {cases[place].name}: {_small(finding.text)}"


def _small(text):
    """Begin a sentence small where it follows a colon, unless it begins with a name."""
    return text[0].lower() + text[1:] if text.startswith(("In ", "It ", "The ", "With ")) else text


def _explanation(question, cases, outcomes, findings):
    """Find the one misconception that explains most, and the failing cases that it explains.

    It must account for every value that came back, the right ones too. Errors
    in other cases may remain. Where several explain as much, none is named.

    Returns
    -------
    Misconception or None
    list of int
        Places of the failing cases that it explains.
    """
    failing = [place for place, finding in enumerate(findings) if finding is not None]
    found = []
    for misconception in question.misconceptions:
        forms = misconception.forms if misconception.fits is None else ()
        explained = [_explained(question, cases, outcomes, failing, form) for form in forms]
        found.append((misconception, max(explained, key=len, default=[])))
    most = max((len(explained) for _, explained in found), default=0)
    best = [(misconception, explained) for misconception, explained in found if len(explained) == most > 0]
    if not best:
        best = [(m, failing) for m in question.misconceptions if m.fits and _fits(m, cases, outcomes, findings)]
    return best[0] if len(best) == 1 else (None, [])


def _explained(question, cases, outcomes, failing, form):
    """List the failing cases that a wrong implementation explains, none if it contradicts a value that came back."""
    same, akin = set(), set()
    for place, (case, outcome) in enumerate(zip(cases, outcomes, strict=True)):
        likeness = _likeness(question, case, outcome, form)
        if likeness is None and outcome.status == "returned":
            return []
        (same if likeness == "same" else akin if likeness == "akin" else set()).add(place)
    # An error of the same kind says little by itself: its text depends on the order in which things were computed.
    if any(outcomes[place].status == "returned" for place in failing):
        return [place for place in failing if place in same | akin]
    return failing if same.issuperset(failing) else []


def _likeness(question, case, outcome, form):
    """Compare what a wrong implementation does in a case with what the answer did: "same", "akin" or None."""
    if outcome.status not in ("raised", "returned"):
        return None
    wrong = _performed(form, case)
    if wrong.status != outcome.status:
        return None
    if wrong.status == "raised":
        same = (wrong.error, wrong.message) == (outcome.error, outcome.message)
        return "same" if same else "akin" if wrong.error == outcome.error else None
    return "same" if agrees(question, case, wrong.value, outcome.value) else None


@functools.lru_cache(maxsize=4096)
def _performed(form, case):
    return perform(replace(case.call, name="wrong"), {"wrong": form})


def _fits(misconception, cases, outcomes, findings):
    """Whether all that came back is well formed and shows a mistake that is known by more than its numbers."""
    if any(finding is not None and finding.stage != "value" for finding in findings):
        return False
    with np.errstate(all="ignore"):
        return all(
            misconception.fits(as_arrays(outcome.value), *case.call.arguments)
            for case, outcome in zip(cases, outcomes, strict=True)
        )
