"""Resumable downloads: each byte once, checked against the hash that the dock names."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING

from learnware.client._folders import read_json, remove_file, write_json
from learnware.client._problems import strange_answer
from learnware.errors import DockProblemError, DockUnreachableError, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from urllib3 import BaseHTTPResponse

    from learnware.client._cache import PackageCache
    from learnware.client._transport import Transport

__all__ = ["download_package"]

_CHUNK = 2**18
# Tries without a byte of progress.
_MOST_FAILURES = 8
_HASH = re.compile(r"[0-9a-f]{64}")
_LENGTH = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


def download_package(
    transport: Transport,
    cache: PackageCache,
    learnware_id: str,
    on_bytes: Callable[[int, int], None],
    *,
    name: str,
    version: int | None,
) -> str:
    """Bring a package into the cache, if it is not there, and return its hash.

    The dock is asked in any case: for the package, unless it is the one that is known. What another run of the program
    has left unfinished is gone on with.

    Parameters
    ----------
    transport : Transport
    cache : PackageCache
    learnware_id : str
    on_bytes : callable
        Told the bytes so far, and those in all.
    name : str
        What the cache knows the package by.
    version : int or None
        The version; None for the one that serves.

    Raises
    ------
    DockProblemError
        If the dock refuses.
    DockUnreachableError
        If no progress can be made.
    TransferError
        If what arrives has not the hash that the dock names.
    """
    with cache.lock(transport.address.host, name):
        return _Download(transport, cache, learnware_id, name, version).run(on_bytes)


class _Download:
    def __init__(
        self, transport: Transport, cache: PackageCache, learnware_id: str, name: str, version: int | None
    ) -> None:
        host = transport.address.host
        self._transport = transport
        self._cache = cache
        self._path = f"/learnwares/{learnware_id}/package"
        self._query = None if version is None else [("version", str(version))]
        self._known = cache.known(host, name)
        self._part = _Part(cache.part(host, name))
        self._name = name

    def run(self, on_bytes: Callable[[int, int], None]) -> str:
        """Download what is missing."""
        failures = spoilt = 0
        while True:
            before = self._part.size
            try:
                sha256 = self._try(on_bytes)
            except _SpoiltError:
                spoilt += 1
                self._part.remove()
                if spoilt > 1:
                    raise TransferError(
                        f"the package of {self._name} arrived twice with another hash than the dock names"
                    ) from None
                continue
            except (DockUnreachableError, DockProblemError) as error:
                failures = 1 if self._part.size > before else failures + 1
                wait = error.retry_after if isinstance(error, DockProblemError) else None
                patience = self._transport.patience
                most = _MOST_FAILURES if self._part.size else patience.retries
                if not _passes(error) or failures > most or (wait or 0) > patience.most_retry_after:
                    raise
                self._transport.sleep(patience.pause(failures - 1, wait))
                continue
            if sha256 is not None:
                self._cache.note(self._transport.address.host, self._name, sha256)
                return sha256

    def _try(self, on_bytes: Callable[[int, int], None]) -> str | None:
        """Ask once; return the hash if the package is in the cache then, None to ask once more."""
        headers = {}
        begun, size = self._part.sha256, self._part.size
        if self._known is not None:
            headers["If-None-Match"] = f'"{self._known.sha256}"'
        elif begun is not None and size:
            headers.update({"Range": f"bytes={size}-", "If-Range": f'"{begun}"'})
        try:
            with self._transport.open("GET", self._path, query=self._query, headers=headers) as response:
                if response.status == 304 and self._known is not None:
                    self._part.remove()
                    return self._known.sha256
                return self._receive(response, on_bytes)
        except DockProblemError as error:
            if error.status != 416:
                raise
        # More is here than there is.
        self._part.remove()
        return None

    def _receive(self, response: BaseHTTPResponse, on_bytes: Callable[[int, int], None]) -> str:
        self._known = None
        sha256 = _hash_of(response.headers)
        length = response.headers.get("Content-Length", "")
        if sha256 is None or not _LENGTH.fullmatch(length) or response.status not in {200, 206}:
            raise strange_answer(self._transport.address, response.status, response.headers)
        if self._cache.has(sha256):
            # Known under another name.
            self._part.remove()
            return sha256
        at, total = 0, int(length)
        if response.status == 206:
            found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if found is None or sha256 != self._part.sha256 or int(found[1]) != self._part.size:
                raise _SpoiltError
            at, total = int(found[1]), int(found[3])
        else:
            self._part.begin(sha256)
        on_bytes(at, total)
        with self._part.file.open("ab") as stream:
            for chunk in response.stream(_CHUNK, decode_content=False):
                at += len(chunk)
                if at > total:
                    # Who knows how much would come.
                    raise _SpoiltError
                stream.write(chunk)
                on_bytes(at, total)
        if at != total or self._part.hash() != sha256:
            raise _SpoiltError
        self._cache.adopt(self._part.file, sha256)
        self._part.remove()
        return sha256


class _Part:
    """A download that is not finished, and of which content."""

    def __init__(self, base: Path) -> None:
        self.file = base.with_suffix(".part")
        self._note = base.with_suffix(".json")

    @property
    def sha256(self) -> str | None:
        """The hash of the whole content."""
        found = read_json(self._note).get("sha256")
        return found if isinstance(found, str) and _HASH.fullmatch(found) else None

    @property
    def size(self) -> int:
        """The bytes that are here."""
        return self.file.stat().st_size if self.file.is_file() and self.sha256 is not None else 0

    def begin(self, sha256: str) -> None:
        """Begin with nothing."""
        self.file.write_bytes(b"")
        write_json(self._note, {"sha256": sha256})

    def hash(self) -> str:
        """Return the hash of the bytes that are here."""
        digest = hashlib.sha256()
        with self.file.open("rb") as stream:
            while chunk := stream.read(2**20):
                digest.update(chunk)
        return digest.hexdigest()

    def remove(self) -> None:
        remove_file(self.file)
        remove_file(self._note)


class _SpoiltError(Exception):
    """What is here is no beginning of what the dock has."""


def _hash_of(headers: Mapping[str, str]) -> str | None:
    """Return the SHA-256 of the whole content, which ``Repr-Digest`` (RFC 9530) or the entity tag names."""
    for entry in headers.get("Repr-Digest", "").split(","):
        algorithm, _, value = entry.strip().partition("=")
        if algorithm.strip() == "sha-256" and value.startswith(":") and value.endswith(":"):
            try:
                return base64.b64decode(value[1:-1], validate=True).hex()
            except (binascii.Error, ValueError):
                return None
    tag = headers.get("ETag", "").strip('"')
    return tag if _HASH.fullmatch(tag) else None


def _passes(error: DockUnreachableError | DockProblemError) -> bool:
    """Return whether the rest may still arrive."""
    if isinstance(error, DockUnreachableError):
        return error.__cause__ is not None
    return error.status in {429, 502, 503, 504}
