"""Connections to the database: what happens to those that were lost, and what errors tell."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from beimingwu.db import engine
from beimingwu.db.engine import Database
from beimingwu.errors import UnavailableError


def end_connections(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def answer(database: Database) -> int:
    with database.rows() as connection:
        return int(connection.scalar(text("SELECT 1")))


def test_a_connection_that_was_lost_in_a_pause_is_replaced(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Database(postgres.dock)) as database:
        assert answer(database) == 1
        end_connections(postgres.dock)
        monkeypatch.setattr(engine, "_ASK_AFTER", 0.0)
        assert answer(database) == 1
        database.ping()


def test_a_connection_that_was_just_lost_costs_one_request(postgres: Any) -> None:
    with closing(Database(postgres.dock)) as database:
        assert answer(database) == 1
        end_connections(postgres.dock)
        with pytest.raises(UnavailableError):
            answer(database)
        assert answer(database) == 1


def test_errors_do_not_quote_what_was_to_be_written(rig: Any) -> None:
    # Addresses of people and hashes of their passwords are among it, and errors get into the log.
    with pytest.raises(DBAPIError) as caught, rig.dock.database.write() as session:
        session.execute(text("INSERT INTO users (email) VALUES (:email)"), {"email": "ada@example.org"})
    # What follows is PostgreSQL's own.
    assert "ada@example.org" not in str(caught.value).partition("DETAIL")[0]
