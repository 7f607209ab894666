"""What the kinds of problems mean."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from beimingwu.api.language import CurrentLanguage, tell_language
from beimingwu.api.problems import problem_type, responses
from beimingwu.errors import NotFoundError, ServiceError, problems
from beimingwu.messages import translated

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/problems", tags=["problems"])


class ProblemKind(BaseModel):
    """A kind of problem."""

    type: str
    status: int
    title: str


@router.get("", summary="All kinds of problems")
async def list_problems(language: CurrentLanguage, response: Response) -> list[ProblemKind]:
    """Return every kind of problem that this API tells of."""
    tell_language(response.headers, language)
    return [_shown(kind, language) for kind in problems()]


@router.get("/{name}", summary="A kind of problem", responses=responses(NotFoundError))
async def get_problem(name: str, language: CurrentLanguage, response: Response) -> ProblemKind:
    """Return the kind of problem that a ``type`` names."""
    for kind in problems():
        if kind.problem == name:
            tell_language(response.headers, language)
            return _shown(kind, language)
    raise NotFoundError("there is no such kind of problem")


def _shown(kind: type[ServiceError], language: str) -> ProblemKind:
    title = translated(kind.title, language)
    return ProblemKind(type=problem_type(kind.problem), status=kind.status, title=title)
