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

from learnware.specification._simplex import convex, simplex_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from learnware.specification import RKMESpecification

__all__ = ["Gram", "Mixture", "Support", "cosine", "explained", "fit_mixture", "open_weights", "squared_error"]

# Learnwares that join the support in one step, and steps; a mixture of five is found in three or four.
_JOINING, _STEPS = 24, 8
# A mixture is found when no other one can be nearer by more than this share of the target's squared norm. Random
# features are no more exact, and the heaviest parts do not change any more.
_GAP = 2e-4
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


class Support:
    """Vectors whose mixture is nearest to a target.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features), float32
    target : ndarray of shape (n_features,), float32
    scores : ndarray of shape (n,), optional
        Products of the vectors with the target, where they are known.
    """

    def __init__(
        self, vectors: NDArray[np.float32], target: NDArray[np.float32], scores: NDArray[np.float32] | None = None
    ) -> None:
        self._vectors = vectors
        self._target = target.astype(np.float64)
        # Products with what is unexplained.
        self._scores = vectors @ target if scores is None else scores
        self._support = np.empty(0, dtype=np.intp)
        self._weights = np.empty(0)

    def grow(self, *, partial: bool = False) -> None:
        """Find the mixture, beginning with what has been found before.

        Parameters
        ----------
        partial : bool, default=False
            Whether the weights may sum to less than one, so that a part of the target may stay open.
        """
        enough = _GAP * float(self._target @ self._target)
        for _ in range(_STEPS):
            if len(self._support) and self._gap(partial) <= enough:
                break
            pool = self._pool()
            chosen = self._vectors[pool].astype(np.float64)
            gram, products = chosen @ chosen.T, chosen @ self._target
            start = np.zeros(len(pool))
            if len(self._support):
                start[: len(self._support)] = self._weights
            else:
                start[np.argmin(0.5 * gram.diagonal() - products)] = 1.0
            if partial:
                gram, products = _with_open_part(gram, products)
                start = np.append(start, max(1.0 - start.sum(), 0.0))
            solution = simplex_weights(gram, products, start)[: len(pool)]
            kept = solution > 0
            self._support, self._weights = pool[kept], solution[kept]
            residual = self._target - self._weights @ chosen[kept]
            self._scores = self._vectors @ residual.astype(np.float32)

    def _gap(self, partial: bool) -> float:
        """Return how much smaller half of the squared distance can become, at most (Frank-Wolfe's duality gap)."""
        best = float(self._scores.max())
        return (max(best, 0.0) if partial else best) - float(self._weights @ self._scores[self._support])

    def _pool(self) -> NDArray[np.intp]:
        """Return the support and, after it, the vectors nearest to what is unexplained."""
        if len(self._scores) > _JOINING:
            joining = np.argpartition(self._scores, -_JOINING)[-_JOINING:]
        else:
            joining = np.arange(len(self._scores))
        known = set(self._support.tolist())
        new = np.array([i for i in joining.tolist() if i not in known], dtype=np.intp)
        return np.concatenate([self._support, new])

    def heaviest(self, size: int) -> list[int]:
        """Return the positions of at most `size` vectors of the mixture, heaviest first."""
        order = np.lexsort((self._support, -self._weights))[:size]
        heaviest: list[int] = self._support[order].tolist()
        return heaviest


def fit_mixture(ids: Sequence[str], gram: Gram, max_size: int) -> Mixture:
    """Return the best mixture of at most `max_size` of the candidates, without parts that only follow chance.

    Parts are dropped one at a time, always the one that is missed least, while there are too many or while the fit
    does not suffer by more than a share of the noise floor. The share that stays unexplained is 0 here; `unexplained`
    tells it.
    """
    problem = convex(gram.parts)
    kept, weights, mmd2 = _solve(gram, problem, list(range(len(ids))))
    while len(kept) > 1:
        lightest = np.argsort(weights, kind="stable")[:_TRIALS]
        trials = (_solve(gram, problem, kept[:i] + kept[i + 1 :], np.delete(weights, i)) for i in lightest)
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


def _solve(
    gram: Gram, problem: NDArray[np.float64], parts: list[int], start: NDArray[np.float64] | None = None
) -> tuple[list[int], NDArray[np.float64], float]:
    """Return the parts with a positive weight in the best mixture, their weights, and the squared MMD.

    `problem` has the products of all parts, made convex; `start` has weights of about the right proportions.
    """
    chosen = np.array(parts)
    target = gram.target[chosen]
    if start is None:
        start = np.zeros(len(parts))
        start[np.argmin(0.5 * gram.parts.diagonal()[chosen] - target)] = 1.0
    else:
        start = start / start.sum()
    weights = simplex_weights(problem[chosen[:, None], chosen], target, start)
    positive = weights > 0
    chosen, weights = chosen[positive], weights[positive]
    squared_norm = weights @ gram.parts[chosen[:, None], chosen] @ weights
    mmd2 = float(gram.target_self - 2.0 * weights @ target[positive] + squared_norm)
    return chosen.tolist(), weights, max(0.0, mmd2)


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


def squared_error(self_product: float, spec: RKMESpecification) -> float:
    """Return the expected squared error of a specification's embedding, from sampling and from reduction.

    A sample of n rows is off by (k(x, x) - <P, P>) / n in the mean.
    """
    return max(1.0 - self_product, 0.0) * (1.0 / max(spec.num_points, 1) + _REDUCTION_SHARE / len(spec.get_beta()))


def open_weights(parts: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the best weights w >= 0 with sum w <= 1; 1 - sum w is the share of the target that stays open.

    What is far from every part, in units of their own spread, has no product with them, so its share gets no weight.
    """
    start = np.zeros(len(target) + 1)
    start[-1] = 1.0
    return simplex_weights(*_with_open_part(convex(parts), target), start)[:-1]


def _with_open_part(
    parts: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the problem with an extra part that has no product with anything and takes what is left over."""
    n = len(target)
    matrix, linear = np.zeros((n + 1, n + 1)), np.zeros(n + 1)
    matrix[:n, :n], linear[:n] = parts, target
    return matrix, linear
