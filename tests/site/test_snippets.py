"""The short programs behind the tabs: one a framework, and all of a set print the same verdict."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from authoring.kernel_environment import KERNEL_ENVIRONMENT
from authoring.normal_form import read

BOOK = Path(__file__).parents[2] / "book"
SETS = sorted(path.name for path in (BOOK / "snippets").iterdir())
FRAMEWORKS = {"NumPy": "in_numpy.py", "Keras": "in_keras.py", "PyTorch": "in_pytorch.py"}

INCLUDED = r"```\{literalinclude\} snippets/(\w+)/([\w.]+)\n:language: \w+\n```"
TAB = re.compile(rf"^:::\{{tab-item\}} (\w+)\n:sync: (\w+)\n\n{INCLUDED}", re.M)


def start(path):
    """Run a file by itself, in a folder from which nothing of the course can be seen but what is installed."""
    environment = os.environ | KERNEL_ENVIRONMENT
    return subprocess.Popen(
        [sys.executable, path.name], cwd=path.parent, env=environment, text=True, stdout=-1, stderr=subprocess.PIPE
    )


@pytest.mark.slow
@pytest.mark.needs("tensorflow", "torch")
@pytest.mark.parametrize("name", SETS)
def test_every_framework_prints_the_same_verdict(name):
    folder = BOOK / "snippets" / name
    assert {path.name for path in folder.iterdir() if path.suffix} == {*FRAMEWORKS.values(), "verdict.txt"}
    running = {file: start(folder / file) for file in FRAMEWORKS.values()}
    shown = (folder / "verdict.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"-?\d\.\d+", shown)) >= 3
    for file, process in running.items():
        said, complaint = process.communicate(timeout=240)
        assert process.returncode == 0, f"{file}: {complaint}"
        assert said == shown, file


@pytest.mark.parametrize("name", SETS)
def test_a_snippet_fits_a_phone_and_uses_its_own_framework(name):
    for framework, file in FRAMEWORKS.items():
        text = (BOOK / "snippets" / name / file).read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 48, f"{name}/{file}"
        imports = set(re.findall(r"^(?:from|import) (\w+)", text, re.M))
        assert (
            imports - {"numpy"}
            <= {
                "NumPy": {"gru_ref"},
                "Keras": {"keras", "tensorflow"},
                "PyTorch": {"torch"},
            }[framework]
        )


def tab_sets():
    """Yield each page that has tabs, a tab set of it, and what follows that."""
    pages = {path: path.read_text(encoding="utf-8") for path in BOOK.glob("*.md")}
    for path in BOOK.glob("*.ipynb"):
        pages[path] = "\n\n".join(cell.source for cell in read(path)[0].cells if cell.cell_type == "markdown")
    for path, text in pages.items():
        for found in re.finditer(r"^::::\{tab-set\}.*?^::::$", text, re.M | re.S):
            yield path.name, found[0], text[found.end() :]


def test_every_tab_set_has_the_three_frameworks_and_shows_what_they_print():
    used = set()
    for page, text, after in tab_sets():
        assert text.startswith("::::{tab-set}\n:sync-group: framework\n"), page
        tabs = TAB.findall(text)
        assert [(label, sync) for label, sync, _, _ in tabs] == [(name, name.lower()) for name in FRAMEWORKS], page
        assert [file for *_, file in tabs] == list(FRAMEWORKS.values()), page
        (name,) = {name for _, _, name, _ in tabs}
        assert re.search(INCLUDED, after).groups() == (name, "verdict.txt"), page
        used.add(name)
    assert used == set(SETS)
