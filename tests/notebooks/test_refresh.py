"""The refresh command on notebooks made for it: what it stores, what its check catches, what it says when it cannot."""

import base64
import errno
import json
import os
import struct
import subprocess
import sys

import nbformat
import pytest

from authoring import normal_form
from authoring.kernel_environment import KERNEL_ENVIRONMENT
from authoring.normal_form import normalised, read, to_text, write
from authoring.refresh import ROOT, main

PLOT = """import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(7, 3.6))
ax.plot([0, 1, 2], [0, 1, 4])
ax.set_title("Number 8");"""


def notebook_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def put(path, *sources):
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook_of(*sources), path)
    return path


# Every test starts kernels.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A notebook with a text and a picture, refreshed once, as (path, text)."""
    path = put(tmp_path_factory.mktemp("book") / "fresh.ipynb", "print('a')\nprint('b')\n2 + 2", PLOT)
    assert main([str(path)]) == 0
    return path, path.read_text()


@pytest.fixture
def changed(fresh, tmp_path):
    """Write a copy of the fresh notebook with one thing changed."""

    def change(edit):
        notebook = nbformat.reads(fresh[1], as_version=4)
        edit(notebook)
        path = tmp_path / "copy.ipynb"
        path.write_text(to_text(notebook))
        return path

    return change


def png_of(notebook):
    return base64.b64decode(notebook.cells[1].outputs[0].data["image/png"])


def test_a_refreshed_notebook_is_as_stored(fresh, capsys):
    path, text = fresh
    assert main(["--check", str(path)]) == 0
    assert "as stored" in capsys.readouterr().out
    assert main([str(path)]) == 0
    assert "unchanged" in capsys.readouterr().out
    assert path.read_text() == text


def test_what_is_stored_is_in_normal_form(fresh):
    notebook, text = read(fresh[0])
    assert [cell.id for cell in notebook.cells] == ["cell-01", "cell-02"]
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert all(cell.metadata == {} for cell in notebook.cells)
    assert notebook.cells[0].outputs[0].text == "a\nb\n", "one piece"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert "version" not in notebook.metadata.language_info
    assert b"tEXt" not in png_of(notebook) and b"Matplotlib" not in png_of(notebook)
    assert text.endswith("}\n") and not text.endswith("\n\n")
    assert to_text(normalised(notebook)) == text


def test_the_kernel_runs_in_the_fixed_environment_and_in_the_notebooks_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    names = sorted(KERNEL_ENVIRONMENT)
    ask = f"import os\nprint([os.environ[n] for n in {names}] == {[KERNEL_ENVIRONMENT[n] for n in names]})"
    path = put(tmp_path / "ask.ipynb", f"{ask}\nprint(os.path.basename(os.getcwd()), hash('a') == {hash_of_a()})")
    assert main([str(path)]) == 0
    assert read(path)[0].cells[0].outputs[0].text == f"True\n{tmp_path.name} True\n"


def hash_of_a():
    command = [sys.executable, "-c", "print(hash('a'))"]
    return int(subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": "0"}, capture_output=True).stdout)


def test_words_of_compiled_code_are_not_kept(tmp_path):
    path = put(tmp_path / "loud.ipynb", "import os\nos.write(2, b'pid 123 at 12:00')\nprint('kept')")
    assert main([str(path)]) == 0
    assert [output.text for output in read(path)[0].cells[0].outputs] == ["kept\n"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda n: n.cells[0].outputs[0].update(text="a\nc\n"), ["cell 1", "-c", "+b"]),
        (lambda n: n.cells[0].outputs[1].data.update({"text/plain": "5"}), ["cell 1", "-5", "+4"]),
        (lambda n: n.cells[0].outputs.pop(), ["cell 1", "+4"]),
        (lambda n: n.cells[1].outputs.clear(), ["cell 2", "stored pictures is 0, now it is 1"]),
        (lambda n: n.cells[1].update(execution_count=3), ["cell 2", "count is 3, now it is 2"]),
        (lambda n: n.cells[1].update(source=PLOT.replace("8", "9")), ["cell 2", "picture 1 differs by"]),
        (lambda n: n.cells[1].update(source=PLOT.replace("3.6", "3.7")), ["cell 2", "picture 1 has another size"]),
        (lambda n: n.cells[1].outputs[0].data.update({"image/png": "AAAA"}), ["picture 1 cannot be compared"]),
    ],
    ids=["text", "value", "value gone", "picture gone", "count", "one digit in a picture", "size", "no picture"],
)
def test_check_says_which_output_differs_and_how(changed, capsys, edit, words):
    path = changed(edit)
    text = path.read_text()
    assert main(["--check", str(path)]) == 1
    said = capsys.readouterr().out
    assert all(word in said for word in words), said
    assert path.read_text() == text


def test_check_passes_over_the_outputs_of_an_exempt_cell(changed):
    def exempt(notebook):
        notebook.cells[0].metadata = {"tags": ["nbval-ignore-output"]}
        notebook.cells[0].outputs[0].text = "another\n"

    assert main(["--check", str(changed(exempt))]) == 0


