"""Reading the arguments of a pickle's instructions, as leniently as loading does."""

from __future__ import annotations

import codecs
import pickletools
from typing import TYPE_CHECKING, Any

from learnware.verification._streams import MalformedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from learnware.verification._streams import Stream

__all__ = ["LONGEST_VALUE", "OPAQUE", "read_argument"]

# Longer values cannot be parts of names or of the description of an array.
LONGEST_VALUE = 1 << 10
_LONGEST_PAYLOAD = 64 << 20
_LENGTH_BYTES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


class _Opaque:
    """A value that does not matter."""

    __slots__ = ()


OPAQUE = _Opaque()


def read_argument(stream: Stream, opcode: Any, position: int, payload: Callable[[int, bytes | None], None]) -> Any:
    """Return the argument of an instruction.

    Parameters
    ----------
    stream : Stream
        Stands behind the instruction.
    opcode : pickletools.OpcodeInfo
        The instruction.
    position : int
        Where it is.
    payload : callable
        Is given the position and the content of bytes that begin as a pickle does; None where there are too many.

    Raises
    ------
    MalformedError
        If it has none.
    """
    descriptor = opcode.arg
    if descriptor is None:
        return None
    try:
        if descriptor.n == pickletools.UP_TO_NEWLINE:
            return _read_line(stream, opcode.name)
        if descriptor.n >= 0:
            number = int.from_bytes(stream.read(descriptor.n), "little", signed=descriptor.name == "int4")
            return OPAQUE if opcode.name == "BINFLOAT" else number
        return _read_counted(stream, descriptor, payload)
    except (ValueError, EOFError) as error:
        raise MalformedError(f"the instruction {opcode.name} at position {position} has no proper argument") from error


def _read_line(stream: Stream, opcode: str) -> Any:
    """Read an argument that ends with its line."""
    line = stream.line()[:-1]
    if opcode in {"GLOBAL", "INST"}:
        return line.decode("utf-8", "surrogatepass"), stream.line()[:-1].decode("utf-8", "surrogatepass")
    if opcode in {"GET", "PUT"}:
        return int(line)
    if opcode == "STRING":
        return codecs.escape_decode(line.strip()[1:-1])[0].decode("latin-1")
    # Numbers of odd forms do not matter; texts may become names.
    return line.decode("raw-unicode-escape") if opcode == "UNICODE" else OPAQUE


def _read_counted(stream: Stream, descriptor: Any, payload: Callable[[int, bytes | None], None]) -> Any:
    """Read an argument that begins with its length."""
    signed = descriptor.n == pickletools.TAKEN_FROM_ARGUMENT4
    size = int.from_bytes(stream.read(_LENGTH_BYTES[descriptor.n]), "little", signed=signed)
    if size < 0:
        raise ValueError
    position = stream.position
    text, number = "unicode" in descriptor.name, descriptor.name.startswith("long")
    if not text and not number and stream.peek(min(size, 2))[:1] == b"\x80":
        if size <= _LONGEST_PAYLOAD:
            payload(position, stream.read(size))
            return OPAQUE
        payload(position, None)
    if size > LONGEST_VALUE:
        stream.skip(size)
        return OPAQUE
    data = stream.read(size)
    if number:
        return int.from_bytes(data, "little", signed=True)
    return data.decode("utf-8", "surrogatepass") if text else data.decode("latin-1")
