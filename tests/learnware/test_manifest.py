"""learnware.yaml: what it may say, what it means when it says nothing, and what it may not do."""

from __future__ import annotations

import pytest

from learnware.errors import InvalidPackageError
from learnware.learnware._manifest import Manifest, ModelEntry, StatSpecEntry, dump_yaml, parse_manifest, parse_yaml

FILES = {"__init__.py", "model.py", "stat.json", "stat_spec.json", "spec.json", "sub/model.py"}


def parse(text: str, files: set[str] = FILES) -> Manifest:
    return parse_manifest(text.encode(), files)


def test_everything_that_a_manifest_can_say():
    manifest = parse(
        """
id: 00000012
name: a name
semantic_specification: {file_name: spec.json}
model:
  class_name: MyModel
  module_path: sub/model.py
  kwargs:
    input_shape: !!python/tuple [64]
    output_shape: !!python/tuple
    - 10
    names: [a, b]
  weights_file_path: weights
  required_learnware_ids: ["1", 2]
stat_specifications:
- {class_name: RKMEStatSpecification, file_name: ./stat.json, kwargs: {gamma: 0.2}}
"""
    )
    assert manifest == Manifest(
        model=ModelEntry(
            class_name="MyModel",
            module_path="sub/model.py",
            kwargs={"input_shape": (64,), "output_shape": (10,), "names": ["a", "b"]},
            weights_file_path="weights",
            required_learnware_ids=("1", "2"),
        ),
        stat_specifications=(StatSpecEntry("RKMEStatSpecification", "stat.json", kwargs={"gamma": 0.2}),),
        semantic_file="spec.json",
        id="10",
        name="a name",
    )


@pytest.mark.parametrize("text", ["", "{}", "model:\nstat_specifications:\n", "# only a comment"])
def test_defaults_of_the_published_versions(text):
    assert parse(text) == Manifest(ModelEntry("Model", "__init__.py", {}), (StatSpecEntry(),))
    assert parse(text, {"__init__.py"}) == Manifest(ModelEntry(), ())
    assert parse(text, {"__init__.py", "semantic_specification.json"}).semantic_file == "semantic_specification.json"


def test_no_specification_on_purpose():
    assert parse("stat_specifications: []").stat_specifications == ()


def test_specifications_that_the_published_package_does_not_know():
    more = "extra_stat_specifications: [{class_name: Another, file_name: spec.json}]"
    assert parse(more).stat_specifications == (StatSpecEntry(), StatSpecEntry("Another", "spec.json"))
    assert parse(f"stat_specifications: []\n{more}").stat_specifications == (StatSpecEntry("Another", "spec.json"),)
    with pytest.raises(InvalidPackageError, match=r"none\.json"):
        parse("extra_stat_specifications: [{class_name: Another, file_name: none.json}]")


def test_an_installed_module():
    assert parse("model: {module_path: some.module}").model.module_path == "some.module"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[1, 2]", "no mapping"),
        ("just text", "no mapping"),
        ("model: [1]", "expected a mapping"),
        ("model: {class_name: 5}", "expected a text"),
        ("model: {class_name: 'os.system'}", "no name of a class"),
        ("model: {kwargs: [1]}", "expected a mapping"),
        ("model: {kwargs: {1: 2}}", "must be texts"),
        ("model: {module_path: ../evil.py}", "not in the package"),
        ("model: {module_path: /tmp/evil.py}", "not in the package"),
        ("model: {module_path: other.py}", "not in the package"),
        ("model: {module_path: 'not a module'}", "neither a .py file"),
        ("model: {required_learnware_ids: x}", "expected a list"),
        ("stat_specifications: {a: b}", "expected a list"),
        ("stat_specifications: [x]", "no mapping"),
        ("stat_specifications: [{file_name: ../x.json}]", "not in the package"),
        ("semantic_specification: {file_name: gone.json}", "not in the package"),
        ("id: [1]", "expected a text"),
        ("a: 1\na: 2", "'a' is there twice"),
        ("model: {kwargs: {x: 1, x: 2}}", "'x' is there twice"),
        ("a: !!python/object/apply:os.system ['true']", "no plain YAML"),
        ("a: !!python/object/new:os.system ['true']", "no plain YAML"),
        ("a: !!python/name:os.system ''", "no plain YAML"),
        ("a: !!python/module:os ''", "no plain YAML"),
        ("a: !!python/object:collections.OrderedDict {}", "no plain YAML"),
        ("a: !mine {}", "no plain YAML"),
        ("a: !!python/tuple {x: 1}", "written as a list"),
        ("a: [1, 2", "no plain YAML"),
        ("a: 1\n---\nb: 2", "no plain YAML"),
        ("a: &x [*x]", "holds itself"),
        ("a: *nobody", "no plain YAML"),
        ("? [1, 2]\n: 3", "no plain YAML"),
        ("a: 2026-99-99", "no plain YAML"),
        ("a: " + "[" * 5000, "no plain YAML"),
        ("a: " + "9" * 5000, "more than 1000 digits"),
        # Python reads such numbers, and cannot write them.
        ("id: 0x" + "f" * 5000, "more than 1000 digits"),
        ("model: {class_name: 0b" + "1" * 50_000 + "}", "more than 1000 digits"),
        ("stat_specifications: [" + "1:" * 10_000 + "1]", "more than 1000 digits"),
        ("a: \x01", "no plain YAML"),
    ],
)
def test_manifests_that_are_refused(text, why):
    with pytest.raises(InvalidPackageError, match=why) as caught:
        parse(text)
    assert caught.value.member


def test_bytes_that_are_no_utf_8():
    with pytest.raises(InvalidPackageError, match="UTF-8"):
        parse_manifest(b"name: \xff\xfe", FILES)


def test_a_byte_order_mark_is_no_harm():
    assert parse_manifest(b"\xef\xbb\xbfname: x", FILES).name == "x"


def test_aliases_that_stand_for_billions():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(InvalidPackageError, match="values"):
        parse("\n".join(lines))


def test_aliases_of_one_long_text():
    text = "x" * 100_000
    assert parse(f"model: {{kwargs: {{a: {text}}}}}").model.kwargs == {"a": text}
    with pytest.raises(InvalidPackageError, match="values"):
        parse(f"model: {{kwargs: {{a: &a {text}, b: [{', '.join(['*a'] * 100)}]}}}}")


def test_a_few_aliases_are_fine():
    value = parse_yaml(b"a: &a !!python/tuple [1, 2]\nb: *a\nc: {<<: {d: 1}, e: 2}\n", "x")
    assert value == {"a": (1, 2), "b": (1, 2), "c": {"d": 1, "e": 2}}


def test_written_values_are_read_again():
    shape = (64, (3, 4))
    value = {"shape": shape, "again": shape, "text": "ä: b", "none": None, "number": 1.5, "list": [True, "no"]}
    text = dump_yaml(value)
    assert "!!python/tuple" in text
    assert parse_yaml(text.encode(), "x") == value
