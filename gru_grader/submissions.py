"""Find the submissions in a folder and say whose they are and which assignment they answer."""

import os
import re
import unicodedata
from dataclasses import dataclass, replace
from os.path import basename, dirname

from gru_grader.download_names import downloaded
from gru_grader.notebook import ENDING

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


def find(folder, stems, assignment=None, recognise=None):
    """Find all submissions.

    Known layouts: ``<student>/<assignment>.ipynb``, also one folder further
    down; nbgrader's ``submitted/<student>/<assignment>/<name>.ipynb``; one
    flat folder of ``<student>_<assignment>.ipynb``; what Canvas and Moodle
    give to download. Links to folders are not followed.

    A folder of students, such as a section of a class, is nobody's
    submission. It is known by what lies in it: several folders with notebooks,
    or one that is named neither like an assignment nor like that of another
    student; or several notebooks with different names before the assignment's.

    Parameters
    ----------
    folder : str
    stems : sequence of str
        Of the assignments there are.
    assignment : str, optional
        Find those of this assignment alone. A student's only notebook then
        counts as one whatever its name.
    recognise : callable, optional
        ``recognise(path)`` gives the stem of the assignment that a notebook
        answers, or None; it is asked where no name tells it.

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
    collected = os.path.isdir(inner)
    root = inner if collected else folder
    search = _Search(folder, stems, assignment, collected, recognise or (lambda path: None))
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_symlink() and not entry.name.endswith(ENDING):
            search.leave(entry.path, "it is a link, which is not followed")
        elif entry.is_dir(follow_symlinks=False):
            search.add_folder(entry)
        elif entry.name.endswith(ENDING):
            search.place_flat(entry)
        elif (handed_in := downloaded(entry.name)) is not None:
            search.leave(entry.path, "it is no notebook", handed_in.student)
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
    """What was found so far.

    Parameters
    ----------
    folder, stems, assignment, recognise
        As for `find`.
    collected : bool
        Whether nbgrader collected the submissions, so that the first folders are certainly the students'.
    """

    def __init__(self, folder, stems, assignment, collected, recognise):
        self._folder = folder
        self._stems = stems
        self._only = assignment
        self._collected = collected
        self._recognise = recognise
        self._students = []
        self._found = {}
        self._strange = {}
        self._unplaced = []
        self._elsewhere = set()

    def leave(self, path, reason, student=""):
        """Note that something is nobody's submission."""
        self._unplaced.append(Unplaced(os.path.relpath(path, self._folder), reason, student))

    def add_folder(self, entry):
        """Take note of a folder, to be placed when all are known."""
        try:
            self._students.append((entry, list(_notebooks(entry.path, 1))))
        except OSError as error:
            self.leave(entry.path, f"it cannot be read: {error.strerror}", _student(entry.name))

    def _place_folders(self):
        inner = [{dirname(path) for path in notebooks} - {entry.path} for entry, notebooks in self._students]
        names = [basename(path) for paths in inner for path in paths]
        common = {name for name in names if names.count(name) > 1}
        for entry, notebooks in self._students:
            if reason := self._unfit(entry, notebooks, common):
                self.leave(entry.path, reason, _student(entry.name))
            else:
                self._place_notebooks(entry, notebooks)

    def _place_notebooks(self, student, notebooks):
        for path in notebooks:
            name, folder = basename(path), basename(dirname(path))
            stem = self._stem(name) or (self._stem(folder) if dirname(path) != student.path else None)
            stem = stem or self._recognise(path)
            if stem is None and self._only is not None and len(notebooks) == 1:
                stem = self._only
            self._place(_student(student.name), stem, path, self._cure(len(notebooks)))

    def place_flat(self, entry):
        """Place a notebook that has its student in its name."""
        handed_in = downloaded(entry.name)
        stem = self._stem(entry.name if handed_in is None else handed_in.file)
        if handed_in is not None:
            student = handed_in.student
        elif stem is not None:
            student = max(_around(stem, entry.name), key=len)
        else:
            student = entry.name.removesuffix(ENDING).strip()
        stem = stem or self._recognise(entry.path)
        if stem is None and handed_in is not None:
            self._strange.setdefault(student, []).append(entry.path)
        elif stem is None:
            self._place("", None, entry.path, f"name it STUDENT_{self._example()}{ENDING}")
        elif not student:
            self.leave(
                entry.path,
                "its name does not say whose it is; if this is the folder of one student, give the folder above it",
            )
        elif student.casefold() in RESERVED:
            self.leave(entry.path, _RESERVED_REASON)
        else:
            self._place(student, stem, entry.path, "")

    def _place_strange(self):
        """Place what platforms name for a student, but neither name nor content for an assignment."""
        placed = {student for student, _ in self._found} | self._elsewhere
        for student, paths in self._strange.items():
            is_only = len(paths) == 1 and student not in placed
            for path in paths:
                self._place(student, self._only if is_only else None, path, self._cure(1 if is_only else 2))

    def result(self):
        """Give what `find` returns."""
        self._place_folders()
        self._place_strange()
        submissions = []
        for (student, stem), paths in self._found.items():
            # The name that the exercise has; otherwise the shortest, which is the one without "-Copy1".
            paths.sort(key=lambda path: (basename(path) != stem + ENDING, len(path), path))
            graded, *others = (os.path.relpath(path, self._folder) for path in paths)
            submissions.append(Submission(student, stem, paths[0], tuple(others)))
            for path in paths[1:]:
                self.leave(path, f"{graded} is graded as {student}'s {stem}")
        placed = self._elsewhere | {submission.student for submission in submissions}
        unplaced = [replace(item, student="") if item.student in placed else item for item in self._unplaced]
        return sorted(submissions), sorted(unplaced)

    def _unfit(self, student, notebooks, common):
        """Say why a folder is no student's, or has nothing to grade; "" if neither.

        `common` are the names of folders that several folders have in them: hardly students, more likely "homework".
        """
        if student.name.casefold() in RESERVED:
            return _RESERVED_REASON
        if not notebooks:
            try:
                deep = next(_notebooks(student.path, DEEPEST), None)
            except OSError as error:
                return f"{os.path.relpath(error.filename, self._folder)} cannot be read: {error.strerror}"
            if deep is None:
                return "there is no notebook in it"
            return f"its notebooks lie too deep, such as {os.path.relpath(deep, student.path)}; {_BY_ITSELF}"
        if self._collected:
            return ""
        if student.name in self._stems:
            return (
                "it is named like an assignment, not like a student; if this is the folder of one student, give the"
                " folder above it; if it is a folder of students, grade it by itself"
            )
        if named := self._named(student, notebooks):
            return f"it looks like a folder of students, because of {' and '.join(named)}; {_BY_ITSELF}"
        inner = sorted({basename(dirname(path)) for path in notebooks if dirname(path) != student.path})
        inner = [name for name in inner if self._stem(name) is None]
        if len(inner) > 1:
            return f"it looks like a folder of students, such as {inner[0]} and {inner[1]}; {_BY_ITSELF}"
        if inner and inner[0] not in common and {basename(dirname(path)) for path in notebooks} == {*inner}:
            return (
                f"all that is in it lies in {inner[0]}: if that is a student, grade {student.name} by itself; if"
                f" {student.name} is the student, move the notebook out of {inner[0]}"
            )
        return ""

    def _named(self, folder, notebooks):
        """Give two notebooks in a folder that are named for different students, or none.

        Where one has the exercise's own name, the others are its owner's drafts.
        """
        if any(dirname(path) == folder.path and self._is_exact(basename(path)) for path in notebooks):
            return []
        names = {}
        for path in notebooks:
            name = basename(path)
            stem = self._stem(name)
            if dirname(path) == folder.path and stem is not None and (student := _around(stem, name)[0]):
                names.setdefault(stem, {}).setdefault(student.casefold(), name)
        return next((list(found.values())[:2] for found in names.values() if len(found) > 1), [])

    def _is_exact(self, name):
        return name.removesuffix(ENDING) in self._stems

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
            self.leave(path, f"neither its name nor its content says which assignment it answers; {cure}", student)
        elif self._only in (None, stem):
            self._found.setdefault((student, stem), []).append(path)
        else:
            self._elsewhere.add(student)


def _student(name):
    """Name the student of a folder."""
    handed_in = downloaded(name)
    return name if handed_in is None else handed_in.student


_RESERVED_REASON = "the results have a file of this name; rename the folder"
_BY_ITSELF = "grade it by itself"
DEEPEST = 6
"""How many folders down a notebook is looked for, only to say where it lies."""


def _around(stem, name):
    """Give what stands before an assignment in the name of a file, and what stands behind it."""
    parts = re.split(_pattern(stem), name.removesuffix(ENDING), maxsplit=1, flags=re.IGNORECASE)
    return [part.strip(" _-.") for part in parts]


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
