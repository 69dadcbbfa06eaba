"""Say where two runs of a notebook differ: text exactly, pictures within a small tolerance."""

import base64
import difflib
import json
import tempfile
from pathlib import Path

from matplotlib.testing.compare import compare_images
from matplotlib.testing.exceptions import ImageComparisonFailure

PICTURE_TOLERANCE = 0.5
"""Root mean square over all pixels and colours, on the scale 0 to 255. One other digit on an axis is above it."""

IGNORED = "nbval-ignore-output"
"""The tag of a cell whose outputs may differ from run to run; its metadata say why."""


def differences(stored, fresh):
    """Compare the outputs of two notebooks with the same cells.

    Parameters
    ----------
    stored, fresh : nbformat.NotebookNode
        In normal form.

    Returns
    -------
    list of str
        One readable paragraph a cell that differs; empty when the runs agree.
    """
    found = []
    for number, (old, new) in enumerate(zip(stored.cells, fresh.cells, strict=True), start=1):
        if old.cell_type != "code" or IGNORED in old.metadata.get("tags", []):
            continue
        remarks = list(_cell_differences(old, new))
        if remarks:
            found.append("\n".join([f"cell {number} ({old.source.splitlines()[0][:60]!r}):", *remarks]))
    return found


def text_difference(old, new):
    """Give the lines in which two texts differ, each with a minus (stored) or a plus (now) before it."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "stored", "now", lineterm="", n=1)
    return [line if len(line) <= 200 else f"{line[:200]}..." for line in lines]


def _cell_differences(old, new):
    if old.execution_count != new.execution_count:
        yield f"the stored execution count is {old.execution_count}, now it is {new.execution_count}"
    yield from text_difference(_text_of(old), _text_of(new))
    old_pictures, new_pictures = _pictures_of(old), _pictures_of(new)
    if len(old_pictures) != len(new_pictures):
        yield f"the number of stored pictures is {len(old_pictures)}, now it is {len(new_pictures)}"
        return
    for place, (old_picture, new_picture) in enumerate(zip(old_pictures, new_pictures, strict=True), start=1):
        remark = _picture_difference(old_picture, new_picture)
        if remark:
            yield f"picture {place} {remark}"


def _text_of(cell):
    """Write all that a cell gave, pictures apart, as lines of text."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(f"[{output.name}]\n{output.text}")
        elif output.output_type == "error":
            parts.append(f"[error]\n{output.ename}: {output.evalue}")
        else:
            for kind, value in sorted(output.data.items()):
                text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
                parts.append(f"[{kind}]" if kind == "image/png" else f"[{kind}]\n{text}")
    return "\n".join(parts)


def _pictures_of(cell):
    return [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]


def _picture_difference(old, new):
    """Describe the difference between two base64 PNGs, or give None when they agree."""
    if old == new:
        return None
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("stored.png", "now.png")]
        for path, encoded in zip(paths, (old, new), strict=True):
            path.write_bytes(base64.b64decode(encoded))
        try:
            result = compare_images(*paths, tol=PICTURE_TOLERANCE, in_decorator=True)
        except ImageComparisonFailure:
            return "has another size"
        except Exception as error:  # the stored bytes are no picture
            return f"cannot be compared: {error}"
    return result and f"differs by {result['rms']:.2f} (root mean square; {PICTURE_TOLERANCE} is allowed)"
