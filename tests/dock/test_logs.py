"""The log as people read it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import structlog

from beimingwu.logs import configure_logs
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEXT = "Hello Ada,\n\nYour code: 0123\n2026-11-21T12:00:00Z [info] forged \x1b[31m\n"


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """Log a mail, and return the lines; the log is afterwards what it was."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level

    def log(**settings: str) -> list[str]:
        configure_logs(Settings(data_dir=tmp_path, **settings))
        structlog.get_logger("tests").info("mail", to="ada@example.org", subject="Your code", text=TEXT)
        return capsys.readouterr().err.splitlines()

    yield log
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def test_mails_can_be_read(logged: Callable[..., list[str]]) -> None:
    first, *rest = logged()
    assert "mail" in first
    assert "ada@example.org" in first
    # Nothing in it is obeyed by a terminal, or looks like an event.
    assert rest == ["    Hello Ada,", "    ", "    Your code: 0123", "    2026-11-21T12:00:00Z [info] forged ?[31m"]


def test_programs_read_one_line(logged: Callable[..., list[str]]) -> None:
    (line,) = logged(log_format="json")
    assert "Your code: 0123\\n" in line
