"""`learnware search`: the learnwares that fit a task."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._command import NOTHING_FITS, Session, command
from learnware.cli._dock_search import search_dock
from learnware.cli._docks import HostOption
from learnware.cli._market import brief, width_hint
from learnware.cli._options import (
    STATUSES,
    DataTypeOption,
    EncoderOption,
    KindOption,
    LibraryOption,
    LicenseOption,
    MaxOption,
    ScenarioOption,
    SpecTypeOption,
    StatusOption,
    TargetOption,
    TaskOption,
    TextColumnOption,
    TextOption,
    conditions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from learnware.learnware import Learnware
    from learnware.market import BaseUserInfo, LearnwareMarket, SearchResults
    from learnware.specification import RKMESpecification

    _Described = tuple[RKMESpecification, list[str] | None]

__all__ = ["register"]

_OF_TABLES = "RKMETableSpecification"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "search",
        "learnware search mine.csv --target price",
        "learnware search stat.json --task Regression --scenario Business",
        "learnware search reviews.txt --task Classification",
        "learnware search photos/",
        "learnware search --text 'house prices'",
        "learnware search mine.csv --dock",
        uses_market=True,
    )(search)


def search(
    session: Session,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA|SPEC.json",
            help="Your data: a table (.csv with a header line, .parquet, .npy), images (a folder, .parquet, .npy) or "
            "texts (.txt, .jsonl, .csv, .parquet), or - for standard input; or the specification of them that "
            "`learnware spec` made.",
            show_default=False,
        ),
    ] = None,
    *,
    kind: KindOption = None,
    target: TargetOption = None,
    text_column: TextColumnOption = None,
    encoder: EncoderOption = None,
    spec_type: SpecTypeOption = None,
    max_learnwares: MaxOption = 5,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="Show at most so many single learnwares.")
    ] = 10,
    text: TextOption = None,
    data_type: DataTypeOption = None,
    task: TaskOption = None,
    library: LibraryOption = None,
    scenario: ScenarioOption = None,
    license: LicenseOption = None,
    status: StatusOption = None,
    dock: Annotated[
        bool, typer.Option("--dock", help="Search a dock instead of a market; --host says so, too.")
    ] = False,
    host: HostOption = None,
) -> None:
    """Find the learnwares whose data are like yours, one or several together, in a market or on a dock.

    A dock is sent the specification of your data, and never the data.

    Similarity is 1 for equal data and means the same in every search. MMD² is the squared distance between your data
    and the learnware's, 0 for equal data. Where several learnwares together fit better than one, they are shown with
    their shares, and with the share of your data that none of them covers.

    The exit code is 3 if nothing fits.
    """
    from learnware.market import BaseUserInfo

    describe = partial(
        _specifications,
        session,
        kind=kind,
        target=target,
        text_column=text_column,
        encoder=encoder,
        spec_type=spec_type,
    )
    semantic = conditions(text, data_type, task, library, scenario, license)
    if data is None and semantic is None:
        raise typer.BadParameter("say what to search by: DATA, a specification of it, --text or other conditions")
    if dock or host is not None:
        if status is not None:
            raise typer.BadParameter("--status is for markets; searches of docks find what is verified")
        described = None if data is None else next(describe(data))
        search_dock(
            session,
            None if described is None else described[0],
            semantic,
            host=host,
            limit=limit,
            most_parts=max_learnwares,
        )
        return
    market = session.open_market()
    look_up = partial(
        market.search_learnware,
        check_status=None if status is None else STATUSES[status],
        max_search_num=max_learnwares,
    )
    names = None
    if data is None:
        results = look_up(BaseUserInfo(semantic_spec=semantic))
    else:
        results, spec, names = _first_found(look_up, semantic, describe(data, market))
    nothing = results.nothing_fits or not results.get_single_results()
    if nothing and data is not None:
        hint = width_hint(session, market, spec.get_z().shape[1]) if spec.type == _OF_TABLES else ""
        results.message = " ".join(filter(None, (results.message, hint)))
    reordered = _in_another_order(names, results, market)
    if reordered is not None:
        session.warn(
            f"learnware {reordered.id} takes the columns of your data in another order, and was compared column by "
            f"column; learnware market show {reordered.id} lists its order: search again with it"
        )
    session.show(_document(results, limit), *_texts(results, limit))
    if nothing:
        raise typer.Exit(NOTHING_FITS)


def _first_found(
    look_up: "Callable[[BaseUserInfo], SearchResults]",
    semantic: dict[str, Any] | None,
    described: "Iterator[_Described]",
) -> "tuple[SearchResults, RKMESpecification, list[str] | None]":
    """Return the first results with a learnware, else the very first, by what was searched, and names of columns."""
    from learnware.market import BaseUserInfo

    found = None
    for spec, names in described:
        results = look_up(BaseUserInfo(semantic_spec=semantic, stat_info={spec.type: spec}))
        if found is None or results.get_single_results():
            found = results, spec, names
        if results.get_single_results():
            break
    assert found is not None  # noqa: S101  # there is a specification at least
    return found


def _specifications(
    session: Session, data: Path, market: "LearnwareMarket | None" = None, *, target: str | None, **how: Any
) -> "Iterator[_Described]":
    """Give specifications, one at a time, and the names of the columns where they are known.

    They are of all types that learnwares of the market have, unless a type is given; of the default one for a dock.
    """
    from learnware.cli._data import describe_source, open_source
    from learnware.specification._rkme import read_rkme

    options = {"kind": how["kind"], "text_column": how["text_column"]}
    encoder, spec_type = how["encoder"], how["spec_type"]
    if data.suffix.lower() == ".json":
        given = {"target": target, **options, "encoder": encoder, "type": spec_type}
        wrong = next((name for name, value in given.items() if value is not None), None)
        if wrong is not None:
            option = wrong.replace("_", "-")
            raise typer.BadParameter(f"--{option} is for data, and {data.name!r} is a specification of them")
        yield read_rkme(data), None
        return
    with open_source(data, session.warn, target=target, **options) as source:
        types = [spec_type] if spec_type is not None or market is None else market.spec_types(source.data_type)
        for one in types:
            yield describe_source(source, one, encoder=encoder, progress=None if session.talks else False)


def _in_another_order(
    names: list[str] | None, results: "SearchResults", market: "LearnwareMarket"
) -> "Learnware | None":
    """Return a learnware that takes the columns of these names in another order; any of the market if nothing fits."""
    from learnware.learnware._columns import column_order

    if names is None:
        return None
    singles = [item.learnware for item in results.get_single_results()]
    found = market.get_learnwares() if results.nothing_fits else singles
    return next((one for one in found if column_order(names, one) not in (None, list(range(len(names))))), None)


def _document(results: "SearchResults", limit: int) -> dict[str, Any]:
    return {
        "nothing_fits": results.nothing_fits or not results.get_single_results(),
        "message": results.message,
        "unexplained": results.unexplained,
        "singles": [
            {**brief(item.learnware), "score": item.score, "similarity": item.similarity, "mmd2": item.mmd2}
            for item in results.get_single_results()[:limit]
        ],
        "mixtures": [
            {
                "score": item.score,
                "similarity": item.similarity,
                "mmd2": item.mmd2,
                "noise_floor": item.noise_floor,
                "unexplained": item.unexplained,
                "parts": [
                    {**brief(learnware), "weight": weight}
                    for learnware, weight in zip(item.learnwares, item.weights, strict=True)
                ],
            }
            for item in results.get_multiple_results()
        ],
    }


def _texts(results: "SearchResults", limit: int) -> list[Any]:
    from learnware.cli._render import number, percent, tabulate

    parts: list[Any] = []
    singles = results.get_single_results()
    if singles and singles[0].similarity is not None:
        rows = [(*_brief(item.learnware), f"{item.similarity:.3f}", number(item.mmd2, 3)) for item in singles[:limit]]
        parts.append(tabulate(["!Id", "Name", ">Similarity", ">MMD²"], rows, title="Single learnwares"))
    elif singles:
        scored = [(*_brief(item.learnware), number(item.score, 3)) for item in singles[:limit]]
        parts.append(tabulate(["!Id", "Name", ">Score"], scored, title="Learnwares"))
    for item in results.get_multiple_results():
        shares = [
            (*_brief(learnware), percent(weight))
            for learnware, weight in zip(item.learnwares, item.weights, strict=True)
        ]
        parts.append(tabulate(["!Id", "Name", ">Share"], shares, title="Several together"))
        parts.append(
            f"Together: similarity {item.similarity:.3f}, MMD² {number(item.mmd2, 3)}, "
            f"{percent(item.unexplained)} of your data not covered."
        )
    if len(singles) > limit:
        parts.append(f"The best {limit} of {len(singles)} are shown.")
    if results.message:
        parts.append(results.message)
    elif not singles:
        parts.append("Nothing in the market meets the conditions.")
    return parts


def _brief(learnware: "Learnware") -> tuple[str, str]:
    known = brief(learnware)
    return known["id"], known["name"]
