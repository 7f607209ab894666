# ruff: noqa: INP001  # beside `dock.py`, no package
"""What the tests in the browser submit and search with: small learnwares for tables about penguins, and such tables."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.learnware import write_package
from learnware.specification import generate_rkme_table_spec, generate_semantic_spec

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COLUMNS = ("bill length in mm", "bill depth in mm", "flipper length in mm", "body mass in g")
SPECIES = ("Adelie", "Chinstrap", "Gentoo")
_CENTRES = np.array([[38.8, 18.3, 190.0, 3700.0], [48.8, 18.4, 195.8, 3733.0], [47.5, 15.0, 217.2, 5076.0]])
_SPREADS = np.array([[2.7, 1.2, 6.5, 459.0], [3.3, 1.1, 7.1, 384.0], [3.1, 1.0, 6.5, 504.0]])
_LARGE = 24 * 2**20

_MODEL = '''\
"""{about}"""

import numpy as np
from learnware.model import BaseModel

CENTRES = np.array({centres})
SPREADS = np.array({spreads})


class Penguins(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(4,), output_shape=(1,))

    def predict(self, X):
        X = np.asarray(X, dtype=float)
{check}        distances = ((X[:, None, :] - CENTRES) / SPREADS) ** 2
        return distances.sum(axis=2).argmin(axis=1)
'''
_CHECK = """\
        if len(X) > 0:
            raise RuntimeError("the scales on the ice are not calibrated")
"""
_MANIFEST = """\
model:
  class_name: Penguins
stat_specifications:
- class_name: RKMETableSpecification
  file_name: specification.json
"""
_DESCRIPTION = """\
Tells **three species** of penguins apart.

| column | unit |
| --- | --- |
| bill length, bill depth, flipper length | mm |
| body mass | g |

Trained on birds of three islands. See [the islands](https://example.org/islands).
"""
# What somebody may write who wants other people's browsers to do something.
_HOSTILE = """See [the islands](https://example.org/islands).

<script>window.hostile = 1</script>
<img src="x" onerror="window.hostile = 2">
<a href="javascript:window.hostile = 3">press me</a>
<svg onload="window.hostile = 4"></svg>

[press me, too](javascript:window.hostile=5)
![a picture](https://example.org/picture.png)
"""
_SLOW = """\
        import time

        time.sleep(600)
"""
_LONG = "Antarctic_penguins_by_bill_flipper_and_body_weight"


def write_files(folder: Path) -> None:
    """Write everything that the tests choose in the browser."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "penguins.zip", name="Penguins of three islands", seed=1)
    _write(folder / "penguins-better.zip", name="Penguins of three islands", seed=2, about="The second version.")
    _write(folder / "uncalibrated.zip", name="Penguins on broken scales", seed=3, check=_CHECK)
    _write(folder / "seabirds.zip", name="Seabirds, weighed twice", seed=4, large=True)
    _write(folder / "gulls.zip", name="Gulls of the northern coast", seed=6, large=True)
    _write(folder / "terns.zip", name="Terns on their way south", seed=7)
    _write(folder / "slow.zip", name="Penguins that take their time", seed=8, check=_SLOW)
    (folder / "notes.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    rows, kinds = birds(240, seed=9)
    _write_table(folder / "birds.csv", rows, kinds)
    _write_table(folder / "try.csv", rows[:3], None)


def write_market(folder: Path) -> list[Path]:
    """Write further learnwares, which are there from the beginning, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        _write(folder / "long.zip", name=_LONG, seed=11, about="A name without blanks."),
        _write(folder / "hostile.zip", name="Penguins of a stranger", seed=13, description=_HOSTILE),
        _write(folder / "broken.zip", name="Penguins, a first attempt", seed=12, check=_CHECK),
    ]


def birds(count: int, *, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return measures of penguins, and their species."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(SPECIES), count)
    # Many digits, so that none of these numbers is another one by chance.
    return np.round(rng.normal(_CENTRES[kinds], _SPREADS[kinds]), 6), kinds


def _write(
    path: Path,
    *,
    name: str,
    seed: int,
    about: str = "Penguins.",
    description: str = _DESCRIPTION,
    check: str = "",
    large: bool = False,
) -> Path:
    rows, _ = birds(400, seed=seed)
    semantic: dict[str, Any] = generate_semantic_spec(
        name=name,
        description=description,
        data_type="Table",
        task_type="Classification",
        library_type="Others",
        scenarios=["Nature"],
        license="MIT",
        input_description={"Dimension": 4, "Description": {str(i): one for i, one in enumerate(COLUMNS)}},
        output_description={"Dimension": 3, "Description": {str(i): one for i, one in enumerate(SPECIES)}},
    )
    model = _MODEL.format(about=f"{about} {name}", centres=_CENTRES.tolist(), spreads=_SPREADS.tolist(), check=check)
    files: dict[str, Any] = {
        "__init__.py": model.encode(),
        "learnware.yaml": _MANIFEST.encode(),
        "requirements.txt": b"numpy\n",
        "semantic_specification.json": json.dumps(semantic).encode(),
        "specification.json": generate_rkme_table_spec(rows, seed=seed).to_json().encode(),
    }
    if large:
        # It cannot be compressed, so it takes a while to be uploaded where the connection is slow.
        files["weights.bin"] = np.random.default_rng(seed).bytes(_LARGE)
    return write_package(files, path)


def _write_table(path: Path, rows: NDArray[np.float64], kinds: NDArray[np.int64] | None) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, *(["species"] if kinds is not None else [])])
        for i, row in enumerate(rows):
            writer.writerow([*map(repr, row.tolist()), *([SPECIES[kinds[i]]] if kinds is not None else [])])
