"""The result of a submission as a record, in Gradescope's form: made, looked over, and compared."""

import hashlib
import inspect
import math
import re
import textwrap
from dataclasses import asdict, replace
from pathlib import Path

import gru_checks
import gru_ref
from gru_checks.feedback import WIDTH, verdict_text
from gru_grader import __version__
from gru_grader.download_names import without_ending
from gru_grader.text import quoted_below, safe, safe_line

GRADED = "graded"
NOT_ATTEMPTED = "not_attempted"
NOT_GRADABLE = "not_gradable"
ERROR = "error"
"""One of the four states of a submission. This one and `NOT_GRADABLE` have a score of null, never of 0."""

_HEADS = {NOT_GRADABLE: "It could not be graded", ERROR: "The grader failed; this is no fault of yours"}
DAMAGED = "The result is damaged or cannot be read. Grade this submission again."
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_SCRATCH = re.compile(r"(?:/[^/\s'\"]+)*/gru-grader-[a-z0-9_]{8}(?![a-z0-9_])")


def provenance(assignment, seed, level, limits, digest):
    """What a result depends on, besides the machine.

    A result whose provenance is the same need not be made again.

    Parameters
    ----------
    assignment : gru_checks.registry.Assignment
    seed : int
    level : str
    limits : gru_grader.budget.Limits
    digest : str or None
        SHA-256 of the submission; None if it could not be read.

    Returns
    -------
    dict
    """
    return {
        "grader_version": __version__,
        "question_bank": bank_digest(assignment),
        "submission": digest,
        "seed": seed,
        "isolation": level,
        "limits": asdict(limits),
    }


def bank_digest(assignment):
    """SHA-256 over the source of all that decides what is right in an assignment."""
    files = {path for package in (gru_checks, gru_ref) for path in Path(package.__file__).parent.rglob("*.py")}
    for question in assignment.questions:
        files |= {Path(inspect.getsourcefile(question.reference))}
        # With what the module of a teacher's own questions imports from beside it.
        files |= set(Path(inspect.getsourcefile(question.draw)).parent.glob("*.py"))
    whole = hashlib.sha256()
    for digest in sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files):
        whole.update(digest.encode())
    return whole.hexdigest()


def graded_record(submission, assignment, graded, made_from):
    """Make the record of a submission that was graded.

    Parameters
    ----------
    submission : gru_grader.submissions.Submission
    assignment : gru_checks.registry.Assignment
    graded : gru_grader.grade.Graded
    made_from : dict
        From `provenance`.

    Returns
    -------
    dict
        As results.json holds it.
    """
    pairs = list(zip(assignment.questions, graded.verdicts, strict=True))
    tests = [
        _test(number, question, verdict, graded.ends.get(question.id, ""))
        for number, (question, verdict) in enumerate(pairs, 1)
    ]
    untouched = all(verdict.status in ("not_attempted", "not_defined") for verdict in graded.verdicts)
    untouched = untouched and any(verdict.status == "not_attempted" for verdict in graded.verdicts)
    notes = {
        "stopped_cells": [{**asdict(stop), "reason": safe_line(stop.reason)} for stop in graded.stopped],
        "cell_errors": [
            {**asdict(error), "error": safe_line(error.error), "message": safe_line(_steady(error.message))}
            for error in graded.errors
        ],
    }
    status = NOT_ATTEMPTED if untouched else GRADED
    chosen = {"chosen_points": sum((verdict.points for question, verdict in pairs if question.kind == "choice"), 0.0)}
    return {
        "score": _score(verdict.points for verdict in graded.verdicts),
        "output": _notes_text({**notes, **chosen}, made_from, submission.stem),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {**_head(submission, assignment, status), **chosen, **made_from, **notes},
    }


def _score(points):
    return round(sum(points), 2)


def failed_record(submission, assignment, status, reason, made_from):
    """Make the record of a submission that has no score.

    Parameters
    ----------
    submission, assignment, made_from
        As for `graded_record`.
    status : str
        NOT_GRADABLE or ERROR.
    reason : str
        Why, in a sentence.

    Returns
    -------
    dict
    """
    return {
        "score": None,
        "output": f"{_HEADS[status]}. {safe_line(reason)}",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
        "extra_data": {**_head(submission, assignment, status), **made_from, "reason": safe_line(reason)},
    }


