"""The assignment is told from the content where no name tells it; the names of learning platforms are understood."""

from dataclasses import replace

import pytest

from gru_grader.download_names import Downloaded, downloaded
from gru_grader.recognition import recognise
from gru_grader.submissions import find
from tests.grader.bank import ASSIGNMENT, RIGHT, STEM, cells, notebook_text

OTHER = replace(
    ASSIGNMENT,
    stem="other",
    questions=tuple(
        replace(question, id=f"other.{answer}", answer=answer)
        for question, answer in zip(ASSIGNMENT.questions[:3], ("double", "cube", "halve"), strict=True)
    ),
)
ASSIGNMENTS = [ASSIGNMENT, OTHER]


def written(path, sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook_text(sources))
    return path


@pytest.mark.parametrize(
    ("sources", "stem"),
    [
        (cells(RIGHT), STEM),
        (['check("other.cube")'], "other"),
        (["check( 'other.cube' )"], "other"),
        (['check("sums.double")\ncheck("other.cube")'], None),
        (['check("nobody.knows")'], None),
        (['mycheck("other.cube")'], None),
        (["def cube(x):\n    return x\n\ndef halve(x):\n    return x"], "other"),
        (["def double(x):\n    return x", "def cube(x):\n    return x", "class halve:\n    pass"], "other"),
        (["def cube(x):\n    return x"], None),
        (["def cube(x):\n    return x", "def halve(x):\n    return x", "def square(x):\n    return x"], None),
        (["x = 1"], None),
    ],
)
def test_checks_tell_it_or_else_the_functions(tmp_path, sources, stem):
    assert recognise(written(tmp_path / "a.ipynb", sources), ASSIGNMENTS) == stem


def test_what_is_no_notebook_is_not_recognised(tmp_path):
    (tmp_path / "a.ipynb").write_text("no")
    assert recognise(tmp_path / "a.ipynb", ASSIGNMENTS) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("doejane_512_90344_ch03.ipynb", Downloaded("doejane_512", "ch03.ipynb", 90344)),
        ("doejane_LATE_512_90344_my_work-2.ipynb", Downloaded("doejane_512", "my_work-2.ipynb", 90344)),
        ("Jane Doe_4711_assignsubmission_file_", Downloaded("Jane Doe_4711", "")),
        ("Jane_Ann Doe_4711_assignsubmission_file_a.ipynb", Downloaded("Jane_Ann Doe_4711", "a.ipynb")),
        ("Jane Doe_4711_assignsubmission_onlinetext_", Downloaded("Jane Doe_4711", "")),
        ("anna_ch03.ipynb", None),
        ("anna", None),
        ("anna_2024_ch03.ipynb", None),
    ],
)
def test_the_names_of_canvas_and_moodle(name, expected):
    assert downloaded(name) == expected


def found(folder, **options):
    submissions, unplaced, _ = find(
        str(folder), [STEM, "other"], recognise=lambda path: recognise(path, ASSIGNMENTS), **options
    )
    placed = [(s.student, s.stem, s.path.removeprefix(f"{folder}/")) for s in submissions]
    return placed, {item.path: (item.student, item.reason) for item in unplaced}


def test_a_download_from_canvas(tmp_path):
    written(tmp_path / f"doejane_LATE_512_90344_{STEM}-1.ipynb", ["x"])
    written(tmp_path / "roe_513_90345_Untitled.ipynb", cells(RIGHT))
    written(tmp_path / "poe_514_90346_Untitled.ipynb", ["x = 1"])
    (tmp_path / "coe_515_90347_essay.pdf").write_text("%PDF")
    placed, unplaced = found(tmp_path)
    assert [entry[:2] for entry in placed] == [("doejane_512", STEM), ("roe_513", STEM)]
    assert unplaced == {
        "coe_515_90347_essay.pdf": ("coe_515", "it is no notebook"),
        "poe_514_90346_Untitled.ipynb": (
            "poe_514",
            "neither its name nor its content says which assignment it answers; with --assignment ASSIGNMENT a"
            " student's only notebook is taken for it all the same",
        ),
    }
    placed, unplaced = found(tmp_path, assignment=STEM)
    assert [entry[0] for entry in placed] == ["doejane_512", "poe_514", "roe_513"]
    assert unplaced.keys() == {"coe_515_90347_essay.pdf"}


def test_a_download_from_moodle(tmp_path):
    written(tmp_path / "Jane Doe_4711_assignsubmission_file_" / f"{STEM}.ipynb", ["x"])
    (tmp_path / "Jane Doe_4711_assignsubmission_onlinetext_").mkdir()
    written(tmp_path / "Bo Ek_4712_assignsubmission_file_work.ipynb", cells(RIGHT))
    placed, unplaced = found(tmp_path)
    assert [entry[:2] for entry in placed] == [("Bo Ek_4712", STEM), ("Jane Doe_4711", STEM)]
    assert unplaced == {"Jane Doe_4711_assignsubmission_onlinetext_": ("", "there is no notebook in it")}


def test_content_places_what_a_name_does_not(tmp_path):
    written(tmp_path / "anna" / "homework.ipynb", cells(RIGHT))
    written(tmp_path / "bo.ipynb", ['check("other.cube")'])
    written(tmp_path / "notes.ipynb", ["x = 1"])
    placed, unplaced = found(tmp_path)
    assert placed == [("anna", STEM, "anna/homework.ipynb"), ("bo", "other", "bo.ipynb")]
    assert unplaced.keys() == {"notes.ipynb"}
    assert unplaced["notes.ipynb"][0] == ""
    assert [entry[:2] for entry in found(tmp_path, assignment="other")[0]] == [("bo", "other")]


def test_a_name_counts_more_than_the_content(tmp_path):
    written(tmp_path / "anna" / "other.ipynb", cells(RIGHT))
    assert found(tmp_path)[0] == [("anna", "other", "anna/other.ipynb")]
