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
) -> dict[str, Any]:
    """Upload a package, submit it at a path of the API, and return the learnware.

    Parameters
    ----------
    transport : Transport
    package : Path
    path : str
        Where submissions go.
    semantic_specification : mapping or None
        None: what the package says, or what the learnware had before.
    on_transfer : callable or None
    """
    from learnware.learnware import read_package

    read_package(package)  # what is no package is not sent
    if package.is_dir():
        raise DockError(f"{str(package)!r} is a folder; a dock takes the zip of a package")
    with shown_transfer("upload", package.name, on_transfer) as on_bytes:
        upload = upload_file(transport, package, on_bytes)
    body: dict[str, Any] = {"upload_id": upload.upload_id}
    if semantic_specification is not None:
        body["semantic_specification"] = dict(semantic_specification)
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
