"""The parameters of one layer in one direction, and how their blocks are laid out.

Everything in ``gru_ref`` that runs over time uses one layout, in row form:
inputs are (B, I), states (B, H), and the blocks of the gates stand side by
side along the last axis. Keras lays out its GRU the same way.
"""

from typing import NamedTuple

import numpy as np

from gru_ref.options import brief, check_choice, check_flags, check_sizes
from gru_ref.shapes import named_shapes, real_array

GRU_BLOCKS = ("z", "r", "n")
"""Order of a GRU's blocks: update gate, reset gate, candidate."""
LSTM_BLOCKS = ("i", "f", "g", "o")
"""Order of an LSTM's blocks: input gate, forget gate, candidate, output gate."""
RNN_BLOCKS = ("h",)
"""The one block of a plain recurrent network."""


class Parameters(NamedTuple):
    """Weights and biases of one layer in one direction; G blocks of H columns each.

    A gradient with respect to the parameters has the same form.
    """

    W: np.ndarray
    """Input weights, shape (I, G*H)."""
    U: np.ndarray
    """Recurrent weights, shape (H, G*H)."""
    b_input: np.ndarray
    """Bias added to the input's product, shape (G*H,)."""
    b_recurrent: np.ndarray
    """Bias added to the state's product, shape (G*H,)."""

    def __repr__(self):
        return f"Parameters({named_shapes(**self._asdict())})"

    @property
    def input_size(self):
        """Number of inputs I."""
        return self.W.shape[0]

    @property
    def hidden_size(self):
        """Number of units H."""
        return self.U.shape[0]

    def block(self, index):
        """Views of one gate's block: W (I, H), U (H, H), b_input (H,), b_recurrent (H,).

        Raises
        ------
        IndexError
            If there is no block of that number; the first is 0.
        TypeError
            If `index` is no integer.
        """
        blocks = self.U.shape[1] // self.hidden_size
        if not isinstance(index, int | np.integer):
            raise TypeError(f"index must be an integer, 0 to {blocks - 1}, got {brief(index)}")
        if not 0 <= index < blocks:
            raise IndexError(f"block {index} of {blocks}: they are numbered from 0")
        columns = slice(index * self.hidden_size, (index + 1) * self.hidden_size)
        return Parameters(*(array[..., columns] for array in self))

    def astype(self, dtype):
        """The same parameters in another dtype; the arrays themselves where it is theirs already."""
        return Parameters(*(array.astype(dtype, copy=False) for array in self))


def only(nested, name):
    """The single entry of ``nested[layer][direction]``; AttributeError where there are several."""
    if len(nested) > 1 or len(nested[0]) > 1:
        raise AttributeError(
            f"there are {len(nested)} layer(s) of {len(nested[0])} direction(s): say which, {name}[layer][direction]"
        )
    return nested[0][0]


def _array_of_the_only_layer(name, doc):
    """The property of a `ByLayer` that is one array of its only layer and direction, read and written in place."""

    def read(self):
        return getattr(only(self.parameters, "parameters"), name)

    def write(self, value):
        array, value = read(self), real_array(name, value)
        if value.shape != array.shape:
            raise ValueError(f"{name} must have shape {array.shape}, got {value.shape}")
        array[...] = value

    return property(read, write, doc=doc)


class ByLayer:
    """What holds ``parameters[layer][direction]``: a network, or the gradients of one."""

    parameters = ()

    W = _array_of_the_only_layer("W", "Input weights (I, G*H), where there is one layer and one direction.")
    U = _array_of_the_only_layer("U", "Recurrent weights (H, G*H), where there is one layer and one direction.")
    b_input = _array_of_the_only_layer("b_input", "Input bias (G*H,), where there is one layer and one direction.")
    b_recurrent = _array_of_the_only_layer(
        "b_recurrent", "Recurrent bias (G*H,), where there is one layer and one direction."
    )

    def arrays(self):
        """Every array as a flat list, in the same order for a network and its gradients."""
        return [array for layer in self.parameters for one in layer for array in one]


