"""Submitting learnwares and new versions of them.

A submission is checked as far as that goes without running it, its package is prepared as it will be served and stored,
and then it is committed as a version that waits for a worker. Nothing of it is there before, all of it afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from beimingwu.db.models import Learnware, StatSpec, Version
from beimingwu.errors import (
    ConflictError,
    DuplicateContentError,
    InvalidInputError,
    NothingChangedError,
    QuotaExceededError,
)
from beimingwu.services.access import is_public, managed, may_manage, require_managed
from beimingwu.services.audit import audit_learnware
from beimingwu.services.blobs import keep_blob
from beimingwu.services.find_users import user_by_id
from beimingwu.services.learnware_ids import format_id, parse_id
from beimingwu.services.package_checks import check_package, package_limits, package_refused, refuse_sensitive_words
from beimingwu.services.publishing import describe, lock_learnware, newest_of
from beimingwu.services.rate_limits import Limit
from learnware.errors import InvalidPackageError
from learnware.learnware import rewrite_package
from learnware.market.index import encode_stat_spec
from learnware.texts import text

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.package_checks import CheckedPackage
    from beimingwu.services.rate_limits import RateLimits
    from beimingwu.settings import Settings
    from beimingwu.storage import BlobStore, StoredBlob

__all__ = ["Submission", "Submissions"]


@dataclass(frozen=True, slots=True)
class Submission:
    """What was submitted.

    Attributes
    ----------
    learnware_id : str
        Eight digits.
    version : int
        1 for a new learnware.
    """

    learnware_id: str
    version: int


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A version that is stored and not yet committed."""

    package: CheckedPackage
    served: StoredBlob
    uploaded_sha256: str
    made_at: datetime


