"""Layers, directions, masks and time: what GRU, RNN and LSTM have in common."""

import numpy as np

from gru_ref.initialisers import initial_parameters
from gru_ref.masks import as_mask, visible_steps
from gru_ref.options import brief, check_convention, check_flags, check_sizes, computing_dtype, generator
from gru_ref.parameters import ByLayer, as_layers, as_parameters, float_dtype
from gru_ref.shapes import real_array
from gru_ref.trace import Gradients, Trace


class Recurrent(ByLayer):
    """A stack of recurrent layers, in one or both directions. Subclasses give the cell.

    A subclass names its blocks and states and implements, for one layer in one
    direction and in the order of processing, `_forward` and `_backward`.
    """

    _blocks = ()
    _states = ("h",)

    def __init__(
        self,
        input_size,
        hidden_size,
        *,
        num_layers=1,
        bidirectional=False,
        reverse=False,
        masked_output="carry",
        initialiser="torch",
        rng=None,
        dtype=np.float64,
    ):
        check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_flags(bidirectional=bidirectional)
        dtype, rng = computing_dtype(dtype), generator(rng)
        directions = 2 if bidirectional else 1
        inputs = [input_size] + [directions * hidden_size] * (num_layers - 1)
        blocks = len(self._blocks)
        parameters = [
            [initial_parameters(initialiser, I, hidden_size, blocks, rng, dtype) for _ in range(directions)]
            for I in inputs
        ]
        self._set(parameters, reverse, masked_output)

    @classmethod
    def from_parameters(cls, parameters, *, reverse=False, masked_output="carry"):
        """Make a network from given parameters.

        Parameters
        ----------
        parameters : Parameters, or nested sequence
            One `Parameters` (or its four arrays) for one layer in one
            direction; else ``parameters[layer][direction]``. The arrays are
            copied.
        reverse, masked_output
            As in the constructor.

        Returns
        -------
        The network; its sizes are those of the parameters.

        Raises
        ------
        TypeError
            If `parameters` is neither.
        ValueError
            If a shape does not fit.
        """
        network = cls.__new__(cls)
        network._set(as_layers(parameters), reverse, masked_output)
        return network

    def _set(self, parameters, reverse, masked_output):
        """Check everything and keep it."""
        check_convention(masked_output=masked_output)
        check_flags(reverse=reverse)
        self._masked_output, self._reverse = masked_output, bool(reverse)
        self._parameters = tuple(tuple(as_parameters(one, len(self._blocks)) for one in layer) for layer in parameters)
        directions = {len(layer) for layer in self.parameters}
        if len(directions) != 1 or not directions <= {1, 2}:
            raise ValueError(f"every layer needs one direction, or every layer two; got {sorted(directions)}")
        for index, layer in enumerate(self.parameters):
            I = self.input_size if index == 0 else self.directions * self.hidden_size
            for one in layer:
                if (one.input_size, one.hidden_size) != (I, self.hidden_size):
                    raise ValueError(
                        f"layer {index} must have I = {I} and H = {self.hidden_size},"
                        f" got I = {one.input_size} and H = {one.hidden_size}"
                    )
        dtype = float_dtype(*self.arrays())
        self._parameters = tuple(tuple(one.astype(dtype) for one in layer) for layer in self.parameters)

    @property
    def parameters(self):
        """The arrays of ``parameters[layer][direction]``, each a `Parameters`; training changes them in place."""
        return self._parameters

    @property
    def input_size(self):
        """Number of inputs I."""
        return self.parameters[0][0].input_size

    @property
    def hidden_size(self):
        """Number of units H."""
        return self.parameters[0][0].hidden_size

    @property
    def num_layers(self):
        """Number of layers L."""
        return len(self.parameters)

    @property
    def bidirectional(self):
        """Whether each layer reads in both directions."""
        return len(self.parameters[0]) == 2

    @property
    def directions(self):
        """Number of directions D: 2 if bidirectional, else 1."""
        return len(self.parameters[0])

    @property
    def reverse(self):
        """Whether it reads backward in time, with two directions the first one."""
        return self._reverse

    @property
    def masked_output(self):
        """What stands in the outputs at masked steps, "carry" or "zero"."""
        return self._masked_output

    @property
    def dtype(self):
        """Dtype of the parameters, float32 or float64."""
        return self.parameters[0][0].W.dtype

    def astype(self, dtype):
        """Give the same network in another precision.

        Parameters
        ----------
        dtype : numpy dtype
            float32 or float64.

        Returns
        -------
        GRU, RNN or LSTM
            A new one, as this is, with its parameters rounded to `dtype`.

        Raises
        ------
        ValueError
            If `dtype` is neither.
        """
        dtype = computing_dtype(dtype)
        return self._like([[one.astype(dtype) for one in layer] for layer in self.parameters])

    def _like(self, parameters, **changed):
        """A network of other parameters, or of changed options, and else as this one is."""
        return type(self).from_parameters(parameters, **self._kept_options() | changed)

    def _kept_options(self):
        """What parameters do not say of a network."""
        return {"reverse": self.reverse, "masked_output": self.masked_output}

    def _options(self):
        """What `repr` shows beyond the sizes: whatever is not the plainest choice."""
        options = {"num_layers": (self.num_layers, 1), "bidirectional": (self.bidirectional, False)}
        options |= {"reverse": (self.reverse, False), "masked_output": (self.masked_output, "carry")}
        return {name: value for name, (value, plain) in options.items() if value != plain}

    def __repr__(self):
        options = "".join(f", {name}={value!r}" for name, value in self._options().items())
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}{options}, dtype={self.dtype})"

    def __call__(self, x, h0=None, *, mask=None, lengths=None):
        """Run over a batch of sequences.

        Parameters
        ----------
        x : array_like, shape (B, T, I)
            Batch of sequences. B = 0 and T = 0 are allowed.
        h0 : array_like, shape (L*D, B, H), optional
            Initial state of each layer and direction, in the order layer by
            layer, forward before backward; zeros if not given. An LSTM takes a
            pair, h0 and c0.
        mask : array_like of bool, shape (B, T), optional
            True where a step counts. At other steps the state is carried over
            unchanged and the input is not looked at.
        lengths : array_like of int, shape (B,), optional
            The number of steps that count in each row, in place of `mask`.

        Returns
        -------
        outputs : numpy.ndarray, shape (B, T, D*H)
            The last layer's states. At masked steps: with ``masked_output``
            "carry" the last output again (zeros before the first step that
            counts), with "zero" zeros.
        final : numpy.ndarray, shape (L*D, B, H)
            Each layer's and direction's state after its last step; for an
            LSTM a pair.

        Raises
        ------
        ValueError
            If a shape or dtype does not fit.

        Notes
        -----
        float32 is computed in float32 and float64 in float64, `x` of one and
        parameters of the other in float64. Integers, booleans and float16 take
        the parameters' dtype, and float16 is not what comes out; longdouble is
        rounded to float64. `h0` takes the dtype of the computation. NaN in a row makes that row's
        states NaN from that step on and touches no other. An infinite input
        is the limit of a large one, and NaN where infinities cancel.
        """
        outputs, final, _ = self._run(x, h0, mask, lengths, traced=False)
        return outputs, self._as_user_states(final)

    def trace(self, x, h0=None, *, mask=None, lengths=None):
        """Run over a batch of sequences and keep every gate and state.

        Takes the same arguments as calling the network.

        Returns
        -------
        Trace
            Fields of each layer and direction, outputs and final states.
        """
        outputs, final, run = self._run(x, h0, mask, lengths, traced=True)
        layers, mask = run
        return Trace(self, layers, outputs, self._as_user_states(final), mask)

    @np.errstate(invalid="ignore")  # NaN and infinities go through without a warning
    def _run(self, x, h0, mask, lengths, *, traced):
        """Outputs (B, T, D*H), final states (S, L*D, B, H) and, where traced, layers and mask."""
        ragged = "pad them to one length, and give the lengths they had as lengths="
        if isinstance(x, tuple):
            ragged = "what a network gives is a pair, outputs, final = network(x)"
        x = real_array("x", x, ragged=f"; {ragged}")
        if x.ndim != 3 or x.shape[2] != self.input_size:
            hint = ""
            if x.ndim == 2:
                hint = "; a single sequence is a batch of one, x[None]"
            elif x.ndim == 3 and x.shape[1] == self.input_size:
                hint = "; x.transpose(0, 2, 1) has it, if time stands last here"
            raise ValueError(f"x must have shape (B, T, I) with I = {self.input_size}, got {x.shape}{hint}")
        B, T, _ = x.shape
        dtype = float_dtype(x, self.parameters[0][0].W)
        initial = self._initial(h0, B, dtype)
        mask = as_mask(B, T, mask, lengths)
        mask_t = None if mask is None else np.ascontiguousarray(mask.T)
        below = x.transpose(1, 0, 2).astype(dtype, order="C" if traced else "K", copy=traced)
        if mask is not None:
            below = np.where(mask_t[..., None], below, dtype.type(0))  # nothing depends on what stands there
        layers, final = [], np.empty_like(initial)
        for index, layer in enumerate(self.parameters):
            outputs, traces = [], []
            for direction, parameters in enumerate(layer):
                row = index * self.directions + direction
                order = self._order(direction)
                mask_d = None if mask is None else mask_t[order]
                states, steps = self._forward(
                    below[order], initial[:, row], parameters.astype(dtype), mask_d, keep_steps=traced
                )
                final[:, row] = [state[-1] for state in states]
                output = states[0][1:]
                if mask is not None:
                    output = np.where(visible_steps(mask_d, self.masked_output)[..., None], output, dtype.type(0))
                outputs.append(output[order])
                if traced:
                    traces.append(self._layer_trace(below, states, steps, order, mask))
            below = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=2)
            layers.append(tuple(traces))
        return below.transpose(1, 0, 2), final, (tuple(layers), mask)

    @np.errstate(invalid="ignore")
    def backward(self, trace, d_outputs=None, d_final=None, *, window=None):
        """Gradients of a scalar loss, by hand: backpropagation through time.

        Parameters
        ----------
        trace : Trace
            Of this network, whose parameters have not changed since: in
            training, a new one for every step.
        d_outputs : array_like, shape (B, T, D*H), optional
            Gradient of the loss with respect to the outputs; zeros if not
            given, for a loss of the final states alone.
        d_final : array_like, shape (L*D, B, H), optional
            Gradient with respect to the final states, for an LSTM a pair;
            zeros if not given.
        window : int, optional
            Truncated backpropagation through time: the sequence is cut into
            windows of this many steps, steps 0 to window - 1 and so on, and no
            gradient passes from a window to the one before. This is what
            training window by window with a detached state does. Only for one
            direction, forward in time.

        Returns
        -------
        Gradients
            Of x, h0 and the parameters.

        Raises
        ------
        ValueError
            If a shape does not fit, neither gradient is given, the trace is
            another network's or the parameters have changed since, or `window`
            is not a positive integer or the network reads backward.
        """
        if window is not None:
            check_sizes(window=window)
            if self.bidirectional or self.reverse:
                raise ValueError("window needs a network that only reads forward in time")
        self._check_trace(trace)
        B, T, _ = trace.outputs.shape
        dtype, H = trace.outputs.dtype, self.hidden_size
        if d_outputs is None and d_final is None:
            raise ValueError("give d_outputs, d_final or both: without them the loss depends on nothing")
        d_outputs = real_array("d_outputs", np.zeros_like(trace.outputs) if d_outputs is None else d_outputs)
        if d_outputs.shape != trace.outputs.shape:
            rows = (self.num_layers * self.directions, B, H)
            hint = "; the gradient of the final states is d_final" if d_outputs.shape == rows else ""
            raise ValueError(
                f"d_outputs must have the outputs' shape (B, T, D*H) = {trace.outputs.shape},"
                f" got {d_outputs.shape}{hint}"
            )
        above = d_outputs.astype(dtype, copy=False).transpose(1, 0, 2)
        d_last = self._initial(d_final, B, dtype, name="d_final")
        mask_t = None if trace.mask is None else np.ascontiguousarray(trace.mask.T)
        d_initial = np.empty_like(d_last)
        gradients = []
        for index in reversed(range(self.num_layers)):
            below, layer = None, []
            for direction, parameters in enumerate(self.parameters[index]):
                row = index * self.directions + direction
                order = self._order(direction)
                d_states = above[..., direction * H : (direction + 1) * H][order]
                mask_d = None if mask_t is None else mask_t[order]
                if mask_d is not None:
                    d_states = np.where(visible_steps(mask_d, self.masked_output)[..., None], d_states, dtype.type(0))
                layer_trace = trace.layers[index][direction]
                d_x, d_initial[:, row], gradient = self._backward(
                    layer_trace, order, parameters.astype(dtype), d_states, d_last[:, row], mask_d, window
                )
                below = d_x[order] if below is None else below + d_x[order]
                layer.append(gradient)
            gradients.insert(0, tuple(layer))
            above = below
        return Gradients(above.transpose(1, 0, 2), self._as_user_states(d_initial), tuple(gradients))

    def _check_trace(self, trace):
        """Refuse what is no trace of this network as it is now."""
        if not isinstance(trace, Trace):
            raise ValueError(f"trace must be what this network's trace(x) gives, got {brief(trace)}")
        if trace.network is not self:
            raise ValueError(
                f"trace must be one of this network, {self!r}; got one of another, {trace.network!r},"
                " be it a copy of this one"
            )
        if not trace.is_current:
            raise ValueError(
                "the parameters have changed since this trace was made, so it does not belong to them: trace again"
                " after every step of training"
            )

    def _order(self, direction):
        """The slice that puts time steps into the order of processing, and back."""
        backward = (direction == 1) != self.reverse
        return slice(None, None, -1 if backward else 1)

    def _initial(self, states, B, dtype, name="h0"):
        """States as one array (S, L*D, B, H), zeros if not given."""
        shape = (self.num_layers * self.directions, B, self.hidden_size)
        full = (len(self._states), *shape)
        if states is None:
            return np.zeros(full, dtype)
        several = len(self._states) > 1
        if name == "h0" and type(states) is tuple and len(states) == 2:
            outputs, final = states
            if (
                type(final) is tuple
                if several
                else getattr(outputs, "shape", shape) != shape == getattr(final, "shape", None)
            ):
                kind = "a pair of arrays, each" if several else "one array"
                raise ValueError(f"h0 must be {kind} of shape {shape}; of a call's outputs and final, it is final")
        if several and not (hasattr(states, "__len__") and len(states) == len(self._states)):
            raise ValueError(f"{name} must be a pair of arrays, {name} = ({', '.join(self._states)})")
        arrays = [real_array(name, state) for state in (states if several else [states])]
        for array in arrays:
            if array.shape != shape:
                hint = ""
                if array.shape == shape[1:] and shape[0] == 1:
                    hint = f"; {name}[None] has it"
                elif array.shape[::2] == shape[::2]:
                    hint = f"; the batch comes first in x, so here B = {B}"
                elif name == "h0" and array.dtype.kind in "biu" and array.ndim <= 2:
                    hint = "; a mask or lengths are given by name, mask= or lengths="
                raise ValueError(f"{name} must have shape (L*D, B, H) = {shape}, got {array.shape}{hint}")
        return np.stack(arrays).astype(dtype, copy=False)

    def _as_user_states(self, states):
        """(S, L*D, B, H) as one array, or as a pair where there are two states."""
        return states[0] if len(self._states) == 1 else tuple(states)

    def _forward(self, x, initial, parameters, mask, *, keep_steps):
        """One layer, one direction, time major: (states, one (T + 1, B, H) each; steps or None)."""
        raise NotImplementedError

    def _layer_trace(self, x, states, steps, order, mask):
        """What a trace keeps of one layer and direction."""
        raise NotImplementedError

    def _backward(self, trace, order, parameters, d_states, d_final, mask, window):
        """One layer, one direction: (d_x time major in processing order, d_initial (S, B, H), Parameters)."""
        raise NotImplementedError
