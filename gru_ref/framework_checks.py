"""What the GRUs of other frameworks check beforehand, in the words of `gru_ref.GRU`."""

from gru_ref.gru import GRU
from gru_ref.options import brief, package_of


def check_numpy_gru(gru):
    """Check that it is a `gru_ref.GRU`; TypeError saying how to make one if it is not."""
    if not isinstance(gru, GRU):
        readers = {"torch": "from_torch", "keras": "from_keras"}
        package = package_of(gru)
        remedy = f": gru_ref.GRU.{readers[package]} makes one of it" if package in readers else ""
        raise TypeError(f"from_numpy takes a gru_ref.GRU, got {brief(gru)}{remedy}")


def check_shape(name, shape, **axes):
    """Check a tensor's shape, as far as it is known.

    Parameters
    ----------
    name : str
        The argument's.
    shape : sequence of (int or None)
        What came; None is a size not known yet, as in a graph.
    **axes : int or None
        The expected size of each axis by its letter, in order; None where any will do.

    Raises
    ------
    ValueError
        If the number of axes or a size differs.
    """
    shape, expected = tuple(shape), tuple(axes.values())
    fits = len(shape) == len(expected) and all(
        wanted is None or size is None or size == wanted for size, wanted in zip(shape, expected, strict=True)
    )
    if not fits:
        sizes = ", ".join(f"{letter} = {size}" for letter, size in axes.items() if size is not None)
        missing_batch = len(shape) == 2 and list(axes) == ["B", "T", "I"]
        hint = f"; a single sequence is a batch of one, {name}[None]" if missing_batch else ""
        letters = f"({', '.join(axes)}{',' if len(axes) == 1 else ''}){f' with {sizes}' if sizes else ''}"
        raise ValueError(f"{name} must have shape {letters}, got {shape}{hint}")
