"""Read a ``torch.nn.GRU`` or ``torch.nn.GRUCell``, and write one."""

from gru_ref.conventions import TORCH
from gru_ref.convert import class_names, framework, refuse, refuse_biases, restore, single
from gru_ref.options import check_flags


def read(module):
    """Give what `GRU.from_parameters` needs, from a module's weights.

    Parameters
    ----------
    module : torch.nn.GRU or torch.nn.GRUCell

    Returns
    -------
    dict

    Raises
    ------
    TypeError
        If the module is neither.
    ValueError
        If its weights are neither float32 nor float64.
    """
    names = class_names(module, "torch")
    if not names & {"GRU", "GRUCell"} or "Module" not in names:
        refuse(module, "a torch.nn.GRU or torch.nn.GRUCell", "from_torch")
    if "GRUCell" in names:
        suffixes = [[""]]
    else:
        suffixes = _suffixes(module.num_layers, 2 if module.bidirectional else 1)
    parameters = [[_read_one(module, suffix) for suffix in layer] for layer in suffixes]
    return {
        "parameters": parameters,
        "polarity": TORCH.polarity,
        "reset": TORCH.reset,
        "masked_output": "zero",
    }


def write(layers, *, bias, batch_first, cell):
    """Make a module that holds the weights.

    Parameters
    ----------
    layers : nested sequence
        ``layers[layer][direction]``: W (3H, I), U (3H, H), biases (2, 3H), as
        `gru_ref.convert.arrange` gives them.
    bias, batch_first, cell : bool
        As in `GRU.to_torch`.

    Returns
    -------
    torch.nn.GRU or torch.nn.GRUCell

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    ValueError
        If a cell has to hold several layers, or a bias is to be left out that
        is not zero.
    """
    check_flags(bias=bias, batch_first=batch_first, cell=cell)
    torch = framework("torch", "torch")
    if not bias:
        refuse_biases(layers)
    W, U, _ = layers[0][0]
    sizes = {"input_size": W.shape[1], "hidden_size": U.shape[1], "bias": bias, "dtype": getattr(torch, W.dtype.name)}
    if cell:
        layers, suffixes = [[single(layers, "torch.nn.GRUCell")]], [[""]]
        module = torch.nn.GRUCell(**sizes)
    else:
        directions = len(layers[0])
        suffixes = _suffixes(len(layers), directions)
        module = torch.nn.GRU(**sizes, num_layers=len(layers), bidirectional=directions == 2, batch_first=batch_first)
    with torch.no_grad():
        for layer, names in zip(layers, suffixes, strict=True):
            for (W, U, biases), suffix in zip(layer, names, strict=True):
                arrays = {"weight_ih": W, "weight_hh": U}
                if bias:
                    arrays |= {"bias_ih": biases[0], "bias_hh": biases[1]}
                for name, array in arrays.items():
                    getattr(module, name + suffix).copy_(torch.from_numpy(array))
    return module


def _suffixes(num_layers, directions):
    """What PyTorch appends to the names of the weights of each layer and direction."""
    return [[f"_l{layer}{end}" for end in ("", "_reverse")[:directions]] for layer in range(num_layers)]


def _read_one(module, suffix):
    names = ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if module.bias else [])
    tensors = [getattr(module, name + suffix).detach().cpu() for name in names]
    for tensor in tensors:
        if str(tensor.dtype) not in ("torch.float32", "torch.float64"):
            raise ValueError(
                f"gru_ref computes in float32 and float64; these weights are {tensor.dtype}: module.float()"
            )
    W, U, *biases = (tensor.numpy() for tensor in tensors)
    return restore(W, U, biases or None, TORCH)
