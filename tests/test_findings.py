"""What can be found about a package: codes and sentences."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

import learnware
from learnware.errors import InvalidPackageError
from learnware.findings import FINDINGS, code_of, mend_of, message_of
from learnware.learnware import write_package
from learnware.market._problems import Problem
from learnware.verification import Finding, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = [*Path(learnware.__file__).parent.rglob("*.py")]
PREFIXED = re.compile(r"semantic-(tag-)?(list|empty|unknown)|semantic-(input|classes|targets)-(missing|form|dimension)")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def words_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_sentences_are_templates_with_named_values() -> None:
    for code, sentences in FINDINGS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
        for template in sentences:
            assert all(name.isidentifier() for name in fields(template)), code


def test_every_code_is_used_and_no_other() -> None:
    used = {word for path in SOURCES if path.name != "findings.py" for word in words_of(path)}
    assert {code for code in FINDINGS if code not in used and not PREFIXED.fullmatch(code)} == set()
    calls = {"message_of", "of", "raised", "_NotCheckedError", "_broken"}
    named = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in calls:
                named |= {
                    one.value
                    for one in node.args
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and "-" in one.value
                }
    assert named
    assert named <= set(FINDINGS)


def test_errors_lead_to_their_code() -> None:
    error = InvalidPackageError(message_of("member-size", name="a", size=3, most=2), member="a")
    finding = Finding.raised("package", error, "package-refused", file=error.member)
    assert (finding.code, finding.values) == ("member-size", {"name": "a", "size": 3, "most": 2})
    assert str(finding) == "'a' has 3 bytes; at most 2 are allowed"
    other = Finding.raised("package", InvalidPackageError("made up: {x}"), "package-refused")
    assert (other.code, other.values, other.message) == (
        "package-refused",
        {"reason": "made up: {x}"},
        "made up: {x}",
    )
    # The words of several codes are told apart by how to mend it.
    assert code_of(message_of("trial-slow", reason="")) is None


def test_problems_say_both() -> None:
    problem = Problem.of("semantic-twice", {"key": "Scenario"}, key="Scenario")
    assert str(problem) == problem.words == "Scenario names a value twice; name each once"
    assert (problem.code, problem.values) == ("semantic-twice", {"key": "Scenario"})
    assert mend_of("member-link", name="a") == ""
    with pytest.raises(KeyError):
        Problem.of("no-such-code")


def test_reports_have_codes_with_what_the_sentences_name(tmp_path: Path) -> None:
    package = {"model.txt": b"", "semantic_specification.json": json.dumps({"Name": {"Values": "x"}}).encode()}
    report = verify(write_package(package, tmp_path / "a.zip"), runnable_option="current")
    findings = json.loads(json.dumps(report.to_dict()))["findings"]
    assert [one["code"] for one in findings if one["part"] == "package"] == ["manifest-missing"]
    assert "semantic-key-missing" in {one["code"] for one in findings}
    for one in findings:
        message, mend = FINDINGS[one["code"]]
        assert one["message"] == message.format_map(one["values"])
        assert one["mend"] == mend.format_map(one["values"])
