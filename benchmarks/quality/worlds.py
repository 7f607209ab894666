"""Worlds to measure in: learnwares to put into a market, and users with tasks of their own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["User", "World", "digits_world", "zoo_world"]

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("LEARNWARE_SHARED", ROOT.parent / "shared"))


@dataclass(frozen=True)
class User:
    """A task: rows, and the truth that the methods are measured against."""

    name: str
    X: NDArray[np.float64]
    y: NDArray[Any]


@dataclass(frozen=True)
class World:
    """Packages with their semantic specifications, and users.

    `classes` tells whether the task is a classification, whose error is one minus the accuracy; otherwise it is the
    root mean squared error.
    """

    name: str
    description: str
    packages: list[tuple[Path, dict[str, Any]]]
    users: list[User]
    classes: bool


_DESCRIPTIONS = {
    "air": "PM2.5 at monitoring stations of Beijing: a model per station and season, users of the following year",
    "stores": "weekly sales of stores: a model per store, users in later weeks",
}


def zoo_world(name: str) -> World | None:
    """Return the world of real learnwares `name` ("air" or "stores"), or None where it is not on this machine."""
    folder = SHARED / "zoo" / name
    if not folder.is_dir():
        return None
    packages = [
        (path, json.loads(path.with_name(f"{path.stem}.semantic.json").read_text(encoding="utf-8")))
        for path in sorted((folder / "learnwares").glob("*.zip"))
    ]
    return World(name, _DESCRIPTIONS[name], packages, list(_users(folder / "users")), classes=False)


def _users(folder: Path) -> Iterator[User]:
    from learnware.specification._table_files import read_table

    for path in sorted(folder.glob("*.parquet")):
        values = np.column_stack([column.to_numpy() for column in read_table(path).columns]).astype(np.float64)
        yield User(path.stem.removeprefix("user_"), values[:, :-1], values[:, -1])


def digits_world(folder: Path, seed: int) -> World:
    """Train and pack small classifiers of scikit-learn's digits, each for six of the ten classes; users have four.

    This world needs nothing but scikit-learn.
    """
    from sklearn.datasets import load_digits
    from sklearn.ensemble import ExtraTreesClassifier

    from learnware.learnware import pack

    digits = load_digits()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(digits.data))
    train, held_back = order[:1200], order[1200:]
    packages = []
    for number in range(10):
        known = (np.arange(6) * 3 + number) % 10
        rows = rng.permutation(train[np.isin(digits.target[train], known)])[:400]
        model = ExtraTreesClassifier(60, random_state=seed).fit(digits.data[rows], digits.target[rows])
        path = folder / f"digits_{number}.zip"
        pack(
            model,
            digits.data[rows],
            path,
            input_description=digits.feature_names,
            name=f"Digits {', '.join(map(str, sorted(known)))}",
            description=f"Tells the handwritten digits {', '.join(map(str, sorted(known)))} apart, from 8 x 8 pixels.",
            scenarios="Education",
            license="MIT",
        )
        packages.append(path)
    users = []
    for _ in range(12):
        wanted = rng.permutation(10)[:4]
        rows = held_back[np.isin(digits.target[held_back], wanted)]
        users.append(User(f"digits {', '.join(map(str, sorted(wanted)))}", digits.data[rows], digits.target[rows]))
    from learnware.learnware import read_package

    return World(
        "digits",
        "handwritten digits of scikit-learn: each learnware knows six classes, each user has four",
        [(path, read_package(path).semantic_spec) for path in packages],
        users,
        classes=True,
    )
