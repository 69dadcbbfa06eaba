"""A long short-term memory network with the GRU's interface, forward and backward by hand.

i, f, o = sigmoid(...)          g = tanh(...)         each of x W + b + h U + b'
c_new = f c + i g               h_new = o tanh(c_new)
"""

from typing import NamedTuple

import numpy as np

from gru_ref.forward import input_products, sigmoid_of_negated
from gru_ref.parameters import LSTM_BLOCKS, Parameters
from gru_ref.recurrent import Recurrent
from gru_ref.trace import LayerTrace


class LSTMSteps(NamedTuple):
    """What an LSTM computed at each time step, in the order of processing."""

    gates: np.ndarray
    """Input gate, forget gate, candidate, output gate, side by side, (T, B, 4H)."""
    cells: np.ndarray
    """Initial cell state and the cell state after each step, (T + 1, B, H)."""


class LSTM(Recurrent):
    """Long short-term memory, to compare a GRU with.

    With the gates i (input), f (forget), o (output), each a sigmoid of
    ``x·W + b_input + h·U + b_recurrent``, and the candidate g, a tanh of the
    same form: ``c_new = f * c + i * g`` and ``h_new = o * tanh(c_new)``. This
    is what ``torch.nn.LSTM`` and ``keras.layers.LSTM`` compute. The state is
    a pair: ``outputs, (h, c) = lstm(x, (h0, c0))``.

    Parameters
    ----------
    input_size, hidden_size, num_layers, bidirectional, reverse, masked_output, initialiser, rng, dtype
        As for `gru_ref.GRU`.

    Attributes
    ----------
    parameters : tuple of tuple of Parameters
        ``parameters[layer][direction]``: W (I, 4H), U (H, 4H), b_input and
        b_recurrent (4H,), blocks in the order i, f, g, o.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9, 1997.
    .. [2] F. Gers, J. Schmidhuber and F. Cummins, "Learning to Forget:
       Continual Prediction with LSTM", Neural Computation 12, 2000 (the forget
       gate).
    """

    _blocks = LSTM_BLOCKS
    _states = ("h", "c")

    def _forward(self, x, initial, parameters, mask, *, keep_steps):
        (T, B, _), H, dtype = x.shape, parameters.hidden_size, x.dtype
        candidate, sigmoids = slice(2 * H, 3 * H), (slice(0, 2 * H), slice(3 * H, 4 * H))
        # The sigmoid starts from -a: with the gates' weights negated, no step has to negate.
        sign = np.full(4 * H, -1.0, dtype)
        sign[candidate] = 1.0
        W, U, b = parameters.W * sign, parameters.U * sign, (parameters.b_input + parameters.b_recurrent) * sign
        states, cells = np.empty((T + 1, B, H), dtype), np.empty((T + 1 if keep_steps else 2, B, H), dtype)
        states[0], cells[0] = initial
        gates = np.empty((T if keep_steps else 1, B, 4 * H), dtype)
        with np.errstate(over="ignore"):
            for t, (from_x,) in enumerate(input_products(x, (W, b))):
                k = t if keep_steps else 0
                h, h_new, c, c_new, gate = states[t], states[t + 1], cells[k], cells[k + 1], gates[k]
                np.matmul(h, U, out=gate)
                gate += from_x
                np.tanh(gate[:, candidate], out=gate[:, candidate])
                for block in sigmoids:
                    sigmoid_of_negated(gate[:, block])
                i, f, g, o = (gate[:, block * H : (block + 1) * H] for block in range(4))
                np.multiply(f, c, out=c_new)
                np.multiply(i, g, out=h_new)
                c_new += h_new
                np.tanh(c_new, out=h_new)
                h_new *= o
                if mask is not None:
                    skipped = ~mask[t][:, None]
                    np.copyto(h_new, h, where=skipped)
                    np.copyto(c_new, c, where=skipped)
                if not keep_steps:
                    cells[0] = c_new
        return [states, cells if keep_steps else cells[:1]], LSTMSteps(gates, cells) if keep_steps else None

    def _layer_trace(self, x, states, steps, order, mask):
        return LSTMLayerTrace(x, states[0], steps, order, mask)

    def _backward(self, trace, order, parameters, d_states, d_final, mask, window):
        x, states, cells = trace.inputs[order], trace.states, trace.steps.cells
        (T, B, I), H = x.shape, parameters.hidden_size
        i, f, g, o = (trace.steps.gates[..., block * H : (block + 1) * H] for block in range(4))
        tanh_c = np.tanh(cells[1:])
        # d_a starts as what dLoss/dc multiplies (i, f, g) and what dLoss/dh multiplies (o).
        d_a = np.concatenate([g * i * (1 - i), cells[:-1] * f * (1 - f), i * (1 - g**2), tanh_c * o * (1 - o)], axis=2)
        from_h = o * (1 - tanh_c**2)  # dLoss/dc gets dLoss/dh times this
        if mask is not None:
            np.copyto(d_a, 0.0, where=~mask[..., None])
        U_T = np.ascontiguousarray(parameters.U.T)
        d_h, d_c = np.array(d_final)
        for t in range(T - 1, -1, -1):
            d_h += d_states[t]
            d_c_new = d_c + d_h * from_h[t]
            d_a[t, :, : 3 * H].reshape(B, 3, H)[...] *= d_c_new[:, None]
            d_a[t, :, 3 * H :] *= d_h
            d_c_prev = d_c_new * f[t]
            d_h_prev = d_a[t] @ U_T
            if mask is not None:
                skipped = ~mask[t][:, None]
                np.copyto(d_c_prev, d_c, where=skipped)
                np.copyto(d_h_prev, d_h, where=skipped)
            d_h, d_c = d_h_prev, d_c_prev
            if window and t and t % window == 0:
                d_h[:], d_c[:] = 0.0, 0.0
        rows, d_a, before_step = x.reshape(T * B, I), d_a.reshape(T * B, 4 * H), states[:-1].reshape(T * B, H)
        d_b = d_a.sum(axis=0)
        gradients = Parameters(rows.T @ d_a, before_step.T @ d_a, d_b, d_b.copy())
        return (d_a @ parameters.W.T).reshape(T, B, I), np.stack([d_h, d_c]), gradients


class LSTMLayerTrace(LayerTrace):
    """What one layer of an LSTM computed in one direction.

    Attributes
    ----------
    i, f, g, o : numpy.ndarray, shape (B, T, H)
        Input gate, forget gate, candidate, output gate; NaN at masked steps.
    h, h_prev, c : numpy.ndarray, shape (B, T, H)
        Hidden state after and before each step, cell state after it.
    x : numpy.ndarray, shape (B, T, I)
        What this layer was given; in the first one zeros at masked steps.
    """

    fields = ("x", "i", "f", "g", "o", "c", "h", "h_prev")

    def _gate(self, block):
        H = self.states.shape[2]
        return self._public(self.steps.gates[..., block * H : (block + 1) * H])

    @property
    def i(self):
        return self._gate(0)

    @property
    def f(self):
        return self._gate(1)

    @property
    def g(self):
        return self._gate(2)

    @property
    def o(self):
        return self._gate(3)

    @property
    def c(self):
        return self._in_time(self.steps.cells[1:])
