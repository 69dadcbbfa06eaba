"""Hostile text does nothing to who reads it."""

import csv
import io
import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gru_grader.text import safe, safe_cell, safe_line


@given(st.text())
@settings(deadline=None)
def test_nothing_but_printable_characters_and_line_ends_is_left(text):
    shown = safe(text)
    assert all(c == "\n" or c.isprintable() or unicodedata.category(c) == "Zs" for c in shown)
    assert "\x1b" not in shown and "\r" not in shown and "\u202e" not in shown
    shown.encode()
    assert "\n" not in safe_line(text)


def test_no_other_sign_begins_a_line():
    assert safe("a\u2028b\u2029c\x85d") == r"a\u2028b\u2029c\x85d"


def test_honest_text_is_kept():
    assert safe("größe σ 数 = 3\nok") == "größe σ 数 = 3\nok"


@given(st.text())
@settings(deadline=None)
def test_no_cell_is_a_formula(text):
    row = io.StringIO()
    csv.writer(row).writerow([safe_cell(text)])
    (cell,) = next(csv.reader(io.StringIO(row.getvalue())), [""])
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe_cell("\uff1d1") == "'\uff1d1"


@given(st.lists(st.sampled_from([*';"=+-@, \u3000', "1", "\uff1d"])).map("".join))
@example('ada;"=1')
@settings(deadline=None)
def test_no_cell_is_a_formula_where_the_comma_is_the_decimal_sign(text):
    """There a spreadsheet that opens the file takes the semicolon for what separates cells."""
    row = io.StringIO()
    csv.writer(row).writerow(["ada", safe_cell(text)])
    cells = next(csv.reader(io.StringIO(row.getvalue()), delimiter=";"))
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")) for cell in cells)


def test_an_honest_cell_is_kept():
    assert safe_cell("Bo; the 2nd - of two, 1 + 1; x=1") == "Bo; the 2nd - of two, 1 + 1; x=1"
