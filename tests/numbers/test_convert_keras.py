"""Weights to Keras and back: the same function in float64, the same bits after a round trip unless biases merge."""

import re

import numpy as np
import pytest

from gru_ref import GRU
from tests.numbers.converter_cases import assert_near, assert_same_bits, draw_input, draw_network
from tests.numbers.framework_cases import crossed

pytestmark = [pytest.mark.needs("tensorflow"), pytest.mark.slow]

STRUCTURES = [
    {},
    {"reverse": True},
    {"bidirectional": True},
    {"num_layers": 3},
    {"num_layers": 2, "reverse": True},
    {"num_layers": 2, "bidirectional": True},
]


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def run(layer, x, h0=None):
    """Call a layer with an initial state, one entry a direction."""
    states = None if h0 is None else list(h0) if len(h0) > 1 else h0[0]
    return np.asarray(layer(x, initial_state=states))


def run_layers(model, x, h0):
    """Run a layer or the layers of a Sequential one by one, each from its initial state."""
    layers = getattr(model, "layers", [model])
    directions = len(h0) // len(layers)
    for index, layer in enumerate(layers):
        x = run(layer, x, h0[index * directions : (index + 1) * directions])
    return x


def weights_equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


def randomise(layer, seed):
    """Give a built layer weights of size about 1."""
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.standard_normal(array.shape) for array in layer.get_weights()])
    return layer


