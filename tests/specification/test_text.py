"""Specifications of texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification import (
    RKMETableSpecification,
    RKMETextSpecification,
    generate_rkme_text_spec,
    generate_stat_spec,
    stat_specification_class,
)
from learnware.specification._metric import KernelMetric
from learnware.specification.encoding import PUBLISHED, text_encoder

if TYPE_CHECKING:
    from pathlib import Path

TOPICS = {
    "sea": "wave harbour sailor anchor current lighthouse captain storm vessel coast island tide",
    "law": "judge court verdict lawyer witness appeal statute evidence hearing contract clause trial",
    "food": "kitchen pepper butter recipe oven flour saucepan garlic dinner pastry spoon roast",
}
COMMON = "the of and a in to is was it for with on as at by from that this"


def texts_about(*topics: str, n: int = 300, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    texts = []
    for i in range(n):
        words = [*rng.choice(TOPICS[topics[i % len(topics)]].split(), 8), *rng.choice(COMMON.split(), 12)]
        texts.append(" ".join(rng.permutation(words)))
    return texts


@pytest.fixture(scope="module")
def spec() -> RKMETextSpecification:
    return generate_rkme_text_spec(texts_about("sea", "law"), reduced_set_size=20)


@pytest.fixture(scope="module")
def published(shared: Path) -> tuple[list[RKMETextSpecification], dict[str, Any]]:
    expected = json.loads((shared / "fixtures/text/expected.json").read_text())
    specs = [RKMETextSpecification() for _ in expected["files"]]
    for one, name in zip(specs, expected["files"], strict=True):
        assert one.load(shared / "fixtures/text" / name)
    return specs, expected


def test_products_and_distances_are_the_published_ones(published: Any) -> None:
    specs, expected = published
    np.testing.assert_allclose([[a.inner_prod(b) for b in specs] for a in specs], expected["inner_prod"], rtol=1e-9)
    np.testing.assert_allclose([[a.dist(b) for b in specs] for a in specs], expected["dist"], rtol=1e-9, atol=1e-12)


def test_published_files_name_no_encoder_and_mean_the_published_one(published: Any, tmp_path: Path) -> None:
    specs, _ = published
    for one in specs:
        assert one.encoder == PUBLISHED
        assert one.space == f"RKMETextSpecification/{PUBLISHED}/384"
    assert [one.language for one in specs] == [["en"], ["en"], ["zh-cn", "en"]]
    specs[2].save(tmp_path / "spec.json")
    states = json.loads((tmp_path / "spec.json").read_text())
    assert {"z", "beta", "gamma", "num_points", "type", "language"} < states.keys()
    assert states["type"] == "RKMETextSpecification"
    again = RKMETextSpecification()
    again.load(tmp_path / "spec.json")
    assert again.dist(specs[2]) == pytest.approx(0.0, abs=1e-12)


def test_what_is_made_is_saved_and_loaded(spec: RKMETextSpecification, tmp_path: Path) -> None:
    assert spec.num_points == 300
    assert spec.get_z().shape[1] == text_encoder("hashing").dimension
    assert spec.language == ["en"]
    assert spec.get_beta().sum() == pytest.approx(1.0)
    spec.save(tmp_path / "spec.json")
    assert stat_specification_class("RKMETextSpecification") is RKMETextSpecification
    again = RKMETextSpecification()
    again.load(tmp_path / "spec.json")
    assert again.report == spec.report
    assert (again.encoder, again.language, again.num_points) == (spec.encoder, spec.language, spec.num_points)
    np.testing.assert_array_equal(again.get_z(), spec.get_z())
    assert "hashing" in again.describe_space()


def test_equal_texts_and_seed_give_equal_bytes(spec: RKMETextSpecification) -> None:
    texts = texts_about("sea", "law")
    assert generate_rkme_text_spec(texts, reduced_set_size=20).to_json() == spec.to_json()
    assert generate_rkme_text_spec(iter(texts), reduced_set_size=20).to_json() == spec.to_json()
    assert generate_stat_spec("text", texts, reduced_set_size=20).to_json() == spec.to_json()


def test_the_mean_of_the_points_is_that_of_the_texts(spec: RKMETextSpecification) -> None:
    points = spec.to_points(texts_about("sea", "law"))
    assert points.shape == (300, spec.get_z().shape[1])
    mean, found = points.mean(axis=0), spec.get_beta() @ spec.get_z()
    assert np.linalg.norm(mean - found) < 0.05 * np.linalg.norm(mean)
    assert spec.report is not None
    assert spec.report.mmd2 < 1e-3
    assert spec.report.privacy_floor == 5


def test_users_find_the_learnware_of_their_topics() -> None:
    owners = [("sea", "law"), ("law", "food"), ("sea", "food")]
    specs = [generate_rkme_text_spec(texts_about(*topics, n=200, seed=i)) for i, topics in enumerate(owners)]
    metric = KernelMetric.estimate(specs)
    for number, topics in enumerate(owners):
        user = generate_rkme_text_spec(texts_about(*topics, n=200, seed=10 + number))
        mmd2 = [metric.mmd2(user, one) for one in specs]
        assert int(np.argmin(mmd2)) == number
        assert sorted(mmd2)[1] > 2.0 * min(mmd2)


def test_other_encoders_and_other_kinds_do_not_compare(spec: RKMETextSpecification) -> None:
    table = RKMETableSpecification()
    table.z, table.beta = spec.get_z(), spec.get_beta()
    other = RKMETextSpecification(encoder="elsewhere@0123456789abcdef")
    other.z, other.beta = spec.get_z(), spec.get_beta()
    for one in (table, other):
        with pytest.raises(IncompatibleSpecificationError, match="encoders are the same"):
            spec.inner_prod(one)
        with pytest.raises(IncompatibleSpecificationError, match="encoders are the same"):
            spec.dist(one)
    with pytest.raises(IncompatibleSpecificationError):
        KernelMetric.estimate(
            [spec, RKMETextSpecification.from_states({**spec.get_states(), "encoder": "b", "z": [[1.0]] * 20})]
        )


def test_what_was_done_to_the_texts_is_reported() -> None:
    texts: list[Any] = [*texts_about("sea", n=40), None, "", "  ", b"caf\xe9", "long " * 5000]
    report = generate_rkme_text_spec(texts, reduced_set_size=5).report
    assert report is not None
    counts = report.missing_texts, report.empty_texts, report.replaced_texts, report.shortened_texts  # type: ignore[attr-defined]
    assert counts == (1, 2, 1, 1)


@pytest.mark.parametrize("texts", [["", None, " "], [None]])
def test_nothing_but_empty_texts_are_refused(texts: list[Any]) -> None:
    with pytest.raises(SpecificationError, match=f"all {len(texts)} texts are empty"):
        generate_rkme_text_spec(texts)


def test_one_text_is_not_given_away_and_equal_texts_are() -> None:
    alone = generate_rkme_text_spec(["a single text of some words"])
    away = alone.get_z() - alone.to_points(["a single text of some words"])
    assert away.shape == (1, text_encoder("hashing").dimension)
    assert np.linalg.norm(away) > 0.1
    equal = generate_rkme_text_spec(["the same words"] * 30)
    np.testing.assert_allclose(equal.get_z(), equal.to_points(["the same words"]), atol=1e-6)


def test_languages_of_many_scripts() -> None:
    texts = {
        "en": "The committee met on Tuesday to discuss the new budget, and nobody was happy about it.",
        "de": "Die Sitzung wurde verschoben, weil der Vorsitzende noch im Zug nach Hamburg saß.",
        "fr": "Nous avons décidé de partir plus tôt afin d'éviter les embouteillages du dimanche soir.",
        "ru": "Вчера вечером мы долго гуляли по набережной и говорили про новую книгу.",
        "ja": "昨日は友達と一緒に映画を見に行きましたが、とても面白かったです。",
        "ko": "어제는 비가 많이 와서 하루 종일 집에서 책을 읽었습니다.",
        "th": "เมื่อวานนี้ฉันไปตลาดกับแม่และซื้อผลไม้มากมาย",
        "zh-cn": "我们昨天在图书馆学习了很长时间，然后回家吃饭。",
        "zh-tw": "我們昨天在圖書館學習了很長時間，然後回家吃飯。",
        "no": "Jeg heter Ola og kommer fra en liten by langt nord i Norge, der det er kaldt.",
    }
    for code, text in texts.items():
        assert RKMETextSpecification.get_language_ids([text]) == [code]
    # The most frequent first; a language of less than one text in twenty does not count.
    many = [texts["de"]] * 60 + [texts["en"]] * 30 + [texts["ru"]]
    assert RKMETextSpecification.get_language_ids(many) == ["de", "en"]
    assert RKMETextSpecification.get_language_ids(["ok", "12345 !?", "", "B-7"]) == []


def test_languages_can_be_given() -> None:
    texts = texts_about("sea", n=30)
    assert generate_rkme_text_spec(texts, language=["en", "de", "en"]).language == ["en", "de"]
    with pytest.raises(SpecificationError, match="list of codes"):
        generate_rkme_text_spec(texts, language="en")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"type": "RKMETableSpecification"}, "not a RKMETextSpecification"),
        ({"type": "RKMEStatSpecification"}, "not a RKMETextSpecification"),
        ({"encoder": "../../etc"}, "name of a text encoder"),
        ({"encoder": ""}, "name of a text encoder"),
        ({"encoder": "x" * 1000}, "name of a text encoder"),
        ({"encoder": 7}, "name of a text encoder"),
        ({"encoder": "a\nb"}, "name of a text encoder"),
        ({"encoder": PUBLISHED, "z": [[0.0] * 5], "beta": [1.0]}, "gives 384 dimensions, z has 5"),
        ({"encoder": None}, "name of a text encoder"),
        ({"language": {"en": 1}}, "language codes"),
        ({"language": ["en"] * 1000}, "language codes"),
        ({"language": ["English"]}, "language codes"),
        ({"language": [None]}, "language codes"),
        ({"z": [[float("nan")] * 4]}, "not finite"),
        ({"beta": []}, "do not match"),
    ],
)
def test_hostile_files_are_refused(spec: RKMETextSpecification, change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        RKMETextSpecification.from_states({**json.loads(spec.to_json()), **change})


def test_a_single_code_and_a_missing_language_are_read(spec: RKMETextSpecification) -> None:
    states = json.loads(spec.to_json())
    assert RKMETextSpecification.from_states({**states, "language": "en"}).language == ["en"]
    del states["language"]
    assert RKMETextSpecification.from_states(states).language == []
