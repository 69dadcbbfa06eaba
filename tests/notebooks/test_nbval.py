"""What nbval catches in a chapter, and what it lets pass."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from authoring.normal_form import read, to_text
from authoring.notebook_rules import complaints
from authoring.refresh import ROOT

CHAPTER = ROOT / "book" / "ch03-update-gate.ipynb"


@pytest.fixture
def copy_of_the_chapter(tmp_path):
    folder = tmp_path / "book"
    folder.mkdir()
    shutil.copy(CHAPTER, folder)
    return folder / CHAPTER.name


def run_nbval(path):
    """Run nbval as `make test` does, with the settings and the conftest of the course."""
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "-p", "conftest"]
    command += ["-p", "no:cacheprovider", "--nbval", "--nbval-current-env", "--nbval-cell-timeout", "120", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def change(path, edit):
    notebook, _ = read(path)
    edit(notebook)
    path.write_text(to_text(notebook))


def change_a_digit(notebook):
    cell = next(cell for cell in notebook.cells if "W_z, U_z, b_z negated" in cell.source)
    assert "1.49" in cell.outputs[0].text
    cell.outputs[0].text = cell.outputs[0].text.replace("1.49", "1.48")


def strip(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


@pytest.mark.slow
def test_nbval_passes_the_chapter_and_fails_it_for_one_digit(copy_of_the_chapter):
    unchanged = run_nbval(copy_of_the_chapter)
    assert unchanged.returncode == 0, unchanged.stdout
    change(copy_of_the_chapter, change_a_digit)
    changed = run_nbval(copy_of_the_chapter)
    assert changed.returncode == 1
    assert "1 failed" in changed.stdout and "1.48" in changed.stdout


@pytest.mark.slow
def test_a_notebook_whose_code_changed_fails(copy_of_the_chapter):
    def weaken(notebook):
        cell = next(cell for cell in notebook.cells if cell.source.startswith("def half_life"))
        cell.source = cell.source.replace("np.log(2) / -np.log1p(-z)", "0.69 / z")

    change(copy_of_the_chapter, weaken)
    assert run_nbval(copy_of_the_chapter).returncode == 1


@pytest.mark.slow
def test_an_output_that_hangs_on_the_hash_seed_fails_under_another(copy_of_the_chapter, monkeypatch):
    """What `make test-repeat` is for: the first run agrees with what is stored, the second does not."""

    def print_a_set(notebook):
        code = "print(list({'forget', 'keep', 'reset', 'update', 'write'}))"
        shown = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True
        ).stdout
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:1]
        cells[0].source = code
        cells[0].outputs = [nbformat.v4.new_output("stream", text=shown)]
        notebook.cells = cells

    change(copy_of_the_chapter, print_a_set)
    assert run_nbval(copy_of_the_chapter).returncode == 0
    monkeypatch.setenv("GRU_NOTEBOOK_HASHSEED", "1")
    assert run_nbval(copy_of_the_chapter).returncode == 1


def test_a_stripped_chapter_is_caught_by_the_rules(copy_of_the_chapter):
    """It must be: of a picture that is gone nbval says nothing, and nothing of counts."""
    change(copy_of_the_chapter, strip)
    found = complaints(copy_of_the_chapter, *read(copy_of_the_chapter))
    assert any("execution counts" in complaint for complaint in found)
    assert any("no cell has a text" in complaint for complaint in found)
