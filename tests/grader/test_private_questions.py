"""A teacher's own questions, from a folder of modules."""

import json
import re
from pathlib import Path

import pytest

from gru_checks import registry
from gru_grader import __main__ as command_line
from tests.grader.bank import ASSIGNMENT, STEM, notebook_text

ROOT = Path(__file__).parents[2]
MODULE = """
from _drawing import draw
from gru_checks.question import Part, Question
from gru_checks.registry import Assignment


def triple(x):
    return 3 * x


ASSIGNMENT = Assignment(
    stem="{stem}",
    title="An exam",
    questions=(
        Question(
            id="{chapter}.triple",
            title="Three times",
            points={points},
            answer="triple",
            reference=triple,
            draw=draw,
            returns=(Part("the result"),),
            hints=("Think.", "Think again."),
            page="exam#numbers",
        ),
    ),
    minutes=5,
    difficulty="easy",
    trains="Nothing.",
    next_step="Stop.",
)
"""
NO_DRAW = MODULE.format(stem="exam", chapter="exam", points=4).replace(
    "from _drawing import draw", "def draw(rng):\n    return 1 / 0"
)
EXITING_DRAW = NO_DRAW.replace("return 1 / 0", "raise SystemExit(0)")
UFUNC = MODULE.format(stem="exam", chapter="exam", points=4).replace(
    "reference=triple", "reference=__import__('numpy').exp"
)
PARTIAL_DRAW = MODULE.format(stem="exam", chapter="exam", points=4).replace(
    "draw=draw", "draw=__import__('functools').partial(draw)"
)
DRAWING = """
from gru_checks.calling import Call
from gru_checks.question import Case


def draw(rng):
    return [Case("two rows", Call("triple", (rng.normal(0, 1, (2, 3)),)))]
"""


def bank(folder, stem="exam", chapter="exam", points=4):
    folder.mkdir(exist_ok=True)
    (folder / "_drawing.py").write_text(DRAWING)
    (folder / "numpy.py").write_text(MODULE.format(stem=stem, chapter=chapter, points=points))
    return folder


def grade(tmp_path, *options):
    arguments = ["grade", tmp_path / "in", "--out", tmp_path / "out", "--seed", 7, "--jobs", 1, *options]
    return command_line.main([str(argument) for argument in arguments], assignments=[ASSIGNMENT])


def hand_in(tmp_path, stem):
    path = tmp_path / "in" / "anna" / f"{stem}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(notebook_text(["def triple(x):\n    return x + x + x"]))


@pytest.mark.needs("sandbox")
def test_they_are_graded_beside_the_course_s(tmp_path):
    hand_in(tmp_path, "exam")
    assert grade(tmp_path, "--questions", bank(tmp_path / "bank")) == 0
    record = json.loads((tmp_path / "out" / "anna" / "exam" / "results.json").read_text())
    assert record["score"] == 4
    # The hidden inputs come from a module beside it: another one is another bank.
    (tmp_path / "bank" / "_drawing.py").write_text(DRAWING + "\n# changed\n")
    assert grade(tmp_path, "--questions", tmp_path / "bank") == 0
    again = json.loads((tmp_path / "out" / "anna" / "exam" / "results.json").read_text())
    assert again["extra_data"]["question_bank"] != record["extra_data"]["question_bank"]


@pytest.mark.needs("sandbox")
def test_one_of_the_same_stem_takes_the_place_of_the_course_s(tmp_path):
    hand_in(tmp_path, STEM)
    assert grade(tmp_path, "--questions", bank(tmp_path / "bank", stem=STEM, points=7)) == 0
    assert json.loads((tmp_path / "out" / "anna" / STEM / "results.json").read_text())["score"] == 7


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("exam.py", "1 / 0", "exam.py, line 1: ZeroDivisionError: division by zero"),
        ("exam.py", "import nowhere_to_be_found", "No module named 'nowhere_to_be_found'"),
        ("exam.py", "\nx = (", "exam.py, line 2: SyntaxError: '(' was never closed\n"),
        ("exam.py", "import sys\nsys.exit(0)", "exam.py, line 2: SystemExit: 0"),
        ("exam.py", EXITING_DRAW, "exam.py, line 3: SystemExit: 0"),
        ("exam.py", UFUNC, "exam.triple: reference must be a function that a module defines"),
        ("exam.py", PARTIAL_DRAW, "exam.triple: draw must be a function that a module defines"),
        ("exam.py", "x = 1", "exam.py: it has no ASSIGNMENT"),
        ("_exam.py", "x = 1", "no file whose name ends in .py"),
        ("exam.py", NO_DRAW, "exam.py, line 3: ZeroDivisionError: division by zero"),
        ("exam.py", MODULE.format(stem="exam", chapter="exam", points=0), "points must be a positive whole number"),
    ],
)
def test_what_is_wrong_with_them_is_said(tmp_path, capsys, name, content, sentence):
    (tmp_path / "in").mkdir()
    (tmp_path / "bank").mkdir()
    if "_drawing" in content:
        (tmp_path / "bank" / "_drawing.py").write_text(DRAWING)
    (tmp_path / "bank" / name).write_text(content)
    assert grade(tmp_path, "--questions", tmp_path / "bank") == command_line.UNUSABLE
    assert sentence in capsys.readouterr().err


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("statement", ["raise SystemExit(0)", "1 / 0", "raise KeyboardInterrupt"])
def test_a_reference_that_fails_while_it_is_judged_is_the_grader_s_failure(tmp_path, statement):
    """The reference has passed whatever is tried before the first submission; no end of it may pass for success."""
    hand_in(tmp_path, "exam")
    module = bank(tmp_path / "bank") / "numpy.py"
    failing = f"def triple(x):\n    if threading.current_thread() != threading.main_thread():\n        {statement}\n"
    module.write_text("import threading\n" + module.read_text().replace("def triple(x):\n", failing))
    status = command_line.STOPPED if "Keyboard" in statement else command_line.GRADER_FAILED
    assert grade(tmp_path, "--questions", tmp_path / "bank") == status
    results = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("anna/exam/results.json")]
    assert [(result["score"], result["extra_data"]["status"]) for result in results] == (
        [] if "Keyboard" in statement else [(None, "error")]
    )


def test_a_module_put_together_from_the_two_pages_that_explain_it_is_one(tmp_path):
    pages = [ROOT / "CONTRIBUTING.md", ROOT / "book" / "grading.md"]
    blocks = [block for page in pages for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)]
    (question,) = [block for block in blocks if "= Question(" in block]
    (assignment,) = [block for block in blocks if "ASSIGNMENT = Assignment(" in block]
    # The course has this question.
    (tmp_path / "exam_one.py").write_text(question.replace("ch06.", "exam.") + assignment)
    (found,) = registry.private_assignments(tmp_path)
    assert (found.stem, [question.id for question in found.questions]) == ("exam-one", ["exam.new_state"])


def test_no_folder_is_said(tmp_path):
    with pytest.raises(registry.RegistryError, match="is no folder"):
        registry.private_assignments(tmp_path / "none")


def test_an_id_that_the_course_has_is_refused(tmp_path, capsys):
    folder = bank(tmp_path / "bank", chapter="sums")
    module = folder / "numpy.py"
    module.write_text(module.read_text().replace("sums.triple", "sums.double"))
    (tmp_path / "in").mkdir()
    assert grade(tmp_path, "--questions", folder) == command_line.UNUSABLE
    assert "the question id 'sums.double' occurs twice, in exam and sums: give it another" in capsys.readouterr().err
