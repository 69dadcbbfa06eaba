"""A folder of submissions becomes a folder of results: right, resumable, and the same each time."""

import csv
import errno
import fcntl
import functools
import io
import json
import operator
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import textwrap
import threading
import tracemalloc
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from gru_checks.calling import Call
from gru_checks.question import Case, Misconception, Part
from gru_grader import __main__ as command_line
from gru_grader import command, grading, machine, pool, report, results, selftest, tables
from gru_grader.budget import Limits
from gru_grader.child import WorkerError
from gru_grader.client import Worker
from gru_grader.grading import Grading
from gru_grader.pool import WorkerPool
from gru_grader.records import can_be_kept
from tests.grader.bank import ASSIGNMENT, NAMES, POINTS, RIGHT, STEM, UNTOUCHED, WRONG, cells, notebook_text
from tests.grader.processes import below, end_of, wait_until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.needs("sandbox")


def hand_in(folder, **students):
    """Write submissions: cells, or bytes as they are."""
    for student, content in students.items():
        path = folder / student / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else notebook_text(content).encode())


def gru_grader(*arguments):
    return command_line.main([str(argument) for argument in arguments], assignments=[ASSIGNMENT])


def grade(tmp_path, *options, out="results"):
    options = options if "--seed" in options else (*options, "--seed", 7)
    return gru_grader("grade", tmp_path / "in", "--out", tmp_path / out, "--jobs", 2, *options)


def record(tmp_path, student, out="results"):
    return json.loads((tmp_path / out / student / STEM / "results.json").read_text())


def statuses(found):
    return [test["extra_data"]["status"] for test in found["tests"]]


def everything(folder):
    """The bytes of all files but the timings."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timings.csv"
    }


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "in"
    hand_in(
        inside,
        right=cells(RIGHT),
        wrong=cells(WRONG),
        untouched=cells(UNTOUCHED),
        part=cells({**RIGHT, "double": "def double(x):\n    import os\n    os._exit(0)"}),
        loop=cells({**RIGHT, "square": "def square(x):\n    while True:\n        pass"}),
        broken=b"not a notebook",
    )
    os.mkfifo(inside / "broken" / "pipe.ipynb")
    return tmp_path


def test_every_outcome_is_told_apart(folder, capsys):
    assert grade(folder, "--time-limit", "0.5") == command_line.SOME_NOT_GRADABLE
    found = {name: record(folder, name) for name in ("right", "wrong", "untouched", "part", "loop", "broken")}
    assert {name: r["score"] for name, r in found.items()} == {
        "right": POINTS,
        "wrong": 0,
        "untouched": 0,
        "part": POINTS - 2,
        "loop": POINTS - 2,
        "broken": None,
    }
    assert {name: r["extra_data"]["status"] for name, r in found.items()} == {
        "right": "graded",
        "wrong": "graded",
        "untouched": "not_attempted",
        "part": "graded",
        "loop": "graded",
        "broken": "not_gradable",
    }
    assert statuses(found["untouched"]) == ["not_attempted"] * 5
    assert statuses(found["wrong"]) == ["wrong"] * 5
    assert statuses(found["part"]) == ["crashed"] + ["right"] * 4
    assert statuses(found["loop"]) == ["right", "timed_out"] + ["right"] * 3
    assert "it ended Python (exit status 0)" in found["part"]["tests"][0]["output"]
    rows = {
        row["student"]: row for row in csv.DictReader(open(folder / "results" / "summary.csv", encoding="utf-8-sig"))
    }
    assert rows["broken"]["score"] == "" and rows["broken"]["reason"].startswith("The file is not a notebook")
    assert rows["loop"]["timed_out"] == "1" and rows["loop"]["right"] == "4" and rows["loop"]["score"] == "8.0"
    said = capsys.readouterr().out
    assert "4 graded, mean 6.5 points, which leaves out: 1 not attempted, 1 not gradable." in said
    assert "broken/pipe.ipynb: neither its name nor its content says which assignment it answers" in said


def test_a_result_has_gradescope_s_fields_and_says_what_it_was_made_from(folder):
    grade(folder, "--isolation", "restricted", "--memory", "700", "--time-limit", "0.5")
    found = record(folder, "right")
    assert found["score"] == sum(test["score"] for test in found["tests"]) == POINTS
    assert {test["status"] for test in found["tests"]} == {"passed"}
    assert {type(test["number"]) for test in found["tests"]} == {str}
    made_from = found["extra_data"]
    assert made_from["isolation"] == "restricted" and made_from["seed"] == 7
    assert made_from["limits"] == {"seconds": 0.5, "memory": 700, "disk": 64, "threads": 64, "files": 64}
    assert len(made_from["submission"]) == len(made_from["question_bank"]) == 64
    assert made_from["grader_version"] == "0.1.0"
    assert "execution_time" not in json.dumps(found)


@pytest.mark.parametrize("options", [(), ("--isolation", "restricted")])
def test_the_same_seed_gives_the_same_bytes(folder, options):
    hand_in(folder / "in", odd=cells(RIGHT, before=["raise ValueError(object(), {'a', 'b', 'c'}, np.random.rand())"]))
    (folder / "in" / "loop" / f"{STEM}.ipynb").unlink()
    grade(folder, *options, out="one")
    gru_grader("grade", folder / "in", "--out", folder / "two", "--jobs", 1, "--seed", 7, *options)
    assert everything(folder / "one") == everything(folder / "two")
    assert "0x…" in record(folder, "odd", out="one")["output"]


def test_where_files_were_written_makes_no_difference(tmp_path):
    """Without namespaces the folder has another name in each run, and a long message breaks at another place in it."""
    missing = "(f'{words} in {os.getcwd()}/data.csv')"
    broken = f"def double(x):\n    import os\n    words = 'no file at all with the numbers is there'\n    open{missing}"
    raising = f"import os\nwords = 'nothing'\nraise ValueError{missing}"
    hand_in(tmp_path / "in", anna=cells({**RIGHT, "double": broken}, before=[raising]))
    for out in ("one", "two"):
        grade(tmp_path, "--isolation", "restricted", out=out)
    assert everything(tmp_path / "one") == everything(tmp_path / "two")
    found = record(tmp_path, "anna", out="one")
    assert "/scratch/data.csv" in found["output"] and "/scratch/data.csv" in found["tests"][0]["output"]


@pytest.mark.slow
def test_another_seed_draws_other_inputs_and_is_kept(folder):
    hand_in(folder / "in", odd=cells({**RIGHT, "double": "def double(x):\n    raise ValueError(float(x[0, 0]))"}))
    said = set()
    for seed in (1, 2):
        grade(folder, "--seed", seed, "--time-limit", "0.5", out=f"seed{seed}")
        said.add(record(folder, "odd", out=f"seed{seed}")["tests"][0]["output"])
    assert len(said) == 2
    gru_grader("grade", folder / "in", "--out", folder / "seed2", "--time-limit", "0.5")
    assert json.loads((folder / "seed2" / "grading.json").read_text()) == {"seed": 2}


def test_what_has_a_result_is_not_graded_again(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT), cy=cells(RIGHT))
    grade(tmp_path)
    before = {name: os.stat(tmp_path / "results" / name / STEM / "results.json") for name in ("anna", "bo", "cy")}
    hand_in(tmp_path / "in", bo=cells(WRONG))
    (tmp_path / "results" / "cy" / STEM / "results.json").write_text('{"score": 10, "te')
    (tmp_path / "results" / "cy" / STEM / ".results.json.x.partial").write_text("half")
    capsys.readouterr()
    grade(tmp_path)
    after = {name: os.stat(tmp_path / "results" / name / STEM / "results.json") for name in ("anna", "bo", "cy")}
    assert [name for name in before if before[name].st_ino == after[name].st_ino] == ["anna"]
    assert "(1 from an earlier run)" in capsys.readouterr().out
    assert record(tmp_path, "bo")["score"] == 0 and record(tmp_path, "cy")["score"] == POINTS
    assert not list((tmp_path / "results").rglob("*.partial"))
    grade(tmp_path, "--time-limit", "11")
    assert record(tmp_path, "anna")["extra_data"]["limits"]["seconds"] == 11
    inode = os.stat(tmp_path / "results" / "anna" / STEM / "results.json").st_ino
    grade(tmp_path, "--time-limit", "11", "--regrade")
    assert os.stat(tmp_path / "results" / "anna" / STEM / "results.json").st_ino != inode


def start(tmp_path, out):
    """Start the command as a process; it prints a line a submission."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.grader.command", "grade", tmp_path / "in", "--out", tmp_path / out]
        + ["--jobs", "2", "--seed", "7"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_grading_goes_on_and_leaves_no_process(tmp_path, blow):
    slow = cells(RIGHT, before=["import time\ntime.sleep(0.1)"])
    hand_in(tmp_path / "in", **{f"student{number:02}": slow for number in range(16)})
    running = start(tmp_path, "stopped")
    finished = [running.stdout.readline() for _ in range(4)][1:]
    started = below(running.pid)
    assert len(started) >= 2
    running.send_signal(blow)
    code = running.wait(timeout=20)
    assert code == (-signal.SIGKILL if blow == signal.SIGKILL else command_line.STOPPED)
    end_of(started)
    kept = list((tmp_path / "stopped").rglob("results.json"))
    assert len(finished) <= len(kept) < 16
    times = {path: path.stat().st_mtime_ns for path in kept}
    assert start(tmp_path, "stopped").wait(timeout=60) == 0
    assert start(tmp_path, "whole").wait(timeout=60) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == times
    assert everything(tmp_path / "stopped") == everything(tmp_path / "whole")
    rows = list(csv.DictReader(open(tmp_path / "stopped" / "timings.csv")))
    assert 16 - len(kept) <= len(rows) <= 16


def test_two_gradings_do_not_write_into_the_same_results(tmp_path, capsys):
    """Each would draw a seed of its own, and sweep up what the other has half-written."""
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT, before=["import time\ntime.sleep(60)"]))
    running = start(tmp_path, "results")
    try:
        running.stdout.readline()
        seed = (tmp_path / "results" / "grading.json").read_bytes()
        assert grade(tmp_path, "--seed", 8) == command_line.UNUSABLE
        assert "another gru-grader is grading into" in capsys.readouterr().err
        assert grade(tmp_path, "--time-limit", 0.1, out="others") == command_line.ALL_GRADED
        assert (tmp_path / "results" / "grading.json").read_bytes() == seed
    finally:
        running.kill()
        running.wait()
    assert grade(tmp_path, "--time-limit", 0.1) == command_line.ALL_GRADED


