"""Laws of the cell's equations, then numbers computed by hand, then what a wrong call is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gru_ref import candidate_state, gate_gradient, gru_cell, new_state, reset_gate, sigmoid, update_gate

FLOATS = [np.float32, np.float64]
GATES = [(update_gate, "z"), (reset_gate, "r")]


@st.composite
def cells(draw, dtype=np.float64):
    """Inputs of one step: dense weights of size about 1, H >= 2, h_prev != 0."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    I, H, B = draw(st.integers(1, 5)), draw(st.integers(2, 6)), draw(st.integers(1, 4))

    def blocks(*shape):
        return [rng.standard_normal(shape).astype(dtype) for _ in range(3)]

    x, h_prev = rng.standard_normal((I, B)).astype(dtype), rng.uniform(-1, 1, (H, B)).astype(dtype)
    return x, h_prev, blocks(H, I), blocks(H, H), blocks(H, 1)


def finite(dtype, bound):
    width = np.dtype(dtype).itemsize * 8
    return arrays(dtype, st.integers(1, 20), elements=st.floats(-bound, bound, width=width))


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_neither_overflows_nor_warns_and_keeps_the_dtype(dtype):
    with np.errstate(all="raise"):
        value = sigmoid(np.array([-1e4, -100, 0, 100, 1e4], dtype=dtype))
    assert value.dtype == dtype
    assert value.tolist() == [0, sigmoid(dtype(-100)), 0.5, 1, 1]


@pytest.mark.parametrize(("dtype", "bound"), [(np.float32, 15), (np.float64, 30)])
def test_sigmoid_is_strictly_inside_zero_and_one(dtype, bound):
    @given(finite(dtype, bound))
    def law(a):
        value = sigmoid(a)
        assert np.all((value > 0) & (value < 1))

    law()


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_of_minus_a_is_one_minus_sigmoid_of_a(dtype):
    @given(finite(dtype, 1e4))
    def law(a):
        np.testing.assert_allclose(sigmoid(-a), 1 - sigmoid(a), rtol=0, atol=2 * np.finfo(dtype).eps)

    law()


@given(finite(np.float64, 30))
def test_sigmoid_agrees_with_the_plain_formula_and_never_falls(a):
    np.testing.assert_allclose(sigmoid(a), 1 / (1 + np.exp(-a)), rtol=0, atol=2 * np.finfo(np.float64).eps)
    assert np.all(np.diff(sigmoid(np.sort(a))) >= 0)


