"""Words of a stranger's process, made harmless for whoever reads them."""

from __future__ import annotations

import unicodedata

__all__ = ["last_lines", "printable"]

# Control characters, invisible ones that turn the direction of writing, and halves of characters.
_REPLACED = frozenset({"Cc", "Cf", "Cs"})
_LINE_CHARS = 300


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


def last_lines(text: str, lines: int = 10) -> list[str]:
    """Return the last lines of a text, of each no more than its beginning."""
    return [
        line if len(line) <= _LINE_CHARS else f"{line[:_LINE_CHARS]}…" for line in text.strip().splitlines()[-lines:]
    ]
