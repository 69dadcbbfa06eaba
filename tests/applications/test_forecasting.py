"""The forecasting chapter: its baselines computed a second way, and its leak tests seen to fail on a leak."""

import csv
import datetime
import json
import math
import re
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import gru_data
import gru_data.windows

pytestmark = pytest.mark.needs("data")

CHAPTER = Path(__file__).parents[2] / "book" / "ch11-forecasting.ipynb"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def cells():
    notebook = json.loads(CHAPTER.read_text())
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def printed(cells, words):
    """What the one cell printed whose output holds these words."""
    texts = ["".join(output.get("text", "")) for cell in cells for output in cell["outputs"]]
    (found,) = [text for text in texts if words in text]
    return found


@pytest.fixture(scope="module")
def series():
    """The dust by time, read with csv and datetime alone; missing hours are not in it."""
    path = gru_data.cache.path_of(gru_data.describe("beijing_pm25"), gru_data.describe("beijing_pm25").members[0])
    with open(path, newline="") as file:
        return {
            datetime.datetime(*(int(row[name]) for name in ("year", "month", "day", "hour"))): float(row["pm2.5"])
            for row in csv.DictReader(file)
            if row["pm2.5"] != "NA"
        }


def last_known(series, time):
    while time not in series:
        time -= HOUR
    return series[time]


def pairs(series, years, ahead, look_back=24):
    """(issue time, target time) of all forecasts whose look-back and target lie in these years, target measured."""
    first = max(datetime.datetime(years[0], 1, 1), min(series))
    return [
        (target - ahead * HOUR, target)
        for target in sorted(series)
        if target.year in years and target - (ahead + look_back - 1) * HOUR >= first
    ]


def root_mean_square(errors):
    return math.sqrt(math.fsum(error * error for error in errors) / len(errors))


@pytest.fixture(scope="module", params=[(1, 0), (24, 1)], ids=["1 hour", "24 hours"])
def baselines(request, series):
    """RMSE of the four simple forecasts by loops over a dictionary, and the column of the chapter's table."""
    ahead, column = request.param
    train, test = pairs(series, (2010, 2011, 2012), ahead), pairs(series, (2014,), ahead)
    now = {issue: last_known(series, issue) for issue, _ in train + test}
    mean = math.fsum(series[target] for _, target in train) / len(train)
    cells = {}
    for _, target in train:
        cells.setdefault((target.month, target.hour), []).append(series[target])
    products = math.fsum((now[issue] - mean) * (series[target] - mean) for issue, target in train)
    a = products / math.fsum((now[issue] - mean) ** 2 for issue, _ in train)
    forecasts = {
        "persistence": lambda issue, target: now[issue],
        "training mean": lambda issue, target: mean,
        "month by hour": lambda issue, target: (
            math.fsum(cells[target.month, target.hour]) / len(cells[target.month, target.hour])
        ),
        "damped": lambda issue, target: mean + a * (now[issue] - mean),
    }
    found = {
        name: root_mean_square([series[target] - forecast(issue, target) for issue, target in test])
        for name, forecast in forecasts.items()
    }
    return ahead, column, found, len(train), len(test)


def test_the_table_of_baselines_is_right(baselines, cells):
    _, column, found, _, _ = baselines
    table = printed(cells, "RMSE on 2014, µg/m³   1 h    24 h")
    for name, error in found.items():
        stated = re.search(rf"^{name} +(\S+) +(\S+)$", table, re.MULTILINE).groups()[column]
        assert stated == f"{error:.1f}", name


def test_the_examples_are_those_that_a_loop_finds(baselines, cells):
    ahead, _, _, train, test = baselines
    if ahead == 24:
        table = printed(cells, "train  ")
        assert f"{train:,} forecasts" in table and f"{test:,} forecasts" in table


def test_known_figures_of_persistence(series):
    """Where the dust was measured at both ends, persistence errs by about 22 an hour and 98.7 a day ahead."""
    for ahead, expected in ((1, 22.06), (24, 98.7)):
        both = [(issue, target) for issue, target in pairs(series, (2014,), ahead, look_back=1) if issue in series]
        error = root_mean_square([series[target] - series[issue] for issue, target in both])
        assert error == pytest.approx(expected, rel=0.005)


