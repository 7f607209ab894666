"""Running one learnware's model in a child process."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import ModelError, ModelTimeoutError
from learnware.runtime import _worker
from learnware.runtime._worker import frames
from learnware.runtime.environment import current_environment
from learnware.runtime.sandbox import Child
from learnware.specification._tables import without_tensor

if TYPE_CHECKING:
    import os
    import socket
    from types import TracebackType

    from typing_extensions import Self

__all__ = ["ModelProcess"]

_MAX_SHAPE = 8
# The worker's folder is on the path for this one import only.
_START = "import sys; sys.path.insert(0, sys.argv[1]); from _worker.main import main; del sys.path[0]; main()"


class ModelProcess:
    """A learnware's model in a child process: its code never runs in the caller's.

    The child is a plain process of the current interpreter with a cleared environment and a scratch folder as home.
    That keeps crashes, prints, time and memory of the model away from the caller; it is no sandbox against hostile
    code.

    Arrays of numbers and texts travel as they are and nothing is pickled. The child and what it has forked (its
    process group) are killed when a call runs out of time, when the process is closed, and when the caller dies.

    Parameters
    ----------
    folder : str or path
        The unpacked learnware.
    model : dict
        Its model: ``class_name``, ``module_path`` and ``kwargs`` as in ``learnware.yaml``.
    timeout : float, default=60
        Seconds for loading the model and for each call.
    max_output_bytes : int, default=2**30
        Largest output that is taken from the model.

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
        timeout: float = 60.0,
        max_output_bytes: int = 1 << 30,
    ) -> None:
        self._folder = Path(folder).absolute()
        self._config = model
        self._timeout = timeout
        self._max_output_bytes = max_output_bytes
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._description: dict[str, Any] = {}
        self._closed = False

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
        return "" if self._child is None else self._child.output()

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
        """
        with self._lock:
            self._start()
            return dict(self._description)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:
        """Return the model's outputs for `X`.

        Parameters
        ----------
        X : array of shape (n_samples, ...) or list of str
            Numbers, booleans or texts.

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
        """
        output = self._call("predict", X)
        promised = self._description["output_shape"]
        if promised is not None and output.shape[1:] != promised and (output.ndim != 1 or promised != (1,)):
            raise ModelError(f"predict answered outputs of shape {output.shape[1:]}; the model promises {promised}")
        return output

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:
        """Return class probabilities, shape (n_samples, n_classes).

        Raises
        ------
        ModelError
            As for `predict`, and if the model gives no probabilities.
        ModelTimeoutError
            If it does not answer in time; the process is gone then.
        """
        output = self._call("predict_proba", X)
        if output.ndim != 2 or output.dtype.kind != "f":
            raise ModelError(f"predict_proba answered an array of shape {output.shape} and type {output.dtype}")
        return output

    def close(self) -> None:
        """Kill the process and everything that it has started; safe to call twice and from another thread."""
        self._closed = True
        if self._child is not None:
            self._child.close()

    def _start(self) -> None:
        if self._closed:
            raise ModelError("the model's process is closed; make another ModelProcess")
        if self._child is not None:
            return
        if not self._folder.is_dir():
            raise ModelError(f"there is no folder {str(self._folder)!r}")
        environment = current_environment()
        self._child = Child([str(environment.python), "-I", "-B", "-c", _START, str(Path(_worker.__path__[0]).parent)])
        request = {"method": "load", "folder": str(self._folder), "config": frames.config_to_json(self._config)}
        header, _ = self._exchange(request, None)
        try:
            self._description = _check_description(header.get("description"))
        except ModelError:
            self.close()
            raise

    def _call(self, method: str, X: Any) -> np.ndarray[Any, Any]:
        if not isinstance(X, (list, tuple)):
            X = np.asarray(without_tensor(X))
            if X.ndim == 0:
                raise ModelError(f"the input of {method} is a single value; expected one row to a sample")
        with self._lock:
            self._start()
            if method not in self._description["methods"]:
                raise ModelError(f"the model has no {method}")
            _, output = self._exchange({"method": method}, X)
        output = self._check_texts(method, output) if isinstance(output, list) else output
        if output is None or output.ndim == 0 or len(output) != len(X):
            answer = "nothing" if output is None else f"an array of shape {output.shape}"
            raise ModelError(f"{method} answered {answer} for {len(X)} inputs; expected one output each")
        if output.dtype.kind == "f" and not np.isfinite(output).all():
            raise ModelError(f"{method} answered values that are NaN or infinite")
        result: np.ndarray[Any, Any] = output
        return result

    def _check_texts(self, method: str, texts: list[str]) -> np.ndarray[Any, Any]:
        # A numpy array of texts gives each the room of the longest one.
        if 4 * len(texts) * max(map(len, texts), default=0) > self._max_output_bytes:
            raise ModelError(f"{method} answered texts that are too long")
        return np.array(texts, dtype=np.str_)

    def _exchange(self, request: dict[str, Any], value: Any) -> tuple[dict[str, Any], Any]:
        assert self._child is not None  # noqa: S101  # started by every caller
        child, method = self._child, request["method"]
        what = "loading the model" if method == "load" else method
        connection = _Deadline(child.sock, self._timeout)
        try:
            frames.send_frame(connection, request, value)
        except (TypeError, ValueError) as error:  # nothing was sent: the caller's value is at fault
            raise ModelError(f"the input of {what} cannot be handed over: {error}") from error
        except TimeoutError:
            self._give_up(what)
        except OSError:
            pass  # the child is gone; what it said last is still to be read
        try:
            header, output = frames.receive_frame(connection, self._max_output_bytes)
        except TimeoutError:
            self._give_up(what)
        except (EOFError, OSError) as error:
            self.close()
            raise ModelError(f"{what} failed: the model's process {child.ending()}{child.last_words()}") from error
        except frames.ProtocolError as error:
            self.close()
            raise ModelError(f"{what} answered {error}") from error
        if "error" in header:
            if method == "load":
                self.close()
            message = f"{header['error']}: {header.get('type')}: {header.get('detail')}"
            trace = str(header.get("traceback"))
            raise ModelError(_encodable(message, 5000), traceback_text=_encodable(trace, frames.MAX_TRACEBACK_CHARS))
        return header, output

    def _give_up(self, what: str) -> None:
        self.close()
        words = "" if self._child is None else self._child.last_words()
        raise ModelTimeoutError(
            f"{what} took more than {self._timeout:g} seconds; its process was ended{words}"
        ) from None


def _encodable(text: str, most: int) -> str:
    """Return the beginning of a text that the child wrote, without what JSON may hold and UTF-8 may not."""
    return text[:most].encode("utf-8", "replace").decode("utf-8")


def _check_description(description: Any) -> dict[str, Any]:
    """Return the description as plain values of the expected kinds; the child may have written anything."""

    def shape(value: Any) -> tuple[int, ...] | None:
        if value is None:
            return None
        if not isinstance(value, list) or len(value) > _MAX_SHAPE or not all(type(size) is int for size in value):
            raise ModelError(f"the model's shape is {value!r:.200}; expected a tuple of integers or None")
        return tuple(value)

    if not isinstance(description, dict):
        raise ModelError("the model's process did not describe the model")
    known = ("predict", "predict_proba", "fit", "finetune")
    methods = description.get("methods")
    return {
        "input_shape": shape(description.get("input_shape")),
        "output_shape": shape(description.get("output_shape")),
        "methods": tuple(name for name in known if isinstance(methods, list) and name in methods),
    }


class _Deadline:
    """A socket whose operations all together end at one moment."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._end = time.monotonic() + seconds

    def _arm(self) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        # Platforms bound a single wait; more than a day is as good as for ever.
        self._sock.settimeout(None if math.isinf(left) else left)

    def sendall(self, data: Any) -> None:
        self._arm()
        self._sock.sendall(data)

    def recv_into(self, buffer: Any, count: int) -> int:
        self._arm()
        return self._sock.recv_into(buffer, count)
