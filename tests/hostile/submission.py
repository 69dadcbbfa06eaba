"""A hostile submission and what it deserves, and the usual ways to make one."""

from dataclasses import dataclass, field

from tests.grader.bank import NAMES, RIGHT, WRONG, cells

ALL_WRONG = dict.fromkeys(NAMES, "wrong")


@dataclass(frozen=True)
class Submission:
    """A submission, its category, and what it deserves."""

    name: str
    category: str
    cells: list
    expected: dict = field(default_factory=dict)

    @property
    def statuses(self):
        return {name: self.expected.get(name, "right") for name in NAMES}


def cheat(name, trick, category="tampering", expected=ALL_WRONG, after=()):
    """Wrong answers and a trick that earns full marks elsewhere."""
    return Submission(name, category, cells(WRONG, before=[trick], after=after), expected)


def spoil(name, category, expected, before=(), after=(), **answers):
    """Right answers, but for some."""
    return Submission(name, category, cells({**RIGHT, **answers}, before=before, after=after), expected)


def answers(body):
    """Cells that define every answer with the same body."""
    return {name: f"def {name}(x):\n" + "\n".join(f"    {line}" for line in body.splitlines()) for name in NAMES}


def raises(*names):
    return dict.fromkeys(names, "raised")


SUCCEEDED = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def succeeded(attempts):
    done = []
    for name, attempt in attempts.items():
        try:
            result = attempt()
        except (OSError, ValueError, ImportError):
            continue
        if result != -1:
            done.append(name)
    return done
"""
"""A cell: which of some attempts did not fail."""


def refused(name, category, attempts, before=()):
    """Right answers, the first of them only if each of some attempts, lines of a dict, is refused when it is called."""
    double = f"def double(x):\n    done = succeeded({{{attempts}}})\n    return done or 2 * x"
    return spoil(name, category, {}, before=[SUCCEEDED, *before], double=double)
