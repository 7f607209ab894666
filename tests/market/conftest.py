"""Learnware packages made by the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from learnware.learnware import write_package
from learnware.market import EasyOrganizer, instantiate_learnware_market
from learnware.specification import RKMETableSpecification, generate_semantic_spec

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """\
model:
  class_name: Model
  kwargs: {}
stat_specifications:
  - module_path: learnware.specification
    class_name: RKMETableSpecification
    file_name: stat.json
    kwargs: {}
"""

MODEL = """\
import numpy as np
from learnware.model import BaseModel

class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=INPUT_SHAPE, output_shape=OUTPUT_SHAPE)

    def predict(self, X):
        ANSWER
"""


def table_spec(seed: int = 0, *, columns: int = 3, points: int = 8, shift: float = 0.0) -> RKMETableSpecification:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(points, columns)) + shift
    beta = rng.dirichlet(np.ones(points))
    states = {"z": z.tolist(), "beta": beta.tolist(), "gamma": 0.1, "num_points": 100 * points}
    return RKMETableSpecification.from_states(states)


def semantic(columns: int = 3, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "House prices",
        "description": "Prices of houses from their size and age.",
        "data_type": "Table",
        "task_type": "Regression",
        "library_type": "Scikit-learn",
        "scenarios": ["Business"],
        "license": "MIT",
        "input_description": {"Dimension": columns, "Description": {"0": "size"}},
        "output_description": {"Dimension": 1, "Description": {"0": "price"}},
    }
    return generate_semantic_spec(**{**values, **changes})


class Packages:
    """Writes packages into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def __call__(
        self,
        seed: int = 0,
        *,
        columns: int = 3,
        answer: str = "return X.sum(axis=1)",
        input_shape: str | None = None,
        output_shape: str = "(1,)",
        spec: RKMETableSpecification | None = None,
        files: dict[str, bytes] | None = None,
        spec_type: str = "RKMETableSpecification",
    ) -> Path:
        self.count += 1
        spec = spec or table_spec(seed, columns=columns)
        code = MODEL.replace("INPUT_SHAPE", input_shape or f"({columns},)").replace("OUTPUT_SHAPE", output_shape)
        contents = {
            "__init__.py": code.replace("ANSWER", answer).encode(),
            "learnware.yaml": MANIFEST.replace("RKMETableSpecification", spec_type).encode(),
            "stat.json": spec.to_json().encode(),
            "requirements.txt": b"numpy\n",
            **(files or {}),
        }
        return write_package(contents, self.folder / f"package-{self.count}.zip")


@pytest.fixture
def packages(tmp_path):
    (tmp_path / "packages").mkdir()
    return Packages(tmp_path / "packages")


@pytest.fixture
def new_spec():
    return table_spec


@pytest.fixture
def new_semantic():
    return semantic


@pytest.fixture
def organizer(tmp_path):
    organizer = EasyOrganizer("test", root=tmp_path / "root")
    yield organizer
    organizer.close()


@pytest.fixture
def market(tmp_path):
    market = instantiate_learnware_market("test", root=tmp_path / "root")
    yield market
    market.learnware_organizer.close()
