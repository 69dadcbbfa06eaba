"""The table of what other systems call a GRU, as data, and the page of the book that shows it.

Usage: ``python -m authoring.rosetta`` writes the tables of book/rosetta.md.

A row of `CHECKED` holds the convention from which a test lays out random
weights for the installed package, and compares what comes out; so a wrong
entry cannot stand. A row of `READ` was read in the system's source or
documentation and nothing more, and names where.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gru_ref import GRU
from gru_ref.conventions import COLUMNS, KERAS, ONNX, TORCH, Convention
from gru_ref.parameters import GRU_BLOCKS, Parameters

PAGE = Path(__file__).resolve().parent.parent / "book" / "rosetta.md"


class Checked(NamedTuple):
    """A system whose convention a test proves against the installed package."""

    system: str
    convention: Convention
    weights: str
    """Names of the weights; {W} and {U} stand for their shapes, which follow from the convention."""
    biases: str
    """Names of the biases and their shape."""
    needs: str | None
    """What the test needs, as conftest.py calls it."""
    dtype: type
    tolerance: float
    """Largest difference allowed, relative to the largest state."""
    reader: str
    """What of `gru_ref` reads it, or an empty string."""


class Read(NamedTuple):
    """A system whose convention was read, and not run."""

    system: str
    reset: str
    polarity: str
    weights: str
    biases: str
    conversion: str
    source: str


CHECKED = (
    Checked(
        "PyTorch `nn.GRU`, `nn.GRUCell`",
        TORCH,
        "`weight_ih` {W}, `weight_hh` {U}",
        "`bias_ih`, `bias_hh`, (3H,) each",
        "torch",
        np.float64,
        1e-12,
        "`GRU.from_torch`",
    ),
    Checked(
        "Keras 3 `GRU`, `GRUCell` (`reset_after=True`, the default)",
        KERAS[True],
        "`kernel` {W}, `recurrent_kernel` {U}",
        "`bias` (2, 3H), the input's in row 0",
        "tensorflow",
        np.float64,
        1e-12,
        "`GRU.from_keras`",
    ),
    Checked(
        "Keras 3 `GRU`, `GRUCell` with `reset_after=False`",
        KERAS[False],
        "`kernel` {W}, `recurrent_kernel` {U}",
        "`bias` (3H,)",
        "tensorflow",
        np.float64,
        1e-12,
        "`GRU.from_keras`",
    ),
    Checked(
        "ONNX `GRU` with `linear_before_reset=1`",
        ONNX[1],
        "W (D, 3H, I), R (D, 3H, H), D directions: each {W} and {U}",
        "B (D, 6H), the input's first",
        "onnx",
        np.float32,
        5e-6,
        "`GRU.from_onnx`",
    ),
    Checked(
        "ONNX `GRU` (`linear_before_reset=0`, the default)",
        ONNX[0],
        "W (D, 3H, I), R (D, 3H, H), D directions: each {W} and {U}",
        "B (D, 6H), the input's first",
        "onnx",
        np.float32,
        5e-6,
        "`GRU.from_onnx`",
    ),
    Checked(
        "TensorFlow `tf.raw_ops.GRUBlockCell`",
        Convention(polarity="keep", reset="before", order=("r", "z", "n"), transposed=False, biases=1),
        "{W} on top of {U}, then cut: `w_ru` (I + H, 2H), `w_c` (I + H, H); z is called u",
        "`b_ru` (2H,), `b_c` (H,)",
        "tensorflow",
        np.float32,
        5e-6,
        "",
    ),
    Checked(
        "This book's chapters on the cell, `gru_ref.gru_cell`",
        COLUMNS,
        "`W` three of (H, I), `U` three of (H, H), which stacked are {W} and {U}",
        "`b` three of (H, 1)",
        None,
        np.float64,
        1e-12,
        "`GRU.from_columns`",
    ),
)

READ = (
    Read(
        "{cite:t}`cho2014`, first and second version",
        "after",
        "keep",
        "a matrix a gate, for columns",
        "none printed",
        "transpose",
        "arXiv:1406.1078v1, v2",
    ),
    Read(
        "{cite:t}`cho2014`, third version",
        "before",
        "keep",
        "a matrix a gate, for columns",
        "none printed",
        "transpose",
        "arXiv:1406.1078v3, equations (5) to (8)",
    ),
    Read(
        "GroundHog, the first authors' own code",
        "before",
        "update",
        "a matrix a gate",
        "with the input",
        "negate z",
        "`groundhog/layers/rec_layers.py`",
    ),
    Read(
        "{cite:t}`chung2014`",
        "before",
        "update",
        "a matrix a gate, for columns",
        "none printed",
        "transpose, negate z",
        "arXiv:1412.3555, section 3.2",
    ),
    Read(
        "`tf.keras` of TensorFlow 1, the default",
        "before",
        "keep",
        "as Keras 3",
        "one (3H,)",
        "none: its gates are the hard sigmoid 0.2 a + 0.5, cut to 0 and 1, another function",
        "documentation of `tf.keras.layers.GRU`, 1.15",
    ),
    Read(
        "oneDNN `gru`",
        "before",
        "keep",
        "z, r, n (called u, r, o)",
        "three of (H,)",
        "as it is",
        "developer guide, “RNN”",
    ),
    Read(
        "oneDNN `lbr_gru`",
        "after",
        "keep",
        "z, r, n (called u, r, o)",
        "four of (H,): z, r, n of the input, n of the state",
        "the state's biases of z and r are zero",
        "developer guide, “RNN”",
    ),
    Read(
        "cuDNN",
        "after",
        "keep",
        "r, z, n; one flat buffer of matrices for columns",
        "two of (3H,)",
        "transpose, exchange the first two blocks",
        "documentation of the mode `CUDNN_GRU`",
    ),
    Read(
        "Flax `linen.GRUCell`",
        "after",
        "keep",
        "a `Dense` a gate, kernels (I, H) and (H, H)",
        "one for z, one for r, two for n",
        "the state's biases of z and r are zero",
        "`flax/linen/recurrent.py`",
    ),
    Read(
        "Flax `nnx.GRUCell`",
        "after",
        "keep",
        "r, z, n; kernels (I, 3H) and (H, 3H)",
        "the input's (3H,) alone",
        "exchange the first two blocks; back only where the state's bias of n is zero",
        "`flax/nnx/nn/recurrent.py`",
    ),
    Read(
        "Equinox `GRUCell`",
        "after",
        "keep",
        "r, z, n; (3H, I) and (3H, H)",
        "`bias` (3H,) and `bias_n` (H,), the state's of n",
        "transpose, exchange the first two blocks",
        "`equinox/nn/_rnn.py`",
    ),
    Read(
        "MXNet Gluon, Paddle",
        "after",
        "keep",
        "r, z, n; (3H, I) and (3H, H)",
        "two of (3H,)",
        "as PyTorch",
        "`mxnet/gluon/rnn/rnn_layer.py`, `paddle/nn/layer/rnn.py`",
    ),
    Read(
        "Chainer `NStepGRU`",
        "after",
        "keep",
        "r, z, n; a matrix a gate, for columns",
        "six of (H,)",
        "transpose, exchange the first two blocks",
        "documentation of `chainer.functions.n_step_gru`",
    ),
    Read(
        "Chainer `StatefulGRU`, `StatelessGRU`",
        "before",
        "update",
        "a `Linear` a gate, for columns",
        "six of (H,)",
        "transpose, negate z",
        "`chainer/links/rnn/gru.py`",
    ),
    Read(
        "haste",
        "after",
        "keep",
        "z, r, n; (I, 3H) and (H, 3H)",
        "two of (3H,)",
        "as it is",
        "`frameworks/pytorch/gru.py`",
    ),
    Read(
        "minGRU",
        "none",
        "update",
        "two matrices, of the input alone",
        "one for z, one for n",
        "none: its gate does not see the state, so it is no GRU",
        "arXiv:2410.01201",
    ),
)

NEAR_ONE = {"keep": "keeps", "update": "writes"}


def conversion(convention):
    """Say what leads from a convention to the layout of ``gru_ref.GRU`` with keep polarity and its reset."""
    steps = []
    if convention.transposed:
        steps.append("transpose")
    if convention.order == ("r", "z", "n"):
        steps.append("exchange the first two blocks")
    elif convention.order != GRU_BLOCKS:
        steps.append(f"put the blocks {', '.join(convention.order)} into the order z, r, n")
    if convention.polarity == "update":
        steps.append("negate z")
    if convention.biases == 1:
        steps.append("the second bias is zero")
    return ", ".join(steps) or "as it is"


SHAPE = re.compile(r"\([\dIHD+, ]+\)|\b[zrn], [zrn], [zrn]\b")


def unbroken(text):
    """Give the text with spaces at which no line breaks."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def table(head, rows):
    """Write a table in Markdown, a row a line; shapes and the order of blocks stay on one line each."""
    rows = [[SHAPE.sub(lambda shape: unbroken(shape[0]), cell) for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))


