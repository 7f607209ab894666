"""Running many learnwares: a worker each, started when it is needed and ended when it is not."""

from __future__ import annotations

import os
import queue
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from learnware.errors import EnvironmentBuildError, ModelError
from learnware.runtime._process import ModelProcess
from learnware.runtime._running import RunningModel, RunReport
from learnware.runtime.environment import current_environment
from learnware.runtime.sandbox import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from learnware.runtime._running import Source
    from learnware.runtime.environment import Environment, EnvironmentStore

__all__ = ["RUNNABLE_OPTIONS", "ModelRunner"]

RUNNABLE_OPTIONS = ("current", "venv", "conda", "docker")
# Environments that are built at the same time: resolving waits for the network, unpacking for the disk.
_BUILDERS = 4


class ModelRunner:
    """Runs learnwares' models in worker processes, each in its environment and a sandbox.

    A worker starts when its model is first asked. At most `max_processes` are there: the least recently used one that
    is idle makes room for another. One without calls for `idle_seconds` is ended, and starts again with the next call.
    A model that has been trained stays until the runner is closed. All workers end when the runner is closed or
    forgotten, and with the interpreter. Any number of threads may use one runner.

    Parameters
    ----------
    runnable_option : {None, "current", "venv", "conda", "docker"}, optional
        The packages that learnwares run with: those of this interpreter (None and ``"current"``), or what each asks
        for, built once and kept by `store`.
    sandbox : str, optional
        One of `learnware.runtime.sandbox.SANDBOX_LEVELS`; the best one of this machine by default.
    limits : Limits, optional
        What each learnware may use.
    store : EnvironmentStore, optional
        Where environments are kept.
    max_processes : int, optional
        Workers at the same time; by default two for each processor, at least 4.
    idle_seconds : float, default=600
        How long a worker stays without calls.
    on_progress : callable, optional
        Called with words while environments are built; by one thread at a time.

    Examples
    --------
    >>> with ModelRunner("venv") as runner:  # doctest: +SKIP
    ...     learnware.run_with(runner)
    ...     learnware.predict(X)
    """

    def __init__(
        self,
        runnable_option: str | None = None,
        *,
        sandbox: str | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
        store: EnvironmentStore | None = None,
        max_processes: int | None = None,
        idle_seconds: float = 600.0,
        on_progress: Callable[[str], None] | None = None,
    ) -> None:
        if runnable_option not in (None, *RUNNABLE_OPTIONS):
            raise EnvironmentBuildError(
                f"runnable_option is {runnable_option!r}; expected None or one of: {', '.join(RUNNABLE_OPTIONS)}"
            )
        if max_processes is not None and max_processes < 1:
            raise ModelError(f"max_processes is {max_processes}; expected at least 1")
        self.runnable_option = runnable_option or "current"
        self.sandbox = sandbox
        self.limits = limits
        self.max_processes = max_processes or max(4, 2 * (os.cpu_count() or 1))
        self.idle_seconds = idle_seconds
        self._store = store
        self._on_progress = on_progress
        self._progress_lock = threading.Lock()
        # Guards what follows, and is told of every change of it.
        self._changed = threading.Condition()
        self._models: weakref.WeakSet[RunningModel] = weakref.WeakSet()
        self._closed = False
        self._reaping = False
        # Not an event: it may be written to while anything is being forgotten.
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._owner = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        # Processes, stores and callbacks are of this process; another one gets a runner of the same settings.
        make = partial(
            ModelRunner,
            sandbox=self.sandbox,
            limits=self.limits,
            max_processes=self.max_processes,
            idle_seconds=self.idle_seconds,
        )
        return make, (self.runnable_option,)

    def model(
        self,
        source: str | os.PathLike[str] | Callable[[], Source],
        config: dict[str, Any] | None = None,
        as_of: date | None = None,
    ) -> RunningModel:
        """Return the model of a learnware, which answers from a worker of its own.

        Parameters
        ----------
        source : str, path or callable
            The unpacked learnware; or what returns it with `config` and `as_of` when it is first needed.
        config : dict, optional
            ``class_name``, ``module_path`` and ``kwargs`` as in ``learnware.yaml``, with a folder.
        as_of : date, optional
            When the learnware was made, with a folder; see `learnware.runtime.environment.read_requirements`.
        """
        if not callable(source):
            source = partial(_known, source, config or {}, as_of)
        return RunningModel(self, source)

    def prepare(self, models: Iterable[RunningModel]) -> None:
        """Build the environments of several models at the same time; those that are there are only looked up.

        Raises
        ------
        EnvironmentBuildError
            If one cannot be built: the first one's error, after all have been tried.
        """
        with ThreadPoolExecutor(_BUILDERS, thread_name_prefix="learnware-build") as pool:
            futures = [pool.submit(model.prepare) for model in models]
        for future in futures:
            future.result()

    def close(self) -> None:
        """End all workers and builds; safe to call twice and from another thread."""
        with self._changed:
            self._closed = True
            processes = [model._process for model in self._models]
            self._changed.notify_all()
        self._wake.put(None)
        for process in processes:
            if process is not None:
                process.close()

    def _provide(self, folder: Path, as_of: date | None) -> Environment:
        """Return the environment that the learnware in a folder asks for."""
        if self.runnable_option == "current":
            return current_environment()
        from learnware.runtime.environment import EnvironmentStore, read_requirements

        with self._changed:
            store = self._store = self._store or EnvironmentStore()
        return store.provide(
            read_requirements(folder, as_of=as_of),
            self.runnable_option,
            on_progress=self._say,
            cancelled=lambda: self._closed,
        )

    def _say(self, words: str) -> None:
        if self._on_progress is not None:
            with self._progress_lock:
                self._on_progress(words)

    @contextmanager
    def _call(self, model: RunningModel, *, anew: bool) -> Iterator[ModelProcess]:
        """Give the worker of a model for one call; `anew` where the call does not need what the model has learned."""
        folder, config, _ = model._locate()
        environment = model._provide()
        with self._changed:
            model._busy = True
            try:
                process = self._worker(model, anew, partial(ModelProcess, folder, config, environment=environment))
            except BaseException:
                model._busy = False
                raise
        try:
            yield process
        finally:
            with self._changed:
                model._busy = False
                model._last_used = time.monotonic()
                if not process.running:
                    process.close()
                    model._process = None
                self._changed.notify_all()

    def _worker(self, model: RunningModel, anew: bool, make: Callable[..., ModelProcess]) -> ModelProcess:
        if self._owner != os.getpid():
            raise ModelError(
                "the runner belongs to the process that this one was forked from; make another ModelRunner"
            )
        if model._process is not None and model._process.running and not self._closed:
            return model._process
        if model._trained and not anew:
            raise ModelError("what the model has learned is gone with its process; call fit again")
        self._make_room()
        model._trained = False
        process = make(sandbox=self.sandbox, limits=self.limits)
        model._report = RunReport(
            process.environment.kind,
            process.environment.name,
            process.environment.python_version,
            process.sandbox,
            process.environment.warnings,
        )
        model._process = process
        if not self._reaping:
            self._reaping = True
            reference = weakref.ref(self, lambda _, wake=self._wake: wake.put(None))  # type: ignore[misc]
            threading.Thread(target=_end_idle, args=(reference, self._wake), daemon=True).start()
        return process

    def _make_room(self) -> None:
        """Wait until another worker may start; end the least recently used one for it."""
        while not self._closed:
            live = [model for model in self._models if model._process is not None]
            if len(live) < self.max_processes:
                return
            idle = [model for model in live if not model._busy and not model._trained]
            if idle:
                min(idle, key=lambda model: model._last_used)._end()
            elif any(model._busy for model in live):
                self._changed.wait()
            else:
                raise ModelError(
                    f"{len(live)} models that were trained are running, which is all that max_processes allows;"
                    " forget some of them, or allow more"
                )
        raise ModelError("the runner is closed, or the client that had it; load the learnware again with another")

    def _end_idle(self) -> float | None:
        """End the workers that were idle for long; return when to look again, in seconds, or None if all have ended."""
        with self._changed:
            now = time.monotonic()
            live = [model for model in self._models if model._process is not None]
            left = [self.idle_seconds]
            for model in live:
                if model._busy or model._trained:
                    continue
                if model._last_used + self.idle_seconds <= now:
                    model._end()
                else:
                    left.append(model._last_used + self.idle_seconds - now)
            if self._closed or all(model._process is None for model in live):
                self._reaping = False
                return None
            return min(left)


def _known(folder: str | os.PathLike[str], config: dict[str, Any], as_of: date | None) -> Source:
    return folder, config, as_of


def _end_idle(reference: weakref.ref[ModelRunner], wake: queue.SimpleQueue[None]) -> None:
    """End idle workers until there are none; the runner may be forgotten meanwhile."""
    while (runner := reference()) is not None:
        seconds = runner._end_idle()
        del runner
        if seconds is None:
            return
        with suppress(queue.Empty):
            wake.get(timeout=min(seconds, threading.TIMEOUT_MAX))
