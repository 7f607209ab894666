"""Trials: a small table or texts of one's own, answered by a learnware's model in the dock's sandbox."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.language import CurrentLanguage, tell_language
from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.fields import LearnwareId, Request
from beimingwu.errors import (
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    QuotaExceededError,
    TooManyRequestsError,
    WrongDataTypeError,
)
from beimingwu.messages import translated
from beimingwu.services.trials import TrialView

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["trials"])

_ID = "3f0c9a52b8de47b1a6c04f1f5f0f7a11"
_CELL: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]}
_ROW: dict[str, Any] = {"anyOf": [{"type": "array", "items": _CELL}, {"type": "string"}]}
_COMMON = (NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError)

TrialId = Annotated[str, Path(max_length=64, examples=[_ID])]


class TrialWanted(Request):
    """A table, or texts, for a learnware's model."""

    # What is in it is read by `trial_input`: pydantic would tell of every cell three times.
    rows: Any = Field(
        description="The rows, each with one cell for each column that the learnware takes: a number, a text that says "
        "one, or null for a missing value. For a learnware that takes texts, each is a text, or a list of it alone.",
        json_schema_extra={"type": "array", "items": _ROW},
        examples=[[[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, None]]],
    )
    columns: Any = Field(
        None,
        description="Names of the columns. Where they are those that the learnware describes, in any order, columns "
        "are taken by name; else in the order in which they come.",
        json_schema_extra={"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
        examples=[["sepal length", "sepal width", "petal length", "petal width"]],
    )


class RateOut(BaseModel):
    """A number of times in a number of seconds."""

    model_config = ConfigDict(from_attributes=True)

    count: int = Field(examples=[60])
    seconds: int = Field(examples=[3600])


class TrialRulesOut(BaseModel):
    """What may be asked of a learnware in trials."""

    model_config = ConfigDict(from_attributes=True)

    data_type: Literal["Table", "Text"] = Field(description="What it takes.", examples=["Table"])
    columns: int = Field(description="That it takes; a text is a row of one.", examples=[4])
    most_rows: int = Field(description="Of one trial.", examples=[1000])
    most_characters: int | None = Field(
        description="Of all texts of one trial together; null for tables.", examples=[None]
    )
    at_a_time: int = Field(description="Trials of one account that wait or run, at most.", examples=[5])
    rate: RateOut = Field(description="How many trials one account may ask for.")
    seconds: float = Field(description="That the model may take, loading included.", examples=[60.0])
    kept_seconds: int = Field(description="How long an answer is kept.", examples=[3600])


class TrialAsked(BaseModel):
    """A trial that waits for a worker."""

    model_config = ConfigDict(from_attributes=True)

    trial_id: str = Field(examples=[_ID])
    status: Literal["waiting", "running", "done", "failed"] = Field(examples=["waiting"])


class TrialOut(BaseModel):
    """How a trial goes, or went."""

    trial_id: str = Field(examples=[_ID])
    status: Literal["waiting", "running", "done", "failed"] = Field(
        description="After `done` and `failed` nothing changes any more.", examples=["done"]
    )
    outputs: list[Any] | None = Field(
        description="What the model answered, one for each row: a number, a text, or a list of them.", examples=[[0, 1]]
    )
    output_shape: list[int] | None = Field(description="Of all outputs; the first is the rows.", examples=[[2]])
    probabilities: list[list[float]] | None = Field(
        description="Of the classes, for each row, where the model gives any.", examples=[[[0.98, 0.02], [0.1, 0.9]]]
    )
    seconds: float | None = Field(
        description="How long the model took, the loading included; null where it did not come to that.",
        examples=[0.62],
    )
    reason: Literal["model", "time", "limit", "answer", "workers", "gone", "dock"] | None = Field(
        description="Why it failed: an error of the model's, the time that a trial has, another limit, an answer that "
        "is too large, workers that came to an end, a learnware that is not offered any more, a fault of the dock's.",
        examples=[None],
    )
    error: str | None = Field(description="The same in a sentence.", examples=[None])

    @classmethod
    def of(cls, view: TrialView, language: str) -> "TrialOut":
        """Return what the API tells of a trial."""
        return cls(
            trial_id=view.trial_id,
            status=view.status,
            outputs=view.outputs,
            output_shape=None if view.output_shape is None else list(view.output_shape),
            probabilities=view.probabilities,
            seconds=view.seconds,
            reason=view.reason,
            # What the model itself said stays in its own words.
            error=None if view.error is None else translated(view.error, language),
        )


@router.get(
    "/learnwares/{learnware_id}/trials",
    summary="What may be asked of a learnware",
    responses=responses(NotFoundError, InvalidInputError, WrongDataTypeError),
)
def show_trial_rules(learnware_id: LearnwareId, dock: CurrentDock) -> TrialRulesOut:
    """Return the bounds of trials of a learnware; everybody may know them before logging in."""
    return TrialRulesOut.model_validate(dock.trials.rules(learnware_id))


@router.post(
    "/learnwares/{learnware_id}/trials",
    status_code=202,
    summary="Try a learnware",
    responses=responses(*_COMMON, WrongDataTypeError, QuotaExceededError, TooManyRequestsError),
)
def try_learnware(
    learnware_id: LearnwareId,
    wanted: TrialWanted,
    response: Response,
    dock: CurrentDock,
    identity: CurrentIdentity,
    origin: CurrentOrigin,
) -> TrialAsked:
    """Let the model of a learnware answer a small table, or some texts, soon; images have to be tried elsewhere.

    A worker of the dock runs it in the sandbox; ask `GET /api/v1/trials/{trial_id}`, which `Location` names, until it
    is done. Nobody else sees what was sent and what was answered; the one is deleted when it is answered, the other an
    hour later.
    """
    view = dock.trials.ask(identity, learnware_id, wanted.rows, wanted.columns, origin)
    response.headers["Location"] = f"/api/v1/trials/{view.trial_id}"
    return TrialAsked.model_validate(view)


@router.get("/trials/{trial_id}", summary="How a trial goes", responses=responses(*_COMMON))
def get_trial(
    trial_id: TrialId, response: Response, dock: CurrentDock, identity: CurrentIdentity, language: CurrentLanguage
) -> TrialOut:
    """Return how a trial of one's own goes, with the answer once it is there."""
    view = dock.trials.view(identity, trial_id)
    tell_language(response.headers, language)
    return TrialOut.of(view, language)
