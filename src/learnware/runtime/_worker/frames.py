"""The protocol between a worker and its parent: frames.

A frame is the length of a JSON header (4 bytes, big-endian), the header, and the raw bytes of its ``value``. A value is
an array of a plain kind (``{"kind": "array", "dtype": "<f8", "shape": [n, d]}``), or texts
(``{"kind": "text", "shape": [n], "bytes": m}``: n lengths as int64, then the texts in UTF-8). Nothing is ever pickled.
"""

from __future__ import annotations

import json
import math
import struct
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
