"""Data sets: files for experiments."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.content import describe_content
from beimingwu.api.downloads import DATASET_TYPE, send_dataset
from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.errors import (
    InvalidInputError,
    InvalidRangeError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
)

__all__ = ["DatasetOut", "DatasetPath", "router"]

router = APIRouter(prefix="/api/v1/datasets", tags=["data sets"])

DatasetPath = Annotated[
    str, Path(max_length=1024, description="Names with slashes between.", examples=["air/train.csv"])
]


class DatasetOut(BaseModel):
    """A file for experiments."""

    model_config = ConfigDict(from_attributes=True)

    path: str = Field(examples=["air/train.csv"])
    size: int = Field(description="In bytes.")
    sha256: str
    added_at: datetime = Field(description="When it was added, or last replaced.")


class DatasetList(BaseModel):
    """All files for experiments."""

    items: list[DatasetOut]
    total: int


@router.get("", summary="List data sets", responses=responses(NotAuthenticatedError, NotAllowedError))
def list_datasets(dock: CurrentDock, identity: CurrentIdentity) -> DatasetList:
    """Return every file for experiments, in the order of the paths."""
    files = [DatasetOut.model_validate(one) for one in dock.datasets.all(identity)]
    return DatasetList(items=files, total=len(files))


@router.head(
    "/{path:path}",
    summary="Look at a data set",
    response_class=Response,
    responses={
        200: {"description": "The file, whose headers these are"},
        304: {"description": "What the client has is the same"},
        **responses(NotFoundError, InvalidInputError),
    },
)
@router.get(
    "/{path:path}",
    summary="Download a data set",
    response_class=Response,
    responses={
        **describe_content("The file", DATASET_TYPE),
        **responses(NotFoundError, InvalidRangeError, InvalidInputError),
    },
)
def download_dataset(path: DatasetPath, request: Request, dock: CurrentDock) -> Response:
    """Return a file for experiments, or a range of it. It takes no login."""
    return send_dataset(request, dock, dock.datasets.find(path))
