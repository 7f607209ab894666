"""How `/api/v1` writes learnwares: in lists, on their pages, and their versions."""

from datetime import datetime
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.services.learnware_history import VersionEntry
from beimingwu.services.learnware_views import Detail, Summary

__all__ = ["DetailOut", "Status", "SummaryOut", "VersionEntryOut", "VersionOut", "json_response", "listed"]

Status = Literal["WAITING", "QUEUE", "PROCESSING", "SUCCESS", "FAIL"]


class SummaryOut(BaseModel):
    """A learnware in a list."""

    model_config = ConfigDict(from_attributes=True)

    learnware_id: str = Field(description="Eight digits.")
    name: str
    description: str
    semantic_specification: dict[str, Any] = Field(
        description="That of the serving version, or of the newest where none serves."
    )
    username: str = Field(description="Whose it is.")
    status: Status = Field(description="State of the newest version.")
    verified: bool = Field(description="Whether a version serves.")
    withdrawn: bool
    created_at: datetime
    updated_at: datetime
    downloads: int
    size: int = Field(description="Bytes of the package.")


class VersionOut(BaseModel):
    """A version of a learnware."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="1 for the first.")
    status: Status
    size: int
    sha256: str = Field(description="Of the package, in hexadecimal.")
    semantic_specification: dict[str, Any]
    created_at: datetime
    decided_at: datetime | None = Field(description="When it was verified or refused.")
    attempts: int = Field(description="How often workers tried to verify it.")
    serving: bool = Field(description="Whether it is the one that is found and downloaded.")


class ChangesOut(BaseModel):
    """What a version has changed."""

    model_config = ConfigDict(from_attributes=True)

    package: bool = Field(
        description="Whether its files are others, apart from the semantic specification.", examples=[False]
    )
    semantic: list[str] = Field(
        description="Keys of the semantic specification that say something else.", examples=[["Name", "Description"]]
    )


class VersionEntryOut(VersionOut):
    """A version in the history of a learnware."""

    changes: ChangesOut | None = Field(description="Since the version before it in this list; null for the first.")

    @classmethod
    def of(cls, entry: VersionEntry) -> "VersionEntryOut":
        """Return what the API tells of a version."""
        version = VersionOut.model_validate(entry.version)
        changes = None if entry.changes is None else ChangesOut.model_validate(entry.changes)
        return cls(**version.model_dump(), changes=changes)


class StatSpecOut(BaseModel):
    """A statistical specification in a few words."""

    model_config = ConfigDict(from_attributes=True)

    type: str
    n_points: int | None = Field(description="Points of the reduced set; null for a kind that has none.")
    n_features: int | None = Field(description="Numbers of each point.")
    point_shape: list[int] | None = Field(
        description="How these numbers are arranged: a row of a table, or channels, height and width of an image.",
        examples=[[4]],
    )
    languages: list[str] | None = Field(
        description="Of texts, as far as they are known; null for other data.", examples=[None]
    )
    encoder: str | None = Field(description="What has made numbers of texts; null for other data.", examples=[None])


class DetailOut(SummaryOut):
    """A learnware on its page."""

    versions_count: int
    serving_version: int | None
    newest_version: VersionOut = Field(
        description="For those who may not see what is not verified, the version that serves."
    )
    sha256: str = Field(description="Of the package of the serving version, or of the newest where none serves.")
    statistical_specifications: list[StatSpecOut]
    mine: bool = Field(description="Whether it belongs to the account that asks.")

    @classmethod
    def of(cls, detail: Detail) -> "DetailOut":
        """Return what the API tells of a learnware."""
        return cls(
            **summary_values(detail.summary),
            versions_count=detail.versions_count,
            serving_version=detail.serving_version,
            newest_version=VersionOut.model_validate(detail.newest_version),
            sha256=detail.summary.sha256,
            statistical_specifications=[StatSpecOut.model_validate(one) for one in detail.statistical_specifications],
            mine=detail.mine,
        )


def listed(summary: Summary, *, columns: bool = True) -> SummaryOut:
    """Return what the API tells of a learnware in a list, with or without what each column is."""
    values = summary_values(summary)
    if not columns:
        values["semantic_specification"] = _without_columns(summary.semantic_specification)
    return SummaryOut(**values)


def summary_values(summary: Summary) -> dict[str, Any]:
    """Return the values of `SummaryOut`."""
    return {name: getattr(summary, name) for name in SummaryOut.model_fields}


def _without_columns(semantic_spec: dict[str, Any]) -> dict[str, Any]:
    # A new one: what services return is shared.
    return {
        key: {name: value for name, value in entry.items() if name != "Description"}
        if key in {"Input", "Output"} and isinstance(entry, dict)
        else entry
        for key, entry in semantic_spec.items()
    }


def json_response(answer: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer that was checked when it was made: FastAPI would check and copy it once more."""
    return Response(answer.model_dump_json(), status, headers, media_type="application/json")
