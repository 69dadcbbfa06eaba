"""The programs of the page on gru_ref do what the text beside them says."""

import re
from pathlib import Path

import numpy as np
import pytest

import gru_ref
from gru_ref import GRU, LSTM, RNN

PAGE = (Path(__file__).parents[2] / "book" / "api" / "gru_ref.md").read_text(encoding="utf-8")
ROWS = PAGE.partition("## Rows")[2].partition("\n## ")[0]


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """The names that the programs on networks over time leave behind."""
    monkeypatch.chdir(tmp_path)
    names = {}
    for program in re.findall(r"```python\n(.*?)```", ROWS, re.DOTALL):
        exec(program, names)
    return names


def test_pieces_give_what_the_whole_gives(ran):
    outputs, final = ran["gru"](ran["x"])
    assert np.allclose(np.concatenate([ran["first"], ran["second"]], axis=1), outputs, rtol=0, atol=1e-14)
    assert np.allclose(ran["state"], final, rtol=0, atol=1e-14)


def test_weights_that_were_stored_come_back_to_the_bit(ran):
    assert ran["again"] is not ran["gru"]
    assert all(np.array_equal(a, b) for a, b in zip(ran["again"].arrays(), ran["gru"].arrays(), strict=True))


def test_many_arrays_come_back_in_their_order(tmp_path):
    made, again = (GRU(3, 4, num_layers=3, bidirectional=True, rng=seed) for seed in (0, 1))
    np.savez(tmp_path / "gru.npz", *made.arrays())
    with np.load(tmp_path / "gru.npz") as stored:
        assert len(stored.files) == 24
        for array, values in zip(again.arrays(), stored.values(), strict=True):
            array[...] = values
    assert all(np.array_equal(a, b) for a, b in zip(made.arrays(), again.arrays(), strict=True))


@pytest.mark.parametrize("network", [RNN, LSTM])
def test_the_other_networks_lack_the_convention_and_the_converters_alone(network):
    lacking = {name for name in dir(GRU) if not name.startswith("_")} - set(dir(network))
    assert lacking - {"polarity", "reset", "slides"} == {
        name for name in dir(GRU) if re.match("(from|to)_", name) and name != "from_parameters"
    }


def test_no_words_for_several_parameters_tell_them_apart_by_their_order():
    # The page repeats the words under each name: "input_size: I and H", "hidden_size: I and H".
    joined = [
        (path.name, names, words)
        for path in sorted(Path(gru_ref.__file__).parent.glob("*.py"))
        for names, words in re.findall(
            r"^ +(\w+(?:, \w+)+)(?: : [^\n]*)?\n +([A-Z][^\n]*)", path.read_text(encoding="utf-8"), re.M
        )
    ]
    assert len(joined) >= 5
    assert not [
        one for one in joined if re.match(r"(Of shapes )?\(?[A-Z](, [A-Z])*\)?,? (\([A-Z], |and [A-Z]\b)", one[2])
    ]


@pytest.mark.needs("torch")
def test_the_program_of_the_readme_does_what_its_comments_say():
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    assert (names["outputs"].shape, names["final"].shape) == ((2, 5, 4), (1, 2, 4))
    own = names["layer"](names["torch"].tensor(names["x"]))[0].detach().numpy()
    assert np.allclose(names["outputs"], own, rtol=0, atol=1e-6)
    assert names["gradients"].x.shape == names["x"].shape
