"""The trusted side of a worker: starts it, asks it for children, talks to them, and believes nothing they say.

Whatever a child sends that is not the answer to the last request ends that
child. Time is measured here, on the child's processor clock; a child is ended
with a signal that it cannot refuse, and all it started ends with it.
"""

import contextlib
import dataclasses
import itertools
import math
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np

from gru_checks.values import NotPlain
from gru_grader import allowed_calls, answers, libraries, machine, wire
from gru_grader.sandbox import FULL, NONE, RESTRICTED
from gru_grader.worker import ENDED, FORKED

START_SECONDS = 60
"""How long a worker may take to import its packages, and a child to shut itself in; no submission runs then."""
OTHERS_THREADS = 16
"""By how much the limit on threads is raised where it counts other processes; stacks count as memory all the same."""
END_SECONDS = 0.5
"""How long a worker that is no longer needed may take to end."""
MAX_PROGRESS = 2**14
"""Bytes of a child's progress that are read at a time."""
MAX_ERRORS = 100
"""Errors of cells that are kept, whatever a child says; an honest one sends fewer."""
MAX_PARTS = 20 * wire.MAX_VALUES
"""Brackets and braces in an answer: several a value, and those in its texts; each takes more memory than its byte."""
OTHERS_SHARE = 0.1
"""A cell is told that it alone used up the time if those before it used no more than this share."""
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # One for each processor otherwise: on a large machine more than a submission may start.
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
"""The whole environment of a worker. It has nothing of the teacher's, one thread, and one order of sets in all runs."""


class WorkerError(Exception):
    """The grader's own part failed; no submission is to blame."""


class CannotIsolate(WorkerError):  # noqa: N818 - it says what follows
    """This machine does not give the isolation that was asked for; the message says what failed."""


