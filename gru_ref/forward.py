"""A GRU over time, one layer in one direction: arrays in, states out.

Arrays are time major here, (T, B, ...), so that a time step is one contiguous
matrix. Letters: T time steps, B batch, I inputs, H units.

The recurrence cannot be computed all at once; everything else is: the input's
products are taken for many steps together, and what remains in the loop is
two products of the state and a handful of element-wise operations in place.
"""

from typing import NamedTuple

import numpy as np

ELEMENTS_AT_ONCE = 1 << 16
"""Numbers per block of time steps: large enough for fast products, small enough to stay in the cache."""


class Steps(NamedTuple):
    """What a GRU computed at each time step, in the order of processing."""

    z: np.ndarray
    """Update gate, (T, B, H)."""
    r: np.ndarray
    """Reset gate, (T, B, H)."""
    candidate: np.ndarray
    """Candidate state, (T, B, H)."""
    recurrent: np.ndarray | None
    """The state's product that the reset gate multiplies, h_prev U_n + b_n, (T, B, H); None with reset before."""


def input_products(x, *weights):
    """Yield for each time step the products of its input, computed for many steps at once.

    Parameters
    ----------
    x : numpy.ndarray, shape (T, B, I)
    *weights : tuple of (numpy.ndarray, numpy.ndarray)
        Pairs of weights (I, N) and bias (N,).

    Yields
    ------
    list of numpy.ndarray, each of shape (B, N)
        ``x[t] @ W + b`` for each pair. Valid until the next step is asked for.
    """
    T, B, I = x.shape
    width = sum(W.shape[1] for W, _ in weights)
    at_once = max(1, ELEMENTS_AT_ONCE // max(1, B * width))
    for start in range(0, T, at_once):
        block = x[start : start + at_once]
        rows = block.reshape(len(block) * B, I)
        products = []
        for W, b in weights:
            product = rows @ W
            product += b
            products.append(product.reshape(len(block), B, W.shape[1]))
        yield from zip(*products, strict=True)


def gru_forward(x, h0, parameters, *, polarity, reset, mask=None, keep_steps=False):
    """Run one GRU layer in one direction.

    Parameters
    ----------
    x : numpy.ndarray, shape (T, B, I)
    h0 : numpy.ndarray, shape (B, H)
        Initial state.
    parameters : Parameters
        W (I, 3H), U (H, 3H), b_input and b_recurrent (3H,), blocks z, r, n.
    polarity : {"keep", "update"}
        Whether z near 1 keeps the old state or writes the candidate.
    reset : {"after", "before"}
        Whether r multiplies the state's product or the state itself.
    mask : numpy.ndarray of bool, shape (T, B), optional
        False where the state is to be carried over unchanged.
    keep_steps : bool
        Whether to return gates and candidates too; without them the memory
        needed beyond the states does not grow with T.

    Returns
    -------
    states : numpy.ndarray, shape (T + 1, B, H)
        `h0`, then the state after each step.
    steps : Steps or None
    """
    (T, B, _), H, dtype = x.shape, parameters.hidden_size, x.dtype
    gates, candidate = slice(0, 2 * H), slice(2 * H, 3 * H)
    W, U, b_input, b_recurrent = parameters
    U_gates, U_n = U[:, gates], U[:, candidate]
    b_gates, b_n, b_reset = b_input[gates] + b_recurrent[gates], b_input[candidate], b_recurrent[candidate]
    if reset == "before":
        b_n = b_n + b_reset

    states = np.empty((T + 1, B, H), dtype)
    states[0] = h0
    kept = T if keep_steps else 1  # without a trace every step overwrites the one before
    zr = np.empty((kept, B, 2 * H), dtype)
    n = np.empty((kept, B, H), dtype)
    q = np.empty((kept, B, H), dtype) if reset == "after" else None
    reset_state = np.empty((B, H), dtype)
    products = input_products(x, (-W[:, gates], -b_gates), (W[:, candidate], b_n))
    with np.errstate(over="ignore"):
        for t, (minus_x_gates, x_n) in enumerate(products):
            k = t if keep_steps else 0
            h, h_new, zr_t, n_t = states[t], states[t + 1], zr[k], n[k]
            z_t, r_t = zr_t[:, :H], zr_t[:, H:]
            np.matmul(h, U_gates, out=zr_t)
            np.subtract(minus_x_gates, zr_t, out=zr_t)
            sigmoid_of_negated(zr_t)
            if reset == "after":
                q_t = np.matmul(h, U_n, out=q[k])
                q_t += b_reset
                np.multiply(r_t, q_t, out=n_t)
            else:
                np.multiply(r_t, h, out=reset_state)
                np.matmul(reset_state, U_n, out=n_t)
            n_t += x_n
            np.tanh(n_t, out=n_t)
            mix(h, n_t, z_t, polarity, out=h_new)
            if mask is not None:
                np.copyto(h_new, h, where=~mask[t][:, None])
    if not keep_steps:
        return states, None
    steps = Steps(z=zr[..., :H], r=zr[..., H:], candidate=n, recurrent=q)
    return states, steps


def sigmoid_of_negated(minus_a):
    """Replace -a, shape (B, N), in place by sigmoid(a) = 1 / (1 + exp(-a)).

    Exact to rounding relative to its value however small that is, as the
    frameworks' gates are. Where exp overflows, 1 / inf is the right 0; the
    caller silences the warning once for a whole run.
    """
    np.exp(minus_a, out=minus_a)
    minus_a += 1.0
    np.divide(1.0, minus_a, out=minus_a)


def mix(h, candidate, z, polarity, out=None):
    """New state: unit by unit, the old state and the candidate mixed as z says.

    h + w (n - h), where the share w that is written is z with update polarity
    and 1 - z with keep. In this form a unit that writes nothing holds its
    state to the bit, for however many steps.

    Parameters
    ----------
    h, candidate, z : numpy.ndarray, shape (B, H)
    polarity : {"keep", "update"}
    out : numpy.ndarray, shape (B, H), optional

    Returns
    -------
    numpy.ndarray, shape (B, H)
    """
    out = np.subtract(candidate, h, out=out)
    out *= z if polarity == "update" else 1.0 - z
    out += h
    return out
