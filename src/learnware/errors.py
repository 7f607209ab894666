"""The errors that the engine raises on purpose.

::

    LearnwareError
    ├── SpecificationError              data that cannot be described, or a broken specification (also a ValueError)
    │   ├── IncompatibleSpecificationError   two specifications that cannot be compared
    │   └── EncoderUnavailableError     the sentence encoder of texts is not known here, or cannot be downloaded
    ├── InvalidPackageError             a learnware zip or folder that breaks the format or is unsafe
    ├── PackError                       a learnware cannot be packed from what was given
    ├── ModelError                      a learnware's model could not be loaded or did not answer properly
    │   ├── ModelTimeoutError           ... in the time allowed
    │   └── ResourceLimitError          ... with the memory, processes, files or output allowed
    ├── EnvironmentBuildError           the packages that a learnware needs cannot be had
    ├── SandboxError                    the sandbox that was asked for cannot be had on this machine
    ├── MarketError                     a market cannot do what was asked
    │   ├── LearnwareNotFoundError      no such learnware (also a KeyError)
    │   └── NothingFitsError            no learnware of the market is for the task
    ├── ReuseError                      learnwares cannot be combined as asked (also a ValueError)
    ├── DockError                       a dock cannot be asked, or did not do what was asked
    │   ├── DockUnreachableError        no answer came, or none that makes sense (also a ConnectionError)
    │   ├── DockProblemError            the dock refused, and said why
    │   │   └── NotLoggedInError        ... because it does not know who asks
    │   └── TransferError               what arrived is not what was sent
    └── MissingDependencyError          an optional package is not installed (also an ImportError)

A message says what was wrong, where, and what to do; what a program needs to act on is an attribute.
"""

from __future__ import annotations

__all__ = [
    "DockError",
    "DockProblemError",
    "DockUnreachableError",
    "EncoderUnavailableError",
    "EnvironmentBuildError",
    "IncompatibleSpecificationError",
    "InvalidPackageError",
    "LearnwareError",
    "LearnwareNotFoundError",
    "MarketError",
    "MissingDependencyError",
    "ModelError",
    "ModelTimeoutError",
    "NotLoggedInError",
    "NothingFitsError",
    "PackError",
    "ResourceLimitError",
    "ReuseError",
    "SandboxError",
    "SpecificationError",
    "TransferError",
]


class LearnwareError(Exception):
    """Root of every error that the engine raises on purpose."""


class SpecificationError(LearnwareError, ValueError):
    """Data cannot be described, or a specification is broken.

    Attributes
    ----------
    column : str or int or None
        The offending column, by name where the table has names, where one column is to blame.
    """

    def __init__(self, message: str, *, column: str | int | None = None) -> None:
        super().__init__(message)
        self.column = column


class IncompatibleSpecificationError(SpecificationError):
    """Two specifications of different kinds or feature spaces were compared."""


class EncoderUnavailableError(SpecificationError):
    """The sentence encoder that texts are described with is not known here, broken, or cannot be downloaded.

    Attributes
    ----------
    encoder : str
        Its name.
    """

    def __init__(self, message: str, *, encoder: str) -> None:
        super().__init__(message)
        self.encoder = encoder


class InvalidPackageError(LearnwareError):
    """A learnware package breaks the format or is unsafe to unpack.

    Attributes
    ----------
    member : str or None
        The archive member or file at fault, where there is one.
    """

    def __init__(self, message: str, *, member: str | None = None) -> None:
        super().__init__(message)
        self.member = member


class PackError(LearnwareError):
    """A learnware cannot be packed from what was given.

    Attributes
    ----------
    missing : tuple of str
        The pieces of information that are missing, in words that a person can act on.
    """

    def __init__(self, message: str, *, missing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing


class ModelError(LearnwareError):
    """A learnware's model could not be loaded, or its answer is not what its specification promises.

    Attributes
    ----------
    traceback_text : str or None
        The traceback of the learnware's own code, as text, where its code raised.
    """

    def __init__(self, message: str, *, traceback_text: str | None = None) -> None:
        super().__init__(message)
        self.traceback_text = traceback_text


class ModelTimeoutError(ModelError):
    """A learnware's model did not answer in the time allowed."""


class ResourceLimitError(ModelError):
    """A learnware's model used more than it may; its processes were ended.

    Attributes
    ----------
    limit : str
        The name of the limit in `learnware.runtime.Limits`, e.g. ``"memory_bytes"``.
    """

    def __init__(self, message: str, *, limit: str) -> None:
        super().__init__(message)
        self.limit = limit


class EnvironmentBuildError(LearnwareError):
    """The environment that a learnware needs cannot be built.

    Attributes
    ----------
    requirements : tuple of str
        The requirements at fault, where they are known.
    log : str
        The end of what the resolver or installer said.
    """

    def __init__(self, message: str, *, requirements: tuple[str, ...] = (), log: str = "") -> None:
        super().__init__(message)
        self.requirements = requirements
        self.log = log


class SandboxError(LearnwareError):
    """The sandbox that was asked for, or any, cannot be had on this machine."""


class MarketError(LearnwareError):
    """A market cannot do what was asked."""


class LearnwareNotFoundError(MarketError, KeyError):
    """No learnware of this id is in the market.

    Attributes
    ----------
    learnware_id : str
        The id asked for.
    """

    def __init__(self, learnware_id: str) -> None:
        super().__init__(f"no learnware {learnware_id!r} in this market")
        self.learnware_id = learnware_id

    def __str__(self) -> str:
        # KeyError would print the message quoted.
        return str(self.args[0])


class NothingFitsError(MarketError):
    """No learnware of the market is for the task."""


class ReuseError(LearnwareError, ValueError):
    """Learnwares cannot be combined as asked."""


class DockError(LearnwareError):
    """A dock cannot be asked, or did not do what was asked."""


class DockUnreachableError(DockError, ConnectionError):
    """No answer came from a dock, or none that makes sense.

    Attributes
    ----------
    host : str
        Address of the dock.
    """

    def __init__(self, message: str, *, host: str) -> None:
        super().__init__(message)
        self.host = host


class DockProblemError(DockError):
    """A dock refused what was asked, and said why.

    Attributes
    ----------
    status : int or None
        Status of its answer; None if it was not asked.
    problem : str or None
        The kind of problem, e.g. ``"not-found"``, where the dock named it.
    title : str or None
        What that kind is called.
    errors : tuple of (str, str)
        What is wrong where: a place in what was sent, and words.
    request_id : str or None
        The request in the log of the dock.
    retry_after : float or None
        Seconds after which it makes sense to try again, where the dock said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        problem: str | None = None,
        title: str | None = None,
        errors: tuple[tuple[str, str], ...] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = problem
        self.title = title
        self.errors = errors
        self.request_id = request_id
        self.retry_after = retry_after


class NotLoggedInError(DockProblemError):
    """A dock does not know who asks: there was no login, or it does not work (any more)."""


class TransferError(DockError):
    """What arrived is not what was sent."""


class MissingDependencyError(LearnwareError, ImportError):
    """An optional package is needed and not installed.

    Attributes
    ----------
    package : str
        The missing distribution.
    """

    def __init__(self, package: str, *, purpose: str, extra: str | None = None) -> None:
        install = f"learnware[{extra}]" if extra else package
        super().__init__(f"{package} is needed {purpose}; install it with: pip install '{install}'")
        self.package = package
