"""Find the submissions in a folder and say whose they are and which assignment they answer."""

import contextlib
import functools
import itertools
import operator
import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from os.path import basename, dirname, relpath, splitext
from typing import NamedTuple

from gru_grader.download_names import downloaded, without_ending
from gru_grader.notebook import ENDING, FAULTS

NBGRADER_FOLDER = "submitted"
MACOS_FOLDER = "__MACOSX"
"""What macOS adds to a zip, with what its file system knows of the files, and none of them."""
RESERVED = ("summary.csv", "timings.csv", "grading.json")
"""Files beside the students' folders of results, so no student can be called so."""
_RESERVED_REASON = "the results have a file of this name; rename the folder"
_BY_ITSELF = "grade it by itself"
_OTHER = "it is no notebook"
_NBGRADER = (NBGRADER_FOLDER, "source", "release", "autograded", "feedback")
_BESIDE = f"it lies beside {NBGRADER_FOLDER}, where nbgrader collects what is graded; move it into that, or rename that"
_PACKED = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz")
_WORD = re.compile(r"[^\W\d_]+")
_USUAL = frozenset(
    "answer answers assignment chapter complete completed copy corrected done draft ex exercise exercises final"
    " finished fixed homework hw last latest my new notebook of old problem set solution solutions solved submission"
    " task the updated v ver version week work".split()
)
"""What students write before the name of an exercise, besides their own."""
STUDENT_NUMBER = 5
"""So many digits are taken for the number of a student, and fewer for that of an assignment or a year."""
DEEPEST = 6
"""How many folders down a notebook is looked for, only to say where it lies."""


@dataclass(frozen=True, order=True, slots=True)
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
    unsure : str, optional
        The file, relative to the folder of submissions, if it has somebody else's name and the student's folder might
        be one of students.
    """

    student: str
    stem: str
    path: str
    others: tuple[str, ...] = ()
    unsure: str = ""


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
    is_fault : bool, optional
        Whether this machine is to blame.
    """

    path: str
    reason: str
    student: str = ""
    is_fault: bool = False


class Found(NamedTuple):
    """What is in a folder.

    Parameters
    ----------
    submissions : list of Submission
        By student, then assignment.
    unplaced : list of Unplaced
        By path.
    elsewhere : list of str, optional
        Students who handed in nothing for the one assignment that was asked for, and something for another.
    """

    submissions: list
    unplaced: list
    elsewhere: list = ()


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
    With one such notebook it is taken for a student's, and the submission is
    marked as unsure if nothing in the other folders speaks for it.

    Parameters
    ----------
    folder : str
    stems : sequence of str
        Of the assignments there are.
    assignment : str, optional
        Find those of this assignment alone. A student's only notebook then
        counts as one unless its name or its content says another.
    recognise : callable, optional
        ``recognise(path)`` gives the stem of the assignment that a notebook
        answers, or None, or raises OSError; it is asked where no name tells it.

    Returns
    -------
    Found

    Raises
    ------
    OSError
        If the folder cannot be read.
    """
    inner = os.path.join(folder, NBGRADER_FOLDER)
    collected = os.path.isdir(inner)
    root = inner if collected else folder
    search = _Search(folder, stems, assignment, collected, recognise or (lambda path: None))
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        is_notebook = without_ending(name) is not None
        if name.startswith(".") or name == MACOS_FOLDER:
            continue
        if os.path.islink(path) and not is_notebook:
            search.leave(path, "it is a link, which is not followed")
        elif os.path.isdir(path) and not os.path.islink(path):
            search.add_folder(path)
        elif is_notebook:
            search.place_flat(path)
        else:
            search.leave_other(path)
    for name in sorted(os.listdir(folder)) if collected else ():
        if name not in _NBGRADER and not name.startswith("."):
            search.leave_beside(os.path.join(folder, name))
    return search.result()


def look_alikes(names):
    """Group names that differ only in capitals, in spaces, or in how their letters and accents are stored.

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
    groups = (tuple(group) for _, group in itertools.groupby(sorted(set(names), key=_folded), _folded))
    return sorted(tuple(sorted(group)) for group in groups if len(group) > 1)


