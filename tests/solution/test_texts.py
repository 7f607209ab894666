"""A task on texts in one call, with a real market of packed pipelines."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from learnware.errors import NothingFitsError
from learnware.learnware import pack
from learnware.market import BaseChecker, instantiate_learnware_market
from learnware.solution import solve

TOPICS = {
    "sport": "match goal team player league season coach stadium score referee",
    "space": "orbit rocket planet telescope launch satellite astronaut moon engine mission",
    "music": "guitar melody concert singer orchestra rhythm album violin chorus stage",
}


def texts_of(topics, seed, n=60):
    rng = np.random.default_rng(seed)
    shared = ["the", "of", "and", "with", "for", "this", "that", "from", "have", "been"]
    texts = [
        " ".join([*rng.choice(TOPICS[topic].split(), 4), *rng.choice(shared, 4)]) for topic in topics for _ in range(n)
    ]
    return texts, np.repeat(np.array(topics), n)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    market = instantiate_learnware_market("texts", root=folder)
    packages = []
    for number, topics in enumerate(combinations(TOPICS, 2)):
        texts, y = texts_of(topics, number)
        path = folder / f"{number}.zip"
        pack(
            make_pipeline(TfidfVectorizer(), MultinomialNB(alpha=0.1)).fit(texts, y),
            texts,
            path,
            name=f"Topics {number}",
            description="Tells topics of short texts apart.",
            scenarios="Business",
            license="MIT",
        )
        packages.append((path, None, 1))
    # One of them goes through the checks, which try its model.
    assert market.add_learnware(packages.pop(0)[0])[1] == BaseChecker.USABLE_LEARNWARE
    market.learnware_organizer.add_learnwares(packages)
    yield market
    market.learnware_organizer.close()


def test_texts_are_solved_without_labels_in_a_mixture_of_topics(market):
    texts, y = texts_of(list(TOPICS), 10, n=40)
    with solve(texts, market=market) as solution:
        assert solution.report.way == "routing"
        assert sorted(solution.classes_) == sorted(TOPICS)
        assert np.mean(solution.predict(texts) == y) > 0.95
        assert sum(one.share for one in solution.report.learnwares) == pytest.approx(1)


def test_labels_choose_the_way(market):
    texts, y = texts_of(["sport", "music"], 11, n=12)
    labels = y.astype(object)
    labels[::4] = None
    with solve(np.array(texts), labels, market=market) as solution:
        assert set(solution.report.scores) == {
            "top-1",
            "averaging",
            "routing",
            "prior shift",
            "pruning",
            "augmentation",
            "stacking",
        }
        test, truth = texts_of(["sport", "music"], 12, n=20)
        assert np.mean(solution.predict(test) == truth) > 0.95


def test_images_find_nothing_in_a_market_of_texts(market, monkeypatch):
    pytest.importorskip("PIL")
    # Of the kinds of specifications that no learnware has, only the quick one is made, which says so.
    monkeypatch.setattr("learnware.specification.generate_rkme_image_spec", None)
    images = np.random.default_rng(0).integers(0, 256, (30, 1, 8, 8)).astype(np.uint8)
    with pytest.raises(NothingFitsError, match="is for grey images"):
        solve(images, market=market)
