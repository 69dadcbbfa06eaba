"""Find out by trying which isolation this machine gives, at the start of every grading."""

import functools
import os
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gru_checks
from gru_checks.calling import Call
from gru_grader.budget import Limits
from gru_grader.child import Ended, WorkerError
from gru_grader.client import Worker
from gru_grader.sandbox import FULL, RESTRICTED

LEVELS = (FULL, RESTRICTED)
TRIAL = Limits(seconds=5, disk=8, memory=1024)
SHORT = Limits(seconds=0.1)
GIVEN_BACK = 16
"""MiB that Python may have given back to the system since it was measured; they are the submission's then."""
REFUSALS = ("PermissionError", "FileNotFoundError", "ProcessLookupError", "OSError", "MemoryError", "RuntimeError")
"""How the system says no. Any other error is a mistake of the attempt."""


@dataclass(frozen=True)
class Report:
    """What the self-test of a level found.

    Parameters
    ----------
    level : str
    refused : tuple of str
        What was tried and refused, as it must be.
    open : tuple of str
        What was tried and worked, as it must not.
    failure : str
        Why the level could not even be set up; "" if it could.
    limitation : str
        What submissions lack at this level on this machine, in a sentence; "" for nothing.
    """

    level: str
    refused: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    failure: str = ""
    limitation: str = ""

    @property
    def holds(self):
        """Whether submissions are isolated."""
        return not self.failure and not self.open


class CannotGrade(Exception):  # noqa: N818 - it says what follows
    """This machine does not isolate submissions as asked; the message says what to do."""


@functools.cache
def examine(level):
    """Set a level up and try to break out of it.

    Parameters
    ----------
    level : str

    Returns
    -------
    Report
    """
    if sys.platform != "linux":
        return Report(level, failure=f"isolation needs Linux, this is {sys.platform}")
    try:
        with _Bait() as bait, Worker(level, TRIAL) as worker:
            refused, open_ = [], []
            for what, call, limits in bait.attempts():
                (refused if _is_refused(worker, call, limits) else open_).append(what)
            limitation = worker.limitation()
    except (WorkerError, Ended, OSError) as error:
        return Report(level, failure=str(getattr(error, "strerror", None) or error))
    return Report(level, tuple(refused), tuple(open_), limitation=limitation)


def strongest_level():
    """Find the strongest level this machine gives; None if it gives none."""
    return next((level for level in LEVELS if examine(level).holds), None)


def choose(isolation):
    """Choose the level for a grading.

    Parameters
    ----------
    isolation : str
        "auto", "full" or "restricted".

    Returns
    -------
    Report
        Of a level that holds.

    Raises
    ------
    CannotGrade
    """
    levels = LEVELS if isolation == "auto" else (isolation,)
    # A weaker level is tried only where the stronger does not hold: each trial takes most of a second.
    chosen = next((report for level in levels if (report := examine(level)).holds), None)
    if chosen is None:
        reports = [examine(level) for level in levels]
        found = " ".join(f"{report.level}: {_fault(report)}." for report in reports)
        raise CannotGrade(
            f"Nothing was graded, because submissions cannot be isolated here ({found}) Grade on Linux 5.13 or newer,"
            " where users may create namespaces, with pyseccomp and libseccomp2 installed; gru-grader doctor shows"
            " what is missing. --allow-unsandboxed runs submissions with all your own rights: only for notebooks"
            " that you would run yourself."
        )
    return chosen


def _fault(report):
    return report.failure or f"a submission could {', '.join(report.open)}"


def _is_refused(worker, call, limits):
    """Whether a fresh child fails at an attempt; that it ends without saying so counts as a success of the attempt."""
    child = worker.fork()
    try:
        child.run([Path(__file__).with_name("attempts.py").read_text()], (), TRIAL)
        outcome = child.call(call, child.budget(limits))
        return outcome.status == "raised" and outcome.error in REFUSALS
    except Ended as ended:
        return call.name == "never_return" and ended.status == "timed_out"
    finally:
        child.close()


class _Bait:
    """Something for each attempt to reach: files that everybody may read and write, and a port that listens."""

    def __enter__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="gru-grader-selftest-"))
        self._folder.chmod(0o777)
        self._file = self._folder / "file"
        self._file.write_text("secret")
        self._file.chmod(0o666)
        self._listener = socket.create_server(("127.0.0.1", 0))
        return self

    def __exit__(self, *exception):
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def attempts(self):
        """Yield what is tried, as a clause after "could", the call that tries it, and its limits."""
        own, folder, file = os.getpid(), str(self._folder), str(self._file)
        port = self._listener.getsockname()[1]
        program = shutil.which("true") or sys.executable
        questions = str(Path(gru_checks.__file__).with_name("judge.py"))
        tried = [
            ("read a file of somebody else", "read_file", file),
            ("read the course's questions", "read_file", questions),
            ("read the list of users", "read_file", "/etc/passwd"),
            ("change a file", "write_file", file),
            ("create a file elsewhere", "create_file", folder),
            ("change a file's mode", "change_mode", file),
            ("see other processes", "list_processes", "/proc"),
            ("connect to a port of this machine", "connect", port),
            ("open a socket", "open_socket"),
            ("start a process", "start_process"),
            ("execute a program", "execute", program),
            ("send a signal to the grader", "signal_process", own),
            ("trace the grader", "trace_process", own),
            ("limit the grader", "limit_process", own),
            ("enter a namespace", "enter_namespace"),
            ("mount a file system", "mount", folder),
            ("use more memory than it may", "use_memory", (TRIAL.memory + GIVEN_BACK) * 2**20),
            ("write more than it may", "use_disk", TRIAL.disk * 2**20),
            ("start more threads than it may", "use_threads", 5000),
            ("run for ever", "never_return"),
        ]
        for what, name, *arguments in tried:
            yield what, Call(name, tuple(arguments)), SHORT if name == "never_return" else TRIAL