def _folded(name):
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", " ".join(name.split())).casefold())


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
        self._folders = []
        self._named_for_another = {}
        self._has_section = False
        self._has_student = False
        self._found = []
        self._strange = {}
        self._unplaced = []
        self._unread = {}
        self._elsewhere = set()

    def leave(self, path, reason, student="", is_fault=False):
        """Note that something is nobody's submission."""
        self._unplaced.append(Unplaced(relpath(path, self._folder), reason, student, is_fault))

    def _recognised(self, path):
        """Ask the content of a notebook for its assignment, and take note if it cannot be read."""
        try:
            return self._recognise(path)
        except OSError as error:
            self._unread[path] = f"it cannot be read: {error.strerror}"
            return None

    def leave_other(self, path):
        """Note a file that is no notebook, if its name says whose it is; others are no student's."""
        name = basename(path)
        handed_in = downloaded(name)
        if handed_in is not None:
            student = handed_in.student
        elif (stem := self._stem(name)) is not None:
            student = _named_in(_around(stem, splitext(name)[0]))
        else:
            return
        if student:
            self.leave(path, "it is an archive, which has to be unpacked" if _is_packed(name) else _OTHER, student)

    def leave_beside(self, path):
        """Note what lies beside nbgrader's folder, if it is named like an answer to an assignment, or has one in it."""
        paths = [path] if without_ending(basename(path)) is not None else []
        if not paths and not os.path.islink(path):
            with contextlib.suppress(OSError):
                paths = list(_notebooks(path, 1))
        if any(self._stem(basename(path)) for path in paths):
            self.leave(path, _BESIDE)

    def add_folder(self, path):
        """Take note of a folder, to be placed when all are known."""
        self._folders.append(path)

    def _place_folders(self):
        common = set() if self._collected else self._common_names()
        for folder in self._folders:
            try:
                notebooks = list(_notebooks(folder, 1))
            except OSError as error:
                reason, is_fault = f"it cannot be read: {error.strerror}", error.errno in FAULTS
                self.leave(folder, reason, _student(folder), is_fault)
                continue
            if reason := self._unfit(folder, notebooks, common):
                self.leave(folder, reason, _student(folder))
            else:
                self._place_notebooks(folder, notebooks)

    def _common_names(self):
        """Find the names of folders that several folders have in them: hardly students, more likely "homework"."""
        # What is found is not kept: for a large class it is less to look twice.
        names = Counter()
        for folder in self._folders:
            with contextlib.suppress(OSError):
                names.update({basename(dirname(path)) for path in _notebooks(folder, 1) if dirname(path) != folder})
        return {name for name, number in names.items() if number > 1}

    def _place_notebooks(self, folder, notebooks):
        is_certain = self._collected or downloaded(basename(folder)) is not None
        if not is_certain and all(self._names_another(folder, path) for path in notebooks):
            self._named_for_another[_student(folder)] = relpath(notebooks[0], self._folder)
        else:
            self._has_student = True
        for path in notebooks:
            inner = basename(dirname(path))
            stem = self._stem(basename(path)) or (self._stem(inner) if dirname(path) != folder else None)
            stem = stem or self._recognised(path)
            if stem is None and self._only is not None and len(notebooks) == 1:
                stem = self._only
            self._place(_student(folder), stem, path, self._cure(len(notebooks)))

    def place_flat(self, path):
        """Place a notebook that has its student in its name."""
        name = basename(path)
        handed_in = downloaded(name)
        stem = self._stem(name if handed_in is None else handed_in.file)
        if handed_in is not None:
            student = handed_in.student
        elif stem is not None:
            student = _named_in(_around(stem, without_ending(name)))
        else:
            student = _bare(without_ending(name))
        stem = stem or self._recognised(path)
        if stem is None and handed_in is not None:
            self._strange.setdefault(student, []).append(path)
        elif stem is None:
            self._place("", None, path, f"name it STUDENT_{self._example()}{ENDING}")
        elif not student:
            self.leave(
                path,
                "its name does not say whose it is; if this is the folder of one student, give the folder above it",
            )
        elif student.casefold() in RESERVED:
            self.leave(path, _RESERVED_REASON)
        else:
            self._place(student, stem, path, "")

    def _place_strange(self):
        """Place what platforms name for a student, but neither name nor content for an assignment."""
        placed = {student for student, _, _ in self._found} | self._elsewhere
        for student, paths in self._strange.items():
            is_only = len(paths) == 1 and student not in placed
            for path in paths:
                self._place(student, self._only if is_only else None, path, self._cure(1 if is_only else 2))

    def result(self):
        """Give what `find` returns."""
        self._place_folders()
        self._place_strange()
        submissions = []
        # Where one folder is plainly a student's, the others are too, unless one is plainly a section.
        unsure = self._named_for_another if self._has_section or not self._has_student else {}
        self._found.sort()
        for (student, stem), found in itertools.groupby(self._found, operator.itemgetter(0, 1)):
            paths = sorted((path for *_, path in found), key=functools.partial(_rank, stem))
            graded, *others = (relpath(path, self._folder) for path in paths)
            submissions.append(Submission(student, stem, paths[0], tuple(others), unsure.get(student, "")))
            for path in paths[1:]:
                self.leave(path, f"{graded} is graded as {student}'s {stem}")
        placed = self._elsewhere | {submission.student for submission in submissions}
        unplaced = [replace(item, student="") if item.student in placed else item for item in self._unplaced]
        elsewhere = self._elsewhere - {submission.student for submission in submissions}
        return Found(submissions, sorted(unplaced), sorted(elsewhere))

    def _unfit(self, folder, notebooks, common):
        """Say why a folder is no student's, or has nothing to grade; "" if neither.

        `common` are the names of folders that several folders have in them.
        """
        student = basename(folder)
        if student.casefold() in RESERVED:
            return _RESERVED_REASON
        if not notebooks:
            try:
                deep = next(_notebooks(folder, DEEPEST), None)
                others = sorted(name for name in os.listdir(folder) if not name.startswith("."))
            except OSError as error:
                return f"{relpath(error.filename, self._folder)} cannot be read: {error.strerror}"
            if deep is None:
                return f"there is no notebook in it{_only(others)}"
            return f"its notebooks lie too deep, such as {relpath(deep, folder)}; {_BY_ITSELF}"
        if self._collected:
            return ""
        if student in self._stems:
            return (
                "it is named like an assignment, not like a student; if this is the folder of one student, give the"
                " folder above it; if it is a folder of students, grade it by itself"
            )
        inner = sorted({basename(dirname(path)) for path in notebooks if dirname(path) != folder})
        inner = [name for name in inner if self._stem(name) is None]
        if named := self._named(folder, notebooks):
            self._has_section = True
            return f"it looks like a folder of students, because of {' and '.join(named)}; {_BY_ITSELF}"
        if len(inner) > 1:
            self._has_section = True
            return f"it looks like a folder of students, such as {inner[0]} and {inner[1]}; {_BY_ITSELF}"
        if inner and inner[0] not in common and {basename(dirname(path)) for path in notebooks} == {*inner}:
            return (
                f"all that is in it lies in {inner[0]}: if that is a student, grade {student} by itself; if"
                f" {student} is the student, move the notebook out of {inner[0]}"
            )
        return ""

    def _named(self, folder, notebooks):
        """Give two notebooks in a folder that are named for different students, or none.

        Where one has the exercise's own name, the others are its owner's drafts.
        """
        if any(dirname(path) == folder and self._is_exact(basename(path)) for path in notebooks):
            return []
        names = {}
        for path in notebooks:
            if dirname(path) == folder and (student := self._name_before(path)):
                name = basename(path)
                names.setdefault(self._stem(name), {}).setdefault(student.casefold(), name)
        return next((list(found.values())[:2] for found in names.values() if len(found) > 1), [])

    def _names_another(self, folder, path):
        """Whether a notebook's name begins with words that are neither its student's name nor usual in such names."""
        if dirname(path) != folder:
            return False
        before, student = self._name_before(path).casefold(), basename(folder).casefold()
        words = {word for word in _WORD.findall(before) if len(word) > 1} - _USUAL
        own = {word for word in _WORD.findall(student) if len(word) > 1}
        return bool(words) and not any(word in student for word in words) and not any(word in before for word in own)

    def _name_before(self, path):
        """Give what stands before the assignment in a notebook's name."""
        stem = self._stem(basename(path))
        return "" if stem is None else _around(stem, without_ending(basename(path)))[0]

    def _is_exact(self, name):
        return without_ending(name) in self._stems

    def _cure(self, number):
        """Say what to do about a notebook whose name is that of no assignment, one of some in a student's folder."""
        if number == 1:
            return f"with --assignment {self._example()} a student's only notebook is taken for it all the same"
        return f"rename the one to grade to {self._example()}{ENDING}"

    def _example(self):
        return self._only or (self._stems[0] if len(self._stems) == 1 else "ASSIGNMENT")

    def _stem(self, name):
        """Find the one assignment that a name speaks of."""
        fitting = [stem for stem in self._stems if re.search(_pattern(stem), name, re.IGNORECASE)]
        return max(fitting, key=len) if fitting else None

    def _place(self, student, stem, path, cure):
        if stem is None and path in self._unread:
            self.leave(path, self._unread[path], student, is_fault=True)
        elif stem is None:
            self.leave(path, f"neither its name nor its content says which assignment it answers; {cure}", student)
        elif self._only in (None, stem):
            self._found.append((student, stem, path))
        else:
            self._elsewhere.add(student)


