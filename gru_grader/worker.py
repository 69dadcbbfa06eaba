"""The untrusted side: a warm process that forks, and the child that runs one submission and answers calls.

The trusted process starts this module with the number of a socket. The warm
process imports what submissions need, once, and never sees a submission: for
each one it is handed a second socket, forks, and the child talks over that. It
holds no question, no answer and no grade.
"""

import array
import contextlib
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import resource
import select
import socket
import struct
import sys
import tempfile
import traceback
import types

import numpy as np

from gru_checks.calling import Call, Outcome, perform
from gru_grader import cells, standins, wire
from gru_grader.sandbox import NONE, RESTRICTED, Confinement, Sandbox

WARM = (
    "bisect collections.abc contextlib copy csv ctypes dataclasses datetime decimal enum fractions functools glob "
    "heapq inspect io itertools json logging math operator pathlib pickle pprint queue random re shutil statistics "
    "string struct tempfile textwrap threading time timeit types typing unicodedata uuid warnings "
    "zlib numpy.fft numpy.linalg numpy.polynomial numpy.random numpy.testing"
).split()
"""Imported once, before any submission: what students import, and what computing imports late."""
RARE = (
    "abc argparse array ast asyncio base64 bz2 calendar cmath codecs colorsys concurrent.futures.process "
    "concurrent.futures.thread configparser cProfile difflib doctest encodings.ascii encodings.cp1252 "
    "encodings.cp437 encodings.idna encodings.latin_1 encodings.utf_16 encodings.utf_8_sig fileinput fnmatch "
    "getpass gzip hashlib hmac html http.client importlib.metadata importlib.resources json.tool locale lzma "
    "mmap multiprocessing.pool numbers pdb platform pstats resource sched secrets select selectors shelve shlex "
    "signal sqlite3 stat subprocess symtable sysconfig tarfile token tokenize tracemalloc "
    "unittest.mock urllib.parse urllib.request weakref xml.etree webbrowser zipfile numpy.ctypeslib numpy.ma "
    "numpy.strings numpy.typing"
).split()
"""Imported too in `restricted`: another user may not read Python's own files, and nobody the system's libraries."""
WARM_WITH = {
    # What an optimiser imports late takes a second and more.
    "torch": "torch.nn.functional torch.nn.utils.rnn torch.optim torch.utils.data torch._dynamo".split(),
    "tensorflow": "keras.layers keras.optimizers keras.losses keras.metrics keras.utils".split(),
}
"""Imported once too, where submissions may import the framework; no operation of it is run before the fork."""
PRACTISED = "import numpy as np\n\n\ndef f(x):\n    return np.exp(-x) * x\n"
PRACTICE = 8
"""How often that cell is run before the first child is forked: so often Python 3.11 runs code until it fits it."""
FORKED = b"f"
BEGINS = b"c"
ENDED = struct.Struct("=iqq")
"""Exit status as os.waitstatus_to_exitcode gives it, processor time in microseconds, largest memory in KiB."""
MAX_ERRORS = 50
MAX_TEXT = 500


def receive(descriptor):
    """Read one message, waiting for it; None at the end.

    Sockets are read and written as files here: a submission's process may not make socket calls.
    """
    prefix = _read(descriptor, wire.PREFIX.size)
    if prefix is None:
        return None
    header, content = (_read(descriptor, size) for size in wire.sizes(prefix))
    return wire.decode(header, content)


def _read(descriptor, size):
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, min(size - len(parts), 2**20))
        if not part:
            return None
        parts += part
    return bytes(parts)


def send(descriptor, message):
    """Write one message."""
    _write(descriptor, wire.encode(message))


def _write(descriptor, content):
    waiting = memoryview(content)
    while waiting:
        waiting = waiting[os.write(descriptor, waiting) :]


