"""The cell over a sequence against Keras, an independent implementation, in float64."""

import numpy as np
import pytest

from gru_ref import gru_cell

pytestmark = [pytest.mark.needs("tensorflow"), pytest.mark.slow]


@pytest.mark.parametrize("seed", range(5))
def test_the_cell_over_a_sequence_is_keras_gru_with_the_reset_before(seed):
    import keras

    rng = np.random.default_rng(seed)
    B, T, I, H = rng.integers(1, 5), rng.integers(2, 13), rng.integers(1, 6), rng.integers(2, 10)
    W, U, b = ([rng.standard_normal(shape) for _ in range(3)] for shape in ((H, I), (H, H), (H, 1)))
    x, h0 = rng.standard_normal((B, T, I)), rng.uniform(-1, 1, (B, H))

    h, outputs = h0.T, []
    for t in range(T):
        h = gru_cell(x[:, t].T, h, W, U, b)
        outputs.append(h.T)
    ours = np.stack(outputs, axis=1)

    # Keras keeps where z is near 1 and multiplies rows: negate the update block, transpose, join the blocks z, r, h.
    layer = keras.layers.GRU(int(H), reset_after=False, return_sequences=True, dtype="float64")
    layer.build(x.shape)
    kernel, recurrent, bias = ([-blocks[0], *blocks[1:]] for blocks in (W, U, b))
    layer.set_weights(
        [np.hstack([block.T for block in blocks]) for blocks in (kernel, recurrent)] + [np.vstack(bias)[:, 0]]
    )
    keras_outputs = np.asarray(layer(x, initial_state=h0))

    assert keras_outputs.dtype == np.float64
    np.testing.assert_allclose(ours, keras_outputs, rtol=0, atol=1e-12 * np.abs(keras_outputs).max())
