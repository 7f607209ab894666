"""Rules that can be checked at once: what is kept of a semantic specification, and what strangers may send."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from learnware.market.rules import normalise_semantic_spec, semantic_problems, specification_problems
from learnware.specification import RKMETableSpecification, generate_semantic_spec


def semantic(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "House prices",
        "description": "Prices of houses from their size and age.",
        "data_type": "Table",
        "task_type": "Regression",
        "library_type": "Others",
        "scenarios": ["Business"],
        "license": "MIT",
        "input_description": {"Dimension": 3, "Description": {"0": "size"}},
        "output_description": {"Dimension": 1, "Description": {"0": "price"}},
    }
    return generate_semantic_spec(**{**values, **changes})


def keys_of(spec: Any) -> list[str | None]:
    return [problem.key for problem in semantic_problems(normalise_semantic_spec(spec))]


def test_what_is_right_stays() -> None:
    spec = semantic()
    assert normalise_semantic_spec(spec) == spec
    assert keys_of(spec) == []


def test_descriptions_may_be_json() -> None:
    spec = semantic()
    given = {**spec, "Input": json.dumps(spec["Input"]), "Output": json.dumps(spec["Output"])}
    assert normalise_semantic_spec(given) == spec
    assert keys_of({**spec, "Input": "{not json"}) == ["Input"]
    assert keys_of({**spec, "Input": "[" * 100_000}) == ["Input"]


def test_what_says_nothing_is_left_out() -> None:
    image = normalise_semantic_spec(semantic(data_type="Image", task_type="Segmentation"))
    assert not {"Input", "Output"} & image.keys()
    assert "Output" not in normalise_semantic_spec(semantic(task_type="Feature Extraction"))
    more = semantic()
    more["Colour"] = {"Values": ["red"]}
    more["Name"] = {"Values": "  House prices\n", "Type": "String", "note": "x"}
    more["Input"]["unit"] = "m"
    assert normalise_semantic_spec(more) == semantic()


def test_types_may_be_left_out() -> None:
    spec = semantic()
    given = {key: {"Values": entry["Values"]} if "Values" in entry else entry for key, entry in spec.items()}
    assert normalise_semantic_spec(given) == spec


@pytest.mark.parametrize("given", [None, [], "x", 1, float("nan")])
def test_what_is_no_mapping(given: Any) -> None:
    assert keys_of(given) == [None]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "House\nprices"}, "Name"),
        ({"name": "House\0prices"}, "Name"),
        ({"description": "with a bell: \x07 and more"}, "Description"),
        ({"description": "half a character: \ud800"}, "Description"),
        ({"input_description": {"Dimension": 10**4000, "Description": {}}}, "Input.Dimension"),
        ({"input_description": {"Dimension": True, "Description": {}}}, "Input.Dimension"),
        ({"input_description": {"Dimension": float("nan"), "Description": {}}}, "Input.Dimension"),
        ({"input_description": {"Description": {}}}, "Input.Dimension"),
        ({"input_description": {"Dimension": 3}}, "Input.Description"),
        ({"input_description": {"Dimension": 3, "Description": {"9" * 5000: "x"}}}, "Input.Description"),
        ({"input_description": {"Dimension": 3, "Description": {"٣": "x"}}}, "Input.Description"),
        ({"input_description": {"Dimension": 3, "Description": {"0": "a\0b"}}}, "Input.Description"),
        ({"input_description": None}, "Input"),
        ({"output_description": None}, "Output"),
    ],
)
def test_what_strangers_send(changes: dict[str, Any], key: str) -> None:
    assert keys_of(semantic(**changes)) == [key]


def test_lines_of_a_description_may_end() -> None:
    assert keys_of(semantic(description="# Houses\r\n\tPrices of houses.\n")) == []


def test_specifications_are_compared_without_distances() -> None:
    states = {"z": np.zeros((10_000, 2)), "beta": np.full(10_000, 1e-4), "gamma": 0.1}
    spec = RKMETableSpecification.from_states(states)

    def refuse(*_: Any) -> float:
        raise AssertionError("a distance was computed")

    spec.dist = refuse  # type: ignore[method-assign]
    found = specification_problems(semantic(), {spec.type: spec})
    assert [problem.key for problem in found] == ["Input.Dimension"]
    assert [problem.file for problem in specification_problems(semantic(), {})] == ["learnware.yaml"]
