"""The tables of a migrated database are those of the models, and migrations keep what is in them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import StatementError

from beimingwu.db.base import Table
from beimingwu.db.engine import Database
from beimingwu.db.migrate import known_revisions, migrate
from beimingwu.db.models import Learnware, User
from beimingwu.db.revision import current_revision, newest_revision, require_newest
from beimingwu.errors import SettingsError, UnavailableError


@pytest.fixture
def empty(empty_address: str) -> Any:
    with closing(Database(empty_address)) as database:
        yield database


def schema_of(database: Database) -> dict[str, Any]:
    """Return what a database knows of its tables, constraints included."""
    look = inspect(database.engine)
    return {
        table: {
            "columns": sorted((one["name"], str(one["type"]), one["nullable"]) for one in look.get_columns(table)),
            "primary": look.get_pk_constraint(table),
            "foreign": sorted(map(str, look.get_foreign_keys(table))),
            "unique": sorted(map(str, look.get_unique_constraints(table))),
            "checks": sorted(map(str, look.get_check_constraints(table))),
            "indexes": sorted(map(str, look.get_indexes(table))),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def test_models_equal_migrations(empty: Database) -> None:
    migrate(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []
    migrated = schema_of(empty)
    migrate(empty, "base")
    assert schema_of(empty) == {}
    with empty.connect() as connection:
        Table.metadata.create_all(connection)
    assert schema_of(empty) == migrated


def test_the_newest_revision_is_the_last_one() -> None:
    assert newest_revision() == known_revisions()[0]


def test_up_and_down_again_on_filled_tables(empty: Database) -> None:
    migrate(empty)
    assert current_revision(empty) == newest_revision()
    with empty.write() as session:
        for table in Table.metadata.sorted_tables:
            session.execute(table.insert(), sample_of(table))
    migrate(empty)
    with empty.read() as session:
        for table in Table.metadata.sorted_tables:
            assert session.execute(text(f"SELECT count(*) FROM {table.name}")).scalar() == 1
    assert migrate(empty, "base") == newest_revision()
    assert current_revision(empty) is None
    assert migrate(empty) is None


def sample_of(table: Any, *but: str) -> dict[str, Any]:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    kinds: dict[str, Any] = {"UtcDateTime": now, "Date": now.date(), "String": "x", "JSON": {}, "LargeBinary": b"x"}
    values = {**kinds, "purpose": "reset", "state": "WAITING", "event": "used"}
    columns = [column for column in table.columns if column.name not in but]
    return {column.name: values.get(column.name, values.get(type(column.type).__name__, 1)) for column in columns}


def test_who_has_withdrawn_what_is_read_from_the_audit_log(empty: Database) -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    migrate(empty, "0003")
    tables = Table.metadata.tables
    with empty.write() as session:
        session.execute(tables["users"].insert(), sample_of(tables["users"], "language"))
        for number in range(1, 6):
            row = {**sample_of(tables["learnwares"], "withdrawn_by"), "id": number}
            session.execute(tables["learnwares"].insert(), {**row, "withdrawn_at": None if number == 5 else now})
        # The last one counts; of the third, there is none.
        for number, details in ((1, "owner"), (1, "administrator"), (2, "administrator"), (2, "owner"), (5, "owner")):
            row = {**sample_of(tables["audit_events"]), "action": "learnware.withdraw", "subject_type": "learnware"}
            del row["id"]
            session.execute(tables["audit_events"].insert(), {**row, "subject_id": number, "details": {"by": details}})
        other = {**sample_of(tables["audit_events"]), "id": 90, "action": "learnware.restore", "subject_id": 1}
        session.execute(tables["audit_events"].insert(), other)
    migrate(empty)
    with empty.read() as session:
        found = session.execute(select(Learnware.id, Learnware.withdrawn_by).order_by(Learnware.id)).all()
    assert [by for _, by in found] == ["administrator", "owner", "owner", "owner", None]
    migrate(empty, "0003")
    with empty.read() as session:
        assert session.execute(text("SELECT count(*) FROM learnwares")).scalar() == 5


def test_several_migrate_at_once(empty_address: str) -> None:
    def go(_: int) -> None:
        with closing(Database(empty_address)) as database:
            migrate(database)
            require_newest(database)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(go, range(4)))


def test_a_database_of_another_version_is_refused(empty: Database) -> None:
    if empty.is_sqlite:
        migrate(empty, "base")
    with pytest.raises(UnavailableError, match="revision none, this version needs"):
        require_newest(empty)
    with pytest.raises(SettingsError, match="there is no revision 'nix'"):
        migrate(empty, "nix")
    migrate(empty)
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="newer version"):
        migrate(empty)
    with pytest.raises(UnavailableError, match="revision 9999"):
        require_newest(empty)


def test_addresses() -> None:
    assert Database("postgres://a:b@nowhere/c").url.drivername == "postgresql+psycopg"
    assert not Database("postgresql://a:b@nowhere/c").is_sqlite
    for wrong in ("mysql://a/b", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://a/b", "nonsense"):
        with pytest.raises(SettingsError):
            Database(wrong)


def test_a_database_that_cannot_be_reached() -> None:
    with closing(Database("postgresql://nobody@127.0.0.1:1/none")) as database, pytest.raises(UnavailableError):
        database.ping()


def test_sqlite_is_durable_and_keeps_references(tmp_path: Any) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")) as database:
        migrate(database)
        with database.read() as session:
            wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
            for name, value in wanted.items():
                assert session.execute(text(f"PRAGMA {name}")).scalar() == value


def test_times_come_back_in_utc(rig: Any) -> None:
    user_id = rig.user()
    elsewhere = datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=8)))
    with rig.dock.database.write() as session:
        session.get(User, user_id).last_login_at = elsewhere
    with rig.dock.database.read() as session:
        found = session.scalar(select(User.last_login_at))
    assert found == elsewhere
    assert found.tzinfo is timezone.utc
    with pytest.raises(StatementError, match="time zone"), rig.dock.database.write() as session:
        session.get(User, user_id).last_login_at = elsewhere.replace(tzinfo=None)
