"""Searches."""

from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from beimingwu.api.language import CurrentLanguage, tell_language
from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentOrigin, OptionalIdentity
from beimingwu.api.threads import in_search_thread
from beimingwu.api.v1.fields import Request
from beimingwu.api.v1.learnware_fields import SummaryOut, json_response
from beimingwu.errors import InvalidInputError, NotAllowedError, NotAuthenticatedError, TooManyRequestsError
from beimingwu.messages import translated
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity, Origin
from beimingwu.services.search import SearchAnswer
from beimingwu.services.search_input import read_conditions, read_specifications

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/searches", tags=["search"])

_EXAMPLE: dict[str, Any] = {
    "semantic_specification": {"Data": {"Values": ["Table"], "Type": "Class"}},
    "statistical_specifications": {
        "RKMETableSpecification": {
            "type": "RKMETableSpecification",
            "z": [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]],
            "beta": [0.4, 0.6],
            "gamma": 0.1,
            "num_points": 150,
        }
    },
    "limit": 10,
}

# Said outright, so that clients that are generated let every key pass.
_OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}


class SearchWanted(Request):
    """What a task needs."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    # What is in them is read by `search_input`: pydantic would look at every number of a specification.
    semantic_specification: Any = Field(
        None,
        description="Conditions in the form of a semantic specification: one of the `Values` of each key must be among "
        "a learnware's, and `Name` is looked for in names and descriptions. What is empty or missing is no condition.",
        json_schema_extra={"anyOf": [_OBJECT, {"type": "null"}]},
    )
    statistical_specifications: Any = Field(
        None,
        description="Specifications of one's own data by type, each as `learnware` saves it: of a table, of texts, or "
        "of images. The first that can be compared counts.",
        json_schema_extra={"anyOf": [{"type": "object", "additionalProperties": _OBJECT}, {"type": "null"}]},
    )
    limit: int = Field(20, ge=1, le=100, description="Singles in the answer, at most.")
    offset: int = Field(0, ge=0, le=1_000_000, description="Singles that are left out before the first.")
    most_parts: int = Field(5, ge=1, le=10, description="Learnwares of a mixture, at most.")


class FoundOut(BaseModel):
    """A learnware that fits."""

    model_config = ConfigDict(from_attributes=True)

    learnware: SummaryOut
    score: float = Field(
        description="In [0, 1]. With data: the share of the task that it explains, which means the same in every "
        "search. Without: how well it meets the conditions."
    )
    mmd2: float | None = Field(description="Squared MMD between its data and one's own; null without data.")
    similarity: float | None = Field(description="Cosine of both embeddings, in [0, 1]; null without data.")


class PartOut(BaseModel):
    """A part of a mixture."""

    learnware: SummaryOut
    weight: float = Field(description="Its share; they sum to one.")


class MixtureOut(BaseModel):
    """Several learnwares that fit together."""

    score: float
    mmd2: float
    similarity: float
    noise_floor: float = Field(
        description="Squared MMD that two samples of the same data would show: below it, a better fit means nothing."
    )
    unexplained: float
    parts: list[PartOut] = Field(description="Heaviest first.")


class SearchOut(BaseModel):
    """What a search has found."""

    singles: list[FoundOut] = Field(description="Best first.")
    mixture: MixtureOut | None = Field(
        description="Null where no second learnware brings the fit nearer, and without data."
    )
    unexplained: float | None = Field(description="Share of the task that nothing covers; null without data.")
    nothing_fits: bool = Field(description="Whether even the best leaves most of the task uncovered.")
    message: str = Field(description="The answer in a sentence.")
    total: int = Field(description="How many singles there are.")
    offset: int
    limit: int

    @classmethod
    def of(cls, answer: SearchAnswer, language: str) -> "SearchOut":
        """Return what the API tells of an answer."""
        mixture = answer.mixture
        return cls(
            singles=[FoundOut.model_validate(one) for one in answer.singles],
            mixture=None
            if mixture is None
            else MixtureOut(
                score=mixture.score,
                mmd2=mixture.mmd2,
                similarity=mixture.similarity,
                noise_floor=mixture.noise_floor,
                unexplained=mixture.unexplained,
                parts=[
                    PartOut(learnware=SummaryOut.model_validate(learnware), weight=weight)
                    for learnware, weight in mixture.parts
                ],
            ),
            unexplained=answer.unexplained,
            nothing_fits=answer.nothing_fits,
            message=translated(answer.message, language),
            total=answer.total,
            offset=answer.offset,
            limit=answer.limit,
        )


@router.post(
    "",
    summary="Search for learnwares",
    response_model=SearchOut,
    responses=responses(NotAuthenticatedError, NotAllowedError, InvalidInputError, TooManyRequestsError),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": SearchWanted.model_json_schema()}},
        }
    },
)
async def search(
    request: HttpRequest,
    dock: CurrentDock,
    identity: OptionalIdentity,
    origin: CurrentOrigin,
    language: CurrentLanguage,
) -> Response:
    """Find single learnwares, and a mixture of several, for a task.

    With a statistical specification, learnwares are compared by their data among those that meet the conditions, the
    hundred nearest in order of their distance; else all that meet the conditions are found.
    """
    return await in_search_thread(request, _answer, dock, identity, origin, language, await request.body())


def _answer(dock: Dock, identity: Identity | None, origin: Origin, language: str, body: bytes) -> Response:
    wanted = _wanted(body)
    conditions = read_conditions(wanted.semantic_specification)
    stat_specs = read_specifications(
        wanted.statistical_specifications, most_points=dock.settings.specification_max_points
    )
    answer = dock.search.search(
        identity,
        conditions,
        stat_specs,
        offset=wanted.offset,
        limit=wanted.limit,
        most_parts=wanted.most_parts,
        origin=origin,
    )
    response = json_response(SearchOut.of(answer, language))
    tell_language(response.headers, language)
    return response


def _wanted(body: bytes) -> SearchWanted:
    try:
        # Specifications are long: this takes a third of the time that `json` takes.
        return SearchWanted.model_validate(from_json(body))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults]) from None
    except ValueError:
        raise InvalidInputError("the body is not JSON", fields=(("", "expected a JSON object"),)) from None
