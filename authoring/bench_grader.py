"""Measure the grader beside nbgrader and otter-grader: its cost, and what tricks earn.

Usage: python -m authoring.bench_grader [--rounds N] [--alone] [--long] [--out FOLDER]

All grade the same five NumPy questions of two points. The contenders take
turns, one thread each, and the shortest time of each counts, so that whatever
else the machine does meets all of them. Processor time is that of the command
and of all processes below it. Absolute times are the machine's; the ratios are
for comparing within one run.

otter-grader is installed into an environment of its own below _build; where
that fails, it is left out.

Writes FOLDER/grader.json (by default in _build/bench).
"""

import argparse
import functools
import json
import os
import pathlib
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from authoring.cheats import CHEATS, CONTROLS, HandIn
from authoring.five_questions import handed_in
from authoring.other_graders import Nbgrader, Otter, otter_environment
from authoring.our_grader import Failed, Ours, Run, held_by_a_child
from tests.grader.bank import POINTS
from tests.grader.test_frameworks import ANSWERS, IMPORTS

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLASS, FULL_CLASS, NBGRADER_CLASS, OTTER_CLASS, TORCH_CLASS = 10, 300, 40, 5, 100
"""How many submissions are graded: by all, by ours, by nbgrader, by otter-grader, and by ours with PyTorch.

The more, the less the time of the start, which differs from run to run, counts in that of each further submission.
"""
GROWING, LONGEST = (100, 1_000), 10_000
RIGHT_WITH = {
    "numpy": CONTROLS[0],
    "torch": HandIn("right answers with PyTorch", ANSWERS["torch"], (IMPORTS["torch"],)),
}


def filled(grader, submission):
    """Make the notebook that a grader's student hands in."""
    return handed_in(grader.handout, submission.answers, submission.before, tags=submission.tags)


def copies(grader, number, framework="numpy"):
    """Make a class of so many students, all of whose answers are right."""
    notebook = filled(grader, RIGHT_WITH[framework])
    return {f"student-{n:05}": notebook for n in range(number)}


def all_right(run, number):
    """Give a run back if all its submissions have all points, so that no failure is taken for speed."""
    wrong = {student: points for student, points in run.points.items() if points is None or abs(points - POINTS) > 1e-9}
    if len(run.points) != number or wrong:
        raise Failed(f"{len(run.points)} of {number} graded; without all points: {wrong}")
    return run


@dataclass(frozen=True)
class Contender:
    """One way to grade a class.

    Parameters
    ----------
    name : str
    workers : int
    grade : callable
        Takes how many submissions to grade and gives a Run.
    sizes : tuple of int
        How many submissions are graded, ascending. A first size of 1 tells what
        the start takes.
    in_all : int
        The size for which the start is counted in.
    """

    name: str
    workers: int
    grade: Callable
    sizes: tuple[int, ...]
    in_all: int

    def measured(self, best):
        """Make a row of the table from the shortest times by size."""
        run = best[self.in_all]
        row = {"grader": self.name, "workers": self.workers}
        row |= {"seconds": run.wall / self.in_all, "cpu": run.cpu / self.in_all}
        if len(self.sizes) > 1:
            one, several, more = best[1], best[self.sizes[-1]], self.sizes[-1] - 1
            row |= {"start_seconds": one.wall, "start_cpu": one.cpu}
            row |= {"further_seconds": (several.wall - one.wall) / more, "further_cpu": (several.cpu - one.cpu) / more}
        return row


def contest(contenders, rounds):
    """Measure contenders in turn, several times.

    Parameters
    ----------
    contenders : sequence of Contender
    rounds : int

    Returns
    -------
    list of dict
        For each contender the `seconds` and `cpu` of a submission, start counted in, and, unless every
        submission starts anew, `further_seconds` and `further_cpu` of each one after the first.
    """
    best = [{} for _ in contenders]
    for _ in range(rounds):
        for contender, runs in zip(contenders, best, strict=True):
            for size in contender.sizes:
                run = all_right(contender.grade(size), size)
                known = runs.get(size, run)
                runs[size] = Run(min(run.wall, known.wall), min(run.cpu, known.cpu))
    return [contender.measured(runs) for contender, runs in zip(contenders, best, strict=True)]


