"""The quadratic programme of weights: minimise 1/2 b'Kb - c'b over the probability simplex."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from learnware.errors import SpecificationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    # Takes K and right-hand sides in columns, and returns the solutions in columns.
    _Solve = Callable[..., NDArray[np.float64]]

__all__ = ["rkme_solve_qp", "simplex_weights", "solve_simplex_qp"]

# Added to the diagonal, relative to its mean: two equal points make K singular and their split arbitrary.
_RIDGE = 1e-13
# Rounds in which all wrong weights change places; four are enough as a rule.
_EXCHANGES = 5
# How far below zero a reduced cost may be before its point enters, relative to the scale of the problem.
_OPTIMALITY = 1e-12
# Inner products in single precision are off by rounding, which shows in eigenvalues below zero. A diagonal raised by
# so many times that makes the problem convex and outweighs the rounding elsewhere in K.
_ROUNDING_MARGIN = 10.0
# Eigenvalues further below zero, relative to the largest entry, are no rounding: K holds no inner products.
_MOST_ROUNDING = 1e-3


def solve_simplex_qp(K: ArrayLike, c: ArrayLike) -> NDArray[np.float64]:
    """Return argmin 1/2 b'Kb - c'b subject to b >= 0 and sum b = 1.

    A primal active-set method (Lawson and Hanson, Solving Least Squares Problems, 1974, ch. 23, with the equality
    added): it starts with all weights free, which is nearly the answer for points that were optimised together with
    their weights, and ends after finitely many steps at the exact optimum.

    Parameters
    ----------
    K : array_like of shape (n, n)
        Inner products: symmetric and positive semidefinite up to rounding, of single precision too.
    c : array_like of shape (n,)
        Linear term.

    Returns
    -------
    ndarray of shape (n,), float64
        Weights; exact zeros where the constraint binds.

    Raises
    ------
    SpecificationError
        If the shapes do not match, a value is not finite, or `K` is far from positive semidefinite.

    Examples
    --------
    >>> solve_simplex_qp([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.25])
    array([0.625, 0.375])
    """
    gram = np.array(K, dtype=np.float64)
    linear = np.asarray(c, dtype=np.float64).ravel()
    n = len(linear)
    if n == 0 or gram.shape != (n, n):
        raise SpecificationError(f"K must be square and match the linear term: shapes {gram.shape} and {linear.shape}")
    if not (np.isfinite(gram).all() and np.isfinite(linear).all()):
        raise SpecificationError("the quadratic programme of weights has values that are not finite")
    scale = max(float(np.abs(gram).max()), float(np.abs(linear).max()))
    # In units of the largest value, so that nothing over- or underflows; powers of two keep all digits.
    _, exponent = math.frexp(scale)
    gram, linear = np.ldexp(gram, -exponent), np.ldexp(linear, -exponent)
    gram = 0.5 * (gram + gram.T)
    lowest = float(np.linalg.eigvalsh(gram)[0])
    if lowest < -_MOST_ROUNDING * np.abs(gram).max():
        raise SpecificationError("K is not positive semidefinite, as inner products are")
    diagonal = float(np.trace(gram)) / n
    # A diagonal that is next to nothing beside the linear term is raised in units of that.
    ridge = _RIDGE * (diagonal if diagonal > 1e-3 else 1.0)
    gram.flat[:: n + 1] += ridge + _ROUNDING_MARGIN * max(-lowest, 0.0)
    return _active_set(gram, linear, np.linalg.solve, np.full(n, 1.0 / n))


def simplex_weights(
    gram: NDArray[np.float64], linear: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what `solve_simplex_qp` returns, for inner products of vectors of about unit length that are `convex`.

    Nothing is checked: small problems are solved in less time than the checks take. `gram` is changed. The fewer
    weights of `start`, which is on the simplex, become or cease to be zero, the sooner the answer is there.
    """
    # LAPACK itself: around matrices this small, numpy's own checks take several times as long as the solution.
    from scipy.linalg.lapack import dgesv

    def solve(K: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
        solution: NDArray[np.float64] = dgesv(K, right)[2]
        return solution

    gram.flat[:: len(linear) + 1] += _RIDGE
    weights, optimal = _exchanged(gram, linear, solve, start)
    return weights if optimal else _active_set(gram, linear, solve, weights)


def _exchanged(
    gram: NDArray[np.float64], linear: NDArray[np.float64], solve: _Solve, start: NDArray[np.float64]
) -> tuple[NDArray[np.float64], bool]:
    """Return weights with nearly the zeros of the optimum, and whether they are the optimum.

    All weights with a wrong sign and all reduced costs with a wrong sign change places at once (Kostreva, Block pivot
    methods for solving the complementarity problem, 1978). That needs few rounds, but need not end.
    """
    free: NDArray[np.bool_] = start > 0.0
    best = start
    for _ in range(_EXCHANGES):
        target, multiplier = _equality_optimum(gram, linear, free, solve)
        if not math.isfinite(multiplier):
            break
        best = np.maximum(target, 0.0)
        best = best / best.sum()
        reduced = linear - gram @ target - multiplier
        reduced[free] = -np.inf
        wrong = (target < 0.0) | (reduced > _OPTIMALITY)
        if not wrong.any():
            return best, True
        free = free ^ wrong
        if not free.any():
            break
    return best, False


def convex(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return inner products of single precision with the diagonal raised by what makes them positive semidefinite.

    So are then the products of every part of the vectors.
    """
    raised: NDArray[np.float64] = gram.copy()
    raised.flat[:: len(gram) + 1] += _ROUNDING_MARGIN * max(-float(np.linalg.eigvalsh(gram)[0]), 0.0)
    return raised


def _active_set(
    gram: NDArray[np.float64], linear: NDArray[np.float64], solve: _Solve, start: NDArray[np.float64]
) -> NDArray[np.float64]:
    n = len(linear)
    b, free = start, start > 0.0
    # Each point leaves and re-enters a few times at most; the cap only guards against cycling by rounding, where b
    # is feasible and optimal to rounding already.
    for _ in range(10 * n):
        target, multiplier = _equality_optimum(gram, linear, free, solve)
        if target[free].min() >= 0.0:
            b = target
            gradient = linear - gram @ b - multiplier
            gradient[free] = -np.inf
            entering = int(np.argmax(gradient))
            if not gradient[entering] > _OPTIMALITY:
                break
            free[entering] = True
        else:
            # Go towards the unconstrained optimum until the first weight reaches zero.
            falling = free & (target < 0.0)
            ratio = np.full(n, np.inf)
            ratio[falling] = b[falling] / (b[falling] - target[falling])
            step = float(ratio.min())
            b = b + step * (target - b)
            free &= ratio > step
            b[~free] = 0.0
    weights: NDArray[np.float64] = b / b.sum()
    return weights


def _equality_optimum(
    K: NDArray[np.float64], c: NDArray[np.float64], free: NDArray[np.bool_], solve: _Solve
) -> tuple[NDArray[np.float64], float]:
    """Return the optimum over the free weights under sum b = 1 alone, and the multiplier of the sum."""
    chosen = free.nonzero()[0]
    right = np.ones((len(chosen), 2))
    right[:, 0] = c[chosen]
    solution = solve(K[chosen[:, None], chosen] if len(chosen) < len(c) else K, right)
    sums = solution.sum(axis=0)
    multiplier = float((sums[0] - 1.0) / sums[1])
    target = np.zeros(len(c))
    target[chosen] = solution[:, 0] - multiplier * solution[:, 1]
    return target, multiplier


def rkme_solve_qp(K: ArrayLike, C: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """Return the mixture weights of embeddings with Gram matrix `K`, and the objective w'Kw - 2 C'w.

    Parameters
    ----------
    K : array_like of shape (n, n)
        Inner products between the candidates' embeddings.
    C : array_like of shape (n,) or (1, n) or (n, 1)
        Inner products of the candidates with the target.

    Returns
    -------
    weight : ndarray of shape (n,)
        Weights on the simplex.
    objective : float
        Squared MMD of the mixture to the target, less the target's product with itself.

    Examples
    --------
    >>> weight, objective = rkme_solve_qp([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5])
    >>> weight, objective
    (array([0.5, 0.5]), -0.5)
    """
    weight = solve_simplex_qp(K, C)
    target = np.asarray(C, dtype=np.float64).ravel()
    return weight, float(weight @ np.asarray(K, dtype=np.float64) @ weight - 2.0 * target @ weight)
