"""The Chinese of what the dock says, looked up by the English."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from beimingwu.messages.languages import DEFAULT_LANGUAGE
from learnware.texts import Text, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TEXT_FILES", "load", "translated", "translated_fault"]

# What each file holds of the dock's texts: sentences by their English templates.
TEXT_FILES = ("kinds", "requests", "learnwares", "findings", "letters")
_FAULTS = "faults"


@cache
def load(language: str, name: str) -> dict[str, str]:
    """Return a file of a language: what is said in it, by what it stands for.

    Parameters
    ----------
    language : str
        One of `LANGUAGES` but English.
    name : str
        One of `TEXT_FILES`; or ``"faults"``: by the types of pydantic's errors.
    """
    file = resources.files("beimingwu.messages") / language / f"{name}.yaml"
    entries: dict[str, str] = yaml.safe_load(file.read_text("utf-8"))
    return entries


@cache
def _texts(language: str) -> dict[str, str]:
    return {english: words for name in TEXT_FILES for english, words in load(language, name).items()}


def translated(words: str, language: str) -> str:
    """Return what is said in a language.

    Parameters
    ----------
    words : str
        A `learnware.texts.Text`, or a sentence without values. What is in neither the catalogue nor made of what is
        there, such as words of other programs, stays as it is.
    language : str
        One of `LANGUAGES`.
    """
    if language == DEFAULT_LANGUAGE:
        return str(words)
    if not isinstance(words, Text):
        return _texts(language).get(words, words)
    template = _texts(language).get(words.template, words.template)
    return template.format_map(
        {
            name: translated(value, language) if isinstance(value, Text) else value
            for name, value in words.values.items()
        }
    )


def translated_fault(fault: Mapping[str, Any], language: str) -> str:
    """Return what an error of pydantic says in a language.

    Parameters
    ----------
    fault : mapping
        One of the ``errors()`` of a validation error.
    language : str
        One of `LANGUAGES`.
    """
    if language == DEFAULT_LANGUAGE:
        return str(fault["msg"])
    faults = load(language, _FAULTS)
    values = {
        name: translated(text_of(value), language) if isinstance(value, Exception) else value
        for name, value in fault.get("ctx", {}).items()
    }
    if "expected" in values:
        values["expected"] = str(values["expected"]).replace(" or ", faults["or"])
    return faults.get(fault["type"], faults["else"]).format_map({**values, "message": fault["msg"]})
