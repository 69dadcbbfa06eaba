"""Reading what is hidden, and escaping: out of the process, out of its files, out of its limits."""

from tests.grader.bank import NAMES, cells
from tests.hostile.submission import ALL_WRONG, SUCCEEDED, Submission, answers, raises, refused, spoil

READING = [
    Submission(
        "files, environment and processes",
        "reading",
        cells(
            answers(
                """import glob, os
for name in ("/proc/self/environ", "/etc/passwd", "/proc/1/environ", "/proc/self/mem", "/root", "/home"):
    try:
        return open(name, "rb").read().decode()
    except (OSError, ValueError):
        pass
assert not glob.glob("/proc/[0-9]*") and "PYTHONPATH" not in os.environ, "something is to be seen"
return np.zeros((1, 7))"""
            )
        ),
        ALL_WRONG,
    ),
    Submission(
        "the grader's memory",
        "reading",
        cells(answers("import os\nreturn np.frombuffer(open(f'/proc/{os.getppid()}/mem', 'rb').read(8))")),
        raises(*NAMES),
    ),
    Submission(
        "file descriptors left open",
        "reading",
        cells(
            answers(
                "if len(OPEN) > 2:\n    return np.zeros((1, 7))\nraise RuntimeError('nothing of interest is open')"
            ),
            before=[
                """
import os
OPEN = []
for descriptor in range(3, 1000):
    try:
        os.fstat(descriptor)
        OPEN.append(descriptor)
    except OSError:
        pass
"""
            ],
        ),
        raises(*NAMES),
    ),
    refused(
        "the memory of others",
        "reading",
        """
        "process_vm_readv": lambda: libc.syscall(310, os.getppid(), 0, 0, 0, 0, 0),
        "process_vm_writev": lambda: libc.syscall(311, os.getppid(), 0, 0, 0, 0, 0),
        "kcmp": lambda: libc.syscall(312, os.getpid(), os.getppid(), 0, 0, 0),
        "pidfd_open": lambda: libc.syscall(434, os.getppid(), 0),
        "pidfd_getfd": lambda: libc.syscall(438, 3, 3, 0),
        "/dev/mem": lambda: open("/dev/mem", "rb").close(),
        "/dev/kmsg": lambda: open("/dev/kmsg", "rb").close(),
""",
    ),
    refused(
        "the sources of the questions",
        "reading",
        """
        **{
            name: (lambda name=name: importlib.import_module(name) and None)
            for name in ("gru_ref", "gru_grader", "gru_checks.questions", "gru_checks.registry", "pytest", "nbformat")
        },
        **{
            path: (lambda path=path: open(path).close())
            for path in (*SEEN, "/etc/shadow", "/etc/passwd", "/etc/gshadow")
        },
""",
        before=[
            """
import importlib, os, sys
SEEN = [
    os.path.join(folder, name)
    for start in ("/", *sys.path)
    for folder, _, names in os.walk(start)
    for name in names
    if "gru_checks/questions" in folder or "gru_ref" in folder or name.endswith(".ipynb")
]
""",
        ],
    ),
    refused(
        "paths that lead elsewhere",
        "reading",
        """
        "up": lambda: open("../" * 30 + "etc/passwd").close(),
        "root": lambda: open(os.path.join("/proc/self/root", "etc", "passwd")).close(),
        "cwd": lambda: open("/proc/self/cwd/../../../etc/passwd").close(),
        "first": lambda: os.listdir("/proc/1/root"),
        "symlink": lambda: (os.symlink("/etc/passwd", "there"), open("there").close()),
        "hard link": lambda: os.link("/etc/passwd", "here"),
        "descriptor": lambda: open("/proc/self/fd/../environ").close(),
        "by handle": lambda: libc.syscall(304, -100, b"", 0),
        "terminal": lambda: open("/dev/tty").close(),
        "disk": lambda: open("/dev/sda", "rb").close(),
""",
    ),
    spoil(
        "a note left for the next process",
        "reading",
        {"double": "crashed"},
        double="def double(x):\n    import os\n    open('note', 'w').write('was here')\n    os._exit(0)",
        square="def square(x):\n    import os\n    return None if os.path.exists('note') else x * x",
    ),
    spoil(
        "a note left in a folder closed to its owner",
        "reading",
        {"double": "crashed"},
        double="def double(x):\n    import os\n    os.mkdir('closed', 0o300)\n    os.mkdir('closed/inner')\n"
        "    os.rename('closed/inner', 'closed/moved')\n    open('closed/note', 'w').write('here')\n    os._exit(0)",
        square="def square(x):\n    import os\n    return None if os.path.exists('closed/note') else x * x",
    ),
    refused(
        "memory that processes share",
        "reading",
        """
        "shm_open": lambda: libc.shm_open(b"/shared", 0o102, 0o666),
        "shmget": lambda: libc.shmget(0x1234, 4096, 0o1666),
        "msgget": lambda: libc.msgget(0x1234, 0o1666),
        "semget": lambda: libc.semget(0x1234, 1, 0o1666),
        "mq_open": lambda: libc.syscall(240, b"queue", 0o102, 0o666, 0),
        "keyring": lambda: libc.syscall(250, 0, -3, 1),
        "memfd": lambda: os.memfd_create("shared"),
""",
    ),
]

