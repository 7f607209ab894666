"""The language that a request is answered in."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import MutableHeaders

from beimingwu.messages import negotiated

__all__ = ["CurrentLanguage", "language_of", "tell_language"]


def language_of(request: Request) -> str:
    """Return the language that whoever asks prefers, by the header ``Accept-Language``."""
    return negotiated(",".join(request.headers.getlist("accept-language")))


# A coroutine though it waits for nothing: FastAPI would send it through a thread.
async def _language(request: Request) -> str:
    return language_of(request)


CurrentLanguage = Annotated[str, Depends(_language)]


def tell_language(headers: MutableHeaders, language: str) -> None:
    """Write into an answer what language it is in, and that others would get another one."""
    headers["Content-Language"] = language
    headers.add_vary_header("Accept-Language")