def test_where_nothing_can_be_locked_it_is_graded_all_the_same(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr(fcntl, "flock", refuse)
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    assert grade(tmp_path) == command_line.ALL_GRADED


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_the_grader_finds_nothing_left_of_the_class(tmp_path, number):
    """As when a terminal is closed: what was unpacked is removed, and what is finished is kept."""
    looping = cells({**RIGHT, "double": "def double(x):\n    while True:\n        pass"})
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=looping)
    shutil.make_archive(str(tmp_path / "class"), "zip", tmp_path / "in")
    (scratch := tmp_path / "tmp").mkdir()
    arguments = ["grade", tmp_path / "class.zip", "--out", tmp_path / "out", "--time-limit", "60", "--jobs", "1"]
    command = [sys.executable, "-m", "tests.grader.command", *map(str, [*arguments, "--isolation", "restricted"])]
    environment = os.environ | {"TMPDIR": str(scratch)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as started:
        wait_until(lambda: (tmp_path / "out" / "anna" / STEM / "results.json").exists())
        assert any(scratch.iterdir())
        started.send_signal(number)
        said, _ = started.communicate(timeout=30)
    assert started.returncode == command_line.STOPPED and "What is finished is kept" in said
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("interrupted", [False, True])
def test_what_a_stopped_run_did_not_come_to_count_is_not_called_earlier(interrupted):
    said = report.closing(grading.Summary(rows=3, interrupted=interrupted), "results")
    assert ("with 3 more from earlier runs" in said) is not interrupted


def test_a_table_that_is_not_there_is_not_spoken_of():
    stopped = grading.Summary(rows=1, interrupted=True)
    assert report.closing(stopped, "results").endswith("Results: results; the table is summary.csv.")
    assert report.closing(grading.Summary(interrupted=True), "results").endswith("\nResults: results.")


def test_a_fault_of_the_grader_is_no_zero(tmp_path, monkeypatch, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    real = grading.grade

    def failing(notebook, questions, worker, limits):
        if failing.left:
            failing.left -= 1
            raise ZeroDivisionError("our own mistake")
        return real(notebook, questions, worker, limits)

    failing.left = 1
    monkeypatch.setattr(grading, "grade", failing)
    assert grade(tmp_path) == command_line.GRADER_FAILED
    records = [record(tmp_path, name) for name in ("anna", "bo")]
    (failed,) = [r for r in records if r["extra_data"]["status"] == "error"]
    assert failed["score"] is None and failed["tests"] == []
    said = capsys.readouterr().out
    assert "ZeroDivisionError: our own mistake" in said and "earlier runs; grade these again" not in said
    rows = {
        row["status"]: row["score"]
        for row in csv.DictReader(open(tmp_path / "results" / "summary.csv", encoding="utf-8-sig"))
    }
    assert rows == {"error": "", "graded": str(POINTS)}
    assert grade(tmp_path) == command_line.ALL_GRADED
    assert [record(tmp_path, name)["score"] for name in ("anna", "bo")] == [POINTS, POINTS]


def test_a_file_on_a_broken_disk_costs_nobody_else_s(tmp_path, monkeypatch):
    """Whether it has a result already, or none, or its content would have to say what it is."""
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    strange = tmp_path / "in" / "cy" / "mine.ipynb"
    strange.parent.mkdir()
    strange.write_text(notebook_text(cells(RIGHT)))
    real = os.open

    def broken(path, *arguments, **options):
        if "in/bo/" in str(path) or "in/cy/" in str(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return real(path, *arguments, **options)

    for before in (True, False):
        if before:
            grade(tmp_path)
        else:
            shutil.rmtree(tmp_path / "results")
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", broken)
            assert grade(tmp_path) == command_line.GRADER_FAILED
        rows = csv.DictReader(open(tmp_path / "results" / "summary.csv", encoding="utf-8-sig"))
        found = {row["student"]: (row["status"], row["score"]) for row in rows}
        assert found["anna"] == ("graded", "10.0") and found["bo"] == ("error", "")
        assert grade(tmp_path) == command_line.ALL_GRADED


def test_a_mistake_of_the_grader_s_own_has_its_exit_status(tmp_path, monkeypatch, capsys):
    """Python ends with 1 after a traceback, which would say that some submissions could not be graded."""

    def broken(*arguments):
        raise ZeroDivisionError("our own mistake \x1b[2J")

    hand_in(tmp_path / "in", anna=cells(RIGHT))
    monkeypatch.setattr(report, "closing", broken)
    assert grade(tmp_path) == command_line.GRADER_FAILED
    said = capsys.readouterr().err
    assert "in broken" in said and r"our own mistake \x1b[2J" in said and "\x1b" not in said


def test_what_cannot_be_read_now_may_be_another_fault_than_before(tmp_path):
    hand_in(tmp_path / "in", anna=b"")
    grade(tmp_path)
    assert record(tmp_path, "anna")["extra_data"]["reason"] == "The file is empty."
    hand_in(tmp_path / "in", anna=b"{")
    grade(tmp_path)
    assert "it is not JSON" in record(tmp_path, "anna")["extra_data"]["reason"]


def test_a_disk_that_fails_where_submissions_are_looked_for_is_no_fault_of_the_student(tmp_path, monkeypatch, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT), cy=cells(RIGHT))
    (tmp_path / "in" / "anna" / f"{STEM}.ipynb").rename(tmp_path / "in" / "anna" / "homework.ipynb")
    real = {"open": os.open, "scandir": os.scandir}

    def failing(name):
        def call(path, *arguments, **options):
            if any(part in str(path) for part in ("homework", f"in{os.sep}bo")):
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            return real[name](path, *arguments, **options)

        return call

    with monkeypatch.context() as patched:
        for name in real:
            patched.setattr(os, name, failing(name))
        assert grade(tmp_path) == command_line.GRADER_FAILED
    rows = summary(tmp_path / "results")
    assert {student: row["status"] for student, row in rows.items()} == {"anna": "error", "bo": "error", "cy": "graded"}
    assert all("it cannot be read: Input/output error" in rows[student]["reason"] for student in ("anna", "bo"))
    said = capsys.readouterr().out
    assert "anna/homework.ipynb: it cannot be read: Input/output error" in said and "earlier runs" not in said
    assert grade(tmp_path) == command_line.ALL_GRADED


@pytest.mark.parametrize("kept_from", ["bo", f"bo/{STEM}/results.json"])
def test_nobody_is_missing_from_the_table_because_a_result_cannot_be_read(tmp_path, monkeypatch, kept_from):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    grade(tmp_path)
    real = {"listdir": os.listdir, "lstat": os.lstat}

    def failing(name):
        def call(path, *arguments, **options):
            if str(path) == str(tmp_path / "results" / kept_from):
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            return real[name](path, *arguments, **options)

        return call

    for name in real:
        monkeypatch.setattr(results.os, name, failing(name))
    found = [record["extra_data"] for record in results.read_all(tmp_path / "results")]
    assert [data["student"] for data in found] == ["anna", "bo"]
    assert kept_from != "bo" or found[1]["status"] == "error"


def test_a_fault_is_never_kept():
    for status, kept in (("graded", True), ("not_gradable", False), ("error", False)):
        assert can_be_kept({"extra_data": {"status": status, "seed": 1}}, {"seed": 1}) is kept


def test_a_worker_that_dies_is_replaced():
    with WorkerPool(1, "full", Limits()) as pool:
        seen = []

        def work(worker):
            seen.append(worker)
            if len(seen) == 1:
                os.kill(worker._process.pid, signal.SIGKILL)
            worker.fork().close()
            return "done"

        assert pool.submit(work).result(timeout=60) == "done"
        assert len(seen) == 2 and seen[0] is not seen[1]


def test_workers_at_the_same_time_have_different_users(monkeypatch):
    """Nothing may run as them at the moment; and one that took the place of another runs beside the others, too."""

    def worker(*level, avoid, **other):
        return mock.Mock(user=next(user for user in (1, 2, 3) if user not in avoid))

    monkeypatch.setattr(pool, "Worker", worker)
    begun, both, replaced, failed = threading.Event(), threading.Barrier(2), threading.Event(), []

    def fail_once(worker):
        if failed:
            replaced.set()
            return worker.user
        failed.append(worker.user)
        begun.set()
        both.wait(timeout=20)
        raise WorkerError("gone")

    def go_on(worker):
        both.wait(timeout=20)
        assert replaced.wait(timeout=20)
        return worker.user

    with WorkerPool(2, "full", Limits()) as workers:
        first = workers.submit(fail_once)
        assert begun.wait(timeout=20)
        second = workers.submit(go_on)
        assert (first.result(timeout=20), second.result(timeout=20)) == (1, 2)


def test_a_user_of_a_worker_is_nobody_s(monkeypatch):
    monkeypatch.setattr(machine, "UNUSED_USERS", range(58_000, 58_004))
    monkeypatch.setattr(machine, "_exists", lambda user, name: True)
    users = [SimpleNamespace(pw_uid=58_000)]
    monkeypatch.setattr(machine.pwd, "getpwall", lambda: users)
    given = {machine.unused_user(avoid={58_002}) for _ in range(50)}
    assert given == {58_001, 58_003}


@pytest.mark.parametrize("level", ["restricted", "none"])
def test_a_worker_that_the_system_refuses_to_start_leaves_nothing(monkeypatch, tmp_path, level):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    refused = OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    monkeypatch.setattr(subprocess, "Popen", mock.Mock(side_effect=refused))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(WorkerError, match="cannot be started: .*Resource temporarily unavailable"):
            Worker(level, Limits())
    assert not list(tmp_path.iterdir()) and len(os.listdir("/proc/self/fd")) == before


def test_a_folder_for_files_that_cannot_be_emptied_is_replaced_with_its_worker(monkeypatch):
    real, refused = machine.empty, []

    def empty(folder):
        if not refused:
            refused.append(folder)
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
        real(folder)

    monkeypatch.setattr(machine, "empty", empty)
    with WorkerPool(1, "restricted", Limits()) as workers:
        assert workers.submit(lambda worker: worker.fork().close() or worker._scratch).result(timeout=30) != refused[0]


def test_a_worker_that_cannot_start_is_the_grader_s_fault(monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(WorkerError, match="the worker is gone"):
        Worker("full", Limits())


def test_hostile_text_is_made_harmless(tmp_path, capsys):
    evil = "\x1b]0;owned\x07\x1b[2J<script>alert(1)</script>\u202e=cmd|' /C calc'!A0"
    hand_in(
        tmp_path / "in",
        **{"=HYPERLINK(0)\x1b[2J": cells({**RIGHT, "double": f"def double(x):\n    raise ValueError({evil!r})"})},
        broken=cells(RIGHT, before=[f"raise type({evil[:3] + 'x'!r}, (Exception,), {{}})({evil!r})"]),
    )
    grade(tmp_path)
    gru_grader("show", "broken", STEM, "--out", tmp_path / "results")
    shown = capsys.readouterr().out
    written = "".join(path.read_text() for path in (tmp_path / "results").rglob("*") if path.is_file())
    for harmful in ("\x1b", "\x07", "\u202e"):
        assert harmful not in shown and harmful not in written
    assert "<script" not in written
    assert "\n'=HYPERLINK" in (tmp_path / "results" / "summary.csv").read_text()
    assert "<script>alert(1)</script>" in record(tmp_path, "broken")["output"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere",), "cannot be read"),
        (("in", "--assignment", "no-such"), "there is no assignment no-such; there are sums"),
        (("in", "--out", "in/results"), "must not lie inside"),
        (("empty",), "there is no submission"),
    ],
)
def test_an_unusable_command_says_why(tmp_path, monkeypatch, capsys, arguments, sentence):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    arguments = arguments if "--out" in arguments else (*arguments, "--out", "results")
    assert gru_grader("grade", *arguments) == command_line.UNUSABLE
    assert sentence in capsys.readouterr().err


def test_an_answer_whose_cell_failed_says_so(tmp_path):
    hand_in(
        tmp_path / "in",
        syntax=cells({**RIGHT, "double": "def double(x):\n    return (2 * x"}),
        loop=cells({**RIGHT, "double": "while True:\n    pass\ndef double(x):\n    return 2 * x"}),
        absent=cells({name: answer for name, answer in RIGHT.items() if name != "double"}),
    )
    grade(tmp_path, "--time-limit", "0.4")
    tests = {student: record(tmp_path, student)["tests"][0] for student in ("syntax", "loop", "absent")}
    assert {student: test["extra_data"]["status"] for student, test in tests.items()} == {
        "syntax": "not_defined",
        "loop": "timed_out",
        "absent": "not_defined",
    }
    assert "code cell 2, which defines it, stopped with SyntaxError." in tests["syntax"]["output"]
    assert "code cell 2 was left out, because it used up 0.4 s of" in tests["loop"]["output"]
    assert "What happened" not in tests["absent"]["output"]


def test_a_note_on_a_cell_quotes_its_first_line(tmp_path):
    long = f"{'x' * 500} = undefined"
    before = ["# a remark\n\n1 / 0", "import os\nos._exit(3)", long]
    hand_in(tmp_path / "in", anna=cells(RIGHT, before=before))
    grade(tmp_path)
    found = record(tmp_path, "anna")
    said = " ".join(found["output"].replace("\n  | ", " ").split())
    assert "Code cell 2 (begins: `1 / 0`), line 3: ZeroDivisionError: division by zero." in said
    assert "Code cell 3 (begins: `import os`) was left out: it ended Python (exit status 3)." in said
    assert f"`{'x' * 59}…`), line 1: NameError" in said
    assert [note["begins"] for note in found["extra_data"]["cell_errors"]] == ["1 / 0", "x" * 59 + "…"]


class Counter:
    """What a question of the kind "class" asks for."""

    def __init__(self, x):
        self.sum = np.zeros_like(x)

    def add(self, x):
        self.sum = self.sum + x
        return self.sum


def _draw_counter(rng):
    x, y = rng.normal(0, 1, (2, 2, 3))
    return [Case("two steps", Call("Counter", (x,), steps=(("add", (x,)), ("add", (y,)))))]


def _draw_choice(rng):
    return [Case("the choice", Call("choice"))]


CLASS_AND_CHOICE = replace(
    ASSIGNMENT,
    questions=(
        replace(
            ASSIGNMENT.questions[0],
            id="sums.counter",
            answer="Counter",
            kind="class",
            reference=Counter,
            draw=_draw_counter,
            returns=(Part("the first sum", "HB"), Part("the second sum", "HB")),
        ),
        replace(
            ASSIGNMENT.questions[0],
            id="sums.choice",
            answer="choice",
            kind="choice",
            reference=lambda: "b",
            choices={"a": "The first.", "b": "The second."},
            draw=_draw_choice,
            misconceptions=(Misconception("first", "It is the second.", lambda: "a"),),
        ),
    ),
)


def test_a_class_is_asked_step_by_step_and_points_had_by_choosing_are_marked(tmp_path):
    counter = "class Counter:\n    def __init__(self, x):\n        self.sum = 0 * x\n"
    right = counter + "    def add(self, x):\n        self.sum += x\n        return self.sum"
    forgets = counter + "    def add(self, x):\n        return self.sum + x"
    choice = "def choice():\n    return 'b'"
    hand_in(tmp_path / "in", anna=["import numpy as np", right, choice], bo=["import numpy as np", forgets, choice])
    arguments = ["grade", tmp_path / "in", "--out", tmp_path / "results", "--seed", 7]
    command_line.main([str(argument) for argument in arguments], assignments=[CLASS_AND_CHOICE])
    assert statuses(record(tmp_path, "anna")) == ["right", "right"]
    assert statuses(record(tmp_path, "bo")) == ["wrong", "right"]
    rows = summary(tmp_path / "results")
    assert {name: (row["score"], row["chosen_points"]) for name, row in rows.items()} == {
        "anna": ("4.0", "2.0"),
        "bo": ("2.0", "2.0"),
    }
    assert "Points had by choosing among given answers: 2." in record(tmp_path, "bo")["output"]
    assert [test["extra_data"]["kind"] for test in record(tmp_path, "bo")["tests"]] == ["class", "choice"]


def test_a_wrong_answer_is_told_of_a_wrong_one_that_it_may_use(tmp_path):
    first, second, *others = ASSIGNMENT.questions
    assignment = replace(ASSIGNMENT, questions=(first, replace(second, uses=(first.id,)), *others))
    double = "def double(x):\n    return 3 * x"
    square = "def square(x):\n    return double(x) * x / 2"
    hand_in(
        tmp_path / "in",
        both=cells({**RIGHT, "double": double, "square": square}),
        square=cells({**RIGHT, "square": "def square(x):\n    return x"}),
        double=cells({**RIGHT, "double": double}),
    )
    arguments = ["grade", tmp_path / "in", "--out", tmp_path / "results", "--seed", 7]
    command_line.main([str(argument) for argument in arguments], assignments=[assignment])
    said = {name: record(tmp_path, name)["tests"][1]["output"] for name in ("both", "square", "double")}
    sentence = "Your double is not right either. If square uses it, mend that first."
    assert {name: sentence in " ".join(text.replace("|", " ").split()) for name, text in said.items()} == {
        "both": True,
        "square": False,
        "double": False,
    }


def test_show_prints_one_result(folder, capsys):
    grade(folder, "--time-limit", "0.5")
    capsys.readouterr()
    assert gru_grader("show", "part", STEM, "--out", folder / "results") == 0
    said = capsys.readouterr().out
    assert said.startswith("part, sums: 8 of 10 points\n")
    assert "✗ The process ended: Double (0 of 2 points)" in said and "✓ Right: Square (2 of 2 points)" in said
    assert "isolation full" in said
    assert gru_grader("show", "nobody", STEM, "--out", folder / "results") == command_line.UNUSABLE


def test_show_says_what_there_is(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT), **{"=1+1": cells(RIGHT)})
    (tmp_path / "in" / "bo").mkdir()
    (tmp_path / "in" / "bo" / "work.pdf").write_text("")
    grade(tmp_path)
    capsys.readouterr()

    def show(student, assignment=STEM, out="results"):
        code = gru_grader("show", student, assignment, "--out", tmp_path / out)
        said = capsys.readouterr()
        return code, said.out + said.err

    assert show("'=1+1") == (0, show("=1+1")[1])
    code, said = show("bo")
    assert code == 0
    assert said == "bo: not gradable\n\nIt could not be graded: there is no notebook in it, only work.pdf.\n"
    code, said = show("anna", "sum")
    assert code == command_line.UNUSABLE and said.endswith("of anna there are sums\n")
    code, said = show("ana")
    assert code == command_line.UNUSABLE and said.endswith(
        "--out names the folder of the results, in which there are anna\n"
    )
    code, said = show("anna", out="elsewhere")
    assert code == command_line.UNUSABLE and said.endswith("--out names the folder of the results\n")


@pytest.mark.slow
def test_a_terminal_shows_a_bar_and_a_file_lines(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    grade(tmp_path)
    assert "anna  sums  10 of 10 points\n" in capsys.readouterr().out
    master, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    running = subprocess.run(
        [sys.executable, "-m", "tests.grader.command", "grade", tmp_path / "in", "--out", tmp_path / "again"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
        timeout=60,
    )
    shown = os.read(master, 100_000).decode()
    os.close(master)
    os.close(terminal)
    assert running.returncode == 0 and "2/2" in shown and "submissions" in shown
    assert "anna  sums" not in running.stdout


def test_the_bar_has_room_in_a_narrow_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stderr", narrow := io.StringIO())
    monkeypatch.setattr(narrow, "isatty", lambda: True, raising=False)
    with command._Progress(2) as progress:
        progress.finished(None, False)
    last = narrow.getvalue().split("\r")[-1].rstrip("\n")
    assert len(last) <= 40 and "| 1/2 [" in last and len(last.split("|")[1]) >= 8


@pytest.mark.parametrize("level", ["full", "restricted"])
def test_the_reference_can_be_imported_only_where_the_assignment_says_so(level):
    cell = "import numpy as np\nfrom gru_ref import sigmoid\ndef double(x):\n    return sigmoid(x)"
    for packages, status in (((), "raised"), (("gru_ref",), "returned")):
        with Worker(level, Limits(), packages=packages) as worker:
            child = worker.fork()
            child.run([cell], (), Limits())
            outcome = child.call(Call("double", (np.zeros((1, 1)),)), child.budget(Limits()))
            child.close()
        assert outcome.status == status


def test_the_names_of_the_bank_are_those_of_the_tables():
    assert set(RIGHT) == set(WRONG) == set(UNTOUCHED) == set(NAMES)


def summary(folder):
    """The rows of summary.csv, by student."""
    with open(folder / "summary.csv", encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_the_table_keeps_the_class_when_one_more_is_graded(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(WRONG))
    hand_in(tmp_path / "late", cy=cells(RIGHT))
    grade(tmp_path)
    (tmp_path / "results" / "bo" / STEM / "results.json").write_text("half")
    gru_grader("grade", tmp_path / "late", "--out", tmp_path / "results", "--regrade")
    rows = summary(tmp_path / "results")
    assert {name: (row["status"], row["score"]) for name, row in rows.items()} == {
        "anna": ("graded", str(POINTS)),
        "bo": ("error", ""),
        "cy": ("graded", str(POINTS)),
    }
    assert "damaged" in rows["bo"]["reason"]
    assert "with 2 more from earlier runs" in capsys.readouterr().out
    with open(tmp_path / "results" / "timings.csv", encoding="utf-8-sig") as file:
        assert [row["student"] for row in csv.DictReader(file)][-1] == "cy"
    assert len((tmp_path / "results" / "timings.csv").read_text().splitlines()) == 4


@pytest.mark.slow
def test_a_large_class_takes_little_more_memory_than_a_small_one(tmp_path, monkeypatch):
    """All that the grading itself holds: what the sandbox does is done once, and its outcome given to everybody."""
    real, made = grading.grade, []

    def once(*arguments):
        if not made:
            made.append(real(*arguments))
        return made[0]

    def held(number):
        folder = tmp_path / f"{number}"
        hand_in(folder / "in", **{f"student{place:04}": cells(RIGHT) for place in range(number)})
        tracemalloc.start()
        try:
            summary = Grading(folder / "in", folder / "out", [ASSIGNMENT], "full", Limits(), seed=7).run(2)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            assert summary.counts == {"graded": number} and summary.mean == POINTS
            assert len((folder / "out" / "summary.csv").read_text().splitlines()) == number + 1

    monkeypatch.setattr(grading, "grade", once)
    held(10)
    small, large = held(100), held(400)
    assert (large - small) / 300 < 900


@pytest.mark.slow
def test_no_more_submissions_wait_than_the_workers_need(tmp_path, monkeypatch):
    hand_in(tmp_path / "in", **{f"student{place:02}": cells(RIGHT) for place in range(30)})
    waiting, most = set(), []
    submit = WorkerPool.submit

    def counted(pool, *arguments, **options):
        future = submit(pool, *arguments, **options)
        waiting.add(future)
        future.add_done_callback(waiting.discard)
        most.append(len(waiting))
        return future

    monkeypatch.setattr(WorkerPool, "submit", counted)
    assert grade(tmp_path) == command_line.ALL_GRADED
    assert len(most) == 30 and max(most) <= 2 * grading.AHEAD


def test_the_table_is_in_the_order_of_the_results_whatever_lies_among_them(tmp_path):
    hand_in(tmp_path / "in", **{name: cells(RIGHT) for name in ("anna", "Bo", "zoë", "a b")}, **{"summary.csv": b""})
    (tmp_path / "in" / "empty").mkdir()
    grade(tmp_path)
    names = [path.relative_to(tmp_path / "results").parts for path in (tmp_path / "results").rglob("results.json")]
    assert [*summary(tmp_path / "results")] == sorted([name[0] for name in names] + ["summary.csv"])


def test_the_table_outlives_a_folder_without_submissions(tmp_path):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    (tmp_path / "wrong" / "folder").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    grade(tmp_path)
    for name in ("wrong", "empty"):
        gru_grader("grade", tmp_path / name, "--out", tmp_path / "results")
        assert summary(tmp_path / "results")["anna"]["score"] == str(POINTS)


def test_who_could_not_be_placed_is_in_the_table_until_placed(tmp_path, capsys):
    # No check, and no definition at the beginning of a line.
    strange = ["import numpy as np", "if True:\n" + textwrap.indent("\n".join(RIGHT.values()), "    ")]
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=strange, **{"summary.csv": cells(RIGHT)})
    named = tmp_path / "in" / "bo" / f"{STEM}.ipynb"
    named.rename(named.with_name("homework.ipynb"))
    assert grade(tmp_path) == command_line.SOME_NOT_GRADABLE
    said = capsys.readouterr().out
    assert "bo/homework.ipynb: neither its name nor its content says which assignment it answers; with --ass" in said
    rows = summary(tmp_path / "results")
    assert {name: row["status"] for name, row in rows.items()} == {
        "anna": "graded",
        "bo": "not_gradable",
        "summary.csv": "not_gradable",
    }
    assert "  For students of whom nothing else is there, the table has 2 more rows, without a score.\n" in said
    assert rows["bo"]["score"] == "" and f"--assignment {STEM}" in rows["bo"]["reason"]
    hand_in(tmp_path / "late", cy=cells(RIGHT))
    gru_grader("grade", tmp_path / "late", "--out", tmp_path / "results")
    assert summary(tmp_path / "results")["bo"]["status"] == "not_gradable"
    grade(tmp_path, "--assignment", STEM)
    rows = summary(tmp_path / "results")
    assert rows["bo"]["score"] == str(POINTS) and rows["bo"]["assignment"] == STEM and rows.keys() >= {"anna", "cy"}
    assert len((tmp_path / "results" / "summary.csv").read_text().splitlines()) == 5


def test_a_notebook_of_another_assignment_is_no_zero(tmp_path, capsys):
    questions = tuple(
        replace(question, id=f"cubes.{name}", answer=name, draw=functools.partial(renamed, question.draw, name))
        for question, name in zip(ASSIGNMENT.questions[:2], ("cube", "halve"), strict=True)
    )
    other = replace(ASSIGNMENT, stem="cubes", questions=questions)
    answers = ["def cube(x):\n    return 2 * x", "def halve(x):\n    return x**2"]
    hand_in(tmp_path / "in", anna=answers, bo=[*answers, 'check("cubes.cube")'], cy=cells(WRONG), di=[])
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "results"), "--seed", "7"]
    assert command_line.main(["grade", *arguments], assignments=[ASSIGNMENT, other]) == 1
    reason = f"Its name says {STEM}, and its content cubes. If the content is right, rename it."
    assert f"  anna, {STEM}: {reason}\n  bo, {STEM}: {reason}\n" in capsys.readouterr().out
    rows = summary(tmp_path / "results")
    assert {student: (row["status"], row["score"]) for student, row in rows.items()} == {
        "anna": ("not_gradable", ""),
        "bo": ("not_gradable", ""),
        "cy": ("graded", "0.0"),
        "di": ("graded", "0.0"),
    }
    # What earns points is graded, whatever else is there.
    hand_in(tmp_path / "in", bo=["import numpy as np", *RIGHT.values(), 'check("cubes.cube")'])
    command_line.main(["grade", *arguments], assignments=[ASSIGNMENT, other])
    assert summary(tmp_path / "results")["bo"]["score"] == str(POINTS)


def renamed(draw, name, rng):
    return [replace(case, call=replace(case.call, name=name)) for case in draw(rng)]


def test_the_file_that_was_graded_is_named_where_its_name_says_something_else(tmp_path):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    (tmp_path / "in" / "anna" / f"{STEM}.ipynb").rename(tmp_path / "in" / "anna" / "homework.ipynb")
    grade(tmp_path, "--assignment", STEM)
    assert record(tmp_path, "anna")["output"] == "All code cells ran.\n  | The file that was graded: homework.ipynb."
    assert record(tmp_path, "bo")["output"] == "All code cells ran."
    assert record(tmp_path, "bo")["extra_data"]["file"] == f"{STEM}.ipynb"


def test_who_handed_in_for_another_assignment_alone_is_named(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    (tmp_path / "in" / "bo_cubes.ipynb").write_text(notebook_text(cells(RIGHT)))
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "results"), "--assignment", STEM]
    assert command_line.main(["grade", *arguments], [ASSIGNMENT, replace(ASSIGNMENT, stem="cubes", questions=())]) == 0
    assert "Handed in something, but not for this assignment:\n  bo\n" in capsys.readouterr().out


