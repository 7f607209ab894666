"""Statistics."""

from datetime import date
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.v1.admin.guard import admin_router

__all__ = ["router"]

router = admin_router("statistics")


class TotalsOut(BaseModel):
    """How many there are of what."""

    model_config = ConfigDict(from_attributes=True)

    verified_users: int = Field(description="Accounts with a confirmed e-mail address.")
    unverified_users: int
    disabled_users: int
    verified_learnwares: int = Field(description="Learnwares with a version that serves.")
    unverified_learnwares: int
    withdrawn_learnwares: int
    versions: dict[str, int] = Field(description="Versions in each state.")
    queued: int = Field(description="Versions that are not decided yet.")
    searches: int
    downloads: int
    datasets: int
    stored_bytes: int = Field(description="Contents in the store.")
    values: dict[str, dict[str, int]] = Field(
        description="How many verified learnwares have each value of the vocabulary."
    )


class SpanOut(BaseModel):
    """What happened in a day, week or month."""

    begins: date = Field(description="Its first day (UTC).")
    submissions: int
    verified: int
    failed: int
    searches: int
    downloads: int
    users: int = Field(description="Accounts that were made.")


class StatisticsOut(BaseModel):
    """How many there are of what, and what happened when."""

    totals: TotalsOut
    since: date
    until: date
    step: Literal["day", "week", "month"]
    spans: list[SpanOut] = Field(
        description="Without gaps. The first and the last may reach beyond the window; what they count does not."
    )


@router.get("", summary="Statistics")
def get_statistics(
    dock: CurrentDock,
    identity: CurrentIdentity,
    since: Annotated[date | None, Query(description="First day (UTC); 29 days before the last, if not given.")] = None,
    until: Annotated[date | None, Query(description="Last day (UTC); today, if not given.")] = None,
    step: Literal["day", "week", "month"] = "day",
) -> StatisticsOut:
    """Return how many there are of what, and what happened in a window of at most 1000 days, weeks or months.

    Submissions and accounts that were deleted are not in it; searches and downloads are counted when they happen.
    """
    series = dock.statistics.over_time(identity, since=since, until=until, step=step)
    return StatisticsOut(
        totals=TotalsOut.model_validate(dock.statistics.totals(identity)),
        since=series.since,
        until=series.until,
        step=series.step,
        spans=[SpanOut(begins=one.begins, **one.counts) for one in series.spans],
    )
