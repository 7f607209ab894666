"""What a package and its semantic specification must fulfil to be taken in; none of the package's code is run.

A stranger's package is looked at in bounded time and memory. Workers check the rest.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from beimingwu.errors import InvalidSubmissionError, SensitiveWordsError, SubmissionFinding
from beimingwu.services.sensitive_words import find_words
from learnware.errors import InvalidPackageError, SpecificationError
from learnware.learnware import PackageLimits, content_hash, read_package
from learnware.market.rules import normalise_semantic_spec, semantic_problems, specification_problems
from learnware.specification import RKMESpecification
from learnware.texts import Text, shortened, text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from beimingwu.settings import Settings
    from learnware.learnware import PackageContents
    from learnware.market.rules import Problem
    from learnware.specification import BaseStatSpecification

__all__ = ["CheckedPackage", "check_package", "package_limits", "package_refused", "refuse_sensitive_words"]

_MOST_FINDINGS = 50
_LONGEST_MESSAGE = 1000


@dataclass(frozen=True, slots=True)
class CheckedPackage:
    """A package that may be taken in.

    Attributes
    ----------
    semantic_spec : dict
        As it is kept.
    stat_specs : dict of str to BaseStatSpecification
        By type name.
    content_hash : str
        See `learnware.learnware.content_hash`.
    made_at : datetime or None
        The day that the package was made, where it says so.
    """

    semantic_spec: dict[str, Any]
    stat_specs: dict[str, BaseStatSpecification]
    content_hash: str
    made_at: datetime | None


def package_limits(settings: Settings) -> PackageLimits:
    """Return what a package may hold."""
    return PackageLimits(
        members=settings.package_max_files,
        member_bytes=settings.package_max_unpacked_bytes,
        total_bytes=settings.package_max_unpacked_bytes,
        text_bytes=settings.specification_max_bytes,
    )


def check_package(path: Path, semantic_spec: dict[str, Any] | None, settings: Settings) -> CheckedPackage:
    """Check a package with a semantic specification.

    Parameters
    ----------
    path : Path
        The zip.
    semantic_spec : dict or None
        None: the one in the package.
    settings : Settings

    Raises
    ------
    InvalidSubmissionError
        With everything that is wrong.
    """
    limits = package_limits(settings)
    findings: list[SubmissionFinding] = []
    contents = _read(path, limits, findings)
    if semantic_spec is None and contents is not None:
        semantic_spec = contents.semantic_spec
    kept: dict[str, Any] = {}
    if semantic_spec is not None:
        try:
            kept = normalise_semantic_spec(semantic_spec)
            findings[:0] = _findings("semantic", semantic_problems(kept)) or _too_long(kept, settings)
        except RecursionError:
            findings.insert(0, SubmissionFinding("semantic", text("the semantic specification is nested too deeply")))
    if contents is not None and not any(one.part == "semantic" for one in findings):
        findings += _findings("statistical", specification_problems(kept, contents.stat_specs))
        findings += _too_large(contents.stat_specs, settings)
    if contents is None or findings:
        raise InvalidSubmissionError(tuple(findings[:_MOST_FINDINGS]))
    end = time.monotonic() + settings.package_check_seconds
    try:
        found = content_hash(path, limits=limits, cancelled=lambda: time.monotonic() > end)
    except InvalidPackageError as error:
        raise package_refused(error, path) from None
    made = contents.made
    made_at = None if made is None else datetime(made.year, made.month, made.day, tzinfo=timezone.utc)
    return CheckedPackage(kept, contents.stat_specs, found, made_at)


def package_refused(error: InvalidPackageError, path: Path) -> InvalidSubmissionError:
    """Return the error of a package that the engine refuses."""
    return InvalidSubmissionError((_finding("package", text_of(error), path, file=error.member),))


def refuse_sensitive_words(session: Session, semantic_spec: dict[str, Any]) -> None:
    """Refuse a name and a description with words that the dock does not want.

    Raises
    ------
    SensitiveWordsError
        If there are any.
    """
    words: list[str] = []
    findings = []
    for key in ("Name", "Description"):
        found = find_words(session, semantic_spec[key]["Values"])
        if found:
            words += [word for word in found if word not in words]
            message = text("{key} has words that this dock does not want: {words}", key=key, words=", ".join(found))
            findings.append(SubmissionFinding("semantic", message, key=key))
    if words:
        raise SensitiveWordsError(tuple(words), tuple(findings))


def _read(path: Path, limits: PackageLimits, findings: list[SubmissionFinding]) -> PackageContents | None:
    try:
        return read_package(path, limits=limits)
    except InvalidPackageError as error:
        findings.append(_finding("package", text_of(error), path, file=error.member))
    except SpecificationError as error:
        findings.append(
            _finding("statistical", text("this is no specification: {reason}", reason=text_of(error)), path)
        )
    return None


def _too_long(semantic_spec: dict[str, Any], settings: Settings) -> list[SubmissionFinding]:
    """Return what would make every list and search long that it is in."""
    sizes = {key: len(json.dumps(entry, ensure_ascii=False).encode()) for key, entry in semantic_spec.items()}
    size, most = sum(sizes.values()), settings.semantic_max_bytes
    if size <= most:
        return []
    key = max(sizes, key=lambda one: sizes[one])
    message = text(
        "the semantic specification has {size} bytes, most of them in {key}; this dock takes {most} at most",
        size=size,
        key=key,
        most=most,
    )
    return [SubmissionFinding("semantic", message, key)]


def _too_large(stat_specs: dict[str, BaseStatSpecification], settings: Settings) -> Iterator[SubmissionFinding]:
    """Give what would make every search of others slow that comes across it."""
    for type_name, spec in stat_specs.items():
        if not isinstance(spec, RKMESpecification):
            continue
        points, columns = spec.points.shape
        if points > (most := settings.specification_max_points):
            message = text(
                "{type} has {count} points; this dock takes {most} at most", type=type_name, count=points, most=most
            )
            yield SubmissionFinding("statistical", message)
        if columns > (most := settings.specification_max_columns):
            message = text(
                "{type} has {count} columns; this dock takes {most} at most", type=type_name, count=columns, most=most
            )
            yield SubmissionFinding("statistical", message)


def _finding(
    part: str, message: str, path: Path, *, key: str | None = None, file: str | None = None
) -> SubmissionFinding:
    def nameless(words: str) -> str:
        # The store's name of the zip tells nobody anything.
        if words in {repr(str(path)), repr(path.name)}:
            return text("the package")
        return words.replace(repr(str(path)), "the package").replace(repr(path.name), "the package")

    said = message.with_values(nameless) if isinstance(message, Text) else nameless(message)
    return SubmissionFinding(part, shortened(said, _LONGEST_MESSAGE), key, None if file == path.name else file)


def _findings(part: str, problems: Iterable[Problem]) -> list[SubmissionFinding]:
    return [
        SubmissionFinding(part, shortened(one.words, _LONGEST_MESSAGE), one.key, one.file)
        for one in problems
        if one.serious
    ]
