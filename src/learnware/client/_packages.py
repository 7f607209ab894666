"""Packages of a dock: downloaded through the cache, or taken from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from learnware.client._cache import PackageCache
from learnware.client._documents import learnware_path
from learnware.client._download import download_package
from learnware.client._transfers import shown_transfer
from learnware.errors import DockUnreachableError, TransferError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from learnware.client._transfers import TransferProgress
    from learnware.client._transport import Transport

__all__ = ["Packages"]


class Packages:
    """The packages of a dock; see `DockConnection` for the parameters."""

    def __init__(
        self,
        transport: Transport,
        cache: PackageCache | None,
        on_transfer: Callable[[TransferProgress], None] | None,
        *,
        offline: bool,
    ) -> None:
        self._transport = transport
        self._kept_in = cache
        self._on_transfer = on_transfer
        self._offline = offline

    def download(
        self, learnware_id: str, target: str | os.PathLike[str] | None, *, version: int | None, link: bool
    ) -> Path:
        """Put a package under a path; see `DockConnection.download`."""
        learnware_path(learnware_id)
        path = Path.cwd() if target is None else Path(target)
        file = path / f"{learnware_id}.zip" if path.is_dir() else path
        if not file.parent.is_dir():
            raise FileNotFoundError(2, "there is no such folder", str(file.parent))
        # A copy in the cache may be spoilt, or be taken away by another process between two looks.
        for _ in range(3):
            sha256 = self._known(learnware_id, version) if self._offline else self._fetch(learnware_id, version)
            if self._cache.take(sha256, file, link=link):
                self._cache.evict()
                return file
        raise TransferError(f"the package of {learnware_id} does not stay in {str(self._cache.folder)!r}")

    @property
    def _cache(self) -> PackageCache:
        if self._kept_in is None:
            self._kept_in = PackageCache()
        return self._kept_in

    def _known(self, learnware_id: str, version: int | None) -> str:
        host = self._transport.address.host
        known = self._cache.known(host, _name(learnware_id, version))
        if known is None:
            raise DockUnreachableError(
                f"the client works offline, and the package of {learnware_id} is not in the cache", host=host
            )
        return known.sha256

    def _fetch(self, learnware_id: str, version: int | None) -> str:
        host = self._transport.address.host
        try:
            with shown_transfer("download", learnware_id, self._on_transfer) as on_bytes:
                return download_package(
                    self._transport,
                    self._cache,
                    learnware_id,
                    on_bytes,
                    name=_name(learnware_id, version),
                    version=version,
                )
        except DockUnreachableError as error:
            if self._cache.known(host, _name(learnware_id, version)) is None:
                raise
            raise DockUnreachableError(
                f"{error}; the package is in the cache as it was when it was last asked for, and offline=True "
                "(--offline) takes that",
                host=host,
            ) from error


def _name(learnware_id: str, version: int | None) -> str:
    """Return what the cache knows a package by."""
    return learnware_id if version is None else f"{learnware_id}?version={version}"