def checked_table(rows=CHECKED):
    """Write the table of the systems that the tests run."""
    # A head that does not break gives its column the width that its text needs: the table scrolls in its own box.
    head = ["System, and its names", "Reset gate", "z near 1", "Blocks", "Weights and shapes", "Biases and shapes"]
    head = [unbroken(name) for name in (*head, "What leads to `gru_ref`", "Agrees to")]
    lines = []
    for row in rows:
        c = row.convention
        W, U = ("(3H, I)", "(3H, H)") if c.transposed else ("(I, 3H)", "(H, 3H)")
        biases = f"{'one' if c.biases == 1 else 'two'}: {row.biases}"
        agreement = f"{row.tolerance:.0e} {np.dtype(row.dtype).name}".replace("e-0", "e-")
        blocks, weights = ", ".join(c.order), row.weights.format(W=W, U=U)
        steps = f"{row.reader}: {conversion(c)}" if row.reader else conversion(c)
        lines.append([row.system, c.reset, NEAR_ONE[c.polarity], blocks, weights, biases, steps, agreement])
    return table(head, lines)


def read_table(rows=READ):
    """Write the table of the systems that were read."""
    head = ["System, and its names", "Reset gate", "z near 1", "Blocks and shapes", "Biases and shapes"]
    head = [unbroken(name) for name in (*head, "What leads to `gru_ref`", "Where it was read")]
    lines = [
        [row.system, row.reset, NEAR_ONE[row.polarity], row.weights, row.biases, row.conversion, row.source]
        for row in rows
    ]
    return table(head, lines)


