"""Words of a stranger's process, made harmless for whoever reads them."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]

# Control characters, invisible ones that turn the direction of writing, and halves of characters.
_REPLACED = frozenset({"Cc", "Cf", "Cs"})


def printable(text: str) -> str:
    """Return a text without what a terminal would obey or UTF-8 cannot hold; each such character becomes ``?``."""
    # Bars of progress write one line over the other.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        "?" if unicodedata.category(character) in _REPLACED and character not in "\n\t" else character
        for character in text
    )
