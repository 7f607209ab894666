"""Submitting packages to a dock: uploaded first, then named in a submission."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.client._transfers import shown_transfer
from learnware.client._upload import upload_file
from learnware.errors import DockError, DockUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from learnware.client._transfers import TransferProgress
    from learnware.client._transport import Transport

__all__ = ["send_package"]


def send_package(
    transport: Transport,
    package: Path,
    path: str,
    semantic_specification: Mapping[str, Any] | None,
    on_transfer: Callable[[TransferProgress], None] | None,
    *,
    needs_words: bool,
) -> dict[str, Any]:
    """Upload a package, submit it at a path of the API, and return the learnware.

    Parameters
    ----------
    transport : Transport
    package : Path
    path : str
        Where submissions go.
    semantic_specification : mapping or None
        None: what the package says, if the dock needs it (`needs_words`), else what the dock has.
    on_transfer : callable or None
    needs_words : bool
    """
    from learnware.learnware import read_package

    contents = read_package(package)  # what is no package is not sent
    if package.is_dir():
        raise DockError(f"{str(package)!r} is a folder; a dock takes the zip of a package")
    words = dict(semantic_specification) if semantic_specification is not None else None
    if words is None and needs_words:
        words = contents.semantic_spec
        if not words:
            raise DockError(f"{str(package)!r} has no semantic specification; give one")
    with shown_transfer("upload", package.name, on_transfer) as on_bytes:
        upload = upload_file(transport, package, on_bytes)
    body: dict[str, Any] = {"upload_id": upload.upload_id}
    if words is not None:
        body["semantic_specification"] = words
    try:
        detail: dict[str, Any] = transport.json("POST", path, body=body)
    except DockUnreachableError as error:
        raise DockUnreachableError(
            f"{error}; whether the dock has taken the submission is not known: see the list of your learnwares before "
            "you submit it again",
            host=transport.address.host,
        ) from error
    upload.used()
    return detail
