# ruff: noqa: INP001  # a program beside what it writes, no package
"""Write the tables that the search is tried with: ``python frontend/make_examples.py``.

They are of the same distributions as learnwares of `beimingwu demo`, but not what these were trained on where there is
a choice. Each has what is to be predicted in its last column.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_digits, load_iris, load_wine

from beimingwu.demo.city_air import air_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER = Path(__file__).parent / "public" / "examples"
_AIR = ("PM10", "SO2", "NO2", "CO", "O3", "temperature", "pressure", "dew point", "rain", "wind speed", "hour", "month")


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in examples().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


def examples() -> dict[str, str]:
    """Return the contents of the files by name."""
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


def _table(names: Sequence[str], rows: Any, target: Iterable[Any]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([*(f"{value:g}" for value in row), one] for row, one in zip(rows, target, strict=True))
    return file.getvalue()


if __name__ == "__main__":
    main()
