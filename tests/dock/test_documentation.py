"""What is generated into the documentation is that of this version."""

from __future__ import annotations

import importlib.util
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from beimingwu.api.examples import FIELDS

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


@pytest.fixture(scope="module")
def described(maker: Any) -> dict[str, Any]:
    return json.loads(maker.openapi())


def test_openapi_is_complete(described: dict[str, Any]) -> None:
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


def test_openapi_describes_its_tags(described: dict[str, Any]) -> None:
    used = {tag for methods in described["paths"].values() for one in methods.values() for tag in one["tags"]}
    assert {tag["name"] for tag in described["tags"]} == used
    assert all(tag["description"] for tag in described["tags"])


def test_every_operation_has_examples_that_fit(described: dict[str, Any]) -> None:
    found = 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            bodies = [operation.get("requestBody", {})]
            bodies += [one for status, one in operation["responses"].items() if int(status) < 400]
            contents = [
                content
                for body in bodies
                for media_type, content in body.get("content", {}).items()
                if media_type.startswith(("application/json", "text/"))
            ]
            contents += [one for one in operation.get("parameters", []) if one["in"] == "path"]
            for content in contents:
                schema = {**content["schema"], "components": described["components"]}
                Draft202012Validator(schema).validate(content["example"])
                assert content["example"] != {}, where
                found += 1
    assert found > 100


def test_examples_are_of_fields_that_there_are(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    fields = {(name, field) for name, schema in schemas.items() for field in schema.get("properties", {})}
    for methods in described["paths"].values():
        for operation in methods.values():
            fields |= {(one["in"], one["name"].lower()) for one in operation.get("parameters", [])}
    alone = {field for _, field in fields}
    for name in FIELDS:
        place, _, field = name.rpartition(".")
        assert (place, field) in fields if place else field in alone, name