def unplaced_record(student, reason, stem=None, status=NOT_GRADABLE):
    """Make the record of a student of whom nothing was taken for a submission.

    Parameters
    ----------
    student : str
    reason : str
    stem : str, optional
        Of the one assignment that was graded.
    status : str, optional
        NOT_GRADABLE or ERROR.

    Returns
    -------
    dict
    """
    head = {"student": safe_line(student), "assignment": stem or "", "status": status}
    return {
        "score": None,
        "output": f"{_HEADS[status]}: {safe_line(reason)}.",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
        "extra_data": {**head, "reason": safe_line(reason)},
    }


def _head(submission, assignment, status):
    return {
        "student": safe_line(submission.student),
        "assignment": submission.stem,
        "status": status,
        "max_score": float(assignment.points),
    }


def _test(number, question, verdict, end):
    # Before lines are broken, for they break where words end.
    steady = replace(verdict, message=_steady(verdict.message), remarks=tuple(map(_steady, verdict.remarks)))
    text = verdict_text(question, steady)
    if end:
        text += "\n" + textwrap.fill(f"What happened: {end}.", WIDTH, initial_indent="  ", subsequent_indent="  ")
    return {
        "score": verdict.points,
        "max_score": verdict.max_points,
        "status": "passed" if verdict.status == "right" else "failed",
        "name": question.title,
        "number": str(number),
        "output": safe(quoted_below(text)),
        "output_format": "text",
        "visibility": "visible",
        "extra_data": {
            "question": question.id,
            "kind": question.kind,
            "status": verdict.status,
            "misconception": verdict.misconception,
            "page": verdict.page,
        },
    }


def _notes_text(notes, made_from, stem):
    lines = [f"{_cell(stop)} was left out: {stop['reason']}." for stop in notes["stopped_cells"]]
    for error in notes["cell_errors"]:
        place = f"{_cell(error)}, line {error['line']}" if error["line"] else _cell(error)
        said = ": ".join(filter(None, (error["error"], error["message"])))
        lines.append(f"{place}: {said}{'' if said.endswith('.') else '.'}")
    lines = ["What happened when the code cells ran:", *map(_paragraph, lines)] if lines else ["All code cells ran."]
    if points := notes["chosen_points"]:
        lines.append(f"Points had by choosing among given answers: {points:g}.")
    if without_ending(made_from["file"]) != stem:
        lines.append(f"The file that was graded: {made_from['file']}.")
    lines += [f"Not graded: {path}, a further file for this assignment." for path in made_from.get("not_graded", ())]
    return quoted_below("\n".join(lines))


def _cell(note):
    """Name a cell by its number and its first line."""
    begins = f" (begins: `{note['begins']}`)" if note["begins"] else ""
    return f"Code cell {note['cell']}{begins}"


def _paragraph(text):
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _steady(text):
    """Take out what differs from run to run: addresses in memory, and the name of the folder for files."""
    return _SCRATCH.sub("/scratch", _ADDRESS.sub("0x…", text))


def damaged_record(path):
    """Make the record that stands for a result that cannot be read.

    Parameters
    ----------
    path : pathlib.PurePath
        Of the result, relative to the folder of results.

    Returns
    -------
    dict
    """
    student, assignment = (*path.parent.parts, "")[:2]
    head = {"student": safe_line(student), "assignment": safe_line(assignment), "status": ERROR}
    return {"score": None, "output": "", "tests": [], "extra_data": {**head, "reason": DAMAGED}}


def is_whole(record):
    """Whether all that is read of a record is there, and of its kind; whoever edited the file may have changed it."""
    data, tests = record["extra_data"], record["tests"]
    texts = [record["output"], data["student"], data["assignment"], data.get("reason", "")]
    texts += [text for test in tests for text in (test["output"], test["extra_data"]["status"])]
    texts += data.get("not_graded", [])
    if data["status"] in (GRADED, NOT_ATTEMPTED):
        limits = data["limits"]
        numbers = [record["score"], data["max_score"], data["chosen_points"], limits["seconds"], limits["memory"]]
        numbers += [test["score"] for test in tests]
        texts += [data["grader_version"], data["isolation"]]
        known = type(data["seed"]) is int and type(tests) is list and len(tests) > 0
    else:
        numbers, known = [], data["status"] in (NOT_GRADABLE, ERROR) and record["score"] is None
    are_numbers = all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
    if not (known and are_numbers and all(type(text) is str for text in texts)):
        return False
    return record["score"] is None or record["score"] == _score(test["score"] for test in tests)


def can_be_kept(record, made_from):
    """Whether a record found from an earlier run is what grading again would give."""
    # What could not be graded is looked at again: that takes no time, and the reason may be another one.
    if record is None or record["extra_data"]["status"] in (ERROR, NOT_GRADABLE):
        return False
    return all(record["extra_data"].get(name) == value for name, value in made_from.items())
