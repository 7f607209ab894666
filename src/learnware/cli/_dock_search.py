"""`learnware search --dock`: the learnwares of a dock that fit a task."""

from typing import TYPE_CHECKING, Any

import typer

from learnware.cli._command import NOTHING_FITS, Session
from learnware.cli._docks import open_dock

if TYPE_CHECKING:
    from learnware.specification import RKMESpecification

__all__ = ["search_dock"]

# What a dock takes at once.
_MOST_SINGLES = 100
_MOST_PARTS = 10


def search_dock(
    session: Session,
    spec: "RKMESpecification | None",
    semantic: dict[str, Any] | None,
    *,
    host: str | None,
    limit: int,
    most_parts: int,
) -> None:
    """Search a dock and show what it answers, in the form of a search of a market.

    Raises
    ------
    typer.Exit
        With the code for it, if nothing fits.
    """
    if limit > _MOST_SINGLES:
        raise typer.BadParameter(f"a dock shows {_MOST_SINGLES} learnwares at most", param_hint="--limit")
    if most_parts > _MOST_PARTS:
        raise typer.BadParameter(f"a dock combines {_MOST_PARTS} learnwares at most", param_hint="--max")
    with open_dock(session, host) as dock:
        found = dock.search(semantic, [] if spec is None else [spec], limit=limit, most_parts=most_parts)
    nothing = found["nothing_fits"] or not found["singles"]
    session.show(_document(found, dock.host), *_texts(found, with_data=spec is not None))
    if nothing:
        raise typer.Exit(NOTHING_FITS)


def _document(found: dict[str, Any], host: str) -> dict[str, Any]:
    """Return the answer as `learnware search` gives that of a market."""
    mixture = found["mixture"]
    return {
        "host": host,
        "nothing_fits": found["nothing_fits"] or not found["singles"],
        "message": found["message"],
        "unexplained": found["unexplained"],
        "total": found["total"],
        "singles": [
            {**_brief(one), "score": one["score"], "similarity": one["similarity"], "mmd2": one["mmd2"]}
            for one in found["singles"]
        ],
        "mixtures": []
        if mixture is None
        else [
            {
                **{name: mixture[name] for name in ("score", "similarity", "mmd2", "noise_floor", "unexplained")},
                "parts": [{**_brief(one), "weight": one["weight"]} for one in mixture["parts"]],
            }
        ],
    }


def _brief(one: dict[str, Any]) -> dict[str, Any]:
    return {"id": one["learnware"]["learnware_id"], "name": one["learnware"]["name"]}


def _texts(found: dict[str, Any], *, with_data: bool) -> list[Any]:
    from learnware.cli._render import number, percent, tabulate

    parts: list[Any] = []
    singles, mixture = found["singles"], found["mixture"]
    known = [
        (one["learnware"]["learnware_id"], one["learnware"]["name"], one["learnware"]["username"]) for one in singles
    ]
    if singles and with_data:
        rows = [
            (*names, f"{one['similarity']:.3f}", number(one["mmd2"], 3))
            for names, one in zip(known, singles, strict=True)
        ]
        parts.append(tabulate(["!Id", "Name", "By", ">Similarity", ">MMD²"], rows, title="Single learnwares"))
    elif singles:
        scored = [(*names, number(one["score"], 3)) for names, one in zip(known, singles, strict=True)]
        parts.append(tabulate(["!Id", "Name", "By", ">Score"], scored, title="Learnwares"))
    if mixture is not None:
        shares = [(*_brief(one).values(), percent(one["weight"])) for one in mixture["parts"]]
        parts.append(tabulate(["!Id", "Name", ">Share"], shares, title="Several together"))
        parts.append(
            f"Together: similarity {mixture['similarity']:.3f}, MMD² {number(mixture['mmd2'], 3)}, "
            f"{percent(mixture['unexplained'])} of your data not covered."
        )
    if found["total"] > len(singles):
        parts.append(f"The best {len(singles)} of {found['total']:,} are shown.")
    if found["message"]:
        parts.append(found["message"])
    elif not singles:
        parts.append("Nothing on the dock meets the conditions.")
    return parts
