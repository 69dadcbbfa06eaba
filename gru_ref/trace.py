"""What a recurrent network hands back beside its outputs: the trace of a run, and gradients."""

from dataclasses import dataclass

import numpy as np

from gru_ref.parameters import ByLayer, only


@dataclass(frozen=True)
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

    def __init__(self, inputs, states, steps, order, mask):
        for array in (inputs, states, *steps):
            if array is not None:
                array.flags.writeable = False
        self.inputs = inputs
        self.states = states
        self.steps = steps
        self._order = order
        self._mask = mask

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

    def __getattr__(self, name):
        if name.startswith("_") or name in ("network", "layers"):
            raise AttributeError(name)
        if not hasattr(self.layers[0][0], name):
            raise AttributeError(f"a trace of this network has no {name!r}")
        return getattr(only(self.layers, "layers"), name)

    def __repr__(self):
        B, T, _ = self.outputs.shape
        return f"Trace(layers={len(self.layers)}, directions={len(self.layers[0])}, B={B}, T={T})"
