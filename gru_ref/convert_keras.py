"""Read Keras' GRU layers, and write them."""

from gru_ref.conventions import KERAS
from gru_ref.convert import (
    class_names,
    framework,
    refuse,
    refuse_backward,
    refuse_biases,
    restore,
    same_for_all,
    single,
)
from gru_ref.options import check_flags

READABLE = (
    "a keras.layers.GRU, GRUCell, RNN of a GRUCell, Bidirectional of these, a list of them or a keras.Sequential of"
    " them alone"
)


def read(model):
    """Give what `GRU.from_parameters` needs, from the weights of a layer or a stack of layers.

    Parameters
    ----------
    model : keras.layers.GRU, GRUCell or Bidirectional, keras.Sequential, or sequence of layers

    Returns
    -------
    dict

    Raises
    ------
    TypeError
        If a layer is none of those.
    ValueError
        If a layer has no weights yet, or computes what `gru_ref.GRU` does not.
    """
    layers = [model]
    if isinstance(model, list | tuple):
        layers = model
    elif "Sequential" in class_names(model, "keras"):
        layers = model.layers
    if not layers:
        raise ValueError(f"from_keras reads {READABLE}; got none")
    directions = [_directions(layer) for layer in layers]
    cells = [cell for layer in directions for cell, _ in layer]
    for cell in cells:
        _check(cell)
    reset_after = bool(same_for_all("reset_after", (cell.reset_after for cell in cells)))
    same_for_all("number of units", (cell.units for cell in cells))
    same_for_all("number of directions", (len(layer) for layer in directions))
    backward = [layer[0][1] for layer in directions]
    if any(backward[1:]):
        raise ValueError(
            "go_backwards in a layer above the first reads against the order in which the layers below read;"
            " gru_ref.GRU reads one way in all layers: convert the layers one by one"
        )
    convention = KERAS[reset_after]
    return {
        "parameters": [[_read_one(cell, convention) for cell, _ in layer] for layer in directions],
        "polarity": convention.polarity,
        "reset": convention.reset,
        "reverse": backward[0],
        "masked_output": "zero" if _zero_at_masked_steps(layers[-1]) else "carry",
    }


def write(layers, *, reset, reverse, masked_output, bias, cell):
    """Make Keras layers that hold the weights.

    Parameters
    ----------
    layers : nested sequence
        ``layers[layer][direction]``: W (I, 3H), U (H, 3H), biases (2, 3H) or
        (1, 3H), as `gru_ref.convert.arrange` gives them.
    reset, reverse, masked_output
        Of the network.
    bias, cell : bool
        As in `GRU.to_keras`.

    Returns
    -------
    keras.layers.GRU, keras.layers.Bidirectional, keras.Sequential or keras.layers.GRUCell

    Raises
    ------
    ImportError
        If Keras is not installed.
    ValueError
        If a cell has to hold several layers, the first of two directions reads
        backward, or a bias is to be left out that is not zero.
    """
    check_flags(bias=bias, cell=cell)
    keras = framework("keras", "tensorflow")
    refuse_backward(reverse and (cell or len(layers[0]) == 2), "Keras")
    if not bias:
        refuse_biases(layers)
    W, U, _ = layers[0][0]
    (I, _), (H, _), dtype = W.shape, U.shape, W.dtype.name
    options = {"reset_after": reset == "after", "use_bias": bias, "dtype": dtype}
    if cell:
        layer = keras.layers.GRUCell(H, **options)
        layer.build((None, I))
        layer.set_weights(_arrays(single(layers, "keras.layers.GRUCell"), bias))
        return layer
    options |= {"return_sequences": True, "zero_output_for_mask": masked_output == "zero"}
    made = []
    for index, directions in enumerate(layers):
        # What a layer that reads backward hands on stands in the order it was read in: the next one reads forward.
        layer = keras.layers.GRU(H, go_backwards=reverse and index == 0, **options)
        if len(directions) == 2:
            layer = keras.layers.Bidirectional(layer, merge_mode="concat", dtype=dtype)
        layer.build((None, None, directions[0][0].shape[0]))
        layer.set_weights([array for one in directions for array in _arrays(one, bias)])
        made.append(layer)
    if len(made) == 1:
        return made[0]
    return keras.Sequential([keras.Input((None, I), dtype=dtype), *made])


def _arrays(one, bias):
    """The arrays of a layer in one direction, as Keras' ``set_weights`` takes them."""
    W, U, biases = one
    if not bias:
        return [W, U]
    return [W, U, biases if len(biases) == 2 else biases[0]]


def _directions(layer):
    """The cells of a layer, forward and backward, each with whether it reads backward in time."""
    names = class_names(layer, "keras")
    if "Bidirectional" in names:
        if layer.merge_mode != "concat":
            raise ValueError(
                f'gru_ref.GRU sets both directions side by side, merge_mode="concat"; got {layer.merge_mode!r}'
            )
        pair = [_directions(one)[0] for one in (layer.forward_layer, layer.backward_layer)]
        if [backward for _, backward in pair] != [False, True]:
            raise ValueError("the forward layer of Bidirectional must read forward: go_backwards=False")
        return pair
    cell, backward = (layer.cell, bool(layer.go_backwards)) if "RNN" in names else (layer, False)
    if "GRUCell" not in class_names(cell, "keras"):
        refuse(cell if type(layer).__name__ == "RNN" else layer, READABLE, "from_keras")
    return [(cell, backward)]


def _check(cell):
    """Refuse a cell that has no weights or computes another function."""
    config = cell.get_config()
    for name, known in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        if config[name] != known:
            raise ValueError(f"gru_ref.GRU has {name} {known!r} only; this layer has {config[name]!r}")
    if getattr(cell, "kernel", None) is None:
        raise ValueError("the layer has no weights yet: call it once, or layer.build((None, None, I))")


def _read_one(cell, convention):
    W, U = (variable.numpy() for variable in (cell.kernel, cell.recurrent_kernel))
    biases = cell.bias.numpy().reshape(convention.biases, -1) if cell.use_bias else None
    return restore(W, U, biases, convention)


def _zero_at_masked_steps(layer):
    """Whether a layer gives zeros at masked steps, and not the last output again. A cell knows no masks."""
    layer = getattr(layer, "forward_layer", layer)
    return getattr(layer, "zero_output_for_mask", False)
