"""Which system calls a submission may make: all that computing needs, none that reaches another process.

Everything not listed fails with "operation not permitted". The reasons for what
is missing: no new process (fork, exec), no socket, no signal to anybody, no
tracing, no mount or namespace, nothing that changes another process (setting
its limits, its priority, the owner of a file's signals), no change of a file's
owner, mode or times (Landlock does not see those), no shared memory outside the
address space, which alone is limited.
"""

import errno
import tempfile

COMPUTING = (
    "brk mmap munmap mprotect mremap madvise msync membarrier "
    "futex set_robust_list rseq arch_prctl set_tid_address sched_yield sched_getaffinity "
    "exit exit_group restart_syscall getrandom uname sysinfo "
)
TIME = (
    "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times alarm setitimer getitimer "
    "timer_create timer_settime timer_gettime timer_delete "
)
OWN_PROCESS = (
    "getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getrusage getrlimit "
    "setrlimit wait4 waitid rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend "
    "sigaltstack pause umask "
)
FILES = (
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range dup dup2 dup3 "
    "open openat creat stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 "
    "readlink readlinkat getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir unlink unlinkat "
    "rename renameat renameat2 link linkat symlink symlinkat ftruncate fsync fdatasync fadvise64 readahead "
    "copy_file_range sendfile flock "
)
WAITING = "poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait pipe pipe2 eventfd2 "

THREAD = 0x00010000
"""The flag of clone(2) without which it makes a process."""
SET_NAME = 15
"""The option of prctl(2) that names a thread."""
TERMINAL_QUESTIONS = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)
"""ioctl(2): attributes and size of a terminal, bytes waiting, close on exec. Nothing that could type or own."""
DESCRIPTOR_COMMANDS = (0, 1, 2, 3, 4, 5, 6, 7, 1030)
"""fcntl(2): duplicate, flags, locks. F_SETOWN would send signals to others."""


MISSING = 'pyseccomp or libseccomp is missing: pip install "gru-course[grading]", and apt install libseccomp2'


class NoLibseccomp(Exception):  # noqa: N818 - it says what is missing
    """libseccomp or its Python face is not installed."""


def program():
    """Compile the filter for this machine.

    Returns
    -------
    bytes
        Instructions for `syscalls.seccomp`.

    Raises
    ------
    NoLibseccomp
        With what to install.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError):
        raise NoLibseccomp(MISSING) from None
    rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(errno.EPERM))
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    for name in (COMPUTING + TIME + OWN_PROCESS + FILES + WAITING).split():
        # Older calls (open, stat) do not exist on every architecture; libseccomp gives those a negative number.
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
            rules.add_rule(pyseccomp.ALLOW, name)

    def allow(name, argument, operation, *values):
        rules.add_rule(pyseccomp.ALLOW, name, pyseccomp.Arg(argument, operation, *values))

    # The C library takes clone when clone3, whose flags a filter cannot see, does not exist.
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    allow("clone", 0, pyseccomp.MASKED_EQ, THREAD, THREAD)
    allow("prctl", 0, pyseccomp.EQ, SET_NAME)
    # Limits of this process, which is 0; of no other.
    allow("prlimit64", 0, pyseccomp.EQ, 0)
    for request in TERMINAL_QUESTIONS:
        allow("ioctl", 1, pyseccomp.EQ, request)
    for command in DESCRIPTOR_COMMANDS:
        allow("fcntl", 1, pyseccomp.EQ, command)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
