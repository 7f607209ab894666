# ruff: noqa: INP001  # a program beside what it writes, no package
"""Write what the search is tried with, tables and specifications: ``python frontend/make_examples.py``.

They are of the same distributions as learnwares of `beimingwu demo`, but not what these were trained on where there is
a choice. Each table has what is to be predicted in its last column; of images and texts there are specifications, which
browsers do not make.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_digits, load_iris, load_wine

from beimingwu.demo.city_air import air_of
from beimingwu.demo.handbook import paragraphs_of
from learnware.specification import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from learnware.specification import RKMESpecification

FOLDER = Path(__file__).parent / "public" / "examples"
# Enough for points that are compared; the files are small then.
_DIGITS = 4
_AIR = ("PM10", "SO2", "NO2", "CO", "O3", "temperature", "pressure", "dew point", "rain", "wind speed", "hour", "month")


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = {name: _written(spec) for name, spec in specifications().items()}
    for name, text in {**tables(), **written}.items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


def tables() -> dict[str, str]:
    """Return the contents of the tables' files by name."""
    iris, digits, wine = load_iris(), load_digits(), load_wine()
    few = np.sort(np.random.default_rng(7).permutation(len(digits.data))[:600])
    summer, winter = air_of("summer", 250, seed=11), air_of("winter", 350, seed=12)
    air, particles = np.vstack([summer.inputs, winter.inputs]), np.concatenate([summer.target, winter.target])
    return {
        "iris.csv": _table(
            [*iris.feature_names, "species"], iris.data[1::2], [iris.target_names[one] for one in iris.target[1::2]]
        ),
        "digits.csv": _table([*digits.feature_names, "label"], digits.data[few], digits.target[few]),
        "wine.csv": _table([*wine.feature_names, "cultivar"], wine.data[1::2], wine.target[1::2]),
        "air.csv": _table([*_AIR, "PM2.5 (target)"], air, particles),
    }


def specifications() -> dict[str, RKMESpecification]:
    """Return the specifications by the names of their files."""
    digits = load_digits()
    # Learnwares of the demo know some of these digits, or some of these parts of the reference, each.
    pictures = digits.images[np.isin(digits.target, (0, 1, 2, 3, 7, 8, 9))][::2, np.newaxis]
    paragraphs = paragraphs_of(("strings", "containers", "statements", "expressions"), "user").texts
    return {
        "pictures.json": describe(pictures, "Image", reduced_set_size=30),
        "reference.json": describe(paragraphs, "Text", reduced_set_size=30),
    }


def _written(spec: RKMESpecification) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "stat.json"
        spec.save(str(path))
        states = json.loads(path.read_text(encoding="utf-8"))
    return json.dumps(_rounded(states), separators=(",", ":"))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _table(names: Sequence[str], rows: Any, target: Iterable[Any]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([*(f"{value:g}" for value in row), one] for row, one in zip(rows, target, strict=True))
    return file.getvalue()


if __name__ == "__main__":
    main()
