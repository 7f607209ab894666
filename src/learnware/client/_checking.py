"""Checking a package as a dock does; what is wrong with it, as an error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from learnware.errors import (
    EnvironmentBuildError,
    InvalidPackageError,
    LearnwareError,
    ModelError,
    SpecificationError,
)

if TYPE_CHECKING:
    import os

    from learnware.runtime import Limits
    from learnware.runtime.environment import EnvironmentStore
    from learnware.verification import VerificationReport

__all__ = ["check_learnware"]

_logger = logging.getLogger(__name__)


def check_learnware(
    learnware_zip_path: str | os.PathLike[str],
    semantic_specification: dict[str, Any] | None = None,
    *,
    runnable_option: str | None = "venv",
    sandbox: str | None = None,
    limits: Limits | None = None,
    store: EnvironmentStore | None = None,
) -> VerificationReport:
    """Check a package as a dock does, and return the report if it is valid.

    `learnware.verification.verify` returns the report in any case.

    Parameters
    ----------
    learnware_zip_path : str or path
        The package.
    semantic_specification : dict, optional
        The semantic specification to use instead of the package's.
    runnable_option, sandbox, limits, store
        As for `learnware.verification.verify`.

    Returns
    -------
    VerificationReport

    Raises
    ------
    InvalidPackageError, SpecificationError, EnvironmentBuildError, ModelError
        The first thing that is wrong with the package; the message has the whole report.
    LearnwareError
        If something could not be checked on this machine.
    """
    from learnware.verification import verify

    report = verify(
        learnware_zip_path,
        semantic_spec=semantic_specification,
        runnable_option=runnable_option,
        sandbox=sandbox,
        limits=limits,
        store=store,
        on_progress=lambda progress: _logger.debug("%s %s %s", progress.part, progress.stage, progress.words),
    )
    if not report.valid:
        raise _first_error(report)
    return report


def _first_error(report: VerificationReport) -> LearnwareError:
    """Return the first thing that is wrong as the error that it would be elsewhere."""
    status = "wrong" if report.status == "wrong" else "not checked"
    finding = next(finding for finding in report.findings if finding.status == status)
    message = f"{finding}\n\n{report}"
    if status == "not checked":
        return LearnwareError(message)
    if finding.part == "package":
        return InvalidPackageError(message, member=finding.file)
    if finding.part == "environment":
        return EnvironmentBuildError(message, requirements=finding.requirements)
    if finding.part == "trial":
        return ModelError(message, traceback_text=report.traceback)
    return SpecificationError(message, column=finding.column)
