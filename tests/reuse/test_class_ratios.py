"""Shares of classes in a user's data, from nothing but specifications and the names of classes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from learnware.errors import ReuseError
from learnware.reuse import PriorShiftReuser, class_ratios

CLASSES = ("ant", "bee", "cat", "dog", "elk")
FEATURES = 6
CENTRES = np.random.default_rng(0).normal(scale=2.0, size=(len(CLASSES), FEATURES))


def draw(shares, n, seed):
    """Rows of Gaussian classes in given shares, and their classes."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(CLASSES), size=n, p=shares)
    return CENTRES[y] + rng.normal(size=(n, FEATURES)), y


@pytest.fixture
def zoo(make_learnware):
    """Ten learnwares, one for every three classes, in shares that nobody is told."""
    learnwares = []
    for number, known in enumerate(combinations(range(len(CLASSES)), 3)):
        shares = np.zeros(len(CLASSES))
        shares[list(known)] = np.random.default_rng(number).permutation([0.5, 0.3, 0.2])
        points, _ = draw(shares, 400, number)
        names = {str(position): CLASSES[label] for position, label in enumerate(known)}
        learnwares.append(make_learnware(f"zoo{number}", None, points, task="Classification", names=names, dimension=3))
    return learnwares


@pytest.mark.parametrize("seed", range(3))
def test_the_shares_of_classes_are_found(zoo, seed):
    true = np.random.default_rng(seed).dirichlet(np.ones(len(CLASSES)))
    ratios = class_ratios(zoo, draw(true, 2000, 100 + seed)[0])
    assert sum(ratios.shares.values()) == pytest.approx(1)
    np.testing.assert_allclose([ratios.shares[name] for name in CLASSES], true, atol=0.2)


def test_learnwares_that_know_most_of_the_classes_come_first(zoo):
    ratios = class_ratios(zoo, draw([0.5, 0.0, 0.0, 0.5, 0.0], 500, 7)[0])
    three = {one.id for one in ratios.learnwares[:3]}
    assert three == {one.id for one, known in zip(zoo, combinations(range(5), 3), strict=True) if {0, 3} <= set(known)}
    assert sorted(one.id for one in ratios.learnwares) == sorted(one.id for one in zoo)


def test_a_learnware_without_names_comes_last_and_names_differ_only_by_case(zoo, make_learnware):
    points, _ = draw([0.5, 0.5, 0.0, 0.0, 0.0], 50, 1)
    nameless = make_learnware("nameless", None, points, task="Classification", dimension=3)
    loud = make_learnware("loud", None, points, task="Classification", names={"0": " ANT", "1": "Bee"}, dimension=2)
    ratios = class_ratios([nameless, *zoo, loud], draw([0.5, 0.5, 0.0, 0.0, 0.0], 500, 2)[0])
    assert ratios.learnwares[-1] is nameless
    assert list(ratios.shares) == list(CLASSES)
    assert class_ratios([nameless], points).shares == {}
    assert class_ratios([nameless], points).learnwares == (nameless,)


def test_without_evidence_shares_are_equal(zoo, make_learnware):
    X, _ = draw([1.0, 0.0, 0.0, 0.0, 0.0], 500, 3)
    few = class_ratios(zoo, X[:1]).shares
    np.testing.assert_allclose(list(few.values()), 0.2, atol=1 / 21)
    # Learnwares of the same classes and data tell nothing of which class is where.
    names = {"0": "ant", "1": "bee"}
    same = [make_learnware(f"same{n}", None, X, task="Classification", names=names, dimension=2) for n in range(2)]
    assert class_ratios(same, X).shares == pytest.approx({"ant": 0.5, "bee": 0.5})


def test_missing_values_say_nothing(zoo):
    X, _ = draw([0.4, 0.3, 0.1, 0.1, 0.1], 2000, 4)
    X[::3, 2] = np.nan
    shares = class_ratios(zoo, X).shares
    np.testing.assert_allclose(list(shares.values()), [0.4, 0.3, 0.1, 0.1, 0.1], atol=0.15)


def test_a_prior_is_taken_by_names_of_classes(zoo):
    for learnware in zoo:
        # Nobody can tell the classes apart: the prior decides.
        learnware.model.function = lambda X: np.full((len(X), 3), 1 / 3)
    X, _ = draw([0.2] * 5, 20, 5)
    reuser = PriorShiftReuser(zoo, {"Cat": 0.7, "dog": 0.3})
    assert set(reuser.predict(X).tolist()) <= {"cat", "dog"}
    np.testing.assert_allclose(reuser.prior_, [0, 0, 0.7, 0.3, 0])
    with pytest.raises(ReuseError, match="no share to any of the classes ant, bee"):
        PriorShiftReuser(zoo, {"whale": 1.0}).predict(X)
