"""The table of conventions: each row proved against the package it names, and the page that shows it."""

import itertools

import numpy as np
import pytest

from authoring import rosetta
from gru_ref import gru_cell
from gru_ref.convert import arrange
from tests.numbers.converter_cases import draw_input, draw_network


def run_torch(W, U, biases, x, h0):
    import torch

    H, I = U.shape[1], W.shape[1]
    layer = torch.nn.GRU(I, H, batch_first=True, dtype=torch.float64)
    cell = torch.nn.GRUCell(I, H, dtype=torch.float64)
    bias_input, bias_state = biases
    arrays = {"weight_ih": W, "weight_hh": U, "bias_ih": bias_input, "bias_hh": bias_state}
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    cell.load_state_dict(tensors)
    layer.load_state_dict({f"{name}_l0": tensor for name, tensor in tensors.items()})
    with torch.no_grad():
        yield layer(torch.from_numpy(x), torch.from_numpy(h0[None]))[0].numpy()
        yield step_by_step(lambda x_t, h: cell(torch.from_numpy(x_t), torch.as_tensor(h)).numpy(), x, h0)


def run_keras(reset_after):
    def run(W, U, biases, x, h0):
        import keras

        if reset_after:
            bias = biases
        else:
            (bias,) = biases
        layer = keras.layers.GRU(len(U), reset_after=reset_after, return_sequences=True, dtype="float64")
        layer.build(x.shape)
        layer.set_weights([W, U, bias])
        yield np.asarray(layer(x, initial_state=h0))
        yield step_by_step(lambda x_t, h: np.asarray(layer.cell(x_t, [h])[0]), x, h0)

    return run


