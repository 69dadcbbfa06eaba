"""Enough to train without a framework: SGD with momentum, Adam, clipping by norm.

An optimiser changes a list of arrays in place, given the list of their
gradients; ``network.arrays()`` and ``gradients.arrays()`` are such lists, and
further arrays, a readout's for example, can stand beside them. A network, or
its gradients, can also be given as they are.
"""

import math

import numpy as np


class SGD:
    """Stochastic gradient descent, with momentum if wanted.

    ``v = momentum * v + gradient``, then ``array -= learning_rate * v``.

    Parameters
    ----------
    arrays : list of numpy.ndarray
        What to train; changed in place.
    learning_rate : float
    momentum : float
        In [0, 1); 0 is plain gradient descent.
    """

    def __init__(self, arrays, learning_rate, momentum=0.0):
        if not learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, got {learning_rate!r}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must lie in [0, 1), got {momentum!r}")
        self.arrays = as_list(arrays)
        self.learning_rate = learning_rate
        self.momentum = momentum
        self._velocities = [np.zeros_like(array) for array in self.arrays]

    def step(self, gradients):
        """Take one step; `gradients` is a list in the order of the arrays, each of its array's shape."""
        for array, gradient, velocity in _triples(self.arrays, gradients, self._velocities):
            velocity *= self.momentum
            velocity += gradient
            array -= self.learning_rate * velocity


class Adam:
    """Adam: steps scaled by running means of the gradient and of its square.

    Parameters
    ----------
    arrays : list of numpy.ndarray
        What to train; changed in place.
    learning_rate : float
    beta1, beta2 : float
        Decay of the mean and of the mean square, in [0, 1).
    epsilon : float
        Added to the root of the mean square.

    References
    ----------
    .. [1] D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization",
       2014, arXiv:1412.6980, algorithm 1.
    """

    def __init__(self, arrays, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
        if not learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, got {learning_rate!r}")
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            if not 0 <= beta < 1:
                raise ValueError(f"{name} must lie in [0, 1), got {beta!r}")
        self.arrays = as_list(arrays)
        self.learning_rate = learning_rate
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.steps = 0
        self._moments = [(np.zeros_like(array), np.zeros_like(array)) for array in self.arrays]

    def step(self, gradients):
        """Take one step; `gradients` is a list in the order of the arrays, each of its array's shape."""
        triples = list(_triples(self.arrays, gradients, self._moments))
        self.steps += 1
        mean_scale = 1 - self.beta1**self.steps
        square_scale = 1 - self.beta2**self.steps
        for array, gradient, (mean, square) in triples:
            mean *= self.beta1
            mean += (1 - self.beta1) * gradient
            square *= self.beta2
            square += (1 - self.beta2) * gradient**2
            array -= (self.learning_rate / mean_scale) * mean / (np.sqrt(square / square_scale) + self.epsilon)


def as_list(arrays):
    """A list of arrays as it is, or the arrays of a network or of its gradients."""
    return list(arrays.arrays() if hasattr(arrays, "arrays") else arrays)


def _triples(arrays, gradients, moments):
    """Arrays with their gradients and moments; ValueError, before anything changes, if they do not fit."""
    gradients = as_list(gradients)
    if len(gradients) != len(arrays):
        raise ValueError(f"there are {len(arrays)} arrays to train, and {len(gradients)} gradients came")
    for index, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):
        if np.shape(gradient) != array.shape:
            raise ValueError(f"gradient {index} must have its array's shape {array.shape}, got {np.shape(gradient)}")
    return zip(arrays, gradients, moments, strict=True)


def clip_by_norm(gradients, max_norm):
    """Scale gradients together so that their joint Euclidean norm is at most `max_norm`.

    Their direction stays, so a single large gradient shortens all of them.
    Clip after the backward pass and before the optimiser's step.

    Parameters
    ----------
    gradients : list of numpy.ndarray
        Not changed.
    max_norm : float
        Positive.

    Returns
    -------
    clipped : list of numpy.ndarray
    norm : float
        The norm before clipping.

    Raises
    ------
    ValueError
        If `max_norm` is not positive.

    Examples
    --------
    >>> clipped, norm = clip_by_norm([np.array([3.0]), np.array([4.0])], 1.0)
    >>> norm, [round(float(g[0]), 2) for g in clipped]
    (5.0, [0.6, 0.8])

    References
    ----------
    .. [1] R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training
       recurrent neural networks", 2013, arXiv:1211.5063, algorithm 1.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm must be positive, got {max_norm!r}")
    gradients = [np.asarray(gradient) for gradient in as_list(gradients)]
    gradients = [g if g.dtype.kind == "f" else g.astype(np.float64) for g in gradients]
    # Squares of an exploded gradient are too large for its dtype: divide by the largest entry first, in float64.
    largest = max((float(np.abs(g).max()) for g in gradients if g.size), default=0.0) or 1.0
    norm = largest * math.sqrt(sum(float(np.square(g / np.float64(largest)).sum()) for g in gradients))
    if norm <= max_norm:
        return gradients, norm
    return [(g * np.float64(max_norm / norm)).astype(g.dtype) for g in gradients], norm
