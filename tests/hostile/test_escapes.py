"""No way out harms the canary in a sandbox, and every one does without, so that the attempts are real."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.escapes import ESCAPES, harm_done

ROOT = Path(__file__).parents[2]


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("level", ["full", "restricted"])
def test_no_escape_harms_anything(level):
    assert harm_done(level) == {name: [] for name in ESCAPES}


@pytest.mark.needs("bubblewrap")
def test_every_escape_succeeds_where_nothing_isolates():
    """In a throw-away shell with namespaces of its own, a read-only root and limits, never on the bare machine."""
    shell = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--ro-bind", "/", "/"]
    shell += ["--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--chdir", str(ROOT)]
    limits = ["prlimit", f"--as={4 * 2**30}", f"--fsize={2**26}", "--cpu=60"]
    program = [sys.executable, "-m", "tests.hostile.escapes", "none"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    ran = subprocess.run([*shell, *limits, *program], env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    harm = json.loads(ran.stdout)
    assert {name for name, done in harm.items() if not done} == set()
    assert harm.keys() == ESCAPES.keys()
