"""Judging a function as the answer to a question, as a notebook or a grader would."""

import numpy as np
import pytest

from gru_checks.calling import Call, perform
from gru_checks.judge import judge
from gru_checks.registry import inputs


def performed(function, cases):
    """What a function does in every case; its name and its origin play no part."""
    namespace = {"answer": lambda *arguments: function(*arguments)}
    return [perform(Call("answer", case.call.arguments, case.call.errors), namespace) for case in cases]


def judged(question, function, seed="test", public=True):
    """Verdict on a function as the answer to a question."""
    cases = inputs(question, seed)
    return judge(question, cases, performed(function, cases), public=public)


@pytest.fixture(name="judged", scope="session")
def _judged():
    return judged


@pytest.fixture(name="performed", scope="session")
def _performed():
    return performed


@pytest.fixture(scope="session")
def run_cell():
    """Run a cell in a namespace of its own that has NumPy."""

    def run(source, **names):
        namespace = {"__name__": "__main__", "np": np, **names}
        exec(compile(source, "<cell>", "exec"), namespace)
        return namespace

    return run
