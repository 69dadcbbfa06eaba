"""Results as files: one JSON a submission in Gradescope's form, written whole or not at all."""

import contextlib
import functools
import hashlib
import heapq
import inspect
import itertools
import json
import math
import os
import re
import tempfile
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
FILE = "results.json"
SETTINGS = "grading.json"
# Marks may be for nobody else's eyes. To ask is to change it for a moment, so it is asked before there are threads.
_UMASK = os.umask(0o077)
os.umask(_UMASK)
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
    limits : gru_grader.client.Limits
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


def write(path, record):
    """Write a record as JSON; after whatever happens the file is there whole, or not at all.

    Parameters
    ----------
    path : pathlib.Path
    record : dict
    """
    text = _laid_out(record)
    # Inside strings alone; a page that holds the file cannot be broken out of.
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    write_text(path, text + "\n")


def _laid_out(record):
    """Write JSON with a line for each entry, and for each of a list; indenting all of it takes ten times as long."""
    dumps = functools.partial(json.dumps, allow_nan=False)

    def entry(value):
        if type(value) is not list or not value:
            return dumps(value)
        return "[\n  " + ",\n  ".join(map(dumps, value)) + "\n ]"

    return "{\n" + ",\n".join(f" {dumps(key)}: {entry(value)}" for key, value in record.items()) + "\n}"


def write_text(path, text):
    """Write a text file whole or not at all."""
    with whole_file(path) as file:
        file.write(text)


@contextlib.contextmanager
def whole_file(path):
    """Open a text file that takes its place when all is written to it, and not before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    except OSError as error:
        # Nobody knows the name of a file that is only there while it is written.
        error.filename = str(path.parent)
        raise
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_UMASK)
        try:
            os.replace(temporary, path)
        except OSError as error:
            error.filename = str(path)
            raise
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, OSError) and error.filename is None:
            # A full disk shows only when something is written.
            error.filename = str(path.parent)
        raise


def fault(error):
    """Say what the system refused, without its number."""
    if error.strerror is None:
        return str(error)
    return error.strerror + (f": {error.filename}" if error.filename is not None else "")


def read(path):
    """Read a record; None if there is none, or it is not whole."""
    try:
        # Nobody may ever write into a pipe.
        record = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return record if _is_whole(record) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _is_whole(record):
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


def read_all(folder, instead=None):
    """Read all results in a folder, one after the other, so that a class takes no more memory than a student does.

    Parameters
    ----------
    folder : pathlib.Path
    instead : dict, optional
        By path, records that could not be written, or were not to be; they take the place of what is there.

    Yields
    ------
    dict
        In the order of the paths. In place of one that is damaged, or is somebody else's, comes one with status ERROR.
    """
    instead = instead or {}
    names = set(map(safe_line, os.listdir(folder)))
    for path, _ in itertools.groupby(heapq.merge(_paths(folder), sorted(instead))):
        record = instead.get(path) or read(path)
        if record is not None:
            # Some file systems change a name a little, such as its accents; but who has another folder is another.
            own, student = safe_line(path.relative_to(folder).parts[0]), record["extra_data"]["student"]
            record = record if student == own or student not in names else None
        yield record or _damaged_record(path.relative_to(folder))


def _paths(folder):
    """Yield the paths of all results in a folder, sorted."""
    for student in map(folder.joinpath, sorted(os.listdir(folder))):
        try:
            names = sorted(os.listdir(student))
        except NotADirectoryError:
            # It is one of the tables.
            continue
        except OSError:
            # Whose it is cannot be missing from the table; reading this will fail, too.
            yield student / FILE
            continue
        for name in names:
            path = student / name if name == FILE else student / name / FILE
            if _may_exist(path):
                yield path


def _may_exist(path):
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _damaged_record(path):
    student, assignment = (*path.parent.parts, "")[:2]
    head = {"student": safe_line(student), "assignment": safe_line(assignment), "status": ERROR}
    return {"score": None, "output": "", "tests": [], "extra_data": {**head, "reason": DAMAGED}}


def can_be_kept(record, made_from):
    """Whether a record found from an earlier run is what grading again would give."""
    # What could not be graded is looked at again: that takes no time, and the reason may be another one.
    if record is None or record["extra_data"]["status"] in (ERROR, NOT_GRADABLE):
        return False
    return all(record["extra_data"].get(name) == value for name, value in made_from.items())


def remove_partial(folder):
    """Remove what a run that was killed left half-written."""
    for path in folder.rglob(".*.partial"):
        path.unlink(missing_ok=True)
