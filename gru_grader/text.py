"""Make text safe to show: names, error messages and code of a submission may be written to harm whoever reads them."""

import re
import unicodedata

_FORMULA = re.compile('(^|;[\\s"]*)(?=[-=+@\t\r\uff1d\uff0b\uff0d\uff20])')
"""Before what makes a spreadsheet take a cell for a formula; the last four are the wide forms of the first.

Where the comma is the decimal sign, cells end at semicolons.
"""
_FIRST_SIGN = "\u2300"


def safe(text, longest=2000):
    """Write out everything that would act on a terminal or change the order of letters, and keep the rest.

    Parameters
    ----------
    text : str
    longest : int, optional
        How many characters to keep.

    Returns
    -------
    str
        Line ends stay.

    Examples
    --------
    >>> safe("\\x1b[2J\\u202eevil")
    '\\\\x1b[2J\\\\u202eevil'
    """
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if _is_harmless(c) else c.encode("unicode_escape").decode() for c in text)


def safe_line(text, longest=300):
    """As `safe`, on one line.

    Examples
    --------
    >>> safe_line("two\\nlines")
    'two lines'
    """
    return safe(" ".join(text.split()), longest)


def safe_cell(value):
    """Write a value for a cell of a CSV file that a spreadsheet will open.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(0)")
    "'=HYPERLINK(0)"
    >>> safe_cell("ada;=HYPERLINK(0)")
    "ada;'=HYPERLINK(0)"
    >>> safe_cell(-0.5)
    -0.5
    """
    if not isinstance(value, str):
        return value
    return _FORMULA.sub(r"\1'", safe_line(value))


def without_signs(text):
    """Write out the signs that begin a verdict, and what could pass for one, because they are the grader's alone.

    Examples
    --------
    >>> without_signs("20 °C \u2713 Right")
    '20 °C \\\\u2713 Right'
    """
    if text.isascii():
        return text
    return "".join(c.encode("unicode_escape").decode() if _is_sign(c) else c for c in text)


def quoted_below(text):
    """Put a bar before every line but the first, so that the first alone can be a verdict.

    Examples
    --------
    >>> print(quoted_below("A verdict\\n  and why"))
    A verdict
      | and why
    """
    first, *others = text.split("\n")
    return "\n".join([first, *[f"  | {line.removeprefix('  ')}" for line in others]])


def _is_sign(character):
    # Ticks, crosses, circles and emoji; the signs before them in Unicode, such as that of degrees, are common in text.
    return character >= _FIRST_SIGN and unicodedata.category(character) == "So"


def _is_harmless(character):
    # Control, format (which reverses text and hides letters), surrogate, private and unassigned characters; and the
    # separators of lines and paragraphs, at which some programs begin a line.
    return character == "\n" or not unicodedata.category(character).startswith(("C", "Zl", "Zp"))