ESCAPING = [
    spoil(
        "processes and programs",
        "escaping",
        raises("double", "square", "total"),
        double="def double(x):\n    import subprocess\n    subprocess.run(['/bin/true'], check=True)\n    return 2 * x",
        square="def square(x):\n    import os\n    os.fork()\n    return x * x",
        total="def total(x):\n    import os\n    os.execv('/bin/true', ['true'])",
    ),
    spoil(
        "sockets",
        "escaping",
        raises("double", "square"),
        double="def double(x):\n    import socket\n    socket.socket().connect(('127.0.0.1', 22))\n    return 2 * x",
        square="def square(x):\n    import socket\n    socket.socketpair()\n    return x * x",
    ),
    spoil(
        "signals and tracing",
        "escaping",
        {},
        before=[
            """
import ctypes, os, signal
libc = ctypes.CDLL(None)
for pid in (os.getppid(), -1, 1, 0):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
        try:
            os.kill(pid, number)
        except OSError:
            pass
        libc.syscall(234, pid, pid, number)
    libc.ptrace(16, pid, 0, 0)
"""
        ],
    ),
    refused(
        "mounts, namespaces and roots",
        "escaping",
        """
        "unshare": lambda: libc.unshare(0x10000000),
        "setns": lambda: libc.setns(3, 0),
        "mount": lambda: libc.mount(b"none", b"/", b"tmpfs", 0, None),
        "umount": lambda: libc.umount2(b"/", 2),
        "pivot_root": lambda: libc.syscall(155, b".", b"."),
        "open_tree": lambda: libc.syscall(428, -100, b"/", 0),
        "fsopen": lambda: libc.syscall(430, b"tmpfs", 0),
        "chroot": lambda: libc.chroot(b"."),
        "setuid": lambda: os.setuid(os.getuid() - 1),
        "setgroups": lambda: os.setgroups([0]),
        "capset": lambda: libc.syscall(126, 0, 0),
""",
    ),
    refused(
        "system calls of which a submission needs none",
        "escaping",
        """
        **{
            str(number): (lambda number=number: libc.syscall(number, 0, 0, 0, 0, 0, 0))
            for number in (
                101,  # ptrace
                103,  # syslog
                135,  # personality
                153,  # vhangup
                160,  # setrlimit of others is prlimit64; here with no limit to read
                163,  # acct
                165,  # mount
                167,  # swapon
                169,  # reboot
                170,  # sethostname
                175,  # init_module
                246,  # kexec_load
                248,  # add_key
                272,  # unshare
                298,  # perf_event_open
                300,  # fanotify_init
                317,  # seccomp
                321,  # bpf
                323,  # userfaultfd
                425,  # io_uring_setup
                435,  # clone3
                444,  # landlock_create_ruleset
                447,  # memfd_secret
            )
        },
""",
    ),
    spoil(
        "the system calls of another architecture",
        "escaping",
        {"double": "crashed"},
        double="""
def double(x):
    import ctypes
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    # Anonymous and private; to be read, written and executed.
    address = libc.mmap(None, 4096, 7, 0x22, -1, 0)
    # mov eax, 20 (getpid for 32 bits); int 0x80; ret
    ctypes.memmove(address, b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3", 8)
    ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    return 2 * x
""",
    ),
    spoil(
        "a numbering of system calls that filters forget",
        "escaping",
        dict.fromkeys(("double", "square"), "crashed"),
        before=[SUCCEEDED],
        double="def double(x):\n    libc.syscall(0x40000000 + 39)\n    return 2 * x",
        square="def square(x):\n    libc.syscall(0x40000000 + 57)\n    return x * x",
    ),
    refused(
        "every kind of socket",
        "escaping",
        """
        **{
            f"{family} {kind}": (lambda family=family, kind=kind: socket.socket(family, kind).close())
            for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, 38, 40)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW)
        },
        "resolver": lambda: socket.getaddrinfo("localhost", 80),
""",
        before=["import socket"],
    ),
    refused(
        "a program out of a file of one's own",
        "escaping",
        """
        "execve": lambda: os.execv(SCRIPT, [SCRIPT]),
        "execveat": lambda: libc.syscall(322, -100, SCRIPT.encode(), 0, 0, 0),
        "posix_spawn": lambda: os.posix_spawn(SCRIPT, [SCRIPT], {}),
        "system": lambda: -1 if os.system(SCRIPT) else 0,
        "popen": lambda: os.popen(SCRIPT).close() or -1,
        "vfork": lambda: libc.syscall(58),
        "clone": lambda: libc.syscall(56, 17, 0, 0, 0, 0),
""",
        before=[
            "SCRIPT = './program'\nwith open(SCRIPT, 'w') as file:\n    file.write('#!/bin/sh\\ntouch done\\n')",
            "import os\ntry:\n    os.chmod(SCRIPT, 0o755)\nexcept OSError:\n    pass",
        ],
    ),
    refused(
        "what belongs to other processes",
        "escaping",
        """
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, OTHER, 19),
        "user's priority": lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19),
        "affinity": lambda: os.sched_setaffinity(OTHER, {0}),
        "scheduler": lambda: os.sched_setscheduler(OTHER, os.SCHED_IDLE, os.sched_param(0)),
        "limits": lambda: resource.prlimit(OTHER, resource.RLIMIT_CPU, (1, 1)),
        "group": lambda: os.setpgid(OTHER, 0),
        "session": lambda: os.setsid(),
        "killpg": lambda: os.killpg(os.getpgrp(), 0),
        "tgkill": lambda: libc.syscall(234, OTHER, OTHER, 0),
        "rt_sigqueueinfo": lambda: libc.syscall(129, OTHER, 10, 0),
        "pidfd_send_signal": lambda: libc.syscall(424, 3, 9, 0, 0),
        "owner": lambda: fcntl.fcntl(0, fcntl.F_SETOWN, OTHER),
""",
        # In full there is no parent to be seen, and 0 would be oneself.
        before=["import fcntl, resource\nOTHER = os.getppid() or 2"],
    ),
    refused(
        "files by way of places, descriptors and the processes above",
        "escaping",
        """
        "no link": lambda: os.open("/etc/passwd", os.O_RDONLY | os.O_NOFOLLOW),
        "in a place": lambda: os.read(os.open("passwd", os.O_RDONLY, dir_fd=os.open("/etc", os.O_PATH)), 1) and None,
        "opened again": lambda: os.open(f"/proc/self/fd/{os.open('/etc/passwd', os.O_PATH)}", os.O_RDONLY),
        "linked": lambda: os.link(f"/proc/self/fd/{os.open('/etc/passwd', os.O_PATH)}", "linked"),
        "sent": lambda: os.sendfile(1, os.open("/etc/passwd", os.O_RDONLY), 0, 10),
        "renamed": lambda: os.rename("/etc/hostname", "renamed"),
        **{
            folder: (lambda folder=folder: os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600))
            for folder in ("/var/tmp", "/dev/shm", "/home", "/run")
        },
        **{
            name: (lambda name=name: os.readlink(f"/proc/{os.getppid() or 1}/{name}"))
            for name in ("cwd", "exe", "root", "fd/0")
        },
        **{
            name: (lambda name=name: open(name, "r+b").close())
            for name in ("/proc/self/mem", "/proc/self/oom_score_adj", "/dev/fuse", "/dev/kvm", "/dev/ptmx")
        },
        **{
            name: (lambda name=name: os.listdir(name))
            for name in ("/proc/1/fd", "/proc/self/task", "/sys/class/net", "/sys/fs/cgroup", "/etc", "/var/tmp")
        },
""",
        before=["import os"],
    ),
    refused(
        "what lies outside, changed",
        "escaping",
        """
        **{
            path: (lambda path=path: open(path, "ab").close())
            for path in (np.__file__, os.__file__, "/etc/passwd", "/usr/x", "/x", "/dev/shm/x", "/var/tmp/x")
        },
        "mkdir": lambda: os.mkdir(os.path.dirname(np.__file__) + "/more"),
        "rename": lambda: os.rename(os.__file__, os.__file__ + "x"),
        "remove": lambda: os.remove(np.__file__),
        "device": lambda: os.mknod("device", 0o60666, os.makedev(8, 0)),
        "mode": lambda: os.chmod(os.__file__, 0o777),
        "owner": lambda: os.chown(".", 0, 0),
        "times": lambda: os.utime(os.__file__),
        "attribute": lambda: os.setxattr(".", "user.x", b"x"),
        "truncate": lambda: os.truncate(os.__file__, 0),
""",
    ),
    refused(
        "keys pressed at the teacher's terminal",
        "escaping",
        """
        **{
            str(number): (lambda number=number: fcntl.ioctl(number, 0x5412, b"x"))
            for number in range(4)
        },
        "a terminal of one's own": lambda: os.openpty() and None,
        "own": lambda: fcntl.ioctl(0, 0x540E, 0),
        "steal": lambda: fcntl.ioctl(0, 0x5437, 0),
""",
        before=["import fcntl"],
    ),
    spoil(
        "the same from a thread",
        "escaping",
        {},
        before=["from concurrent.futures import ThreadPoolExecutor\nimport socket, subprocess"],
        double="""
def double(x):
    attempts = (
        lambda: socket.socket(),
        lambda: open("/etc/passwd"),
        lambda: subprocess.run(["/bin/true"]),
        lambda: __import__("os").fork(),
    )
    with ThreadPoolExecutor(1) as pool:
        for attempt in attempts:
            if pool.submit(attempt).exception() is None:
                return None
    return 2 * x
""",
    ),
]
