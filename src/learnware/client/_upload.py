"""Resumable uploads (tus 1.0): after lost connections, and after a program that was ended."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from learnware.client._folders import cache_folder, read_json, remove_file, write_json
from learnware.client._problems import strange_answer
from learnware.errors import DockProblemError, DockUnreachableError, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from learnware.client._transport import Answer, Transport

__all__ = ["Upload", "upload_file"]

_TUS = {"Tus-Resumable": "1.0.0"}
# Each piece comes with its checksum, counts in whole or not at all, and is in memory once. On a bad connection, or
# behind a proxy that takes little at once, pieces get smaller.
_PIECE_BYTES = 8 * 2**20
_LEAST_PIECE_BYTES = 2**16
# Tries without a byte of progress.
_MOST_FAILURES = 8
_KEPT_SECONDS = 14 * 86400
_GONE = frozenset({403, 404, 410})
_TOO_LARGE = 413
_OFFSET = re.compile(r"[0-9]{1,18}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
# The dock stands elsewhere (409, 423), or the piece was damaged on its way (460).
_ASK_AGAIN = frozenset({409, 423, 460})


def upload_file(
    transport: Transport, path: Path, on_bytes: Callable[[int, int], None], *, piece_bytes: int = _PIECE_BYTES
) -> Upload:
    """Upload a file.

    The id of an upload is kept by the hash of the file until the upload is used, so that another run of the program
    goes on where this one was ended.

    Parameters
    ----------
    transport : Transport
    path : Path
    on_bytes : callable
        Told the bytes that the dock has, and those of the file.
    piece_bytes : int, optional
        Bytes of one request.

    Raises
    ------
    DockProblemError
        If the dock refuses the file.
    DockUnreachableError
        If no progress can be made.
    TransferError
        If the file changes meanwhile.
    FileNotFoundError, OSError
        If the file cannot be read.
    """
    with path.open("rb") as stream:
        size, sha256 = _measure(stream)
        state = _State(transport.address.host, sha256)
        return Upload(_Uploading(transport, stream, size, sha256, path.name, state, piece_bytes).run(on_bytes), state)


@dataclass(frozen=True)
class Upload:
    """A file that a dock has.

    Attributes
    ----------
    upload_id : str
        What a submission names.
    """

    upload_id: str
    _state: _State

    def used(self) -> None:
        """Forget the upload: a submission has taken it."""
        self._state.remove()


class _State:
    """The file that knows the id of an upload that was not used yet."""

    def __init__(self, host: str, sha256: str) -> None:
        self._folder = cache_folder() / "uploads"
        self._file = self._folder / f"{hashlib.sha256(f'{host} {sha256}'.encode()).hexdigest()}.json"

    def read(self) -> str | None:
        upload_id = read_json(self._file).get("upload_id")
        return upload_id if isinstance(upload_id, str) and _ID.fullmatch(upload_id) else None

    def write(self, upload_id: str) -> None:
        self._sweep()
        write_json(self._file, {"upload_id": upload_id})

    def remove(self) -> None:
        remove_file(self._file)

    def _sweep(self) -> None:
        """Forget uploads that the dock has forgotten long since."""
        old = time.time() - _KEPT_SECONDS
        for file in self._folder.glob("*.json") if self._folder.is_dir() else ():
            if file.stat().st_mtime < old:
                remove_file(file)


class _Uploading:
    def __init__(
        self,
        transport: Transport,
        stream: BinaryIO,
        size: int,
        sha256: str,
        name: str,
        state: _State,
        piece_bytes: int,
    ) -> None:
        self._transport = transport
        self._stream = stream
        self._size = size
        self._sha256 = sha256
        self._name = name
        self._state = state
        self._piece_bytes = self._most_piece_bytes = piece_bytes

    def run(self, on_bytes: Callable[[int, int], None]) -> str:
        """Upload what the dock does not have yet."""
        upload_id, offset = self._resume() or self._create()
        failures = 0
        on_bytes(offset, self._size)
        while offset < self._size:
            piece = self._piece(offset)
            try:
                reached = self._send(upload_id, offset, piece)
            except (DockUnreachableError, DockProblemError) as error:
                failures += 1
                wait = error.retry_after if isinstance(error, DockProblemError) else None
                patience = self._transport.patience
                if not self._passes(error) or failures > _MOST_FAILURES or (wait or 0) > patience.most_retry_after:
                    raise
                self._shrink(error)
                self._transport.sleep(patience.pause(failures - 1, wait))
                reached = self._ask(upload_id)
            if reached > self._size:
                raise TransferError(f"the dock has {reached} bytes of an upload of {self._size}")
            if reached == offset + len(piece):
                self._piece_bytes = min(self._most_piece_bytes, self._piece_bytes * 2)
            if reached > offset:
                failures = 0
            offset = reached
            on_bytes(offset, self._size)
        return upload_id

    def _resume(self) -> tuple[str, int] | None:
        """Return the upload that an earlier run began, if the dock still has it."""
        kept = self._state.read()
        if kept is None:
            return None
        try:
            return kept, self._ask(kept)
        except DockProblemError as error:
            if error.status not in _GONE:
                raise
        self._state.remove()
        return None

    def _create(self) -> tuple[str, int]:
        metadata = {"filename": self._name, "sha256": self._sha256}
        pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        headers = {**_TUS, "Upload-Length": str(self._size), "Upload-Metadata": pairs}
        location = self._transport.request("POST", "/uploads", headers=headers).headers.get("Location", "")
        # The id alone: a dock behind a proxy may not know its own address.
        upload_id = location.rstrip("/").rpartition("/")[2]
        if not _ID.fullmatch(upload_id):
            raise TransferError("the dock does not say where to upload to")
        self._state.write(upload_id)
        return upload_id, 0

    def _ask(self, upload_id: str) -> int:
        """Return how many bytes the dock has."""
        return self._offset(self._transport.request("HEAD", f"/uploads/{upload_id}", headers=_TUS))

    def _send(self, upload_id: str, offset: int, piece: bytes) -> int:
        """Send a piece and return how many bytes the dock has then."""
        checksum = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        headers = {
            **_TUS,
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {checksum}",
        }
        path = f"/uploads/{upload_id}"
        return self._offset(self._transport.request("PATCH", path, content=piece, headers=headers, retry=False))

    def _offset(self, answer: Answer) -> int:
        text = answer.headers.get("Upload-Offset", "")
        if not _OFFSET.fullmatch(text):
            raise strange_answer(self._transport.address, answer.status, answer.headers)
        return int(text)

    def _piece(self, offset: int) -> bytes:
        self._stream.seek(offset)
        piece = self._stream.read(min(self._piece_bytes, self._size - offset))
        if not piece:
            raise TransferError(f"{self._name!r} became shorter while it was uploaded")
        return piece

    def _shrink(self, error: DockUnreachableError | DockProblemError) -> None:
        self._piece_bytes = max(min(_LEAST_PIECE_BYTES, self._piece_bytes), self._piece_bytes // 2)
        if isinstance(error, DockProblemError) and error.status == _TOO_LARGE:
            self._most_piece_bytes = self._piece_bytes

    def _passes(self, error: DockUnreachableError | DockProblemError) -> bool:
        """Return whether the rest of the file may still arrive."""
        if isinstance(error, DockUnreachableError):
            return error.__cause__ is not None
        if error.status == _TOO_LARGE:
            # Too much at once, perhaps for a proxy; a file that is too large is refused when the upload begins.
            return self._piece_bytes > _LEAST_PIECE_BYTES
        return error.status is not None and (error.status in _ASK_AGAIN or error.status == 429 or error.status >= 500)


def _measure(stream: BinaryIO) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    while chunk := stream.read(2**20):
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()
