"""The usual layouts of handed-in notebooks, and what is said about what fits none of them."""

import errno
import os

import pytest

from gru_grader import results, tables
from gru_grader.submissions import RESERVED, find, look_alikes

STEMS = ["ch03-update-gate", "ch03"]


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def found(folder, **options):
    submissions, unplaced, _ = find(str(folder), STEMS, **options)
    placed = [(s.student, s.stem, s.path.removeprefix(f"{folder}/")) for s in submissions]
    return placed, {item.path: item.reason for item in unplaced}


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


def test_what_lies_beside_nbgrader_s_folder_is_named(tmp_path):
    """A student or a teacher may have called a folder so; then the others would not be graded, without a word."""
    make(tmp_path, "submitted/anna/ch03/x.ipynb", "bo/ch03.ipynb", "cy_ch03.ipynb", "notes/list.csv")
    make(
        tmp_path, "source/ch03/ch03.ipynb", "release/ch03/ch03.ipynb", "autograded/anna/ch03/x.ipynb", ".cache/x.ipynb"
    )
    placed, unplaced = found(tmp_path)
    assert [student for student, _, _ in placed] == ["anna"]
    assert unplaced.keys() == {"bo", "cy_ch03.ipynb"}
    assert set(unplaced.values()) == {
        "it lies beside submitted, where nbgrader collects what is graded; move it into that, or rename that"
    }


def test_a_flat_folder(tmp_path):
    make(tmp_path, "anna_ch03-update-gate.ipynb", "Bo Ek - ch03_update_gate-2.ipynb", "ch03-update-gate.ipynb", "x.txt")
    placed, unplaced = found(tmp_path)
    assert [(student, stem) for student, stem, _ in placed] == [
        ("Bo Ek", "ch03-update-gate"),
        ("anna", "ch03-update-gate"),
    ]
    assert unplaced == {
        "ch03-update-gate.ipynb": "its name does not say whose it is; if this is the folder of one student, "
        "give the folder above it"
    }


@pytest.mark.parametrize(
    "name, student",
    [
        ("bo_ch03_final", "bo"),
        ("bo_ch03_my final version", "bo"),
        ("bo_ch03 (solutions) v2", "bo"),
        ("bo_ch03-Copy1", "bo"),
        ("bo_ch03_the gru is great", "bo"),
        ("my ch03 bo", "bo"),
        ("HW 1 - ch03 - Bo Ek", "Bo Ek"),
        ("1_ch03_bo", "bo"),
        ("hw12 2026_ch03_bo", "bo"),
        ("assignment 12 - ch03 - bo", "bo"),
        ("20481_ch03_bo", "20481"),
        ("2048_ch03_final", "2048"),
        ("ch03_bo", "bo"),
        ("my ch03", "my"),
        ("ch03 final", "final"),
    ],
)
def test_words_around_an_assignment_are_no_student(tmp_path, name, student):
    """Or else two students would be one called "final", and only one of them would be graded."""
    make(tmp_path, f"{name}.ipynb")
    assert found(tmp_path)[0] == [(student, "ch03", f"{name}.ipynb")]
    (tmp_path / f"{name}.ipynb").rename(tmp_path / f"{name}.zip")
    (archive,) = find(str(tmp_path), STEMS).unplaced
    assert archive.student == student


@pytest.mark.parametrize("name", [" ...ipynb", "\t..ipynb", " _ ...ipynb", "\t.._ch03.ipynb", " .. ch03 .. .ipynb"])
def test_no_name_leads_out_of_the_results(tmp_path, name):
    """A student called ".." would have the result beside the folder of results."""
    make(tmp_path, name)
    placed, unplaced = found(tmp_path, recognise=lambda path: "ch03")
    assert placed == []
    assert unplaced[name].startswith("its name does not say whose it is")


def test_a_student_s_copies(tmp_path):
    make(tmp_path, "anna/ch03-update-gate.ipynb", "anna/ch03-update-gate-Copy1.ipynb", "anna/notes.ipynb")
    placed, unplaced = found(tmp_path)
    assert [path for _, _, path in placed] == ["anna/ch03-update-gate.ipynb"]
    assert unplaced == {
        "anna/ch03-update-gate-Copy1.ipynb": "anna/ch03-update-gate.ipynb is graded as anna's ch03-update-gate",
        "anna/notes.ipynb": "neither its name nor its content says which assignment it answers; rename the one to grade"
        " to ASSIGNMENT.ipynb",
    }


