"""Truncated backpropagation through time is training window by window with the state detached in between."""

import numpy as np
import pytest

from tests.numbers.drawn_runs import CELLS, STRUCTURES, assert_close, draw_run, states

STRUCTURE = {"num_layers": 2}
T = 11


def truncated(run, window):
    return run.network.backward(run.trace, run.d_outputs, run.d_final, window=window)


def flat(gradients):
    return [gradients.x, *states(gradients.h0), *gradients.arrays()]


@pytest.mark.parametrize("window", [1, 3, 4, 10])
@pytest.mark.parametrize("padding", [None, "gaps"])
@pytest.mark.parametrize("cell", CELLS)
def test_it_is_the_sum_over_windows_run_one_by_one(cell, padding, window):
    run = draw_run([0, 11], cell, T=T, padding=padding, masked_output="zero", **STRUCTURE)
    whole, state = truncated(run, window), run.h0
    expected = [0.0] * len(run.network.arrays())
    for start in range(0, T, window):
        part, last = slice(start, start + window), start + window >= T
        nothing = tuple(np.zeros_like(array) for array in states(run.d_final))
        piece = run.but(
            x=run.x[:, part],
            h0=state,
            mask=None if padding is None else run.mask[:, part],
            d_outputs=run.d_outputs[:, part],
            d_final=run.d_final if last else nothing if len(nothing) > 1 else nothing[0],
        )
        assert_close(whole.x[:, part], piece.gradients.x, 1e-12)
        expected = [total + array for total, array in zip(expected, piece.gradients.arrays(), strict=True)]
        if start == 0:
            for ours, theirs in zip(states(whole.h0), states(piece.gradients.h0), strict=True):
                assert_close(ours, theirs, 1e-12)
        state = piece.final
    for ours, theirs in zip(whole.arrays(), expected, strict=True):
        assert_close(ours, theirs, 1e-12)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(whole.arrays(), run.gradients.arrays(), strict=True))


@pytest.mark.parametrize("window", [T, T + 5])
@pytest.mark.parametrize("cell", CELLS)
def test_a_window_as_long_as_the_sequence_truncates_nothing(cell, window):
    run = draw_run([0, 12], cell, T=T, **STRUCTURE)
    assert all(np.array_equal(a, b) for a, b in zip(flat(truncated(run, window)), flat(run.gradients), strict=True))


@pytest.mark.needs("torch")
@pytest.mark.parametrize("window", [1, 4])
def test_it_is_what_pytorch_gives_with_the_state_detached(window):
    import torch

    run = draw_run([1, 12], "keep, after", T=T)
    H = run.network.hidden_size
    module = torch.nn.GRU(run.network.input_size, H, batch_first=True, dtype=torch.float64)
    swap = np.r_[H : 2 * H, :H, 2 * H : 3 * H]  # z, r, n to PyTorch's r, z, n; the swap is its own inverse
    with torch.no_grad():
        for parameter, array in zip(module.parameters(), run.network.arrays(), strict=True):
            parameter.copy_(torch.tensor(array[..., swap].T))
    x, h0 = torch.tensor(run.x, requires_grad=True), torch.tensor(run.h0, requires_grad=True)
    state, loss = h0, 0.0
    for start in range(0, T, window):
        outputs, state = module(x[:, start : start + window], state if start == 0 else state.detach())
        loss = loss + (outputs * torch.tensor(run.d_outputs[:, start : start + window])).sum()
    (loss + (state * torch.tensor(run.d_final)).sum()).backward()
    ours = truncated(run, window)
    assert_close(ours.x, x.grad.numpy(), 1e-12)
    assert_close(ours.h0, h0.grad.numpy(), 1e-12)
    for array, parameter in zip(ours.arrays(), module.parameters(), strict=True):
        assert_close(array, parameter.grad.numpy().T[..., swap], 1e-12)


@pytest.mark.parametrize("window", [0, -1, 2.0, True, "4"])
def test_a_window_that_is_no_positive_integer_is_refused(window):
    run = draw_run(0, "keep, after")
    with pytest.raises(ValueError, match=f"window must be a positive integer, got {window!r}"):
        truncated(run, window)


@pytest.mark.parametrize("structure", [name for name, options in STRUCTURES.items() if "num_layers" not in options][1:])
def test_a_network_that_reads_backward_has_no_windows(structure):
    run = draw_run(0, "keep, after", **STRUCTURES[structure])
    with pytest.raises(ValueError, match="window needs a network that only reads forward in time"):
        truncated(run, 2)
