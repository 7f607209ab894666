"""Packages and data sets as answers, which both APIs give; several packages are one zip, made while it is sent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fastapi import Request, Response
from zipstream import ZIP_STORED, ZipStream

from beimingwu.api.content import StreamResponse, attachment, content_response
from beimingwu.api.requests import origin_of
from beimingwu.errors import UnavailableError
from beimingwu.services.datasets import DatasetFile
from beimingwu.services.dock import Dock
from beimingwu.services.downloads import Package
from beimingwu.storage import BlobStore

__all__ = ["DATASET_TYPE", "send_dataset", "send_package", "send_packages"]

# Whatever a file is, browsers only save it.
DATASET_TYPE = "application/octet-stream"


def send_package(request: Request, dock: Dock, package: Package) -> Response:
    """Return the answer to a request for a package, and count the download."""
    _begin(request, dock)
    return content_response(
        request,
        dock.store,
        package.sha256,
        package.size,
        package.filename,
        begun=lambda: _count(dock, [package]),
    )


def send_dataset(request: Request, dock: Dock, file: DatasetFile) -> Response:
    """Return the answer to a request for a data set."""
    name = file.path.rpartition("/")[2]
    return content_response(request, dock.store, file.sha256, file.size, name, media_type=DATASET_TYPE)


def send_packages(
    request: Request, dock: Dock, packages: Sequence[Package], filename: str = "learnwares.zip"
) -> Response:
    """Return the answer to a request for several packages, a zip with an entry for each, and count the downloads."""
    _begin(request, dock)
    store = dock.store
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
        _count(dock, packages)
    headers = {
        "Accept-Ranges": "none",
        "Cache-Control": "private, no-store",
        "Content-Disposition": attachment(filename),
    }
    return StreamResponse(opening, len(archive), 200, headers, "application/zip")


def _begin(request: Request, dock: Dock) -> None:
    if request.method == "GET":
        dock.downloads.begin(getattr(request.state, "user_id", None), origin_of(request))


def _count(dock: Dock, packages: Sequence[Package]) -> None:
    dock.usage.downloaded([one.number for one in packages], by_owner={one.number for one in packages if one.own})


def _content(store: BlobStore, sha256: str) -> Iterator[bytes]:
    with store.open(sha256) as chunks:
        yield from chunks
