"""The child that runs one learnware's model; it needs only the standard library and numpy, and Python 3.8.

It is run as a file (``python -I _worker.py SCRATCH``), never as a part of the package, so that it also serves
environments without the engine. The parent imports it for the frames of the protocol and for loading a model in its own
process.

A frame is the length of a JSON header (4 bytes, big-endian), the header, and the raw bytes of its ``value``. A value is
an array of a plain kind (``{"kind": "array", "dtype": "<f8", "shape": [n, d]}``), or texts
(``{"kind": "text", "shape": [n], "bytes": m}``: n lengths as int64, then the texts in UTF-8). Nothing is ever pickled.
Requests come in one at a time on a socket; what the model prints goes to the standard error of the process and cannot
disturb the protocol.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import math
import os
import shutil
import socket
import struct
import sys
import threading
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_HEADER_BYTES = 1 << 20
MAX_TRACEBACK_CHARS = 1 << 14
MAX_DIMENSIONS = 8
# What a text costs as an object of Python's, besides its letters.
_TEXT_BYTES = 64
# Booleans, integers, unsigned integers and floats: nothing that holds a pointer.
ARRAY_KINDS = "biuf"


class ProtocolError(Exception):
    """A frame breaks the protocol."""


# --- frames ---


def encode_value(value: Any) -> tuple[dict[str, Any], list[Any]]:
    """Return the header entry and the buffers of an array, or of texts in a list or an array.

    Raises
    ------
    TypeError
        If the value is neither.
    """
    if isinstance(value, (list, tuple)) and len(value) and all(isinstance(item, str) for item in value):
        return _encode_texts(value, [len(value)])
    array = np.asarray(value)
    if array.dtype.kind == "U" or (array.dtype.kind == "O" and all(isinstance(item, str) for item in array.flat)):
        return _encode_texts(array.ravel().tolist(), list(array.shape))
    if array.dtype.kind not in ARRAY_KINDS or array.dtype.itemsize > 8:
        raise TypeError(
            f"values of type {type(value).__name__} (dtype {array.dtype}) cannot be handed over;"
            " use numbers, booleans or texts"
        )
    # Numbers travel little-endian and C-ordered; an array that is so already is not copied.
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    header = {"kind": "array", "dtype": array.dtype.str, "shape": list(np.shape(value))}
    return header, [array.reshape(-1).view(np.uint8).data] if array.size else []


def _encode_texts(texts: Iterable[str], shape: list[int]) -> tuple[dict[str, Any], list[Any]]:
    encoded = [text.encode("utf-8") for text in texts]
    lengths = np.array([len(text) for text in encoded], dtype="<i8")
    body = b"".join(encoded)
    return {"kind": "text", "shape": shape, "bytes": len(body)}, [lengths.tobytes(), body]


def send_frame(sock: Any, header: dict[str, Any], value: Any = None) -> None:
    """Send a header and, if `value` is not None, the value."""
    buffers: list[Any] = []
    if value is not None:
        entry, buffers = encode_value(value)
        header = dict(header, value=entry)
    data = json.dumps(header).encode("ascii")
    sock.sendall(struct.pack(">I", len(data)) + data)
    for buffer in buffers:
        sock.sendall(buffer)


def receive_exactly(sock: Any, buffer: Any) -> None:
    """Fill a writable buffer.

    Raises
    ------
    EOFError
        If the other side is gone.
    """
    view = memoryview(buffer)
    while view:
        count = sock.recv_into(view, min(len(view), 1 << 24))
        if not count:
            raise EOFError
        view = view[count:]


def receive_frame(sock: Any, max_bytes: int) -> tuple[dict[str, Any], Any]:
    """Return a header and its value, or None where it has none.

    Raises
    ------
    EOFError
        If the other side is gone.
    ProtocolError
        If the frame is no frame, or its value has more than `max_bytes`.
    """
    prefix = bytearray(4)
    receive_exactly(sock, prefix)
    (length,) = struct.unpack(">I", prefix)
    if length > MAX_HEADER_BYTES:
        raise ProtocolError(f"a header of {length} bytes")
    data = bytearray(length)
    receive_exactly(sock, data)
    try:
        header = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a header that is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise ProtocolError("a header that is no object")
    entry = header.pop("value", None)
    return header, None if entry is None else _receive_value(sock, entry, max_bytes)


def _receive_value(sock: Any, entry: Any, max_bytes: int) -> Any:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if (
        not isinstance(shape, list)
        or len(shape) > MAX_DIMENSIONS
        or not all(type(size) is int and size >= 0 for size in shape)
    ):
        raise ProtocolError(f"a value of shape {shape!r:.200}")
    # A size of zero must not hide another one that is beyond all bounds.
    count = math.prod(shape)
    largest = math.prod(max(1, size) for size in shape)
    if kind == "array":
        dtype = _parse_dtype(entry.get("dtype"))
        if largest * dtype.itemsize > max_bytes:
            raise ProtocolError(f"a value of {largest * dtype.itemsize} bytes; at most {max_bytes} are allowed")
        array = np.empty(shape, dtype=dtype)
        if count:
            receive_exactly(sock, array.reshape(-1).view(np.uint8).data)
        return array
    size = entry.get("bytes")
    if kind != "text" or type(size) is not int or size < 0:
        raise ProtocolError(f"a value of kind {kind!r:.200}")
    needed = largest * _TEXT_BYTES + size
    if needed > max_bytes:
        raise ProtocolError(f"texts of {needed} bytes; at most {max_bytes} are allowed")
    return _receive_texts(sock, shape, count, size)


def _parse_dtype(text: Any) -> Any:
    # Looked up in a list: numpy's own parser would also take structures and objects.
    known = {np.dtype(code).newbyteorder("<").str: np.dtype(code).newbyteorder("<") for code in "?bBhHiIqQefd"}
    if not isinstance(text, str) or text not in known:
        raise ProtocolError(f"a value of dtype {text!r:.200}")
    return known[text]


def _receive_texts(sock: Any, shape: list[int], count: int, size: int) -> Any:
    lengths = np.empty(count, dtype="<i8")
    if count:
        receive_exactly(sock, lengths.view(np.uint8).data)
    body = bytearray(size)
    receive_exactly(sock, body)
    if count and (int(lengths.min()) < 0 or int(lengths.max()) > size):
        raise ProtocolError("texts with impossible lengths")
    ends = np.cumsum(lengths).tolist()
    if (ends[-1] if ends else 0) != size:
        raise ProtocolError("texts whose lengths do not add up")
    try:
        texts = [body[start:end].decode("utf-8") for start, end in zip([0, *ends], ends)]  # noqa: B905  # Python 3.8
    except UnicodeDecodeError as error:
        raise ProtocolError(f"texts that are not in UTF-8: {error}") from error
    if len(shape) == 1:
        return texts
    array = np.empty(count, dtype=object)
    array[:] = texts
    return array.reshape(shape)


# --- the model ---


def load_model(folder: str, config: dict[str, Any], package_name: str) -> Any:
    """Return the model of a learnware folder: an instance of the class that `config` names.

    The folder is imported as a package of the name `package_name`, so that relative imports inside it work and two
    learnwares with files of equal names do not meet.

    Parameters
    ----------
    folder : str
        The learnware's folder.
    config : dict
        ``class_name``, ``module_path`` (a ``.py`` file of the folder, or an installed module) and ``kwargs``.
    package_name : str
        A name that no module has yet.
    """
    module = _import(folder, config.get("module_path") or "__init__.py", package_name)
    class_name = config.get("class_name") or "Model"
    try:
        model_class = getattr(module, class_name)
    except AttributeError:
        raise AttributeError(f"the learnware's module has no class {class_name!r}") from None
    model = model_class(**(config.get("kwargs") or {}))
    if not callable(getattr(model, "predict", None)):
        raise TypeError(f"{class_name} has no predict")
    return model


def _import(folder: str, module_path: str, package_name: str) -> Any:
    if not module_path.endswith(".py"):
        return importlib.import_module(module_path)
    file = Path(folder, module_path)
    if file == Path(folder, "__init__.py"):
        spec = importlib.util.spec_from_file_location(package_name, str(file), submodule_search_locations=[folder])
        if spec is None or spec.loader is None:
            raise ImportError(f"{module_path} cannot be imported")
        module = importlib.util.module_from_spec(spec)
        sys.modules[package_name] = module
        spec.loader.exec_module(module)
        return module
    package = types.ModuleType(package_name)
    package.__path__ = [folder]
    sys.modules[package_name] = package
    importlib.invalidate_caches()
    return importlib.import_module(".".join([package_name, *file.relative_to(folder).with_suffix("").parts]))


def forget_package(package_name: str) -> None:
    """Take a learnware's modules out of the interpreter."""
    for name in [name for name in sys.modules if name == package_name or name.startswith(package_name + ".")]:
        del sys.modules[name]


