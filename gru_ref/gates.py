"""The four equations of a GRU, one function each, and the cell they make.

The form is the one of chapters 3 to 6: every vector is a column, so a batch
of B examples is a matrix with B columns and a single example is a batch of
one. Letters: B batch, I inputs, H units.

========== ======== ==========================================
argument   shape    meaning
========== ======== ==========================================
x          (I, B)   input of this time step
h_prev     (H, B)   hidden state of the time step before
W          (H, I)   weights of the input
U          (H, H)   weights of the hidden state (recurrent)
b          (H, 1)   bias, added to every column
========== ======== ==========================================

Convention: *update* polarity (z near 1 writes the candidate) and the reset
gate *before* the recurrent product.

References
----------
.. [1] K. Cho et al., "Learning Phrase Representations using RNN
   Encoder-Decoder for Statistical Machine Translation", 2014,
   arXiv:1406.1078v3, equations (5) to (8).
.. [2] J. Chung et al., "Empirical Evaluation of Gated Recurrent Neural
   Networks on Sequence Modeling", 2014, arXiv:1412.3555, section 3.2.
"""

import numpy as np

from gru_ref.shapes import real_array, require_shapes


def sigmoid(a):
    """Logistic function 1 / (1 + exp(-a)), without overflow for any finite a.

    With e = exp(-abs(a)), which never overflows, it is 1 / (1 + e) where a is
    not negative and e / (1 + e) where it is. Both keep every digit; the same
    function written as ``0.5 * tanh(a / 2) + 0.5`` loses those of a small value.

    Parameters
    ----------
    a : array_like of real numbers, any shape
        Pre-activation. Integers are taken as float64.

    Returns
    -------
    numpy.ndarray or numpy scalar
        Values in [0, 1], same shape as `a`; float32 stays float32. The value is
        exactly 1 where exp(-a) is lost beside 1 (from a = 37 on, in float32
        from 17), and exactly 0 where exp(a) is too small for the dtype (from
        a = -746 down, in float32 from -104).

    Raises
    ------
    ValueError
        If `a` does not hold real numbers.

    Examples
    --------
    >>> float(sigmoid(0.0))
    0.5
    >>> sigmoid(np.array([-1e4, 1e4], dtype=np.float32)).tolist()
    [0.0, 1.0]
    """
    a = real_array("a", a)
    if a.dtype.kind != "f":
        a = a.astype(np.float64)
    with np.errstate(under="ignore"):
        e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def _gate(x, h_prev, W, U, b, block):
    """sigmoid(W x + U h_prev + b), with the arguments named after their block."""
    blocks = {f"W_{block}": (W, "HI"), f"U_{block}": (U, "HH"), f"b_{block}": (b, "H1")}
    x, h_prev, W, U, b = require_shapes(x=(x, "IB"), h_prev=(h_prev, "HB"), **blocks)
    return sigmoid(W @ x + U @ h_prev + b)


def update_gate(x, h_prev, W_z, U_z, b_z):
    """Update gate: how much of each unit's state is written anew.

    .. math:: z = \\sigma(W_z x + U_z h_{prev} + b_z)

    Parameters
    ----------
    x : array_like, shape (I, B)
        Input of this time step.
    h_prev : array_like, shape (H, B)
        Hidden state of the time step before.
    W_z : array_like, shape (H, I)
    U_z : array_like, shape (H, H)
    b_z : array_like, shape (H, 1)

    Returns
    -------
    numpy.ndarray, shape (H, B)
        The gate z, in [0, 1]: 0 keeps the old state, 1 writes the candidate.

    Raises
    ------
    ValueError
        If a shape does not fit; the message names the argument.

    Examples
    --------
    >>> z = update_gate([[1.0]], [[0.0], [0.0]], [[0.0], [2.0]], np.zeros((2, 2)), [[0.0], [-2.0]])
    >>> z.tolist()
    [[0.5], [0.5]]
    """
    return _gate(x, h_prev, W_z, U_z, b_z, "z")


