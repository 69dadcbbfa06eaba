"""The exercises: generated from the solutions to the byte, and an untouched one runs from top to bottom."""

import ast
import copy
import dataclasses
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from authoring import exercises
from authoring.execution import execute
from gru_checks.registry import assignments

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = assignments()
by_stem = pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda assignment: assignment.stem)


def read(folder, assignment):
    return nbformat.read(ROOT / folder / f"{assignment.stem}.ipynb", as_version=4)


def parts(notebook):
    return {
        (cell.metadata["gru"].get("question"), cell.metadata["gru"]["part"]): cell
        for cell in notebook.cells
        if "part" in cell.metadata.get("gru", {})
    }


def shown(cell):
    """Text that a cell displays."""
    return "".join(output.get("text", "") or output["data"]["text/plain"] for output in cell.outputs)


@pytest.fixture
def copied(tmp_path):
    """A copy of the two folders, to change."""
    for folder in ("solutions", "exercises"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".*"))
    return tmp_path


def test_no_notebook_without_an_assignment_and_none_missing():
    stems = {assignment.stem for assignment in ASSIGNMENTS}
    for folder in ("solutions", "exercises"):
        assert {path.stem for path in (ROOT / folder).glob("*.ipynb")} == stems


def test_what_is_committed_is_what_is_generated(capsys):
    assert exercises.main(["--check"]) == 0, capsys.readouterr().out


@by_stem
def test_a_changed_byte_is_found_and_repaired(assignment, copied, monkeypatch, capsys):
    monkeypatch.setattr(exercises, "ROOT", copied)
    monkeypatch.setattr(exercises, "assignments", lambda: [assignment])
    path = copied / "exercises" / f"{assignment.stem}.ipynb"
    right = path.read_bytes()
    path.write_bytes(right.replace(b"import numpy", b"import  numpy", 1))
    assert exercises.main(["--check"]) == 1
    assert "differs; `python -m authoring.exercises` writes it" in capsys.readouterr().out
    assert exercises.main([]) == 0
    assert path.read_bytes() == right
    path.unlink()
    assert exercises.main(["--check"]) == 1
    assert exercises.main([]) == 0 and path.read_bytes() == right