def main():
    """Serve the trusted process until it goes away."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # Set for this process alone; what a submission could read there is nobody's business.
    for name in ("PYTHONPATH", "PYTHONHASHSEED"):
        os.environ.pop(name, None)
    settings = receive(control.fileno())
    if settings is None:
        return
    confinement = Confinement(
        calls=settings["calls"].tobytes(),
        **{name: settings[name] for name in ("level", "user", "readable", "hidden", "scratch", "limits")},
    )
    try:
        _find_packages_only_in(settings["search"], settings["found"])
        for package in settings["packages"]:
            for name in (package, *WARM_WITH.get(package, ())):
                importlib.import_module(name)
        for name in WARM:
            importlib.import_module(name)
        if confinement.level == RESTRICTED:
            for name in RARE:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
            _list_standard_library(settings["search"], confinement)
        # What Python and the libraries take is not the submission's.
        confinement.limits["memory"] += _address_space()
        os.umask(0o022)

        def be_mapped():
            send(control.fileno(), {"state": "unshared"})
            receive(control.fileno())

        sandbox = Sandbox(confinement, be_mapped)
    except Exception as error:
        send(control.fileno(), {"state": "failed", "reason": _reason(error)})
        return
    os.environ.update(HOME=confinement.scratch, TMPDIR=confinement.scratch, PWD=confinement.scratch)
    # A library may have asked already where temporary files go.
    tempfile.tempdir = None
    namespace = _prepared_namespace(tuple(settings["packages"]))
    if confinement.level != NONE:
        _practise()
    gc.freeze()
    send(control.fileno(), {"state": "ready"})
    _serve_forks(control, sandbox, namespace, confinement.level)
    # There is nothing to tidy up, and it would take longer than a submission.
    os._exit(0)


def _prepared_namespace(packages):
    """Make the globals of a submission's cells, and what they find around them.

    It is done once, before any child is forked: whatever a child touches is copied for it, which takes longer than
    what is done.
    """
    # The cells' namespace is that of __main__, as in a kernel: dataclasses and pickle look there.
    main_module = types.ModuleType("__main__")
    namespace = vars(main_module)
    sys.modules["__main__"] = main_module
    np.random.seed(0)
    standins.install(namespace, packages)
    # Files 0 to 2 are others in each child; what is made here are only the objects around them.
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    return namespace


def _practise():
    """Serve a submission of our own, as children will serve others.

    Python fits the code that it runs to what it meets in the first calls. What is done here, no child has to do again.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs, open(os.devnull, "wb") as nobody:
        call = Call("f", (np.ones((2, 2)),))
        for _ in range(PRACTICE):
            ours.sendall(wire.encode({"id": "", "do": "run", "cells": [PRACTISED], "skip": []}))
            ours.sendall(wire.encode({"id": "", "do": "call", "calls": [list(vars(call).values())]}))
        ours.shutdown(socket.SHUT_WR)
        _serve_submission(theirs.fileno(), nobody.fileno(), {"__name__": "__main__"})


