"""Cells run as in a kernel: magics mean nothing, a missing library costs only what uses it."""

import pytest

from gru_grader.cells import python_source, run_cell


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
        ("def f(:", "def f(:"),
        ("", ""),
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