def as_layers(parameters):
    """Give ``parameters[layer][direction]``, where four arrays stand for one layer in one direction.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(parameters, list | tuple) and any(isinstance(part, np.ndarray) for part in parameters):
        return [[parameters]]
    wrong = parameters
    if isinstance(parameters, list | tuple):
        wrong = next((layer for layer in parameters if not isinstance(layer, list | tuple) or _is_one(layer)), None)
        if wrong is None:
            return parameters
    raise TypeError(
        "parameters must be four arrays, W, U, b_input and b_recurrent, or lists of such, parameters[layer][direction];"
        f" got {'' if wrong is parameters else 'as a layer '}{brief(wrong)}"
    )


def _is_one(layer):
    """Whether what should be a layer, a list of its directions, is one direction's arrays."""
    return any(isinstance(part, np.ndarray) for part in layer)


def as_parameters(value, blocks):
    """Check four arrays and give them as `Parameters`, copied, of one float dtype.

    Parameters
    ----------
    value : sequence of four array_like
        W (I, G*H), U (H, G*H), b_input (G*H,), b_recurrent (G*H,).
    blocks : int
        Number of blocks G: 3 for a GRU, 4 for an LSTM, 1 for a plain RNN.

    Returns
    -------
    Parameters

    Raises
    ------
    ValueError
        If there are not four arrays, or one has a shape that does not fit U's.
    """
    if not isinstance(value, list | tuple) or len(value) != 4:
        got = len(value) if isinstance(value, list | tuple) else brief(value)
        raise ValueError(f"parameters are four arrays, W, U, b_input and b_recurrent; got {got}")
    named = {name: real_array(name, array) for name, array in zip(Parameters._fields, value, strict=True)}
    U = named["U"]
    if U.ndim != 2 or U.shape[1] != blocks * U.shape[0] or U.size == 0:
        raise ValueError(f"U must have shape (H, {blocks}*H), the {blocks} block(s) side by side; got {U.shape}")
    width = U.shape[1]
    W = named["W"]
    if W.ndim != 2 or W.shape[1] != width or W.size == 0:
        raise ValueError(f"W must have shape (I, {blocks}*H) = (I, {width}), as U is {U.shape}; got {W.shape}")
    for name in ("b_input", "b_recurrent"):
        if named[name].shape != (width,):
            raise ValueError(
                f"{name} must have shape ({blocks}*H,) = ({width},), as U is {U.shape}; got {named[name].shape}"
            )
    dtype = float_dtype(*named.values())
    return Parameters(*(np.array(array, dtype=dtype, order="C") for array in named.values()))


def float_dtype(*arrays):
    """The dtype to compute in: float32 if every floating array has at most 32 bits, else float64.

    Integers and booleans follow the floating arrays; without any, float64.
    """
    sizes = [array.dtype.itemsize for array in arrays if array.dtype.kind == "f"]
    return np.dtype(np.float32 if sizes and max(sizes) <= 4 else np.float64)


def count_parameters(input_size, hidden_size, *, cell="gru", biases=2, num_layers=1, bidirectional=False):
    """Number of trainable numbers in a recurrent network.

    Each of the cell's G blocks has I*H input weights, H*H recurrent weights
    and H biases once or twice. The number of time steps plays no part.

    Parameters
    ----------
    input_size : int
        Number of inputs I.
    hidden_size : int
        Number of units H.
    cell : {"gru", "lstm", "rnn"}
        G is 3, 4 or 1.
    biases : {1, 2}
        Bias vectors a block: two in PyTorch and in Keras' default GRU, one in
        the original equations and in Keras with ``reset_after=False``.
    num_layers : int
        Layers above the first read the D*H outputs of the layer below.
    bidirectional : bool
        D = 2 if true, else 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `cell` or `biases` is none of those named, or a size is no positive
        integer.

    Examples
    --------
    >>> count_parameters(8, 64), count_parameters(8, 64, biases=1)
    (14208, 14016)
    """
    blocks = {"gru": len(GRU_BLOCKS), "lstm": len(LSTM_BLOCKS), "rnn": len(RNN_BLOCKS)}
    check_choice("cell", cell, blocks)
    check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
    check_flags(bidirectional=bidirectional)
    if biases not in (1, 2):
        raise ValueError(f"biases must be 1 or 2, got {biases!r}")
    directions = 2 if bidirectional else 1
    inputs = [input_size] + [directions * hidden_size] * (num_layers - 1)
    return sum(directions * blocks[cell] * hidden_size * (I + hidden_size + biases) for I in inputs)
