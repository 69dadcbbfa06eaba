"""Find the submissions in a folder and say whose they are and which assignment they answer."""

import os
import re
import unicodedata
from dataclasses import dataclass, replace

ENDING = ".ipynb"
NBGRADER_FOLDER = "submitted"
RESERVED = ("summary.csv", "timings.csv", "grading.json")
"""Files beside the students' folders of results, so no student can be called so."""


@dataclass(frozen=True, order=True)
class Submission:
    """A file that was handed in.

    Parameters
    ----------
    student : str
    stem : str
        Of the assignment.
    path : str
    others : tuple of str, optional
        Names of further files that the student handed in for it, which are not graded.
    """

    student: str
    stem: str
    path: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Unplaced:
    """Something in the folder that is nobody's submission, and why.

    Parameters
    ----------
    path : str
        Relative to the folder of submissions.
    reason : str
        A clause.
    student : str, optional
        Whose folder it is, if nothing at all in it was taken for a submission.
    """

    path: str
    reason: str
    student: str = ""


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
        By path.

    Raises
    ------
    OSError
        If the folder cannot be read.
    """
    inner = os.path.join(folder, NBGRADER_FOLDER)
    root = inner if os.path.isdir(inner) else folder
    search = _Search(folder, stems, assignment)
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and not entry.name.endswith(ENDING):
            search.leave(entry.path, "it is a link, which is not followed")
        elif entry.is_dir(follow_symlinks=False):
            search.look_into(entry)
        elif entry.name.endswith(ENDING):
            search.place_flat(entry)
    return search.result()


def look_alikes(names):
    """Group names that differ only in capitals, or in how their accents are stored.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    list of tuple of str
        Each of two names or more.

    Examples
    --------
    >>> look_alikes(["Ada", "ada", "bo"])
    [('Ada', 'ada')]
    """
    groups = {}
    for name in sorted(set(names)):
        groups.setdefault(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()), []).append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


class _Search:
    def __init__(self, folder, stems, assignment):
        self._folder = folder
        self._stems = stems
        self._only = assignment
        self._found = {}
        self._unplaced = []
        self._elsewhere = set()

    def leave(self, path, reason, student=""):
        """Note that something is nobody's submission."""
        self._unplaced.append(Unplaced(os.path.relpath(path, self._folder), reason, student))

    def look_into(self, student):
        """Place the notebooks in a student's folder and in the folders in it."""
        try:
            notebooks = list(_notebooks(student.path, 1))
        except OSError as error:
            self.leave(student.path, f"it cannot be read: {error.strerror}", student.name)
            return
        if reason := self._unfit(student, notebooks):
            self.leave(student.path, reason, student.name)
            return
        for path in notebooks:
            name, folder = os.path.basename(path), os.path.basename(os.path.dirname(path))
            stem = self._stem(name) or (self._stem(folder) if os.path.dirname(path) != student.path else None)
            if stem is None and self._only is not None and len(notebooks) == 1:
                stem = self._only
            self._place(student.name, stem, path, self._cure(len(notebooks)))

    def place_flat(self, entry):
        """Place a notebook that has its student in its name."""
        stem = self._stem(entry.name)
        student = ""
        if stem is not None:
            parts = re.split(_pattern(stem), entry.name.removesuffix(ENDING), maxsplit=1, flags=re.IGNORECASE)
            student = max((part.strip(" _-.") for part in parts), key=len)
        if stem is not None and not student:
            self.leave(
                entry.path,
                "its name does not say whose it is; if this is the folder of one student, give the folder above it",
            )
        elif student.casefold() in RESERVED:
            self.leave(entry.path, _RESERVED_REASON)
        else:
            self._place(student, stem, entry.path, f"name it STUDENT_{self._example()}{ENDING}")

    def result(self):
        submissions = []
        for (student, stem), paths in self._found.items():
            # The name that the exercise has; otherwise the shortest, which is the one without "-Copy1".
            paths.sort(key=lambda path: (os.path.basename(path) != stem + ENDING, len(path), path))
            graded, *others = (os.path.relpath(path, self._folder) for path in paths)
            submissions.append(Submission(student, stem, paths[0], tuple(others)))
            for path in paths[1:]:
                self.leave(path, f"{graded} is graded as {student}'s {stem}")
        placed = self._elsewhere | {submission.student for submission in submissions}
        unplaced = [replace(item, student="") if item.student in placed else item for item in self._unplaced]
        return sorted(submissions), sorted(unplaced)

    def _unfit(self, student, notebooks):
        """Say why a folder is no student's, or has nothing to grade; "" if neither."""
        if student.name.casefold() in RESERVED:
            return _RESERVED_REASON
        if not notebooks:
            return "there is no notebook in it"
        if student.name in self._stems:
            return (
                "it is named like an assignment, not like a student; if this is the folder of one student, give the"
                " folder above it"
            )
        folders = {os.path.dirname(path) for path in notebooks}
        if student.path in folders:
            return ""
        if sum(self._stem(os.path.basename(folder)) is None for folder in folders) > 1:
            return (
                "it looks like a folder of students, because several folders in it have notebooks; grade it by itself"
            )
        return ""

    def _cure(self, number):
        """Say what to do about a notebook whose name is that of no assignment, one of some in a student's folder."""
        if number == 1:
            return f"--assignment {self._example()} takes a student's only notebook whatever its name"
        return f"rename the one to grade to {self._example()}{ENDING}"

    def _example(self):
        return self._only or (self._stems[0] if len(self._stems) == 1 else "ASSIGNMENT")

    def _stem(self, name):
        """Find the one assignment that a name speaks of."""
        fitting = [stem for stem in self._stems if re.search(_pattern(stem), name, re.IGNORECASE)]
        return max(fitting, key=len) if fitting else None

    def _place(self, student, stem, path, cure):
        if stem is None:
            self.leave(path, f"its name is that of no assignment; {cure}", student)
        elif self._only in (None, stem):
            self._found.setdefault((student, stem), []).append(path)
        else:
            self._elsewhere.add(student)


_RESERVED_REASON = "the results have a file of this name; rename the folder"


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
