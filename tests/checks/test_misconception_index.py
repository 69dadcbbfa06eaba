"""The index of common beliefs is in step with the book and the questions, and hides nothing that is open."""

import re

import nbformat
import pytest

from authoring import misconception_index as index
from gru_checks.registry import question

BELIEFS = [belief for theme in index.THEMES.values() for belief in theme]
TAUGHT = [belief for belief in BELIEFS if belief.taught]
BOOK = index.PAGE.parent


def headings(stem):
    path = BOOK / f"{stem}.ipynb"
    if path.exists():
        cells = nbformat.read(path, 4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = (BOOK / f"{stem}.md").read_text(encoding="utf-8")
    return [line.lstrip("#").strip().replace('"', "\0") for line in text.split("\n") if line.startswith("#")]


def test_the_page_is_what_is_generated():
    assert index.PAGE.read_text(encoding="utf-8") == index.page(), "run python -m authoring.misconception_index"


def test_there_are_as_many_as_are_known():
    assert len(BELIEFS) >= 38
    assert len({belief.said for belief in BELIEFS}) == len(BELIEFS)


@pytest.mark.parametrize("belief", TAUGHT, ids=lambda belief: belief.said)
def test_the_book_has_the_heading(belief):
    stem, _, heading = belief.taught.partition("#")
    found = [name.replace("\0", "") for name in headings(stem)]
    assert re.sub("[“”]", "", heading) in found


@pytest.mark.parametrize("belief", [b for b in BELIEFS if b.caught], ids=lambda belief: belief.said)
def test_the_question_has_the_mistake(belief):
    id, name = belief.caught
    assert name in [misconception.id for misconception in question(id).misconceptions]


def test_what_is_open_is_said():
    text = index.page()
    assert text.count(": Answered: in a chapter to come\n") == len(BELIEFS) - len(TAUGHT)
    assert text.count(": Named: no question yet\n") == sum(belief.caught is None for belief in BELIEFS)
