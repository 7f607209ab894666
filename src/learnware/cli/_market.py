"""`learnware market add | list | show | remove`: what is in a market."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._check import (
    PackagesArgument,
    SemanticOption,
    progress_steps,
    read_semantic,
    report_text,
    unreadable,
    verifier,
)
from learnware.cli._command import (
    CommonOptions,
    DebugOption,
    JsonOption,
    MarketOption,
    RootOption,
    Session,
    command,
    words_of,
)
from learnware.cli._options import (
    STATUSES,
    DataTypeOption,
    LibraryOption,
    LicenseOption,
    RunInOption,
    SandboxOption,
    ScenarioOption,
    StatusOption,
    TaskOption,
    TextOption,
    conditions,
)
from learnware.errors import (
    InvalidPackageError,
    LearnwareError,
    LearnwareNotFoundError,
    NothingFitsError,
    SpecificationError,
)

if TYPE_CHECKING:
    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket
    from learnware.specification import BaseStatSpecification
    from learnware.verification import VerificationProgress, VerificationReport

__all__ = ["brief", "hint_at_widths", "register", "value_of", "width_hint"]

_SAMPLES = {"Table": "rows", "Image": "images", "Text": "texts"}

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of a learnware.", show_default=False)]
IdsArgument = Annotated[list[str], typer.Argument(metavar="ID", help="Ids of learnwares.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the group and its commands to the application."""
    group = typer.Typer(name="market", no_args_is_help=True)
    group.callback()(_common)
    app.add_typer(group)
    command(
        group,
        "add",
        "learnware market add house-prices.zip",
        "learnware market add zoo/*.zip --market zoo",
        uses_market=True,
    )(add)
    command(
        group,
        "list",
        "learnware market list",
        "learnware market list --text 'house prices' --task Regression",
        "learnware market list --status usable --json",
        uses_market=True,
    )(list_learnwares)
    command(group, "show", "learnware market show 00000001", uses_market=True)(show)
    command(
        group,
        "remove",
        "learnware market remove 00000001",
        "learnware market remove 00000001 00000002 --yes",
        uses_market=True,
    )(remove)


