"""Mistakes that a sigmoid or a gate invites, as wrong implementations, for every question that asks for one."""

import numpy as np

from gru_checks.question import Misconception
from gru_checks.sum_mistakes import sum_mistakes
from gru_ref import sigmoid


def keras2_hard_sigmoid(a):
    """Straight line 0.2 a + 0.5, cut off at 0 and 1."""
    return np.clip(0.2 * np.asarray(a) + 0.5, 0, 1)


def keras3_hard_sigmoid(a):
    """Straight line a / 6 + 0.5, cut off at 0 and 1."""
    return np.clip(np.asarray(a) / 6 + 0.5, 0, 1)


def softmax(a, axis=0):
    """Exponentials that sum to 1 along an axis."""
    powers = np.exp(a - np.max(a, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def gate_mistakes(block, name, pages):
    """Mistakes in computing a gate, ``sigmoid(W x + U h_prev + b)``.

    Parameters
    ----------
    block : str
        Letter of the gate, "z" or "r".
    name : str
        What the gate is called, "update gate" or "reset gate".
    pages : dict of str
        Where the book shows a mistake, as "stem#heading", by the mistake's id; for others the question says.

    Returns
    -------
    tuple of Misconception
        Each takes ``(x, h_prev, W, U, b)``.
    """
    W = f"W_{block}"

    def mistake(id, wrong, sentence, *also):
        return Misconception(id, sentence, wrong, pages.get(id, ""), also)

    def activated_by(activation):
        return lambda x, h_prev, W, U, b: activation(W @ x + U @ h_prev + b)

    return (
        *sum_mistakes(sigmoid, "gate", block, pages=pages),
        mistake(
            "polarity",
            activated_by(lambda a: 1 - sigmoid(a)),
            f"This is 1 - {block}, the {name} with the opposite sign. Either a 1 - ... stands around it, or the sigmoid"
            " has lost its minus: it is 1 / (1 + exp(-a)), so that a large pre-activation gives a gate near 1.",
        ),
        mistake(
            "tanh",
            activated_by(np.tanh),
            "tanh stands where the sigmoid belongs. tanh lies between -1 and 1; a gate is a share, between 0 and 1.",
        ),
        mistake(
            "no_activation",
            activated_by(np.asarray),
            "The sigmoid is missing: this is the pre-activation, which may have any size. The sigmoid brings it"
            " between 0 and 1.",
        ),
        mistake(
            "hard_sigmoid_fifth",
            activated_by(keras2_hard_sigmoid),
            "This is the hard sigmoid, 0.2 a + 0.5 cut off at 0 and 1, which old versions of Keras used for gates."
            " It agrees with the sigmoid at a = 0 and far out, and nowhere else.",
        ),
        mistake(
            "hard_sigmoid_sixth",
            activated_by(keras3_hard_sigmoid),
            "This is the hard sigmoid, a / 6 + 0.5 cut off at 0 and 1. It agrees with the sigmoid at a = 0 and far"
            " out, and nowhere else.",
        ),
        mistake(
            "softmax",
            activated_by(softmax),
            "This is a softmax: it makes the entries share a total of 1. Each unit has a gate of its own, whatever the"
            " others do; the sigmoid works entry by entry.",
            activated_by(lambda a: softmax(a, axis=None)),
            activated_by(lambda a: np.exp(a) / np.exp(a).sum()),
            activated_by(lambda a: np.exp(a) / np.exp(a).sum(axis=0)),
        ),
        mistake(
            "minus_of_the_first_term",
            lambda x, h_prev, W, U, b: sigmoid(W @ x - U @ h_prev - b),
            f"The minus of exp(-a) has reached the first term alone: -{W} @ x + ... changes only the sign of {W} @ x."
            " The whole pre-activation stands in parentheses, -(...).",
        ),
        mistake(
            "parentheses_missing",
            activated_by(lambda a: 1 / 1 + np.exp(-a)),
            "Parentheses are missing: 1 / 1 + exp(-a) is 1 + exp(-a), since division comes before addition. Your"
            " sigmoid does it right.",
        ),
        mistake(
            "exponential",
            activated_by(np.exp),
            "This is the exponential of the pre-activation, which has no upper bound. The sigmoid is"
            " 1 / (1 + exp(-a)).",
        ),
        mistake(
            "sigmoid_twice",
            activated_by(lambda a: sigmoid(sigmoid(a))),
            "The sigmoid is applied twice. Its values lie between 0 and 1, so a second one leaves only gates between"
            " 0.5 and 0.73.",
        ),
        mistake(
            "sigmoid_inside_too",
            lambda x, h_prev, W, U, b: sigmoid(sigmoid(W @ x) + sigmoid(U @ h_prev) + b),
            "A sigmoid stands around single terms, and one more around their sum. The three terms are added as they"
            " are, and the sigmoid is taken once, of the sum.",
            lambda x, h_prev, W, U, b: sigmoid(sigmoid(W @ x) + sigmoid(U @ h_prev) + sigmoid(b)),
        ),
        mistake(
            "relu",
            activated_by(lambda a: np.maximum(a, 0)),
            "This is a ReLU, max(0, a), which has no upper bound. A gate is a share, between 0 and 1: that takes a"
            " sigmoid.",
        ),
        mistake(
            "rounded",
            activated_by(lambda a: np.round(sigmoid(a))),
            "The gate is rounded to 0 or 1. It is a share and may stand anywhere between: a gate of 0.3 means three"
            " tenths.",
            activated_by(lambda a: (a > 0).astype(a.dtype)),
        ),
        mistake(
            "slope",
            activated_by(lambda a: sigmoid(a) * (1 - sigmoid(a))),
            f"This is the slope of the sigmoid, {block} (1 - {block}), which the gradient needs. The gate is the"
            " sigmoid itself.",
        ),
        mistake(
            "times_state",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev + b) * h_prev,
            f"The gate is multiplied by h_prev already. Only {block} itself is asked for; what is done with it comes"
            " later.",
            lambda x, h_prev, W, U, b: (1 - sigmoid(W @ x + U @ h_prev + b)) * h_prev,
        ),
    )