def _rank(stem, path):
    """Order files of one student for one assignment: the first is graded.

    It is what was last handed in, where the platform numbers it; otherwise the one with the name that the exercise has,
    or else the shortest name, which is the one without "-Copy1".
    """
    handed_in = downloaded(basename(path))
    return -handed_in.upload if handed_in else 0, basename(path) != stem + ENDING, len(path)


def _student(folder):
    """Name the student of a folder."""
    handed_in = downloaded(basename(folder))
    return basename(folder) if handed_in is None else handed_in.student


def _only(names):
    """Say what lies in a folder that has no notebook."""
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f", only {names[0]}{', which has to be unpacked' if _is_packed(names[0]) else ''}{more}"


def _is_packed(name):
    return splitext(name)[1].lower() in _PACKED


def _around(stem, name):
    """Give what stands before an assignment in the name of a file without its ending, and what stands behind it."""
    parts = re.split(_pattern(stem), name, maxsplit=1, flags=re.IGNORECASE)
    return [_bare(part) for part in parts]


def _named_in(parts):
    """Choose the part of a file's name that names somebody: the first, unless it has only what many names have.

    Not the longer one: two students who end their names in "final version"
    would be one student of that name.
    """
    return max(parts, key=_says_whose)


def _says_whose(text):
    words = re.findall(r"[^\W_]+", text.casefold())
    # With the number in "hw1"; a number by itself may be that of a student if it is long.
    rest = [word for word in words if word.strip("0123456789") not in _USUAL]
    return any(not word.isdigit() or len(word) >= STUDENT_NUMBER for word in rest), bool(rest), bool(text)


def _bare(name):
    """Take from a name what only separates it from others; of dots alone, which would name another folder, nothing."""
    return re.sub(r"^[\s_.-]+|[\s_.-]+$", "", name)


def _pattern(stem):
    return re.escape(stem).replace(r"\-", "[-_ ]")


def _notebooks(folder, depth):
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if without_ending(entry.name) is not None:
            yield entry.path
        elif depth and entry.is_dir(follow_symlinks=False):
            yield from _notebooks(entry.path, depth - 1)
