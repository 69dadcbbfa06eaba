"""Whole folders: malformed files say why, neighbours of hostile submissions lose nothing, another user is as safe."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gru_grader import __main__ as command_line
from tests.grader.bank import ASSIGNMENT, POINTS, RIGHT, STEM, cells, notebook_text
from tests.hostile.hostile_table import TABLE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.needs("sandbox")


def grade(folder, *options):
    arguments = ["grade", str(folder / "in"), "--out", str(folder / "out"), "--seed", "7", "--jobs", "2", *options]
    code = command_line.main(arguments, assignments=[ASSIGNMENT])
    results = (folder / "out").glob(f"*/{STEM}/results.json")
    return code, {path.parent.parent.name: json.loads(path.read_text()) for path in results}


def place(folder, student):
    path = folder / "in" / student / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True)
    return path


RIGHT_TEXT = notebook_text(cells(RIGHT))
MALFORMED = {
    "not JSON": lambda path: path.write_text("print('10/10')"),
    "nested deeply": lambda path: path.write_text("[" * 100_000),
    "cut off": lambda path: path.write_text(RIGHT_TEXT[:500]),
    "a hundred megabytes": lambda path: (path.touch(), os.truncate(path, 100 * 2**20)),
    "a link to somebody else's": lambda path: path.symlink_to("../honest/sums.ipynb"),
    "a link to a secret": lambda path: path.symlink_to("/etc/passwd"),
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
}
WELL_FORMED = {
    "honest": lambda path: path.write_text(RIGHT_TEXT),
    "tags that skip cells": lambda path: path.write_text(notebook_text(cells(RIGHT), tags=["skip-execution"])),
    "a grade in the metadata": lambda path: path.write_text(notebook_text(cells(RIGHT), nbgrader={"points": 10**9})),
    "lone surrogates": lambda path: path.write_text(notebook_text(cells(RIGHT, before=["x = '\ud800'"]))),
    "format 3": lambda path: path.write_text(
        json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": cell} for cell in cells(RIGHT)]}]})
    ),
}


def test_malformed_files_have_no_score_and_a_reason(tmp_path):
    for student, write in {**MALFORMED, **WELL_FORMED}.items():
        write(place(tmp_path, student))
    code, results = grade(tmp_path)
    assert code == command_line.SOME_NOT_GRADABLE
    assert {name: result["score"] for name, result in results.items()} == {
        **dict.fromkeys(MALFORMED, None),
        **dict.fromkeys(WELL_FORMED, POINTS),
    }
    for name in MALFORMED:
        assert results[name]["extra_data"]["status"] == "not_gradable" and results[name]["extra_data"]["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("level", ["full", "restricted"])
def test_neighbours_lose_nothing(tmp_path, level):
    """All hostile submissions at once, an honest one after each, on two workers."""
    for number, submission in enumerate(TABLE):
        place(tmp_path, f"{number:02} hostile").write_text(notebook_text(submission.cells))
        place(tmp_path, f"{number:02} neighbour").write_text(RIGHT_TEXT)
    code, results = grade(tmp_path, "--isolation", level, "--time-limit", "0.4")
    assert code == command_line.ALL_GRADED
    assert {r["score"] for name, r in results.items() if name.endswith("neighbour")} == {POINTS}
    deserved = [2.0 * list(submission.statuses.values()).count("right") for submission in TABLE]
    assert [results[f"{number:02} hostile"]["score"] for number in range(len(TABLE))] == deserved


def readable_python():
    """Find a Python of this version, and of NumPy, that an ordinary user can run."""
    for path in (os.path.realpath(sys.executable), shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin")):
        if path and all(folder.stat().st_mode & 0o005 == 0o005 for folder in Path(path).parents):
            return path
    return None


@pytest.mark.slow
@pytest.mark.parametrize("level", ["full", "restricted"])
def test_the_tables_as_an_ordinary_user(level):
    python = readable_python()
    if os.geteuid() != 0 or python is None or not shutil.which("setpriv"):
        pytest.skip(
            "needs root, setpriv and a Python that others may run; as an ordinary user the other tests are this"
        )
    site_packages = str(Path(np.__file__).parents[1])
    ran = subprocess.run(
        ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
        + [python, "-B", "-m", "tests.hostile.table_run", level],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{site_packages}", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["differences"] == {}
