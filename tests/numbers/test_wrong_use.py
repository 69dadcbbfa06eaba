"""Wrong uses of the public names: what came, what was expected and what to do stand in the error."""

import re

import numpy as np
import pytest

from gru_ref import GRU, LSTM, SGD, Adam, clip_by_norm, connectivity, count_parameters, gate_gradient, half_life
from tests.numbers.drawn_runs import assert_close

B, T, I, H = 2, 5, 3, 4

X = np.random.default_rng(0).standard_normal((B, T, I))
MADE = GRU(I, H, rng=0)
PAIR = LSTM(I, H, rng=0)
TRACE = MADE.trace(X)
GRADIENTS = MADE.backward(TRACE, TRACE.outputs)
ONE = MADE.parameters[0][0]
AS_IT_IS = {"polarity": "keep", "reset": "after"}
FOUR = "parameters must be four arrays, W, U, b_input and b_recurrent, or lists of such, parameters[layer][direction]; "
LIST = "must be a list of arrays, or a network"

CALLS = {
    "initial state and input exchanged": (
        lambda: MADE(np.zeros((1, B, H)), X),
        "x must have shape (B, T, I) with I = 3, got (1, 2, 4)",
    ),
    "mask in the place of the initial state": (
        lambda: MADE(X, np.ones((B, T), bool)),
        "h0 must have shape (L*D, B, H) = (1, 2, 4), got (2, 5); a mask or lengths are given by name",
    ),
    "lengths in the place of the initial state": (
        lambda: MADE(X, [5, 3]),
        "h0 must have shape (L*D, B, H) = (1, 2, 4), got (2,); a mask or lengths are given by name",
    ),
    "time before the batch": (
        lambda: MADE(X.transpose(1, 0, 2), np.zeros((1, B, H))),
        "h0 must have shape (L*D, B, H) = (1, 5, 4), got (1, 2, 4); the batch comes first in x, so here B = 5",
    ),
    "outputs and final in the place of the initial state": (
        lambda: MADE(X, MADE(X)),
        "h0 must be one array of shape (1, 2, 4); of a call's outputs and final, it is final",
    ),
    "the same with an LSTM": (
        lambda: PAIR(X, PAIR(X)),
        "h0 must be a pair of arrays, each of shape (1, 2, 4); of a call's outputs and final, it is final",
    ),
    "initial state without its layers": (lambda: MADE(X, np.zeros((B, H))), "got (2, 4); h0[None] has it"),
    "final state of an LSTM to a GRU": (lambda: MADE(X, PAIR(X)[1]), "(1, 2, 4), got (2, 1, 2, 4)"),
    "final state of a GRU to an LSTM": (lambda: PAIR(X, MADE(X)[1]), "h0 must be a pair of arrays, h0 = (h, c)"),
    "what a network gives, whole, to the next one": (
        lambda: GRU(H, H)(MADE(X)),
        "x is not an array: its rows differ in length; what a network gives is a pair, outputs, final = network(x)",
    ),
    "a trace to the next one": (lambda: GRU(H, H)(TRACE), "x must hold real numbers, got Trace of gru_ref.trace"),
    "a dict": (lambda: MADE({"x": X}), "x must hold real numbers, got dict"),
}

BACKWARD = {
    "trace and gradient exchanged": (
        lambda: MADE.backward(TRACE.outputs, TRACE),
        "trace must be what this network's trace(x) gives, got ndarray of numpy",
    ),
    "gradient of the final states in place of the outputs'": (
        lambda: MADE.backward(TRACE, TRACE.final),
        "got (1, 2, 4); the gradient of the final states is d_final",
    ),
    "the loss itself": (
        lambda: MADE.backward(TRACE, 0.5),
        "d_outputs must have the outputs' shape (B, T, D*H) = (2, 5, 4), got ()",
    ),
    "a window of no steps": (
        lambda: MADE.backward(TRACE, TRACE.outputs, window=0),
        "window must be a positive integer, got 0",
    ),
}

