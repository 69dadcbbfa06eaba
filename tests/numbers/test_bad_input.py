"""Input that is odd or wrong: what a network gives for it, without a warning, or what its error says."""

import re
import warnings

import numpy as np
import pytest

from gru_ref import GRU, LSTM, RNN
from tests.numbers.drawn_runs import CELLS, assert_close, draw_run, states

NETWORKS = [GRU, LSTM, RNN]
B, T, I, H = 2, 5, 3, 4


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def zeros(*shape):
    return np.zeros(shape)


# Values that give a result.


@pytest.mark.parametrize("structure", [{}, {"num_layers": 2}, {"bidirectional": True}, {"reverse": True}])
@pytest.mark.parametrize("cell", CELLS)
def test_nan_makes_its_row_nan_from_its_step_on_and_touches_no_other(cell, structure):
    run = draw_run([0, 23], cell, T=T, **structure)
    x = run.x.copy()
    x[1, 2, 0] = np.nan
    changed = run.but(x=x)
    others = np.arange(len(x)) != 1
    assert np.array_equal(changed.outputs[others], run.outputs[others])
    assert np.array_equal(changed.gradients.x[others], run.gradients.x[others])
    outputs, width = changed.outputs[1], run.network.hidden_size
    if not structure.get("reverse"):
        assert np.isnan(outputs[2:, :width]).all()
        assert np.array_equal(outputs[:2, :width], run.outputs[1, :2, :width])
    if structure.get("reverse") or structure.get("bidirectional"):
        assert np.isnan(outputs[:3, -width:]).all()
        assert np.array_equal(outputs[3:, -width:], run.outputs[1, 3:, -width:])
    for final, before in zip(states(changed.final), states(run.final), strict=True):
        assert np.isnan(final[:, 1]).all()
        assert np.array_equal(final[:, others], before[:, others])
    # The rows share the parameters, so the gradient of a batch with a NaN is NaN: it cannot go unnoticed.
    assert all(np.isnan(gradient).any() for gradient in changed.gradients.arrays())


@pytest.mark.parametrize("cell", CELLS)
def test_nan_in_an_initial_state_stays_in_its_row(cell):
    run = draw_run([0, 24], cell, T=T)
    h0 = tuple(array.copy() for array in states(run.h0))
    h0[0][0, 1, 0] = np.nan
    changed = run.but(h0=h0 if len(h0) > 1 else h0[0])
    others = np.arange(len(run.x)) != 1
    assert np.isnan(changed.outputs[1]).all()
    assert np.array_equal(changed.outputs[others], run.outputs[others])


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("cell", CELLS)
def test_an_infinite_input_is_the_limit_of_a_large_one(cell, sign):
    run = draw_run([0, 25], cell, T=T)
    large, infinite = run.x.copy(), run.x.copy()
    large[0, 1, 0], infinite[0, 1, 0] = sign * 1e12, sign * np.inf
    assert np.isfinite(run.but(x=infinite).outputs).all()
    assert_close(run.but(x=infinite).outputs, run.but(x=large).outputs, 1e-13)


@pytest.mark.parametrize("network", NETWORKS)
def test_infinities_that_cancel_are_nan(network):
    made = network(2, H, rng=0)
    for array in made.arrays():
        array[:] = 1
    x = zeros(1, 2, 2)
    x[0, 1] = np.inf, -np.inf
    outputs, _ = made(x)
    assert np.isfinite(outputs[0, 0]).all() and np.isnan(outputs[0, 1]).all()


@pytest.mark.parametrize("magnitude", [1e4, 1e100])
@pytest.mark.parametrize("cell", CELLS)
def test_large_input_saturates_without_a_warning_and_learns_nothing(cell, magnitude):
    run = draw_run([0, 26], cell, x_scale=magnitude)
    assert np.isfinite(run.outputs).all()
    for gradient in (run.gradients.x, *run.gradients.arrays()):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("structure", [{}, {"num_layers": 2, "bidirectional": True}])
@pytest.mark.parametrize("cell", CELLS)
def test_an_empty_batch_gives_empty_states_and_gradients_of_zero(cell, structure):
    network = draw_run(0, cell, **structure).network
    D, rows, I, H = network.directions, network.num_layers * network.directions, network.input_size, network.hidden_size
    for arguments in ({}, {"mask": np.zeros((0, T), bool)}, {"lengths": np.zeros(0, int)}, {"lengths": []}):
        trace = network.trace(zeros(0, T, I), **arguments)
        assert trace.outputs.shape == (0, T, D * H)
        assert all(array.shape == (rows, 0, H) for array in states(trace.final))
        gradients = network.backward(trace, trace.outputs)
        assert gradients.x.shape == (0, T, I)
        assert not any(array.any() for array in gradients.arrays())


