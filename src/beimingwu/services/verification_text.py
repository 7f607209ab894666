"""What a verification says, made fit to be kept and shown: bounded, without control characters, paths and passwords."""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Scrubber", "bounded_report", "log_lines"]

LONGEST_LINE = 1000
_LONGEST_TEXT = 4000
_LONGEST_END = 8000
_MOST_ITEMS = 200
_MOST_CHARACTERS = 200_000
# Everything but the tabulator that moves a cursor, hides text or turns its direction, and halves of characters.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@'\"]+(?=@)")


class Scrubber:
    """Takes out of texts what is nobody's business: where things are on this machine, passwords in addresses.

    Parameters
    ----------
    folders : mapping of str to str
        Folders of this machine, and what stands for them.
    """

    def __init__(self, folders: Mapping[str, str]) -> None:
        temporary = re.escape(tempfile.gettempdir())
        # A package is unpacked here; what is in it is called as in the package.
        self._unpacked = re.compile(temporary + r"/learnware-(?:check|trial)-[^/\s'\"]+/learnware/?")
        self._scratch = re.compile(temporary + r"/[^/\s'\"]+")
        # Long ones first: one folder may be in another.
        self._folders = sorted(
            ((path, name) for path, name in folders.items() if len(path) > 1), key=lambda one: -len(one[0])
        )

    def __call__(self, text: str) -> str:
        """Return a text that may be shown; line ends stay."""
        text = _CONTROL.sub("", _ESCAPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
        text = self._scratch.sub("<scratch>", self._unpacked.sub("", text))
        for path, name in self._folders:
            text = text.replace(path, name)
        return _CREDENTIALS.sub("…", text)


def bounded_report(report: Mapping[str, Any], package: str, scrub: Scrubber) -> dict[str, Any]:
    """Return a report to keep.

    Parameters
    ----------
    report : mapping
        What `VerificationReport.to_dict` returns.
    package : str
        The name of the package, in place of where it lay.
    scrub : Scrubber
    """
    kept: dict[str, Any] = {}
    room = _Room(_MOST_CHARACTERS)
    for name, value in report.items():
        if name in {"output", "traceback"} and isinstance(value, str):
            # The end tells what went wrong.
            kept[name] = scrub(value[-_LONGEST_END:])
        else:
            kept[name] = room.bounded(value, scrub)
    omitted = len(report["findings"]) - len(kept["findings"])
    if omitted > 0:
        kept["output"] = f"({omitted} more findings are left out)\n{kept['output']}"
    kept["package"] = package
    return kept


class _Room:
    """The characters that are left for the texts of a report."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def bounded(self, value: Any, scrub: Scrubber) -> Any:
        """Return a value for JSON with its texts scrubbed and shortened, and long lists cut."""
        if isinstance(value, str):
            text = shortened(scrub(value[: 2 * _LONGEST_TEXT]), _LONGEST_TEXT)
            self._left -= len(text)
            return text
        if isinstance(value, dict):
            return {str(name): self.bounded(inner, scrub) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            kept = []
            for inner in value[:_MOST_ITEMS]:
                if self._left <= 0:
                    break
                kept.append(self.bounded(inner, scrub))
            return kept
        return value


def log_lines(words: str, scrub: Scrubber) -> Iterable[str]:
    """Give the lines of a text for the log."""
    for line in scrub(words[: 16 * _LONGEST_END]).split("\n"):
        yield shortened(line.rstrip(), LONGEST_LINE)


def shortened(text: str, most: int) -> str:
    """Return a text with no more than so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
