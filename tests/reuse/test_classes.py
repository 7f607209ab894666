import numpy as np
import pytest

from learnware.errors import ReuseError
from learnware.reuse import AveragingReuser, EnsemblePruningReuser, FeatureAugmentReuser, RoutingReuser

X = np.zeros((3, 2))


def vote(*learnwares, mode="vote_by_label"):
    return AveragingReuser(list(learnwares), mode=mode)


def answer(*values):
    return lambda rows: np.array(values)


def test_agreeing_numbers_are_the_labels(make_learnware):
    names = {"0": "cat", "1": "dog", "2": "fox"}
    labels = make_learnware("labels", answer(2, 1, 0), names=names, dimension=3)
    column = make_learnware("column", answer([2.0], [1.0], [0.0]), names=names, dimension=3)
    scores = make_learnware("scores", answer([0.1, 0.2, 0.7], [0.0, 1.0, 0.0], [0.9, 0.1, 0.0]), names=names)
    reuser = vote(labels, column, scores)
    assert reuser.predict(X).tolist() == [2, 1, 0]
    assert reuser.classes_.tolist() == [0, 1, 2]


def test_classes_are_found_by_name_whatever_their_number(make_learnware):
    first = make_learnware("first", answer(0, 0, 1), names={"0": "cat", "1": "dog"})
    second = make_learnware("second", answer([0.9, 0.1], [0.1, 0.9], [0.2, 0.8]), names={"0": "Fox", "1": " CAT "})
    reuser = vote(first, second, mode="vote_by_prob")
    np.testing.assert_allclose(reuser.predict(X), [[0.55, 0.0, 0.45], [0.95, 0.0, 0.05], [0.4, 0.5, 0.1]], rtol=1e-12)
    assert reuser.classes_.tolist() == ["CAT", "dog", "Fox"]


def test_names_that_are_numerals_become_numbers(make_learnware):
    first = make_learnware("first", answer(0, 1, 1), names={"0": "10", "1": "9"})
    second = make_learnware("second", answer(0, 0, 1), names={"0": "9", "1": "30"})
    reuser = vote(first, second)
    reuser.predict(X)
    assert reuser.classes_.tolist() == [9, 10, 30]
    assert vote(first).predict(X).tolist() == [0, 1, 1]  # alone, it answers as ever
    assert vote(first, second, first).predict(X).tolist() == [10, 9, 9]


def test_texts_are_names_too(make_learnware):
    reuser = vote(make_learnware("texts", answer("dog", "Cat", "dog"), names={"0": "cat", "1": "dog"}))
    assert reuser.predict(X).tolist() == [1, 0, 1]
    stranger = make_learnware("texts", answer("dog", "cow", "dog"), names={"0": "cat", "1": "dog"})
    with pytest.raises(ReuseError, match="'texts' answers 'cow', which is none of the classes: cat, dog"):
        vote(stranger).predict(X)


def test_positions_serve_where_no_names_exist_and_dimensions_agree(make_learnware):
    plain = make_learnware("plain", answer(0, 1, 3))
    scores = make_learnware("scores", answer([5.0, 0, 0, 0], [0, 5.0, 0, 0], [0, 0, 0, 5.0]))
    assert vote(plain, scores).predict(X).tolist() == [0, 1, 3]
    narrow = make_learnware("narrow", answer([1.0, 0.0], [1.0, 0.0], [1.0, 0.0]))
    with pytest.raises(ReuseError, match="'narrow' has 2 classes without names, another one has 4"):
        vote(scores, narrow).predict(X)


def test_an_unnamed_class_among_differing_numbers_is_an_error(make_learnware):
    first = make_learnware("first", answer(0, 0, 0), names={"0": "cat", "1": "dog"})
    second = make_learnware("second", answer(0, 0, 0), names={"0": "dog"}, dimension=2)
    with pytest.raises(ReuseError, match=r"'second' has no name for the classes \[1\]"):
        vote(first, second).predict(X)


def test_a_malformed_description_names_the_learnware(make_learnware):
    for what, change in (
        ("Dimension", {"names": {"0": "cat"}, "dimension": "two"}),
        ("Description", {"names": {"first": "cat"}}),
    ):
        broken = make_learnware("broken", answer(0, 0, 0), **change)
        with pytest.raises(ReuseError, match=rf"'broken' has '\w+' in Output\.{what}"):
            vote(broken).predict(X)


