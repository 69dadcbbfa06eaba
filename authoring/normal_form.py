"""The one form in which a notebook is stored, so that a difference in a file is a difference in the notebook."""

import base64
import binascii
import copy
import os
import struct
import tempfile
from pathlib import Path

import nbformat

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}
NOTEBOOK_METADATA = {"gru", "mystnb"}
CELL_METADATA = {"deletable", "editable", "gru", "mystnb", "nbgrader", "tags"}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS_WITHOUT_PIXELS = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}


class NotebookError(Exception):
    """The file does not hold a notebook of format 4; the message says what is wrong with it."""


def normalised(notebook, *, outputs=True):
    """Give the notebook in normal form, leaving the argument as it is.

    Cells are named by their place, metadata that a program adds for itself
    (timing, folding, versions) goes, neighbouring pieces of one stream become
    one piece, and pictures lose the text that names the program that drew them.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    outputs : bool
        Whether outputs and execution counts are kept.

    Returns
    -------
    nbformat.NotebookNode
        Format 4.5.
    """
    notebook = nbformat.from_dict(copy.deepcopy(notebook))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {key: value for key, value in notebook.metadata.items() if key in NOTEBOOK_METADATA}
        | {"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO}
    )
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
        cell.source = "\n".join(cell.source.splitlines()).rstrip()
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in cell.metadata if key in CELL_METADATA})
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        if cell.cell_type == "code":
            if outputs:
                cell.outputs = [_normal_output(output) for output in _coalesced(cell.outputs)]
            else:
                cell.outputs, cell.execution_count = [], None
        elif not cell.get("attachments", True):
            del cell["attachments"]
    return notebook


def to_text(notebook):
    """Write a notebook as JSON text: keys sorted, one space of indent, a newline at the end."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def read(path):
    """Read a notebook.

    Parameters
    ----------
    path : path

    Returns
    -------
    notebook : nbformat.NotebookNode
    text : str
        The file as it stands.

    Raises
    ------
    NotebookError
        If there is no such file, or its contents are no notebook.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotebookError("there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise NotebookError(f"it cannot be read: {error}") from error
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise NotebookError(f"it is not a valid notebook: {error.message}") from error
    except Exception as error:  # nbformat raises whatever the JSON happens to break
        raise NotebookError(f"it is not a notebook: {error}") from error
    return notebook, text


def write(path, text):
    """Replace a file in one step: whoever reads it, at any moment, finds the old text or the new one.

    Parameters
    ----------
    path : path
    text : str

    Raises
    ------
    OSError
        If the new text cannot be written; the old file then stands untouched.
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, path.stat().st_mode if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _coalesced(outputs):
    """Join neighbouring outputs of one stream, which arrive cut in pieces that depend on the moment."""
    joined = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _normal_output(output):
    output.pop("transient", None)
    if "image/png" in output.get("data", {}):
        output.data["image/png"] = _pixels_only(output.data["image/png"])
    return output


def _pixels_only(encoded):
    """Drop from a base64 PNG the chunks that hold text or times; anything else than a PNG stays as it is."""
    try:
        png = base64.b64decode(encoded)
    except binascii.Error:
        return encoded
    if not png.startswith(PNG_SIGNATURE):
        return encoded
    kept, position = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while position + 12 <= len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        if kind not in PNG_CHUNKS_WITHOUT_PIXELS:
            kept.append(png[position : position + 12 + length])
        position += 12 + length
    return base64.b64encode(b"".join(kept)).decode("ascii")
