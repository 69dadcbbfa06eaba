"""Write the small files of numbers by which a chapter compares itself with Keras and PyTorch.

Usage: ``python -m authoring.vectors``. It needs both frameworks; the chapters
need only the files in book/vectors/, so they run where neither is installed.
A test computes the numbers again and compares.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from authoring.normal_form import write

FOLDER = Path(__file__).resolve().parent.parent / "book" / "vectors"


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


def keras_step(x, h_prev, W, U, b):
    """One step of keras.layers.GRU(reset_after=False) in float64 with the blocks z, r, h as given.

    Keras has rows where the course has columns, and joins the blocks z, r, h.
    """
    import keras

    layer = keras.layers.GRU(h_prev.shape[0], reset_after=False, dtype="float64")
    sequence = x.T[:, None, :]
    layer.build(sequence.shape)
    layer.set_weights([np.hstack([block.T for block in blocks]) for blocks in (W, U)] + [np.vstack(b)[:, 0]])
    return np.asarray(layer(sequence, initial_state=h_prev.T)).T


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


VECTORS = {"ch03-update-gate": update_gate_vectors}
"""The chapters that have a file of numbers, each with the function that computes them."""


def as_text(vectors, versions):
    """Write vectors as JSON: one name a line, so that a difference shows where it is."""
    lines = [
        f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in ({"made_with": versions} | vectors).items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main():
    """Write every file in book/vectors/ anew."""
    versions = {name: version(name).partition("+")[0] for name in ("keras", "tensorflow", "torch")}
    FOLDER.mkdir(exist_ok=True)
    for stem, compute in VECTORS.items():
        path = FOLDER / f"{stem}.json"
        write(path, as_text(compute(), versions))
        print(f"{path.relative_to(FOLDER.parent.parent)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
