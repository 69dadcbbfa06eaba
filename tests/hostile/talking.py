"""Talking on the channel: whatever is no answer to the last question costs the question at most."""

from tests.hostile.submission import spoil

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

SAY_OUTCOMES = """
import sys
def say_outcomes(outcomes):
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    say(message({"d": {"id": frame.f_locals["request"]["id"], "outcomes": outcomes}}))
"""

FRAME = """
import struct
def frame(header, content=b""):
    return struct.pack("<4sIQ", b"GRU1", len(header), len(content)) + header + content
"""

CHANNEL = [
    spoil(
        "garbage in a call",
        "channel",
        {"double": "missing"},
        before=[FIND_CHANNEL],
        double="def double(x):\n    say(b'garbage' * 100)\n    return 2 * x",
    ),
    spoil("garbage in a cell", "channel", {}, before=[FIND_CHANNEL, "say(b'\\x00' * 100)"]),
    spoil(
        "forged replies",
        "channel",
        dict.fromkeys(("double", "square", "total"), "missing"),
        before=[FIND_CHANNEL + FORGED],
        double="""
def double(x):
    say(message({"d": {"id": "0" * 16, "outcomes": [{"d": {"status": "right", "points": 2}}]}}))
    return 2 * x
""",
        total="""
def total(x):
    outcome = {"status": "returned", "value": x.sum(axis=0, keepdims=True).tolist(), "kind": "list"}
    say(message({"d": {"id": "0" * 16, "outcomes": [{"d": outcome}]}}))
    return x.sum(axis=0, keepdims=True)
""",
        square="""
def square(x):
    import gc
    ids = [o for o in gc.get_objects() if type(o) is dict and o.get("do") == "call"]
    say(message({"d": {"id": ids[0]["id"], "outcomes": [{"d": {"status": "right"}}], "points": 2}}))
    return x * x
""",
    ),
    spoil(
        "a message announced as huge",
        "channel",
        {"total": "missing", "ordered": "timed_out"},
        before=[FIND_CHANNEL],
        total="def total(x):\n    say(b'GRU1' + b'\\xff' * 12)\n    return x",
        ordered="def ordered(x):\n    import struct, time\n"
        "    say(struct.pack('<4sIQ', b'GRU1', 1000, 2**20))\n    time.sleep(3600)",
    ),
    spoil(
        "the channel closed",
        "channel",
        {"both_ends": "crashed"},
        before=[FIND_CHANNEL],
        both_ends="def both_ends(x):\n    for channel in channels():\n        os.close(channel)\n    return 0",
    ),
    spoil(
        "an endless flood of messages",
        "channel",
        {"double": "missing"},
        before=[FIND_CHANNEL + FORGED],
        double="def double(x):\n    while True:\n        say(message(None))",
    ),
    spoil(
        "a header nested deeply",
        "channel",
        {"double": "missing"},
        before=[FIND_CHANNEL + FRAME],
        double="def double(x):\n    say(frame(b'[' * 10**6))\n    return 2 * x",
    ),
    spoil(
        "arrays of objects, of negative and of endless length",
        "channel",
        dict.fromkeys(("double", "square", "total"), "missing"),
        before=[FIND_CHANNEL + FRAME],
        double='def double(x):\n    say(frame(b\'[{"a": 0}, [["|O", [1]]]]\', bytes(8)))\n    return 2 * x',
        square='def square(x):\n    say(frame(b\'[{"a": 0}, [["<f8", [-1, -1]]]]\', bytes(8)))\n    return x * x',
        total='def total(x):\n    say(frame(b\'[{"a": 0}, [["<f8", [4294967296, 4294967296]]]]\'))\n    return x',
    ),
    spoil(
        "an answer before the answer",
        "channel",
        {"square": "missing"},
        before=[FIND_CHANNEL + FORGED],
        square="""
def square(x):
    import gc
    ids = [o["id"] for o in gc.get_objects() if type(o) is dict and o.get("do") == "call"]
    for id in ids:
        say(message({"d": {"id": id, "outcomes": None}}))
    return x * x
""",
    ),
    spoil(
        "what is printed, sent",
        "channel",
        {"ordered": "missing"},
        before=[FIND_CHANNEL],
        ordered="""
def ordered(x):
    for channel in channels():
        os.dup2(channel, 1)
    os.write(1, b"right" * 100)
    return np.sort(x, axis=1)
""",
    ),
    spoil(
        "the next question taken away",
        "channel",
        {"double": "timed_out"},
        before=[FIND_CHANNEL],
        double="def double(x):\n    for channel in channels():\n        os.read(channel, 2**20)\n    return 2 * x",
    ),
    spoil(
        "half an answer, then the end",
        "channel",
        {"both_ends": "crashed"},
        before=[FIND_CHANNEL],
        both_ends="def both_ends(x):\n    say(b'GRU1' + b'\\x08\\x00\\x00\\x00')\n    os._exit(0)",
    ),
    spoil(
        "descriptors sent along",
        "channel",
        {"total": "raised"},
        before=[FIND_CHANNEL],
        total="""
def total(x):
    import socket
    for channel in channels():
        socket.send_fds(socket.socket(fileno=channel), [b"GRU1"], [0, 1, 2])
    return x.sum(axis=0, keepdims=True)
""",
    ),
    spoil(
        "progress as messages without end",
        "channel",
        {},
        before=[
            FIND_CHANNEL + FORGED,
            """
import gc
ids = [o["id"] for o in gc.get_objects() if type(o) is dict and o.get("do") == "run"]
while True:
    for cell in (0, -1, 2, 10**9, True, "2"):
        say(message({"d": {"id": ids[0], "cell": cell}}))
""",
        ],
    ),
    spoil(
        "answers to requests that lie in the channel already",
        "channel",
        dict.fromkeys(("double", "square"), "missing"),
        before=[FIND_CHANNEL + FORGED],
        double="""
import fcntl, re
def double(x):
    for channel in channels():
        fcntl.fcntl(channel, fcntl.F_SETFL, os.O_NONBLOCK)
        try:
            ahead = os.read(channel, 2**20)
        except OSError:
            ahead = b""
        for id in re.findall(rb'"id": "([0-9a-f]+)"', ahead) or [b"0" * 16]:
            say(message({"d": {"id": id.decode(), "outcomes": None}}))
    return 2 * x
""",
        square="""
def square(x):
    import sys
    frame = sys._getframe()
    while "request" not in frame.f_locals:
        frame = frame.f_back
    for _ in range(2):
        say(message({"d": {"id": frame.f_locals["request"]["id"], "outcomes": [{"d": {"status": "right"}}]}}))
    return x * x
""",
    ),
    spoil(
        "no outcome, too many, one without a value, one with points",
        "channel",
        dict.fromkeys(("double", "square", "total", "ordered"), "missing"),
        before=[FIND_CHANNEL + FORGED + SAY_OUTCOMES],
        double="def double(x):\n    say_outcomes([])\n    return 2 * x",
        square="def square(x):\n    say_outcomes([{'d': {'status': 'raised', 'value': None}}] * 99)\n    return x * x",
        total="def total(x):\n    say_outcomes([{'d': {'status': 'returned'}}])\n    return x",
        ordered="""
def ordered(x):
    say_outcomes([{"d": {"status": "returned", "value": np.sort(x, axis=1).tolist(), "points": 2}}])
    return np.sort(x, axis=1)
""",
    ),
    spoil(
        "a thread that talks between the answers",
        "channel",
        {"double": "missing"},
        before=[FIND_CHANNEL],
        double="""
def double(x):
    import threading, time
    def talk():
        while True:
            say(b"x")
            time.sleep(0.001)
    threading.Thread(target=talk, daemon=True).start()
    time.sleep(0.05)
    return 2 * x
""",
    ),
    spoil(
        "headers of a long number, of doubled keys and of half a character",
        "channel",
        dict.fromkeys(("double", "square", "total"), "missing"),
        before=[FIND_CHANNEL + FRAME],
        double="def double(x):\n    say(frame(b'[' + b'9' * 10**6 + b', []]'))",
        square='def square(x):\n    say(frame(b\'[{"d": {"id": 1, "id": 2}}, []]\'))',
        total="def total(x):\n    say(frame(b'[\"\\xed\\xa0\\x80\", []]'))\n    say(frame(b'[\"\\xff\", []]'))",
    ),
    spoil(
        "the pipe that tells which cell begins, emptied",
        "channel",
        {},
        before=[
            """
import os, stat
for descriptor in range(3, 64):
    try:
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.read(os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK), 100)
            os._exit(0)
    except OSError:
        pass
"""
        ],
    ),
    spoil(
        "the pipe that tells which cell begins, filled",
        "channel",
        {},
        before=[
            """
import os, stat
for descriptor in range(3, 64):
    try:
        while stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            os.write(descriptor, bytes(4096))
    except OSError:
        pass
"""
        ],
    ),
]
