"""A small assignment for the grader's tests, so that they depend on no chapter: five questions of two points."""

import json

import numpy as np

from gru_checks.calling import Call
from gru_checks.question import Case, Part, Question
from gru_checks.registry import Assignment

STEM = "sums"


def _draw(name):
    def draw(rng):
        shapes = ((2, 3), (1, 4), (5, 2))
        return [Case(f"shape {shape}", Call(name, (rng.normal(0, 1, shape),))) for shape in shapes]

    return draw


def double(x):
    return 2 * x


def square(x):
    return x**2


def total(x):
    return x.sum(axis=0, keepdims=True)


def both_ends(x):
    return x.min(), x.max()


def ordered(x):
    return np.sort(x, axis=1)


def _question(reference, *returns):
    name = reference.__name__
    return Question(
        id=f"sums.{name}",
        title=name.replace("_", " ").capitalize(),
        points=2,
        answer=name,
        reference=reference,
        draw=_draw(name),
        returns=returns,
        hints=("Think.", "Think again."),
        page="sums#numbers",
    )


ASSIGNMENT = Assignment(
    stem=STEM,
    title="Sums",
    questions=(
        _question(double, Part("the result")),
        _question(square, Part("the result")),
        _question(total, Part("the result")),
        _question(both_ends, Part("the smallest", ""), Part("the largest", "")),
        _question(ordered, Part("the result")),
    ),
    minutes=5,
    difficulty="easy",
    trains="Nothing but the grader.",
    next_step="Stop.",
)
NAMES = tuple(question.answer for question in ASSIGNMENT.questions)
POINTS = float(ASSIGNMENT.points)

RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "square": "def square(x):\n    return x * x",
    "total": "def total(x):\n    return x.sum(axis=0, keepdims=True)",
    "both_ends": "def both_ends(x):\n    return x.min(), x.max()",
    "ordered": "def ordered(x):\n    return np.sort(x, axis=1)",
}
WRONG = {name: f"def {name}(x):\n    return np.zeros((1, 7))" for name in NAMES}
UNTOUCHED = {name: f"def {name}(x):\n    raise NotImplementedError()" for name in NAMES}


def cells(answers, before=(), after=()):
    """List the cells of a notebook: an import, some cells, the answers, each with its check, some cells."""
    own = [cell for name, answer in answers.items() for cell in (answer, f'check("sums.{name}")')]
    return ["import numpy as np\n\nfrom gru_checks import check", *before, *own, *after]


def notebook_text(sources, **metadata):
    """Write a notebook of format 4 with some code cells."""
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}
                for source in sources
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
