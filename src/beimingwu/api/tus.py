"""What of the tus 1.0 protocol is more than a router's business: versions, headers of every answer, metadata."""

import base64
import binascii
from email.utils import format_datetime
from typing import Annotated

from fastapi import Header
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beimingwu.errors import InvalidInputError, PreconditionError
from beimingwu.services.appending import Checksum
from beimingwu.services.upload_values import UploadInfo
from learnware.texts import text

__all__ = [
    "ALGORITHMS",
    "CONTENT",
    "EXPOSED",
    "EXTENSIONS",
    "UPLOADS",
    "VERSION",
    "TusHeaders",
    "checksum_of",
    "metadata_of",
    "require_version",
    "upload_headers",
]

UPLOADS = "/api/v1/uploads"
VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
# Their digests' lengths.
ALGORITHMS = {"sha1": 20, "sha256": 32}
CONTENT = "application/offset+octet-stream"
# What programs in browsers may read of answers.
EXPOSED = (
    "Location", "Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version",
    "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset",
)  # fmt: skip


class TusHeaders:
    """Names the protocol's version in every answer below `UPLOADS`, errors among them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def versioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Tus-Resumable"] = VERSION
                if message["status"] == PreconditionError.status:
                    headers["Tus-Version"] = VERSION
                if message["status"] >= 400 and scope["method"] in {"POST", "PATCH"}:
                    # The rest of the body is not read, so the connection cannot be used again.
                    headers["Connection"] = "close"
            await send(message)

        mine = scope["type"] == "http" and (scope["path"] == UPLOADS or scope["path"].startswith(UPLOADS + "/"))
        await self._app(scope, receive, versioned if mine else send)


def require_version(tus_resumable: Annotated[str | None, Header(examples=[VERSION])] = None) -> None:
    """Refuse other versions of the protocol.

    Raises
    ------
    PreconditionError
        If the client speaks another one, or does not say.
    """
    if tus_resumable != VERSION:
        raise PreconditionError(
            text("this is the upload protocol tus {version}; send the header Tus-Resumable: {version}", version=VERSION)
        )


def metadata_of(header: str) -> dict[str, str]:
    """Return what ``Upload-Metadata`` says.

    Raises
    ------
    InvalidInputError
        If it is not in the protocol's form: names with values in base64, separated by commas.
    """
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            content = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            content = None
        if content is None or name in found or not name.isascii():
            rule = text("must hold names, each once, with values in base64 of UTF-8, separated by commas")
            raise InvalidInputError(
                text("{field} {rule}", field="Upload-Metadata", rule=rule), fields=(("header upload-metadata", rule),)
            )
        found[name] = content
    return found


def checksum_of(header: str) -> Checksum:
    """Return what ``Upload-Checksum`` says.

    Raises
    ------
    InvalidInputError
        If it is not in the protocol's form, or of an algorithm that is not known here.
    """
    algorithm, _, value = header.strip().partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != ALGORITHMS.get(algorithm, -1):
        rule = text("must be one of {allowed} and the digest in base64", allowed=", ".join(ALGORITHMS))
        raise InvalidInputError(
            text("{field} {rule}", field="Upload-Checksum", rule=rule), fields=(("header upload-checksum", rule),)
        )
    return Checksum(algorithm, digest)


def upload_headers(upload: UploadInfo) -> dict[str, str]:
    """Return what every answer about an upload tells."""
    return {"Upload-Offset": str(upload.received), "Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}
