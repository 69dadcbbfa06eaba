"""The tests that need NumPy alone, on every other Python from 3.11 to 3.14 found on this machine."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from authoring import constraints

ROOT = pathlib.Path(__file__).parents[2]
MINORS = range(11, 15)
TOOLS = ["numpy", "pytest", "pytest-timeout", "hypothesis"]
TESTS = [
    "tests/numbers/test_gates.py",
    *(f"tests/checks/test_{name}.py" for name in ("calling", "judge", "plain_values", "registry")),
]


def interpreters():
    """Give a working interpreter for each minor version but the running one."""
    found = {}
    for minor in MINORS:
        pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")) / "versions"
        candidates = [shutil.which(f"python3.{minor}"), *sorted(pyenv.glob(f"3.{minor}.*/bin/python"))]
        for candidate in filter(None, candidates):
            asked = subprocess.run(
                [candidate, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, text=True
            )
            if asked.stdout.strip() == str(minor):
                found.setdefault(minor, str(candidate))
    found.pop(sys.version_info[1], None)
    return found


FOUND = interpreters()


@pytest.mark.slow
@pytest.mark.parametrize("minor", [minor for minor in MINORS if minor != sys.version_info[1]])
def test_the_numpy_only_tests_pass(minor):
    if minor not in FOUND:
        pytest.skip(f"no Python 3.{minor} on this machine")
    environment = ROOT / ".venv" / f"other-3.{minor}"
    python = environment / "bin" / "python"
    if not (environment / ".ready").exists():
        subprocess.run([FOUND[minor], "-m", "venv", "--clear", environment], check=True)
        pinned = constraints.FILE.read_text().splitlines()
        wanted = [line for line in pinned if line.split("==")[0] in TOOLS]
        assert len(wanted) == len(TOOLS)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", constraints.FILE]
        subprocess.run([*install, *wanted], check=True)
        (environment / ".ready").touch()
    # From the sources: what is tested is the code, not its packaging. Nothing is required of this small environment.
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("GRU_REQUIRE", "PYTEST_", "PYTHON"))
    }
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", *TESTS],
        cwd=ROOT,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
