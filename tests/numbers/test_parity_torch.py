"""GRU, RNN and LSTM against PyTorch in float64: outputs, final states and every gradient."""

import numpy as np
import pytest

from tests.numbers.drawn_runs import STRUCTURES, assert_run, draw_run, states

pytestmark = pytest.mark.needs("torch")

TOLERANCE = 1e-12
# PyTorch multiplies by the reset gate after the product. It knows keep polarity alone; update is that with z negated.
SIGNS = {"keep, after": (1, 1, 1), "update, after": (-1, 1, 1), "RNN": (1,), "LSTM": (1, 1, 1, 1)}
# Where PyTorch has our blocks: a GRU's are r, z, n there. This permutation is its own inverse.
ORDER = {"GRU": (1, 0, 2), "RNN": (0,), "LSTM": (0, 1, 2, 3)}


def to_torch(array, cell, kind):
    """Our array (..., G*H) with its blocks in PyTorch's order and polarity."""
    blocks = [sign * block for sign, block in zip(SIGNS[cell], np.split(array, len(SIGNS[cell]), axis=-1), strict=True)]
    return np.concatenate([blocks[place] for place in ORDER[kind]], axis=-1)


def from_torch(array, cell, kind):
    """The other way round."""
    blocks = np.split(array, len(SIGNS[cell]), axis=-1)
    ordered = [blocks[place] for place in ORDER[kind]]
    return np.concatenate([sign * block for sign, block in zip(SIGNS[cell], ordered, strict=True)], axis=-1)


def torch_names(network):
    """The names of each layer's and direction's parameters in PyTorch."""
    for layer in range(network.num_layers):
        for direction in range(network.directions):
            suffix = f"l{layer}{'_reverse' if direction else ''}"
            yield layer, direction, [f"{kind}_{suffix}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def torch_run(run, cell, lengths=None):
    """What PyTorch gives for a run."""
    import torch

    network, kind = run.network, type(run.network).__name__
    module = getattr(torch.nn, kind)(
        network.input_size,
        network.hidden_size,
        network.num_layers,
        batch_first=True,
        bidirectional=network.bidirectional,
        dtype=torch.float64,
    )
    with torch.no_grad():
        for layer, direction, names in torch_names(network):
            for name, array in zip(names, network.parameters[layer][direction], strict=True):
                getattr(module, name).copy_(torch.tensor(to_torch(array, cell, kind).T))

    def tensors(value):
        made = tuple(torch.tensor(array, requires_grad=True) for array in states(value))
        return made if kind == "LSTM" else made[0]

    x, h0 = torch.tensor(run.x, requires_grad=True), tensors(run.h0)
    given = x.flip(1) if network.reverse else x
    if lengths is not None:
        given = torch.nn.utils.rnn.pack_padded_sequence(given, lengths, batch_first=True, enforce_sorted=False)
    outputs, final = module(given, h0)
    if lengths is not None:
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=run.x.shape[1])
    outputs = outputs.flip(1) if network.reverse else outputs
    loss = (outputs * torch.tensor(run.d_outputs)).sum()
    for state, weight in zip(states(final), states(run.d_final), strict=True):
        loss = loss + (state * torch.tensor(weight)).sum()
    loss.backward()

    gradients = [[{} for _ in range(network.directions)] for _ in range(network.num_layers)]
    for layer, direction, names in torch_names(network):
        for ours, name in zip(("W", "U", "b_input", "b_recurrent"), names, strict=True):
            gradient = getattr(module, name).grad.numpy().T
            gradients[layer][direction][ours] = from_torch(gradient, cell, kind)
    arrays = [tuple(t.detach().numpy() for t in states(value)) for value in (final, h0)]
    d_h0 = tuple(t.grad.numpy() for t in states(h0))
    pair = (lambda value: value) if kind == "LSTM" else (lambda value: value[0])
    return outputs.detach().numpy(), pair(arrays[0]), x.grad.numpy(), pair(d_h0), gradients


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("cell", SIGNS)
@pytest.mark.parametrize("seed", range(3))
def test_outputs_final_states_and_gradients_are_those_of_pytorch(cell, structure, seed):
    run = draw_run([seed, 0], cell, **STRUCTURES[structure])
    assert_run(run, *torch_run(run, cell), TOLERANCE)


@pytest.mark.parametrize("structure", [name for name, options in STRUCTURES.items() if "reverse" not in options])
@pytest.mark.parametrize("cell", SIGNS)
@pytest.mark.parametrize("seed", range(2))
def test_padding_behind_is_what_a_packed_sequence_leaves_out(cell, structure, seed):
    run = draw_run([seed, 1], cell, padding="back", masked_output="zero", **STRUCTURES[structure])
    lengths = run.mask.sum(axis=1)
    theirs = torch_run(run, cell, lengths)
    assert_run(run, *theirs, TOLERANCE)
    outputs, final = run.network(run.x, run.h0, lengths=lengths)
    assert np.array_equal(outputs, run.outputs)
    assert all(np.array_equal(a, b) for a, b in zip(states(final), states(run.final), strict=True))


def test_one_unit_or_no_state_would_hide_which_reset_it_is():
    """Why the runs above have several units, a state, a recurrent bias and dense weights: else both resets agree."""
    import gru_ref

    run = draw_run(0, "keep, after")
    before = gru_ref.GRU.from_parameters(run.network.parameters, polarity="keep", reset="before")
    assert np.abs(before(run.x, run.h0)[0] - run.outputs).max() > 0.1
