"""All assignments, found by stem, and their questions, found by id.

Each module of `gru_checks.questions` holds one assignment, under the name
``ASSIGNMENT``. All are validated when the first is asked for.
"""

import functools
import importlib.util
import inspect
import pkgutil
import re
import sys
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gru_checks import questions as question_modules
from gru_checks.question import KINDS, Question, inputs

__all__ = [
    "Assignment",
    "RegistryError",
    "assignment",
    "assignments",
    "inputs",
    "private_assignments",
    "question",
    "validate",
]

CHOICE_SHARE = 0.15
"""Largest share of an assignment's points that may be had by choosing."""
WRONG_TRAININGS = 5
"""How many wrong ways to train a question that trains must know at least."""
GIVEN = (bool, int, float, str)
"""Types of what a question of the kind "value" gives."""
IMPORTABLE = ("gru_ref",)
"""Packages of the course that answers may use; the others hold the right ones."""
_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ID = re.compile(r"[a-z0-9]+(\.[a-z0-9_]+)")
_PAGE = re.compile(r"[a-z0-9-]+#\S(.*\S)?")


class RegistryError(ValueError):
    """An assignment or a question contradicts itself."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """The questions of one notebook.

    Parameters
    ----------
    stem : str
        Name of its notebook without the ending, for example "ch03-update-gate".
    title : str
    questions : tuple of Question
    minutes : int
        How long it takes.
    difficulty : str
    trains : str
        What it trains, one sentence.
    next_step : str
        What to do when all is right, one sentence.
    imports : tuple of str, optional
        Packages of the course that answers may use, for example ("gru_ref",).
    framework : str, optional
        What answers are written with.
    """

    stem: str
    title: str
    questions: tuple[Question, ...]
    minutes: int
    difficulty: str
    trains: str
    next_step: str
    imports: tuple[str, ...] = ()
    framework: str = "numpy"

    def __post_init__(self):
        bound = tuple(replace(question, imports=self.imports) for question in self.questions)
        object.__setattr__(self, "questions", bound)

    @property
    def points(self):
        """Points of all its questions."""
        return sum(question.points for question in self.questions)


@functools.cache
def assignments():
    """All assignments, in the order of their stems.

    Returns
    -------
    tuple of Assignment

    Raises
    ------
    RegistryError
        If one contradicts itself or two have something in common.
    """
    found = tuple(
        importlib.import_module(f"{question_modules.__name__}.{module.name}").ASSIGNMENT
        for module in sorted(pkgutil.iter_modules(question_modules.__path__), key=lambda module: module.name)
    )
    validate(found)
    return found


def private_assignments(folder):
    """Load assignments that are no part of the course, such as those of an exam.

    Every file ``*.py`` in the folder is a module of the same form as those of
    `gru_checks.questions`; one whose name begins with an underscore is only
    there to be imported by the others.

    Parameters
    ----------
    folder : str or os.PathLike
        Its modules are run: it must be one's own.

    Returns
    -------
    tuple of Assignment
        In the order of their stems.

    Raises
    ------
    RegistryError
        If a module cannot be imported or has no ``ASSIGNMENT``, or if one
        contradicts itself or two have something in common.
    """
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise RegistryError(f"{folder} is no folder")
    paths = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    if not paths:
        raise RegistryError(f"there is no module of questions in {folder}: no file whose name ends in .py")
    sys.path.insert(0, str(folder))
    try:
        found = tuple(_private(path) for path in paths)
    finally:
        sys.path.remove(str(folder))
    validate(found)
    for question in (question for assignment in found for question in assignment.questions):
        for what in ("reference", "draw"):
            _demand_file(f"{question.id}: {what}", getattr(question, what))
    return tuple(sorted(found, key=lambda assignment: assignment.stem))


def _demand_file(what, function):
    """Results say by which files they were made; a function of NumPy's, or one put together from others, has none."""
    try:
        inspect.getsourcefile(function)
    except TypeError:
        raise RegistryError(f"{what} must be a function that a module defines, with def or lambda") from None