def _common(
    context: typer.Context,
    market: MarketOption = None,
    root: RootOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Keep learnwares: add packages, list, show and remove them."""
    before: CommonOptions = context.obj
    context.obj = CommonOptions(
        market or before.market, root or before.root, json or before.json, debug or before.debug
    )


def add(
    session: Session,
    packages: PackagesArgument,
    *,
    semantic: SemanticOption = None,
    no_check: Annotated[
        bool,
        typer.Option("--no-check", help="Do not try the models; the learnwares are listed as unchecked."),
    ] = False,
    run_in: RunInOption = "venv",
    sandbox: SandboxOption = None,
) -> None:
    """Check packages and add them to a market, which is made if it is not there.

    They are checked as `learnware check` does it. Invalid packages are refused, with the reasons; the others are added
    all the same, and the exit code is 1.
    """
    from learnware.cli._render import count

    if semantic is not None:
        read_semantic(Path(), semantic)  # what is wrong with it is no package's fault
    market = session.open_market(create=True)
    added: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    reasons = []
    verify = None if no_check else verifier(run_in, sandbox, 60.0)
    with session.steps("Adding") as step:
        for number, path in enumerate(packages):
            added_or_not = _add(market, path, semantic, verify, progress_steps(step, packages, number))
            if isinstance(added_or_not, tuple):
                learnware_id, status = added_or_not
                added.append({"id": learnware_id, "package": str(path), "status": _status_name(status)})
            else:
                refused.append({"package": str(path), "findings": added_or_not.messages("wrong", "not checked")})
                reasons.append(report_text(added_or_not))
    document = {"market": session.market, "added": added, "refused": refused}
    session.show(
        document,
        *(f"{one['id']}  {one['package']}" + (" (unchecked)" if no_check else "") for one in added),
        f"{count(len(added), 'learnware')} added to the market {session.market!r}, {count(len(market), 'learnware')} "
        "in it now",
    )
    if refused:
        if not session.json:
            session.err.print(f"error: {count(len(refused), 'package')} refused", style="red")
            session.err.print(*reasons, sep="\n")
        raise typer.Exit(1)


def _add(
    market: "LearnwareMarket",
    path: Path,
    semantic: Path | None,
    verify: "Callable[..., VerificationReport] | None",
    on_progress: "Callable[[VerificationProgress], None]",
) -> "tuple[str, int] | VerificationReport":
    """Return the id and the status of what was added, or the report on what is refused."""
    if not path.is_file():
        where = repr(str(path))
        missing = f"there is no file {where}"
        return unreadable(path, f"{where} is a folder; name the .zip files in it" if path.is_dir() else missing)
    try:
        semantic_spec = read_semantic(path, semantic)
    except (LearnwareError, OSError) as error:
        return unreadable(path, words_of(error))
    with tempfile.TemporaryDirectory(prefix="learnware-add-") as scratch:
        # A copy, so that what is added is what was checked.
        copy = Path(shutil.copyfile(path, Path(scratch) / path.name))
        if verify is not None:
            report = verify(copy, semantic_spec=semantic_spec, on_progress=on_progress)
            if not report.valid:
                return replace(report, package=str(path))
        try:
            learnware_id, status = market.learnware_organizer.add_learnware(
                copy, semantic_spec, STATUSES["unchecked" if verify is None else "usable"]
            )
        except (InvalidPackageError, SpecificationError) as error:
            return unreadable(path, str(error))
        assert learnware_id is not None  # noqa: S101  # errors are raised
        return learnware_id, status


def list_learnwares(
    session: Session,
    *,
    text: TextOption = None,
    data_type: DataTypeOption = None,
    task: TaskOption = None,
    library: LibraryOption = None,
    scenario: ScenarioOption = None,
    license: LicenseOption = None,
    status: StatusOption = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Show at most so many.")] = None,
) -> None:
    """List the learnwares of a market, all or those that meet conditions, best first."""
    from learnware.cli._render import count, tabulate
    from learnware.market import BaseUserInfo

    market = session.open_market()
    wanted = None if status is None else STATUSES[status]
    semantic = conditions(text, data_type, task, library, scenario, license)
    if semantic is None:
        found = market.get_learnwares(check_status=wanted)
    else:
        results = market.search_learnware(BaseUserInfo(semantic_spec=semantic), wanted)
        found = [item.learnware for item in results.get_single_results()]
    usable = set(market.get_learnware_ids(check_status=STATUSES["usable"]))
    rows = [
        {
            **brief(learnware),
            **{key.lower(): value_of(learnware, key) for key in ("Data", "Task", "Library", "License")},
            "scenarios": _values(learnware, "Scenario"),
            "status": _status_name(int(learnware.id in usable)),
        }
        for learnware in found[:limit]
    ]
    table = tabulate(
        ["!Id", "Name", "Task", "Status"], ([row["id"], row["name"], row["task"], row["status"]] for row in rows)
    )
    total = f"{count(len(found), 'learnware')} in the market {session.market!r}"
    if semantic is not None or status is not None:
        total = f"{len(found)} of {count(len(market), 'learnware')} in the market {session.market!r} fit the conditions"
    more = "" if len(rows) == len(found) else f", the first {len(rows)} shown"
    session.show(
        {"market": session.market, "total": len(found), "learnwares": rows},
        *([table] if rows else []),
        total + more,
    )


def show(session: Session, learnware_id: IdArgument) -> None:
    """Show all that is known of a learnware: words and tags, columns, specification, files."""
    from learnware.cli._render import facts, tabulate

    market = session.open_market()
    learnware: Learnware = market.get_learnware_by_ids(learnware_id)
    document = _details(market, learnware)
    semantic = document["semantic_specification"]
    pairs = [
        ("Id", learnware.id),
        ("Name", value_of(learnware, "Name")),
        ("Status", document["status"]),
        *((key, ", ".join(_values(learnware, key))) for key in ("Data", "Task", "Library", "Scenario", "License")),
        *((spec["type"], _spec_words(spec)) for spec in document["statistical_specifications"]),
        ("Package", document["package"]),
        ("SHA-256", document["sha256"]),
        ("Files", ", ".join(file["name"] for file in document["files"])),
    ]
    parts: list[Any] = [facts(pairs), "", str(value_of(learnware, "Description"))]
    for key, title in (("Input", "Inputs"), ("Output", "Outputs")):
        described = semantic.get(key)
        description = described.get("Description") if isinstance(described, dict) else None
        if description:
            parts.append(tabulate([">#", "Meaning"], description.items(), title=title))
    session.show(document, *parts)


def _details(market: "LearnwareMarket", learnware: "Learnware") -> dict[str, Any]:
    from learnware.learnware import read_package

    contents = read_package(market.get_learnware_zip_path_by_ids(learnware.id))
    kept = market.learnware_organizer.get_learnware_info_from_storage(learnware.id)  # type: ignore[attr-defined]  # an EasyOrganizer's
    specs = [_spec_facts(spec) for spec in learnware.get_specification().get_stat_spec().values()]
    return {
        "id": learnware.id,
        "status": _status_name(kept["use_flag"]),
        "semantic_specification": learnware.get_specification().get_semantic_spec(),
        "statistical_specifications": specs,
        "package": kept["zip_path"],
        "sha256": kept["sha256"],
        "files": [{"name": member.name, "bytes": member.size} for member in contents.members],
    }


def _spec_facts(spec: "BaseStatSpecification") -> dict[str, Any]:
    from learnware.specification import RKMESpecification

    if not isinstance(spec, RKMESpecification):
        return {"type": spec.type}
    facts = {
        "type": spec.type,
        "space": spec.space,
        "data": spec.describe_space(),
        "points": len(spec.get_z()),
        "rows": spec.num_points,
        "report": None if spec.report is None else spec.report.to_states(),
    }
    if spec.type == "RKMETableSpecification":
        facts["columns"] = spec.get_z().shape[1]
    # What only some types know.
    return facts | {name: getattr(spec, name) for name in ("gamma", "encoder", "language") if hasattr(spec, name)}


def _spec_words(spec: dict[str, Any]) -> str:
    from learnware.specification._kinds import data_type_of_spec

    if "points" not in spec:
        return "-"
    languages = f", {', '.join(spec['language'])}" if spec.get("language") else ""
    samples = _SAMPLES.get(data_type_of_spec(spec["type"]) or "", "samples")
    stands_for = f" for {spec['rows']:,} {samples}" if spec["rows"] else ""
    return f"{spec['points']} points{stands_for}; {spec['data']}{languages}"


def remove(
    session: Session,
    learnware_ids: IdsArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove learnwares from a market, all that are named or none."""
    from learnware.cli._render import clean, count

    market = session.open_market()
    ids = list(dict.fromkeys(learnware_ids))
    known = [market.get_learnware_by_ids(learnware_id) for learnware_id in ids]
    if not yes:
        if not session.asks:
            raise typer.BadParameter("there is no terminal to ask on; say --yes to remove without asking")
        for learnware in known:
            session.err.print(f"{learnware.id}  {clean(value_of(learnware, 'Name'))}")
        if not typer.confirm(f"Remove {count(len(ids), 'learnware')} from {session.market!r}?", err=True):
            raise typer.Abort
    for learnware_id in ids:
        if not market.delete_learnware(learnware_id):
            raise LearnwareNotFoundError(learnware_id)
    session.show(
        {"market": session.market, "removed": ids},
        f"{count(len(ids), 'learnware')} removed from the market {session.market!r}",
    )


def width_hint(session: Session, market: "LearnwareMarket", n_columns: int) -> str:
    """Return what to do about a table of so many columns where the market has no learnware for such tables."""
    widths = market.learnware_organizer.table_widths()  # type: ignore[attr-defined]  # an EasyOrganizer's
    if n_columns in widths:
        return ""
    if not widths:
        return f"The market {session.market!r} has no learnware for tables."
    known = " and ".join(filter(None, [", ".join(map(str, widths[:-1])), str(widths[-1])]))
    return (
        f"The learnwares of the market {session.market!r} are for tables of {known} columns. A column that is no input "
        "is left out with --target COLUMN; the index that df.to_csv() writes as a column without a name is, with "
        "df.to_csv(index=False)."
    )


@contextmanager
def hint_at_widths(session: Session, market: "LearnwareMarket", n_columns: int) -> Iterator[None]:
    """Say of a table that nothing fits whether the market has learnwares for tables of its width."""
    try:
        yield
    except NothingFitsError as error:
        hint = width_hint(session, market, n_columns)
        raise NothingFitsError(" ".join(filter(None, (str(error), hint)))) from error


def brief(learnware: "Learnware") -> dict[str, Any]:
    """Return id and name of a learnware."""
    return {"id": learnware.id, "name": value_of(learnware, "Name")}


def value_of(learnware: "Learnware", key: str) -> str | None:
    """Return the text or the first value of a key of the semantic specification; None where there is none."""
    values = _values(learnware, key)
    return values[0] if values else None


def _values(learnware: "Learnware", key: str) -> list[str]:
    entry = learnware.get_specification().get_semantic_spec().get(key)
    values = entry.get("Values") if isinstance(entry, dict) else None
    if isinstance(values, str):
        return [values]
    return [str(value) for value in values] if isinstance(values, list) else []


def _status_name(status: int) -> str:
    return next(name for name, value in STATUSES.items() if value == status)
