"""Adding and deleting data sets."""

from fastapi import Response

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.admin.guard import admin_router
from beimingwu.api.v1.datasets import DatasetOut, DatasetPath
from beimingwu.api.v1.fields import Request
from beimingwu.errors import ConflictError, ContentMismatchError, NotFoundError

__all__ = ["router"]

router = admin_router("datasets")


class DatasetContent(Request):
    """The upload that holds the content."""

    upload_id: str


@router.put(
    "/{path:path}",
    summary="Add a data set",
    response_model=DatasetOut,
    responses={
        201: {"model": DatasetOut, "description": "There was none of the path before"},
        **responses(NotFoundError, ConflictError, ContentMismatchError),
    },
)
def put_dataset(
    path: DatasetPath,
    body: DatasetContent,
    dock: CurrentDock,
    identity: CurrentIdentity,
    origin: CurrentOrigin,
    response: Response,
) -> DatasetOut:
    """Add the content of a complete upload under a path, or put it in the place of what is there."""
    added, is_new = dock.datasets.add(identity, path, body.upload_id, origin)
    response.status_code = 201 if is_new else 200
    return DatasetOut.model_validate(added)


@router.delete("/{path:path}", status_code=204, summary="Delete a data set", responses=responses(NotFoundError))
def delete_dataset(path: DatasetPath, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> None:
    """Delete a file for experiments."""
    dock.datasets.delete(identity, path, origin)
