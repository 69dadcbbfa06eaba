"""Pack the exercises for a class: dist/gru-course-exercises.zip.

Usage: python -m authoring.handout

The archive holds the exercise notebooks, the course as a wheel (the checks in
the notebooks need it) and a page that says how to start. The same sources give
the same bytes but for the wheel's.
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

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

   Open a notebook, write the functions, run the check under each. It tells you which mistake it is.

4. Hand in the notebook under the name that it has, for example {example}.
   Your teacher says where; the grader expects a folder with your name around it:

     your-name/{example}
"""


def build_wheel(folder):
    """Build the course's wheel into a folder and give its path."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"The wheel could not be built (pip needs the network for it):\n{done.stderr.strip()[-600:]}")
    return next(pathlib.Path(folder).glob("gru_course-*.whl"))


def pack(archive, notebooks, wheel):
    """Write the archive, whole or not at all."""
    archive.parent.mkdir(exist_ok=True)
    partial = archive.with_suffix(".partial")
    start = START.format(wheel=wheel.name, example=notebooks[0].name)
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as packed:
        contents = [(path.name, path.read_bytes()) for path in [*notebooks, wheel]]
        for name, content in [("START-HERE.txt", start.encode()), *contents]:
            packed.writestr(zipfile.ZipInfo(f"{FOLDER}/{name}"), content, zipfile.ZIP_DEFLATED)
    partial.replace(archive)


def main():
    """Pack all exercise notebooks."""
    with tempfile.TemporaryDirectory() as folder:
        pack(ARCHIVE, sorted((ROOT / "exercises").glob("*.ipynb")), build_wheel(folder))
    print(f"{ARCHIVE.relative_to(ROOT)}: {ARCHIVE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
