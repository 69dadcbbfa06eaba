"""Grade a folder of submissions into a folder of results, and go on where an earlier run stopped."""

import contextlib
import errno
import fcntl
import functools
import itertools
import json
import os
import secrets
import tempfile
import time
import weakref
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from gru_checks.question import inputs
from gru_grader import notebook, records, results, tables
from gru_grader.archive import CannotUnpack, unpack
from gru_grader.child import WorkerError
from gru_grader.grade import grade
from gru_grader.libraries import FRAMEWORKS, missing
from gru_grader.pool import WorkerPool
from gru_grader.recognition import recognise, recognise_cells
from gru_grader.submissions import MACOS_FOLDER, RESERVED, Unplaced, find, look_alikes
from gru_grader.text import safe_line


class CannotStart(Exception):  # noqa: N818 - it says what follows
    """The command cannot be carried out as it was given; the message says why."""


AHEAD = 4
"""So many submissions wait for each worker. The others are no futures yet: a class of them would fill the memory."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Nothing can be written any more: to grade on would be in vain."""


@dataclass
class Summary:
    """What a grading came to: numbers, and what a teacher has to look at.

    Parameters
    ----------
    counts : collections.Counter
        How many submissions have each status.
    hundredths : int
        Hundredths of points of all that are graded; whole numbers, whose sum depends on no order.
    failed : list of (str, str, str, str)
        Status, student, assignment and reason of each submission without a score, in the order of the submissions.
    unplaced : list of gru_grader.submissions.Unplaced
    elsewhere : list of str
        Students who handed in nothing for the one assignment that was graded, and something for another.
    unsure : list of gru_grader.submissions.Submission
        Those that may be somebody else's than was understood.
    alike : list of tuple of str
        Names of students that differ only in capitals, in spaces, or in how their letters and accents are stored.
    kept : int
        How many of the results were there already.
    rows : int
        How many results summary.csv has, those of earlier runs included.
    earlier : list of (str, str, str)
        Student, assignment and reason of each error among them that is not of this run.
    interrupted : bool
    """

    counts: Counter = field(default_factory=Counter)
    hundredths: int = 0
    failed: list = field(default_factory=list)
    unplaced: list = field(default_factory=list)
    elsewhere: list = field(default_factory=list)
    unsure: list = field(default_factory=list)
    alike: list = field(default_factory=list)
    kept: int = 0
    rows: int = 0
    earlier: list = field(default_factory=list)
    interrupted: bool = False

    def add(self, submission, record):
        """Count a result.

        Parameters
        ----------
        submission : gru_grader.submissions.Submission
        record : dict
        """
        data = record["extra_data"]
        self.counts[data["status"]] += 1
        if data["status"] == records.GRADED:
            self.hundredths += round(100 * record["score"])
        elif record["score"] is None:
            self.failed.append((data["status"], submission.student, submission.stem, data.get("reason", "")))

    @property
    def mean(self):
        """Mean of the points of all that are graded; None if none is."""
        number = self.counts[records.GRADED]
        return self.hundredths / 100 / number if number else None