def test_one_output_name_for_two_classes_is_an_error(make_learnware):
    twice = make_learnware("twice", answer(0, 0, 0), names={"0": "cat", "1": "Cat"})
    with pytest.raises(ReuseError, match="'twice' gives two classes the same name"):
        vote(twice).predict(X)


@pytest.mark.parametrize("bad", [-1, 2, 0.5])
def test_labels_outside_of_the_classes_are_an_error(make_learnware, bad):
    wild = make_learnware("wild", answer(0, 1, bad), names={"0": "cat", "1": "dog"})
    with pytest.raises(ReuseError, match=f"'wild' answers {bad}; allowed are labels from 0 to 1"):
        vote(wild).predict(X)


def test_scores_of_another_width_are_an_error(make_learnware):
    wide = make_learnware("wide", answer([1, 0, 0], [1, 0, 0], [1, 0, 0]), names={"0": "cat", "1": "dog"})
    with pytest.raises(
        ReuseError, match=r"'wide' answers rows of shape \(3,\); allowed are labels, or scores of its 2"
    ):
        vote(wide).predict(X)


def test_logits_are_turned_into_probabilities(make_learnware):
    logits = make_learnware("logits", answer([2.0, 0.0], [-1.0, 1.0], [0.0, 0.0]))
    probabilities = vote(logits, mode="vote_by_prob").predict(X)
    np.testing.assert_allclose(probabilities[:, 0], 1.0 / (1.0 + np.exp([-2.0, 2.0, 0.0])))


def test_one_output_dimension_describes_the_label_not_the_classes(make_learnware):
    reuser = vote(make_learnware("label", answer(0, 4, 2), names={"0": "the species"}, dimension=1))
    assert reuser.predict(X).tolist() == [0, 4, 2]


def test_a_tie_goes_to_the_first_class(make_learnware):
    names = {"0": "cat", "1": "dog"}
    first = make_learnware("first", answer(0, 0, 1), names=names)
    second = make_learnware("second", answer(1, 0, 1), names=names)
    assert vote(first, second).predict(X).tolist() == vote(second, first).predict(X).tolist() == [0, 0, 1]


def test_labels_may_be_names_and_may_be_new(make_learnware):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 2))
    names = {"0": "left", "1": "right"}
    learnware = make_learnware("side", lambda rows: (rows[:, 0] > 0).astype(int), names=names, dimension=2)
    truth = np.where(rows[:, 1] > 0.8, "above", np.where(rows[:, 0] > 0, "Right", "LEFT"))
    reuser = FeatureAugmentReuser([learnware], mode="classification").fit(rows, truth)
    assert reuser.classes_.tolist() == ["LEFT", "Right", "above"]
    assert set(reuser.predict(rows)) == {"LEFT", "Right", "above"}
    numbers = EnsemblePruningReuser([learnware]).fit(rows, (rows[:, 0] > 0).astype(float))
    assert numbers.predict(rows).tolist() == (rows[:, 0] > 0).astype(int).tolist()
    with pytest.raises(ReuseError, match=r"none of the labels \['no', 'yes'\] is a class of the learnwares"):
        EnsemblePruningReuser([learnware]).fit(rows, np.where(rows[:, 0] > 0, "yes", "no"))


def test_values_of_different_shapes_cannot_be_averaged(make_learnware):
    one = make_learnware("one", answer(0.5, 0.5, 0.5), task="Regression")
    two = make_learnware("two", answer([0.5, 1.0], [0.5, 1.0], [0.5, 1.0]), task="Regression")
    assert AveragingReuser([two, two]).predict(X).shape == (3, 2)
    with pytest.raises(ReuseError, match=r"values of different shapes.*\(1,\) \(one\), \(2,\) \(two\)"):
        AveragingReuser([one, two]).predict(X)


def test_different_tasks_cannot_be_combined(make_learnware):
    one = make_learnware("one", answer(0.5, 0.5, 0.5), X, task="Regression")
    two = make_learnware("two", answer(1, 1, 1), X + 1.0, task="Classification")
    with pytest.raises(ReuseError, match=r"different tasks: Regression \(one\), Classification \(two\)"):
        RoutingReuser([one, two]).predict(X)


def test_a_mode_that_is_none_is_refused(make_learnware):
    with pytest.raises(ReuseError, match="mode is 'median'; allowed are: 'mean', 'vote_by_label', 'vote_by_prob'"):
        vote(make_learnware("one", answer(1, 1, 1)), mode="median").predict(X)
