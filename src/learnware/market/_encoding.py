"""Statistical specifications as database values: arrays as raw bytes, the rest as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.specification import RKMESpecification, stat_specification_class

if TYPE_CHECKING:
    from learnware.specification import BaseStatSpecification

__all__ = ["decode_stat_spec", "encode_stat_spec", "have_traits", "stored_traits"]


def encode_stat_spec(spec: BaseStatSpecification) -> tuple[str, bytes]:
    """Return a specification as JSON text and the bytes of its arrays, one after the other."""
    values: dict[str, Any] = {}
    arrays: list[tuple[str, str, tuple[int, ...]]] = []
    data = bytearray()
    for name, value in spec.get_states().items():
        if isinstance(value, np.ndarray):
            stored = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
            arrays.append((name, stored.dtype.str, stored.shape))
            data += stored.tobytes()
        else:
            values[name] = value
    return json.dumps({"values": values, "arrays": arrays}, separators=(",", ":")), bytes(data)


def decode_stat_spec(type_name: str, header: str, data: bytes) -> BaseStatSpecification:
    """Return the specification that `encode_stat_spec` wrote; its arrays cannot be written to."""
    layout = json.loads(header)
    states: dict[str, Any] = layout["values"]
    offset = 0
    for name, dtype, shape in layout["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(data, dtype=dtype, count=count, offset=offset)
        states[name] = array.reshape(shape)
        offset += array.nbytes
    spec_class: Any = stat_specification_class(type_name)
    spec: BaseStatSpecification = spec_class.from_states(states)
    return spec


def have_traits(island: str) -> bool:
    """Return whether an index of an island needs the traits of its members (`RKMESpecification.traits`)."""
    spec_class = stat_specification_class(island.partition("/")[0])
    return issubclass(spec_class, RKMESpecification) and spec_class.traits_entry is not None


def stored_traits(type_name: str, header: str) -> frozenset[str]:
    """Return the traits of a specification from the JSON text that `encode_stat_spec` wrote."""
    spec_class = stat_specification_class(type_name)
    if not issubclass(spec_class, RKMESpecification):
        return frozenset()
    return spec_class.traits_of(json.loads(header)["values"])
