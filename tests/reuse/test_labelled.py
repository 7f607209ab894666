import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.svm import LinearSVC

from learnware.errors import ReuseError
from learnware.reuse import EnsemblePruningReuser, FeatureAugmentReuser, StackingReuser
from learnware.reuse._weights import gram, greedy_selection, simplex_least_squares


def rmse(predictions, y):
    return float(np.sqrt(((predictions - y) ** 2).mean()))


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(2, 30), st.integers(1, 3), st.integers(0, 2**16))
def test_weights_are_on_the_simplex_and_never_worse_than_one(n_learnwares, n_rows, n_columns, seed):
    rng = np.random.default_rng(seed)
    answers, targets = rng.normal(size=(n_learnwares, n_rows, n_columns)), rng.normal(size=(n_rows, n_columns))

    def error(weights):
        return ((np.tensordot(weights, answers, axes=1) - targets) ** 2).sum()

    best_alone = min(error(row) for row in np.eye(n_learnwares))
    for weights in (simplex_least_squares(answers, targets, 0.0), greedy_selection(*gram(answers, targets), 200)):
        assert weights.sum() == pytest.approx(1.0)
        assert weights.min() >= 0.0
        assert error(weights) <= best_alone * (1 + 1e-9)
    np.testing.assert_allclose(simplex_least_squares(answers, targets, 1e9), 1.0 / n_learnwares, atol=1e-5)


def test_greedy_selection_nears_the_best_weights():
    rng = np.random.default_rng(0)
    answers, truth = rng.normal(size=(4, 200, 1)), np.array([0.6, 0.3, 0.1, 0.0])
    targets = np.tensordot(truth, answers, axes=1)
    np.testing.assert_allclose(greedy_selection(*gram(answers, targets), 500), truth, atol=0.02)
    assert greedy_selection(*gram(answers, targets), 1).tolist() == [1, 0, 0, 0]


def test_pruning_drops_a_learnware_that_is_wrong(table, regression_learnwares, make_learnware):
    X, y = table
    wrong = make_learnware("wrong", lambda rows: np.full(len(rows), 1e3), task="Regression")
    reuser = EnsemblePruningReuser([wrong, *regression_learnwares], mode="regression").fit(X[:60], y[:60])
    assert reuser.report_.shares["wrong"] == 0.0
    assert reuser.weights_[0] == 0.0
    # The chosen ones are no worse than the best of them, up to what 60 rows can tell.
    assert rmse(reuser.predict(X[60:]), y[60:]) < 1.05 * min(
        rmse(one.predict(X[60:]), y[60:]) for one in regression_learnwares
    )


def test_maxgen_bounds_the_selections(table, regression_learnwares):
    X, y = table
    one_step = EnsemblePruningReuser(regression_learnwares, mode="regression").fit(X, y, maxgen=1)
    # Each of the 20 bags chooses a single learnware.
    np.testing.assert_allclose(one_step.weights_ * 20, np.round(one_step.weights_ * 20))
    with pytest.raises(ReuseError, match="maxgen is 0; allowed are whole numbers from 1"):
        EnsemblePruningReuser(regression_learnwares, mode="regression").fit(X, y, maxgen=0)


@pytest.mark.parametrize("reuser_class", [FeatureAugmentReuser, StackingReuser])
def test_a_biased_learnware_is_corrected(table, make_learnware, reuser_class):
    X, y = table
    biased = make_learnware("biased", lambda rows: np.sin(rows[:, 0]) + 0.5 * rows[:, 1] ** 2, task="Regression")
    reuser = reuser_class([biased]).fit(X[:80], y[:80])
    assert rmse(reuser.predict(X[80:]), y[80:]) < 0.25 * rmse(biased.predict(X[80:]), y[80:])


def test_stacking_leaves_learnwares_that_are_noise(table, make_learnware):
    X, y = table

    def noise(rows):
        return 100.0 * np.sin(1e6 * rows[:, 0])

    reuser = StackingReuser([make_learnware("noise", noise, task="Regression")], model=LinearRegression()).fit(X, y)
    assert reuser.report_.shares["noise"] < 0.01
    assert reuser.report_.own_share > 0.99
    assert rmse(reuser.predict(X), y) < 1.1 * rmse(LinearRegression().fit(X, y).predict(X), y)


