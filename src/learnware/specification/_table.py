"""RKME specifications of tables."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification._base import register_stat_specification
from learnware.specification._gaussian import gaussian_inner_product, gaussian_kernel
from learnware.specification._limits import LARGEST_VALUE, LARGEST_WEIGHT, MAX_POINTS, MOST_ROWS, PRIVACY_FLOOR
from learnware.specification._rkme import RKMESpecification

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.specification._generate import Quality

__all__ = ["RKMEStatSpecification", "RKMETableSpecification"]


@register_stat_specification
class RKMETableSpecification(RKMESpecification):
    """Reduced kernel mean embedding (RKME) of a table: K weighted points that stand for its rows.

    Parameters
    ----------
    gamma : float, default=0.1
        Inverse squared length scale of the Gaussian kernel exp(-gamma ||x - y||^2).
    cuda_idx : int, optional
        Accepted for programs written for the published package; the computation runs on the CPU.

    Attributes
    ----------
    z : ndarray of shape (K, n_features), float64
        The reduced set.
    beta : ndarray of shape (K,), float64
        Weights of its points.
    num_points : int
        Number of rows that the specification stands for.
    report : ReductionReport or None
        Fit and privacy, if the specification was made here.
    """

    def __init__(self, gamma: float = 0.1, cuda_idx: int | None = None) -> None:
        # The name of this class, for its legacy alias too: files and islands know one kind of table specification.
        super().__init__(type="RKMETableSpecification")
        self.gamma = gamma
        self._cuda_idx = cuda_idx

    def __repr__(self) -> str:
        shape = "empty" if self.z is None else f"{self.z.shape[0]} points, {self.z.shape[1]} features"
        return f"{type(self).__name__}({shape}, num_points={self.num_points}, gamma={self.gamma})"

    @property
    def space(self) -> str:
        """The type and the number of features."""
        return f"{self.type}/{self.get_z().shape[1]}"

    @property
    def points(self) -> NDArray[np.float64]:
        """The reduced set."""
        return self.get_z()

    def to_points(self, X: Any) -> NDArray[np.float64]:
        """Return a table as rows of numbers, shape (n_samples, n_features); NaN is missing.

        Raises
        ------
        SpecificationError
            If `X` is no table of numbers.
        IncompatibleSpecificationError
            If it has another number of columns.
        """
        from learnware.specification._tables import TableReader

        rows = np.concatenate([block.astype(np.float64) for block in TableReader(X).blocks()])
        width = self.get_z().shape[1]
        if rows.shape[1] != width:
            raise IncompatibleSpecificationError(
                f"the specification describes tables of {width} columns, the data have {rows.shape[1]}"
            )
        return rows

    def generate_stat_spec_from_data(
        self,
        X: Any,
        K: int = 100,
        step_size: float = 0.1,  # noqa: ARG002 - published parameter
        steps: int = 3,  # noqa: ARG002 - published parameter
        nonnegative_beta: bool = True,
        reduce: bool = True,
        *,
        quality: Quality = "default",
        seed: int = 0,
        privacy_floor: int | None = PRIVACY_FLOOR,
        progress: bool | None = None,
    ) -> None:
        """Fill the specification from the rows of `X`.

        Parameters are those of `generate_rkme_table_spec`, where `K` is called `reduced_set_size`.

        Raises
        ------
        SpecificationError
            If `X` is not a table of numbers; the message names the column.
        """
        from learnware.specification._generate import reduce_table

        reduction = reduce_table(
            X,
            K=K,
            gamma=self.gamma,
            nonnegative_beta=nonnegative_beta,
            reduce=reduce,
            quality=quality,
            seed=seed,
            privacy_floor=privacy_floor,
            progress=progress,
        )
        self.z, self.beta = reduction.z, reduction.beta
        self.num_points, self.report = reduction.n_rows, reduction.report

    def inner_prod(self, Phi2: RKMETableSpecification) -> float:
        """Return the inner product of the two embeddings.

        Raises
        ------
        IncompatibleSpecificationError
            If the other specification has other columns.
        """
        z, other = self.get_z(), Phi2.get_z()
        if z.shape[1:] != other.shape[1:]:
            raise IncompatibleSpecificationError(
                f"specifications of {z.shape[1]} and {other.shape[1]} features cannot be compared"
            )
        return gaussian_inner_product(z, self.get_beta(), other, Phi2.get_beta(), self.gamma)

    def dist(self, Phi2: RKMETableSpecification, omit_term1: bool = False) -> float:
        """Return the squared MMD to another specification, without the own self-product if `omit_term1`."""
        own = 0.0 if omit_term1 else self.inner_prod(self)
        return own + Phi2.inner_prod(Phi2) - 2.0 * self.inner_prod(Phi2)

    def herding(self, T: int) -> NDArray[np.float64]:
        """Return `T` of the specification's points, repeated ones included, that stand for it with equal weights.

        Kernel herding (Chen, Welling, Smola: Super-Samples from Kernel Herding, UAI 2010) with the reduced set as
        candidates: each step takes the point that the points so far cover least.

        Parameters
        ----------
        T : int
            Number of points, at least 0.

        Returns
        -------
        ndarray of shape (T, n_features), float64
        """
        if T < 0:
            raise SpecificationError(f"the number of points must be at least 0, not {T}")
        z = self.get_z()
        gram = gaussian_kernel(z, z, self.gamma)
        wanted = gram @ self.get_beta()
        chosen = np.empty(T, dtype=np.intp)
        covered = np.zeros(len(z))
        for t in range(T):
            chosen[t] = np.argmax(wanted - covered / (t + 1))
            covered += gram[chosen[t]]
        return z[chosen]

    def get_states(self) -> dict[str, Any]:
        """Return the public attributes by name: what a file of the specification holds."""
        states = super().get_states()
        if self.report is None:
            del states["report"]
        else:
            states["report"] = self.report.to_states()
        return states

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> Self:
        """Return the specification that parsed JSON describes.

        Parameters
        ----------
        states : mapping
            `z`, `beta` and `gamma`; `num_points`, `type` and `report` may be absent, unknown keys are ignored.

        Raises
        ------
        SpecificationError
            If a value is missing, of the wrong type or shape, not finite, or beyond all bounds.
        """
        from learnware.specification._report import ReductionReport

        if not hasattr(states, "keys"):
            raise SpecificationError("a specification file holds one JSON object")
        spec = cls()
        kind = states.get("type", spec.type)
        if kind not in (spec.type, cls.__name__, "RKMEStatSpecification"):
            raise SpecificationError(f"this is a {kind!r}, not a {spec.type}")
        z, beta = _array(states, "z", 2), _array(states, "beta", 1)
        if z.size == 0 or len(z) != len(beta):
            raise SpecificationError(f"z and beta do not match: shapes {z.shape} and {beta.shape}")
        if len(z) > MAX_POINTS:
            raise SpecificationError(f"a specification has at most {MAX_POINTS} points, this one {len(z)}")
        if not beta.any():
            raise SpecificationError("all weights (beta) are zero")
        for name, values, largest in (("z", z, LARGEST_VALUE), ("beta", beta, LARGEST_WEIGHT)):
            if np.abs(values).max() > largest:
                raise SpecificationError(f"{name!r} has values beyond {largest:g}")
        gamma = _array(states, "gamma", 0).item()
        if gamma <= 0:
            raise SpecificationError(f"gamma must be larger than 0, not {gamma}")
        num_points = states.get("num_points", 0)
        whole = isinstance(num_points, int | np.integer) and not isinstance(num_points, bool)
        if not (whole and 0 <= num_points <= MOST_ROWS):
            raise SpecificationError(f"num_points must be a whole number from 0 to 2**53, not {num_points!r:.40}")
        spec.z, spec.beta, spec.gamma, spec.num_points = z, beta, gamma, int(num_points)
        spec.report = ReductionReport.from_states(states.get("report"))
        return spec

    def to_json(self) -> str:
        """Return the specification as JSON, as `save` writes it."""
        self.get_z()
        states = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self.get_states().items()
        }
        return json.dumps(states, separators=(",", ":"), allow_nan=False)

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Write the specification as JSON; a file of this name is replaced as a whole or not at all."""
        text, path = self.to_json(), Path(filepath)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def load(self, filepath: str | os.PathLike[str]) -> bool:
        """Fill the specification from a JSON file and return True.

        Raises
        ------
        SpecificationError
            If the file is not a specification of this kind; the specification stays as it was.
        FileNotFoundError
            If there is no such file.
        """
        try:
            states = json.loads(Path(filepath).read_text(encoding="utf-8"))
            loaded = type(self).from_states(states)
        except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            raise SpecificationError(f"{filepath} is not JSON: {error}") from error
        except SpecificationError as error:
            raise SpecificationError(f"{filepath}: {error}") from error
        self.__dict__.update({name: value for name, value in loaded.__dict__.items() if name != "_cuda_idx"})
        return True


@register_stat_specification
class RKMEStatSpecification(RKMETableSpecification):
    """Name of `RKMETableSpecification` in packages written for the first published versions."""

    def __init__(self, gamma: float = 0.1, cuda_idx: int = -1) -> None:
        super().__init__(gamma, cuda_idx)


def _array(states: Mapping[str, Any], name: str, dimensions: int) -> NDArray[np.float64]:
    """Return a value of parsed JSON as a finite array of so many dimensions."""
    try:
        value = np.asarray(states[name])
    except KeyError:
        raise SpecificationError(f"the specification has no {name!r}") from None
    except ValueError as error:
        raise SpecificationError(f"{name!r} is not an array of numbers: {error}") from error
    if value.dtype.kind not in "iuf" or value.ndim != dimensions:
        raise SpecificationError(f"{name!r} must be numbers in {dimensions} dimensions, not {value.dtype}{value.shape}")
    if not np.isfinite(value).all():
        raise SpecificationError(f"{name!r} has values that are not finite")
    return value.astype(np.float64)
