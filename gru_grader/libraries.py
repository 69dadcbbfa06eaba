"""What a submission needs to read on this machine: the standard library and the packages it may import."""

import importlib.util
import os
import sys
import sysconfig
from dataclasses import dataclass

PACKAGES = ("numpy",)


@dataclass(frozen=True)
class Libraries:
    """Paths a submission reads, and where it looks for imports.

    Parameters
    ----------
    readable : list of str
        Folders and files.
    hidden : list of str
        Folders below them that it must not see.
    search : list of str
        Its sys.path.
    """

    readable: list
    hidden: list
    search: list


def libraries(packages):
    """Find them.

    Parameters
    ----------
    packages : iterable of str
        Importable top-level names, besides the standard library.

    Returns
    -------
    Libraries
    """
    standard = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    hidden = {f"{path}/{name}" for path in standard for name in ("site-packages", "dist-packages")}
    readable, search = set(standard), sorted(standard)
    search += [path for path in (f"{folder}/lib-dynload" for folder in sorted(standard)) if os.path.isdir(path)]
    for name in packages:
        folder = _folder(name)
        readable.add(folder)
        # Wheels keep the shared libraries they bring beside the package.
        readable.update(path for path in (f"{folder}.libs",) if os.path.isdir(path))
        search.append(os.path.dirname(folder))
    return Libraries(sorted(readable), sorted(hidden), list(dict.fromkeys(search)))


def _folder(name):
    if name in sys.modules:
        return os.path.realpath(os.path.dirname(sys.modules[name].__file__))
    return os.path.realpath(importlib.util.find_spec(name).submodule_search_locations[0])
