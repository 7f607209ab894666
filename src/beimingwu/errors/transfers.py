"""Errors of bodies, uploads and downloads on their way."""

from __future__ import annotations

from beimingwu.errors.root import ServiceError

__all__ = [
    "ChecksumMismatchError",
    "InvalidRangeError",
    "MediaTypeError",
    "PreconditionError",
    "TooLargeError",
    "TooSlowError",
]


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
