"""The comparison of graders measures what it says: every part of it but the time."""

import re
from pathlib import Path

import numpy as np
import pytest

from authoring import bench_grader, cheats, five_questions, other_graders
from authoring.bench_grader import Contender
from authoring.our_grader import Failed, Ours, Run, held_by_a_child
from gru_checks.question import inputs, public_inputs
from tests.grader.bank import ASSIGNMENT, NAMES, RIGHT, WRONG

ROOT = Path(__file__).resolve().parents[2]


def fails(lines, answers):
    """Whether a test of those written for other graders fails."""
    namespace = {"np": np}
    exec("\n".join([*answers.values(), ""]), namespace)
    try:
        exec("\n".join(lines), namespace)
    except (AssertionError, ValueError):
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_for_other_graders_tell_right_from_wrong(name):
    shown, hidden = five_questions.tests(name)
    assert len(shown) == 1 and len(hidden) == 2
    for line in (*shown, *hidden):
        assert not fails([line], RIGHT) and fails([line], WRONG)


def test_a_notebook_is_handed_in_with_answers_a_trick_and_tags():
    handout = five_questions.ours()
    notebook = five_questions.handed_in(handout, RIGHT, before=["trick = 1"], tags=["tag"])
    sources = [cell.source for cell in notebook.cells]
    assert sources[0].startswith("import numpy") and sources[1] == "trick = 1"
    assert [source for source in sources if source.startswith("def ")] == list(RIGHT.values())
    assert all(cell.metadata["tags"] == ["tag"] for cell in notebook.cells)
    assert len(handout.cells) == len(notebook.cells) - 1, "the handout itself is left alone"
    del handout.cells[1]
    with pytest.raises(ValueError, match="no cell for double"):
        five_questions.handed_in(handout, RIGHT)


def test_what_is_looked_up_is_right_for_all_inputs_that_can_be_known():
    namespace = {"np": np}
    exec(cheats.KNOWN, namespace)
    for question in ASSIGNMENT.questions:
        for case in public_inputs(question):
            (x,) = case.call.arguments
            np.testing.assert_array_equal(namespace["known"][x.tobytes()], question.reference(x))
        for case in inputs(question, "a grading's"):
            assert case.call.arguments[0].tobytes() not in namespace["known"]
    looking_up = next(cheat for cheat in cheats.CHEATS if cheats.KNOWN in cheat.before)
    for name in NAMES:
        shown, hidden = five_questions.tests(name)
        assert not fails([*shown, *hidden], {"known": cheats.KNOWN, **looking_up.answers})


def test_the_shortest_times_count_and_the_start_is_told_from_the_rest():
    times = iter([(3.0, 2.0), (7.0, 6.5), (2.0, 2.5), (9.0, 6.0)])

    def grade(number):
        return Run(*next(times), {f"s{n}": 10.0 for n in range(number)})

    (row,) = bench_grader.contest([Contender("one", 1, grade, (1, 5), 5)], rounds=2)
    assert (row["start_seconds"], row["start_cpu"]) == (2.0, 2.0)
    assert (row["seconds"], row["cpu"]) == (7.0 / 5, 6.0 / 5)
    assert (row["further_seconds"], row["further_cpu"]) == ((7.0 - 2.0) / 4, (6.0 - 2.0) / 4)


@pytest.mark.parametrize("points", [{}, {"s0": None}, {"s0": 0.0}, {"s0": 10.0, "s1": 10.0}])
def test_a_run_that_fails_is_not_taken_for_a_fast_one(points):
    with pytest.raises(Failed):
        bench_grader.contest([Contender("one", 1, lambda number: Run(0.1, 0.1, points), (1,), 1)], rounds=1)


def test_the_table_gives_rates_and_ratios():
    ours = {"grader": "ours", "workers": 2, "seconds": 0.1, "cpu": 0.05}
    ours |= {"start_seconds": 1.0, "start_cpu": 0.5, "further_seconds": 0.02, "further_cpu": 0.01}
    theirs = {"grader": "theirs", "workers": 1, "seconds": 4.0, "cpu": 2.0}
    lines = bench_grader.contest_table([ours, theirs]).splitlines()
    assert lines[2:] == [
        "| ours | 2 | 10 | 50 ms | 1.0 | 50 | 10 ms | 1.0 |",
        "| theirs | 1 | 0.25 | 2,000 ms | 40 | 0.25 | 2,000 ms | 200 |",
    ]
    assert {line.count("|") for line in lines} == {9}


