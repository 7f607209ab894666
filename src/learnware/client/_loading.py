"""Loading packages: unpacked into a folder that goes with them, their models run apart."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import weakref
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.learnware import get_learnware_from_dirpath, read_package, unpack
from learnware.runtime import Limits, ModelRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from learnware.learnware import Learnware
    from learnware.runtime.environment import EnvironmentStore

__all__ = ["Loader"]

_logger = logging.getLogger(__name__)


class Loader:
    """Loads packages; see `LearnwareClient` for the parameters."""

    def __init__(
        self,
        sandbox: str | None,
        limits: Limits | None,
        store: EnvironmentStore | None,
        on_progress: Callable[[str], None] | None,
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits or Limits()
        self._store = store
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._runners: dict[str | None, ModelRunner] = {}
        self._home: _Home | None = None

    def load(self, packages: Sequence[tuple[Path, str | None]], runnable_option: str | None) -> list[Learnware]:
        """Return the learnwares of packages, under the ids that are given with them or their own."""
        runner = self.runner(runnable_option)
        learnwares: list[Learnware] = []
        for path, learnware_id in packages:
            learnwares.append(self._load(path, runner, {learnware.id for learnware in learnwares}, learnware_id))
        if runner.runnable_option != "current":
            runner.prepare([learnware.model for learnware in learnwares])  # type: ignore[misc]  # made by the runner
        return learnwares

    def close(self) -> None:
        """End the models' processes and remove what was unpacked."""
        with self._lock:
            runners, self._runners = self._runners, {}
            home, self._home = self._home, None
        for runner in runners.values():
            runner.close()
        if home is not None:
            home.remove()

    def runner(self, runnable_option: str | None) -> ModelRunner:
        """Return what runs the models of an option."""
        with self._lock:
            if runnable_option not in self._runners:
                self._runners[runnable_option] = ModelRunner(
                    runnable_option,
                    sandbox=self._sandbox,
                    limits=self._limits,
                    store=self._store,
                    on_progress=partial(_say, self._on_progress),
                )
            return self._runners[runnable_option]

    def place(self) -> Path:
        """Return the path of a folder that is not there yet, which goes with the others."""
        return self._folder().place()

    def _folder(self) -> _Home:
        with self._lock:
            self._home = self._home or _Home()
            return self._home

    def _load(self, path: Path, runner: ModelRunner, taken: set[str], learnware_id: str | None) -> Learnware:
        home = None
        folder = path
        if not path.is_dir():
            home = self._folder()
            folder = unpack(path, home.place())
        contents = read_package(path)
        manifest = contents.manifest
        name = learnware_id or manifest.id or (path.resolve().name if home is None else path.stem)
        learnware = get_learnware_from_dirpath(_free(name, taken), None, folder, ignore_error=False)
        assert learnware is not None  # noqa: S101  # errors are raised
        learnware.made = contents.made
        learnware.model = runner.model(partial(_source, home, folder, manifest.model.to_config(), contents.made))
        return learnware


class _Home:
    """A temporary folder, removed when nobody refers to it any more."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="learnware-client-"))
        self._lock = threading.Lock()
        self._count = 0
        self.remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def place(self) -> Path:
        """Return the path of a folder that is not there yet."""
        with self._lock:
            self._count += 1
            return self._folder / str(self._count)


def _source(
    _: _Home | None, folder: Path, config: dict[str, Any], as_of: date | None
) -> tuple[Path, dict[str, Any], date | None]:
    """Return where a model is, and since when; who holds this holds the folder that it is in."""
    return folder, config, as_of


def _say(on_progress: Callable[[str], None] | None, words: str) -> None:
    _logger.info("%s", words)
    if on_progress is not None:
        on_progress(words)


def _free(name: str, taken: set[str]) -> str:
    """Return a name that is not taken: reusers tell learnwares apart by their ids."""
    return next(
        one for number in range(len(taken) + 1) if (one := f"{name}-{number + 1}" if number else name) not in taken
    )
