"""How much of gru_ref the tests of numbers run, line by line."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__)
ROOT = HERE.parents[2]
LEAST = 95
# A few cases of each test reach the lines that all of them do; what they leave out takes long and reaches no others.
CASES = 3
LEFT_OUT = ["test_parity_*", "test_vectors.py", "test_central_differences.py", "test_scaling.py", HERE.name]
# Slow, and alone in running some lines.
SLOW = ["test_tf_gru.py", "test_convert_keras.py", "test_keras_cell.py"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.needs("torch", "tensorflow", "onnx")
def test_the_tests_of_numbers_run_nearly_every_line_of_gru_ref(tmp_path, record_property):
    data, report = tmp_path / "coverage", tmp_path / "coverage.json"
    coverage = [sys.executable, "-m", "coverage"]
    tests = [f"--ignore-glob={HERE.parent / name}" for name in LEFT_OUT]
    environment = os.environ | {"COVERAGE_FILE": str(data), "GRU_CASES": str(CASES)}
    environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    pytest_run = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    steps = [
        [*coverage, "run", "--source=gru_ref", *pytest_run, "-m", "not slow", *tests, str(HERE.parent)],
        [*coverage, "run", "--append", "--source=gru_ref", *pytest_run, *[str(HERE.parent / name) for name in SLOW]],
        [*coverage, "json", "-o", str(report)],
    ]
    for step in steps:
        done = subprocess.run(step, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=550)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    measured = json.loads(report.read_text())
    lines = measured["totals"]
    percent = 100 * lines["covered_lines"] / lines["num_statements"]
    missed = {name: file["missing_lines"] for name, file in measured["files"].items() if file["missing_lines"]}
    record_property(
        "report", f"gru_ref: {percent:.1f} % of {lines['num_statements']} lines run by the tests of numbers"
    )
    assert len(measured["files"]) == len(list((ROOT / "gru_ref").glob("*.py")))
    assert percent >= LEAST, missed
