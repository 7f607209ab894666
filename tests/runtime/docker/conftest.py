"""A container engine for tests, and folders for containers to read."""

from __future__ import annotations

import gc
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("fake_engine", Path(__file__).with_name("fake_engine.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fakes():
    """Return the module with the engine's classes."""
    return sys.modules.get("fake_engine") or _load()


@pytest.fixture
def engine(fakes, monkeypatch):
    """Return a running engine, to which the variables of the process lead."""
    pytest.importorskip("docker")
    if sys.platform == "win32":
        pytest.skip("the engine for tests listens on a UNIX socket")
    for name in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONTEXT", "LEARNWARE_DOCKER_BASE"):
        monkeypatch.delenv(name, raising=False)
    engine = fakes.FakeEngine()
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    yield engine
    engine.close()


@pytest.fixture(autouse=True)
def _nothing_left_open():
    """Have what was left open be found in the test that did it."""
    yield
    gc.collect()
