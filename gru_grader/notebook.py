"""Read a submitted notebook as data: bounded, and nothing of it but the source of its code cells.

What the submitter's program wrote beside the code (metadata, tags, outputs,
kernel) is not looked at, so that nothing in it can matter.
"""

import codecs
import errno
import hashlib
import json
import os
import stat
from dataclasses import dataclass

ENDING = ".ipynb"
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a file begins that an editor saved as what it calls Unicode."""
MAX_BYTES = 16 * 2**20
"""A file larger than this is not opened; stored pictures fit in easily."""
MAX_PARTS = 1_000_000
"""Brackets and braces that begin something; each takes much more memory, and time, than its bytes."""
FAULTS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ESTALE)
"""Why this machine cannot open a file, whoever wrote it."""
MAX_CELLS = 2000
MAX_SOURCE = 600_000
"""Characters of all code cells together."""


class NotGradable(Exception):  # noqa: N818 - it says what the file is
    """The file is no notebook that can be graded; the message says why, to its author."""


@dataclass(frozen=True)
class Notebook:
    """What is graded of a notebook.

    Parameters
    ----------
    cells : tuple of str
        Source of the code cells, in order.
    digest : str
        SHA-256 of the file.
    """

    cells: tuple[str, ...]
    digest: str


def read(path):
    """Read a notebook.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    Notebook

    Raises
    ------
    NotGradable
    OSError
        If the machine is to blame.
    """
    content = _content(path)
    text = _text(content)
    if not text.strip():
        raise NotGradable("The file is empty.")
    if text.count("[") + text.count("{") > MAX_PARTS:
        raise NotGradable("The file has more parts than a notebook can have. Clear the outputs and save it again.")
    try:
        # Numbers are not needed, and long ones are slow to read.
        document = json.loads(text, parse_int=len, parse_float=len)
    except RecursionError:
        raise NotGradable("The file is nested too deeply.") from None
    except (ValueError, MemoryError):
        raise NotGradable("The file is not a notebook: it is not JSON. Was the download interrupted?") from None
    return Notebook(tuple(_sources(document)), hashlib.sha256(content).hexdigest())


def _text(content):
    """Decode a file as what it says it is, else as UTF-8, else as what older editors write, which every byte is."""
    try:
        return content.decode("utf-16" if content.startswith(UTF_16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _content(path):
    try:
        # Not following links; not waiting for whoever would write into a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise NotGradable("The file is a link, which is not followed.") from None
        if error.errno in FAULTS:
            raise
        raise NotGradable(f"The file cannot be opened: {error.strerror}.") from None
    state = os.fstat(descriptor)
    if not stat.S_ISREG(state.st_mode):
        os.close(descriptor)
        raise NotGradable("This is not a file: it is a folder, a pipe or a device.")
    with open(descriptor, "rb") as file:
        # A byte more than there is, should it be growing; to ask for the most there can be would reserve it.
        content = file.read(state.st_size + 1) if state.st_size <= MAX_BYTES else b""
    if max(state.st_size, len(content)) > MAX_BYTES:
        raise NotGradable(f"The file is larger than {MAX_BYTES // 2**20} MiB. Clear the outputs and save it again.")
    return content


def _sources(document):
    cells = _code_cells(document)
    if len(cells) > MAX_CELLS:
        raise NotGradable(f"The notebook has more than {MAX_CELLS} code cells.")
    total = 0
    for cell, key in cells:
        source = cell.get(key, "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            raise NotGradable("The file is not a notebook: a code cell has no source.")
        total += len(source)
        if total > MAX_SOURCE:
            raise NotGradable(f"The notebook has more than {MAX_SOURCE:,} characters of code.")
        yield source


def _code_cells(document):
    """List the code cells, each with the key under which its source stands."""
    if not isinstance(document, dict):
        raise NotGradable("The file is not a notebook: it has no cells.")
    key, sheets = "source", [document]
    if "cells" not in document and "worksheets" in document:
        # Format 3, before 2015.
        key, sheets = "input", document["worksheets"]
    found = []
    for sheet in sheets if isinstance(sheets, list) else [None]:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise NotGradable("The file is not a notebook: it has no cells.")
        found += [(cell, key) for cell in cells if cell.get("cell_type") == "code"]
    return found
