"""The errors that the dock server raises on purpose; each is one kind of HTTP problem.

::

    ServiceError
    ├── SettingsError              the server cannot run with these settings
    ├── BackupError                a backup cannot be made, read or restored
    ├── InvalidInputError          422  fields that break a rule
    │   ├── EmailNotPermittedError   422  the dock takes no accounts of this e-mail address
    │   ├── WrongDataTypeError       422  a table for a learnware that takes something else
    │   ├── ContentMismatchError     422  an upload whose content is not what was announced
    │   └── InvalidSubmissionError   422  a package or a semantic specification that breaks rules
    │       └── SensitiveWordsError    422  a name or description with words that the dock does not want
    ├── InvalidCodeError           400  a code that is wrong, used or too old
    ├── NotAuthenticatedError      401  no session or token, or one that is over
    │   └── InvalidCredentialsError  401  e-mail address and password, or token, do not belong together
    ├── NotAllowedError            403  somebody who may not do this
    │   ├── CrossSiteError           403  a page of another site asks with the web app's cookie
    │   ├── EmailNotConfirmedError   403
    │   └── AccountDisabledError     403
    ├── NotFoundError              404
    ├── ConflictError              409  what is there already, or a rule between rows
    │   ├── LearnwaresLeftError      409
    │   ├── DuplicateContentError    409  a learnware with this content is there
    │   ├── NothingChangedError      409  an update that would change nothing
    │   ├── UsernameTakenError       409
    │   ├── EmailTakenError          409
    │   └── QuotaExceededError       409  more than one account may have at a time
    ├── TooSlowError               408  a body that stopped arriving
    ├── PreconditionError          412  another version of the upload protocol
    ├── TooLargeError              413
    ├── MediaTypeError             415  a body of another kind
    ├── ChecksumMismatchError      460  a part of an upload that was damaged on its way
    ├── InvalidRangeError          416  a content has no such range
    ├── TooManyRequestsError       429
    └── UnavailableError           503  the database cannot be reached, or is not of this version

A message may be shown to whoever asked: it holds nothing that they did not send or may not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from learnware.errors import LearnwareError
from learnware.texts import joined, text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "AccountDisabledError",
    "BackupError",
    "ChecksumMismatchError",
    "ConflictError",
    "ContentMismatchError",
    "CrossSiteError",
    "DuplicateContentError",
    "EmailNotConfirmedError",
    "EmailNotPermittedError",
    "EmailTakenError",
    "InvalidCodeError",
    "InvalidCredentialsError",
    "InvalidInputError",
    "InvalidRangeError",
    "InvalidSubmissionError",
    "LearnwaresLeftError",
    "MediaTypeError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
    "NothingChangedError",
    "PreconditionError",
    "QuotaExceededError",
    "SensitiveWordsError",
    "ServiceError",
    "SettingsError",
    "SubmissionFinding",
    "TooLargeError",
    "TooManyRequestsError",
    "TooSlowError",
    "UnavailableError",
    "UsernameTakenError",
    "WrongDataTypeError",
    "problems",
]


class ServiceError(LearnwareError):
    """Root of every error that the dock server raises on purpose.

    Attributes
    ----------
    problem : str
        Name of the kind of problem, the last part of its ``type`` in an RFC 9457 document.
    status : int
        HTTP status.
    title : str
        The kind of problem in a few words, the same every time.
    """

    problem: ClassVar[str] = "internal-error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong in the server"


class SettingsError(ServiceError):
    """The server cannot run with these settings."""


class BackupError(ServiceError):
    """A backup cannot be made, read or restored."""


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


class NotAuthenticatedError(ServiceError):
    """There is no session or token, or it is over."""

    problem = "not-authenticated"
    status = 401
    title = "A valid session or token is needed"


class InvalidCredentialsError(NotAuthenticatedError):
    """E-mail address and password, or token, do not belong together.

    Attributes
    ----------
    account_exists : bool
        Whether there is an account of the address. Only the published contract tells; the message does not.
    """

    problem = "invalid-credentials"
    title = "E-mail address and password, or token, do not belong together"

    def __init__(self, message: str, *, account_exists: bool = True) -> None:
        super().__init__(message)
        self.account_exists = account_exists


class NotAllowedError(ServiceError):
    """Somebody may not do this."""

    problem = "not-allowed"
    status = 403
    title = "This account or token may not do this"


class CrossSiteError(NotAllowedError):
    """A request with the web app's cookie does not come from the dock's own pages."""

    problem = "cross-site"
    title = "The request does not come from the dock's own pages"


class EmailNotConfirmedError(NotAllowedError):
    """The e-mail address of the account is not confirmed yet."""

    problem = "email-not-confirmed"
    title = "The e-mail address is not confirmed yet"


class AccountDisabledError(NotAllowedError):
    """An administrator has disabled the account."""

    problem = "account-disabled"
    title = "The account is disabled"


class NotFoundError(ServiceError):
    """There is no such thing, or not for this account."""

    problem = "not-found"
    status = 404
    title = "There is no such thing"


class ConflictError(ServiceError):
    """Something that is there stands against it."""

    problem = "conflict"
    status = 409
    title = "Something that is there stands against it"


class LearnwaresLeftError(ConflictError):
    """An account has learnwares, and nobody said what is to become of them.

    Attributes
    ----------
    learnware_ids : tuple of str
    """

    problem = "learnwares-left"
    title = "The account has learnwares"

    def __init__(self, learnware_ids: tuple[str, ...]) -> None:
        super().__init__(
            text(
                "the account has {count} learnwares; say whether they are to be deleted or transferred",
                count=len(learnware_ids),
            )
        )
        self.learnware_ids = learnware_ids


class DuplicateContentError(ConflictError):
    """A learnware with the same content is there.

    Attributes
    ----------
    learnware_id : str or None
        Which one, if whoever asks may see it.
    """

    problem = "duplicate-content"
    title = "A learnware with the same content is there"

    def __init__(self, learnware_id: str | None) -> None:
        super().__init__(
            text("another learnware has the same files, apart from the semantic specification")
            if learnware_id is None
            else text(
                "the learnware {learnware_id} has the same files, apart from the semantic specification",
                learnware_id=learnware_id,
            )
        )
        self.learnware_id = learnware_id


class NothingChangedError(ConflictError):
    """An update would change nothing."""

    problem = "nothing-changed"
    title = "The update would change nothing"


class UsernameTakenError(ConflictError):
    """Somebody else has this name."""

    problem = "username-taken"
    title = "Somebody else has this name"


class EmailTakenError(ConflictError):
    """There is an account of this e-mail address."""

    problem = "email-taken"
    title = "There is an account of this e-mail address"


class QuotaExceededError(ConflictError):
    """An account has as much of something as it may have at a time."""

    problem = "quota-exceeded"
    title = "The account has as much as it may have at a time"


class TooSlowError(ServiceError):
    """The body of a request stopped arriving."""

    problem = "too-slow"
    status = 408
    title = "The body of the request stopped arriving"


class PreconditionError(ServiceError):
    """The request asks for another version of the upload protocol."""

    problem = "unsupported-version"
    status = 412
    title = "This version of the protocol is not spoken here"


class TooLargeError(ServiceError):
    """The body of a request is larger than this endpoint takes."""

    problem = "too-large"
    status = 413
    title = "The body of the request is too large"


class MediaTypeError(ServiceError):
    """The body is of a kind that this endpoint does not take."""

    problem = "unsupported-media-type"
    status = 415
    title = "The body is of a kind that this endpoint does not take"


class ChecksumMismatchError(ServiceError):
    """A part of an upload was damaged on its way; the status is that of the tus protocol."""

    problem = "checksum-mismatch"
    status = 460
    title = "The bytes do not have the checksum that came with them"


class InvalidRangeError(ServiceError):
    """A content has no such range.

    Attributes
    ----------
    size : int
        Bytes of the content.
    """

    problem = "invalid-range"
    status = 416
    title = "The content has no such range"

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class TooManyRequestsError(ServiceError):
    """A rate limit is used up.

    Attributes
    ----------
    policy : str
        Name of the limit.
    retry_after : int
        Seconds until it makes sense to try again.
    """

    problem = "too-many-requests"
    status = 429
    title = "Too many requests"

    def __init__(self, message: str, *, policy: str, retry_after: int) -> None:
        super().__init__(message)
        self.policy = policy
        self.retry_after = retry_after


class UnavailableError(ServiceError):
    """The server cannot answer at the moment."""

    problem = "unavailable"
    status = 503
    title = "The server cannot answer at the moment"


def problems() -> Iterator[type[ServiceError]]:
    """Give every kind of problem, the root first."""
    waiting: list[type[ServiceError]] = [ServiceError]
    while waiting:
        kind = waiting.pop(0)
        if kind not in {SettingsError, BackupError}:
            yield kind
        waiting.extend(kind.__subclasses__())
