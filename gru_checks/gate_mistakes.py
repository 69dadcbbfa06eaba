"""Mistakes that a sigmoid or a gate invites, as wrong implementations, for every question that asks for one."""

import numpy as np

from gru_checks.question import Misconception
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
    W, U, b = f"W_{block}", f"U_{block}", f"b_{block}"

    def mistake(id, wrong, sentence, *also):
        return Misconception(id, sentence, wrong, pages.get(id, ""), also)

    def activated_by(activation):
        return lambda x, h_prev, W, U, b: activation(W @ x + U @ h_prev + b)

    return (
        mistake(
            "polarity",
            activated_by(lambda a: 1 - sigmoid(a)),
            f"This is 1 - {block}, the {name} with the opposite sign. Either a 1 - ... stands around it, or the sigmoid"
            " has lost its minus: it is 1 / (1 + exp(-a)), so that a large pre-activation gives a gate near 1.",
        ),
        mistake(
            "recurrent_transposed",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U.T @ h_prev + b),
            f"{U} is transposed. Row i of {U} holds the weights into unit i, so the product is {U} @ h_prev;"
            f" {U} is square, and therefore no shape warns of it.",
        ),
        mistake(
            "input_transposed",
            lambda x, h_prev, W, U, b: sigmoid(W.T @ x + U @ h_prev + b),
            f"{W} is transposed. Its shape is (H, I), a row for each unit, so {W} @ x needs no transpose;"
            " the other way fits only where there are as many inputs as units.",
        ),
        mistake(
            "recurrent_dropped",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + b),
            f"The gate sees only the input: {U} @ h_prev is missing. Without it the gate cannot depend on what the"
            " cell remembers.",
        ),
        mistake(
            "input_dropped",
            lambda x, h_prev, W, U, b: sigmoid(U @ h_prev + b),
            f"The gate sees only the old state: {W} @ x is missing. Without it no input can open or shut the gate.",
        ),
        mistake(
            "bias_dropped",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev),
            f"The bias {b} is missing. It decides where the gate stands when x and h_prev are zero.",
        ),
        mistake(
            "bias_as_row",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev + b.ravel()),
            f"The bias is added as a row: entry i of {b} goes to example i instead of unit i. {b} has shape (H, 1), and"
            " added as it is, it goes to every column.",
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
            "elementwise_recurrent",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U * h_prev + b),
            f"* multiplies entry by entry. Matrix products are meant, {W} @ x and {U} @ h_prev: every unit's gate sees"
            " every input and every unit's old state.",
            lambda x, h_prev, W, U, b: sigmoid(W * x + U * h_prev + b),
        ),
        mistake(
            "weights_swapped",
            lambda x, h_prev, W, U, b: sigmoid(W @ h_prev + U @ x + b),
            f"The weights are swapped: {W} belongs to the input x and {U} to the old state h_prev.",
        ),
        mistake(
            "both_transposed",
            lambda x, h_prev, W, U, b: sigmoid(W.T @ x + U.T @ h_prev + b),
            f"{W} and {U} are transposed. Row i of each belongs to unit i, and the products are {W} @ x and"
            f" {U} @ h_prev.",
        ),
        mistake(
            "examples_as_rows",
            lambda x, h_prev, W, U, b: sigmoid(x.T @ W.T + h_prev.T @ U.T + b.T),
            "The examples stand in rows here, as the frameworks have them. In this course they are columns: transpose"
            " the result, or use x and h_prev as they are.",
        ),
        mistake(
            "factors_swapped",
            lambda x, h_prev, W, U, b: sigmoid(x @ W + h_prev @ U + b),
            f"The factors of a product stand the wrong way round. The weights come first: {W} @ x is (H, I) times"
            f" (I, B), and {U} @ h_prev is (H, H) times (H, B).",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + h_prev @ U + b),
        ),
        mistake(
            "stacked_in_different_orders",
            lambda x, h_prev, W, U, b: sigmoid(np.hstack([W, U]) @ np.vstack([h_prev, x]) + b),
            f"{W} and {U} are stacked in one order, x and h_prev in the other, so that weights meet the wrong entries.",
            lambda x, h_prev, W, U, b: sigmoid(np.hstack([U, W]) @ np.vstack([x, h_prev]) + b),
        ),
        mistake(
            "input_weights_twice",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + W @ h_prev + b),
            f"{W} is used for both products. The old state has weights of its own: {U} @ h_prev.",
            lambda x, h_prev, W, U, b: sigmoid(U @ x + U @ h_prev + b),
        ),
        mistake(
            "first_example_only",
            lambda x, h_prev, W, U, b: sigmoid(W @ x[:, :1] + U @ h_prev[:, :1] + b),
            "This is the gate of the first example alone. x and h_prev hold a whole batch, a column for each example.",
            lambda x, h_prev, W, U, b: sigmoid(W @ x[:, 0] + U @ h_prev[:, 0] + b[:, 0]),
        ),
        mistake(
            "one_bias_for_all",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev + b[0]),
            f"All units get the same bias. {b} has an entry for each unit; it is added as it is.",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev + b.sum()),
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev + b.mean()),
        ),
        mistake(
            "bias_multiplied",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev) * b,
            f"The bias is multiplied in. {b} is added to the other two terms, inside the sigmoid.",
            lambda x, h_prev, W, U, b: sigmoid((W @ x + U @ h_prev) * b),
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
            "sigmoid_of_each_term",
            lambda x, h_prev, W, U, b: sigmoid(W @ x) + sigmoid(U @ h_prev) + sigmoid(b),
            "The sigmoid is applied to single terms, and the results are added. The terms are added first, and one"
            " sigmoid takes their sum; otherwise the gate could be larger than 1.",
            lambda x, h_prev, W, U, b: sigmoid(W @ x) + sigmoid(U @ h_prev) + b,
            lambda x, h_prev, W, U, b: sigmoid(W @ x) + sigmoid(U @ h_prev + b),
            lambda x, h_prev, W, U, b: sigmoid(W @ x + b) + sigmoid(U @ h_prev),
            lambda x, h_prev, W, U, b: sigmoid(W @ x) + U @ h_prev + b,
        ),
        mistake(
            "terms_multiplied",
            lambda x, h_prev, W, U, b: sigmoid((W @ x) * (U @ h_prev) + b),
            f"The terms {W} @ x and {U} @ h_prev are multiplied. They are added: each of them speaks for itself.",
        ),
        mistake(
            "bias_subtracted",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev - b),
            f"The bias {b} is subtracted; it is added, so that a large bias opens the gate.",
        ),
        mistake(
            "recurrent_subtracted",
            lambda x, h_prev, W, U, b: sigmoid(W @ x - U @ h_prev + b),
            f"{U} @ h_prev is subtracted; all three terms are added.",
        ),
        mistake(
            "input_subtracted",
            lambda x, h_prev, W, U, b: sigmoid(U @ h_prev - W @ x + b),
            f"{W} @ x is subtracted; all three terms are added.",
        ),
        mistake(
            "bias_outside",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev) + b,
            f"{b} is added after the sigmoid, so that the gate may leave the space between 0 and 1. It belongs inside"
            " the parentheses, into the pre-activation.",
        ),
        mistake(
            "state_without_weights",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + h_prev + b),
            f"h_prev is added without its weights: the term is {U} @ h_prev, so that every unit's gate sees every"
            " unit's old state.",
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
            "The gate is rounded to 0 or 1. It is a share and may stand anywhere between; a gate of 0.3 moves the"
            " state by three tenths of the way.",
            activated_by(lambda a: (a > 0).astype(a.dtype)),
        ),
        mistake(
            "slope",
            activated_by(lambda a: sigmoid(a) * (1 - sigmoid(a))),
            "This is the slope of the sigmoid, z (1 - z), which the gradient needs. The gate is the sigmoid itself.",
        ),
        mistake(
            "times_state",
            lambda x, h_prev, W, U, b: sigmoid(W @ x + U @ h_prev + b) * h_prev,
            f"The gate is multiplied by h_prev already. Only {block} itself is asked for; what is done with it comes"
            " later.",
            lambda x, h_prev, W, U, b: (1 - sigmoid(W @ x + U @ h_prev + b)) * h_prev,
        ),
    )
