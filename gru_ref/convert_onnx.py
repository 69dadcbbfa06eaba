"""Read the GRU nodes of an ONNX model, and write a model of them."""

import numpy as np

from gru_ref.conventions import ONNX
from gru_ref.convert import framework, refuse, refuse_backward, restore, same_for_all
from gru_ref.options import check_flags, computing_dtype

OPSET, IR_VERSION = 17, 8
"""Old enough for every supported ONNX Runtime; the operator is the one of opset 14."""

SHAPE_ONLY = {"Transpose", "Reshape", "Squeeze", "Identity"}
"""Operators between two layers of a stack: they move numbers and change none."""


def read(model):
    """Give what `GRU.from_parameters` needs, from the GRU nodes of a model.

    Parameters
    ----------
    model : onnx.ModelProto

    Returns
    -------
    dict

    Raises
    ------
    ImportError
        If the package onnx is not installed.
    TypeError
        If `model` is no ONNX model.
    ValueError
        If the model has no GRU node, the nodes are not a stack, or one
        computes what `gru_ref.GRU` does not.
    """
    onnx = framework("onnx", "onnx")
    if not isinstance(model, onnx.ModelProto):
        refuse(model, "an onnx.ModelProto, as onnx.load(path) gives it", "from_onnx")
    graph = model.graph
    nodes = [node for node in graph.node if node.op_type == "GRU"]
    if not nodes:
        raise ValueError("the model has no GRU node at its top level")
    _check_stack(graph, nodes)
    values = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            values[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
    attributes = [{a.name: onnx.helper.get_attribute_value(a) for a in node.attribute} for node in nodes]
    for one in attributes:
        _check_attributes(one)
    direction = same_for_all("direction", (one.get("direction", b"forward").decode() for one in attributes))
    linear = same_for_all("linear_before_reset", (bool(one.get("linear_before_reset", 0)) for one in attributes))
    convention = ONNX[int(linear)]
    parameters = [_read_one(node, values, convention) for node in nodes]
    same_for_all("hidden size", (layer[0].hidden_size for layer in parameters))
    return {
        "parameters": parameters,
        "polarity": convention.polarity,
        "reset": convention.reset,
        "reverse": direction == "reverse",
        "masked_output": "zero",
    }


def write(layers, *, reset, reverse, sequence_lens, dtype):
    """Make a model whose inputs and outputs have the shapes that `gru_ref.GRU` uses.

    Parameters
    ----------
    layers : nested sequence
        ``layers[layer][direction]``: W (3H, I), U (3H, H), biases (2, 3H), as
        `gru_ref.convert.arrange` gives them.
    reset, reverse
        Of the network.
    sequence_lens : bool
    dtype : numpy dtype or None
        As in `GRU.to_onnx`.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    ImportError
        If the package onnx is not installed.
    ValueError
        If the network has two directions of which the first reads backward.
    """
    check_flags(sequence_lens=sequence_lens)
    onnx = framework("onnx", "onnx")
    helper, from_array = onnx.helper, onnx.numpy_helper.from_array
    L, D = len(layers), len(layers[0])
    I, H = layers[0][0][0].shape[1], layers[0][0][1].shape[1]
    dtype = layers[0][0][0].dtype if dtype is None else computing_dtype(dtype)
    refuse_backward(reverse and D == 2, "ONNX")
    direction = "bidirectional" if D == 2 else "reverse" if reverse else "forward"

    # The operator reads (T, B, I) and gives (T, D, B, H); the model reads (B, T, I) and gives (B, T, D*H).
    constants = {"side_by_side": np.array([0, 0, D * H])}
    nodes = [helper.make_node("Transpose", ["X"], ["x_0"], perm=[1, 0, 2])]
    if L > 1:
        constants["one_layer_each"] = np.full(L, D)
        states = [f"initial_h_{index}" for index in range(L)]
        nodes.append(helper.make_node("Split", ["initial_h", "one_layer_each"], states, axis=0))
    for index, layer in enumerate(layers):
        stacked = [np.stack(arrays).astype(dtype) for arrays in zip(*layer, strict=True)]
        names = [f"{name}_{index}" for name in "WRB"]
        constants |= dict(zip(names, (*stacked[:2], stacked[2].reshape(D, 6 * H)), strict=True))
        lengths, state = "sequence_lens" if sequence_lens else "", states[index] if L > 1 else "initial_h"
        outputs = [f"y_{index}", f"final_{index}" if L > 1 else "Y_h"]
        nodes.append(
            helper.make_node(
                "GRU",
                [f"x_{index}", *names, lengths, state],
                outputs,
                name=f"layer_{index}",
                hidden_size=H,
                direction=direction,
                linear_before_reset=int(reset == "after"),
            )
        )
        last = index == L - 1
        perm, result = ([2, 0, 1, 3], "Y") if last else ([0, 2, 1, 3], f"x_{index + 1}")
        nodes.append(helper.make_node("Transpose", [outputs[0]], [f"transposed_{index}"], perm=perm))
        nodes.append(helper.make_node("Reshape", [f"transposed_{index}", "side_by_side"], [result]))
    if L > 1:
        nodes.append(helper.make_node("Concat", [f"final_{index}" for index in range(L)], ["Y_h"], axis=0))

    real = helper.np_dtype_to_tensor_dtype(dtype)
    inputs = [("X", real, ["B", "T", I]), ("initial_h", real, [L * D, "B", H])]
    if sequence_lens:
        inputs.append(("sequence_lens", onnx.TensorProto.INT32, ["B"]))
    graph = helper.make_graph(
        nodes,
        "gru",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [
            helper.make_tensor_value_info("Y", real, ["B", "T", D * H]),
            helper.make_tensor_value_info("Y_h", real, [L * D, "B", H]),
        ],
        [from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(
        graph, producer_name="gru_ref", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model)
    return model


def _check_stack(graph, nodes):
    """Refuse GRU nodes that do not each read the outputs of the one before."""
    producer = {output: node for node in graph.node for output in node.output}
    below = None
    for node in nodes:
        source = node.input[0]
        while source in producer and producer[source].op_type in SHAPE_ONLY:
            source = producer[source].input[0]
        if below is not None and source != below.output[0]:
            raise ValueError(
                f"the model's {len(nodes)} GRU nodes are not one stack, each reading the outputs of the one before:"
                " take one of them out with onnx.utils.extract_model"
            )
        below = node


def _check_attributes(attributes):
    """Refuse what `gru_ref.GRU` does not compute."""
    activations = [name.decode().lower() for name in attributes.get("activations", [])]
    if set(activations[::2]) - {"sigmoid"} or set(activations[1::2]) - {"tanh"}:
        raise ValueError(f"gru_ref.GRU has the activations sigmoid and tanh only; this node has {activations}")
    if "clip" in attributes:
        raise ValueError("gru_ref.GRU does not clip; this node has the attribute clip")


def _read_one(node, values, convention):
    """One layer: a list of parameters, one entry a direction."""
    names = [*node.input, "", ""][1:4]
    missing = [name for name in names if name and name not in values]
    if missing:
        raise ValueError(
            f"the weights {', '.join(missing)} of a GRU node are computed in the model and not stored in it:"
            " fold the model's constants first"
        )
    W, R = values[names[0]], values[names[1]]
    B = values[names[2]].reshape(len(W), 2, -1) if names[2] else [None] * len(W)
    return [restore(*one, convention) for one in zip(W, R, B, strict=True)]
