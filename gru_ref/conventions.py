"""The choices that GRUs differ in, and what the systems chose: data that the converters and the tests work from.

References
----------
.. [1] PyTorch, documentation of ``torch.nn.GRU``.
.. [2] Keras, documentation of ``keras.layers.GRU``.
.. [3] ONNX, operator specification, ``GRU``.
"""

from typing import NamedTuple


class Convention(NamedTuple):
    """What has to be known of a system before weights can be carried to it or from it."""

    polarity: str
    """"keep" where z near 1 keeps the old state, "update" where it writes the candidate."""
    reset: str
    """"after" where r multiplies the state's product, "before" where it multiplies the state."""
    order: tuple
    """The three blocks in the order in which they stand: "z" update gate, "r" reset gate, "n" candidate."""
    transposed: bool
    """False where the weights are (I, 3H) and (H, 3H), for rows; True where (3H, I) and (3H, H), for columns."""
    biases: int
    """Bias vectors of 3H: 2 where input and state have one each, 1 where they share it."""


TORCH = Convention(polarity="keep", reset="after", order=("r", "z", "n"), transposed=True, biases=2)
"""``torch.nn.GRU`` and ``torch.nn.GRUCell``."""

KERAS = {
    True: Convention(polarity="keep", reset="after", order=("z", "r", "n"), transposed=False, biases=2),
    False: Convention(polarity="keep", reset="before", order=("z", "r", "n"), transposed=False, biases=1),
}
"""``keras.layers.GRU`` and ``keras.layers.GRUCell``, by ``reset_after``."""

ONNX = {
    1: Convention(polarity="keep", reset="after", order=("z", "r", "n"), transposed=True, biases=2),
    0: Convention(polarity="keep", reset="before", order=("z", "r", "n"), transposed=True, biases=2),
}
"""The ONNX operator GRU, by ``linear_before_reset``."""

COLUMNS = Convention(polarity="update", reset="before", order=("z", "r", "n"), transposed=True, biases=1)
"""The column form of chapters 3 to 6: `gru_ref.gru_cell`."""
