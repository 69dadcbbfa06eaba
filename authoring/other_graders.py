"""Drive nbgrader and otter-grader as their users do, on the same submissions."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np

from authoring import five_questions
from authoring.our_grader import Failed, Run, measured
from tests.grader.bank import STEM

OTTER = "7.0.0"
SECONDS = 300
"""How long a command may take before it is given up."""
# What `otter run` does for each of several submissions, without starting anew.
OTTER_ONE_PROCESS = """
import json, sys
from otter.api import grade_submission
tests, *paths = sys.argv[1:]
for path in paths:
    try:
        total = grade_submission(path, tests, quiet=True).total
    except Exception:
        total = None
    print("TOTAL", json.dumps(total), flush=True)
"""


class Nbgrader:
    """A course of nbgrader's, with the five questions released; every grading has a fresh copy of it."""

    name = "nbgrader"

    def __init__(self):
        self.version = importlib.metadata.version("nbgrader")
        self._folder = tempfile.TemporaryDirectory(prefix="nbgrader-bench-")
        self._course = Path(self._folder.name) / "course"
        five_questions.write(five_questions.for_nbgrader(), self._course / "source" / STEM / f"{STEM}.ipynb")
        (self._course / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "bench"\n')
        self._run("generate_assignment", self._course)
        self.handout = five_questions.read(self._course / "release" / STEM / f"{STEM}.ipynb")

    def grade(self, students):
        """Grade a class with one command; see `Ours.grade`."""
        from nbgrader.api import Gradebook, MissingEntry

        # Kept to the end, as it is for gru-grader.
        course = Path(tempfile.mkdtemp(dir=self._folder.name)) / "course"
        shutil.copytree(self._course, course)
        for student, notebook in students.items():
            five_questions.write(notebook, course / "submitted" / student / STEM / f"{STEM}.ipynb")
        # 1: some could not be graded.
        run = self._run("autograde", course, accept=(0, 1))
        points = dict.fromkeys(students)
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "bench") as gradebook:
            for student in students:
                try:
                    points[student] = gradebook.find_submission(STEM, student).score
                except MissingEntry:
                    pass
        return Run(run.wall, run.cpu, points)

    def _run(self, command, course, accept=(0,)):
        # nbgrader starts the program alembic, which lies beside this Python.
        beside = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
        environment = {**beside, "IPYTHONDIR": f"{self._folder.name}/ipython"}
        command = [sys.executable, "-m", "nbgrader", command, STEM]
        return measured(command, accept, cwd=course, env=environment, timeout=SECONDS)[0]


class Otter:
    """otter-grader in an environment of its own, with the five questions assigned.

    Parameters
    ----------
    environment : pathlib.Path
        As `otter_environment` makes it.
    """

    name = "otter-grader"
    version = OTTER

    def __init__(self, environment):
        self._programs = environment / "bin"
        self._folder = tempfile.TemporaryDirectory(prefix="otter-bench-")
        folder = Path(self._folder.name)
        five_questions.write(five_questions.for_otter(), folder / f"{STEM}.ipynb")
        self._run([self._programs / "otter", "assign", f"{STEM}.ipynb", "dist"])
        (self._tests,) = (folder / "dist" / "autograder").glob("*.zip")
        self.handout = five_questions.read(folder / "dist" / "student" / f"{STEM}.ipynb")

    def grade(self, students):
        """Grade a class with one command a submission, for there is none for several without Docker."""
        runs, points = [], {}
        for student, path in self._written(students).items():
            out = path.parent / "out"
            out.mkdir()
            runs.append(self._run([self._programs / "otter", "run", "-a", self._tests, "-o", out, path])[0])
            results = json.loads((out / "results.json").read_text())
            # The summary of the shown tests, which is listed first, has no score.
            points[student] = sum(test.get("score", 0) for test in results["tests"])
        return Run(sum(run.wall for run in runs), sum(run.cpu for run in runs), points)

    def grade_in_one_process(self, students):
        """Grade a class with otter's own function for one submission, called for each in one process."""
        paths = self._written(students)
        run, printed = self._run([self._programs / "python", "-c", OTTER_ONE_PROCESS, self._tests, *paths.values()])
        totals = [json.loads(line[6:]) for line in printed.splitlines() if line.startswith("TOTAL ")]
        return Run(run.wall, run.cpu, dict(zip(paths, totals, strict=True)))

    def _written(self, students):
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        paths = {student: folder / student / f"{STEM}.ipynb" for student in students}
        for student, path in paths.items():
            five_questions.write(students[student], path)
        return paths

    def _run(self, command):
        environment = {
            "PATH": os.pathsep.join([str(self._programs), os.environ["PATH"]]),
            "IPYTHONDIR": f"{self._folder.name}/ipython",
        }
        return measured(command, cwd=self._folder.name, env=environment, timeout=SECONDS)


def otter_environment(build):
    """Install otter-grader into a virtual environment of its own, unless it is there.

    Parameters
    ----------
    build : pathlib.Path
        Folder in which the environment's folder is made.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    Failed
        If it cannot be installed, for example without a network.
    """
    folder = build.resolve() / f"otter-grader-{OTTER}"
    finished = folder / ".finished"
    if not finished.exists():
        venv.create(folder, clear=True, with_pip=True)
        # The kernel and NumPy are not required by otter-grader itself.
        wanted = [f"otter-grader=={OTTER}", "ipykernel", f"numpy=={np.__version__}"]
        command = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--retries", "1", *wanted]
        try:
            measured(command, timeout=SECONDS)
        except (Failed, subprocess.TimeoutExpired) as error:
            reason = str(error).strip().splitlines()[-1]
            raise Failed(f"otter-grader {OTTER} could not be installed: {reason}") from None
        finished.touch()
    return folder
