"""Both kinds of stores: what is in them is whole, and nothing else is there."""

from __future__ import annotations

import hashlib
import os
import socket
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from beimingwu.errors import NotFoundError, SettingsError, UnavailableError
from beimingwu.settings import Settings
from beimingwu.storage import FileStore, open_store
from beimingwu.storage.s3 import S3Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beimingwu.storage import BlobStore

NOTHING = "0" * 64
# Empty, small, and so large that S3 takes it in several requests.
SIZES = [0, 5, 2**20 - 1, 2**20, 17 * 2**20]


@pytest.fixture
def store(storage: dict[str, Any], tmp_path: Path) -> BlobStore:
    return open_store(Settings(data_dir=tmp_path / "data", **storage))


def content(size: int) -> bytes:
    return os.urandom(1000) * (size // 1000) + os.urandom(size % 1000)


def chunks(data: bytes, size: int = 70_000) -> Iterator[bytes]:
    for begin in range(0, len(data), size):
        yield data[begin : begin + size]


def read(store: BlobStore, sha256: str, *bounds: int | None) -> bytes:
    with store.open(sha256, *bounds) as found:
        return b"".join(found)


def names(store: BlobStore) -> list[str]:
    """Return everything that lies in a store."""
    if isinstance(store, FileStore):
        return sorted(path.name for path in store.folder.rglob("*") if path.is_file())
    assert isinstance(store, S3Store)
    prefix = store._contents.removesuffix("contents/")
    found = store._client.list_objects_v2(Bucket=store.bucket, Prefix=prefix).get("Contents", [])
    begun = store._client.list_multipart_uploads(Bucket=store.bucket, Prefix=prefix).get("Uploads", [])
    return sorted(one["Key"].rpartition("/")[2] for one in [*found, *begun])


@pytest.mark.parametrize("size", SIZES)
def test_contents(store: BlobStore, tmp_path: Path, size: int) -> None:
    data = content(size)
    sha256 = hashlib.sha256(data).hexdigest()
    assert (store.size(sha256), store.exists(sha256)) == (None, False)
    stored = store.put(chunks(data))
    assert (stored.sha256, stored.size) == (sha256, size)
    assert (store.size(sha256), store.exists(sha256)) == (size, True)
    file = tmp_path / "file"
    file.write_bytes(data)
    # It is there once, however often it is stored, and what it was made of is gone.
    assert store.put_file(file) == store.put(chunks(data), expected_sha256=sha256) == stored
    assert list(store.list()) == names(store) == [sha256]
    assert read(store, sha256) == data
    with store.local(sha256) as path:
        assert path.read_bytes() == data
    for start, stop in (
        (0, 1),
        (2, 4),
        (3, None),
        (size, None),
        (size - 1, size + 5),
        (4, 4),
        (5, 2),
        (size + 7, None),
    ):
        if start >= 0:
            assert read(store, sha256, start, stop) == data[start:stop]
    store.delete(sha256)
    store.delete(sha256)
    assert (store.exists(sha256), list(store.list()), names(store)) == (False, [], [])


def test_many_contents_are_listed_in_order(store: BlobStore) -> None:
    stored = [store.put([bytes([one])]).sha256 for one in range(20)]
    assert list(store.list()) == sorted(stored)


@pytest.mark.parametrize("size", [3, 2**20 + 1])
def test_what_breaks_off_or_is_something_else_is_not_stored(store: BlobStore, size: int) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * size
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        store.put(broken())
    with pytest.raises(ValueError, match="not 0000"):
        store.put([b"x" * size], expected_sha256=NOTHING)
    with pytest.raises(KeyError, match="mine"):
        store.put_part("ab", broken())
    assert (names(store), list(store.list_parts())) == ([], [])


def test_what_is_not_there(store: BlobStore) -> None:
    for bounds in ((), (0, 0), (1, 3)):
        with pytest.raises(NotFoundError), store.open(NOTHING, *bounds):
            pass
    with pytest.raises(NotFoundError), store.local(NOTHING):
        pass
    with pytest.raises(NotFoundError), store.open_part("ab"):
        pass
    store.delete_part("ab")


def test_no_name_leads_elsewhere(store: BlobStore) -> None:
    for name in ("", "../../etc/passwd", "a/b", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n", "..", "/etc"):
        for act in (store.size, store.exists, store.delete):
            with pytest.raises(ValueError, match="SHA-256"):
                act(name)
        for manager in (store.open, store.local):
            with pytest.raises(ValueError, match="SHA-256"), manager(name):
                pass
    for name in ("", "..", "../a", "a/b", "A", "a" * 65, "a\n", "-a", ".a", "a\0"):
        for act in (store.delete_part, store.new_part):
            with pytest.raises(ValueError, match="name of a part"):
                act(name)
        with pytest.raises(ValueError, match="name of a part"), store.open_part(name):
            pass


def test_a_damaged_content_is_noticed(store: BlobStore) -> None:
    stored = store.put([b"some content"])
    if isinstance(store, FileStore):
        store._content(stored.sha256).write_bytes(b"some c0ntent")
    else:
        assert isinstance(store, S3Store)
        store._put(store._content(stored.sha256), b"some c0ntent")
    with pytest.raises(UnavailableError, match="damaged"), store.local(stored.sha256):
        pass
    # Storing it again mends it.
    store.put([b"some content"])
    with store.local(stored.sha256) as path:
        assert path.read_bytes() == b"some content"


def test_parts(store: BlobStore) -> None:
    data = content(300_000)
    assert store.put_part("cd-1", chunks(data)) == len(data)
    writer = store.new_part("ab-2")
    writer.write(b"abc")
    writer.write(b"")
    writer.write(b"def")
    assert (writer.size, [one.name for one in store.list_parts()]) == (6, ["cd-1"])
    writer.commit()
    writer.discard()
    parts = list(store.list_parts())
    assert [one.name for one in parts] == ["ab-2", "cd-1"]
    assert all(abs(one.modified_at - datetime.now(timezone.utc)) < timedelta(minutes=5) for one in parts)
    for name, expected in (("ab-2", b"abcdef"), ("cd-1", data)):
        with store.open_part(name) as found:
            assert b"".join(found) == expected
    # They are no contents.
    assert list(store.list()) == []
    dropped = store.new_part("ef")
    dropped.write(b"x")
    dropped.discard()
    store.delete_part("ab-2")
    assert names(store) == ["cd-1"]


def test_what_killed_writers_left_goes_when_it_is_old(store: BlobStore) -> None:
    kept = store.put([b"content"]).sha256
    store.put_part("ab", [b"part"])
    if isinstance(store, FileStore):
        unfinished = store.new_part("cd")
        unfinished.write(b"x")
        assert len(names(store)) == 3
    else:
        assert isinstance(store, S3Store)
        store._put(store._new + "one", b"x")
        assert len(names(store)) == 3
    now = datetime.now(timezone.utc)
    before = names(store)
    store.discard_leftovers(now - timedelta(hours=1))
    assert names(store) == before
    if isinstance(store, S3Store):
        # moto says of all of these that they were begun in 2010, so that is all that is tested of their age.
        store._client.create_multipart_upload(Bucket=store.bucket, Key=store._new + "two")
        assert len(names(store)) == 4
    store.discard_leftovers(now + timedelta(hours=1))
    assert names(store) == sorted([kept, "ab"])
    if isinstance(store, FileStore):
        # Its writer finds out.
        with pytest.raises(UnavailableError):
            unfinished.commit()


def test_only_the_server_s_user_reads_files(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "a" / "store")
    store.put([b"content"])
    store.put_part("ab", [b"part"])
    for path in store.folder.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert store.folder.stat().st_mode & 0o777 == 0o700


def test_files_are_on_the_disk_before_they_have_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path / "store")
    store.put([b"first"])
    acts: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        acts.append("folder" if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir() else "file")
        fsync(descriptor)

    def replaced(self: Path, target: Path) -> Path:
        acts.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    store.put([b"first"])
    assert acts == ["file", "rename", "folder"]


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"")
    store = FileStore(tmp_path / "store")
    for act in (store.require_ready, lambda: store.put([b"x"]), lambda: store.new_part("ab")):
        with pytest.raises(UnavailableError, match="store cannot be used"):
            act()


