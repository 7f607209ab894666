"""Answers that are sent compressed to who takes that."""

import gzip

from fastapi import Request

__all__ = ["compressed", "takes_gzip"]

# Smaller ones are sent as they are.
_LEAST = 1000


def takes_gzip(request: Request) -> bool:
    """Return whether a client takes gzip (RFC 9110, 12.5.3)."""
    accepted = [one.replace(" ", "") for one in request.headers.get("accept-encoding", "").lower().split(",")]
    return any(one.partition(";")[0] == "gzip" and not one.endswith((";q=0", ";q=0.0")) for one in accepted)


def compressed(content: bytes, level: int = 6) -> bytes | None:
    """Return a content compressed, equal contents always equally; None where that is not worth it."""
    return gzip.compress(content, level, mtime=0) if len(content) >= _LEAST else None
