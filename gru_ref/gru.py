"""The GRU as a network: layers, directions, masks, and its convention said aloud."""

from gru_ref.backward import gru_backward
from gru_ref.forward import gru_forward
from gru_ref.memory import half_life_over_time
from gru_ref.parameters import GRU_BLOCKS
from gru_ref.recurrent import Recurrent
from gru_ref.trace import LayerTrace

POLARITIES = ("keep", "update")
RESETS = ("after", "before")


class GRU(Recurrent):
    """Gated recurrent unit, with the convention explicit.

    With rows x (B, I) and h (B, H), gates z and r, candidate n, and "·" a
    matrix product:

    ==================  ======================================================
    both gates          z = sigmoid(x·W_z + b_z + h·U_z + b'_z), r alike
    reset "after"       n = tanh(x·W_n + b_n + r * (h·U_n + b'_n))
    reset "before"      n = tanh(x·W_n + b_n + (r * h)·U_n + b'_n)
    polarity "keep"     h_new = z * h + (1 - z) * n
    polarity "update"   h_new = (1 - z) * h + z * n
    ==================  ======================================================

    The default, keep and after, is what ``torch.nn.GRU`` and
    ``keras.layers.GRU`` compute. `GRU.slides` gives update and before, the
    convention of chapters 3 to 6.

    Parameters
    ----------
    input_size, hidden_size : int
        I and H.
    polarity : {"keep", "update"}
        Whether z near 1 keeps the old state or writes the candidate. The two
        are the same family of functions: `to_polarity`.
    reset : {"after", "before"}
        Whether r multiplies the state's product or the state. These are
        different functions.
    num_layers : int
        Layers L; each above the first reads the outputs of the one below.
    bidirectional : bool
        Whether each layer also reads backward in time, with parameters of its
        own (D = 2); outputs of both stand side by side, forward first.
    reverse : bool
        Read backward in time. Output t is still the one at input step t; for
        the order in which Keras' ``go_backwards`` returns them, take
        ``outputs[:, ::-1]``.
    masked_output : {"carry", "zero"}
        Output at masked steps: the last output again, as Keras on CPU, or
        zeros, as PyTorch's packed sequences and ONNX.
    initialiser : {"torch", "keras", "orthogonal"}
        How to draw the parameters; see `gru_ref.initialisers`.
    rng : numpy.random.Generator, int or None
        Source of randomness, or a seed for one.
    dtype : numpy dtype
        float32 or float64.

    Attributes
    ----------
    parameters : tuple of tuple of Parameters
        ``parameters[layer][direction]``: W (I, 3H), U (H, 3H), b_input and
        b_recurrent (3H,), blocks in the order z, r, n. With one layer and one
        direction, ``gru.W`` and so on are its arrays.

    Raises
    ------
    ValueError
        If an argument is not one of those named.

    Examples
    --------
    >>> import numpy as np
    >>> gru = GRU(3, 4, rng=0)
    >>> gru
    GRU(3, 4, polarity='keep', reset='after', dtype=float64)
    >>> outputs, final = gru(np.zeros((2, 5, 3)))
    >>> outputs.shape, final.shape
    ((2, 5, 4), (1, 2, 4))

    References
    ----------
    .. [1] K. Cho et al., "Learning Phrase Representations using RNN
       Encoder-Decoder for Statistical Machine Translation", 2014,
       arXiv:1406.1078, equations (5) to (8).
    """

    _blocks = GRU_BLOCKS

    def __init__(self, input_size, hidden_size, *, polarity="keep", reset="after", **options):
        self._set_convention(polarity, reset)
        super().__init__(input_size, hidden_size, **options)

    @classmethod
    def from_parameters(cls, parameters, *, polarity, reset, reverse=False, masked_output="carry"):
        """Make a GRU from given parameters, whose convention has to be said.

        Parameters
        ----------
        parameters : Parameters, or nested sequence
            One `Parameters` (or its four arrays, W (I, 3H), U (H, 3H), b_input
            and b_recurrent (3H,), blocks z, r, n) for one layer in one
            direction; else ``parameters[layer][direction]``. Copied.
        polarity, reset, reverse, masked_output
            As in the constructor.

        Returns
        -------
        GRU
            Of the parameters' sizes.

        Raises
        ------
        ValueError
            If a shape does not fit, or an argument is not one of those named.
        """
        gru = super().from_parameters(parameters, reverse=reverse, masked_output=masked_output)
        gru._set_convention(polarity, reset)
        return gru

    @classmethod
    def slides(cls, input_size, hidden_size, **options):
        """Make a GRU in the convention of chapters 3 to 6: update polarity, reset before the product."""
        return cls(input_size, hidden_size, polarity="update", reset="before", **options)

    def _set_convention(self, polarity, reset):
        for name, value, known in (("polarity", polarity, POLARITIES), ("reset", reset, RESETS)):
            if value not in known:
                raise ValueError(f'{name} must be "{known[0]}" or "{known[1]}", got {value!r}')
        self.polarity = polarity
        self.reset = reset

    def _options(self):
        return {"polarity": self.polarity, "reset": self.reset} | super()._options()

    def _forward(self, x, initial, parameters, mask, *, keep_steps):
        states, steps = gru_forward(
            x, initial[0], parameters, polarity=self.polarity, reset=self.reset, mask=mask, keep_steps=keep_steps
        )
        return [states], steps

    def _layer_trace(self, x, states, steps, order, mask):
        return GRULayerTrace(x, states[0], steps, order, mask, self.polarity)

    def _backward(self, trace, order, parameters, d_states, d_final, mask, window):
        d_x, d_h0, gradients = gru_backward(
            trace.inputs[order],
            trace.states[:-1],
            trace.steps,
            parameters,
            d_states,
            d_final[0],
            polarity=self.polarity,
            reset=self.reset,
            mask=mask,
            window=window,
        )
        return d_x, d_h0[None], gradients


class GRULayerTrace(LayerTrace):
    """What one layer of a GRU computed in one direction.

    Attributes
    ----------
    z, r, candidate, h, h_prev : numpy.ndarray, shape (B, T, H)
        Update gate, reset gate, candidate, and the state after and before each
        step, in the order of the input's time steps. At masked steps there is
        no gate and no candidate: NaN.
    x : numpy.ndarray, shape (B, T, I)
        What this layer read; zeros at masked steps.
    """

    def __init__(self, inputs, states, steps, order, mask, polarity):
        super().__init__(inputs, states, steps, order, mask)
        self._polarity = polarity

    @property
    def z(self):
        return self._public(self.steps.z)

    @property
    def r(self):
        return self._public(self.steps.r)

    @property
    def candidate(self):
        return self._public(self.steps.candidate)

    def half_life(self):
        """Half-life in steps of each unit's state as the update gate alone has it.

        A unit that keeps the share k_t of its state at step t keeps their
        product over a sequence; this is the half-life, in steps, of the
        geometric mean of the shares over the steps that count.

        Returns
        -------
        numpy.ndarray, shape (B, H)
            0 where a step keeps nothing, inf where every step keeps all (or
            no step counts).

        See Also
        --------
        gru_ref.half_life : the same for single gate values.
        """
        return half_life_over_time(self.z, self._polarity)
