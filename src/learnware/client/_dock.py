"""A dock as a program sees it: what can be asked of it, in the documents of its API."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.client._addresses import find_address
from learnware.client._credentials import TOKEN_VARIABLE, kept_credentials, sound_token
from learnware.client._documents import learnware_path, query_of, states_of, verification_path
from learnware.client._events import follow_verification
from learnware.client._packages import Packages
from learnware.client._problems import not_logged_in
from learnware.client._submissions import send_package
from learnware.client._transport import Transport
from learnware.errors import DockError, DockProblemError, DockUnreachableError, NotLoggedInError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from learnware.client._cache import PackageCache
    from learnware.client._transfers import TransferProgress
    from learnware.client._transport import Patience
    from learnware.specification import BaseStatSpecification

    AnyPath = str | os.PathLike[str]

__all__ = ["DockConnection"]

_PAGE = 100
_API_TOKEN = re.compile(r"[0-9a-f]{32}")


class DockConnection:
    """Speaks to one dock by its API, ``/api/v1``. What it returns are the documents of that API.

    Parameters
    ----------
    host : str, optional
        Address of the dock. Else that of the variable ``LEARNWARE_BACKEND_HOST``, the dock of the last ``learnware
        login``, ``backend_host`` in ``~/.learnware/config.json``, or ``http://127.0.0.1:8088/api``.
    timeout : float, default=60
        Seconds to wait for any next piece of an answer.
    offline : bool, default=False
        Whether packages come from the cache, without asking the dock. Nothing else works then.
    cache : PackageCache, optional
        Where downloaded packages are kept; the user's cache by default.
    on_transfer : callable, optional
        Called with a `TransferProgress` during uploads and downloads, instead of a bar on the terminal.
    patience : Patience, optional
        How often what fails is tried again.

    Attributes
    ----------
    host : str
        Address of the dock.
    email : str or None
        Who is logged in.
    """

    def __init__(
        self,
        host: str | None = None,
        *,
        timeout: float = 60.0,
        offline: bool = False,
        cache: PackageCache | None = None,
        on_transfer: Callable[[TransferProgress], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        address = find_address(host)
        self.host = address.host
        self.email: str | None = None
        self.offline = offline
        self._transport = Transport(address, timeout=timeout, patience=patience)
        self._packages = Packages(self._transport, cache, on_transfer, offline=offline)
        self._on_transfer = on_transfer

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        return self._transport.address.is_private

    @property
    def is_logged_in(self) -> bool:
        """Whether requests say who asks."""
        return self._transport.token is not None

    def is_reachable(self) -> bool:
        """Return whether a dock answers."""
        with contextlib.suppress(DockUnreachableError, DockProblemError):
            return isinstance(self._json("GET", "/vocabulary"), dict)
        return False

    def login(self, email: str | None = None, token: str | None = None) -> dict[str, Any]:
        """Say who asks from now on, and return the account.

        Parameters
        ----------
        email : str, optional
            Address of the account; whoever the token belongs to, if None.
        token : str, optional
            An API token, or the token of a session. The variable ``LEARNWARE_TOKEN``, else what ``learnware login``
            has kept for this dock, if None.

        Raises
        ------
        NotLoggedInError
            If there is no token, it does not work, or it is somebody else's.
        DockUnreachableError
            If the dock does not answer.
        """
        if token is None:
            token = os.environ.get(TOKEN_VARIABLE) or None
        if token is None:
            kept = kept_credentials(self.host)
            if kept is None or (email is not None and email.casefold() != kept.email.casefold()):
                raise not_logged_in(f"the dock at {self.host}")
            token = kept.token
        token = sound_token(token)
        before, self._transport.token = self._transport.token, token
        account: dict[str, Any] = {}
        try:
            account = self._json("GET", "/account")
        finally:
            self._transport.token = before
        if email is not None and str(account["email"]).casefold() != email.strip().casefold():
            raise NotLoggedInError(f"this token does not belong to {email}")
        self._transport.token, self.email = token, account["email"]
        return account

    def resume_login(self) -> bool:
        """Say who asks as the variable ``LEARNWARE_TOKEN`` or ``learnware login`` has it, without asking the dock.

        Returns whether there is something of the kind.
        """
        kept = kept_credentials(self.host)
        token = os.environ.get(TOKEN_VARIABLE) or (kept.token if kept else None)
        if token is not None:
            self._transport.token = sound_token(token)
        return token is not None

    def create_token(self, email: str, password: str, name: str, *, expires_in_days: int | None = 365) -> str:
        """Return a new API token for reading and submitting, made with the password of an account.

        Parameters
        ----------
        email, password : str
        name : str
            What the account calls it.
        expires_in_days : int, optional
            None: it works until it is revoked.
        """
        session = self._json("POST", "/sessions", body={"email": email, "password": password})
        before, self._transport.token = self._transport.token, session["token"]
        try:
            wanted = {"name": name, "scopes": ["read", "submit"], "expires_in_days": expires_in_days}
            made: str = self._json("POST", "/tokens", body=wanted)["token"]
            self._json("DELETE", "/sessions/current")
        finally:
            self._transport.token = before
        return made

    def logout(self) -> None:
        """Say no more who asks; a session ends, an API token goes on to work elsewhere."""
        token = self._transport.token
        try:
            if token is not None and not _API_TOKEN.fullmatch(token):
                with contextlib.suppress(NotLoggedInError):
                    self._json("DELETE", "/sessions/current")
        finally:
            self._transport.token = self.email = None

    def vocabulary(self) -> dict[str, Any]:
        """Return the keys of semantic specifications, their kinds, values and lengths."""
        found: dict[str, Any] = self._json("GET", "/vocabulary")
        return found

    def submit(self, package: AnyPath, semantic_specification: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Submit a package as a new learnware, and return it; the dock verifies it afterwards.

        An upload that is interrupted goes on where it was, also in another run of the program.

        Parameters
        ----------
        package : str or path
            The zip.
        semantic_specification : mapping, optional
            What the package itself says, if None.

        Raises
        ------
        InvalidPackageError, SpecificationError
            If the file is no package of a learnware; nothing is sent then.
        DockProblemError
            If the dock refuses; `errors` says what is wrong where.
        """
        self._require_login("submitting a learnware")
        return self._send(Path(package), "/learnwares", semantic_specification)

    def submit_version(
        self,
        learnware_id: str,
        package: AnyPath | None = None,
        semantic_specification: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Submit a new version of a learnware: another package, another semantic specification, or both.

        Returns the learnware. The version before it serves until the dock has verified the new one.
        """
        self._require_login("updating a learnware")
        path = f"{learnware_path(learnware_id)}/versions"
        if package is not None:
            return self._send(Path(package), path, semantic_specification)
        if semantic_specification is None:
            raise DockError("nothing to update: give a package, a semantic specification, or both")
        detail: dict[str, Any] = self._json("POST", path, body={"semantic_specification": dict(semantic_specification)})
        return detail

    def learnwares(self, *, most: int | None = None, **conditions: Any) -> Iterator[dict[str, Any]]:
        """Give the learnwares that meet conditions, page by page.

        Parameters
        ----------
        most : int, optional
            Give at most so many.
        **conditions
            Of ``GET /api/v1/learnwares``: ``text``, ``data_type``, ``task_type``, ``library_type``, ``license``,
            ``scenario`` (each a text or a list of them), ``owner``, ``mine``, ``status``, ``verified``, ``withdrawn``,
            ``sort``.
        """
        if conditions.get("mine"):
            self._require_login("listing one's own learnwares")
        cursor, given = None, 0
        while True:
            limit = _PAGE if most is None else min(_PAGE, most - given)
            page = self.page(limit=limit, cursor=cursor, **conditions)
            yield from page["items"]
            given += len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None or (most is not None and given >= most):
                return

    def page(self, **conditions: Any) -> dict[str, Any]:
        """Return one page of learnwares: ``items``, ``next_cursor`` and ``total``; conditions as for `learnwares`."""
        found: dict[str, Any] = self._json("GET", "/learnwares", query=query_of(conditions))
        return found

    def learnware(self, learnware_id: str) -> dict[str, Any]:
        """Return what is known of a learnware."""
        found: dict[str, Any] = self._json("GET", learnware_path(learnware_id))
        return found

    def versions(self, learnware_id: str) -> list[dict[str, Any]]:
        """Return the versions of a learnware that one may see, the newest first, each with its ``changes``."""
        found: list[dict[str, Any]] = self._json("GET", f"{learnware_path(learnware_id)}/versions")
        return found

    def search(
        self,
        semantic_specification: Mapping[str, Any] | None = None,
        statistical_specifications: Iterable[BaseStatSpecification] = (),
        *,
        limit: int = 20,
        offset: int = 0,
        most_parts: int | None = None,
    ) -> dict[str, Any]:
        """Return the learnwares that fit a task, one by one (``singles``) and together (``mixture``).

        Only the specifications are sent, never data.

        Parameters
        ----------
        semantic_specification : mapping, optional
            Conditions on words and tags.
        statistical_specifications : iterable of BaseStatSpecification, optional
            What the user's data are like.
        limit, offset : int
            How many single learnwares, and after how many.
        most_parts : int, optional
            How many learnwares a mixture has at most; the dock's own default, if None.
        """
        body: dict[str, Any] = {
            "semantic_specification": dict(semantic_specification or {}),
            "statistical_specifications": {spec.type: states_of(spec) for spec in statistical_specifications},
            "limit": limit,
            "offset": offset,
        }
        if most_parts is not None:
            body["most_parts"] = most_parts
        found: dict[str, Any] = self._json("POST", "/searches", body=body)
        return found

    def withdraw(self, learnware_id: str) -> None:
        """Take a learnware of one's own out of searches and lists."""
        self._require_login("withdrawing a learnware")
        self._json("PUT", f"{learnware_path(learnware_id)}/withdrawal")

    def restore(self, learnware_id: str) -> None:
        """Undo `withdraw`."""
        self._require_login("restoring a learnware")
        self._json("DELETE", f"{learnware_path(learnware_id)}/withdrawal")

    def delete(self, learnware_id: str) -> None:
        """Delete a learnware of one's own, with all of its versions, for good."""
        self._require_login("deleting a learnware")
        self._json("DELETE", learnware_path(learnware_id))

    def download(
        self, learnware_id: str, target: AnyPath | None = None, *, version: int | None = None, link: bool = False
    ) -> Path:
        """Download the package of a learnware, and return where it is.

        It goes through the cache: what is there is not sent again, and a download that is interrupted goes on where it
        was, also in another run of the program. The content is checked against the hash that the dock names.

        Parameters
        ----------
        learnware_id : str
        target : str or path, optional
            The file, or a folder for ``ID.zip``, which is replaced as a whole; the current folder if None.
        version : int, optional
            A version of a learnware of one's own; the one that serves, if None.
        link : bool, default=False
            Whether the file may be a second name of the one in the cache: for who does not write to it.

        Raises
        ------
        DockProblemError
            If there is no such learnware, or it is not for everybody.
        DockUnreachableError
            If no progress can be made; with `offline`, if the package is not in the cache.
        TransferError
            If what arrives has not the hash that the dock names.
        """
        return self._packages.download(learnware_id, target, version=version, link=link)

    def verification(self, learnware_id: str, version: int) -> dict[str, Any]:
        """Return how the verification of a version of one's own stands, and its report."""
        found: dict[str, Any] = self._json("GET", verification_path(learnware_id, version))
        return found

    def verification_log(self, learnware_id: str, version: int) -> str:
        """Return the log of a verification."""
        answer = self._transport.request("GET", f"{verification_path(learnware_id, version)}/log")
        return answer.body.decode("utf-8", "replace")

    def verify_again(self, learnware_id: str, version: int) -> None:
        """Ask for another verification of a version of one's own."""
        self._require_login("asking for a verification")
        self._json("POST", verification_path(learnware_id, version))

    def wait(
        self,
        learnware_id: str,
        version: int,
        *,
        on_line: Callable[[str], None] = lambda _: None,
        on_status: Callable[[str], None] = lambda _: None,
        most_seconds: float | None = None,
    ) -> dict[str, Any]:
        """Wait until a version is verified or refused, and return its verification.

        Parameters
        ----------
        learnware_id : str
        version : int
        on_line : callable, optional
            Told the lines of the log, as they come.
        on_status : callable, optional
            Told each state, from ``"WAITING"`` to ``"SUCCESS"`` or ``"FAIL"``.
        most_seconds : float, optional
            Wait no longer.

        Raises
        ------
        TimeoutError
            If it takes longer.
        """
        path = verification_path(learnware_id, version)
        return follow_verification(self._transport, path, on_line, on_status, most_seconds)

    def close(self) -> None:
        """Close the connections; they are opened again when they are needed."""
        self._transport.close()

    def _json(self, method: str, path: str, **more: Any) -> Any:
        if self.offline:
            raise DockUnreachableError(
                f"the client works offline: the dock at {self.host} is not asked", host=self.host
            )
        return self._transport.json(method, path, **more)

    def _require_login(self, what: str) -> None:
        if not self.is_logged_in:
            raise not_logged_in(what)

    def _send(self, package: Path, path: str, semantic_specification: Mapping[str, Any] | None) -> dict[str, Any]:
        if self.offline:
            raise DockUnreachableError("the client works offline: nothing is uploaded", host=self.host)
        return send_package(self._transport, package, path, semantic_specification, self._on_transfer)
