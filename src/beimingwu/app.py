"""The web application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException

from beimingwu import web
from beimingwu.api import operations
from beimingwu.api.bodies import BodyLimit
from beimingwu.api.compat import admin, auth, datasets, downloads, engine, learnwares, uploads, user, verification
from beimingwu.api.compat.envelope import ContractError, envelope_response
from beimingwu.api.compat.uploads import CHUNKED_UPLOAD
from beimingwu.api.description import OVERVIEW, TAGS, describe
from beimingwu.api.live import Live
from beimingwu.api.middleware import Observation, SafetyHeaders
from beimingwu.api.problems import problem_response
from beimingwu.api.requests import forget_cookie_if_over
from beimingwu.api.threads import SearchThreads
from beimingwu.api.tus import EXPOSED, UPLOADS, TusHeaders
from beimingwu.api.v1.router import router as v1
from beimingwu.errors import ServiceError
from beimingwu.services.blobs import collect
from beimingwu.services.housekeeping import Housekeeper
from beimingwu.services.verification_figures import VerificationFigures

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi.responses import JSONResponse

    from beimingwu.metrics import Metrics
    from beimingwu.services.dock import Dock
    from beimingwu.settings import Settings

__all__ = ["create_app"]

_CONTRACT = ("/api/auth", "/api/user", "/api/engine", "/api/admin", "/api/datasets")
_EXPOSED = (
    "Content-Disposition",
    "ETag",
    "Repr-Digest",
    *EXPOSED,
    "X-Request-ID",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
)
# The published clients send 1 MiB.
_CHUNK_BYTES = 16 * 2**20


def create_app(dock: Dock, metrics: Metrics, *, processes: int = 1, housekeeping: bool = True) -> FastAPI:
    """Return the web application of a dock, which closes the dock when it stops.

    Parameters
    ----------
    dock : Dock
    metrics : Metrics
    processes : int, default=1
        How many processes the server has, which share what the settings allow a server.
    housekeeping : bool, default=True
        Whether it deletes what is over; one process of a server does.
    """
    from importlib.metadata import version

    settings = dock.settings

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        threads = -(-settings.max_request_threads // processes)
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        # Uploads and searches have threads of their own, and leave the other requests theirs.
        app.state.upload_threads = anyio.CapacityLimiter(max(2, threads // 4))
        app.state.search_threads = SearchThreads(max(2, threads // 4))
        app.state.map_thread = SearchThreads(1)
        housekeeper = Housekeeper(
            dock.database,
            dock.clock,
            dock.uploads.forget_expired,
            dock.trial_queue.forget_expired,
            lambda: collect(dock.database, dock.store, dock.clock),
        )
        if housekeeping:
            housekeeper.start()
        # Nobody is told of a server that would let the first search wait.
        await anyio.to_thread.run_sync(dock.market_index.start)
        yield
        app.state.live.close()
        if housekeeping:
            await anyio.to_thread.run_sync(housekeeper.stop)
        await anyio.to_thread.run_sync(dock.market_index.stop)
        await anyio.to_thread.run_sync(dock.close)

    app = FastAPI(
        title="Learnware dock",
        version=version("learnware"),
        summary="Share trained models as learnwares; find and reuse those of others.",
        description=OVERVIEW,
        openapi_tags=TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.dock = dock
    app.state.metrics = metrics
    app.state.live = Live(dock.verifications.progress)
    metrics.watch(VerificationFigures(dock.database, dock.clock))
    app.include_router(operations.router)
    app.include_router(v1)
    app.include_router(auth.router)
    app.include_router(user.router)
    app.include_router(learnwares.router)
    app.include_router(engine.router)
    app.include_router(uploads.router)
    app.include_router(downloads.router)
    app.include_router(downloads.files)
    app.include_router(verification.router)
    app.include_router(admin.router)
    app.include_router(datasets.router)
    app.include_router(datasets.files)
    if not settings.web_app:
        app.add_api_route("/", operations.entrance, include_in_schema=False)
    for kind in (ServiceError, ContractError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _handle)
    # The last one added is the first to see a request.
    if settings.web_app:
        app.add_middleware(web.WebApp, folder=web.STATIC, watch=not settings.production)
    app.add_middleware(
        BodyLimit,
        most=settings.max_body_bytes,
        patience=settings.body_idle_seconds,
        answer=_answer,
        files=_file_limits(settings),
        # Of uploads that stop arriving, what has come is kept.
        unhurried=UPLOADS,
    )
    app.add_middleware(TusHeaders)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=list(_EXPOSED),
    )
    app.add_middleware(SafetyHeaders, production=settings.production)
    app.add_middleware(Observation, metrics=metrics, answer=_answer)
    describe(app)
    return app


def _file_limits(settings: Settings) -> dict[str, int]:
    """Return what endpoints that take files take, with room for what is around them in a form."""
    one_file = settings.upload_max_bytes + settings.max_body_bytes
    return {
        "/api/v1/searches": settings.search_max_bytes,
        "/api/engine/search_learnware": settings.search_max_bytes + settings.max_body_bytes,
        UPLOADS: settings.upload_max_bytes,
        CHUNKED_UPLOAD: _CHUNK_BYTES + settings.max_body_bytes,
        "/api/user/add_learnware": one_file,
        "/api/user/update_learnware": one_file,
        "/api/datasets/upload_dataset": one_file,
    }


def _answer(request: Request, error: Exception) -> JSONResponse:
    if request.url.path.startswith(_CONTRACT):
        return envelope_response(error)
    return problem_response(request, error)


async def _handle(request: Request, error: Exception) -> JSONResponse:
    response = _answer(request, error)
    forget_cookie_if_over(request, response)
    return response
