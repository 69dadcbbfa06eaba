"""Tell from a notebook's content which assignment it answers."""

import re
from collections import Counter

from gru_grader import notebook

_CHECK = re.compile(r"""\bcheck\(\s*["']([^"'\n]{1,100})["']""")
_DEFINITION = re.compile(r"^(?:def|class)\s+(\w+)", re.MULTILINE)
ENOUGH_ANSWERS = 2
"""So many answers of one assignment, and of no other, tell it where no check is left."""


def recognise(path, assignments):
    """Find the one assignment that a notebook answers.

    Its checks tell it, for each names its question. Where they were deleted,
    the names of the functions it defines do.

    Parameters
    ----------
    path : str
    assignments : iterable of gru_checks.registry.Assignment

    Returns
    -------
    str or None
        The assignment's stem; None if it cannot be told, or the file is no notebook.

    Raises
    ------
    OSError
        If the machine cannot read the file.
    """
    try:
        return recognise_cells(notebook.read(path).cells, assignments)
    except notebook.NotGradable:
        return None


def recognise_cells(cells, assignments):
    """As `recognise`, for a notebook that was read.

    Parameters
    ----------
    cells : sequence of str
        Its code cells.
    assignments : iterable of gru_checks.registry.Assignment

    Returns
    -------
    str or None
    """
    ids, names = Counter(), Counter()
    stems_of = {}
    for assignment in assignments:
        for question in assignment.questions:
            ids[question.id] = assignment.stem
            stems_of.setdefault(question.answer, []).append(assignment.stem)
    checked = {ids[id] for source in cells for id in _CHECK.findall(source) if id in ids}
    if checked:
        return checked.pop() if len(checked) == 1 else None
    for name in {name for source in cells for name in _DEFINITION.findall(source)}:
        if len(stems := stems_of.get(name, [])) == 1:
            names[stems[0]] += 1
    return next(iter(names)) if len(names) == 1 and names.total() >= ENOUGH_ANSWERS else None
