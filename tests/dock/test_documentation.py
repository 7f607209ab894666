"""What is generated into the documentation is that of this version."""

from __future__ import annotations

import importlib.util
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
# FastAPI's words of the description change with its version; this is the one that wrote the file.
FASTAPI = "0.165.0"


@pytest.fixture(scope="module")
def maker() -> Any:
    spec = importlib.util.spec_from_file_location("make_dock_reference", DOCS / "make_dock_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings(maker: Any) -> None:
    assert maker.GUIDE.read_text("utf-8") == maker.guide()


def test_commands(maker: Any) -> None:
    assert maker.COMMANDS.read_text("utf-8") == maker.commands()


def test_openapi(maker: Any) -> None:
    if version("fastapi") != FASTAPI:
        pytest.skip(f"the description was written by FastAPI {FASTAPI}")
    assert maker.OPENAPI.read_text("utf-8") == maker.openapi()


def test_openapi_is_complete(maker: Any) -> None:
    described = json.loads(maker.openapi())
    assert described["openapi"] == "3.1.0"
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (where, status)
    for name, schema in described["components"]["schemas"].items():
        assert schema["description"], name
