"""How a submission's process is shut in; this module runs in the worker, never in the trusted process.

Two levels. `full`: the warm process enters namespaces of its own (users,
mounts, processes, network, IPC, host name) and makes a read-only root of bind
mounts that holds the standard library and the packages needed, nothing else;
every child gets its own process namespace and its own empty scratch folder.
`restricted`, for machines without user namespaces: no root of its own, so that
Landlock alone says which files can be opened. Both: an unused user if the
grader runs as root, no capability, no new privileges, Landlock, a filter of
system calls, and limits on memory, processor time, file sizes and threads.
"""

import itertools
import os
import resource
import signal
import sys
from dataclasses import dataclass

from gru_grader import syscalls

FULL, RESTRICTED, NONE = "full", "restricted", "none"

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
COMMAND_LINE = "/proc/self/cmdline"
"""TensorFlow ends the process if it cannot read this. In `full`, where there is no /proc, it is a file made for it."""
SCRATCH = "/scratch"
"""The only place a submission can write to in `full`."""

_NAMESPACES = (
    syscalls.NEW_USER
    | syscalls.NEW_MOUNTS
    | syscalls.NEW_PIDS
    | syscalls.NEW_NETWORK
    | syscalls.NEW_IPC
    | syscalls.NEW_UTS
    | syscalls.NEW_CGROUP
)
_INSIDE_USER = 1
"""What the unused user is called inside the namespace; 0 is whoever started the grader."""


@dataclass(frozen=True)
class Confinement:
    """What a worker's children are shut in with.

    Parameters
    ----------
    level : str
        "full", "restricted" or "none".
    user : int
        The unused user to become, 0 for staying who one is.
    readable : list of str
        Folders and files a submission can read.
    hidden : list of str
        Folders below them that it cannot.
    scratch : str
        Where it can write.
    calls : bytes
        The filter of system calls.
    limits : dict of str
        `memory`, `disk`: bytes; `cpu`: seconds; `files`, `threads`: counts.
    """

    level: str
    user: int
    readable: list
    hidden: list
    scratch: str
    calls: bytes
    limits: dict


class Sandbox:
    """The shutting in of one worker's children, prepared once.

    Parameters
    ----------
    confinement : Confinement
    be_mapped : callable
        Called when new namespaces exist; returns when the trusted process has
        said which users they have.
    """

    def __init__(self, confinement, be_mapped):
        self._confinement = confinement
        self._warm_process = None
        self._own_processes = None
        self._paths = []
        if confinement.level == FULL:
            self._enter_namespaces(be_mapped)
            _build_root(confinement.readable, confinement.hidden)
        elif confinement.level == RESTRICTED:
            self._paths = [*_without(confinement.readable, confinement.hidden), *DEVICES, COMMAND_LINE]

    def _enter_namespaces(self, be_mapped):
        """Move into new namespaces; what goes on is a child, the first process of its namespace."""
        syscalls.unshare(_NAMESPACES)
        syscalls.drop_bounding_set()
        be_mapped()
        child = os.fork()
        if child:
            # This process only stays so that the trusted one has something to wait for and to kill.
            close_all_but()
            _, status = os.waitpid(child, 0)
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        syscalls.die_with_parent()
        self._own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def fork(self):
        """Fork a child, in `full` as the first process of a namespace of its own.

        Returns
        -------
        int
            As os.fork.
        """
        self._warm_process = os.getpid()
        if self._own_processes is None:
            return os.fork()
        syscalls.unshare(syscalls.NEW_PIDS)
        child = os.fork()
        if child:
            syscalls.join_namespace(self._own_processes, syscalls.NEW_PIDS)
        return child

    def shut_in(self, *kept):
        """Give up, in the child and for ever, all that a submission does not need.

        Parameters
        ----------
        *kept : int
            Files that stay open, besides the three standard ones.
        """
        confinement = self._confinement
        level = confinement.level
        if level == FULL:
            syscalls.unshare(syscalls.NEW_MOUNTS)
            options = f"size={confinement.limits['disk']},nr_inodes=1000,mode=1777"
            flags = syscalls.NO_SET_UID | syscalls.NO_DEVICES | syscalls.NO_EXECUTION
            syscalls.mount("scratch", SCRATCH, "tmpfs", flags, options)
        # Made here and not once for all, because COMMAND_LINE is another file in each process.
        rules = level != NONE and syscalls.landlock_rules(self._paths or ["/"], [confinement.scratch, "/dev/null"])
        close_all_but(0, 1, 2, *kept, *([rules] if rules else []))
        os.chdir(confinement.scratch)
        _limit(confinement.limits)
        if level == NONE:
            return
        if confinement.user:
            user = _INSIDE_USER if level == FULL else confinement.user
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        syscalls.die_with_parent()
        if level == RESTRICTED and os.getppid() != self._warm_process:
            # It was gone already. In `full` all processes of its namespace end with it.
            os._exit(0)
        syscalls.drop_capabilities()
        syscalls.forbid_new_privileges()
        syscalls.landlock(rules)
        os.close(rules)
        syscalls.seccomp(confinement.calls)