def test_another_seed_than_before_is_told(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    grade(tmp_path)
    grade(tmp_path)
    assert "had seed" not in capsys.readouterr().out
    grade(tmp_path, "--seed", 8)
    assert (
        "The last run into" in (said := capsys.readouterr().out) and "had seed 7." in said and "with 8, grade" in said
    )


def test_results_and_submissions_do_not_lie_in_each_other(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    for out in (tmp_path / "in", tmp_path / "in" / "results", tmp_path):
        assert gru_grader("grade", tmp_path / "in", "--out", out) == command_line.UNUSABLE
        assert "must not lie inside the" in capsys.readouterr().err
    assert not (tmp_path / "grading.json").exists()


def test_a_second_file_is_said_not_to_be_graded(tmp_path):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    grade(tmp_path)
    assert record(tmp_path, "anna")["output"] == "All code cells ran."
    copy = tmp_path / "in" / "anna" / f"{STEM}-Copy1.ipynb"
    copy.write_text(notebook_text(cells(WRONG)))
    grade(tmp_path)
    assert f"Not graded: anna/{STEM}-Copy1.ipynb" in record(tmp_path, "anna")["output"]
    assert summary(tmp_path / "results")["anna"]["not_graded"] == f"anna/{STEM}-Copy1.ipynb"


def run(tmp_path, *arguments, **options):
    command = [sys.executable, "-m", "tests.grader.command", *map(str, arguments)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(command, cwd=ROOT, text=True, timeout=60, **options)


@pytest.mark.slow
def test_a_terminal_without_umlauts_gets_numbers(tmp_path):
    hand_in(tmp_path / "in", Jürgen=cells(RIGHT))
    ran = run(
        tmp_path,
        *("grade", tmp_path / "in", "--out", tmp_path / "results"),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert ran.returncode == 0 and "Traceback" not in ran.stderr
    assert "J\\xfcrgen  sums  10 of 10 points" in ran.stdout


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o027, 0o640)])
def test_whoever_keeps_files_to_themselves_keeps_the_marks(tmp_path, umask, mode):
    """In a folder that is open to others, as one that was made before may be."""
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    (tmp_path / "results").mkdir(mode=0o755)
    command = [sys.executable, "-m", "tests.grader.command", "grade", tmp_path / "in", "--out", tmp_path / "results"]
    subprocess.run(command, cwd=ROOT, umask=umask, check=True, capture_output=True)
    files = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert len(files) == 4 and {path.stat().st_mode & 0o777 for path in files} == {mode}


@pytest.mark.slow
def test_a_reader_that_leaves_does_not_stop_the_grading(tmp_path):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    reading, writing = os.pipe()
    os.close(reading)
    ran = run(tmp_path, "grade", tmp_path / "in", "--out", tmp_path / "results", stdout=writing)
    os.close(writing)
    assert ran.returncode == 0 and ran.stderr == ""
    assert summary(tmp_path / "results").keys() == {"anna", "bo"}


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.slow
def test_what_is_closed_does_not_stop_the_grading(tmp_path, closed):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    program = f'"$0" -m tests.grader.command grade "$1" --out "$2" {closed}'
    command = ["sh", "-c", program, sys.executable, tmp_path / "in", tmp_path / "results"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert summary(tmp_path / "results")["anna"]["score"] == str(POINTS)
    for path in (tmp_path / "results").rglob("*"):
        assert path.is_dir() or "submission, isolation" not in path.read_text()


@pytest.mark.slow
def test_only_a_grading_is_said_to_go_on(tmp_path):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    grade(tmp_path)
    for arguments, goes_on in (
        (("show", "anna", STEM, "--out", tmp_path / "results"), False),
        (("grade", tmp_path / "in", "--out", tmp_path / "results"), True),
    ):
        with open("/dev/full", "w") as full:
            ran = run(tmp_path, *arguments, stdout=full)
        assert ran.returncode == command_line.GRADER_FAILED
        assert ran.stderr.startswith("gru-grader: stopped, because of: No space left on device\n")
        assert ("the same command goes on" in ran.stderr) is goes_on


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--jobs", "x", "--jobs: must be a whole number greater than zero"),
        ("--jobs", "0", "--jobs: must be a whole number greater than zero"),
        ("--time-limit", "inf", "--time-limit: must be a number greater than zero"),
        ("--seed", "1.5", "--seed: must be a whole number"),
        ("--time-limit", "1e300", "--time-limit: must be at most 1,000,000"),
        ("--memory", "9" * 30, "--memory: must be at most 16,777,216"),
        ("--jobs", "9" * 30, "--jobs: must be at most 1,000"),
    ],
)
def test_a_wrong_number_is_said_to_be_one(tmp_path, capsys, option, value, sentence):
    with pytest.raises(SystemExit, match=str(command_line.UNUSABLE)):
        gru_grader("grade", tmp_path, "--out", tmp_path / "out", option, value)
    assert sentence in capsys.readouterr().err


