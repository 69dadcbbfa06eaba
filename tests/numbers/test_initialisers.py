"""How parameters are first drawn: their distributions, and the same numbers from the same generator."""

import numpy as np
import pytest

from gru_ref import GRU, LSTM, RNN

NAMES = ["torch", "keras", "orthogonal"]
NETWORKS = {GRU: 3, LSTM: 4, RNN: 1}
I, H = 40, 30


def assert_uniform(values, bound):
    """Assert that many values are spread evenly over (-bound, bound): moments within five standard errors."""
    values = np.ravel(values) / bound
    assert np.abs(values).max() < 1
    assert np.abs(values).max() > 1 - 10 / values.size
    for moment, expected, variance in ((values, 0, 1 / 3), (values**2, 1 / 3, 4 / 45), (values**4, 1 / 5, 16 / 225)):
        assert abs(moment.mean() - expected) < 5 * np.sqrt(variance / values.size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_same_generator_gives_the_same_numbers(network, name, dtype):
    options = {"initialiser": name, "dtype": dtype, "num_layers": 2, "bidirectional": True}
    seeded, drawn, other = (network(3, 4, rng=rng, **options).arrays() for rng in (5, np.random.default_rng(5), 6))
    assert all(np.array_equal(a, b) and a.dtype == dtype for a, b in zip(seeded, drawn, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(seeded, other, strict=True) if a.any())
    weights = [array for array in seeded if array.ndim == 2 and array.shape == seeded[4].shape]
    assert not np.array_equal(weights[0], weights[1])  # layers and directions differ


def test_a_generator_goes_on_where_it_stood():
    rng = np.random.default_rng(0)
    assert not np.array_equal(GRU(3, 4, rng=rng).W, GRU(3, 4, rng=rng).W)


@pytest.mark.parametrize("network", NETWORKS)
def test_torch_draws_everything_uniformly_by_the_number_of_units(network):
    for array in network(I, H, initialiser="torch", rng=0).arrays():
        if array.ndim == 2:
            assert_uniform(array, 1 / np.sqrt(H))
        assert np.abs(array).max() < 1 / np.sqrt(H) and array.std() > 0.4 / np.sqrt(H)


@pytest.mark.parametrize("network", NETWORKS)
def test_keras_draws_all_blocks_at_once(network):
    blocks = NETWORKS[network]
    W, U, *biases = network(I, H, initialiser="keras", rng=0).arrays()
    assert_uniform(W, np.sqrt(6 / (I + blocks * H)))
    np.testing.assert_allclose(U @ U.T, np.eye(H), atol=1e-14)
    assert not any(bias.any() for bias in biases)
    if blocks > 1:  # together the rows are orthonormal, one block on its own is not
        assert np.abs(U[:, :H] @ U[:, :H].T - np.eye(H)).max() > 0.1


@pytest.mark.parametrize("network", NETWORKS)
def test_orthogonal_draws_each_block_on_its_own(network):
    made = network(I, H, initialiser="orthogonal", rng=0)
    for block in range(NETWORKS[network]):
        W, U, *biases = made.parameters[0][0].block(block)
        assert_uniform(W, np.sqrt(6 / (I + H)))
        np.testing.assert_allclose(U @ U.T, np.eye(H), atol=1e-14)
        np.testing.assert_allclose(U.T @ U, np.eye(H), atol=1e-14)
        assert not any(bias.any() for bias in biases)


def test_orthogonal_matrices_prefer_no_sign():
    """A plain QR decomposition would give a diagonal of one sign."""
    diagonals = [np.diag(RNN(1, 8, initialiser="orthogonal", rng=seed).U) for seed in range(200)]
    positive = (np.array(diagonals) > 0).mean(axis=0)
    assert np.all(np.abs(positive - 0.5) < 5 * np.sqrt(0.25 / 200))


@pytest.mark.needs("torch")
def test_torch_itself_draws_from_that_distribution():
    import torch

    torch.manual_seed(0)
    for parameter in torch.nn.GRU(I, H).parameters():
        if parameter.ndim == 2:
            assert_uniform(parameter.detach().numpy(), 1 / np.sqrt(H))


@pytest.mark.needs("tensorflow")
def test_keras_itself_draws_from_that_distribution():
    import keras

    keras.utils.set_random_seed(0)
    layer = keras.layers.GRU(H, dtype="float64")
    layer.build((None, None, I))
    W, U, b = layer.get_weights()
    assert_uniform(W, np.sqrt(6 / (I + 3 * H)))
    np.testing.assert_allclose(U @ U.T, np.eye(H), atol=1e-6)
    assert np.abs(U[:, :H] @ U[:, :H].T - np.eye(H)).max() > 0.1
    assert not b.any()
