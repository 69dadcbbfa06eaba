"""The GRU as a network: layers, directions, masks, and its convention said aloud."""

import numpy as np

from gru_ref import convert_keras, convert_onnx, convert_torch
from gru_ref.backward import gru_backward
from gru_ref.conventions import COLUMNS, KERAS, ONNX, TORCH
from gru_ref.convert import (
    arrange,
    as_columns,
    flip_polarity,
    move_reset,
    refuse_backward,
    restore,
    single,
    stack_columns,
)
from gru_ref.forward import gru_forward
from gru_ref.memory import half_life_over_time
from gru_ref.options import check_convention
from gru_ref.parameters import GRU_BLOCKS
from gru_ref.recurrent import Recurrent
from gru_ref.trace import LayerTrace


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

    ``gru.parameters[layer][direction]`` holds W (I, 3H), U (H, 3H), b_input and
    b_recurrent (3H,), their blocks in the order z, r, n. With one layer and one
    direction, ``gru.W`` and so on are these arrays.

    Parameters
    ----------
    input_size : int
        Number of inputs I.
    hidden_size : int
        Number of units H.
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

    def __init__(
        self,
        input_size,
        hidden_size,
        *,
        polarity="keep",
        reset="after",
        num_layers=1,
        bidirectional=False,
        reverse=False,
        masked_output="carry",
        initialiser="torch",
        rng=None,
        dtype=np.float64,
    ):
        self._set_convention(polarity, reset)
        super().__init__(
            input_size,
            hidden_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
            reverse=reverse,
            masked_output=masked_output,
            initialiser=initialiser,
            rng=rng,
            dtype=dtype,
        )

    @property
    def polarity(self):
        """Whether z near 1 keeps the old state or writes the candidate; `to_polarity` makes a network of the other."""
        return self._polarity

    @property
    def reset(self):
        """Whether r multiplies the state's product or the state; see `to_reset`."""
        return self._reset

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
        TypeError
            If `parameters` is neither.
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

    def to_polarity(self, polarity):
        """Give the same function with z pointing the other way, which is always possible.

        Parameters
        ----------
        polarity : {"keep", "update"}

        Returns
        -------
        GRU
            A new network; where the polarity changes, its update gate's blocks
            are negated, since sigmoid(-a) = 1 - sigmoid(a).

        Raises
        ------
        ValueError
            If `polarity` is neither.

        Examples
        --------
        >>> GRU(3, 4, rng=0).to_polarity("update")
        GRU(3, 4, polarity='update', reset='after', dtype=float64)
        """
        gru = self._like(self.parameters, polarity=polarity)
        return gru if polarity == self.polarity else gru._like(gru._each(flip_polarity))

    def to_reset(self, reset):
        """Give the same function with the reset gate on the other side of the product, where there is one.

        That is so where every U_n is diagonal, as with a single unit, and, to
        go from "after" to "before", the n block of every b_recurrent is zero.

        Parameters
        ----------
        reset : {"after", "before"}

        Returns
        -------
        GRU
            A new network.

        Raises
        ------
        ValueError
            If `reset` is neither, or no parameters give the same function.
        """
        gru = self._like(self.parameters, reset=reset)
        return gru if reset == self.reset else gru._like(gru._each(move_reset, reset))

    @classmethod
    def from_torch(cls, module):
        """Read a PyTorch module: keep polarity, reset after the product.

        Parameters
        ----------
        module : torch.nn.GRU or torch.nn.GRUCell
            Of any number of layers and directions, with or without biases. Its
            dropout, which only acts in training, is not read, nor is
            ``batch_first``: here the batch is always first.

        Returns
        -------
        GRU
            Of the module's dtype; with ``masked_output="zero"``, as PyTorch
            has it for packed sequences.

        Raises
        ------
        TypeError
            If `module` is neither. (A module of `gru_ref.torch_gru` has
            ``to_numpy()``.)
        ValueError
            If its weights are neither float32 nor float64.
        """
        return cls.from_parameters(**convert_torch.read(module))

    def to_torch(self, *, bias=True, batch_first=True, cell=False):
        """Make a PyTorch module that computes the same.

        Update polarity is converted. At masked steps PyTorch's packed sequences
        give zeros, whatever `masked_output` is.

        Parameters
        ----------
        bias : bool
            False leaves the biases out; they must be zero.
        batch_first : bool
            Whether the module takes (B, T, I), as here, or (T, B, I).
        cell : bool
            Whether to make a ``torch.nn.GRUCell``, of one layer.

        Returns
        -------
        torch.nn.GRU or torch.nn.GRUCell
            Of this network's dtype, on the CPU.

        Raises
        ------
        ImportError
            If PyTorch is not installed; the message names the extra.
        ValueError
            If PyTorch has no such network: reset before the product (unless
            `to_reset` can move it), or a first direction that reads backward.
        """
        refuse_backward(self.reverse, "PyTorch")
        return convert_torch.write(self._arranged(TORCH), bias=bias, batch_first=batch_first, cell=cell)

    @classmethod
    def from_keras(cls, model):
        """Read Keras layers: keep polarity, reset after or before the product as ``reset_after`` says.

        Parameters
        ----------
        model : keras layer, keras.Sequential or sequence of layers
            GRU, GRUCell, RNN of a GRUCell, Bidirectional of these with
            ``merge_mode="concat"``; or a stack of them, the lowest first.
            Their own dropout, which only acts in training, is not read, nor
            is ``return_sequences``: here all outputs are returned. Where a
            model has other layers as well, an Embedding, Dropout or Dense, give
            the list of its GRU layers.

        Returns
        -------
        GRU
            Of the layers' dtype. With ``go_backwards`` it has ``reverse=True``,
            and Keras' outputs are its ``outputs[:, ::-1]``.

        Raises
        ------
        TypeError
            If a layer is none of those. (A layer of `gru_ref.tf_gru` has
            ``to_numpy()``.)
        ValueError
            If a layer has no weights yet, other activations than tanh and
            sigmoid, or the layers differ in what here is one for all.
        """
        return cls.from_parameters(**convert_keras.read(model))

    def to_keras(self, *, bias=True, cell=False):
        """Make Keras layers that compute the same.

        Update polarity is converted; with reset before the product the two
        biases are added up, for there Keras has one. With `reverse` Keras'
        outputs stand in the order of reading, ``outputs[:, ::-1]`` of this
        network's, and a mask reaches only the first of several layers in the
        right order. At masked steps Keras' Bidirectional gives zeros, whatever
        `masked_output` is.

        Parameters
        ----------
        bias : bool
            False leaves the biases out; they must be zero.
        cell : bool
            Whether to make a ``keras.layers.GRUCell``, of one layer.

        Returns
        -------
        keras.layers.GRU, keras.layers.Bidirectional, keras.Sequential or keras.layers.GRUCell
            Built, of this network's dtype, returning all outputs; several
            layers stand in a Sequential.

        Raises
        ------
        ImportError
            If Keras is not installed; the message names the extra.
        ValueError
            If Keras has no such network.
        """
        return convert_keras.write(
            self._arranged(KERAS[self.reset == "after"]),
            reset=self.reset,
            reverse=self.reverse,
            masked_output=self.masked_output,
            bias=bias,
            cell=cell,
        )

    @classmethod
    def from_onnx(cls, model):
        """Read the GRU nodes of an ONNX model: keep polarity, reset as ``linear_before_reset`` says.

        Parameters
        ----------
        model : onnx.ModelProto
            With one GRU node, or several of which each reads the outputs of
            the one before. What else the model holds is not read.

        Returns
        -------
        GRU
            Of the weights' dtype, with ``masked_output="zero"``.

        Raises
        ------
        ImportError
            If the package onnx is not installed; the message names the extra.
        TypeError
            If `model` is no ONNX model.
        ValueError
            If there is no such stack, or a node computes another function.
        """
        return cls.from_parameters(**convert_onnx.read(model))

    def to_onnx(self, *, sequence_lens=False, dtype=None):
        """Make an ONNX model that computes the same.

        Its inputs are X (B, T, I) and initial_h (L*D, B, H), its outputs Y
        (B, T, D*H) and Y_h (L*D, B, H): what calling this network takes and
        gives. Update polarity is converted. At masked steps Y is zero,
        whatever `masked_output` is. ONNX Runtime gives a row of length 0 the
        final state 0, this network its initial state. Give it neither an empty
        batch nor a sequence without steps: on B = 0 or T = 0 its GRU ends the
        whole process (seen in ONNX Runtime 1.32).

        Parameters
        ----------
        sequence_lens : bool
            Whether the model has a third input, sequence_lens (B,), int32:
            how many steps count in each row.
        dtype : numpy dtype, optional
            float32 or float64; this network's if not given. ONNX Runtime
            computes a GRU in float32 only.

        Returns
        -------
        onnx.ModelProto

        Raises
        ------
        ImportError
            If the package onnx is not installed; the message names the extra.
        ValueError
            If ONNX has no such network: two directions of which the first
            reads backward.
        """
        return convert_onnx.write(
            self._arranged(ONNX[int(self.reset == "after")]),
            reset=self.reset,
            reverse=self.reverse,
            sequence_lens=sequence_lens,
            dtype=dtype,
        )

    @classmethod
    def from_columns(cls, W, U, b):
        """Read weights in the column form of chapters 3 to 6: update polarity, reset before the product.

        Parameters
        ----------
        W : sequence of three array_like, each of shape (H, I)
            Input weights of the update gate, the reset gate and the candidate,
            in this order, as `gru_ref.gru_cell` takes them.
        U : sequence of three array_like, each of shape (H, H)
            Recurrent weights, in the same order.
        b : sequence of three array_like, each of shape (H, 1)
            Biases, in the same order.

        Returns
        -------
        GRU

        Raises
        ------
        ValueError
            If a shape does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> GRU.from_columns(np.zeros((3, 4, 2)), np.zeros((3, 4, 4)), np.zeros((3, 4, 1)))
        GRU(2, 4, polarity='update', reset='before', dtype=float64)
        """
        parameters = restore(*stack_columns(W, U, b), COLUMNS)
        return cls.from_parameters(parameters, polarity=COLUMNS.polarity, reset=COLUMNS.reset)

    def to_columns(self):
        """Give the weights in the column form of chapters 3 to 6, for one layer in one direction.

        Keep polarity is converted, and the two biases are added up.

        Returns
        -------
        Columns
            W (3, H, I), U (3, H, H) and b (3, H, 1), in the order update gate,
            reset gate, candidate: ``gru_cell(x, h_prev, *gru.to_columns())``.

        Raises
        ------
        ValueError
            If there are several layers or directions, the network reads
            backward, or the reset gate stands after the product (unless
            `to_reset` can move it).
        """
        refuse_backward(self.reverse, "the column form")
        return as_columns(*single(self._arranged(COLUMNS), "the column form"))

    def _kept_options(self):
        return {"polarity": self.polarity, "reset": self.reset} | super()._kept_options()

    def _each(self, function, *arguments):
        """The function of each layer's and direction's parameters, nested as they are."""
        return [[function(one, *arguments) for one in layer] for layer in self.parameters]

    def _arranged(self, convention):
        """The parameters as a system stores them, ``[layer][direction]``."""
        return self._each(arrange, self.polarity, self.reset, convention)

    def _set_convention(self, polarity, reset):
        check_convention(polarity=polarity, reset=reset)
        self._polarity = polarity
        self._reset = reset

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
        What this layer was given; in the first one zeros at masked steps.
    """

    fields = ("x", "z", "r", "candidate", "h", "h_prev")

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
