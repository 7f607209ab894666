"""`beimingwu backup` and `beimingwu restore`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beimingwu.cli._command import Operator, dock_command

if TYPE_CHECKING:
    from beimingwu.services.backups import Manifest

__all__ = ["register"]

# Tables, without their s, and what a row of them is.
_COUNTED = (("user", "account"), ("learnware", "learnware"))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    dock_command(
        app,
        "backup",
        "beimingwu backup /backups/2026-11-21.tar",
        "beimingwu backup --verify /backups/2026-11-21.tar",
    )(_backup)
    dock_command(
        app,
        "restore",
        "beimingwu restore /backups/2026-11-21.tar",
        "beimingwu restore /backups/2026-11-21.tar --data-dir ./copy",
    )(_restore)


def _backup(
    operator: Operator,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="FILE_OR_FOLDER",
            help="Where to; a name that ends in .tar becomes one file, another one a folder.",
            show_default=False,
        ),
    ],
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the backup that is there, and write nothing.")
    ] = False,
) -> None:
    """Write all that the dock keeps into a file or folder, and check it. The dock may be in use meanwhile.

    It is the state of one moment, whatever is submitted meanwhile, and can be restored into a dock on either database
    and any store. Sessions, codes from mails and unfinished uploads are left out. It holds personal data, hashes of
    passwords and the dock's secrets: only its owner can read it, and it should stay so.
    """
    from beimingwu.services.backups import make_backup, verify_backup
    from beimingwu.services.dock import open_database
    from beimingwu.storage import open_store

    if verify:
        with operator.session.steps("checking") as step:
            manifest = verify_backup(target, progress=step)
        _show(operator, manifest, target, "is whole")
        return
    from beimingwu.services.clock import utc_now

    settings = operator.settings()
    database = open_database(settings)
    try:
        with operator.session.steps("backup") as step:
            manifest = make_backup(settings, database, open_store(settings), utc_now, target, progress=step)
    finally:
        database.close()
    _show(operator, manifest, target, "was written and checked")


def _restore(
    operator: Operator,
    source: Annotated[
        Path, typer.Argument(metavar="FILE_OR_FOLDER", help="The backup.", exists=True, show_default=False)
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a dock that is not empty. All that it has now is lost.")
    ] = False,
) -> None:
    """Make the dock what it was when a backup was made. Stop its servers and workers before.

    The backup is checked first, and everything is restored, or nothing. It may come from a dock on another database
    or store, so this is also the way to move a dock to PostgreSQL. Everybody has to log in again; API tokens work.
    """
    from beimingwu.db.engine import Database
    from beimingwu.services.backups import restore_backup
    from beimingwu.services.clock import utc_now
    from beimingwu.storage import open_store

    settings = operator.settings()
    database = Database(settings.database_address, pool_size=settings.database_pool_size)
    try:
        with operator.session.steps("restore") as step:
            manifest = restore_backup(
                settings, database, open_store(settings), utc_now, source, force=force, progress=step
            )
    finally:
        database.close()
    _show(operator, manifest, source, "was restored")


def _show(operator: Operator, manifest: "Manifest", path: Path, what: str) -> None:
    from learnware.cli._render import count

    rows = {table.name: table.rows for table in manifest.tables}
    counted = ", ".join(count(rows.get(f"{noun}s", 0), name) for noun, name in _COUNTED)
    document: dict[str, Any] = {
        "path": str(path),
        "made_at": manifest.made_at,
        "revision": manifest.revision,
        "database": manifest.database,
        "rows": rows,
        "contents": len(manifest.blobs),
        "bytes": sum(entry.size for entry in manifest.members.values()),
    }
    operator.session.show(
        document,
        f"{path} {what}: {counted}, {count(len(manifest.blobs), 'content')} of {sum(manifest.blobs.values()):,} bytes, "
        f"as of {manifest.made_at[:19]} UTC.",
    )
