"""What a recurrent network hands back beside its outputs: the trace of a run, and gradients."""

from dataclasses import dataclass

import numpy as np

from gru_ref.parameters import ByLayer, only
from gru_ref.shapes import named_shapes


@dataclass(frozen=True, repr=False, eq=False)
class Gradients(ByLayer):
    """Gradients of a scalar loss through a recurrent network, each shaped as what it belongs to.

    With one layer and one direction, ``gradients.W`` and so on are the
    parameters' gradients.
    """

    x: np.ndarray
    """With respect to the input, (B, T, I)."""
    h0: np.ndarray | tuple
    """With respect to the initial state, (L*D, B, H); for an LSTM a pair of these, h0 and c0."""
    parameters: tuple
    """With respect to ``parameters[layer][direction]``, each a `Parameters`."""

    def __repr__(self):
        described = [[named_shapes(**one._asdict()) for one in layer] for layer in self.parameters]
        return _by_layer(f"Gradients({_shapes_of(x=self.x, h0=self.h0)}", "parameters", described)


class LayerTrace:
    """What one layer computed in one direction. Subclasses name the gates.

    Attributes
    ----------
    x : numpy.ndarray, shape (B, T, I)
        What this layer was given; in the first one zeros at masked steps.
    h, h_prev : numpy.ndarray, shape (B, T, H)
        State after and before each step, in the order of the input's time
        steps.
    inputs : numpy.ndarray, shape (T, B, I)
        The same as `x`, as the computation has it.
    states : numpy.ndarray, shape (T + 1, B, H)
        The initial state and the state after each step, in the order of
        processing.
    steps : tuple of numpy.ndarray
        The cell's own quantities, (T, B, H), in the order of processing.
    """

    fields = ("x", "h", "h_prev")
    """Names of what it holds batch first, in the order of time."""

    def __init__(self, inputs, states, steps, order, mask):
        for array in (inputs, states, *steps):
            if array is not None:
                array.flags.writeable = False
        self.inputs = inputs
        self.states = states
        self.steps = steps
        self._order = order
        self._mask = mask

    def __repr__(self):
        return f"{type(self).__name__}({self._shapes()})"

    def _shapes(self):
        """Names and shapes of the fields, in words."""
        return named_shapes(**{name: self.x if name == "x" else self.h for name in self.fields})

    @property
    def x(self):
        return self.inputs.transpose(1, 0, 2)

    @property
    def h(self):
        return self._in_time(self.states[1:])

    @property
    def h_prev(self):
        return self._in_time(self.states[:-1])

    def _in_time(self, array):
        """A view (B, T, H) in the order of time."""
        return array[self._order].transpose(1, 0, 2)

    def _public(self, array):
        """The same with NaN where a step was masked, and so nothing was computed."""
        array = self._in_time(array)
        return array if self._mask is None else np.where(self._mask[..., None], array, array.dtype.type(np.nan))


class Trace:
    """All that a recurrent network computed for one input.

    Its arrays can be read and not written: `backward` relies on them.

    Attributes
    ----------
    network : Recurrent
        What computed it.
    layers : tuple of tuple
        ``layers[layer][direction]`` is what that layer computed in that
        direction, its fields (B, T, H) in the order of the input's time
        steps. Where there is one layer and one direction, its fields are the
        trace's own too: ``trace.z`` is ``trace.layers[0][0].z``.
    outputs : numpy.ndarray, shape (B, T, D*H)
        What calling the network gives.
    final : numpy.ndarray, shape (L*D, B, H)
        Final states; for an LSTM a pair of these.
    mask : numpy.ndarray of bool, shape (B, T), or None
        True where a step counts.
    """

    def __init__(self, network, layers, outputs, final, mask):
        outputs.flags.writeable = False  # a view of the states
        self.network = network
        self.layers = layers
        self.outputs = outputs
        self.final = final
        self.mask = mask
        self._sample = _sample(network)

    @property
    def is_current(self):
        """Whether the network's parameters are still those of this run, as `backward` needs them."""
        return self._sample == _sample(self.network)

    def __getattr__(self, name):
        if name.startswith("_") or name in ("network", "layers"):
            raise AttributeError(name)
        layer = self.layers[0][0]
        if not hasattr(layer, name):
            raise AttributeError(f"a trace of this network has no {name!r}; each layer has {', '.join(layer.fields)}")
        return getattr(only(self.layers, "layers"), name)

    def __dir__(self):
        single = len(self.layers) == len(self.layers[0]) == 1
        return {*super().__dir__(), *(name for name in dir(self.layers[0][0]) if single and not name.startswith("_"))}

    def __repr__(self):
        described = [[one._shapes() for one in layer] for layer in self.layers]
        return _by_layer(f"Trace({_shapes_of(outputs=self.outputs, final=self.final)}", "layers", described)


def _sample(network):
    """About a hundred bytes of each parameter: enough to see that a step of training has changed it, at no cost."""
    return [array.ravel()[:: array.size // 16 | 1].tobytes() for array in network.arrays()]


def _shapes_of(**values):
    """Names and shapes, where a value may be a pair of arrays."""
    arrays = {}
    for name, value in values.items():
        pair = isinstance(value, tuple)
        arrays |= {f"{name}[{i}]": array for i, array in enumerate(value)} if pair else {name: value}
    return named_shapes(**arrays)


def _by_layer(head, name, described):
    """A `repr` that goes on with what is described of each layer and direction, on lines of their own if several."""
    if len(described) == len(described[0]) == 1:
        return f"{head}, {described[0][0]})"
    lines = [
        f"  {name}[{index}][{direction}]: {one}"
        for index, layer in enumerate(described)
        for direction, one in enumerate(layer)
    ]
    return "\n".join([head, *lines]) + ")"
