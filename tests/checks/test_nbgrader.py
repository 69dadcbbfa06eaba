"""nbgrader takes every notebook as it is: it releases the solution and grades what comes back."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader

from authoring.kernel_environment import KERNEL_ENVIRONMENT
from gru_checks.registry import assignments

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = {found.stem: found for found in assignments()}
# Every notebook belongs to this one of nbgrader's assignments, so that nbgrader is asked four times and not fifty.
COURSE = "course"
STUDENTS = ("wrong", "unfinished", "right")
# A kernel for each notebook and student; the filter is for nbgrader's own use of its database.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning"),
]
by_stem = pytest.mark.parametrize("stem", ASSIGNMENTS)
WRONG = {
    "ch03.sigmoid": "def sigmoid(a): return np.tanh(a)",
    "ch03.update_gate": "def update_gate(x, h_prev, W_z, U_z, b_z): return 1 / (1 + np.exp(-(W_z @ x)))",
    "ch03.limits": "def limit_biases(W_z, U_z, eps): return W_z.sum(axis=1, keepdims=True), eps",
    "ch03.half_life": "import warnings\ndef half_life(z):\n    warnings.warn('on stderr')\n    return 1 / z",
    "ch03.keep_polarity": "def to_keep_polarity(W_z, U_z, b_z): return W_z, U_z, -b_z",
    "ch03.gate_gradient": "def gate_weight_gradient(d_z, z, x, h_prev): raise ValueError('no idea')",
    "ch03.latch": "def latch_weights(): return [[0, 0]], [[0]], [[0]]",
    "ch03.reading": "def what_the_gate_says(): return 'a'",
}


WRONG_IN_GENERAL = (
    "import warnings\n{head}\n    warnings.warn('on stderr')\n    print('on stdout')\n    return 'wrong'",
    "{head}\n    raise ValueError('no idea')",
    "{head}\n    return np.full((7, 7), np.nan)",
)


def wrong_answer(question, number):
    """Source of an answer that earns nothing."""
    name = question.answer
    head = f"def {name}(*_):" if question.kind != "class" else f"class {name}:\n  def __init__(self, *_):"
    return WRONG.get(question.id) or WRONG_IN_GENERAL[number % len(WRONG_IN_GENERAL)].format(head=head)


def read(folder, stem):
    return nbformat.read(folder / f"{stem}.ipynb", as_version=4)


def answers(notebook):
    return {
        cell.metadata["gru"]["question"]: cell
        for cell in notebook.cells
        if cell.metadata.get("gru", {}).get("part") == "answer"
    }


def submitted(student, assignment):
    """The exercise as a student hands it in."""
    exercise = read(ROOT / "exercises", assignment.stem)
    solved = answers(read(ROOT / "solutions", assignment.stem))
    for number, question in enumerate(assignment.questions):
        if student == "wrong":
            answers(exercise)[question.id].source = wrong_answer(question, number)
        elif student == "right":
            answers(exercise)[question.id].source = solved[question.id].source
    return exercise


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of nbgrader's with all notebooks released and those of three students graded."""
    root = tmp_path_factory.mktemp("course")
    folders = {root / "source" / COURSE: {stem: read(ROOT / "solutions", stem) for stem in ASSIGNMENTS}}
    for student in STUDENTS:
        folders[root / "submitted" / student / COURSE] = {
            stem: submitted(student, found) for stem, found in ASSIGNMENTS.items()
        }
    for folder, notebooks in folders.items():
        folder.mkdir(parents=True)
        for stem, notebook in notebooks.items():
            nbformat.write(notebook, folder / f"{stem}.ipynb")
    config = PyFileConfigLoader(str(ROOT / "solutions" / "nbgrader_config.py")).load_config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "gru"
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    config.Execute.timeout = 120  # for a busy machine
    api = NbGraderAPI(config=config)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        # nbgrader starts the program alembic, which lies beside this Python.
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        for name, value in KERNEL_ENVIRONMENT.items():
            patch.setenv(name, value)
        for done in [api.generate_assignment(COURSE), *(api.autograde(COURSE, student) for student in STUDENTS)]:
            assert done["success"], done
    return root


@by_stem
@pytest.mark.parametrize(("student", "share"), [("wrong", 0), ("unfinished", 0), ("right", 1)])
def test_it_finds_the_points(course, stem, student, share):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "gru") as gradebook:
        graded = gradebook.find_submission_notebook(stem, COURSE, student)
        points = ASSIGNMENTS[stem].points
        assert (graded.score, graded.max_score) == (share * points, points)
        assert not graded.needs_manual_grade


@by_stem
def test_each_check_gives_a_bare_number_and_nothing_else(course, stem):
    for student in STUDENTS:
        cells = read(course / "autograded" / student / COURSE, stem).cells
        checks = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert len(checks) == len(ASSIGNMENTS[stem].questions)
        for cell in checks:
            (output,) = cell.outputs
            assert output.output_type == "execute_result" and float(output.data["text/plain"]) >= 0


@by_stem
def test_its_own_release_of_the_solution_shows_no_answer(course, stem):
    cells = read(course / "release" / COURSE, stem).cells
    text = "\n".join(cell.source for cell in cells)
    assert "SOLUTION" not in text and "Why this is right" not in text
    released, ours = ([cell.source for cell in found] for found in (cells, read(ROOT / "exercises", stem).cells))
    assert released[1:-2] == ours[1:-2] and released[-1] == ours[-1], "all but the title and the link at the end"
    for cell in answers(read(ROOT / "solutions", stem)).values():
        answer = cell.source.partition("### BEGIN SOLUTION")[2].partition("### END")[0].strip()
        assert answer and answer not in text
