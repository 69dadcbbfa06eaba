"""Setting up: nothing is done twice, and every failure is one sentence."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from authoring import constraints, environment

ROOT = pathlib.Path(__file__).parents[2]


def make(*arguments, **variables):
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "MAKEFLAGS": "", **variables}
    )


def test_without_python_make_says_what_is_needed(tmp_path):
    done = make("PYTHON=", "-B", ".venv/.installed-book")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stdout


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed"):
        environment.main("book")


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("NewConnectionError(...): Failed to establish a new connection", "The package index cannot be reached"),
        ("Temporary failure in name resolution", "The package index cannot be reached"),
        (
            "ERROR: Could not find a version\nERROR: No matching distribution found for tensorflow==2.21.0",
            r"No package tensorflow==2\.21\.0 exists for this Python",
        ),
        ("PermissionError: [Errno 13] Permission denied", "cannot be written"),
        ("something new", "Its last lines:\nsomething new"),
    ],
)
def test_what_pip_printed_becomes_a_sentence(printed, told):
    assert re.search(told, environment.explain(printed))


def test_too_little_space_stops_before_the_download(monkeypatch):
    usage = type("Usage", (), {"free": 1e8})
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(SystemExit, match=r"needs about 6 GB of free disk and 0\.1 GB are left"):
        environment.require_space("all")


@pytest.mark.slow
def test_without_a_network_pip_ends_in_a_sentence_and_no_stamp(tmp_path, monkeypatch):
    venv = tmp_path / ".venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "LOG", venv / "install.log")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "empty"\nversion = "0"\n[project.optional-dependencies]\nbook = []\n'
    )
    (tmp_path / "constraints.txt").write_text("")
    # Port 9 of this machine refuses: what pip meets where there is no network.
    arguments = ["--index-url", "http://127.0.0.1:9/", "--retries", "0"]
    for variable in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.setenv(variable, "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(SystemExit, match="The package index cannot be reached"):
        environment.main("book", *arguments)
    assert not (venv / ".installed-book").exists()


def test_a_second_run_sets_nothing_up():
    if not (ROOT / ".venv" / ".installed-all").exists():
        pytest.skip("the environment was not made by make")
    for stamp in ("book", "lab", "all"):
        assert make("--question", f".venv/.installed-{stamp}").returncode == 0


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform != "linux", reason="the versions are those of Python 3.11 on Linux"
)
def test_constraints_are_what_is_installed():
    assert constraints.FILE.read_text() == constraints.text()


def test_constraints_pin_what_outputs_depend_on_and_no_gpu_package():
    pinned = dict(line.split("==") for line in constraints.FILE.read_text().splitlines() if not line.startswith("#"))
    assert pinned["torch"] == "2.13.0"
    assert {"numpy", "matplotlib", "tensorflow", "keras", "scikit-learn", "ipykernel", "sphinx"} <= pinned.keys()
    assert not [name for name in pinned if constraints.GPU_ONLY.search(name)]
