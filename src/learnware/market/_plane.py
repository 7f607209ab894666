"""A map of an island: its members as points of a plane, as far from each other as their data are.

The squared MMD of two learnwares is nearly the squared distance of their embeddings, so classical scaling (Torgerson,
Multidimensional scaling, 1952) is the projection of the embeddings on their two principal directions. That keeps large
distances, and lays what differs in other directions over each other. From there the weighted stress is made smaller by
majorisation (de Leeuw, Applications of convex analysis to multidimensional scaling, 1977) with the weights of Sammon
(A nonlinear mapping for data structure analysis, 1969), by which small distances count as much as large ones. Beyond
some hundred members that is done for landmarks, and each other member finds its place among those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]

__all__ = ["Plane", "plane"]

# On the islands of the shared material and on planted ones, more landmarks keep no more of the distances.
_LANDMARKS = 150
_LANDMARK_STEPS = 200
# Landmarks are spread over so many principal directions.
_DIRECTIONS = 16
# Pairs of members that tell what the map has kept.
_PAIRS = 5_000
_STEPS = 30
# A step that moves nothing by more than this share of the map is the last.
_STILL = 1e-3
# A distance below this share of the mean one weighs no more than that: equal learnwares are as near as any.
_NEAREST = 0.02
# Distances that differ by no more than rounding are no differences.
_ROUNDING = 1e-7


@dataclass(frozen=True)
class Plane:
    """Members of an island on a map.

    Attributes
    ----------
    points : ndarray of shape (n, 2)
        Their places, in [-1, 1]; the middle is at zero, and one unit means the same in both directions.
    kept : float
        Correlation, in [-1, 1], between distances on the map and those of the embeddings; 1 where nothing can differ.
    """

    points: Points
    kept: float


def plane(vectors: NDArray[np.floating]) -> Plane:
    """Return a map on which members are as far from each other as their embeddings, as well as a plane can.

    The same embeddings give the same map, and a member more or less turns it neither round nor over.

    Parameters
    ----------
    vectors : ndarray of shape (n, n_features)
        An embedding of each member, n at least 1.

    Returns
    -------
    Plane

    Examples
    --------
    >>> import numpy as np
    >>> plane(np.array([[0.0, 0.0, 1.0], [3.0, 0.0, 1.0], [0.0, 1.0, 1.0]])).points.round(2)
    array([[-0.46,  0.25],
           [ 1.  , -0.01],
           [-0.54, -0.24]])
    """
    centred: Points = np.asarray(vectors, dtype=np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    principal = _principal(centred)
    chosen = _landmarks(principal)
    wanted = _distances(centred, centred[chosen])
    if wanted.max() <= _ROUNDING * max(1.0, float(np.abs(centred).max())):
        return Plane(np.zeros((len(centred), 2)), 1.0)
    points = principal[:, :2]
    landmarks = _settled(wanted[chosen], points[chosen])
    points = landmarks if len(chosen) == len(centred) else _placed(wanted, landmarks, points)
    points = _turned(points)
    return Plane(points / np.abs(points).max(), _correlation(centred, points))


def _principal(vectors: Points) -> Points:
    """Return the projections on the principal directions, shape (n, 16)."""
    if len(vectors) < vectors.shape[1]:
        values, directions = np.linalg.eigh(vectors @ vectors.T)
        projected = directions * np.sqrt(np.maximum(values, 0.0))
    else:
        _, directions = np.linalg.eigh(vectors.T @ vectors)
        projected = vectors @ directions[:, -_DIRECTIONS:]
    found = np.zeros((len(vectors), _DIRECTIONS))
    last = projected[:, : -_DIRECTIONS - 1 : -1]
    found[:, : last.shape[1]] = last
    return found


def _landmarks(principal: Points) -> NDArray[np.intp]:
    """Return members that stand for all of them: the most central one, then always the one that is farthest away."""
    if len(principal) <= _LANDMARKS:
        return np.arange(len(principal))
    # They are around zero.
    chosen = [int(np.argmin(np.einsum("ij,ij->i", principal, principal)))]
    nearest = np.full(len(principal), np.inf)
    while len(chosen) < _LANDMARKS:
        differences = principal - principal[chosen[-1]]
        nearest = np.minimum(nearest, np.einsum("ij,ij->i", differences, differences))
        chosen.append(int(np.argmax(nearest)))
    return np.sort(np.array(chosen))


def _settled(wanted: Points, points: Points) -> Points:
    """Return where the stress of points with these distances, shape (n, n), is at its smallest near by."""
    weights = _weights(wanted)
    np.fill_diagonal(weights, 0.0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    # What is added makes it regular, and is zero on everything that it is used on.
    inverse = np.linalg.inv(laplacian + weights.mean())
    for _ in range(_LANDMARK_STEPS):
        pull = _ratios(wanted, points, points) * weights
        moved = inverse @ (points * pull.sum(axis=1)[:, None] - pull @ points)
        still = np.abs(moved - points).max() <= _STILL * np.abs(moved).max()
        points = moved
        if still:
            break
    return points


def _placed(wanted: Points, landmarks: Points, points: Points) -> Points:
    """Return where points with these distances to landmarks, shape (n, m), have the smallest stress near by."""
    weights = _weights(wanted)
    weights /= weights.sum(axis=1, keepdims=True)
    middle = weights @ landmarks
    for _ in range(_STEPS):
        pull = _ratios(wanted, points, landmarks) * weights
        moved = middle + points * pull.sum(axis=1)[:, None] - pull @ landmarks
        still = np.abs(moved - points).max() <= _STILL * np.abs(moved).max()
        points = moved
        if still:
            break
    return points


def _weights(wanted: Points) -> Points:
    return np.asarray(1.0 / np.maximum(wanted, _NEAREST * wanted.mean()))


def _ratios(wanted: Points, points: Points, others: Points) -> Points:
    """Return how many times as far from each other they want to be; 0 where they are at one place."""
    found = _distances(points, others)
    return np.divide(wanted, found, out=np.zeros_like(wanted), where=found > 1e-12 * max(1e-300, float(found.max())))


def _distances(points: Points, others: Points) -> Points:
    """Return the distances of all pairs, shape (len(points), len(others))."""
    squares = np.einsum("ij,ij->i", points, points)[:, None] - 2.0 * (points @ others.T)
    squares += np.einsum("ij,ij->i", others, others)
    found: Points = np.sqrt(np.maximum(squares, 0.0))
    return found


def _turned(points: Points) -> Points:
    """Return points around zero with the first axis in the direction in which they spread most, and signs fixed."""
    points = points - points.mean(axis=0)
    _, directions = np.linalg.eigh(points.T @ points)
    points = points @ directions[:, ::-1]
    # The first member that is far out has the sign: others that come later change nothing.
    sizes = np.abs(points)
    first = np.argmax(sizes >= 0.5 * sizes.max(axis=0), axis=0)
    return np.asarray(points * np.where(points[first, [0, 1]] < 0, -1.0, 1.0))


def _correlation(vectors: Points, points: Points) -> float:
    """Return the correlation of distances, of all pairs or of many of them."""
    n = len(vectors)
    if n * (n - 1) // 2 > _PAIRS:
        first, second = np.random.default_rng(0).integers(n, size=(2, _PAIRS))
    else:
        first, second = np.triu_indices(n, 1)
    wanted = np.linalg.norm(vectors[first] - vectors[second], axis=1)
    found = np.linalg.norm(points[first] - points[second], axis=1)
    if wanted.std() <= _ROUNDING * wanted.mean() or found.std() <= _ROUNDING * found.mean():
        return 1.0
    return float(np.corrcoef(wanted, found)[0, 1])
