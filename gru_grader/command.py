"""What the command gru-grader does."""

import argparse
import contextlib
import difflib
import math
import os
import shutil
import signal
import sys
import threading
import traceback
import unicodedata
from pathlib import Path

from gru_checks import registry
from gru_grader import records, report, results, selftest
from gru_grader.__main__ import ALL_GRADED, GRADER_FAILED, SOME_NOT_GRADABLE, STOPPED, UNUSABLE
from gru_grader.budget import Limits
from gru_grader.grading import CannotStart, Grading
from gru_grader.sandbox import FULL, NONE, RESTRICTED
from gru_grader.text import safe, safe_cell, safe_line


def run(arguments=None, assignments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.
    assignments : sequence of gru_checks.registry.Assignment, optional
        By default those of the course.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    KeyboardInterrupt
        With Ctrl-C, but for the grading itself, which takes note of what is finished.
    """
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot write a letter gets its number.
        stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    options.assignments = assignments
    try:
        with _interrupted_when_ended():
            return options.command(options)
    except (CannotStart, selftest.CannotGrade) as error:
        print(f"gru-grader: {safe_line(str(error), 2000)}", file=sys.stderr)
        return UNUSABLE
    except OSError as error:
        print(f"gru-grader: stopped, because of: {safe_line(results.fault(error))}", file=sys.stderr)
        if options.command is _grade:
            print("What is finished is kept; the same command goes on.", file=sys.stderr)
        return GRADER_FAILED
    except Exception:
        # Python's own exit status would say that some submissions could not be graded.
        print(safe(traceback.format_exc(), 10_000), file=sys.stderr)
        print("gru-grader: stopped, because of a mistake in gru-grader itself.", file=sys.stderr)
        return GRADER_FAILED


@contextlib.contextmanager
def _interrupted_when_ended():
    """Stop as with Ctrl-C where a terminal is closed or the system shuts down: what was unpacked is removed then."""
    ended = set()
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
        # Whoever has them ignored, as nohup does, goes on having so.
        ended = {number for number in numbers if signal.getsignal(number) is signal.SIG_DFL}
    for number in ended:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ended:
            signal.signal(number, signal.SIG_DFL)


def _open_streams():
    """Open onto nowhere what the command was started without, so that no file of ours is taken for it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", closefd=False)


def _say(text):
    """Print, and go on silently once nobody reads any more, as when "head" has seen enough."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _parser():
    parser = argparse.ArgumentParser(
        "gru-grader",
        description="Grade notebooks of people you need not trust.",
        epilog="Exit status: 0 all graded; 1 some submissions could not be graded, and are listed; "
        "2 the command cannot be carried out; 3 the grader itself failed on some; 130 stopped with Ctrl-C.",
    )
    commands = parser.add_subparsers(required=True, metavar="grade|doctor|show")
    grade = commands.add_parser("grade", help="grade a folder of submissions")
    grade.set_defaults(command=_grade)
    grade.add_argument(
        "submissions",
        metavar="SUBMISSIONS",
        help="a folder of STUDENT/ASSIGNMENT.ipynb, or what a learning platform gives to download, also as a zip",
    )
    grade.add_argument(
        "--out", required=True, metavar="RESULTS", help="a folder, made if need be; results in it are kept"
    )
    grade.add_argument(
        "--assignment",
        metavar="ASSIGNMENT",
        help="grade this assignment alone, for example ch03-update-gate; then a student's only notebook is taken for it"
        " unless its name or its content says another",
    )
    grade.add_argument(
        "--jobs",
        type=_positive(int, MOST_JOBS),
        default=os.cpu_count() or 1,
        metavar="N",
        help="how many submissions to grade at a time (default: as many as this machine has processors, %(default)s)",
    )
    grade.add_argument(
        "--seed",
        type=_whole,
        metavar="SEED",
        help="a number that decides the hidden inputs (default:"
        " that of RESULTS, or else a random one, kept in RESULTS/grading.json)",
    )
    grade.add_argument(
        "--time-limit",
        type=_positive(float, MOST_SECONDS),
        default=Limits.seconds,
        metavar="SECONDS",
        help="processor time for the notebook's cells, and again for each question; five times as much may pass on"
        " the clock (default: %(default)g)",
    )
    grade.add_argument(
        "--memory",
        type=_positive(int, MOST_MEMORY),
        default=Limits.memory,
        metavar="MIB",
        help="address space that a submission may use, besides what Python and the libraries take (default:"
        " %(default)s)",
    )
    grade.add_argument(
        "--questions",
        metavar="FOLDER",
        help="a folder of your own modules of questions, of the form of gru_checks/questions; one for an assignment of"
        " the course takes its place",
    )
    grade.add_argument("--regrade", action="store_true", help="grade again what has a result already")
    grade.add_argument(
        "--isolation",
        choices=("auto", FULL, RESTRICTED),
        default="auto",
        help="full: with namespaces; restricted: without; auto: the strongest that this machine gives (default:"
        " %(default)s)",
    )
    grade.add_argument(
        "--allow-unsandboxed",
        action="store_true",
        help="run submissions with all your rights if nothing can isolate them; they can change all your files, the"
        " results among them",
    )
    doctor = commands.add_parser("doctor", help="say how well this machine isolates submissions, by trying")
    doctor.set_defaults(command=_doctor)
    show = commands.add_parser("show", help="show the result of one submission")
    show.set_defaults(command=_show)
    show.add_argument("student", metavar="STUDENT")
    show.add_argument("assignment", metavar="ASSIGNMENT")
    show.add_argument("--out", default="results", metavar="RESULTS", help="default: %(default)s")
    return parser


def _positive(kind, most):
    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (0 < value and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"must be a {_NUMBERS[kind]} greater than zero")
        if value > most:
            raise argparse.ArgumentTypeError(f"must be at most {most:,}")
        return value

    return read


MOST_JOBS, MOST_SECONDS, MOST_MEMORY = 1_000, 1_000_000, 2**24
"""More than any machine has; what is larger still, the system would refuse with each submission."""
_NUMBERS = {int: "whole number", float: "number"}


def _whole(text):
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a whole number") from None


def _grade(options):
    assignments = _assignments(options)
    level = _level(options)
    limits = Limits(seconds=options.time_limit, memory=options.memory)
    grading = Grading(
        options.submissions, options.out, assignments, level, limits, seed=options.seed, only=options.assignment
    )
    number = len(grading.submissions)
    _say(f"{number} submission{'' if number == 1 else 's'}, isolation {level}, seed {grading.seed}")
    if grading.former_seed not in (None, grading.seed):
        _say(
            f"The last run into {safe_line(str(options.out))} had seed {grading.former_seed}. Whoever is graded with"
            f" another gets other inputs: with {grading.seed}, grade all of an assignment."
        )
    with _Progress(len(grading.submissions)) as progress:
        summary = grading.run(options.jobs, options.regrade, progress.finished)
    _say(report.closing(summary, options.out))
    if summary.counts[records.ERROR] or any(item.is_fault for item in summary.unplaced):
        return GRADER_FAILED
    if summary.interrupted:
        return STOPPED
    return SOME_NOT_GRADABLE if summary.counts[records.NOT_GRADABLE] or summary.unplaced else ALL_GRADED


def _assignments(options):
    """The course's assignments, or those given, and the teacher's own."""
    course = registry.assignments() if options.assignments is None else options.assignments
    if options.questions is None:
        return course
    try:
        private = registry.private_assignments(options.questions)
        replaced = {assignment.stem for assignment in private}
        found = (*(assignment for assignment in course if assignment.stem not in replaced), *private)
        registry.validate(found)
    except registry.RegistryError as error:
        raise CannotStart(f"the questions in {options.questions}: " + "; ".join(str(error).split("\n"))) from None
    except (Exception, SystemExit) as error:
        folder = Path(options.questions).resolve()
        theirs = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)]
        if not theirs:
            raise
        # Asked for inputs or an answer, as happens before the first submission, a question failed.
        place = f"{theirs[-1].filename}, line {theirs[-1].lineno}"
        reason = f"{place}: {type(error).__name__}: {error}"
        raise CannotStart(f"the questions in {options.questions}: {reason}") from None
    return found


def _level(options):
    try:
        chosen = selftest.choose(options.isolation)
    except selftest.CannotGrade:
        if not options.allow_unsandboxed:
            raise
        print("Isolation: NONE, as you allowed. Submissions run with all your rights.", file=sys.stderr)
        return NONE
    if options.isolation == "auto" and chosen.level != FULL:
        reason = selftest.examine(FULL)
        print(f"Isolation: {chosen.level} only. full: {reason.failure or ', '.join(reason.open)}", file=sys.stderr)
    if chosen.limitation:
        print(chosen.limitation, file=sys.stderr)
    return chosen.level


_WIDE = 72
"""Columns of a terminal in which the bar has room beside all that is written next to it."""


class _Progress:
    """A bar on a terminal, a line a submission elsewhere."""

    def __init__(self, total):
        self._bar = None
        if sys.stderr.isatty():
            import tqdm

            # The rate is the first thing to leave out where the bar would have no room.
            narrow = {"bar_format": "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]"}
            is_narrow = shutil.get_terminal_size().columns < _WIDE
            self._bar = tqdm.tqdm(total=total, unit=" submissions", dynamic_ncols=True, **(narrow if is_narrow else {}))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._bar is not None:
            self._bar.close()

    def finished(self, record, kept):
        if self._bar is not None:
            self._bar.update()
        elif not kept:
            _say(report.line(record))


def _doctor(options):
    _say(report.isolation([selftest.examine(level) for level in selftest.LEVELS]))
    return ALL_GRADED if selftest.strongest_level() else UNUSABLE


def _show(options):
    out = Path(options.out)
    student = _student_folder(out, options.student)
    path = out / student / options.assignment / results.FILE
    # Of whom nothing could be graded, the folder itself says why.
    found = next((place for place in (path, out / student / results.FILE) if place.exists()), None)
    if found is None:
        raise CannotStart(_no_result(out, student, path))
    record = results.read(found)
    if record is None:
        raise CannotStart(f"the result {found} is damaged; gru-grader grade with the same folders makes it again")
    _say(report.full(record))
    return ALL_GRADED


def _student_folder(out, student):
    """Find the name of a student's folder, however the accents are stored, also as the tables have it."""
    if (out / student).exists():
        return student
    named = (name for name in _names_in(out) if _composed(student) in (_composed(name), _composed(safe_cell(name))))
    return next(named, student)


def _no_result(out, student, path):
    """Say that there is no result, and what there is instead."""
    if there := [name for name in _names_in(out / student) if (out / student / name / results.FILE).exists()]:
        return f"there is no result {path}; of {student} there are {', '.join(there)}"
    near = difflib.get_close_matches(student, _names_in(out))
    return f"there is no result {path}; --out names the folder of the results" + (
        f", in which there are {', '.join(near)}" if near else ""
    )


def _names_in(folder):
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def _composed(name):
    return unicodedata.normalize("NFC", name)