def test_a_store_is_ready(store: BlobStore) -> None:
    store.require_ready()


def test_an_s3_server_that_is_away(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = S3Store("dock", "x", endpoint=f"http://127.0.0.1:{free.getsockname()[1]}")
        other = S3Store("no-such-bucket", "x", endpoint=s3_endpoint)
        for store in (away, other):
            acts = (
                store.require_ready,
                lambda store=store: store.put([b"x"]),
                lambda store=store: store.put([b"x" * 2**21]),
                lambda store=store: store.put_part("ab", [b"x"]),
                lambda store=store: list(store.list()),
            )
            for act in acts:
                with pytest.raises(UnavailableError, match="store cannot be reached") as caught:
                    act()
                # Who asks learns nothing of where it is.
                assert "no-such-bucket" not in str(caught.value)


def test_the_address_of_the_store(tmp_path: Path, s3_endpoint: str) -> None:
    def opened(**settings: Any) -> Any:
        return open_store(Settings(data_dir=tmp_path, **settings))

    assert opened().folder == tmp_path / "store"
    assert opened(storage_url="file:///srv/a%20b").folder == Path("/srv/a b")
    for url, prefix in (("s3://bucket", ""), ("s3://bucket/a/b/", "a/b/")):
        store = opened(storage_url=url, storage_s3_endpoint=s3_endpoint)
        assert (store.bucket, store._parts) == ("bucket", f"{prefix}parts/")
    for url in ("", "/srv", "file://host/srv", "file:srv", "http://x/y", "s3://", "s3://key:secret@bucket", "s3://b?x=1",
                "s3://[b", "gs://bucket"):  # fmt: skip
        with pytest.raises(SettingsError, match="storage URL"):
            opened(storage_url=url)
