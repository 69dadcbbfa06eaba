"""Tampering: wrong answers, and a trick that earns points where tests run beside them."""

from tests.grader.bank import NAMES, cells
from tests.hostile.submission import ALL_WRONG, Submission, answers, cheat

TAMPERING = [
    cheat(
        "a transformer of later cells",
        """
import ast
class Empty(ast.NodeTransformer):
    def visit_Module(self, node):
        return ast.Module([], [])
get_ipython().ast_transformers.append(Empty())
get_ipython().input_transformers_cleanup.append(lambda lines: [])
""",
    ),
    cheat(
        "another way to run cells",
        """
async def run_cell_async(*arguments, **named):
    return None
get_ipython().run_cell_async = run_cell_async
type(get_ipython()).run_cell = run_cell_async
""",
    ),
    cheat(
        "comparisons that always agree",
        """
import numpy.testing
def agree(*arguments, **named):
    return True
for module in (np, np.testing):
    for name in dir(module):
        if name.startswith(("allclose", "isclose", "array_eq", "assert_", "equal")):
            setattr(module, name, agree)
""",
    ),
    Submission(
        "an array that equals everything",
        "tampering",
        cells(
            answers("return np.zeros((1, 7)).view(Yes)"),
            before=[
                """
class Yes(np.ndarray):
    def __array_function__(self, function, types, arguments, named):
        return True
    def __array_ufunc__(self, *arguments, **named):
        return True
    def __eq__(self, other):
        return True
    def __array_finalize__(self, other):
        pass
    shape = property(lambda self: (5, 2))
"""
            ],
        ),
        ALL_WRONG,
    ),
    Submission(
        "an object that lies about its type",
        "tampering",
        cells(
            answers("return Liar()"),
            before=[
                """
class Liar:
    __class__ = np.ndarray
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __abs__(self): return 0
    def __sub__(self, other): return 0
    __rsub__ = __sub__
    def __array__(self, *arguments, **named): return np.zeros((1, 7))
    def __reduce__(self): return (exec, ("raise SystemExit",))
"""
            ],
        ),
        ALL_WRONG,
    ),
    cheat(
        "messages rewritten on their way",
        """
import json, os, struct
original = json.dumps
def dumps(value, *arguments, **named):
    text = original(value, *arguments, **named)
    return text.replace('"returned"', '"right"').replace("wrong", "right")
json.dumps = dumps
class Points(dict):
    def __missing__(self, key): return 10
""",
        expected=dict.fromkeys(NAMES, "missing"),
    ),
    cheat(
        "what is written, replaced",
        """
import os
original = os.write
def write(descriptor, content):
    original(descriptor, bytes(content)[::-1])
    return len(content)
os.write = write
""",
    ),
    Submission(
        "a search of memory for answers",
        "tampering",
        cells(
            answers(
                """import gc, sys, types
found = [o for o in gc.get_objects() if isinstance(o, types.FunctionType)]
frame = sys._getframe()
while frame is not None:
    found += [v for v in list(frame.f_locals.values()) + list(frame.f_globals.values()) if callable(v)]
    frame = frame.f_back
for candidate in found:
    if "reference" in getattr(candidate, "__name__", "") or "gru_ref" in str(getattr(candidate, "__module__", "")):
        return candidate(x)
for o in gc.get_objects():
    if type(o).__name__ in ("Question", "Assignment", "Case", "Misconception"):
        return o.reference(x)
return np.zeros((1, 7))"""
            )
        ),
        ALL_WRONG,
    ),
    Submission(
        "an import of the answers",
        "tampering",
        cells(
            answers(
                """import importlib, sys
sys.meta_path[:] = [f for f in sys.meta_path if "Refusing" not in type(f).__name__]
sys.modules.pop("gru_checks", None)
from gru_checks.registry import assignments
import gru_ref
return gru_ref.sigmoid(x)"""
            )
        ),
        ALL_WRONG,
    ),
    cheat(
        "the caller's own functions replaced",
        """
import sys, types
def patch(frame):
    while frame is not None:
        for name in ("plain", "perform", "_answer", "encode", "_described"):
            if name in frame.f_globals:
                frame.f_globals[name] = lambda *arguments, **named: {"status": "right", "points": 2}
        frame = frame.f_back
patch(sys._getframe())
""",
        expected={**dict.fromkeys(NAMES, "crashed")},
    ),
    cheat(
        "what the caller's functions do, replaced",
        """
import gc
for function in gc.get_objects():
    if type(function).__name__ == "function" and function.__name__ in ("plain", "rebuild", "identical", "_same"):
        try:
            function.__code__ = (lambda *arguments, **named: True).__code__
        except ValueError:
            pass
""",
    ),
    cheat(
        "another check",
        """
import sys, types
module = types.ModuleType("gru_checks")
module.check = lambda *a: 2.0
module.judge = types.ModuleType("gru_checks.judge")
module.judge.judge = lambda *a, **k: 2.0
sys.modules["gru_checks"] = module
sys.modules["gru_checks.judge"] = module.judge
print("score: 10/10")
display({"score": 10})
""",
        after=["2.0", "10 / 10"],
    ),
    cheat(
        "the inputs overwritten, so that the reference sees zeros",
        "",
        after=[
            "def double(x):\n    x[...] = 0\n    return x",
            "def square(x):\n    x *= 0\n    return x",
            "def total(x):\n    x.fill(0)\n    return x[:1]",
            "def both_ends(x):\n    x.resize((0, 0), refcheck=False)\n    return 0.0, 0.0",
            "def ordered(x):\n    x.sort(axis=0)\n    x[...] = x[0, 0]\n    return x",
        ],
    ),
    Submission(
        "masked arrays, of which nothing is compared",
        "tampering",
        cells(answers("return np.ma.masked_all(x.shape)")),
        ALL_WRONG,
    ),
    Submission(
        "not-a-number, which is unequal to nothing",
        "tampering",
        cells(answers("return np.full_like(x, np.nan)")),
        dict.fromkeys(NAMES, "wrong"),
    ),
    cheat(
        "a precision so low that much agrees",
        "",
        after=[
            "def double(x):\n    return np.float16(2.05 * x + 0.02)",
            "def square(x):\n    return np.float16(1.05 * x * x)",
            "def total(x):\n    return np.float16(1.05 * x.sum(axis=0, keepdims=True))",
        ],
        expected=ALL_WRONG,
    ),
    Submission(
        "containers that say one thing and hold another",
        "tampering",
        cells(
            answers("return Many([1.0]) if len(x) > 1 else Pair()"),
            before=[
                """
class Many(list):
    def __iter__(self): return iter([[0.0] * 7])
    def __len__(self): return 5
    def __eq__(self, other): return True
class Pair(tuple):
    def __new__(cls): return tuple.__new__(cls, (float("nan"),) * 2)
    def __iter__(self): return iter(())
    def __len__(self): return 2
"""
            ],
        ),
        ALL_WRONG,
    ),
    Submission(
        "infinite, empty and many-sided arrays",
        "tampering",
        cells(
            answers(
                "calls.append(x)\n"
                "arrays = np.full(x.shape, np.inf), np.zeros((0, *x.shape)), np.zeros((1,) * 20), np.array([])\n"
                "return arrays[len(calls) % 4]"
            ),
            before=["calls = []"],
        ),
        ALL_WRONG,
    ),
    Submission(
        "an array of objects that agree",
        "tampering",
        cells(
            answers("return np.full(x.shape, Agreeing(), dtype=object)"),
            before=[
                """
class Agreeing:
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __float__(self): return 0.0
    def __le__(self, other): return True
"""
            ],
        ),
        dict.fromkeys(NAMES, "unreadable"),
    ),
    cheat(
        "a trace that rewrites the caller's variables",
        """
import ctypes, sys
def trace(frame, event, argument):
    if event == "return" and frame.f_code.co_name in ("perform", "plain", "rebuild", "_answer"):
        frame.f_locals["status"] = "right"
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(1))
    return trace
sys.settrace(trace)
sys.setprofile(trace)
""",
    ),
    cheat(
        "every class of the process searched for a score",
        """
def subclasses(kind):
    for inner in type.__subclasses__(kind):
        yield inner
        yield from subclasses(inner)
for kind in set(subclasses(object)):
    for name in ("points", "score", "max_points", "status"):
        try:
            setattr(kind, name, 10)
        except (AttributeError, TypeError):
            pass
""",
    ),
    cheat(
        "results written where graders look for them",
        """
import json, os
for name in ("results.json", "grading.json", "summary.csv", "/autograder/results/results.json", "../results.json"):
    try:
        with open(name, "w") as file:
            json.dump({"score": 10, "tests": [{"score": 10, "max_score": 10, "status": "passed"}]}, file)
    except OSError:
        pass
print('{"score": 10.0}')
""",
        after=["import sys\nsys.stdout.flush()\nprint('passed', file=sys.stderr)"],
    ),
    Submission(
        "answers looked up by the inputs of the learner's own check",
        "tampering",
        cells(
            answers("return KNOWN.get(x.tobytes(), np.zeros((1, 7)))"),
            before=[
                """
KNOWN = {}
try:
    from gru_checks.registry import assignments
    from gru_checks.question import inputs
    for assignment in assignments():
        for question in assignment.questions:
            for seed in range(1000):
                for case in inputs(question, seed):
                    KNOWN[case.call.arguments[0].tobytes()] = question.reference(*case.call.arguments)
except ImportError:
    pass
"""
            ],
        ),
        ALL_WRONG,
    ),
    cheat(
        "the generator of the inputs foreseen",
        """
np.random.default_rng = lambda *arguments: np.random.RandomState(0)
np.random.Generator = np.random.RandomState
np.random.seed(7)
""",
    ),
    cheat(
        "callbacks of the garbage collector and of imports",
        """
import atexit, builtins, gc, sys
def callback(*arguments):
    for value in gc.get_objects():
        if type(value) is dict and ("points" in value or "score" in value):
            value.update(points=10, score=10, status="right")
gc.callbacks.append(callback)
gc.set_threshold(10)
atexit.register(callback)
sys.addaudithook(lambda *arguments: None)
""",
    ),
]
