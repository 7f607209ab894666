"""Learnwares that are trained on the spot, on data that scikit-learn brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from beimingwu.demo.city_air import COLUMNS, TARGET, air_of
from beimingwu.demo.digits import digits_seen
from beimingwu.demo.packing import ship
from beimingwu.demo.trained_images import train_image_packages
from beimingwu.demo.trained_texts import train_text_packages

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from beimingwu.demo.city_air import Season
    from beimingwu.demo.fill import Shipment

__all__ = ["train_packages"]

_SPECIES = ("setosa", "versicolor", "virginica")
# What each model for digits has seen many of; of the others it has seen a few. Whoever has all digits needs several.
_DIGITS = ((0, 1, 2), (3, 4, 5), (6, 7), (8, 9))


def train_packages(folder: Path, without: Container[str] = ()) -> Iterator[Shipment]:
    """Train and pack learnwares for tables, texts and images.

    There are some for iris, wines and, each for a part, handwritten digits, the air of a city and what paragraphs are
    about.

    Parameters
    ----------
    folder : Path
        Where the packages are written.
    without : container of str, optional
        Names of learnwares that are there already.

    Raises
    ------
    MissingDependencyError
        If a package of the extra "models" is missing.
    """
    yield from _iris(folder, without)
    yield from _digits(folder, without)
    yield from _wines(folder, without)
    yield from _air(folder, without)
    yield from train_text_packages(folder, without)
    yield from train_image_packages(folder, without)


def _iris(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    iris = load_iris()
    for known in ((0, 1, 2), (1, 2)):
        rows = np.flatnonzero(np.isin(iris.target, known))
        words = ", ".join(_SPECIES[one] for one in known)
        name = f"Iris: {words}"
        if name in without:
            continue
        yield ship(
            LogisticRegression(max_iter=1000).fit(iris.data[rows], iris.target[rows]),
            iris.data[rows],
            folder / f"iris_{'_'.join(map(str, known))}.zip",
            name=name,
            description=f"Tells {words} apart by the length and width of sepals and petals, in centimetres.",
            columns=list(iris.feature_names),
        )


def _digits(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    from sklearn.svm import SVC

    for number, known in enumerate(_DIGITS):
        words = ", ".join(map(str, known))
        name = f"Digits, above all {words}"
        if name in without:
            continue
        digits = digits_seen(_DIGITS, number)
        yield ship(
            SVC(gamma=0.001, C=10).fit(digits.rows, digits.labels),
            digits.rows,
            folder / f"digits_{''.join(map(str, known))}.zip",
            name=name,
            description=f"Tells handwritten digits apart, from 8 x 8 pixels; it has seen many of {words}, few others.",
            columns=digits.columns,
        )


def _wines(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    from sklearn.datasets import load_wine
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    name = "Wines: three cultivars"
    if name in without:
        return
    wine = load_wine()
    yield ship(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(wine.data, wine.target),
        wine.data,
        folder / "wine.zip",
        name=name,
        description="Tells wines of three cultivars apart by thirteen results of a chemical analysis.",
        columns=list(wine.feature_names),
        scenario="Agriculture",
    )


def _air(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    from sklearn.ensemble import GradientBoostingRegressor

    seasons: tuple[Season, ...] = ("summer", "winter")
    for seed, season in enumerate(seasons):
        name = f"City air: PM2.5 in {season}"
        if name in without:
            continue
        air = air_of(season, 3000, seed=seed)
        yield ship(
            GradientBoostingRegressor(random_state=0).fit(air.inputs, air.target),
            air.inputs,
            folder / f"air_{season}.zip",
            name=name,
            description=f"Fine particles in the air of a city in {season}, hour by hour, from other pollutants and the "
            "weather. The hours are simulated, to try things on.",
            columns=list(COLUMNS),
            outputs=TARGET,
            scenario="Nature",
        )