def test_what_macos_adds_to_a_zip_is_no_student(tmp_path):
    make(tmp_path, "anna/ch03.ipynb", "__MACOSX/anna/._ch03.ipynb")
    placed, unplaced = found(tmp_path)
    assert [student for student, *_ in placed] == ["anna"] and not unplaced


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["roe_11_900_ch03-1.ipynb", "roe_11_1200_ch03-2.ipynb"], "roe_11_1200_ch03-2.ipynb"),
        (["roe_11_900_ch03.ipynb", "roe_11_1200_ch03-1.ipynb"], "roe_11_1200_ch03-1.ipynb"),
        (["roe_LATE_11_1200_ch03.ipynb", "roe_11_900_ch03.ipynb"], "roe_LATE_11_1200_ch03.ipynb"),
    ],
)
def test_of_several_files_on_canvas_the_last_counts(tmp_path, names, taken):
    make(tmp_path, *names)
    placed, unplaced = found(tmp_path)
    assert [path for *_, path in placed] == [taken]
    assert list(unplaced.values()) == [f"{taken} is graded as roe_11's ch03"]


def test_a_renamed_only_notebook_of_a_named_assignment(tmp_path):
    make(tmp_path, "anna/homework.ipynb", "bo/one.ipynb", "bo/two.ipynb")
    placed, unplaced = found(tmp_path, assignment="ch03-update-gate")
    assert placed == [("anna", "ch03-update-gate", "anna/homework.ipynb")]
    assert unplaced.keys() == {"bo/one.ipynb", "bo/two.ipynb"}


def test_one_assignment_alone(tmp_path):
    make(tmp_path, "anna/ch03-update-gate.ipynb", "anna/ch03.ipynb")
    assert [stem for _, stem, _ in found(tmp_path, assignment="ch03")[0]] == ["ch03"]
    make(tmp_path, "bo/ch03-update-gate.ipynb", "cy_ch03-update-gate.ipynb")
    only = find(str(tmp_path), STEMS, assignment="ch03")
    assert [submission.student for submission in only.submissions] == ["anna"]
    # That they handed in something is not passed over; that it is for another assignment is no fault.
    assert (only.unplaced, only.elsewhere) == ([], ["bo", "cy"])
    assert not find(str(tmp_path), STEMS).elsewhere


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


def test_a_student_called_like_a_file_of_the_results(tmp_path):
    make(tmp_path, "Summary.csv/ch03.ipynb", "grading.json/ch03.ipynb", "timings.csv_ch03.ipynb", "bo/ch03.ipynb")
    placed, unplaced = found(tmp_path)
    assert [student for student, _, _ in placed] == ["bo"]
    assert unplaced.keys() == {"Summary.csv", "grading.json", "timings.csv_ch03.ipynb"}
    assert all("the results have a file of this name" in reason for reason in unplaced.values())


def test_the_reserved_names_are_those_of_the_files():
    assert set(RESERVED) == {tables.SUMMARY_FILE, tables.TIMINGS_FILE, results.SETTINGS}


def test_a_folder_of_students_is_nobody_s(tmp_path):
    make(
        tmp_path, "section1/anna/ch03.ipynb", "section1/bo/ch03.ipynb", "cy/ch03/x.ipynb", "cy/ch03-update-gate/x.ipynb"
    )
    placed, unplaced = found(tmp_path)
    assert [(student, stem) for student, stem, _ in placed] == [("cy", "ch03"), ("cy", "ch03-update-gate")]
    assert list(unplaced) == ["section1"] and "grade it by itself" in unplaced["section1"]


def test_a_folder_of_one_student_is_nobody_s_either(tmp_path):
    make(tmp_path, "section1/anna/ch03.ipynb", "section2/bo/ch03.ipynb", "section2/cy/ch03.ipynb", "di/ch03.ipynb")
    placed, unplaced = found(tmp_path)
    assert [student for student, _, _ in placed] == ["di"]
    assert unplaced["section1"] == (
        "all that is in it lies in anna: if that is a student, grade section1 by itself; if section1 is the student,"
        " move the notebook out of anna"
    )
    assert "such as bo and cy; grade it by itself" in unplaced["section2"]


