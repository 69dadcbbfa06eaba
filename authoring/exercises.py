"""Write the exercises from the solutions, which are their only source.

Usage: ``python -m authoring.exercises [--check]``

Prose, stubs and answers live in ``solutions/<stem>.ipynb``. Titles, points,
hints and choices live in the question modules and are written into the cells
whose metadata names a question and a part: ``{"gru": {"question":
"ch03.sigmoid", "part": "hints"}}``. nbgrader's own preprocessors then make
``exercises/<stem>.ipynb``. The same sources give the same bytes.
"""

import argparse
import ast
import copy
import sys
from pathlib import Path

from nbconvert.preprocessors import TagRemovePreprocessor
from nbgrader.nbgraderformat import ValidationError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    LockCells,
)

from authoring.normal_form import NotebookError, normalised, read, to_text, write
from gru_checks.calling import COURSE_PACKAGES
from gru_checks.registry import assignments

ROOT = Path(__file__).resolve().parent.parent
WORKED = "worked-solution"
"""Tag of the cells that an exercise does not have."""
PARTS = ("title", "task", "choices", "answer", "hints", "check", "worked")
"""Parts of a question, in the order in which they stand in the notebook."""
OPTIONAL_PARTS = ("choices",)
FOLDED = {"code_prompt_show": "Show the answer", "code_prompt_hide": "Hide the answer"}
"""Names of the button that opens an answer on the solution's page."""
WHERE_THE_SOLUTION_IS = (
    "When you have tried every question, compare with the [worked solution](../solutions/{stem}.ipynb): it also says"
    " why the usual wrong ways are wrong."
)


class ExerciseError(Exception):
    """A solution notebook and its question module do not fit; the message says where."""


