"""Verifying a package: every part that can be checked is, whatever is wrong with the others."""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import (
    EnvironmentBuildError,
    InvalidPackageError,
    LearnwareError,
    MissingDependencyError,
    SandboxError,
    SpecificationError,
)
from learnware.learnware import PackageLimits
from learnware.learnware._archive import FolderSource, open_source
from learnware.learnware._manifest import MANIFEST_NAME, SEMANTIC_NAME
from learnware.learnware._package import extract, read_manifest, read_semantic_spec, read_stat_spec
from learnware.market._semantic_rules import Promise, semantic_problems
from learnware.market._trial import stat_spec_problems, try_model
from learnware.runtime import Limits, ModelProcess
from learnware.runtime._runner import RUNNABLE_OPTIONS
from learnware.verification._pickles import look_at_pickles
from learnware.verification._report import (
    PARTS,
    EnvironmentSummary,
    Finding,
    PartResult,
    VerificationProgress,
    VerificationReport,
    enumerated,
    worst,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from typing_extensions import Self

    from learnware.learnware import Manifest, StatSpecEntry
    from learnware.market._problems import Problem
    from learnware.runtime import Environment
    from learnware.runtime.environment import EnvironmentStore
    from learnware.verification._report import Status

__all__ = ["verify"]

_OUTPUT_CHARS = 8000
_POLL_SECONDS = 0.1
_MOST_PICKLE_FINDINGS = 10


def verify(
    path: str | os.PathLike[str],
    *,
    semantic_spec: dict[str, Any] | None = None,
    runnable_option: str | None = "venv",
    sandbox: str | None = None,
    limits: Limits | None = None,
    store: EnvironmentStore | None = None,
    on_progress: Callable[[VerificationProgress], None] | None = None,
    cancelled: threading.Event | Callable[[], bool] | None = None,
    package_limits: PackageLimits | None = None,
    as_of: date | None = None,
    seed: int = 0,
) -> VerificationReport:
    """Check a package in all its parts and return everything that was found.

    The parts are the package's form, the semantic and the statistical specification, the pickles (looked at, never
    loaded), the environment, and trial predictions in the sandbox. Nothing about a package raises: what is wrong with
    it is a finding.

    Parameters
    ----------
    path : str or path
        The package: a zip, or the folder of an unpacked one.
    semantic_spec : dict, optional
        The semantic specification to use instead of the package's.
    runnable_option : {"venv", "conda", "docker", "current"}, default="venv"
        Where the model is tried: in an environment built from its requirements, or in that of this interpreter
        (``"current"`` or None).
    sandbox : str, optional
        One of `learnware.runtime.sandbox.SANDBOX_LEVELS`; the best of this machine by default.
    limits : Limits, optional
        What the model may use.
    store : EnvironmentStore, optional
        Where environments are kept and shared; that of the user by default.
    on_progress : callable, optional
        Called when a part starts, works on, and finishes.
    cancelled : threading.Event or callable, optional
        Ends the verification soon after it is set or true; what was not checked by then is reported so.
    package_limits : PackageLimits, optional
        What the package may hold.
    as_of : date, optional
        The day that requirements without exact versions are read as of; that of the newest file in a zip by default.
    seed : int, default=0
        Seed of the random inputs of the trial.

    Returns
    -------
    VerificationReport

    Raises
    ------
    ValueError
        If there is no such `runnable_option`.

    Examples
    --------
    >>> report = verify("house-prices.zip")
    >>> report.status, report.findings[0].message
    ('wrong', "there is no file 'house-prices.zip'")
    """
    if runnable_option not in (None, *RUNNABLE_OPTIONS):
        raise ValueError(f"runnable_option is {runnable_option!r}; expected one of: {', '.join(RUNNABLE_OPTIONS)}")
    return _Verification(
        path=Path(path),
        kind=runnable_option or "current",
        sandbox=sandbox,
        limits=limits or Limits(),
        package_limits=package_limits or PackageLimits(),
        store=store,
        seed=seed,
        on_progress=on_progress or (lambda _: None),
        cancelled=cancelled.is_set if isinstance(cancelled, threading.Event) else cancelled or (lambda: False),
        _semantic=semantic_spec,
        _made=as_of,
    ).run()


class _NotCheckedError(Exception):
    """A part cannot be checked; the code says why, and `transient` whether another try may be able to."""

    def __init__(self, code: str, values: dict[str, Any] | None = None, *, transient: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.values = values or {}
        self.transient = transient

    @classmethod
    def because(cls, error: Exception, *, transient: bool = False) -> Self:
        """Return it in the words of another error."""
        return cls("not-checked", {"reason": str(error)}, transient=transient)


@dataclass
class _Verification:
    """One verification; each part leaves what the later ones need."""

    path: Path
    kind: str
    sandbox: str | None
    limits: Limits
    package_limits: PackageLimits
    store: EnvironmentStore | None
    seed: int
    on_progress: Callable[[VerificationProgress], None]
    cancelled: Callable[[], bool]
    _semantic: dict[str, Any] | None
    _folder: Path | None = None
    _made: date | None = None
    _manifest: Manifest | None = None
    _promise: Promise = field(default_factory=Promise)
    _stat_specs: dict[str, Any] = field(default_factory=dict)
    _environment: Environment | None = None
    _summary: EnvironmentSummary | None = None
    _level: str | None = None
    _output: str = ""
    _traceback: str | None = None

    def run(self) -> VerificationReport:
        checks = (self._package, self._semantics, self._statistics, self._pickles, self._environments, self._trial)
        findings: list[Finding] = []
        parts = []
        with tempfile.TemporaryDirectory(prefix="learnware-check-", ignore_cleanup_errors=True) as scratch:
            self._scratch = Path(scratch)
            for part, check in zip(PARTS, checks, strict=True):
                self.on_progress(VerificationProgress(part, "started"))
                began = time.monotonic()
                found = self._guarded(part, check)
                status = worst(finding.status for finding in found)
                parts.append(PartResult(part, status, time.monotonic() - began))
                findings += found
                self.on_progress(VerificationProgress(part, "finished", status=status))
        return VerificationReport(
            package=str(self.path),
            findings=tuple(findings),
            parts=tuple(parts),
            environment=self._summary,
            sandbox=self._level,
            output=self._output[-_OUTPUT_CHARS:],
            traceback=self._traceback,
        )

    def _guarded(self, part: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
        if self.cancelled():
            return [Finding.of(part, "not checked", "not-checked-cancelled", transient=True)]
        try:
            return list(check())
        except _NotCheckedError as error:
            return [Finding.of(part, "not checked", error.code, error.values, transient=error.transient)]
        except OSError as error:
            return [Finding.not_checked(part, f"{type(error).__name__}: {error}", transient=True)]

    def _source(self) -> FolderSource:
        if self._folder is None:
            raise _NotCheckedError("not-checked-unreadable")
        return FolderSource(self._folder, self.package_limits)

    def _package(self) -> Iterator[Finding]:
        shown = repr(str(self.path))
        if not self.path.exists():
            yield Finding.of("package", "wrong", "package-no-file", {"package": shown})
            return
        if self.path.is_dir() and not (self.path / MANIFEST_NAME).is_file():
            yield Finding.of("package", "wrong", "package-folder-of-zips", {"package": shown, "file": MANIFEST_NAME})
            return
        folder = self._scratch / "learnware"
        folder.mkdir()
        try:
            with open_source(self.path, self.package_limits) as source:
                extract(source, folder)
                self._folder, self._made = folder, self._made or source.made
                self._manifest = read_manifest(source, self.package_limits)
                size = sum(member.size for member in source.members)
                yield Finding.of("package", "ok", "package-ok", {"files": len(source.members), "size": size})
        except InvalidPackageError as error:
            yield Finding.raised("package", error, "package-refused", file=error.member)

    def _semantics(self) -> Iterator[Finding]:
        if self._semantic is None:
            source = self._source()
            names = {member.name for member in source.members}
            name = self._manifest.semantic_file if self._manifest is not None else None
            name = name or (SEMANTIC_NAME if SEMANTIC_NAME in names else None)
            if name is None:
                yield Finding.of("semantic", "wrong", "semantic-none", {"file": SEMANTIC_NAME})
                return
            try:
                self._semantic = read_semantic_spec(source, name, self.package_limits)
            except InvalidPackageError as error:
                yield Finding.raised("semantic", error, "package-refused", file=error.member)
                return
        problems = semantic_problems(self._semantic)
        self._promise = Promise.of(self._semantic)
        yield from _findings("semantic", problems)
        if not problems:
            yield Finding.of("semantic", "ok", "semantic-ok")

    def _statistics(self) -> Iterator[Finding]:
        source = self._source()
        if self._manifest is None:
            raise _NotCheckedError("not-checked-specifications", {"file": MANIFEST_NAME})
        unread = list(filter(None, (self._read_stat_spec(source, one) for one in self._manifest.stat_specifications)))
        yield from unread
        problems = stat_spec_problems(self._promise, self._stat_specs)
        # One that cannot be read is not missing.
        problems = [problem for problem in problems if not (unread and problem.file == MANIFEST_NAME)]
        yield from _findings("statistical", problems)
        if not problems and not unread:
            specs = ", ".join(map(repr, self._stat_specs.values()))
            yield Finding.of("statistical", "ok", "stat-spec-ok" if specs else "stat-spec-none", {"specs": specs})

    def _read_stat_spec(self, source: FolderSource, entry: StatSpecEntry) -> Finding | None:
        """Keep a statistical specification, or return what is wrong with it."""
        try:
            spec = read_stat_spec(source, entry, self.package_limits)
        except (InvalidPackageError, SpecificationError) as error:
            column = error.column if isinstance(error, SpecificationError) else None
            values = {"reason": str(error)}
            return Finding.of(
                "statistical", "wrong", "stat-spec-unreadable", values, file=entry.file_name, column=column
            )
        self._stat_specs[spec.type] = spec
        return None

    def _pickles(self) -> Iterator[Finding]:
        self._source()
        assert self._folder is not None  # noqa: S101  # there is a source
        try:
            look = look_at_pickles(self._folder, cancelled=self.cancelled)
        except InvalidPackageError as error:
            raise _NotCheckedError.because(error) from error
        for note in look.notes[:_MOST_PICKLE_FINDINGS]:
            values = {"file": note.file, "place": note.place, "note": note.message}
            yield Finding.of("pickles", "warning", "pickles-note", values, file=note.file)
        more = len(look.notes[_MOST_PICKLE_FINDINGS:]) + look.omitted
        if more:
            yield Finding.of("pickles", "warning", "pickles-more", {"count": more})
        if look.unfinished is not None:
            yield Finding.of("pickles", "warning", "pickles-unfinished", {"reason": look.unfinished})
        elif not look.notes and look.files:
            yield Finding.of("pickles", "ok", "pickles-harmless", {"files": enumerated(look.files)})
        elif not look.notes:
            yield Finding.of("pickles", "ok", "pickles-none")

    def _environments(self) -> Iterator[Finding]:
        from learnware.runtime.environment import EnvironmentStore, read_requirements

        names = {member.name for member in self._source().members}
        file = "environment.yaml" if "environment.yaml" in names else "requirements.txt"
        assert self._folder is not None  # noqa: S101  # there is a source
        if file not in names:
            status: Status = "warning" if self.kind == "current" else "wrong"
            yield Finding.of("environment", status, "environment-unsaid", file="requirements.txt")
            if status == "wrong":
                return
        try:
            requirements = read_requirements(self._folder, as_of=self._made)
            environment = (self.store or EnvironmentStore()).provide(
                requirements,
                self.kind,
                on_progress=lambda words: self.on_progress(VerificationProgress("environment", "working", words)),
                cancelled=self.cancelled,
            )
        except InvalidPackageError as error:
            yield Finding.raised("environment", error, "package-refused", file=error.member)
            return
        except EnvironmentBuildError as error:
            if self.cancelled() or not error.requirements:
                if self.cancelled():
                    raise _NotCheckedError("not-checked-cancelled", transient=True) from error
                raise _NotCheckedError.because(error, transient=True) from error
            values = {"reason": str(error), "file": file}
            yield Finding.of(
                "environment", "wrong", "environment-refused", values, file=file, requirements=error.requirements
            )
            return
        except MissingDependencyError as error:
            raise _NotCheckedError.because(error, transient=True) from error
        self._environment = environment
        self._summary = EnvironmentSummary(
            environment.kind,
            environment.name,
            environment.python_version,
            (*requirements.requirements, *requirements.sources),
            environment.warnings,
            environment.notes,
        )
        for warning in environment.warnings:
            yield Finding.of("environment", "warning", "environment-warning", {"reason": warning}, file=file)
        code = "environment-current" if environment.kind == "current" else "environment-ok"
        values = {"kind": environment.kind, "name": environment.name, "python": environment.python_version}
        yield Finding.of("environment", "ok", code, values)

    def _trial(self) -> Iterator[Finding]:
        if self._folder is None:
            raise _NotCheckedError("not-checked-unreadable")
        if self._manifest is None:
            raise _NotCheckedError("not-checked-model", {"file": MANIFEST_NAME})
        if self._environment is None:
            raise _NotCheckedError("not-checked-environment")
        process = ModelProcess(
            self._folder,
            self._manifest.model.to_config(),
            environment=self._environment,
            sandbox=self.sandbox,
            limits=self.limits,
        )
        try:
            self._level = process.sandbox
            with self._closed_when_cancelled(process):
                trial = try_model(process, self._promise, self._stat_specs, seed=self.seed)
        except (SandboxError, MissingDependencyError) as error:
            raise _NotCheckedError.because(error, transient=True) from error
        except LearnwareError as error:
            yield Finding.raised("trial", error, "trial-refused")
            return
        finally:
            process.close()
            self._output = process.output
        if self.cancelled():
            raise _NotCheckedError("not-checked-cancelled", transient=True)
        self._traceback = next((one.traceback_text for one in trial.problems if one.traceback_text), None)
        yield from _findings("trial", trial.problems)
        if any(problem.serious for problem in trial.problems):
            return
        if not trial.rows:
            raise _NotCheckedError("not-checked-inputs")
        yield Finding.of("trial", "ok", "trial-ok" if self._promise.complete else "trial-ok-undescribed")

    @contextlib.contextmanager
    def _closed_when_cancelled(self, process: ModelProcess) -> Iterator[None]:
        """End the model's process when the verification is cancelled meanwhile."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(_POLL_SECONDS):
                if self.cancelled():
                    process.close()
                    return

        watcher = threading.Thread(target=watch, name="learnware-verification", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def _findings(part: str, problems: Iterable[Problem]) -> Iterator[Finding]:
    for problem in problems:
        status: Status = "wrong" if problem.serious else "warning"
        yield Finding(
            part,
            status,
            problem.message,
            problem.mend,
            problem.file,
            problem.key,
            problem.column,
            code=problem.code,
            values=problem.values,
        )
