"""The same GRU in another convention: functions of arrays, for one layer in one direction.

Everything passes through the layout of `gru_ref.parameters`: rows, blocks z, r,
n, two biases. ``arrange`` leads from there to the layout of a system and
``restore`` leads back; ``flip_polarity`` and ``move_reset`` change the
function's form in between.
"""

import importlib
from typing import NamedTuple

import numpy as np

from gru_ref.options import brief
from gru_ref.parameters import GRU_BLOCKS, Parameters, float_dtype
from gru_ref.shapes import named_shapes, require_shapes


class Columns(NamedTuple):
    """Weights in the column form of chapters 3 to 6: blocks update gate, reset gate, candidate."""

    W: np.ndarray
    """Input weights, (3, H, I)."""
    U: np.ndarray
    """Recurrent weights, (3, H, H)."""
    b: np.ndarray
    """Biases, (3, H, 1)."""

    def __repr__(self):
        return f"Columns({named_shapes(**self._asdict())})"


def flip_polarity(parameters):
    """Exchange keep and update polarity: negate the update gate's block everywhere.

    Since sigmoid(-a) = 1 - sigmoid(a), this exchanges z and 1 - z, exactly.
    Doing it twice gives the same parameters to the bit.
    """
    flipped = Parameters(*(array.copy() for array in parameters))
    for array in flipped.block(GRU_BLOCKS.index("z")):
        np.negative(array, out=array)
    return flipped


def move_reset(parameters, reset):
    """Move the reset gate to the other side of the recurrent product, where that is exact.

    Parameters
    ----------
    parameters : Parameters
        With the reset gate where `reset` does not say.
    reset : {"after", "before"}
        Where it shall stand.

    Returns
    -------
    Parameters
        Of the same function.

    Raises
    ------
    ValueError
        If no parameters give the same function there.

    Notes
    -----
    Unit j of r * (h·U_n + b'_n) has r_j before every term of its sum, and unit
    j of (r * h)·U_n has another r_i before each. They agree where each sum has
    the one term i = j, so U_n is diagonal, and nothing else is multiplied, so
    b'_n = 0. With the reset gate before the product, b'_n is added to the
    input's bias anyway, so it may be moved there.
    """
    moved = Parameters(*(array.copy() for array in parameters))
    n = moved.block(GRU_BLOCKS.index("n"))
    diagonal = np.array_equal(n.U, np.diag(np.diagonal(n.U)))
    if not diagonal or (reset == "before" and n.b_recurrent.any()):
        here = "before" if reset == "after" else "after"
        raise ValueError(
            f'a GRU with reset "{here}" the product cannot be had with reset "{reset}": r * (h·U_n + b) and (r * h)·U_n'
            " are different functions, and no weights turn one into the other unless U_n is diagonal and the n block"
            f' of b_recurrent is zero. Convert to a system that has reset "{here}" (Keras and ONNX have both), or train'
            f' a GRU with reset="{reset}"'
        )
    if reset == "after":
        n.b_input[...] += n.b_recurrent
        n.b_recurrent[...] = 0
    return moved


def arrange(parameters, polarity, reset, convention):
    """Lay out parameters the way a system stores them.

    Parameters
    ----------
    parameters : Parameters
    polarity, reset : str
        What the parameters were made for.
    convention : Convention
        The system's.

    Returns
    -------
    W : numpy.ndarray, shape (I, 3H) or, transposed, (3H, I)
    U : numpy.ndarray, shape (H, 3H) or, transposed, (3H, H)
    biases : numpy.ndarray, shape (1, 3H) or (2, 3H)

    Raises
    ------
    ValueError
        If the system cannot express the function.
    """
    if polarity != convention.polarity:
        parameters = flip_polarity(parameters)
    if reset != convention.reset:
        parameters = move_reset(parameters, convention.reset)
    blocks = [GRU_BLOCKS.index(name) for name in convention.order]
    W, U, *biases = (np.concatenate([part(array, i) for i in blocks], axis=-1) for array in parameters)
    if convention.transposed:
        W, U = (np.ascontiguousarray(array.T) for array in (W, U))
    biases = np.stack(biases)
    if convention.biases == 1:
        biases = biases.sum(axis=0, keepdims=True)
    return W, U, biases


def restore(W, U, biases, convention):
    """Give what a system stores as parameters, in the system's polarity and reset.

    Parameters
    ----------
    W, U : array_like
        As `arrange` gives them.
    biases : array_like, shape (1, 3H) or (2, 3H), or None
        None where the system has none.

    Returns
    -------
    Parameters
        The second bias is zero where the system has one.

    Raises
    ------
    ValueError
        If the arrays hold other numbers than float32 or float64.
    """
    W, U = (np.asarray(array) for array in (W, U))
    for array in (W, U, *(() if biases is None else [np.asarray(biases)])):
        if array.dtype not in (np.float32, np.float64):
            raise ValueError(f"gru_ref computes in float32 and float64; these weights are {array.dtype}: cast them")
    if convention.transposed:
        W, U = W.T, U.T
    given = np.zeros((2, W.shape[-1]), W.dtype)
    if biases is not None:
        given[: convention.biases] = biases
    blocks = [convention.order.index(name) for name in GRU_BLOCKS]
    return Parameters(*(np.concatenate([part(array, i) for i in blocks], axis=-1) for array in (W, U, *given)))