def test_what_is_damaged_is_said_to_be(tmp_path, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    grade(tmp_path)
    (tmp_path / "results" / "anna" / STEM / "results.json").write_text("{")
    capsys.readouterr()
    assert gru_grader("show", "anna", STEM, "--out", tmp_path / "results") == command_line.UNUSABLE
    assert "is damaged; gru-grader grade with the same folders makes it again" in capsys.readouterr().err
    for damaged in ("", "{", '{"seed": "7"}', "[]", "[" * 100_000):
        (tmp_path / "results" / "grading.json").write_text(damaged)
        assert gru_grader("grade", tmp_path / "in", "--out", tmp_path / "results") == command_line.UNUSABLE
        assert "holds the seed, is damaged; --seed SEED" in capsys.readouterr().err
    assert grade(tmp_path) == command_line.ALL_GRADED


def _without(*keys):
    return lambda result: functools.reduce(lambda part, key: part[key], keys[:-1], result).pop(keys[-1])


def _with(value, *keys):
    return lambda result: operator.setitem(
        functools.reduce(lambda part, key: part[key], keys[:-1], result), keys[-1], value
    )


EDITS = {
    "a score that is no number": _with("10", "score"),
    "a score that is not finite": _with(float("nan"), "score"),
    "a score without end": _with(10**400, "score"),
    "a score that is not the sum": _with(POINTS + 1, "score"),
    "no score of a graded one": _with(None, "score"),
    "a score of a failed one": _with("error", "extra_data", "status"),
    "another status": _with("done", "extra_data", "status"),
    "a status that is none": _with([1], "extra_data", "status"),
    "no output": _without("output"),
    "an output that is no text": _with([7], "tests", 0, "output"),
    "a test without an output": _without("tests", 0, "output"),
    "no tests": _with([], "tests"),
    "a student that is no name": _with(7, "extra_data", "student"),
    "no points to be had": _without("extra_data", "max_score"),
    "no limits": _with(None, "extra_data", "limits"),
    "no version": _without("extra_data", "grader_version"),
}
ALWAYS_EDITED = ("a score that is not the sum", "no tests")


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(edit, id=name, marks=[] if name in ALWAYS_EDITED else pytest.mark.slow)
        for name, edit in EDITS.items()
    ],
)
def test_an_edited_result_is_damaged_or_whole(tmp_path, capsys, edit):
    """It costs nobody else's result, is never kept, and is no result of a student who is not graded again."""
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    grade(tmp_path)
    before = everything(tmp_path / "results")
    edited = record(tmp_path, "anna")
    edit(edited)
    path = tmp_path / "results" / "anna" / STEM / "results.json"
    path.write_text(json.dumps(edited))
    capsys.readouterr()
    assert gru_grader("show", "anna", STEM, "--out", tmp_path / "results") == command_line.UNUSABLE
    assert "is damaged" in capsys.readouterr().err
    (tmp_path / "in" / "anna").rename(tmp_path / "anna")
    assert grade(tmp_path) == command_line.ALL_GRADED
    told = "In the table as error from earlier runs; grade these again:\n  anna, sums: The result is damaged or"
    assert told in capsys.readouterr().out
    rows = csv.DictReader(open(tmp_path / "results" / "summary.csv", encoding="utf-8-sig"))
    assert [(row["student"], row["status"], row["score"]) for row in rows] == [
        ("anna", "error", ""),
        ("bo", "graded", "10.0"),
    ]
    (tmp_path / "anna").rename(tmp_path / "in" / "anna")
    assert grade(tmp_path) == command_line.ALL_GRADED
    assert everything(tmp_path / "results") == before


