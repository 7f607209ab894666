"""A learnware's model that answers from a worker process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import ModelError
from learnware.model import BaseModel

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from datetime import date

    import numpy as np

    from learnware.runtime._process import ModelProcess
    from learnware.runtime._runner import ModelRunner
    from learnware.runtime.environment import Environment

    # The folder of an unpacked learnware, its model's configuration, and when it was made.
    Source = tuple[str | os.PathLike[str], dict[str, Any], date | None]

__all__ = ["RunReport", "RunningModel"]


@dataclass(frozen=True)
class RunReport:
    """Where a learnware's model runs.

    Attributes
    ----------
    environment : {"current", "venv", "conda", "docker"}
        Kind of its environment.
    name : str
        Name of the environment, which learnwares of equal packages share.
    python_version : str
        E.g. ``"3.11.7"``.
    sandbox : str
        What keeps it apart.
    warnings : tuple of str
        Where the environment differs from what was asked for.
    """

    environment: str
    name: str
    python_version: str
    sandbox: str
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        own = f"{self.environment} environment {self.name[:12]}"
        if self.environment == "current":
            own = "the packages of this interpreter"
        apart = "no sandbox" if self.sandbox == "none" else f"sandbox {self.sandbox}"
        return f"Python {self.python_version}, {own}, {apart}"


class RunningModel(BaseModel):
    """A learnware's model that answers from a worker process; `ModelRunner.model` makes them.

    Its methods are those of `learnware.runtime.ModelProcess`, with the same errors. After an error that ended the
    worker the next call starts another one, unless the model had been trained: what it had learned is lost, which is an
    error until `fit` is called.
    """

    def __init__(self, runner: ModelRunner, source: Callable[[], Source]) -> None:
        # Its shapes are known when the model is loaded.
        self._runner = runner
        self._source = source
        self._place: tuple[Path, dict[str, Any], date | None] | None = None
        self._environment: Environment | None = None
        # One call at a time, and nothing else of this model meanwhile.
        self._lock = threading.RLock()
        # The runner's, under its lock.
        self._process: ModelProcess | None = None
        self._report: RunReport | None = None
        self._busy = self._trained = False
        self._last_used = 0.0
        with runner._changed:
            runner._models.add(self)

    def __reduce__(self) -> tuple[Any, ...]:
        from learnware.runtime._runner import ModelRunner

        self._check_untrained()
        return ModelRunner.model, (self._runner, *self._locate())

    def __deepcopy__(self, memo: dict[int, Any]) -> RunningModel:
        self._check_untrained()
        return self._runner.model(self._source)

    @property
    def input_shape(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """Shape of one input, as the model says; this loads it."""
        shape: tuple[int, ...] | None = self.describe()["input_shape"]
        return shape

    @property
    def output_shape(self) -> tuple[int, ...] | None:  # type: ignore[override]
        """Shape of one output, as the model says; this loads it."""
        shape: tuple[int, ...] | None = self.describe()["output_shape"]
        return shape

    def describe(self) -> dict[str, Any]:
        """Return the model's shapes and methods, as `ModelProcess.describe` does."""
        with self._lock, self._runner._call(self, anew=False) as process:
            return process.describe()

    def predict(self, X: Any, *, batch_size: int | None = None) -> np.ndarray[Any, Any]:
        """Return the model's outputs for `X`, as `ModelProcess.predict` does."""
        with self._lock, self._runner._call(self, anew=False) as process:
            return process.predict(X, batch_size=batch_size)

    def predict_proba(self, X: Any, *, batch_size: int | None = None) -> np.ndarray[Any, Any]:
        """Return class probabilities, as `ModelProcess.predict_proba` does."""
        with self._lock, self._runner._call(self, anew=False) as process:
            return process.predict_proba(X, batch_size=batch_size)

    def fit(self, X: Any, y: Any) -> None:
        """Train the model anew, as `ModelProcess.fit` does; its worker stays until the runner is closed."""
        with self._lock, self._runner._call(self, anew=True) as process:
            self._train(process, process.fit, X, y)

    def finetune(self, X: Any, y: Any) -> None:
        """Go on training the model, as `ModelProcess.finetune` does; its worker stays until the runner is closed."""
        with self._lock, self._runner._call(self, anew=False) as process:
            self._train(process, process.finetune, X, y)

    def get_model(self) -> Any:
        """Raise a ModelError: the object is in another process."""
        raise ModelError("the model runs in another process and cannot be given out; load it in this process for that")

    def report(self) -> RunReport:
        """Return where the model runs, or ran last; it is started if it never was.

        Raises
        ------
        ModelError, EnvironmentBuildError, SandboxError
            If it cannot be started.
        """
        if self._report is None:
            self.describe()
        assert self._report is not None  # noqa: S101  # made with the worker
        return self._report

    def prepare(self) -> None:
        """Build the model's environment, if it is not there.

        Raises
        ------
        EnvironmentBuildError
            If it cannot be built.
        """
        with self._lock:
            self._provide()

    def _train(self, process: ModelProcess, method: Callable[[Any, Any], None], X: Any, y: Any) -> None:
        try:
            method(X, y)
        finally:
            # After an error, too: who knows how far it came.
            self._trained = self._trained or process.running

    def _check_untrained(self) -> None:
        if self._trained:
            raise ModelError("the model was trained in its process and cannot be copied")

    def _locate(self) -> tuple[Path, dict[str, Any], date | None]:
        if self._place is None:
            folder, config, as_of = self._source()
            self._place = Path(folder), config, as_of
        return self._place

    def _provide(self) -> Environment:
        known = self._environment
        # One that nobody used for long may have been collected.
        if known is None or (known.kind != "docker" and not known.python.exists()):
            folder, _, as_of = self._locate()
            known = self._environment = self._runner._provide(folder, as_of)
        return known

    def _end(self) -> None:
        """End the worker; the runner's lock is held."""
        if self._process is not None:
            self._process.close()
            self._process = None
