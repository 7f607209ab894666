"""From a task to a prediction in one call, with a real market of packed models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import Ridge

from learnware.errors import MarketError, NothingFitsError, ReuseError
from learnware.learnware import pack, read_package
from learnware.market import instantiate_learnware_market
from learnware.solution import solve

COLUMNS = ["size", "age", "distance"]


def prices(rng, n, centre):
    X = rng.normal(size=(n, 3)) + centre
    return X, X @ [3.0, -1.0, 0.5] + 2.0 * np.abs(X[:, 0]) + 0.1 * rng.normal(size=n)


CENTRES = {"north": (-4.0, 0.0, 0.0), "south": (4.0, 0.0, 0.0), "west": (0.0, 5.0, 0.0)}


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solution")
    market = instantiate_learnware_market("solution", root=folder)
    rng = np.random.default_rng(0)
    common = {"scenarios": "Business", "license": "MIT"}
    packages = []
    for region, centre in CENTRES.items():
        X, y = prices(rng, 400, centre)
        path = folder / f"{region}.zip"
        pack(
            Ridge().fit(pd.DataFrame(X, columns=COLUMNS), y),
            pd.DataFrame(X, columns=COLUMNS),
            path,
            name=f"House prices {region}",
            description=f"Prices of houses in the {region}.",
            output_description="price",
            **common,
        )
        packages.append(path)
    digits = load_digits()
    for number, classes in enumerate([(0, 1, 2, 3, 4, 5), (4, 5, 6, 7, 8, 9)]):
        rows = np.isin(digits.target, classes)
        path = folder / f"digits{number}.zip"
        pack(
            ExtraTreesClassifier(30, random_state=0).fit(digits.data[rows][::2], digits.target[rows][::2]),
            digits.data[rows][::2],
            path,
            input_description=digits.feature_names,
            name=f"Some digits {number}",
            description="Tells some handwritten digits apart.",
            **common,
        )
        packages.append(path)
    for path in packages:
        learnware_id, _ = market.add_learnware(str(path), read_package(path).semantic_spec, checker_names=[])
        assert learnware_id is not None
    return market


def error(solution, X, y):
    return float(np.sqrt(np.mean((solution.predict(X) - y) ** 2)))


def test_without_labels_the_nearest_learnwares_answer(market):
    X, y = prices(np.random.default_rng(1), 300, CENTRES["south"])
    solution = solve(X, market=market)
    assert solution.report.task == "Regression"
    assert solution.report.learnwares[0].name == "House prices south"
    assert solution.report.scores == {}
    assert sum(one.share for one in solution.report.learnwares) == pytest.approx(1.0)
    assert error(solution, X, y) < 0.5
    assert solution.predict(X).shape == (300,)


def test_a_mixture_is_routed_row_by_row(market):
    rng = np.random.default_rng(2)
    parts = [prices(rng, 200, CENTRES[name]) for name in ("north", "south")]
    X, y = (np.concatenate(both) for both in zip(*parts, strict=True))
    solution = solve(pd.DataFrame(X, columns=COLUMNS), market=market)
    assert solution.report.way == "routing"
    assert error(solution, X, y) < 0.5
    shares = {one.name: one.share for one in solution.report.learnwares}
    assert shares["House prices north"] == pytest.approx(0.5, abs=0.1)


def test_labels_choose_the_way(market):
    rng = np.random.default_rng(3)
    X, y = prices(rng, 200, (3.0, 0.5, 0.0))
    known = np.where(np.arange(200) < 60, y, np.nan)
    solution = solve(X, known, market=market)
    assert solution.report.n_labels == 60
    assert solution.report.scores[solution.report.way] == min(solution.report.scores.values())
    assert set(solution.report.scores) == {"top-1", "averaging", "routing", "pruning", "augmentation", "stacking"}
    assert error(solution, X[60:], y[60:]) < 0.3
    assert "chosen by cross-validation on 60 labels" in str(solution.report)
    assert solution.report.to_dict()["way"] == solution.report.way


def test_same_seed_same_predictions_and_the_data_stay_as_they_are(market):
    X, y = prices(np.random.default_rng(4), 120, CENTRES["west"])
    before = X.copy(), y.copy()
    first, second = (solve(X, y, market=market, seed=5).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_classes_are_answered_by_name(market):
    digits = load_digits()
    rows = np.isin(digits.target, (1, 2, 8, 9))
    X, y = digits.data[rows][1::2], digits.target[rows][1::2]
    solution = solve(X, market=market)
    assert solution.report.task == "Classification"
    assert np.mean(solution.predict(X) == y) > 0.8
    probabilities = solution.predict_proba(X)
    assert probabilities.shape == (len(X), 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    labels = y.astype(object)
    labels[::2] = None
    labelled = solve(X, labels, market=market)
    assert labelled.report.measure == "accuracy"
    assert labelled.report.scores[labelled.report.way] == max(labelled.report.scores.values())
    assert np.mean(labelled.predict(X) == y) > 0.9


def test_labels_may_be_the_names_of_classes(market):
    digits = load_digits()
    rows = np.isin(digits.target, (4, 5, 8, 9))
    X, y = digits.data[rows][1::2], digits.target[rows][1::2].astype(str)
    solution = solve(X, y, market=market)
    assert solution.report.scores["top-1"] > 0.8
    assert np.mean(np.isin(solution.predict(X), y)) > 0.9
    few = np.where(np.arange(len(y)) < 8, y.astype(object), None)
    assert solve(X, few, market=market).report.scores == {}
    assert np.mean(solve(X, few, market=market).predict(X)[8:] == y[8:]) > 0.8


def test_whole_numbers_are_targets_where_only_those_are_answered(market):
    X, y = prices(np.random.default_rng(9), 100, CENTRES["south"])
    assert solve(X, np.round(y), market=market).report.task == "Regression"
    assert solve(X, (y > 10).astype(int), market=market).report.task == "Regression"


def test_every_step_is_told(market):
    said = []
    X, _ = prices(np.random.default_rng(5), 60, CENTRES["north"])
    solve(X, market=market, progress=said.append)
    assert said[0] == "describing the data"
    assert said[-1].startswith("solving by")


def test_nothing_fits(market):
    rng = np.random.default_rng(6)
    with pytest.raises(NothingFitsError, match="tables of 7 columns"):
        solve(rng.normal(size=(50, 7)), market=market)
    with pytest.raises(NothingFitsError, match="covered by no learnware"):
        solve(rng.normal(size=(200, 3)) * 0.1 + 1000.0, market=market)
    with pytest.raises(NothingFitsError, match="conditions"):
        solve(rng.normal(size=(50, 3)), rng.choice(["yes", "no"], size=50), market=market)


def test_labels_help_where_nothing_fits(market):
    rng = np.random.default_rng(7)
    X, y = prices(rng, 200, (300.0, 0.0, 0.0))
    solution = solve(X, y, market=market)
    assert error(solution, X, y) < np.std(y)


def test_learnwares_without_names_answer(market, tmp_path):
    nameless = instantiate_learnware_market("nameless", root=tmp_path)
    semantic = {"Task": {"Values": ["Regression"], "Type": "Class"}}
    nameless.add_learnware(market.get_learnware_zip_path_by_ids("00000001"), semantic, checker_names=[])
    X, _ = prices(np.random.default_rng(7), 100, CENTRES["north"])
    assert solve(X, market=nameless).report.learnwares[0].name == ""


def test_arguments_that_do_not_fit(market):
    X, y = prices(np.random.default_rng(8), 40, CENTRES["north"])
    with pytest.raises(ReuseError, match=r"y has shape \(39,\); expected \(40,\)"):
        solve(X, y[:-1], market=market)
    with pytest.raises(ReuseError, match="task is 'Cooking'"):
        solve(X, market=market, task="Cooking")
    with pytest.raises(ReuseError, match="max_learnwares is 0"):
        solve(X, market=market, max_learnwares=0)
    with pytest.raises(ReuseError, match="no probabilities"):
        solve(X, market=market).predict_proba(X)


@pytest.mark.parametrize("labels", [0, 60])
@pytest.mark.parametrize("region", ["north", "west"])
def test_columns_may_stand_in_another_order(market, region, labels):
    X, y = prices(np.random.default_rng(11), 300, CENTRES[region])
    known = np.where(np.arange(300) < labels, y, np.nan) if labels else None
    in_order = pd.DataFrame(X, columns=COLUMNS)
    reversed_ = in_order[COLUMNS[::-1]]
    expected = solve(in_order, known, market=market, task="Regression")
    solution = solve(reversed_, known, market=market, task="Regression")
    assert solution.report == expected.report
    np.testing.assert_array_equal(solution.predict(reversed_), expected.predict(in_order))
    np.testing.assert_array_equal(solution.predict(in_order), expected.predict(in_order))
    assert list(reversed_.columns) == COLUMNS[::-1]


def test_columns_of_which_some_are_others(market):
    X, _ = prices(np.random.default_rng(12), 300, CENTRES["north"])
    with pytest.raises(ReuseError, match=r"'distance'.*'metres'"):
        solve(pd.DataFrame(X, columns=["size", "age", "metres"]), market=market, task="Regression")


def test_a_market_that_is_not_there_is_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNWARE_STORAGE_PATH", str(tmp_path))
    with pytest.raises(MarketError, match="no market 'typo'"):
        solve(np.random.default_rng(0).normal(size=(50, 3)), market="typo")
    assert list(tmp_path.iterdir()) == []
