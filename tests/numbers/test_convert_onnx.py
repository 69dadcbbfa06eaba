"""Weights to ONNX and back: the model runs in ONNX Runtime and is the same function; a round trip keeps the bits."""

import io

import numpy as np
import pytest

from gru_ref import GRU
from tests.numbers.converter_cases import assert_near, assert_same_bits, draw_input, draw_network

pytestmark = pytest.mark.needs("onnx")

STRUCTURES = [
    {},
    {"reverse": True},
    {"bidirectional": True},
    {"num_layers": 3},
    {"num_layers": 2, "reverse": True},
    {"num_layers": 2, "bidirectional": True},
]
FLOAT32 = 5e-6


@pytest.fixture(scope="module")
def onnx():
    import onnx
    import onnx.reference

    return onnx


def run(model, x, h0, lengths=None):
    """Run a model in ONNX Runtime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    inputs = {"X": x, "initial_h": h0}
    if lengths is not None:
        inputs["sequence_lens"] = lengths.astype(np.int32)
    return session.run(["Y", "Y_h"], inputs)


def in_float64(gru):
    """The same network computed in float64, so that of two roundings only ONNX Runtime's counts."""
    parameters = [[one.astype(np.float64) for one in layer] for layer in gru.parameters]
    options = {name: getattr(gru, name) for name in ("polarity", "reset", "reverse", "masked_output")}
    return GRU.from_parameters(parameters, **options)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("polarity", ["keep", "update"])
@pytest.mark.parametrize("options", STRUCTURES, ids=str)
def test_the_model_runs_and_is_the_same_function(options, polarity, reset, seed):
    gru = draw_network(seed, polarity=polarity, reset=reset, dtype=np.float32, **options)
    x, h0 = draw_input(gru, seed)
    for theirs, exact in zip(run(gru.to_onnx(), x, h0), in_float64(gru)(x, h0), strict=True):
        assert_near(theirs, exact.astype(np.float32), FLOAT32)


@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("options", STRUCTURES, ids=str)
def test_shorter_rows_are_those_of_sequence_lens(options, reset):
    gru = draw_network(31, reset=reset, dtype=np.float32, masked_output="zero", **options)
    x, h0 = draw_input(gru, 31)
    lengths = np.arange(len(x)) % x.shape[1] + 1
    theirs = run(gru.to_onnx(sequence_lens=True), x, h0, lengths)
    for one, exact in zip(theirs, in_float64(gru)(x, h0, lengths=lengths), strict=True):
        assert_near(one, exact.astype(np.float32), FLOAT32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("options", STRUCTURES, ids=str)
def test_the_round_trip_keeps_every_bit_and_the_dtype(options, reset, dtype):
    gru = draw_network(32, reset=reset, dtype=dtype, **options)
    back = GRU.from_onnx(gru.to_onnx())
    assert_same_bits(back, gru)
    assert back.masked_output == "zero"
    update = draw_network(33, reset=reset, dtype=dtype, polarity="update", **options)
    assert_same_bits(GRU.from_onnx(update.to_onnx()).to_polarity("update"), update)


@pytest.mark.parametrize("reset", ["after", "before"])
def test_in_float64_the_model_is_the_same_function_too(onnx, reset):
    """ONNX Runtime has no GRU in float64; the evaluator of the specification has."""
    gru = draw_network(34, reset=reset)
    x, h0 = draw_input(gru, 34)
    theirs = onnx.reference.ReferenceEvaluator(gru.to_onnx()).run(None, {"X": x, "initial_h": h0})
    for one, ours in zip(theirs, gru(x, h0), strict=True):
        assert_near(one, ours, 1e-12)
    narrow = run(gru.to_onnx(dtype=np.float32), x.astype(np.float32), h0.astype(np.float32))
    np.testing.assert_allclose(narrow[0], gru(x, h0)[0], rtol=0, atol=1e-5)


@pytest.mark.needs("torch")
@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}], ids=str)
def test_a_model_that_torch_exported_is_read(onnx, options):
    import torch

    torch.manual_seed(0)
    module = torch.nn.GRU(3, 5, batch_first=True, **options).eval()
    file, gru = io.BytesIO(), GRU.from_torch(module)
    x, h0 = draw_input(gru, 1)
    torch.onnx.export(module, (torch.from_numpy(x), torch.from_numpy(h0)), file, dynamo=False)
    assert_same_bits(GRU.from_onnx(onnx.load_from_string(file.getvalue())), gru)


def edited(onnx, gru, node=0, **attributes):
    """The network's model with attributes of a GRU node set."""
    model = gru.to_onnx()
    target = [one for one in model.graph.node if one.op_type == "GRU"][node]
    for name, value in attributes.items():
        kept = [one for one in target.attribute if one.name != name]
        del target.attribute[:]
        target.attribute.extend([*kept, onnx.helper.make_attribute(name, value)])
    return model


def test_what_gru_ref_does_not_compute_is_refused(onnx):
    one, two = draw_network(35), draw_network(35, num_layers=2)
    assert_same_bits(GRU.from_onnx(edited(onnx, one, activations=["Sigmoid", "Tanh"])), one)
    with pytest.raises(ValueError, match="sigmoid and tanh only; this node has .'sigmoid', 'relu'"):
        GRU.from_onnx(edited(onnx, one, activations=["Sigmoid", "Relu"]))
    with pytest.raises(ValueError, match="does not clip"):
        GRU.from_onnx(edited(onnx, one, clip=3.0))
    with pytest.raises(ValueError, match="one linear_before_reset for all layers, got True, False"):
        GRU.from_onnx(edited(onnx, two, 1, linear_before_reset=0))
    with pytest.raises(ValueError, match="one direction for all layers, got reverse, forward"):
        GRU.from_onnx(edited(onnx, two, 0, direction="reverse"))
    with pytest.raises(TypeError, match=r"as onnx.load\(path\) gives it; got 'model.onnx'"):
        GRU.from_onnx("model.onnx")
    empty = one.to_onnx()
    del empty.graph.node[:]
    with pytest.raises(ValueError, match="no GRU node"):
        GRU.from_onnx(empty)
    computed = one.to_onnx()
    del computed.graph.initializer[:]
    with pytest.raises(ValueError, match="the weights W_0, R_0, B_0 of a GRU node are computed in the model"):
        GRU.from_onnx(computed)


def test_nodes_that_are_not_a_stack_are_refused(onnx):
    model = draw_network(36, num_layers=2).to_onnx()
    second = [node for node in model.graph.node if node.op_type == "GRU"][1]
    for source in ("x_0", "final_0"):
        second.input[0] = source
        with pytest.raises(ValueError, match="2 GRU nodes are not one stack"):
            GRU.from_onnx(model)


def test_constants_may_be_nodes(onnx):
    gru = draw_network(37)
    model = gru.to_onnx()
    nodes = [onnx.helper.make_node("Constant", [], [tensor.name], value=tensor) for tensor in model.graph.initializer]
    kept = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.node.extend(nodes + kept)
    assert_same_bits(GRU.from_onnx(model), gru)


def test_what_onnx_cannot_say_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match="ONNX has no such network whose first direction reads backward"):
        draw_network(38, reverse=True, bidirectional=True).to_onnx()
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got float16"):
        draw_network(38).to_onnx(dtype=np.float16)
