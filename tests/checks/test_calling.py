"""Calling a learner's function: whatever it does is recorded, and nothing of it gets out."""

import functools
import linecache
import subprocess
import sys

import numpy as np
import pytest

import gru_ref
from gru_checks.calling import MAX_TEXT, Call, perform

CELLS = iter(range(10**6))


def cell(source, **names):
    """Run a cell as a kernel does: in one namespace, with its source where tracebacks find it."""
    name = f"<cell {next(CELLS)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = {"__name__": "__main__", "np": np, **names}
    exec(compile(source, name, "exec"), namespace)
    return namespace


def outcome(source, *arguments, errors=(), **names):
    return perform(Call("f", arguments, dict(errors)), cell(source, **names))


def test_what_is_returned_comes_back_plain():
    done = outcome("def f(a): return [np.float32(2) * a]", np.ones(2, dtype=np.float32))
    assert done.status == "returned" and done.kind == "list" and done.source == "__main__"
    assert type(done.value[0]) is np.ndarray and done.value[0].tolist() == [2, 2]


def test_a_missing_name_and_a_name_that_is_no_function():
    assert outcome("g = 1").status == "not_defined"
    done = outcome("f = np.ones(2)")
    assert (done.status, done.kind) == ("not_callable", "ndarray")


def test_the_stub_is_not_attempted_and_names_what_is_to_be_written():
    done = outcome("def f(): raise NotImplementedError()")
    assert (done.status, done.message) == ("not_attempted", "f")
    done = outcome("def g(): raise NotImplementedError\ndef f(): return g()")
    assert (done.status, done.message) == ("not_attempted", "g")


def test_a_library_that_raises_not_implemented_is_an_error():
    library = {"__name__": "library"}
    exec("def part(): raise NotImplementedError('not for this dtype')", library)
    assert outcome("def f(): return part()", part=library["part"]).status == "raised"


def test_an_exception_is_told_with_the_learners_own_line():
    done = outcome("def g(a):\n    return np.linalg.inv(a)\n\ndef f(a):\n    b = a\n    return g(b)", np.zeros((2, 2)))
    assert (done.status, done.error, done.message) == ("raised", "LinAlgError", "Singular matrix")
    assert (done.line, done.line_number) == ("return np.linalg.inv(a)", 2)


def test_a_call_that_does_not_fit_has_no_line():
    done = outcome("def f(a): return a")
    assert (done.status, done.error, done.line, done.line_number) == ("raised", "TypeError", "", 0)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise SystemExit(3)", "SystemExit"),
        ("import sys; sys.exit()", "SystemExit"),
        ("raise BaseException('x')", "BaseException"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("return f()", "RecursionError"),
        ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()", "E"),
        ("raise type('E', (Exception,), {'__str__': lambda self: 3})()", "E"),
        ("raise MemoryError", "MemoryError"),
    ],
)
def test_nothing_gets_out(body, error):
    done = outcome(f"def f(): {body}")
    assert (done.status, done.error) == ("raised", error)


def test_an_interrupt_gets_out():
    with pytest.raises(KeyboardInterrupt):
        outcome("def f(): raise KeyboardInterrupt")


def test_a_function_object_that_objects_to_everything():
    class Hostile:
        def __getattribute__(self, name):
            raise RuntimeError(name)

        def __call__(self):
            return 1

    done = outcome("", f=Hostile())
    assert (done.status, done.value) == ("returned", 1)


def test_arguments_are_copies_and_changes_are_seen():
    array, numbers, untouched = np.zeros((2, 2)), [1, 2], np.ones(3)
    done = outcome("def f(a, b, c):\n    a[0, 0] = 1\n    b.append(3)\n    return c", array, numbers, untouched)
    assert done.changed == (0, 1)
    assert array.tolist() == [[0, 0], [0, 0]] and numbers == [1, 2]


@pytest.mark.parametrize("change", ["a.shape = (4,)", "a[:] = np.nan", "a[0, 0] = -0.0", "a -= 1; 1 / 0"])
def test_every_kind_of_change_is_seen(change):
    assert outcome(f"def f(a): {change}", np.zeros((2, 2))).changed == (0,)


def test_nan_that_was_there_before_is_no_change():
    assert outcome("def f(a): return a + 1", np.array([np.nan])).changed == ()


