"""What the trusted process asks of the machine: users, processor clocks, sizes of folders."""

import collections
import contextlib
import math
import os
import pwd
import re
import secrets
import signal
import stat
from pathlib import Path

UNUSED_USERS = range(58_000, 60_000)
"""Numbers among which one is looked for that no user has; none is set aside for others."""
REFUSING = {
    "user.max_user_namespaces": "0",
    "kernel.unprivileged_userns_clone": "0",
    "kernel.apparmor_restrict_unprivileged_userns": "1",
}
"""Settings of the system, and the value of each with which it keeps users from creating namespaces."""


def process_number(handle):
    """Give the number by which this process knows the one that a handle (a pidfd) stands for."""
    with open(f"/proc/self/fdinfo/{handle}") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pid:"))


def processor_clock(pid):
    """Name the processor clock of a process: the same number that clock_getcpuclockid(3) makes."""
    return (~pid << 3) | 2


def map_users(pid, user):
    """Say which users exist in a worker's namespaces: whoever started it, as 0, and one that is unused, as 1."""
    pairs = {"uid_map": os.geteuid(), "gid_map": os.getegid()}
    if not user:
        _write(f"/proc/{pid}/setgroups", "deny")
    for name, own in pairs.items():
        _write(f"/proc/{pid}/{name}", f"0 {own} 1\n1 {user} 1\n" if user else f"0 {own} 1\n")


def _write(path, text):
    # One write(2) is all such a file takes.
    with open(path, "wb", buffering=0) as file:
        file.write(text.encode())


def refused_namespaces(reason, settings="/proc/sys"):
    """Say in a sentence why namespaces cannot be had; the kernel's own words ("no space left on device") mislead.

    Parameters
    ----------
    reason : str
        What was tried and how it failed.
    settings : str, optional
        Folder of the system's settings.

    Returns
    -------
    str
    """
    refusing = [name for name, value in REFUSING.items() if _setting(settings, name) == value]
    found = " and ".join(f"{name} is {REFUSING[name]}" for name in refusing)
    if reason.startswith("creating namespaces"):
        others = "a container's rules may forbid them; the settings are " + ", ".join(REFUSING)
        return f"creating namespaces: this machine does not allow user namespaces ({found or others})"
    return f"{reason} ({found})" if found else reason


def _setting(folder, name):
    try:
        with open(f"{folder}/{name.replace('.', '/')}") as file:
            return file.read().strip()
    except OSError:
        return None


def unused_user(avoid=()):
    """Find a user number that nobody has; 0 where only one user exists at all.

    By chance: of two gradings at the same time neither knows the numbers of the other, and whoever has the same number
    shares a limit on threads.

    Parameters
    ----------
    avoid : collection of int, optional
        Numbers that are given away already; where nothing runs at the moment, the system does not show them.

    Returns
    -------
    int
    """
    known = {entry.pw_uid for entry in pwd.getpwall()}
    running = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            running.add(os.stat(f"/proc/{pid}").st_uid)
        except OSError:
            continue
    user = secrets.choice(sorted({*UNUSED_USERS} - known - running - {*avoid}))
    # In a container of an ordinary user, root is that user, and often the only one.
    return user if _exists(user, "uid_map") and _exists(user, "gid_map") else 0


def _exists(user, name):
    """Whether a user or group number can be used in this process's namespace."""
    with open(f"/proc/self/{name}") as file:
        ranges = [[int(number) for number in line.split()] for line in file]
    return any(first <= user < first + count for first, _, count in ranges)


def closed_to_others(paths):
    """Find a folder that keeps other users from what lies below it; None if there is none.

    Parameters
    ----------
    paths : iterable of str

    Returns
    -------
    str or None
    """
    above = {str(folder) for path in paths for folder in Path(path).parents}
    return next((folder for folder in sorted(above) if not os.stat(folder).st_mode & stat.S_IXOTH), None)


def tasks_of_this_user():
    """Count the threads of this user, which the limit on threads counts too."""
    own, count = os.geteuid(), 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}").st_uid == own:
                count += len(os.listdir(f"/proc/{pid}/task"))
        except OSError:
            continue
    return count


def kill(handle):
    """End a process with a signal that it cannot refuse, unless it has ended."""
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        pass


def empty(folder):
    """Remove all that a submission left in its folder.

    However deep its folders are, and even where they are closed to their owner:
    what is in a folder is first moved up, so that no path is long. Should
    anything of it still run, and put a link in the place of a folder, nothing
    that the link leads to is touched.

    Parameters
    ----------
    folder : str

    Raises
    ------
    OSError
        If something cannot be removed.
    TypeError
        If `folder` is None, which elsewhere stands for the folder that this process is in.
    """
    with _opened(folder) as top:
        while entries := list(os.scandir(top)):
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.name, dir_fd=top)
                    continue
                _open_to_owner(entry.name, top)
                with _opened(entry.name, top) as inside:
                    for inner in list(os.scandir(inside)):
                        if inner.is_dir(follow_symlinks=False):
                            # To move a folder takes the right to write to it.
                            _open_to_owner(inner.name, inside)
                            os.rename(inner.name, secrets.token_hex(16), src_dir_fd=inside, dst_dir_fd=top)
                        else:
                            os.unlink(inner.name, dir_fd=inside)
                os.rmdir(entry.name, dir_fd=top)


@contextlib.contextmanager
def _opened(name, folder=None, flags=0):
    """Open a folder, never through a link, by its name in another open one."""
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | flags, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open_to_owner(name, folder):
    """Let the owner of a folder do all with it; a link is no folder."""
    if os.chmod in os.supports_follow_symlinks:
        os.chmod(name, 0o700, dir_fd=folder, follow_symlinks=False)
        return
    # On Linux a change of mode follows links; the place that was opened without following one is no link.
    with _opened(name, folder, os.O_PATH) as place:
        os.chmod(f"/proc/self/fd/{place}", 0o700)


def size(folder, limits):
    """Add up the files below a folder; infinite when there are very many, or more than can be counted."""
    total, entries, folders = 0, 0, [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as found:
                for entry in found:
                    entries += 1
                    if entries > 1000:
                        return math.inf
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        continue
                    with contextlib.suppress(FileNotFoundError):
                        # Removed since, as may be the folder itself.
                        total += entry.stat(follow_symlinks=False).st_size
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            # Closed to its owner, or too deep for a path.
            return math.inf
    return total


def nameless(pid, folder):
    """Add up the files without a name that a process holds: removed, or made without one, they still fill the disk.

    Parameters
    ----------
    pid : int
    folder : str
        Where the files are or were.

    Returns
    -------
    int
        Bytes. Of a file that is mapped into memory and no longer open only the mapped part is known; of a process
        that may not be looked at, nothing is.
    """
    # So the system shows a file that is gone.
    gone = re.compile(rf"{re.escape(os.path.realpath(folder))}/.* \(deleted\)\n?", re.DOTALL)
    opened, mapped = collections.Counter(), collections.Counter()
    with contextlib.suppress(OSError):
        for entry in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                path = f"/proc/{pid}/fd/{entry}"
                if gone.fullmatch(os.readlink(path)):
                    file = os.stat(path)
                    opened[file.st_ino] = file.st_size
    with contextlib.suppress(OSError), open(f"/proc/{pid}/maps", errors="replace") as lines:
        for line in lines:
            addresses, _, _, _, inode, *path = line.split(maxsplit=5)
            if path and gone.fullmatch(path[0]):
                first, end = (int(address, 16) for address in addresses.split("-"))
                mapped[int(inode)] += end - first
    # A file that is both is there once.
    return (opened | mapped).total()
