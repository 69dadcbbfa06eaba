"""Pack the exercises for a class: dist/gru-course-exercises.zip.

Usage: python -m authoring.handout

The archive holds the exercise notebooks, the chapters that the checks refer to,
the course as a wheel (the checks need it) and a page that says how to start.
The solutions are not in it.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

from authoring.exercises import without_solution
from authoring.normal_form import normalised, read, to_text
from gru_checks.registry import assignment

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARCHIVE = ROOT / "dist" / "gru-course-exercises.zip"
FOLDER = "gru-course-exercises"
START = """\
GRU course: exercises

1. Unpack this archive and open a terminal in its folder. You need Python 3.11 or newer.

2. Set up, once:

     python3 -m venv .venv
     .venv/bin/pip install "./{wheel}[lab]"

   (On Windows: .venv\\Scripts\\pip instead of .venv/bin/pip, and so below.)

3. Work:

     .venv/bin/jupyter lab

   Open a notebook in the folder exercises, write the functions, run the check under each. It tells you which
   mistake it is, and links to the place in the chapter, in the folder book. (A chapter's links to other pages of the
   book lead nowhere here; the whole book is a site that your teacher has.)

4. Hand in the notebook under the name that it has, for example {example}.
   Your teacher says where; the grader expects a folder with your name around it:

     your-name/{example}
"""


def build_wheel(folder):
    """Build the course's wheel into a folder and give its path."""
    # From a copy: building in place leaves a folder behind that the next wheel would take old modules from.
    source = pathlib.Path(folder) / "source"
    source.mkdir()
    packages = [path.parent for path in ROOT.glob("gru_*/__init__.py")]
    for path in [*packages, *map(ROOT.joinpath, ("pyproject.toml", "README.md", "LICENSE", "LICENSE-text"))]:
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, source / path.name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"The wheel could not be built (pip needs the network for it):\n{done.stderr.strip()[-600:]}")
    return next(pathlib.Path(folder).glob("gru_course-*.whl"))


def contents():
    """List the files of the archive that lie in the repository."""
    exercises = sorted((ROOT / "exercises").glob("*.ipynb"))
    chapters = [ROOT / "book" / exercise.name for exercise in exercises]
    return [*exercises, *chapters, *sorted((ROOT / "book" / "_static").glob("cell-*.svg"))]


def packed_bytes(path):
    """Give a file as it goes into the archive: an exercise links no solution there, since none lies beside it."""
    if path.parent != ROOT / "exercises":
        return path.read_bytes()
    exercise = without_solution(read(path)[0], assignment(path.stem))
    return to_text(normalised(exercise, outputs=False)).encode()


def pack(archive, wheel):
    """Write the archive, whole or not at all."""
    archive.parent.mkdir(exist_ok=True)
    partial = archive.with_suffix(".partial")
    files = contents()
    start = START.format(wheel=wheel.name, example=files[0].name)
    with zipfile.ZipFile(partial, "w") as packed:
        entries = [("START-HERE.txt", start.encode()), (wheel.name, wheel.read_bytes())]
        for name, content in entries + [(path.relative_to(ROOT).as_posix(), packed_bytes(path)) for path in files]:
            packed.writestr(zipfile.ZipInfo(f"{FOLDER}/{name}"), content, zipfile.ZIP_DEFLATED)
    partial.replace(archive)


def main():
    """Pack all exercise notebooks."""
    with tempfile.TemporaryDirectory() as folder:
        pack(ARCHIVE, build_wheel(folder))
    print(f"{ARCHIVE.relative_to(ROOT)}: {ARCHIVE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