def test_overflow_is_an_error_where_the_call_says_so_and_silent_elsewhere(recwarn):
    source = "def f(a): return np.exp(a)"
    assert outcome(source, np.array([1e4])).value.tolist() == [np.inf]
    done = outcome(source, np.array([1e4]), errors={"over": "raise"})
    assert (done.error, done.message) == ("FloatingPointError", "overflow encountered in exp")
    assert not recwarn.list


def test_settings_that_the_function_leaves_behind_are_undone():
    before = np.geterr()
    outcome("def f(): np.seterr(all='raise')")
    assert np.geterr() == before


@pytest.mark.parametrize(
    ("value", "sentence"),
    [("object()", "an object"), ("np.array([None])", "dtype object"), ("(i for i in [1])", "generator")],
)
def test_what_is_not_plain_is_unreadable(value, sentence):
    done = outcome(f"def f(): return {value}")
    assert done.status == "unreadable" and sentence in done.message


def test_text_is_bounded_and_free_of_terminal_codes():
    done = outcome("def f(): raise ValueError('\\x1b[31mred\\x07 ' + 'x' * 10**6)")
    assert len(done.message) == MAX_TEXT and done.message.startswith("[31mred  x") and done.message.endswith("…")


IMPORTED = [
    "from gru_ref import update_gate as f",
    "import gru_ref\nf = gru_ref.update_gate",
    "import gru_ref\ndef f(*a): return gru_ref.update_gate(*a)",
    "def f(*a):\n    import gru_ref\n    return gru_ref.update_gate(*a)",
    "def f(*a):\n    from gru_ref.gates import update_gate\n    return update_gate(*a)",
    "from gru_ref import sigmoid\ndef g(a): return sigmoid(a)\ndef f(a): return g(a)",
    "from gru_ref import sigmoid\nf = lambda a: [sigmoid(b) for b in a]",
    "from gru_ref import sigmoid\ndef f(a, s=sigmoid): return s(a)",
    "from gru_ref import sigmoid\ndef make(s):\n    def f(a): return s(a)\n    return f\nf = make(sigmoid)",
    "from functools import partial\nfrom gru_ref import sigmoid\nf = partial(sigmoid)",
    "from gru_ref import sigmoid\nclass f:\n    def __init__(self, a): self.a = sigmoid(a)",
]


@pytest.mark.parametrize("source", IMPORTED)
def test_what_comes_from_the_reference_is_seen(source):
    assert outcome(source, np.ones(1)).source == "gru_ref"


@pytest.mark.parametrize(
    "source",
    [
        "from gru_ref import sigmoid as reference\ndef f(a): return a",
        "from gru_checks import check\ndef f(a):\n    a.check = 1\n    return a",
        "import math\ndef f(a): return math.exp(a)",
        "def f(a): return f(a - 1) if a > 0 else 0",
    ],
)
def test_whoever_only_compares_with_the_reference_is_not_accused(source):
    assert outcome(source, 1.0).source == "__main__"


def test_where_a_function_of_a_library_comes_from():
    assert outcome("f = np.tanh", np.ones(1)).source == "numpy"
    assert perform(Call("f"), {"f": functools.partial(gru_ref.sigmoid, 1.0)}).source == "gru_ref"


def test_it_loads_no_question_and_no_reference():
    code = "import sys, gru_checks.calling; print(sorted(m for m in sys.modules if m.startswith('gru_')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['gru_checks', 'gru_checks.calling', 'gru_checks.values']"


COUNTER = """
class f:
    def __init__(self, start):
        self.count = start
    def up(self, by):
        self.count += by
        return self.count
"""


def test_of_a_class_the_methods_of_one_object_are_called_in_order():
    call = Call("f", (np.zeros(2),), steps=(("up", (1,)), ("up", (2,))))
    done = perform(call, cell(COUNTER))
    assert done.status == "returned" and [value.tolist() for value in done.value] == [[1, 1], [3, 3]]
    assert perform(Call("f", (1,), steps=(("up", (1,)),)), cell(COUNTER)).value == 2
    assert perform(Call("f", (1,), steps=(("down", (1,)),)), cell(COUNTER)).error == "AttributeError"
    assert len(call.all_arguments) == 3


def test_a_class_that_is_built_on_one_of_the_course_is_known_as_such():
    assert perform(Call("f", (2, 3)), cell("class f(GRU): pass", GRU=gru_ref.GRU)).source == "gru_ref"