MAKING = {
    "a shape for a size": (lambda: GRU(X.shape, H), "input_size must be a positive integer, got tuple"),
    "True for a word": (lambda: GRU(I, H, reset=True), 'reset must be "after" or "before", got True'),
    "a class of dtypes": (lambda: GRU(I, H, dtype=np.floating), "dtype must be float32 or float64"),
    "no dtype": (lambda: GRU(I, H, dtype=None), "dtype must be float32 or float64, got None"),
    "numpy.random itself": (
        lambda: GRU(I, H, rng=np.random),
        "rng must be a numpy.random.Generator, a seed or None, got module",
    ),
    "parameters: a network": (lambda: GRU.from_parameters(MADE, **AS_IT_IS), FOUR + "got GRU of gru_ref.gru"),
    "parameters: a dict": (lambda: GRU.from_parameters(ONE._asdict(), **AS_IT_IS), FOUR + "got dict"),
    "parameters: layers without directions": (
        lambda: GRU.from_parameters([ONE, ONE], **AS_IT_IS),
        FOUR + "got as a layer Parameters of gru_ref.parameters",
    ),
    "parameters: a flat list of two layers": (
        lambda: GRU.from_parameters(GRU(I, H, num_layers=2).arrays(), **AS_IT_IS),
        "parameters are four arrays, W, U, b_input and b_recurrent; got 8",
    ),
    "parameters: numbers where arrays should be": (
        lambda: GRU.from_parameters([[1, 2]], **AS_IT_IS),
        "parameters are four arrays, W, U, b_input and b_recurrent; got 1",
    ),
    "parameters: an LSTM's": (
        lambda: GRU.from_parameters(PAIR.parameters, **AS_IT_IS),
        "U must have shape (H, 3*H), the 3 block(s) side by side; got (4, 16)",
    ),
    "columns: numbers": (
        lambda: GRU.from_columns(1, 2, 3),
        "W must hold three blocks (update gate, reset gate, candidate), got 1",
    ),
    "columns: blocks one above the other": (
        lambda: GRU.from_columns(np.zeros((12, 2)), np.zeros((12, 4)), np.zeros((12, 1))),
        "W must hold three blocks (update gate, reset gate, candidate), got 12",
    ),
    "columns: W and U exchanged": (
        lambda: GRU.from_columns(np.zeros((3, 4, 4)), np.zeros((3, 4, 2)), np.zeros((3, 4, 1))),
        "U_z must have shape (H, H) with H = 4, got (4, 2)",
    ),
    "a precision that is none": (lambda: MADE.astype(int), "dtype must be float32 or float64, got int64"),
    "a block by its name": (lambda: ONE.block("z"), "index must be an integer, 0 to 2, got 'z'"),
    "a module without biases, in words": (
        lambda: MADE.to_torch(bias="no"),
        "bias must be True or False, got 'no'",
    ),
    "a cell of Keras, in words": (lambda: MADE.to_keras(cell="GRUCell"), "cell must be True or False, got 'GRUCell'"),
    "a model with these lengths": (lambda: MADE.to_onnx(sequence_lens=[5, 3]), "sequence_lens must be True or False"),
    "a model of a precision that is none": (lambda: MADE.to_onnx(dtype="flot"), "dtype must be float32 or float64"),
    "counting: a class": (
        lambda: count_parameters(I, H, cell=GRU),
        'cell must be "gru", "lstm" or "rnn", got the class GRU',
    ),
    "counting: words in a list": (
        lambda: count_parameters(I, H, cell=["gru"]),
        'cell must be "gru", "lstm" or "rnn", got list',
    ),
    "counting: yes": (
        lambda: count_parameters(I, H, bidirectional="yes"),
        "bidirectional must be True or False, got 'yes'",
    ),
}

