"""What is known of a data set before its first byte is read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One file inside an archive.

    Attributes
    ----------
    path : str
        Where it lies in the archive.
    sha256 : str
        Of the file itself, 64 hexadecimal digits.
    size : int
        In bytes.
    """

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Description:
    """Where a data set comes from, what it holds and under which terms.

    Attributes
    ----------
    name : str
        The loader's name too.
    title : str
    archive : str
        Name of the pinned package that carries it (a line of ``archives.txt``).
    archive_bytes : int
        Size of the download.
    members : tuple of Member
    source : str
        Who measured it, and where the archive's makers took it from.
    licence : str
        As far as it is known; what is not confirmed is called so.
    counts : dict of str to int
        Facts that a test holds against the data.
    reference : str
    """

    name: str
    title: str
    archive: str
    archive_bytes: int
    members: tuple[Member, ...]
    source: str
    licence: str
    counts: dict[str, int]
    reference: str
