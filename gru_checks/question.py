"""A question as data: what is asked, on which inputs, what is right, and which mistakes are known."""

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gru_checks.calling import Call

KINDS = ("function", "class", "value", "choice", "behaviour")


@dataclass(frozen=True)
class Tolerance:
    """How far a right value may be from the reference.

    Parameters
    ----------
    rtol : float
        Allowed distance in float64 as a share of the right value's size. Where
        either value is of lower precision, it grows to a multiple of that
        precision's rounding unit.
    atol : float
        Allowed distance in float64 that is added, whatever the size. It grows
        likewise, to that multiple of the largest right value.
    """

    rtol: float = 1e-7
    atol: float = 1e-9

    def bound(self, expected, dtype):
        """Largest allowed distance of each entry.

        Parameters
        ----------
        expected : numpy.ndarray
        dtype : numpy.dtype
            The less precise one of the two compared.

        Returns
        -------
        numpy.ndarray
            Same shape as `expected`.
        """
        unit = 64 * np.finfo(dtype).eps if dtype.kind == "f" and dtype.itemsize < 8 else 0
        size = np.abs(expected.astype(np.float64))
        finite = size[np.isfinite(size)]
        largest = finite.max(initial=1.0)
        return max(self.atol, unit * largest) + max(self.rtol, unit) * size


@dataclass(frozen=True)
class Part:
    """One array (or number) that an answer returns.

    Parameters
    ----------
    name : str
        As the task calls it.
    axes : str or None
        A letter an axis, of B, T, I, H, or 1 for an axis of one; None where
        the shape is that of the first argument, entry by entry.
    """

    name: str
    axes: str | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """One set of inputs.

    Parameters
    ----------
    name : str
        What is special about it, to follow "in the case of", for example
        "a batch of four".
    call : Call
    weight : float, optional
        Its share of the points, relative to the other cases of the question.
    given : object, optional
        Behaviour questions: what the answer is tried on. It is not sent to it.
    """

    name: str
    call: Call
    weight: float = 1
    given: object = None


@dataclass(frozen=True, eq=False)
class Misconception:
    """A known mistake: a wrong implementation and what to say to who wrote it.

    Parameters
    ----------
    id : str
    sentence : str
        What the mistake is and why it is one.
    wrong : callable
        Takes the arguments of the question's reference.
    page : str, optional
        Where the book explains it, as "stem#heading"; the question's by default.
    also : tuple of callable, optional
        The same mistake in other forms, which give other numbers or errors.
    fits : callable, optional
        ``fits(value, *arguments)`` says whether a returned value of the right
        type and shape shows the mistake, where it may give many values; then
        `wrong` is an example. It is asked if no other mistake is found.
    slight : bool, optional
        Whether it changes the result by little, whatever the inputs are.
    """

    id: str
    sentence: str
    wrong: Callable
    page: str = ""
    also: tuple[Callable, ...] = ()
    fits: Callable | None = None
    slight: bool = False

    @property
    def forms(self):
        """All implementations of the mistake."""
        return (self.wrong, *self.also)


@dataclass(frozen=True, eq=False)
class Behaviour:
    """How an answer is tried where many answers are right.

    Parameters
    ----------
    observe : callable
        ``observe(value, case)`` takes what the answer returned, as arrays, and
        gives the array that is compared, for the reference's answer as well.
    part : Part
        What that array is.
    words : dict of str, optional
        How its values are called.
    """

    observe: Callable
    part: Part
    words: dict[float, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Question:
    """A question of an assignment.

    Parameters
    ----------
    id : str
        Chapter and name, for example "ch03.update_gate".
    title : str
    points : int
    answer : str
        Name of the function or class that the learner writes.
    reference : callable
        What is right. The names of its parameters are those of the task.
    draw : callable
        ``draw(rng)`` gives the list of cases, from easy to hard.
    returns : tuple of Part
        Several parts stand for a tuple of as many.
    hints : tuple of two str
        Shown folded, the first before the second. Markdown.
    page : str
        Where the book explains it, as "stem#heading", the heading as it is written there.
    misconceptions : tuple of Misconception, optional
    kind : str, optional
        "function"; "class" (each case says which methods of an object it
        calls, and `reference` is a class); "value" (one number or a few, from
        given numbers); "choice" (returns the letter of a choice); "behaviour".
    tolerance : Tolerance, optional
    keeps_dtype : bool, optional
        Whether arrays must come back in the precision in which they came.
    behaviour : Behaviour, optional
        For the kind "behaviour".
    choices : dict of str, optional
        For the kind "choice": text by letter. A misconception explains each wrong one.
    trains : tuple of str, optional
        Behaviour questions whose answer takes weights and returns them trained:
        the names of these weights. A training is slow, so such a question is
        proven otherwise than all others: by three seeds, and by the wrong ways
        to train among its misconceptions in place of changed model solutions.
    uses : tuple of str, optional
        Ids of earlier questions of the assignment whose functions this answer
        is meant to call, so that their faults are not taken for its own.
    public_seed : int, optional
        From it everybody's inputs in a notebook are drawn; a grader draws
        others. `authoring.public_seeds` finds one with which what is told of
        a known mistake differs to the eye.
    """

    id: str
    title: str
    points: int
    answer: str
    reference: Callable
    draw: Callable[[np.random.Generator], list[Case]]
    returns: tuple[Part, ...]
    hints: tuple[str, str]
    page: str
    misconceptions: tuple[Misconception, ...] = ()
    kind: str = "function"
    tolerance: Tolerance = Tolerance()
    keeps_dtype: bool = False
    behaviour: Behaviour | None = None
    choices: dict[str, str] = field(default_factory=dict)
    trains: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    public_seed: int = 67073
    imports: tuple[str, ...] = ()
    """Packages of the course that an answer may use; set by its assignment."""

    @property
    def parameters(self):
        """Names of what the answer is given, as the task has them."""
        return tuple(inspect.signature(self.reference).parameters)


def public_inputs(question):
    """Draw the cases that everybody has in a notebook.

    Parameters
    ----------
    question : Question

    Returns
    -------
    list of Case
    """
    return inputs(question, f"public {question.public_seed}")


def inputs(question, seed):
    """Draw the cases of a question.

    They depend on the seed and the question's id alone, so that adding a
    question changes no other.

    Parameters
    ----------
    question : Question
    seed : int or str

    Returns
    -------
    list of Case
    """
    digest = hashlib.sha256(f"{seed}:{question.id}".encode()).digest()
    return question.draw(np.random.default_rng(int.from_bytes(digest[:16], "big")))
