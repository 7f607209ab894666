"""A store in a bucket of an S3-compatible server.

::

    PREFIX/contents/abcd…   by SHA-256
    PREFIX/parts/…          parts of uploads
    PREFIX/new/…            what is being written
"""

from __future__ import annotations

import secrets
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import structlog

from beimingwu.errors import SettingsError, UnavailableError
from beimingwu.storage.store import (
    CHUNK,
    Hashing,
    PartInfo,
    StoredBlob,
    damaged,
    missing,
    require_part_name,
    require_sha256,
)
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

__all__ = ["S3Store"]

# What is smaller is sent in one request, out of memory.
_SMALL = 2**20
# S3 takes 10 000 parts of an upload: up to 78 GiB.
_PART_SIZE = 2**23
# Each of them has a part in memory, and boto3 its copies of it.
_LARGE_AT_ONCE = 2
# S3 copies up to 5 GiB in one request.
_COPIED_AT_ONCE = 2**30
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_log = structlog.get_logger(__name__)


class S3Store:
    """A store in a bucket, with credentials and region from where boto3 looks for them.

    Parameters
    ----------
    bucket : str
        Must be there.
    prefix : str
        Of every key; may be empty.
    endpoint : str, optional
        Address of a server that is not Amazon's.

    Raises
    ------
    SettingsError
        If boto3 is not installed, or its settings are unusable.
    """

    def __init__(self, bucket: str, prefix: str, *, endpoint: str | None = None) -> None:
        self.bucket = bucket
        root = f"{prefix}/" if prefix else ""
        self._contents, self._parts, self._new = f"{root}contents/", f"{root}parts/", f"{root}new/"
        self._client = _client(endpoint)
        self._large = threading.BoundedSemaphore(_LARGE_AT_ONCE)

    def put(self, chunks: Iterable[bytes], *, expected_sha256: str | None = None) -> StoredBlob:
        """Store a content; see `BlobStore.put`."""
        hashing = Hashing(chunks)
        reader = _Reader(hashing)
        begin = reader.read(_SMALL)
        if len(begin) < _SMALL:
            stored = hashing.stored(expected_sha256)
            self._put(self._content(stored.sha256), begin)
            return stored
        # Its name is known only when all of it has been read. S3 cannot rename, but copies on its own side.
        new = self._new + secrets.token_hex(16)
        reader.put_back(begin)
        try:
            with self._large, _reached():
                self._client.upload_fileobj(reader, self.bucket, new, Config=_transfer(_PART_SIZE, _PART_SIZE))
            stored = hashing.stored(expected_sha256)
            source, target = {"Bucket": self.bucket, "Key": new}, self._content(stored.sha256)
            with _reached():
                self._client.copy(source, self.bucket, target, Config=_transfer(_COPIED_AT_ONCE, _COPIED_AT_ONCE))
        finally:
            # Where even that fails, `discard_leftovers` finds it.
            with suppress(UnavailableError):
                self._delete(new)
        return stored

    def put_file(self, path: Path) -> StoredBlob:
        """Store the content of a file, which stays where it is."""
        with path.open("rb") as file:
            return self.put(iter(lambda: file.read(CHUNK), b""))

    @contextmanager
    def open(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[Iterator[bytes]]:
        """Give a content, or a range of it, in chunks."""
        with self._opened(self._content(sha256), f"the content {sha256}", start, stop) as chunks:
            yield chunks

    def size(self, sha256: str) -> int | None:
        """Return the size of a content in bytes; None if it is not there."""
        with _reached():
            try:
                return int(self._client.head_object(Bucket=self.bucket, Key=self._content(sha256))["ContentLength"])
            except self._client.exceptions.ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise

    def exists(self, sha256: str) -> bool:
        """Return whether a content is there."""
        return self.size(sha256) is not None

    def delete(self, sha256: str) -> None:
        """Delete a content; that it is not there is fine."""
        self._delete(self._content(sha256))

    def list(self) -> Iterator[str]:
        """Give the hash of every content, in order."""
        for name, _ in self._listed(self._contents):
            with suppress(ValueError):
                yield require_sha256(name)

    @contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        """Give a temporary file with a content, whose hash has been checked."""
        with tempfile.TemporaryDirectory(prefix="beimingwu-") as folder:
            path = Path(folder) / "content"
            with self.open(sha256) as chunks, _written(), path.open("wb") as file:
                hashing = Hashing(chunks)
                for chunk in hashing:
                    file.write(chunk)
            if hashing.stored().sha256 != sha256:
                raise damaged(sha256)
            yield path

    def new_part(self, name: str) -> _S3Part:
        """Begin a part."""
        return _S3Part(self, self._part(name))

    def put_part(self, name: str, chunks: Iterable[bytes]) -> int:
        """Store a part and return its size."""
        part = self.new_part(name)
        try:
            for chunk in chunks:
                part.write(chunk)
            part.commit()
        finally:
            part.discard()
        return part.size

    @contextmanager
    def open_part(self, name: str) -> Iterator[Iterator[bytes]]:
        """Give a part in chunks."""
        with self._opened(self._part(name), f"the part {name}", 0, None) as chunks:
            yield chunks

    def delete_part(self, name: str) -> None:
        """Delete a part; that it is not there is fine."""
        self._delete(self._part(name))

    def list_parts(self) -> Iterator[PartInfo]:
        """Give every part, in the order of names."""
        for name, modified in self._listed(self._parts):
            yield PartInfo(name, modified)

    def discard_leftovers(self, before: datetime) -> None:
        """Delete what writers that were killed have left half-written before then."""
        for name, modified in self._listed(self._new):
            if modified < before:
                self._delete(self._new + name)
        for prefix in (self._new, self._contents):
            for page in self._pages("list_multipart_uploads", prefix):
                for begun in page.get("Uploads", ()):
                    if begun["Initiated"] < before:
                        with _reached():
                            self._client.abort_multipart_upload(
                                Bucket=self.bucket, Key=begun["Key"], UploadId=begun["UploadId"]
                            )

    def require_ready(self) -> None:
        """Refuse if the bucket cannot be reached."""
        with _reached():
            self._client.head_bucket(Bucket=self.bucket)

    def _content(self, sha256: str) -> str:
        return self._contents + require_sha256(sha256)

    def _part(self, name: str) -> str:
        return self._parts + require_part_name(name)

    def _put(self, key: str, body: bytes | IO[bytes]) -> None:
        with _reached():
            self._client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def _delete(self, key: str) -> None:
        with _reached():
            self._client.delete_object(Bucket=self.bucket, Key=key)

    @contextmanager
    def _opened(self, key: str, what: str, start: int, stop: int | None) -> Iterator[Iterator[bytes]]:
        if stop is not None and stop <= start:
            # S3 knows no empty range.
            with self._opened(key, what, 0, 1):
                yield iter(())
            return
        asked: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        if start or stop is not None:
            asked["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        with _reached():
            try:
                body = self._client.get_object(**asked)["Body"]
            except self._client.exceptions.ClientError as error:
                if _code(error) in _ABSENT:
                    raise missing(what) from None
                if _code(error) != "InvalidRange":
                    raise
                body = None
        if body is None:
            yield iter(())
            return
        try:
            yield _streamed(body)
        finally:
            body.close()

    def _listed(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        for page in self._pages("list_objects_v2", prefix):
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(prefix), found["LastModified"]

    def _pages(self, operation: str, prefix: str) -> Iterator[dict[str, Any]]:
        pages = iter(self._client.get_paginator(operation).paginate(Bucket=self.bucket, Prefix=prefix))
        while True:
            with _reached():
                page = next(pages, None)
            if page is None:
                return
            yield page


class _S3Part:
    """A part that is sent when it is whole; until then it is in a file, so that memory does not fill up."""

    def __init__(self, store: S3Store, key: str) -> None:
        self.size = 0
        self._store = store
        self._key = key
        with _written():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `commit` or `discard`

    def write(self, data: bytes) -> None:
        with _written():
            self._file.write(data)
        self.size += len(data)

    def commit(self) -> None:
        with _written():
            self._file.seek(0)
        self._store._put(self._key, self._file)  # the store's own part
        self._file.close()

    def discard(self) -> None:
        self._file.close()


class _Reader:
    """Chunks as a file that is read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting = b""

    def put_back(self, data: bytes) -> None:
        self._waiting = data + self._waiting

    def read(self, size: int = -1) -> bytes:
        pieces: list[bytes] = []
        left = size
        while size < 0 or left > 0:
            chunk = self._waiting or next(self._chunks, None)
            if chunk is None:
                break
            self._waiting = b"" if size < 0 else chunk[left:]
            pieces.append(chunk if size < 0 else chunk[:left])
            left -= len(pieces[-1])
        return b"".join(pieces)


def _client(endpoint: str | None) -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise SettingsError("storage in S3 needs the extra 's3': pip install 'learnware[server,s3]'") from None
    compatible = {
        # Servers that are not Amazon's know buckets as folders, and not all of them its newer checksums.
        "s3": {"addressing_style": "path"},
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=64,
        **(compatible if endpoint else {}),
    )
    try:
        # A session of its own: the one that boto3 keeps is not safe to use in several threads.
        return boto3.session.Session().client("s3", endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        raise SettingsError(f"storage in S3 cannot be used: {error}") from None


def _transfer(threshold: int, size: int) -> Any:
    from boto3.s3.transfer import TransferConfig

    # One thread: a part at a time is in memory.
    return TransferConfig(multipart_threshold=threshold, multipart_chunksize=size, use_threads=False)


@contextmanager
def _reached() -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        # The error names the bucket and the address, which are for the log only.
        _log.warning("storage_unreachable", error=str(error))
        raise UnavailableError("the store cannot be reached at the moment; try again") from error


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(text("no temporary file can be written: {reason}", reason=error.strerror)) from error


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _streamed(body: Any) -> Iterator[bytes]:
    while True:
        with _reached():
            chunk = body.read(CHUNK)
        if not chunk:
            return
        yield chunk
