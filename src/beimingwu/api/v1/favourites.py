"""The learnwares that whoever asks has marked to find them again."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.v1.fields import LearnwareId
from beimingwu.errors import (
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    QuotaExceededError,
)

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/favourites", tags=["favourites"])

_COMMON = (NotAuthenticatedError, NotAllowedError)
_ONE = (*_COMMON, NotFoundError, InvalidInputError)


class FavouritesOut(BaseModel):
    """One's favourites."""

    learnware_ids: list[str] = Field(
        description="Those that one may see, the last that was marked first.", examples=[["00000042", "00000017"]]
    )


@router.get("", summary="One's favourites", responses=responses(*_COMMON))
def list_favourites(dock: CurrentDock, identity: CurrentIdentity) -> FavouritesOut:
    """Return the ids of one's favourites; `GET /learnwares?favourite=true` lists what they are."""
    return FavouritesOut(learnware_ids=list(dock.favourites.list(identity)))


@router.put(
    "/{learnware_id}", status_code=204, summary="Mark a learnware", responses=responses(*_ONE, QuotaExceededError)
)
def add_favourite(learnware_id: LearnwareId, dock: CurrentDock, identity: CurrentIdentity) -> None:
    """Make a learnware one's favourite; one that is already stays so."""
    dock.favourites.add(identity, learnware_id)


@router.delete("/{learnware_id}", status_code=204, summary="Take a mark away", responses=responses(*_ONE))
def remove_favourite(learnware_id: LearnwareId, dock: CurrentDock, identity: CurrentIdentity) -> None:
    """Let a learnware be a favourite no longer; one that is none stays so."""
    dock.favourites.remove(identity, learnware_id)
