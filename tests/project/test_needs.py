"""A test whose need is not met is skipped with the reason, and fails where it is required."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
TEST = """
import pytest

@pytest.mark.needs("chromium")
def test_with_a_browser():
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("required", "status", "told"),
    [
        ("", 0, "needs the browser chromium"),
        ("node", 0, "needs the browser chromium"),
        ("node,chromium", 1, "GRU_REQUIRE demands chromium, and this machine lacks the browser chromium"),
        ("chrome", 4, "GRU_REQUIRE names chrome; known: chromium"),
    ],
)
def test_a_missing_browser(tmp_path, required, status, told):
    (tmp_path / "test_one.py").write_text(TEST)
    environment = {**os.environ, "GRU_REQUIRE": required, "PATH": str(tmp_path)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "conftest",
    ]
    done = subprocess.run(
        [*command, f"--rootdir={tmp_path}", str(tmp_path)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert told in done.stdout + done.stderr