def main(arguments=None):
    """Write the exercises, or check that they are what the solutions give.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the command line by default.

    Returns
    -------
    int
        0 if all is well, 1 if a file differs or cannot be made.
    """
    parser = argparse.ArgumentParser(prog="python -m authoring.exercises", description=__doc__.split("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a file would change")
    options = parser.parse_args(arguments)
    all_well = True
    for assignment in assignments():
        try:
            for path, text in generated(assignment, ROOT).items():
                same = path.exists() and path.read_text(encoding="utf-8") == text
                print(f"{path.relative_to(ROOT)}: {'as it should be' if same else _differs(options.check)}")
                if not same and not options.check:
                    write(path, text)
                all_well &= same or not options.check
        except (ExerciseError, NotebookError) as error:
            all_well = False
            print(f"solutions/{assignment.stem}.ipynb: {error}")
    return 0 if all_well else 1


def _differs(checking):
    return "differs; `python -m authoring.exercises` writes it" if checking else "written"


def generated(assignment, root):
    """Give the text of the two notebooks of an assignment.

    Parameters
    ----------
    assignment : Assignment
    root : pathlib.Path
        Folder that holds solutions/ and exercises/.

    Returns
    -------
    dict of str
        Text by path: the solution with its generated cells, then the exercise.

    Raises
    ------
    ExerciseError, NotebookError
    """
    path = root / "solutions" / f"{assignment.stem}.ipynb"
    solution = with_generated_cells(read(path)[0], assignment)
    exercise = exercise_from(solution, assignment)
    return {
        path: to_text(normalised(solution)),
        root / "exercises" / path.name: to_text(normalised(exercise, outputs=False)),
    }


def with_generated_cells(notebook, assignment):
    """Fill the cells that the question modules own, and set nbgrader's metadata.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A solution; left as it is.
    assignment : Assignment

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ExerciseError
        If a part of a question is missing, or stands in the wrong place.
    """
    notebook = copy.deepcopy(notebook)
    cells = {}
    for cell in notebook.cells:
        marks = cell.metadata.get("gru", {})
        if "part" in marks:
            cells.setdefault(marks.get("question"), []).append((marks["part"], cell))
    _require_parts(cells, assignment)
    _require_ends(notebook.cells)
    _require_imports(notebook.cells, assignment)
    for part, cell in cells[None]:
        if part == "head":
            cell.source = _head(assignment, "Solution")
        elif part == "progress":
            cell.source = f'progress("{assignment.stem}")'
    notebook.cells[-2].source = _end(assignment)
    for number, question in enumerate(assignment.questions, 1):
        for part, cell in cells[question.id]:
            _fill(cell, part, number, question)
    return notebook


def exercise_from(solution, assignment):
    """Cut the answers out of a solution, with nbgrader's own preprocessors.

    Parameters
    ----------
    solution : nbformat.NotebookNode
        Left as it is.
    assignment : Assignment

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ExerciseError
        If an answer stands at the top level of a cell: the exercise would stop there.
    """
    exercise, resources = copy.deepcopy(solution), {}
    for preprocessor in (
        TagRemovePreprocessor(remove_cell_tags={WORKED}, enabled=True),
        LockCells(),
        ClearSolutions(),
        ClearOutput(),
        ClearHiddenTests(),
        ClearMarkScheme(),
        CheckCellMetadata(),
    ):
        try:
            exercise, resources = preprocessor.preprocess(exercise, resources)
        except (RuntimeError, ValidationError) as error:
            raise ExerciseError(f"nbgrader refuses it: {error}") from error
    for cell in exercise.cells:
        part = cell.metadata.get("gru", {}).get("part")
        if part == "head":
            cell.source = _head(assignment, "Exercise")
        elif part == "answer":
            del cell.metadata["tags"], cell.metadata["mystnb"]
        if cell.cell_type == "code" and any(isinstance(node, ast.Raise) for node in ast.parse(cell.source).body):
            raise ExerciseError(f"a solution region stands at the top level of the cell {cell.source[:60]!r}")
    exercise.cells[-2].source = _end(assignment, WHERE_THE_SOLUTION_IS.format(stem=assignment.stem))
    return exercise


def without_solution(exercise, assignment):
    """Say at the end of an exercise, in place of a link, that the teacher has the solution.

    Parameters
    ----------
    exercise : nbformat.NotebookNode
        Left as it is.
    assignment : Assignment

    Returns
    -------
    nbformat.NotebookNode
    """
    exercise = copy.deepcopy(exercise)
    exercise.cells[-2].source = _end(assignment, "Your teacher has a worked solution to compare with.")
    return exercise


def _require_parts(cells, assignment):
    if [part for part, _ in cells.get(None, ())] != ["head", "progress"]:
        raise ExerciseError("it needs one cell marked head, at the beginning, and one marked progress, at the end")
    ids = [id for id in cells if id is not None]
    wanted = [question.id for question in assignment.questions]
    if ids != wanted:
        raise ExerciseError(f"its questions are {', '.join(ids)}; the module has {', '.join(wanted)}")
    for question in assignment.questions:
        parts = [part for part, _ in cells[question.id]]
        expected = [part for part in PARTS if part not in OPTIONAL_PARTS or question.kind == "choice"]
        if parts != expected:
            raise ExerciseError(f"{question.id} has the parts {', '.join(parts)}; {', '.join(expected)} are needed")


def _require_ends(cells):
    ends = [cell.metadata.get("gru", {}).get("part") for cell in (cells[0], cells[-1])]
    if ends != ["head", "progress"]:
        raise ExerciseError("its first cell must be the head and its last one the progress")
    if cells[-2].cell_type != "markdown" or "part" in cells[-2].metadata.get("gru", {}):
        raise ExerciseError("a text must stand before the progress; what it says is written into it")


def _require_imports(cells, assignment):
    """Refuse a notebook that offers its reader a package whose use would make an answer worthless."""
    allowed = {"gru_checks", *assignment.imports}
    for cell in cells:
        if cell.cell_type == "code":
            for name in sorted(_imported(cell.source) & set(COURSE_PACKAGES) - allowed):
                raise ExerciseError(f"a cell imports {name}, which answers of this assignment may not use")


def _imported(source):
    """Name the packages that a cell imports."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return {name.partition(".")[0] for name in names}


def _fill(cell, part, number, question):
    name = question.id.replace(".", "-").replace("_", "-")
    if part == "title":
        cell.source = f"## {number}. {question.title} ({_points(question.points)})"
    elif part == "choices":
        cell.source = "\n".join(f"- **{letter}**: {text}" for letter, text in question.choices.items())
    elif part == "hints":
        cell.source = "\n\n".join(_folded(f"Hint {place}", hint) for place, hint in enumerate(question.hints, 1))
    elif part == "check":
        cell.source = f'check("{question.id}")'
        cell.metadata["nbgrader"] = _nbgrader(f"{name}-check", grade=True, locked=True, points=question.points)
    elif part == "answer":
        _require_stub(cell.source, question)
        cell.metadata["nbgrader"] = _nbgrader(f"{name}-answer", solution=True)
        # On the site: whoever opens the page is not told at once. On paper answers are shown (course.css).
        cell.metadata |= {"tags": ["answer", "hide-input"], "mystnb": FOLDED}
    elif part == "worked":
        # nbgrader knows no Markdown that is a solution and not graded by hand; solutions/nbgrader_config.py drops it.
        cell.metadata.pop("nbgrader", None)
        cell.metadata["tags"] = [WORKED]
        if not cell.source.startswith("<details>"):
            cell.source = _folded("Why", cell.source)


def _head(assignment, what):
    name = f"{assignment.title[0].lower()}{assignment.title[1:]}"
    back = [f"- **Exercise**: [{name}, without the answers](../exercises/{assignment.stem}.ipynb)"]
    return "\n".join(
        [
            f"# {what}: {name}",
            "",
            f"- **What it trains**: {assignment.trains}",
            *(back if what == "Solution" else ()),
            f"- **Chapter**: [{assignment.title}](../book/{assignment.stem}.ipynb)",
            f"- **Time**: about {assignment.minutes} minutes",
            f"- **Difficulty**: {assignment.difficulty}",
            f"- **Points**: {assignment.points}",
        ]
    )


def _end(assignment, solution=""):
    """Give the text before the progress; without a word on the solution for nbgrader, which releases that text."""
    return (
        "## How far you are\n\n"
        "Run the next cell to see all your points. Then save the notebook under the name it has: this file is what you"
        f" hand in.\n\n**What comes next.** {assignment.next_step} {solution}".rstrip()
    )


def _points(count):
    return f"{count} point{'' if count == 1 else 's'}"


def _folded(summary, text):
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def _require_stub(source, question):
    """Refuse a stub that is not called as the question says, since feedback names what it is given."""
    wanted = ast.ClassDef if question.kind == "class" else ast.FunctionDef
    body = ast.parse(source).body
    stub = next((node for node in body if isinstance(node, wanted) and node.name == question.answer), None)
    if stub is None:
        raise ExerciseError(f"{question.id}: its answer cell does not define {question.answer}")
    if question.kind == "class":
        stub = next((node for node in stub.body if getattr(node, "name", "") == "__init__"), None)
    names = tuple(argument.arg for argument in stub.args.args if argument.arg != "self") if stub else ()
    if names != question.parameters:
        raise ExerciseError(
            f"{question.id}: {question.answer} takes {', '.join(names)}; its reference takes"
            f" {', '.join(question.parameters)}"
        )


def _nbgrader(grade_id, *, grade=False, solution=False, locked=False, points=None):
    marks = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return marks | ({"points": points} if grade else {})


if __name__ == "__main__":
    sys.exit(main())
