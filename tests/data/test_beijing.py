"""Beijing PM2.5: the facts the course states about it, and what the loader makes of the file."""

import dataclasses

import numpy as np
import pytest

import gru_data
from gru_data import beijing

HEADER = "No,year,month,day,hour,pm2.5,DEWP,TEMP,PRES,cbwd,Iws,Is,Ir\n"
ROWS = "1,2011,12,31,23,NA,-21,-11,1021,NW,1.79,0,0\n2,2012,1,1,0,129,-20,-12.5,1020,cv,4.92,1,2\n"


@pytest.fixture(scope="module")
def data():
    return gru_data.beijing_pm25()


@pytest.fixture
def two_rows(monkeypatch):
    """Two rows in place of the file, so that the loader is tested where the data are not."""
    monkeypatch.setattr(beijing.cache, "read", lambda *arguments: (HEADER + ROWS).encode())
    return gru_data.beijing_pm25()


def test_two_rows_by_value(two_rows):
    assert two_rows.time.tolist() == np.array(["2011-12-31T23", "2012-01-01T00"], "datetime64[h]").tolist()
    assert np.isnan(two_rows.pm25[0]) and two_rows.pm25[1] == 129
    assert two_rows.wind_direction.tolist() == ["NW", "cv"]
    found = [getattr(two_rows, name)[1] for name in ("number", "dew_point", "temperature", "pressure")]
    assert found == [2, -20, -12.5, 1020]
    assert [two_rows.wind_speed[1], two_rows.snow[1], two_rows.rain[1]] == [4.92, 1, 2]


def test_types(two_rows):
    assert two_rows.time.dtype == "datetime64[h]" and two_rows.wind_direction.dtype.kind == "U"
    assert {getattr(two_rows, name).dtype.name for name in beijing.BeijingPM25.units} == {"float64"}
    assert {getattr(two_rows, name).dtype.name for name in ("number", "year", "month", "day", "hour")} == {"int64"}
    assert all(type(value) is np.ndarray for value in vars(two_rows).values()), "plain arrays, no subclass"


def test_a_column_for_every_field_and_a_field_for_every_column():
    fields = {field.name for field in dataclasses.fields(beijing.BeijingPM25)}
    assert fields - {"time"} == set(beijing.COLUMNS)
    assert list(beijing.COLUMNS.values()) == HEADER.strip().split(",")


def test_the_data_cannot_be_changed_by_accident(two_rows):
    with pytest.raises(ValueError, match="read-only"):
        two_rows.pm25[0] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        two_rows.pm25 = np.zeros(2)


@pytest.mark.needs("data")
def test_counts_are_those_of_the_description(data):
    counts = gru_data.describe("beijing_pm25").counts
    assert len(data) == counts["rows"] == 43_824
    assert len(beijing.COLUMNS) == counts["columns"] == 13
    assert np.isnan(data.pm25).sum() == counts["missing pm25"] == 2_067


@pytest.mark.needs("data")
def test_facts_stated_in_the_chapter(data):
    assert np.isnan(data.pm25[:24]).all() and not np.isnan(data.pm25[24])
    assert np.nanmean(data.pm25) == pytest.approx(98.6, abs=0.05)
    assert np.nanmax(data.pm25) == 994 and np.nanmin(data.pm25) == 0
    assert np.unique(data.year).tolist() == [2010, 2011, 2012, 2013, 2014]
    assert set(data.wind_direction) == {"NW", "NE", "SE", "cv"}


@pytest.mark.needs("data")
def test_only_the_dust_is_ever_missing(data):
    for name in beijing.BeijingPM25.units:
        assert np.isnan(getattr(data, name)).any() == (name == "pm25")


@pytest.mark.needs("data")
def test_every_hour_comes_once_and_in_order(data):
    assert (np.diff(data.time) == np.timedelta64(1, "h")).all()
    assert data.time[0] == np.datetime64("2010-01-01T00") and data.time[-1] == np.datetime64("2014-12-31T23")
    assert (data.number == np.arange(1, len(data) + 1)).all()


@pytest.mark.needs("data")
def test_the_clock_is_local(data):
    by_hour = [data.temperature[data.hour == hour].mean() for hour in range(24)]
    assert np.argmax(by_hour) == 15, "in Beijing it is warmest in the middle of the afternoon"
