"""Make the course's environment, .venv, and say in one sentence what went wrong.

Usage: python authoring/environment.py EXTRA [PIP_ARGUMENT ...]

Installs the course, editable, with the extra named and the versions of
constraints.txt. Needs nothing but Python's standard library. What pip prints
goes to .venv/install.log; a stamp .venv/.installed-EXTRA tells make that
nothing is to be done again.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOG = VENV / "install.log"
# Free space to start with, in GB: what the environment takes (a CPU build of PyTorch) and the downloads beside it.
SPACE = {"book": 1.0, "lab": 1.0, "all": 6.0}
# What a larger extra brings along, so that make does not install it a second time.
INCLUDED = {"all": ["book", "lab"]}
FAILURES = [
    (
        r"No space left on device|Errno 28|Disk quota exceeded",
        "The disk is full. Free some space and run the same again.",
    ),
    (
        r"NewConnectionError|name resolution|Name or service not known|Network is unreachable|Connection refused"
        r"|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|nodename nor servname|Cannot connect|SSLError",
        "The package index cannot be reached. Check the network (or the address given in PIP_ARGS) and run the same"
        " again; what is already downloaded is kept.",
    ),
    (
        r"No matching distribution found for (\S+)",
        "No package {0} exists for this Python and this machine. Python 3.11 to 3.13 on Linux (x86-64) is what the"
        " versions in constraints.txt were chosen for.",
    ),
    (r"Permission denied|Read-only file system", "The folder .venv cannot be written. Check who owns it."),
]


def explain(log):
    """Give one sentence for what pip printed, or its last lines where nothing known is in them."""
    for pattern, sentence in FAILURES:
        found = re.search(pattern, log)
        if found:
            return sentence.format(*found.groups())
    return "pip failed. Its last lines:\n" + "\n".join(log.splitlines()[-15:])


def require_space(extra, folder=ROOT):
    """Stop before a long download that cannot end well."""
    free = shutil.disk_usage(folder).free / 1e9
    if free < SPACE[extra]:
        sys.exit(
            f"The extra '{extra}' needs about {SPACE[extra]:.0f} GB of free disk and {free:.1f} GB are left."
            " Free some space and run the same again."
        )


def create():
    """Make an empty environment, once."""
    if (VENV / "bin" / "python").exists():
        return
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode:
        printed = done.stdout + done.stderr
        if "ensurepip" in printed:
            sys.exit(
                "This Python comes without venv. On Debian and Ubuntu: apt install python3-venv, then the same again."
            )
        sys.exit(explain(printed))


def install(extra, pip_arguments):
    """Run pip; show on one line what it is doing and keep the rest in the log."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "-c", "constraints.txt", *pip_arguments, "-e", f".[{extra}]"]
    terminal, shown = sys.stdout.isatty(), time.monotonic()
    with (
        LOG.open("w") as log,
        subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip,
    ):
        for line in pip.stdout:
            log.write(line)
            words = line.split()
            if len(words) > 1 and words[0] in ("Collecting", "Downloading", "Using", "Building", "Installing"):
                what = f"  {words[0].lower()} {' '.join(words[1:])}"[:100]
                if terminal:
                    print(f"\r\x1b[2K{what}", end="", flush=True)
                elif time.monotonic() - shown > 10:
                    shown = time.monotonic()
                    print(what, flush=True)
        status = pip.wait()
    if terminal:
        print("\r\x1b[2K", end="")
    if status:
        sys.exit(f"{explain(LOG.read_text())}\n(Everything pip said: {LOG.relative_to(ROOT)})")


def main(extra, *pip_arguments):
    """Create .venv where there is none and install one extra into it."""
    if sys.version_info < (3, 11):  # noqa: UP036 (run by whatever Python there is)
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    started = time.monotonic()
    require_space(extra)
    print(f"Setting up .venv with the extra '{extra}' (once; log: .venv/install.log)", flush=True)
    try:
        create()
        install(extra, pip_arguments)
        for name in [extra, *INCLUDED.get(extra, [])]:
            (VENV / f".installed-{name}").touch()
    except OSError as error:
        sys.exit(explain(str(error)))
    print(f"Set up in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in SPACE:
        sys.exit(__doc__)
    main(*sys.argv[1:])
