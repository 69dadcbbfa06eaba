"""Enough to train without a framework: SGD with momentum, Adam, clipping by norm.

An optimiser changes a list of arrays in place, given the list of their
gradients; ``network.arrays()`` and ``gradients.arrays()`` are such lists, and
further arrays, a readout's for example, can stand beside them. A network, or
its gradients, can also be given as they are.

A step of training is always the same: trace a batch, take the loss
and its gradient with respect to the outputs or the final states, send that
back through the network, clip, step. Here a GRU learns to add two marked
numbers of a sequence (`gru_ref.tasks.adding_problem`); a linear readout w, b
makes the sum out of its final state.

>>> import numpy as np
>>> from gru_ref import GRU, Adam, clip_by_norm
>>> from gru_ref.tasks import adding_problem
>>> rng = np.random.default_rng(0)
>>> gru = GRU(2, 16, rng=rng)
>>> w, b = rng.normal(0, 0.25, 16), np.zeros(1)
>>> adam = Adam([*gru.arrays(), w, b], learning_rate=0.02)
>>> for step in range(300):
...     x, y = adding_problem(32, 8, rng)
...     trace = gru.trace(x)  # anew, since the parameters have changed
...     h = trace.final[-1]  # (B, H), the state after the last step
...     error = h @ w + b - y
...     d_error = 2 * error / len(y)  # the loss is the mean of error**2
...     gradients = gru.backward(trace, d_final=(d_error[:, None] * w)[None])
...     d_w, d_b = h.T @ d_error, d_error.sum(keepdims=True)
...     clipped, norm = clip_by_norm([*gradients.arrays(), d_w, d_b], 1.0)
...     adam.step(clipped)

Whether it learned is asked on sequences that it has not seen. Always answering
1 would have an error of 1/6.

>>> x, y = adding_problem(1000, 8, rng)
>>> outputs, final = gru(x)
>>> bool(np.mean((final[-1] @ w + b - y) ** 2) < 0.02)
True
"""

import math

import numpy as np

from gru_ref.options import brief, check_positive, check_shares
from gru_ref.recurrent import Recurrent
from gru_ref.shapes import real_array
from gru_ref.trace import Gradients


class SGD:
    """Stochastic gradient descent, with momentum if wanted.

    ``v = momentum * v + gradient``, then ``array -= learning_rate * v``.

    Parameters
    ----------
    arrays : list of numpy.ndarray, or a network
        What to train, floating-point numbers; changed in place.
    learning_rate : float
    momentum : float
        In [0, 1); 0 is plain gradient descent.

    Raises
    ------
    TypeError
        If `arrays` is no list of arrays.
    ValueError
        If an array cannot be trained in place, or another argument does not
        lie where it should.
    """

    def __init__(self, arrays, learning_rate, momentum=0.0):
        self.arrays = _trainable(arrays)
        check_positive(learning_rate=learning_rate)
        check_shares(momentum=momentum)
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
    arrays : list of numpy.ndarray, or a network
        What to train, floating-point numbers; changed in place.
    learning_rate : float
    beta1 : float
        Decay of the running mean of the gradient, in [0, 1).
    beta2 : float
        Decay of the running mean of its square, in [0, 1).
    epsilon : float
        Added to the root of the mean square; positive.

    Raises
    ------
    TypeError
        If `arrays` is no list of arrays.
    ValueError
        If an array cannot be trained in place, or another argument does not
        lie where it should.

    References
    ----------
    .. [1] D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization",
       2014, arXiv:1412.6980, algorithm 1.
    """

    def __init__(self, arrays, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.arrays = _trainable(arrays)
        check_positive(learning_rate=learning_rate, epsilon=epsilon)
        check_shares(beta1=beta1, beta2=beta2)
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


def as_list(name, arrays, holder, what):
    """A list of arrays as it is, or the arrays of what may stand for one; TypeError for anything else."""
    if isinstance(arrays, holder):
        return arrays.arrays()
    if not isinstance(arrays, list | tuple):
        remedy = f": put it into a list, [{name}]" if isinstance(arrays, np.ndarray) else ""
        raise TypeError(f"{name} must be a list of arrays, or {what}; got {brief(arrays)}{remedy}")
    return list(arrays)


def _trainable(arrays):
    """The arrays as a list; an error names the first that a step cannot change in place."""
    arrays = as_list("arrays", arrays, Recurrent, "a network")
    for index, array in enumerate(arrays):
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"arrays[{index}] must be a NumPy array, which a step can change in place; got {brief(array)}"
                + (": network.arrays() is the flat list" if isinstance(array, tuple) else "")
            )
        if array.dtype.kind != "f":
            raise ValueError(f"arrays[{index}] must hold floating-point numbers to be trained, got {array.dtype}")
        if not array.flags.writeable:
            raise ValueError(f"arrays[{index}] is read-only, so no step can change it: train a copy")
    return arrays


def _triples(arrays, gradients, moments):
    """Arrays with their gradients and moments; an error, before anything changes, if they do not fit."""
    gradients = as_list("gradients", gradients, Gradients, "a network's gradients")
    if len(gradients) != len(arrays):
        hint = "; clip_by_norm gives a pair, clipped, norm" if gradients and isinstance(gradients[0], list) else ""
        if gradients and isinstance(gradients[0], tuple):
            hint = "; gradients.arrays() is the flat list"
        raise ValueError(f"there are {len(arrays)} arrays to train, and {len(gradients)} gradients came{hint}")
    for index, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):
        if gradient is array:
            raise ValueError(f"gradient {index} is the array that is to be trained, and not its gradient")
        gradients[index] = real_array(f"gradient {index}", gradient)
        if gradients[index].shape != array.shape:
            raise ValueError(
                f"gradient {index} must have its array's shape {array.shape}, got {gradients[index].shape}"
            )
    return zip(arrays, gradients, moments, strict=True)


def clip_by_norm(gradients, max_norm):
    """Scale gradients together so that their joint Euclidean norm is at most `max_norm`.

    Their direction stays, so a single large gradient shortens all of them.
    Clip after the backward pass and before the optimiser's step.

    Parameters
    ----------
    gradients : list of numpy.ndarray, or the gradients of a network
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
    TypeError
        If `gradients` is no list of arrays.
    ValueError
        If `max_norm` is not positive, or a gradient does not hold real numbers.

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
    gradients = as_list("gradients", gradients, Gradients, "a network's gradients")
    check_positive(max_norm=max_norm)
    gradients = [real_array(f"gradient {index}", gradient) for index, gradient in enumerate(gradients)]
    gradients = [g if g.dtype.kind == "f" else g.astype(np.float64) for g in gradients]
    # Squares of an exploded gradient are too large for its dtype: divide by the largest entry first, in float64.
    largest = max((float(np.abs(g).max()) for g in gradients if g.size), default=0.0) or 1.0
    norm = largest * math.sqrt(sum(float(np.square(g / np.float64(largest)).sum()) for g in gradients))
    if norm <= max_norm:
        return gradients, norm
    return [(g * np.float64(max_norm / norm)).astype(g.dtype) for g in gradients], norm
