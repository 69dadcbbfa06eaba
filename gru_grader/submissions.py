"""Find the submissions in a folder and say whose they are and which assignment they answer."""

import os
import re
from dataclasses import dataclass

ENDING = ".ipynb"
NBGRADER_FOLDER = "submitted"


@dataclass(frozen=True, order=True)
class Submission:
    """A file that was handed in.

    Parameters
    ----------
    student : str
    stem : str
        Of the assignment.
    path : str
    """

    student: str
    stem: str
    path: str


@dataclass(frozen=True, order=True)
class Unplaced:
    """Something in the folder that is nobody's submission, and why."""

    path: str
    reason: str


def find(folder, stems, assignment=None):
    """Find all submissions.

    Known layouts: ``<student>/<assignment>.ipynb``; nbgrader's
    ``submitted/<student>/<assignment>/<name>.ipynb``; one flat folder of
    ``<student>_<assignment>.ipynb``. Links to folders are not followed.

    Parameters
    ----------
    folder : str
    stems : sequence of str
        Of the assignments there are.
    assignment : str, optional
        Find those of this assignment alone. A student's only notebook then
        counts as one whatever its name.

    Returns
    -------
    submissions : list of Submission
        By student, then assignment.
    unplaced : list of Unplaced

    Raises
    ------
    OSError
        If the folder cannot be read.
    """
    inner = os.path.join(folder, NBGRADER_FOLDER)
    root = inner if os.path.isdir(inner) else folder
    search = _Search(stems, assignment)
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and not entry.name.endswith(ENDING):
            search.unplaced.append(Unplaced(entry.path, "it is a link, which is not followed"))
        elif entry.is_dir(follow_symlinks=False):
            search.look_into(entry)
        elif entry.name.endswith(ENDING):
            search.place_flat(entry)
    return search.result()


class _Search:
    def __init__(self, stems, assignment):
        self._stems = stems
        self._only = assignment
        self._found = {}
        self.unplaced = []

    def look_into(self, student):
        """Place the notebooks in a student's folder and in the folders in it."""
        try:
            notebooks = list(_notebooks(student.path, 1))
        except OSError as error:
            self.unplaced.append(Unplaced(student.path, f"it cannot be read: {error.strerror}"))
            return
        for path in notebooks:
            name, folder = os.path.basename(path), os.path.basename(os.path.dirname(path))
            stem = self._stem(name) or (self._stem(folder) if os.path.dirname(path) != student.path else None)
            if stem is None and self._only is not None and len(notebooks) == 1:
                stem = self._only
            self._place(student.name, stem, path)
        if not notebooks:
            self.unplaced.append(Unplaced(student.path, "there is no notebook in it"))

    def place_flat(self, entry):
        """Place a notebook that has its student in its name."""
        stem = self._stem(entry.name)
        student = ""
        if stem is not None:
            parts = re.split(_pattern(stem), entry.name.removesuffix(ENDING), maxsplit=1, flags=re.IGNORECASE)
            student = max((part.strip(" _-.") for part in parts), key=len)
        if stem is not None and not student:
            self.unplaced.append(Unplaced(entry.path, "its name does not say whose it is"))
        else:
            self._place(student, stem, entry.path)

    def result(self):
        submissions = []
        for (student, stem), paths in self._found.items():
            # The name that the exercise has; otherwise the shortest, which is the one without "-Copy1".
            paths.sort(key=lambda path: (os.path.basename(path) != stem + ENDING, len(path), path))
            submissions.append(Submission(student, stem, paths[0]))
            for path in paths[1:]:
                self.unplaced.append(Unplaced(path, f"{os.path.basename(paths[0])} is graded as {student}'s {stem}"))
        return sorted(submissions), sorted(self.unplaced)

    def _stem(self, name):
        """Find the one assignment that a name speaks of."""
        fitting = [stem for stem in self._stems if re.search(_pattern(stem), name, re.IGNORECASE)]
        return max(fitting, key=len) if fitting else None

    def _place(self, student, stem, path):
        if stem is None:
            self.unplaced.append(Unplaced(path, "its name is that of no assignment"))
        elif self._only in (None, stem):
            self._found.setdefault((student, stem), []).append(path)


def _pattern(stem):
    return re.escape(stem).replace(r"\-", "[-_ ]")


def _notebooks(folder, depth):
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.name.endswith(ENDING):
            yield entry.path
        elif depth and entry.is_dir(follow_symlinks=False):
            yield from _notebooks(entry.path, depth - 1)
