"""The numbers that chapters compare with are those that Keras and PyTorch give today."""

import numpy as np
import pytest

from authoring.normal_form import read
from authoring.vectors import BOOK, VECTORS, as_source, stored_cell, torch_step
from gru_ref import gru_cell, update_gate


def stored(stem):
    """Return the vectors that a chapter holds."""
    notebook, _ = read(BOOK / f"{stem}.ipynb")
    return stored_cell(notebook)[1]["measured"]


@pytest.mark.slow
@pytest.mark.needs("tensorflow", "torch")
@pytest.mark.parametrize("stem", VECTORS)
def test_the_frameworks_still_give_the_stored_numbers(stem):
    vectors = stored(stem)
    fresh = VECTORS[stem]()
    assert fresh.keys() == vectors.keys()
    for name in vectors:
        np.testing.assert_allclose(vectors[name], fresh[name], rtol=0, atol=1e-12, err_msg=name)


def test_no_other_chapter_holds_such_numbers():
    found = []
    for path in BOOK.glob("*.ipynb"):
        try:
            stored_cell(read(path)[0])
        except LookupError:
            continue
        found.append(path.stem)
    assert sorted(found) == sorted(VECTORS)


@pytest.mark.parametrize("stem", VECTORS)
def test_a_cell_is_stored_as_the_program_writes_it(stem):
    cell, values = stored_cell(read(BOOK / f"{stem}.ipynb")[0])
    assert as_source(values["measured"], values["versions"]) == cell.source


def test_the_gate_is_the_one_of_gru_ref_and_hides_nothing():
    """Weights of size one, several units, a state that is not zero: else an error in U or h would not show."""
    v = {name: np.array(value) for name, value in stored("ch03-update-gate").items()}
    (H, I), B = v["W"][0].shape, v["x"].shape[1]
    assert len({H, I, B}) == 3 and min(H, I, B) > 1
    assert np.abs(v["h_prev"]).min() >= 0.2
    z = update_gate(v["x"], v["h_prev"], v["W"][0], v["U"][0], v["b"][0])
    for name in ("keras_gate", "torch_gate"):
        np.testing.assert_allclose(v[name], z, rtol=0, atol=1e-12)
        wrong = update_gate(v["x"], v["h_prev"], v["W"][0], v["U"][0].T, v["b"][0])
        assert np.abs(v[name] - wrong).max() > 0.1


def test_the_states_are_those_of_the_whole_cell():
    v = {name: np.array(value) for name, value in stored("ch03-update-gate").items()}
    ours = gru_cell(v["x"], v["h_prev"], v["W"], v["U"], v["b"])
    np.testing.assert_allclose(v["keras_state_update_negated"], ours, rtol=0, atol=1e-12)
    assert np.abs(v["keras_state"] - ours).max() > 1


@pytest.mark.needs("torch")
def test_the_step_reads_every_block_in_its_place():
    """Candidate one and gate from one block alone: a swapped pair of blocks would give another number."""
    x, h = np.array([[1.0]]), np.array([[0.0]])
    W, zero = np.array([[[0.5]], [[-2.0]], [[3.0]]]), np.zeros((3, 1, 1))
    expected = (1 - 1 / (1 + np.exp(-0.5))) * np.tanh(3.0)
    assert torch_step(x, h, W, zero, zero).item() == pytest.approx(expected, abs=1e-15)
