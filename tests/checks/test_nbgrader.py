"""nbgrader takes the notebooks as they are: it releases the solution and grades what comes back."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader

from authoring.kernel_environment import KERNEL_ENVIRONMENT
from gru_checks.registry import assignment

ROOT = Path(__file__).resolve().parents[2]
STEM = "ch03-update-gate"
# nbgrader's own use of its database.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
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


def answers(notebook):
    return {
        cell.metadata["gru"]["question"]: cell
        for cell in notebook.cells
        if cell.metadata.get("gru", {}).get("part") == "answer"
    }


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of nbgrader's with the assignment released and three students' notebooks graded."""
    root = tmp_path_factory.mktemp("course")
    solution = nbformat.read(ROOT / "solutions" / f"{STEM}.ipynb", as_version=4)
    exercise = nbformat.read(ROOT / "exercises" / f"{STEM}.ipynb", as_version=4)
    wrong = nbformat.reads(nbformat.writes(exercise), as_version=4)
    right = nbformat.reads(nbformat.writes(exercise), as_version=4)
    for id, cell in answers(wrong).items():
        cell.source = WRONG[id]
    for id, cell in answers(right).items():
        cell.source = answers(solution)[id].source
    submissions = {"wrong": wrong, "unfinished": exercise, "right": right}
    for folder, notebook in {
        root / "source": solution,
        **{root / "submitted" / student: notebook for student, notebook in submissions.items()},
    }.items():
        path = folder / STEM / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    config = PyFileConfigLoader(str(ROOT / "solutions" / "nbgrader_config.py")).load_config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "gru"
    config.CourseDirectory.db_url = f"sqlite:///{root / 'gradebook.db'}"
    api = NbGraderAPI(config=config)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        # nbgrader starts the program alembic, which lies beside this Python.
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        for name, value in KERNEL_ENVIRONMENT.items():
            patch.setenv(name, value)
        done = api.generate_assignment(STEM)
        assert done["success"], done
        for student in submissions:
            done = api.autograde(STEM, student)
            assert done["success"], done
    return root


def cells_of(path):
    return nbformat.read(path / STEM / f"{STEM}.ipynb", as_version=4).cells


@pytest.mark.parametrize(("student", "points"), [("wrong", 0), ("unfinished", 0), ("right", 20)])
def test_it_finds_the_points(course, student, points):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "gru") as gradebook:
        submission = gradebook.find_submission(STEM, student)
        assert (submission.score, submission.max_score) == (points, assignment(STEM).points)
        assert not submission.needs_manual_grade


def test_each_check_gives_a_bare_number_and_nothing_else(course):
    for student in ("wrong", "unfinished", "right"):
        cells = cells_of(course / "autograded" / student)
        checks = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert len(checks) == len(assignment(STEM).questions)
        for cell in checks:
            (output,) = cell.outputs
            assert output.output_type == "execute_result" and float(output.data["text/plain"]) >= 0


def test_its_own_release_of_the_solution_shows_no_answer(course):
    cells = cells_of(course / "release")
    text = "\n".join(cell.source for cell in cells)
    assert "SOLUTION" not in text and "Why this is right" not in text
    exercise = nbformat.read(ROOT / "exercises" / f"{STEM}.ipynb", as_version=4)
    released, ours = ([cell.source for cell in notebook] for notebook in (cells, exercise.cells))
    assert released[1:-2] == ours[1:-2] and released[-1] == ours[-1], "all but the title and the link at the end"
    solution = nbformat.read(ROOT / "solutions" / f"{STEM}.ipynb", as_version=4)
    for cell in answers(solution).values():
        answer = cell.source.partition("### BEGIN SOLUTION")[2].partition("### END")[0].strip()
        assert answer and answer not in text
