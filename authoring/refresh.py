"""Execute notebooks and store their outputs in normal form, or check that what is stored is what they give.

Usage: ``python -m authoring.refresh [--check] [NOTEBOOK...]``, by default on
all chapters, solutions and exercises. Exercises are never executed: they are
stored without outputs, for the learner to fill.
"""

import argparse
import sys
import time
from pathlib import Path

from authoring.comparison import differences, text_difference
from authoring.execution import CellError, execute
from authoring.normal_form import NotebookError, normalised, read, to_text, write

ROOT = Path(__file__).resolve().parent.parent
EXECUTED_FOLDERS = ("book", "solutions")
UNEXECUTED_FOLDER = "exercises"


def main(arguments=None):
    """Refresh or check the notebooks named in the arguments.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the command line by default.

    Returns
    -------
    int
        0 if all is well, 1 if a notebook differs, fails or cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m authoring.refresh", description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a notebook would change")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: all of them")
    options = parser.parse_args(arguments)
    handle = check if options.check else refresh
    all_well = True
    for path in options.notebooks or all_notebooks():
        start = time.monotonic()
        try:
            well, message = handle(path)
        except (NotebookError, CellError) as error:
            well, message = False, str(error)
        except OSError as error:
            well, message = False, f"it could not be written and stands as it was: {error.strerror}"
        all_well &= well
        print(f"{_shown(path)}: {message} ({time.monotonic() - start:.1f} s)", flush=True)
    return 0 if all_well else 1


def all_notebooks():
    """List every notebook of the course, in the order of its folders and names."""
    return [
        path for folder in (*EXECUTED_FOLDERS, UNEXECUTED_FOLDER) for path in sorted((ROOT / folder).glob("*.ipynb"))
    ]


def refresh(path):
    """Bring one notebook up to date.

    Parameters
    ----------
    path : path

    Returns
    -------
    well : bool
        Always true; what goes wrong is raised.
    message : str

    Raises
    ------
    NotebookError, CellError, OSError
        The file is then as it was before.
    """
    notebook, text = read(path)
    if _is_executed(path):
        new_text = to_text(normalised(execute(notebook, path.resolve().parent)))
    else:
        new_text = to_text(normalised(notebook, outputs=False))
    if new_text == text:
        return True, "unchanged"
    write(path, new_text)
    return True, "refreshed"


def check(path):
    """Say whether one notebook is stored as a run of it would store it.

    Parameters
    ----------
    path : path

    Returns
    -------
    well : bool
    message : str
        What differs, if anything does.

    Raises
    ------
    NotebookError, CellError
    """
    notebook, text = read(path)
    stored = normalised(notebook, outputs=_is_executed(path))
    if to_text(stored) != text:
        lines = text_difference(text, to_text(stored))[:12]
        return False, "\n".join(["not in normal form, `python -m authoring.refresh` repairs it:", *lines])
    if not _is_executed(path):
        return True, "in normal form, without outputs"
    found = differences(stored, normalised(execute(notebook, path.resolve().parent)))
    if found:
        return False, "\n".join(["the stored outputs are not what it gives:", *found])
    return True, "as stored"


def _is_executed(path):
    return path.resolve().parent.name != UNEXECUTED_FOLDER


def _shown(path):
    """Name a file from the root of the course where it lies in it."""
    resolved = path.resolve()
    return resolved.relative_to(ROOT) if resolved.is_relative_to(ROOT) else path


if __name__ == "__main__":
    sys.exit(main())
