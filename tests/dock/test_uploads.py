"""Uploads: what was received is there, whatever happens, and nothing else ever becomes a content."""

from __future__ import annotations

import hashlib
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update
from tests.dock.learnwares import package, publish_learnware

from beimingwu.db.models import Blob, Upload, UploadPart, Version
from beimingwu.errors import (
    ChecksumMismatchError,
    ConflictError,
    ContentMismatchError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    QuotaExceededError,
    TooLargeError,
    UnavailableError,
)
from beimingwu.services.appending import PART_SIZE, Checksum
from beimingwu.services.blobs import collect
from beimingwu.services.identity import Identity, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# More than two parts.
DATA = random.Random(0).randbytes(2 * PART_SIZE + 1000)
SHA256 = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA).hexdigest()
SMALL = b"a small content"
CHUNK = 2**20


def identity_of(rig: Any, name: str = "ada", *scopes: str) -> Identity:
    user_id = rig.user(name)
    return Identity(user_id, name, f"{name}@example.org", Role.USER, frozenset(scopes or ("submit",)), None, None)


@pytest.fixture
def ada(rig: Any) -> Identity:
    return identity_of(rig)


def parts_of(rig: Any) -> list[tuple[int, int]]:
    """Return where parts begin and how large they are, after a look at whether the store holds just these."""
    with rig.dock.database.read() as session:
        rows = session.scalars(select(UploadPart).order_by(UploadPart.upload_id, UploadPart.begins_at)).all()
    assert sorted(row.name for row in rows) == [one.name for one in rig.dock.store.list_parts()]
    return [(row.begins_at, row.size) for row in rows]


def counts(rig: Any) -> tuple[int, int, int]:
    with rig.dock.database.read() as session:
        uploads, blobs = (session.scalar(select(func.count()).select_from(table)) or 0 for table in (Upload, Blob))
    return uploads, len(parts_of(rig)), blobs


def stored(rig: Any, sha256: str) -> bytes:
    with rig.dock.store.open(sha256) as chunks:
        return b"".join(chunks)


def test_in_pieces(make_rig: Any, storage: dict[str, Any]) -> None:
    rig = make_rig(**storage)
    ada, uploads = identity_of(rig), rig.dock.uploads
    upload = uploads.create(ada, size=len(DATA), filename="iris.zip", sha256=SHA256.upper())
    assert (upload.filename, upload.size, upload.received, upload.complete) == ("iris.zip", len(DATA), 0, False)
    # It goes on from where it was, in pieces of any size, which need not be those of the parts.
    at = 0
    for size in (10, PART_SIZE + 5, 0, PART_SIZE):
        piece = DATA[at : at + size]
        upload = uploads.append(ada, upload.upload_id, at, [piece[:7], piece[7:]])
        at += size
        assert (upload.received, upload.complete) == (at, False)
        assert uploads.info(ada, upload.upload_id) == upload
    assert parts_of(rig) == [(0, 10), (10, PART_SIZE), (PART_SIZE + 10, 5), (PART_SIZE + 15, PART_SIZE)]
    with pytest.raises(ConflictError, match=f"has {at} of {len(DATA)} bytes"):
        uploads.finished(ada, upload.upload_id)
    upload = uploads.append(ada, upload.upload_id, at, [DATA[at:]])
    assert (upload.complete, upload.sha256) == (True, SHA256)
    for _ in range(2):
        blob = uploads.finished(ada, upload.upload_id)
        assert (blob.sha256, blob.size) == (SHA256, len(DATA))
    assert stored(rig, SHA256) == DATA
    assert counts(rig) == (1, 0, 1)
    # It takes no more, and the end may be asked for again.
    with pytest.raises(TooLargeError):
        uploads.append(ada, upload.upload_id, len(DATA), [b"x"])
    assert uploads.append(ada, upload.upload_id, len(DATA), []) == uploads.info(ada, upload.upload_id)


def test_nothing_is_a_content_too(rig: Any, ada: Identity) -> None:
    upload = rig.dock.uploads.create(ada, size=0, filename="empty")
    assert upload.complete
    assert rig.dock.uploads.finished(ada, upload.upload_id).size == 0


