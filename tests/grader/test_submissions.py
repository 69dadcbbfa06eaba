"""The usual layouts of handed-in notebooks, and what is said about what fits none of them."""

import pytest

from gru_grader.submissions import find

STEMS = ["ch03-update-gate", "ch03"]


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def found(folder, **options):
    submissions, unplaced = find(str(folder), STEMS, **options)
    placed = [(s.student, s.stem, s.path.removeprefix(f"{folder}/")) for s in submissions]
    return placed, {item.path.removeprefix(f"{folder}/"): item.reason for item in unplaced}


def test_a_folder_a_student(tmp_path):
    make(tmp_path, "bo/ch03-update-gate.ipynb", "anna/ch03-update-gate.ipynb", "anna/.ipynb_checkpoints/ch03.ipynb")
    placed, unplaced = found(tmp_path)
    assert placed == [
        ("anna", "ch03-update-gate", "anna/ch03-update-gate.ipynb"),
        ("bo", "ch03-update-gate", "bo/ch03-update-gate.ipynb"),
    ]
    assert unplaced == {}


def test_nbgrader_s_layout(tmp_path):
    make(tmp_path, "submitted/anna/ch03-update-gate/problem.ipynb", "gradebook.db")
    assert found(tmp_path) == (
        [("anna", "ch03-update-gate", "submitted/anna/ch03-update-gate/problem.ipynb")],
        {},
    )


def test_a_flat_folder(tmp_path):
    make(tmp_path, "anna_ch03-update-gate.ipynb", "Bo Ek - ch03_update_gate-2.ipynb", "ch03-update-gate.ipynb", "x.txt")
    placed, unplaced = found(tmp_path)
    assert [(student, stem) for student, stem, _ in placed] == [
        ("Bo Ek", "ch03-update-gate"),
        ("anna", "ch03-update-gate"),
    ]
    assert unplaced == {"ch03-update-gate.ipynb": "its name does not say whose it is"}


def test_a_student_s_copies(tmp_path):
    make(tmp_path, "anna/ch03-update-gate.ipynb", "anna/ch03-update-gate-Copy1.ipynb", "anna/notes.ipynb")
    placed, unplaced = found(tmp_path)
    assert [path for _, _, path in placed] == ["anna/ch03-update-gate.ipynb"]
    assert unplaced == {
        "anna/ch03-update-gate-Copy1.ipynb": "ch03-update-gate.ipynb is graded as anna's ch03-update-gate",
        "anna/notes.ipynb": "its name is that of no assignment",
    }


def test_a_renamed_only_notebook_of_a_named_assignment(tmp_path):
    make(tmp_path, "anna/homework.ipynb", "bo/one.ipynb", "bo/two.ipynb")
    placed, unplaced = found(tmp_path, assignment="ch03-update-gate")
    assert placed == [("anna", "ch03-update-gate", "anna/homework.ipynb")]
    assert unplaced.keys() == {"bo/one.ipynb", "bo/two.ipynb"}


def test_one_assignment_alone(tmp_path):
    make(tmp_path, "anna/ch03-update-gate.ipynb", "anna/ch03.ipynb")
    assert [stem for _, stem, _ in found(tmp_path, assignment="ch03")[0]] == ["ch03"]


def test_links_to_folders_are_not_followed_and_empty_ones_named(tmp_path):
    outside = tmp_path / "outside"
    make(outside, "ch03.ipynb")
    inside = tmp_path / "inside"
    (inside / "bo").mkdir(parents=True)
    (inside / "anna").symlink_to(outside)
    placed, unplaced = found(inside)
    assert placed == []
    assert unplaced == {"anna": "it is a link, which is not followed", "bo": "there is no notebook in it"}


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError):
        find(str(tmp_path / "none"), STEMS)
