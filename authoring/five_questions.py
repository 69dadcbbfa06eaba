"""The same five questions for three graders, so that they can be compared: the grader's tests' own bank.

nbgrader and otter-grader are given what their users write: a notebook with
solutions and tests with fixed inputs, some of them hidden, from which they
make the students' notebooks themselves.
"""

import copy

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_notebook, new_raw_cell

from gru_checks.question import inputs
from tests.grader.bank import ASSIGNMENT, NAMES, RIGHT, STEM, UNTOUCHED, cells

IMPORT = "import numpy as np"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def as_text(value):
    """Write an array, or a tuple of numbers, as Python text."""
    if isinstance(value, tuple):
        return f"({', '.join(str(float(part)) for part in value)})"
    return f"np.array({value.tolist()})"


def _fixed_cases():
    """Inputs with their right values, as Python text, by the name of the function."""
    found = {}
    for question in ASSIGNMENT.questions:
        rounded = [np.round(case.call.arguments[0], 2) for case in inputs(question, "fixed")]
        found[question.answer] = [(as_text(x), as_text(question.reference(x))) for x in rounded]
    return found


FIXED = _fixed_cases()
"""What the tests of nbgrader and otter-grader ask, (input, right value) as text; the first of each is shown."""


def tests(name):
    """List the lines of the shown and of the hidden tests of a question.

    Parameters
    ----------
    name : str
        Of the function that is asked for.

    Returns
    -------
    tuple of list of str
    """
    shown, *hidden = [f"assert np.allclose({name}({x}), {right})" for x, right in FIXED[name]]
    return [shown], hidden


def ours():
    """Make the notebook that students get from this course."""
    return new_notebook(cells=[new_code_cell(source) for source in cells(UNTOUCHED)], metadata=KERNEL)


def for_nbgrader():
    """Make the notebook from which nbgrader makes that of the students."""
    found = [new_code_cell(IMPORT)]
    for name, answer in RIGHT.items():
        head, *body = answer.splitlines()
        solution = [head, "    ### BEGIN SOLUTION", *body, "    ### END SOLUTION"]
        settings = {"schema_version": 3, "solution": True, "grade": False, "locked": False, "task": False}
        found.append(_nbgrader_cell(solution, {**settings, "grade_id": f"answer-{name}"}))
        shown, hidden = tests(name)
        asked = [*shown, "### BEGIN HIDDEN TESTS", *hidden, "### END HIDDEN TESTS"]
        settings = {**settings, "solution": False, "grade": True, "locked": True, "points": 2}
        found.append(_nbgrader_cell(asked, {**settings, "grade_id": f"test-{name}"}))
    return new_notebook(cells=found, metadata=KERNEL)


def _nbgrader_cell(lines, settings):
    return new_code_cell("\n".join(lines), metadata={"nbgrader": settings})


def for_otter():
    """Make the notebook from which `otter assign` makes that of the students, and the tests."""
    found = [new_raw_cell(f"# ASSIGNMENT CONFIG\nname: {STEM}\nexport_cell: false"), new_code_cell(IMPORT)]
    for name, answer in RIGHT.items():
        head, *body = answer.splitlines()
        shown, hidden = tests(name)
        found += [
            new_raw_cell(f"# BEGIN QUESTION\nname: {name}\npoints: 2"),
            new_raw_cell("# BEGIN SOLUTION"),
            new_code_cell("\n".join([head, *(f"{line} # SOLUTION" for line in body)])),
            new_raw_cell("# END SOLUTION"),
            new_raw_cell("# BEGIN TESTS"),
            new_code_cell("\n".join(shown)),
            *(new_code_cell(f"# HIDDEN\n{line}") for line in hidden),
            new_raw_cell("# END TESTS"),
            new_raw_cell("# END QUESTION"),
        ]
    return new_notebook(cells=found, metadata=KERNEL)


def handed_in(handout, answers, before=(), after=(), tags=()):
    """Fill in a student's notebook.

    Parameters
    ----------
    handout : nbformat.NotebookNode
        As one of the graders hands it out.
    answers : dict of str
        Source by the name of the function.
    before, after : sequence of str, optional
        Cells to put behind the import, and at the end.
    tags : sequence of str, optional
        Tags that the student gives to every cell.

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook = copy.deepcopy(handout)
    to_answer = set(NAMES)
    for cell in notebook.cells:
        for name in [name for name in to_answer if cell.source.startswith(f"def {name}(")]:
            cell.source = answers[name]
            to_answer.remove(name)
    if to_answer:
        raise ValueError(f"no cell for {', '.join(sorted(to_answer))}")
    place = 1 + next(number for number, cell in enumerate(notebook.cells) if cell.source.startswith(IMPORT))
    notebook.cells[place:place] = [new_code_cell(source) for source in before]
    notebook.cells += [new_code_cell(source) for source in after]
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", []).extend(tags)
    return notebook


def read(path):
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def write(notebook, path):
    """Write a notebook, making the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