def run_onnx(linear_before_reset):
    def run(W, U, biases, x, h0):
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        bias_input, bias_state = biases
        weights = {"W": W[None], "R": U[None], "B": np.concatenate([bias_input, bias_state])[None]}
        H = U.shape[1]
        node = helper.make_node(
            "GRU",
            ["X", "W", "R", "B", "", "initial_h"],
            ["Y"],
            hidden_size=H,
            linear_before_reset=linear_before_reset,
        )
        real = TensorProto.FLOAT
        inputs = [("X", real, ["T", "B", x.shape[2]]), ("initial_h", real, [1, "B", H])]
        graph = helper.make_graph(
            [node],
            "gru",
            [helper.make_tensor_value_info(*one) for one in inputs],
            [helper.make_tensor_value_info("Y", real, ["T", 1, "B", H])],
            [numpy_helper.from_array(array, name) for name, array in weights.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # an altered row is refused loudly
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        (outputs,) = session.run(None, {"X": x.transpose(1, 0, 2), "initial_h": h0[None]})
        yield outputs[:, 0].transpose(1, 0, 2)

    return run


def run_block_cell(W, U, biases, x, h0):
    import tensorflow as tf

    H = len(U)
    joined = np.vstack([W, U])
    (bias,) = biases
    weights = {"w_ru": joined[:, : 2 * H], "w_c": joined[:, 2 * H :], "b_ru": bias[: 2 * H], "b_c": bias[2 * H :]}
    yield step_by_step(lambda x_t, h: tf.raw_ops.GRUBlockCell(x=x_t, h_prev=h, **weights).h.numpy(), x, h0)


def run_columns(W, U, biases, x, h0):
    (bias,) = biases
    H = U.shape[1]
    blocks = W.reshape(3, H, x.shape[2]), U.reshape(3, H, H), bias.reshape(3, H, 1)
    yield step_by_step(lambda x_t, h: gru_cell(x_t.T, h.T, *blocks).T, x, h0)


def step_by_step(step, x, h):
    """The states (B, T, H) of a function that does one step."""
    states = []
    for t in range(x.shape[1]):
        h = step(x[:, t], h)
        states.append(h)
    return np.stack(states, axis=1)


# How each system is run with what `arrange` gives, in the order of the table.
RUN = [run_torch, run_keras(True), run_keras(False), run_onnx(1), run_onnx(0), run_block_cell, run_columns]
ROWS = [
    pytest.param(row, run, id=row.system, marks=[pytest.mark.needs(row.needs)] if row.needs else [])
    for row, run in zip(rosetta.CHECKED, RUN, strict=True)
]


def disagreement(row, run, seed):
    """Largest difference from gru_ref, relative to the largest state, when the weights are laid out as the row says."""
    c = row.convention
    gru = draw_network(seed, polarity=c.polarity, reset=c.reset, biases=c.biases, dtype=row.dtype)
    x, h0 = draw_input(gru, seed)
    arranged = arrange(gru.parameters[0][0], gru.polarity, gru.reset, c)
    ours = gru(x, h0)[0]
    return max(np.abs(theirs - ours).max() for theirs in run(*arranged, x, h0[0])) / np.abs(ours).max()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("row", "run"), ROWS)
def test_the_installed_package_is_as_the_row_says(row, run, seed):
    assert disagreement(row, run, seed) <= row.tolerance


def altered(convention):
    """The convention with one entry changed, in every way."""
    other = {"keep": "update", "update": "keep", "after": "before", "before": "after"}
    yield convention._replace(polarity=other[convention.polarity])
    yield convention._replace(reset=other[convention.reset])
    yield convention._replace(transposed=not convention.transposed)
    yield convention._replace(biases=3 - convention.biases)
    yield from (
        convention._replace(order=order) for order in itertools.permutations("zrn") if order != convention.order
    )


@pytest.mark.parametrize(("row", "run"), ROWS)
def test_a_wrong_entry_of_a_row_gives_other_numbers_or_does_not_fit(row, run):
    unnoticed = []
    for convention in altered(row.convention):
        try:
            difference = disagreement(row._replace(convention=convention), run, seed=1)
        except Exception:  # what a package raises for a shape that does not fit
            continue
        if difference <= 100 * row.tolerance:
            unnoticed.append(convention)
    assert unnoticed == []


@pytest.mark.parametrize("row", rosetta.CHECKED, ids=lambda row: row.system)
def test_a_wrong_entry_of_a_row_changes_the_page(row):
    for convention in altered(row.convention):
        rows = [row._replace(convention=convention) if one == row else one for one in rosetta.CHECKED]
        assert rosetta.checked_table(rows) != rosetta.checked_table()


def test_the_page_is_what_the_data_say():
    text = rosetta.PAGE.read_text(encoding="utf-8")
    assert rosetta.rendered(text) == text, "run python -m authoring.rosetta"


def test_the_page_says_what_the_tests_draw():
    """H from 2 to 9, T from 2 to 12, and no bias or state of zeros."""
    cases = [draw_network(seed) for seed in range(200)]
    inputs = [draw_input(gru, seed) for seed, gru in enumerate(cases)]
    assert {gru.hidden_size for gru in cases} == set(range(2, 10))
    assert {x.shape[1] for x, _ in inputs} == set(range(2, 13))
    assert all(
        gru.b_recurrent.all() and gru.b_input.all() and h0.all() for gru, (_, h0) in zip(cases, inputs, strict=True)
    )
    assert all(gru.input_size != gru.hidden_size for gru in cases)


def test_only_a_good_test_sees_every_mistake():
    seen = [[rosetta.seen(trial, mistake) for mistake in rosetta.MISTAKES.values()] for _, trial in rosetta.TRIALS]
    assert all(seen[0])
    assert all(not all(row) for row in seen[1:])


@pytest.mark.parametrize("name", rosetta.TABLES)
def test_a_page_without_the_marks_is_an_error(name):
    text = rosetta.PAGE.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=f"must hold the marks of the table '{name}' once"):
        rosetta.rendered(text.replace(f"% table: {name}", ""))
