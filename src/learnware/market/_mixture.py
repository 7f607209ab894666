"""A user's data as a mixture of learnwares.

The parts minimise || mu_user - sum_i w_i mu_i ||^2 over the simplex. Fully-corrective Frank-Wolfe finds them: every
step asks the index for the learnwares nearest to what is still unexplained, and then solves for all weights anew
(Lacoste-Julien and Jaggi, On the Global Linear Convergence of Frank-Wolfe Optimization Variants, 2015). Exact kernels
polish the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from learnware.specification import solve_simplex_qp
from learnware.specification._simplex import simplex_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from learnware.specification import RKMETableSpecification

__all__ = ["Gram", "Mixture", "cosine", "explained", "fit_mixture", "grow_support", "open_weights", "squared_error"]

# Learnwares that join the support in one step, and steps; a mixture of five is found in three or four.
_JOINING, _STEPS = 12, 8
# Squared error of a reduced set of K points, as a share of that of K random rows: an upper bound of what the solver
# leaves under the smooth kernel of an island (it leaves about a thirtieth).
_REDUCTION_SHARE = 0.1
# The lightest parts are tried when one is to go.
_TRIALS = 2
# A part stays if the fit without it is worse by more than this share of the noise floor.
_NOISE_SHARE = 0.5


@dataclass(frozen=True)
class Mixture:
    """Learnwares that together fit a requirement.

    Attributes
    ----------
    learnware_ids : tuple of str
        The parts, heaviest first.
    weights : tuple of float
        Their shares; they sum to one.
    mmd2 : float
        Squared MMD of the mixture to the requirement.
    score : float
        Share of the requirement's squared norm that it explains, 1 - MMD^2 / <P, P>, in [0, 1].
    similarity : float
        Cosine of the mixture and the requirement, in [0, 1].
    noise_floor : float
        Squared MMD that two samples of one distribution would show, given the sizes of the data behind both sides and
        of their reduced sets.
    unexplained : float
        Share of the requirement, in [0, 1], that no part covers; 0 at or below the noise floor.
    """

    learnware_ids: tuple[str, ...]
    weights: tuple[float, ...]
    mmd2: float
    score: float
    similarity: float
    noise_floor: float
    unexplained: float


@dataclass(frozen=True)
class Gram:
    """Inner products between candidate parts and a target, and the sizes behind them.

    Attributes
    ----------
    parts : ndarray of shape (n, n)
        <Q_i, Q_j>.
    target : ndarray of shape (n,)
        <P, Q_i>.
    target_self : float
        <P, P>.
    errors : ndarray of shape (n,)
        Expected squared error of each part, from the size of its data and of its reduced set (`squared_error`).
    target_error : float
        The same of the target.
    """

    parts: NDArray[np.float64]
    target: NDArray[np.float64]
    target_self: float
    errors: NDArray[np.float64]
    target_error: float


def grow_support(
    vectors: NDArray[np.float32],
    target: NDArray[np.float32],
    positions: NDArray[np.intp],
    size: int,
    *,
    partial: bool = False,
) -> list[int]:
    """Return positions of at most `size` vectors whose mixture is nearest to the target, heaviest first.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), float32
    target : ndarray of shape (n_features,), float32
    positions : ndarray of int
        Vectors that may take part.
    size : int
        How many at most.
    partial : bool, default=False
        Whether the weights may sum to less than one, so that a part of the target may stay open.
    """
    wanted = target.astype(np.float64)
    residual = target
    support = np.empty(0, dtype=np.intp)
    weights = np.empty(0)
    every = len(positions) == len(vectors)
    for _ in range(_STEPS):
        scores = vectors @ residual if every else vectors[positions] @ residual
        joining = positions
        if len(positions) > _JOINING:
            joining = positions[np.argpartition(-scores, _JOINING)[:_JOINING]]
        pool = np.union1d(support, joining)
        if len(pool) == len(support):
            break
        chosen = vectors[pool].astype(np.float64)
        gram, products = chosen @ chosen.T, chosen @ wanted
        if partial:
            solution = simplex_weights(*_with_open_part(gram, products))[:-1]
        else:
            solution = simplex_weights(gram, products)
        kept = solution > 0
        stalled = np.array_equal(pool[kept], support)
        support, weights = pool[kept], solution[kept]
        if stalled:
            break
        residual = (wanted - weights @ chosen[kept]).astype(np.float32)
    heaviest = np.argsort(-weights, kind="stable")[:size]
    return [int(i) for i in support[heaviest]]


def fit_mixture(ids: Sequence[str], gram: Gram, max_size: int) -> Mixture:
    """Return the best mixture of at most `max_size` of the candidates, without parts that only follow chance.

    Parts are dropped one at a time, always the one that is missed least, while there are too many or while the fit
    does not suffer by more than a share of the noise floor. The share that stays unexplained is 0 here; `unexplained`
    tells it.
    """
    kept, weights, mmd2 = _solve(gram, range(len(ids)))
    while len(kept) > 1:
        lightest = np.argsort(weights, kind="stable")[:_TRIALS]
        trials = (_solve(gram, kept[:i] + kept[i + 1 :]) for i in lightest)
        smaller = min(trials, key=lambda solution: solution[2])
        if len(kept) <= max_size and smaller[2] - mmd2 > _NOISE_SHARE * _noise_floor(gram, kept, weights):
            break
        kept, weights, mmd2 = smaller
    order = sorted(range(len(kept)), key=lambda i: (-weights[i], ids[kept[i]]))
    kept, weights = [kept[i] for i in order], weights[order]
    squared_norm = weights @ gram.parts[np.ix_(kept, kept)] @ weights
    return Mixture(
        learnware_ids=tuple(ids[i] for i in kept),
        weights=tuple(float(w) for w in weights),
        mmd2=mmd2,
        score=explained(mmd2, gram.target_self),
        similarity=float(cosine(weights @ gram.target[kept], gram.target_self * squared_norm)),
        noise_floor=_noise_floor(gram, kept, weights),
        unexplained=0.0,
    )


def _solve(gram: Gram, parts: Sequence[int]) -> tuple[list[int], NDArray[np.float64], float]:
    """Return the parts with a positive weight in the best mixture, their weights, and the squared MMD."""
    matrix, target = gram.parts[np.ix_(parts, parts)], gram.target[list(parts)]
    weights = solve_simplex_qp(matrix, target)
    mmd2 = max(0.0, float(gram.target_self - 2.0 * weights @ target + weights @ matrix @ weights))
    positive = weights > 0
    return [i for i, p in zip(parts, positive, strict=True) if p], weights[positive], mmd2


def cosine(product: ArrayLike, squared_norms: ArrayLike) -> NDArray[np.float64]:
    """Return the cosine of embeddings, in [0, 1], from their product and the product of their squared norms.

    An embedding whose signed weights cancel has no direction: its cosine is 0.
    """
    norms = np.sqrt(np.maximum(squared_norms, np.finfo(np.float64).tiny))
    result: NDArray[np.float64] = np.clip(product / norms, 0.0, 1.0)
    return result


def _noise_floor(gram: Gram, parts: Sequence[int], weights: NDArray[np.float64]) -> float:
    """Return the squared MMD that sampling and reduction alone would leave; errors of parts enter with w squared."""
    return float(gram.target_error + np.square(weights) @ gram.errors[list(parts)])


def explained(mmd2: float, self_product: float) -> float:
    """Return the share of an embedding's squared norm that an approximation at this squared MMD explains."""
    return max(0.0, 1.0 - float(mmd2) / self_product) if self_product > 0 else 0.0


def squared_error(self_product: float, spec: RKMETableSpecification) -> float:
    """Return the expected squared error of a specification's embedding, from sampling and from reduction.

    A sample of n rows is off by (k(x, x) - <P, P>) / n in the mean.
    """
    return max(1.0 - self_product, 0.0) * (1.0 / max(spec.num_points, 1) + _REDUCTION_SHARE / len(spec.get_beta()))


def open_weights(parts: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the best weights w >= 0 with sum w <= 1; 1 - sum w is the share of the target that stays open.

    What is far from every part, in units of their own spread, has no product with them, so its share gets no weight.
    """
    return solve_simplex_qp(*_with_open_part(parts, target))[:-1]


def _with_open_part(
    parts: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the problem with an extra part that has no product with anything and takes what is left over."""
    n = len(target)
    matrix, linear = np.zeros((n + 1, n + 1)), np.zeros(n + 1)
    matrix[:n, :n], linear[:n] = parts, target
    return matrix, linear
