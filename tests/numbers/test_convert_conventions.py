"""Polarity, the place of the reset gate, and the column form: what is the same function, and what is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gru_ref import GRU, gru_cell
from gru_ref.conventions import Convention
from gru_ref.convert import arrange, restore
from tests.numbers.converter_cases import assert_near, assert_same_bits, draw_input, draw_network

SEEDS = st.integers(0, 2**32 - 1)
POLARITIES = st.sampled_from(["keep", "update"])
RESETS = st.sampled_from(["after", "before"])
OTHER = {"keep": "update", "update": "keep", "after": "before", "before": "after"}


def make_diagonal(gru):
    """Make U_n diagonal everywhere, and the recurrent bias of the candidate zero."""
    for layer in gru.parameters:
        for one in layer:
            n = one.block(2)
            n.U[...] = np.diag(np.diagonal(n.U))
            n.b_recurrent[...] = 0


@given(SEEDS, POLARITIES, RESETS, st.integers(1, 3), st.booleans(), st.booleans())
def test_the_polarity_changes_and_the_function_does_not(seed, polarity, reset, num_layers, bidirectional, reverse):
    options = {"num_layers": num_layers, "bidirectional": bidirectional, "reverse": reverse, "masked_output": "zero"}
    gru = draw_network(seed, polarity=polarity, reset=reset, **options)
    other = gru.to_polarity(OTHER[polarity])
    assert (other.polarity, other.reset, other.reverse, other.masked_output) == (
        OTHER[polarity],
        reset,
        reverse,
        "zero",
    )
    x, h0 = draw_input(gru, seed)
    for theirs, ours in zip(other(x, h0), gru(x, h0), strict=True):
        assert_near(theirs, ours, 1e-12)
    assert_same_bits(other.to_polarity(polarity), gru)


def test_only_the_update_gate_changes_its_sign():
    gru = draw_network(0)
    other = gru.to_polarity("update")
    for ours, theirs in zip(gru.parameters[0][0], other.parameters[0][0], strict=True):
        z, rest = np.split(ours, [gru.hidden_size], axis=-1)
        np.testing.assert_array_equal(theirs, np.concatenate([-z, rest], axis=-1))


@pytest.mark.parametrize(("method", "value"), [("to_polarity", "keep"), ("to_reset", "after")])
def test_a_conversion_to_what_it_is_gives_a_network_of_its_own(method, value):
    gru = draw_network(1)
    same = getattr(gru, method)(value)
    assert_same_bits(same, gru)
    same.W[:] = 0
    assert gru.W.any()


@given(SEEDS, RESETS)
def test_reset_before_and_after_are_different_functions(seed, reset):
    gru = draw_network(seed, reset=reset)
    with pytest.raises(ValueError, match="are different functions, and no weights turn one into the other"):
        gru.to_reset(OTHER[reset])
    # The error is right: with the same parameters the other gate gives something else.
    x, h0 = draw_input(gru, seed)
    other = GRU.from_parameters(gru.parameters, polarity="keep", reset=OTHER[reset])
    assert np.abs(other(x, h0)[0] - gru(x, h0)[0]).max() > 1e-4


@given(SEEDS, RESETS, POLARITIES, st.booleans())
def test_a_diagonal_product_lets_the_reset_gate_through(seed, reset, polarity, bidirectional):
    gru = draw_network(seed, reset=reset, polarity=polarity, bidirectional=bidirectional)
    make_diagonal(gru)
    other = gru.to_reset(OTHER[reset])
    assert (other.reset, other.polarity) == (OTHER[reset], polarity)
    x, h0 = draw_input(gru, seed)
    for theirs, ours in zip(other(x, h0), gru(x, h0), strict=True):
        assert_near(theirs, ours, 1e-12)
    assert_same_bits(other.to_reset(reset), gru)


@given(SEEDS)
def test_with_one_unit_the_two_differ_by_the_recurrent_bias_alone(seed):
    rng = np.random.default_rng(seed)
    gru = GRU(2, 1, reset="after")
    for array in gru.arrays():
        array[:] = rng.standard_normal(array.shape)
    with pytest.raises(ValueError, match="n block of b_recurrent is zero"):
        gru.to_reset("before")
    gru.b_recurrent[2:] = 0
    x, h0 = draw_input(gru, seed)
    assert_near(gru.to_reset("before")(x, h0)[0], gru(x, h0)[0], 1e-12)


@given(SEEDS)
def test_from_before_the_candidates_two_biases_merge(seed):
    gru = draw_network(seed, reset="before")
    n = gru.parameters[0][0].block(2)
    n.U[...] = np.diag(np.diagonal(n.U))
    after = gru.to_reset("after")
    assert not after.parameters[0][0].block(2).b_recurrent.any()
    x, h0 = draw_input(gru, seed)
    assert_near(after(x, h0)[0], gru(x, h0)[0], 1e-12)


def test_one_layer_that_cannot_be_converted_is_enough_for_an_error():
    gru = draw_network(2, num_layers=2)
    make_diagonal(gru)
    gru.parameters[1][0].block(2).U[0, 1] = 1e-3
    with pytest.raises(ValueError, match="U_n is diagonal"):
        gru.to_reset("before")


@given(SEEDS, POLARITIES, RESETS, st.permutations("zrn"), st.booleans())
def test_any_order_of_the_blocks_is_laid_out_and_read_again(seed, polarity, reset, order, transposed):
    """The systems exchange two blocks or none, which looks the same in both directions; a cycle does not."""
    convention = Convention(polarity, reset, tuple(order), transposed, biases=2)
    gru = draw_network(seed, polarity=polarity, reset=reset)
    parameters = gru.parameters[0][0]
    W, U, biases = arrange(parameters, polarity, reset, convention)
    blocks = np.split(W, 3, axis=0 if transposed else 1)
    for block, name in zip(blocks, order, strict=True):
        expected = parameters.block("zrn".index(name)).W
        np.testing.assert_array_equal(block.T if transposed else block, expected)
    restored = restore(W, U, biases, convention)
    assert_same_bits(GRU.from_parameters(restored, polarity=polarity, reset=reset), gru)


@given(SEEDS, POLARITIES)
def test_the_columns_go_through_the_cell_of_the_chapters(seed, polarity):
    gru = draw_network(seed, polarity=polarity, reset="before")
    x, h0 = draw_input(gru, seed)
    h, states = h0[0].T, []
    columns = gru.to_columns()
    for t in range(x.shape[1]):
        h = gru_cell(x[:, t].T, h, *columns)
        states.append(h.T)
    assert_near(np.stack(states, axis=1), gru(x, h0)[0], 1e-12)


@given(SEEDS, st.sampled_from([np.float32, np.float64]))
def test_columns_come_back_to_the_bit(seed, dtype):
    rng = np.random.default_rng(seed)
    H = rng.integers(2, 10)
    shapes = ((3, H, rng.integers(1, 8)), (3, H, H), (3, H, 1))
    columns = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    gru = GRU.from_columns(*columns)
    assert (gru.polarity, gru.reset, gru.dtype) == ("update", "before", dtype)
    for ours, theirs in zip(gru.to_columns(), columns, strict=True):
        assert ours.tobytes() == theirs.tobytes() and ours.shape == theirs.shape and ours.dtype == dtype


@given(SEEDS)
def test_a_network_with_one_bias_comes_back_from_columns_to_the_bit(seed):
    gru = draw_network(seed, biases=1, polarity="update", reset="before")
    assert_same_bits(GRU.from_columns(*gru.to_columns()), gru)


def test_columns_may_be_lists_and_are_checked_as_in_the_cell():
    W, U, b = [[[1.0]], [[2.0]], [[3.0]]], [[[4]], [[5]], [[6]]], [[[7]], [[8]], [[9]]]
    gru = GRU.from_columns(W, U, b)
    assert gru.W.tolist() == [[1, 2, 3]] and gru.b_input.tolist() == [7, 8, 9] and not gru.b_recurrent.any()
    with pytest.raises(ValueError, match="U must hold three blocks"):
        GRU.from_columns(W, U[:2], b)
    with pytest.raises(ValueError, match=r"b_h must have shape \(H, 1\) with H = 1, got \(1,\)"):
        GRU.from_columns(W, U, [*b[:2], [9]])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"num_layers": 2}, "one layer in one direction; this network has 2 layer"),
        ({"bidirectional": True}, r"1 layer\(s\) of 2 direction"),
        ({"reverse": True}, "reverse=False, give the result x flipped in time"),
    ],
)
def test_what_columns_cannot_say_is_refused(options, told):
    with pytest.raises(ValueError, match=told):
        GRU.slides(2, 3, rng=0, **options).to_columns()
    with pytest.raises(ValueError, match='cannot be had with reset "before"'):
        GRU(2, 3, rng=0).to_columns()


def test_the_advice_for_reading_backward_is_right():
    backward = draw_network(3, reverse=True, bidirectional=True)
    forward = GRU.from_parameters(backward.parameters, polarity="keep", reset="after")
    x, h0 = draw_input(backward, 3)
    outputs, final = forward(x[:, ::-1], h0)
    assert_near(outputs[:, ::-1], backward(x, h0)[0], 1e-12)
    assert_near(final, backward(x, h0)[1], 1e-12)
