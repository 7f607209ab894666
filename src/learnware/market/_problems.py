"""What is wrong with a learnware, in a form that reports can sort."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    message : str
        What is wrong.
    mend : str
        What to do about it, as the rest of the sentence; empty where the message says it all.
    file, key : str or None
        Where: a file of the package, a key of the semantic specification.
    column : int or None
        The column or the class, where one is to blame.
    serious : bool
        Whether the learnware is invalid because of it.
    traceback_text : str or None
        The traceback of the learnware's own code, where that raised.
    """

    message: str
    mend: str = ""
    file: str | None = None
    key: str | None = None
    column: int | None = None
    serious: bool = True
    traceback_text: str | None = None

    def __str__(self) -> str:
        return f"{self.message}; {self.mend}" if self.mend else self.message
