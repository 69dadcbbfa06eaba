"""What a machine lacks for isolation is said in a sentence, by the doctor and by grade."""

import sys

import pytest

from gru_grader import __main__ as command_line
from gru_grader import selftest
from gru_grader.machine import REFUSING, refused_namespaces
from tests.grader.bank import ASSIGNMENT, RIGHT, STEM, cells, notebook_text


@pytest.fixture
def poorer_machine(monkeypatch):
    """A machine on which nothing has been examined yet."""
    selftest.examine.cache_clear()
    yield monkeypatch
    selftest.examine.cache_clear()


def grade(folder, *options):
    path = folder / "in" / "anna" / f"{STEM}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook_text(cells(RIGHT)))
    arguments = ["grade", str(folder / "in"), "--out", str(folder / "out"), "--jobs", "1", *options]
    return command_line.main(arguments, assignments=[ASSIGNMENT])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing isolates")
def test_without_libseccomp_the_command_says_what_to_install(poorer_machine, tmp_path, capsys):
    poorer_machine.setitem(sys.modules, "pyseccomp", None)
    assert command_line.main(["doctor"]) == command_line.UNUSABLE
    said = capsys.readouterr().out
    assert said.count('pip install "gru-course[grading]", and apt install libseccomp2') == 2
    assert "grade will refuse" in said
    assert grade(tmp_path) == command_line.UNUSABLE
    assert "apt install libseccomp2" in capsys.readouterr().err
    assert grade(tmp_path, "--allow-unsandboxed") == command_line.ALL_GRADED
    assert "10 of 10 points" in capsys.readouterr().out


@pytest.mark.parametrize("name", REFUSING)
def test_the_setting_that_forbids_namespaces_is_named(tmp_path, name):
    path = tmp_path / name.replace(".", "/")
    path.parent.mkdir()
    path.write_text(REFUSING[name] + "\n")
    said = refused_namespaces("creating namespaces: No space left on device", str(tmp_path))
    assert said == (f"creating namespaces: this machine does not allow user namespaces ({name} is {REFUSING[name]})")
    assert refused_namespaces("mounting: no", str(tmp_path)) == f"mounting: no ({name} is {REFUSING[name]})"


def test_where_no_setting_forbids_namespaces_all_are_named(tmp_path):
    said = refused_namespaces("creating namespaces: Operation not permitted", str(tmp_path))
    assert "does not allow user namespaces" in said and all(name in said for name in REFUSING)
    assert refused_namespaces("mounting: no", str(tmp_path)) == "mounting: no"
