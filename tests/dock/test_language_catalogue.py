"""Everything that the dock says to people has its Chinese, and nothing else has."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from functools import cache
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml
from pydantic_core.core_schema import ErrorType

import beimingwu
import learnware
from beimingwu import errors
from beimingwu.errors import problems
from beimingwu.messages import DOCK_FINDINGS, LANGUAGES, translated, translated_fault
from beimingwu.messages.catalogue import TEXT_FILES, load
from learnware.findings import FINDINGS
from learnware.market.rules import TASKS_BY_DATA_TYPE
from learnware.specification import semantic_labels, semantic_vocabulary
from learnware.texts import joined, text

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(beimingwu.__file__).parent
ENGINE = Path(learnware.__file__).parent
# What the machine's operator reads, in English; and the published contract, whose words are what they are.
OPERATOR = (
    "api/compat",
    "cli",
    "db/migrate.py",
    "db/migrations",
    "db/revision.py",
    "demo",
    "secrets_file.py",
    "services/backups",
    "services/doctor",
    "settings.py",
)
# What Starlette and FastAPI say by themselves.
FRAMEWORK = {"Bad Request", "Not Found", "Method Not Allowed", "There was an error parsing the body"}
# Raised by no request: they are about Python's own objects.
PYTHON_ONLY = set(
    re.findall(
        r"\w+",
        """
        arguments_type bytes_invalid_encoding callable_type complex_str_parsing complex_type counter_type
        dataclass_exact_type dataclass_type default_factory_not_called deque_type ellipsis_error fraction_parsing
        fraction_type frozen_dict_type frozen_field frozen_instance frozen_set_type get_attribute_error is_instance_of
        is_subclass_of iteration_error missing_positional_only_argument missing_sentinel_error multiple_argument_values
        named_tuple_type needs_python_object no_such_attribute ordered_dict_type set_item_not_hashable timezone_offset
        unexpected_positional_argument url_syntax_violation
        """,
    )
)
KINDS = {kind.__name__ for kind in problems()}
MAKERS = {"text", *KINDS}
OURS = re.compile(r"^from learnware.texts import .*\btext\b", re.MULTILINE)


def sources() -> Iterator[Path]:
    for path in SERVER.rglob("*.py"):
        if not path.relative_to(SERVER).as_posix().startswith(OPERATOR):
            yield path
    yield from ENGINE.rglob("*.py")


def name_of(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def said_in(node: ast.Call) -> Iterator[ast.expr]:
    """Give what a call says to people: the message of an error, what is wrong with fields, a template."""
    if name_of(node) in MAKERS:
        yield from node.args[:1]
    if name_of(node) == "joined":
        yield from node.args[1:] or [ast.Constant("{first}; {rest}")]
    if name_of(node) in KINDS:
        for keyword in node.keywords:
            if keyword.arg == "fields" and isinstance(keyword.value, ast.Tuple):
                for pair in keyword.value.elts:
                    if isinstance(pair, ast.Tuple):
                        yield pair.elts[1]


@cache
def calls() -> list[tuple[Path, ast.Call]]:
    """Return all calls, but those of SQLAlchemy's `text`."""
    found = []
    for path in sources():
        source = path.read_text("utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and (name_of(node) != "text" or OURS.search(source)):
                found.append((path, node))
    return found


def templates() -> set[str]:
    """Return everything that is said."""
    found = {
        one.value
        for path, node in calls()
        for one in said_in(node)
        if isinstance(one, ast.Constant)
        and isinstance(one.value, str)
        # The server shows those of its own errors; the engine's are in `FINDINGS`.
        and (path.is_relative_to(SERVER) or name_of(node) in {"text", "joined"})
    }
    found |= {kind.title for kind in problems()} | FRAMEWORK
    found |= {one for sentences in FINDINGS.values() for one in sentences if one} | set(DOCK_FINDINGS.values())
    # `problems.py` keeps it in a variable until it is known that there is nothing better to say.
    return found | {"the server's log knows more under this request id"}


def fields(template: str) -> Counter[tuple[str, str, str]]:
    parts = Formatter().parse(template)
    return Counter((name, form or "", kind or "") for _, name, form, kind in parts if name is not None)


def catalogue() -> dict[str, str]:
    return {english: chinese for name in TEXT_FILES for english, chinese in load("zh", name).items()}


def test_everything_that_is_said_has_its_chinese() -> None:
    missing = sorted(templates() - set(catalogue()))
    assert not missing, "add them to src/beimingwu/messages/zh:\n" + "\n".join(missing)


def test_no_chinese_is_left_of_what_nobody_says() -> None:
    assert sorted(set(catalogue()) - templates()) == []


def test_translations_name_the_same_values() -> None:
    for english, chinese in catalogue().items():
        assert set(fields(english)) == set(fields(chinese)), english
        assert chinese.strip()
        # Chinese, or nothing but values and names of parameters.
        words = re.sub(r"{.*?}", "", chinese)
        assert re.search("[\u4e00-\u9fff：；]", words) or not re.search(r"[a-z] ", words.rstrip()), english


def test_nothing_is_said_twice_in_the_files() -> None:
    seen: Counter[str] = Counter()
    for name in (*TEXT_FILES, "faults"):
        file = SERVER / "messages" / "zh" / f"{name}.yaml"
        node = yaml.compose(file.read_text("utf-8"))
        assert isinstance(node, yaml.MappingNode)
        seen.update(f"{name == 'faults'} {key.value}" for key, _ in node.value)
        assert all(value.tag == "tag:yaml.org,2002:str" for pair in node.value for value in pair)
    assert [key for key, count in seen.items() if count > 1] == []
    assert {path.stem for path in (SERVER / "messages" / "zh").iterdir()} == {*TEXT_FILES, "faults"}


def test_nothing_is_said_that_cannot_be_looked_up() -> None:
    """An f-string, or words that are put together, are known in no other language: `text("…{name}…", name=name)` is."""
    wrong = [
        f"{path.relative_to(SERVER.parent)}:{one.lineno}"
        for path, node in calls()
        if path.is_relative_to(SERVER)
        for one in said_in(node)
        if isinstance(one, ast.JoinedStr | ast.BinOp)
        or (isinstance(one, ast.Call) and name_of(one) in {"format", "str"})
        or (name_of(node) == "text" and not isinstance(one, ast.Constant))
    ]
    assert wrong == []


def test_problems_of_the_engine_have_codes() -> None:
    built = [
        f"{path.name}:{node.lineno}"
        for path, node in calls()
        if path.is_relative_to(ENGINE) and isinstance(node.func, ast.Name) and node.func.id in {"Problem", "Finding"}
        # A finding of `learnware.market._find` is something else: what a search has found.
        if path.name not in {"_find.py", "_check.py"} and not any(one.arg == "code" for one in node.keywords)
    ]
    assert built == []


def test_faults_of_fields_are_those_of_pydantic() -> None:
    faults = load("zh", "faults")
    known = set(get_args(ErrorType))
    assert set(faults) - known == {"or", "else"}
    # Some came with later versions of pydantic than the oldest that is allowed.
    assert known - set(faults) - PYTHON_ONLY == set()


def test_faults_of_fields_in_chinese() -> None:
    # What pydantic has as an example for each.
    every = importlib.import_module("pydantic_core._pydantic_core").list_all_errors()
    for one in every:
        fault = {"type": one["type"], "msg": one["example_message_python"], "ctx": one["example_context"] or {}}
        assert translated_fault(fault, "en") == fault["msg"]
        chinese = translated_fault(fault, "zh")
        assert re.search("[\u4e00-\u9fff]", chinese) or one["type"] in {"value_error", "assertion_error"}
    expected: Any = {"type": "literal_error", "msg": "Input should be 'a' or 'b'", "ctx": {"expected": "'a' or 'b'"}}
    assert translated_fault(expected, "zh") == "应为 'a' 或 'b'"
    raised = {"type": "value_error", "msg": "x", "ctx": {"error": ValueError(text("must be 64 hex digits"))}}
    assert translated_fault(raised, "zh") == "须为 64 位十六进制数字"


def test_texts_within_texts() -> None:
    rule = text("must be one of {allowed}", allowed="newest, oldest")
    assert translated(text("sort {rule}", rule=rule), "zh") == "sort 须为以下之一：newest, oldest"
    assert translated(text("sort {rule}", rule=rule), "en") == "sort must be one of newest, oldest"
    several = joined(["there is no such token", rule, "words of another program"])
    assert several == "there is no such token; must be one of newest, oldest; words of another program"
    # What is a value and no text stays: a user may be called like a sentence.
    named = text("the user name {name!r} is taken; choose another one", name="a list")
    assert translated(named, "zh") == "用户名 'a list' 已被使用；请另选一个"


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_of_the_vocabulary(language: str) -> None:
    labels = semantic_labels(language)
    vocabulary = semantic_vocabulary()
    wanted = {name for key, entry in vocabulary.items() for name in (key, *(entry["Values"] or ()))}
    assert set(labels) == wanted
    for key in ("Data", "Task", "Scenario"):
        assert len({labels[one] for one in vocabulary[key]["Values"]}) == len(vocabulary[key]["Values"])
    if language == "zh":
        same = {one for one in labels if labels[one] == one}
        names = {one for key in ("Library", "License") for one in vocabulary[key]["Values"]} - {"Others"}
        assert same == names
        assert set(TASKS_BY_DATA_TYPE["Table"]) <= set(labels)
    with pytest.raises(ValueError, match="'fr'"):
        semantic_labels("fr")


def test_errors_are_named_as_they_are_looked_for() -> None:
    assert {"NotFoundError", "InvalidInputError"} <= KINDS <= set(errors.__all__)
