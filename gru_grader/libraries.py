"""What a submission needs to read on this machine: the standard library and the packages it may import."""

import importlib.metadata
import importlib.util
import os
import re
import sys
import sysconfig
from dataclasses import dataclass

PACKAGES = ("numpy",)
FRAMEWORKS = {"numpy": (), "torch": ("torch",), "tensorflow": ("tensorflow",)}
"""What an assignment may be written with, and the packages that submissions of it may then import."""


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
        Its sys.path: the standard library.
    packages : dict of str
        Where each other package or module is that it may import, by name.
    """

    readable: list
    hidden: list
    search: list
    packages: dict


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
    found = {}
    for name in packages:
        for path in _with_requirements(name) or [_folder(name)]:
            readable.add(path)
            # Wheels keep the shared libraries they bring beside the package.
            readable.update(beside for beside in (f"{path}.libs",) if os.path.isdir(beside))
            found[os.path.basename(path).removesuffix(".py")] = path
    importable = {name: path for name, path in found.items() if name.isidentifier()}
    return Libraries(sorted(readable), sorted(hidden), search, importable)


def missing(framework):
    """Name the packages of a framework that are not installed.

    Parameters
    ----------
    framework : str

    Returns
    -------
    list of str
    """
    return [name for name in FRAMEWORKS[framework] if importlib.util.find_spec(name) is None]


def _with_requirements(name):
    """List the paths of an installed framework and of all it requires; none for other packages."""
    if not any(name in packages for packages in FRAMEWORKS.values()):
        return []
    found, waiting, paths = set(), [name], set()
    while waiting:
        try:
            distribution = importlib.metadata.distribution(waiting.pop())
        except importlib.metadata.PackageNotFoundError:
            # Required on other systems only.
            continue
        if distribution.name in found:
            continue
        found.add(distribution.name)
        tops = {file.parts[0] for file in distribution.files or ()}
        tops = {top for top in tops if not top.endswith((".dist-info", ".pth")) and top not in ("..", "__pycache__")}
        paths |= {os.path.realpath(distribution.locate_file(top)) for top in tops}
        wanted = [requirement for requirement in distribution.requires or () if "extra ==" not in requirement]
        waiting += [re.match(r"[\w.-]+", requirement)[0] for requirement in wanted]
    return sorted(path for path in paths if os.path.exists(path))


def _folder(name):
    if name in sys.modules:
        return os.path.realpath(os.path.dirname(sys.modules[name].__file__))
    return os.path.realpath(importlib.util.find_spec(name).submodule_search_locations[0])