TRAINING = {
    "step with gradients by layer": (
        lambda: Adam(MADE.arrays()).step(GRADIENTS.parameters),
        "there are 4 arrays to train, and 1 gradients came; gradients.arrays() is the flat list",
    ),
    "whole numbers": (
        lambda: Adam([np.zeros(3, int)]),
        "arrays[0] must hold floating-point numbers to be trained",
    ),
    "a number": (
        lambda: SGD([np.zeros(2), 1.0], 0.1),
        "arrays[1] must be a NumPy array, which a step can change",
    ),
    "one array": (lambda: Adam(np.zeros(3)), f"arrays {LIST}; got ndarray of numpy: put it into a list, [arrays]"),
    "nested parameters": (lambda: Adam(MADE.parameters), "got tuple: network.arrays() is the flat list"),
    "the gradients for the network": (lambda: Adam(GRADIENTS), f"arrays {LIST}; got Gradients of gru_ref.trace"),
    "rate and network exchanged": (lambda: Adam(1e-3, MADE), f"arrays {LIST}; got 0.001"),
    "a trace's states": (lambda: SGD([TRACE.h], 0.1), "arrays[0] is read-only, so no step can change it: train a copy"),
    "a rate in words": (lambda: Adam(MADE, "1e-3"), "learning_rate must be positive, got '1e-3'"),
    "gradients for the rate": (
        lambda: Adam(MADE, GRADIENTS),
        "learning_rate must be positive, got Gradients of",
    ),
    "a momentum in words": (lambda: SGD(MADE, 0.1, "0.9"), "momentum must lie in [0, 1), got '0.9'"),
    "no epsilon": (lambda: Adam(MADE, epsilon=0), "epsilon must be positive, got 0"),
    "a step with the network": (
        lambda: Adam(MADE.arrays()).step(MADE.arrays()),
        "gradient 0 is the array that is to be trained, and not its gradient",
    ),
    "a step with a network in place of gradients": (
        lambda: Adam(MADE).step(MADE),
        f"gradients {LIST}'s gradients; got GRU of gru_ref.gru",
    ),
    "a step with nothing": (lambda: Adam(MADE).step(None), f"gradients {LIST}'s gradients; got None"),
    "a step with gradients that are not there": (
        lambda: Adam(MADE).step([None] * 4),
        "gradient 0 must hold real numbers, got None",
    ),
    "a step with all that clipping gives": (
        lambda: Adam(MADE).step(clip_by_norm(GRADIENTS, 1.0)),
        "there are 4 arrays to train, and 2 gradients came; clip_by_norm gives a pair, clipped, norm",
    ),
    "clipping: arguments exchanged": (
        lambda: clip_by_norm(1.0, GRADIENTS),
        f"gradients {LIST}'s gradients; got 1.0",
    ),
    "clipping: one array": (lambda: clip_by_norm(np.ones(3), 1.0), "put it into a list, [gradients]"),
    "clipping: no bound": (lambda: clip_by_norm(GRADIENTS, None), "max_norm must be positive, got None"),
}

MEMORY = {
    "connectivity of a number": (lambda: connectivity(5, X), "network must be a gru_ref.GRU, RNN or LSTM, got 5"),
    "connectivity of a class": (lambda: connectivity(GRU, X), "RNN or LSTM, got the class GRU"),
    "connectivity: arguments exchanged": (lambda: connectivity(X, MADE), "RNN or LSTM, got ndarray of numpy"),
    "connectivity of one sequence": (lambda: connectivity(MADE, X[0]), "a single sequence is a batch of one, x[None]"),
    "connectivity: a mask on its side": (
        lambda: connectivity(MADE, X, mask=np.ones((T, B), bool)),
        "got (5, 2); its transpose would fit",
    ),
    "half-life of a trace": (lambda: half_life(TRACE), "z must hold real numbers, got Trace of gru_ref.trace"),
    "half-life: arguments exchanged": (lambda: half_life("keep", 0.5), "z must hold real numbers, got dtype <U4"),
    "a gate's gradient with the input on its side": (
        lambda: gate_gradient(np.zeros((H, B)), np.zeros((H, B)), X[:, 0], np.zeros((H, B)), ONE.W[:, :H].T, np.eye(H)),
        "x must have shape (I, B) with B = 2, got (2, 3); its transpose would fit",
    ),
}


@pytest.mark.parametrize(
    ("use", "told"),
    [
        pytest.param(*case, id=name)
        for table in (CALLS, BACKWARD, MAKING, TRAINING, MEMORY)
        for name, case in table.items()
    ],
)
def test_a_wrong_use_is_told_what_is_wrong(use, told):
    with pytest.raises((ValueError, TypeError), match=re.escape(told)):
        use()


def test_a_field_that_a_trace_does_not_have_is_answered_by_those_it_has():
    with pytest.raises(AttributeError, match="no 'n'; each layer has x, z, r, candidate, h, h_prev"):
        TRACE.n  # noqa: B018


def test_the_remedies_that_errors_name_are_right():
    assert MADE(X, np.zeros((B, H))[None])[0].shape == (B, T, H)
    assert np.array_equal(MADE(X.transpose(0, 2, 1).transpose(0, 2, 1))[0], TRACE.outputs)
    first, second = GRU(I, H, bidirectional=True, rng=0)(X)[1]
    assert GRU(I, H, bidirectional=True, rng=0)(X, (first, second))[0].shape == (B, T, 2 * H)
    ragged = [X[0], X[1, :3]]
    lengths = [len(row) for row in ragged]
    padded = np.zeros((B, max(lengths), I))
    for row, steps in zip(padded, ragged, strict=True):
        row[: len(steps)] = steps
    outputs, final = MADE(padded, lengths=lengths)
    assert_close(final[0, 1], MADE(ragged[1][None])[1][0, 0], 1e-14)
    assert GRU(H, H, rng=0)(outputs)[0].shape == (B, T, H)
    clipped, _ = clip_by_norm(GRADIENTS, 1.0)
    Adam(MADE.astype(np.float64)).step(clipped)
