"""Errors of what somebody sends: fields, codes, submissions."""

from __future__ import annotations

from dataclasses import dataclass

from beimingwu.errors.root import ServiceError
from learnware.texts import joined

__all__ = [
    "ContentMismatchError",
    "EmailNotPermittedError",
    "InvalidCodeError",
    "InvalidInputError",
    "InvalidSubmissionError",
    "SensitiveWordsError",
    "SubmissionFinding",
    "WrongDataTypeError",
]


class InvalidInputError(ServiceError):
    """Fields of a request break a rule.

    Attributes
    ----------
    fields : tuple of (str, str)
        Where (a JSON pointer below the request's body, or the parameter's name) and what is wrong there.
    """

    problem = "invalid-input"
    status = 422
    title = "The request breaks a rule"

    def __init__(self, message: str, *, fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class EmailNotPermittedError(InvalidInputError):
    """The settings of the dock allow no account of this e-mail address."""

    problem = "email-not-permitted"
    title = "This dock takes no accounts of this e-mail address"


class WrongDataTypeError(InvalidInputError):
    """A learnware takes another kind of data than it was given."""

    problem = "wrong-data-type"
    title = "This learnware takes another kind of data"


class ContentMismatchError(InvalidInputError):
    """The content of an upload is not what was announced."""

    problem = "content-mismatch"
    title = "The content is not what was announced"


@dataclass(frozen=True, slots=True)
class SubmissionFinding:
    """One thing that is wrong with a submission.

    Attributes
    ----------
    part : str
        ``"semantic"``, ``"package"`` or ``"statistical"``.
    message : str
        What is wrong and how to mend it.
    key : str or None
        The key of the semantic specification, e.g. ``"Input.Dimension"``.
    file : str or None
        The file of the package.
    """

    part: str
    message: str
    key: str | None = None
    file: str | None = None

    @property
    def place(self) -> str:
        """Where it is: a JSON pointer into the request, or the package and the file in it."""
        if self.part == "semantic":
            return "/semantic_specification" + (f"/{self.key.replace('.', '/')}" if self.key else "")
        return f"package {self.file}" if self.file else "package"


class InvalidSubmissionError(InvalidInputError):
    """A package or its semantic specification breaks rules.

    Attributes
    ----------
    findings : tuple of SubmissionFinding
        All that was found.
    """

    problem = "invalid-submission"
    title = "The package or its semantic specification breaks a rule"

    def __init__(self, findings: tuple[SubmissionFinding, ...]) -> None:
        super().__init__(
            joined([one.message for one in findings[:5]]),
            fields=tuple((one.place, one.message) for one in findings),
        )
        self.findings = findings


class SensitiveWordsError(InvalidSubmissionError):
    """The name or the description has words that this dock does not want.

    Attributes
    ----------
    words : tuple of str
    """

    problem = "sensitive-words"
    title = "The name or the description has words that this dock does not want"

    def __init__(self, words: tuple[str, ...], findings: tuple[SubmissionFinding, ...]) -> None:
        super().__init__(findings)
        self.words = words


class InvalidCodeError(ServiceError):
    """A code from a mail is wrong, was used, or is too old."""

    problem = "invalid-code"
    status = 400
    title = "The code is wrong, was used, or is too old"
