"""Sentences that remember what they were made of, so that they can be said in another language.

A `Text` is the English sentence, a `str` like any other; besides it keeps the template and the values that it was made
of. Whoever shows it may look the template up in another language and fill the same values in: the dock server does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

__all__ = ["Text", "joined", "shortened", "text", "text_of"]


class Text(str):
    """An English sentence that is known by its template.

    Parameters
    ----------
    template : str
        As for `str.format`, with named fields only.
    values : mapping of str to object
        What is filled in; values that are themselves of this class can be said in the other language, too.

    Attributes
    ----------
    template : str
    values : dict of str to object
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, values: Mapping[str, Any]) -> Self:
        """Fill the values in."""
        self = super().__new__(cls, template.format_map(values))
        self.template = template
        self.values = dict(values)
        return self

    def __getnewargs__(self) -> tuple[str, dict[str, Any]]:  # type: ignore[override]  # that of str has the text only
        """Return what a copy is made of."""
        return self.template, self.values

    def with_values(self, change: Callable[[str], str]) -> Self:
        """Return the sentence with every text among its values changed, those within texts, too."""

        def changed(value: Any) -> Any:
            if isinstance(value, Text):
                return value.with_values(change)
            return change(value) if isinstance(value, str) else value

        return type(self)(self.template, {name: changed(value) for name, value in self.values.items()})


def text(template: str, /, **values: Any) -> Text:
    """Return a sentence made of a template and named values.

    Examples
    --------
    >>> from learnware.texts import text
    >>> said = text("the user name {name!r} is taken", name="ada")
    >>> said, said.template, said.values
    ("the user name 'ada' is taken", 'the user name {name!r} is taken', {'name': 'ada'})
    """
    return Text(template, values)


def text_of(error: BaseException) -> str:
    """Return what an error says, as a `Text` if it was raised with one; ``str(error)`` would be a plain copy."""
    said = error.args[0] if error.args else None
    return said if isinstance(said, Text) and str(error) == said else str(error)


def joined(texts: Sequence[str], template: str = "{first}; {rest}") -> str:
    """Return some sentences as one, two at a time in a template; empty if there are none."""
    if not texts:
        return ""
    said = texts[-1]
    for one in reversed(texts[:-1]):
        said = Text(template, {"first": one, "rest": said})
    return said


def shortened(words: str, most: int) -> str:
    """Return a sentence whose values, or itself if it has none, have so many characters at most."""
    return words.with_values(lambda value: value[:most]) if isinstance(words, Text) else words[:most]