@pytest.mark.parametrize("structure", [{}, {"num_layers": 2, "bidirectional": True}])
@pytest.mark.parametrize("cell", CELLS)
def test_no_steps_leave_the_state_as_it_is(cell, structure):
    run = draw_run([0, 27], cell, T=0, **structure)
    assert run.outputs.shape == (len(run.x), 0, run.network.directions * run.network.hidden_size)
    for final, h0, d_h0, d_final in zip(
        *(states(value) for value in (run.final, run.h0, run.gradients.h0, run.d_final)), strict=True
    ):
        assert np.array_equal(final, h0) and final is not h0
        assert np.array_equal(d_h0, d_final)
    assert run.gradients.x.shape == run.x.shape
    assert not any(array.any() for array in run.gradients.arrays())
    outputs, _ = run.network(run.x, run.h0, lengths=[0] * len(run.x))
    assert outputs.shape == run.outputs.shape


@pytest.mark.parametrize(
    ("parameters", "given", "computed"),
    [
        (np.float32, np.float32, np.float32),
        (np.float64, np.float64, np.float64),
        (np.float32, np.float64, np.float64),
        (np.float64, np.float32, np.float64),
        (np.float32, np.float16, np.float32),
        (np.float64, np.float16, np.float64),
        (np.float32, np.longdouble, np.float64),
        (np.float64, np.longdouble, np.float64),
        (np.float32, np.int8, np.float32),
        (np.float64, np.int64, np.float64),
        (np.float32, np.uint8, np.float32),
        (np.float32, bool, np.float32),
        (np.float64, bool, np.float64),
    ],
)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_dtype_is_that_of_input_and_parameters_together(network, parameters, given, computed):
    made = network(I, H, rng=0, dtype=parameters)
    x = np.random.default_rng(0).integers(0, 2, (B, T, I)).astype(given)
    # The initial state and the loss's gradient take whatever dtype the computation has.
    trace = made.trace(x, made.trace(x.astype(np.float64)).final)
    gradients = made.backward(trace, np.ones(trace.outputs.shape, int), trace.final)
    for array in (trace.outputs, *states(trace.final), gradients.x, *states(gradients.h0), *gradients.arrays()):
        assert array.dtype == computed
    wide = network(I, H, dtype=np.float64)
    for array, narrow in zip(wide.arrays(), made.arrays(), strict=True):
        array[:] = narrow
    np.testing.assert_allclose(made(x)[0], wide(x.astype(np.float64))[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("network", NETWORKS)
def test_lists_and_tuples_are_arrays(network):
    made, x = network(1, 2, rng=0), [[[0.5], [1]], ((2,), (3.5,))]
    expected = made(np.array(x))[0]
    assert np.array_equal(made(x)[0], expected)
    masked = made(np.array(x), mask=np.array([[True, False], [True, True]]))[0]
    assert np.array_equal(made(x, mask=[[True, False], (True, True)])[0], masked)
    assert np.array_equal(made(x, lengths=(1, 2))[0], masked)


# Values that are refused. Each error names the argument, what came and what was expected.

RAGGED = [[[1.0]], [[1.0], [2.0]]]
WRONG_X = [
    (zeros(T, I), "x must have shape (B, T, I) with I = 3, got (5, 3); a single sequence is a batch of one, x[None]"),
    (zeros(I), "x must have shape (B, T, I) with I = 3, got (3,)"),
    (zeros(B, T, I, 1), "x must have shape (B, T, I) with I = 3, got (2, 5, 3, 1)"),
    (zeros(B, T, 1), "x must have shape (B, T, I) with I = 3, got (2, 5, 1)"),
    (zeros(B, I, T), "got (2, 3, 5); x.transpose(0, 2, 1) has it, if time stands last here"),
    (1.0, "x must have shape (B, T, I) with I = 3, got ()"),
    (RAGGED, "x is not an array: its rows differ in length; pad them to one length, and give the lengths they had"),
    (np.zeros((B, T, I), complex), "x must hold real numbers, got dtype complex128"),
    (np.full((B, T, I), "1"), "x must hold real numbers, got dtype <U1"),
    (None, "x must hold real numbers, got None"),
    ({1, 2}, "x must hold real numbers, got set"),
    (np.full((B, T, I), None), "x must hold real numbers, got dtype object"),
    (np.ma.masked_invalid(zeros(B, T, I)), "x must be a plain array, got a masked one, whose mask would be lost"),
    (np.zeros((B, T, I), "datetime64[s]"), "x must hold real numbers, got dtype datetime64[s]"),
]


@pytest.mark.parametrize(("x", "told"), WRONG_X)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_wrong_x_is_refused(network, x, told):
    made = network(I, H, rng=0)
    for run in (made, made.trace):
        with pytest.raises(ValueError, match=re.escape(told)):
            run(x)


WRONG_MASKS = [
    ({"mask": np.ones((B, T - 1), bool)}, "mask must have shape (B, T) = (2, 5), as x has; got (2, 4)"),
    ({"mask": np.ones((T, B), bool)}, "as x has; got (5, 2); its transpose would fit"),
    ({"mask": [1, 2]}, "as x has; got (2,); numbers of steps are lengths"),
    ({"mask": np.ones((B, T, I), bool)}, "mask must have shape (B, T) = (2, 5), as x has; got (2, 5, 3)"),
    ({"mask": np.ones(T, bool)}, "mask must have shape (B, T) = (2, 5), as x has; got (5,)"),
    ({"mask": True}, "mask must have shape (B, T) = (2, 5), as x has; got ()"),
    ({"mask": np.ones((B, T))}, "mask must be boolean, True where a step counts; got dtype float64"),
    ({"mask": np.ones((B, T), int)}, "mask must be boolean, True where a step counts; got dtype int64"),
    ({"mask": [[True], [True, False]]}, "mask is not an array: its rows differ in length"),
    ({"mask": np.full((B, T), None)}, "mask must hold real numbers, got dtype object"),
    ({"lengths": [1, T + 1]}, "lengths must lie between 0 and T = 5, got 1 to 6"),
    ({"lengths": [-1, 2]}, "lengths must lie between 0 and T = 5, got -1 to 2"),
    ({"lengths": [1]}, "lengths must hold one integer a row, shape (B,) = (2,); got int64 (1,)"),
    ({"lengths": 3}, "lengths must hold one integer a row, shape (B,) = (2,); got int64 ()"),
    ({"lengths": [[1], [2]]}, "lengths must hold one integer a row, shape (B,) = (2,); got int64 (2, 1)"),
    ({"lengths": [1.0, 2.0]}, "lengths must hold one integer a row, shape (B,) = (2,); got float64 (2,)"),
    ({"lengths": np.ones((B, T), bool)}, "got bool (2, 5); what is True where a step counts is the mask"),
    ({"lengths": [True, False]}, "lengths must hold one integer a row, shape (B,) = (2,); got bool (2,)"),
    ({"mask": np.ones((B, T), bool), "lengths": [1, 2]}, "give mask or lengths, not both"),
]


@pytest.mark.parametrize(("arguments", "told"), WRONG_MASKS)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_wrong_mask_or_wrong_lengths_are_refused(network, arguments, told):
    made = network(I, H, rng=0)
    for run in (made, made.trace):
        with pytest.raises(ValueError, match=re.escape(told)):
            run(zeros(B, T, I), **arguments)


WRONG_STATES = [
    (zeros(B, H), "must have shape (L*D, B, H) = (4, 2, 4), got (2, 4)"),
    (zeros(1, B, H), "must have shape (L*D, B, H) = (4, 2, 4), got (1, 2, 4)"),
    (zeros(B, 4, H + 1), "must have shape (L*D, B, H) = (4, 2, 4), got (2, 4, 5)"),
    (np.zeros((4, B, H), complex), "must hold real numbers, got dtype complex128"),
    ([[1.0], [1.0, 2.0]], "is not an array: its rows differ in length"),
]


@pytest.mark.parametrize(("state", "told"), WRONG_STATES)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_wrong_initial_state_or_final_gradient_is_refused(network, state, told):
    made = network(I, H, rng=0, num_layers=2, bidirectional=True)
    state = (zeros(4, B, H), state) if network is LSTM else state
    with pytest.raises(ValueError, match=re.escape(f"h0 {told}")):
        made(zeros(B, T, I), state)
    trace = made.trace(zeros(B, T, I))
    with pytest.raises(ValueError, match=re.escape(f"d_final {told}")):
        made.backward(trace, trace.outputs, state)


@pytest.mark.parametrize("h0", [zeros(1, B, H), 0.0, (zeros(1, B, H),), (zeros(1, B, H),) * 3])
def test_the_state_of_an_lstm_is_a_pair(h0):
    with pytest.raises(ValueError, match=re.escape("h0 must be a pair of arrays, h0 = (h, c)")):
        LSTM(I, H)(zeros(B, T, I), h0)


@pytest.mark.parametrize(
    ("d_outputs", "told"),
    [
        (zeros(B, T, H + 1), "d_outputs must have the outputs' shape (B, T, D*H) = (2, 5, 4), got (2, 5, 5)"),
        (zeros(B, H), "d_outputs must have the outputs' shape (B, T, D*H) = (2, 5, 4), got (2, 4)"),
        (1.0, "d_outputs must have the outputs' shape (B, T, D*H) = (2, 5, 4), got ()"),
        (np.zeros((B, T, H), complex), "d_outputs must hold real numbers, got dtype complex128"),
        ("all", "d_outputs must hold real numbers, got dtype <U3"),
        (zeros(1, B, H), "got (1, 2, 4); the gradient of the final states is d_final"),
    ],
)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_wrong_gradient_of_the_outputs_is_refused(network, d_outputs, told):
    made = network(I, H, rng=0)
    with pytest.raises(ValueError, match=re.escape(told)):
        made.backward(made.trace(zeros(B, T, I)), d_outputs)


@pytest.mark.parametrize(
    "other",
    [
        GRU(I, H, rng=0, polarity="update"),
        GRU(I, H, rng=0, reset="before"),
        GRU(I, H, rng=0, reverse=True),
        GRU(I, H, rng=0, masked_output="zero"),
        GRU(I, H, rng=0, num_layers=2),
        GRU(I, H + 1, rng=0),
        GRU(I, H, rng=0),
        LSTM(I, H, rng=0),
    ],
    ids=repr,
)
def test_a_trace_of_another_network_is_refused(other):
    gru, trace = GRU(I, H, rng=0), other.trace(zeros(B, T, I))
    told = re.escape(f"trace must be one of this network, {gru!r}; got one of another, {other!r}")
    with pytest.raises(ValueError, match=told):
        gru.backward(trace, trace.outputs)


def test_what_is_no_trace_is_refused():
    gru = GRU(I, H, rng=0)
    with pytest.raises(ValueError, match=re.escape("trace must be what this network's trace(x) gives, got tuple")):
        gru.backward(gru(zeros(B, T, I)), zeros(B, T, H))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"input_size": 0}, "input_size must be a positive integer, got 0"),
        ({"hidden_size": -1}, "hidden_size must be a positive integer, got -1"),
        ({"hidden_size": 2.0}, "hidden_size must be a positive integer, got 2.0"),
        ({"num_layers": True}, "num_layers must be a positive integer, got True"),
        ({"dtype": np.float16}, "dtype must be float32 or float64, got float16"),
        ({"dtype": int}, "dtype must be float32 or float64, got int64"),
        ({"dtype": "flot"}, "dtype must be float32 or float64, got 'flot'"),
        ({"bidirectional": "no"}, "bidirectional must be True or False, got 'no'"),
        ({"bidirectional": 1}, "bidirectional must be True or False, got 1"),
        ({"reverse": None}, "reverse must be True or False, got None"),
        ({"rng": "lucky"}, "rng must be a numpy.random.Generator, a seed or None, got 'lucky'"),
        ({"rng": -1}, "rng must be a numpy.random.Generator, a seed or None, got -1"),
        ({"masked_output": "last"}, 'masked_output must be "carry" or "zero", got \'last\''),
        ({"initialiser": "xavier"}, 'initialiser must be "torch", "keras" or "orthogonal", got \'xavier\''),
    ],
)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_wrong_option_is_refused(network, options, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        network(**({"input_size": I, "hidden_size": H} | options))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"polarity": "forget"}, 'polarity must be "keep" or "update", got \'forget\''),
        ({"reset": "never"}, 'reset must be "after" or "before", got \'never\''),
    ],
)
def test_a_convention_that_is_none_is_refused(options, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        GRU(I, H, **options)
    with pytest.raises(ValueError, match=re.escape(told)):
        GRU.from_parameters(GRU(I, H).parameters, **({"polarity": "keep", "reset": "after"} | options))
