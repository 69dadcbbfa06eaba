"""Ways to draw a recurrent network's first parameters, by name.

All draw from a `numpy.random.Generator`, so the same generator state gives the
same parameters. The distributions are those of the systems they are named
after; the numbers are not, since their generators differ.

References
----------
.. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
   feedforward neural networks", 2010, equation (16).
.. [2] A. Saxe, J. McClelland and S. Ganguli, "Exact solutions to the nonlinear
   dynamics of learning in deep linear neural networks", 2013, arXiv:1312.6120.
"""

import numpy as np

from gru_ref.options import check_choice
from gru_ref.parameters import Parameters


def initial_parameters(name, input_size, hidden_size, blocks, rng, dtype=np.float64):
    """Draw the parameters of one layer in one direction.

    Parameters
    ----------
    name : {"torch", "keras", "orthogonal"}
        "torch": every weight and bias uniform in (-1/sqrt(H), 1/sqrt(H)).
        "keras": W Glorot-uniform and U with orthonormal rows, both drawn for
        all blocks at once; biases zero.
        "orthogonal": W Glorot-uniform and U orthogonal for each block on its
        own; biases zero.
    input_size : int
        Number of inputs I.
    hidden_size : int
        Number of units H.
    blocks : int
        Number of blocks G: 3 in a GRU, 4 in an LSTM, 1 in an RNN.
    rng : numpy.random.Generator
    dtype : numpy dtype

    Returns
    -------
    Parameters
        W (I, G*H), U (H, G*H), b_input and b_recurrent (G*H,).

    Raises
    ------
    ValueError
        If `name` is none of those.
    """
    check_choice("initialiser", name, INITIALISERS)
    parameters = INITIALISERS[name](input_size, hidden_size, blocks, rng)
    return Parameters(*parameters).astype(np.dtype(dtype))


def _torch(I, H, blocks, rng):
    bound = 1 / np.sqrt(H)
    return [rng.uniform(-bound, bound, shape) for shape in ((I, blocks * H), (H, blocks * H), blocks * H, blocks * H)]


def _keras(I, H, blocks, rng):
    b = np.zeros(blocks * H)
    return glorot_uniform(rng, I, blocks * H), orthogonal(rng, H, blocks * H), b, b.copy()


def _orthogonal(I, H, blocks, rng):
    b = np.zeros(blocks * H)
    W = np.hstack([glorot_uniform(rng, I, H) for _ in range(blocks)])
    return W, np.hstack([orthogonal(rng, H, H) for _ in range(blocks)]), b, b.copy()


INITIALISERS = {"torch": _torch, "keras": _keras, "orthogonal": _orthogonal}


def glorot_uniform(rng, rows, columns):
    """Uniform in (-c, c) with c = sqrt(6 / (rows + columns)), shape (rows, columns)."""
    bound = np.sqrt(6 / (rows + columns))
    return rng.uniform(-bound, bound, (rows, columns))


def orthogonal(rng, rows, columns):
    """Random matrix (rows, columns) with orthonormal rows, or columns if there are fewer of them."""
    tall = rng.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))  # makes the distribution uniform over orthogonal matrices
    return q if rows >= columns else q.T
