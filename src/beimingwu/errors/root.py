"""The root of the dock's errors, and those of whoever runs it."""

from __future__ import annotations

from typing import ClassVar

from learnware.errors import LearnwareError

__all__ = ["BackupError", "ServiceError", "SettingsError"]


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
