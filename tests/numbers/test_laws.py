"""Laws that hold for every recurrent network of gru_ref, whatever its weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_ref import GRU, gru_cell, sigmoid
from tests.numbers.drawn_runs import (
    CELLS,
    CONVENTIONS,
    PADDINGS,
    STRUCTURES,
    assert_close,
    draw_run,
    states,
)

SEEDS = st.integers(0, 2**32 - 1)
cells, conventions = st.sampled_from(list(CELLS)), st.sampled_from(CONVENTIONS)
structures = st.sampled_from(list(STRUCTURES.values()))
FLOATS = [np.float32, np.float64]
# The largest pre-activations at which a gate must not be rounded to 0 or 1.
BOUNDS = {np.float32: 15, np.float64: 30}


def assert_states_equal(ours, theirs, tolerance):
    for one, other in zip(states(ours), states(theirs), strict=True):
        assert_close(one, other, tolerance)


def assert_gradients_equal(ours, theirs, tolerance):
    assert_close(ours.x, theirs.x, tolerance)
    assert_states_equal(ours.h0, theirs.h0, tolerance)
    for one, other in zip(ours.arrays(), theirs.arrays(), strict=True):
        assert_close(one, other, tolerance)


def test_every_float32_from_8_to_15_has_a_sigmoid_strictly_inside_that_never_falls():
    first, last = np.array([8, 15], np.float32).view(np.int32)
    for start in range(first, last, 1 << 20):
        a = np.arange(start, min(start + (1 << 20), last) + 1, dtype=np.int32).view(np.float32)
        for value in (sigmoid(a), sigmoid(-a)[::-1]):
            assert value[0] > 0 and value[-1] < 1
            assert np.all(np.diff(value) >= 0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_gates_lie_in_zero_one_strictly_where_the_pre_activation_is_not_extreme(dtype):
    @given(SEEDS, conventions, st.floats(0.1, 100))
    def law(seed, cell, scale):
        run = draw_run(seed, cell, scale=scale, dtype=dtype)
        trace, H = run.trace, run.network.hidden_size
        W, U, b_input, b_recurrent = (array.astype(np.float64) for array in run.network.parameters[0][0])
        a = run.x @ W + b_input + trace.h_prev @ U + b_recurrent
        for gate, block in ((trace.z, a[..., :H]), (trace.r, a[..., H : 2 * H])):
            assert gate.dtype == dtype
            assert np.all((gate >= 0) & (gate <= 1))
            within = np.abs(block) <= BOUNDS[dtype]
            assert np.all((gate[within] > 0) & (gate[within] < 1))

    law()


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_state_stays_in_minus_one_one(dtype):
    @given(SEEDS, cells, structures, st.floats(0.1, 1e4), st.sampled_from([0.0, 1.0, -1.0]))
    def law(seed, cell, structure, scale, corner):
        run = draw_run(seed, cell, T=20, scale=scale, dtype=dtype, **structure)
        h0 = states(run.h0)
        h0[0] = np.full_like(h0[0], corner) if corner else h0[0]
        outputs, final = run.network(run.x, tuple(h0) if len(h0) > 1 else h0[0])
        assert outputs.dtype == dtype
        assert np.abs(outputs).max() <= 1 and np.abs(states(final)[0]).max() <= 1

    law()


@given(SEEDS, conventions, st.booleans())
def test_at_its_limits_the_update_gate_keeps_the_state_or_writes_the_candidate(seed, cell, kept):
    run = draw_run(seed, cell)
    H, towards = run.network.hidden_size, kept == (run.network.polarity == "keep")
    run.network.b_input[:H] = 1e4 if towards else -1e4
    assert np.all(run.trace.z == (1 if towards else 0))
    expected = np.broadcast_to(run.h0[0][:, None], run.outputs.shape) if kept else run.trace.candidate
    np.testing.assert_allclose(run.outputs, expected, rtol=0, atol=1e-14)


@given(SEEDS, conventions)
def test_a_shut_reset_gate_hides_the_state_from_the_candidate(seed, cell):
    run = draw_run(seed, cell)
    W, _, b_input, b_recurrent = run.network.parameters[0][0].block(2)
    run.network.b_input[run.network.hidden_size :][: run.network.hidden_size] = -1e4
    # Before the product r hides the state alone, after it the recurrent bias as well.
    hidden = 0 if run.network.reset == "after" else b_recurrent
    assert_close(run.trace.candidate, np.tanh(run.x @ W + b_input + hidden), 1e-14)


@given(SEEDS, conventions, structures)
def test_negating_the_update_gates_block_exchanges_the_polarities(seed, cell, structure):
    run = draw_run(seed, cell, **structure)
    other = "update" if run.network.polarity == "keep" else "keep"

    def negated(nested):
        signs = np.repeat([-1.0, 1.0, 1.0], run.network.hidden_size)
        return [[tuple(array * signs for array in one) for one in layer] for layer in nested]

    flipped = run.but(
        network=GRU.from_parameters(
            negated(run.network.parameters), polarity=other, reset=run.network.reset, reverse=run.network.reverse
        )
    )
    assert_close(flipped.outputs, run.outputs, 1e-13)
    assert_close(flipped.gradients.x, run.gradients.x, 1e-12)
    assert_close(flipped.gradients.h0, run.gradients.h0, 1e-12)
    for ours, theirs in zip(negated(flipped.gradients.parameters), run.gradients.parameters, strict=True):
        for one, expected in zip(ours, theirs, strict=True):
            for array, wanted in zip(one, expected, strict=True):
                assert_close(array, wanted, 1e-12)
    if not structure:
        np.testing.assert_allclose(flipped.trace.z, 1 - run.trace.z, rtol=0, atol=1e-13)


@given(SEEDS, cells, st.sampled_from([1, 3]))
def test_step_by_step_is_the_same_as_all_at_once(seed, cell, layers):
    run = draw_run(seed, cell, num_layers=layers)
    state = run.h0
    for t in range(run.x.shape[1]):
        output, state = run.network(run.x[:, t : t + 1], state)
        assert_close(output[:, 0], run.outputs[:, t], 1e-13)
    assert_states_equal(state, run.final, 1e-13)


@given(SEEDS, cells, structures, st.sampled_from([None, *PADDINGS]))
def test_rows_of_a_batch_do_not_see_each_other(seed, cell, structure, padding):
    run = draw_run(seed, cell, padding=padding, **structure)
    total = 0
    for row in range(len(run.x)):
        rows = slice(row, row + 1)
        h0, d_final = (
            tuple(array[:, rows] for array in value) if isinstance(value, tuple) else value[:, rows]
            for value in (run.h0, run.d_final)
        )
        alone = run.but(
            x=run.x[rows],
            h0=h0,
            mask=None if padding is None else run.mask[rows],
            d_outputs=run.d_outputs[rows],
            d_final=d_final,
        )
        assert_close(alone.outputs, run.outputs[rows], 1e-13)
        assert_states_equal(alone.final, tuple(array[:, rows] for array in states(run.final)), 1e-13)
        assert_close(alone.gradients.x, run.gradients.x[rows], 1e-11)
        total = total + alone.gradients.arrays()[1]
    assert_close(total, run.gradients.arrays()[1], 1e-11)


@given(SEEDS, cells, structures, st.sampled_from(PADDINGS), st.sampled_from(["carry", "zero"]))
def test_a_masked_step_is_a_step_that_is_not_there(seed, cell, structure, padding, masked_output):
    run = draw_run(seed, cell, padding=padding, masked_output=masked_output, **structure)
    # The loss reads outputs only where a step counts, so that both losses are the same.
    run = run.but(d_outputs=np.where(run.mask[..., None], run.d_outputs, 0))
    total = 0
    for row, mask in enumerate(run.mask):
        short = run.but(
            x=run.x[row : row + 1, mask],
            h0=_row(run.h0, row),
            mask=None,
            d_outputs=run.d_outputs[row : row + 1, mask],
            d_final=_row(run.d_final, row),
        )
        assert_close(run.outputs[row, mask], short.outputs[0], 1e-13)
        assert_states_equal(_row(run.final, row), short.final, 1e-13)
        assert_close(run.gradients.x[row, mask], short.gradients.x[0], 1e-11)
        assert not run.gradients.x[row, ~mask].any()
        assert_states_equal(_row(run.gradients.h0, row), short.gradients.h0, 1e-11)
        total = total + short.gradients.arrays()[0]
    assert_close(run.gradients.arrays()[0], total, 1e-11)


def _row(value, row):
    """One row's states, still (L*D, 1, H)."""
    rows = tuple(array[:, row : row + 1] for array in states(value))
    return rows if len(rows) > 1 else rows[0]


