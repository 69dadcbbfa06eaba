"""Hanging, exhausting and crashing: each costs the one answer at most that does it."""

from tests.grader.bank import NAMES
from tests.hostile.submission import answers, raises, spoil

HANGING = [
    spoil("a loop in a cell", "hanging", {}, before=["while True:\n    pass"]),
    spoil(
        "a loop before an answer in its cell",
        "hanging",
        {"square": "timed_out"},
        square="while True:\n    pass\ndef square(x):\n    return x * x",
    ),
    spoil(
        "a loop after an answer in its cell",
        "hanging",
        {},
        square="def square(x):\n    return x * x\nwhile True:\n    pass",
    ),
    spoil(
        "a loop in a call",
        "hanging",
        {"double": "timed_out"},
        double="def double(x):\n    while True:\n        pass",
    ),
    spoil(
        "sleep in a call",
        "hanging",
        {"total": "timed_out"},
        total="def total(x):\n    import time\n    time.sleep(3600)",
    ),
    spoil(
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
    spoil(
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
    spoil(
        "cell after cell",
        "hanging",
        {},
        before=["while True:\n    pass"] * 6,
    ),
    spoil(
        "a lock taken twice",
        "hanging",
        {"square": "timed_out"},
        square="import threading\nlock = threading.Lock()\ndef square(x):\n    while lock.acquire():\n        pass",
    ),
    spoil(
        "an endless answer",
        "hanging",
        {"double": "unreadable", "ordered": "timed_out"},
        double="def double(x):\n    import itertools\n    return itertools.count()",
        ordered="class Endless:\n    def __array__(self, *a, **k):\n        while True:\n            pass\n"
        "def ordered(x):\n    return Endless()",
    ),
    spoil(
        "an error that never says what it is",
        "hanging",
        {"total": "timed_out"},
        total="class Endless(Exception):\n    def __str__(self):\n        while True:\n            pass\n"
        "def total(x):\n    raise Endless",
    ),
    spoil(
        "a number that takes for ever",
        "hanging",
        {"both_ends": "timed_out"},
        both_ends="def both_ends(x):\n    return 7 ** (10**9)",
    ),
    spoil(
        "blank lines without end, and an answer that is not defined",
        "hanging",
        {"double": "not_defined"},
        before=["\n" * 500_000, " \t" * 20_000 + "\n" + "  \n" * 10_000],
        double="other = 1",
    ),
    spoil(
        "a timer that stops the process",
        "hanging",
        {"double": "timed_out"},
        double="""
def double(x):
    import ctypes, time
    libc = ctypes.CDLL(None)
    # A struct sigevent: value, SIGSTOP, SIGEV_SIGNAL; a struct itimerspec: once, after a nanosecond.
    event = ctypes.create_string_buffer(64)
    ctypes.memmove(ctypes.addressof(event) + 8, (ctypes.c_int * 2)(19, 0), 8)
    timer = ctypes.c_void_p()
    libc.timer_create(1, event, ctypes.byref(timer))
    libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 0, 1), None)
    time.sleep(3600)
""",
    ),
    spoil(
        "threads and functions that outlive the cells",
        "hanging",
        {},
        after=[
            "import atexit, threading, time\ndef last():\n    time.sleep(3600)\natexit.register(last)\n"
            "threading.Thread(target=last).start()",
        ],
    ),
]

EXHAUSTING = [
    spoil("memory in a cell", "exhausting", {}, before=["hoard = []\nwhile True:\n    hoard.append(bytes(2**26))"]),
    spoil(
        "memory in a call",
        "exhausting",
        raises("square"),
        square="def square(x):\n    return np.ones(2**36) * x",
    ),
    spoil(
        "a value too large to send",
        "exhausting",
        {"square": "unreadable", "total": "unreadable"},
        square="def square(x):\n    return np.zeros(2**24)",
        total="def total(x):\n    a = []\n    a.append(a)\n    return a",
    ),
    spoil(
        "disk",
        "exhausting",
        {},
        before=[
            "for number in range(100):\n    with open(str(number), 'wb') as file:\n        file.write(bytes(2**22))",
        ],
    ),
    spoil(
        "processes and threads without end",
        "exhausting",
        {},
        before=[
            "import os\nwhile True:\n    os.fork()",
            "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(99,)).start()",
        ],
    ),
    spoil(
        "output and open files without end",
        "exhausting",
        {},
        before=[
            "import os\nfor _ in range(20):\n    print('x' * 2**20)\n    os.write(1, bytes(2**20))",
            "files = []\nwhile True:\n    files.append(open('/dev/null'))",
            "files.clear()",
        ],
    ),
    spoil(
        "files without end",
        "exhausting",
        {},
        before=["for number in range(10**5):\n    open(str(number), 'w').close()"],
    ),
    spoil(
        "files larger than the disk",
        "exhausting",
        {},
        before=[
            "with open('large', 'wb') as file:\n    file.truncate(2**50)",
            "import os\nos.posix_fallocate(1, 0, 2**50)",
        ],
    ),
    spoil(
        "answers nested, long, wide and heavy",
        "exhausting",
        dict.fromkeys(("double", "square", "total", "ordered"), "unreadable"),
        double="def double(x):\n    a = []\n    for _ in range(10**5):\n        a = [a]\n    return a",
        square="def square(x):\n    return [0] * 10**6",
        total="def total(x):\n    return dict.fromkeys('abcdefghijklmnopq', 'x' * 2**22)",
        ordered="def ordered(x):\n    return 2**10000",
    ),
    spoil(
        "errors of ten megabytes",
        "exhausting",
        raises("double"),
        before=["raise ValueError('x' * 10**7)"],
        double="def double(x):\n    raise type('E' * 10**6, (Exception,), {})('x' * 10**7)",
    ),
    spoil(
        "address space, pipes and timers",
        "exhausting",
        {},
        before=[
            "import mmap\nmmap.mmap(-1, 2**40)",
            "import os\npipes = []\nwhile True:\n    pipes.append(os.pipe())",
            "for pipe in pipes:\n    os.close(pipe[0]), os.close(pipe[1])",
        ],
    ),
    spoil(
        "folders in folders without end",
        "exhausting",
        {"double": "crashed"},
        double="""
def double(x):
    import os
    try:
        while True:
            os.mkdir("deep")
            os.chdir("deep")
    except OSError:
        os._exit(0)
""",
    ),
    spoil(
        "answers that multiply when they are compared",
        "exhausting",
        dict.fromkeys(("double", "square"), "wrong"),
        double="def double(x):\n    return ['x' * 2_000_000] + [''] * 9_000",
        square="def square(x):\n    return [['x' * 20_000] * 5] + [''] * 9_000",
    ),
    spoil(
        "large answers to everything",
        "exhausting",
        dict.fromkeys(NAMES, "unreadable"),
        **answers("return np.ones(2**20)"),
    ),
    spoil(
        "thousands of threads with small stacks",
        "exhausting",
        {},
        before=[
            "import threading, time\nthreading.stack_size(2**15)\n"
            "for _ in range(5000):\n    threading.Thread(target=time.sleep, args=(0.3,), daemon=True).start()"
        ],
    ),
    spoil(
        "output without end in a call",
        "exhausting",
        {"square": "timed_out"},
        square="def square(x):\n    while True:\n        print('x' * 1000)",
    ),
]

CRASHING = [
    spoil("the process ended in a cell", "crashing", {}, before=["import os\nos._exit(0)"]),
    spoil(
        "the process ended in a call",
        "crashing",
        dict.fromkeys(("double", "square"), "crashed"),
        double="def double(x):\n    import os\n    os._exit(0)",
        square="def square(x):\n    import ctypes\n    ctypes.string_at(0)",
    ),
    spoil(
        "exceptions that end Python",
        "crashing",
        raises("double", "square", "total", "both_ends"),
        before=["raise SystemExit(0)", "raise KeyboardInterrupt", "exit()"],
        double="def double(x):\n    import sys\n    sys.exit(0)",
        square="def square(x):\n    return square(x)",
        total="def total(x):\n    raise KeyboardInterrupt",
        both_ends="def both_ends(x):\n    raise type('End', (BaseException,), {'__str__': lambda self: 1 / 0})()",
    ),
    spoil(
        "recursion in C",
        "crashing",
        {},
        before=["import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return f()\nf()"],
    ),
    spoil(
        "an abort with the ways out blocked",
        "crashing",
        {"double": "crashed"},
        double="def double(x):\n    import os, ctypes\n    os._exit = lambda code: None\n    ctypes.CDLL(None).abort()",
    ),
    spoil(
        "a fault in a cell",
        "crashing",
        {},
        before=["import ctypes\nctypes.string_at(0)", "import os\nos.abort()", "import os\nos._exit(0)"],
    ),
    spoil(
        "a signal to oneself, and an exception for every loop",
        "crashing",
        {"double": "crashed", **raises("square", "total")},
        double="def double(x):\n    import ctypes\n    libc = ctypes.CDLL(None)\n    getattr(libc, 'raise')(9)\n"
        "    libc.abort()",
        square="def square(x):\n    raise StopIteration",
        total="def total(x):\n    raise GeneratorExit",
    ),
    spoil(
        "the standard files closed",
        "crashing",
        {},
        before=["import os\nfor number in range(3):\n    os.close(number)", "print('nowhere')"],
    ),
    spoil(
        "Python's own functions taken away",
        "crashing",
        # NumPy imports in these.
        raises("total", "both_ends"),
        after=[
            "import sys\nsys.setrecursionlimit(30)",
            "import builtins\ndef refuse(*arguments, **named):\n    raise ImportError\nbuiltins.__import__ = refuse",
            "for name in ('len', 'isinstance', 'type', 'dict', 'list', 'vars', 'zip', 'callable', 'getattr'):\n"
            "    delattr(builtins, name)",
        ],
    ),
    spoil(
        "an error whose class has no name",
        "crashing",
        raises("square"),
        before=[
            "class Nameless(type):\n    __name__ = property(lambda self: 1 / 0)\n"
            "class End(Exception, metaclass=Nameless):\n    pass",
            "raise End",
        ],
        square="class Exit(type):\n    @property\n    def __name__(self):\n        raise SystemExit\n"
        "class Way(Exception, metaclass=Exit):\n    pass\ndef square(x):\n    raise Way",
    ),
    spoil(
        "a stack used up in C",
        "crashing",
        {"ordered": "crashed"},
        ordered="""
def ordered(x):
    import ctypes
    @ctypes.CFUNCTYPE(ctypes.c_int)
    def again():
        return again()
    import sys
    sys.setrecursionlimit(10**8)
    return again()
""",
    ),
]
