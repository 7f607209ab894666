"""Several packages in one zip, which is made while it is sent."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from fastapi import Request
from zipstream import ZIP_STORED, ZipStream

from beimingwu.api.content import StreamResponse, attachment
from beimingwu.errors import UnavailableError
from beimingwu.services.downloads import Package
from beimingwu.storage import BlobStore

__all__ = ["packages_response"]


def packages_response(
    request: Request,
    store: BlobStore,
    packages: Sequence[Package],
    filename: str,
    *,
    begun: Callable[[], None],
) -> StreamResponse:
    """Return a zip with an entry for each package.

    Parameters
    ----------
    request : Request
    store : BlobStore
    packages : sequence of Package
    filename : str
        What browsers save it as.
    begun : callable
        Called if the answer has a body.
    """
    # Packages are compressed. Stored as they are, the size is known before the first byte.
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for package in packages:
        archive.add(_content(store, package.sha256), package.filename, size=package.size)

    @contextmanager
    def opening() -> Iterator[Iterator[bytes]]:
        # Once the zip has begun, an error can only break it off.
        for package in packages:
            if store.size(package.sha256) != package.size:
                raise UnavailableError("a package cannot be read at the moment; try again")
        yield iter(archive)

    if request.method == "GET":
        begun()
    headers = {
        "Accept-Ranges": "none",
        "Cache-Control": "private, no-store",
        "Content-Disposition": attachment(filename),
    }
    return StreamResponse(opening, len(archive), 200, headers, "application/zip")


def _content(store: BlobStore, sha256: str) -> Iterator[bytes]:
    with store.open(sha256) as chunks:
        yield from chunks
