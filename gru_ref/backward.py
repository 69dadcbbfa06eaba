"""The gradient of a GRU over time, one layer in one direction, derived by hand.

Write g for dLoss/dh_t, k for the share of the old state that is kept (z with
keep polarity, 1 - z with update) and w = 1 - k for the share that is written:

    h_t = k h_prev + w n

Every gradient with respect to a pre-activation is g times something that the
forward pass already knows, so these factors are computed for many steps at
once, and the loop only multiplies them by g:

    d a_n = g w (1 - n^2)
    d a_z = g (+-)(h_prev - n) z (1 - z)        + with keep, - with update

With the reset gate after the product, n = tanh(x W_n + b_n + r q) with
q = h_prev U_n + b_n', and r's gradient is such a product as well:

    d a_r = d a_n q r (1 - r)          d q = d a_n r
    dLoss/dh_prev = g k + [d a_z, d a_r, d q] U^T

With the reset gate before it, n = tanh(x W_n + b_n + (r h_prev) U_n), and the
gradient has to pass U_n first:

    s = d a_n U_n^T                    d a_r = s h_prev r (1 - r)
    dLoss/dh_prev = g k + [d a_z, d a_r] [U_z, U_r]^T + s r

The weights' gradients are sums over time and batch: one product each, after
the loop. The last line of each case is the only one that must run step by
step.
"""

import numpy as np

from gru_ref.forward import ELEMENTS_AT_ONCE
from gru_ref.parameters import Parameters


def gru_backward(x, h_prev, steps, parameters, d_states, d_final=None, *, polarity, reset, mask=None, window=None):
    """Gradients of a scalar loss through one GRU layer in one direction.

    Parameters
    ----------
    x : numpy.ndarray, shape (T, B, I)
        Input, as given to the forward pass.
    h_prev : numpy.ndarray, shape (T, B, H)
        The state before each step.
    steps : Steps
        Gates and candidates of the forward pass.
    parameters : Parameters
    d_states : numpy.ndarray, shape (T, B, H)
        Gradient of the loss with respect to the state after each step, as far
        as it does not come from later steps.
    d_final : numpy.ndarray, shape (B, H), optional
        Further gradient with respect to the last state.
    polarity, reset, mask
        As in the forward pass.
    window : int, optional
        Truncated backpropagation: steps are cut into windows of this many, and
        no gradient crosses from one into the one before.

    Returns
    -------
    d_x : numpy.ndarray, shape (T, B, I)
    d_h0 : numpy.ndarray, shape (B, H)
    gradients : Parameters
    """
    T, B, I = x.shape
    H, dtype = parameters.hidden_size, x.dtype
    gates, candidate = slice(0, 2 * H), slice(2 * H, 3 * H)
    W, U = parameters.W, parameters.U
    # A product with a transposed view is slower for a batch, but for one row faster than making the copy.
    U_T = U.T if B == 1 else np.ascontiguousarray(U.T)
    U_gates_T, U_n_T = U_T[gates], U_T[candidate]
    after = reset == "after"

    # d_pre: gradients of what U's three blocks give (reset after), or of the three pre-activations (before).
    d_pre = np.empty((T, B, 3 * H), dtype)
    d_n = np.empty((T, B, H), dtype) if after else d_pre[..., candidate]
    by_block = d_pre.reshape(T, B, 3, H)
    g = np.zeros((B, H), dtype) if d_final is None else np.array(d_final, dtype)
    product = np.empty((B, H), dtype)
    at_once = max(1, ELEMENTS_AT_ONCE // max(1, B * 3 * H))
    for stop in range(T, 0, -at_once):
        block = slice(max(0, stop - at_once), stop)
        keep, reset_factor = _factors(block, h_prev, steps, d_pre, d_n, polarity, after, mask)
        for t in range(block.stop - 1, block.start - 1, -1):
            i = t - block.start
            g += d_states[t]
            if after:
                by_block[t] *= g[:, None]
                d_n[t] *= g
                g *= keep[i]
                g += np.matmul(d_pre[t], U_T, out=product)
            else:
                d_pre_t, s = d_pre[t], product
                d_pre_t[:, :H] *= g
                d_pre_t[:, candidate] *= g
                np.matmul(d_pre_t[:, candidate], U_n_T, out=s)
                d_pre_t[:, H : 2 * H] *= s
                s *= reset_factor[i]
                g *= keep[i]
                g += s
                g += d_pre_t[:, gates] @ U_gates_T
            if window and t and t % window == 0:
                g[:] = 0.0

    rows, d_pre, d_n = x.reshape(T * B, I), d_pre.reshape(T * B, 3 * H), d_n.reshape(T * B, H)
    before_step = h_prev.reshape(T * B, H)
    ones = np.ones(T * B, dtype)  # a product with ones sums over rows, faster than sum(axis=0)
    d_W, d_U = np.empty_like(W, dtype), np.empty_like(U, dtype)
    np.matmul(rows.T, d_pre[:, gates], out=d_W[:, gates])
    np.matmul(rows.T, d_n, out=d_W[:, candidate])
    d_b_recurrent = ones @ d_pre
    if after:
        d_x = d_pre[:, gates] @ W[:, gates].T
        d_x += d_n @ W[:, candidate].T
        np.matmul(before_step.T, d_pre, out=d_U)
        d_b_input = np.concatenate([d_b_recurrent[gates], ones @ d_n])
    else:
        d_x = d_pre @ W.T
        np.matmul(before_step.T, d_pre[:, gates], out=d_U[:, gates])
        np.matmul((steps.r * h_prev).reshape(T * B, H).T, d_n, out=d_U[:, candidate])
        d_b_input = d_b_recurrent.copy()
    return d_x.reshape(T, B, I), g, Parameters(d_W, d_U, d_b_input, d_b_recurrent)


def _factors(block, h_prev, steps, d_pre, d_n, polarity, after, mask):
    """Fill a block of steps of `d_pre` and `d_n` with the factors that g multiplies.

    Returns the share of the old state that is kept, and r; both (steps, B, H)
    and contiguous. At masked steps the state is kept whole and nothing else
    has a gradient.
    """
    z, r, n, h = steps.z[block], steps.r[block], steps.candidate[block], h_prev[block]
    H = n.shape[-1]
    d_z, d_r = d_pre[block, :, :H], d_pre[block, :, H : 2 * H]
    written = 1.0 - z
    keep = np.array(z)
    np.subtract(h, n, out=d_z)
    if polarity == "update":
        written, keep = keep, written
        np.negative(d_z, out=d_z)
    d_z *= written
    d_z *= keep  # z (1 - z), whichever of the two is z
    d_n = d_n[block]
    np.multiply(n, n, out=d_n)
    np.subtract(1.0, d_n, out=d_n)
    d_n *= written
    np.subtract(1.0, r, out=d_r)
    d_r *= r
    if after:
        d_r *= steps.recurrent[block]
        d_r *= d_n
        np.multiply(d_n, r, out=d_pre[block, :, 2 * H :])
    else:
        d_r *= h
    if mask is not None:
        skipped = ~mask[block][..., None]
        np.copyto(keep, 1.0, where=skipped)
        np.copyto(d_pre[block], 0.0, where=skipped)
        np.copyto(d_n, 0.0, where=skipped)
    return keep, r
