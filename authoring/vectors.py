"""Write into a chapter the numbers by which it compares itself with Keras and PyTorch.

Usage: ``python -m authoring.vectors``, then ``python -m authoring.refresh``.
It needs both frameworks. The numbers stand in a cell of the chapter, so the
chapter runs where neither is installed, and without any other file. A test
computes the numbers again and compares.
"""

import ast
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from authoring.normal_form import normalised, read, to_text, write

BOOK = Path(__file__).resolve().parent.parent / "book"
LINE = 120
"""The longest line of code."""


def architecture_vectors():
    """Compute what chapter 2 compares with: a short run and the number of parameters, in Keras and in PyTorch.

    The signs of the update block are changed for the frameworks, which keep
    where the course writes.

    Returns
    -------
    dict
        Arrays as nested lists, in column form: x (T, I, B), h0 (H, B); W, U,
        b a list of the blocks z, r, h of shapes (H, I), (H, H), (H, 1);
        states of shape (T, H, B). The numbers of parameters are those of
        layers with 8 inputs and 64 units.
    """
    T, I, H, B = 3, 2, 3, 2
    rng = np.random.default_rng(2)

    def draw(*shape):
        return np.round(rng.standard_normal(shape), 2)

    x, h0 = draw(T, I, B), np.round(rng.uniform(0.2, 0.9, (H, B)) * rng.choice([-1, 1], (H, B)), 2)
    W, U, b = draw(3, H, I), draw(3, H, H), draw(3, H, 1)
    W_keep, U_keep, b_keep = (np.stack([-blocks[0], *blocks[1:]]) for blocks in (W, U, b))
    results = {
        "x": x,
        "h0": h0,
        "W": W,
        "U": U,
        "b": b,
        "keras_before": keras_run(x, h0, W_keep, U_keep, b_keep),
        "torch": torch_run(x, h0, W_keep, U_keep, b_keep, 0 * b),
    }
    return {name: array.tolist() for name, array in results.items()} | framework_parameters(8, 64)


def framework_parameters(I, H):
    """Count the trainable numbers of a GRU layer of Keras, in both of its forms, and of PyTorch."""
    import keras
    import torch

    counts = {}
    for name, after in (("keras_before", False), ("keras_after", True)):
        layer = keras.layers.GRU(H, reset_after=after)
        layer.build((None, None, I))
        counts[f"{name}_parameters"] = layer.count_params()
    counts["torch_parameters"] = sum(array.numel() for array in torch.nn.GRU(I, H).parameters())
    return counts


def update_gate_vectors():
    """Compute what chapter 3 compares with: the update gate and one step, in Keras and in PyTorch.

    Neither framework hands out its gate, but a step shows it: in a cell whose
    candidate is zero (all candidate weights and biases zero, tanh(0) = 0) the
    new state is z * h_prev in both frameworks, since for them z is the kept
    share. The state divided by the old state is the gate.

    Returns
    -------
    dict
        Arrays as nested lists, in column form: x (I, B), h_prev (H, B); W, U,
        b a list of the blocks z, r, h of shapes (H, I), (H, H), (H, 1);
        results of shape (H, B).
    """
    I, H, B = 2, 3, 4
    rng = np.random.default_rng(3)

    def draw(*shape):
        return np.round(rng.standard_normal(shape), 2)

    x, h_prev = draw(I, B), np.round(rng.uniform(0.2, 0.9, (H, B)) * rng.choice([-1, 1], (H, B)), 2)
    W, U, b = draw(3, H, I), draw(3, H, H), draw(3, H, 1)
    without_candidate = [np.stack([blocks[0], blocks[1], 0 * blocks[2]]) for blocks in (W, U, b)]
    update_negated = [np.stack([-blocks[0], blocks[1], blocks[2]]) for blocks in (W, U, b)]
    results = {
        "x": x,
        "h_prev": h_prev,
        "W": W,
        "U": U,
        "b": b,
        "keras_gate": keras_step(x, h_prev, *without_candidate) / h_prev,
        "torch_gate": torch_step(x, h_prev, *without_candidate) / h_prev,
        "keras_state": keras_step(x, h_prev, W, U, b),
        "keras_state_update_negated": keras_step(x, h_prev, *update_negated),
    }
    return {name: array.tolist() for name, array in results.items()}


