"""Loading learnwares and checking packages, from a program or a notebook."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import weakref
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, overload

from learnware.errors import (
    EnvironmentBuildError,
    InvalidPackageError,
    LearnwareError,
    ModelError,
    SpecificationError,
)
from learnware.learnware import get_learnware_from_dirpath, read_package, unpack
from learnware.runtime import Limits, ModelRunner

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from datetime import date
    from types import TracebackType

    from typing_extensions import Self

    from learnware.learnware import Learnware
    from learnware.runtime.environment import EnvironmentStore
    from learnware.verification import VerificationReport

    AnyPath = str | os.PathLike[str]

__all__ = ["LearnwareClient"]

_logger = logging.getLogger(__name__)


class LearnwareClient:
    """Loads learnwares and runs their models apart from the program, each in its environment and a sandbox.

    Packages are unpacked into a folder of the client's. It is removed by `cleanup`, or when the client and all that it
    has loaded are forgotten, or when the program ends.

    Parameters
    ----------
    sandbox : str, optional
        One of `learnware.runtime.sandbox.SANDBOX_LEVELS`; the best of this machine by default.
    limits : Limits, optional
        What each learnware may use.
    store : EnvironmentStore, optional
        Where environments are kept and shared; that of the user by default.
    on_progress : callable, optional
        Called with words while environments are built, which the log has at level INFO as well.

    Examples
    --------
    >>> with LearnwareClient() as client:  # doctest: +SKIP
    ...     learnware = client.load_learnware("iris.zip", runnable_option="venv")
    ...     learnware.predict(X)
    """

    def __init__(
        self,
        *,
        sandbox: str | None = None,
        limits: Limits | None = None,
        store: EnvironmentStore | None = None,
        on_progress: Callable[[str], None] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits or Limits()
        self._store = store
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._runners: dict[str | None, ModelRunner] = {}
        self._home: _Home | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()

    @overload
    def load_learnware(
        self, learnware_path: AnyPath, learnware_id: None = None, runnable_option: str | None = None
    ) -> Learnware: ...

    @overload
    def load_learnware(
        self,
        learnware_path: list[Any] | tuple[Any, ...],
        learnware_id: None = None,
        runnable_option: str | None = None,
    ) -> list[Learnware]: ...

    @overload
    def load_learnware(
        self,
        learnware_path: None = None,
        learnware_id: str | Sequence[str] | None = None,
        runnable_option: str | None = None,
    ) -> NoReturn: ...

    def load_learnware(
        self,
        learnware_path: AnyPath | list[Any] | tuple[Any, ...] | None = None,
        learnware_id: str | Sequence[str] | None = None,
        runnable_option: str | None = None,
    ) -> Learnware | list[Learnware]:
        """Return the learnware in a package, or one for each package of a list.

        Its model runs in a process of its own, which starts with the first prediction. ``learnware.model.report()``
        says in which environment and sandbox.

        Parameters
        ----------
        learnware_path : str, path or list of them
            Zips, or folders of unpacked packages.
        learnware_id : str or list of str, optional
            Learnwares of a dock, which this version does not speak to.
        runnable_option : {None, "current", "venv", "conda", "docker"}, optional
            The packages that models run with: those of this interpreter (None and ``"current"``), or an environment
            built from what each learnware asks for, once; this builds them. Where there is no conda, what the package
            index has becomes a venv.

        Returns
        -------
        Learnware or list of Learnware
            With the id that the package has, else the name of its file.

        Raises
        ------
        InvalidPackageError, SpecificationError
            If a package cannot be read.
        EnvironmentBuildError
            If an environment cannot be built.
        LearnwareError
            If `learnware_id` is given, or nothing.
        """
        if learnware_id is not None:
            raise LearnwareError(
                "learnwares are loaded by id from a dock, which this version does not speak to; give learnware_path"
            )
        if learnware_path is None:
            raise LearnwareError("nothing to load; give learnware_path")
        paths = learnware_path if isinstance(learnware_path, (list, tuple)) else [learnware_path]
        runner = self._runner(runnable_option)
        learnwares: list[Learnware] = []
        for path in paths:
            learnwares.append(self._load(Path(path), runner, {learnware.id for learnware in learnwares}))
        if runner.runnable_option != "current":
            runner.prepare([learnware.model for learnware in learnwares])  # type: ignore[misc]  # made by the runner
        return learnwares if isinstance(learnware_path, (list, tuple)) else learnwares[0]

    @staticmethod
    def check_learnware(
        learnware_zip_path: AnyPath,
        semantic_specification: dict[str, Any] | None = None,
        *,
        runnable_option: str | None = "venv",
        sandbox: str | None = None,
        limits: Limits | None = None,
        store: EnvironmentStore | None = None,
    ) -> VerificationReport:
        """Check a package as a dock does, and return the report if it is valid.

        `learnware.verification.verify` returns the report in any case.

        Parameters
        ----------
        learnware_zip_path : str or path
            The package.
        semantic_specification : dict, optional
            The semantic specification to use instead of the package's.
        runnable_option, sandbox, limits, store
            As for `learnware.verification.verify`.

        Returns
        -------
        VerificationReport

        Raises
        ------
        InvalidPackageError, SpecificationError, EnvironmentBuildError, ModelError
            The first thing that is wrong with the package; the message has the whole report.
        LearnwareError
            If something could not be checked on this machine.
        """
        from learnware.verification import verify

        report = verify(
            learnware_zip_path,
            semantic_spec=semantic_specification,
            runnable_option=runnable_option,
            sandbox=sandbox,
            limits=limits,
            store=store,
            on_progress=lambda progress: _logger.debug("%s %s %s", progress.part, progress.stage, progress.words),
        )
        if not report.valid:
            raise _first_error(report)
        return report

    def cleanup(self) -> None:
        """End the models' processes and remove what was unpacked; learnwares loaded so far cannot be used any more."""
        with self._lock:
            runners, self._runners = self._runners, {}
            home, self._home = self._home, None
        for runner in runners.values():
            runner.close()
        if home is not None:
            home.remove()

    def _runner(self, runnable_option: str | None) -> ModelRunner:
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

    def _load(self, path: Path, runner: ModelRunner, taken: set[str]) -> Learnware:
        home = None
        folder = path
        if not path.is_dir():
            with self._lock:
                home = self._home = self._home or _Home()
            folder = unpack(path, home.place())
        contents = read_package(path)
        manifest = contents.manifest
        name = manifest.id or (path.resolve().name if home is None else path.stem)
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


def _first_error(report: VerificationReport) -> LearnwareError:
    """Return the first thing that is wrong as the error that it would be elsewhere."""
    status = "wrong" if report.status == "wrong" else "not checked"
    finding = next(finding for finding in report.findings if finding.status == status)
    message = f"{finding}\n\n{report}"
    if status == "not checked":
        return LearnwareError(message)
    if finding.part == "package":
        return InvalidPackageError(message, member=finding.file)
    if finding.part == "environment":
        return EnvironmentBuildError(message, requirements=finding.requirements)
    if finding.part == "trial":
        return ModelError(message, traceback_text=report.traceback)
    return SpecificationError(message, column=finding.column)
