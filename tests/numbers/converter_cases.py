"""Networks on which a conversion shows every mistake, and what a conversion has to keep."""

import numpy as np

from gru_ref import GRU


def draw_network(seed, *, biases=2, dtype=np.float64, **options):
    """Draw a GRU with H in 2 to 9 and dense weights and biases of size about 1.

    With `biases` 1 the recurrent bias is zero, with 0 both are. No block is
    like another and no matrix square unless it has to be, so that no exchange
    of blocks or axes goes unnoticed.
    """
    rng = np.random.default_rng(seed)
    H = int(rng.integers(2, 10))
    I = int(rng.choice([size for size in range(1, 8) if size != H]))
    gru = GRU(I, H, dtype=dtype, **options)
    for array in gru.arrays():
        array[:] = rng.standard_normal(array.shape)
    for layer in gru.parameters:
        for one in layer:
            for zeroed in (one.b_recurrent, one.b_input)[: 2 - biases]:
                zeroed[:] = 0
    return gru


def draw_input(gru, seed):
    """Draw x (B, T, I) with T in 2 to 12 and an initial state that is not zero."""
    rng = np.random.default_rng([seed, 1])
    B, T = int(rng.integers(2, 5)), int(rng.integers(2, 13))
    x = rng.standard_normal((B, T, gru.input_size)).astype(gru.dtype)
    h0 = rng.uniform(-1, 1, (gru.num_layers * gru.directions, B, gru.hidden_size)).astype(gru.dtype)
    return x, h0


def assert_near(theirs, ours, tolerance):
    """Assert equal shape and dtype, and agreement relative to the largest entry."""
    theirs = np.asarray(theirs)
    assert theirs.shape == ours.shape and theirs.dtype == ours.dtype
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=tolerance * np.abs(ours).max())


def assert_same_bits(one, other):
    """Assert that two networks have the same convention and the same parameters to the bit."""
    assert len(one.parameters) == len(other.parameters)
    assert (one.polarity, one.reset, one.reverse) == (other.polarity, other.reset, other.reverse)
    for ours, theirs in zip(one.arrays(), other.arrays(), strict=True):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        assert ours.tobytes() == theirs.tobytes()
