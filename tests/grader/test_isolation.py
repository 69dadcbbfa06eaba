"""Which isolation a machine gives is found by trying, told, and never weakened silently."""

import contextlib
import errno
import os
import resource
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from pathlib import Path
from unittest import mock

import pytest

from gru_checks.calling import Call
from gru_grader import __main__ as command_line
from gru_grader import machine, report, selftest
from gru_grader.budget import Limits
from gru_grader.child import Ended, WorkerError
from gru_grader.client import Worker
from tests.grader.bank import ASSIGNMENT, RIGHT, STEM, cells, notebook_text
from tests.grader.processes import below, end_of, wait_until
from tests.hostile import throwaway

ROOT = Path(__file__).parents[2]


def without(*calls):
    """A filter under which some system calls fail, as on a kernel or in a container without them."""
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for call in calls:
        rules.add_rule(pyseccomp.ERRNO(errno.EPERM), call)
    return rules


GRADE = f"""
import json, pathlib, sys
from tests.grader.command import main
from tests.grader.bank import ASSIGNMENT, RIGHT, cells, notebook_text
path = pathlib.Path("/tmp/in/anna/{STEM}.ipynb")
path.parent.mkdir(parents=True)
path.write_text(notebook_text(cells(RIGHT)))
code = main(["grade", "/tmp/in", "--out", "/tmp/out", "--seed", "1", *sys.argv[1:]], assignments=[ASSIGNMENT])
result = pathlib.Path("/tmp/out/anna/{STEM}/results.json")
if result.exists():
    record = json.loads(result.read_text())
    print("RESULT", record["score"], record["extra_data"]["isolation"])
print("HALF WRITTEN", [str(path) for path in pathlib.Path("/tmp/out").rglob("*.partial")])
sys.exit(code)
"""


@pytest.mark.needs("sandbox")
def test_the_doctor_tells_both_levels(capsys):
    assert command_line.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "full: holds" in said and "restricted: holds" in said
    assert said.endswith("gru-grader grade will use: full\n")
    assert len(selftest.examine("full").refused) == 20


@pytest.mark.needs("bubblewrap")
def test_where_bubblewrap_works_both_levels_hold():
    """All other tests of the sandbox are skipped where it does not hold; this one then fails."""
    assert throwaway.run("-c", "pass").returncode == 0
    assert [(report.failure, report.open) for report in map(selftest.examine, selftest.LEVELS)] == [("", ())] * 2


@pytest.mark.slow
@pytest.mark.needs("bubblewrap", "sandbox")
def test_the_self_test_finds_what_is_open():
    """Without isolation every attempt but the bounded ones works; so each can tell a hole from a wall."""
    program = "from gru_grader import selftest; r = selftest.examine('none'); print(r.failure, *r.refused, sep='\\n')"
    ran = throwaway.run("-c", program)
    assert ran.returncode == 0, ran.stderr
    assert set(filter(None, ran.stdout.split("\n"))) <= {
        # These limits hold without isolation too.
        "use more memory than it may",
        "write more than it may",
        "start more threads than it may",
        "run for ever",
        # The throw-away shell does not allow it to anybody.
        "mount a file system",
    }


@pytest.mark.needs("bubblewrap", "sandbox")
def test_without_user_namespaces_auto_says_that_it_is_restricted_and_full_refuses():
    poorer = without("unshare", "setns")
    ran = throwaway.run("-c", GRADE, filter_calls=poorer)
    assert ran.returncode == 0, ran.stderr
    assert "RESULT 10.0 restricted" in ran.stdout
    assert "Isolation: restricted only. full: " in ran.stderr and "creating namespaces" in ran.stderr
    ran = throwaway.run("-c", GRADE, "--isolation", "full", filter_calls=poorer)
    assert ran.returncode == 2 and "Nothing was graded" in ran.stderr and "RESULT" not in ran.stdout


@pytest.mark.needs("bubblewrap", "sandbox")
def test_without_isolation_nothing_is_graded_unless_that_is_allowed():
    poorest = without("unshare", "setns", "landlock_create_ruleset")
    ran = throwaway.run("-c", GRADE, filter_calls=poorest)
    assert ran.returncode == 2 and "RESULT" not in ran.stdout
    assert "Nothing was graded, because submissions cannot be isolated here" in ran.stderr
    assert "this kernel has no Landlock" in ran.stderr and "gru-grader doctor" in ran.stderr
    assert "Traceback" not in ran.stderr
    ran = throwaway.run("-c", GRADE, "--allow-unsandboxed", filter_calls=poorest)
    assert ran.returncode == 0, ran.stderr
    assert "RESULT 10.0 none" in ran.stdout and "Isolation: NONE, as you allowed" in ran.stderr
    doctor = throwaway.run("-m", "gru_grader", "doctor", filter_calls=poorest)
    assert doctor.returncode == 2 and "gru-grader grade will refuse" in doctor.stdout


