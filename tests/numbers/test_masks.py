"""Which steps count: masks and lengths, what a masked step puts out, and that nothing of it is looked at."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_ref import connectivity
from tests.numbers.drawn_runs import CELLS, PADDINGS, STRUCTURES, draw_run, states

HIDDEN = [np.nan, np.inf, -np.inf, 1e300]


def every_number(run):
    return [
        run.outputs,
        *states(run.final),
        run.gradients.x,
        *states(run.gradients.h0),
        *run.gradients.arrays(),
    ]


@pytest.mark.parametrize("value", HIDDEN)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_what_stands_at_a_masked_step_has_no_effect_on_anything(cell, structure, value):
    run = draw_run([0, 13], cell, padding="gaps", T=6, **STRUCTURES[structure])
    x = np.where(run.mask[..., None], run.x, value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hidden = run.but(x=x)
        for ours, expected in zip(every_number(hidden), every_number(run), strict=True):
            assert np.array_equal(ours, expected)
            assert np.isfinite(expected).all()
    outputs, _ = run.network(x, run.h0, mask=run.mask)
    np.testing.assert_allclose(outputs, run.outputs, rtol=0, atol=1e-14)


def test_what_stands_at_a_masked_step_has_no_effect_on_connectivity():
    run = draw_run([0, 14], "keep, after", padding="gaps", T=5)
    x = np.where(run.mask[..., None], run.x, np.nan)
    hidden = connectivity(run.network, x, run.h0, mask=run.mask)
    assert np.array_equal(hidden, connectivity(run.network, run.x, run.h0, mask=run.mask))
    assert not hidden.transpose(0, 2, 1)[~run.mask].any()  # no output depends on it


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(CELLS)), st.sampled_from(PADDINGS), st.booleans())
def test_a_masked_step_puts_out_the_last_output_or_zeros_and_nothing_before_the_first_that_counts(
    seed, cell, padding, reverse
):
    run = draw_run(seed, cell, padding=padding, reverse=reverse, masked_output="carry")
    zero = draw_run(seed, cell, padding=padding, reverse=reverse, masked_output="zero")
    steps = range(run.x.shape[1])
    for row in range(len(run.x)):
        last = np.zeros(run.network.hidden_size)
        for t in reversed(steps) if reverse else steps:
            if run.mask[row, t]:
                last = run.outputs[row, t]
                assert last.any()
                assert np.array_equal(zero.outputs[row, t], last)
            else:
                assert np.array_equal(run.outputs[row, t], last)
                assert not zero.outputs[row, t].any()
        assert np.array_equal(states(run.final)[0][0, row], last)
        assert np.array_equal(states(zero.final)[0][0, row], last)


@pytest.mark.parametrize("masked_output", ["carry", "zero"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_row_without_any_step_keeps_its_initial_state_and_learns_nothing(cell, masked_output):
    run = draw_run([0, 15], cell, padding="gaps", T=5, masked_output=masked_output)
    run.mask[1] = False
    assert not run.outputs[1].any()
    for final, h0, d_h0, d_final in zip(
        *(states(value) for value in (run.final, run.h0, run.gradients.h0, run.d_final)), strict=True
    ):
        assert np.array_equal(final[:, 1], h0[:, 1])
        assert np.array_equal(d_h0[:, 1], d_final[:, 1])
    assert not run.gradients.x[1].any()


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_lengths_are_a_mask_that_is_true_in_front(cell, structure):
    run = draw_run([0, 16], cell, T=6, **STRUCTURES[structure])
    lengths = np.arange(len(run.x)) * 3 % 7
    mask = np.arange(6) < lengths[:, None]
    assert not mask[0].any()
    ours, expected = run.network.trace(run.x, run.h0, lengths=lengths.tolist()), run.but(mask=mask).trace
    assert np.array_equal(ours.outputs, expected.outputs)
    assert np.array_equal(ours.mask, mask)
    assert all(np.array_equal(a, b) for a, b in zip(states(ours.final), states(expected.final), strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_a_mask_that_is_true_everywhere_changes_nothing(cell):
    run = draw_run([0, 17], cell)
    masked = run.but(mask=np.ones(run.x.shape[:2], bool))
    assert all(np.array_equal(a, b) for a, b in zip(every_number(masked), every_number(run), strict=True))
    assert masked.trace.mask is None
