"""SGD, Adam and clipping against PyTorch's, and what they refuse."""

import re

import numpy as np
import pytest

from gru_ref import GRU, SGD, Adam, clip_by_norm

SHAPES = [(3, 4), (4,), (1, 2, 2)]
OPTIMISERS = {
    "SGD": (lambda arrays: SGD(arrays, 0.1), "SGD", {"lr": 0.1}),
    "SGD with momentum": (lambda arrays: SGD(arrays, 0.1, momentum=0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
    "Adam": (Adam, "Adam", {}),
    "Adam with options": (
        lambda arrays: Adam(arrays, 0.05, beta1=0.5, beta2=0.9, epsilon=1e-3),
        "Adam",
        {"lr": 0.05, "betas": (0.5, 0.9), "eps": 1e-3},
    ),
}


def draw(seed, scale=1.0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [(scale * rng.standard_normal(shape)).astype(dtype) for shape in SHAPES]


@pytest.mark.needs("torch")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_many_steps_are_those_of_pytorch(name, dtype):
    import torch

    make, theirs, options = OPTIMISERS[name]
    arrays = draw(0, dtype=dtype)
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    ours, reference = make(arrays), getattr(torch.optim, theirs)(tensors, **options)
    for step in range(30):
        gradients = draw([1, step], scale=0.1 * (step % 7), dtype=dtype)
        kept = [gradient.copy() for gradient in gradients]
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = torch.tensor(gradient)
        ours.step(gradients)
        reference.step()
        assert all(np.array_equal(a, b) for a, b in zip(gradients, kept, strict=True))
    for array, tensor, start in zip(arrays, tensors, draw(0, dtype=dtype), strict=True):
        assert array.dtype == dtype
        expected = tensor.detach().numpy()
        assert np.abs(expected - start).max() > 1e-3
        np.testing.assert_allclose(array, expected, rtol=0, atol=20 * np.finfo(dtype).eps * np.abs(expected).max())


@pytest.mark.needs("torch")
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_clipping_is_that_of_pytorch(scale):
    import torch

    gradients = draw(2, scale)
    tensors = [torch.zeros(array.shape, dtype=torch.float64, requires_grad=True) for array in gradients]
    for tensor, gradient in zip(tensors, gradients, strict=True):
        tensor.grad = torch.tensor(gradient)
    expected = torch.nn.utils.clip_grad_norm_(tensors, 1.5).item()
    clipped, norm = clip_by_norm(gradients, 1.5)
    assert norm == pytest.approx(expected, rel=1e-14)
    for ours, theirs in zip(clipped, tensors, strict=True):
        # PyTorch divides by the norm plus 1e-6.
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=2e-6 / min(norm, 1.5), atol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_shortens_together_and_changes_nothing_that_is_short_enough(dtype):
    gradients = draw(3, 10.0, dtype)
    kept = [gradient.copy() for gradient in gradients]
    clipped, norm = clip_by_norm(gradients, 2.0)
    flat, before = (np.concatenate([array.ravel() for array in arrays]) for arrays in (clipped, gradients))
    assert norm == pytest.approx(np.linalg.norm(before), rel=1e-6)
    assert np.linalg.norm(flat) == pytest.approx(2.0, rel=1e-6)
    np.testing.assert_allclose(flat / 2.0, before / norm, rtol=1e-5)
    assert all(array.dtype == dtype for array in clipped)
    unchanged, norm = clip_by_norm(gradients, 1e3)
    assert all(np.array_equal(a, b) for a, b in zip(unchanged, kept, strict=True))
    assert clip_by_norm([np.zeros(3)], 1.0)[1] == 0


def test_an_exploded_float32_gradient_is_clipped_by_its_true_norm():
    clipped, norm = clip_by_norm([np.full(4, 1e30, np.float32)], 1.0)
    assert norm == pytest.approx(2e30, rel=1e-6)
    np.testing.assert_allclose(clipped[0], 0.5, rtol=1e-6)


def test_a_gradient_that_is_not_a_number_is_not_hidden():
    clipped, norm = clip_by_norm([np.array([np.nan, 1.0]), np.array([2.0])], 1.0)
    assert np.isnan(norm) and all(np.isnan(array).all() for array in clipped)


@pytest.mark.parametrize("make", [lambda arrays: SGD(arrays, 0.1, momentum=0.9), Adam])
def test_gradients_that_do_not_fit_change_nothing(make):
    arrays = draw(4)
    optimiser = make(arrays)
    for gradients, told in (
        (draw(5)[:2], "there are 3 arrays to train, and 2 gradients came"),
        ([*draw(5)[:2], np.zeros(4)], "gradient 2 must have its array's shape (1, 2, 2), got (4,)"),
        ([*draw(5)[:2], 1.0], "gradient 2 must have its array's shape (1, 2, 2), got ()"),
    ):
        with pytest.raises(ValueError, match=re.escape(told)):
            optimiser.step(gradients)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, draw(4), strict=True))
    fresh = draw(4)
    make(fresh).step(draw(6))
    optimiser.step(draw(6))  # and nothing of the refused steps is remembered
    assert all(np.array_equal(a, b) for a, b in zip(arrays, fresh, strict=True))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: SGD([], 0.0), "learning_rate must be positive, got 0.0"),
        (lambda: SGD([], np.nan), "learning_rate must be positive, got nan"),
        (lambda: SGD([], 0.1, momentum=1.0), "momentum must lie in [0, 1), got 1.0"),
        (lambda: SGD([], 0.1, momentum=-0.1), "momentum must lie in [0, 1), got -0.1"),
        (lambda: Adam([], -1e-3), "learning_rate must be positive, got -0.001"),
        (lambda: Adam([], beta1=1.0), "beta1 must lie in [0, 1), got 1.0"),
        (lambda: Adam([], beta2=-1), "beta2 must lie in [0, 1), got -1"),
        (lambda: clip_by_norm([np.ones(2)], 0.0), "max_norm must be positive, got 0.0"),
        (lambda: clip_by_norm([np.ones(2)], np.nan), "max_norm must be positive, got nan"),
    ],
)
def test_a_wrong_option_is_refused(make, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        make()


@pytest.mark.parametrize("optimiser", [SGD, Adam])
def test_a_network_and_its_gradients_can_be_given_as_they_are(optimiser):
    networks = [GRU(2, 3, rng=0) for _ in range(2)]
    x = np.random.default_rng(0).standard_normal((4, 5, 2))
    for network, as_is in zip(networks, (True, False), strict=True):
        gradients = network.backward(network.trace(x), np.ones((4, 5, 3)))
        clipped, _ = clip_by_norm(gradients if as_is else gradients.arrays(), 1.0)
        training = optimiser(network if as_is else network.arrays(), learning_rate=0.1)
        training.step(clipped)
        training.step(gradients if as_is else gradients.arrays())
    assert not np.array_equal(networks[0].W, GRU(2, 3, rng=0).W)
    for one, other in zip(networks[0].arrays(), networks[1].arrays(), strict=True):
        assert np.array_equal(one, other)