def test_without_isolation_what_a_submission_leaves_behind_costs_no_other_one(tmp_path):
    """Nothing holds such a process; it keeps to the folder that it was given, and is ended with its group."""
    leave = f"""
import os, time
for leaves_group in (False, True):
    if os.fork() == 0:
        if leaves_group:
            os.setsid()
        open({str(tmp_path)!r} + f"/{{leaves_group}} {{os.getpid()}}", "w")
        end = time.monotonic() + 60
        for number in range(10**9):
            try:
                open(str(number % 1000), "w").close()
            except OSError:
                os._exit(0)
            if time.monotonic() > end:
                os._exit(0)
"""
    with Worker("none", Limits()) as worker:
        child = worker.fork()
        assert child.run([leave], (), Limits()) == []
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        child.close()
        left = {path.name.split()[0]: int(path.name.split()[1]) for path in tmp_path.iterdir()}
        end_of([left["False"]])
        for _ in range(3):
            assert ask(worker, "def answer():\n    import os\n    return os.listdir()", Limits()).value == []
        with contextlib.suppress(ProcessLookupError):
            os.kill(left["True"], signal.SIGKILL)


@pytest.mark.needs("bubblewrap", "sandbox")
def test_a_full_disk_is_the_grader_s_failure_and_no_mark():
    ran = throwaway.run("-c", GRADE, options=["--size", "8192", "--tmpfs", "/tmp/out"])
    assert ran.returncode == 3
    assert "No space left on device" in ran.stdout + ran.stderr and "Traceback" not in ran.stderr
    assert "HALF WRITTEN []" in ran.stdout


def test_a_machine_that_is_not_linux_is_told_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(selftest.sys, "platform", "darwin")
    selftest.examine.cache_clear()
    try:
        path = tmp_path / "in" / "anna" / f"{STEM}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook_text(cells(RIGHT)))
        code = command_line.main(
            ["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out")], assignments=[ASSIGNMENT]
        )
    finally:
        selftest.examine.cache_clear()
    assert code == command_line.UNUSABLE
    assert "isolation needs Linux, this is darwin" in capsys.readouterr().err


def test_the_doctor_says_what_a_closed_home_costs(tmp_path, monkeypatch):
    closed = tmp_path / "home"
    (closed / "python").mkdir(parents=True)
    closed.chmod(0o700)
    inner = [str(folder) for folder in tmp_path.parents if not folder.stat().st_mode & 1]
    assert machine.closed_to_others([str(closed / "python" / "lib")]) == (inner[-1] if inner else str(closed))
    assert machine.closed_to_others(["/usr/lib", "/etc"]) is None
    monkeypatch.setattr(machine, "closed_to_others", lambda paths: "/closed")
    said = {}
    for level in selftest.LEVELS:
        worker = object.__new__(Worker)
        worker.level, worker.user, worker._packages = level, 58_000, ()
        said[level] = worker.limitation()
    assert said["full"] == "" and "/closed, below which Python is installed, is closed" in said["restricted"]
    found = selftest.Report("restricted", limitation=said["restricted"])
    assert "but: Submissions can import NumPy" in report.isolation([found])


def ask(worker, cell, limits):
    """Run a cell that defines `answer`, call that, and give the outcome."""
    child = worker.fork()
    try:
        child.run([cell], (), limits)
        return child.call(Call("answer"), child.budget(limits))
    finally:
        child.close()
        ask.processor_seconds = child.usage[0]


LEVELS = pytest.mark.parametrize("level", ["full", "restricted"])


@pytest.mark.needs("sandbox")
@LEVELS
def test_packages_that_a_submission_may_not_import_are_not_to_be_seen(level):
    path = f"{os.path.realpath(sysconfig.get_path('stdlib'))}/site-packages"
    assert os.listdir(path)
    with Worker(level, Limits()) as worker:
        outcome = ask(worker, f"import os\ndef answer():\n    return os.listdir({path!r})", Limits())
    assert (outcome.value, outcome.error) == (([], "") if level == "full" else (None, "PermissionError"))


