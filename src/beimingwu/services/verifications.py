"""What people see and ask of verifications: how far one is, its report, its log, and another one.

Everybody may read the report by which a version serves, without the end of what the model has printed; all else is for
the owner and administrators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import func, select

from beimingwu.db.models import Learnware, Verification, VerificationLine, Version
from beimingwu.errors import ConflictError, NotAllowedError, NotAuthenticatedError, NotFoundError
from beimingwu.messages import DOCK_FINDINGS
from beimingwu.services.access import is_public, managed, may_manage, require_managed
from beimingwu.services.audit import audit_learnware
from beimingwu.services.learnware_ids import format_id, no_learnware, parse_id
from beimingwu.services.publishing import lock_learnware, reject
from beimingwu.services.rate_limits import Limit
from beimingwu.services.verification_queue import LogLine, is_superseded
from beimingwu.services.version_states import DECIDED, UNDECIDED
from learnware.texts import text
from learnware.verification import Finding, VerificationReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.rate_limits import RateLimits
    from beimingwu.settings import Settings

__all__ = ["Position", "Progress", "VerificationView", "Verifications"]

_MOST_LINES = 500
_CANCELLED = "cancelled"
# Of the try of a version that was cancelled before anybody had tried.
_NO_WORKER = ""


@dataclass(frozen=True, slots=True)
class VerificationView:
    """How the verification of a version goes, or went.

    Attributes
    ----------
    status : str
        State of the version.
    attempts : int
        How often workers tried.
    started_at, ended_at : datetime or None
        Of the last try; None if there was none, or it goes on.
    worker : str or None
        Who made the last try; told to administrators only.
    report : dict or None
        What the last try found that came to an end, as `learnware.verification.VerificationReport.to_dict` tells it.
    """

    status: str
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None
    report: dict[str, Any] | None


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far somebody has read the logs of a version.

    Attributes
    ----------
    verification_id : int
        The try; 0 before the first.
    line : int
        The last line that was read of it.
    """

    verification_id: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What is new since a position.

    Attributes
    ----------
    status : str or None
        State of the version; None if it is gone.
    attempts : int
    lines : tuple of (Position, LogLine)
        Those of the newest try after the position, the first 500.
    """

    status: str | None
    attempts: int
    lines: tuple[tuple[Position, LogLine], ...]

    @property
    def over(self) -> bool:
        """Whether nothing more comes: the version is decided, or gone, and all lines are here."""
        return (self.status is None or self.status in DECIDED) and len(self.lines) < _MOST_LINES


class Verifications:
    """Verifications, for the owners of learnwares and for administrators."""

    def __init__(self, database: Database, settings: Settings, limits: RateLimits, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._limits = limits
        self._clock = clock

    def report(self, identity: Identity | None, learnware_id: str, number: int) -> VerificationView:
        """Return how the verification of a version goes.

        Of the version that serves, others than the owner and administrators get the report that accepted it.

        Raises
        ------
        NotFoundError
            If there is no such version, or it is not for this account to know of.
        NotAuthenticatedError, NotAllowedError
            If it is somebody else's and does not serve, or the token is not good for reading.
        """
        if identity is not None:
            identity.require("read")
        with self._database.read() as session:
            learnware = _known(session, learnware_id)
            if not may_manage(identity, learnware.owner_id):
                if not is_public(learnware) or number != learnware.serving_version:
                    _refuse(identity, learnware)
                return _public_view(session, _version_of(session, learnware, number))
            version = _version_of(session, learnware, number)
            last = _last_try(session, version.id)
            return VerificationView(
                version.state,
                version.attempts,
                None if last is None else last.started_at,
                None if last is None else last.ended_at,
                (last.worker or None) if last is not None and identity is not None and identity.administers else None,
                next((one.report for one in _ended(session, version.id) if one.report is not None), None),
            )

    def log(self, identity: Identity, learnware_id: str, number: int) -> str:
        """Return the log of the last try; empty if there was none.

        Raises
        ------
        NotFoundError, NotAllowedError
            As `report`.
        """
        identity.require("read")
        with self._database.read() as session:
            return _log(session, _version(session, identity, learnware_id, number).id) or ""

    def contract_log(self, identity: Identity, learnware_id: str) -> str | None:
        """Return the log of the newest version that workers tried, as the published contract has it.

        None if nobody tried, there is no such learnware, or it is somebody else's.
        """
        identity.require("read")
        with self._database.read() as session:
            try:
                learnware = managed(session, identity, parse_id(learnware_id), scope="read")
            except (NotFoundError, NotAllowedError):
                return None
            tried = (
                select(Version.id)
                .join(Verification, Verification.version_id == Version.id)
                .where(Version.learnware_id == learnware.id)
                .order_by(Version.number.desc())
                .limit(1)
            )
            version_id = session.scalar(tried)
            return None if version_id is None else _log(session, version_id)

    def followed(self, identity: Identity, learnware_id: str, number: int) -> int:
        """Return what `progress` knows a version by.

        Raises
        ------
        NotFoundError, NotAllowedError
            As `report`.
        """
        identity.require("read")
        with self._database.read() as session:
            return _version(session, identity, learnware_id, number).id

    def progress(self, positions: Mapping[int, Iterable[Position]]) -> dict[tuple[int, Position], Progress]:
        """Return what is new of some versions: a few queries for all who follow them.

        Parameters
        ----------
        positions : mapping of int to positions
            Versions, as `followed` returns them, and how far their followers have read.
        """
        with self._database.read() as session:
            states = {
                row.id: row
                for row in session.execute(
                    select(Version.id, Version.state, Version.attempts).where(Version.id.in_(list(positions)))
                )
            }
            newest = {
                row[0]: row[1]
                for row in session.execute(
                    select(Verification.version_id, func.max(Verification.id))
                    .where(Verification.version_id.in_(list(positions)))
                    .group_by(Verification.version_id)
                )
            }
            found = {}
            for version_id, wanted in positions.items():
                state = states.get(version_id)
                for position in set(wanted):
                    lines = _lines_after(session, newest.get(version_id, 0), position)
                    found[version_id, position] = (
                        Progress(None, 0, ()) if state is None else Progress(state.state, state.attempts, lines)
                    )
            return found

    def verify_again(self, identity: Identity, learnware_id: str, number: int, origin: Origin) -> None:
        """Verify a version once more. One that serves goes on serving until it is refused.

        Raises
        ------
        NotFoundError, NotAllowedError
            As `report`; also if the token is not good for submitting.
        ConflictError
            If it waits already or is being verified, or a newer version has taken its place.
        TooManyRequestsError
            If the account asks too often.
        """
        identity.require("submit")
        if not identity.administers:
            self._limits.count(
                [Limit("verifications", self._settings.limit_verifications, str(identity.user_id))], origin
            )
        with self._database.write() as session:
            learnware, version = _locked(session, identity, learnware_id, number)
            if version.state in UNDECIDED:
                raise ConflictError("the version waits to be verified, or is being verified")
            if is_superseded(session, version):
                raise ConflictError("a newer version has taken the place of this one")
            now = self._clock()
            version.state = "WAITING"
            version.due_at = now
            version.worker = None
            version.attempts = 0
            version.decided_at = None
            audit_learnware(session, "version.verify", identity, learnware.id, origin, now, version=number)

    def cancel(self, identity: Identity, learnware_id: str, number: int, origin: Origin) -> None:
        """Stop the verification of a version, whether it waits or is under way.

        One that serves goes on serving by what was found before; any other is refused, with a report that says why.
        The worker that holds it loses it.

        Raises
        ------
        NotFoundError, NotAllowedError
            As `report`; also if the token is not good for submitting.
        ConflictError
            If it neither waits nor is being verified.
        """
        identity.require("submit")
        with self._database.write() as session:
            learnware, version = _locked(session, identity, learnware_id, number)
            if version.state not in UNDECIDED:
                raise ConflictError("the version neither waits to be verified nor is being verified")
            now = self._clock()
            _end_cancelled(session, version, now)
            if learnware.serving_version == version.number:
                version.state = "SUCCESS"
                version.worker = None
                version.decided_at = now
            else:
                reject(session, version, now)
            audit_learnware(session, "version.cancel", identity, learnware.id, origin, now, version=number)


def _locked(session: Session, identity: Identity, learnware_id: str, number: int) -> tuple[Learnware, Version]:
    """Return a learnware that the account manages and one of its versions, both locked."""
    learnware = lock_learnware(session, managed(session, identity, parse_id(learnware_id)).id)
    mine = (Version.learnware_id == learnware.id) & (Version.number == number)
    version = session.scalar(select(Version).where(mine).with_for_update().execution_options(populate_existing=True))
    if version is None:
        raise NotFoundError("the learnware has no such version")
    return learnware, version


def _end_cancelled(session: Session, version: Version, now: datetime) -> None:
    """Say in the report of the try that is under way, or of one that never was, that it was cancelled."""
    finding = Finding("package", "not checked", DOCK_FINDINGS[_CANCELLED], code=_CANCELLED)
    report = VerificationReport(f"{format_id(version.learnware_id)}.zip", (finding,)).to_dict()
    open_tries = list(
        session.scalars(
            select(Verification).where(Verification.version_id == version.id, Verification.ended_at.is_(None))
        )
    )
    if not open_tries:
        open_tries = [Verification(version_id=version.id, worker=_NO_WORKER, started_at=now)]
        session.add_all(open_tries)
    for trying in open_tries:
        trying.ended_at = now
        trying.report = report


def _known(session: Session, learnware_id: str) -> Learnware:
    learnware = session.get(Learnware, parse_id(learnware_id))
    if learnware is None:
        raise no_learnware()
    return learnware


def _refuse(identity: Identity | None, learnware: Learnware) -> NoReturn:
    """Refuse somebody who may not manage a learnware."""
    if identity is not None:
        require_managed(identity, learnware, scope="read")
    if is_public(learnware):
        raise NotAuthenticatedError(text("log in to see this version"))
    raise no_learnware()


def _version(session: Session, identity: Identity, learnware_id: str, number: int) -> Version:
    return _version_of(session, managed(session, identity, parse_id(learnware_id), scope="read"), number)


def _version_of(session: Session, learnware: Learnware, number: int) -> Version:
    version = session.scalar(select(Version).where(Version.learnware_id == learnware.id, Version.number == number))
    if version is None:
        raise NotFoundError(text("the learnware has no such version"))
    return version


def _ended(session: Session, version_id: int) -> list[Verification]:
    """Return the tries of a version that came to an end, the last first."""
    mine = (Verification.version_id == version_id) & Verification.ended_at.is_not(None)
    return list(session.scalars(select(Verification).where(mine).order_by(Verification.id.desc())))


def _public_view(session: Session, version: Version) -> VerificationView:
    # While it is verified once more, it serves by what was found before.
    found = ((one, one.report) for one in _ended(session, version.id) if one.report is not None)
    by = next(((one, report) for one, report in found if report.get("valid")), None)
    if by is None:
        return VerificationView(version.state, version.attempts, None, None, None, None)
    trying, report = by
    shown = {**report, "output": "", "traceback": None}
    return VerificationView(version.state, version.attempts, trying.started_at, trying.ended_at, None, shown)


def _last_try(session: Session, version_id: int) -> Verification | None:
    mine = select(Verification).where(Verification.version_id == version_id)
    return session.scalar(mine.order_by(Verification.id.desc()).limit(1))


def _log(session: Session, version_id: int) -> str | None:
    last = _last_try(session, version_id)
    if last is None:
        return None
    lines = session.scalars(
        select(VerificationLine).where(VerificationLine.verification_id == last.id).order_by(VerificationLine.number)
    )
    return "".join(f"{line.at:%Y-%m-%d %H:%M:%S} {line.text}\n" for line in lines)


def _lines_after(session: Session, verification_id: int, position: Position) -> tuple[tuple[Position, LogLine], ...]:
    # A new try has a log of its own, from its first line.
    after = position.line if position.verification_id == verification_id else 0
    rows = session.scalars(
        select(VerificationLine)
        .where(VerificationLine.verification_id == verification_id, VerificationLine.number > after)
        .order_by(VerificationLine.number)
        .limit(_MOST_LINES)
    )
    return tuple((Position(verification_id, row.number), LogLine(row.number, row.at, row.text)) for row in rows)