def reset_gate(x, h_prev, W_r, U_r, b_r):
    """Reset gate: how much of the old state the candidate may see.

    .. math:: r = \\sigma(W_r x + U_r h_{prev} + b_r)

    Parameters
    ----------
    x : array_like, shape (I, B)
        Input of this time step.
    h_prev : array_like, shape (H, B)
        Hidden state of the time step before.
    W_r : array_like, shape (H, I)
    U_r : array_like, shape (H, H)
    b_r : array_like, shape (H, 1)

    Returns
    -------
    numpy.ndarray, shape (H, B)
        The gate r, in [0, 1]: 0 hides the old state from the candidate.

    Raises
    ------
    ValueError
        If a shape does not fit; the message names the argument.
    """
    return _gate(x, h_prev, W_r, U_r, b_r, "r")


def candidate_state(x, h_prev, r, W_h, U_h, b_h):
    """Candidate state: what the cell would write if the update gate let it.

    .. math:: \\tilde h = \\tanh(W_h x + U_h (r \\odot h_{prev}) + b_h)

    Parameters
    ----------
    x : array_like, shape (I, B)
        Input of this time step.
    h_prev : array_like, shape (H, B)
        Hidden state of the time step before.
    r : array_like, shape (H, B)
        Reset gate of this time step.
    W_h : array_like, shape (H, I)
    U_h : array_like, shape (H, H)
    b_h : array_like, shape (H, 1)

    Returns
    -------
    numpy.ndarray, shape (H, B)
        Values in [-1, 1].

    Raises
    ------
    ValueError
        If a shape does not fit; the message names the argument.
    """
    x, h_prev, r, W_h, U_h, b_h = require_shapes(
        x=(x, "IB"), h_prev=(h_prev, "HB"), r=(r, "HB"), W_h=(W_h, "HI"), U_h=(U_h, "HH"), b_h=(b_h, "H1")
    )
    return np.tanh(W_h @ x + U_h @ (r * h_prev) + b_h)


def new_state(h_prev, z, candidate):
    """New hidden state: unit by unit, a mixture of the old state and the candidate.

    .. math:: h = (1 - z) \\odot h_{prev} + z \\odot \\tilde h

    Parameters
    ----------
    h_prev : array_like, shape (H, B)
        Hidden state of the time step before.
    z : array_like, shape (H, B)
        Update gate of this time step.
    candidate : array_like, shape (H, B)
        Candidate state of this time step.

    Returns
    -------
    numpy.ndarray, shape (H, B)
        Each entry lies between the old state and the candidate.

    Raises
    ------
    ValueError
        If a shape does not fit; the message names the argument.

    Examples
    --------
    >>> new_state([[1.0]], [[0.25]], [[-1.0]]).tolist()
    [[0.5]]
    """
    h_prev, z, candidate = require_shapes(h_prev=(h_prev, "HB"), z=(z, "HB"), candidate=(candidate, "HB"))
    return (1 - z) * h_prev + z * candidate


def gru_cell(x, h_prev, W, U, b):
    """One time step of a GRU.

    Parameters
    ----------
    x : array_like, shape (I, B)
        Input of this time step.
    h_prev : array_like, shape (H, B)
        Hidden state of the time step before.
    W : sequence of three array_like, each of shape (H, I)
        Input weights of the update gate, the reset gate and the candidate, in
        this order.
    U : sequence of three array_like, each of shape (H, H)
        Recurrent weights, in the same order.
    b : sequence of three array_like, each of shape (H, 1)
        Biases, in the same order.

    Returns
    -------
    numpy.ndarray, shape (H, B)
        The new hidden state.

    Raises
    ------
    ValueError
        If a shape does not fit, or `W`, `U` or `b` does not hold three blocks.
    """
    for name, blocks in (("W", W), ("U", U), ("b", b)):
        if len(blocks) != 3:
            raise ValueError(f"{name} must hold three blocks (update gate, reset gate, candidate), got {len(blocks)}")
    W_z, W_r, W_h = W
    U_z, U_r, U_h = U
    b_z, b_r, b_h = b
    z = update_gate(x, h_prev, W_z, U_z, b_z)
    r = reset_gate(x, h_prev, W_r, U_r, b_r)
    candidate = candidate_state(x, h_prev, r, W_h, U_h, b_h)
    return new_state(h_prev, z, candidate)