_numbers = itertools.count()


def unique_package_name() -> str:
    """Return a package name that nothing has in this process."""
    return f"_learnware_package_{next(_numbers)}"


def provide_base_model() -> None:
    """Make ``from learnware.model import BaseModel`` work where the engine is not installed."""
    try:
        importlib.import_module("learnware.model.base")
    except ImportError:
        pass
    else:
        return

    class BaseModel:
        """What a learnware's model implements."""

        def __init__(self, input_shape: Any = None, output_shape: Any = None) -> None:
            self.input_shape = input_shape
            self.output_shape = output_shape

        def predict(self, X: Any) -> Any:
            raise NotImplementedError

        def fit(self, X: Any, y: Any) -> None:
            raise NotImplementedError

        def finetune(self, X: Any, y: Any) -> None:
            raise NotImplementedError

        def get_model(self) -> Any:
            raise NotImplementedError

    names = ["learnware", "learnware.model", "learnware.model.base"]
    modules = [types.ModuleType(name) for name in names]
    for name, module in zip(names, modules):  # noqa: B905  # Python 3.8
        module.__path__ = []  # a module with a path is a package
        sys.modules[name] = module
    modules[0].model = modules[1]  # type: ignore[attr-defined]
    modules[1].base = modules[2]  # type: ignore[attr-defined]
    BaseModel.__module__ = "learnware.model.base"
    modules[1].BaseModel = modules[2].BaseModel = BaseModel  # type: ignore[attr-defined]


