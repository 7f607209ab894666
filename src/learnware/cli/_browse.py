"""`learnware list | show | download`: the learnwares of a dock."""

from pathlib import Path
from typing import Annotated, Any

import typer

from learnware.cli._command import Session, command
from learnware.cli._docks import DOCK_PANEL, DockIdArgument, HostOption, OfflineOption, labelled, open_dock
from learnware.cli._options import (
    DataTypeOption,
    LibraryOption,
    LicenseOption,
    ScenarioOption,
    TaskOption,
    TextOption,
    one_of,
)

__all__ = ["register"]

_SORTS = ("newest", "updated", "name", "downloads", "oldest")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    command(
        app, "list", "learnware list --mine", "learnware list --text 'house prices' --task Regression",
        "learnware list --host https://dock.example.org --sort downloads --json", panel=DOCK_PANEL,
        instead="learnware list --text",
    )(list_learnwares)  # fmt: skip
    command(app, "show", "learnware show 00000017", "learnware show 00000017 --log", panel=DOCK_PANEL)(show)
    command(
        app, "download", "learnware download 00000017", "learnware download 00000017 00000018 -o zips/",
        "learnware download 00000017 --offline", panel=DOCK_PANEL,
    )(download)  # fmt: skip


def list_learnwares(
    session: Session,
    *,
    mine: Annotated[bool, typer.Option("--mine", help="Your own, also those that are not verified.")] = False,
    text: TextOption = None,
    data_type: DataTypeOption = None,
    task: TaskOption = None,
    library: LibraryOption = None,
    scenario: ScenarioOption = None,
    license: LicenseOption = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="NAME", help="Those of a user.")] = None,
    sort: Annotated[
        str, typer.Option("--sort", metavar="ORDER", help=f"{', '.join(_SORTS)}.", **one_of(_SORTS))
    ] = "newest",
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Show at most so many.")] = 50,
    host: HostOption = None,
) -> None:
    """List the learnwares of a dock, all or those that meet conditions."""
    from learnware.cli._render import count, tabulate

    with open_dock(session, host) as dock:
        conditions = {
            "text": text,
            "data_type": data_type,
            "task_type": task,
            "library_type": library,
            "scenario": scenario,
            "license": license,
            "owner": owner,
            "mine": True if mine else None,
            "sort": sort,
        }
        found = list(dock.learnwares(most=limit, **conditions))
        total = len(found) if len(found) < limit else dock.page(limit=1, **conditions)["total"]
    rows = [(one["learnware_id"], one["name"], one["username"], _day(one), labelled(one)) for one in found]
    table = tabulate(["!Id", "Name", "By", "!Updated", "Status"], rows)
    more = f", the first {len(found)} shown" if total > len(found) else ""
    session.show(
        {"host": dock.host, "total": total, "learnwares": found},
        *([table] if rows else []),
        f"{count(total, 'learnware')} of {dock.host}{more}",
    )


def show(
    session: Session,
    learnware_id: DockIdArgument,
    *,
    log: Annotated[bool, typer.Option("--log", help="Show the log of the last verification; of your own.")] = False,
    host: HostOption = None,
) -> None:
    """Show what a dock knows of a learnware; of your own, how its verification went, too."""
    with open_dock(session, host) as dock:
        learnware = dock.learnware(learnware_id)
        newest = learnware.get("newest_version")
        verification = lines = None
        if learnware["mine"] and newest:
            verification = dock.verification(learnware_id, newest["number"])
        if log and newest:
            lines = dock.verification_log(learnware_id, newest["number"])
    document = {"host": dock.host, "learnware": learnware, "verification": verification}
    session.show({**document, **({"log": lines} if log else {})}, *_facts(learnware, verification, lines))


def _facts(learnware: dict[str, Any], verification: dict[str, Any] | None, lines: str | None) -> list[Any]:
    from learnware.cli._render import clean, facts

    semantic = learnware["semantic_specification"]
    pairs = [
        ("Id", learnware["learnware_id"]),
        ("Name", learnware["name"]),
        ("By", learnware["username"]),
        ("Status", labelled(learnware)),
        *((key, _values(semantic, key)) for key in ("Data", "Task", "Library", "Scenario", "License")),
        *(
            (one["type"], f"{one['n_points']} points of {one['n_features']} columns")
            for one in learnware["statistical_specifications"]
        ),
        ("Size", f"{learnware['size']:,} bytes"),
        ("SHA-256", learnware["sha256"]),
        ("Updated", _day(learnware)),
        ("Downloads", f"{learnware['downloads']:,}"),
    ]
    parts: list[Any] = [facts(pairs), "", clean(learnware["description"])]
    findings = ((verification or {}).get("report") or {}).get("findings") or []
    wrong = [one for one in findings if one.get("status") != "ok"]
    if wrong:
        parts += ["", facts((f"{one['part']}: {one['status']}", one["message"]) for one in wrong)]
    if lines is not None:
        parts += ["", clean(lines.rstrip())]
    return parts


def download(
    session: Session,
    learnware_ids: Annotated[
        list[str], typer.Argument(metavar="ID", help="Ids of learnwares of the dock.", show_default=False)
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE|FOLDER",
            help="Where to write to; ID.zip in the current folder if not given. For several, a folder, which is made.",
        ),
    ] = None,
    offline: OfflineOption = False,
    host: HostOption = None,
) -> None:
    """Download the packages of learnwares.

    A download that is broken off goes on where it was when the command is run again. What arrives is checked against
    the hash that the dock names, and kept in a cache: the variable LEARNWARE_PACKAGES names its folder, and it is kept
    under 5 GiB, or the bytes of LEARNWARE_PACKAGES_MAX_BYTES.
    """
    ids = list(dict.fromkeys(learnware_ids))
    folder = output if len(ids) > 1 and output is not None and not output.is_dir() else None
    if folder is not None and (folder.exists() or folder.suffix == ".zip"):
        raise typer.BadParameter(f"several packages need a folder, and {str(folder)!r} is none")
    with open_dock(session, host, offline=offline) as dock:
        if folder is not None:
            folder.mkdir(parents=True)
        paths = [dock.download(learnware_id, output or Path()) for learnware_id in ids]
    sizes = [path.stat().st_size for path in paths]
    session.show(
        {
            "host": dock.host,
            "packages": [
                {"learnware_id": one, "path": str(path), "bytes": size}
                for one, path, size in zip(ids, paths, sizes, strict=True)
            ],
        },
        *(f"{path}  {size:,} bytes" for path, size in zip(paths, sizes, strict=True)),
    )


def _day(learnware: dict[str, Any]) -> str:
    return str(learnware["updated_at"])[:10]


def _values(semantic: dict[str, Any], key: str) -> str:
    values = (semantic.get(key) or {}).get("Values") or []
    return values if isinstance(values, str) else ", ".join(map(str, values))
