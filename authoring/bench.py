"""Measure: the cell beside its bare matrix products, and how many submissions are graded in a second.

Usage: python -m authoring.bench

One thread, minima of several runs. The numbers are for comparing with each
other in one run, not across machines.
"""

import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

from gru_ref import gru_cell

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHAPES = [(1, 100, 64, 128), (32, 100, 64, 128), (32, 100, 128, 256)]
SUBMISSIONS = 100


def fastest(function, runs=7):
    """Give the shortest of several runs, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def cell():
    """Print the time of the reference cell over a sequence as a multiple of its bare products."""
    print("The cell over a sequence, float32, one thread")
    print(f"{'B':>4}{'T':>5}{'I':>5}{'H':>5}{'cell ms':>10}{'products ms':>13}{'ratio':>7}")
    rng = np.random.default_rng(0)
    for B, T, I, H in SHAPES:
        draw = lambda *shape: (rng.standard_normal(shape) / 8).astype(np.float32)  # noqa: E731
        W, U, b = [draw(H, I) for _ in range(3)], [draw(H, H) for _ in range(3)], [draw(H, 1) for _ in range(3)]
        x, h0 = draw(T, I, B), np.zeros((H, B), np.float32)

        def run(x=x, h0=h0, W=W, U=U, b=b):
            h = h0
            for step in x:
                h = gru_cell(step, h, W, U, b)

        def products(x=x, h0=h0, W=W, U=U):
            for step in x:
                for block in range(3):
                    W[block] @ step
                    U[block] @ h0

        ours, bare = fastest(run), fastest(products)
        print(f"{B:>4}{T:>5}{I:>5}{H:>5}{ours * 1e3:>10.2f}{bare * 1e3:>13.2f}{ours / bare:>7.2f}")


def grader():
    """Print how many copies of a full solution are graded in a second, start-up included and excluded."""
    stem = "ch03-update-gate"
    print(f"\nGrading {SUBMISSIONS} copies of the worked solution of {stem}")
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
    cell()
    grader()
