"""The socket that a server listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import TYPE_CHECKING

from beimingwu.errors import SettingsError

if TYPE_CHECKING:
    from beimingwu.settings import Settings

__all__ = ["address_of", "listen", "with_web_address"]

_BACKLOG = 2048


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens where the settings say.

    Raises
    ------
    SettingsError
        If another program listens there.
    OSError
        If the address cannot be listened on.
    """
    host, port = settings.host, settings.port
    (family, kind, protocol, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise SettingsError(
            f"{host}:{port} is in use by another program; end that, or name another port with --port"
        ) from error
    return listening


def address_of(settings: Settings, listening: socket.socket) -> str:
    """Return the address of the API of a server that listens on a socket."""
    port = listening.getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{port}/api"


def with_web_address(settings: Settings, listening: socket.socket) -> Settings:
    """Return the settings with an address of the web app, so that links in mails lead somewhere.

    Where none is given it is the server's own, if that is for this machine only and nothing stands before it: in
    development, on a loopback address, with the web app served.
    """
    if settings.web_url is not None or settings.production or not settings.web_app:
        return settings
    if not ipaddress.ip_address(listening.getsockname()[0]).is_loopback:
        return settings
    return settings.model_copy(update={"web_url": address_of(settings, listening).removesuffix("/api")})
