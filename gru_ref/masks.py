"""Which time steps count: masks, lengths, and what stands in the output where a step does not count."""

import numpy as np

from gru_ref.shapes import real_array


def as_mask(B, T, mask=None, lengths=None):
    """Give the mask that `mask` or `lengths` describe, or None where every step counts.

    Parameters
    ----------
    B, T : int
        Batch size and number of time steps.
    mask : array_like of bool, shape (B, T), optional
        True where a step counts. Gaps are allowed.
    lengths : array_like of int, shape (B,), optional
        Row b counts its first ``lengths[b]`` steps, 0 to T of them.

    Returns
    -------
    numpy.ndarray of bool, shape (B, T), or None

    Raises
    ------
    ValueError
        If both are given, or a shape, a dtype or a length does not fit.
    """
    if mask is not None and lengths is not None:
        raise ValueError("give mask or lengths, not both: lengths are a mask that is true in front")
    if lengths is not None:
        lengths = real_array("lengths", lengths)
        if lengths.shape != (B,) or (lengths.dtype.kind not in "iu" and B > 0):
            hint = "; what is True where a step counts is the mask" if lengths.shape == (B, T) else ""
            raise ValueError(
                f"lengths must hold one integer a row, shape (B,) = ({B},); got {lengths.dtype} {lengths.shape}{hint}"
            )
        if B and not 0 <= lengths.min() <= lengths.max() <= T:
            raise ValueError(f"lengths must lie between 0 and T = {T}, got {lengths.min()} to {lengths.max()}")
        mask = np.arange(T) < lengths[:, None]
    if mask is None:
        return None
    mask = real_array("mask", mask)
    if mask.shape != (B, T):
        hint = ""
        if mask.shape == (T, B):
            hint = "; its transpose would fit"
        elif mask.shape == (B,) and mask.dtype.kind in "iu":
            hint = "; numbers of steps are lengths"
        raise ValueError(f"mask must have shape (B, T) = {(B, T)}, as x has; got {mask.shape}{hint}")
    if mask.dtype != bool:
        raise ValueError(f"mask must be boolean, True where a step counts; got dtype {mask.dtype}: mask.astype(bool)")
    if mask.all():
        return None
    mask = mask.copy()  # a trace keeps it, and the caller may change theirs
    mask.flags.writeable = False
    return mask


def visible_steps(mask, masked_output):
    """Where the output shows the state, in the order of processing.

    Parameters
    ----------
    mask : numpy.ndarray of bool, shape (T, B)
    masked_output : {"carry", "zero"}
        "carry": from the first step that counts on, since the state is carried
        over masked steps; before it the output is zero, whatever the initial
        state, as in Keras. "zero": only where a step counts, as in PyTorch's
        packed sequences and in ONNX.

    Returns
    -------
    numpy.ndarray of bool, shape (T, B)
    """
    return np.logical_or.accumulate(mask, axis=0) if masked_output == "carry" else mask
