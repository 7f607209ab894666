"""Running one learnware's model in a child process."""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import ModelError, SandboxError
from learnware.runtime import _worker
from learnware.runtime._answers import Answers, check_description, check_missing_packages
from learnware.runtime._connection import Connection
from learnware.runtime._inputs import open_rows
from learnware.runtime._words import printable
from learnware.runtime._worker import frames
from learnware.runtime.environment import current_environment
from learnware.runtime.sandbox import Child, Limits, choose_sandbox

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    import numpy as np
    from typing_extensions import Self

    from learnware.runtime._inputs import Rows
    from learnware.runtime._worker.frames import Part
    from learnware.runtime.container import ContainerChild
    from learnware.runtime.environment import Environment

__all__ = ["ModelProcess"]

# The worker is imported by its place: a package of the environment may have its name, and the folder around it need not
# be readable. The environment's folders are on the path to stay.
_START = (
    "import importlib.util, sys; folder = sys.argv[1];"
    " spec = importlib.util.spec_from_file_location("
    "'_worker', folder + '/__init__.py', submodule_search_locations=[folder]);"
    " sys.modules['_worker'] = importlib.util.module_from_spec(spec); sys.path[:0] = sys.argv[2:];"
    " from _worker.main import main; main()"
)


class ModelProcess:
    """A learnware's model in a child process: its code never runs in the caller's.

    The process starts when it is first needed and stays for all calls. Arrays of numbers, texts and tables travel as
    they are and nothing is pickled. The process and all that it has started are killed when a call runs out of time or
    breaks a limit, when it is closed, and when the caller dies.

    Parameters
    ----------
    folder : str or path
        The unpacked learnware.
    model : dict
        Its model: ``class_name``, ``module_path`` and ``kwargs`` as in ``learnware.yaml``.
    environment : Environment, optional
        The interpreter and the packages that it runs with; those of this interpreter by default.
    sandbox : str, optional
        What keeps it away from the user's files, the network and other processes: one of
        `learnware.runtime.sandbox.SANDBOX_LEVELS`, by default the best one of this machine.
    limits : Limits, optional
        What it may use.
    timeout : float, optional
        Short for `Limits.seconds`.

    Examples
    --------
    >>> with ModelProcess("my_learnware", {"class_name": "Model"}) as process:  # doctest: +SKIP
    ...     process.predict(X)
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        model: dict[str, Any],
        *,
        environment: Environment | None = None,
        sandbox: str | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
        timeout: float | None = None,
    ) -> None:
        # Without links and "..": it has one name here and in every sandbox, and what leads out of it stays outside.
        self._folder = Path(os.path.realpath(folder))
        self._config = model
        self._environment = environment or current_environment()
        self._sandbox = sandbox
        self._limits = limits if timeout is None else replace(limits, seconds=timeout)
        self._lock = threading.Lock()
        self._child: Child | ContainerChild | None = None
        self._connection: Connection | None = None
        self._description: dict[str, Any] = {}
        self._missing_packages: tuple[str, ...] = ()
        self._closed = False
        self._owner = os.getpid()

    def __enter__(self) -> Self:
        with self._lock:
            self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def output(self) -> str:
        """The end of what the model has printed."""
        return "" if self._child is None else printable(self._child.output())

    @property
    def environment(self) -> Environment:
        """The environment that it runs with."""
        return self._environment

    @property
    def sandbox(self) -> str:
        """The sandbox that it runs in, or will.

        Raises
        ------
        SandboxError
            If it cannot be had on this machine.
        """
        return self._choose_sandbox() if self._child is None else self._child.sandbox

    @property
    def running(self) -> bool:
        """Whether the process is there and answers; a call that fails may have ended it."""
        return self._connection is not None and not self._closed and not self._connection.ended

    def describe(self) -> dict[str, Any]:
        """Return what the model says of itself.

        Returns
        -------
        dict
            `input_shape` and `output_shape` (tuple of int, or None) and `methods` (tuple of str), those of ``predict``,
            ``predict_proba``, ``fit`` and ``finetune`` that the model has.

        Raises
        ------
        ModelError
            If the model cannot be loaded.
        SandboxError
            If the sandbox cannot be had on this machine.
        """
        with self._lock:
            self._start()
            return dict(self._description)

    def predict(self, X: Any, *, batch_size: int | None = None) -> np.ndarray[Any, Any]:
        """Return the model's outputs for `X`.

        Parameters
        ----------
        X : array of shape (n_samples, ...), data frame or list of str
            Numbers, booleans or texts. A column of texts reaches the model as a list, missing texts as empty ones, and
            pillow's images of one size in a list as an array of whole numbers, channels first. A data frame or an arrow
            table reaches it as a data frame of pandas where its environment has pandas and pyarrow; elsewhere as an
            array, if it holds numbers only.
        batch_size : int, optional
            Rows that the model is given at a time; all by default. The next batch is on its way while the model
            computes. Each batch is a call of its own to the limits of time.

        Returns
        -------
        ndarray of shape (n_samples, ...)
            Finite numbers, booleans or texts, of the model's `output_shape` where it names one; a plain vector is also
            taken for one output to a sample.

        Raises
        ------
        ModelError
            If the model cannot be loaded, raises, ends its process, or answers something else.
        ModelTimeoutError
            If it does not answer in time; the process is gone then.
        ResourceLimitError
            If it uses more than it may; the process is gone then.
        SandboxError
            If the sandbox cannot be had on this machine.
        """
        output = self._ask("predict", X, batch_size)
        promised = self._description["output_shape"]
        if promised is not None and output.shape[1:] != promised and (output.ndim != 1 or promised != (1,)):
            raise ModelError(f"predict answered outputs of shape {output.shape[1:]}; the model promises {promised}")
        return output

    def predict_proba(self, X: Any, *, batch_size: int | None = None) -> np.ndarray[Any, Any]:
        """Return class probabilities, shape (n_samples, n_classes).

        Parameters
        ----------
        X : array of shape (n_samples, ...), data frame or list of str
        batch_size : int, optional
            As for `predict`.

        Raises
        ------
        ModelError
            As for `predict`, and if the model gives no probabilities.
        """
        output = self._ask("predict_proba", X, batch_size)
        if output.ndim != 2 or output.dtype.kind != "f":
            raise ModelError(f"predict_proba answered an array of shape {output.shape} and type {output.dtype}")
        return output

    def fit(self, X: Any, y: Any) -> None:
        """Train the model anew; what it has learned is in this process only and ends with it.

        Parameters
        ----------
        X : array of shape (n_samples, ...), data frame or list of str
        y : array of shape (n_samples, ...) or list of str

        Raises
        ------
        ModelError
            As for `predict`, and if the model has no ``fit``.
        """
        self._train("fit", X, y)

    def finetune(self, X: Any, y: Any) -> None:
        """Go on training the model, where `fit` trains it anew; parameters and errors are the same."""
        self._train("finetune", X, y)

    def close(self) -> None:
        """Kill the process and everything that it has started; safe to call twice and from another thread."""
        self._closed = True
        if self._child is not None:
            self._child.close()

    def _choose_sandbox(self) -> str:
        if self._environment.kind != "docker":
            return choose_sandbox(self._sandbox)
        if self._sandbox not in (None, "docker"):
            raise SandboxError(
                f"a docker environment is its own sandbox; sandbox={self._sandbox!r} cannot be had in it"
            )
        return "docker"

    def _start(self) -> Connection:
        if os.getpid() != self._owner:
            raise ModelError("the model's process belongs to the process that this one was forked from; make another")
        if self._closed or (self._connection is not None and self._connection.ended):
            raise ModelError("the model's process is closed; make another ModelProcess")
        if self._connection is not None:
            return self._connection
        if not self._folder.is_dir():
            raise ModelError(f"there is no folder {str(self._folder)!r}")
        self._child = self._spawn()
        connection = Connection(self._child, self._limits)
        deadline = connection.deadline()
        request = {"method": "load", "folder": str(self._folder), "config": frames.config_to_json(self._config)}
        try:
            # Tells what hinders the sandbox or the interpreter from what the learnware does.
            number = connection.send("starting the worker", {"method": "greet"}, (), deadline)
            connection.receive("starting the worker", number, deadline)
            number = connection.send("loading the model", request, (), deadline)
            header, _ = connection.receive("loading the model", number, deadline)
            connection.finish()
            self._description = check_description(header.get("description"))
            self._missing_packages = check_missing_packages(header.get("missing_packages"))
        except BaseException:
            self.close()
            raise
        self._connection = connection
        return connection

    def _spawn(self) -> Child | ContainerChild:
        worker = Path(_worker.__path__[0]).resolve()
        environment, readable = self._environment, (self._folder, worker)
        paths = [str(path) for path in (worker, *environment.paths)]
        command = [str(environment.python), "-I", "-B", "-c", _START, *paths]
        sandbox = self._choose_sandbox()
        if environment.kind == "docker":
            from learnware.runtime.container import ContainerChild

            return ContainerChild(command, environment=environment, readable=readable, limits=self._limits)
        return Child(command, sandbox=sandbox, environment=environment, readable=readable, limits=self._limits)

    def _begin(self, method: str) -> Connection:
        """Return the connection for a call of a method of the model."""
        connection = self._start()
        if method not in self._description["methods"]:
            raise ModelError(f"the model has no {method}")
        return connection

    def _open(self, what: str, values: Any) -> Rows:
        return open_rows(what, values, self._missing_packages)

    def _train(self, method: str, X: Any, y: Any) -> None:
        with self._lock:
            connection = self._begin(method)
            inputs, targets = self._open(f"the input of {method}", X), self._open(f"the targets of {method}", y)
            if len(inputs) != len(targets):
                raise ModelError(f"{method} was given {len(inputs)} inputs and {len(targets)} targets")
            parts = [
                _encode(f"the input of {method}", inputs, 0, len(inputs)),
                _encode(f"the targets of {method}", targets, 0, len(targets)),
            ]
            deadline = connection.deadline()
            connection.receive(method, connection.send(method, {"method": method}, parts, deadline), deadline)
            connection.finish()

    def _ask(self, method: str, X: Any, batch_size: int | None) -> np.ndarray[Any, Any]:
        if batch_size is not None and batch_size < 1:
            raise ModelError(f"batch_size is {batch_size}; expected at least 1")
        with self._lock:
            connection = self._begin(method)
            rows = self._open(f"the input of {method}", X)
            answers = Answers(method, len(rows), self._limits.output_bytes)
            batches = self._batches(connection, method, rows, batch_size or max(1, len(rows)))
            with closing(batches):
                for values, count in batches:
                    answers.add(values, count)
            connection.finish()
        return answers.result()

    def _batches(self, connection: Connection, method: str, rows: Rows, size: int) -> Generator[tuple[Any, int]]:
        """Yield the answer to each batch and its number of rows; the next batch is sent before one is waited for."""
        starts = iter(range(0, max(1, len(rows)), size))
        waiting: deque[tuple[int, int]] = deque()
        deadline = connection.deadline()

        def send(start: int) -> None:
            stop = min(start + size, len(rows))
            part = _encode(f"the input of {method}", rows, start, stop)
            waiting.append((connection.send(method, {"method": method}, [part], deadline), stop - start))

        try:
            send(next(starts))
            while waiting:
                if (start := next(starts, None)) is not None:
                    send(start)
                number, count = waiting.popleft()
                _, values = connection.receive(method, number, deadline)
                if waiting:
                    deadline = connection.deadline()
                yield values, count
        finally:
            # After an error in one batch the answer to the next is still to come.
            while waiting and not connection.ended:
                with suppress(ModelError):
                    connection.receive(method, waiting.popleft()[0], deadline)


def _encode(what: str, rows: Rows, start: int, stop: int) -> Part:
    try:
        return rows.encode(start, stop)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{what} cannot be handed over: {error}") from error
