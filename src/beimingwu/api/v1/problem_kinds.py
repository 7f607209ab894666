"""What the kinds of problems mean."""

from fastapi import APIRouter
from pydantic import BaseModel

from beimingwu.api.problems import problem_type, responses
from beimingwu.errors import NotFoundError, problems

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/problems", tags=["problems"])


class ProblemKind(BaseModel):
    """A kind of problem."""

    type: str
    status: int
    title: str


@router.get("", summary="All kinds of problems")
async def list_problems() -> list[ProblemKind]:
    """Return every kind of problem that this API tells of."""
    return [ProblemKind(type=problem_type(kind.problem), status=kind.status, title=kind.title) for kind in problems()]


@router.get("/{name}", summary="A kind of problem", responses=responses(NotFoundError))
async def get_problem(name: str) -> ProblemKind:
    """Return the kind of problem that a ``type`` names."""
    for kind in problems():
        if kind.problem == name:
            return ProblemKind(type=problem_type(kind.problem), status=kind.status, title=kind.title)
    raise NotFoundError("there is no such kind of problem")
