"""The Linux system calls the sandbox needs and Python 3.11 does not offer.

Each raises OSError with what was tried. Numbers of system calls appear only for
those that the C library has no function for; they are the same on every
architecture since Linux 5.1.
"""

import ctypes
import functools
import os
import struct

# Kinds of namespace, for unshare(2) and setns(2).
NEW_MOUNTS = 0x00020000
NEW_CGROUP = 0x02000000
NEW_UTS = 0x04000000
NEW_IPC = 0x08000000
NEW_USER = 0x10000000
NEW_PIDS = 0x20000000
NEW_NETWORK = 0x40000000

# Flags of mount(2) and umount2(2).
NO_SET_UID = 2
NO_DEVICES = 4
NO_EXECUTION = 8
BIND = 4096
RECURSIVE = 16384
PRIVATE = 1 << 18
DETACH = 2

# Rights of Landlock, as bits of one number.
EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_FOLDER = 1 << 3
FILE_RIGHTS_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All the rights on files that a version of Landlock knows; to handle a right is to refuse it by default."""

_MOUNT_SETATTR = 442
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446

_AT_RECURSIVE = 0x8000
_AT_FDCWD = -100
_READ_ONLY_ATTRIBUTE = 1

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_SIGKILL = 9


@functools.cache
def _libc():
    return ctypes.CDLL(None, use_errno=True)


def _call(what, function, *arguments):
    ctypes.set_errno(0)
    result = getattr(_libc(), function)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _system_call(what, number, *arguments):
    whole = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _call(what, "syscall", ctypes.c_long(number), *whole)


def _prctl(what, option, *arguments):
    whole = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    _call(what, "prctl", ctypes.c_int(option), *whole, *[ctypes.c_ulong(0)] * (4 - len(whole)))


def unshare(kinds):
    """Put the calling process into new namespaces; for NEW_PIDS, its next child instead."""
    _call("creating namespaces", "unshare", ctypes.c_int(kinds))


def join_namespace(descriptor, kind):
    """Put the calling process into the namespace of an open file; for NEW_PIDS, its next child instead."""
    _call("joining a namespace", "setns", ctypes.c_int(descriptor), ctypes.c_int(kind))


def mount(source, target, kind=None, flags=0, options=None):
    """Mount a file system, or with BIND show a folder or file at a second place."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    _call(f"mounting {source} on {target}", "mount", *encoded[:3], ctypes.c_ulong(flags), ctypes.c_char_p(encoded[3]))


def unmount(target):
    """Take a mount out of sight at once; it is gone when nobody uses it any more."""
    _call(f"unmounting {target}", "umount2", os.fsencode(target), ctypes.c_int(DETACH))


def make_read_only(target, also=0):
    """Make a mount and all mounts below it read-only, with further flags of mount(2)."""
    attributes = struct.pack("=QQQQ", _READ_ONLY_ATTRIBUTE | also, 0, 0, 0)
    arguments = (_AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, attributes, len(attributes))
    _system_call(f"making {target} read-only", _MOUNT_SETATTR, *arguments)


def pivot_root(new, old):
    """Make the mount `new` the root of the mount namespace and put the former root at `old`."""
    _call("changing the root", "pivot_root", os.fsencode(new), os.fsencode(old))


def die_with_parent():
    """Have the kernel kill this process when the process that started it ends."""
    _prctl("binding life to the parent's", _PR_SET_PDEATHSIG, _SIGKILL)


def drop_bounding_set():
    """Give up every capability for whatever this process may ever execute."""
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for capability in range(last + 1):
        _prctl("dropping a capability", _PR_CAPBSET_DROP, capability)


def drop_capabilities():
    """Give up every capability this process holds or could take back."""
    version_3 = struct.pack("=Ii", 0x20080522, 0)
    _call("dropping capabilities", "capset", version_3, struct.pack("=6I", *[0] * 6))


def forbid_new_privileges():
    """Promise, for ever, to gain no privilege by executing a program; Landlock and seccomp ask for it."""
    _prctl("forbidding new privileges", _PR_SET_NO_NEW_PRIVS, 1)


def landlock_version():
    """Say which version of Landlock the kernel has, 0 for none."""
    try:
        return _system_call("asking for Landlock", _LANDLOCK_CREATE_RULESET, None, 0, 1)
    except OSError:
        return 0


def landlock_rules(readable, writable):
    """Make Landlock rules: reading below some paths, writing below others, executing nowhere.

    Where the kernel's version knows them, TCP connections, abstract sockets and
    signals to processes outside are refused too.

    Parameters
    ----------
    readable, writable : iterable of str
        Folders and files.

    Returns
    -------
    int
        File descriptor for `landlock`.

    Raises
    ------
    OSError
        Where the kernel has no Landlock, or a path does not exist.
    """
    version = landlock_version()
    if version == 0:
        raise OSError("this kernel has no Landlock (Linux 5.13 or newer has, unless it is switched off)")
    all_rights = FILE_RIGHTS_BY_VERSION[max(v for v in FILE_RIGHTS_BY_VERSION if v <= version)]
    network = 0b11 if version >= 4 else 0
    scope = 0b11 if version >= 6 else 0
    attributes = struct.pack("=QQQ", all_rights, network, scope)
    rules = _system_call("creating Landlock rules", _LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    for path in readable:
        _landlock_rule(rules, path, READ_FILE | READ_FOLDER)
    for path in writable:
        _landlock_rule(rules, path, all_rights & ~EXECUTE)
    return rules


def landlock(rules):
    """Restrict this process for ever to what the rules allow."""
    _system_call("applying Landlock", _LANDLOCK_RESTRICT_SELF, rules, 0)


def _landlock_rule(rules, path, rights):
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(path):
            rights &= WRITE_FILE | READ_FILE
        rule = struct.pack("=Qi", rights, descriptor)
        _system_call(f"allowing {path}", _LANDLOCK_ADD_RULE, rules, 1, rule, 0)
    finally:
        os.close(descriptor)


class _Program(ctypes.Structure):
    """A filter, as the kernel takes it: struct sock_fprog."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


def seccomp(program):
    """Filter the system calls of this process for ever.

    Parameters
    ----------
    program : bytes
        Instructions of the classic Berkeley packet filter, as libseccomp exports them.
    """
    instructions = ctypes.create_string_buffer(program, len(program))
    whole = _Program(len(program) // 8, ctypes.cast(instructions, ctypes.c_void_p))
    _prctl("filtering system calls", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(whole))
