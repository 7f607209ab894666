"""Data frames whose columns stand in another order than the learnwares take them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from learnware.errors import ReuseError
from learnware.reuse import (
    AveragingReuser,
    EnsemblePruningReuser,
    FeatureAugmentReuser,
    JobSelectorReuser,
    RoutingReuser,
    StackingReuser,
)

NAMES = ["size", "age"]


@pytest.fixture
def learnwares(make_learnware):
    made = [
        make_learnware("low", lambda X: 3 * X[:, 0] - X[:, 1], [[-2.0, 10.0]], task="Regression"),
        make_learnware("high", lambda X: 2 * X[:, 0] + X[:, 1], [[2.0, 10.0]], task="Regression"),
    ]
    for one in made:
        one.specification.semantic_spec["Input"] = {"Dimension": 2, "Description": dict(zip("01", NAMES, strict=True))}
    return made


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal([0.0, 10.0], [2.0, 1.0], size=(60, 2))


@pytest.mark.parametrize(
    "make",
    [
        AveragingReuser,
        RoutingReuser,
        JobSelectorReuser,
        lambda learnwares: EnsemblePruningReuser(learnwares, "regression"),
        lambda learnwares: FeatureAugmentReuser(learnwares, "regression"),
        lambda learnwares: StackingReuser(learnwares, "regression"),
    ],
    ids=["averaging", "routing", "job-selector", "pruning", "augmentation", "stacking"],
)
def test_any_order_gives_the_same_answers(learnwares, rows, make):
    in_order = pd.DataFrame(rows, columns=NAMES)
    answers = []
    for X, mine in ((in_order, in_order), (in_order, in_order[NAMES[::-1]]), (in_order[NAMES[::-1]], in_order)):
        reuser = make(learnwares)
        if hasattr(reuser, "fit"):
            reuser.fit(X, 2.5 * rows[:, 0])
        answers.append(reuser.predict(mine))
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


def test_learnwares_of_different_orders(learnwares, rows):
    semantic = learnwares[0].specification.semantic_spec
    semantic["Input"] = {"Dimension": 2, "Description": dict(zip("01", NAMES[::-1], strict=True))}
    with pytest.raises(ReuseError, match="different orders"):
        AveragingReuser(learnwares).predict(pd.DataFrame(rows, columns=NAMES))


def test_columns_that_are_missing(learnwares, rows):
    with pytest.raises(ReuseError, match=r"'age'.*'years'"):
        RoutingReuser(learnwares).predict(pd.DataFrame(rows, columns=["size", "years"]))
