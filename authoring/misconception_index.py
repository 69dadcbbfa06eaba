"""The page that lists what people commonly believe of GRUs, with where the book answers it and which check names it.

Usage: ``python -m authoring.misconception_index`` writes book/misconceptions.md.

A belief that no chapter answers yet, or no question catches yet, says so on the page.
"""

import re
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from gru_checks.registry import assignments
from gru_checks.registry import question as find_question

PAGE = Path(__file__).resolve().parent.parent / "book" / "misconceptions.md"


class Belief(NamedTuple):
    """Something that is commonly believed and is not so."""

    said: str
    """As somebody would say it."""
    taught: str = ""
    """Where the book answers it, as "stem#heading"."""
    caught: tuple[str, str] | None = None
    """The question and its misconception that name it."""


THEMES = {
    "The cell": (
        Belief(
            "The other way round is wrong: z must keep (or: z must write).",
            "ch03-update-gate#Claim 3: the polarity is only a name",
            ("ch03.update_gate", "polarity"),
        ),
        Belief(
            "“z near 1 keeps the memory”, beside a formula in which z near 1 writes.",
            "ch03-update-gate#The sentence says keep, the formula says write",
            ("ch03.reading", "polarity"),
        ),
        Belief(
            "Whether the reset gate stands before or after the product makes no difference.",
            "ch04-reset-gate#Claim 4: before and after the product are two functions",
            ("ch04.repair", "after"),
        ),
        Belief(
            "With r = 1 a GRU is a plain recurrent network.",
            "ch04-reset-gate#“With r = 1 it is a vanilla RNN”",
        ),
        Belief(
            "The reset gate erases the memory.",
            "ch04-reset-gate#“The reset gate erases the memory”",
            ("ch04.reading", "erases"),
        ),
        Belief(
            "A GRU has an input gate, a forget gate and an output gate.",
            "ch02-architecture#Input, forget and output gates",
        ),
        Belief(
            "In a GRU gradients cannot vanish, and clipping is not needed.",
            "learning-through-time#Claim 5: a GRU's gradient can still vanish, and it can still explode",
            ("time.train", "blown_up"),
        ),
        Belief(
            "The number of hidden units is the number of time steps, and longer sequences need more parameters.",
            "ch02-architecture#“Hidden units are time steps”",
            ("ch02.parameters", "units_are_steps"),
        ),
        Belief(
            "A cell from a textbook must give the numbers of torch.nn.GRU.",
            "ch06-new-state#Claim 8: Keras has both forms, PyTorch has one",
            ("ch06.cell", "pytorch"),
        ),
    ),
    "Compared with others": (
        Belief("A GRU is always faster than an LSTM."),
        Belief("Three quarters of the weights, so a quarter faster."),
        Belief("A minGRU is a GRU that runs faster."),
    ),
    "Shapes and interfaces": (
        Belief(
            "Any shape with three axes is a sequence: reshape(-1, 1, 1).",
            "learning-through-time#A sequence of one step",
            ("ch02.columns", "one_step_sequences"),
        ),
        Belief(
            "reshape turns (T, B) into (B, T).",
            "ch01-introduction#Batch and time exchanged",
            ("ch02.columns", "reshaped"),
        ),
        Belief(
            "batch_first changes the shape of h_n as well.",
            "ch01-introduction#Claim 1: Keras, PyTorch and `gru_ref` compute the same layer",
            ("ch01.shapes", "final_batch_first"),
        ),
        Belief("The last output is the final state, in both directions."),
        Belief("h_n[0] is the last layer's state."),
        Belief("dropout acts in a network of one layer."),
        Belief("A layer above another needs only its last output; return_sequences can stay as it is."),
        Belief(
            "Weights go from Keras to PyTorch as they are.",
            "rosetta#Order and shape",
            ("ch06.cell", "gates_exchanged"),
        ),
        Belief("input_length, batch_input_shape and time_major still exist in Keras 3."),
        Belief("recurrent_dropout costs nothing in speed."),
        Belief("go_backwards gives the outputs in the order of the inputs."),
    ),
    "Masks and text": (
        Belief(
            "Padding at the end does not change the final state.",
            caught=("ch02.last_states", "after_the_padding"),
        ),
        Belief("pad_sequences(maxlen=200) keeps the first 200 words."),
        Belief("The number 0 can stand for unknown words and for padding."),
        Belief("mask_zero needs as many rows as there are words."),
        Belief("list(set(words)) is the same vocabulary in every run."),
        Belief("The word numbers of the IMDB data are those of its word index."),
        Belief("At masked steps CPU and GPU give the same numbers."),
    ),
    "Training and judging": (
        Belief(
            "Gradients may be clipped at any time before the step.",
            "learning-through-time#Clipping before the gradient is there",
            ("time.repair", "clipped_too_early"),
        ),
        Belief(
            "The state is to be detached at every step (or: never).",
            "learning-through-time#Detached at every step, or never",
            ("time.truncated", "every_step"),
        ),
        Belief("stateful=True goes with shuffled batches."),
        Belief(
            "Windows are cut, and scaled, before the data are split.",
            "ch11-forecasting#4. Scaling, or filling, with the future",
        ),
        Belief("The share of right labels, padding included, is the F1 of entities."),
        Belief("softmax belongs at the end, and from_logits=True into the loss."),
        Belief("Two networks with the same loss have the same weights."),
        Belief("Keras' orthogonal initial weights are orthogonal for each gate."),
        Belief(
            "A gradient check may run in float32, with a step of 1e-7, on one parameter.",
            "learning-through-time#A check in float32 with a step of 1e-7",
        ),
    ),
}


def slug(heading):
    """Give the anchor that the site makes of a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")


def _file(stem):
    return f"{stem}.md" if (PAGE.parent / f"{stem}.md").exists() else f"{stem}.ipynb"


def _taught(belief):
    if not belief.taught:
        return "in a chapter to come"
    stem, _, heading = belief.taught.partition("#")
    return f"[{heading}]({_file(stem)}#{slug(heading)})"


def _caught(belief):
    if belief.caught is None:
        return "no question yet"
    id, name = belief.caught
    question = find_question(id)
    stem = next(a.stem for a in assignments() if id in [q.id for q in a.questions])
    sentence = next(m.sentence for m in question.misconceptions if m.id == name)
    return f"[{question.title}](../exercises/{stem}.ipynb): “{sentence}”"


def page():
    """Write the page.

    Returns
    -------
    str
    """
    beliefs = [belief for theme in THEMES.values() for belief in theme]
    open_ = Counter(taught=sum(not b.taught for b in beliefs), caught=sum(b.caught is None for b in beliefs))
    named = sum(len(question.misconceptions) for a in assignments() for question in a.questions)
    lines = [
        "# What people believe of GRUs",
        "",
        "% Written by authoring/misconception_index.py; a test compares.",
        "",
        f"These are {len(beliefs)} things that are often said of gated recurrent units, or silently assumed, and that"
        " are not so. For each: where the book shows, by numbers, what holds instead, and which question of the"
        " exercises names the mistake, with the sentence that a learner then reads.",
        "",
        f"{open_['taught']} of them belong to chapters that are still to come, and {open_['caught']} have no question"
        f" yet. The exercises name {named} mistakes in all; most are slips of a formula, and not listed here.",
        "",
    ]
    for theme, of_theme in THEMES.items():
        lines += [f"## {theme}", ""]
        for belief in of_theme:
            lines += [
                f"**{belief.said}**",
                f": Answered: {_taught(belief)}",
                f": Named: {_caught(belief)}",
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


def main():
    """Write the page to its place."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