@given(SEEDS, cells, st.sampled_from([{}, {"num_layers": 2}, {"bidirectional": True}]))
def test_reading_backward_is_turning_time_around_and_twice_is_forward(seed, cell, structure):
    run = draw_run(seed, cell, padding="gaps", reverse=True, **structure)
    forward = draw_run(seed, cell, padding="gaps", **structure)
    assert all(np.array_equal(a, b) for a, b in zip(run.network.arrays(), forward.network.arrays(), strict=True))
    turned = run.but(x=run.x[:, ::-1], mask=run.mask[:, ::-1], d_outputs=run.d_outputs[:, ::-1])
    assert not np.allclose(run.outputs, forward.outputs)
    assert np.array_equal(turned.outputs[:, ::-1], forward.outputs)
    assert_states_equal(turned.final, forward.final, 0)
    assert_close(turned.gradients.x[:, ::-1], forward.gradients.x, 1e-12)
    for ours, theirs in zip(turned.gradients.arrays(), forward.gradients.arrays(), strict=True):
        assert_close(ours, theirs, 1e-12)


@given(SEEDS, cells)
def test_two_directions_are_two_networks_side_by_side(seed, cell):
    run = draw_run(seed, cell, bidirectional=True)
    H, options = run.network.hidden_size, CELLS[cell][1]
    for direction, parameters in enumerate(run.network.parameters[0]):
        columns = slice(direction * H, (direction + 1) * H)
        alone = type(run.network).from_parameters(parameters, reverse=direction == 1, **options)
        outputs, final = alone(run.x, _layer(run.h0, direction))
        assert np.array_equal(outputs, run.outputs[..., columns])
        assert_states_equal(final, _layer(run.final, direction), 0)