def reset_gate_vectors():
    """Compute what chapter 4 compares with: the reset gate and one step, in both forms of Keras and in PyTorch.

    Neither framework hands out its gate, but a step shows it: where the
    candidate is tanh(r * h_prev), with U_h the identity and nothing else in
    it, and is written whole, the new state is that candidate. With such a U_h
    the place of the gate makes no difference.

    Returns
    -------
    dict
        Arrays as nested lists, in column form: x (I, B), h_prev (H, B); W, U,
        b a list of the blocks z, r, h of shapes (H, I), (H, H), (H, 1), and
        c_h (H, 1), the candidate's recurrent bias; results of shape (H, B).
        For the states the signs of the update block are changed, since the
        frameworks keep where the course writes.
    """
    I, H, B = 2, 3, 4
    rng = np.random.default_rng(4)

    def draw(*shape):
        return np.round(rng.standard_normal(shape), 2)

    x, h_prev = draw(I, B), np.round(rng.uniform(0.2, 0.9, (H, B)) * rng.choice([-1, 1], (H, B)), 2)
    W, U, b, c_h = draw(3, H, I), draw(3, H, H), draw(3, H, 1), draw(H, 1)
    gate_alone = (
        np.stack([0 * W[0], W[1], 0 * W[2]]),
        np.stack([0 * U[0], U[1], np.eye(H)]),
        np.stack([np.full((H, 1), -40.0), b[1], 0 * b[2]]),
    )
    W_keep, U_keep, b_keep = (np.stack([-blocks[0], *blocks[1:]]) for blocks in (W, U, b))
    inner = np.stack([0 * c_h, 0 * c_h, c_h])
    results = {
        "x": x,
        "h_prev": h_prev,
        "W": W,
        "U": U,
        "b": b,
        "c_h": c_h,
        "keras_gate": np.arctanh(keras_step(x, h_prev, *gate_alone)) / h_prev,
        "torch_gate": np.arctanh(torch_step(x, h_prev, *gate_alone)) / h_prev,
        "keras_before": keras_step(x, h_prev, W_keep, U_keep, b_keep + inner),
        "keras_after": keras_run(x[None], h_prev, W_keep, U_keep, b_keep, inner)[0],
        "torch": torch_run(x[None], h_prev, W_keep, U_keep, b_keep, inner)[0],
    }
    return {name: array.tolist() for name, array in results.items()}


def candidate_vectors():
    """Compute what chapter 5 compares with: the candidate, in Keras with the gate before the product and in PyTorch.

    Neither framework hands out its candidate, but a step shows it: with the
    update gate's weights at zero and its bias at -40 the frameworks keep the
    share sigmoid(-40) of the old state, and the new state is the candidate.

    Returns
    -------
    dict
        Arrays as nested lists, in column form: x (I, B), h_prev (H, B); W, U,
        b a list of the blocks z, r, h of shapes (H, I), (H, H), (H, 1);
        candidates of shape (H, B). For "torch_open" the reset gate is 1.
    """
    I, H, B = 2, 3, 4
    rng = np.random.default_rng(5)

    def draw(*shape):
        return np.round(rng.standard_normal(shape), 2)

    x, h_prev = draw(I, B), np.round(rng.uniform(0.2, 0.9, (H, B)) * rng.choice([-1, 1], (H, B)), 2)
    W, U, b = draw(3, H, I), draw(3, H, H), draw(3, H, 1)
    far = np.full((H, 1), 40.0)
    written = np.stack([0 * W[0], *W[1:]]), np.stack([0 * U[0], *U[1:]]), np.stack([-far, *b[1:]])
    written_open = (
        np.stack([0 * W[0], 0 * W[1], W[2]]),
        np.stack([0 * U[0], 0 * U[1], U[2]]),
        np.stack([-far, far, b[2]]),
    )
    results = {
        "x": x,
        "h_prev": h_prev,
        "W": W,
        "U": U,
        "b": b,
        "keras": keras_step(x, h_prev, *written),
        "torch": torch_step(x, h_prev, *written),
        "torch_open": torch_step(x, h_prev, *written_open),
    }
    return {name: array.tolist() for name, array in results.items()}


def new_state_vectors():
    """Compute what chapter 6 compares with: the states of whole runs, in both forms of Keras and in PyTorch.

    The signs of the update block are changed for the frameworks, which keep
    where the course writes. The second bias goes into the recurrent one where
    the reset gate stands after the product, and is added to the first where it
    stands before.

    Returns
    -------
    dict
        Arrays as nested lists, in column form: x (T, I, B), h0 (H, B); W, U a
        list of the blocks z, r, h of shapes (H, I), (H, H), and the biases b
        and c of (H, 1) each; states of shape (T, H, B).
    """
    T, I, H, B = 4, 2, 3, 2
    rng = np.random.default_rng(6)

    def draw(*shape):
        return np.round(rng.standard_normal(shape), 2)

    x, h0 = draw(T, I, B), np.round(rng.uniform(0.2, 0.9, (H, B)) * rng.choice([-1, 1], (H, B)), 2)
    W, U, b, c = draw(3, H, I), draw(3, H, H), draw(3, H, 1), draw(3, H, 1)
    W_keep, U_keep, b_keep, c_keep = (np.stack([-blocks[0], *blocks[1:]]) for blocks in (W, U, b, c))
    results = {
        "x": x,
        "h0": h0,
        "W": W,
        "U": U,
        "b": b,
        "c": c,
        "keras_before": keras_run(x, h0, W_keep, U_keep, b_keep + c_keep),
        "keras_after": keras_run(x, h0, W_keep, U_keep, b_keep, c_keep),
        "torch": torch_run(x, h0, W_keep, U_keep, b_keep, c_keep),
    }
    return {name: array.tolist() for name, array in results.items()}


