"""How parameters are laid out, handed in and out, and counted."""

import re

import numpy as np
import pytest

from gru_ref import GRU, LSTM, RNN, Parameters, count_parameters
from tests.numbers.drawn_runs import CELLS, STRUCTURES, draw_network

BLOCKS = {"GRU": 3, "LSTM": 4, "RNN": 1}
I, H = 3, 4


def made(cell, **options):
    return draw_network(np.random.default_rng(0), cell, **options)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_shapes_names_and_counts(cell, structure):
    network = made(cell, **STRUCTURES[structure])
    kind = type(network).__name__
    G, H, D = BLOCKS[kind], network.hidden_size, network.directions
    assert len(network.parameters) == network.num_layers
    for index, layer in enumerate(network.parameters):
        assert len(layer) == D
        I = network.input_size if index == 0 else D * H
        for one in layer:
            assert [array.shape for array in one] == [(I, G * H), (H, G * H), (G * H,), (G * H,)]
            assert (one.input_size, one.hidden_size) == (I, H)
    arrays = network.arrays()
    assert all(
        a is b for a, b in zip(arrays, [a for row in network.parameters for one in row for a in one], strict=True)
    )
    options = {"cell": kind.lower(), "num_layers": network.num_layers, "bidirectional": network.bidirectional}
    counted = {biases: count_parameters(network.input_size, H, biases=biases, **options) for biases in (1, 2)}
    assert counted[2] == sum(array.size for array in arrays)
    assert counted[1] == counted[2] - sum(array.size for array in arrays[3::4])


def test_known_counts():
    assert count_parameters(8, 64) == 14_208
    assert count_parameters(8, 64, biases=1) == 14_016
    assert count_parameters(8, 64, cell="lstm") == 4 * (8 * 64 + 64 * 64 + 2 * 64)
    assert count_parameters(8, 64, cell="rnn", biases=1) == 8 * 64 + 64 * 64 + 64
    assert count_parameters(8, 64, num_layers=2) == 14_208 + 3 * (64 * 64 + 64 * 64 + 2 * 64)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", BLOCKS)
