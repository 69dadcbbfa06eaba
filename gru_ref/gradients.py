"""Gradients of the cell's equations, derived by hand.

Each function takes the gradient of a scalar loss with respect to what an
equation returned and gives the gradients with respect to what went in.
"""

from typing import NamedTuple

import numpy as np

from gru_ref.shapes import named_shapes, require_shapes


class GateGradient(NamedTuple):
    """Gradients of a scalar loss with respect to the five inputs of a gate.

    Each field has the shape of the input it belongs to.
    """

    x: np.ndarray
    """Gradient with respect to the input, shape (I, B)."""
    h_prev: np.ndarray
    """Gradient with respect to the previous hidden state, shape (H, B)."""
    W: np.ndarray
    """Gradient with respect to the input weights, shape (H, I)."""
    U: np.ndarray
    """Gradient with respect to the recurrent weights, shape (H, H)."""
    b: np.ndarray
    """Gradient with respect to the bias, shape (H, 1)."""

    def __repr__(self):
        return f"GateGradient({named_shapes(**self._asdict())})"


def gate_gradient(d_gate, gate, x, h_prev, W, U):
    """Gradient through a gate, ``gate = sigmoid(W x + U h_prev + b)``.

    The sigmoid's derivative needs only its value: with a the pre-activation,
    d gate / d a = gate (1 - gate). Call d_a = d_gate * gate * (1 - gate);
    the rest is the gradient of a matrix product. The examples of a batch
    share the weights, so their contributions add up.

    Parameters
    ----------
    d_gate : array_like, shape (H, B)
        Gradient of the loss with respect to the gate.
    gate : array_like, shape (H, B)
        The gate's value in the forward step, in [0, 1].
    x : array_like, shape (I, B)
        Input of this time step.
    h_prev : array_like, shape (H, B)
        Hidden state of the time step before.
    W : array_like, shape (H, I)
    U : array_like, shape (H, H)

    Returns
    -------
    GateGradient
        Named gradients: x (I, B), h_prev (H, B), W (H, I), U (H, H), b (H, 1).

    Raises
    ------
    ValueError
        If a shape does not fit; the message names the argument.

    Examples
    --------
    >>> gradient = gate_gradient([[1.0]], [[0.5]], [[2.0]], [[0.0]], [[3.0]], [[1.0]])
    >>> gradient.W.item(), gradient.b.item(), gradient.x.item()
    (0.5, 0.25, 0.75)
    """
    d_gate, gate, x, h_prev, W, U = require_shapes(
        d_gate=(d_gate, "HB"), gate=(gate, "HB"), x=(x, "IB"), h_prev=(h_prev, "HB"), W=(W, "HI"), U=(U, "HH")
    )
    d_a = d_gate * gate * (1 - gate)
    return GateGradient(x=W.T @ d_a, h_prev=U.T @ d_a, W=d_a @ x.T, U=d_a @ h_prev.T, b=d_a.sum(axis=1, keepdims=True))