def test_another_content_than_announced(rig: Any, ada: Identity) -> None:
    upload = rig.dock.uploads.create(ada, size=len(SMALL), filename="x", sha256="0" * 64)
    with pytest.raises(ContentMismatchError, match=f"{hashlib.sha256(SMALL).hexdigest()}, not 0000"):
        rig.dock.uploads.append(ada, upload.upload_id, 0, [SMALL])
    with pytest.raises(NotFoundError):
        rig.dock.uploads.finished(ada, upload.upload_id)
    assert counts(rig) == (0, 0, 0)
    assert list(rig.dock.store.list()) == []


def test_the_wrong_place(rig: Any, ada: Identity) -> None:
    uploads = rig.dock.uploads
    upload = uploads.create(ada, size=10, filename="x")
    uploads.append(ada, upload.upload_id, 0, [b"abc"])
    for offset in (0, 2, 4, 10, 11):
        with pytest.raises(ConflictError, match="goes on at byte 3"):
            uploads.append(ada, upload.upload_id, offset, [b"x"])
    for chunks in ([b"x" * 8], [b"x" * 7, b"x"]):
        with pytest.raises(TooLargeError):
            uploads.append(ada, upload.upload_id, 3, chunks)
        assert parts_of(rig) == [(0, 3)]
    with pytest.raises(TooLargeError, match="8 bytes, and the upload takes 7 more"):
        uploads.begin(ada, upload.upload_id, 3, length=8)


def test_what_came_before_the_connection_broke_counts(rig: Any, ada: Identity) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA[: PART_SIZE + 100]
        raise ConnectionResetError

    uploads = rig.dock.uploads
    upload = uploads.create(ada, size=len(DATA), filename="x")
    with pytest.raises(ConnectionResetError):
        uploads.append(ada, upload.upload_id, 0, broken())
    assert uploads.info(ada, upload.upload_id).received == PART_SIZE + 100
    # With a checksum it counts in whole or not at all.
    checksum = Checksum("sha1", hashlib.sha1(DATA[PART_SIZE + 100 :]).digest())
    with pytest.raises(ConnectionResetError):
        uploads.append(ada, upload.upload_id, PART_SIZE + 100, broken(), checksum=checksum)
    with pytest.raises(ChecksumMismatchError):
        uploads.append(ada, upload.upload_id, PART_SIZE + 100, [DATA[: -PART_SIZE - 100]], checksum=checksum)
    assert parts_of(rig) == [(0, PART_SIZE), (PART_SIZE, 100)]
    done = uploads.append(ada, upload.upload_id, PART_SIZE + 100, [DATA[PART_SIZE + 100 :]], checksum=checksum)
    assert done.sha256 == SHA256


def test_of_two_writers_the_first_one_wins(rig: Any, ada: Identity) -> None:
    uploads = rig.dock.uploads
    upload = uploads.create(ada, size=len(DATA), filename="x", sha256=SHA256)
    slow, quick = (uploads.begin(ada, upload.upload_id, 0) for _ in range(2))
    slow.write(b"y" * (PART_SIZE - 1))
    quick.write(DATA[:PART_SIZE])
    with pytest.raises(ConflictError, match=f"goes on at byte {PART_SIZE}"):
        slow.write(b"yy")
    slow.discard()
    quick.write(DATA[PART_SIZE:])
    assert quick.finish() == len(DATA)
    # Both put it together at once.
    results = [uploads.complete(ada, upload.upload_id).sha256, uploads.finished(ada, upload.upload_id).sha256]
    assert results == [SHA256, SHA256]
    assert counts(rig) == (1, 0, 1)


def test_a_writer_is_told_when_the_upload_is_cancelled(rig: Any, ada: Identity) -> None:
    upload = rig.dock.uploads.create(ada, size=len(DATA), filename="x")
    appending = rig.dock.uploads.begin(ada, upload.upload_id, 0)
    appending.write(DATA[: PART_SIZE + 1])
    rig.dock.uploads.cancel(ada, upload.upload_id)
    with pytest.raises(NotFoundError):
        appending.finish()
    assert counts(rig) == (0, 0, 0)


