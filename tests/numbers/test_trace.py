"""What a trace holds of a run, and what memory reads from it: half-lives and connectivity."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_ref import GRU, LSTM, RNN, connectivity, half_life
from tests.numbers.drawn_runs import CELLS, CONVENTIONS, assert_close, draw_run


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("cell", CONVENTIONS)
def test_a_trace_of_a_gru_holds_what_its_equations_give_in_the_order_of_time(cell, reverse):
    run = draw_run([0, 18], cell, T=7, reverse=reverse)
    network, trace = run.network, run.trace
    z, r, n = (network.parameters[0][0].block(block) for block in range(3))
    assert_close(trace.z, sigmoid(run.x @ z.W + z.b_input + trace.h_prev @ z.U + z.b_recurrent), 1e-14)
    assert_close(trace.r, sigmoid(run.x @ r.W + r.b_input + trace.h_prev @ r.U + r.b_recurrent), 1e-14)
    if network.reset == "after":
        recurrent = trace.r * (trace.h_prev @ n.U + n.b_recurrent)
    else:
        recurrent = (trace.r * trace.h_prev) @ n.U + n.b_recurrent
    assert_close(trace.candidate, np.tanh(run.x @ n.W + n.b_input + recurrent), 1e-13)
    kept = trace.z if network.polarity == "keep" else 1 - trace.z
    assert_close(trace.h, kept * trace.h_prev + (1 - kept) * trace.candidate, 1e-14)
    # Each state is the next step's state before, and the first is the initial one.
    h, h_prev = (array[:, ::-1] if reverse else array for array in (trace.h, trace.h_prev))
    assert np.array_equal(h_prev[:, 1:], h[:, :-1]) and np.array_equal(h_prev[:, 0], run.h0[0])
    assert np.array_equal(trace.h, trace.outputs) and np.array_equal(trace.x, run.x)
    assert trace.mask is None and trace.network is network


def test_a_trace_of_an_lstm_and_of_a_plain_network():
    run = draw_run([0, 19], "LSTM", T=5)
    trace = run.trace
    for block, (field, function) in enumerate(zip("ifgo", (sigmoid, sigmoid, np.tanh, sigmoid), strict=True)):
        one = run.network.parameters[0][0].block(block)
        a = run.x @ one.W + one.b_input + trace.h_prev @ one.U + one.b_recurrent
        assert_close(getattr(trace, field), function(a), 1e-14)
    c_prev = np.concatenate([run.h0[1][0][:, None], trace.c[:, :-1]], axis=1)
    assert_close(trace.c, trace.f * c_prev + trace.i * trace.g, 1e-14)
    assert_close(trace.h, trace.o * np.tanh(trace.c), 1e-14)
    assert np.array_equal(trace.final[1][0], trace.c[:, -1])

    run = draw_run([0, 19], "RNN", T=5)
    W, U, b_input, b_recurrent = run.network.parameters[0][0]
    assert_close(run.trace.h, np.tanh(run.x @ W + b_input + run.trace.h_prev @ U + b_recurrent), 1e-13)


def test_layers_and_directions_have_traces_of_their_own():
    run = draw_run([0, 20], "keep, after", num_layers=2, bidirectional=True, T=6)
    trace, (B, T, _), H = run.trace, run.x.shape, run.network.hidden_size
    assert [len(layer) for layer in trace.layers] == [2, 2]
    for layer, width in zip(trace.layers, (run.network.input_size, 2 * H), strict=True):
        for one in layer:
            assert one.x.shape == (B, T, width)
            for field in ("z", "r", "candidate", "h", "h_prev"):
                assert getattr(one, field).shape == (B, T, H)
    assert np.array_equal(trace.layers[1][0].x, np.concatenate([one.h for one in trace.layers[0]], axis=2))
    assert np.array_equal(trace.outputs, np.concatenate([one.h for one in trace.layers[1]], axis=2))
    assert not hasattr(trace, "z")
    with pytest.raises(AttributeError, match=r"2 layer\(s\) of 2 direction\(s\): say which, layers\[layer\]\[dir"):
        trace.z  # noqa: B018


@pytest.mark.parametrize(("cell", "fields"), [("keep, after", ["z", "r", "candidate"]), ("LSTM", list("ifgo"))])
def test_at_masked_steps_there_is_no_gate_and_the_state_stays(cell, fields):
    run = draw_run([0, 21], cell, padding="gaps", T=6)
    trace, skipped = run.trace, ~run.mask
    for field in fields:
        assert np.isnan(getattr(trace, field)[skipped]).all()
        assert np.isfinite(getattr(trace, field)[run.mask]).all()
    assert np.array_equal(trace.h[skipped], trace.h_prev[skipped])
    assert not trace.x[skipped].any()
    assert np.array_equal(trace.mask, run.mask)


def test_a_field_that_a_network_does_not_have_is_named():
    trace = RNN(2, 3, rng=0).trace(np.zeros((1, 2, 2)))
    with pytest.raises(AttributeError, match="a trace of this network has no 'z'"):
        trace.z  # noqa: B018
    assert not hasattr(trace, "_private")


@pytest.mark.parametrize("network", [GRU, LSTM, RNN])
def test_a_trace_cannot_be_written(network):
    trace = network(2, 3, rng=0).trace(np.zeros((1, 2, 2)))
    for array in (trace.outputs, trace.h, trace.h_prev, trace.x, *(step for step in trace.steps)):
        with pytest.raises(ValueError, match="read-only"):
            array += 1


@pytest.mark.parametrize("polarity", ["keep", "update"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_half_life_is_the_number_of_steps_to_one_half(polarity, dtype):
    kept = np.array([0.0, 0.5, 0.5**0.5, 0.5**0.1, 0.5 ** (1 / 64), 1.0])
    z = (kept if polarity == "keep" else 1 - kept).astype(dtype)
    steps = half_life(z, polarity)
    assert steps.dtype == dtype and steps.shape == z.shape
    np.testing.assert_allclose(steps, [0, 1, 2, 10, 64, np.inf], rtol=100 * np.finfo(dtype).eps)


def test_a_half_life_takes_scalars_lists_and_integers():
    assert half_life(0.5) == 1
    assert half_life([[0, 1]]).tolist() == [[0, np.inf]]
    assert half_life([[0, 1]], "update").tolist() == [[np.inf, 0]]
    assert half_life([True, False]).dtype == np.float64
    assert math.isnan(half_life(np.nan))
    assert half_life(1e-30, "update") == pytest.approx(math.log(2) * 1e30)  # 1 - z alone would be 1


@pytest.mark.parametrize("z", [-0.1, 1.1, np.inf])
def test_a_half_life_of_what_is_no_gate_is_refused(z):
    with pytest.raises(ValueError, match=r"z must lie in \[0, 1\]: it is a gate's value, not its pre-activation"):
        half_life([0.5, z])


def test_a_half_life_needs_a_polarity_it_knows():
    with pytest.raises(ValueError, match='polarity must be "keep" or "update", got \'forget\''):
        half_life(0.5, "forget")


@given(st.integers(0, 2**32 - 1), st.sampled_from(CONVENTIONS), st.sampled_from([None, "gaps"]))
def test_over_time_it_is_that_of_the_product_of_what_is_kept(seed, cell, padding):
    run = draw_run(seed, cell, padding=padding)
    kept = run.trace.z if run.network.polarity == "keep" else 1 - run.trace.z
    steps = (~np.isnan(kept)).sum(axis=1)
    product = np.nanprod(kept, axis=1)
    np.testing.assert_allclose(0.5 ** (steps / run.trace.half_life()), product, rtol=1e-8)


@pytest.mark.parametrize("polarity", ["keep", "update"])
@pytest.mark.parametrize(("towards", "expected"), [(1, np.inf), (-1, 0)])
def test_a_saturated_gate_has_a_half_life_of_infinity_or_zero(polarity, towards, expected):
    gru = GRU(2, 3, polarity=polarity, rng=0)
    gru.b_input[:3] = 1e4 * towards * (1 if polarity == "keep" else -1)
    assert np.array_equal(gru.trace(np.ones((2, 4, 2))).half_life(), np.full((2, 3), expected))


def test_without_a_step_that_counts_nothing_is_forgotten():
    trace = GRU(2, 3, rng=0).trace(np.zeros((2, 4, 2)), lengths=[0, 4])
    assert np.isinf(trace.half_life()[0]).all() and np.isfinite(trace.half_life()[1]).all()
    assert np.isinf(GRU(2, 3, rng=0).trace(np.zeros((1, 0, 2))).half_life()).all()


@pytest.mark.parametrize("cell", CELLS)
def test_connectivity_of_nothing_is_empty(cell):
    network = draw_run(0, cell).network
    assert connectivity(network, np.zeros((0, 3, network.input_size))).shape == (0, 3, 3)
    assert connectivity(network, np.zeros((2, 0, network.input_size))).shape == (2, 0, 0)


def test_connectivity_takes_lengths():
    run = draw_run([0, 22], "LSTM", T=4)
    lengths = [4, *[2] * (len(run.x) - 1)]
    found = connectivity(run.network, run.x, run.h0, lengths=lengths)
    assert found[0, 3, 3] > 0 and not found[1, :, 2:].any()
    assert np.array_equal(found[1, 3], found[1, 1])  # the last output again