def _address_space():
    """Bytes of address space that this process has; 0 where the system does not say."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _reason(error):
    return str(getattr(error, "strerror", None) or error)[:MAX_TEXT]


def _find_packages_only_in(search, packages):
    """Let imports find the standard library and the packages a submission may use, and nothing else.

    It is done before anything is imported: a framework that sees a further library beside it uses it, and could not
    read it later.
    """
    sys.path[:] = search
    sys.path_importer_cache.clear()
    known = ("BuiltinImporter", "FrozenImporter", "PathFinder")
    sys.meta_path[:] = [finder for finder in sys.meta_path if getattr(finder, "__name__", "") in known]
    sys.meta_path.append(_PackageFinder(packages))


class _PackageFinder(importlib.abc.MetaPathFinder):
    """Finds the packages whose places it was told, without looking through the folders where they lie."""

    def __init__(self, packages):
        self._packages = packages

    def find_spec(self, name, path=None, target=None):
        place = self._packages.get(name)
        if path is not None or place is None:
            return None
        if not os.path.isdir(place):
            return importlib.util.spec_from_file_location(name, place)
        main_file = f"{place}/__init__.py"
        if os.path.exists(main_file):
            return importlib.util.spec_from_file_location(name, main_file, submodule_search_locations=[place])
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [place]
        return spec


def _list_standard_library(search, confinement):
    """Have Python remember which modules there are, where the folder that holds them cannot be listed later."""
    for path in search:
        if path not in confinement.hidden and {path, os.path.dirname(path)} & set(confinement.readable):
            importlib.machinery.PathFinder.find_spec("no such module", [path])


def _serve_forks(control, sandbox, namespace, level):
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, len(FORKED), 2)
        if not message or len(descriptors) < 2:
            return
        channel, begins = descriptors
        if level == NONE:
            # Without the means to isolate a child, this process serves one submission and is gone.
            control.sendall(FORKED)
            _be_child(channel, begins, sandbox, namespace)
        child = sandbox.fork()
        if child == 0:
            _be_child(channel, begins, sandbox, namespace)
        os.close(channel)
        os.close(begins)
        handle = os.pidfd_open(child)
        control.sendmsg([FORKED], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))])
        if not _wait_for(control, handle):
            return
        os.close(handle)
        _, status, usage = os.wait4(child, 0)
        microseconds = round((usage.ru_utime + usage.ru_stime) * 1e6)
        control.sendall(ENDED.pack(os.waitstatus_to_exitcode(status), microseconds, usage.ru_maxrss))


def _wait_for(control, handle):
    """Wait until the child has ended, or give up if the trusted process is gone."""
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    waiting.register(control, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in waiting.poll()]
        if handle in ready:
            return True
        if control.fileno() in ready:
            return False


def _be_child(channel, begins, sandbox, namespace):
    """Shut this process in, then serve one submission; never return."""
    try:
        nothing = os.open("/dev/null", os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        try:
            sandbox.shut_in(channel, begins)
        except Exception as error:
            send(channel, {"state": "failed", "reason": _reason(error)})
            return
        send(channel, {"state": "ready"})
        _serve_submission(channel, begins, namespace)
    finally:
        # Nothing of the warm process's own ending may happen here.
        os._exit(0)


def _serve_submission(channel, begins, namespace):
    # Python draws a new seed after each fork.
    random.seed(0)
    so_far = cells.SoFar()
    while (request := receive(channel)) is not None:
        _write(
            channel, _run(begins, request, namespace, so_far) if request["do"] == "run" else _answer(request, namespace)
        )


def _run(begins, request, namespace, so_far):
    """Run the notebook's cells, saying whenever one begins, so that a fatal one is known."""
    errors = []
    parts = dict(enumerate(request.get("parts", ()), start=1))
    leading = request.get("leading", ())
    for number, source in enumerate(request["cells"], start=1):
        if number in request["skip"]:
            continue
        with contextlib.suppress(OSError):
            os.write(begins, BEGINS)
        part = parts.get(number, cells.EVERYTHING)
        for error in cells.run_cell(number, source, namespace, part, number in leading, so_far)[:MAX_ERRORS]:
            errors.append(_described(number, error))
    return wire.encode({"id": request["id"], "errors": errors[:MAX_ERRORS]})


def _described(number, error):
    line = 0
    try:
        if isinstance(error, SyntaxError):
            line = error.lineno or 0
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == f"<cell {number}>":
                line = frame.lineno or 0
        text = str(getattr(error, "msg", None) or error)[:MAX_TEXT]
    except BaseException:
        text = ""
    return {"cell": number, "error": type(error).__name__[:MAX_TEXT], "message": text, "line": line}


def _answer(request, namespace):
    """Make the calls, and give one message with all outcomes, or one for each where they are too large together."""
    outcomes = [_outcome(Call(*fields), namespace) for fields in request["calls"]]
    with contextlib.suppress(wire.WireError):
        return _said(request, outcomes)
    return b"".join(_said_alone(request, outcome) for outcome in outcomes)


def _outcome(call, namespace):
    try:
        return perform(call, namespace)
    except BaseException as error:
        return Outcome("raised", error=type(error).__name__)


def _said(request, outcomes):
    return wire.encode({"id": request["id"], "outcomes": [_fields(outcome) for outcome in outcomes]})


def _fields(outcome):
    """List the fields of an outcome that say something, and the value, which may be a blank one."""
    return {name: content for name, content in vars(outcome).items() if name == "value" or content}


def _said_alone(request, outcome):
    try:
        return _said(request, [outcome])
    except wire.WireError:
        return _said(request, [Outcome("unreadable", message="more than can be judged", kind=outcome.kind)])


if __name__ == "__main__":
    main()
