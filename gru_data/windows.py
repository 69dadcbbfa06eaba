"""Windows of a time series for forecasting, cut so that nothing of the future gets in.

At the *issue time* t a forecaster knows rows 0 to t. Its window is the T rows
that end with t; its target is the row t + horizon. Letters: N rows, F
features, B examples, T time steps.
"""

import numpy as np


def forward_fill(values):
    """Fill each gap with the last value before it: what one knew at the time.

    Parameters
    ----------
    values : array_like of float, shape (N,)
        NaN where a value is missing.

    Returns
    -------
    numpy.ndarray, shape (N,)
        NaN only before the first value. Row n depends on rows 0 to n alone.

    Raises
    ------
    ValueError
        If `values` has another number of dimensions than one.

    Examples
    --------
    >>> forward_fill([np.nan, 7.0, np.nan, np.nan, 3.0]).tolist()
    [nan, 7.0, 7.0, 7.0, 3.0]
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"values must have shape (N,); got {values.shape}")
    last = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))
    return values[last]


def issue_times(start, stop, steps, horizon):
    """List the rows at which a forecast can be issued inside one part of the data.

    Window and target both lie in rows `start` to `stop` - 1, so that two parts
    which share no row share no window and no target either.

    Parameters
    ----------
    start, stop : int
        The part: rows `start` to `stop` - 1.
    steps : int
        T, the length of a window, at least 1.
    horizon : int
        How many rows after the window's last one the target is, at least 1.

    Returns
    -------
    numpy.ndarray of int, shape (B,)
        Empty if the part is too short.

    Raises
    ------
    ValueError
        If `steps` or `horizon` is below 1, or `start` below 0.

    Examples
    --------
    >>> issue_times(0, 10, steps=4, horizon=2).tolist()
    [3, 4, 5, 6, 7]
    """
    for name, value, least in (("steps", steps, 1), ("horizon", horizon, 1), ("start", start, 0)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}; got {value}")
    return np.arange(start + steps - 1, stop - horizon)


def windows(features, times, steps):
    """Cut the window that ends at each issue time.

    Parameters
    ----------
    features : array_like, shape (N, F)
    times : array_like of int, shape (B,)
        Issue times.
    steps : int
        T, the length of a window.

    Returns
    -------
    numpy.ndarray, shape (B, T, F)
        A copy: ``windows(...)[b, -1]`` is the row ``times[b]`` of `features`.

    Raises
    ------
    ValueError
        If `features` is no table, or a window would begin before row 0 or end
        after row N - 1.

    Examples
    --------
    >>> windows(np.array([[10], [20], [30], [40]]), [2, 3], steps=2)[:, :, 0].tolist()
    [[20, 30], [30, 40]]
    """
    features, times = np.asarray(features), np.asarray(times, dtype=np.int64)
    if features.ndim != 2:
        raise ValueError(f"features must have shape (N, F); got {features.shape}")
    if times.size and (times.min() < steps - 1 or times.max() >= len(features)):
        raise ValueError(
            f"times must lie from {steps - 1} (a window of {steps} steps begins at row 0) to {len(features) - 1} (the "
            f"last row); got {times.min()} to {times.max()}"
        )
    return features[times[:, None] + np.arange(1 - steps, 1)]
