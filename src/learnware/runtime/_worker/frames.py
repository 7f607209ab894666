"""The protocol between a worker and its parent: frames.

A frame is the length of a JSON header (4 bytes, big-endian), the header, and the raw bytes of its ``values``, one after
the other. A value is an array of a plain kind (``{"kind": "array", "dtype": "<f8", "shape": [n, d]}``), texts
(``{"kind": "text", "shape": [n], "bytes": m}``: n lengths as int64, then the texts in UTF-8), or, from the parent only,
a table (``{"kind": "arrow", "bytes": m}``: an Arrow IPC stream). Nothing is ever pickled.
"""

from __future__ import annotations

import json
import math
import reprlib
import struct
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # The entry of a value in the header, and its bytes in any number of pieces.
    Part = tuple[dict[str, Any], Iterable[Any]]

MAX_HEADER_BYTES = 1 << 20
MAX_TRACEBACK_CHARS = 1 << 14
MAX_DIMENSIONS = 8
MAX_VALUES = 2
# What a text costs as an object of Python's, besides its letters.
_TEXT_BYTES = 64
# How much is copied at a time of what does not lie in memory as it travels.
_BLOCK_BYTES = 1 << 22
_BLOCK_TEXTS = 1 << 16
# Booleans, integers, unsigned integers and floats: nothing that holds a pointer.
ARRAY_KINDS = "biuf"


class ProtocolError(Exception):
    """A frame breaks the protocol."""


class TooLargeError(ProtocolError):
    """A value is larger than allowed."""


class ArrowStream:
    """The bytes of a table."""

    def __init__(self, data: Any) -> None:
        self.data = data


