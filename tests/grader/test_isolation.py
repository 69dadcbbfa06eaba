"""Which isolation a machine gives is found by trying, told, and never weakened silently."""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gru_grader import __main__ as command_line
from gru_grader import selftest
from tests.grader.bank import ASSIGNMENT, RIGHT, STEM, cells, notebook_text

ROOT = Path(__file__).parents[2]


def shell(*arguments, seccomp=None, options=()):
    """Run a Python program in a throw-away shell that is a poorer machine than this one."""
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    command += ["--tmpfs", "/tmp", "--chdir", str(ROOT), *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    with tempfile.TemporaryFile() as file:
        if seccomp is not None:
            seccomp.export_bpf(file)
            file.seek(0)
            command += ["--seccomp", str(file.fileno())]
        return subprocess.run(
            [*command, sys.executable, *arguments],
            env=environment,
            pass_fds=[file.fileno()],
            capture_output=True,
            text=True,
            timeout=120,
        )


def without(*calls):
    """A filter under which some system calls fail, as on a kernel or in a container without them."""
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for call in calls:
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), call)
    return rules


GRADE = f"""
import json, pathlib, sys
from tests.grader.command import main
from tests.grader.bank import ASSIGNMENT, RIGHT, cells, notebook_text
path = pathlib.Path("/tmp/in/anna/{STEM}.ipynb")
path.parent.mkdir(parents=True)
path.write_text(notebook_text(cells(RIGHT)))
code = main(["grade", "/tmp/in", "--out", "/tmp/out", "--seed", "1", *sys.argv[1:]], assignments=[ASSIGNMENT])
result = pathlib.Path("/tmp/out/anna/{STEM}/results.json")
if result.exists():
    record = json.loads(result.read_text())
    print("RESULT", record["score"], record["extra_data"]["isolation"])
sys.exit(code)
"""


@pytest.mark.needs("sandbox")
def test_the_doctor_tells_both_levels(capsys):
    assert command_line.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "full: holds" in said and "restricted: holds" in said
    assert said.endswith("gru-grader grade will use: full\n")
    assert len(selftest.examine("full").refused) == 20


@pytest.mark.needs("bubblewrap", "sandbox")
def test_the_self_test_finds_what_is_open():
    """Without isolation every attempt but the bounded ones works; so each can tell a hole from a wall."""
    program = "from gru_grader import selftest; r = selftest.examine('none'); print(r.failure, *r.refused, sep='\\n')"
    ran = shell("-c", program)
    assert ran.returncode == 0, ran.stderr
    assert set(filter(None, ran.stdout.split("\n"))) <= {
        # These limits hold without isolation too.
        "use more memory than it may",
        "write more than it may",
        "start more threads than it may",
        "run for ever",
        # The throw-away shell does not allow it to anybody.
        "mount a file system",
    }


@pytest.mark.needs("bubblewrap", "sandbox")
def test_without_user_namespaces_auto_says_that_it_is_restricted_and_full_refuses():
    poorer = without("unshare", "setns")
    ran = shell("-c", GRADE, seccomp=poorer)
    assert ran.returncode == 0, ran.stderr
    assert "RESULT 10.0 restricted" in ran.stdout
    assert "Isolation: restricted only. full: " in ran.stderr and "creating namespaces" in ran.stderr
    ran = shell("-c", GRADE, "--isolation", "full", seccomp=poorer)
    assert ran.returncode == 2 and "Nothing was graded" in ran.stderr and "RESULT" not in ran.stdout


@pytest.mark.needs("bubblewrap", "sandbox")
def test_without_isolation_nothing_is_graded_unless_that_is_allowed():
    poorest = without("unshare", "setns", "landlock_create_ruleset")
    ran = shell("-c", GRADE, seccomp=poorest)
    assert ran.returncode == 2 and "RESULT" not in ran.stdout
    assert "Nothing was graded, because submissions cannot be isolated here" in ran.stderr
    assert "this kernel has no Landlock" in ran.stderr and "gru-grader doctor" in ran.stderr
    assert "Traceback" not in ran.stderr
    ran = shell("-c", GRADE, "--allow-unsandboxed", seccomp=poorest)
    assert ran.returncode == 0, ran.stderr
    assert "RESULT 10.0 none" in ran.stdout and "Isolation: NONE, as you allowed" in ran.stderr
    doctor = shell("-m", "gru_grader", "doctor", seccomp=poorest)
    assert doctor.returncode == 2 and "gru-grader grade will refuse" in doctor.stdout


@pytest.mark.needs("bubblewrap", "sandbox")
def test_a_full_disk_is_the_grader_s_failure_and_no_mark():
    ran = shell("-c", GRADE, options=["--size", "8192", "--tmpfs", "/tmp/out"])
    assert ran.returncode == 3
    assert "No space left on device" in ran.stdout + ran.stderr and "Traceback" not in ran.stderr


def test_a_machine_that_is_not_linux_is_told_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(selftest.sys, "platform", "darwin")
    selftest.examine.cache_clear()
    try:
        path = tmp_path / "in" / "anna" / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook_text(cells(RIGHT)))
        code = command_line.main(
            ["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")], assignments=[ASSIGNMENT]
        )
    finally:
        selftest.examine.cache_clear()
    assert code == command_line.UNUSABLE
    assert "isolation needs Linux, this is darwin" in capsys.readouterr().err
