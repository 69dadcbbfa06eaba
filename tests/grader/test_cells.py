"""Cells run as in a kernel: magics mean nothing, a missing library costs only what uses it."""

import pytest

from gru_checks.calling import Call
from gru_grader.budget import Limits
from gru_grader.cells import SoFar, python_source, run_cell
from gru_grader.client import Worker


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%matplotlib inline\na = 1", "pass\na = 1"),
        ("if True:\n    !ls\n    a = 1", "if True:\n    pass\n    a = 1"),
        ("x = !ls", "x = None"),
        ("x = %timeit -o f()", "x = None"),
        ("np.tanh?", "pass"),
        ("%time x = 5", "x = 5"),
        ("    \n%%time\na = 1", "    \n\na = 1"),
        ("%%bash\nrm -rf /", ""),
        ("%%writefile a.py\nx = (", ""),
        ("a = (7\n% 5)", "a = (7\n% 5)"),
        ("s = '''\n%not a magic\n!nor this\n'''", "s = '''\n%not a magic\n!nor this\n'''"),
        ("%load_ext a\na = (7\n% 5)", "pass\na = (7\n% 5)"),
        ("    a = 1\n    if a:\n        b = 2", "a = 1\nif a:\n    b = 2"),
        ("\n  %time a = 1\n  b = 2", "\na = 1\nb = 2"),
        ("def f(:", "def f(:"),
        ("", ""),
        # As Python 3.12 and newer allow it.
        ("""a = f"{d["x"]}" + rf"{{{d["y"]:.2f}" """, """a = f"{d['x']}" + rf"{{{d['y']:.2f}" """),
        ("""print(f'{','.join('ab')}', 'c')""", """print(f'{",".join("ab")}', 'c')"""),
    ],
)
def test_magics_become_python_on_the_same_lines(source, python):
    assert python_source(source) == python


def run(source):
    namespace = {}
    errors = run_cell(1, source, namespace)
    return namespace, [type(error).__name__ for error in errors]


def test_a_missing_library_does_not_end_the_cell():
    namespace, errors = run("import no_such_library\nfrom no_such_library import x\na = 1\nimport math\nb = math.pi")
    assert errors == ["ModuleNotFoundError"] * 2
    assert namespace["a"] == 1 and namespace["b"] > 3


def test_what_needs_a_missing_library_does_not_end_its_cell():
    namespace, so_far = {}, SoFar()
    first = "import no_such_library as lib\nlib.use()\n@lib.decorate\ndef lost():\n    pass\na = 1\nimport math"
    errors = run_cell(1, first, namespace, so_far=so_far)
    assert [type(error).__name__ for error in errors] == ["ModuleNotFoundError", "NameError", "NameError"]
    assert namespace["a"] == 1 and "math" in namespace and "lost" not in namespace
    (error,) = run_cell(2, "b = 1\nc = lib.use()\nd = 1", namespace, so_far=so_far)
    assert error.name == "lib" and {"b", "d"} < namespace.keys() and "c" not in namespace
    (error,) = run_cell(3, "another.use()\ne = 1", namespace, so_far=so_far)
    assert error.name == "another" and "e" not in namespace


def test_what_needs_something_made_with_a_missing_library_does_not_end_its_cell():
    namespace, so_far = {}, SoFar()
    first = (
        "import no_such_library as lib\ntable, other = lib.read(), 1\n@lib.fast\ndef lost(): pass\ntable.head()\na = 1"
    )
    errors = run_cell(1, f"{first}\nlost(other)\nb = table.size\nc = 1", namespace, so_far=so_far)
    assert [error.name for error in errors] == ["no_such_library", "lib", "lib", "table", "lost", "table"]
    assert {"a", "c"} < namespace.keys()
    (error,) = run_cell(2, "b.sum()\nd = 1", namespace, so_far=so_far)
    assert error.name == "b" and "d" in namespace


def test_annotations_stay_unread_from_the_cell_on_that_says_so():
    namespace, so_far = {}, SoFar()
    unknown = "def f(x: Unknown):\n    return x"
    assert len(run_cell(1, unknown, namespace, so_far=so_far)) == 1
    assert run_cell(2, f"from __future__ import annotations\nimport math\n{unknown}", namespace, so_far=so_far) == []
    assert run_cell(3, unknown, namespace, so_far=so_far) == []


def test_another_error_ends_the_cell():
    namespace, errors = run("import math\na = 1\n1 / 0\nb = 2")
    assert errors == ["ZeroDivisionError"] and "a" in namespace and "b" not in namespace


def test_an_import_error_that_is_raised_ends_the_cell():
    namespace, errors = run("import math\nraise ImportError\na = 1")
    assert errors == ["ImportError"] and "a" not in namespace


@pytest.mark.parametrize(
    "source", ["raise SystemExit", "raise KeyboardInterrupt", "def f(:", "x = '\ud800'", "a = \x00"]
)
def test_every_error_is_caught(source):
    _, errors = run(source)
    assert len(errors) == 1


def test_a_cell_may_be_indented_as_a_whole():
    namespace, errors = run("    import math\n    def f():\n        return 1\n    a = f()")
    assert errors == [] and namespace["a"] == 1
    assert run("    a = 1\n  b = 2")[1] == ["IndentationError"]


AWAITS = """
import asyncio
async def late(value):
    await asyncio.sleep(0.001)
    return value
a = await late(1) + sum(await asyncio.gather(late(2), asyncio.to_thread(int, 3)))
b = [value async for value in once()]
"""
ONCE = "async def once():\n    yield 7"


def test_a_cell_may_await():
    namespace = {}
    assert run_cell(1, ONCE, namespace) + run_cell(2, AWAITS, namespace) == []
    assert namespace["a"] == 6 and namespace["b"] == [7]
    _, errors = run("async def f():\n    1 / 0\nawait f()")
    assert errors == ["ZeroDivisionError"]


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("level", ["full", "restricted"])
def test_a_cell_may_await_where_sockets_are_forbidden(level):
    with Worker(level, Limits()) as worker:
        child = worker.fork()
        errors = child.run([ONCE, AWAITS, "def answer():\n    return a, b"], (), Limits())
        assert errors == []
        assert child.call(Call("answer"), child.budget(Limits())).value == (6, [7])
        child.close()
