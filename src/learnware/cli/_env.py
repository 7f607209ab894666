"""`learnware env list | build | prune`: the environments that learnwares run in."""

import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnware.cli._check import PackagesArgument
from learnware.cli._command import CommonOptions, DebugOption, JsonOption, Session, command, words_of
from learnware.cli._options import RunInOption
from learnware.errors import EnvironmentBuildError, LearnwareError

if TYPE_CHECKING:
    from rich.text import Text

    from learnware.runtime.environment import EnvironmentStore, StoredEnvironment

__all__ = ["register"]

_DAY = 86400.0
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no size; expected one like 500M or 5G")
    return int(float(found[1]) * _UNITS[found[2].upper()])


AllOption = Annotated[
    bool, typer.Option("--all", help="Remove all that are not in use, and what was downloaded for them.")
]
OlderOption = Annotated[
    float | None,
    typer.Option("--older-than", min=0, metavar="DAYS", help="Remove those that were not used for so many days."),
]
MaxSizeOption = Annotated[
    int | None,
    typer.Option(
        "--max-size",
        metavar="SIZE",
        parser=_size,
        help="Remove downloads, then the least recently used environments, until all take no more than this: 500M, 5G.",
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Remove nothing; show what would be removed.")]


def register(app: typer.Typer) -> None:
    """Add the group and its commands to the application."""
    group = typer.Typer(name="env", no_args_is_help=True)
    group.callback()(_common)
    app.add_typer(group)
    command(group, "list", "learnware env list", "learnware env list --json")(list_environments)
    command(
        group,
        "build",
        "learnware env build house-prices.zip",
        "learnware env build zoo/*.zip --run-in conda",
    )(build)
    command(
        group,
        "prune",
        "learnware env prune --older-than 30",
        "learnware env prune --max-size 5G --dry-run",
        "learnware env prune --all",
    )(prune)


def _common(context: typer.Context, json: JsonOption = False, debug: DebugOption = False) -> None:
    """List, build and prune the environments that learnwares run in.

    A learnware runs with the packages that it asks for. They are installed once, from the Python package index, into an
    environment that all learnwares with the same packages share. The variable LEARNWARE_ENVIRONMENTS names the folder
    of environments; it is kept under 20 GiB, or the bytes of LEARNWARE_ENVIRONMENTS_MAX_BYTES.
    """
    before = context.obj if isinstance(context.obj, CommonOptions) else CommonOptions()
    context.obj = CommonOptions(before.market, before.root, before.json or json, before.debug or debug)


def list_environments(session: Session) -> None:
    """List the environments: what is in them, how large they are, when they were used last.

    A file that several environments share is counted for each of them, and once in the total.
    """
    from learnware.cli._render import count, tabulate
    from learnware.runtime.environment import EnvironmentStore

    store = EnvironmentStore()
    found = store.list()
    total = store.total_size()
    document = {
        "root": str(store.root),
        "size": total,
        "max_size": store.max_bytes,
        "environments": [_document(one) for one in found],
    }
    if not found:
        session.show(document, f"no environments in {store.root}; they are made when learnwares run")
        return
    rows = [
        (one.name, one.kind, one.python_version, _bytes(one.size), _age(one), _packages(one.packages)) for one in found
    ]
    table = tabulate(["!environment", "!kind", "!python", ">size", "!last used", "packages"], rows)
    session.show(document, table, f"{count(len(found), 'environment')} in {store.root}, {_bytes(total)} with downloads")


def build(session: Session, packages: PackagesArgument, *, run_in: RunInOption = "venv") -> None:
    """Build the environments of packages, or find those that are there.

    Shows what was left out of what a package asks for or changed, and why. Learnwares build their environments when
    they first run; built ahead, they start at once. Packages are installed as wheels, so that none of their code runs;
    the variable LEARNWARE_SOURCE_BUILDS=1 allows the others, too.
    """
    from learnware.runtime.environment import EnvironmentStore

    if run_in == "current":
        raise EnvironmentBuildError(
            "--run-in current builds nothing: it takes the packages of this program; choose venv, conda or docker"
        )
    store = EnvironmentStore()
    built, failed, lines = [], [], []
    with session.steps("Building") as step:
        for path in packages:
            step(path.name)
            try:
                document = _build_one(path, store, run_in, step)
            except (LearnwareError, OSError) as error:
                failed.append(
                    {
                        "package": str(path),
                        "message": words_of(error),
                        "requirements": list(getattr(error, "requirements", ())),
                    }
                )
                lines.append(_failure_text(path, words_of(error)))
            else:
                built.append(document)
                lines.append(_build_text(path, document))
    session.show({"built": built, "failed": failed}, *lines)
    if failed:
        raise typer.Exit(1)


def prune(
    session: Session,
    *,
    everything: AllOption = False,
    older_than: OlderOption = None,
    max_size: MaxSizeOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Remove environments that are not in use.

    Without an option, only what builds that were killed have left goes, and what is over the limit. Environments are
    built again when they are needed.
    """
    from learnware.cli._render import count
    from learnware.runtime.environment import EnvironmentStore

    store = EnvironmentStore()
    before = store.total_size()
    limit = store.max_bytes if max_size is None else max_size
    gone = store.prune(
        everything=everything,
        older_than=None if older_than is None else older_than * _DAY,
        max_bytes=limit,
        dry_run=dry_run,
    )
    after = store.total_size()
    document = {
        "root": str(store.root),
        "dry_run": dry_run,
        "removed": [_document(one) for one in gone],
        "size_before": before,
        "size": after,
    }
    lines = [f"{one.name}  {one.kind}  {_bytes(one.size)}  {_packages(one.packages)}" for one in gone]
    words = "would be removed" if dry_run else f"removed; {_bytes(before - after)} freed, {_bytes(after)} left"
    session.show(document, *lines, f"{count(len(gone), 'environment')} {words}")


def _build_one(path: Path, store: "EnvironmentStore", kind: str, step: Any) -> dict[str, Any]:
    from learnware.learnware import unpack
    from learnware.learnware._package import date_of
    from learnware.runtime.environment import read_requirements

    def say(words: str) -> None:
        step(f"{path.name}: {words}")

    start = time.monotonic()
    known = {(one.kind, one.name) for one in store.list()}
    with tempfile.TemporaryDirectory(prefix="learnware-env-") as scratch:
        requirements = read_requirements(unpack(path, Path(scratch) / "learnware"), as_of=date_of(path))
    environment = store.provide(requirements, kind, on_progress=say)
    size, packages = next(
        (
            (one.size, one.packages)
            for one in store.list()
            if (one.kind, one.name) == (environment.kind, environment.name)
        ),
        (0, ()),
    )
    return {
        "package": str(path),
        "kind": environment.kind,
        "name": environment.name,
        "python_version": environment.python_version,
        "packages": list(packages),
        "warnings": list(environment.warnings),
        "notes": list(environment.notes),
        "new": (environment.kind, environment.name) not in known,
        "size": size,
        "seconds": round(time.monotonic() - start, 3),
    }


def _build_text(path: Path, document: dict[str, Any]) -> "Text":
    from rich.text import Text

    from learnware.cli._render import clean, count

    made = f"built in {document['seconds']:.1f} s" if document["new"] else "is there"
    text = Text.assemble(
        (str(path), "bold"),
        f": {document['kind']} {document['name']} {made}: Python {document['python_version']}, "
        f"{count(len(document['packages']), 'package')}, {_bytes(document['size'])}",
    )
    for mark, style, words in (("warning", "yellow", document["warnings"]), ("note", "dim", document["notes"])):
        for one in words:
            text.append(f"\n  {mark:<7}  ", style).append(clean(one))
    return text


def _failure_text(path: Path, words: str) -> "Text":
    from rich.text import Text

    from learnware.cli._render import clean

    return Text.assemble((str(path), "bold"), ": ", ("cannot be built", "red"), f"\n  {clean(words)}")


def _document(one: "StoredEnvironment") -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.name,
        "folder": str(one.folder),
        "python_version": one.python_version,
        "packages": list(one.packages),
        "size": one.size,
        "created": one.created,
        "last_used": one.last_used,
        "in_use": one.in_use,
    }


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if abs(number) < 1000:
            return f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def _age(one: "StoredEnvironment") -> str:
    if one.in_use:
        return "in use"
    days = (time.time() - one.last_used) / _DAY
    return "today" if days < 1 else f"{days:.0f} days ago"


def _packages(packages: tuple[str, ...]) -> str:
    shown = ", ".join(packages[:4])
    return shown if len(packages) <= 4 else f"{shown} and {len(packages) - 4} more"