@pytest.mark.parametrize("whose", ["extra_data student", "extra_data assignment"])
def test_somebody_else_s_result_is_not_kept(tmp_path, whose):
    """As when a folder was copied: the submissions may even be the same."""
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    grade(tmp_path)
    before = everything(tmp_path / "results")
    edited = record(tmp_path, "anna")
    _with("bo", *whose.split())(edited)
    (tmp_path / "results" / "anna" / STEM / "results.json").write_text(json.dumps(edited))
    assert grade(tmp_path) == command_line.ALL_GRADED
    assert everything(tmp_path / "results") == before


def test_somebody_else_s_result_is_no_result_in_the_table(tmp_path):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    grade(tmp_path)
    shutil.copytree(tmp_path / "results" / "anna", tmp_path / "results" / "bo")
    grade(tmp_path)
    rows = csv.DictReader(open(tmp_path / "results" / "summary.csv", encoding="utf-8-sig"))
    assert [(row["student"], row["status"]) for row in rows] == [("anna", "graded"), ("bo", "error")]


def test_a_result_is_found_where_the_file_system_changed_the_name(tmp_path):
    """As those of macOS change how accents are stored, and those of Windows a point at the end."""
    hand_in(tmp_path / "in", **{"Jos\u00e9.": cells(RIGHT)}, bo=cells(WRONG))
    grade(tmp_path)
    (tmp_path / "results" / "Jos\u00e9.").rename(tmp_path / "results" / "Jose\u0301")
    (tmp_path / "in" / "Jos\u00e9.").rename(tmp_path / "elsewhere")
    grade(tmp_path)
    rows = csv.DictReader(open(tmp_path / "results" / "summary.csv", encoding="utf-8-sig"))
    assert [(row["student"], row["score"]) for row in rows] == [("Jos\u00e9.", "10.0"), ("bo", "0.0")]


