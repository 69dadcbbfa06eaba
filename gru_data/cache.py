"""The cache: a folder outside the repository with the files that were read out of the archives."""

import hashlib
import os
import tempfile
from pathlib import Path, PurePosixPath

from gru_data.errors import FETCH, NotFetchedError, WrongHashError, cache_error, require


def home():
    """Name the folder of the cache.

    Returns
    -------
    pathlib.Path
        The environment variable ``GRU_DATA_HOME`` where it is set, else the
        user's cache folder as the operating system has it.

    Raises
    ------
    ImportError
        If the variable is not set and platformdirs is not installed.
    """
    chosen = os.environ.get("GRU_DATA_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path(require("platformdirs").user_cache_dir("gru-course", appauthor=False))


def path_of(description, member):
    """Name the file of the cache that holds a member of an archive.

    Parameters
    ----------
    description : Description
    member : Member

    Returns
    -------
    pathlib.Path
    """
    return home() / description.name / PurePosixPath(member.path).name


def read(description, member):
    """Read a file of the cache, and make sure that it is the right one.

    Parameters
    ----------
    description : Description
    member : Member

    Returns
    -------
    bytes

    Raises
    ------
    NotFetchedError, WrongHashError, CacheError
    """
    path = path_of(description, member)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFetchedError(
            f"The data set {description.name} is not in {home()}. Run `{FETCH}` once, while there is a network."
        ) from None
    except OSError as error:
        raise cache_error(error, home()) from error
    verify(content, member, path)
    return content


def verify(content, member, where):
    """Compare the hash of a file with the one that the course was written with.

    Parameters
    ----------
    content : bytes
    member : Member
    where : path or str
        The file's place, for the message.

    Raises
    ------
    WrongHashError
    """
    found = hashlib.sha256(content).hexdigest()
    if found != member.sha256:
        raise WrongHashError(
            f"{where} is not the file that the course was written with: sha256 expected {member.sha256}, found {found}."
            f" Run `{FETCH}`: it replaces the file."
        )


def is_whole(description):
    """Say whether every file of a data set lies in the cache, unchanged.

    Parameters
    ----------
    description : Description

    Returns
    -------
    bool
    """
    try:
        for member in description.members:
            read(description, member)
    except (NotFetchedError, WrongHashError):
        return False
    return True


def store(description, member, content):
    """Put a file into the cache: whole or, if anything goes wrong, not at all.

    Parameters
    ----------
    description : Description
    member : Member
    content : bytes

    Raises
    ------
    CacheError
    """
    path = path_of(description, member)
    unfinished = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".unfinished-", delete=False) as file:
            unfinished = Path(file.name)
            file.write(content)
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except BaseException as error:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cache_error(error, home()) from error
        raise