def test_stacking_lets_a_perfect_learnware_answer_alone(table, make_learnware):
    X, _ = table
    learnwares = [
        make_learnware("truth", lambda rows: np.sin(rows[:, 0]) * rows[:, 1], task="Regression"),
        make_learnware("shifted", lambda rows: np.sin(rows[:, 0]) * rows[:, 1] + 1.0, task="Regression"),
    ]
    y = np.sin(X[:, 0]) * X[:, 1]
    reuser = StackingReuser(learnwares, model=LinearRegression()).fit(X[:100], y[:100])
    assert reuser.weights_ == {"learnware truth": 1.0}
    assert reuser.report_.shares == {"truth": 1.0, "shifted": 0.0}
    np.testing.assert_array_equal(reuser.predict(X), y)
    assert reuser.errors_["learnware truth"] == 0.0
    assert "learnware truth with 0, which is clearly better and answers alone" in str(reuser.report_)


def test_stacking_beats_its_parts(table, regression_learnwares):
    X, y = table
    reuser = StackingReuser(regression_learnwares).fit(X[:80], y[:80])
    assert sum(reuser.weights_.values()) == pytest.approx(1.0)
    assert min(reuser.weights_.values()) >= 0.0
    parts = [rmse(one.predict(X[80:]), y[80:]) for one in regression_learnwares]
    assert rmse(reuser.predict(X[80:]), y[80:]) < min(parts)
    assert set(reuser.errors_) >= {"stacking", "learnware region0", "mean of learnwares", *reuser.weights_}


def test_stacking_takes_a_classifier_without_probabilities(digits, digit_learnwares):
    X, y = digits
    names = [f"digit {label}" for label in y]
    reuser = StackingReuser(digit_learnwares, model=LinearSVC(dual="auto"), cv=3).fit(X[:100], names[:100])
    assert (reuser.predict(X[1000:]) == names[1000:]).mean() > 0.75
    with pytest.raises(ReuseError, match="model is 'svm'; allowed are estimators with fit and predict"):
        StackingReuser(digit_learnwares, model="svm").fit(X[:100], names[:100])


def test_stacking_knows_several_targets(table, make_learnware):
    X, y = table
    both = np.stack([y, -y], axis=1)
    learnware = make_learnware("both", lambda rows: rows[:, :2], task="Regression")
    reuser = StackingReuser([learnware], cv=2).fit(X[:60], both[:60])
    assert reuser.predict(X[60:]).shape == (len(X) - 60, 2)
    assert rmse(reuser.predict(X[60:]), both[60:]) < rmse(X[60:, :2], both[60:])


@pytest.mark.parametrize("cv", [1, 11, 2.5, True])
def test_folds_need_rows(table, regression_learnwares, cv):
    with pytest.raises(ReuseError, match="cv is"):
        StackingReuser(regression_learnwares, cv=cv).fit(table[0][:10], table[1][:10])


def test_one_class_in_the_labels_is_enough(digits, digit_learnwares):
    X, y = digits
    zeros = np.flatnonzero(y == 0)[:12]
    for reuser in (FeatureAugmentReuser(digit_learnwares), StackingReuser(digit_learnwares, cv=2)):
        assert set(reuser.fit(X[zeros], ["digit 0"] * 12).predict(X[zeros])) == {"digit 0"}


@pytest.mark.parametrize("reuser_class", [FeatureAugmentReuser, StackingReuser])
def test_missing_features_are_filled(table, regression_learnwares, make_learnware, reuser_class):
    X, y = table[0].copy(), table[1]
    X[::5, 0] = np.nan
    X[::3, 2] = np.inf
    X[1::3, 2] = 1e300
    blind = make_learnware("blind", lambda rows: 0.5 * rows[:, 1] ** 2, task="Regression")
    predictions = reuser_class([blind]).fit(X[:100], y[:100]).predict(X[100:])
    assert rmse(predictions, y[100:]) < rmse(blind.predict(X[100:]), y[100:])