def _make_file(path):
    shutil.rmtree(path.parent)
    path.parent.write_text("")


def _make_file_of_the_student(path):
    shutil.rmtree(path.parents[1])
    path.parents[1].write_text("")


def _make_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("make", [_make_file, _make_file_of_the_student, _make_folder])
def test_what_stands_in_the_place_of_a_result_costs_nobody_else_s(tmp_path, capsys, make):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    grade(tmp_path)
    make(tmp_path / "results" / "anna" / STEM / "results.json")
    assert grade(tmp_path, "--regrade") == command_line.GRADER_FAILED
    rows = csv.DictReader(open(tmp_path / "results" / "summary.csv", encoding="utf-8-sig"))
    found = [(row["student"], row["status"]) for row in rows]
    assert found == [("anna", "error"), ("bo", "graded")]
    assert ".partial" not in capsys.readouterr().out


def test_a_pipe_in_the_place_of_a_result_is_not_waited_for(tmp_path):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    grade(tmp_path)
    before = everything(tmp_path / "results")
    path = tmp_path / "results" / "anna" / STEM / "results.json"
    path.unlink()
    os.mkfifo(path)
    assert grade(tmp_path) == command_line.ALL_GRADED
    assert everything(tmp_path / "results") == before


def test_show_finds_a_name_however_its_accents_are_stored(tmp_path, capsys):
    hand_in(tmp_path / "in", **{"Jose\u0301": cells(RIGHT)})
    grade(tmp_path)
    assert gru_grader("show", "Jos\u00e9", STEM, "--out", tmp_path / "results") == command_line.ALL_GRADED