def describe(model: Any) -> dict[str, Any]:
    """Return the model's shapes as plain values and the methods that it has."""
    inherited: Any = getattr(sys.modules.get("learnware.model.base"), "BaseModel", None)
    methods = [
        name
        for name in ("predict", "predict_proba", "fit", "finetune")
        if callable(getattr(model, name, None))
        and getattr(type(model), name, None) is not getattr(inherited, name, type(model))
    ]
    return {
        "input_shape": _plain_shape(getattr(model, "input_shape", None)),
        "output_shape": _plain_shape(getattr(model, "output_shape", None)),
        "methods": methods,
    }


def _plain_shape(shape: Any) -> list[int] | None:
    return None if shape is None else [int(size) for size in shape]


def plain_output(output: Any) -> Any:
    """Return a model's output without a framework's tensor around it."""
    for name in ("detach", "cpu"):  # torch tensors, also on a device and with a gradient
        if callable(getattr(output, name, None)):
            output = getattr(output, name)()
    # numpy has no such precision.
    return output.float() if str(getattr(output, "dtype", None)) == "torch.bfloat16" else output


def _call(model: Any, name: str, X: Any) -> Any:
    output = plain_output(getattr(model, name)(X))
    if output is None:
        raise TypeError(f"{name} returned None")
    return output


# --- the process ---


def _connect() -> socket.socket:
    """Take over the socket that the parent gave and send whatever is printed to the standard error."""
    if sys.platform == "win32":
        sock = socket.fromshare(sys.stdin.buffer.read())
    else:
        sock = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # before Python 3.9 it keeps everything back
    sys.stdout = sys.stderr
    return sock


class _Requests:
    """Reads requests in a thread of its own, which ends the process and its children as soon as the parent is gone."""

    def __init__(self, sock: Any, scratch: str) -> None:
        self._sock = sock
        self._scratch = scratch
        self._ready = threading.Semaphore(0)
        self._request: tuple[dict[str, Any], Any] | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                self._request = receive_frame(self._sock, sys.maxsize)
                self._ready.release()
        finally:
            # The parent closed the socket, died, or wrote nonsense; who died has not cleared the scratch folder.
            shutil.rmtree(self._scratch, ignore_errors=True)
            if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
                os.killpg(0, 9)
            os._exit(1)

    def next(self) -> tuple[dict[str, Any], Any]:
        """Return the next request and its value."""
        self._ready.acquire()
        request, self._request = self._request, None
        if request is None:
            raise ProtocolError("no request")
        return request


def _answer(sock: Any, header: dict[str, Any], value: Any) -> None:
    try:
        send_frame(sock, header, value)
    except (TypeError, ValueError) as error:  # found before anything was sent
        _answer_error(sock, "the output cannot be handed over", error)


def _answer_error(sock: Any, message: str, error: BaseException) -> None:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    send_frame(
        sock,
        {
            "error": message,
            "type": type(error).__name__[:200],
            "detail": str(error)[:2000],
            "traceback": text[-MAX_TRACEBACK_CHARS:],
        },
    )


def main() -> None:
    """Load the model that the first request names, then answer requests until the parent is gone."""
    sock = _connect()
    requests = _Requests(sock, scratch=sys.argv[1])
    model: Any = None
    while True:
        request, value = requests.next()
        name = request["method"]
        message = "the model could not be loaded" if name == "load" else f"{name} failed"
        try:
            if name == "load":
                provide_base_model()
                model = load_model(request["folder"], json_to_config(request["config"]), unique_package_name())
                header, output = {"description": describe(model)}, None
            else:
                header, output = {}, _call(model, name, value)
        except BaseException as error:  # noqa: BLE001  # the process's edge: sys.exit and the like included
            _answer_error(sock, message, error)
        else:
            _answer(sock, header, output)
        del value
        output = None


def config_to_json(value: Any) -> Any:
    """Return the values of a model's configuration with tuples marked, which JSON does not know."""
    if isinstance(value, tuple):
        return {"tuple": [config_to_json(item) for item in value]}
    if isinstance(value, list):
        return [config_to_json(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[config_to_json(key), config_to_json(item)] for key, item in value.items()]}
    return value


def json_to_config(value: Any) -> Any:
    """Return what `config_to_json` was given."""
    if isinstance(value, list):
        return [json_to_config(item) for item in value]
    if isinstance(value, dict):
        if "tuple" in value:
            return tuple(json_to_config(item) for item in value["tuple"])
        return {json_to_config(key): json_to_config(item) for key, item in value["dict"]}
    return value


if __name__ == "__main__":
    main()
