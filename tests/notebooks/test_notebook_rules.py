"""Every committed notebook keeps the rules, and every rule notices when it is broken."""

import copy
from pathlib import Path

import pytest

from authoring.normal_form import normalised, read, to_text
from authoring.notebook_rules import LARGEST_FILE, PARTS, complaints
from authoring.refresh import ROOT, all_notebooks

CHAPTER = ROOT / "book" / "ch03-update-gate.ipynb"


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_committed_notebook_keeps_the_rules(path):
    assert complaints(path, *read(path)) == []


def test_there_are_notebooks_in_every_folder():
    assert {path.parent.name for path in all_notebooks()} == {"book", "solutions", "exercises"}


def first(notebook, condition):
    return next(cell for cell in notebook.cells if condition(cell))


def code(notebook, words=""):
    return first(notebook, lambda cell: cell.cell_type == "code" and words in cell.source)


def with_picture(notebook):
    return first(notebook, lambda cell: "image" in cell.metadata.get("mystnb", {}))


def printing(notebook):
    return first(notebook, lambda cell: cell.cell_type == "code" and cell.outputs and "text" in cell.outputs[0])


def replace(notebook, old, new):
    assert any(old in cell.source for cell in notebook.cells)
    for cell in notebook.cells:
        cell.source = cell.source.replace(old, new)


def strip(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def exempt(notebook, number, reason):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:number]
    for cell in cells:
        cell.metadata = cell.metadata | {"tags": ["nbval-ignore-output"], "gru": {"reason": reason}}


def show(notebook, text):
    printing(notebook).outputs[0].text = text


def without_an_assert_in_claim_2(notebook):
    cell = code(notebook, "wide_open = ")
    cell.source = cell.source.replace("assert ", "")


def swap_two_parts(notebook):
    replace(notebook, "## By hand", "## What goes wrong, too")
    replace(notebook, "## What goes wrong\n", "## By hand\n")


BREAKS = {
    "another kernel": (lambda n: n.metadata.kernelspec.update(name="ir"), "kernel"),
    "the same id twice": (lambda n: n.cells[1].update(id=n.cells[0].id), "same id"),
    "too large": (lambda n: n.cells[0].update(source="x" * LARGEST_FILE), "larger"),
    "not normal": (lambda n: n.cells[0].metadata.update(collapsed=True), "normal form"),
    "an empty cell": (lambda n: code(n).update(source=" "), "is empty"),
    "stripped of its outputs": (strip, "execution counts"),
    "stripped, but for the counts": (
        lambda n: [c.update(outputs=[]) for c in n.cells if "outputs" in c],
        "no cell has",
    ),
    "run out of order": (lambda n: code(n).update(execution_count=7), "execution counts"),
    "words on stderr": (lambda n: printing(n).outputs[0].update(name="stderr"), "stderr"),
    "a memory address": (lambda n: show(n, "<object at 0x7f3a5c1d>"), "memory address"),
    "a machine's path": (lambda n: show(n, "/Users/ada/book/x.py"), "path of the machine"),
    "seven decimals": (lambda n: show(n, "0.1234567"), "six decimals"),
    "an unknown tag": (lambda n: code(n).metadata.update(tags=["nbval-skip"]), "unknown tag"),
    "a comment for nbval": (lambda n: code(n).update(source="# NBVAL_IGNORE_OUTPUT\n1"), "comment"),
    "exempt without a reason": (lambda n: exempt(n, 1, ""), "no reason"),
    "three exempt cells": (lambda n: exempt(n, 3, "It tells the time of day."), "3 cells are exempt"),
    "no description": (lambda n: with_picture(n).metadata.pop("mystnb"), "no sentence"),
    "a path as description": (
        lambda n: with_picture(n).metadata.mystnb.image.update(alt="_images/0a1b2c3d4e5f60718293a4b5c6d7e8.png"),
        "no sentence",
    ),
    "two pictures in a cell": (lambda n: with_picture(n).update(outputs=with_picture(n).outputs * 2), "2 pictures"),
    "a drawing without a description": (lambda n: replace(n, " alt=", " title="), "no sentence"),
    "a framework imported": (lambda n: code(n).update(source="import torch.nn"), "imports torch"),
    "a part missing": (lambda n: replace(n, "## By hand", "### By hand"), "missing: ['By hand']"),
    "parts out of order": (swap_two_parts, "not all there in their order"),
    "two titles": (lambda n: replace(n, "## Quiz", "# Quiz"), "level 1"),
    "a claim without an assert": (without_an_assert_in_claim_2, "no assert follows 'Claim 2"),
    "no asserts at all": (lambda n: replace(n, "assert ", "str "), "0 claims"),
    "a choice without a verdict": (lambda n: replace(n, "**Not so.** That is a gate of 0.98", "That is"), "question 1"),
    "two right choices": (lambda n: replace(n, "**Not so.** Less is written", "**Right.** Less is"), "question 5"),
    "too few questions": (lambda n: [replace(n, f"**{k}. ", "**") for k in (3, 4, 5)], "4 questions"),
    "a formula in a choice": (lambda n: replace(n, "<summary>-100", "<summary>$-100$"), "question 3"),
}


@pytest.mark.parametrize(("breaks", "words"), BREAKS.values(), ids=BREAKS)
def test_a_broken_rule_is_noticed(breaks, words):
    notebook, text = read(CHAPTER)
    before = copy.deepcopy(notebook)
    breaks(notebook)
    assert notebook != before
    found = complaints(
        CHAPTER, notebook, to_text(notebook) if "normal form" in words else to_text(normalised(notebook))
    )
    assert any(words in complaint for complaint in found), found


def test_an_error_is_noticed_unless_it_is_expected():
    notebook, text = read(CHAPTER)
    error = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
    code(notebook).outputs = [type(notebook)(error)]
    assert "cell 6 raised ValueError" in complaints(CHAPTER, notebook, to_text(notebook))
    code(notebook).metadata.tags = ["raises-exception"]
    assert complaints(CHAPTER, notebook, to_text(normalised(notebook))) == []


def test_an_exercise_with_outputs_is_noticed():
    notebook, text = read(CHAPTER)
    assert any("stores the outputs" in found for found in complaints(Path("exercises/x.ipynb"), notebook, text))


def test_an_application_may_have_more_parts_but_not_fewer():
    notebook, text = read(CHAPTER)
    replace(notebook, "## In the cell", "## The data")
    path = Path("book/ch12-music.ipynb")
    assert not [found for found in complaints(path, notebook, text) if "parts" in found]
    replace(notebook, "## The code", "## The model")
    assert any("missing: ['The code']" in found for found in complaints(path, notebook, text))


def test_how_to_use_names_the_same_parts():
    table = (ROOT / "book" / "how-to-use.md").read_text()
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")]
    assert [row for row in rows if row in PARTS] == PARTS
