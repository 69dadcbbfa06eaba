"""GRU, RNN and LSTM against Keras in float64, masked as well: outputs, final states and every gradient."""

import itertools

import numpy as np
import pytest

from tests.numbers.drawn_runs import CELLS, PADDINGS, STRUCTURES, assert_run, draw_run, states

pytestmark = pytest.mark.needs("tensorflow")

TOLERANCE = 1e-12
KERAS_NAMES = {"GRU": "GRU", "RNN": "SimpleRNN", "LSTM": "LSTM"}


def in_keras_polarity(array, cell):
    """Our array (..., G*H) with update polarity turned into Keras' keep, and back: the first block negated."""
    H = array.shape[-1] // 3
    return np.concatenate([-array[..., :H], array[..., H:]], axis=-1) if cell.startswith("update") else array


def keras_layer(network, cell):
    """A Keras layer of the network's size, in one direction."""
    import keras

    kind = type(network).__name__
    options = {"reset_after": network.reset == "after"} if kind == "GRU" else {}
    return getattr(keras.layers, KERAS_NAMES[kind])(
        network.hidden_size,
        return_sequences=True,
        return_state=True,
        go_backwards=network.reverse and not network.bidirectional,
        dtype="float64",
        **options,
    )


def set_weights(layer, parameters, cell):
    """Give a built layer our parameters; where it has one bias, their sum."""
    W, U, b_input, b_recurrent = (in_keras_polarity(array, cell) for array in parameters)
    bias = np.stack([b_input, b_recurrent]) if cell.endswith("after") else b_input + b_recurrent
    layer.set_weights([W, U, bias])


def our_gradients(gradients, cell):
    """The gradients of a layer's weights, as Keras has them, named and laid out as ours."""
    d_W, d_U, d_b = (in_keras_polarity(gradient.numpy(), cell) for gradient in gradients)
    biases = {"b_input": d_b[0], "b_recurrent": d_b[1]} if cell.endswith("after") else {"b": d_b}
    return {"W": d_W, "U": d_U} | biases


def keras_run(run, cell):
    """What Keras gives for a run.

    In one direction `reverse` is Keras' `go_backwards`, which returns outputs in the order it made them. In both
    directions the input is turned around instead.
    """
    import keras
    import tensorflow as tf

    network = run.network
    x = tf.constant(run.x)
    h0 = [tf.constant(array) for array in states(run.h0)]
    turned = network.reverse and network.bidirectional
    mask = None if run.mask is None else tf.constant(run.mask[:, ::-1] if turned else run.mask)
    with tf.GradientTape() as tape:
        tape.watch([x, *h0])
        below, final, layers = x[:, ::-1] if turned else x, [], []
        for index in range(network.num_layers):
            layer = keras_layer(network, cell)
            if network.bidirectional:
                layer = keras.layers.Bidirectional(layer, dtype="float64")
            layer.build(below.shape)
            directions = [layer.forward_layer, layer.backward_layer] if network.bidirectional else [layer]
            for one, parameters in zip(directions, network.parameters[index], strict=True):
                set_weights(one, parameters, cell)
            rows = range(index * network.directions, (index + 1) * network.directions)
            below, *last = layer(below, initial_state=[array[row] for row in rows for array in h0], mask=mask)
            if network.reverse and not network.bidirectional:
                below = below[:, ::-1]
            final += last
            layers.append(directions)
        outputs = below[:, ::-1] if turned else below
        kinds = len(h0)
        final = [tf.stack(final[kind::kinds]) for kind in range(kinds)]
        loss = tf.reduce_sum(outputs * run.d_outputs)
        for state, weight in zip(final, states(run.d_final), strict=True):
            loss += tf.reduce_sum(state * weight)
    weights = [[one.trainable_weights for one in directions] for directions in layers]
    d_x, d_h0, d_weights = tape.gradient(loss, [x, h0, weights])
    gradients = [[our_gradients(one, cell) for one in directions] for directions in d_weights]
    final, d_h0 = ([array.numpy() for array in arrays] for arrays in (final, d_h0))
    pair = tuple if kinds > 1 else (lambda arrays: arrays[0])
    assert outputs.dtype == tf.float64
    return outputs.numpy(), pair(final), d_x.numpy(), pair(d_h0), gradients


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_final_states_and_gradients_are_those_of_keras(cell, structure):
    run = draw_run([0, 2], cell, **STRUCTURES[structure])
    assert_run(run, *keras_run(run, cell), TOLERANCE)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("seed", range(1, 4))
def test_it_is_so_for_other_sizes(cell, seed):
    run = draw_run([seed, 2], cell)
    assert_run(run, *keras_run(run, cell), TOLERANCE)


@pytest.mark.parametrize(
    ("structure", "padding"),
    [*itertools.product(["one layer", "bidirectional"], PADDINGS), ("reverse", "gaps"), ("three layers", "gaps")],
)
@pytest.mark.parametrize("cell", CELLS)
def test_masks_are_those_of_keras(cell, structure, padding):
    options = STRUCTURES[structure]
    # One direction carries the last output over masked steps; Keras' Bidirectional gives zeros there.
    masked_output = "zero" if structure == "bidirectional" else "carry"
    run = draw_run([0, 3], cell, padding=padding, T=7, masked_output=masked_output, **options)
    assert_run(run, *keras_run(run, cell), TOLERANCE)


@pytest.mark.parametrize("cell", CELLS)
def test_before_the_first_step_that_counts_keras_gives_zeros_and_keeps_the_initial_state(cell):
    run = draw_run([0, 4], cell, padding="front", T=7)
    mask = run.mask.copy()
    mask[1] = False  # a row in which no step counts
    run = run.but(mask=mask)
    theirs = keras_run(run, cell)
    assert not theirs[0][1].any() and np.array_equal(states(theirs[1])[0][0, 1], states(run.h0)[0][0, 1])
    assert_run(run, *theirs, TOLERANCE)