def test_a_difference_that_is_none_is_no_rate():
    row = {"grader": "ours", "workers": 1, "seconds": 0.1, "cpu": 0.05, "further_seconds": -0.01, "further_cpu": 0.02}
    assert "| lost in the noise | 20 ms |" in bench_grader.contest_table([row])


def test_the_table_of_tricks_tells_no_result_from_no_points():
    rows = [{"name": "a trick", "points": {"ours": 0.0, "theirs": None, "others": 6.0}}]
    assert bench_grader.tampering_table(rows).splitlines()[2:] == ["| a trick | 0 | no result | 6 |"]


def test_the_table_of_growing_classes():
    rows = [{"submissions": 1000, "seconds": 20.0, "cpu": 15.0, "parent_mib": 45.6}]
    assert bench_grader.growth_table(rows).splitlines()[2:] == ["| 1,000 | 20.0 | 20 ms | 15 ms | 46 MiB |"]


def test_where_otter_cannot_be_installed_it_is_left_out_with_a_line(tmp_path, monkeypatch, capsys):
    def fail(command, **options):
        raise Failed("pip: status 1\nERROR: no network")

    monkeypatch.setattr(bench_grader, "ROOT", tmp_path)
    monkeypatch.setattr(bench_grader, "Nbgrader", lambda: "nbgrader")
    monkeypatch.setattr(other_graders.venv, "create", lambda folder, **options: folder.mkdir(parents=True))
    monkeypatch.setattr(other_graders, "measured", fail)
    assert bench_grader.other_graders() == ["nbgrader"]
    assert capsys.readouterr().out == "left out: otter-grader 7.0.0 could not be installed: ERROR: no network\n"
    assert not list(tmp_path.rglob(".finished"))


@pytest.mark.needs("sandbox")
def test_no_trick_earns_a_point_here():
    rows = bench_grader.tampering([Ours()])
    assert [row["points"]["gru-grader"] for row in rows[:2]] == [10, 0]
    assert {row["name"]: row["points"]["gru-grader"] for row in rows[2:]} == {cheat.name: 0 for cheat in cheats.CHEATS}


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize(
    "framework", ["numpy", pytest.param("torch", marks=[pytest.mark.slow, pytest.mark.needs("torch")])]
)
def test_a_child_holds_little_above_the_warm_process(framework):
    held = bench_grader.memory([framework])[framework]
    assert held is None or 0 < held < 10


@pytest.mark.needs("sandbox")
def test_what_a_child_allocates_is_its_own():
    cells = ["import numpy as np", "block = np.ones(2**22)", *RIGHT.values()]
    held = held_by_a_child("numpy", cells)
    assert held is None or 32 < held < 42


@pytest.mark.needs("sandbox")
def test_our_command_is_measured_with_the_memory_of_its_own_process():
    ours = Ours()
    run = ours.grade(bench_grader.copies(ours, 2), jobs=2)
    assert run.points == {"student-00000": 10, "student-00001": 10}
    assert 10 < run.peak < 200 and 0 < run.cpu < 2.5 * run.wall


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_nbgrader_is_driven_as_its_users_do():
    patched = next(cheat for cheat in cheats.CHEATS if "patched" in cheat.name)
    rows = bench_grader.tampering([other_graders.Nbgrader()], [*cheats.CONTROLS, patched])
    assert [row["points"]["nbgrader"] for row in rows] == [10, 0, 10]


def test_the_page_has_the_tables():
    page = (ROOT / "book" / "grading.md").read_text(encoding="utf-8")
    section = page.partition("\n## Beside other graders\n")[2].partition("\n## ")[0]
    tricks = re.findall(r"^\| (.+) \| (\d+) \| (\d+|no result) \| (\d+|no result) \|$", section, re.MULTILINE)
    assert [trick[:2] for trick in tricks] == [
        ("right answers, no trick", "10"),
        ("wrong answers, no trick", "0"),
        *((cheat.name, "0") for cheat in cheats.CHEATS),
    ]
    head = bench_grader.contest_table(
        [{"grader": "", "workers": 1, "seconds": 1, "cpu": 1, "further_cpu": 1, "further_seconds": 1}]
    )
    assert head.splitlines()[0] in section
