"""What the GRUs of other frameworks check beforehand, in the words of `gru_ref.GRU`."""

from gru_ref.gru import POLARITIES, RESETS

MASKED_OUTPUTS = ("carry", "zero")


def check_choices(**choices):
    """Check options of a GRU that are words.

    Parameters
    ----------
    **choices : str
        Of ``polarity``, ``reset`` and ``masked_output``.

    Raises
    ------
    ValueError
        If one is not a word it may be.
    """
    words = {"polarity": POLARITIES, "reset": RESETS, "masked_output": MASKED_OUTPUTS}
    for name, choice in choices.items():
        if choice not in words[name]:
            raise ValueError(f'{name} must be "{words[name][0]}" or "{words[name][1]}", got {choice!r}')


def check_sizes(**sizes):
    """Check sizes of a network; ValueError unless each is a positive integer."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not hasattr(size, "__index__") or size < 1:
            raise ValueError(f"{name} must be a positive integer, got {size!r}")


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
        raise ValueError(f"{name} must have shape ({', '.join(axes)}) with {sizes}, got {shape}{hint}")
