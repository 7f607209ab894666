"""The rules that the web app's code is held to are still those of the engine."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

VECTORS = Path(__file__).parents[2] / "frontend" / "vectors"


@pytest.fixture(scope="module")
def program():
    """Return a program beside the vectors as a module."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"vectors_{name}", VECTORS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        # Its neighbour is found as when it is started.
        sys.path.insert(0, str(VECTORS))
        try:
            spec.loader.exec_module(module)
        finally:
            sys.path.remove(str(VECTORS))
        return module

    return load


def stored(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def test_the_vocabulary_is_current(program):
    make = program("make")
    assert json.loads(make.VOCABULARY.read_text(encoding="utf-8")) == json.loads(json.dumps(make.vocabulary()))


def test_packages_are_judged_as_before(program):
    def verdicts(found):
        return {one["what"]: (one["refused"], one.get("member")) for one in found}

    assert verdicts(program("packages").package_vectors()) == verdicts(stored("packages.json"))


def test_manifests_are_judged_as_before(program):
    def verdicts(found):
        return {one["text"]: one["message"] is None for one in found}

    assert verdicts(program("packages").manifest_vectors()) == verdicts(stored("manifests.json"))


def test_semantic_specifications_are_judged_as_before(program):
    assert json.loads(json.dumps(program("packages").semantic_vectors())) == stored("semantics.json")


def test_tables_are_described_under_the_same_kernel(program):
    # Fits depend on the processor's rounding; which kernel is chosen, and how many points there are, hardly does.
    make = program("make")
    for name in ("iris", "wine", "holes"):
        now, before = make.table_vector(make.tables()[name]), stored(f"table-{name}.json")
        assert now["rows"] == before["rows"]
        assert now["frame"]["raw"] == before["frame"]["raw"]
        assert now["frame"]["scale"] == pytest.approx(before["frame"]["scale"])
        assert now["mmd2"][3] < 2.0 * before["mmd2"][3]
