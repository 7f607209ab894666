"""The server of one process."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from beimingwu.api.heads import BoundedHeads
from beimingwu.app import create_app
from beimingwu.serving.listening import address_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from beimingwu.metrics import Metrics
    from beimingwu.services.dock import Dock
    from beimingwu.settings import Settings

__all__ = ["Server", "serve"]

# Connections that are taken from a channel at once, before others have their turn.
_MOST_AT_ONCE = 16
# Turns of the event loop in which a new connection begins to read, and reads.
_READING = 3


def serve(dock: Dock, metrics: Metrics, listening: socket.socket, *, started: Callable[[str], None]) -> None:
    """Serve a dock in this process until it is told to stop; requests that are running then are finished.

    Parameters
    ----------
    dock : Dock
    metrics : Metrics
    listening : socket
        From `listen`.
    started : callable
        Told the address once requests are answered.
    """
    app = create_app(dock, metrics)
    server = Server(app, dock.settings, lambda: started(address_of(dock.settings, listening)))
    # After the orderly end, uvicorn passes on the signal that has told it; `Orders` leave then.
    server.run(sockets=[listening])


class Server(uvicorn.Server):
    """Tells when requests are answered; signals end it in an orderly way.

    Parameters
    ----------
    app : FastAPI
    settings : Settings
    ready : callable
        Called when requests are answered.
    channel : socket, optional
        What connections come through that another process has taken; run without sockets to listen on.
    """

    def __init__(
        self, app: FastAPI, settings: Settings, ready: Callable[[], None], channel: socket.socket | None = None
    ) -> None:
        config = uvicorn.Config(
            app,
            http=BoundedHeads,
            proxy_headers=True,
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_graceful_shutdown=settings.shutdown_seconds,
            log_config=None,
            access_log=False,
            server_header=False,
        )
        super().__init__(config)
        self._live = app.state.live
        self._processes = app.state.metrics.processes
        self._ready = ready
        self._channel = channel
        self._arriving: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if not self.started:
            return
        # What is here now stays: collections of garbage need not look at it again, nor for garbage before.
        gc.freeze()
        gc.enable()
        if self._channel is not None:
            self._channel.setblocking(False)
            asyncio.get_running_loop().add_reader(self._channel, self._take_connections, self._channel)
        self._processes.set(1)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End when what is running is done."""
        if self._channel is not None:
            asyncio.get_running_loop().remove_reader(self._channel)
            # Those that were handed over already are answered.
            self._take_connections(self._channel)
            if self._arriving:
                await asyncio.wait(self._arriving)
            self._channel.close()
        # What has been sent to this process counts as running: it is read before idle connections are closed.
        for _ in range(_READING):
            await asyncio.sleep(0)
        # Streams never end by themselves; the requests that are waited for do.
        self._live.close()
        await super().shutdown(sockets)

    def _take_connections(self, channel: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_MOST_AT_ONCE):
            try:
                data, handles, _, _ = socket.recv_fds(channel, 1, 1)
            except (BlockingIOError, InterruptedError):
                return
            if not data:
                # Nobody hands over any more.
                loop.remove_reader(channel)
                return
            for handle in handles:
                connection = socket.socket(fileno=handle)
                connection.setblocking(False)
                task: asyncio.Task[object] = loop.create_task(self._serve_connection(loop, connection))
                self._arriving.add(task)
                task.add_done_callback(self._arriving.discard)

    async def _serve_connection(self, loop: asyncio.AbstractEventLoop, connection: socket.socket) -> None:
        # One that was closed meanwhile is none.
        with suppress(OSError):
            await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        # What uvicorn does for each connection of a socket that it listens on.
        return BoundedHeads(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
