"""Reuse of learnwares for texts and for images; classes that are others, or others in number, than the learnwares'."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from learnware.errors import ReuseError
from learnware.reuse import (
    AveragingReuser,
    EnsemblePruningReuser,
    FeatureAugmentReuser,
    JobSelectorReuser,
    PriorShiftReuser,
    RoutingReuser,
    StackingReuser,
)
from learnware.reuse._inputs import as_input
from learnware.specification import generate_rkme_image_feature_spec, generate_rkme_text_spec

TOPICS = {
    "sport": "match goal team player league season coach stadium score referee",
    "space": "orbit rocket planet telescope launch satellite astronaut moon engine mission",
    "music": "guitar melody concert singer orchestra rhythm album violin chorus stage",
    "money": "market price shares bank profit interest budget trade currency invoice",
}


def texts_of(topics, seed, n=60):
    """Texts of eight words, half of them of the topic, and the topics."""
    rng = np.random.default_rng(seed)
    shared = ["the", "of", "and", "with", "for", "this", "that", "from", "have", "been"]
    texts = [
        " ".join([*rng.choice(TOPICS[topic].split(), 4), *rng.choice(shared, 4)]) for topic in topics for _ in range(n)
    ]
    return texts, np.repeat(np.array(topics), n)


def classifier(make, id_, model, X, y, spec):
    known = sorted(set(y.tolist()))
    model.fit(X, np.array([known.index(one) for one in y.tolist()]))
    names = {str(number): str(name) for number, name in enumerate(known)}
    learnware = make(id_, model.predict_proba, task="Classification", names=names, dimension=len(known))
    learnware.get_specification().update_stat_spec(spec)
    return learnware


@pytest.fixture(scope="module")
def writers(make_learnware):
    """Four classifiers of texts, each of three of four topics."""
    found = []
    for number, topics in enumerate(combinations(TOPICS, 3)):
        texts, y = texts_of(topics, number)
        spec = generate_rkme_text_spec(texts, reduced_set_size=15, language=["en"])
        model = make_pipeline(TfidfVectorizer(), MultinomialNB(alpha=0.1))
        found.append(classifier(make_learnware, f"texts{number}", model, texts, y, spec))
    return found


def accuracy(reuser, X, names):
    labels = reuser.predict(X)
    position = {label: number for number, label in enumerate(reuser.classes_.tolist())}
    answered = reuser.class_names_[[position[one] for one in labels.tolist()]]
    return float(np.mean(answered == names))


@pytest.mark.parametrize("make", [RoutingReuser, JobSelectorReuser, PriorShiftReuser])
def test_texts_are_reused_without_labels(writers, make):
    texts, y = texts_of(["sport", "money"], 10)
    reuser = make(writers)
    assert accuracy(reuser, texts, y) > 0.97
    assert sum(reuser.report_.shares.values()) == pytest.approx(1)
    # The first two learnwares lack one of both topics.
    nearest = {"texts1", "texts2"}
    both = {
        id_
        for id_, topics in zip(reuser.report_.shares, combinations(TOPICS, 3), strict=True)
        if {"sport", "money"} <= set(topics)
    }
    assert both == nearest
    assert sum(reuser.report_.shares[one] for one in both) > 0.5


@pytest.mark.parametrize(
    "make",
    [
        EnsemblePruningReuser,
        FeatureAugmentReuser,
        lambda learnwares: StackingReuser(learnwares, model=LogisticRegression(), cv=3),
    ],
)
def test_texts_are_reused_with_labels(writers, make):
    texts, y = texts_of(["space", "music"], 11, n=12)
    test, truth = texts_of(["space", "music"], 12)
    assert accuracy(make(writers).fit(texts, y), test, truth) > 0.95


def test_own_models_see_texts_where_learnwares_are_not_described(make_learnware):
    texts, y = texts_of(["space", "music"], 13)
    names = {"0": "music", "1": "space"}
    silent = make_learnware("silent", lambda rows: np.zeros(len(rows), dtype=int), task="Classification", names=names)
    reuser = FeatureAugmentReuser([silent]).fit(texts, y)
    assert accuracy(reuser, texts, y) > 0.95
    with pytest.raises(ReuseError, match="made for data of type Text, received Table"):
        reuser.predict(np.zeros((2, 3)))


def test_columns_of_texts_are_taken_as_lists(writers):
    pl, pa, pd = (pytest.importorskip(name) for name in ("polars", "pyarrow", "pandas"))
    texts = [*texts_of(["space"], 14, n=3)[0], None]
    wanted = [*texts[:-1], ""]
    columns = [pd.Series(texts), pl.Series(texts), pa.array(texts), np.array(texts, dtype=object)]
    for column in [texts, *columns, pd.DataFrame({"a": texts}), pl.DataFrame({"a": texts}), pa.table({"a": texts})]:
        assert as_input(column) == wanted
    expected = RoutingReuser(writers).predict_proba(wanted)
    np.testing.assert_array_equal(RoutingReuser(writers).predict_proba(columns[0]), expected)
    with pytest.raises(ReuseError, match="others of type int"):
        as_input(["a", 1])


def test_learnwares_of_different_spaces_are_not_compared(writers, make_learnware):
    texts, y = texts_of(["space", "music"], 15)
    spec = generate_rkme_text_spec(texts, reduced_set_size=5, language=["en"])
    spec.encoder = "another"
    other = classifier(make_learnware, "other", make_pipeline(TfidfVectorizer(), MultinomialNB()), texts, y, spec)
    with pytest.raises(ReuseError, match="described in different spaces"):
        RoutingReuser([writers[0], other]).predict(texts)


# Images: ten digits, of which each learnware knows four and the user has six, in unequal shares.


def drawn(images, y, classes, shares, n, rng):
    rows = [rng.choice(np.flatnonzero(y == one), round(n * share)) for one, share in zip(classes, shares, strict=True)]
    chosen = np.concatenate(rows)
    return images[chosen] + 3.0 * rng.normal(size=(len(chosen), 1, 8, 8)), y[chosen]


def flat(images):
    return images.reshape(len(images), -1)


@pytest.fixture(scope="module")
def painters(make_learnware):
    pytest.importorskip("PIL")
    data = load_digits()
    images, y = data.images[:, None], data.target
    rng = np.random.default_rng(0)
    found = []
    for number in range(8):
        X, labels = drawn(images[::2], y[::2], rng.permutation(10)[:4], (0.4, 0.4, 0.1, 0.1), 240, rng)
        spec = generate_rkme_image_feature_spec(X, reduced_set_size=10)
        found.append(
            classifier(
                make_learnware,
                f"images{number}",
                make_pipeline(FunctionTransformer(flat), LogisticRegression(C=0.01, max_iter=500)),
                X,
                labels,
                spec,
            )
        )
    X, labels = drawn(images[1::2], y[1::2], rng.permutation(10)[:6], (0.3, 0.3, 0.1, 0.1, 0.1, 0.1), 300, rng)
    return found, X, labels.astype(str)


def test_a_learnware_abstains_on_classes_that_it_does_not_know(painters):
    learnwares, X, y = painters
    shifted = PriorShiftReuser(learnwares)
    averaged = AveragingReuser(learnwares, "vote_by_label")
    assert accuracy(shifted, X, y) > accuracy(averaged, X, y) + 0.05
    proba = shifted.predict_proba(X[:20])
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_the_prior_is_the_class_ratio_and_a_few_rows_leave_it_equal(writers):
    texts, _ = texts_of(["sport", "money"], 20)
    reuser = PriorShiftReuser(writers).fit(texts)
    reuser.predict(texts[:5])
    believed = dict(zip(reuser.class_names_.tolist(), reuser.prior_.tolist(), strict=True))
    assert sum(believed.values()) == pytest.approx(1)
    assert min(believed["sport"], believed["money"]) > 0.27
    assert max(believed["space"], believed["music"]) < 0.23
    reuser = PriorShiftReuser(writers).fit(texts[:1])
    reuser.predict(texts[:5])
    # One row against the twenty that equal shares are worth.
    np.testing.assert_allclose(reuser.prior_, 0.25, atol=1 / 21)


@pytest.mark.parametrize("make", [RoutingReuser, JobSelectorReuser, PriorShiftReuser])
def test_images_are_reused_without_labels(painters, make):
    learnwares, X, y = painters
    assert accuracy(make(learnwares), X, y) > accuracy(AveragingReuser(learnwares[:1], "vote_by_label"), X, y)


def test_images_are_reused_with_labels(painters):
    learnwares, X, y = painters
    order = np.random.default_rng(1).permutation(len(X))
    train, test = order[:150], order[150:]
    augmented = FeatureAugmentReuser(learnwares).fit(X[train], y[train])
    assert (
        augmented._map.features(X[:2]).shape[1]
        == learnwares[0].get_specification().get_stat_spec()["RKMEImageFeatureSpecification"].points.shape[1]
    )
    assert accuracy(augmented, X[test], y[test]) > accuracy(PriorShiftReuser(learnwares), X[test], y[test])


def test_pictures_become_arrays():
    image = pytest.importorskip("PIL.Image")
    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 4, 3)
    colour = image.fromarray(pixels)
    np.testing.assert_array_equal(as_input([colour, colour]), np.stack([pixels.transpose(2, 0, 1)] * 2))
    assert as_input([colour.convert("L")]).shape == (1, 1, 2, 4)
    with pytest.raises(ReuseError, match=r"different shapes .*such as \(3, 2, 2\) and \(3, 2, 4\)"):
        as_input([colour, colour.resize((2, 2))])


def test_prior_shift_is_for_classifiers(regression_learnwares, table):
    with pytest.raises(ReuseError):
        PriorShiftReuser(regression_learnwares).predict(table[0][:5])
