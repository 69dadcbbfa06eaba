"""The glossary is sorted, every word of it is one of the book's, and leads to a page that has it."""

import functools
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from authoring.normal_form import read

BOOK = Path(__file__).parents[2] / "book"
ENTRY = re.compile(r"^(\S.*)\n  (.+) \[([^\]]+)\]\(([\w-]+)\.(?:ipynb|md)\)$", re.M)
SOURCE = (BOOK / "glossary.md").read_text(encoding="utf-8").split("```{glossary}\n")[1].split("```")[0]
ENTRIES = {term: (text, stem) for term, text, _, stem in ENTRY.findall(SOURCE)}


@functools.cache
def prose(stem):
    """Return what a page of the book says, with one space between words."""
    page = BOOK / f"{stem}.md"
    if page.exists():
        text = page.read_text(encoding="utf-8")
    else:
        text = "\n".join(cell.source for cell in read(page.with_suffix(".ipynb"))[0].cells)
    return " ".join(text.replace("*", "").split())


def says(term, text):
    """Say whether the text has the term, in the singular or the plural."""
    return re.search(rf"\b{re.escape(term)}(e?s)?\b", text, re.I) is not None


def test_every_entry_has_a_meaning_and_a_page():
    assert 40 <= len(ENTRIES) <= 80
    assert len(ENTRIES) == len(re.findall(r"^\S", SOURCE, re.M))
    for term, (text, _) in ENTRIES.items():
        assert text.endswith(".") and len(text.split()) >= 5, term


def test_the_terms_are_sorted():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.casefold)


@pytest.mark.parametrize("term", ENTRIES)
def test_the_page_that_a_term_leads_to_has_it(term):
    assert says(term, prose(ENTRIES[term][1]))


def test_a_word_that_the_book_does_not_have_is_noticed():
    assert not says("gate", "Gateaux are agreed upon.")
    assert says("loss", "Two losses are added.")


def test_every_term_can_be_linked_to(html):
    tree = BeautifulSoup((html / "book" / "glossary.html").read_text(encoding="utf-8"), "html.parser")
    assert [term.get_text(strip=True).removesuffix("#") for term in tree.select("dl.glossary dt")] == list(ENTRIES)
    assert all(term.get("id", "").startswith("term-") for term in tree.select("dl.glossary dt"))
