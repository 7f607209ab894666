"""What is wrong with a package, as an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from learnware.errors import (
    EnvironmentBuildError,
    InvalidPackageError,
    LearnwareError,
    ModelError,
    SpecificationError,
)

if TYPE_CHECKING:
    from learnware.verification import VerificationReport

__all__ = ["first_error"]


def first_error(report: VerificationReport) -> LearnwareError:
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