@pytest.mark.parametrize("student", ["Bo  Ek", "bo\u202e", "=bo", "bo;=1", os.fsdecode(b"b\xff")])
def test_show_finds_a_name_as_the_table_has_it(tmp_path, capsys, student):
    hand_in(tmp_path / "in", **{student: cells(RIGHT)})
    grade(tmp_path)
    (row,) = csv.DictReader(open(tmp_path / "results" / "summary.csv", encoding="utf-8-sig"))
    assert gru_grader("show", row["student"], STEM, "--out", tmp_path / "results") == command_line.ALL_GRADED


def test_results_that_cannot_be_written_are_found_out_at_once(tmp_path, monkeypatch, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT))
    grade(tmp_path)
    capsys.readouterr()

    def refuse(*arguments, dir, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), f"{dir}/.grading.json.a1b2.partial")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert grade(tmp_path) == command_line.UNUSABLE
    said = capsys.readouterr()
    assert said.err == f"gru-grader: the results cannot be written: Permission denied: {tmp_path / 'results'}\n"
    assert said.out == ""


def test_a_disk_that_fills_up_is_named(tmp_path, monkeypatch, capsys):
    hand_in(tmp_path / "in", anna=cells(RIGHT))

    def full(path, row):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(tables, "append_row", full)
    assert grade(tmp_path) == command_line.GRADER_FAILED
    assert "stopped, because of: No space left on device" in capsys.readouterr().err


