"""Measure how many submissions are graded in a second.

Usage: python -m authoring.bench_grader
"""

import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUBMISSIONS = 100


def grader():
    """Print how many copies of a full solution are graded in a second, start-up included and excluded."""
    stem = "ch03-update-gate"
    print(f"Grading {SUBMISSIONS} copies of the worked solution of {stem}")
    print(f"{'workers':>8}{'wall s':>9}{'start s':>9}{'a second':>10}{'CPU ms each':>13}")
    program = pathlib.Path(sys.executable).with_name("gru-grader")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for number in range(SUBMISSIONS):
            student = folder / "all" / f"student-{number:03}"
            student.mkdir(parents=True)
            shutil.copy(ROOT / "solutions" / f"{stem}.ipynb", student)
        shutil.copytree(folder / "all" / "student-000", folder / "one" / "student-000")
        for jobs in (1, 2):
            spent = {}
            for name in ("one", "all"):
                before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                command = [program, "grade", folder / name, "--out", folder / f"{name}-{jobs}", "--jobs", str(jobs)]
                subprocess.run(command, check=True, capture_output=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                spent[name] = (time.perf_counter() - start, cpu)
            (wall_one, cpu_one), (wall, cpu) = spent["one"], spent["all"]
            rate = (SUBMISSIONS - 1) / (wall - wall_one)
            each = (cpu - cpu_one) / (SUBMISSIONS - 1) * 1e3
            print(f"{jobs:>8}{wall:>9.2f}{wall_one:>9.2f}{rate:>10.1f}{each:>13.1f}")
    print("(start: the whole command for one submission, its self-test of the isolation included;")
    print(" a second and CPU: of the other submissions)")


if __name__ == "__main__":
    grader()
