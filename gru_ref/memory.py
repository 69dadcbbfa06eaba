"""How long a GRU remembers: half-lives from the update gate, and the exact dependence of outputs on inputs."""

import math

import numpy as np

from gru_ref.options import brief, check_convention
from gru_ref.parameters import float_dtype
from gru_ref.recurrent import Recurrent
from gru_ref.shapes import real_array


def half_life(z, polarity="keep"):
    """Number of steps after which a gate held at z has kept half of the state.

    A unit that keeps the share k of its state at every step has k**n of it
    after n steps, which is one half at n = log(1/2) / log(k).

    Parameters
    ----------
    z : array_like, any shape
        Update gate, in [0, 1].
    polarity : {"keep", "update"}
        Whether the share kept is z or 1 - z.

    Returns
    -------
    numpy.ndarray or numpy scalar
        Steps, same shape; 0 where nothing is kept, inf where all is.

    Raises
    ------
    ValueError
        If a value lies outside [0, 1], or the polarity is neither.

    Examples
    --------
    >>> half_life([0.0, 0.5, 1.0]).tolist()
    [0.0, 1.0, inf]
    """
    return _half_life_of_log(_log_kept(z, polarity))


def half_life_over_time(z, polarity="keep"):
    """Half-life in steps of the geometric mean over time of what is kept.

    Parameters
    ----------
    z : array_like, shape (B, T, H)
        Update gate; NaN at steps that do not count.
    polarity : {"keep", "update"}

    Returns
    -------
    numpy.ndarray, shape (B, H)
    """
    log_kept = _log_kept(z, polarity)
    counted = ~np.isnan(log_kept)
    steps = counted.sum(axis=1)
    total = np.where(counted, log_kept, 0.0).sum(axis=1)
    return _half_life_of_log(total / np.maximum(steps, 1))


def _log_kept(z, polarity):
    """log of the share kept; -inf where that is 0."""
    z = real_array("z", z)
    check_convention(polarity=polarity)
    if np.any((z < 0) | (z > 1)):
        raise ValueError("z must lie in [0, 1]: it is a gate's value, not its pre-activation")
    z = z.astype(float_dtype(z), copy=False)
    with np.errstate(divide="ignore"):
        # log1p keeps the accuracy of a small z that 1 - z would round away.
        return np.log(z) if polarity == "keep" else np.log1p(-z)


def _half_life_of_log(log_kept):
    with np.errstate(divide="ignore"):
        return math.log(2) / np.abs(log_kept)


def connectivity(network, x, h0=None, *, mask=None, lengths=None):
    """How much each output depends on each input: the size of the exact derivative.

    Entry [b, t, s] is the Frobenius norm of the Jacobian matrix of output t
    with respect to input s, ``d outputs[b, t, :] / d x[b, s, :]``, of shape
    (D*H, I). In a network that reads forward it is zero for s > t.

    Parameters
    ----------
    network : GRU, RNN or LSTM
    x : array_like, shape (B, T, I)
        Batch of sequences.
    h0, mask, lengths : optional
        As in calling the network.

    Returns
    -------
    numpy.ndarray, shape (B, T, T)

    Raises
    ------
    TypeError
        If `network` is none of those.
    ValueError
        If a shape does not fit.

    Notes
    -----
    Each row of the Jacobian is one backward pass; the D*H of them for one t
    run together as one batch, so the work is T passes at a batch of B*D*H.
    """
    if not isinstance(network, Recurrent):
        raise TypeError(f"network must be a gru_ref.GRU, RNN or LSTM, got {brief(network)}")
    x = real_array("x", x)
    outputs, _ = network(x, h0, mask=mask, lengths=lengths)
    B, T, N = outputs.shape
    repeated = {
        name: None if value is None else np.repeat(value, N, axis=0)
        for name, value in {"mask": mask, "lengths": lengths}.items()
    }
    if h0 is not None:
        h0 = np.repeat(h0, N, axis=-2)
    trace = network.trace(np.repeat(x, N, axis=0), h0, **repeated)
    result = np.empty((B, T, T), outputs.dtype)
    for t in range(T):
        d_outputs = np.zeros((B, N, T, N), outputs.dtype)
        d_outputs[:, np.arange(N), t, np.arange(N)] = 1.0
        d_x = network.backward(trace, d_outputs.reshape(B * N, T, N)).x
        result[:, t] = np.sqrt((d_x.reshape(B, N, *x.shape[1:]) ** 2).sum(axis=(1, 3)))
    return result