class Ended(Exception):  # noqa: N818 - it is no error of ours
    """The child is gone before it answered.

    Parameters
    ----------
    status : str
        "crashed", "timed_out", or "missing" (it sent something that is no answer).
    reason : str
        What happened, a clause for the learner.
    """

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Parameters
    ----------
    seconds : float
        Processor time for all cells together, and again for each question;
        five times as much may pass on the wall clock.
    memory : int
        Address space, MiB, besides what Python and the libraries take.
    disk : int
        Scratch files, MiB.
    threads : int
    files : int
        Open at a time.
    """

    seconds: float = 10.0
    memory: int = 1024
    disk: int = 64
    threads: int = 64
    files: int = 64

    @property
    def wall_seconds(self):
        """What may pass on the wall clock."""
        return 5 * self.seconds


class _Budget:
    """Processor and wall time that one request may take."""

    def __init__(self, seconds, wall_seconds, clock):
        self._clock = clock
        self._seconds = seconds
        self._wall_seconds = wall_seconds
        self._start = clock()
        self._deadline = time.monotonic() + wall_seconds

    def left(self):
        """Seconds after which to look again; 0 when there are none left."""
        wall = self._deadline - time.monotonic()
        processor = self._seconds - (self._clock() - self._start)
        return max(0.0, min(wall, processor))

    def spent(self):
        """Give the shares of processor and wall time that are used up, each from 0 to 1."""
        wall = 1 - (self._deadline - time.monotonic()) / self._wall_seconds
        return (self._clock() - self._start) / self._seconds, wall

    def is_late(self):
        """Whether it is wall time that was used up."""
        return time.monotonic() >= self._deadline

    def excess(self):
        """Say which of the two was used up."""
        if self.is_late():
            return f"it did not finish within {self._wall_seconds:g} s"
        return f"it used up {self._seconds:g} s of processor time"

    def excess_of_many(self):
        """Say the same of all cells together."""
        if self.is_late():
            return f"the cells together took more than {self._wall_seconds:g} s, and this one was running"
        return f"the cells together used up {self._seconds:g} s of processor time, and this one was running"


class _Progress:
    """Which cell is running.

    For each cell that begins, the child writes a byte into a pipe. Nobody waits
    for it: it is read now and then, and when the child has ended.

    Parameters
    ----------
    pipe : int
        The end to read from; it is closed here.
    """

    def __init__(self, pipe):
        self._pipe = pipe
        self._cells, self._budget = (), None
        self._count = 0
        self._spent = (0.0, 0.0)
        self.cell = 0
        """The cell that is running, 0 before the first."""
        self.before = (0.0, 0.0)
        """What was spent of the budget before it began, as far as that is known."""

    def follow(self, cells, budget):
        """Begin to look at these cells, which run in this order."""
        self._cells, self._budget = cells, budget

    def look(self):
        """See which cell is running, if any are."""
        if self._pipe is None or not self._cells:
            return
        with contextlib.suppress(BlockingIOError):
            if new := len(os.read(self._pipe, MAX_PROGRESS)):
                self._count = min(self._count + new, len(self._cells))
                self.cell = self._cells[self._count - 1]
                self.before = self._spent
        self._spent = self._budget.spent()

    def close(self):
        """Look a last time."""
        self.look()
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None


class Child:
    """One process that runs one submission. Made by `Worker.fork`."""

    def __init__(self, worker, channel, pipe, handle):
        self._worker = worker
        self._channel = channel
        self._channel.setblocking(False)
        self._progress = _Progress(pipe)
        self._handle = handle
        self._pid = None if handle is None else machine.process_number(handle)
        self._news, self._room = select.poll(), select.poll()
        self._news.register(channel, select.POLLIN)
        self._room.register(channel, select.POLLOUT)
        self._pending = bytearray()
        self.ended = None
        """How it ended, as an Ended, once it has."""
        self.usage = (0.0, 0)
        """Processor seconds and largest memory in KiB, once it has ended."""
        try:
            state = self._receive(_Budget(math.inf, START_SECONDS, self._used))
        except Ended as ended:
            raise WorkerError(f"a child did not start: {ended.reason}") from None
        if state != {"state": "ready"}:
            self._stop()
            raise CannotIsolate(answers.text(state, "reason") or "a child did not start")

    def run(self, sources, skip, limits, parts=(), leading=(), singly=False):
        """Run the code cells.

        Parameters
        ----------
        sources : sequence of str
        skip : collection of int
            Cells to leave out, counted from 1.
        limits : Limits
        parts : sequence of int, optional
            How much of each cell to run, as gru_grader.cells names it.
        leading : collection of int, optional
            Cells of which only the definitions before anything else are run.
        singly : bool, optional
            Ask for each cell by itself, which is slower: then it is certain which one sent what is no answer.

        Returns
        -------
        list of gru_grader.answers.CellError

        Raises
        ------
        Ended
            With an attribute `cell`, the one that was running, 0 for none.
        """
        chosen = [number for number in range(1, len(sources) + 1) if number not in skip]
        budget = _Budget(limits.seconds, limits.wall_seconds, self._used)
        self._progress.follow(chosen, budget)
        running, errors = [], []
        try:
            for running in [[number] for number in chosen] if singly else [chosen]:
                others = [number for number in range(1, len(sources) + 1) if number not in running]
                errors += self._run_some(sources, others, list(parts), sorted(leading), budget)
            return errors[:MAX_ERRORS]
        except Ended as ended:
            ended.cell = running[0] if singly and running else self._progress.cell
            if ended.status == "timed_out" and self._progress.before[budget.is_late()] > OTHERS_SHARE:
                ended.reason = budget.excess_of_many()
            raise
        finally:
            self._progress.close()

    def _run_some(self, sources, others, parts, leading, budget):
        id, request = self._request("run", cells=list(sources), skip=others, parts=parts, leading=leading)
        self._send(request, budget)
        reply = self._reply(id, budget)
        if type(reply.get("errors")) is not list or len(reply) != 2:
            raise self._end("missing", "it sent a message that is no answer")
        return [answers.cell_error(error, len(sources)) for error in reply["errors"][:MAX_ERRORS]]

    def budget(self, limits):
        """Start the budget of a question."""
        return _Budget(limits.seconds, limits.wall_seconds, self._used)

    def call(self, call, budget):
        """Have a function of the submission called: `calls` for one."""
        (outcome,) = self.calls([call], budget)
        return outcome

    def calls(self, calls, budget):
        """Have functions of the submission called, one after the other.

        They are sent together, and answered together as far as the answers go
        into one message.

        Parameters
        ----------
        calls : sequence of gru_checks.calling.Call
        budget : object
            From `budget`, shared by the calls of one question.

        Returns
        -------
        list of gru_checks.calling.Outcome

        Raises
        ------
        Ended
        """
        outcomes = []
        for id, message, number in self._requests(calls):
            self._send(message, budget)
            end = len(outcomes) + number
            while len(outcomes) < end:
                outcomes += self._outcomes(id, end - len(outcomes), budget)
        return outcomes

    def _requests(self, calls):
        """Make as few requests of the calls as they go into, each with its number and how many calls it is."""
        try:
            id, message = self._request("call", calls=[list(vars(call).values()) for call in calls])
        except wire.WireError:
            if len(calls) == 1:
                raise
            half = len(calls) // 2
            return [*self._requests(calls[:half]), *self._requests(calls[half:])]
        return [(id, message, len(calls))]

    def _outcomes(self, id, most, budget):
        """Read one message of outcomes, at least one and no more than are missing."""
        reply = self._reply(id, budget)
        try:
            said = reply["outcomes"]
            if type(said) is not list or not 1 <= len(said) <= most:
                raise ValueError("number")
            return [answers.outcome(fields) for fields in said]
        except (KeyError, NotPlain, TypeError, ValueError):
            raise self._end("missing", "it sent a message that is no answer") from None

    def end(self):
        """Have the child end, without waiting for it."""
        if self.ended is None and self._handle is not None:
            machine.kill(self._handle)

    def close(self):
        """End the child, if it still runs."""
        if self.ended is None:
            self._stop()

    def _request(self, what, **content):
        """Make a request, with the number that its answer must have."""
        id = secrets.token_hex(8)
        return id, wire.encode({"id": id, "do": what, **content})

    def _send(self, message, budget):
        waiting = memoryview(message)
        while waiting:
            try:
                waiting = waiting[self._channel.send(waiting) :]
            except BlockingIOError:
                self._wait(self._room, budget)
            except OSError:
                raise self._cut_off() from None

    def _reply(self, id, budget):
        reply = self._receive(budget)
        if type(reply) is not dict or reply.get("id") != id:
            raise self._end("missing", "it sent a message that is no answer")
        return reply

    def _receive(self, budget):
        try:
            header, content = wire.sizes(self._read(wire.PREFIX.size, budget))
            return wire.decode(self._read(header, budget), self._read(content, budget), MAX_PARTS)
        except wire.WireError:
            raise self._end("missing", "it sent a message that is no answer") from None

    def _read(self, size, budget):
        while len(self._pending) < size:
            self._wait(self._news, budget)
            try:
                part = self._channel.recv(2**18)
            except BlockingIOError:
                continue
            except OSError:
                part = b""
            if not part:
                raise self._cut_off()
            self._pending += part
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def _wait(self, poll, budget):
        for looks in itertools.count():
            self._progress.look()
            left = budget.left()
            if left <= 0:
                raise self._end("timed_out", budget.excess())
            # Files without a name are looked for where there is time: most answers come at once.
            if self._worker.scratch_is_full(self._pid if looks else None):
                raise self._end("crashed", "it wrote more files than it may")
            # Several threads use up processor time faster than it passes.
            if poll.poll(max(1, min(left, 0.1) * 1000)):
                return

    def _used(self):
        if self._pid is None:
            return 0.0
        try:
            return time.clock_gettime(machine.processor_clock(self._pid))
        except OSError:
            return 0.0

    def _cut_off(self):
        """End a child that closed its channel; before that, wait a moment for one that is ending by itself."""
        if self._handle is None:
            return self._end("crashed", None)
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return self._end("crashed", None if poll.poll(200) else "it closed what it sends answers through")

    def _end(self, status, reason):
        """End the child and make the Ended that says why."""
        code = self._stop()
        self.ended = Ended(status, reason or answers.how_it_ended(code))
        return self.ended

    def _stop(self):
        self.ended = self.ended or Ended("crashed", "it was ended")
        try:
            return self._worker._end_child(self)
        finally:
            self._channel.close()
            self._progress.close()


class Worker:
    """A warm process, from which children are forked.

    Parameters
    ----------
    level : str
        "full", "restricted" or "none".
    limits : Limits
    packages : tuple of str, optional
        What submissions may import besides the standard library.
    avoid : collection of int, optional
        Users of other workers, of which this one shall have none.

    Attributes
    ----------
    user : int
        As whom submissions run, outside of all namespaces; 0 for the user of this process.

    Raises
    ------
    CannotIsolate
    WorkerError
    """

    def __init__(self, level, limits, packages=(), avoid=()):
        self.level = level
        self._limits = limits
        self._packages = (*libraries.PACKAGES, *packages)
        self.user = machine.unused_user(avoid) if os.geteuid() == 0 and level != NONE else 0
        self._process = self._control = self._scratch = None
        try:
            self._calls = b"" if level == NONE else allowed_calls.program()
            if level == RESTRICTED:
                self._scratch = tempfile.mkdtemp(prefix="gru-grader-")
                if self.user:
                    os.chown(self._scratch, self.user, self.user)
            self._start()
        except BaseException as error:
            self.close()
            if isinstance(error, allowed_calls.NoLibseccomp):
                raise CannotIsolate(str(error)) from None
            if isinstance(error, OSError):
                raise WorkerError(f"a worker cannot be started: {error}") from None
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """End the warm process and whatever still runs below it."""
        self._end_process()
        self._remove_scratch()

    def _remove_scratch(self):
        if self._scratch is not None:
            # What a process that escaped still writes may keep it from being empty.
            with contextlib.suppress(OSError):
                machine.empty(self._scratch)
                os.rmdir(self._scratch)
            self._scratch = None

    def fork(self):
        """Make a child that is shut in and waits for a submission.

        Returns
        -------
        Child

        Raises
        ------
        WorkerError
        """
        try:
            if self.level == RESTRICTED:
                machine.empty(self._scratch)
            if self.level == NONE and self._process.poll() is not None:
                self._start()
        except OSError as error:
            raise WorkerError(f"the worker's folder for files cannot be emptied: {error}") from None
        ours, theirs = socket.socketpair()
        pipe, begins = os.pipe()
        for end in (pipe, begins):
            os.set_blocking(end, False)
        # Nobody opens it again, by way of /proc, to take out what was written.
        os.fchmod(pipe, 0)
        try:
            with theirs:
                socket.send_fds(self._control, [FORKED], [theirs.fileno(), begins])
            message, handles, _, _ = socket.recv_fds(self._control, len(FORKED), 1)
            if message != FORKED or not handles and self.level != NONE:
                raise WorkerError("the worker is gone")
        except (OSError, WorkerError) as error:
            ours.close()
            os.close(pipe)
            raise WorkerError(f"the worker is gone: {error}") from None
        finally:
            os.close(begins)
        return Child(self, ours, pipe, handles[0] if handles else None)

    def limitation(self):
        """Say in a sentence what submissions lack on this machine for being isolated at this level; "" for nothing."""
        closed = None
        if self.user and self.level != FULL:
            closed = machine.closed_to_others(libraries.libraries(self._packages).readable)
        if closed is None:
            return ""
        return (
            "Submissions can import NumPy and the usual modules of the standard library, but not its rare ones:"
            f" {closed}, below which Python is installed, is closed to the user that they run as."
        )

    def scratch_is_full(self, pid=None):
        """Whether a submission wrote more than it may where no file system of its own limits it.

        With the number of its process, what it wrote into files that have no name is counted too.
        """
        if self._scratch is None:
            return False
        held = 0 if pid is None else machine.nameless(pid, self._scratch)
        return machine.size(self._scratch, self._limits) + held > self._limits.disk * 2**20

    def _start(self):
        if self.level == NONE:
            # A new one each time: whatever is left of an earlier submission may write into its own for ever.
            self._remove_scratch()
            self._scratch = tempfile.mkdtemp(prefix="gru-grader-")
        self._control, theirs = socket.socketpair()
        self._control.settimeout(START_SECONDS)
        with theirs, contextlib.ExitStack() as failed:
            failed.callback(self._control.close)
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-B", "-m", "gru_grader.worker", str(theirs.fileno())],
                env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                start_new_session=True,
            )
            failed.pop_all()
        state = self._begin()
        if state != {"state": "ready"}:
            reason = answers.text(state, "reason")
            raise CannotIsolate(machine.refused_namespaces(reason) if self.level == FULL else reason)

    def _begin(self):
        """Tell the process what to prepare, and give what it says when it has."""
        self._tell(self._settings())
        state = self._message()
        if state == {"state": "unshared"}:
            try:
                machine.map_users(self._process.pid, self.user)
            except OSError as error:
                reason = f"naming the users of a namespace: {error.strerror}"
                raise CannotIsolate(machine.refused_namespaces(reason)) from None
            self._tell({"state": "mapped"})
            state = self._message()
        return state

    def _tell(self, message):
        try:
            self._control.sendall(wire.encode(message))
        except OSError:
            raise self._gone() from None

    def _gone(self):
        self._process.kill()
        if self._process.stderr.closed:
            return WorkerError("the worker was closed")
        said = self._process.stderr.read().decode(errors="replace").strip().splitlines()[-1:]
        return WorkerError(f"the worker is gone: {' '.join(said) or 'it said nothing'}")

    def _settings(self):
        found = libraries.libraries(self._packages)
        threads = self._limits.threads
        if not self.user and self.level != FULL:
            # Then the limit counts all that this user runs, other submissions too: none shall use up what is left.
            threads = OTHERS_THREADS * threads + machine.tasks_of_this_user()
        return {
            "level": self.level,
            "user": self.user,
            "readable": found.readable,
            "hidden": found.hidden,
            "search": found.search,
            "found": found.packages,
            "packages": list(self._packages),
            "scratch": self._scratch or "/scratch",
            "calls": np.frombuffer(self._calls, np.uint8),
            "limits": {
                "memory": self._limits.memory * 2**20,
                "disk": self._limits.disk * 2**20,
                # A backstop far above what is measured from outside.
                "cpu": math.ceil(100 * self._limits.seconds) + 10,
                "files": self._limits.files,
                "threads": threads,
            },
        }

    def _message(self):
        prefix = self._exactly(wire.PREFIX.size)
        header, content = (self._exactly(size) for size in wire.sizes(prefix))
        return wire.decode(header, content)

    def _exactly(self, size):
        parts = b""
        while len(parts) < size:
            try:
                part = self._control.recv(size - len(parts))
            except OSError:
                part = b""
            if not part:
                raise self._gone()
            parts += part
        return parts

    def _end_child(self, child):
        """Kill a child, wait until it is gone, and return its exit status."""
        if child._handle is None:
            # With what it started, unless that left its group: here nothing can hold it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            code = self._process.wait()
            self._end_process()
            return code
        try:
            machine.kill(child._handle)
        finally:
            os.close(child._handle)
        code, microseconds, memory = ENDED.unpack(self._exactly(ENDED.size))
        child.usage = (microseconds / 1e6, memory)
        return code

    def _end_process(self):
        if self._process is not None:
            self._let_process_end()
            self._process.kill()
            self._process.wait()
            self._process.stderr.close()
            self._control.close()

    def _let_process_end(self):
        """Give the warm process a moment to end by itself: then its processor time, and its children's, is counted."""
        if self.level == NONE:
            # This process is the submission's own.
            return
        try:
            self._control.shutdown(socket.SHUT_WR)
            self._process.wait(END_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            pass