def close_all_but(*kept):
    """Close every file except some."""
    highest = max(resource.getrlimit(resource.RLIMIT_NOFILE)[0], *kept, 0)
    edges = [-1, *sorted(kept), highest + 1]
    for low, high in itertools.pairwise(edges):
        # os.closerange takes an empty range for an endless one.
        if low + 1 < high:
            os.closerange(low + 1, high)


def _build_root(readable, hidden):
    """Make a read-only root that shows nothing but some paths, at the places where they are."""
    private = syscalls.NO_SET_UID | syscalls.NO_DEVICES
    syscalls.mount("none", "/", None, syscalls.RECURSIVE | syscalls.PRIVATE)
    # Two steps, so that a path below the folder that serves as first root can be shown too.
    syscalls.mount("stage", "/tmp", "tmpfs", private, "size=1m,mode=755")
    os.mkdir("/tmp/old")
    os.mkdir("/tmp/new")
    syscalls.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    syscalls.mount("root", "/new", "tmpfs", private, "size=1m,mode=755")
    # A folder sorts before what is below it: shown, then partly hidden, then parts of that shown again.
    for path in sorted({*readable, *hidden, *DEVICES}):
        source, target = f"/old{path}", f"/new{path}"
        if path in hidden:
            if os.path.isdir(target):
                syscalls.mount("hidden", target, "tmpfs", private, "size=1m,mode=755")
            continue
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            open(target, "x").close()
        syscalls.mount(source, target, None, syscalls.BIND | syscalls.RECURSIVE)
        devices = 0 if path in DEVICES else syscalls.NO_DEVICES
        syscalls.make_read_only(target, syscalls.NO_SET_UID | devices)
    os.mkdir(f"/new{SCRATCH}")
    os.makedirs(f"/new{os.path.dirname(COMMAND_LINE)}")
    with open(f"/new{COMMAND_LINE}", "wb") as file:
        file.write(b"python\0")
    os.symlink(sys.executable, "/new/proc/self/exe")
    if not os.path.lexists("/new/tmp"):
        os.symlink(SCRATCH, "/new/tmp")
    syscalls.make_read_only("/new")
    os.chdir("/new")
    # With the same folder twice, the former root ends up on top of the new one, from where it is taken away.
    syscalls.pivot_root(".", ".")
    syscalls.unmount(".")
    os.chdir("/")


def _without(readable, hidden):
    """List paths that together hold all of `readable` except what is `hidden`.

    Landlock can allow a folder, and not except a part of it.
    """
    for path in readable:
        if any(inner.startswith(f"{path}/") for inner in hidden):
            inside = sorted(entry.path for entry in os.scandir(path) if not entry.is_symlink())
            yield from _without([inner for inner in inside if inner not in hidden], hidden)
        else:
            yield path


def _limit(limits):
    def at_most(kind, amount, grace=0):
        hard = resource.getrlimit(kind)[1]
        amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(kind, (amount, amount + grace))

    at_most(resource.RLIMIT_CORE, 0)
    at_most(resource.RLIMIT_FSIZE, limits["disk"])
    at_most(resource.RLIMIT_NOFILE, limits["files"])
    at_most(resource.RLIMIT_CPU, limits["cpu"])
    at_most(resource.RLIMIT_NPROC, limits["threads"])
    if hasattr(resource, "RLIMIT_MSGQUEUE"):
        at_most(resource.RLIMIT_MSGQUEUE, 0)
        at_most(resource.RLIMIT_SIGPENDING, 64)
        # macOS has the name and does not enforce it.
        at_most(resource.RLIMIT_AS, limits["memory"])
    # A write beyond the limit then fails instead of killing.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
