"""Reading the instructions of a pickle without following them.

The stack and the memo hold plain values, names, and what would have been made of them; nothing is imported and nothing
called. That is enough to know every name that loading would look up, also where its parts come from the memo, and where
joblib puts the bytes of arrays between the instructions.
"""

from __future__ import annotations

import contextlib
import math
import pickletools
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from learnware.verification._pickle_arguments import LONGEST_VALUE, OPAQUE, read_argument
from learnware.verification._pickle_names import is_dangerous
from learnware.verification._streams import BudgetSpentError, MalformedError, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Machine", "Name", "Reader"]

_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_MOST_ITEMS = 64
_DEEPEST = 20
_GLANCE_BYTES = 256
_MOST_COPIED = 10_000
_MOST_KEPT = 4_000_000
_WRAPPERS = ("joblib.numpy_pickle.NumpyArrayWrapper", "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper")
_DTYPE = re.compile(r"([biufcmMSUVO])(\d+)|\?")
_NEEDS_OBJECTS = 0x01  # NPY_ITEM_REFCOUNT among the flags of a dtype


class Name(NamedTuple):
    """A name that a pickle looks up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class Reader(Protocol):
    """Is told what a machine comes across."""

    def name(self, position: int, name: Name | None) -> None:
        """Take a name; None for one that only shows when the pickle is loaded."""

    def extension(self, position: int, code: int) -> None:
        """Take a number that stands for a name in a registry of the loading program."""

    def payload(self, position: int, data: bytes | None) -> None:
        """Take bytes that begin as a pickle does; None where there are too many."""


class _Made:
    """What a callable would have returned."""

    __slots__ = ("arguments", "function", "state")

    def __init__(self, function: Any, arguments: Any) -> None:
        self.function = function
        self.arguments = arguments
        self.state: Any = None


class Machine:
    """Goes through one pickle.

    Parameters
    ----------
    stream : Stream
        Stands at its first instruction, and behind its last one afterwards.
    reader : Reader
        Is told what there is.
    depth : int, default=0
        Pickles around this one, where an array of objects is one of its own.
    """

    def __init__(self, stream: Stream, reader: Reader, depth: int = 0) -> None:
        self._stream = stream
        self._reader = reader
        self._depth = depth
        self._stack: list[Any] = []
        self._marked: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._position = 0
        self._frame_end = 0
        self.first_value: Any = None

    def run(self) -> None:
        """Go on to the instruction that ends the pickle.

        Raises
        ------
        MalformedError
            If there is none, or something else than instructions.
        BudgetSpentError
            If it takes too long.
        """
        done = 0
        while True:
            self._position = self._stream.position
            code = self._stream.read(1)
            opcode = _OPCODES.get(code)
            if opcode is None:
                raise MalformedError(f"the byte {code.hex()} at position {self._position} is no instruction")
            argument = read_argument(self._stream, opcode, self._position, self._reader.payload)
            if opcode.name == "STOP":
                self.first_value = self._stack[-1] if self._stack else None
                return
            try:
                _HANDLERS[opcode.name](self, argument)
            except (IndexError, KeyError, TypeError) as error:
                raise MalformedError(
                    f"the instruction {opcode.name} at position {self._position} does not fit what is before it"
                ) from error
            done += 1
            if done % 4096 == 0:
                self._stream.budget.spend()
                if len(self._stack) + len(self._memo) + len(self._marked) > _MOST_KEPT:
                    raise BudgetSpentError(f"more than {_MOST_KEPT:,} values at once")

    def _to_mark(self) -> list[Any]:
        items = self._stack
        self._stack = self._marked.pop()
        return items

    def _look_up(self, module: Any, name: Any) -> None:
        found = Name(module, name) if isinstance(module, str) and isinstance(name, str) else None
        self._reader.name(self._position, found)
        self._stack.append(found or OPAQUE)

    def _build(self) -> None:
        state = self._stack.pop()
        made = self._stack[-1]
        if not isinstance(made, _Made):
            return
        made.state = state
        of = made.function
        if isinstance(of, Name) and of.name == "_reconstructor" and isinstance(made.arguments, tuple):
            of = made.arguments[0]
        if isinstance(of, Name) and str(of) in _WRAPPERS and isinstance(state, dict):
            self._skip_array(state)

    def _skip_array(self, state: dict[Any, Any]) -> None:
        """Pass the bytes of an array, which joblib writes right behind its description."""
        shape, dtype = state.get("shape"), state.get("dtype")
        arguments, details = (dtype.arguments, dtype.state) if isinstance(dtype, _Made) else (None, None)
        kind = arguments[0] if isinstance(arguments, tuple) and arguments else None
        match = _DTYPE.fullmatch(kind) if isinstance(kind, str) else None
        if match is None or not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise MalformedError(f"the array described before position {self._position} is of no known form")
        flags = details[7] if isinstance(details, tuple) and len(details) > 7 else 0
        if self._stream.position < self._frame_end:
            raise MalformedError(f"an array is described inside of a frame at position {self._position}")
        if match[1] == "O" or (match[1] == "V" and isinstance(flags, int) and flags & _NEEDS_OBJECTS):
            if self._depth == _DEEPEST:
                raise MalformedError(f"arrays of objects are nested too deeply at position {self._position}")
            Machine(self._stream, self._reader, self._depth + 1).run()
            return
        padding = 0
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = 1 + (self._stream.peek(1) or b"\0")[0]
        width = int(match[2] or 1) * (4 if match[1] == "U" else 1)
        self._pass(padding + math.prod(shape) * width)

    def _pass(self, size: int) -> None:
        """Pass the bytes of an array, after a look at what they mean to a loader that knows nothing of arrays."""
        left = size

        def inside() -> Iterator[bytes]:
            nonlocal left
            while left > 0 and (data := self._stream.peek(min(left, _GLANCE_BYTES))):
                self._stream.skip(len(data))
                left -= len(data)
                yield data

        start = self._stream.position
        other = Machine(Stream(inside(), self._stream.budget), _Inside(self._reader, start), _DEEPEST)
        other._stack, other._marked = list(self._stack), [list(items) for items in self._marked]
        other._memo = dict(self._memo) if len(self._memo) < _MOST_COPIED else {}
        with contextlib.suppress(MalformedError):
            other.run()
        self._stream.skip(left)

    def _push(self, value: Any) -> None:
        if isinstance(value, (str, bytes)) and len(value) > LONGEST_VALUE:
            value = OPAQUE
        self._stack.append(value)

    def _fill(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, dict) and len(target) < _MOST_ITEMS:
            target.update((key, value) for key, value in zip(items[::2], items[1::2], strict=False) if type(key) is str)

    def _mark(self, _: Any) -> None:
        self._marked.append(self._stack)
        self._stack = []

    def _pop(self, _: Any) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._to_mark()

    def _tuple(self, count: int) -> None:
        items = tuple(self._stack.pop() for _ in range(count))
        self._stack.append(items[::-1])

    def _marked_tuple(self, _: Any) -> None:
        items = self._to_mark()
        self._stack.append(tuple(items) if len(items) <= _MOST_ITEMS else OPAQUE)

    def _marked_dict(self, _: Any) -> None:
        items = self._to_mark()
        self._stack.append({})
        self._fill(items)

    def _set_item(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._fill([key, value])

    def _set_items(self, _: Any) -> None:
        self._fill(self._to_mark())

    def _make(self, _: Any) -> None:
        arguments = self._stack.pop()
        self._stack.append(_Made(self._stack.pop(), arguments))

    def _make_with_keywords(self, _: Any) -> None:
        self._stack.pop()
        self._make(None)

    def _make_marked(self, _: Any) -> None:
        items = self._to_mark()
        self._stack.append(_Made(items[0], tuple(items[1 : _MOST_ITEMS + 1])))

    def _global(self, argument: Any) -> None:
        self._look_up(*argument)

    def _inst(self, argument: Any) -> None:
        items = self._to_mark()
        self._look_up(*argument)
        self._stack.append(_Made(self._stack.pop(), tuple(items[:_MOST_ITEMS])))

    def _stack_global(self, _: Any) -> None:
        name = self._stack.pop()
        self._look_up(self._stack.pop(), name)

    def _extension(self, code: Any) -> None:
        self._reader.extension(self._position, code)
        self._stack.append(OPAQUE)

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _put(self, index: Any) -> None:
        self._memo[index] = self._stack[-1]

    def _get(self, index: Any) -> None:
        self._stack.append(self._memo[index])

    def _frame(self, size: Any) -> None:
        self._frame_end = self._stream.position + size


class _Inside:
    """Is told what the bytes of an array would do as instructions; most end at once, by chance some do not."""

    def __init__(self, reader: Reader, start: int) -> None:
        self._reader = reader
        self._start = start

    def name(self, position: int, name: Name | None) -> None:
        """Take a name, if it is one that is used to harm."""
        if name is not None and is_dangerous(name.module):
            self._reader.name(self._start + position, name)

    def extension(self, position: int, code: int) -> None:
        """Take no notice: any byte is a number."""

    def payload(self, position: int, data: bytes | None) -> None:
        """Take no notice: the array has these bytes anyhow."""


def _plain(opcode: Any) -> Callable[[Machine, Any], None]:
    """Return what carries out an instruction of which only its argument matters, or how much it takes and puts."""
    if opcode.arg is not None and opcode.stack_after:
        return Machine._push
    kinds = [kind.name for kind in opcode.stack_before]
    marked = "mark" in kinds
    taken, put = kinds.index("mark") if marked else len(kinds), [OPAQUE] * len(opcode.stack_after)

    def replace(machine: Machine, _: Any) -> None:
        if marked:
            machine._to_mark()
        for _ in range(taken):
            machine._stack.pop()
        machine._stack += put

    return replace


_HANDLERS: dict[str, Callable[[Machine, Any], None]] = {
    **{opcode.name: _plain(opcode) for opcode in pickletools.opcodes},
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), Machine._extension),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), Machine._put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine._get),
    **dict.fromkeys(("REDUCE", "NEWOBJ"), Machine._make),
    "FRAME": Machine._frame,
    "NONE": lambda machine, _: machine._stack.append(None),
    "EMPTY_TUPLE": lambda machine, _: machine._tuple(0),
    "EMPTY_DICT": lambda machine, _: machine._stack.append({}),
    "DUP": lambda machine, _: machine._stack.append(machine._stack[-1]),
    "BUILD": lambda machine, _: machine._build(),
    "TUPLE1": lambda machine, _: machine._tuple(1),
    "TUPLE2": lambda machine, _: machine._tuple(2),
    "TUPLE3": lambda machine, _: machine._tuple(3),
    "TUPLE": Machine._marked_tuple,
    "DICT": Machine._marked_dict,
    "SETITEM": Machine._set_item,
    "SETITEMS": Machine._set_items,
    "MARK": Machine._mark,
    "POP": Machine._pop,
    "OBJ": Machine._make_marked,
    "INST": Machine._inst,
    "NEWOBJ_EX": Machine._make_with_keywords,
    "GLOBAL": Machine._global,
    "STACK_GLOBAL": Machine._stack_global,
    "MEMOIZE": Machine._memoize,
}
