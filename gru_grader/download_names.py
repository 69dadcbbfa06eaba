"""The names that learning platforms give to what they let a teacher download."""

import re
from dataclasses import dataclass

_FORMS = (
    # Canvas: doejane_LATE_512_90344_homework-1.ipynb, one flat folder.
    re.compile(r"(?P<name>[^_]+)_(?:LATE_)?(?P<number>\d+)_\d+_(?P<file>.+)", re.DOTALL),
    # Moodle: "Jane Doe_4711_assignsubmission_file_homework.ipynb", or a folder whose name ends in "file_".
    re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_(?P<file>.*)", re.DOTALL),
)


@dataclass(frozen=True)
class Downloaded:
    """What a platform's name for a file or folder says.

    Parameters
    ----------
    student : str
        The name with the platform's number of the student, since two may have one name.
    file : str
        As the student called the file; "" for a folder.
    """

    student: str
    file: str


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
    Downloaded(student='doejane_512', file='ch03-update-gate-1.ipynb')
    >>> downloaded("Jane Doe_4711_assignsubmission_file_")
    Downloaded(student='Jane Doe_4711', file='')
    """
    for form in _FORMS:
        if match := form.fullmatch(name):
            return Downloaded(f"{match['name']}_{match['number']}", match["file"])
    return None