def keras_step(x, h_prev, W, U, b):
    """One step of keras.layers.GRU(reset_after=False) in float64 with the blocks z, r, h as given."""
    return keras_run(x[None], h_prev, W, U, b)[0]


def keras_run(x, h0, W, U, b, b_recurrent=None):
    """States (T, H, B) of keras.layers.GRU in float64; with a recurrent bias in its form reset_after=True.

    Keras has rows where the course has columns, and joins the blocks z, r, h.
    """
    import keras

    after = b_recurrent is not None
    layer = keras.layers.GRU(h0.shape[0], reset_after=after, return_sequences=True, dtype="float64")
    sequence = x.transpose(2, 0, 1)
    layer.build(sequence.shape)
    bias = np.vstack(b)[:, 0]
    if after:
        bias = np.stack([bias, np.vstack(b_recurrent)[:, 0]])
    layer.set_weights([np.hstack([block.T for block in blocks]) for blocks in (W, U)] + [bias])
    return np.asarray(layer(sequence, initial_state=h0.T)).transpose(1, 2, 0)


def torch_step(x, h_prev, W, U, b):
    """One step of torch.nn.GRUCell in float64 with the blocks z, r, h as given, all biases on the input's side.

    PyTorch stacks the blocks in the order r, z, h.
    """
    import torch

    cell = torch.nn.GRUCell(x.shape[0], h_prev.shape[0], dtype=torch.float64)
    order = [1, 0, 2]
    with torch.no_grad():
        cell.weight_ih.copy_(torch.from_numpy(np.vstack(W[order])))
        cell.weight_hh.copy_(torch.from_numpy(np.vstack(U[order])))
        cell.bias_ih.copy_(torch.from_numpy(np.vstack(b[order])[:, 0]))
        cell.bias_hh.zero_()
        return cell(torch.from_numpy(x.T), torch.from_numpy(h_prev.T)).numpy().T


def torch_run(x, h0, W, U, b, b_recurrent):
    """States (T, H, B) of torch.nn.GRU in float64 with the blocks z, r, h as given."""
    import torch

    layer = torch.nn.GRU(x.shape[1], h0.shape[0], dtype=torch.float64)
    order = [1, 0, 2]
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(np.vstack(W[order])))
        layer.weight_hh_l0.copy_(torch.from_numpy(np.vstack(U[order])))
        layer.bias_ih_l0.copy_(torch.from_numpy(np.vstack(b[order])[:, 0]))
        layer.bias_hh_l0.copy_(torch.from_numpy(np.vstack(b_recurrent[order])[:, 0]))
        states, _ = layer(torch.from_numpy(x.transpose(0, 2, 1)), torch.from_numpy(h0.T[None]))
    return states.numpy().transpose(0, 2, 1)


def sequence_gradients():
    """Compute what the interlude compares with: the gradients of a sequence, by Keras and by PyTorch.

    The loss is the sum of d_states * states over steps, units and examples, so
    d_states is its gradient with respect to the states. Keras differentiates
    its own layer, whose update block is the course's with its sign changed.
    PyTorch has no layer with the reset gate before the product; its automatic
    differentiation is given the four equations.

    Returns
    -------
    dict
        Arrays as nested lists, in column form: x (T, I, B), h0 (H, B), W, U, b
        as for `update_gate_vectors`, d_states (T, H, B); gradients, each of
        the shape of what it belongs to.
    """
    T, I, H, B = 5, 2, 3, 4
    rng = np.random.default_rng(7)

    def draw(*shape):
        return np.round(rng.standard_normal(shape), 2)

    given = {"x": draw(T, I, B), "h0": np.round(rng.uniform(-0.9, 0.9, (H, B)), 2)}
    given |= {"W": draw(3, H, I), "U": draw(3, H, H), "b": draw(3, H, 1)}
    d_states = draw(T, H, B)
    results = given | {"d_states": d_states}
    for framework, differentiate in (("keras", keras_gradients), ("torch", torch_gradients)):
        gradients = differentiate(*given.values(), d_states)
        results |= {f"{framework}_{name}": gradient for name, gradient in zip(given, gradients, strict=True)}
    return {name: array.tolist() for name, array in results.items()}