class Grading:
    """A folder of submissions, and all that decides what their results are.

    Parameters
    ----------
    submissions : str or os.PathLike
        A folder, or a zip of one.
    out : str or os.PathLike
    assignments : sequence of gru_checks.registry.Assignment
    level : str
    limits : gru_grader.budget.Limits
    seed : int, optional
        By default that of an earlier run into the same folder, or a random one.
    only : str, optional
        Stem of the one assignment to grade.

    Attributes
    ----------
    submissions, unplaced, elsewhere
        As `find` gives them.
    seed : int
    former_seed : int or None
        That of the last run into the same folder.

    Raises
    ------
    CannotStart
    """

    def __init__(self, submissions, out, assignments, level, limits, seed=None, only=None):
        self.assignments = {assignment.stem: assignment for assignment in assignments}
        if only is not None and only not in self.assignments:
            raise CannotStart(f"there is no assignment {only}; there are {', '.join(sorted(self.assignments))}")
        self.out = Path(out)
        source = Path(submissions).resolve()
        if self.out.resolve().is_relative_to(source):
            raise CannotStart(f"the results {out} must not lie inside the submissions {submissions}")
        if source.is_dir() and source.is_relative_to(self.out.resolve()):
            raise CannotStart(f"the submissions {submissions} must not lie inside the results {out}")
        try:
            self.submissions, self.unplaced, self.elsewhere = self._found(source, only)
        except OSError as error:
            raise CannotStart(f"the submissions cannot be read: {results.fault(error)}") from None
        except CannotUnpack as error:
            raise CannotStart(str(error)) from None
        if not self.submissions and not self.unplaced:
            raise CannotStart(f"there is no submission in {submissions}; expected STUDENT/ASSIGNMENT.ipynb")
        for stem in sorted({submission.stem for submission in self.submissions}):
            framework = self.assignments[stem].framework
            if absent := missing(framework):
                raise CannotStart(
                    f"{stem} is written with {' and '.join(absent)}, which this Python does not have:"
                    f' pip install "gru-course[{framework}]"; or grade the others with --assignment'
                )
        self._only = only
        self.former_seed = None
        self.level = level
        self.limits = limits
        try:
            self._unlock = self._locked()
            self.seed = self._settled_seed(seed)
            results.remove_partial(self.out)
        except OSError as error:
            raise CannotStart(f"the results cannot be written: {results.fault(error)}") from None

    def _found(self, source, only):
        """Find the submissions in a folder, or in a zip, which is unpacked for as long as this object lives."""
        look = functools.partial(
            find,
            stems=list(self.assignments),
            assignment=only,
            recognise=functools.partial(recognise, assignments=self.assignments.values()),
        )
        if not source.is_file():
            return look(str(source))
        self._unpacked = tempfile.TemporaryDirectory(prefix="gru-grader-")
        left_out = [Unplaced(name, reason) for name, reason in unpack(source, self._unpacked.name)]
        folder = self._unpacked.name
        found = look(folder)
        # The zip of a folder often has that folder in it.
        while not found.submissions and len(inner := _folders(folder)) == 1:
            (folder,) = inner
            inside = look(folder)
            if inside.submissions:
                found = inside
        return found._replace(unplaced=sorted(found.unplaced + left_out))

    def _locked(self):
        """Keep other gradings from this folder of results, and give what lets them in again."""
        self.out.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.out, os.O_RDONLY)
        # However this process ends, the system lets them in, too.
        unlock = weakref.finalize(self, os.close, folder)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            unlock()
            raise CannotStart(f"another gru-grader is grading into {self.out}; wait until it has finished") from None
        except OSError:
            # Not every file system knows locks.
            pass
        return unlock

    def run(self, jobs, regrade=False, progress=None):
        """Grade what has no result yet; once.

        Parameters
        ----------
        jobs : int
        regrade : bool, optional
            Grade everything again.
        progress : callable, optional
            Called with each record as it is finished, and whether it was there already.

        Returns
        -------
        Summary
        """
        try:
            return self._run(jobs, regrade, progress)
        finally:
            self._unlock()

    def _run(self, jobs, regrade, progress):
        unsure = [submission for submission in self.submissions if submission.unsure]
        alike = look_alikes(submission.student for submission in self.submissions)
        summary = Summary(unplaced=self.unplaced, elsewhere=self.elsewhere, unsure=unsure, alike=alike)
        waiting, unwritten = [], {}
        timings = _Timings(self.out / tables.TIMINGS_FILE)
        for submission in self.submissions:
            kept = None if regrade else self._kept(submission)
            if kept is None:
                waiting.append(submission)
            else:
                summary.add(submission, kept)
                summary.kept += 1
                if progress is not None:
                    progress(kept, True)
        with WorkerPool(min(jobs, max(1, len(waiting))), self.level, self.limits) as pool:
            try:
                for submission, future in self._futures(pool, waiting, AHEAD * jobs):
                    record, timing = self._finished(submission, future, unwritten)
                    summary.add(submission, record)
                    timings.add(submission, timing)
                    if progress is not None:
                        progress(record, False)
            except KeyboardInterrupt:
                summary.interrupted = True
                pool.stop()
            except BaseException:
                pool.stop()
                raise
        summary.failed.sort(key=lambda failed: failed[1:3])
        self._write_table({**unwritten, **self._unplaced_records()}, summary)
        return summary

    def _futures(self, pool, submissions, ahead):
        """Yield each submission with its future when that is finished, and have no more than some of them at a time."""
        waiting, futures, finished = iter(submissions), {}, SimpleQueue()
        while True:
            for submission in itertools.islice(waiting, ahead - len(futures)):
                assignment = self.assignments[submission.stem]
                packages = (*assignment.imports, *FRAMEWORKS[assignment.framework])
                future = pool.submit(self._graded, submission, packages=packages)
                futures[future] = submission
                future.add_done_callback(finished.put)
            if not futures:
                return
            future = finished.get()
            yield futures.pop(future), future

    def path(self, submission):
        """Where the result of a submission lies."""
        return self.out / submission.student / submission.stem / results.FILE

    def _unplaced_records(self):
        """Record the students of whom nothing could be graded, so that they are not missing from the table.

        Gives, by path, the records of students who can have no file.
        """
        for submission in self.submissions:
            # Where a file stands in the place of a student's folder, there is none either.
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                (self.out / submission.student / results.FILE).unlink()
        reasons, statuses = {}, {}
        for item in self.unplaced:
            if item.student:
                place = "" if item.path == item.student else f"{item.path}: "
                reasons.setdefault(item.student, []).append(place + item.reason)
                if item.is_fault or item.student not in statuses:
                    statuses[item.student] = records.ERROR if item.is_fault else records.NOT_GRADABLE
        unwritten = {}
        for student, several in reasons.items():
            path = self.out / student / results.FILE
            record = records.unplaced_record(student, "; ".join(several), self._only, statuses[student])
            if student.casefold() in RESERVED:
                unwritten[path] = record
            else:
                results.write(path, record)
        return unwritten

    def _write_table(self, unwritten, summary):
        """Write summary.csv from all results in the folder; note how many, and which errors are not of this run."""
        known = {(safe_line(student), stem) for status, student, stem, _ in summary.failed if status == records.ERROR}
        known |= {(safe_line(item.student), self._only or "") for item in self.unplaced if item.is_fault}

        def rows():
            for record in results.read_all(self.out, unwritten):
                summary.rows += 1
                data = record["extra_data"]
                if data["status"] == records.ERROR and (data["student"], data["assignment"]) not in known:
                    summary.earlier.append((data["student"], data["assignment"], data.get("reason", "")))
                yield tables.summary_row(record)

        first = next(written := rows(), None)
        if first is not None:
            tables.write_table(self.out / tables.SUMMARY_FILE, tables.SUMMARY, itertools.chain([first], written))

    def _settled_seed(self, seed):
        path = self.out / results.SETTINGS
        former = secrets.randbits(32)
        try:
            former = json.loads(path.read_text(encoding="utf-8"))["seed"]
            self.former_seed = former if type(former) is int else None
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, RecursionError):
            former = None
        if seed is None:
            seed = former
            if type(seed) is not int:
                raise CannotStart(
                    f"{path}, which holds the seed, is damaged; --seed SEED gives the seed again (gru-grader show names"
                    " it with each result); or remove the file, and everything is graded again with a new one"
                )
        # Also where it is the same: a folder that cannot be written to is better found out now.
        results.write(path, {"seed": seed})
        return seed

    def _made_from(self, submission, digest):
        fixed = self._fixed(self.assignments[submission.stem])
        files = {"file": safe_line(os.path.basename(submission.path))}
        files["not_graded"] = [safe_line(path) for path in submission.others]
        return {**fixed, "submission": digest, **files}

    @functools.cache  # noqa: B019 - as long-lived as the command
    def _fixed(self, assignment):
        return records.provenance(assignment, self.seed, self.level, self.limits, None)

    @functools.cache  # noqa: B019
    def _questions(self, assignment):
        return [(question, inputs(question, self.seed)) for question in assignment.questions]

    def _kept(self, submission):
        record = results.read(self.path(submission))
        if record is None:
            return None
        try:
            digest = notebook.read(submission.path).digest
        except notebook.NotGradable:
            digest = None
        except OSError:
            return None
        whose = {"student": safe_line(submission.student), "assignment": submission.stem}
        made_from = self._made_from(submission, digest)
        return record if records.can_be_kept(record, {**whose, **made_from}) else None

    def _graded(self, worker, submission):
        """Grade one submission and write its result; runs in a thread of the pool."""
        start = time.monotonic()
        assignment = self.assignments[submission.stem]
        timing = 0.0, 0
        try:
            read = notebook.read(submission.path)
        except notebook.NotGradable as error:
            made_from = self._made_from(submission, None)
            record = records.failed_record(submission, assignment, records.NOT_GRADABLE, str(error), made_from)
        else:
            graded = grade(read, self._questions(assignment), worker, self.limits)
            made_from = self._made_from(submission, read.digest)
            record = records.graded_record(submission, assignment, graded, made_from)
            if record["score"] == 0 and (other := self._other_assignment(submission, read.cells)):
                reason = (
                    f"Its name says {submission.stem}, and its content {other}. If the content is right, rename it."
                )
                record = records.failed_record(submission, assignment, records.NOT_GRADABLE, reason, made_from)
            timing = graded.processor_seconds, graded.memory
        results.write(self.path(submission), record)
        return record, (time.monotonic() - start, *timing)

    def _other_assignment(self, submission, cells):
        """Find the assignment that a notebook plainly answers, if it is another than its name says."""
        stem = recognise_cells(cells, self.assignments.values())
        return stem if stem != submission.stem else None

    def _finished(self, submission, future, unwritten):
        """Take what a future gives; an error there is the grader's own."""
        try:
            return future.result()
        except (Exception, SystemExit) as error:
            # A question of the teacher's own may even end Python.
            if isinstance(error, OSError) and error.errno in _FULL:
                raise
            if isinstance(error, OSError):
                reason = results.fault(error)
            elif isinstance(error, WorkerError):
                reason = str(error)
            else:
                reason = f"{type(error).__name__}: {error}"
            assignment = self.assignments[submission.stem]
            record = records.failed_record(
                submission, assignment, records.ERROR, reason, self._made_from(submission, None)
            )
            try:
                results.write(self.path(submission), record)
            except OSError:
                # That may well be the error. The table has to say so all the same.
                unwritten[self.path(submission)] = record
            return record, (0.0, 0.0, 0)


def _folders(folder):
    return [entry.path for entry in os.scandir(folder) if entry.is_dir() and entry.name != MACOS_FOLDER]


class _Timings:
    """timings.csv, to which a line is added whenever a submission is finished."""

    def __init__(self, path):
        self._path = path
        if not path.exists():
            tables.write_table(path, tables.TIMINGS, [])

    def add(self, submission, timing):
        wall, processor, memory = timing
        row = [submission.student, submission.stem, round(wall, 4), round(processor, 4), memory]
        tables.append_row(self._path, row)
