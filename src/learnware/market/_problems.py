"""What is wrong with a learnware, in a form that reports can sort."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from learnware.findings import mend_of, message_of
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

__all__ = ["Problem"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    message : str
        What is wrong.
    code : str
        What it is for programs, one of `learnware.findings.FINDINGS`.
    values : mapping of str to object
        What the sentences of the code were filled with.
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
    code: str
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)
    mend: str = ""
    file: str | None = None
    key: str | None = None
    column: int | None = None
    serious: bool = True
    traceback_text: str | None = None

    @classmethod
    def of(cls, code: str, place: Mapping[str, Any] | None = None, /, *, serious: bool = True, **values: Any) -> Self:
        """Return the problem of a code.

        Parameters
        ----------
        code : str
            One of `learnware.findings.FINDINGS`.
        place : mapping, optional
            ``file``, ``key``, ``column`` and ``traceback_text`` of the problem.
        serious : bool
        **values
            What the sentences of the code name.
        """
        message, mend = message_of(code, **values), mend_of(code, **values)
        return cls(message, code, values, mend, serious=serious, **(place or {}))

    @property
    def words(self) -> str:
        """What is wrong and what to do about it, as `learnware.texts.Text`."""
        return text("{message}; {mend}", message=self.message, mend=self.mend) if self.mend else self.message

    def __str__(self) -> str:
        return str(self.words)
