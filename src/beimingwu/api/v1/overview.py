"""What a dock has, in a few numbers."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.requests import CurrentDock
from beimingwu.services.overview import KEPT_SECONDS

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/overview", tags=["learnwares"])


class OverviewOut(BaseModel):
    """What a dock has."""

    model_config = ConfigDict(from_attributes=True)

    learnwares: int = Field(description="Those that everybody finds.", examples=[118])
    developers: int = Field(description="Accounts that own one of them.", examples=[9])
    downloads: int = Field(description="Of all time.")
    searches: int = Field(description="Of all time.")
    islands: int = Field(description="Islands of the specification world that have a learnware.", examples=[14])
    data_types: dict[str, int] = Field(
        description="How many learnwares there are for each kind of data, the most first.",
        examples=[{"Table": 104, "Image": 11, "Text": 3}],
    )


@router.get("", summary="What the dock has")
def show_overview(dock: CurrentDock, response: Response) -> OverviewOut:
    """Return a few numbers for everybody. They are counted every ten seconds at most."""
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    numbers = dock.overview.numbers()
    return OverviewOut(
        learnwares=numbers.learnwares,
        developers=numbers.developers,
        downloads=numbers.downloads,
        searches=numbers.searches,
        islands=numbers.islands,
        data_types=dict(numbers.data_types),
    )
