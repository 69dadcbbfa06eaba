"""Mistakes in what every line of a GRU is made of: a sum ``W x + U v + b`` that goes through an activation."""

import numpy as np

from gru_checks.question import Misconception


def sum_mistakes(activation, subject, block, seen="h_prev", pages=None):
    """Mistakes in computing ``activation(W x + U v + b)``, whatever the activation is.

    Parameters
    ----------
    activation : callable
        The right one.
    subject : str
        What the result is called, for example "gate".
    block : str
        Letter of the weights, "z", "r" or "h".
    seen : str, optional
        What v is called, for example "(r * h_prev)".
    pages : dict of str, optional
        Where the book shows a mistake, as "stem#heading", by the mistake's id; for others the question says.

    Returns
    -------
    tuple of Misconception
        Each takes ``(x, v, W, U, b)``.
    """
    W, U, b = f"W_{block}", f"U_{block}", f"b_{block}"
    state = "h_prev" if seen == "h_prev" else "the state"
    name = {np.tanh: "tanh"}.get(activation, activation.__name__)

    def mistake(id, wrong, sentence, *also):
        return Misconception(id, sentence, wrong, (pages or {}).get(id, ""), also)

    def of(total):
        """Make an implementation from a wrong sum."""
        return lambda x, v, W, U, b: activation(total(x, v, W, U, b))

    return (
        mistake(
            "recurrent_transposed",
            of(lambda x, v, W, U, b: W @ x + U.T @ v + b),
            f"{U} is transposed. Row i of {U} holds the weights into unit i, so the product is {U} @ {seen};"
            f" {U} is square, and therefore no shape warns of it.",
        ),
        mistake(
            "input_transposed",
            of(lambda x, v, W, U, b: W.T @ x + U @ v + b),
            f"{W} is transposed. Its shape is (H, I), a row for each unit, so {W} @ x needs no transpose;"
            " the other way fits only where there are as many inputs as units.",
        ),
        mistake(
            "recurrent_dropped",
            of(lambda x, v, W, U, b: W @ x + b),
            f"The {subject} sees only the input: {U} @ {seen} is missing. Without it the {subject} cannot depend on"
            " what the cell remembers.",
        ),
        mistake(
            "input_dropped",
            of(lambda x, v, W, U, b: U @ v + b),
            f"The {subject} sees only the old state: {W} @ x is missing. Without it no input can"
            f" {'open or shut the gate' if subject == 'gate' else f'change the {subject}'}.",
        ),
        mistake(
            "bias_dropped",
            of(lambda x, v, W, U, b: W @ x + U @ v),
            f"The bias {b} is missing. It decides where the {subject} stands when x and h_prev are zero.",
        ),
        mistake(
            "bias_as_row",
            of(lambda x, v, W, U, b: W @ x + U @ v + b.ravel()),
            f"The bias is added as a row: entry i of {b} goes to example i instead of unit i. {b} has shape (H, 1), and"
            " added as it is, it goes to every column.",
        ),
        mistake(
            "elementwise_recurrent",
            of(lambda x, v, W, U, b: W @ x + U * v + b),
            f"* multiplies entry by entry. Matrix products are meant, {W} @ x and {U} @ {seen}: every unit's {subject}"
            " sees every input and every unit's old state.",
            of(lambda x, v, W, U, b: W * x + U * v + b),
        ),
        mistake(
            "weights_swapped",
            of(lambda x, v, W, U, b: W @ v + U @ x + b),
            f"The weights are swapped: {W} belongs to the input x and {U} to the old state h_prev.",
        ),
        mistake(
            "both_transposed",
            of(lambda x, v, W, U, b: W.T @ x + U.T @ v + b),
            f"{W} and {U} are transposed. Row i of each belongs to unit i, and the products are {W} @ x and"
            f" {U} @ {seen}.",
        ),
        mistake(
            "examples_as_rows",
            of(lambda x, v, W, U, b: x.T @ W.T + v.T @ U.T + b.T),
            "The examples stand in rows here, as the frameworks have them. In this course they are columns: transpose"
            " the result, or use x and h_prev as they are.",
        ),
        mistake(
            "factors_swapped",
            of(lambda x, v, W, U, b: x @ W + v @ U + b),
            f"The factors of a product stand the wrong way round. The weights come first: {W} @ x is (H, I) times"
            f" (I, B), and {U} @ {seen} is (H, H) times (H, B).",
            of(lambda x, v, W, U, b: W @ x + v @ U + b),
        ),
        mistake(
            "stacked_in_different_orders",
            of(lambda x, v, W, U, b: np.hstack([W, U]) @ np.vstack([v, x]) + b),
            f"{W} and {U} are stacked in one order, x and {state} in the other, so that weights meet the wrong"
            " entries.",
            of(lambda x, v, W, U, b: np.hstack([U, W]) @ np.vstack([x, v]) + b),
        ),
        mistake(
            "input_weights_twice",
            of(lambda x, v, W, U, b: W @ x + W @ v + b),
            f"{W} is used for both products. The old state has weights of its own: {U} @ {seen}.",
            of(lambda x, v, W, U, b: U @ x + U @ v + b),
        ),
        mistake(
            "first_example_only",
            of(lambda x, v, W, U, b: W @ x[:, :1] + U @ v[:, :1] + b),
            f"This is the {subject} of the first example alone. x and h_prev hold a whole batch, a column for each"
            " example.",
            of(lambda x, v, W, U, b: W @ x[:, 0] + U @ v[:, 0] + b[:, 0]),
        ),
        mistake(
            "one_bias_for_all",
            of(lambda x, v, W, U, b: W @ x + U @ v + b[0]),
            f"All units get the same bias. {b} has an entry for each unit; it is added as it is.",
            of(lambda x, v, W, U, b: W @ x + U @ v + b.sum()),
            of(lambda x, v, W, U, b: W @ x + U @ v + b.mean()),
        ),
        mistake(
            "bias_multiplied",
            lambda x, v, W, U, b: activation(W @ x + U @ v) * b,
            f"The bias is multiplied in. {b} is added to the other two terms, inside the {name}.",
            of(lambda x, v, W, U, b: (W @ x + U @ v) * b),
        ),
        mistake(
            "activation_of_each_term",
            lambda x, v, W, U, b: activation(W @ x) + activation(U @ v) + activation(b),
            f"The {name} is applied to single terms, and the results are added. The terms are added first, and one"
            f" {name} takes their sum; otherwise the {subject} could be larger than 1.",
            lambda x, v, W, U, b: activation(W @ x) + activation(U @ v) + b,
            lambda x, v, W, U, b: activation(W @ x) + activation(U @ v + b),
            lambda x, v, W, U, b: activation(W @ x + b) + activation(U @ v),
            lambda x, v, W, U, b: activation(W @ x) + U @ v + b,
        ),
        mistake(
            "terms_multiplied",
            of(lambda x, v, W, U, b: (W @ x) * (U @ v) + b),
            f"The terms {W} @ x and {U} @ {seen} are multiplied. They are added: each of them speaks for itself.",
        ),
        mistake(
            "bias_subtracted",
            of(lambda x, v, W, U, b: W @ x + U @ v - b),
            f"The bias {b} is subtracted; it is added, so that a large bias"
            f" {'opens the gate' if subject == 'gate' else f'makes the {subject} large'}.",
        ),
        mistake(
            "recurrent_subtracted",
            of(lambda x, v, W, U, b: W @ x - U @ v + b),
            f"{U} @ {seen} is subtracted; all three terms are added.",
        ),
        mistake(
            "input_subtracted",
            of(lambda x, v, W, U, b: U @ v - W @ x + b),
            f"{W} @ x is subtracted; all three terms are added.",
        ),
        mistake(
            "bias_outside",
            lambda x, v, W, U, b: activation(W @ x + U @ v) + b,
            f"{b} is added after the {name}, so that the {subject} may leave the space between"
            f" {'0' if subject == 'gate' else '-1'} and 1. It belongs inside the parentheses, into the pre-activation.",
        ),
        mistake(
            "state_without_weights",
            of(lambda x, v, W, U, b: W @ x + v + b),
            f"{seen.strip('()')} is added without its weights: the term is {U} @ {seen}, so that every unit's {subject}"
            " sees every unit's old state.",
        ),
    )