def contenders(ours, others):
    """List the ways to grade a class with NumPy questions, ours with one worker first."""
    sizes = (1, CLASS, FULL_CLASS)
    found = [
        Contender(ours.name, jobs, lambda n, jobs=jobs: ours.grade(copies(ours, n), jobs), sizes, CLASS)
        for jobs in (1, 2)
    ]
    for grader in others:
        if isinstance(grader, Otter):
            ways = {"a command each": grader.grade, "in one process": grader.grade_in_one_process}
            for (way, grade), sizes in zip(ways.items(), [(OTTER_CLASS,), (1, OTTER_CLASS)], strict=True):
                again = functools.partial(_graded, grader, grade)
                found.append(Contender(f"{grader.name}, {way}", 1, again, sizes, OTTER_CLASS))
        else:
            again = functools.partial(_graded, grader, grader.grade)
            found.append(Contender(grader.name, 1, again, (1, CLASS, NBGRADER_CLASS), CLASS))
    return found


def _graded(grader, grade, number):
    return grade(copies(grader, number))


def with_torch(rounds):
    """Measure an assignment of ours that is written with PyTorch, on one worker; a row of `contest`."""
    ours = Ours("torch")
    sizes = (1, TORCH_CLASS)
    grade = Contender(ours.name, 1, lambda n: ours.grade(copies(ours, n, "torch")), sizes, TORCH_CLASS)
    (row,) = contest([grade], rounds)
    return row


def memory(frameworks=tuple(RIGHT_WITH)):
    """Measure what a submission's process holds above the warm process, in MiB, by framework."""
    ours = Ours()
    held = {}
    for framework in frameworks:
        cells = [cell.source for cell in filled(ours, RIGHT_WITH[framework]).cells]
        held[framework] = held_by_a_child(framework, cells)
    return held


def growth(numbers):
    """Measure growing classes with two workers."""
    ours = Ours()
    rows = []
    for number in numbers:
        run = all_right(ours.grade(copies(ours, number), jobs=2), number)
        rows.append({"submissions": number, "seconds": run.wall, "cpu": run.cpu, "parent_mib": run.peak})
    return rows


def tampering(graders, submissions=(*CONTROLS, *CHEATS)):
    """Hand each of some submissions to each grader.

    Parameters
    ----------
    graders : sequence of Ours, Nbgrader or Otter
    submissions : sequence of authoring.cheats.HandIn, optional

    Returns
    -------
    list of dict
        For each submission its `name` and the `points` by grader; None where there was no result.
    """
    rows = [{"name": submission.name, "points": {}} for submission in submissions]
    for grader in graders:
        students = {f"student-{n:02}": filled(grader, submission) for n, submission in enumerate(submissions)}
        # The same as a command each, only faster.
        grade = grader.grade_in_one_process if isinstance(grader, Otter) else grader.grade
        points = grade(students).points
        for student, row in zip(students, rows, strict=True):
            row["points"][grader.name] = points[student]
    return rows


def markdown(head, rows):
    """Lay out a table; all columns but the first stand to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def contest_table(rows):
    """Lay out `contest`'s rows; the ratios are to the first row."""
    costs = ["CPU each", "ratio"]
    head = ["grader", "workers", "a second, with the start", *costs, "a second, without", *costs]
    lines = []
    for row in rows:
        # Where every submission starts anew, there is nothing to leave out.
        without = row if "further_cpu" in row else {"further_seconds": row["seconds"], "further_cpu": row["cpu"]}
        line = [row["grader"], str(row["workers"])]
        line += [_rate(row["seconds"]), _ms(row["cpu"]), _ratio(row["cpu"], rows[0]["cpu"])]
        line += [_rate(without["further_seconds"]), _ms(without["further_cpu"])]
        lines.append([*line, _ratio(without["further_cpu"], rows[0]["further_cpu"])])
    return markdown(head, lines)


