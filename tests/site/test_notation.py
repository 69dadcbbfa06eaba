"""What the page on notation says about Keras and PyTorch holds in the versions installed here."""

import re
from pathlib import Path

import numpy as np
import pytest

import gru_ref

I, H, B, T = 3, 4, 2, 5
PAGE = (Path(__file__).parents[2] / "book" / "notation.md").read_text(encoding="utf-8")


def rows(heading):
    """Return the rows of the table below a heading of the page, as lists of cells."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def blocks(column):
    """Return the letters of the three blocks in their order, as the first table gives them for a framework."""
    place = {"first": 0, "second": 1, "third": 2}
    found = (re.fullmatch(r"`(\w)`, the (\w+)", row[column]) for row in rows("Ideas, symbols, names"))
    letters = {place[match[2]]: match[1] for match in found if match}
    return [letters.get(number) for number in range(3)]


@pytest.fixture
def weights():
    """Return random dense weights in the order update, reset, candidate; two biases, an input and a start state."""
    draw = np.random.default_rng(3).normal
    W, U = draw(size=(3, H, I)), draw(size=(3, H, H))
    return W, U, draw(size=(3, H)), draw(size=(3, H)), draw(size=(T, I, B)), draw(size=(H, B))


def keep_and_after(W, U, b_input, b_recurrent, x, h):
    """Run the other convention, keep polarity and reset after the product, over a sequence."""
    for x_t in x:
        from_x = W @ x_t + b_input[:, :, None]
        from_h = U @ h + b_recurrent[:, :, None]
        z, r = gru_ref.sigmoid(from_x[:2] + from_h[:2])
        h = z * h + (1 - z) * np.tanh(from_x[2] + r * from_h[2])
    return h


def test_the_table_of_blocks_agrees_with_the_table_of_conventions():
    (order,) = (row for row in rows("The same weights in Keras and in PyTorch") if row[0] == "order of the blocks")
    assert [re.findall(r"`(\w)`", cell) for cell in order[2:]] == [blocks(4), blocks(5)]
    assert (blocks(4), blocks(5)) == (["z", "r", "h"], ["r", "z", "n"])


def test_the_names_in_the_code_are_those_of_the_reference():
    import inspect

    arguments = set()
    for function in (gru_ref.update_gate, gru_ref.reset_gate, gru_ref.candidate_state, gru_ref.new_state):
        arguments |= set(inspect.signature(function).parameters)
    listed = set(re.findall(r"`(\w+)`", " ".join(row[2] for row in rows("Ideas, symbols, names"))))
    assert arguments <= listed


@pytest.mark.needs("tensorflow")
def test_keras_is_as_the_page_says(weights):
    import keras

    W, U, b_input, b_recurrent, x, h0 = weights
    sequence = x.transpose(2, 0, 1)

    after = keras.layers.GRU(H, dtype="float64")
    after.build((B, T, I))
    assert after.reset_after is True
    assert [tuple(w.shape) for w in after.weights] == [(I, 3 * H), (H, 3 * H), (2, 3 * H)]
    after.set_weights([np.hstack([*W.mT]), np.hstack([*U.mT]), np.stack([b_input.ravel(), b_recurrent.ravel()])])
    ours = keep_and_after(W, U, b_input, b_recurrent, x, h0)
    np.testing.assert_allclose(after(sequence, initial_state=h0.T), ours.T, rtol=0, atol=1e-12)

    before = keras.layers.GRU(H, reset_after=False, dtype="float64")
    before.build((B, T, I))
    assert tuple(before.weights[2].shape) == (3 * H,)
    negated = np.array([-1.0, 1.0, 1.0])[:, None, None]
    before.set_weights(
        [np.hstack([*(negated * W).mT]), np.hstack([*(negated * U).mT]), (negated[:, 0] * b_input).ravel()]
    )
    h = h0
    for x_t in x:
        h = gru_ref.gru_cell(x_t, h, tuple(W), tuple(U), tuple(b_input[:, :, None]))
    np.testing.assert_allclose(before(sequence, initial_state=h0.T), h.T, rtol=0, atol=1e-12)


@pytest.mark.needs("torch")
def test_pytorch_is_as_the_page_says(weights):
    import torch

    W, U, b_input, b_recurrent, x, h0 = weights
    layer = torch.nn.GRU(I, H, dtype=torch.float64)
    order = [1, 0, 2]
    values = {
        "weight_ih_l0": np.concatenate(W[order]),
        "weight_hh_l0": np.concatenate(U[order]),
        "bias_ih_l0": b_input[order].ravel(),
        "bias_hh_l0": b_recurrent[order].ravel(),
    }
    layer.load_state_dict({name: torch.tensor(value) for name, value in values.items()})
    sequence, start = np.ascontiguousarray(x.transpose(0, 2, 1)), np.ascontiguousarray(h0.T[None])
    _, final = layer(torch.tensor(sequence), torch.tensor(start))
    ours = keep_and_after(W, U, b_input, b_recurrent, x, h0)
    np.testing.assert_allclose(final[0].detach().numpy(), ours.T, rtol=0, atol=1e-12)