@by_stem
def test_titles_points_and_hints_come_from_the_question_module(assignment, copied):
    question = dataclasses.replace(assignment.questions[0], title="Another title", points=7, hints=("New one", "Two"))
    changed = dataclasses.replace(assignment, questions=(question, *assignment.questions[1:]))
    for text in exercises.generated(changed, copied).values():
        for words in ("1. Another title (7 points)", "New one", f"**Points**: {changed.points}"):
            assert words in text
        checks = [c for c in json.loads(text)["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]
        assert checks[0]["metadata"]["nbgrader"]["points"] == 7


def broken(assignment, change):
    notebook = copy.deepcopy(read("solutions", assignment))
    change(notebook, parts(notebook))
    return notebook


def without(key):
    return lambda notebook, cells: notebook.cells.remove(cells[key])


def at_top_level(notebook, cells):
    cell = cells["ch03.reading", "answer"]
    lines = [line for line in cell.source.splitlines() if "SOLUTION" not in line]
    cell.source = "\n".join(["### BEGIN SOLUTION", *lines, "### END SOLUTION"])


def unended(notebook, cells):
    cell = cells["ch03.reading", "answer"]
    cell.source = cell.source.replace("### END SOLUTION", "")


def renamed(notebook, cells):
    cells["ch03.latch", "answer"].source = "def other():\n    return 1"


def other_parameters(notebook, cells):
    cell = cells["ch03.half_life", "answer"]
    cell.source = cell.source.replace("def half_life(z)", "def half_life(gate)")


def before_the_head(notebook, cells):
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("Hello."))


def after_the_progress(notebook, cells):
    notebook.cells.append(nbformat.v4.new_markdown_cell("Bye."))


def no_text_before_the_progress(notebook, cells):
    del notebook.cells[-2]


def importing(line):
    return lambda notebook, cells: notebook.cells.insert(2, nbformat.v4.new_code_cell(line))


FAULTS = [
    (other_parameters, "half_life takes gate; its reference takes z"),
    (before_the_head, "its first cell must be the head"),
    (no_text_before_the_progress, "a text must stand before the progress"),
    (after_the_progress, "its last one the progress"),
    (importing("import numpy as np, gru_ref.gates as g"), "a cell imports gru_ref, which"),
    (importing("from gru_ref import sigmoid"), "answers of this assignment may not use"),
    (without(("ch03.latch", "hints")), "ch03.latch has the parts"),
    (without((None, "head")), "one cell marked head"),
    (without((None, "progress")), "one cell marked head"),
    (renamed, "ch03.latch: its answer cell does not define latch_weights"),
    (at_top_level, "a solution region stands at the top level"),
    (unended, "nbgrader refuses it: no end solution statement found"),
]


@pytest.mark.parametrize(("change", "sentence"), FAULTS, ids=[sentence for _, sentence in FAULTS])
def test_a_solution_that_does_not_fit_its_module_is_refused(change, sentence):
    assignment = next(found for found in ASSIGNMENTS if found.stem == "ch03-update-gate")
    with pytest.raises(exercises.ExerciseError, match=re.escape(sentence)):
        solution = exercises.with_generated_cells(broken(assignment, change), assignment)
        exercises.exercise_from(solution, assignment)


@by_stem
def test_a_broken_solution_is_reported_and_not_a_traceback(assignment, copied, monkeypatch, capsys):
    monkeypatch.setattr(exercises, "ROOT", copied)
    monkeypatch.setattr(exercises, "assignments", lambda: [assignment])
    (copied / "solutions" / f"{assignment.stem}.ipynb").write_text("{")
    assert exercises.main([]) == 1
    assert "it is not a notebook" in capsys.readouterr().out


@by_stem
def test_the_exercise_holds_no_answer(assignment):
    text = (ROOT / "exercises" / f"{assignment.stem}.ipynb").read_text()
    assert "SOLUTION" not in text and '"worked"' not in text and exercises.WORKED not in text
    solution, exercise = parts(read("solutions", assignment)), parts(read("exercises", assignment))
    assert set(solution) - set(exercise) == {(question.id, "worked") for question in assignment.questions}
    for question in assignment.questions:
        solved = solution[question.id, "answer"].source
        (region,) = re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END SOLUTION", solved, re.S)
        assert region.strip() not in text.encode().decode("unicode_escape")
        assert "raise NotImplementedError()" in exercise[question.id, "answer"].source


@by_stem
def test_exercise_and_solution_lead_to_each_other(assignment):
    solution, exercise = read("solutions", assignment).cells, read("exercises", assignment).cells
    assert f"[worked solution](../solutions/{assignment.stem}.ipynb)" in exercise[-2].source
    assert assignment.next_step in exercise[-2].source
    assert f"(../exercises/{assignment.stem}.ipynb)" in solution[0].source
    # nbgrader releases this text to a class, which has no folder of solutions.
    assert "../solutions" not in "".join(cell.source for cell in solution)


@by_stem
def test_the_answers_of_a_solution_are_folded_and_the_stubs_of_an_exercise_are_not(assignment):
    solution, exercise = parts(read("solutions", assignment)), parts(read("exercises", assignment))
    for question in assignment.questions:
        assert solution[question.id, "answer"].metadata["tags"] == ["answer", "hide-input"]
        assert not {"tags", "mystnb"} & set(exercise[question.id, "answer"].metadata)
        why = solution[question.id, "worked"].source
        assert why.startswith("<details>\n<summary>Why</summary>\n\n") and why.count("<details>") == 1
        assert why.endswith("\n\n</details>")


@by_stem
def test_every_cell_of_a_question_is_there_in_both(assignment):
    exercise = parts(read("exercises", assignment))
    for question in assignment.questions:
        assert exercise[question.id, "check"].source == f'check("{question.id}")'
        hints = exercise[question.id, "hints"].source
        assert hints.count("<details>") == hints.count("</details>") == 2
        assert "<summary>Hint 1</summary>" in hints and "<summary>Hint 2</summary>" in hints
        (function,) = ast.parse(exercise[question.id, "answer"].source).body
        assert function.name == question.answer and ast.get_docstring(function)
    head = exercise[None, "head"].source
    for words in ("What it trains", f"about {assignment.minutes} minutes", "Difficulty", f"{assignment.points}"):
        assert words in head


@by_stem
def test_nbgrader_metadata_locks_the_checks_and_carries_the_points(assignment):
    notebook = read("exercises", assignment)
    for question in assignment.questions:
        cells = parts(notebook)
        check, answer = cells[question.id, "check"].metadata, cells[question.id, "answer"].metadata
        assert check["nbgrader"]["points"] == question.points
        assert (check["editable"], check["deletable"]) == (False, False)
        assert check["nbgrader"]["grade"] and check["nbgrader"]["locked"] and not check["nbgrader"]["solution"]
        assert answer["nbgrader"]["solution"] and not answer["nbgrader"]["grade"]
        assert check["nbgrader"]["schema_version"] == answer["nbgrader"]["schema_version"] == 3
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


@pytest.mark.slow
@by_stem
def test_an_untouched_exercise_runs_and_every_check_says_that_nothing_is_there_yet(assignment, tmp_path):
    done = execute(read("exercises", assignment), tmp_path)
    cells = parts(done)
    for question in assignment.questions:
        text = shown(cells[question.id, "check"])
        assert text.startswith("○ Not attempted yet: ") and f"(0 of {question.points} point" in text
    assert f"0 of {assignment.points} points" in shown(cells[None, "progress"])
    assert all(output.output_type == "display_data" for cell in done.cells for output in cell.get("outputs", ()))


@pytest.mark.slow
@by_stem
def test_with_only_the_checks_run_every_answer_is_not_defined_yet(assignment, tmp_path):
    notebook = read("exercises", assignment)
    answers = [cell for (_, part), cell in parts(notebook).items() if part == "answer"]
    notebook.cells = [cell for cell in notebook.cells if cell not in answers]
    cells = parts(execute(notebook, tmp_path))
    for question in assignment.questions:
        assert shown(cells[question.id, "check"]).startswith("○ Not defined yet: ")


@by_stem
def test_the_stored_solution_shows_full_points(assignment):
    cells = parts(read("solutions", assignment))
    for question in assignment.questions:
        assert shown(cells[question.id, "check"]).startswith("✓ Right: ")
    assert f"{assignment.points} of {assignment.points} points" in shown(cells[None, "progress"])
