"""The specification world on a map."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.compression import compressed, takes_gzip
from beimingwu.api.content import is_known
from beimingwu.api.language import CurrentLanguage, tell_language
from beimingwu.api.requests import CurrentDock
from beimingwu.api.threads import in_map_thread
from beimingwu.messages import LANGUAGES, translated
from beimingwu.services.dock import Dock
from beimingwu.services.world import WorldIsland, WorldLearnware, WorldMap

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/world", tags=["learnwares"])


class WorldLearnwareOut(BaseModel):
    """A learnware on the map, in a few words."""

    model_config = ConfigDict(from_attributes=True)

    learnware_id: str
    name: str
    username: str = Field(description="Whose it is.")
    data_type: str = Field(examples=["Table"])
    task_type: str = Field(examples=["Classification"])
    scenarios: list[str] = Field(examples=[["Education"]])
    downloads: int


class PlacedOut(WorldLearnwareOut):
    """A learnware of an island, with its place."""

    x: float = Field(description="In [-1, 1].", examples=[0.4312])
    y: float = Field(description="In [-1, 1], in the same unit.", examples=[-0.2708])


class IslandOut(BaseModel):
    """Learnwares of one feature space."""

    name: str = Field(examples=["RKMETableSpecification/4"])
    type: str = Field(description="Of the specifications.")
    n_features: int = Field(description="Numbers of each of their points.")
    title: str = Field(description="The data that live there, in a few words.", examples=["tables of 4 columns"])
    kept: float = Field(
        description="How well distances on the map tell how far data are apart: their correlation, 1 where the map "
        "keeps all of them.",
        examples=[0.96],
    )
    learnwares: list[PlacedOut]

    @classmethod
    def of(cls, island: WorldIsland, language: str) -> "IslandOut":
        """Return what the API tells of an island."""
        return cls(
            name=island.name,
            type=island.type,
            n_features=island.n_features,
            # In sentences it stands apart from the words before it.
            title=translated(island.title, language).strip(),
            kept=island.kept,
            learnwares=[PlacedOut(**_values(one), x=x, y=y) for one, x, y in island.learnwares],
        )


class WorldOut(BaseModel):
    """A map of all learnwares."""

    revision: int = Field(description="The change of the index that it shows.", examples=[341])
    islands: list[IslandOut] = Field(description="Those with most learnwares first.")
    elsewhere: list[WorldLearnwareOut] = Field(
        description="Learnwares whose data cannot be compared with any.", examples=[[]]
    )


@dataclass(frozen=True)
class _Written:
    """A map as it is sent."""

    content: bytes
    compressed: bytes | None
    etag: str


@router.get("", summary="The specification world on a map", response_model=WorldOut)
async def show_world(request: Request, dock: CurrentDock, language: CurrentLanguage) -> Response:
    """Return all learnwares that everybody finds: islands of one feature space each, and places in them.

    Learnwares of an island are as far from each other as their data are (MMD), as well as a plane can keep it; places
    of different islands have nothing to do with each other. The answer has an `ETag`; it changes when learnwares do.
    """
    written = await in_map_thread(request, _drawn, dock, language)
    headers = {"ETag": f"W/{written.etag}", "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if is_known(request.headers.get("if-none-match"), written.etag):
        response = Response(status_code=304, headers=headers)
    elif written.compressed is not None and takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        response = Response(written.compressed, headers=headers, media_type="application/json")
    else:
        response = Response(written.content, headers=headers, media_type="application/json")
    tell_language(response.headers, language)
    return response


def _drawn(dock: Dock, language: str) -> _Written:
    return _written(dock.world.map(), language)


# The map of a dock is the same object until it changes.
@lru_cache(maxsize=len(LANGUAGES))
def _written(world: WorldMap, language: str) -> _Written:
    answer = WorldOut(
        revision=world.revision,
        islands=[IslandOut.of(island, language) for island in world.islands],
        elsewhere=[WorldLearnwareOut(**_values(one)) for one in world.elsewhere],
    )
    content = answer.model_dump_json().encode()
    return _Written(content, compressed(content), f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _values(one: WorldLearnware) -> dict[str, Any]:
    return {
        "learnware_id": one.learnware_id,
        "name": one.name,
        "username": one.username,
        "data_type": one.data_type,
        "task_type": one.task_type,
        "scenarios": list(one.scenarios),
        "downloads": one.downloads,
    }