def _private(path):
    # A name of its own, so that a file called numpy.py or ch03_update_gate.py replaces nothing.
    spec = importlib.util.spec_from_file_location(f"gru_private_questions.{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        if isinstance(error, SyntaxError):
            place = f"{error.filename}, line {error.lineno}"
            reason = error.msg
        else:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place, reason = f"{frame.filename}, line {frame.lineno}", error
        raise RegistryError(f"{place}: {type(error).__name__}: {reason}") from error
    found = getattr(module, "ASSIGNMENT", None)
    if not isinstance(found, Assignment):
        raise RegistryError(f"{path}: it has no ASSIGNMENT that is a gru_checks.registry.Assignment")
    return found


def assignment(stem):
    """Find an assignment.

    Parameters
    ----------
    stem : str

    Raises
    ------
    KeyError
        If there is none; the message names those there are.
    """
    by_stem = {assignment.stem: assignment for assignment in assignments()}
    if stem not in by_stem:
        raise KeyError(f"no assignment {stem!r}; there are: {', '.join(by_stem)}")
    return by_stem[stem]


def question(id):
    """Find a question.

    Parameters
    ----------
    id : str

    Raises
    ------
    KeyError
        If there is none.
    """
    for assignment in assignments():
        for question in assignment.questions:
            if question.id == id:
                return question
    raise KeyError(f"no question {id!r}")


def validate(found):
    """Check assignments, each by itself and together.

    Parameters
    ----------
    found : sequence of Assignment

    Raises
    ------
    RegistryError
        With all that is wrong, a line each.
    """
    faults = []
    _unique(faults, "stem", [assignment.stem for assignment in found])
    stems = {}
    for assignment in found:
        for question in assignment.questions:
            stems.setdefault(question.id, []).append(assignment.stem)
    for id, several in stems.items():
        if len(several) > 1:
            faults.append(
                f"the question id {id!r} occurs twice, in {' and '.join(sorted(set(several)))}: give it another"
            )
    for assignment in found:
        _unique(faults, f"answer of {assignment.stem}", [question.answer for question in assignment.questions])
        faults += [f"{assignment.stem}: {fault}" for fault in _assignment_faults(assignment)]
        for question in assignment.questions:
            faults += [f"{question.id}: {fault}" for fault in _question_faults(question)]
    if faults:
        raise RegistryError("\n".join(faults))


def _unique(faults, what, names):
    faults += [f"the {what} {name!r} occurs twice" for name in sorted({n for n in names if names.count(n) > 1})]


def _assignment_faults(assignment):
    if not _STEM.fullmatch(assignment.stem):
        yield "the stem must be the name of a notebook without its ending, of letters, digits, _ and -"
    if not assignment.questions:
        yield "it has no question"
    if not set(assignment.imports) <= set(IMPORTABLE):
        yield f"imports may name {', '.join(IMPORTABLE)} alone"
    choices = sum(question.points for question in assignment.questions if question.kind == "choice")
    if choices > CHOICE_SHARE * assignment.points:
        yield f"{choices} of {assignment.points} points by choosing, more than {CHOICE_SHARE:.0%}"
    earlier = set()
    for question in assignment.questions:
        for id in question.uses:
            if id not in earlier:
                yield f"{question.id} uses {id}, which is no question before it"
        earlier.add(question.id)


def _question_faults(question):
    if not _ID.fullmatch(question.id):
        yield "the id must be chapter.name in small letters, digits and underscores"
    if not question.answer.isidentifier():
        yield f"the answer {question.answer!r} is not a name"
    if type(question.points) is not int or question.points < 1:
        yield "points must be a positive whole number"
    if question.kind not in KINDS:
        yield f"the kind {question.kind!r} is none of {', '.join(KINDS)}"
    if (question.kind == "behaviour") != (question.behaviour is not None):
        yield "a behaviour, and nothing else, needs to say how it is observed"
    if question.kind == "choice":
        yield from _choice_faults(question)
    elif question.choices:
        yield "choices belong to the kind 'choice' alone"
    if not question.returns:
        yield "it must say what it returns"
    if len(question.hints) != 2 or not all(question.hints):
        yield "two hints are needed"
    for page in filter(None, (question.page, *(m.page for m in question.misconceptions))):
        if not _PAGE.fullmatch(page):
            yield f"the page {page!r} must be stem#heading"
    names = [misconception.id for misconception in question.misconceptions]
    if len(names) != len(set(names)):
        yield "two misconceptions have the same id"
    for misconception in question.misconceptions:
        if not misconception.sentence.endswith((".", "?", "!")):
            yield f"misconception {misconception.id}: a whole sentence is needed"
    cases = inputs(question, "validation")
    if not cases:
        yield "it draws no case"
    if any(case.call.name != question.answer for case in cases):
        yield f"every case must call {question.answer}"
    if any(case.weight <= 0 for case in cases):
        yield "every case needs a positive weight"
    if len({case.name for case in cases}) != len(cases):
        yield "two cases have the same name"
    if question.kind == "value" and not all(type(a) in GIVEN for case in cases for a in case.call.arguments):
        yield "a value is computed from given numbers, not from arrays"
    if any(bool(case.call.steps) != (question.kind == "class") for case in cases):
        yield "the cases of a class, and no others, say which methods are called"
    for case in cases:
        yield from _shape_faults(question, case)
    if question.trains:
        yield from _training_faults(question, cases)


def _training_faults(question, cases):
    """Find out whether a question is rightly marked as one that trains, and so spared the longer proof."""
    if question.kind != "behaviour":
        yield "only a behaviour can train: trained weights are judged by what they do"
        return
    names = tuple(part.name for part in question.returns)
    if question.trains != names or not set(names) <= set(question.parameters):
        yield f"it must be given {', '.join(question.trains)} and return these, in this order"
        return
    if sum(len(misconception.forms) for misconception in question.misconceptions) < WRONG_TRAININGS:
        yield f"at least {WRONG_TRAININGS} wrong ways to train are needed, as forms of its misconceptions"
    for case in cases:
        given = dict(zip(question.parameters, case.call.arguments, strict=True))
        untrained = tuple(given[name] for name in names) if len(names) > 1 else given[names[0]]
        right = case.call.carried_out(question.reference, case.call.arguments)
        if np.array_equal(*(question.behaviour.observe(weights, case) for weights in (untrained, right))):
            yield f"the given weights are right already in the case of {case.name}"


def _choice_faults(question):
    right = question.reference()
    if right not in question.choices:
        yield f"the right choice {right!r} is none of its choices"
    explained = sorted(misconception.wrong() for misconception in question.misconceptions)
    if explained != sorted(set(question.choices) - {right}):
        yield "each wrong choice needs one misconception that explains it"


def _shape_faults(question, case):
    right = case.call.carried_out(question.reference, case.call.arguments)
    parts = right if len(question.returns) > 1 else (right,)
    if len(parts) != len(question.returns):
        yield f"the reference returns {len(parts)} parts in the case of {case.name}"
        return
    for part, value in zip(question.returns, parts, strict=True):
        if part.axes is not None and np.ndim(value) != len(part.axes):
            yield f"{part.name} has {np.ndim(value)} axes in the case of {case.name}, not {len(part.axes)}"
