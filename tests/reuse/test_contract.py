"""What holds for every reuser, in regression and in classification with partial, permuted classes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge

from learnware import reuse
from learnware.errors import ReuseError

CLASSIFIERS = {
    "label votes": lambda learnwares: reuse.AveragingReuser(learnwares, mode="vote_by_label"),
    "job selector": reuse.JobSelectorReuser,
    "routing": reuse.RoutingReuser,
    "prior shift": reuse.PriorShiftReuser,
    "pruning": reuse.EnsemblePruningReuser,
    "augmentation": reuse.FeatureAugmentReuser,
    "stacking": lambda learnwares: reuse.StackingReuser(learnwares, model=LogisticRegression(C=0.01), cv=2),
}
REGRESSORS = {
    **CLASSIFIERS,
    "label votes": lambda learnwares: reuse.AveragingReuser(learnwares, mode="mean"),
    "pruning": lambda learnwares: reuse.EnsemblePruningReuser(learnwares, mode="regression"),
    "stacking": lambda learnwares: reuse.StackingReuser(learnwares, model=Ridge(), cv=2),
}
# It has nothing to say of numbers.
del REGRESSORS["prior shift"]
LABELLED = ("pruning", "augmentation", "stacking")


@pytest.fixture(params=["classification", "regression"])
def task(request, digits, digit_learnwares, table, regression_learnwares):
    """Makers of reusers, learnwares, labelled rows and rows to predict."""
    if request.param == "classification":
        X, y = digits
        return CLASSIFIERS, digit_learnwares, X[:60], np.array([f"digit {label}" for label in y[:60]]), X[60:160]
    X, y = table
    return REGRESSORS, regression_learnwares, X[:60], y[:60], X[60:]


@pytest.fixture(params=sorted(CLASSIFIERS))
def name(request, task):
    if request.param not in task[0]:
        pytest.skip("a reuser of classifiers only")
    return request.param


def fitted(name, task, learnwares=None):
    makers, given, X, y, _ = task
    reuser = makers[name](given if learnwares is None else learnwares)
    return reuser.fit(X, y) if name in LABELLED else reuser


def test_every_public_reuser_is_under_contract(regression_learnwares):
    covered = {type(make(regression_learnwares)) for make in CLASSIFIERS.values()}
    public = {getattr(reuse, name) for name in reuse.__all__ if name.endswith("Reuser")} - {reuse.BaseReuser}
    assert covered == public


def test_parameters_round_trip(name, task):
    reuser = task[0][name](task[1])
    params = reuser.get_params()
    assert params["learnware_list"] is task[1]
    again = type(reuser)(**params)
    assert again.get_params() == params
    again.reset(learnware_list=task[1][:1])
    assert len(again.learnware_list) == 1
    assert [one.id for one in clone(reuser).learnware_list] == [one.id for one in task[1]]
    with pytest.raises(ReuseError, match="no parameter 'colour'; it has: learnware_list"):
        reuser.set_params(colour="red")


def test_it_shows_its_parameters_and_learnwares(name, task):
    text = repr(task[0][name](task[1]))
    assert text.startswith(f"{type(task[0][name](task[1])).__name__}(<learnwares ['{task[1][0].id}', ")


def test_predictions_have_one_answer_a_row_and_the_report_adds_up(name, task):
    reuser = fitted(name, task)
    predictions = reuser.predict(task[4])
    assert predictions.shape == (len(task[4]),)
    shares = list(reuser.report_.shares.values())
    assert set(reuser.report_.shares) == {one.id for one in task[1]}
    assert min(shares) >= 0.0
    assert reuser.report_.own_share >= 0.0
    assert sum(shares) + reuser.report_.own_share == pytest.approx(1.0)
    for text in (type(reuser).__name__, *(one.id for one in task[1])):
        assert text in str(reuser.report_)


def test_probabilities_belong_to_the_classes(name, task):
    reuser = fitted(name, task)
    if task[0] is REGRESSORS:
        with pytest.raises(ReuseError, match="probabilities"):
            reuser.predict_proba(task[4])
        return
    probabilities = reuser.predict_proba(task[4])
    assert probabilities.shape == (len(task[4]), len(reuser.classes_))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(reuser.classes_[probabilities.argmax(axis=1)], reuser.predict(task[4]))


def test_order_of_learnwares_does_not_matter(name, task):
    forward, backward = fitted(name, task), fitted(name, task, task[1][::-1])
    if task[0] is REGRESSORS:
        # The search for a Gaussian process's parameters magnifies rounding.
        np.testing.assert_allclose(forward.predict(task[4]), backward.predict(task[4]), rtol=1e-2, atol=1e-2)
    else:
        np.testing.assert_array_equal(forward.predict(task[4]), backward.predict(task[4]))
        np.testing.assert_allclose(forward.predict_proba(task[4]), backward.predict_proba(task[4]), atol=1e-3)


@pytest.mark.parametrize("name", sorted(set(CLASSIFIERS) - {"augmentation", "stacking"}))
def test_one_learnware_answers_for_itself(name, task):
    if name not in task[0]:
        pytest.skip("a reuser of classifiers only")
    X, rows = task[2], task[4]
    reuser = task[0][name](task[1][:1])
    if name == "pruning":
        reuser.fit(X, task[3])
    predictions, answers = reuser.predict(rows), np.asarray(task[1][0].predict(rows)).reshape(-1)
    if predictions.dtype.kind == "U":
        description = task[1][0].get_specification().get_semantic_spec()["Output"]["Description"]
        answers = np.array([description[str(index)].strip().lower() for index in answers])
        predictions = np.array([prediction.lower() for prediction in predictions])
    np.testing.assert_array_equal(predictions, answers)
    assert reuser.report_.shares == {task[1][0].id: pytest.approx(1.0)}


def test_same_seed_same_result_and_a_pickle_predicts_the_same(name, task):
    first, second = fitted(name, task), fitted(name, task)
    np.testing.assert_array_equal(first.predict(task[4]), second.predict(task[4]))
    state = {key: value for key, value in vars(second).items() if key != "learnware_list"}
    copy = object.__new__(type(second))
    copy.__dict__.update(pickle.loads(pickle.dumps(state)), learnware_list=second.learnware_list)
    np.testing.assert_array_equal(copy.predict(task[4]), first.predict(task[4]))


def test_data_of_the_caller_stay_as_they_are(name, task, make_learnware):
    def scribble(rows):
        rows[:] = 0
        return np.zeros(len(rows))

    X, y, rows = (part.copy() for part in task[2:])
    semantic = task[1][0].get_specification().get_semantic_spec()
    vandal = make_learnware(
        "vandal",
        scribble if task[0] is REGRESSORS else lambda rows: scribble(rows).astype(int),
        task[2][:5],
        task=semantic["Task"]["Values"][0],
        names=semantic["Output"]["Description"],
    )
    fitted(name, (task[0], [vandal, *task[1]], X, y, rows)).predict(rows)
    np.testing.assert_array_equal(X, task[2])
    np.testing.assert_array_equal(y, task[3])
    np.testing.assert_array_equal(rows, task[4])


@pytest.mark.parametrize(
    "library", ["pandas", "polars", "pyarrow", pytest.param("torch", marks=pytest.mark.torch), "list"]
)
def test_tables_of_any_kind_are_taken(name, task, library):
    makers, learnwares, X, y, rows = task

    def convert(array):
        if library == "list":
            return array.tolist()
        module = pytest.importorskip(library)
        if library == "torch":
            return module.tensor(array) if array.dtype.kind == "f" else array
        columns = {f"x{j}": column for j, column in enumerate(array.T)} if array.ndim == 2 else {"y": array}
        return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)

    expected = fitted(name, task).predict(rows)
    np.testing.assert_array_equal(
        fitted(name, (makers, learnwares, convert(X), y, rows)).predict(convert(rows)), expected
    )


@pytest.mark.torch
def test_tensors_of_any_precision_are_taken(name, task):
    torch = pytest.importorskip("torch")
    makers, learnwares, X, y, rows = task
    X, rows = torch.tensor(X).bfloat16(), torch.tensor(rows, requires_grad=True).bfloat16()
    labels = torch.tensor(y) if y.dtype.kind == "f" else y
    read, read_rows = X.float().numpy(), rows.detach().float().numpy()
    np.testing.assert_array_equal(
        fitted(name, (makers, learnwares, X, labels, rows)).predict(rows),
        fitted(name, (makers, learnwares, read, y, read_rows)).predict(read_rows),
    )


@pytest.mark.parametrize("name", LABELLED)
def test_without_fit_there_is_no_prediction(name, task):
    with pytest.raises(ReuseError, match="not fitted yet: call fit with labelled data"):
        task[0][name](task[1]).predict(task[4])
    reuser = fitted(name, task)
    reuser.reset()
    with pytest.raises(ReuseError, match="not fitted yet"):
        reuser.predict(task[4])


@pytest.mark.parametrize("name", LABELLED)
def test_labels_must_match_the_rows(name, task):
    with pytest.raises(ReuseError, match="60 rows need 60 labels"):
        task[0][name](task[1]).fit(task[2], task[3][:-1])


def test_without_learnwares_nothing_is_reused(name, task):
    with pytest.raises(ReuseError, match="at least one learnware"):
        fitted(name, task, []).predict(task[4])


def test_broken_answers_name_the_learnware(name, task, make_learnware):
    semantic = task[1][0].get_specification().get_semantic_spec()
    for answer, message in (
        (lambda rows: np.zeros(3), "answered shape"),
        (lambda rows: rows[:, :1] * np.nan, "missing"),
    ):
        broken = make_learnware(
            "broken",
            answer,
            task[4],
            task=semantic["Task"]["Values"][0],
            names=semantic["Output"]["Description"],
        )
        with pytest.raises(ReuseError, match=f"'broken' {message}|'broken' answered values that are {message}"):
            fitted(name, task, [broken]).predict(task[4])
