"""Write the pictures of the GRU cell, one for each part that a chapter lights, from the one drawing `cell.svg`."""

import argparse
import sys
from pathlib import Path
from string import Template

DRAWING = Path(__file__).with_name("cell.svg")
FOLDER = Path(__file__).parents[1] / "book" / "_static"

DESCRIPTION = (
    "The old state h(t−1) runs along the top to a disc, the mix, and leaves it as the new state h(t). "
    "Below, the reset gate r and the update gate z each look at the old state and at the input x(t). "
    "The reset gate multiplies the old state before it goes through the matrix U_h into the candidate state, "
    "which looks at the input too. "
    "The update gate sets the shares of the mix: 1−z of the old state and z of the candidate."
)

TITLES = {
    "all": "A GRU cell: reset gate, update gate, candidate state and the mix that gives the new state.",
    "update": "A GRU cell with the update gate lit: from the input and the old state it sets the shares of the mix.",
    "reset": "A GRU cell with the reset gate lit: it scales the old state on its way into the candidate.",
    "candidate": "A GRU cell with the candidate state lit: it joins the input and the scaled old state.",
    "mix": "A GRU cell with the mix lit: 1−z of the old state and z of the candidate make the new state.",
}


def draw(part):
    """Return the drawing as SVG text with one part lit.

    Parameters
    ----------
    part : str
        A key of `TITLES`; "all" shows every part in its own colour.

    Returns
    -------
    str
        A standalone SVG document that follows the reader's light or dark preference.
    """
    return Template(DRAWING.read_text(encoding="utf-8")).substitute(lit=part, title=TITLES[part], desc=DESCRIPTION)


def stale():
    """Return the paths of the pictures whose content is not what `draw` gives."""
    paths = {FOLDER / f"cell-{part}.svg": draw(part) for part in TITLES}
    return [path for path, text in paths.items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main(arguments=None):
    """Write the pictures, or with `--check` only say which ones are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a picture is out of date")
    if parser.parse_args(arguments).check:
        old = stale()
        for path in old:
            print(f"{path} is not what {DRAWING} gives: run python -m authoring.cell_diagram", file=sys.stderr)
        return 1 if old else 0
    for part in TITLES:
        (FOLDER / f"cell-{part}.svg").write_text(draw(part), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