def test_pytorch_counts_the_same(cell, bidirectional):
    import torch

    module = getattr(torch.nn, cell)(5, 7, num_layers=3, bidirectional=bidirectional)
    counted = count_parameters(5, 7, cell=cell.lower(), num_layers=3, bidirectional=bidirectional)
    assert counted == sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"cell": "GRU"}, 'cell must be "gru", "lstm" or "rnn", got \'GRU\''),
        ({"biases": 0}, "biases must be 1 or 2, got 0"),
    ],
)
def test_what_cannot_be_counted_is_refused(options, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        count_parameters(I, H, **options)


@pytest.mark.parametrize("structure", [{}, {"num_layers": 2}, {"num_layers": 4}, {"bidirectional": True}])
@pytest.mark.parametrize("cell", CELLS)
def test_a_network_made_from_parameters_is_the_same_one_with_arrays_of_its_own(cell, structure):
    network = made(cell, masked_output="zero", **structure)
    options = CELLS[cell][1] | {"masked_output": "zero"}
    copy = type(network).from_parameters(network.parameters, **options)
    assert repr(copy) == repr(network)
    for ours, theirs in zip(copy.arrays(), network.arrays(), strict=True):
        assert np.array_equal(ours, theirs) and not np.shares_memory(ours, theirs)


@pytest.mark.parametrize("form", [tuple, list, lambda one: Parameters(*one)])
def test_one_layer_in_one_direction_needs_no_nesting(form):
    network = made("keep, before")
    copy = GRU.from_parameters(form(network.parameters[0][0]), polarity="keep", reset="before")
    assert all(np.array_equal(a, b) for a, b in zip(copy.arrays(), network.arrays(), strict=True))
    assert copy.W is copy.parameters[0][0].W and copy.b_recurrent is copy.arrays()[3]


def test_arrays_of_both_precisions_become_float64_and_integers_follow():
    W, U, b = np.ones((2, 9), np.float32), np.ones((3, 9)), np.zeros(9, int)
    made = GRU.from_parameters((W, U, b, b), polarity="keep", reset="after")
    assert {array.dtype for array in made.arrays()} == {np.dtype(np.float64)}
    made = GRU.from_parameters((W, U.astype(np.float32), b, b), polarity="keep", reset="after")
    assert {array.dtype for array in made.arrays()} == {np.dtype(np.float32)} == {made.dtype}


def zeros(*shape):
    return np.zeros(shape)


WRONG = [
    ((zeros(3, 12), zeros(4, 12), zeros(12)), "parameters are four arrays, W, U, b_input and b_recurrent; got 3"),
    ((zeros(3, 12), zeros(4, 11), zeros(12), zeros(12)), "U must have shape (H, 3*H), the 3 block(s) side by side"),
    ((zeros(3, 12), zeros(12), zeros(12), zeros(12)), "U must have shape (H, 3*H), the 3 block(s) side by side"),
    ((zeros(3, 0), zeros(0, 0), zeros(0), zeros(0)), "U must have shape (H, 3*H), the 3 block(s) side by side"),
    ((zeros(12, 3), zeros(4, 12), zeros(12), zeros(12)), "W must have shape (I, 3*H) = (I, 12), as U is (4, 12)"),
    ((zeros(0, 12), zeros(4, 12), zeros(12), zeros(12)), "W must have shape (I, 3*H) = (I, 12), as U is (4, 12)"),
    ((zeros(3, 12), zeros(4, 12), zeros(1, 12), zeros(12)), "b_input must have shape (3*H,) = (12,), as U is (4, 12)"),
    ((zeros(3, 12), zeros(4, 12), zeros(12), zeros(4)), "b_recurrent must have shape (3*H,) = (12,), as U is (4, 12)"),
    ((zeros(3, 12) * 1j, zeros(4, 12), zeros(12), zeros(12)), "W must hold real numbers, got dtype complex128"),
    ([], "every layer needs one direction, or every layer two; got []"),
]


@pytest.mark.parametrize(("parameters", "told"), WRONG)
def test_wrong_parameters_are_refused(parameters, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        GRU.from_parameters(parameters, polarity="keep", reset="after")


def test_layers_must_fit_each_other():
    one, wide, other = (
        GRU(inputs, units, rng=0).parameters[0][0] for inputs, units in ((I, H), (2 * H, H), (H, H + 1))
    )
    for nested, told in [
        ([[one], [other]], "layer 1 must have I = 4 and H = 4, got I = 4 and H = 5"),
        ([[one], [wide]], "layer 1 must have I = 4 and H = 4, got I = 8 and H = 4"),
        ([[one, one], [one, one]], "layer 1 must have I = 8 and H = 4, got I = 3 and H = 4"),
        ([[one, one], [wide]], "every layer needs one direction, or every layer two; got [1, 2]"),
        ([[one, one, one]], "every layer needs one direction, or every layer two; got [3]"),
    ]:
        with pytest.raises(ValueError, match=re.escape(told)):
            GRU.from_parameters(nested, polarity="keep", reset="after")


def test_with_several_layers_an_array_has_to_be_chosen():
    network = GRU(I, H, num_layers=2, rng=0)
    for name in ("W", "U", "b_input", "b_recurrent"):
        assert not hasattr(network, name)
        with pytest.raises(AttributeError, match=re.escape("say which, parameters[layer][direction]")):
            getattr(network, name)


def test_a_block_is_a_view_of_one_gate():
    network = LSTM(I, H, rng=0)
    forget = network.parameters[0][0].block(1)
    assert [array.shape for array in forget] == [(I, H), (H, H), (H,), (H,)]
    forget.b_input[:] = 7
    assert (network.b_input[H : 2 * H] == 7).all() and not (network.b_input[:H] == 7).any()


def test_a_network_says_what_it_is():
    assert repr(GRU(I, H)) == "GRU(3, 4, polarity='keep', reset='after', dtype=float64)"
    assert repr(GRU.slides(I, H, dtype=np.float32)) == "GRU(3, 4, polarity='update', reset='before', dtype=float32)"
    assert repr(RNN(I, H, reverse=True)) == "RNN(3, 4, reverse=True, dtype=float64)"
    told = "LSTM(3, 4, num_layers=2, bidirectional=True, masked_output='zero', dtype=float64)"
    assert repr(LSTM(I, H, num_layers=2, bidirectional=True, masked_output="zero")) == told