@pytest.fixture(scope="module")
def up_to_the_leak_test(cells):
    """The chapter's code from its beginning to the test of its first claim, pictures left out."""
    sources = ["".join(cell["source"]) for cell in cells]
    (last,) = [number for number, source in enumerate(sources) if "end_of_training = PARTS" in source]
    return [source for source in sources[: last + 1] if not source.rstrip().endswith(";")]


def run(sources, change=lambda source: source):
    """Execute cells without the frameworks, which they import and do not need yet."""
    namespace = {"__name__": "__main__"}
    absent = {name: mock.MagicMock() for name in ("keras", "tensorflow", "matplotlib", "matplotlib.pyplot")}
    with mock.patch.dict(sys.modules, absent):
        for source in sources:
            exec(compile(change(source), "<cell>", "exec"), namespace)
    return namespace


def test_the_leak_test_passes_on_the_chapter_as_it_is(up_to_the_leak_test):
    page = run(up_to_the_leak_test)
    assert page["x_test"].shape == (8614, 24, 15) and page["y_test"].shape == (8614,)
    assert page["x_test"].dtype == np.float32 and np.isfinite(page["x_test"]).all()


@pytest.mark.parametrize(
    ("right", "leak"),
    [
        ('start, stop = PARTS["train"]', "start, stop = first_measured, len(table)"),
        (
            "forward_fill(dust), missing",
            "np.interp(range(len(dust)), np.flatnonzero(~missing), dust[~missing]), missing",
        ),
        ("columns = [known, missing", "columns = [np.roll(known, -1), missing"),
        ("windows(inputs, times, STEPS)", "windows(inputs, times + HORIZON, STEPS)"),
        ("[first_year, last_year + 1])", "[first_year, last_year + 1]) - [24, 0]"),
    ],
    ids=[
        "scaler fitted on all rows",
        "gaps filled by lines",
        "inputs an hour late",
        "windows that hold their target",
        "parts that overlap",
    ],
)
def test_the_leak_test_fails_where_there_is_a_leak(up_to_the_leak_test, right, leak):
    assert sum(right in source for source in up_to_the_leak_test) == 1, "the chapter no longer says it so"
    with pytest.raises(AssertionError):
        run(up_to_the_leak_test, lambda source: source.replace(right, leak))


@pytest.mark.slow
def test_another_horizon_waives_the_second_claim_and_no_leak_test(cells, capsys):
    sources = ["".join(cell["source"]) for cell in cells]
    (last,) = [number for number, source in enumerate(sources) if 'print("Claim 2"' in source]
    sources = [source for source in sources[: last + 1] if not source.rstrip().endswith(";")]

    def an_hour_ahead(source):
        return source.replace("HORIZON = 24 ", "HORIZON = 1 ")

    run(sources, an_hour_ahead)
    told = capsys.readouterr().out
    assert "Claim 1 holds" in told and "Claim 2 does not hold here" in told
    with pytest.raises(AssertionError):
        run(sources, lambda source: an_hour_ahead(source).replace("holds or CHANGED", "holds"))
    with pytest.raises(AssertionError):
        run(sources, lambda source: an_hour_ahead(source).replace("[known, missing", "[np.roll(known, -1), missing"))


def test_the_ridge_of_the_chapter_is_scikit_learns(cells):
    linear_model = pytest.importorskip("sklearn.linear_model")
    (source,) = ["".join(cell["source"]) for cell in cells if "def fit_ridge" in "".join(cell["source"])]
    namespace = {"np": np}
    exec(source[: source.index("def choose_ridge")], namespace)
    rng = np.random.default_rng(0)
    x, y, other = rng.normal(size=(80, 4, 3)) + 2, rng.normal(size=80) + 5, rng.normal(size=(9, 4, 3))
    theirs = linear_model.Ridge(alpha=7.0).fit(x.reshape(80, 12), y).predict(other.reshape(9, 12))
    np.testing.assert_allclose(namespace["fit_ridge"](x, y, 7.0)(other), theirs, rtol=1e-10)
    with pytest.raises(AssertionError, match=r"\(9, 1\) against \(9,\)"):
        namespace["rmse"](theirs[:, None], theirs)