def test_a_disk_without_room_is_named_by_the_folder(tmp_path, monkeypatch):
    """The system names no file when something cannot be written to one that is open."""
    monkeypatch.setattr(results.os, "fsync", mock.Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    with pytest.raises(OSError) as caught:
        results.write_text(tmp_path / "results.json", "{}")
    assert results.fault(caught.value) == f"No space left on device: {tmp_path}"
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_full_disk_ends_the_grading_and_the_same_command_goes_on(tmp_path, monkeypatch, capsys):
    hand_in(tmp_path / "in", **{f"student{place:02}": cells(RIGHT) for place in range(40)})
    write, written = results.write, []

    def full(path, content):
        if len(written) >= 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content)
        written.append(path)

    with monkeypatch.context() as patched:
        patched.setattr(results, "write", full)
        assert grade(tmp_path) == command_line.GRADER_FAILED
    said = capsys.readouterr()
    assert "grader error" not in said.out
    assert "stopped, because of: No space left on device\nWhat is finished is kept" in said.err
    assert grade(tmp_path) == command_line.ALL_GRADED
    kept = len(written) - 1
    assert 5 <= kept < 10 and f"({kept} from an earlier run)" in capsys.readouterr().out


def test_what_cannot_be_written_is_in_the_table_as_an_error(tmp_path, monkeypatch):
    hand_in(tmp_path / "in", anna=cells(RIGHT), bo=cells(RIGHT))
    grade(tmp_path)
    write = results.write

    def refuse(path, content):
        if "anna" in path.parts:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        write(path, content)

    monkeypatch.setattr(results, "write", refuse)
    assert grade(tmp_path, "--regrade") == command_line.GRADER_FAILED
    rows = summary(tmp_path / "results")
    assert (rows["anna"]["status"], rows["anna"]["score"]) == ("error", "")
    assert rows["anna"]["reason"].startswith("Permission denied") and rows["bo"]["status"] == "graded"


def test_nothing_is_imported_before_ctrl_c_is_understood():
    program = (
        "import sys\nbefore = set(sys.modules)\nimport gru_grader.__main__\nprint(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["gru_grader", "gru_grader.__main__"]


@pytest.mark.parametrize("package", ["gru_grader.command", "gru_checks", "numpy", "gru_grader.selftest"])
def test_ctrl_c_during_an_import_is_no_error(package):
    program = f"""
import os, signal, sys
class Stop:
    def find_spec(name, path=None, target=None):
        if name == {package!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Stop)
from gru_grader.__main__ import main
sys.exit(main(["doctor"]))
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (command_line.STOPPED, "gru-grader: stopped before it began.\n")


def test_ctrl_c_before_the_first_submission_is_no_error(tmp_path, monkeypatch, capsys):
    def stop(level):
        raise KeyboardInterrupt

    monkeypatch.setattr(selftest, "examine", stop)
    assert grade(tmp_path) == command_line.STOPPED
    assert capsys.readouterr().err == "gru-grader: stopped; the same command goes on.\n"


def test_the_tables_are_marked_as_utf_8(tmp_path):
    hand_in(tmp_path / "in", Jürgen=cells(RIGHT))
    grade(tmp_path)
    for name in ("summary.csv", "timings.csv"):
        content = (tmp_path / "results" / name).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\xef\xbb\xbf") == 1
        assert "\nJürgen,".encode() in content


def test_a_section_taken_for_a_student_is_told(tmp_path, capsys):
    hand_in(tmp_path / "in", **{f"group{place}": cells(RIGHT) for place in range(7)})
    for path in list((tmp_path / "in").rglob("*.ipynb")):
        path.rename(path.with_name(f"anna_{path.name}"))
    assert grade(tmp_path) == command_line.ALL_GRADED
    said = capsys.readouterr().out
    assert "if that is a folder of students, grade it by itself:\n  group0: group0/anna_sums.ipynb\n  group1" in said
    assert said.count("/anna_sums.ipynb\n") == 5 and "  and 2 more of this kind\n" in said


def test_names_that_look_alike_are_told(tmp_path, capsys):
    hand_in(tmp_path / "in", Ada=cells(RIGHT), ada=cells(RIGHT), bo=cells(RIGHT))
    grade(tmp_path)
    assert "though their names look alike:\n  'Ada', 'ada'\n" in capsys.readouterr().out