def keras_gradients(x, h0, W, U, b, d_states):
    """Gradients of sum(d_states * states) through keras.layers.GRU(reset_after=False) in float64.

    The layer's update block is the given one negated. The gradients are with
    respect to x, h0 and the layer's own weights, each block as a column form.
    """
    import keras
    import tensorflow as tf

    H = len(h0)
    layer = keras.layers.GRU(H, reset_after=False, return_sequences=True, dtype="float64")
    sequence, start = tf.constant(x.transpose(2, 0, 1)), tf.constant(h0.T)
    layer.build(sequence.shape)
    signs = np.array([-1.0, 1.0, 1.0])[:, None, None]
    W, U, b = signs * W, signs * U, signs * b
    layer.set_weights([np.hstack([block.T for block in blocks]) for blocks in (W, U)] + [np.vstack(b)[:, 0]])
    with tf.GradientTape() as tape:
        tape.watch([sequence, start])
        loss = tf.reduce_sum(layer(sequence, initial_state=start) * d_states.transpose(2, 0, 1))
    sources = [sequence, start, *(variable.value for variable in layer.trainable_variables)]
    d_x, d_h0, d_W, d_U, d_b = (np.asarray(gradient) for gradient in tape.gradient(loss, sources))
    blocks = [np.stack([block.T for block in np.split(joined, 3, axis=1)]) for joined in (d_W, d_U)]
    return d_x.transpose(1, 2, 0), d_h0.T, *blocks, d_b.reshape(3, H, 1)


def torch_gradients(x, h0, W, U, b, d_states):
    """Gradients of sum(d_states * states) in float64 by PyTorch, from the four equations of the cell."""
    import torch

    x, h0, W, U, b = leaves = [torch.tensor(array, requires_grad=True) for array in (x, h0, W, U, b)]
    h, loss = h0, 0.0
    for x_t, d_state in zip(x, torch.tensor(d_states), strict=True):
        z, r = (torch.sigmoid(W[k] @ x_t + U[k] @ h + b[k]) for k in (0, 1))
        candidate = torch.tanh(W[2] @ x_t + U[2] @ (r * h) + b[2])
        h = (1 - z) * h + z * candidate
        loss = loss + torch.sum(d_state * h)
    loss.backward()
    return [leaf.grad.numpy() for leaf in leaves]


VECTORS = {
    "ch02-architecture": architecture_vectors,
    "ch03-update-gate": update_gate_vectors,
    "ch04-reset-gate": reset_gate_vectors,
    "ch05-candidate-state": candidate_vectors,
    "ch06-new-state": new_state_vectors,
    "learning-through-time": sequence_gradients,
}
"""The chapters that hold numbers of the frameworks, each with the function that computes them."""


def literal(value, indent=0, room=LINE):
    """Write nested lists and dicts as Python, as Ruff would format them: on one line what fits, else an entry a line.

    Parameters
    ----------
    value : dict, list, str or float
    indent : int
        How far the line on which the value begins is indented.
    room : int
        How many characters that line has left for it and what follows.

    Returns
    -------
    str
    """
    flat = repr(value).replace("'", '"')
    if len(flat) <= room or not isinstance(value, dict | list):
        return flat
    named = isinstance(value, dict)
    entries = [(f'"{name}": ', item) for name, item in value.items()] if named else [("", item) for item in value]
    inner = indent + 4
    lines = [f"{' ' * inner}{key}{literal(item, inner, LINE - inner - len(key) - 1)},\n" for key, item in entries]
    opening, closing = "{}" if named else "[]"
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def as_source(vectors, versions):
    """Write vectors as the cell of a chapter, with the versions of the frameworks that they come from."""
    head = "versions = "
    return f"{head}{literal(versions, 0, LINE - len(head))}\nmeasured = {literal(vectors)}"


def stored_cell(notebook):
    """Find the cell of a notebook that holds the numbers: the one that defines `versions` and `measured`, and no more.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    cell : nbformat.NotebookNode
    values : dict
        What the cell gives each of the two names.

    Raises
    ------
    LookupError
        If there is no such cell.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith("versions = "):
            body = ast.parse(cell.source).body
            if [ast.unparse(line.targets[0]) for line in body] == ["versions", "measured"]:
                return cell, {line.targets[0].id: ast.literal_eval(line.value) for line in body}
    raise LookupError("no cell defines `versions` and `measured`, and no more")


def main():
    """Write the numbers of every chapter anew."""
    versions = {name: version(name).partition("+")[0] for name in ("keras", "tensorflow", "torch")}
    for stem, compute in VECTORS.items():
        path = BOOK / f"{stem}.ipynb"
        notebook, _ = read(path)
        cell, _ = stored_cell(notebook)
        cell.source = as_source(compute(), versions)
        write(path, to_text(normalised(notebook)))
        print(f"{path.relative_to(BOOK.parent)}: numbers written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
