"""Small made-up tasks whose answer is known, to see what a network can learn."""

import numpy as np

from gru_ref.options import check_sizes, computing_dtype, generator


def adding_problem(batch, steps, rng, dtype=np.float64):
    """Draw sequences of which two marked numbers are to be added.

    Each step holds a number and a marker. Two markers are 1, one in each half
    of the sequence, the others 0; the target is the sum of the two marked
    numbers. To solve it a network must keep a number over up to `steps`
    steps. Always answering 1 has a mean squared error of 1/6.

    Parameters
    ----------
    batch : int
        Number of sequences B.
    steps : int
        Length T of each sequence; at least 2.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed for one.
    dtype : numpy dtype
        float32 or float64.

    Returns
    -------
    x : numpy.ndarray, shape (B, T, 2)
        Numbers uniform in [0, 1), and markers.
    y : numpy.ndarray, shape (B,)
        Sums, in [0, 2).

    Raises
    ------
    ValueError
        If there are fewer than two steps, or another argument is not one of
        those named.

    Examples
    --------
    >>> x, y = adding_problem(3, 10, np.random.default_rng(0))
    >>> bool(np.allclose((x[:, :, 0] * x[:, :, 1]).sum(axis=1), y))
    True

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9, 1997, section 5.4 (there with numbers in [-1, 1]).
    """
    check_sizes(batch=batch, steps=steps)
    if steps < 2:
        raise ValueError(f"steps must be at least 2, one for each marked number; got {steps}")
    dtype, rng = computing_dtype(dtype), generator(rng)
    x = np.zeros((batch, steps, 2), dtype)
    x[:, :, 0] = rng.random((batch, steps))
    rows = np.arange(batch)
    for low, high in ((0, steps // 2), (steps // 2, steps)):
        x[rows, rng.integers(low, high, batch), 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1)
