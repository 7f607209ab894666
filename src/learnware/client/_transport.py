"""Requests to a dock: connections, retries, redirects, and refusals as errors."""

from __future__ import annotations

import contextlib
import json
import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from learnware.client._addresses import is_local, origin_of
from learnware.client._problems import problem_of, refusal, strange_answer
from learnware.errors import DockProblemError, DockUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from urllib3 import BaseHTTPResponse, PoolManager

    from learnware.client._addresses import Address

__all__ = ["Answer", "Patience", "Transport"]

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
# Answers of a dock, or of a proxy before it, that the next try may change.
_PASSING = frozenset({429, 502, 503, 504})
# What proxies say in the dock's place.
_BY_PROXIES = _PASSING | {413}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_MOST_BYTES = 64 * 2**20
_CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class Patience:
    """How often something is tried again, and after which time.

    Attributes
    ----------
    retries : int
        Tries after the first.
    first_seconds, most_seconds : float
        The pause before the first further try, and the longest; it doubles each time. A random half of it is left
        out, so that many clients do not come back at once.
    most_retry_after : float
        What a dock may ask to wait; for longer, the error is raised at once.
    """

    retries: int = 4
    first_seconds: float = 0.25
    most_seconds: float = 8.0
    most_retry_after: float = 60.0

    def pause(self, attempt: int, retry_after: float | None = None) -> float:
        """Return the seconds before another try, the first one being number 0."""
        own: float = min(self.first_seconds * 2**attempt, self.most_seconds) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        return own if retry_after is None else retry_after + own / 2