@pytest.mark.parametrize(
    "edit",
    [
        lambda n: n.cells[0].update(id="of-its-own"),
        lambda n: n.cells[0].metadata.update(execution={"iopub.status.idle": "2026-01-01T00:00:00Z"}),
        lambda n: n.metadata.language_info.update(version="3.11.9"),
        lambda n: n.cells[0].outputs.insert(0, n.cells[0].outputs[0]),
        lambda n: n.cells[1].outputs[0].data.update({"image/png": base64.b64encode(with_words(png_of(n))).decode()}),
    ],
    ids=["id", "timing", "version", "cut stream", "words in the picture"],
)
def test_check_refuses_a_file_that_is_not_normal(changed, capsys, edit):
    assert main(["--check", str(changed(edit))]) == 1
    assert "not in normal form" in capsys.readouterr().out


def with_words(png):
    """Put a text chunk, as programs that draw do, behind a PNG's header."""
    chunk = struct.pack(">I4s", 10, b"tEXt") + b"Software\0x" + b"\0\0\0\0"
    return png[:33] + chunk + png[33:]


def test_check_refuses_a_file_that_differs_in_white_space_alone(fresh, tmp_path, capsys):
    path = tmp_path / "copy.ipynb"
    path.write_text(json.dumps(json.loads(fresh[1]), indent=2))
    assert main(["--check", str(path)]) == 1
    assert "not in normal form" in capsys.readouterr().out


def test_an_exercise_is_stored_without_outputs_and_never_run(tmp_path, capsys):
    path = put(tmp_path / "exercises" / "x.ipynb", "open('was_run', 'w')")
    notebook = notebook_of("open('was_run', 'w')")
    notebook.cells[0].update(execution_count=1, outputs=[nbformat.v4.new_output("stream", text="x")])
    nbformat.write(notebook, path)
    assert main(["--check", str(path)]) == 1
    assert main([str(path)]) == 0
    assert read(path)[0].cells[0].outputs == [] and read(path)[0].cells[0].execution_count is None
    assert main(["--check", str(path)]) == 0
    assert "without outputs" in capsys.readouterr().out
    assert not list(tmp_path.rglob("was_run"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1 / 0", "cell 2 ('1 / 0') raises ZeroDivisionError: division by zero"),
        ("import os\nos._exit(1)", "cell 2 ('import os') ends the kernel"),
        ("import sys\nsys.exit()", "cell 2 ('import sys') raises SystemExit"),
    ],
)
def test_a_cell_that_fails_is_named_and_the_file_stays(tmp_path, capsys, source, words):
    path = put(tmp_path / "bad.ipynb", "1", source, "3")
    before = path.read_bytes()
    for arguments in ([str(path)], ["--check", str(path)]):
        path.write_text(to_text(normalised(notebook_of("1", source, "3"))))
        before = path.read_bytes()
        assert main(arguments) == 1
        assert words in capsys.readouterr().out
        assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["bad.ipynb"]


def test_a_cell_that_hangs_is_named(tmp_path):
    from authoring.execution import CellError, execute

    with pytest.raises(CellError, match=r"cell 1 \('while True: pass'\) takes longer than 1 s"):
        execute(notebook_of("while True: pass"), tmp_path, cell_timeout=1)


def test_one_bad_file_does_not_keep_the_others_from_their_turn(fresh, tmp_path, capsys):
    missing, torn = tmp_path / "missing.ipynb", tmp_path / "torn.ipynb"
    torn.write_text(fresh[1][:500])
    older = tmp_path / "older.ipynb"
    older.write_text("[]")
    assert main(["--check", str(missing), str(torn), str(older), str(fresh[0])]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "missing.ipynb: there is no such file" in lines[0]
    assert "torn.ipynb: it is not a notebook" in lines[1]
    assert "older.ipynb: it is not a" in lines[2]
    assert "as stored" in lines[3]


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch, capsys, fails):
    path = put(tmp_path / "exercises" / "x.ipynb", "1")
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if fails == "write":
        handle = os.fdopen
        monkeypatch.setattr(normal_form.os, "fdopen", lambda *a, **k: Refusing(handle(*a, **k), full))
    else:
        monkeypatch.setattr(normal_form.os, fails, full)
    assert main([str(path)]) == 1
    assert "could not be written and stands as it was: No space left on device" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["x.ipynb"]


class Refusing:
    """A file that takes half of what is written and then has no room."""

    def __init__(self, file, full):
        self.file, self.full = file, full

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, text):
        self.file.write(text[: len(text) // 2])
        self.full()


def test_a_kill_while_writing_leaves_the_old_file_whole(tmp_path):
    """The process ends without a chance to clean up, at the worst moment: written, not yet in place."""
    path = tmp_path / "x.ipynb"
    path.write_text("old")
    program = f"""
import os
from authoring import normal_form
normal_form.os.replace = lambda *_: os._exit(9)
normal_form.write({str(path)!r}, "new" * 1000)
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 9
    assert path.read_text() == "old"


def test_write_keeps_the_files_mode(tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text("old")
    path.chmod(0o640)
    write(path, "new")
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o640
