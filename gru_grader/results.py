"""Results as files: one JSON a submission in Gradescope's form, written whole or not at all."""

import contextlib
import functools
import heapq
import itertools
import json
import os
import tempfile

from gru_grader.records import damaged_record, is_whole
from gru_grader.text import safe_line

FILE = "results.json"
SETTINGS = "grading.json"
# Marks may be for nobody else's eyes. To ask is to change it for a moment, so it is asked before there are threads.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


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
        return record if is_whole(record) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


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
        yield record or damaged_record(path.relative_to(folder))


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


def remove_partial(folder):
    """Remove what a run that was killed left half-written."""
    for path in folder.rglob(".*.partial"):
        path.unlink(missing_ok=True)