@given(SEEDS, cells)
def test_layers_are_networks_one_above_the_other(seed, cell):
    run = draw_run(seed, cell, num_layers=3)
    below = run.x
    for layer, (parameters,) in enumerate(run.network.parameters):
        alone = type(run.network).from_parameters(parameters, **CELLS[cell][1])
        below, final = alone(below, _layer(run.h0, layer))
        assert_states_equal(final, _layer(run.final, layer), 0)
    assert np.array_equal(below, run.outputs)


def _layer(value, layer):
    """One layer's and direction's states, still (1, B, H)."""
    rows = tuple(array[layer : layer + 1] for array in states(value))
    return rows if len(rows) > 1 else rows[0]


@given(SEEDS)
def test_the_convention_of_the_chapters_is_the_column_form_cell_over_time(seed):
    run = draw_run(seed, "update, before")
    gru = GRU.slides(run.network.input_size, run.network.hidden_size)
    assert (gru.polarity, gru.reset) == ("update", "before")
    for array, drawn in zip(gru.arrays(), run.network.arrays(), strict=True):
        array[:] = drawn
    blocks = [gru.parameters[0][0].block(index) for index in range(3)]
    W, U = [block.W.T for block in blocks], [block.U.T for block in blocks]
    b = [(block.b_input + block.b_recurrent)[:, None] for block in blocks]
    outputs, final = gru(run.x, run.h0)
    h = run.h0[0].T
    for t in range(run.x.shape[1]):
        h = gru_cell(run.x[:, t].T, h, W, U, b)
        np.testing.assert_allclose(outputs[:, t], h.T, rtol=0, atol=1e-13)
    np.testing.assert_allclose(final[0], h.T, rtol=0, atol=1e-13)


