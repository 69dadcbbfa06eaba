"""Write constraints.txt: the version of every package that the course needs, transitive ones too.

Usage: python -m authoring.constraints [--check]

Run it in an environment that has the extra `all`. The versions are those that
are installed; what is there by chance, and needed by nothing, is left out.
"""

import importlib.metadata
import pathlib
import re
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILE = pathlib.Path(__file__).resolve().parent.parent / "constraints.txt"
HEAD = """\
# The versions that the stored outputs were made with: Python 3.11, Linux, x86-64.
# Written by `python -m authoring.constraints`. The GPU packages that some builds
# of PyTorch bring are not listed: they change no number on a CPU.
"""
GPU_ONLY = re.compile(r"nvidia|cuda|triton|cu\d\d$")


def closure(name="gru-course", extra="all"):
    """Give the names and versions of all installed packages that name[extra] needs."""
    found, todo = {}, [(canonicalize_name(name), extra)]
    seen = set()
    while todo:
        package, extra = todo.pop()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        try:
            distribution = importlib.metadata.distribution(package)
        except importlib.metadata.PackageNotFoundError:
            sys.exit(f"{package} is not installed: run make test first")
        if package != canonicalize_name(name):
            found[package] = distribution.version.split("+")[0]
        for line in distribution.requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed = canonicalize_name(requirement.name)
                if not GPU_ONLY.search(needed):
                    todo += [(needed, wanted) for wanted in ("", *requirement.extras)]
    return found


def text():
    """Give the file's content."""
    return HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(closure().items()))


def main(arguments):
    """Write the file, or with --check say whether it is in step with what is installed."""
    new = text()
    if arguments == ["--check"]:
        old = FILE.read_text() if FILE.exists() else ""
        changed = sorted(set(old.splitlines()) ^ set(new.splitlines()))
        if changed:
            sys.exit("constraints.txt is not what is installed:\n" + "\n".join(changed))
    elif arguments:
        sys.exit(__doc__)
    else:
        FILE.write_text(new)


if __name__ == "__main__":
    main(sys.argv[1:])
