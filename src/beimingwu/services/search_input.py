"""What strangers search with: conditions and specifications, checked in bounded time before anything is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beimingwu.errors import InvalidInputError
from learnware.errors import SpecificationError
from learnware.specification import RKMESpecification, stat_specification_class
from learnware.texts import Text, shortened, text, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learnware.specification import BaseStatSpecification

__all__ = ["read_conditions", "read_specifications", "type_of"]

# Keys of a semantic specification, with room for those that are not known yet.
_MOST_KEYS = 32
_MOST_VALUES = 64
_LONGEST_VALUE = 64
# Text is looked for with typing errors, which takes time that grows with it.
_LONGEST_TEXT = 256
_MOST_TYPES = 8
# They may be in the form of a learnware's own specification, but are no conditions.
_NO_CONDITIONS = frozenset({"Description", "Input", "Output"})


def read_conditions(semantic_spec: Any, place: str = "/semantic_specification") -> dict[str, Any]:
    """Return the conditions of a semantic specification.

    Parameters
    ----------
    semantic_spec : object
        Parsed JSON; keys that are missing or have no values are no conditions.
    place : str
        Where it stands in the request.

    Raises
    ------
    InvalidInputError
        If it has no such form, or is larger than any condition need be.
    """
    if semantic_spec is None:
        return {}
    if not isinstance(semantic_spec, dict):
        raise _broken(place, text("expected an object, received {kind}", kind=_kind(semantic_spec)))
    if len(semantic_spec) > _MOST_KEYS:
        raise _broken(place, text("has {count} keys; {most} are allowed", count=len(semantic_spec), most=_MOST_KEYS))
    conditions = {}
    for key, entry in semantic_spec.items():
        if key in _NO_CONDITIONS or entry is None:
            continue
        conditions[key] = {"Values": _values(entry, key, f"{place}/{_escaped(key)}")}
    return conditions


def _values(entry: Any, key: str, place: str) -> str | list[str]:
    if len(key) > _LONGEST_VALUE:
        raise _broken(
            place, text("the key has {count} characters; {most} are allowed", count=len(key), most=_LONGEST_VALUE)
        )
    if not isinstance(entry, dict):
        raise _broken(place, text('expected {{"Values": …}}, received {kind}', kind=_kind(entry)))
    values, place = entry.get("Values"), f"{place}/Values"
    if values is None:
        return []
    if isinstance(values, str):
        longest = _LONGEST_TEXT if key == "Name" else _LONGEST_VALUE
        if len(values) > longest:
            raise _broken(place, text("has {count} characters; {most} are allowed", count=len(values), most=longest))
        return values
    if not isinstance(values, list):
        raise _broken(place, text("expected a text or a list of texts, received {kind}", kind=_kind(values)))
    if len(values) > _MOST_VALUES:
        raise _broken(place, text("has {count} values; {most} are allowed", count=len(values), most=_MOST_VALUES))
    for i, value in enumerate(values):
        if not isinstance(value, str):
            raise _broken(f"{place}/{i}", text("expected a text, received {kind}", kind=_kind(value)))
        if len(value) > _LONGEST_VALUE:
            raise _broken(
                f"{place}/{i}",
                text("has {count} characters; {most} are allowed", count=len(value), most=_LONGEST_VALUE),
            )
    return values


def read_specifications(
    stat_specs: Any, *, most_points: int, place: str = "/statistical_specifications"
) -> dict[str, BaseStatSpecification]:
    """Return statistical specifications by type.

    Parameters
    ----------
    stat_specs : object
        Parsed JSON: an object that holds the JSON of a specification for each type.
    most_points : int
        Points of a reduced set, at most; what a comparison costs grows with them.
    place : str
        Where it stands in the request.

    Raises
    ------
    InvalidInputError
        If one of them is none, or too large.
    """
    if stat_specs is None:
        return {}
    if not isinstance(stat_specs, dict):
        raise _broken(place, text("expected an object, received {kind}", kind=_kind(stat_specs)))
    if len(stat_specs) > _MOST_TYPES:
        raise _broken(place, text("has {count} types; {most} are allowed", count=len(stat_specs), most=_MOST_TYPES))
    return {
        type_name: _specification(type_name, states, most_points, f"{place}/{_escaped(type_name)}")
        for type_name, states in stat_specs.items()
    }


def _specification(type_name: str, states: Any, most_points: int, place: str) -> BaseStatSpecification:
    if not isinstance(states, dict):
        raise _broken(place, text("expected the JSON of a specification, received {kind}", kind=_kind(states)))
    if len(type_name) > _LONGEST_VALUE:
        raise _broken(place, text("there is no such type of specifications"))
    try:
        spec_class: Any = stat_specification_class(type_name)
        spec: BaseStatSpecification = spec_class.from_states(states)
    except SpecificationError as error:
        raise _broken(
            place, text("this is no specification: {reason}", reason=shortened(text_of(error), 400))
        ) from None
    if isinstance(spec, RKMESpecification) and len(spec.get_beta()) > most_points:
        raise _broken(
            place,
            text(
                "has {count} points; this dock compares {most} at most, a hundred are usual",
                count=len(spec.get_beta()),
                most=most_points,
            ),
        )
    return spec


def type_of(states: Mapping[str, Any], default: str = "RKMETableSpecification") -> str:
    """Return the type that the JSON of a specification names."""
    named = states.get("type", default)
    return named if isinstance(named, str) else ""


def _escaped(key: str) -> str:
    return f"{key:.80}".replace("~", "~0").replace("/", "~1")


def _kind(value: Any) -> Text:
    kinds = {
        bool: text("a truth value"),
        str: text("a text"),
        list: text("a list"),
        dict: text("an object"),
        type(None): text("null"),
    }
    return kinds.get(type(value), text("a number"))


def _broken(place: str, what: Text) -> InvalidInputError:
    return InvalidInputError(text("{place}: {what}", place=place, what=what), fields=((place, what),))
