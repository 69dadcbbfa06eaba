"""What can go wrong on the way to the data; every message says what to run or to change."""

import errno
import importlib

FETCH = "python -m gru_data fetch"


class DataError(Exception):
    """The data cannot be had; the message says why and what to do."""


class NotFetchedError(DataError):
    """The data set is not in the cache."""


class WrongHashError(DataError):
    """A file is not the one that the course was written with; the message gives both hashes."""


class FetchError(DataError):
    """pip could not bring the archive."""


class CacheError(DataError):
    """The folder of the cache cannot be read or written."""


def cache_error(error, folder):
    """Put an `OSError` met at the cache into words.

    Parameters
    ----------
    error : OSError
    folder : pathlib.Path
        The folder of the cache.

    Returns
    -------
    CacheError
        To be raised.
    """
    elsewhere = "or set the environment variable GRU_DATA_HOME to another folder"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CacheError(f"The disk of {folder} is full. Free some space {elsewhere}, then run `{FETCH}` again.")
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return CacheError(
            f"{folder} must be a folder, and it or something on the way to it is a file. Move that file "
            f"away {elsewhere}, then run `{FETCH}`."
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return CacheError(
            f"{folder} may not be read and written by you. Change its owner or its permissions {elsewhere}, "
            f"then run `{FETCH}`."
        )
    return CacheError(f"The cache {folder} cannot be used: {error}. Put that right {elsewhere}, then run `{FETCH}`.")


def require(module):
    """Import a package of the extra ``data``.

    Parameters
    ----------
    module : str

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f'gru_data needs the package {module} for this. Install the extra: pip install "gru-course[data]"'
        ) from error