SEEN = 1e-4
"""How far two results must be apart for an ordinary float32 test to notice."""


def draw_trial(*, H=4, T=5, state=1.0, recurrent_bias=1.0, size=1.0):
    """Draw a GRU with dense weights of size about 1, an input and an initial state, and scale some of them."""
    rng = np.random.default_rng(0)
    gru = GRU(3, H)
    for array in gru.arrays():
        array[:] = size * rng.standard_normal(array.shape)
    gru.b_recurrent[:] *= recurrent_bias
    return gru, rng.standard_normal((2, T, 3)), state * rng.uniform(-1, 1, (1, 2, H))


TRIALS = (
    ("four units, five steps, biases and initial state not zero", {}),
    ("as the first, without the recurrent bias, as in a new Keras layer", {"recurrent_bias": 0.0}),
    ("as the first, with one unit, H = 1", {"H": 1}),
    ("one unit, no recurrent bias", {"H": 1, "recurrent_bias": 0.0}),
    ("four units, one step from a zero state", {"T": 1, "state": 0.0}),
    ("one step from a zero state, no recurrent bias", {"T": 1, "state": 0.0, "recurrent_bias": 0.0}),
    ("five steps from a zero state, weights of size 0.01, no recurrent bias",
     {"state": 0.0, "recurrent_bias": 0.0, "size": 0.01}),
)  # fmt: skip
"""Ways to test a GRU, the first as it should be."""


def _blocks(parameters, function):
    """Apply a function to the list of the three blocks of every array."""
    return Parameters(*(np.concatenate(function(np.split(array, 3, axis=-1)), axis=-1) for array in parameters))


MISTAKES = {
    "z the other way round": lambda p: (p, {"polarity": "update"}),
    "reset before the product": lambda p: (p, {"reset": "before"}),
    "z and r exchanged": lambda p: (_blocks(p, lambda b: [b[1], b[0], b[2]]), {}),
    "U transposed": lambda p: (p._replace(U=np.hstack([block.T for block in np.split(p.U, 3, axis=1)])), {}),
    "biases added up": lambda p: (p._replace(b_input=p.b_input + p.b_recurrent, b_recurrent=0 * p.b_recurrent), {}),
}
"""Ways to get a conversion from another system wrong: changed parameters, or another convention."""


def seen(trial, mistake):
    """Say whether a test of these sizes gives other numbers when the mistake is made."""
    gru, x, h0 = draw_trial(**trial)
    parameters, convention = mistake(gru.parameters[0][0])
    wrong = GRU.from_parameters(parameters, **{"polarity": "keep", "reset": "after"} | convention)
    return bool(np.abs(wrong(x, h0)[0] - gru(x, h0)[0]).max() > SEEN)


def trial_table():
    """Write the table of what each way to test a GRU notices, computed."""
    head = [unbroken("How the test is made"), *MISTAKES]
    rows = [
        [name, *("seen" if seen(trial, mistake) else "**missed**" for mistake in MISTAKES.values())]
        for name, trial in TRIALS
    ]
    return table(head, rows)


TABLES = {"trials": trial_table, "checked": checked_table, "read": read_table}


def rendered(text):
    """Give the page's text with every table written anew between its two marks."""
    for name, render in TABLES.items():
        begin, end = f"% table: {name}, written by authoring/rosetta.py\n", "% end of table\n"
        pattern = re.compile(f"({re.escape(begin)}).*?({re.escape(end)})", re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise ValueError(f"{PAGE.name} must hold the marks of the table {name!r} once")
        text = pattern.sub(lambda found, render=render: f"{found[1]}\n{render()}\n\n{found[2]}", text)
    return text


def main():
    """Write the page's tables."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(rendered(text), encoding="utf-8")
    print(f"{PAGE.name}: {len(TABLES)} tables written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
