"""Specifications in memory: those of an index that were used last, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from learnware.specification import RKMESpecification

__all__ = ["SpecCache", "size_of"]

_Key = tuple[str, str]


class SpecCache:
    """Specifications of members of islands. It has no lock of its own.

    Parameters
    ----------
    most : int
        Specifications, at most.
    most_bytes : int
        Bytes of their arrays, at most: one of images is as large as a hundred of tables.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._specs: OrderedDict[_Key, tuple[RKMESpecification, int]] = OrderedDict()
        self._bytes = 0

    def __contains__(self, key: _Key) -> bool:
        return key in self._specs

    def __len__(self) -> int:
        return len(self._specs)

    @property
    def full(self) -> bool:
        """Whether one more might drive another one out."""
        largest = max((size for _, size in self._specs.values()), default=0)
        return len(self._specs) >= self._most or self._bytes + largest > self._most_bytes

    def get(self, island: str, learnware_id: str) -> RKMESpecification | None:
        """Return a specification, which counts as used; None if it is not here."""
        found = self._specs.get((island, learnware_id))
        if found is None:
            return None
        self._specs.move_to_end((island, learnware_id))
        return found[0]

    def put(self, island: str, learnware_id: str, spec: RKMESpecification, size: int) -> None:
        """Keep a specification of so many bytes, and let those go that were not used for longest."""
        self.forget(island, learnware_id)
        self._specs[island, learnware_id] = spec, size
        self._bytes += size
        while len(self._specs) > self._most or (self._bytes > self._most_bytes and len(self._specs) > 1):
            _, (_, gone) = self._specs.popitem(last=False)
            self._bytes -= gone

    def forget(self, island: str, learnware_id: str) -> None:
        """Let a specification go, if it is here."""
        _, size = self._specs.pop((island, learnware_id), (None, 0))
        self._bytes -= size


def size_of(spec: RKMESpecification) -> int:
    """Return the bytes of a specification's arrays, and of its points, which it may make when they are asked for."""
    arrays = [value for value in vars(spec).values() if isinstance(value, np.ndarray)]
    points = spec.points
    known = any(points is one or points.base is one for one in arrays)
    return sum(one.nbytes for one in arrays) + (0 if known else points.nbytes)
