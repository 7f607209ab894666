"""Data sets: files for experiments that administrators add and everybody downloads."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from beimingwu.db.models import Dataset
from beimingwu.errors import ConflictError, InvalidInputError, NotFoundError
from beimingwu.services.audit import audit
from beimingwu.services.blobs import keep_blob
from beimingwu.services.texts import storable
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.contract_uploads import ContractUploads
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.uploads import Uploads
    from beimingwu.storage import BlobStore, StoredBlob

__all__ = ["DatasetFile", "Datasets", "clean_path"]

_LONGEST_PATH = 255
# Audit events have numbers for subjects; a data set has a path, which is among the details.
_NO_NUMBER = 0


@dataclass(frozen=True, slots=True)
class DatasetFile:
    """A file for experiments.

    Attributes
    ----------
    path : str
        Like ``air/train.csv``.
    size : int
        In bytes.
    sha256 : str
    added_at : datetime
        When it was added, or last replaced.
    """

    path: str
    size: int
    sha256: str
    added_at: datetime


class Datasets:
    """Lists, adds and deletes data sets."""

    def __init__(
        self,
        database: Database,
        store: BlobStore,
        uploads: Uploads,
        contract_uploads: ContractUploads,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._uploads = uploads
        self._contract_uploads = contract_uploads
        self._clock = clock

    def all(self, identity: Identity) -> list[DatasetFile]:
        """Return every file, in the order of the paths.

        Raises
        ------
        NotAllowedError
            If the API token is not good for reading.
        """
        identity.require("read")
        with self._database.read() as session:
            return sorted((_file(row) for row in session.scalars(select(Dataset))), key=lambda one: one.path)

    def find(self, path: str) -> DatasetFile:
        """Return a file, for anybody.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        try:
            wanted = clean_path(path)
        except InvalidInputError:
            raise _missing() from None
        with self._database.read() as session:
            row = session.get(Dataset, wanted)
            if row is None:
                raise _missing()
            return _file(row)

    def add(self, identity: Identity, path: str, upload_id: str, origin: Origin) -> tuple[DatasetFile, bool]:
        """Add the content of a complete upload, or put it in the place of a file; the upload is over then.

        Returns
        -------
        tuple of DatasetFile and bool
            The file, and whether there was none of the path before.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        InvalidInputError
            If it is no path.
        NotFoundError
            If there is no such upload.
        ConflictError
            If something of the upload is missing, or a folder is where the file is to be or the other way round.
        """
        identity.require_role()
        path = clean_path(path)
        added = self._write(identity, path, self._uploads.finished(identity, upload_id), origin)
        self._uploads.cancel(identity, upload_id)
        return added

    def add_contract_upload(self, identity: Identity, path: str, file_hash: str, origin: Origin) -> DatasetFile:
        """Do as `add`, with what came in chunks by the published contract under the MD5 of the whole.

        Raises
        ------
        NotAllowedError, InvalidInputError, NotFoundError, ConflictError
            As `add`.
        """
        identity.require_role()
        path = clean_path(path)
        return self._write(identity, path, self._contract_uploads.finished(identity, file_hash), origin)[0]

    def add_content(
        self, identity: Identity, path: str, source: Callable[[], Iterable[bytes]], origin: Origin
    ) -> DatasetFile:
        """Do as `add`, with a content that is here.

        Parameters
        ----------
        identity : Identity
        path : str
        source : callable
            Returns the chunks; it may be called more than once.
        origin : Origin

        Raises
        ------
        NotAllowedError, InvalidInputError, ConflictError
            As `add`.
        """
        identity.require_role()
        path = clean_path(path)
        blob = keep_blob(self._database, self._store, self._clock, source)
        return self._write(identity, path, blob, origin)[0]

    def delete(self, identity: Identity, path: str, origin: Origin) -> None:
        """Delete a file.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        NotFoundError
            If there is none.
        """
        identity.require_role()
        try:
            wanted = clean_path(path)
        except InvalidInputError:
            raise _missing() from None
        with self._database.write() as session:
            gone = delete(Dataset).where(Dataset.path == wanted).returning(Dataset.path)
            if session.execute(gone).one_or_none() is None:
                raise _missing()
            self._audit(session, "dataset.delete", identity, origin, wanted)

    def _write(self, identity: Identity, path: str, blob: StoredBlob, origin: Origin) -> tuple[DatasetFile, bool]:
        now = self._clock()
        with self._database.write() as session:
            _require_room(session, path)
            is_new = session.get(Dataset, path, with_for_update=True) is None
            values = {"sha256": blob.sha256, "size": blob.size, "added_at": now, "added_by": identity.user_id}
            insert = self._database.insert(Dataset).values(path=path, **values)
            session.execute(insert.on_conflict_do_update(index_elements=[Dataset.path], set_=values))
            self._audit(session, "dataset.add" if is_new else "dataset.replace", identity, origin, path, blob.sha256)
        return DatasetFile(path, blob.size, blob.sha256, now), is_new

    def _audit(
        self, session: Session, action: str, identity: Identity, origin: Origin, path: str, sha256: str | None = None
    ) -> None:
        audit(
            session,
            action,
            at=self._clock(),
            actor_id=identity.user_id,
            subject=("dataset", _NO_NUMBER),
            origin=origin,
            path=path,
            **({} if sha256 is None else {"sha256": sha256}),
        )


def clean_path(given: str) -> str:
    """Return a path in its normal form (NFC).

    Raises
    ------
    InvalidInputError
        If it is none: names with slashes between them, none of which begins with a point.

    Examples
    --------
    >>> clean_path("air/train.csv")
    'air/train.csv'
    """
    path = unicodedata.normalize("NFC", given) if storable(given) else ""
    names = path.split("/")
    if len(path) > _LONGEST_PATH or "\\" in path or not all(_is_name(name) for name in names):
        rule = text(
            "must be names with slashes between them, {most} characters at most; no name may begin with a point or "
            "have blanks around it",
            most=_LONGEST_PATH,
        )
        raise InvalidInputError(text("a path {rule}", rule=rule), fields=(("/path", rule),))
    return path


def _is_name(name: str) -> bool:
    return bool(name) and not name.startswith(".") and name.strip() == name and name.isprintable()


def _require_room(session: Session, path: str) -> None:
    """Refuse a file where a folder is, and one below a file."""
    parts = path.split("/")
    above = ["/".join(parts[:i]) for i in range(1, len(parts))]
    below = Dataset.path.startswith(f"{path}/", autoescape=True)
    if found := session.scalar(select(Dataset.path).where(or_(Dataset.path.in_(above), below)).limit(1)):
        raise ConflictError(
            text("one of {path!r} and {other!r} would be a file, and the other would be in it", path=path, other=found)
        )


def _missing() -> NotFoundError:
    return NotFoundError("there is no such data set")


def _file(row: Dataset) -> DatasetFile:
    return DatasetFile(row.path, row.size, row.sha256, row.added_at)
