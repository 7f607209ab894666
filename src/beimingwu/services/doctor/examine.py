"""All checks, in the order in which one should mend what they find."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from beimingwu.db.engine import Database
from beimingwu.errors import SettingsError
from beimingwu.services.clock import utc_now
from beimingwu.services.doctor import contents, machine
from beimingwu.services.doctor.finding import Finding, Level, wrong
from beimingwu.storage import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beimingwu.services.clock import Clock
    from beimingwu.settings import Settings
    from beimingwu.storage import BlobStore

__all__ = ["examine"]


def examine(
    settings: Settings, *, everything: bool = False, repair: bool = False, clock: Clock = utc_now
) -> Iterator[Finding]:
    """Look at a dock from outside; it may be in use. Nothing is changed unless `repair` is set.

    Parameters
    ----------
    settings : Settings
    everything : bool, default=False
        Read every content of the store instead of looking some up.
    repair : bool, default=False
        Mend what can be mended without loss.
    clock : callable, optional

    Yields
    ------
    Finding
        One a check, as soon as it is there.
    """
    for check in (machine.check_settings, machine.check_data_dir, machine.check_room):
        yield check(settings)
    yield from _examine_kept(settings, everything=everything, repair=repair, clock=clock)
    for check in (machine.check_sandbox, machine.check_index, machine.check_mail, machine.check_port):
        yield check(settings)


def _examine_kept(settings: Settings, *, everything: bool, repair: bool, clock: Clock) -> Iterator[Finding]:
    store: BlobStore | None = None
    try:
        store = open_store(settings)
        database = Database(settings.database_address, pool_size=2)
    except SettingsError as error:
        yield wrong("settings" if store is None else "database", str(error), "change what it says")
        return
    with closing(database):
        if database.is_sqlite and not _was_made(database):
            yield Finding("database", Level.OK, "it is not there yet; it is made when the dock starts")
            return
        reached = contents.check_database(settings, database)
        yield reached
        stored = contents.check_store(store)
        yield stored
        if reached.level is Level.WRONG:
            return
        if stored.level is not Level.WRONG:
            yield contents.check_contents(database, store, everything=everything)
            if everything:
                yield contents.check_orphans(database, store)
        yield contents.check_index_rows(database, repair=repair)
        yield contents.check_queue(database, clock)


def _was_made(database: Database) -> bool:
    """Return whether an embedded database was made; to open one would make it."""
    return database.url.database is not None and Path(database.url.database).exists()
