"""What a program does with networks, traces and gradients: print, inspect, copy, pickle, subclass, change, train."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import gru_ref
from gru_ref import GRU, LSTM, RNN, SGD, Columns, GateGradient, Gradients, Parameters, Trace, gate_gradient
from tests.numbers.drawn_runs import CELLS, STRUCTURES, assert_close, draw_network, draw_run

NETWORKS = [GRU, LSTM, RNN]
B, T, I, H = 2, 5, 3, 4


def drawn(network, **options):
    made = network(I, H, rng=0, **options)
    x = np.random.default_rng(1).standard_normal((B, T, I))
    trace = made.trace(x)
    return made, x, trace, made.backward(trace, trace.outputs)


# Printed and inspected.


def test_a_repr_says_names_and_shapes_and_no_numbers():
    gru, _, trace, gradients = drawn(GRU)
    arrays = "W (3, 12), U (4, 12), b_input (12,), b_recurrent (12,)"
    assert repr(gru.parameters[0][0]) == f"Parameters({arrays})"
    assert repr(gradients) == f"Gradients(x (2, 5, 3), h0 (1, 2, 4), {arrays})"
    fields = "z (2, 5, 4), r (2, 5, 4), candidate (2, 5, 4), h (2, 5, 4), h_prev (2, 5, 4)"
    assert repr(trace) == f"Trace(outputs (2, 5, 4), final (1, 2, 4), x (2, 5, 3), {fields})"
    assert repr(trace.layers[0][0]) == f"GRULayerTrace(x (2, 5, 3), {fields})"
    assert repr(GRU.slides(I, H).to_columns()) == "Columns(W (3, 4, 3), U (3, 4, 4), b (3, 4, 1))"
    of_gate = gate_gradient(np.ones((H, B)), np.ones((H, B)), np.ones((I, B)), np.ones((H, B)), gru.W.T[:H], np.eye(H))
    assert repr(of_gate) == "GateGradient(x (3, 2), h_prev (4, 2), W (4, 3), U (4, 4), b (4, 1))"


def test_the_repr_of_a_stack_has_a_line_for_each_layer_and_direction():
    _, _, trace, gradients = drawn(LSTM, num_layers=2, bidirectional=True)
    for value, head, name in (
        (trace, "Trace(outputs (2, 5, 8), final[0] (4, 2, 4), final[1] (4, 2, 4)", "layers"),
        (gradients, "Gradients(x (2, 5, 3), h0[0] (4, 2, 4), h0[1] (4, 2, 4)", "parameters"),
    ):
        first, *lines = repr(value).splitlines()
        assert first == head
        places = [f"  {name}[{index}][{direction}]: " for index in range(2) for direction in range(2)]
        assert [line[: len(place)] for line, place in zip(lines, places, strict=True)] == places
    assert "c (2, 5, 4)" in repr(trace) and "parameters[1][0]: W (8, 16)" in repr(gradients)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_everything_that_dir_lists_is_there_or_says_why_not(cell, structure):
    run = draw_run(3, cell, **STRUCTURES[structure])
    single = structure in ("one layer", "reverse")
    for value in (run.network, run.trace, run.gradients, run.trace.layers[0][0]):
        inspect.getmembers(value)
    for value in (run.network, run.gradients):
        assert hasattr(value, "W") == single
    fields = set(run.trace.layers[0][0].fields)
    assert fields <= set(dir(run.trace.layers[0][0]))
    assert (fields & set(dir(run.trace))) == (fields if single else set())
    assert {"outputs", "final", "layers"} <= set(dir(run.trace))


def test_what_networks_hand_back_has_a_public_class():
    gru, _, trace, gradients = drawn(GRU)
    columns = GRU.slides(I, H).to_columns()
    for value, public in (
        (trace, Trace),
        (gradients, Gradients),
        (gru.parameters[0][0], Parameters),
        (columns, Columns),
    ):
        assert type(value) is public and public.__name__ in gru_ref.__all__
    assert GateGradient.__name__ in gru_ref.__all__


def test_two_gradients_can_be_compared_without_an_error():
    _, _, _, gradients = drawn(GRU)
    assert gradients == gradients and gradients != copy.copy(gradients)


# Copied, pickled, in another precision, subclassed.


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_another_precision_is_the_same_network_rounded(cell, structure):
    network = draw_network(np.random.default_rng(4), cell, masked_output="zero", **STRUCTURES[structure])
    narrow = network.astype(np.float32)
    assert type(narrow) is type(network) and narrow.dtype == np.float32
    assert repr(narrow) == repr(network).replace("float64", "float32")
    for ours, theirs in zip(narrow.arrays(), network.arrays(), strict=True):
        assert np.array_equal(ours, theirs.astype(np.float32)) and ours.dtype == np.float32
    again = network.astype("float64")
    for ours, theirs in zip(again.arrays(), network.arrays(), strict=True):
        assert np.array_equal(ours, theirs) and not np.shares_memory(ours, theirs)
    x = np.random.default_rng(5).standard_normal((2, 4, network.input_size))
    outputs, _ = narrow(x.astype(np.float32))
    assert outputs.dtype == np.float32
    assert_close(outputs, network(x)[0].astype(np.float32), 1e-4)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_a_copy_and_an_unpickled_one_work_alone(cell, structure, duplicate):
    run = draw_run(6, cell, padding="gaps", **STRUCTURES[structure])
    network = duplicate(run.network)
    assert repr(network) == repr(run.network)
    assert np.array_equal(network(run.x, run.h0, mask=run.mask)[0], run.outputs)
    network.arrays()[0][:] = 0
    assert run.network.arrays()[0].any()

    trace = duplicate(run.trace)
    assert repr(trace) == repr(run.trace) and trace.is_current
    gradients = duplicate(trace.network.backward(trace, run.d_outputs, run.d_final))
    for ours, theirs in zip(gradients.arrays(), run.gradients.arrays(), strict=True):
        assert np.array_equal(ours, theirs)
    with pytest.raises(ValueError, match="got one of another, .*, be it a copy of this one"):
        run.network.backward(trace, run.d_outputs)


def test_a_subclass_with_a_constructor_of_its_own_keeps_its_class():
    class Square(GRU):
        def __init__(self, size):
            super().__init__(size, size, rng=0)

    square = Square(3)
    for other in (square.astype(np.float32), square.to_polarity("update"), square.to_polarity("keep")):
        assert type(other) is Square
    x = np.random.default_rng(0).standard_normal((2, 4, 3))
    assert_close(square.to_polarity("update")(x)[0], square(x)[0], 1e-14)


# Changed: what can be, in place; what cannot, not at all.

READ_ONLY = ["parameters", "input_size", "hidden_size", "num_layers", "bidirectional", "directions", "reverse"]
READ_ONLY += ["masked_output", "dtype"]


@pytest.mark.parametrize("name", [*READ_ONLY, "polarity", "reset"])
def test_what_a_network_is_cannot_be_assigned(name):
    gru = GRU(I, H, rng=0)
    with pytest.raises(AttributeError, match=f"property '{name}' of 'GRU' object has no setter"):
        setattr(gru, name, getattr(gru, name))


def test_an_array_is_assigned_in_place_and_only_by_one_of_its_shape():
    gru = GRU(I, H, rng=0, dtype=np.float32)
    before = {name: getattr(gru, name) for name in ("W", "U", "b_input", "b_recurrent")}
    for name, array in before.items():
        new = np.random.default_rng(0).standard_normal(array.shape)
        setattr(gru, name, new)
        assert getattr(gru, name) is array and np.array_equal(array, new.astype(np.float32))
    gru.W *= 0
    assert not gru.W.any()
    with pytest.raises(ValueError, match=r"W must have shape \(3, 12\), got \(12, 3\)"):
        gru.W = np.zeros((12, 3))
    with pytest.raises(AttributeError, match="say which"):
        GRU(I, H, num_layers=2).W = np.zeros((3, 12))


# Trained in a loop.


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_a_trace_from_before_a_step_of_training_is_refused_after_it(cell, structure):
    run = draw_run(7, cell, **STRUCTURES[structure])
    for array in run.network.arrays():
        assert run.trace.is_current
        kept, gradient = array.copy(), np.ones(array.shape)
        gradient.flat[0] = 0  # a weight that nothing depends on stays as it is
        SGD([array], 0.1).step([gradient])
        assert not run.trace.is_current
        with pytest.raises(ValueError, match="parameters have changed since this trace was made.*trace again after"):
            run.network.backward(run.trace, run.d_outputs)
        array[...] = kept


def test_a_parameter_that_is_not_a_number_is_no_change():
    gru = GRU(I, H, rng=0)
    gru.W[0] = np.nan
    trace = gru.trace(np.ones((B, T, I)))
    assert np.isnan(gru.backward(trace, trace.outputs).W).all()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_loss_of_the_final_states_alone_needs_no_gradient_of_the_outputs(network):
    made, _, trace, _ = drawn(network, bidirectional=True)
    gradients = made.backward(trace, d_final=trace.final)
    expected = made.backward(trace, np.zeros(trace.outputs.shape), trace.final)
    assert any(array.any() for array in gradients.arrays())
    for ours, theirs in zip([gradients.x, *gradients.arrays()], [expected.x, *expected.arrays()], strict=True):
        assert np.array_equal(ours, theirs)
    with pytest.raises(ValueError, match="give d_outputs, d_final or both"):
        made.backward(trace)
