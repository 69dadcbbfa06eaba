"""GRU, RNN and LSTM against ONNX Runtime in float32: outputs and final states.

The graphs are made here, node by node, from the operators' specification.
"""

import numpy as np
import pytest

from tests.numbers.drawn_runs import CELLS, STRUCTURES, assert_close, draw_run, states

pytestmark = pytest.mark.needs("onnx")

TOLERANCE = 5e-6
# With weights of size one a plain recurrent network enlarges every difference in rounding from step to step.
SCALE = {cell: 0.5 if cell == "RNN" else 1.0 for cell in CELLS}
# Where ONNX has our blocks: an LSTM's are i, o, f, c there, ours i, f, g, o.
ORDER = {"GRU": (0, 1, 2), "RNN": (0,), "LSTM": (0, 3, 1, 2)}
STATES = {"GRU": ["h"], "RNN": ["h"], "LSTM": ["h", "c"]}


def in_onnx_layout(array, cell, kind):
    """Our array (..., G*H) as ONNX has it, (G*H, ...), in keep polarity."""
    blocks = np.split(array, len(ORDER[kind]), axis=-1)
    if cell.startswith("update"):
        blocks[0] = -blocks[0]
    return np.concatenate([blocks[place] for place in ORDER[kind]], axis=-1).T


def onnx_graph(network, cell, lengths):
    """A model of one node a layer. Operators work time major; (T, D, B, H) becomes the next layer's (T, B, D*H)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    kind, H, D = type(network).__name__, network.hidden_size, network.directions
    attributes = {"hidden_size": H, "direction": "reverse" if network.reverse else "forward"}
    if network.bidirectional:
        attributes["direction"] = "bidirectional"
    if kind == "GRU":
        attributes["linear_before_reset"] = int(network.reset == "after")
    nodes, weights, below = [], [numpy_helper.from_array(np.array([0, 0, D * H]), "joined")], "x"
    inputs, outputs = ["x"], []
    if lengths is not None:
        weights.append(numpy_helper.from_array(lengths.astype(np.int32), "lengths"))
    for index, layer in enumerate(network.parameters):
        laid_out = [[in_onnx_layout(array, cell, kind) for array in one] for one in layer]
        for name, arrays in (
            ("W", [W for W, _, _, _ in laid_out]),
            ("R", [U for _, U, _, _ in laid_out]),
            ("B", [np.concatenate(biases) for _, _, *biases in laid_out]),
        ):
            weights.append(numpy_helper.from_array(np.ascontiguousarray(np.stack(arrays)), f"{name}{index}"))
        initial = [f"{state}0_{index}" for state in STATES[kind]]
        final = [f"{state}_{index}" for state in STATES[kind]]
        read = [below, f"W{index}", f"R{index}", f"B{index}", "" if lengths is None else "lengths", *initial]
        nodes += [
            helper.make_node(kind, read, [f"y{index}", *final], **attributes),
            helper.make_node("Transpose", [f"y{index}"], [f"swapped{index}"], perm=[0, 2, 1, 3]),
            helper.make_node("Reshape", [f"swapped{index}", "joined"], [f"out{index}"]),
        ]
        below = f"out{index}"
        inputs, outputs = inputs + initial, outputs + final
    shapes = {"x": ["T", "B", network.input_size], below: ["T", "B", D * H]}
    values = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes.get(name, [D, "B", H])) for name in names]
        for names in (inputs, [below, *outputs])
    ]
    graph = helper.make_graph(nodes, "network", *values, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def onnx_run(run, cell, lengths=None):
    """Outputs (B, T, D*H) and final states (L*D, B, H) that ONNX Runtime gives."""
    import onnxruntime

    network, D = run.network, run.network.directions
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        onnx_graph(network, cell, lengths), options, providers=["CPUExecutionProvider"]
    )
    names, kinds = [value.name for value in session.get_inputs()], len(states(run.h0))
    feed = {"x": np.ascontiguousarray(run.x.swapaxes(0, 1))}
    for position, name in enumerate(names[1:]):
        layer, kind = divmod(position, kinds)
        feed[name] = states(run.h0)[kind][layer * D : (layer + 1) * D]
    outputs, *final = session.run(None, feed)
    return outputs.swapaxes(0, 1), [np.concatenate(final[kind::kinds]) for kind in range(kinds)]


def assert_same(run, outputs, final):
    assert run.outputs.dtype == outputs.dtype == np.float32
    assert_close(run.outputs, outputs, TOLERANCE, "outputs")
    for ours, theirs in zip(states(run.final), final, strict=True):
        assert_close(ours, theirs, TOLERANCE, "final")


@pytest.mark.parametrize("structure", [name for name in STRUCTURES if name != "two layers, bidirectional, reverse"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("seed", range(2))
def test_outputs_and_final_states_are_those_of_onnx_runtime(cell, structure, seed):
    run = draw_run([seed, 5], cell, scale=SCALE[cell], dtype=np.float32, **STRUCTURES[structure])
    assert_same(run, *onnx_run(run, cell))


@pytest.mark.parametrize("structure", ["one layer", "reverse", "bidirectional", "three layers"])
@pytest.mark.parametrize("cell", CELLS)
def test_lengths_are_those_of_onnx_runtime(cell, structure):
    options = {"scale": SCALE[cell], "dtype": np.float32} | STRUCTURES[structure]
    run = draw_run([0, 6], cell, padding="back", T=9, masked_output="zero", **options)
    assert_same(run, *onnx_run(run, cell, run.mask.sum(axis=1)))
