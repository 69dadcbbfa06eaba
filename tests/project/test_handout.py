"""The archive for a class: what is in it, what is not, and that it works where nothing else of the course is."""

import pathlib
import re
import subprocess
import venv
import zipfile

import nbformat
import pytest

from authoring import handout

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handout")
    archive = folder / "exercises.zip"
    handout.pack(archive, handout.build_wheel(folder))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder / handout.FOLDER


@pytest.mark.slow
def test_it_holds_the_exercises_their_chapters_and_no_solution(unpacked):
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    exercises = {f"exercises/{path.name}" for path in (ROOT / "exercises").glob("*.ipynb")}
    assert exercises <= names
    assert {name.replace("exercises/", "book/") for name in exercises} <= names
    assert "START-HERE.txt" in names
    assert not [name for name in names if "solutions" in name]
    for path in unpacked.rglob("exercises/*.ipynb"):
        assert "BEGIN SOLUTION" not in path.read_text()


@pytest.mark.slow
def test_the_wheel_gives_the_checks_with_numpy_alone(unpacked, tmp_path):
    start = (unpacked / "START-HERE.txt").read_text()
    wheel = next(unpacked.glob("*.whl"))
    assert f'"./{wheel.name}[lab]"' in start
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / "bin" / "python"
    install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", ROOT / "constraints.txt", wheel]
    subprocess.run([python, *install], check=True)
    answer = "def update_gate(x, h_prev, W_z, U_z, b_z): return W_z @ x"
    code = f"from gru_checks import check\n{answer}\ncheck('ch03.update_gate')"
    done = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Not right yet: The update gate (0 of 3 points)" in done.stdout


def test_an_exercise_links_nothing_that_the_archive_does_not_hold(tmp_path):
    wheel = tmp_path / "gru_course-0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    handout.pack(tmp_path / "exercises.zip", wheel)
    with zipfile.ZipFile(tmp_path / "exercises.zip") as packed:
        packed.extractall(tmp_path)
    exercises = sorted((tmp_path / handout.FOLDER / "exercises").glob("*.ipynb"))
    assert [path.name for path in exercises] == [path.name for path in sorted((ROOT / "exercises").glob("*.ipynb"))]
    for path in exercises:
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        links = re.findall(r"\]\(([^)#]+)", text)
        assert f"../book/{path.name}" in links
        assert [link for link in links if not (path.parent / link).exists()] == []
        assert "Your teacher has a worked solution" in cells[-2].source


def test_without_a_network_it_says_so(monkeypatch, tmp_path):
    def fail(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network")

    monkeypatch.setattr(handout.subprocess, "run", fail)
    with pytest.raises(SystemExit, match=r"The wheel could not be built[^$]*ERROR: no network"):
        handout.build_wheel(tmp_path)


def test_an_interrupted_archive_leaves_the_old_one(tmp_path, monkeypatch):
    archive = tmp_path / "exercises.zip"
    archive.write_bytes(b"old")
    wheel = tmp_path / "gru_course-0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space left"):
        handout.pack(archive, wheel)
    assert archive.read_bytes() == b"old"
