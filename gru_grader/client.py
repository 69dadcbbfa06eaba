"""The trusted side of a worker: starts it, asks it for children, and ends both with all that they started."""

import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import numpy as np

from gru_grader import allowed_calls, answers, libraries, machine, wire
from gru_grader.child import START_SECONDS, CannotIsolate, Child, WorkerError
from gru_grader.sandbox import FULL, NONE, RESTRICTED
from gru_grader.worker import ENDED, FORKED

OTHERS_THREADS = 16
"""By how much the limit on threads is raised where it counts other processes; stacks count as memory all the same."""
END_SECONDS = 0.5
"""How long a worker that is no longer needed may take to end."""
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
        # Whoever stops a grading closes workers that other threads are about to use.
        self._opening, self._closed = threading.Lock(), False
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
        """End the warm process and whatever still runs below it; nothing is started after that."""
        with self._opening:
            self._closed = True
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
        with self._opening:
            if self._closed:
                raise WorkerError("the worker was closed")
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

    def end_child(self, handle):
        """Kill a child and wait until it is gone.

        Parameters
        ----------
        handle : int or None
            A pidfd, which is closed; None where the worker's process is the child.

        Returns
        -------
        code : int
            Its exit status.
        usage : tuple of float, int
            Its processor seconds and largest memory in KiB, as far as they are known.
        """
        if handle is None:
            # With what it started, unless that left its group: here nothing can hold it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            code = self._process.wait()
            self._end_process()
            if self._closed:
                # Then it was not the submission that ended it.
                raise WorkerError("the worker was closed")
            return code, (0.0, 0)
        try:
            machine.kill(handle)
        finally:
            os.close(handle)
        code, microseconds, memory = ENDED.unpack(self._exactly(ENDED.size))
        return code, (microseconds / 1e6, memory)

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