@pytest.mark.parametrize(
    ("options", "polarity", "reset", "seed"),
    crossed(STRUCTURES, ["keep", "update"], ["after", "before"], range(2)),
    ids=str,
)
def test_to_keras_is_the_same_function(options, polarity, reset, seed):
    gru = draw_network(seed, polarity=polarity, reset=reset, **options)
    x, h0 = draw_input(gru, seed)
    model = gru.to_keras()
    ours, theirs = gru(x, h0)[0], run_layers(model, x, h0)
    # Keras hands out what it read backward in the order of reading.
    assert_near(theirs[:, ::-1] if gru.reverse else theirs, ours, 1e-12)
    # Called as one model, which starts from zero; in float64 throughout.
    theirs = np.asarray(model(x))
    assert_near(theirs[:, ::-1] if gru.reverse else theirs, gru(x)[0], 1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", STRUCTURES, ids=str)
def test_the_round_trip_keeps_every_bit_and_the_dtype(options, dtype):
    for reset, biases in (("after", 2), ("before", 1)):
        gru = draw_network(21, biases=biases, dtype=dtype, reset=reset, **options)
        assert_same_bits(GRU.from_keras(gru.to_keras()), gru)
    update = draw_network(22, dtype=dtype, polarity="update", **options)
    assert_same_bits(GRU.from_keras(update.to_keras()).to_polarity("update"), update)


def test_with_the_reset_gate_before_the_product_the_two_biases_merge():
    gru = draw_network(23, reset="before")
    back = GRU.from_keras(gru.to_keras())
    assert_near(back.b_input, gru.b_input + gru.b_recurrent, 1e-15)
    assert not back.b_recurrent.any()
    assert np.array_equal(back.W, gru.W) and np.array_equal(back.U, gru.U)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("kind", ["GRU", "go_backwards", "RNN", "Bidirectional", "list", "Sequential"])
def test_from_keras_is_the_same_function(keras, kind, use_bias, reset_after):
    def layer(**options):
        common = {"reset_after": reset_after, "use_bias": use_bias, "dtype": "float64"}
        if kind == "RNN":
            return keras.layers.RNN(keras.layers.GRUCell(5, **common), return_sequences=True, dtype="float64")
        return keras.layers.GRU(5, return_sequences=True, **common, **options)

    def both():
        return keras.layers.Bidirectional(layer(), dtype="float64")

    model = {
        "go_backwards": lambda: layer(go_backwards=True),
        "Bidirectional": both,
        "list": lambda: [layer(go_backwards=True), layer()],
        "Sequential": lambda: keras.Sequential([keras.Input((None, 3), dtype="float64"), both(), both()]),
    }.get(kind, layer)()
    layers = model if kind == "list" else getattr(model, "layers", [model])
    for index, one in enumerate(layers):
        if not one.built:
            one.build((None, None, 5 if index else 3))
        randomise(one, index)

    gru = GRU.from_keras(model)
    assert gru.reset == ("after" if reset_after else "before")
    x, h0 = draw_input(gru, 4)
    theirs, directions = x, gru.directions
    for index, one in enumerate(layers):
        theirs = run(one, theirs, h0[index * directions : (index + 1) * directions])
    assert_near(theirs[:, ::-1] if gru.reverse else theirs, gru(x, h0)[0], 1e-12)

    back = gru.to_keras(bias=use_bias)
    for one, again in zip(layers, getattr(back, "layers", [back]), strict=True):
        assert weights_equal(one, again)


@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_cell_goes_both_ways(keras, reset, bias):
    gru = draw_network(5, biases=(2 if reset == "after" else 1) if bias else 0, reset=reset)
    cell = gru.to_keras(cell=True, bias=bias)
    assert isinstance(cell, keras.layers.GRUCell) and cell.use_bias == bias
    x, h0 = draw_input(gru, 5)
    h, states = h0[0], []
    for t in range(x.shape[1]):
        h, _ = cell(x[:, t], [h])
        states.append(np.asarray(h))
    assert_near(np.stack(states, axis=1), gru(x, h0)[0], 1e-12)
    assert_same_bits(GRU.from_keras(cell), gru)


@pytest.mark.parametrize("masked_output", ["carry", "zero"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_masked_steps_look_as_in_keras(keras, masked_output, bidirectional):
    gru = draw_network(6, masked_output=masked_output, bidirectional=bidirectional)
    x, h0 = draw_input(gru, 6)
    mask = np.ones(x.shape[:2], bool)
    mask[0, :1], mask[1, -1:] = False, False
    layer = gru.to_keras()
    read = GRU.from_keras(layer)
    assert read.masked_output == ("zero" if bidirectional else masked_output)
    theirs = np.asarray(layer(x, mask=mask, initial_state=list(h0) if bidirectional else h0[0]))
    assert_near(theirs, read(x, h0, mask=mask)[0], 1e-12)


def test_what_gru_ref_does_not_compute_is_refused(keras):
    def built(layer, I=3):
        layer.build((None, None, I))
        return layer

    GRU_, Bidirectional = keras.layers.GRU, keras.layers.Bidirectional
    with pytest.raises(ValueError, match="has activation 'tanh' only; this layer has 'relu'"):
        GRU.from_keras(built(GRU_(4, activation="relu")))
    with pytest.raises(ValueError, match="recurrent_activation 'sigmoid' only; this layer has 'hard_sigmoid'"):
        GRU.from_keras(built(GRU_(4, recurrent_activation="hard_sigmoid")))
    with pytest.raises(ValueError, match=r"no weights yet: call it once, or layer.build\(\(None, None, I\)\)"):
        GRU.from_keras(GRU_(4))
    with pytest.raises(ValueError, match="merge_mode=\"concat\"; got 'sum'"):
        GRU.from_keras(built(Bidirectional(GRU_(4), merge_mode="sum")))
    with pytest.raises(ValueError, match="forward layer of Bidirectional must read forward"):
        GRU.from_keras(built(Bidirectional(GRU_(4, go_backwards=True), backward_layer=GRU_(4))))
    with pytest.raises(ValueError, match="one reset_after for all layers, got True, False: convert the layers one by"):
        GRU.from_keras([built(GRU_(4)), built(GRU_(4, reset_after=False), 4)])
    with pytest.raises(ValueError, match="one number of units for all layers, got 4, 5"):
        GRU.from_keras([built(GRU_(4)), built(GRU_(5), 4)])
    with pytest.raises(ValueError, match="one number of directions for all layers, got 1, 2"):
        GRU.from_keras([built(GRU_(4)), built(Bidirectional(GRU_(4)), 4)])
    with pytest.raises(ValueError, match="go_backwards in a layer above the first"):
        GRU.from_keras([built(GRU_(4)), built(GRU_(4, go_backwards=True), 4)])
    with pytest.raises(ValueError, match="got none"):
        GRU.from_keras([])
    with_dropout = [built(GRU_(4, return_sequences=True)), keras.layers.Dropout(0.5), built(GRU_(4), 4)]
    assert GRU.from_keras(with_dropout[::2]).num_layers == 2
    for wrong, told in (
        (keras.layers.LSTM(4), "LSTM of keras"),
        (keras.layers.RNN(keras.layers.LSTMCell(4)), "LSTMCell of keras"),
        (keras.Input((3,)), "KerasTensor of keras"),
        (
            keras.Sequential(with_dropout),
            "Dropout of keras: of a model with other layers as well, give the list of its GRU layers",
        ),
        (GRU(2, 3), "GRU of gru_ref.gru, which is a network in NumPy already"),
        ("model.keras", "'model.keras'"),
    ):
        with pytest.raises(TypeError, match=re.escape(f"keras.Sequential of them alone; got {told}") + "$"):
            GRU.from_keras(wrong)
    with pytest.raises(TypeError, match="from_torch reads .* got GRU of keras: GRU.from_keras reads those"):
        GRU.from_torch(GRU_(4))
    with pytest.raises(ValueError, match="these weights are bfloat16"):
        GRU.from_keras(built(GRU_(4, dtype="bfloat16", recurrent_initializer="zeros")))


@pytest.mark.parametrize(
    ("options", "arguments", "told"),
    [
        (
            {"reverse": True, "bidirectional": True},
            {},
            "Keras has no such network whose first direction reads backward",
        ),
        ({"reverse": True}, {"cell": True}, "Keras has no such network"),
        ({}, {"bias": False}, "bias=False needs biases that are all zero"),
        ({"num_layers": 2}, {"cell": True}, "keras.layers.GRUCell is one layer in one direction"),
    ],
)
def test_what_keras_cannot_say_is_refused_with_what_to_do(options, arguments, told):
    with pytest.raises(ValueError, match=told):
        draw_network(8, **options).to_keras(**arguments)
