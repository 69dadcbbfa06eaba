"""What a child says, read as what it claims to be, or refused; nothing in it is believed beyond its form."""

import dataclasses
import signal

from gru_checks.calling import Outcome
from gru_checks.values import plain
from gru_grader.text import without_signs

MAX_TEXT = 500
"""How many characters of a text are kept."""
MAX_LETTERS = 100
"""How many characters of a text in an answer's value are kept."""
_OUTCOME_KINDS = {field.name: type(getattr(Outcome(""), field.name)) for field in dataclasses.fields(Outcome)}
_TEXTS = {name for name, kind in _OUTCOME_KINDS.items() if kind is str} - {"status"}


def outcome(fields):
    """Read an outcome, believing nothing about it; of its fields, only the status and the value have to be there."""
    if type(fields) is not dict or not {"status", "value"} <= fields.keys() <= _OUTCOME_KINDS.keys():
        raise ValueError("fields")
    for name, content in fields.items():
        if name != "value" and type(content) is not _OUTCOME_KINDS[name]:
            raise TypeError(name)
    if fields["status"] not in ("returned", "not_defined", "not_callable", "not_attempted", "raised", "unreadable"):
        raise ValueError("status")
    changed = fields.get("changed", ())[:100]
    if not all(type(place) is int for place in changed):
        raise TypeError("changed")
    texts = {name: _own(fields[name]) for name in _TEXTS & fields.keys()}
    # A line of its own could pass for one of a verdict. What was raised is compared with what a known mistake
    # raises, so there the judge folds it.
    kept = "message" if fields["status"] == "raised" else None
    texts = {name: text if name == kept else " ".join(text.split()) for name, text in texts.items()}
    value = _shortened(plain(fields["value"])) if fields["status"] == "returned" else None
    return Outcome(**{**fields, **texts, "value": value, "changed": changed})


def _shortened(value):
    """Cut the texts in an answer: the longest that is right is a letter, and whoever compares may multiply them."""
    if type(value) is str:
        return value[:MAX_LETTERS]
    if type(value) in (list, tuple):
        return type(value)(map(_shortened, value))
    return {key[:MAX_LETTERS]: _shortened(entry) for key, entry in value.items()} if type(value) is dict else value


@dataclasses.dataclass(frozen=True)
class CellError:
    """What a cell raised.

    Parameters
    ----------
    cell : int
        Place among the code cells, from 1.
    error, message : str
    line : int
        In the cell, from 1; 0 if it is not known.
    begins : str
        The first line of code in the cell, to find it by.
    """

    cell: int
    error: str
    message: str
    line: int
    begins: str = ""


def cell_error(fields, cells):
    """Read what a cell raised; whatever is not as it should be is left out.

    Parameters
    ----------
    fields : object
    cells : int
        How many there are.

    Returns
    -------
    CellError
    """
    number, line = (fields.get(name) if type(fields) is dict else None for name in ("cell", "line"))
    known = type(number) is int and 1 <= number <= cells
    return CellError(
        number if known else 0,
        text(fields, "error"),
        text(fields, "message"),
        line if type(line) is int and 0 <= line < 10**6 else 0,
    )


def text(message, name):
    """Read a text, bounded; empty if it is none."""
    text = message.get(name) if type(message) is dict else None
    return _own(text) if type(text) is str else ""


def _own(text):
    """Give a text of a submission's own, bounded and without the signs of verdicts."""
    return without_signs(text[:MAX_TEXT])[:MAX_TEXT]


def how_it_ended(code):
    """Say in a clause how a process ended.

    Parameters
    ----------
    code : int
        Its exit status, or the negative number of the signal.

    Returns
    -------
    str
    """
    if code >= 0:
        return f"it ended Python (exit status {code})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    words = {
        "SIGSEGV": "it crashed Python (segmentation fault)",
        "SIGKILL": "it was killed by the system",
        "SIGSYS": "it made a system call that is not allowed",
    }
    return words.get(name, f"it crashed Python ({name})")
