"""``/api/datasets``: files for experiments, by the published contract."""

from collections.abc import Iterator
from typing import IO, Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from beimingwu.api.compat.admin import ContractAdmin
from beimingwu.api.compat.envelope import ContractError, ContractIdentity, JsonBody, done, text_of
from beimingwu.api.compat.files import FileRoute
from beimingwu.api.compat.forms import chunks_of, file_form
from beimingwu.api.downloads import send_dataset
from beimingwu.api.receiving import in_thread
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.errors import ConflictError, InvalidInputError, NotFoundError
from beimingwu.services.datasets import clean_path
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity, Origin

__all__ = ["files", "router"]

router = APIRouter(prefix="/api/datasets", include_in_schema=False)
# The one whose answer is a file.
files = APIRouter(prefix="/api/datasets", include_in_schema=False, route_class=FileRoute)

_WRONG_PATH = (11, "Invalid dataset path.")
_NOT_FOUND = (12, "Dataset not found.")


@router.post("/list_datasets")
def list_datasets(identity: ContractIdentity, dock: CurrentDock) -> JSONResponse:
    """Return the names of files by their folders; those in no folder are under the empty name."""
    folders: dict[str, list[str]] = {}
    for one in dock.datasets.all(identity):
        folder, _, name = one.path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return done({"datasets": folders}, "success.")


@files.head("/download_datasets")
@files.get("/download_datasets")
def download_datasets(request: Request, dock: CurrentDock, dataset: Annotated[str | None, Query()] = None) -> Response:
    """Send a file, to anybody."""
    if not dataset:
        raise ContractError.parameters(status=400)
    # Clients put folder and name together; the folder may be the empty one.
    wanted = dataset.removeprefix("/")
    if ".." in wanted.split("/"):
        raise ContractError(*_WRONG_PATH, status=400)
    try:
        file = dock.datasets.find(wanted)
    except NotFoundError:
        raise ContractError(*_NOT_FOUND, {}, status=404) from None
    return send_dataset(request, dock, file)


@router.post("/delete_datasets")
def delete_datasets(identity: ContractAdmin, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin) -> JSONResponse:
    """Delete a file."""
    (dataset,) = text_of(body, "dataset")
    wanted = _path(dataset.removeprefix("/"))
    try:
        dock.datasets.delete(identity, wanted, origin)
    except NotFoundError:
        raise ContractError(*_NOT_FOUND) from None
    return done(message="success.")


@router.post("/add_dataset_uploaded")
def add_dataset_uploaded(
    identity: ContractAdmin, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Add a file that was uploaded in chunks."""
    file_hash, filename = text_of(body, "file_hash", "filename")
    path = _path(filename)
    try:
        dock.datasets.add_contract_upload(identity, path, file_hash, origin)
    except NotFoundError:
        raise ContractError(12, "Dataset is not uploaded.") from None
    except ConflictError as error:
        raise ContractError(11, str(error)) from None
    return done(message="success.")


@router.post("/upload_dataset")
async def upload_dataset(
    request: Request, identity: ContractAdmin, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Add a file that comes in a form."""
    async with file_form(request) as form:
        path, file = form.get("file_path"), form.get("file")
        if not (isinstance(path, str) and path):
            raise ContractError(11, "file_path is required.")
        if not isinstance(file, UploadFile):
            raise ContractError(12, "file is required.")
        await in_thread(request, _add, dock, identity, _path(path), file.file, origin)
    return done(message="success.")


def _add(dock: Dock, identity: Identity, path: str, file: IO[bytes], origin: Origin) -> None:
    def chunks() -> Iterator[bytes]:
        file.seek(0)
        yield from chunks_of(file)

    try:
        dock.datasets.add_content(identity, path, chunks, origin)
    except ConflictError as error:
        raise ContractError(11, str(error)) from None


def _path(text: str) -> str:
    try:
        return clean_path(text)
    except InvalidInputError:
        raise ContractError(*_WRONG_PATH) from None