@pytest.mark.needs("sandbox")
@LEVELS
def test_processor_time_is_what_ends_a_loop(level):
    limits = Limits(seconds=0.3)
    with Worker(level, limits) as worker, pytest.raises(Ended, match="used up 0.3 s of processor time"):
        ask(worker, "def answer():\n    while True:\n        pass", limits)
    assert 0.25 < ask.processor_seconds < 0.9


HOLDING_NAMELESS = """
import ctypes, os, tempfile, time

some = bytes(2**20)


def removed_while_open():
    file = open("some", "w+b")
    os.unlink("some")
    file.write(some)
    return file.close


def never_named():
    file = tempfile.TemporaryFile()
    file.write(some)
    return file.close


def mapped_and_closed():
    c = ctypes.CDLL(None)
    c.mmap.restype = ctypes.c_void_p
    with tempfile.TemporaryFile() as file:
        file.write(some)
        file.flush()
        address = c.mmap(None, ctypes.c_size_t(len(some)), 1, 1, file.fileno(), ctypes.c_long(0))
    return lambda: c.munmap(ctypes.c_void_p(address), ctypes.c_size_t(len(some)))


def answer(kept, wait):
    drops = []
    for number in range(40):
        drops.append(way())
        time.sleep(wait)
        if len(drops) > kept:
            assert not drops.pop(0)()
    return number
"""


@pytest.mark.needs("sandbox")
@pytest.mark.slow
@pytest.mark.parametrize("way", ["removed_while_open", "never_named", "mapped_and_closed"])
def test_files_without_a_name_count_as_disk_space_in_restricted(way):
    limits = Limits(disk=8)
    with Worker("restricted", limits) as worker:
        child = worker.fork()
        assert child.run([HOLDING_NAMELESS, f"way = {way}"], (), limits) == []
        # As many bytes are no harm if the files are let go.
        assert child.call(Call("answer", (4, 0.01)), child.budget(limits)).value == 39
        with pytest.raises(Ended, match="it wrote more files than it may"):
            child.call(Call("answer", (40, 0.03)), child.budget(limits))


@pytest.mark.needs("sandbox")
@LEVELS
@pytest.mark.slow
def test_the_processor_time_of_submissions_is_counted_as_the_grader_s(level):
    """So that "time gru-grader grade" says what a grading costs."""
    burn = "import time\ndef answer():\n    while time.process_time() < {}:\n        pass"
    spent = {}
    for seconds in (0.0, 1.0):
        before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        with Worker(level, Limits()) as worker:
            ask(worker, burn.format(seconds), Limits())
        spent[seconds] = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before
    assert spent[1.0] - spent[0.0] > 0.5


@pytest.mark.needs("sandbox")
@LEVELS
def test_files_are_bounded_all_together(level):
    limits = Limits(disk=2)
    write = "def answer():\n    for n in range(20):\n        open(str(n), 'wb').write(bytes(2**20))\n"
    write += "    import time\n    time.sleep(1)\n    return 'written'"
    with Worker(level, limits) as worker:
        if level == "full":
            assert ask(worker, write, limits).error == "OSError"
        else:
            with pytest.raises(Ended, match="more files"):
                ask(worker, write, limits)
        assert ask(worker, "import os\ndef answer():\n    return os.listdir()", limits).value == []


def test_a_file_that_is_removed_meanwhile_hides_no_other_one(tmp_path, monkeypatch):
    (tmp_path / "large").write_bytes(bytes(2000))
    gone = mock.Mock(**{"is_dir.return_value": False, "stat.side_effect": FileNotFoundError})
    real = os.scandir

    @contextlib.contextmanager
    def scandir(path):
        with real(path) as entries:
            yield iter([gone, *entries])

    monkeypatch.setattr(machine.os, "scandir", scandir)
    assert machine.size(tmp_path, Limits()) == 2000


@pytest.mark.needs("sandbox")
@LEVELS
def test_nothing_outlives_its_worker(level):
    worker = Worker(level, Limits())
    child = worker.fork()
    _, request = child._request("run", cells=["while True:\n    pass"], skip=[])
    child._send(request, child.budget(Limits()))
    time.sleep(0.2)
    running = below(worker._process.pid)
    assert running
    os.kill(worker._process.pid, signal.SIGKILL)
    end_of(running)
    worker.close()


