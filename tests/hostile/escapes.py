"""Ways out of a process, each tried against a canary; a program, to be run in a throw-away shell for the open case.

The canary is a file that everybody may read and write, a folder in which
everybody may create, a port that listens, and a process that waits.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gru_checks.calling import Call
from gru_grader.budget import Limits
from gru_grader.child import Ended
from gru_grader.client import Worker

LIMITS = Limits(seconds=2, memory=512)

ESCAPES = {
    "read": "def escape():\n    return open(FILE).read()",
    "change": "def escape():\n    open(FILE, 'w').write('changed')",
    "create": "def escape():\n    open(FOLDER + '/created', 'w').close()",
    "remove": "import os\ndef escape():\n    os.remove(FOLDER + '/removable')",
    "chmod": "import os\ndef escape():\n    os.chmod(FILE, 0)",
    "link": "import os\ndef escape():\n    os.symlink(FILE, 'link')\n    return open('link').read()",
    "connect": "import socket\ndef escape():\n    socket.socket().connect(('127.0.0.1', PORT))",
    "execute": "import subprocess\ndef escape():\n    subprocess.run(['/bin/sh', '-c', f'touch {FOLDER}/executed'])",
    "fork": "import os\ndef escape():\n    if os.fork() == 0:\n        open(FOLDER + '/forked', 'w').close()\n"
    "        os._exit(0)\n    os.wait()",
    "kill": "import os\ndef escape():\n    os.kill(PID, 9)",
    "owner of signals": "import fcntl, os\ndef escape():\n    r, w = os.pipe()\n    fcntl.fcntl(r, 8, PID)\n"
    "    fcntl.fcntl(r, 10, 9)\n    fcntl.fcntl(r, 4, fcntl.fcntl(r, 3) | 0o20000)\n    os.write(w, b'x')",
    "limit": "import ctypes\ndef escape():\n    new = (ctypes.c_ulong * 2)(1, 1)\n"
    "    ctypes.CDLL(None).prlimit(PID, 7, new, None)",
    "processes": "import os\ndef escape():\n    return open(f'/proc/{PID}/cmdline').read()",
}
"""Cells that define `escape`; the test puts FILE, FOLDER, PORT and PID before them."""


class Canary:
    """What escapes are tried against."""

    SECRET = "a secret of somebody else"

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="canary-"))
        self.folder.chmod(0o777)
        self.file = self.folder / "file"
        self.file.write_text(self.SECRET)
        self.file.chmod(0o666)
        (self.folder / "removable").touch(0o666)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.02)
        self.process = subprocess.Popen(["/bin/sleep", "1000"])
        self.limits = self._limits()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.listener.close()
        shutil.rmtree(self.folder)

    def cell(self, body):
        return f"FILE, FOLDER = {str(self.file)!r}, {str(self.folder)!r}\n" + (
            f"PORT, PID = {self.listener.getsockname()[1]}, {self.process.pid}\n{body}"
        )

    def harm(self, said):
        """List what happened to it, given what the escape returned."""
        happened = []
        if isinstance(said, str) and (self.SECRET in said or "sleep" in said):
            happened.append("read")
        if sorted(path.name for path in self.folder.iterdir()) != ["file", "removable"]:
            happened.append("folder changed")
        if not os.access(self.file, os.R_OK) or self.file.stat().st_mode & 0o777 != 0o666:
            happened.append("mode changed")
        elif self.file.read_text() != self.SECRET:
            happened.append("file changed")
        try:
            self.listener.accept()[0].close()
            happened.append("connected")
        except TimeoutError:
            pass
        time.sleep(0.05)
        if self.process.poll() is not None:
            happened.append(f"killed by {signal.Signals(-self.process.returncode).name}")
        elif self._limits() != self.limits:
            happened.append("limited")
        return happened

    def _limits(self):
        return Path(f"/proc/{self.process.pid}/limits").read_text()


def harm_done(level):
    """Try every escape in a level; give what each did to a canary of its own."""
    done = {}
    with Worker(level, LIMITS) as worker:
        for name, body in ESCAPES.items():
            canary = Canary()
            try:
                child = worker.fork()
                said = None
                try:
                    child.run([canary.cell(body)], (), LIMITS)
                    said = child.call(Call("escape"), child.budget(LIMITS)).value
                except Ended:
                    pass
                finally:
                    child.close()
                done[name] = canary.harm(said)
            finally:
                canary.close()
    return done


if __name__ == "__main__":
    print(json.dumps(harm_done(sys.argv[1])))
