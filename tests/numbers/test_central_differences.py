"""Every gradient against central differences of the forward pass alone, in float64."""

import numpy as np
import pytest

from gru_ref import connectivity
from tests.numbers.drawn_runs import CELLS, PADDINGS, STRUCTURES, assert_close, draw_run, states

pytestmark = pytest.mark.slow
TOLERANCE = 1e-7
STEP = 1e-5


def central_difference(function, array):
    """What a function's value, one or many, does with each entry of an array, which is moved and put back."""
    slopes = []
    for place in np.ndindex(array.shape):
        value, ends = array[place], []
        for moved in (value + STEP, value - STEP):
            array[place] = moved
            ends.append(function())
        array[place] = value
        slopes.append((ends[0] - ends[1]) / (2 * STEP))
    return np.reshape(slopes, array.shape + np.shape(slopes[0]))


def assert_gradients(run):
    numbers = [run.x, *states(run.h0), *run.network.arrays()]
    gradients = [run.gradients.x, *states(run.gradients.h0), *run.gradients.arrays()]
    for place, (array, gradient) in enumerate(zip(numbers, gradients, strict=True)):
        numeric = central_difference(run.loss, array)
        assert_close(gradient, numeric, TOLERANCE, f"array {place}")


def small_run(seed, cell, **options):
    """A run of few enough numbers to move each of them."""
    return draw_run(seed, cell, T=4, **options)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_gradients(cell, structure):
    assert_gradients(small_run([0, 7], cell, **STRUCTURES[structure]))


@pytest.mark.parametrize("masked_output", ["carry", "zero"])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_with_a_mask(cell, padding, masked_output):
    assert_gradients(small_run([0, 8], cell, padding=padding, masked_output=masked_output))


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_with_a_mask_in_two_layers_and_both_directions(cell):
    assert_gradients(small_run([8, 9], cell, padding="gaps", num_layers=2, bidirectional=True))


@pytest.mark.parametrize(
    ("structure", "padding"),
    [("one layer", None), ("one layer", "gaps"), ("reverse", None), ("three layers", None), ("bidirectional", "back")],
)
@pytest.mark.parametrize("cell", ["keep, after", "update, before", "LSTM"])
def test_connectivity_is_the_size_of_the_jacobian(cell, structure, padding):
    run = small_run([0, 10], cell, padding=padding, **STRUCTURES[structure])
    found = connectivity(run.network, run.x, run.h0, mask=run.mask)
    B, T, _ = run.x.shape
    assert found.shape == (B, T, T)

    def outputs():
        return run.network(run.x, run.h0, mask=run.mask)[0].sum(axis=0)  # no row sees another

    slopes = central_difference(outputs, run.x)  # (B, T, I, T, D*H): of each output, with respect to each input
    np.testing.assert_allclose(found, np.linalg.norm(slopes, axis=(2, 4)).transpose(0, 2, 1), rtol=0, atol=TOLERANCE)
    if structure in ("one layer", "three layers"):
        assert not np.triu(found, 1).any() and found[0, -1, 0] > 0
    if structure == "reverse":
        assert not np.tril(found, -1).any()
