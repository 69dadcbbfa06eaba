"""What a submission must not be able to do, each tried for real by the self-test.

This file runs as the one cell of a notebook, shut in like any other. Each
function does something harmless that is refused in a sandbox; that it returns
at all shows a hole.
"""

import ctypes
import os
import socket
import threading


def read_file(path):
    with open(path, "rb") as file:
        file.read(1)


def write_file(path):
    with open(path, "ab") as file:
        file.write(b"written")


def create_file(folder):
    with open(f"{folder}/created", "wb"):
        pass


def change_mode(path):
    os.chmod(path, 0o600)


def list_processes(folder):
    if not any(name.isdigit() for name in os.listdir(folder)):
        raise OSError("no process is to be seen")


def connect(port):
    with socket.socket(socket.AF_INET) as ours:
        ours.connect(("127.0.0.1", port))


def open_socket():
    socket.socketpair()


def start_process():
    if os.fork() == 0:
        os._exit(0)


def execute(path):
    os.execv(path, [path])


def signal_process(pid):
    os.kill(pid, 0)


def trace_process(pid):
    # PTRACE_SEIZE: would not stop the grader.
    _system("ptrace", 0x4206, pid, 0, 0)


def limit_process(pid):
    limits = (ctypes.c_ulong * 2)()
    _system("prlimit", pid, 7, None, limits)


def enter_namespace():
    _system("unshare", 0x10000000)


def mount(folder):
    _system("mount", b"none", folder.encode(), b"tmpfs", 0, None)


def use_memory(size):
    bytearray(size)


def use_disk(size):
    with open("large", "wb") as file:
        for _ in range(size // 2**20 + 1):
            file.write(bytes(2**20))


def use_threads(count):
    wait = threading.Event()
    try:
        for _ in range(count):
            threading.Thread(target=wait.wait, daemon=True).start()
    finally:
        wait.set()


def never_return():
    while True:
        pass


def _system(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)
