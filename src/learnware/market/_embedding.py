"""Embeddings of specifications: short vectors of which inner products are nearly those of the specifications.

An embedding is represented by random Fourier features (Rahimi and Recht 2007) with orthogonal frequencies (Yu et al.,
Orthogonal Random Features, 2016), so that <P, Q> is nearly an inner product of two short vectors.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from learnware.specification._threads import single_threaded_blas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.specification import RKMESpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["Embedding", "embed"]

# Random features of the two kernels, cosines and sines. Most of what tells learnwares apart is in the broad kernel.
# On 5 000 learnwares of 20 features the ten nearest are then always among the candidates (benchmarks/market).
_FEATURES = (384, 128)


@dataclass(frozen=True)
class Embedding:
    """What a market stores of a specification for the index.

    Attributes
    ----------
    vector : ndarray of shape (512,), float32
        Random features.
    self_product : float
        <P, P>, exact.
    """

    vector: NDArray[np.float32]
    self_product: float


def embed(metric: KernelMetric, name: str, spec: RKMESpecification) -> Embedding:
    """Return the embedding of a specification in an island of this metric and name."""
    frequencies, amplitudes = _frequencies(
        name, metric.n_features, (metric.broad_gamma, metric.narrow_gamma), metric.broad_share
    )
    # Far from zero a phase still has seven digits.
    turns = np.clip(spec.points / metric.scale, -1e9, 1e9) @ frequencies
    turns -= np.rint(turns)
    # Sines and cosines of single precision are fifteen times faster and differ by less than 1e-7.
    angles = turns.astype(np.float32)
    angles *= np.float32(2.0 * np.pi)
    weights = spec.get_beta().astype(np.float32)
    cosines, sines = amplitudes * (weights @ np.cos(angles)), amplitudes * (weights @ np.sin(angles))
    broad = _FEATURES[0] // 2
    vector = np.concatenate([cosines[:broad], sines[:broad], cosines[broad:], sines[broad:]])
    return Embedding(vector, metric.inner_product(spec, spec))


@lru_cache(maxsize=64)
def _frequencies(
    name: str, n_features: int, gammas: tuple[float, float], broad_share: float
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return frequencies in turns, shape (n_features, n), and amplitudes of all kernels, equal in every process."""
    rng = np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
    frequencies, amplitudes = [], []
    for size, gamma, share in zip(
        _FEATURES,
        gammas,
        (broad_share, 1.0 - broad_share),
        strict=True,
    ):
        count = size // 2
        rows: list[NDArray[np.float64]] = []
        while len(rows) < count:
            # Of many features only as many directions as are wanted.
            with single_threaded_blas():
                directions = np.linalg.qr(rng.normal(size=(n_features, min(n_features, count))))[0]
            if n_features > count:
                directions = directions.T
            rows.extend(directions * np.sqrt(rng.chisquare(n_features, size=len(directions)))[:, None])
        frequencies.append(np.sqrt(2.0 * gamma) / (2.0 * np.pi) * np.array(rows[:count]).T)
        amplitudes.append(np.full(count, np.sqrt(share / count), dtype=np.float32))
    return np.concatenate(frequencies, axis=1), np.concatenate(amplitudes)
