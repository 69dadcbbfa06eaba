"""Right answers written otherwise pass: loops, einsum, lists, other precisions, tensors, other names."""

import importlib
from pathlib import Path

import nbformat
import pytest

from gru_checks.calling import perform
from gru_checks.judge import judge
from gru_checks.registry import assignments, inputs, question
from tests.checks.correct import ch03_update_gate

HELPERS = """
import math
def sigmoid(a): return 0.5 * np.tanh(0.5 * np.asarray(a)) + 0.5
def scalar(a): return 1 / (1 + math.exp(-a)) if a >= 0 else math.exp(a) / (1 + math.exp(a))
"""

EXERCISE = Path(__file__).resolve().parents[2] / "exercises" / "ch03-update-gate.ipynb"
CORRECT = [importlib.import_module(f"tests.checks.correct.{found.stem.replace('-', '_')}") for found in assignments()]
VARIANTS = {id: group for module in CORRECT for id, group in module.VARIANTS.items()}
TORCH = {id: source for module in CORRECT for id, source in module.TORCH.items()}


def verdict(id, source, run_cell, seed, **names):
    asked = question(id)
    cases = inputs(asked, seed)
    namespace = run_cell(HELPERS + source, **names)
    return judge(asked, cases, [perform(case.call, namespace) for case in cases], public=True)


# Of each question one way always, and all of them in the whole run.
@pytest.mark.parametrize(
    ("id", "name"),
    [
        pytest.param(id, name, marks=pytest.mark.slow if place else [])
        for id, group in VARIANTS.items()
        for place, name in enumerate(group)
    ],
)
def test_it_passes(id, name, run_cell):
    for seed in range(3 if question(id).trains else 20):
        found = verdict(id, VARIANTS[id][name], run_cell, seed)
        assert found.status == "right", found
        assert bool(found.remarks) == (name == "in place")


@pytest.mark.needs("torch")
@pytest.mark.parametrize("id", TORCH)
def test_tensors_pass(id, run_cell):
    import torch

    for seed in range(20):
        assert verdict(id, TORCH[id], run_cell, seed, torch=torch).status == "right"


def test_each_question_about_the_cell_has_five_variants():
    about_the_cell = {id for module in CORRECT for id in module.MAIN}
    for found in assignments():
        for asked in found.questions:
            if asked.kind == "function" and {"h_prev", "h0", "U_z", "U_r", "U_h"} & set(asked.parameters):
                assert asked.id in about_the_cell
    assert all(module.MAIN for module in CORRECT)
    assert {id: len(VARIANTS[id]) for id in about_the_cell if len(VARIANTS[id]) < 5} == {}


ROWS_AND_COLUMNS = """
def sigmoid(a):
    return [[scalar(float(v)) for v in row] for row in a]"""


def test_any_shape_is_meant(run_cell):
    shapes = {case.call.arguments[0].shape for case in inputs(question("ch03.sigmoid"), 0)}
    assert {len(shape) for shape in shapes} == {0, 1, 2, 3}
    found = verdict("ch03.sigmoid", ROWS_AND_COLUMNS, run_cell, 0)
    assert (found.status, found.misconception) == ("partly_right", "some_shapes_only")
    assert "In the case of five numbers on one axis: it stopped with TypeError" in found.message
    assert "Shapes of the inputs: a (5,)." in found.message


def test_what_the_task_says_of_errstate_is_so(run_cell):
    task = next(
        cell.source
        for cell in nbformat.read(EXERCISE, as_version=4).cells
        if cell.metadata.get("gru") == {"part": "task", "question": "ch03.sigmoid"}
    )
    assert "the check cannot see through that" in task and "the nan stays" in task
    assert (
        verdict("ch03.sigmoid", ch03_update_gate.SILENCED.format("1 / (1 + np.exp(-a))"), run_cell, 0).status == "right"
    )
    found = verdict("ch03.sigmoid", ch03_update_gate.SILENCED.format("np.exp(a) / (1 + np.exp(a))"), run_cell, 0)
    assert found.status == "partly_right" and "is nan" in found.message
