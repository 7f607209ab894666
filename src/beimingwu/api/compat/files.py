"""Endpoints of the published contract that answer with a file.

Clients save what comes with status 200 as the file, so their errors have another status.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from beimingwu.api.compat.envelope import ContractError, envelope_response
from beimingwu.errors import ServiceError

__all__ = ["FileRoute"]

# Not there; there, and not for everybody.
_STATUS = {41: 404, 42: 404, 61: 403, 62: 403}


class FileRoute(APIRoute):
    """A route of an endpoint that answers with a file."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (ContractError, ServiceError, RequestValidationError) as error:
                response = envelope_response(error)
                if response.status_code == 200:
                    response = envelope_response(error, status=_status(error))
                return response

        return answer


def _status(error: Exception) -> int:
    if isinstance(error, ServiceError):
        return error.status
    return _STATUS.get(error.code, 400) if isinstance(error, ContractError) else 422
