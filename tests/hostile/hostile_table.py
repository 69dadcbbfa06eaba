"""Hostile submissions and what they deserve.

Each has cells, and the status of every answer; an answer that is not named is
right. Points follow: two for a right answer, none for any other.
"""

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


def _cheat(name, trick, category="tampering", expected=ALL_WRONG, after=()):
    """Wrong answers and a trick that earns full marks elsewhere."""
    return Submission(name, category, cells(WRONG, before=[trick], after=after), expected)


def _spoil(name, category, expected, before=(), after=(), **answers):
    """Right answers, but for some."""
    return Submission(name, category, cells({**RIGHT, **answers}, before=before, after=after), expected)


def _answers(body):
    """Cells that define every answer with the same body."""
    return {name: f"def {name}(x):\n" + "\n".join(f"    {line}" for line in body.splitlines()) for name in NAMES}


def _raises(*names):
    return dict.fromkeys(names, "raised")


TAMPERING = [
    _cheat(
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
    _cheat(
        "another way to run cells",
        """
async def run_cell_async(*arguments, **named):
    return None
get_ipython().run_cell_async = run_cell_async
type(get_ipython()).run_cell = run_cell_async
""",
    ),
    _cheat(
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
            _answers("return np.zeros((1, 7)).view(Yes)"),
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
            _answers("return Liar()"),
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
    _cheat(
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
    _cheat(
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
            _answers(
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
            _answers(
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
    _cheat(
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
    _cheat(
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
]

READING = [
    Submission(
        "files, environment and processes",
        "reading",
        cells(
            _answers(
                """import glob, os
for name in ("/proc/self/environ", "/etc/passwd", "/proc/1/environ", "/proc/self/mem", "/root", "/home"):
    try:
        return open(name, "rb").read().decode()
    except (OSError, ValueError):
        pass
assert not glob.glob("/proc/[0-9]*") and "PYTHONPATH" not in os.environ, "something is to be seen"
return np.zeros((1, 7))"""
            )
        ),
        ALL_WRONG,
    ),
    Submission(
        "the grader's memory",
        "reading",
        cells(_answers("import os\nreturn np.frombuffer(open(f'/proc/{os.getppid()}/mem', 'rb').read(8))")),
        _raises(*NAMES),
    ),
    Submission(
        "file descriptors left open",
        "reading",
        cells(
            _answers("if len(OPEN) != 1:\n    return np.zeros((1, 7))\nraise RuntimeError('only the channel is open')"),
            before=[
                """
import os
OPEN = []
for descriptor in range(3, 1000):
    try:
        os.fstat(descriptor)
        OPEN.append(descriptor)
    except OSError:
        pass
"""
            ],
        ),
        _raises(*NAMES),
    ),
]

ESCAPING = [
    _spoil(
        "processes and programs",
        "escaping",
        _raises("double", "square", "total"),
        double="def double(x):\n    import subprocess\n    subprocess.run(['/bin/true'], check=True)\n    return 2 * x",
        square="def square(x):\n    import os\n    os.fork()\n    return x * x",
        total="def total(x):\n    import os\n    os.execv('/bin/true', ['true'])",
    ),
    _spoil(
        "sockets",
        "escaping",
        _raises("double", "square"),
        double="def double(x):\n    import socket\n    socket.socket().connect(('127.0.0.1', 22))\n    return 2 * x",
        square="def square(x):\n    import socket\n    socket.socketpair()\n    return x * x",
    ),
    _spoil(
        "signals and tracing",
        "escaping",
        {},
        before=[
            """
import ctypes, os, signal
libc = ctypes.CDLL(None)
for pid in (os.getppid(), -1, 1, 0):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
        try:
            os.kill(pid, number)
        except OSError:
            pass
        libc.syscall(234, pid, pid, number)
    libc.ptrace(16, pid, 0, 0)
"""
        ],
    ),
    _spoil(
        "mounts, namespaces and roots",
        "escaping",
        {},
        before=[
            """
import ctypes, os
libc = ctypes.CDLL(None)
assert libc.unshare(0x10000000) == -1
assert libc.mount(b"none", b"/", b"tmpfs", 0, None) == -1
assert libc.umount2(b"/", 2) == -1
assert libc.chroot(b".") == -1
assert libc.setuid(0) == -1 or os.getuid() == 0
assert libc.syscall(304, 0, 0, 0) == -1
""",
            "escaped = True",
        ],
    ),
]

HANGING = [
    _spoil("a loop in a cell", "hanging", {}, before=["while True:\n    pass"]),
    _spoil(
        "a loop before an answer in its cell",
        "hanging",
        {"square": "timed_out"},
        square="while True:\n    pass\ndef square(x):\n    return x * x",
    ),
    _spoil(
        "a loop after an answer in its cell",
        "hanging",
        {},
        square="def square(x):\n    return x * x\nwhile True:\n    pass",
    ),
    _spoil(
        "a loop in a call",
        "hanging",
        {"double": "timed_out"},
        double="def double(x):\n    while True:\n        pass",
    ),
    _spoil(
        "sleep in a call",
        "hanging",
        {"total": "timed_out"},
        total="def total(x):\n    import time\n    time.sleep(3600)",
    ),
    _spoil(
        "a loop inside C that hears no signal",
        "hanging",
        {"ordered": "timed_out"},
        ordered="""
def ordered(x):
    import re, signal
    for number in range(1, 64):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    re.match(r"(a+)+$", "a" * 60 + "b")
""",
    ),
    _spoil(
        "a thread that goes on",
        "hanging",
        {"double": "timed_out"},
        double="""
def double(x):
    import threading
    def spin():
        while True:
            pass
    thread = threading.Thread(target=spin)
    thread.start()
    thread.join()
""",
    ),
    _spoil(
        "cell after cell",
        "hanging",
        {},
        before=["while True:\n    pass"] * 6,
    ),
]

EXHAUSTING = [
    _spoil("memory in a cell", "exhausting", {}, before=["hoard = []\nwhile True:\n    hoard.append(bytes(2**26))"]),
    _spoil(
        "memory in a call",
        "exhausting",
        _raises("square"),
        square="def square(x):\n    return np.ones(2**36) * x",
    ),
    _spoil(
        "a value too large to send",
        "exhausting",
        {"square": "unreadable", "total": "unreadable"},
        square="def square(x):\n    return np.zeros(2**24)",
        total="def total(x):\n    a = []\n    a.append(a)\n    return a",
    ),
    _spoil(
        "disk",
        "exhausting",
        {},
        before=[
            "for number in range(100):\n    with open(str(number), 'wb') as file:\n        file.write(bytes(2**22))",
        ],
    ),
    _spoil(
        "processes and threads without end",
        "exhausting",
        {},
        before=[
            "import os\nwhile True:\n    os.fork()",
            "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(99,)).start()",
        ],
    ),
    _spoil(
        "output and open files without end",
        "exhausting",
        {},
        before=[
            "import os\nfor _ in range(20):\n    print('x' * 2**20)\n    os.write(1, bytes(2**20))",
            "files = []\nwhile True:\n    files.append(open('/dev/null'))",
            "files.clear()",
        ],
    ),
]

CRASHING = [
    _spoil("the process ended in a cell", "crashing", {}, before=["import os\nos._exit(0)"]),
    _spoil(
        "the process ended in a call",
        "crashing",
        dict.fromkeys(("double", "square"), "crashed"),
        double="def double(x):\n    import os\n    os._exit(0)",
        square="def square(x):\n    import ctypes\n    ctypes.string_at(0)",
    ),
    _spoil(
        "exceptions that end Python",
        "crashing",
        _raises("double", "square", "total", "both_ends"),
        before=["raise SystemExit(0)", "raise KeyboardInterrupt", "exit()"],
        double="def double(x):\n    import sys\n    sys.exit(0)",
        square="def square(x):\n    return square(x)",
        total="def total(x):\n    raise KeyboardInterrupt",
        both_ends="def both_ends(x):\n    raise type('End', (BaseException,), {'__str__': lambda self: 1 / 0})()",
    ),
    _spoil(
        "recursion in C",
        "crashing",
        {},
        before=["import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return f()\nf()"],
    ),
    _spoil(
        "an abort with the ways out blocked",
        "crashing",
        {"double": "crashed"},
        double="def double(x):\n    import os, ctypes\n    os._exit = lambda code: None\n    ctypes.CDLL(None).abort()",
    ),
]

FIND_CHANNEL = """
import os, stat
def channels():
    for descriptor in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                yield descriptor
        except OSError:
            pass
def say(content):
    for descriptor in channels():
        os.write(descriptor, content)
"""
FORGED = """
import json, struct
def message(tree, arrays=()):
    header = json.dumps([tree, list(arrays)]).encode()
    return struct.pack("<4sIQ", b"GRU1", len(header), 0) + header
"""

CHANNEL = [
    _spoil(
        "garbage in a call",
        "channel",
        {"double": "missing"},
        before=[FIND_CHANNEL],
        double="def double(x):\n    say(b'garbage' * 100)\n    return 2 * x",
    ),
    _spoil("garbage in a cell", "channel", {}, before=[FIND_CHANNEL, "say(b'\\x00' * 100)"]),
    _spoil(
        "forged replies",
        "channel",
        dict.fromkeys(("double", "square", "total"), "missing"),
        before=[FIND_CHANNEL + FORGED],
        double="""
def double(x):
    say(message({"d": {"id": "0" * 16, "outcome": {"d": {"status": "right", "points": 2}}}}))
    return 2 * x
""",
        total="""
def total(x):
    outcome = {"status": "returned", "value": x.sum(axis=0, keepdims=True).tolist(), "error": "", "message": ""}
    outcome |= {"line": "", "line_number": 0, "changed": {"t": []}, "source": "", "kind": "list"}
    say(message({"d": {"id": "0" * 16, "outcome": {"d": outcome}}}))
    return x.sum(axis=0, keepdims=True)
""",
        square="""
def square(x):
    import gc
    ids = [o for o in gc.get_objects() if type(o) is dict and o.get("do") == "call"]
    say(message({"d": {"id": ids[0]["id"], "outcome": {"d": {"status": "right"}}, "points": 2}}))
    return x * x
""",
    ),
    _spoil(
        "a message announced as huge",
        "channel",
        {"total": "missing", "ordered": "timed_out"},
        before=[FIND_CHANNEL],
        total="def total(x):\n    say(b'GRU1' + b'\\xff' * 12)\n    return x",
        ordered="def ordered(x):\n    import struct, time\n"
        "    say(struct.pack('<4sIQ', b'GRU1', 1000, 2**20))\n    time.sleep(3600)",
    ),
    _spoil(
        "the channel closed",
        "channel",
        {"both_ends": "crashed"},
        before=[FIND_CHANNEL],
        both_ends="def both_ends(x):\n    for channel in channels():\n        os.close(channel)\n    return 0",
    ),
    _spoil(
        "an endless flood of messages",
        "channel",
        {"double": "missing"},
        before=[FIND_CHANNEL + FORGED],
        double="def double(x):\n    while True:\n        say(message(None))",
    ),
]

TABLE = [*TAMPERING, *READING, *ESCAPING, *HANGING, *EXHAUSTING, *CRASHING, *CHANNEL]
