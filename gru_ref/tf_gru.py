"""The GRU written from scratch in TensorFlow, as Keras layers: the equations, and any device.

Nothing here wraps ``keras.layers.GRU``. The convention and the layout of the
parameters are those of `gru_ref.GRU`, and so are the results: tests hold the
two equal to rounding in float64, outputs and gradients. Letters: B batch,
T time steps, I inputs, H units, L layers, D directions.
"""

try:
    import tensorflow as tf
    from tensorflow import keras
except ModuleNotFoundError as error:
    raise ImportError(
        "gru_ref.tf_gru needs TensorFlow, which the extra tensorflow installs: pip install 'gru-course[tensorflow]'"
    ) from error

import gru_ref
from gru_ref.framework_checks import check_numpy_gru, check_shape
from gru_ref.options import check_convention, check_flags, check_sizes
from gru_ref.parameters import GRU_BLOCKS, Parameters

if keras.backend.backend() in ("jax", "torch", "numpy", "openvino"):
    raise ImportError(
        f"gru_ref.tf_gru needs Keras to run on TensorFlow, and it runs on {keras.backend.backend()}:"
        " set the environment variable KERAS_BACKEND=tensorflow before Keras is imported"
    )


def pick_device():
    """The fastest device there is.

    Returns
    -------
    str
        ``"/GPU:0"`` if TensorFlow sees a GPU, else ``"/CPU:0"``; to be used as
        ``with tf.device(pick_device()):``.
    """
    return "/GPU:0" if tf.config.list_physical_devices("GPU") else "/CPU:0"


class GRUCell(keras.layers.Layer):
    """One step of a GRU, with the convention explicit; also a cell for ``keras.layers.RNN``.

    Parameters
    ----------
    hidden_size : int
        H. The number of inputs I is taken from the first input.
    polarity : {"keep", "update"}
        Whether z near 1 keeps the old state or writes the candidate.
    reset : {"after", "before"}
        Whether r multiplies the state's product or the state.
    **options
        As for any layer, such as ``dtype`` and ``name``.

    Attributes
    ----------
    W, U, b_input, b_recurrent : keras.Variable
        (I, 3H), (H, 3H), (3H,) and (3H,), blocks in the order z, r, n. Drawn
        as Keras draws: W Glorot-uniform, U orthogonal, biases zero.

    Raises
    ------
    ValueError
        If an argument is not one of those named.

    References
    ----------
    .. [1] K. Cho et al., "Learning Phrase Representations using RNN
       Encoder-Decoder for Statistical Machine Translation", 2014,
       arXiv:1406.1078, equations (5) to (8).
    """

    def __init__(self, hidden_size, *, polarity="keep", reset="after", **options):
        super().__init__(**options)
        check_sizes(hidden_size=hidden_size)
        check_convention(polarity=polarity, reset=reset)
        self.hidden_size = self.state_size = self.output_size = hidden_size
        self.polarity, self.reset = polarity, reset

    def build(self, input_shape):
        width = len(GRU_BLOCKS) * self.hidden_size
        self.W = self.add_weight(name="W", shape=(input_shape[-1], width), initializer="glorot_uniform")
        self.U = self.add_weight(name="U", shape=(self.hidden_size, width), initializer="orthogonal")
        self.b_input = self.add_weight(name="b_input", shape=(width,), initializer="zeros")
        self.b_recurrent = self.add_weight(name="b_recurrent", shape=(width,), initializer="zeros")

    def call(self, x, states):
        """Take one step.

        Parameters
        ----------
        x : tensor, shape (B, I)
        states : list of one tensor, shape (B, H)
            The state before.

        Returns
        -------
        output : tensor, shape (B, H)
            The state after.
        states : list of one tensor
            The same, as ``keras.layers.RNN`` wants it.

        Raises
        ------
        ValueError
            If a shape does not fit.
        """
        if not isinstance(states, list | tuple) or len(states) != 1:
            raise ValueError("states must be a list of one tensor, [h] with h (B, H)")
        (h,) = states
        check_shape("x", x.shape, B=None, I=self.W.shape[0])
        check_shape("h", h.shape, B=x.shape[0], H=self.hidden_size)
        h = self.step(self.from_input(x), h, self.recurrent_parts())
        return h, [h]

    def from_input(self, x):
        """What the input adds to the three blocks: (..., I) to (..., 3H), any number of steps at once."""
        return tf.tensordot(x, self.W, axes=1) + self.b_input

    def recurrent_parts(self):
        """Recurrent weights and biases of the two gates, and of the candidate: U_zr, b_zr, U_n, b_n."""
        sizes = [2 * self.hidden_size, self.hidden_size]
        (U_zr, U_n), (b_zr, b_n) = tf.split(self.U, sizes, axis=1), tf.split(self.b_recurrent, sizes, axis=0)
        return U_zr, b_zr, U_n, b_n

    def step(self, from_x, h, recurrent_parts):
        """The equations: what the input adds (B, 3H) and the state before (B, H) give the state after."""
        U_zr, b_zr, U_n, b_n = recurrent_parts
        zr_x, n_x = tf.split(from_x, [2 * self.hidden_size, self.hidden_size], axis=-1)
        z, r = tf.split(tf.sigmoid(zr_x + h @ U_zr + b_zr), 2, axis=-1)
        if self.reset == "after":
            n = tf.tanh(n_x + r * (h @ U_n + b_n))
        else:
            n = tf.tanh(n_x + (r * h) @ U_n + b_n)
        return z * h + (1 - z) * n if self.polarity == "keep" else (1 - z) * h + z * n

    def get_config(self):
        return super().get_config() | {
            "hidden_size": self.hidden_size,
            "polarity": self.polarity,
            "reset": self.reset,
        }