def _rate(seconds):
    # The start, which is taken off, may have met a busier machine than all the rest.
    return f"{1 / seconds:.3g}" if seconds > 0 else "lost in the noise"


def _ms(seconds):
    return f"{seconds * 1e3:,.0f} ms"


def _ratio(theirs, ours):
    ratio = theirs / ours
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def growth_table(rows):
    """Lay out `growth`'s rows."""
    head = ["submissions", "seconds", "each", "CPU each", "memory of the grader's own process"]
    return markdown(
        head,
        [
            [
                f"{row['submissions']:,}",
                f"{row['seconds']:.1f}",
                _ms(row["seconds"] / row["submissions"]),
                _ms(row["cpu"] / row["submissions"]),
                f"{row['parent_mib']:.0f} MiB",
            ]
            for row in rows
        ],
    )


def tampering_table(rows):
    """Lay out `tampering`'s rows."""
    names = list(rows[0]["points"])
    lines = [[row["name"], *(_points(row["points"][name]) for name in names)] for row in rows]
    return markdown([f"of {POINTS:g} points", *names], lines)


def _points(points):
    return "no result" if points is None else f"{points:g}"


def machine():
    """Say what this is measured on."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = names[0] if names else platform.machine()
    return f"{model}, {os.cpu_count()} processors, Linux {platform.release()}, Python {platform.python_version()}"


def other_graders():
    """List the other graders there are, saying which is left out and why."""
    found = [Nbgrader()]
    try:
        found.append(Otter(otter_environment(ROOT / "_build")))
    except Failed as error:
        print(f"left out: {error}")
    return found


def main():
    parser = argparse.ArgumentParser(description="Measure the grader beside others.")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender is measured (default 3)")
    parser.add_argument("--alone", action="store_true", help="measure no other grader")
    parser.add_argument("--long", action="store_true", help=f"also grade {LONGEST:,} submissions")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "_build" / "bench", help="folder for the results")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    load = [os.getloadavg()[0]]
    ours, others = Ours(), [] if arguments.alone else other_graders()
    graders = [ours, *others]
    versions = {grader.name: grader.version for grader in graders} | {"numpy": np.__version__}
    print("Graders: five NumPy questions; " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    print(machine())

    report = {"machine": machine(), "versions": versions}
    report["contest"] = contest(contenders(ours, others), arguments.rounds)
    print(
        f"\nA class of {CLASS} with the start of the command (otter-grader {OTTER_CLASS}), and each further submission."
    )
    print(f"Ratio: CPU, as a multiple of ours with one worker.\n\n{contest_table(report['contest'])}")
    start = report["contest"][0]
    print(f"\nOurs, the command for one submission: {start['start_seconds']:.2f} s, {_ms(start['start_cpu'])} CPU")

    report["torch"] = with_torch(arguments.rounds)
    rate = _rate(report["torch"]["further_seconds"])
    print(f"\nFive PyTorch questions, one worker: {rate} a second, {_ms(report['torch']['further_cpu'])} CPU each")
    report["held_by_a_child_mib"] = memory()
    for framework, held in report["held_by_a_child_mib"].items():
        said = "cannot be read here" if held is None else f"{held:.1f} MiB"
        print(f"Memory that a submission's process holds above the warm process, {framework}: {said} (Private_Dirty)")

    report["growth"] = growth([*GROWING, *([LONGEST] if arguments.long else [])])
    print(f"\nGrowing classes, two workers, start included, measured once\n\n{growth_table(report['growth'])}")

    report["tampering"] = tampering(graders)
    print(f"\nTricks: the points that each grader gave\n\n{tampering_table(report['tampering'])}")

    report["load"] = [*load, os.getloadavg()[0]]
    print("\nLoad of the machine before and after: {:.1f}, {:.1f}".format(*report["load"]))
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "grader.json").write_text(json.dumps(report, indent=1) + "\n")
    print(f"Written: {arguments.out / 'grader.json'}")


if __name__ == "__main__":
    main()
