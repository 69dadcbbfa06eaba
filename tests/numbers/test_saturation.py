"""Gates far from 1/2: accurate relative to their own size, not only to 1."""

import numpy as np
import pytest

from gru_ref import GRU, LSTM


def gates_and_gradients(network, bias):
    """The smallest gates of a run with every bias of the gates at `bias`, and the gradients of the sum of outputs."""
    rng = np.random.default_rng(0)
    gates = np.r_[0:8] if isinstance(network, GRU) else np.r_[0:8, 12:16]
    network.b_input[gates] = bias
    trace = network.trace(rng.standard_normal((2, 5, 2)))
    return trace, network.backward(trace, np.ones_like(trace.outputs))


@pytest.mark.parametrize("bias", [-12.0, -20.0, -40.0, -300.0])
@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_nearly_shut_gate_is_exact_relative_to_its_value(reset, bias):
    gru = GRU(2, 4, reset=reset, rng=0)
    trace, _ = gates_and_gradients(gru, bias)
    a = trace.x @ gru.W[:, :8] + trace.h_prev @ gru.U[:, :8] + gru.b_input[:8] + gru.b_recurrent[:8]
    # Here 1 + exp(a) is 1 to rounding (or exactly representable by log1p), so that log z = a - log(1 + exp(a)).
    log_gates = a - np.log1p(np.exp(a))
    np.testing.assert_allclose(np.log(np.concatenate([trace.z, trace.r], axis=2)), log_gates, rtol=1e-15, atol=1e-13)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("bias", [-12.0, -20.0, -40.0])
def test_gradients_through_nearly_shut_gates_equal_torchs_block_by_block(bias):
    import torch

    gru = GRU(2, 4, rng=0)
    _, gradients = gates_and_gradients(gru, bias)
    theirs = gru.to_torch()
    x = np.random.default_rng(0).standard_normal((2, 5, 2))
    theirs(torch.from_numpy(x))[0].sum().backward()
    r, z, n = np.split(theirs.weight_ih_l0.grad.numpy().T, 3, axis=1)
    for ours, block in zip(np.split(gradients.W, 3, axis=1), (z, r, n), strict=True):
        assert np.abs(ours - block).max() <= 1e-12 * np.abs(block).max()


@pytest.mark.parametrize("network", [GRU(2, 4, rng=0), LSTM(2, 4, rng=0)], ids=["GRU", "LSTM"])
@pytest.mark.parametrize("bias", [-1000.0, 1000.0])
def test_a_gate_beyond_every_range_is_0_or_1_without_a_warning(network, bias, recwarn):
    trace, _ = gates_and_gradients(network, bias)
    gate = trace.z if isinstance(network, GRU) else trace.f
    assert np.array_equal(gate, np.full_like(gate, float(bias > 0)))
    assert not recwarn.list
