"""Packages for the tests of this folder: good ones, and bad ones of every kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from learnware.learnware import write_package
from learnware.runtime.environment import EnvironmentStore
from learnware.specification import RKMETableSpecification, generate_semantic_spec
from learnware.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """\
import numpy as np
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(3,), output_shape=(1,))
        LOAD

    def predict(self, X):
        ANSWER
"""
MANIFEST = """\
model: {class_name: Model}
stat_specifications:
- {class_name: RKMETableSpecification, file_name: stat.json}
"""


def semantic(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "House prices",
        "description": "Prices of houses from their size and age.",
        "data_type": "Table",
        "task_type": "Classification",
        "library_type": "Scikit-learn",
        "scenarios": ["Business"],
        "license": "MIT",
        "input_description": {"Dimension": 3, "Description": {"0": "size"}},
        "output_description": {"Dimension": 2, "Description": {"0": "cheap", "1": "dear"}},
    }
    return generate_semantic_spec(**{**values, **changes})


class Maker:
    """Writes packages, and verifies them in the environment of the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = EnvironmentStore(folder / "store")
        self._count = 0

    def files(self, *, answer: str = "return np.zeros(len(X))", load: str = "pass", **changes: Any) -> dict[str, bytes]:
        """Return the files of a package; `changes` replace some, with ``__`` for a dot, or leave them out."""
        z = np.random.default_rng(0).normal(size=(8, 3))
        states = {"z": z.tolist(), "beta": [1 / 8] * 8, "gamma": 0.1, "num_points": 100}
        files: dict[str, Any] = {
            "learnware.yaml": MANIFEST,
            "stat.json": RKMETableSpecification.from_states(states).to_json(),
            "semantic_specification.json": json.dumps(semantic()),
            "requirements.txt": "numpy\n",
            "__init__.py": MODEL.replace("ANSWER", answer).replace("LOAD", load),
        }
        files.update({name.replace("__", "."): content for name, content in changes.items()})
        return {
            name: content.encode() if isinstance(content, str) else content
            for name, content in files.items()
            if content is not None
        }

    def package(self, files: dict[str, bytes]) -> Path:
        self._count += 1
        return write_package(files, self.folder / f"{self._count}.zip")

    def verify(self, files: dict[str, bytes] | None = None, **options: Any) -> Any:
        package = self.package(self.files() if files is None else files)
        return verify(package, **{"runnable_option": "current", "store": self.store, **options})


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


@pytest.fixture
def new_semantic() -> Any:
    """The function that makes a semantic specification for the packages."""
    return semantic
