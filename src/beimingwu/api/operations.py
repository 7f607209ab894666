"""Endpoints for whoever runs the dock: is it alive, is it ready, what does it count."""

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, bearer_of
from beimingwu.errors import NotAuthenticatedError, UnavailableError

__all__ = ["router"]

router = APIRouter(tags=["operations"], default_response_class=PlainTextResponse)


@router.get("/api", include_in_schema=False)
async def entrance() -> JSONResponse:
    """Tell whoever looks at it in a browser what is where in the API."""
    return JSONResponse(
        {
            "service": "learnware dock",
            "api": "/api/v1",
            "description": "/api/v1/openapi.json",
            "vocabulary": "/api/v1/vocabulary",
        }
    )


@router.get("/healthz", summary="Whether the process is alive")
async def healthz() -> PlainTextResponse:
    """Answer ``OK`` whatever the database does."""
    return PlainTextResponse("OK")


@router.get("/readyz", summary="Whether requests can be answered", responses=responses(UnavailableError))
def readyz(dock: CurrentDock) -> PlainTextResponse:
    """Answer ``OK`` if the database can be reached and has the tables of this version."""
    dock.require_ready()
    return PlainTextResponse("OK")


@router.get("/metrics", summary="Counts for Prometheus", responses=responses(NotAuthenticatedError))
def metrics(request: Request, dock: CurrentDock) -> Response:
    """Answer in Prometheus' text format; in production, for the bearer of the metrics token."""
    expected = dock.secrets.metrics_token
    if expected is not None and not hmac.compare_digest((bearer_of(request) or "").encode(), expected.encode()):
        raise NotAuthenticatedError("the metrics token is needed: Authorization: Bearer TOKEN")
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
