"""Unpack a zip of submissions, trusting nothing in it."""

import contextlib
import errno
import lzma
import stat
import zipfile
import zlib
from pathlib import Path

from gru_grader.download_names import without_ending
from gru_grader.notebook import MAX_BYTES

MAX_MEMBERS = 100_000
MAX_TOTAL = 8 * 2**30
"""Bytes that all notebooks of an archive may have together."""
MAX_DEPTH = 20
"""Folders in which a file may lie, one in the other."""
_IGNORED = ("__MACOSX",)
_IS_ENCRYPTED = 0x1
_IS_UTF_8 = 0x800
# Out of memory: the archive says how much is needed to unpack it.
_DAMAGED = (zipfile.BadZipFile, EOFError, ValueError, zlib.error, lzma.LZMAError, MemoryError)
_CUT_OFF = b"{"
"""What is left of a damaged notebook: reading it says that it is cut off; with nothing in it, it would be empty."""
_NO_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)


class CannotUnpack(Exception):  # noqa: N818 - it says what the file is
    """The file is no archive that can be unpacked; the message says why."""


def unpack(path, folder):
    """Unpack the notebooks of a zip; of every other file come the name and nothing in it.

    Nothing is written outside `folder`, whatever the names in the archive are.
    A notebook that is larger than one that can be graded is cut off, and a
    damaged one comes out cut off, too; reading it then says so to its author.

    Parameters
    ----------
    path : str or os.PathLike
        Of the archive.
    folder : str or os.PathLike
        An empty one.

    Returns
    -------
    list of (str, str)
        Names in the archive that were left out, each with the reason, a clause.

    Raises
    ------
    CannotUnpack
    OSError
        If the archive cannot be read, or the folder not be written to.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpack(archive, Path(folder))
    except (zipfile.BadZipFile, NotImplementedError, UnicodeError):
        if without_ending(Path(path).name) is not None:
            raise CannotUnpack(f"{path} is one notebook; give the folder in which the students' folders lie") from None
        raise CannotUnpack(
            f"{path} is no zip archive, or a damaged one; unpack it yourself and give the folder"
        ) from None


def _unpack(archive, folder):
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise CannotUnpack(f"the archive has more than {MAX_MEMBERS:,} files; unpack it yourself")
    left_out, total = [], 0
    for member in members:
        name = _name(member)
        parts = _parts(name)
        if parts is None:
            left_out.append((name, "its name leads out of the archive"))
            continue
        if not parts or parts[0] in _IGNORED or any(part.startswith(".") for part in parts):
            continue
        if len(parts) > MAX_DEPTH:
            left_out.append((name, f"it lies more than {MAX_DEPTH} folders deep"))
            continue
        target = folder.joinpath(*parts)
        try:
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if without_ending(target.name) is None:
                # For its name may say who handed in something that is no notebook.
                target.touch()
                continue
            if target.exists():
                left_out.append((name, "the archive has another file of this name before it"))
                continue
            total += _write(archive, member, target)
        except (FileExistsError, NotADirectoryError):
            left_out.append((name, "the archive has a file where its folder should be"))
        except _MemberError as error:
            left_out.append((name, str(error)))
        except OSError as error:
            if error.errno not in _NO_NAME:
                raise
            left_out.append((name, "this system allows no file of such a name"))
        if total > MAX_TOTAL:
            raise CannotUnpack(f"the archive's notebooks have more than {MAX_TOTAL // 2**30} GiB; unpack it yourself")
    return left_out


class _MemberError(Exception):
    """A member cannot be unpacked at all."""


def _name(member):
    """Read a member's name: macOS writes UTF-8 without saying so, and other names hardly ever are UTF-8 by chance."""
    if not member.flag_bits & _IS_UTF_8:
        with contextlib.suppress(UnicodeError):
            return member.filename.encode("cp437").decode("utf-8")
    return member.filename


def _parts(name):
    """Take a name in an archive apart; None if it leads out of it."""
    # Some programs for Windows write its own sign between folders.
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":")):
        return None
    return parts


def _write(archive, member, target):
    """Write a notebook, at most a little more of it than can be graded, and give its size."""
    if member.flag_bits & _IS_ENCRYPTED:
        raise _MemberError("it is encrypted")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise _MemberError("it is a link, which is not followed")
    try:
        with archive.open(member) as source:
            # One byte more than the limit, so that reading the file finds it too large.
            content = source.read(MAX_BYTES + 1)
    except NotImplementedError:
        raise _MemberError("it is compressed in a way that Python cannot read") from None
    except _DAMAGED:
        content = _CUT_OFF
    except OSError as error:
        # The system gives a number with each error of its own; bz2 has none for what is damaged.
        if error.errno is not None:
            raise
        content = _CUT_OFF
    target.write_bytes(content)
    return len(content)
