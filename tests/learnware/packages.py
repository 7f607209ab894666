"""Small packages for the tests, made on the spot."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

INIT = """\
import os

import numpy as np
from learnware.model import BaseModel

from .helper import slope


class Model(BaseModel):
    def __init__(self, offset=0):
        super().__init__(input_shape=(2,), output_shape=(1,))
        with open(os.path.join(os.path.dirname(__file__), "weight.txt")) as file:
            self.weight = float(file.read())
        self.offset = offset

    def predict(self, X):
        return np.asarray(X)[:, :1] * self.weight * slope() + self.offset
"""
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
STAT_SPEC = {
    "z": [[0.0, 1.0], [2.0, 3.0]],
    "beta": [0.25, 0.75],
    "gamma": 0.1,
    "num_points": 40,
    "type": "RKMETableSpecification",
}


def package_files(slope: float = 1.0, **changes: bytes | str | None) -> dict[str, bytes]:
    """Return the files of a package by name; `changes` replace (or with None remove) some, with ``__`` for a dot."""
    files: dict[str, bytes | str | None] = {
        "__init__.py": INIT,
        "helper.py": f"def slope():\n    return {slope!r}\n",
        "learnware.yaml": MANIFEST,
        "requirements.txt": "numpy\n",
        "stat.json": json.dumps(STAT_SPEC),
        "weight.txt": "2.0",
    }
    files.update(changes)
    return {
        name: content.encode() if isinstance(content, str) else content
        for name, content in files.items()
        if content is not None
    }


def write_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a zip as the standard library does."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