@given(SEEDS, cells, structures)
def test_float32_stays_float32_and_differs_by_rounding_alone(seed, cell, structure):
    # Small weights, for with large ones a network enlarges differences in rounding from step to step.
    run = draw_run(seed, cell, padding="gaps", scale=0.3, dtype=np.float32, **structure)
    wide = run.network.from_parameters(
        [[one.astype(np.float64) for one in layer] for layer in run.network.parameters],
        reverse=run.network.reverse,
        **CELLS[cell][1],
    )
    wide = run.but(network=wide, x=run.x.astype(np.float64))
    assert run.outputs.dtype == np.float32 and wide.outputs.dtype == np.float64
    assert all(array.dtype == np.float32 for array in states(run.final))
    for one in (one for layer in run.trace.layers for one in layer):
        assert all(getattr(one, field).dtype == np.float32 for field in ("x", "h", "h_prev"))
    for array in (run.gradients.x, *states(run.gradients.h0), *run.gradients.arrays()):
        assert array.dtype == np.float32
    epsilon = np.finfo(np.float32).eps
    assert_close(run.outputs, wide.outputs, 20 * epsilon)
    assert_gradients_equal(run.gradients, wide.gradients, 200 * epsilon)


@given(SEEDS, cells, structures, st.sampled_from([None, *PADDINGS]))
def test_a_call_gives_what_a_trace_holds_and_changes_no_argument(seed, cell, structure, padding):
    run = draw_run(seed, cell, padding=padding, **structure)
    arguments = [run.x, *states(run.h0), run.d_outputs, *states(run.d_final), *run.network.arrays()]
    before = [array.copy() for array in arguments]
    outputs, final = run.network(run.x, run.h0, mask=run.mask)
    assert_close(outputs, run.outputs, 1e-14)
    assert_states_equal(final, run.final, 1e-14)
    assert run.gradients.x.shape == run.x.shape
    assert all(np.array_equal(a, b) for a, b in zip(arguments, before, strict=True))


@given(SEEDS, cells)
def test_how_the_input_lies_in_memory_makes_no_difference(seed, cell):
    run = draw_run(seed, cell, T=6)
    for x in (
        np.asfortranarray(run.x),
        run.x.swapaxes(0, 1).copy().swapaxes(0, 1),
        np.repeat(run.x, 2, axis=2)[..., ::2],
    ):
        x.flags.writeable = False
        assert_close(run.network(x, run.h0)[0], run.outputs, 1e-14)
        assert_close(run.but(x=x).gradients.x, run.gradients.x, 1e-13)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("polarity", ["keep", "update"])
def test_a_unit_that_writes_nothing_holds_its_state_to_the_bit_for_a_thousand_steps(polarity, reset, dtype):
    rng = np.random.default_rng(7)
    gru = GRU(2, 5, polarity=polarity, reset=reset, rng=rng, dtype=dtype)
    gru.b_input[:5] = 100 if polarity == "keep" else -100
    h0 = rng.uniform(-1, 1, (1, 3, 5)).astype(dtype)
    outputs, final = gru(rng.standard_normal((3, 1000, 2)).astype(dtype), h0)
    assert np.array_equal(final, h0)
    assert np.array_equal(outputs, np.repeat(h0[0][:, None], 1000, axis=1))
