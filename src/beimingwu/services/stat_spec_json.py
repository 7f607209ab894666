"""Statistical specifications as JSON: as the engine reads them, or shorter, for who only draws them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from learnware.market.index import decode_stat_spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["StatSpecContent", "significant"]

# Changes with what is written of the same specification.
_FORM = 1
# Ten to a larger power is no double.
_LARGEST_POWER = 300


@dataclass(frozen=True, slots=True)
class StatSpecContent:
    """A statistical specification that somebody may see.

    Attributes
    ----------
    type : str
    sha256 : str
        Of the package that it comes from, which never changes.
    header : str
    arrays : bytes
        As `learnware.market.index.encode_stat_spec` writes them.
    """

    type: str
    sha256: str
    header: str = field(repr=False)
    arrays: bytes = field(repr=False)

    def tag(self, digits: int | None = None) -> str:
        """Return what `to_json` is told apart by, before it is made."""
        return hashlib.sha256(f"{_FORM} {self.sha256} {self.type} {digits}".encode()).hexdigest()[:32]

    def to_json(self, digits: int | None = None) -> str:
        """Return the JSON, with numbers of points and weights of so many significant digits if it says how many."""
        spec = decode_stat_spec(self.type, self.header, self.arrays)
        states = {
            name: _listed(value, digits) if isinstance(value, np.ndarray) else value
            for name, value in spec.get_states().items()
        }
        return json.dumps(states, separators=(",", ":"), allow_nan=False)


def _listed(values: NDArray[np.float64], digits: int | None) -> list[object]:
    shown = values if digits is None else significant(values, digits)
    listed: list[object] = shown.tolist()
    return listed


def significant(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    """Return finite numbers rounded to so many significant digits.

    Examples
    --------
    >>> import numpy as np
    >>> significant(np.array([0.0, 1234.5678, -0.00123456, 1e-300]), 3).tolist()
    [0.0, 1230.0, -0.00123, 1e-300]
    """
    sizes = np.abs(values)
    exponents = np.floor(np.log10(sizes, where=sizes > 0, out=np.zeros_like(sizes)))
    powers = np.clip(digits - 1 - exponents, -_LARGEST_POWER, _LARGEST_POWER)
    # Powers of ten are exact where they are whole numbers, so that the nearest number of few digits comes out.
    up, down = 10.0 ** np.maximum(powers, 0), 10.0 ** np.maximum(-powers, 0)
    return np.asarray(np.rint(values * up / down) / up * down)