@pytest.mark.parametrize("when", ["before it began", "before the second part", "at the end"])
def test_put_together_by_two_at_once(rig: Any, ada: Identity, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """The slower one finds that parts are gone, or that all is done."""
    uploads, store = rig.dock.uploads, rig.dock.store
    upload = uploads.create(ada, size=len(DATA), filename="x")
    appending = uploads.begin(ada, upload.upload_id, 0)
    appending.write(DATA)
    appending.finish()
    open_part = store.open_part
    opened = 0

    def at_the_end(chunks: Iterator[bytes]) -> Iterator[bytes]:
        yield from chunks
        other_one()

    def other_one() -> None:
        monkeypatch.setattr(store, "open_part", open_part)
        uploads.finished(ada, upload.upload_id)

    @contextmanager
    def interrupted(name: str) -> Iterator[Iterator[bytes]]:
        nonlocal opened
        opened += 1
        if (opened, when) in {(1, "before it began"), (2, "before the second part")}:
            other_one()
        with open_part(name) as chunks:
            yield at_the_end(chunks) if (opened, when) == (3, "at the end") else chunks

    monkeypatch.setattr(store, "open_part", interrupted)
    assert uploads.finished(ada, upload.upload_id).sha256 == SHA256
    assert store.open_part == open_part
    assert counts(rig) == (1, 0, 1)


def test_a_part_that_was_lost(rig: Any, ada: Identity) -> None:
    upload = rig.dock.uploads.create(ada, size=len(SMALL), filename="x")
    appending = rig.dock.uploads.begin(ada, upload.upload_id, 0)
    appending.write(SMALL)
    appending.finish()
    (part,) = rig.dock.store.list_parts()
    rig.dock.store.delete_part(part.name)
    with pytest.raises(ConflictError, match="was lost"):
        rig.dock.uploads.finished(ada, upload.upload_id)
    with pytest.raises(NotFoundError):
        rig.dock.uploads.finished(ada, upload.upload_id)


def test_a_commit_whose_answer_was_lost(rig: Any, ada: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row may be there, so the part must be, too."""
    uploads, database = rig.dock.uploads, rig.dock.database
    upload = uploads.create(ada, size=len(SMALL), filename="x")
    appending = uploads.begin(ada, upload.upload_id, 0)
    appending.write(SMALL)
    write = database.write

    class Unanswered:
        def __enter__(self) -> Any:
            self.inner = write()
            return self.inner.__enter__()

        def __exit__(self, *error: object) -> None:
            self.inner.__exit__(*error)
            raise UnavailableError("no answer")

    monkeypatch.setattr(database, "write", Unanswered)
    with pytest.raises(UnavailableError):
        appending.finish()
    monkeypatch.undo()
    appending.discard()
    assert uploads.complete(ada, upload.upload_id).sha256 == hashlib.sha256(SMALL).hexdigest()


def test_other_people_know_nothing_of_it(rig: Any, ada: Identity) -> None:
    uploads = rig.dock.uploads
    eve = identity_of(rig, "eve")
    upload = uploads.create(ada, size=3, filename="x")
    acts: list[Callable[[str], Any]] = [
        lambda one: uploads.info(eve, one),
        lambda one: uploads.append(eve, one, 0, [b"abc"]),
        lambda one: uploads.finished(eve, one),
        lambda one: uploads.cancel(eve, one),
    ]
    for act in acts:
        for one in (upload.upload_id, "0" * 32, "", "a\0b", "\ud800", "x" * 10_000):
            with pytest.raises(NotFoundError):
                act(one)
    reader = Identity(ada.user_id, "ada", "", Role.SUPER_ADMIN, frozenset(["read", "admin"]), None, None)
    for refused in (
        lambda: uploads.create(reader, size=1, filename="x"),
        lambda: uploads.info(reader, upload.upload_id),
        lambda: uploads.cancel(reader, upload.upload_id),
        lambda: rig.dock.contract_uploads.put_chunk(reader, MD5, 0, [b"x"]),
        lambda: rig.dock.contract_uploads.finished(reader, MD5),
    ):
        with pytest.raises(NotAllowedError):
            refused()


def test_what_cannot_be_begun(make_rig: Any) -> None:
    rig = make_rig(upload_max_bytes=5000, upload_quota_bytes=8000, uploads_per_user=3)
    ada, eve, uploads = identity_of(rig), identity_of(rig, "eve"), rig.dock.uploads
    for bad in ({"filename": ""}, {"filename": "a\nb"}, {"filename": "x" * 256}, {"sha256": "x" * 64}, {"size": -1}):
        with pytest.raises(InvalidInputError):
            uploads.create(ada, **{"size": 1, "filename": "x", **bad})
    with pytest.raises(TooLargeError, match="at most 5000 bytes"):
        uploads.create(ada, size=5001, filename="x")
    first = uploads.create(ada, size=5000, filename="x")
    with pytest.raises(QuotaExceededError, match="of which 3000 are left"):
        uploads.create(ada, size=3001, filename="x")
    uploads.create(eve, size=5000, filename="x")
    for _ in range(2):
        uploads.create(ada, size=1, filename="x")
    with pytest.raises(QuotaExceededError, match="at most 3 uploads"):
        uploads.create(ada, size=1, filename="x")
    with pytest.raises(QuotaExceededError):
        rig.dock.contract_uploads.put_chunk(ada, MD5, 0, [b"x"])
    uploads.cancel(ada, first.upload_id)
    # By the published contract the size is not known before.
    assert rig.dock.contract_uploads.put_chunk(ada, MD5, 0, [b"x" * 4000]) == 4000
    with pytest.raises(TooLargeError):
        rig.dock.contract_uploads.put_chunk(ada, MD5, 4000, [b"x" * 1001])
    with pytest.raises(QuotaExceededError, match="at most 3 uploads"):
        uploads.create(ada, size=3999, filename="x")


def test_what_nobody_adds_to_is_forgotten(rig: Any, ada: Identity) -> None:
    uploads = rig.dock.uploads
    upload = uploads.create(ada, size=len(DATA), filename="x")
    rig.clock.forward(hours=23)
    uploads.append(ada, upload.upload_id, 0, [DATA[: PART_SIZE + 1]])
    rig.dock.contract_uploads.put_chunk(ada, MD5, 0, [SMALL])
    rig.clock.forward(hours=23)
    uploads.forget_expired()
    assert uploads.info(ada, upload.upload_id).received == PART_SIZE + 1
    rig.clock.forward(hours=1)
    for act in (lambda: uploads.info(ada, upload.upload_id), lambda: rig.dock.contract_uploads.finished(ada, MD5)):
        with pytest.raises(NotFoundError):
            act()
    # What is over takes no room, before and after it is cleared away.
    assert rig.dock.contract_uploads.put_chunk(ada, MD5, 0, [SMALL]) == len(SMALL)
    uploads.forget_expired()
    with rig.dock.database.read() as session:
        assert session.scalars(select(Upload.contract_hash)).all() == [MD5]
    # The parts of the upload that made way for this one have no rows; they are collected.
    rig.clock.forward(days=10_000)
    uploads.forget_expired()
    collect(rig.dock.database, rig.dock.store, rig.clock)
    assert counts(rig) == (0, 0, 0)


def send(rig: Any, ada: Identity, begin: int, end: int, data: bytes = DATA) -> int:
    received: int = rig.dock.contract_uploads.put_chunk(ada, MD5, begin, [data[begin:end]])
    return received


def test_chunks_of_the_contract(make_rig: Any, storage: dict[str, Any]) -> None:
    rig = make_rig(**storage)
    ada = identity_of(rig)
    with pytest.raises(ConflictError, match="goes on at byte 0"):
        send(rig, ada, CHUNK, 2 * CHUNK)
    for begin in range(0, 4 * CHUNK, CHUNK):
        assert send(rig, ada, begin, begin + CHUNK) == begin + CHUNK
    # Again, the last one and an earlier one, and from the beginning on, with other chunks.
    for begin in (3 * CHUNK, CHUNK, 0):
        assert send(rig, ada, begin, begin + CHUNK) == begin + CHUNK
    assert send(rig, ada, CHUNK, CHUNK + 1000, bytes(len(DATA))) == CHUNK + 1000
    # What was wrong is replaced from the middle of a part on.
    assert send(rig, ada, CHUNK - 10, 3 * CHUNK) == 3 * CHUNK
    assert parts_of(rig) == [(0, CHUNK - 10), (CHUNK - 10, 2 * CHUNK + 10)]
    with pytest.raises(ConflictError, match=f"goes on at byte {3 * CHUNK}"):
        send(rig, ada, 3 * CHUNK + 1, 4 * CHUNK)
    assert send(rig, ada, 3 * CHUNK, len(DATA)) == len(DATA)
    assert rig.dock.contract_uploads.finished(ada, MD5.upper()).sha256 == SHA256
    assert stored(rig, SHA256) == DATA
    # It is here now, whatever comes again.
    assert send(rig, ada, 0, CHUNK, bytes(CHUNK)) == len(DATA)
    assert rig.dock.contract_uploads.finished(ada, MD5).sha256 == SHA256
    assert counts(rig) == (1, 0, 1)


def test_a_chunk_counts_in_whole_or_not_at_all(rig: Any, ada: Identity) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA[: PART_SIZE + 1]
        raise ConnectionResetError

    assert send(rig, ada, 0, 10) == 10
    with pytest.raises(ConnectionResetError):
        rig.dock.contract_uploads.put_chunk(ada, MD5, 10, broken())
    assert parts_of(rig) == [(0, 10)]
    assert send(rig, ada, 10, len(DATA)) == len(DATA)


def test_a_content_with_another_md5(rig: Any, ada: Identity) -> None:
    send(rig, ada, 0, len(DATA) - 1)
    with pytest.raises(ContentMismatchError, match=f"MD5 .*, not {MD5}"):
        rig.dock.contract_uploads.finished(ada, MD5)
    with pytest.raises(NotFoundError):
        rig.dock.contract_uploads.finished(ada, MD5)
    assert counts(rig) == (0, 0, 0)


def test_uploads_of_the_contract_belong_to_each_account(rig: Any, ada: Identity) -> None:
    eve = identity_of(rig, "eve")
    send(rig, ada, 0, CHUNK)
    with pytest.raises(ConflictError):
        send(rig, eve, CHUNK, 2 * CHUNK)
    with pytest.raises(NotFoundError):
        rig.dock.contract_uploads.finished(eve, "0" * 32)
    with rig.dock.database.read() as session:
        upload_id = session.scalars(select(Upload.id).where(Upload.user_id == ada.user_id)).one()
    # The other protocol does not add to them.
    with pytest.raises(NotFoundError):
        rig.dock.uploads.append(ada, upload_id, CHUNK, [b"x"])
    for bad in ("", "x" * 32, MD5 + "\n", "\0" * 32, "0" * 64):
        with pytest.raises(InvalidInputError, match="MD5"):
            rig.dock.contract_uploads.put_chunk(ada, bad, 0, [b"x"])
    with pytest.raises(InvalidInputError):
        rig.dock.contract_uploads.put_chunk(ada, MD5, -1, [b"x"])


def test_it_is_known_that_a_content_was_submitted(rig: Any, tmp_path: Path) -> None:
    publish_learnware(rig)
    file = package(tmp_path, name="iris of the north")
    md5 = hashlib.md5(file.read_bytes()).hexdigest()
    ada = Identity(
        rig.dock.users.find("ada@example.org").user_id, "ada", "", Role.USER, frozenset(["submit"]), None, None
    )
    assert not rig.dock.contract_uploads.already_submitted(ada, md5)
    rig.dock.contract_uploads.put_chunk(ada, md5, 0, [file.read_bytes()])
    assert not rig.dock.contract_uploads.already_submitted(ada, md5)
    rig.dock.contract_uploads.finished(ada, md5)
    with rig.dock.database.read() as session:
        sha256 = session.scalars(select(Upload.sha256)).one()
    with rig.dock.database.write() as session:
        session.execute(update(Version).values(uploaded_sha256=sha256))
    assert rig.dock.contract_uploads.already_submitted(ada, md5)
    assert not rig.dock.contract_uploads.already_submitted(identity_of(rig, "eve"), md5)
    # What was submitted takes no room any more.
    assert rig.dock.uploads.create(ada, size=rig.dock.settings.upload_max_bytes, filename="x")


def test_uploads_go_with_the_account(rig: Any, ada: Identity) -> None:
    rig.dock.uploads.append(ada, rig.dock.uploads.create(ada, size=9, filename="mine.zip").upload_id, 0, [b"abc"])
    session = rig.dock.sessions.authenticate(rig.session())
    exported = rig.dock.accounts.export(session)
    assert [(one["filename"], one["size"], one["received"]) for one in exported["uploads"]] == [("mine.zip", 9, 3)]
    rig.dock.accounts.delete(session, "correct horse", rig.origin())
    with rig.dock.database.read() as found:
        assert found.scalars(select(UploadPart.name)).all() == []
    rig.clock.forward(days=10_000)
    collect(rig.dock.database, rig.dock.store, rig.clock)
    assert counts(rig) == (0, 0, 0)
