"""The command line: list, path, and names that do not exist."""

import re

import pytest

import gru_data
from gru_data import fetching
from gru_data.__main__ import main


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRU_DATA_HOME", str(tmp_path))
    return tmp_path


def test_list_says_what_is_missing_and_under_which_licence(empty_home, capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    for description in gru_data.data_sets():
        assert description.title in shown and description.licence in shown and description.source in shown
    assert "missing: run `python -m gru_data fetch`" in shown


def test_path_names_the_cache_and_a_data_set(empty_home, capsys):
    assert main(["path"]) == 0
    assert main(["path", "beijing_pm25"]) == 0
    assert capsys.readouterr().out.split() == [str(empty_home), str(empty_home / "beijing_pm25")]


@pytest.mark.parametrize("command", ["fetch", "list", "path"])
def test_an_unknown_name_is_answered_with_those_that_exist(empty_home, capsys, command):
    with pytest.raises(SystemExit) as stopped:
        main([command, "paris"])
    assert stopped.value.code == 2
    assert "there is no data set 'paris'; there are: beijing_pm25" in capsys.readouterr().err


def test_no_command_shows_the_usage(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2 and "usage: python -m gru_data" in capsys.readouterr().err


@pytest.mark.parametrize("description", gru_data.data_sets(), ids=lambda description: description.name)
def test_every_data_set_is_pinned_and_described(description):
    assert re.fullmatch(r"\S+==\S+ --hash=sha256:[0-9a-f]{64}", fetching.pinned(description.archive))
    assert description.members and all(re.fullmatch("[0-9a-f]{64}", one.sha256) for one in description.members)
    assert all([description.title, description.source, description.licence, description.counts, description.reference])
    assert callable(getattr(gru_data, description.name)), "the loader bears the data set's name"
