"""Shape checks that say which argument is wrong, what came and what was expected."""

import numpy as np

from gru_ref.options import brief


def require_shapes(**arguments):
    """Check that every array has the shape that its letters name.

    NumPy broadcasts silently: a bias of shape (H,) added to an (H, B) matrix
    with B = H is added along the wrong axis, and added to a column it gives an
    (H, H) matrix, without any error. So the shapes are compared before
    anything is computed.

    Parameters
    ----------
    **arguments : tuple of (array_like, str)
        The value and its expected shape, a letter an axis, for example
        ``W_z=(W_z, "HI")``. A letter stands for the same size in every
        argument; the first argument that has it says which. ``1`` stands for
        a size of one.

    Returns
    -------
    list of numpy.ndarray
        The arguments as arrays, in the order given.

    Raises
    ------
    ValueError
        If an array has another rank or size, has no elements, or does not
        hold real numbers.
    """
    arrays = []
    sizes = {"1": 1}
    for name, (value, letters) in arguments.items():
        array = real_array(name, value)
        if not _fits(array.shape, letters, sizes) or array.size == 0:
            given = [letter for letter in dict.fromkeys(letters) if letter in sizes and letter != "1"]
            known = ", ".join(f"{letter} = {sizes[letter]}" for letter in given)
            raise ValueError(
                f"{name} must have shape ({', '.join(letters)}){f' with {known}' if known else ''},"
                f" got {array.shape}{_remedy(array, letters, sizes)}"
            )
        sizes.update(zip(letters, array.shape, strict=True))
        arrays.append(array)
    return arrays


def real_array(name, value, ragged=""):
    """Give the value as an array; raise ValueError with its name unless it holds real numbers.

    `ragged` says what to do where the value is a list whose rows differ in length.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"{name} must be a plain array, got a masked one, whose mask would be lost: {name}.filled(0)")
    try:
        array = np.asarray(value)
    except ValueError as error:
        if type(value) not in (list, tuple):
            raise ValueError(f"{name} must hold real numbers, got {brief(value)}") from error
        raise ValueError(f"{name} is not an array: its rows differ in length{ragged}") from error
    if array.dtype.kind not in "biuf":
        got = brief(value) if array.dtype == object and array.ndim == 0 else f"dtype {array.dtype}"
        raise ValueError(f"{name} must hold real numbers, got {got}")
    return array


def named_shapes(**arrays):
    """Names and shapes in a row, as `repr` shows what holds several arrays: "W (3, 12), U (4, 12)"."""
    return ", ".join(f"{name} {np.shape(array)}" for name, array in arrays.items())


def _fits(shape, letters, sizes):
    """Whether the shape agrees with the sizes known so far, and with itself (U is square)."""
    return len(shape) == len(letters) and all(
        sizes.get(letter, n) == n and shape[letters.index(letter)] == n
        for letter, n in zip(letters, shape, strict=True)
    )


def _remedy(array, letters, sizes):
    """Say what repairs the mistake, where the shape tells it."""
    if array.size == 0:
        return "; at least one element is needed along every axis"
    if array.ndim == 1 and len(letters) == 2:
        return "; array.reshape(-1, 1) makes it a column"
    if array.ndim == 2 and _fits(array.shape[::-1], letters, sizes):
        return "; its transpose would fit"
    return ""
