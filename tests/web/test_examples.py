"""What the web app's search is tried with: tables and specifications."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from learnware.specification import RKMESpecification, stat_specification_class

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "frontend" / "public" / "examples"


@pytest.fixture(scope="module")
def program() -> dict[str, object]:
    """What ``python frontend/make_examples.py`` has; it writes the files anew."""
    return runpy.run_path(str(ROOT / "frontend" / "make_examples.py"))


def test_tables_are_what_the_program_makes(program) -> None:
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.csv")} == program["tables"]()


def test_specifications_are_in_the_spaces_that_the_engine_describes_such_data_in(program) -> None:
    made = program["specifications"]()
    assert {path.name for path in FOLDER.glob("*.json")} == set(made)
    for name, spec in made.items():
        states = json.loads((FOLDER / name).read_text("utf-8"))
        kept = stat_specification_class(states["type"]).from_states(states)
        assert isinstance(kept, RKMESpecification)
        assert kept.space == spec.space
        # Texts of the reference differ a little between versions of Python; the distance of other data is far larger.
        assert abs(kept.dist(spec)) < 0.1 * spec.inner_prod(spec)
