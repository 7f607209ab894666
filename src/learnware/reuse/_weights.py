"""Weights of learnwares from labels: greedy selection, and least squares on the simplex.

Answers are arrays of shape (n_learnwares, n_samples, n_columns): one column for a single target, one for each class. So
squared error is mean squared error in regression and the Brier score in classification, and both weights need the
answers only through their Gram matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.specification._simplex import solve_simplex_qp

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["gram", "greedy_selection", "mix", "simplex_least_squares"]

# A greedy run ends after this many selections without progress: later ones hardly move the mean.
_PATIENCE = 25


def mix(weights: NDArray[np.float64], answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted sum of the answers, shape (n_samples, n_columns)."""
    mixed: NDArray[np.float64] = np.tensordot(weights, answers, axes=1)
    return mixed


def gram(answers: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return answers'answers / n, shape (L, L), and answers'targets / n, shape (L,)."""
    flat = answers.reshape(len(answers), -1)
    return flat @ flat.T / len(targets), flat @ targets.reshape(-1) / len(targets)


def simplex_least_squares(
    answers: NDArray[np.float64], targets: NDArray[np.float64], prior_rows: float
) -> NDArray[np.float64]:
    """Return argmin ||sum_i w_i answers_i - targets||^2 / (n variance) + (prior_rows / n) ||w - 1/L||^2 on the simplex.

    Parameters
    ----------
    answers : ndarray of shape (L, n, n_columns)
    targets : ndarray of shape (n, n_columns)
    prior_rows : float
        How many rows the belief in equal weights is worth.

    Returns
    -------
    ndarray of shape (L,)
    """
    # The weights sum to 1, so the error is that of the weighted residuals, which keep their digits in large values.
    products, _ = gram(answers - targets, targets)
    variance = float(((targets - targets.mean(axis=0)) ** 2).sum()) / len(targets) or 1.0
    ridge, n = prior_rows / len(targets), len(answers)
    return solve_simplex_qp(products / variance + ridge * np.eye(n), np.full(n, ridge / n))


def greedy_selection(products: NDArray[np.float64], cross: NDArray[np.float64], max_steps: int) -> NDArray[np.float64]:
    """Return the weights of greedy forward selection with replacement (Caruana et al., ICML 2004).

    Each step adds the learnware whose answer, averaged in, lowers the squared error most; the best set on the way wins.

    Parameters
    ----------
    products : ndarray of shape (L, L)
        Inner products of the learnwares' answers.
    cross : ndarray of shape (L,)
        Inner products of answers and targets.
    max_steps : int
        Largest number of selections.

    Returns
    -------
    ndarray of shape (L,)
        How often each was selected, divided by the number of selections.
    """
    counts = np.zeros(len(cross))
    sums = np.zeros(len(cross))
    square = linear = 0.0
    best, best_weights, best_step = np.inf, counts, 0
    for step in range(1, max_steps + 1):
        errors = (square + 2.0 * sums + np.diag(products)) / step**2 - 2.0 * (linear + cross) / step
        chosen = int(errors.argmin())
        square += 2.0 * sums[chosen] + products[chosen, chosen]
        linear += cross[chosen]
        sums = sums + products[chosen]
        counts[chosen] += 1
        if errors[chosen] < best - 1e-12 * abs(best if np.isfinite(best) else 1.0):
            best, best_weights, best_step = float(errors[chosen]), counts / step, step
        elif step - best_step >= _PATIENCE:
            break
    return best_weights
