"""A plain recurrent network, h_new = tanh(x W + b + h U + b'), with the GRU's interface."""

from typing import NamedTuple

import numpy as np

from gru_ref.forward import input_products
from gru_ref.parameters import RNN_BLOCKS, Parameters
from gru_ref.recurrent import Recurrent
from gru_ref.trace import LayerTrace


class NoSteps(NamedTuple):
    """A plain recurrent network computes nothing but its states."""


class RNN(Recurrent):
    """Plain recurrent network with tanh, to compare a GRU with.

    ``h_new = tanh(x·W + b_input + h·U + b_recurrent)``, what
    ``torch.nn.RNN`` and ``keras.layers.SimpleRNN`` compute.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bidirectional, reverse, masked_output, initialiser, rng, dtype
        As for `gru_ref.GRU`.

    Attributes
    ----------
    parameters : tuple of tuple of Parameters
        ``parameters[layer][direction]``: W (I, H), U (H, H), b_input and
        b_recurrent (H,).

    References
    ----------
    .. [1] J. Elman, "Finding Structure in Time", Cognitive Science 14, 1990.
    """

    _blocks = RNN_BLOCKS

    def _forward(self, x, initial, parameters, mask, *, keep_steps):
        (T, B, _), H = x.shape, parameters.hidden_size
        states = np.empty((T + 1, B, H), x.dtype)
        states[0] = initial[0]
        weights = (parameters.W, parameters.b_input + parameters.b_recurrent)
        for t, (from_x,) in enumerate(input_products(x, weights)):
            h_new = np.matmul(states[t], parameters.U, out=states[t + 1])
            h_new += from_x
            np.tanh(h_new, out=h_new)
            if mask is not None:
                np.copyto(h_new, states[t], where=~mask[t][:, None])
        return [states], NoSteps()

    def _layer_trace(self, x, states, steps, order, mask):
        return LayerTrace(x, states[0], steps, order, mask)

    def _backward(self, trace, order, parameters, d_states, d_final, mask, window):
        x, states = trace.inputs[order], trace.states
        (T, B, I), H = x.shape, parameters.hidden_size
        d_a = 1.0 - states[1:] ** 2  # dLoss/da is g times this
        if mask is not None:
            np.copyto(d_a, 0.0, where=~mask[..., None])
        g = np.array(d_final[0])
        U_T = np.ascontiguousarray(parameters.U.T)
        for t in range(T - 1, -1, -1):
            g += d_states[t]
            d_a[t] *= g
            through = d_a[t] @ U_T
            if mask is not None:
                np.copyto(through, g, where=~mask[t][:, None])
            g = through
            if window and t and t % window == 0:
                g[:] = 0.0
        rows, d_a, before_step = x.reshape(T * B, I), d_a.reshape(T * B, H), states[:-1].reshape(T * B, H)
        d_b = d_a.sum(axis=0)
        gradients = Parameters(rows.T @ d_a, before_step.T @ d_a, d_b, d_b.copy())
        return (d_a @ parameters.W.T).reshape(T, B, I), g[None], gradients
