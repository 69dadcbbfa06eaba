"""Networks with dense weights of size about 1, runs of them on random input, and a loss to differentiate."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gru_ref import GRU, LSTM, RNN

CELLS = {
    "keep, after": (GRU, {"polarity": "keep", "reset": "after"}),
    "keep, before": (GRU, {"polarity": "keep", "reset": "before"}),
    "update, after": (GRU, {"polarity": "update", "reset": "after"}),
    "update, before": (GRU, {"polarity": "update", "reset": "before"}),
    "RNN": (RNN, {}),
    "LSTM": (LSTM, {}),
}
CONVENTIONS = [name for name, (network, _) in CELLS.items() if network is GRU]
STRUCTURES = {
    "one layer": {},
    "reverse": {"reverse": True},
    "three layers": {"num_layers": 3},
    "bidirectional": {"bidirectional": True},
    "two layers, bidirectional, reverse": {"num_layers": 2, "bidirectional": True, "reverse": True},
}
PADDINGS = ("front", "back", "gaps")


def states(value):
    """A network's state, one array or a pair of them, as a list."""
    return list(value) if isinstance(value, tuple) else [value]


def draw_network(rng, cell, *, scale=1.0, **options):
    """A network with H in 2 to 9 and weights and biases that are all different."""
    network, convention = CELLS[cell]
    made = network(int(rng.integers(1, 6)), int(rng.integers(2, 10)), **convention, **options)
    for array in made.arrays():
        array[:] = scale * rng.standard_normal(array.shape)
    return made


def draw_mask(rng, B, T, padding):
    """A mask (B, T) whose first row counts all steps and whose last row is padded; every row counts a step."""
    if padding == "gaps":
        mask = rng.random((B, T)) < 0.5
        mask[np.arange(B), rng.integers(0, T, B)] = True
        mask[-1] = [t % 2 == 1 for t in range(T)]
    else:
        lengths = np.append(rng.integers(1, T + 1, B - 1), 1)
        mask = np.arange(T) < lengths[:, None]
        mask = mask[:, ::-1] if padding == "front" else mask
    mask[0] = True
    return mask


@dataclass(frozen=True)
class Run:
    """A network, an input to it, and a loss: outputs and final states, each times a random number, added up."""

    network: object
    x: np.ndarray
    h0: object
    mask: np.ndarray | None
    d_outputs: np.ndarray
    d_final: object

    @cached_property
    def trace(self):
        return self.network.trace(self.x, self.h0, mask=self.mask)

    @cached_property
    def gradients(self):
        return self.network.backward(self.trace, self.d_outputs, self.d_final)

    @property
    def outputs(self):
        return self.trace.outputs

    @property
    def final(self):
        return self.trace.final

    def loss(self):
        outputs, final = self.network(self.x, self.h0, mask=self.mask)
        pairs = [(outputs, self.d_outputs), *zip(states(final), states(self.d_final), strict=True)]
        return sum(float(np.sum(value * weight)) for value, weight in pairs)

    def but(self, **changes):
        """The same run with something changed."""
        return replace(self, **changes)


def draw_run(seed, cell, *, padding=None, T=None, x_scale=1.0, **options):
    """Draw a run with T in 2 to 12, initial states that are not zero and a random loss."""
    rng = np.random.default_rng(seed)
    network = draw_network(rng, cell, **options)
    B, T = int(rng.integers(2, 5)), int(rng.integers(2, 13)) if T is None else T
    rows, H = network.num_layers * network.directions, network.hidden_size

    def draw(*shape):
        return rng.standard_normal(shape).astype(network.dtype)

    def draw_states(bound):
        arrays = tuple(bound(draw(rows, B, H)) for _ in network._states)
        return arrays if len(arrays) > 1 else arrays[0]

    return Run(
        network,
        x_scale * draw(B, T, network.input_size),
        draw_states(np.tanh),
        None if padding is None else draw_mask(rng, B, T, padding),
        draw(B, T, network.directions * H),
        draw_states(lambda array: array),
    )


def assert_close(ours, theirs, tolerance, what=""):
    """Assert equal shapes, and agreement relative to the largest entry."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, what
    if theirs.size:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max(), err_msg=what)


def assert_run(run, outputs, final, d_x, d_h0, d_parameters, tolerance):
    """Assert that what another implementation gives, gradients included, is what ours gives."""
    assert_close(run.outputs, outputs, tolerance, "outputs")
    for name, ours, theirs in (("final", run.final, final), ("d_h0", run.gradients.h0, d_h0)):
        for one, other in zip(states(ours), states(theirs), strict=True):
            assert_close(one, other, tolerance, name)
    assert_close(run.gradients.x, d_x, tolerance, "d_x")
    for index, layer in enumerate(run.gradients.parameters):
        for direction, ours in enumerate(layer):
            for name, theirs in d_parameters[index][direction].items():
                expected = ours.b_input if name == "b" else getattr(ours, name)
                assert_close(expected, theirs, tolerance, f"d_{name} of layer {index}, direction {direction}")
                if name == "b":  # where there is one bias, the sum of ours, both have its gradient
                    assert_close(ours.b_recurrent, theirs, tolerance, "d_b_recurrent")