class Submissions:
    """Takes learnwares and new versions of them in."""

    def __init__(
        self, database: Database, settings: Settings, store: BlobStore, limits: RateLimits, clock: Clock
    ) -> None:
        self._database = database
        self._settings = settings
        self._store = store
        self._limits = limits
        self._clock = clock

    def submit(
        self, identity: Identity, blob: StoredBlob, semantic_spec: dict[str, Any] | None, origin: Origin
    ) -> Submission:
        """Submit a learnware.

        Parameters
        ----------
        identity : Identity
            Whose it will be.
        blob : StoredBlob
            The zip, which was uploaded.
        semantic_spec : dict or None
            None: the one in the package.
        origin : Origin

        Raises
        ------
        NotAllowedError
            If an API token without the scope asks.
        InvalidSubmissionError
            If the package or the specification breaks rules.
        DuplicateContentError
            If a learnware with this content is there.
        QuotaExceededError
            If the account has as many learnwares or bytes as it may have.
        TooManyRequestsError
            If it has submitted too often.
        """
        identity.require("submit")
        self._count(identity, origin)
        owner_id = identity.user_id
        with self._store.local(blob.sha256) as path:
            package = check_package(path, semantic_spec, self._settings)
            with self._database.read() as session:
                refuse_sensitive_words(session, package.semantic_spec)
                self._require_room(session, owner_id, blob.size, learnwares=1)
                _require_new(session, identity, package.content_hash, owner_id)
            number = self._reserve_id(owner_id, package.semantic_spec)
            prepared = self._prepare(path, package, number, blob.sha256)
        with self._database.write() as session:
            self._lock_for(session, owner_id, package.content_hash)
            self._require_room(session, owner_id, prepared.served.size, learnwares=1)
            _require_new(session, identity, package.content_hash, owner_id)
            now = self._clock()
            learnware = _new_learnware(number, owner_id, package.semantic_spec, now)
            session.add(learnware)
            session.flush()
            self._add_version(session, learnware, prepared, now)
        return Submission(format_id(number), 1)

    def update(
        self,
        identity: Identity,
        learnware_id: str,
        origin: Origin,
        *,
        blob: StoredBlob | None = None,
        semantic_spec: dict[str, Any] | None = None,
    ) -> Submission:
        """Submit a new version: another package, another semantic specification, or both.

        What is not given stays as the newest version has it. The version that serves goes on serving until the new one
        is verified.

        Raises
        ------
        NotFoundError, NotAllowedError
            If there is no such learnware, or it is somebody else's.
        NothingChangedError
            If the newest version is just that, and was not refused.
        ConflictError
            If somebody else has submitted a version meanwhile.
        InvalidInputError
            If neither is given.
        InvalidSubmissionError, DuplicateContentError, QuotaExceededError, TooManyRequestsError
            As `submit`.
        """
        number = parse_id(learnware_id)
        with self._database.read() as session:
            learnware = managed(session, identity, number)
            owner_id = learnware.owner_id
            base = newest_of(session, learnware)
        if blob is None and semantic_spec is None:
            raise InvalidInputError("a new version needs another package, another specification, or both")
        self._count(identity, origin)
        with self._store.local(base.sha256 if blob is None else blob.sha256) as path:
            package = check_package(
                path, base.semantic_spec if semantic_spec is None else semantic_spec, self._settings
            )
            _require_change(base, package)
            with self._database.read() as session:
                refuse_sensitive_words(session, package.semantic_spec)
                self._require_room(session, owner_id, base.size if blob is None else blob.size)
                _require_new(session, identity, package.content_hash, owner_id, but=number)
            uploaded = base.uploaded_sha256 if blob is None else blob.sha256
            prepared = self._prepare(path, package, number, uploaded, made_at=base.made_at if blob is None else None)
        with self._database.write() as session:
            self._lock_for(session, owner_id, package.content_hash)
            learnware = lock_learnware(session, number)
            require_managed(identity, learnware)
            if learnware.newest_version != base.number or learnware.owner_id != owner_id:
                raise ConflictError("another version was submitted meanwhile; look at it and try again")
            self._require_room(session, owner_id, prepared.served.size)
            _require_new(session, identity, package.content_hash, owner_id, but=number)
            now = self._clock()
            learnware.newest_version = base.number + 1
            if learnware.serving_version is None:
                describe(learnware, package.semantic_spec)
                learnware.updated_at = now
            self._add_version(session, learnware, prepared, now)
            if identity.user_id != owner_id:
                audit_learnware(
                    session, "learnware.update", identity, learnware.id, origin, now, version=base.number + 1
                )
        return Submission(format_id(number), base.number + 1)

    def _count(self, identity: Identity, origin: Origin) -> None:
        limit = Limit("submissions", self._settings.limit_submissions, str(identity.user_id))
        self._limits.count([limit], origin)

    def _reserve_id(self, owner_id: int, semantic_spec: dict[str, Any]) -> int:
        """Return the number of a learnware that will be: its package names it, and is stored before its row is there.

        A row that is added and deleted again takes its number with it, on both databases.
        """
        with self._database.write() as session:
            learnware = _new_learnware(None, owner_id, semantic_spec, self._clock())
            session.add(learnware)
            session.flush()
            number = learnware.id
            session.delete(learnware)
        return number

    def _prepare(
        self, path: Path, package: CheckedPackage, number: int, uploaded_sha256: str, *, made_at: datetime | None = None
    ) -> _Prepared:
        """Store the package as it will be served."""
        rewritten = partial(
            rewrite_package,
            path,
            learnware_id=format_id(number),
            semantic_spec=package.semantic_spec,
            limits=package_limits(self._settings),
        )
        try:
            served = keep_blob(self._database, self._store, self._clock, rewritten)
        except InvalidPackageError as error:
            raise package_refused(error, path) from None
        return _Prepared(package, served, uploaded_sha256, made_at or package.made_at or self._clock())

    def _lock_for(self, session: Session, owner_id: int, content: str) -> None:
        """Let no other submission of this account, and none of this content, be committed before this one."""
        user_by_id(session, owner_id, lock=True)
        self._database.lock(session, f"learnware content {content}")

    def _require_room(self, session: Session, owner_id: int, size: int, *, learnwares: int = 0) -> None:
        count = session.scalar(select(func.count()).where(Learnware.owner_id == owner_id)) or 0
        most = self._settings.learnwares_per_user
        if count + learnwares > most:
            raise QuotaExceededError(text("an account may have {most} learnwares; delete some first", most=most))
        used = session.scalar(
            select(func.coalesce(func.sum(Version.size), 0))
            .join(Learnware, Learnware.id == Version.learnware_id)
            .where(Learnware.owner_id == owner_id)
        )
        allowed = self._settings.learnware_bytes_per_user
        if int(used or 0) + size > allowed:
            raise QuotaExceededError(
                text("the packages of an account may have {most} bytes; delete some first", most=allowed)
            )

    def _add_version(self, session: Session, learnware: Learnware, prepared: _Prepared, now: datetime) -> None:
        version = Version(
            learnware_id=learnware.id,
            number=learnware.newest_version,
            sha256=prepared.served.sha256,
            size=prepared.served.size,
            uploaded_sha256=prepared.uploaded_sha256,
            content_hash=prepared.package.content_hash,
            semantic_spec=prepared.package.semantic_spec,
            made_at=prepared.made_at,
            created_at=now,
            state="WAITING",
            due_at=now,
            worker=None,
            attempts=0,
            decided_at=None,
        )
        session.add(version)
        session.flush()
        for name, spec in prepared.package.stat_specs.items():
            header, arrays = encode_stat_spec(spec)
            session.add(StatSpec(version_id=version.id, type=name, header=header, arrays=arrays))


def _new_learnware(number: int | None, owner_id: int, semantic_spec: dict[str, Any], now: datetime) -> Learnware:
    learnware = Learnware(
        id=number,
        owner_id=owner_id,
        created_at=now,
        updated_at=now,
        newest_version=1,
        serving_version=None,
        withdrawn_at=None,
        withdrawn_by=None,
        downloads=0,
        revision=0,
    )
    describe(learnware, semantic_spec)
    return learnware


def _require_change(base: Version, package: CheckedPackage) -> None:
    same = (base.content_hash, base.semantic_spec) == (package.content_hash, package.semantic_spec)
    # The same once more may be what somebody wants whose version was refused for reasons that are gone.
    if same and base.state != "FAIL":
        raise NothingChangedError(
            text("version {number} has the same files and the same semantic specification", number=base.number)
        )


def _require_new(session: Session, identity: Identity, content: str, owner_id: int, *, but: int | None = None) -> None:
    """Refuse content that a learnware has already; what was refused is in nobody's way but its owner's."""
    query = (
        select(Learnware)
        .join(Version, Version.learnware_id == Learnware.id)
        .where(Version.content_hash == content, (Version.state != "FAIL") | (Learnware.owner_id == owner_id))
        .order_by(Learnware.id)
    )
    if but is not None:
        query = query.where(Learnware.id != but)
    found = session.scalars(query.limit(1)).first()
    if found is not None:
        seen = is_public(found) or may_manage(identity, found.owner_id)
        raise DuplicateContentError(format_id(found.id) if seen else None)