def part(array, index):
    """The block of an array (..., 3H) that stands at `index`."""
    H = array.shape[-1] // 3
    return array[..., index * H : (index + 1) * H]


def as_columns(W, U, biases):
    """Give arrays in the layout `gru_ref.conventions.COLUMNS` as blocks."""
    H = U.shape[1]
    return Columns(W.reshape(3, H, -1), U.reshape(3, H, H), biases.reshape(3, H, 1))


def stack_columns(W, U, b):
    """Give blocks in column form, as `gru_ref.gru_cell` takes them, as arrays in the layout `COLUMNS`.

    Returns
    -------
    W : numpy.ndarray, shape (3H, I)
    U : numpy.ndarray, shape (3H, H)
    biases : numpy.ndarray, shape (1, 3H)
    """
    for name, blocks in (("W", W), ("U", U), ("b", b)):
        if not hasattr(blocks, "__len__") or len(blocks) != len(GRU_BLOCKS):
            got = len(blocks) if hasattr(blocks, "__len__") else brief(blocks)
            raise ValueError(f"{name} must hold three blocks (update gate, reset gate, candidate), got {got}")
    expected = {}
    for i, gate in enumerate(("z", "r", "h")):
        expected |= {f"W_{gate}": (W[i], "HI"), f"U_{gate}": (U[i], "HH"), f"b_{gate}": (b[i], "H1")}
    blocks = require_shapes(**expected)
    dtype = float_dtype(*blocks)
    W, U, b = (np.concatenate(blocks[i::3]).astype(dtype) for i in range(3))
    return W, U, b.T


def refuse_backward(reverse, system):
    """Raise ValueError where the first direction reads backward in time and `system` cannot say so."""
    if reverse:
        raise ValueError(
            f"{system} has no such network whose first direction reads backward in time: convert it with"
            " reverse=False, give the result x flipped in time, and flip its outputs back"
        )


def refuse_biases(layers):
    """Raise ValueError where ``layers[layer][direction]`` has a bias that is not zero, and none is to be written."""
    if any(biases.any() for layer in layers for _, _, biases in layer):
        raise ValueError("bias=False needs biases that are all zero; these are not: leave bias=True")


def single(layers, target):
    """The one entry of ``layers[layer][direction]``; ValueError where there are several."""
    if len(layers) > 1 or len(layers[0]) > 1:
        raise ValueError(
            f"{target} is one layer in one direction; this network has {len(layers)} layer(s) of"
            f" {len(layers[0])} direction(s): convert the layers one by one"
        )
    return layers[0][0]


def same_for_all(name, values):
    """The value that all layers share; ValueError naming it where they differ."""
    values = list(values)
    if len(set(values)) > 1:
        raise ValueError(
            f"gru_ref.GRU has one {name} for all layers, got {', '.join(map(str, values))}: convert the layers"
            " one by one"
        )
    return values[0]


def framework(module, extra):
    """Import a framework when a conversion needs it; ImportError naming the extra where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f'gru_ref needs the package {module} for this. Install the extra: pip install "gru-course[{extra}]"'
        ) from error


def refuse(value, readable, reader):
    """Raise TypeError for what a converter does not read, saying what does where that is known.

    Parameters
    ----------
    value : object
    readable : str
        What the converter says that it reads.
    reader : str
        Its name, such as "from_torch".
    """
    ours = class_names(value, "gru_ref")
    readers = {"from_torch": ("torch", "Module"), "from_keras": ("keras", "Layer"), "from_onnx": ("onnx", "ModelProto")}
    others = [name for name, (package, kind) in readers.items() if kind in class_names(value, package)]
    if "Recurrent" in ours:
        remedy = ", which is a network in NumPy already"
    elif "GRUCell" in ours:
        remedy = ": GRU.from_parameters takes its W, U, b_input and b_recurrent as arrays, and its polarity and reset"
    elif "GRU" in ours:
        remedy = ": its to_numpy() gives the gru_ref.GRU"
    elif others and others[0] != reader:
        remedy = f": GRU.{others[0]} reads those"
    elif others == [reader] == ["from_keras"] and not {"RNN", "LSTMCell"} & class_names(value, "keras"):
        remedy = ": of a model with other layers as well, give the list of its GRU layers"
    elif isinstance(value, np.ndarray):
        remedy = ": GRU.from_parameters takes arrays"
    elif isinstance(value, dict):
        remedy = ": load it into a module first"
    else:
        remedy = ""
    raise TypeError(f"{reader} reads {readable}; got {brief(value)}{remedy}")


def class_names(value, package):
    """Names of the classes of a package that an object is an instance of, without importing the package."""
    return {cls.__name__ for cls in type(value).__mro__ if cls.__module__.split(".")[0] == package}