def test_a_folder_that_several_students_have_is_no_student(tmp_path):
    make(tmp_path, "anna/homework/ch03.ipynb", "bo/homework/ch03.ipynb", "cy/ch03/x.ipynb", "cy/old/ch03.ipynb")
    placed, unplaced = found(tmp_path)
    paths = [path for _, _, path in placed]
    assert paths == ["anna/homework/ch03.ipynb", "bo/homework/ch03.ipynb", "cy/old/ch03.ipynb"]
    assert list(unplaced) == ["cy/ch03/x.ipynb"]


def test_a_student_s_own_folders_beside_the_notebook(tmp_path):
    make(tmp_path, "anna/ch03.ipynb", "anna/old/ch03.ipynb", "bo/Bo Ek ch03.ipynb", "bo/Bo Ek ch03-Copy1.ipynb")
    placed, unplaced = found(tmp_path)
    assert [path for _, _, path in placed] == ["anna/ch03.ipynb", "bo/Bo Ek ch03.ipynb"]
    assert unplaced.keys() == {"anna/old/ch03.ipynb", "bo/Bo Ek ch03-Copy1.ipynb"}


def test_a_section_is_known_beside_a_notebook_of_its_own(tmp_path):
    make(tmp_path, "section/ch03.ipynb", "section/anna/ch03.ipynb", "section/bo/ch03.ipynb")
    assert found(tmp_path)[0] == [] and "such as anna and bo" in found(tmp_path)[1]["section"]


def test_a_flat_section_is_nobody_s(tmp_path):
    make(tmp_path, "section/anna_ch03.ipynb", "section/bo_ch03.ipynb")
    placed, unplaced = found(tmp_path)
    assert placed == [] and "because of anna_ch03.ipynb and bo_ch03.ipynb; grade it" in unplaced["section"]