@pytest.mark.parametrize(("dtype", "lowest"), [(np.float32, -85), (np.float64, -700)])
def test_sigmoid_keeps_the_digits_of_small_values(dtype, lowest):
    a = np.linspace(lowest, 15, 500, dtype=dtype)
    exact = 1 / (1 + np.exp(-a.astype(np.longdouble)))
    np.testing.assert_allclose(sigmoid(a).astype(np.longdouble), exact, rtol=4 * np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize(("dtype", "one", "zero"), [(np.float32, 17, -104), (np.float64, 37, -746)])
def test_sigmoid_is_exactly_one_or_zero_from_where_its_description_says(dtype, one, zero):
    assert sigmoid(dtype([zero, one])).tolist() == [0, 1]
    inside = sigmoid(dtype([zero + 1, one - 1]))
    assert np.all((inside > 0) & (inside < 1))


def test_sigmoid_takes_integers_and_lists_as_float64():
    assert sigmoid([0, 0]).dtype == np.float64
    assert sigmoid(np.arange(3, dtype=np.int8)).dtype == np.float64


@given(cells())
def test_gates_lie_in_zero_one_and_the_state_stays_in_minus_one_one(cell):
    x, h_prev, W, U, b = cell
    for gate in (update_gate(x, h_prev, W[0], U[0], b[0]), reset_gate(x, h_prev, W[1], U[1], b[1])):
        assert np.all((gate >= 0) & (gate <= 1))
    assert np.all(np.abs(gru_cell(x, h_prev, W, U, b)) <= 1)


@given(cells())
def test_examples_of_a_batch_do_not_see_each_other(cell):
    x, h_prev, W, U, b = cell
    together = gru_cell(x, h_prev, W, U, b)
    alone = [gru_cell(x[:, [i]], h_prev[:, [i]], W, U, b) for i in range(x.shape[1])]
    np.testing.assert_allclose(together, np.hstack(alone), rtol=0, atol=1e-14)


@given(cells())
def test_a_shut_update_gate_keeps_and_an_open_one_writes(cell):
    x, h_prev, W, U, b = cell
    shut, open_ = [b[0] - 1e4, *b[1:]], [b[0] + 1e4, *b[1:]]
    assert np.array_equal(gru_cell(x, h_prev, W, U, shut), h_prev)
    r = reset_gate(x, h_prev, W[1], U[1], b[1])
    assert np.array_equal(gru_cell(x, h_prev, W, U, open_), candidate_state(x, h_prev, r, W[2], U[2], b[2]))


@given(cells())
def test_a_shut_reset_gate_hides_the_old_state_from_the_candidate(cell):
    x, h_prev, W, U, b = cell
    r = reset_gate(x, h_prev, W[1], U[1], b[1] - 1e4)
    np.testing.assert_allclose(
        candidate_state(x, h_prev, r, W[2], U[2], b[2]), np.tanh(W[2] @ x + b[2]), rtol=0, atol=1e-15
    )


@given(cells())
def test_negating_the_update_block_flips_the_polarity(cell):
    x, h_prev, W, U, b = cell
    keep = update_gate(x, h_prev, -W[0], -U[0], -b[0])
    r = reset_gate(x, h_prev, W[1], U[1], b[1])
    candidate = candidate_state(x, h_prev, r, W[2], U[2], b[2])
    np.testing.assert_allclose(keep * h_prev + (1 - keep) * candidate, gru_cell(x, h_prev, W, U, b), rtol=0, atol=1e-15)


@given(cells(np.float32))
def test_float32_stays_float32(cell):
    assert gru_cell(*cell).dtype == np.float32


@given(cells())
def test_no_argument_is_changed(cell):
    before = [np.copy(part) for part in (*cell[:2], *cell[2], *cell[3], *cell[4])]
    gru_cell(*cell)
    after = (*cell[:2], *cell[2], *cell[3], *cell[4])
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_one_step_by_hand():
    # z = sigmoid(0) = 1/2, r = sigmoid(ln 3) = 3/4, candidate = tanh(1 + 2 * 3/4 * 2) = tanh(4), h = (2 + tanh 4) / 2
    W, U, b = [[[0.0]], [[0.0]], [[1.0]]], [[[0.0]], [[0.0]], [[2.0]]], [[[0.0]], [[np.log(3.0)]], [[0.0]]]
    h = gru_cell([[1.0]], [[2.0]], W, U, b)
    assert h.item() == pytest.approx((2 + np.tanh(4)) / 2, abs=1e-15)


@settings(max_examples=25)
@given(cells(), st.sampled_from(["x", "h_prev", "W", "U", "b"]))
def test_the_gate_gradient_agrees_with_central_differences(cell, which):
    x, h_prev, W, U, b = cell
    inputs = {"x": x, "h_prev": h_prev, "W": W[0], "U": U[0], "b": b[0]}
    gate = update_gate(*inputs.values())
    weight = np.cos(np.arange(gate.size)).reshape(gate.shape)
    gradient = getattr(gate_gradient(weight, gate, x, h_prev, W[0], U[0]), which)
    assert gradient.shape == inputs[which].shape
    step = 1e-6
    numeric = np.zeros_like(gradient)
    for place in np.ndindex(gradient.shape):
        ends = []
        for sign in (1, -1):
            moved = {name: array.copy() for name, array in inputs.items()}
            moved[which][place] += sign * step
            ends.append(np.sum(weight * update_gate(*moved.values())))
        numeric[place] = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(gradient, numeric, rtol=0, atol=1e-8)


@pytest.mark.parametrize(("gate", "block"), GATES)
@pytest.mark.parametrize(
    ("argument", "value", "told"),
    [
        (0, np.zeros(2), r"x must have shape \(I, B\), got \(2,\); array.reshape\(-1, 1\)"),
        (1, np.zeros((3, 4)), r"h_prev must have shape \(H, B\) with B = 5, got \(3, 4\)"),
        (2, np.zeros((2, 3)), r"W_. must have shape \(H, I\) with H = 3, I = 2, got \(2, 3\); its transpose would fit"),
        (3, np.zeros((3, 2)), r"U_. must have shape \(H, H\) with H = 3, got \(3, 2\)"),
        (4, np.zeros(3), r"b_. must have shape \(H, 1\) with H = 3, got \(3,\); array.reshape\(-1, 1\)"),
        (4, np.zeros((1, 3)), r"b_. must have shape \(H, 1\) with H = 3, got \(1, 3\); its transpose would fit"),
        (0, np.zeros((2, 0)), r"x must have shape \(I, B\), got \(2, 0\); at least one element"),
        (2, np.full((3, 2), "1"), "W_. must hold real numbers, got dtype <U1"),
        (2, np.ones((3, 2), complex), "W_. must hold real numbers, got dtype complex128"),
        (2, [[1.0], [1.0, 2.0]], "W_. is not an array: its rows differ in length"),
    ],
)
def test_a_wrong_argument_is_named_with_what_came_and_what_was_expected(gate, block, argument, value, told):
    arguments = [np.zeros((2, 5)), np.zeros((3, 5)), np.zeros((3, 2)), np.zeros((3, 3)), np.zeros((3, 1))]
    gate(*arguments)
    arguments[argument] = value
    with pytest.raises(ValueError, match=told.replace("_.", f"_{block}")):
        gate(*arguments)


def test_a_bias_that_would_broadcast_is_refused():
    # With B = H a bias of shape (H,) would be added along the batch, without an error from NumPy.
    x, h_prev, W_z, U_z = np.ones((2, 3)), np.ones((3, 3)), np.ones((3, 2)), np.ones((3, 3))
    assert (W_z @ x + U_z @ h_prev + np.arange(3.0)).shape == (3, 3)
    with pytest.raises(ValueError, match="b_z"):
        update_gate(x, h_prev, W_z, U_z, np.arange(3.0))


def test_the_other_equations_check_their_shapes_too():
    column, row = np.zeros((3, 1)), np.zeros((1, 3))
    with pytest.raises(ValueError, match=r"r must have shape \(H, B\) with H = 3, B = 1, got \(1, 3\); its transpose"):
        candidate_state([[1.0]], column, row, column, np.zeros((3, 3)), column)
    with pytest.raises(ValueError, match="candidate must have shape"):
        new_state(column, column, row)
    with pytest.raises(ValueError, match="gate must have shape"):
        gate_gradient(column, row, [[1.0]], column, column, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="U must hold three blocks"):
        gru_cell([[1.0]], column, [column] * 3, [np.zeros((3, 3))] * 2, [column] * 3)
    with pytest.raises(ValueError, match="a must hold real numbers"):
        sigmoid("0.5")


def test_not_a_number_comes_out_as_it_went_in():
    h = new_state([[0.5], [np.nan]], [[0.5], [0.5]], [[0.0], [0.0]])
    assert h[0, 0] == 0.25
    assert np.isnan(h[1, 0])
