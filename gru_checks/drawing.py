"""Draw what a time step of a GRU takes, so that no wrong cell gives the right numbers by chance."""

import numpy as np


def step_inputs(rng, I, H, B, *, scale=1.0, dtype=np.float64):
    """Draw x, h_prev, W, U, b: dense weights of size about 1, a state and a bias that are not zero.

    Parameters
    ----------
    rng : numpy.random.Generator
    I, H, B : int
        Inputs, units, examples.
    scale : float, optional
        Size of the weights.
    dtype : data-type, optional

    Returns
    -------
    tuple of numpy.ndarray
        Shapes (I, B), (H, B), (H, I), (H, H), (H, 1).
    """
    arrays = (
        rng.normal(0, 1, (I, B)),
        state(rng, H, B),
        rng.normal(0, scale, (H, I)),
        rng.normal(0, scale, (H, H)),
        rng.normal(0, scale, (H, 1)),
    )
    return tuple(array.astype(dtype) for array in arrays)


def state(rng, H, B, dtype=np.float64):
    """Draw a hidden state, shape (H, B): between -1 and 1, of both signs, and nowhere near 0."""
    return (rng.uniform(0.2, 1, (H, B)) * rng.choice([-1, 1], (H, B))).astype(dtype)


def gate(rng, H, B, dtype=np.float64):
    """Draw a gate, shape (H, B): shares between 0 and 1 that are neither nearly 0 nor nearly 1."""
    return rng.uniform(0.1, 0.9, (H, B)).astype(dtype)
