"""Markets of tables, images and texts: which island answers, languages, and mixtures in spaces of many dimensions."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np
import pytest

from learnware.errors import MarketError
from learnware.market import BaseOrganizer, BaseUserInfo
from learnware.market._find import find_nearest
from learnware.market._island import IslandIndex, embed
from learnware.market._island_search import IslandSearch
from learnware.specification import (
    RKMEImageSpecification,
    RKMETextSpecification,
    generate_rkme_image_feature_spec,
    generate_rkme_image_spec,
    generate_rkme_text_spec,
    generate_semantic_spec,
    spec_types,
)
from learnware.specification._metric import KernelMetric

TOPICS = {
    "en": {
        "sport": "match goal team player league season coach stadium score referee",
        "space": "orbit rocket planet telescope launch satellite astronaut moon engine mission",
        "music": "guitar melody concert singer orchestra rhythm album violin chorus stage",
        "money": "market price shares bank profit interest budget trade currency invoice",
    },
    "de": {
        "sport": "Spiel Tor Mannschaft Spieler Liga Saison Trainer Stadion Ergebnis Schiedsrichter",
    },
}


def texts_of(topics, seed, language="en", n=120):
    """Sentences of ten words of a topic and some that all share."""
    rng = np.random.default_rng(seed)
    joints = {"en": "the of and with for this", "de": "der die und mit für dieses"}[language].split()
    found = []
    for topic in topics:
        words = np.array(TOPICS[language][topic].split())
        for _ in range(n):
            drawn = [str(word) for word in rng.choice(words, 8)]
            found.append(" ".join(one for pair in zip(drawn, rng.choice(joints, 8), strict=True) for one in pair))
    return found


def text_spec(topics, seed, language="en"):
    return generate_rkme_text_spec(
        texts_of(topics, seed, language), reduced_set_size=15, language=[language], seed=seed
    )


def information(spec, **conditions):
    return BaseUserInfo(semantic_spec=generate_semantic_spec(**conditions), stat_info={spec.type: spec})


@pytest.fixture(scope="module")
def library():
    """Specifications of pairs of topics, by the pair; one of the pairs in German, too."""
    specs = {pair: text_spec(pair, number) for number, pair in enumerate(combinations(TOPICS["en"], 2))}
    return {**specs, ("Sport",): text_spec(["sport"], 50, "de")}


def add(organizer, packages, new_semantic, spec):
    """Add a learnware of a specification and return its id."""
    package = packages(files={"stat.json": spec.to_json().encode()}, spec_type=spec.type)
    semantic = new_semantic(data_type="Text", input_description=None)
    return organizer.add_learnware(str(package), semantic, 1)[0]


@pytest.fixture
def filled(market, packages, new_semantic, library):
    organizer = market.learnware_organizer
    return {pair: add(organizer, packages, new_semantic, spec) for pair, spec in library.items()}


def test_the_nearest_texts_are_found_and_mixtures_of_them(market, filled):
    for number, pair in enumerate(combinations(TOPICS["en"], 2)):
        found = market.search_learnware(information(text_spec(pair, 100 + number)))
        singles = found.get_single_results()
        assert singles[0].learnware.id == filled[pair]
        assert singles[0].similarity > 0.95
        assert not found.get_multiple_results()
    whole = market.search_learnware(information(text_spec(TOPICS["en"], 200)))
    assert len(whole.get_multiple_results()[0].learnwares) >= 2
    assert whole.get_multiple_results()[0].mmd2 < whole.get_single_results()[0].mmd2
    assert not whole.nothing_fits


def test_the_languages_of_a_learnware_cover_those_of_the_texts(market, filled):
    german = market.search_learnware(information(text_spec(["sport"], 60, "de")))
    assert [item.learnware.id for item in german.get_single_results()] == [filled["Sport",]]
    english = market.search_learnware(information(text_spec(["sport", "money"], 61)))
    assert filled["Sport",] not in {item.learnware.id for item in english.get_single_results()}
    unknown = text_spec(["sport"], 62, "de")
    unknown.language = []
    assert len(market.search_learnware(information(unknown)).get_single_results()) == len(filled)
    french = text_spec(["sport"], 63)
    french.language = ["fr"]
    nothing = market.search_learnware(information(french))
    assert nothing.nothing_fits
    assert not nothing.get_single_results()
    assert nothing.message == ("No learnware that meets the conditions is for texts (hashing encoder) in fr.")


def test_a_learnware_that_comes_later_is_looked_at_too(market, filled, packages, new_semantic):
    french = text_spec(["sport"], 70)
    french.language = ["fr"]
    assert not market.search_learnware(information(french)).get_single_results()
    both = text_spec(["sport"], 71)
    both.language = ["en", "fr"]
    later = add(market.learnware_organizer, packages, new_semantic, both)
    assert [one.learnware.id for one in market.search_learnware(information(french)).get_single_results()] == [later]
    market.learnware_organizer.delete_learnware(later)
    assert not market.search_learnware(information(french)).get_single_results()


def test_the_first_space_with_learnwares_counts(market, filled, new_spec):
    texts = text_spec(["space", "music"], 80)
    table = new_spec(columns=7)
    for specs in ([table, texts], [texts, table]):
        user = BaseUserInfo(semantic_spec=generate_semantic_spec(), stat_info={one.type: one for one in specs})
        assert market.search_learnware(user).get_single_results()[0].learnware.id == filled["space", "music"]
    alone = market.search_learnware(information(table))
    assert alone.message == "No learnware that meets the conditions is for tables of 7 columns."


def scenes(kind, seed, n):
    """Smooth coloured images of a kind of their own, with some noise."""
    own, rng = np.random.default_rng([kind, 77]), np.random.default_rng([kind, seed])
    across, along = np.meshgrid(np.linspace(0, 1, 32), np.linspace(0, 1, 32))
    turns, phases, colours = own.uniform(1, 5, (3, 2)), own.uniform(0, 6, 3), own.normal(size=(3, 3))
    waves = [np.sin(2 * np.pi * (a * across + b * along) + p) for (a, b), p in zip(turns, phases, strict=True)]
    strength = 1 + 0.3 * rng.normal(size=(n, 3))
    return np.einsum("nk,kc,khw->nchw", strength, colours, np.array(waves)) + 0.5 * rng.normal(size=(n, 3, 32, 32))


@pytest.mark.parametrize(
    ("describe", "n"), [(generate_rkme_image_feature_spec, 120), (partial(generate_rkme_image_spec, steps=3), 80)]
)
def test_a_mixture_of_images_names_its_three_learnwares(market, packages, new_semantic, describe, n):
    ids = []
    for kind in range(8):
        spec = describe(scenes(kind, 0, n), reduced_set_size=8)
        package = packages(files={"stat.json": spec.to_json().encode()}, spec_type=spec.type)
        semantic = new_semantic(data_type="Image", task_type="Classification", input_description=None)
        ids.append(market.learnware_organizer.add_learnware(str(package), semantic, 1)[0])
    shares = {7: 0.4, 2: 0.35, 4: 0.25}
    user = np.concatenate([scenes(kind, 1, round(2 * n * share)) for kind, share in shares.items()])
    found = market.search_learnware(information(describe(user, reduced_set_size=16)))
    [mixture] = found.get_multiple_results()
    assert {one.id for one in mixture.learnwares} == {ids[kind] for kind in shares}
    for learnware, weight in zip(mixture.learnwares, mixture.weights, strict=True):
        assert weight == pytest.approx(shares[ids.index(learnware.id)], abs=0.08)
    assert found.unexplained < 0.1
    assert not found.nothing_fits


def test_a_market_tells_which_descriptions_find_something(market, filled, packages, new_semantic):
    assert market.spec_types("Text") == ("RKMETextSpecification",)
    # What says that there is nothing is the default.
    assert market.spec_types("Image") == ("RKMEImageFeatureSpecification",)
    images = RKMEImageSpecification.from_states({"z": np.zeros((1, 1, 32, 32)), "beta": np.ones(1), "num_points": 9})
    later = add(market.learnware_organizer, packages, new_semantic, images)
    assert market.spec_types("Image") == ("RKMEImageSpecification",)
    market.learnware_organizer.delete_learnware(later)
    assert market.spec_types("Image") == ("RKMEImageFeatureSpecification",)
    unknown = BaseOrganizer.islands(market.learnware_organizer)
    assert unknown is None
    market.learnware_organizer.islands = lambda: unknown
    assert market.spec_types("Image") == spec_types("Image")


def test_a_requirement_without_a_specification_is_refused(market):
    searcher = market.learnware_searcher.stat_searcher_list[0]
    with pytest.raises(MarketError, match="no specification of its data"):
        searcher.search(BaseUserInfo(semantic_spec=generate_semantic_spec()))


class OneIsland:
    """A searchable index of one island in memory, which counts the specifications that searches read."""

    def __init__(self, specs):
        self.specs, self.read = specs, 0
        metric = KernelMetric.estimate(list(specs.values())[:200])
        name = next(iter(specs.values())).space
        made = [embed(metric, name, spec) for spec in specs.values()]
        vectors, products = np.stack([one.vector for one in made]), np.array([one.self_product for one in made])
        traits = [spec.traits for spec in specs.values()]
        self.island = IslandIndex(name, metric, list(specs), vectors, products, self.load, traits=traits)

    def load(self, ids):
        self.read += len(ids)
        return [self.specs[one] for one in ids]

    def island_index(self, name):
        return self.island if name == self.island.name else None


def points_in(language, rng):
    z = rng.normal(size=(3, 384)) / 20 + rng.normal(size=384) / 20
    states = {"z": z, "beta": np.full(3, 1 / 3), "gamma": 0.1, "num_points": 90, "encoder": "hashing"}
    return RKMETextSpecification.from_states({**states, "language": language})


def test_one_query_passes_by_thousands_of_other_languages(monkeypatch):
    rng = np.random.default_rng(0)
    languages = [["de"], ["fr"], ["en", "fr"], ["ja"], ["de", "fr"]]
    specs = {f"{i:08d}": points_in(languages[i % 5], rng) for i in range(2000)}
    specs |= {f"{9000 + i}": points_in(one, rng) for i, one in enumerate([["en"], ["en", "de"], []] * 2)}
    index, user = OneIsland(specs), points_in(["de", "en"], rng)
    suitable = {one: spec for one, spec in specs.items() if not spec.language or {"de", "en"} <= set(spec.language)}
    searches = []
    make = IslandSearch.__init__
    monkeypatch.setattr(IslandSearch, "__init__", lambda self, *args: (searches.append(args[0]), make(self, *args))[1])
    found = find_nearest(index, [user])
    assert len(searches) == 1
    assert index.read <= len(suitable) == 4 == found.total
    # As if the others were not there, and as the exact distances say.
    metric = index.island.metric
    nearest = sorted((metric.mmd2(user, spec), one) for one, spec in suitable.items())
    assert [one.learnware_id for one in found.singles] == [one for _, one in nearest]
    assert [one.mmd2 for one in found.singles] == pytest.approx([mmd2 for mmd2, _ in nearest], rel=1e-6)
    assert set(found.mixture.learnware_ids) <= set(suitable)
    # The members that suit are told apart once, and the ids that the conditions allow hold besides.
    again = find_nearest(index, [user], {nearest[1][1], "00000000"})
    assert [one.learnware_id for one in again.singles] == [nearest[1][1]]
    assert searches[1] is searches[0]
    assert not find_nearest(index, [user], {"00000000"}).singles
    # Where the languages of the texts are not known, all members are compared.
    user.language = []
    assert find_nearest(index, [user]).total == len(specs)