@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("level", ["full", "restricted", "none"])
def test_a_worker_that_was_closed_starts_nothing_and_removes_nothing(level, tmp_path, monkeypatch):
    """As when a grading is stopped just before a thread begins with the next submission."""
    (tmp_path / "the teacher's own").mkdir()
    (tmp_path / "the teacher's own" / "marks.csv").write_text("anna,10")
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    worker = Worker(level, Limits())
    worker.close()
    before = below(os.getpid())
    with pytest.raises(WorkerError, match="the worker was closed"):
        worker.fork()
    assert below(os.getpid()) == before
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["temporary", "the teacher's own", "marks.csv"]


@pytest.mark.slow
@pytest.mark.needs("sandbox")
@pytest.mark.parametrize("level", ["full", "restricted", "none"])
def test_what_is_ended_with_its_worker_did_not_crash(level):
    """Nobody gets a mark for having been graded when the grading was stopped."""
    worker = Worker(level, Limits())
    child = worker.fork()
    stopping = threading.Timer(0.3, worker.close)
    stopping.start()
    with pytest.raises(WorkerError):
        child.run(["while True:\n    pass"], (), Limits())
    stopping.join()
    child.close()


def test_no_folder_is_not_the_folder_that_the_grader_is_in(tmp_path, monkeypatch):
    (tmp_path / "marks.csv").write_text("anna,10")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError):
        machine.empty(None)
    assert (tmp_path / "marks.csv").exists()


@pytest.mark.parametrize("when", ["first", "second"])
def test_a_link_in_the_place_of_a_folder_leads_the_removal_nowhere(when, tmp_path, monkeypatch):
    """A submission that still runs for a moment may put it there after the folder was seen to be one."""
    (other := tmp_path / "other").mkdir(mode=0o750)
    (other / "marks.csv").write_text("anna,10")
    (other / "inner").mkdir()
    (scratch := tmp_path / "scratch").mkdir()
    (scratch / "folder" / "inner").mkdir(parents=True)
    steps = iter(["first", "second"])

    def after_a_swap(call):
        def swap(path, *arguments, **named):
            if str(path).endswith("folder") and next(steps, None) == when:
                (scratch / "folder").rename(tmp_path / "aside")
                (scratch / "folder").symlink_to(other)
            return call(path, *arguments, **named)

        return swap

    for name in ("open", "chmod", "scandir"):
        monkeypatch.setattr(os, name, after_a_swap(getattr(os, name)))
    with pytest.raises(OSError):
        machine.empty(str(scratch))
    monkeypatch.undo()
    assert other.stat().st_mode & 0o777 == 0o750
    assert sorted(path.name for path in other.iterdir()) == ["inner", "marks.csv"]
    machine.empty(str(scratch))
    assert not list(scratch.iterdir()) and (other / "marks.csv").exists()


ORPHAN = """
import os, sys, time
from gru_grader import allowed_calls, sandbox, syscalls

limits = dict(memory=2**40, disk=2**20, cpu=60, files=64, threads=10_000)
confinement = sandbox.Confinement("restricted", 0, ["/usr"], [], sys.argv[1], allowed_calls.program(), limits)
shut = sandbox.Sandbox(confinement, None)
warm_process = os.getpid()
if shut.fork():
    os._exit(0)
while os.getppid() == warm_process:
    time.sleep(0.01)
shut.shut_in()
print("a submission runs", flush=True)
"""


@pytest.mark.needs("sandbox")
def test_a_child_whose_worker_is_gone_before_it_is_shut_in_runs_nothing(tmp_path):
    """It would have nobody left to end it."""
    ran = subprocess.run([sys.executable, "-c", ORPHAN, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.needs("sandbox")
@LEVELS
def test_all_of_the_standard_library_can_be_imported(level):
    """Also what was not imported before; a missing package is told as missing."""
    folder = os.path.realpath(sysconfig.get_path("stdlib"))
    folders = [folder, *map(str, Path(folder).parents)]
    if level == "restricted" and os.geteuid() == 0 and not all(os.stat(path).st_mode & 1 for path in folders):
        pytest.skip("another user cannot read Python's own files here")
    cell = "import mailbox, plistlib\nimport xml.dom.minidom\ntry:\n    import pytest\n"
    cell += "except ModuleNotFoundError:\n    found = 'missing'\ndef answer():\n    return found"
    with Worker(level, Limits()) as worker:
        assert ask(worker, cell, Limits()).value == "missing"
