"""The names that files come with: what learning platforms put before them, and what browsers append."""

import re
from dataclasses import dataclass

from gru_grader.notebook import ENDING

_FORMS = (
    # Canvas: doejane_LATE_512_90344_homework-1.ipynb, one flat folder.
    re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<number>\d+)_(?P<upload>\d+)_(?P<file>.+)", re.DOTALL),
    # Moodle: "Jane Doe_4711_assignsubmission_file_homework.ipynb", or a folder whose name ends in "file_".
    re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_(?P<file>.*)", re.DOTALL),
    # Canvas, what was typed into its page: doejane_LATE_512_text.html.
    re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<number>\d+)_(?P<file>(?:text|link)\.html)", re.DOTALL),
)
# Some browsers append the ending of the format that they find in the file.
_NOTEBOOK = re.compile(rf"(?P<stem>.*){re.escape(ENDING)}(?:\.txt|\.json)?", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Downloaded:
    """What a platform's name for a file or folder says.

    Parameters
    ----------
    student : str
        The name with the platform's number of the student, since two may have one name.
    file : str
        As the student called the file; "" for a folder.
    upload : int, optional
        Canvas's number of the file: the later one was handed in, the larger it is.
    """

    student: str
    file: str
    upload: int = 0


def downloaded(name):
    """Take a platform's name apart; None if it is of another form.

    Parameters
    ----------
    name : str
        Of a file or folder.

    Returns
    -------
    Downloaded or None

    Examples
    --------
    >>> downloaded("doejane_LATE_512_90344_ch03-update-gate-1.ipynb")
    Downloaded(student='doejane_512', file='ch03-update-gate-1.ipynb', upload=90344)
    >>> downloaded("Jane Doe_4711_assignsubmission_file_")
    Downloaded(student='Jane Doe_4711', file='', upload=0)
    """
    for form in _FORMS:
        if match := form.fullmatch(name):
            found = match.groupdict()
            return Downloaded(f"{found['name']}_{found['number']}", found["file"], int(found.get("upload", 0)))
    return None


def without_ending(name):
    """Take the ending from the name of a notebook; None if it is not one.

    Parameters
    ----------
    name : str
        Of a file.

    Returns
    -------
    str or None

    Examples
    --------
    >>> without_ending("CH03.IPYNB"), without_ending("ch03.ipynb.txt"), without_ending("ch03.py")
    ('CH03', 'ch03', None)
    """
    match = _NOTEBOOK.fullmatch(name)
    return match and match["stem"]