class GRU(keras.layers.Layer):
    """A GRU over time: `GRUCell` along each sequence, in layers and directions.

    It stands in a Keras model like any layer: in ``Sequential`` and functional
    models, trained by ``fit``, saved with the model, with the mask that an
    ``Embedding`` or ``Masking`` layer hands on. Where a saved model is loaded,
    ``import gru_ref.tf_gru`` has to come first: that is how Keras gets to know
    the class, and without it says that it could not locate the class GRU.
    ``keras.layers.Bidirectional`` is not needed and not possible, since it sets
    ``go_backwards``: ``bidirectional=True`` does the same.

    Parameters
    ----------
    hidden_size : int
        H. The number of inputs I is taken from the first input.
    polarity, reset, num_layers, bidirectional, reverse, masked_output
        As for `gru_ref.GRU`.
    return_sequences : bool
        Whether to give the outputs at all steps, (B, T, D*H), or the last
        layer's final states alone, (B, D*H).
    return_state : bool
        Whether to give the final states of every layer and direction as well.
    **options
        As for any layer, such as ``dtype`` and ``name``.

    Attributes
    ----------
    cells : list of GRUCell
        L*D of them, layer by layer, forward before backward, as the initial
        states: the cell of a layer and direction is
        ``cells[layer * D + direction]``.

    Raises
    ------
    ValueError
        If an argument is not one of those named.

    Examples
    --------
    >>> import tensorflow as tf
    >>> gru = GRU(4, bidirectional=True, return_sequences=True, return_state=True)
    >>> outputs, final = gru(tf.zeros((2, 5, 3)))
    >>> tuple(outputs.shape), tuple(final.shape)
    ((2, 5, 8), (2, 2, 4))
    """

    def __init__(
        self,
        hidden_size,
        *,
        polarity="keep",
        reset="after",
        num_layers=1,
        bidirectional=False,
        reverse=False,
        masked_output="carry",
        return_sequences=False,
        return_state=False,
        **options,
    ):
        if "go_backwards" in options:
            raise ValueError(
                "gru_ref.tf_gru.GRU reads backward with reverse=True, its outputs in the order of time, and in both"
                " directions with bidirectional=True: it has no go_backwards, and needs no keras.layers.Bidirectional"
            )
        super().__init__(**options)
        check_sizes(hidden_size=hidden_size, num_layers=num_layers)
        check_convention(polarity=polarity, reset=reset, masked_output=masked_output)
        flags = {"bidirectional": bidirectional, "reverse": reverse}
        check_flags(**flags, return_sequences=return_sequences, return_state=return_state)
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.polarity, self.reset = polarity, reset
        self.bidirectional, self.reverse, self.masked_output = bidirectional, reverse, masked_output
        self.return_sequences, self.return_state = return_sequences, return_state
        self.supports_masking = True
        self.cells = [
            GRUCell(hidden_size, polarity=polarity, reset=reset, dtype=self.dtype_policy)
            for _ in range(num_layers * self.directions)
        ]

    @property
    def directions(self):
        """Number of directions D: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    def build(self, input_shape):
        check_shape("x", input_shape, B=None, T=None, I=None)
        for row, cell in enumerate(self.cells):
            cell.build((None, input_shape[-1] if row < self.directions else self.directions * self.hidden_size))

    def call(self, x, h0=None, mask=None, lengths=None, x_mask=None):
        """Run over a batch of sequences.

        Parameters
        ----------
        x : tensor, shape (B, T, I)
            Integers and booleans are taken as the layer's dtype.
        h0 : tensor or list of tensors, shape (L*D, B, H), optional
            Initial states; zeros if not given.
        mask : tensor or array_like of bool, shape (B, T), optional
            True where a step counts. At other steps the state is carried over
            unchanged and the input is not looked at. Keras gives the mask that
            comes with x, if there is one.
        lengths : tensor or array_like of int, shape (B,), optional
            The number of steps that count in each row, in place of `mask`.
        x_mask : tensor of bool, shape (B, T), optional
            The name by which Keras gives the mask that comes with x where x
            is not the only tensor.

        Returns
        -------
        outputs : tensor, shape (B, T, D*H) or (B, D*H)
            With ``return_sequences`` the last layer's states; at masked steps,
            with ``masked_output`` "carry" the last output again (zeros before
            the first step that counts), with "zero" zeros. Without it, the
            last layer's states after its last step, forward first.
        final : tensor, shape (L*D, B, H)
            With ``return_state``: each layer's and direction's state after its
            last step.

        Raises
        ------
        ValueError
            If a shape or dtype does not fit.
        tf.errors.InvalidArgumentError
            If a length is negative or above T.
        """
        if isinstance(x, tf.RaggedTensor):
            raise ValueError("x must be a dense tensor, got a ragged one: gru(x.to_tensor(), lengths=x.row_lengths())")
        check_shape("x", x.shape, B=None, T=None, I=self.cells[0].W.shape[0])
        if x.dtype.is_integer or x.dtype.is_bool:
            x = tf.cast(x, self.compute_dtype)
        if h0 is None:
            h0 = tf.zeros((len(self.cells), tf.shape(x)[0], self.hidden_size), x.dtype)
        h0 = tf.cast(h0, x.dtype)
        check_shape("h0", h0.shape, **{"L*D": len(self.cells), "B": x.shape[0], "H": self.hidden_size})
        mask = _as_mask(x, x_mask if mask is None and lengths is None else mask, lengths)
        x = tf.transpose(x, (1, 0, 2))  # a time step is one contiguous matrix then
        if mask is not None:
            mask = tf.transpose(mask)[..., None]
            x = tf.where(mask, x, tf.zeros_like(x))  # nothing depends on what stands there, not even a NaN
        final = []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(self.directions):
                row = layer * self.directions + direction
                backward = (direction == 1) != self.reverse
                output, h = self._along_time(self.cells[row], x, h0[row], mask, backward)
                outputs.append(output)
                final.append(h)
            x = tf.concat(outputs, axis=-1)
        last = tf.transpose(x, (1, 0, 2)) if self.return_sequences else tf.concat(final[-self.directions :], axis=-1)
        return (last, tf.stack(final)) if self.return_state else last

    def _along_time(self, cell, x, h0, mask, backward):
        """One layer in one direction: outputs (T, B, H) in the order of time, and the state at the end."""
        from_x, recurrent_parts = _by_steps(cell.from_input(x)), cell.recurrent_parts()
        T = from_x.size()
        nothing = tf.zeros_like(h0)

        def advance(count, h, output, outputs):
            t = T - 1 - count if backward else count
            h_new = cell.step(from_x.read(t), h, recurrent_parts)
            if mask is None:
                output = h = h_new
            else:
                h = tf.where(mask[t], h_new, h)
                output = tf.where(mask[t], h, output if self.masked_output == "carry" else nothing)
            return count + 1, h, output, outputs.write(t, output)

        outputs = tf.TensorArray(h0.dtype, size=T, element_shape=h0.shape)
        _, h, _, outputs = tf.while_loop(
            lambda count, *_: count < T, advance, (0, h0, nothing, outputs), maximum_iterations=T
        )
        return outputs.stack(), h

    def compute_mask(self, x, mask=None):
        """The mask goes on with outputs at all steps, and ends with a final state."""
        mask = mask if self.return_sequences else None
        return [mask, None] if self.return_state else mask

    def get_config(self):
        names = ("hidden_size", "polarity", "reset", "num_layers", "bidirectional", "reverse", "masked_output")
        names += ("return_sequences", "return_state")
        return super().get_config() | {name: getattr(self, name) for name in names}

    @classmethod
    def from_numpy(cls, gru, **options):
        """Make a layer with the options and, to the bit, the parameters of a NumPy GRU.

        Parameters
        ----------
        gru : gru_ref.GRU
        **options
            Those of the layer that a NumPy GRU does not have, such as
            ``return_sequences``.

        Returns
        -------
        GRU
            Built, of the same dtype.

        Raises
        ------
        TypeError
            If `gru` is another kind of GRU.
        """
        check_numpy_gru(gru)
        layer = cls(
            gru.hidden_size,
            polarity=gru.polarity,
            reset=gru.reset,
            num_layers=gru.num_layers,
            bidirectional=gru.bidirectional,
            reverse=gru.reverse,
            masked_output=gru.masked_output,
            dtype=gru.dtype.name,
            **options,
        )
        layer.build((None, None, gru.input_size))
        layer.set_weights(gru.arrays())
        return layer

    def to_numpy(self):
        """The NumPy GRU with this layer's options and, to the bit, a copy of its parameters.

        Returns
        -------
        gru_ref.GRU

        Raises
        ------
        ValueError
            If the layer has not been built: it has no parameters before its first input.
        """
        if not self.built:
            raise ValueError("the layer has no parameters yet: call it once, or build((None, None, I))")
        cells = [Parameters(*cell.get_weights()) for cell in self.cells]
        return gru_ref.GRU.from_parameters(
            [cells[row : row + self.directions] for row in range(0, len(cells), self.directions)],
            polarity=self.polarity,
            reset=self.reset,
            reverse=self.reverse,
            masked_output=self.masked_output,
        )


for _layer in (GRUCell, GRU):
    keras.utils.register_keras_serializable(package="gru_ref")(_layer)  # so that a saved model finds them


def _by_steps(tensor):
    """Time steps, to be read one by one: unlike ``tensor[t]``, the gradient of a step is as small as the step."""
    return tf.TensorArray(tensor.dtype, size=tf.shape(tensor)[0]).unstack(tensor)


def _as_mask(x, mask, lengths):
    """The mask (B, T) that `mask` or `lengths` describe, or None where every step counts."""
    if mask is not None and lengths is not None:
        raise ValueError("give mask or lengths, not both: lengths are a mask that is true in front")
    B, T = x.shape[:2]
    if lengths is not None:
        lengths = tf.convert_to_tensor(lengths)
        check_shape("lengths", lengths.shape, B=B)
        if not lengths.dtype.is_integer:
            raise ValueError(f"lengths must hold one integer a row, got dtype {lengths.dtype.name}")
        lengths = tf.cast(lengths, tf.int64)
        T = tf.cast(tf.shape(x)[1], lengths.dtype)
        sentence = "lengths must lie between 0 and T"
        tf.debugging.assert_less_equal(lengths, T, message=sentence)
        tf.debugging.assert_non_negative(lengths, message=sentence)
        return tf.sequence_mask(lengths, T)
    if mask is not None:
        mask = tf.convert_to_tensor(mask)
        check_shape("mask", mask.shape, B=B, T=T)
        if mask.dtype != tf.bool:
            raise ValueError(f"mask must be boolean, True where a step counts; got dtype {mask.dtype.name}")
    return mask
