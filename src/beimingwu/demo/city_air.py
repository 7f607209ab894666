"""Hourly air of a city that does not exist: tables whose distribution differs by season, as that of real ones does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "TARGET", "AirTable", "Season", "air_of"]

Season = Literal["summer", "winter"]

COLUMNS = (
    "PM10 in micrograms per cubic metre",
    "sulphur dioxide in micrograms per cubic metre",
    "nitrogen dioxide in micrograms per cubic metre",
    "carbon monoxide in micrograms per cubic metre",
    "ozone in micrograms per cubic metre",
    "air temperature in degrees Celsius",
    "air pressure in hectopascal",
    "dew point temperature in degrees Celsius",
    "precipitation in millimetres",
    "wind speed in metres per second",
    "hour of the day",
    "month of the year",
)
TARGET = "PM2.5 in micrograms per cubic metre"


class _Climate(NamedTuple):
    months: tuple[int, ...]
    temperature: float
    pressure: float
    dew_below: float
    rain_share: float
    heating: float
    sun: float


_CLIMATES: dict[Season, _Climate] = {
    "summer": _Climate((6, 7, 8), 27.0, 1002.0, 8.0, 0.08, 0.0, 1.0),
    "winter": _Climate((12, 1, 2), 1.0, 1023.0, 13.0, 0.01, 1.0, 0.25),
}


class AirTable(NamedTuple):
    """Hours of a season.

    Attributes
    ----------
    inputs : ndarray of shape (n_hours, 12)
        In the order of `COLUMNS`.
    target : ndarray of shape (n_hours,)
        `TARGET`.
    """

    inputs: NDArray[np.float64]
    target: NDArray[np.float64]


def air_of(season: Season, n_hours: int, *, seed: int) -> AirTable:
    """Return hours of a season, made up by simple rules.

    Wind carries pollution away, heating makes it, and the sun makes ozone of it; fine particles go with what burns.

    Parameters
    ----------
    season : {"summer", "winter"}
    n_hours : int
        Rows.
    seed : int
        Equal seeds give equal rows.
    """
    climate, rng = _CLIMATES[season], np.random.default_rng(seed)
    hour = rng.integers(0, 24, n_hours)
    month = rng.choice(climate.months, n_hours)
    noon = np.cos(2 * np.pi * (hour - 14) / 24)
    temperature = climate.temperature + 4.0 * noon + rng.normal(0, 3.0, n_hours)
    pressure = climate.pressure - 0.3 * (temperature - climate.temperature) + rng.normal(0, 4.0, n_hours)
    dew_point = temperature - climate.dew_below * rng.lognormal(0.0, 0.4, n_hours)
    wind = rng.gamma(4.0, 0.45, n_hours) + 0.3 * np.maximum(noon, 0)
    rain = np.where(rng.random(n_hours) < climate.rain_share, rng.exponential(2.0, n_hours), 0.0)
    # How much of what is burnt stays in the city.
    burden = rng.lognormal(0.0, 0.45, n_hours) * (1.0 + 0.5 * climate.heating) / (0.4 + 0.35 * wind)
    sulphur = 3.0 + burden * (1.5 + 14.0 * climate.heating)
    nitrogen = 12.0 + 24.0 * burden * (1.0 + climate.heating) - 6.0 * noon
    carbon = 300.0 + 500.0 * burden * (1.0 + climate.heating)
    ozone = np.maximum(2.0, 30.0 + 85.0 * climate.sun * (noon + 0.6) - 0.2 * nitrogen + rng.normal(0, 8.0, n_hours))
    washed = np.exp(-0.2 * rain)
    fine = (10.0 + 0.055 * carbon + 0.6 * sulphur) * washed + rng.normal(0, 4.0, n_hours)
    fine = np.maximum(3.0, fine)
    coarse = fine * rng.uniform(1.05, 1.4, n_hours) + 2.0 * wind**2
    columns = (
        np.round(coarse),
        np.round(sulphur),
        np.round(np.maximum(2.0, nitrogen)),
        np.round(carbon, -2),
        np.round(ozone),
        np.round(temperature, 1),
        np.round(pressure, 1),
        np.round(dew_point, 1),
        np.round(rain, 1),
        np.round(wind, 1),
        hour,
        month,
    )
    return AirTable(np.column_stack(columns).astype(np.float64), np.round(fine))
