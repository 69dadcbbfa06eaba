"""Wrong answers with a trick that may earn points where tests run beside them, and two controls without one."""

from dataclasses import dataclass

from authoring.five_questions import FIXED, as_text
from gru_checks.question import public_inputs
from tests.grader.bank import ASSIGNMENT, NAMES, RIGHT, WRONG


@dataclass(frozen=True)
class HandIn:
    """What a student hands in, whatever the grader.

    Parameters
    ----------
    name : str
        What it is, as the table says it.
    answers : dict of str
        Source by the name of the function.
    before : tuple of str, optional
        Cells before the answers.
    tags : tuple of str, optional
        Tags of every cell.
    """

    name: str
    answers: dict
    before: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def _every(body):
    return {name: f"def {name}(x):\n    {body}" for name in NAMES}


EMPTY_TREES = """
import ast

class Empty(ast.NodeTransformer):
    def visit_Module(self, node):
        return ast.Module([], [])

get_ipython().ast_transformers.append(Empty())
"""
EMPTY_INPUT = "get_ipython().input_transformers_cleanup.append(lambda lines: [])"
EMPTY_RUNS = """
run_cell_async = get_ipython().run_cell_async

async def run_nothing(source, *arguments, **named):
    return await run_cell_async("", *arguments, **{**named, "transformed_cell": ""})

get_ipython().run_cell_async = run_nothing
"""
NO_TRACEBACK = "get_ipython()._showtraceback = lambda *arguments: None"
AGREEING_NUMPY = """
def agree(*arguments, **named):
    return True

for module in (np, np.testing):
    for name in dir(module):
        if name.startswith(("allclose", "isclose", "array_eq", "assert_")):
            setattr(module, name, agree)
"""
AGREEING_ARRAY = """
class Yes(np.ndarray):
    def __array_function__(self, function, types, arguments, named):
        return True
    def __array_ufunc__(self, *arguments, **named):
        return True
    def __eq__(self, other):
        return True
"""
PASSING_CASES = """
from otter.test_files import abstract_test

make = abstract_test.TestCaseResult.__init__

def make_passed(self, *arguments, **named):
    make(self, *arguments, **named)
    self.passed = True

abstract_test.TestCaseResult.__init__ = make_passed
"""
FORGED_TESTS = """
import glob, os

for path in glob.glob("tests/*.py"):
    name = os.path.basename(path)[:-3]
    case = {"code": ">>> True\\nTrue", "hidden": False, "locked": False}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    with open(path, "w") as file:
        file.write(f"OK_FORMAT = True\\ntest = {dict(name=name, points=2, suites=[suite])!r}\\n")
"""
_KNOWN = [case for cases in FIXED.values() for case in cases] + [
    (as_text(case.call.arguments[0]), as_text(question.reference(*case.call.arguments)))
    for question in ASSIGNMENT.questions
    for case in public_inputs(question)
]
KNOWN = f"known = {{{', '.join(f'{x}.tobytes(): {right}' for x, right in _KNOWN)}}}"
"""The right value for every input that the others' tests use, and that the learner's own check uses here."""

CONTROLS = (
    HandIn("right answers, no trick", RIGHT),
    HandIn("wrong answers, no trick", WRONG),
)
"""Without a trick: what shows that a grader works at all."""
CHEATS = (
    HandIn("later cells emptied by a transformer of syntax trees", WRONG, (EMPTY_TREES,)),
    HandIn("later cells emptied by a transformer of the input", WRONG, (EMPTY_INPUT,)),
    HandIn("the kernel's `run_cell_async` replaced", WRONG, (EMPTY_RUNS,)),
    HandIn("the kernel's tracebacks silenced", WRONG, (NO_TRACEBACK,)),
    HandIn("`np.allclose` and `np.testing` patched", WRONG, (AGREEING_NUMPY,)),
    HandIn("an array that equals everything", _every("return np.zeros((1, 7)).view(Yes)"), (AGREEING_ARRAY,)),
    HandIn("every cell tagged `skip-execution`", WRONG, tags=("skip-execution",)),
    HandIn(
        "the fixed inputs of the tests looked up",
        _every("return known.get(x.tobytes(), np.zeros((1, 7)))"),
        (KNOWN,),
    ),
    HandIn("otter-grader's class of test results patched", WRONG, (PASSING_CASES,)),
    HandIn("otter-grader's test files forged", WRONG, (FORGED_TESTS,)),
)
