"""A throw-away shell around a Python program: namespaces of its own, a read-only root, an empty /tmp, limits."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*arguments, options=(), filter_calls=None):
    """Run Python in bubblewrap.

    Parameters
    ----------
    *arguments : str
        For Python.
    options : sequence of str, optional
        Further options of bwrap.
    filter_calls : pyseccomp.SyscallFilter, optional
        What makes the shell a poorer machine than this one.

    Returns
    -------
    subprocess.CompletedProcess
    """
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/", "/"]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    # The project and its Python may lie below /tmp.
    for path in (ROOT, sys.prefix, sys.base_prefix):
        command += ["--ro-bind", str(path), str(path)]
    command += ["--chdir", str(ROOT), *options]
    limits = ["prlimit", f"--as={4 * 2**30}", f"--fsize={2**27}", "--cpu=100"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    with tempfile.TemporaryFile() as file:
        if filter_calls is not None:
            filter_calls.export_bpf(file)
            file.seek(0)
            command += ["--seccomp", str(file.fileno())]
        return subprocess.run(
            [*command, *limits, sys.executable, *arguments],
            env=environment,
            pass_fds=[file.fileno()],
            capture_output=True,
            text=True,
            timeout=120,
        )