def encode_value(value: Any) -> Part:
    """Return the header entry and the pieces of an array, or of texts in a list or an array.

    What can go wrong does so here: the pieces can be sent without another look.

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
    dtype = array.dtype.newbyteorder("<")
    return {"kind": "array", "dtype": dtype.str, "shape": list(array.shape)}, _pieces(array, dtype)


def _pieces(array: Any, dtype: Any) -> Iterator[Any]:
    """Yield numbers little-endian and C-ordered: in place where they lie so, else copied a block at a time."""
    if not array.size:
        return
    array = np.atleast_1d(array)
    if array.flags.c_contiguous and array.dtype == dtype:
        yield array.reshape(-1).view(np.uint8).data
        return
    row_bytes = array.nbytes // len(array)
    if row_bytes > _BLOCK_BYTES and array.ndim > 1:
        for row in array:
            yield from _pieces(row, dtype)
        return
    rows = max(1, _BLOCK_BYTES // row_bytes)
    for start in range(0, len(array), rows):
        block = np.ascontiguousarray(array[start : start + rows], dtype=dtype)
        yield block.reshape(-1).view(np.uint8).data


def _encode_texts(texts: Any, shape: list[int]) -> Part:
    encoded = [text.encode("utf-8") for text in texts]
    lengths = np.array([len(text) for text in encoded], dtype="<i8")

    def pieces() -> Iterator[Any]:
        yield lengths.tobytes()
        for start in range(0, len(encoded), _BLOCK_TEXTS):
            yield b"".join(encoded[start : start + _BLOCK_TEXTS])

    return {"kind": "text", "shape": shape, "bytes": int(lengths.sum())}, pieces()


def send_frame(sock: Any, header: dict[str, Any], parts: Iterable[Part] = ()) -> None:
    """Send a header and values as `encode_value` returns them."""
    parts = list(parts)
    if parts:
        header = dict(header, values=[entry for entry, _ in parts])
    data = json.dumps(header).encode("ascii")
    sock.sendall(struct.pack(">I", len(data)) + data)
    for _, pieces in parts:
        for piece in pieces:
            sock.sendall(piece)


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


def receive_frame(sock: Any, max_bytes: int, *, tables: bool = False) -> tuple[dict[str, Any], list[Any]]:
    """Return a header and its values.

    Memory is taken for what the limits allow only, and the system gives it as bytes come in.

    Parameters
    ----------
    sock : socket
        What has ``recv_into``.
    max_bytes : int
        How much memory the values may take together.
    tables : bool
        Whether tables may be among the values.

    Raises
    ------
    EOFError
        If the other side is gone.
    ProtocolError
        If the frame is no frame.
    TooLargeError
        If its values are larger than `max_bytes`.
    """
    prefix = bytearray(4)
    receive_exactly(sock, prefix)
    (length,) = struct.unpack(">I", prefix)
    if length > MAX_HEADER_BYTES:
        raise ProtocolError(f"a header of {length} bytes")
    data = bytearray(length)
    receive_exactly(sock, data)
    try:
        header = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a header that is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise ProtocolError("a header that is no object")
    entries = header.pop("values", [])
    if not isinstance(entries, list) or len(entries) > MAX_VALUES:
        raise ProtocolError(f"values that are no list of at most {MAX_VALUES}")
    values = []
    for entry in entries:
        value, size = _receive_value(sock, entry, max_bytes, tables)
        values.append(value)
        max_bytes -= size
    return header, values


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _receive_value(sock: Any, entry: Any, max_bytes: int, tables: bool) -> tuple[Any, int]:
    """Return a value, and how much memory it takes."""
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind == "array":
        return _receive_array(sock, entry, max_bytes)
    size = entry.get("bytes") if isinstance(entry, dict) else None
    if kind not in (("text", "arrow") if tables else ("text",)) or type(size) is not int or not _is_size(size):
        raise ProtocolError(f"a value of kind {reprlib.repr(kind)}, {reprlib.repr(size)} bytes")
    if kind == "text":
        return _receive_texts(sock, _parse_shape(entry), size, max_bytes)
    _check_size("a table", size, max_bytes)
    return ArrowStream(_receive_bytes(sock, size)), size


def _is_size(value: Any) -> bool:
    # The bound keeps figures short, which a message may then name.
    return type(value) is int and 0 <= value <= sys.maxsize


def _check_size(what: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLargeError(f"{what} of {size} bytes; at most {max_bytes} are allowed")


def _parse_shape(entry: dict[str, Any]) -> list[int]:
    shape = entry.get("shape")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not all(map(_is_size, shape)):
        raise ProtocolError(f"a value of shape {reprlib.repr(shape)}")
    return shape


def _count(shape: list[int]) -> int:
    """Return the number of elements, those along an empty dimension counted once: they must not hide a huge one."""
    return math.prod(max(1, size) for size in shape)


def _receive_array(sock: Any, entry: dict[str, Any], max_bytes: int) -> tuple[Any, int]:
    shape, dtype = _parse_shape(entry), _parse_dtype(entry.get("dtype"))
    size = _count(shape) * dtype.itemsize
    _check_size("a value", size, max_bytes)
    array = np.empty(shape, dtype=dtype)
    if array.size:
        receive_exactly(sock, array.reshape(-1).view(np.uint8).data)
    return array, size


def _parse_dtype(text: Any) -> Any:
    # Looked up in a list: numpy's own parser would also take structures and objects.
    known = {np.dtype(code).newbyteorder("<").str: np.dtype(code).newbyteorder("<") for code in "?bBhHiIqQefd"}
    if not isinstance(text, str) or text not in known:
        raise ProtocolError(f"a value of dtype {reprlib.repr(text)}")
    return known[text]


def _receive_bytes(sock: Any, size: int) -> Any:
    # Not a bytearray, whose memory is taken at once.
    data = np.empty(size, dtype=np.uint8)
    if size:
        receive_exactly(sock, data.data)
    return data.data


def _receive_texts(sock: Any, shape: list[int], size: int, max_bytes: int) -> tuple[Any, int]:
    needed = _count(shape) * _TEXT_BYTES + size
    _check_size("texts", needed, max_bytes)
    lengths = np.empty(math.prod(shape), dtype="<i8")
    if lengths.size:
        receive_exactly(sock, lengths.view(np.uint8).data)
    body = _receive_bytes(sock, size)
    if lengths.size and (int(lengths.min()) < 0 or int(lengths.max()) > size):
        raise ProtocolError("texts with impossible lengths")
    # In floating point first: the sum of what lies may be beyond all integers.
    if float(lengths.sum(dtype=np.float64)) > 2.0 * size or int(lengths.sum()) != size:
        raise ProtocolError("texts whose lengths do not add up")
    texts: list[str] = []
    taken = start = 0
    for first in range(0, lengths.size, _BLOCK_TEXTS):
        for length in lengths[first : first + _BLOCK_TEXTS].tolist():
            try:
                text = str(body[start : start + length], "utf-8")
            except UnicodeDecodeError as error:
                raise ProtocolError(f"texts that are not in UTF-8: {error}") from error
            texts.append(text)
            start += length
            # One rare letter makes all letters of a text as wide as itself.
            taken += sys.getsizeof(text)
        _check_size("texts", taken, max_bytes)
    if len(shape) == 1:
        return texts, max(taken, needed)
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array.reshape(shape), max(taken, needed)


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