@dataclass(frozen=True)
class Answer:
    """An answer that was read as a whole.

    Attributes
    ----------
    status : int
    headers : mapping of str to str
        Whatever their capitals.
    body : bytes
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests to one dock.

    Parameters
    ----------
    address : Address
    timeout : float
        Seconds to wait for any next piece of an answer.
    patience : Patience
    """

    def __init__(self, address: Address, *, timeout: float = 60.0, patience: Patience | None = None) -> None:
        self.address = address
        self.patience = patience or Patience()
        self.token: str | None = None
        self.sleep: Callable[[float], None] = time.sleep
        self._timeout = timeout
        self._pools: dict[str | None, PoolManager] = {}

    def json(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the document that a dock answers with; None if it answers without one.

        Raises
        ------
        DockProblemError
            If it refuses.
        DockUnreachableError
            If no answer came, or none of a dock.
        """
        answer = self.request(method, path, query=query, body=body, headers=headers)
        if answer.status == 204 or not answer.body:
            return None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise strange_answer(self.address, answer.status, answer.headers) from error

    def request(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        retry: bool = True,
    ) -> Answer:
        """Return a dock's answer to a request that it granted.

        Parameters
        ----------
        method : str
        path : str
            Below ``/api/v1``, or an address of the same dock.
        query : list of (str, str), optional
        body : optional
            What is sent as JSON.
        content : bytes, optional
            What is sent as it is.
        headers : mapping, optional
        retry : bool, default=True
            Whether to try again what passes. A request that may not be repeated is tried again only where it was never
            sent, or refused for being one of too many.

        Raises
        ------
        DockProblemError, DockUnreachableError
        """
        sent = dict(headers or {})
        if body is not None:
            content = json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
            sent["Content-Type"] = "application/json"
        for attempt in range(1 + (self.patience.retries if retry else 0)):
            last = attempt == (self.patience.retries if retry else 0)
            try:
                with self.open(method, path, query=query, content=content, headers=sent) as response:
                    return Answer(response.status, response.headers, self._read(response))
            except DockUnreachableError as error:
                if last or not _may_pass(error, method):
                    raise
                self.sleep(self.patience.pause(attempt))
            except DockProblemError as error:
                wait = error.retry_after
                if last or not _may_repeat(error, method) or (wait or 0) > self.patience.most_retry_after:
                    raise
                self.sleep(self.patience.pause(attempt, wait))
        raise AssertionError("the last try returns or raises")

    @contextlib.contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Iterator[BaseHTTPResponse]:
        """Give the answer to a request that the dock granted, its body still to be read; sent once.

        Raises
        ------
        DockProblemError, DockUnreachableError
        """
        from urllib3.exceptions import HTTPError

        url = self.url(path)
        target = f"{url}?{_encoded(query)}" if query else url
        response = None
        complete = False
        try:
            response = self._send(method, target, content, dict(headers or {}), timeout)
            self._refuse(response, method)
            yield response
            complete = True
        except HTTPError as error:
            raise _unreachable(self.address, error) from error
        finally:
            if response is not None:
                # A connection of which not all was read cannot be used again.
                if complete and response.length_remaining == 0:
                    response.release_conn()
                else:
                    response.close()

    def url(self, path: str) -> str:
        """Return the address of a path; an address must be of this dock, or the token would go elsewhere.

        Raises
        ------
        DockUnreachableError
            If it is of another host.
        """
        if not path.startswith(("http://", "https://")):
            return self.address.api + path
        if origin_of(path) != self.address.origin:
            raise DockUnreachableError(
                f"the dock at {self.address.host} names an address of another host; that is not followed",
                host=self.address.host,
            )
        return path

    def close(self) -> None:
        """Close the connections."""
        for pool in self._pools.values():
            pool.clear()

    def _send(
        self, method: str, url: str, content: bytes | None, headers: dict[str, str], timeout: float | None
    ) -> BaseHTTPResponse:
        import urllib3

        seconds = self._timeout if timeout is None else timeout
        limits = urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds)
        for _ in range(_MOST_REDIRECTS + 1):
            own = {"User-Agent": _user_agent(), "Accept-Encoding": "identity", **headers}
            if self.token is not None and self._is_dock(url):
                own["Authorization"] = f"Bearer {self.token}"
            response = self._pool(url).request(
                method, url, body=content, headers=own, redirect=False, retries=False, preload_content=False,
                timeout=limits,
            )  # fmt: skip
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or location is None:
                return response
            response.close()
            target = urljoin(url, location)
            if urlsplit(target).scheme not in {"http", "https"} or (
                url.startswith("https:") and not target.startswith("https:")
            ):
                raise DockUnreachableError(
                    f"{self.address.host} leads to {target!r}, where nobody should follow", host=self.address.host
                )
            if method not in {"GET", "HEAD"}:
                there = "://".join(urlsplit(target)[:2])
                raise DockUnreachableError(
                    f"{self.address.host} sends requests on to {there}; if that is the dock, name it as the host",
                    host=self.address.host,
                )
            url = target
        raise DockUnreachableError(f"{self.address.host} leads in circles", host=self.address.host)

    def _is_dock(self, url: str) -> bool:
        """Return whether an address is of the dock itself, which alone is told who asks: also with encryption added."""
        scheme, name, port = origin_of(url)
        upgraded = ("http", name, 80) if (scheme, port) == ("https", 443) else None
        return self.address.origin in {(scheme, name, port), upgraded}

    def _refuse(self, response: BaseHTTPResponse, method: str) -> None:
        """Raise what a refusal says."""
        if response.status < 400:
            return
        if method == "HEAD":
            # There is nothing but the status.
            raise refusal(response.status, {}, _retry_after(response.headers))
        document = problem_of(self._read(response), response.headers)
        if document is None:
            error = strange_answer(self.address, response.status, response.headers)
            if response.status not in _BY_PROXIES:
                raise error
            document = {"detail": str(error)}
        raise refusal(response.status, document, _retry_after(response.headers))

    def _read(self, response: BaseHTTPResponse) -> bytes:
        body: bytes = response.read(_MOST_BYTES + 1)
        if len(body) > _MOST_BYTES:
            raise DockUnreachableError(
                f"{self.address.host} answers with more than {_MOST_BYTES} bytes", host=self.address.host
            )
        return body

    def _pool(self, url: str) -> PoolManager:
        """Return connections to a host, by way of the proxy that the environment names for it."""
        from urllib.request import getproxies, proxy_bypass

        import urllib3

        scheme, name, _ = origin_of(url)
        proxies = getproxies()
        proxy = None if is_local(name) or proxy_bypass(name) else proxies.get(scheme, proxies.get("all"))
        if proxy not in self._pools:
            if proxy is None:
                self._pools[proxy] = urllib3.PoolManager(maxsize=4)
            else:
                parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
                login = f"{parts.username}:{parts.password or ''}" if parts.username else None
                secret = urllib3.make_headers(proxy_basic_auth=login) if login else None
                plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
                self._pools[proxy] = urllib3.ProxyManager(plain, proxy_headers=secret, maxsize=4)
        return self._pools[proxy]


def _encoded(query: list[tuple[str, str]]) -> str:
    from urllib.parse import urlencode

    return urlencode(query)


def _user_agent() -> str:
    from learnware import __version__

    return f"learnware/{__version__}"


def _never_sent(error: BaseException | None) -> bool:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return isinstance(error, (ConnectTimeoutError, NewConnectionError))


def _may_pass(error: DockUnreachableError, method: str) -> bool:
    """Return whether no answer came because of something that passes, and asking twice does no harm."""
    from urllib3.exceptions import HTTPError, SSLError

    cause = error.__cause__
    if not isinstance(cause, (HTTPError, OSError)) or isinstance(cause, SSLError):
        return False
    return method in _IDEMPOTENT or _never_sent(cause)


def _may_repeat(error: DockProblemError, method: str) -> bool:
    return error.status == 429 or (error.status in _PASSING and method in _IDEMPOTENT)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return what ``Retry-After`` says in seconds; both of its forms are known."""
    text = headers.get("Retry-After")
    if text is None:
        return None
    if text.strip().isdecimal() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _unreachable(address: Address, error: Exception) -> DockUnreachableError:
    from urllib3.exceptions import (
        ConnectTimeoutError,
        NameResolutionError,
        NewConnectionError,
        ProxyError,
        ReadTimeoutError,
        SSLError,
    )

    kinds: tuple[tuple[type[Exception], str], ...] = (
        (NameResolutionError, "nobody knows the name of this host"),
        (SSLError, f"its certificate or encryption is not accepted: {error}"),
        (ProxyError, "the proxy that the environment names does not let it through"),
        (NewConnectionError, "nothing listens there"),
        (ConnectTimeoutError, "it does not answer"),
        (ReadTimeoutError, "it did not answer in time"),
    )
    words = next((words for kind, words in kinds if isinstance(error, kind)), "the connection was lost")
    return DockUnreachableError(f"the dock at {address.host} cannot be reached: {words}", host=address.host)
