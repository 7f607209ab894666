"""What the page of a learnware shows besides the learnware: versions, downloads, files, environment."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentOrigin, OptionalIdentity
from beimingwu.api.v1.fields import LearnwareId
from beimingwu.api.v1.learnware_fields import VersionEntryOut
from beimingwu.errors import (
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
)
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity, Origin
from beimingwu.services.learnware_contents import MOST_TEXT_BYTES
from beimingwu.services.learnware_history import MOST_DAYS

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/learnwares/{learnware_id}", tags=["learnwares"])

_COMMON = (NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError)
# Of what is read out of packages.
_READ = (*_COMMON, TooManyRequestsError, UnavailableError)


class DayOut(BaseModel):
    """A day."""

    day: date = Field(description="In UTC.")
    downloads: int


class UsageOut(BaseModel):
    """How often a learnware was downloaded in a window of days."""

    total: int = Field(description="In the whole window.")
    days: list[DayOut] = Field(description="Each day until today, without gaps, the earliest first.")


class FileOut(BaseModel):
    """A file of a package."""

    model_config = ConfigDict(from_attributes=True)

    path: str = Field(examples=["learnware.yaml"])
    size: int = Field(description="In bytes, unpacked.")


class FilesOut(BaseModel):
    """The files of a package."""

    files: list[FileOut] = Field(description="In the order of their paths.")
    total_size: int = Field(description="Of all files together, unpacked.", examples=[20480])


class EnvironmentOut(BaseModel):
    """What a learnware needs to run."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["pip", "conda", "none"] = Field(
        description="Whether a `requirements.txt` or an `environment.yaml` says so, or nothing does.", examples=["pip"]
    )
    requirements: list[str] = Field(
        description="In the words of the package index, as the dock reads them.",
        examples=[["numpy", "scikit-learn==1.5.2"]],
    )
    python: str | None = Field(
        description="The versions of Python that will do; null if any will.", examples=["==3.11.*"]
    )
    file: str | None = Field(description="The file that says so.", examples=["requirements.txt"])


@router.get("/versions", summary="The versions of a learnware", responses=responses(*_COMMON))
def list_versions(learnware_id: LearnwareId, dock: CurrentDock, identity: OptionalIdentity) -> list[VersionEntryOut]:
    """Return the versions, the newest first, each with what it has changed.

    Owners and administrators get all of them, others those that serve or have served.
    """
    return [VersionEntryOut.of(one) for one in dock.learnware_history.versions(identity, learnware_id)]


@router.get("/usage", summary="Downloads of a learnware by the day", responses=responses(*_COMMON))
def show_usage(
    learnware_id: LearnwareId,
    dock: CurrentDock,
    identity: OptionalIdentity,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="How many, today included.")] = 90,
) -> UsageOut:
    """Return how often a learnware was downloaded lately, its owner's own downloads included."""
    usage = dock.learnware_history.usage(identity, learnware_id, days=days)
    return UsageOut(total=usage.total, days=[DayOut(day=day, downloads=n) for day, n in usage.days])


@router.get("/files", summary="The files of a learnware", responses=responses(*_READ))
def list_files(
    learnware_id: LearnwareId, dock: CurrentDock, identity: OptionalIdentity, origin: CurrentOrigin
) -> FilesOut:
    """Return the files of the package of the version that serves; to owners, of the newest where none serves."""
    _count(dock, identity, origin)
    files = [FileOut.model_validate(one) for one in dock.learnware_contents.files(identity, learnware_id)]
    return FilesOut(files=files, total_size=sum(one.size for one in files))


@router.get(
    "/files/{path:path}",
    summary="A file of a learnware",
    description=f"""Return a file of the package, if it is a text in UTF-8 of at most {MOST_TEXT_BYTES // 1024} KiB.

Whatever it is, it is sent as a plain text. The statistics count downloads of the package, and no looks at its
files; how often is limited for both together.""",
    response_class=PlainTextResponse,
    responses=responses(*_READ),
)
def show_file(
    learnware_id: LearnwareId,
    path: Annotated[str, Path(max_length=1024, examples=["learnware.yaml"])],
    dock: CurrentDock,
    identity: OptionalIdentity,
    origin: CurrentOrigin,
) -> PlainTextResponse:
    """Return a file of the package."""
    _count(dock, identity, origin)
    return PlainTextResponse(dock.learnware_contents.text(identity, learnware_id, path))


@router.get("/environment", summary="What a learnware needs to run", responses=responses(*_READ))
def show_environment(
    learnware_id: LearnwareId, dock: CurrentDock, identity: OptionalIdentity, origin: CurrentOrigin
) -> EnvironmentOut:
    """Return what the version that serves needs to run; to owners, the newest where none serves."""
    _count(dock, identity, origin)
    return EnvironmentOut.model_validate(dock.learnware_contents.environment(identity, learnware_id))


def _count(dock: Dock, identity: Identity | None, origin: Origin) -> None:
    dock.downloads.begin(None if identity is None else identity.user_id, origin)
