"""The tables that the web app's search is tried with."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_they_are_what_the_program_makes() -> None:
    """Otherwise: ``python frontend/make_examples.py``."""
    made = runpy.run_path(str(ROOT / "frontend" / "make_examples.py"))["examples"]()
    folder = ROOT / "frontend" / "public" / "examples"
    assert {path.name: path.read_text("utf-8") for path in folder.glob("*.csv")} == made