def test_drafts_beside_the_notebook_are_the_student_s_own(tmp_path):
    make(tmp_path, "anna/ch03.ipynb", "anna/first ch03.ipynb", "anna/second ch03.ipynb")
    placed, unplaced = found(tmp_path)
    assert [path for _, _, path in placed] == ["anna/ch03.ipynb"] and len(unplaced) == 2


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    make(tmp_path, "anna/ch03.ipynb", "bo/deep/down/ch03.ipynb")
    scandir = os.scandir

    def refuse(path):
        if path.endswith("down"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    placed, unplaced = found(tmp_path)
    assert [student for student, _, _ in placed] == ["anna"]
    assert unplaced == {"bo": "bo/deep/down cannot be read: Permission denied"}


def test_what_lies_too_deep_is_named(tmp_path):
    make(tmp_path, "section/anna/ch03/problem.ipynb", "bo/notes.txt")
    placed, unplaced = found(tmp_path)
    assert placed == []
    assert unplaced == {
        "section": "its notebooks lie too deep, such as anna/ch03/problem.ipynb; grade it by itself",
        "bo": "there is no notebook in it, only notes.txt",
    }


def test_in_nbgrader_s_layout_the_students_are_certain(tmp_path):
    make(
        tmp_path,
        "submitted/anna/ps1/ch03.ipynb",
        "submitted/anna/ps2/ch03-update-gate.ipynb",
        "submitted/bo/x/ch03.ipynb",
    )
    placed, unplaced = found(tmp_path)
    assert [(student, stem) for student, stem, _ in placed] == [
        ("anna", "ch03"),
        ("anna", "ch03-update-gate"),
        ("bo", "ch03"),
    ]
    assert unplaced == {}


def test_a_folder_named_like_an_assignment_is_no_student(tmp_path):
    make(tmp_path, "ch03/problem.ipynb")
    placed, unplaced = found(tmp_path)
    assert placed == [] and "give the folder above it" in unplaced["ch03"]


def test_who_has_nothing_placed_is_known(tmp_path):
    make(tmp_path, "anna/homework.ipynb", "bo/ch03.ipynb", "bo/notes.ipynb")
    unplaced = find(str(tmp_path), ["ch03"]).unplaced
    assert {item.path: item.student for item in unplaced} == {"anna/homework.ipynb": "anna", "bo/notes.ipynb": ""}
    reasons = {item.path: item.reason for item in unplaced}
    assert reasons["anna/homework.ipynb"].endswith(
        "with --assignment ch03 a student's only notebook is taken for it all the same"
    )


@pytest.mark.parametrize("ending", [".IPYNB", ".Ipynb", ".ipynb.txt", ".ipynb.json"])
def test_an_ending_in_capitals_or_with_one_that_a_browser_appended(tmp_path, ending):
    make(tmp_path, f"anna/ch03{ending}", f"bo_ch03{ending}", f"cy/notes/CH03-update-gate{ending}", "di/ch03.json")
    make(tmp_path, f"di/ch03-update-gate{ending}", "di/ch03-update-gate.ipynb")
    placed, unplaced = found(tmp_path)
    assert [(student, stem) for student, stem, _ in placed if student in ("anna", "bo")] == [
        ("anna", "ch03"),
        ("bo", "ch03"),
    ]
    assert ("di", "ch03-update-gate", "di/ch03-update-gate.ipynb") in placed
    assert unplaced.keys() == {"cy", f"di/ch03-update-gate{ending}"}


def test_what_is_no_notebook_is_named_if_it_is_a_student_s(tmp_path):
    make(tmp_path, "anna_ch03.pdf", "bo_ch03.zip", "ch03.html", "class list.csv", "cy/a.doc", "cy/b.doc", "cy/c.doc")
    make(tmp_path, "di/work.RAR", "roe_LATE_513_text.html", "eva_ch03.txt", "eva_ch03.ipynb", "poe_514_link.html")
    (tmp_path / "fay").mkdir()
    submissions, unplaced, _ = find(str(tmp_path), STEMS)
    assert [submission.student for submission in submissions] == ["eva"]
    assert {item.path: (item.student, item.reason) for item in unplaced} == {
        "anna_ch03.pdf": ("anna", "it is no notebook"),
        "bo_ch03.zip": ("bo", "it is an archive, which has to be unpacked"),
        "cy": ("cy", "there is no notebook in it, only a.doc and 2 more"),
        "di": ("di", "there is no notebook in it, only work.RAR, which has to be unpacked"),
        "eva_ch03.txt": ("", "it is no notebook"),
        "fay": ("fay", "there is no notebook in it"),
        "poe_514_link.html": ("poe_514", "it is no notebook"),
        "roe_LATE_513_text.html": ("roe_513", "it is no notebook"),
    }


@pytest.mark.parametrize(
    ("names", "unsure"),
    [
        (["north/ada_ch03.ipynb"], {"north": "north/ada_ch03.ipynb"}),
        (
            ["north/ada_ch03.ipynb", "south/bo_ch03.ipynb"],
            {"north": "north/ada_ch03.ipynb", "south": "south/bo_ch03.ipynb"},
        ),
        (
            ["north/ada_ch03.ipynb", "south/bo_ch03.ipynb", "south/cy_ch03.ipynb"],
            {"north": "north/ada_ch03.ipynb"},
        ),
        (
            ["north/ada_ch03.ipynb", "south/bo/ch03.ipynb", "south/cy/ch03.ipynb", "di/ch03.ipynb"],
            {"north": "north/ada_ch03.ipynb"},
        ),
        # Where one folder is plainly a student's, so are the others.
        (["north/ada_ch03.ipynb", "bo/ch03.ipynb"], {}),
        (["Ada Lovelace/alovelace-ch03.ipynb"], {}),
        (["ada/Ada L ch03.ipynb"], {}),
        (["ada/final copy of ch03.ipynb"], {}),
        (["ada/ch03 (2).ipynb"], {}),
        (["Ada_4711_assignsubmission_file_/work_x_ch03.ipynb"], {}),
        (["submitted/north/ada_ch03/problem.ipynb"], {}),
    ],
)
def test_a_folder_that_may_be_a_section_is_marked(tmp_path, names, unsure):
    make(tmp_path, *names)
    submissions = find(str(tmp_path), STEMS).submissions
    assert submissions
    assert {submission.student: submission.unsure for submission in submissions if submission.unsure} == unsure


def test_names_that_look_alike():
    assert look_alikes(["Jos\u00e9", "Jose\u0301", "jose", "Jose", "bo"]) == [
        ("Jose", "jose"),
        ("Jose\u0301", "Jos\u00e9"),
    ]


def test_names_that_the_table_shows_alike():
    assert look_alikes(["Bo Ek", "Bo  Ek", "Bo\u00a0Ek ", "Bo E"]) == [("Bo  Ek", "Bo Ek", "Bo\u00a0Ek ")]
    assert look_alikes(["bo", "\uff42o", "\u0431o"]) == [("bo", "\uff42o")]
