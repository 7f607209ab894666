"""Learnwares for iris and for the digits, and where their environments are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from learnware.client import DockConnection
from learnware.learnware import pack

from .faulty_dock import FaultyDock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep addresses, credentials and packages of the tests apart from those of whoever runs them."""
    for name in ("LEARNWARE_BACKEND_HOST", "LEARNWARE_TOKEN", "LEARNWARE_PACKAGES_MAX_BYTES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEARNWARE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("LEARNWARE_PACKAGES", str(tmp_path / "packages"))


WORDS = {"scenarios": ["Nature"], "license": "MIT"}


@pytest.fixture(scope="session")
def iris_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of iris."""
    X, y = load_iris(return_X_y=True)
    return pack(
        LogisticRegression(max_iter=1000).fit(X, y),
        X,
        tmp_path_factory.mktemp("iris") / "iris.zip",
        name="Iris kinds",
        description="Kinds of iris flowers by their measures.",
        input_description=["sepal length", "sepal width", "petal length", "petal width"],
        output_description=["setosa", "versicolor", "virginica"],
        **WORDS,
    )


@pytest.fixture(scope="session")
def digits_zips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three classifiers of all digits, each trained on other pictures."""
    X, y = load_digits(return_X_y=True)
    folder = tmp_path_factory.mktemp("digits")
    return [
        pack(
            SVC(C=10).fit(X[part], y[part]),
            X[part],
            folder / f"digits-{number}.zip",
            name=f"Digits {number}",
            description="Handwritten digits of eight by eight pixels.",
            input_description=[f"pixel {i}" for i in range(64)],
            output_description=[str(i) for i in range(10)],
            **WORDS,
        )
        for number, part in enumerate(np.array_split(np.random.default_rng(0).permutation(len(X)), 3))
    ]


@pytest.fixture
def faulty() -> Iterator[FaultyDock]:
    """A dock that fails as it is told."""
    dock = FaultyDock()
    yield dock
    dock.stop()


@pytest.fixture
def connect(faulty: FaultyDock) -> Callable[..., DockConnection]:
    """Make a connection to that dock which does not wait between its tries, and keeps what it would have waited."""

    def make(**options: Any) -> DockConnection:
        connection = DockConnection(options.pop("host", faulty.url), on_transfer=lambda _: None, **options)
        connection._transport.token = "0123456789abcdef" * 2
        connection._transport.sleep = pauses.append
        connection.pauses = pauses
        return connection

    pauses: list[float] = []
    return make
