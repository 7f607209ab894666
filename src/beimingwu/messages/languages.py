"""The languages that the dock speaks, and which of them somebody prefers."""

from __future__ import annotations

import re

__all__ = ["DEFAULT_LANGUAGE", "LANGUAGES", "negotiated"]

LANGUAGES = ("en", "zh")
DEFAULT_LANGUAGE = "en"
# RFC 9110, 12.5.4: a tag, or any language, and how much it is wanted.
_RANGE = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*|\*")
_QUALITY = re.compile(r"[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
# Browsers send a handful.
_MOST_RANGES = 32


def negotiated(accept_language: str | None) -> str:
    """Return the language that somebody prefers among those of the dock.

    All kinds of Chinese are one here, and so are all kinds of English. What cannot be read is passed over.

    Parameters
    ----------
    accept_language : str or None
        Value of the header ``Accept-Language``.

    Examples
    --------
    >>> negotiated("fr;q=0.9, zh-CN;q=0.8, en;q=0.7")
    'zh'
    >>> negotiated(None)
    'en'
    """
    wanted: dict[str, float] = {}
    for one in (accept_language or "").split(",", _MOST_RANGES)[:_MOST_RANGES]:
        name, _, parameters = (part.strip() for part in one.partition(";"))
        found = _RANGE.fullmatch(name)
        quality = _QUALITY.fullmatch(parameters) if parameters else None
        if found is None or (parameters and quality is None):
            continue
        language = found[1].lower() if found[1] else "*"
        wanted[language] = max(wanted.get(language, 0.0), float(quality[1]) if quality else 1.0)
    # Whoever takes any language gets the default one first; of several that are wanted as much, the one named first.
    others = wanted.get("*", 0.0)
    named = [one for one in wanted if one in LANGUAGES]
    order = [*named, *(one for one in LANGUAGES if one not in named)]
    best = max(order, key=lambda one: wanted.get(one, others))
    return best if wanted.get(best, others) > 0 else DEFAULT_LANGUAGE