@pytest.mark.parametrize("reuser_class", [FeatureAugmentReuser, StackingReuser])
def test_the_task_is_taken_from_the_labels_where_nobody_says(table, make_learnware, reuser_class):
    X, y = table
    silent = make_learnware("silent", lambda rows: rows[:, 2])
    assert not hasattr(reuser_class([silent]).fit(X[:40], y[:40]), "classes_")
    sides = make_learnware("sides", lambda rows: (rows[:, 0] > 0).astype(int))
    assert reuser_class([sides]).fit(X[:40], (X[:40, 0] > 0).astype(int)).classes_.tolist() == [0, 1]


def test_texts_are_answered_as_they_are(make_learnware):
    learnware = make_learnware("length", lambda texts: np.array([len(text) for text in texts]), task="Regression")
    pruned = EnsemblePruningReuser([learnware], mode="regression").fit(["a", "bc", "def"], [1, 2, 3])
    assert pruned.predict(["abcd"]).tolist() == [4.0]


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((0, 3)), [], "no rows"),
        (np.zeros(3), [0, 0, 0], r"shape \(3,\); allowed are"),
        ([["a", "b"], ["c", "d"]], [0, 1], "not numbers"),
        (np.zeros((2, 3)), [0.0, np.nan], "missing or infinite"),
        (np.zeros((2, 3)), ["a", "b"], "regression needs numbers as targets"),
        (np.zeros((2, 3)), [[0.0, 1.0], [0.0, 1.0]], "the targets have 2 columns, the learnwares answer 1"),
    ],
)
def test_bad_data_are_named(regression_learnwares, X, y, message):
    with pytest.raises(ReuseError, match=message):
        EnsemblePruningReuser(regression_learnwares, mode="regression").fit(X, y)


@pytest.mark.parametrize("reuser_class", [FeatureAugmentReuser, StackingReuser])
def test_a_column_that_hardly_varies_in_the_labelled_rows_does_no_harm(table, make_learnware, reuser_class):
    X, y = table
    rain = np.zeros((len(X), 1))
    rain[0] = 0.01
    rain[100:] = np.random.default_rng(0).exponential(5.0, (len(X) - 100, 1))
    X = np.hstack([X, rain])
    learnware = make_learnware("half", lambda rows: np.sin(rows[:, 0]) + rows[:, 2], task="Regression")
    errors = np.abs(reuser_class([learnware]).fit(X[:100], y[:100]).predict(X[100:]) - y[100:])
    assert errors.max() < 2.0 * np.ptp(y)


@pytest.mark.parametrize("reuser_class", [FeatureAugmentReuser, StackingReuser])
def test_other_columns_than_those_of_fit_are_named(table, regression_learnwares, reuser_class):
    X, y = table
    reuser = reuser_class(regression_learnwares, mode="regression").fit(X[:60], y[:60])
    with pytest.raises(ReuseError, match="the data have 2 columns, those given to fit had 3"):
        reuser.predict(X[:, :2])


@pytest.mark.parametrize("reuser_class", [EnsemblePruningReuser, FeatureAugmentReuser, StackingReuser])
def test_numbers_in_a_column_of_objects_are_labels(table, regression_learnwares, reuser_class):
    X, y = table
    plain = reuser_class(regression_learnwares, mode="regression").fit(X[:60], y[:60])
    objects = reuser_class(regression_learnwares, mode="regression").fit(X[:60], y[:60].astype(object))
    np.testing.assert_array_equal(plain.predict(X), objects.predict(X))
    with pytest.raises(ReuseError, match=r"60 labels, received an array of shape \(\)"):
        plain.fit(X[:60], None)


def test_augmentation_needs_two_labels(table, regression_learnwares):
    X, y = table
    with pytest.raises(ReuseError, match="at least 2 labelled rows, received 1"):
        FeatureAugmentReuser(regression_learnwares).fit(X[:1], y[:1])
