"""Weights to PyTorch and back: the same function in float64, the same bits after a round trip."""

import re
import subprocess
import sys

import numpy as np
import pytest

from gru_ref import GRU
from tests.numbers.converter_cases import assert_near, assert_same_bits, draw_input, draw_network

STRUCTURES = [
    {},
    {"num_layers": 3},
    {"num_layers": 4},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True},
]


@pytest.fixture(scope="module")
def torch():
    import torch

    torch.set_num_threads(1)
    return torch


def randomised(torch, module, seed):
    """Give a module weights of size about 1."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_()
    return module


@pytest.mark.needs("torch")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("polarity", ["keep", "update"])
@pytest.mark.parametrize("options", STRUCTURES, ids=str)
def test_to_torch_is_the_same_function(torch, options, polarity, seed):
    gru = draw_network(seed, polarity=polarity, **options)
    x, h0 = draw_input(gru, seed)
    with torch.no_grad():
        theirs = gru.to_torch()(torch.from_numpy(x), torch.from_numpy(h0))
    for one, ours in zip(theirs, gru(x, h0), strict=True):
        assert_near(one.numpy(), ours, 1e-12)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("options", STRUCTURES, ids=str)
def test_from_torch_is_the_same_function_and_goes_back_to_the_same_bits(torch, options, batch_first, bias):
    module = torch.nn.GRU(3, 5, bias=bias, batch_first=batch_first, dtype=torch.float64, **options)
    randomised(torch, module, 7)
    gru = GRU.from_torch(module)
    x, h0 = draw_input(gru, 7)
    with torch.no_grad():
        given = torch.from_numpy(x if batch_first else np.ascontiguousarray(x.transpose(1, 0, 2)))
        outputs, final = module(given, torch.from_numpy(h0))
    outputs = outputs.numpy() if batch_first else outputs.numpy().transpose(1, 0, 2)
    ours = gru(x, h0)
    assert_near(outputs, ours[0], 1e-12)
    assert_near(final.numpy(), ours[1], 1e-12)

    back = gru.to_torch(bias=bias, batch_first=batch_first)
    assert (back.batch_first, back.bias) == (batch_first, bias)
    weights, again = module.state_dict(), back.state_dict()
    assert weights.keys() == again.keys()
    assert all(torch.equal(weights[name], again[name]) for name in weights)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", STRUCTURES, ids=str)
def test_the_round_trip_keeps_every_bit_and_the_dtype(torch, options, dtype):
    gru = draw_network(11, dtype=dtype, **options)
    assert_same_bits(GRU.from_torch(gru.to_torch()), gru)
    update = draw_network(12, dtype=dtype, polarity="update", **options)
    assert_same_bits(GRU.from_torch(update.to_torch()).to_polarity("update"), update)


@pytest.mark.needs("torch")
@pytest.mark.parametrize("bias", [True, False])
def test_a_cell_goes_both_ways(torch, bias):
    cell = randomised(torch, torch.nn.GRUCell(3, 5, bias=bias, dtype=torch.float64), 3)
    gru = GRU.from_torch(cell)
    x, h0 = draw_input(gru, 3)
    h, states = torch.from_numpy(h0[0]), []
    with torch.no_grad():
        for t in range(x.shape[1]):
            h = cell(torch.from_numpy(x[:, t]), h)
            states.append(h.numpy())
    assert_near(np.stack(states, axis=1), gru(x, h0)[0], 1e-12)
    back = gru.to_torch(bias=bias, cell=True)
    assert isinstance(back, torch.nn.GRUCell) and back.bias == bias
    assert all(torch.equal(back.state_dict()[name], weight) for name, weight in cell.state_dict().items())


@pytest.mark.needs("torch")
def test_at_the_end_of_shorter_rows_a_network_from_torch_gives_the_zeros_of_packed_sequences(torch):
    module = randomised(torch, torch.nn.GRU(3, 5, bidirectional=True, batch_first=True, dtype=torch.float64), 5)
    gru = GRU.from_torch(module)
    x, h0 = np.random.default_rng(5).standard_normal((3, 7, 3)), np.full((2, 3, 5), 0.5)
    lengths = np.array([7, 4, 1])
    with torch.no_grad():
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            torch.from_numpy(x), torch.from_numpy(lengths), batch_first=True
        )
        outputs, final = module(packed, torch.from_numpy(h0))
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    ours = gru(x, h0, lengths=lengths)
    assert_near(outputs.numpy(), ours[0], 1e-12)
    assert_near(final.numpy(), ours[1], 1e-12)


@pytest.mark.needs("torch")
def test_a_reset_before_the_product_goes_to_torch_only_where_it_can_be_moved(torch):
    gru = draw_network(6, reset="before", polarity="update")
    with pytest.raises(ValueError, match='cannot be had with reset "after".*Keras and ONNX have both'):
        gru.to_torch()
    n = gru.parameters[0][0].block(2)
    n.U[...] = np.diag(np.diagonal(n.U))
    x, h0 = draw_input(gru, 6)
    with torch.no_grad():
        outputs, _ = gru.to_torch()(torch.from_numpy(x), torch.from_numpy(h0))
    assert_near(outputs.numpy(), gru(x, h0)[0], 1e-12)


@pytest.mark.needs("torch")
@pytest.mark.parametrize(
    ("options", "arguments", "told"),
    [
        ({"reverse": True}, {}, "PyTorch has no such network whose first direction reads backward"),
        ({}, {"bias": False}, "bias=False needs biases that are all zero"),
        ({"num_layers": 2}, {"cell": True}, "torch.nn.GRUCell is one layer in one direction"),
    ],
)
def test_what_torch_cannot_say_is_refused_with_what_to_do(options, arguments, told):
    with pytest.raises(ValueError, match=told):
        draw_network(8, **options).to_torch(**arguments)


@pytest.mark.needs("torch")
def test_other_modules_and_other_dtypes_are_refused(torch):
    import gru_ref.torch_gru

    ours = gru_ref.torch_gru.GRU(2, 3)
    for module, told in (
        (torch.nn.LSTM(2, 3), "LSTM of torch"),
        (torch.nn.GRU, "the class GRU"),
        (torch.nn.GRU(2, 3).state_dict(), "OrderedDict: load it into a module first"),
        (ours, "GRU of gru_ref.torch_gru: its to_numpy() gives the gru_ref.GRU"),
        (ours.cells[0], "GRUCell of gru_ref.torch_gru: GRU.from_parameters takes its W, U, b_input and b_recurrent"),
        (GRU(2, 3), "GRU of gru_ref.gru, which is a network in NumPy already"),
        (np.zeros((2, 9)), "ndarray of numpy: GRU.from_parameters takes arrays"),
        ("gru.pt", "'gru.pt'"),
    ):
        with pytest.raises(TypeError, match="from_torch reads a torch.nn.GRU .*; got " + re.escape(told)):
            GRU.from_torch(module)
    with pytest.raises(TypeError, match="got GRU of torch: GRU.from_torch reads those"):
        GRU.from_keras(torch.nn.GRU(2, 3))
    for dtype in (torch.float16, torch.bfloat16):
        with pytest.raises(ValueError, match=rf"these weights are {dtype}: module.float\(\)"):
            GRU.from_torch(torch.nn.GRU(2, 3, dtype=dtype))


@pytest.mark.parametrize("direction", ["to_torch", "to_keras", "to_onnx"])
def test_a_missing_framework_is_named_with_its_extra(monkeypatch, direction):
    module, extra = {"to_torch": ("torch",) * 2, "to_keras": ("keras", "tensorflow"), "to_onnx": ("onnx",) * 2}[
        direction
    ]
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf'needs the package {module} .*pip install "gru-course\[{extra}\]"'):
        getattr(GRU(2, 3, rng=0), direction)()


@pytest.mark.needs("torch")
def test_reading_a_module_imports_nothing(torch):
    """What was read is decided by the module's class, not by importing a framework to compare with."""
    code = (
        "import sys, gru_ref\n"
        "assert not {'torch', 'keras', 'tensorflow', 'onnx'} & set(sys.modules)\n"
        "import torch\n"
        "gru = gru_ref.GRU.from_torch(torch.nn.GRU(2, 3))\n"
        "print(gru, bool({'keras', 'tensorflow', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("GRU(2, 3, polarity='keep', reset='after'") and done.stdout.endswith("False\n")
