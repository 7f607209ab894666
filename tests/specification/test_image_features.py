"""Specifications of images by the fixed feature map."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification import (
    RKMEImageFeatureSpecification,
    generate_rkme_image_feature_spec,
    generate_stat_spec,
    stat_specification_class,
)
from learnware.specification._image_map import FEATURE_MAP, image_features, n_features
from learnware.specification._metric import KernelMetric

SEEN_BY_ANOTHER_PROCESS = """
import hashlib
import numpy as np
from learnware.specification._image_map import image_features
images = np.random.default_rng(1).normal(size=(700, 3, 32, 32)).astype(np.float32)
print(hashlib.sha256(image_features(images).tobytes()).hexdigest())
"""


def noise(n: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size=(n, channels, 32, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def spec() -> RKMEImageFeatureSpecification:
    return generate_rkme_image_feature_spec(noise(300), reduced_set_size=12)


def test_the_map_is_the_same_in_every_process() -> None:
    hashes = {
        subprocess.run([sys.executable, "-c", SEEN_BY_ANOTHER_PROCESS], check=True, capture_output=True).stdout
        for _ in range(2)
    }
    assert len(hashes) == 1


def test_the_map_has_the_figures_of_its_version() -> None:
    # One frequency of one mixture of channels has one feature; its size is that of an image of variance 1.
    places = np.cos(np.pi * (np.arange(32) + 0.5) * 2 / 32)
    images = np.broadcast_to(places, (1, 3, 32, 32)).astype(np.float32)
    features = image_features(images)[0].reshape(3, 8, 8)
    expected = np.sqrt(3 * 1024) * 2 / 25 * np.sqrt(1.25 / 192)
    assert features[0, 0, 2] == pytest.approx(expected, rel=1e-5)
    features[0, 0, 2] = 0.0
    assert np.abs(features).max() < 1e-5


def test_range_brightness_and_contrast_do_not_count_and_colour_does() -> None:
    images = noise(20).astype(np.float32)
    features = image_features(images)
    np.testing.assert_allclose(image_features(images / 255.0), features, atol=1e-5)
    np.testing.assert_allclose(image_features(3.0 * images - 50.0), features, atol=1e-5)
    assert np.abs(image_features(images[:, ::-1].copy()) - features).max() > 0.01
    np.testing.assert_array_equal(image_features(np.full((2, 3, 32, 32), 0.1, dtype=np.float32)), 0.0)


def test_each_image_is_mapped_by_itself() -> None:
    images = noise(600, channels=2).astype(np.float32)
    np.testing.assert_allclose(image_features(images)[512:], image_features(images[512:]), atol=1e-6)
    assert image_features(images).shape == (600, n_features(2))


def test_a_specification(spec: RKMEImageFeatureSpecification) -> None:
    assert spec.get_z().shape == (12, 192)
    assert (spec.num_points, spec.channels) == (300, 3)
    assert spec.space == f"RKMEImageFeatureSpecification/{FEATURE_MAP}/3"
    assert spec.describe_space() == "colour images"
    assert spec.get_beta().sum() == pytest.approx(1.0)
    assert spec.report is not None
    assert spec.report.rows_per_point == 25.0
    assert spec.report.nearest_row is not None
    np.testing.assert_array_equal(spec.points, spec.get_z())
    np.testing.assert_array_equal(spec.to_points(noise(300)), image_features(noise(300).astype(np.float32)))


def test_equal_images_give_equal_bytes_and_chunks_do_not_count(spec: RKMEImageFeatureSpecification) -> None:
    again = generate_stat_spec("image", noise(300), reduced_set_size=12)
    assert again.to_json() == spec.to_json()
    chunks = iter([noise(300)[:100], noise(300)[100:]])
    assert generate_rkme_image_feature_spec(chunks, reduced_set_size=12).dist(spec) < 1e-3


def test_files(spec: RKMEImageFeatureSpecification, tmp_path) -> None:
    spec.save(tmp_path / "stat.json")
    states = json.loads((tmp_path / "stat.json").read_text())
    assert (states["type"], states["channels"], states["feature_map"]) == (spec.type, 3, FEATURE_MAP)
    loaded = stat_specification_class(states["type"])()
    assert loaded.load(tmp_path / "stat.json")
    assert loaded.to_json() == spec.to_json()
    assert loaded.dist(spec) == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature_map": "other"}, "feature map"),
        ({"feature_map": None}, "feature map"),
        ({"channels": 1}, "64 features"),
        ({"channels": True}, "channels"),
        ({"channels": 10**9}, "channels"),
        ({"channels": "3"}, "channels"),
        ({"z": [[0.0]] * 12}, "192 features"),
        ({"z": [[[0.0]]] * 12}, "dimensions"),
        ({"z": [[float("inf")] * 192] * 12}, "finite"),
        ({"beta": [0.0] * 12}, "zero"),
        ({"type": "RKMETableSpecification"}, "not a"),
        ({"type": "RKMEStatSpecification"}, "not a"),
    ],
)
def test_broken_files_are_refused(spec: RKMEImageFeatureSpecification, change: dict, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        RKMEImageFeatureSpecification.from_states({**json.loads(spec.to_json()), **change})


def test_images_of_other_channels_are_another_space(spec: RKMEImageFeatureSpecification) -> None:
    grey = generate_rkme_image_feature_spec(noise(100, channels=1), reduced_set_size=5)
    assert grey.space != spec.space
    assert grey.describe_space() == "grey images"
    with pytest.raises(IncompatibleSpecificationError):
        grey.dist(spec)
    with pytest.raises(IncompatibleSpecificationError, match="1 channels"):
        grey.to_points(noise(2))
    # A grey image is a coloured one without colours.
    assert spec.to_points(noise(2, channels=1)).shape == (2, 192)


def test_the_nearest_learnware_knows_the_digits_of_the_user() -> None:
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    digits = sklearn_datasets.load_digits()
    images, labels = np.repeat(np.repeat(digits.images[:, None], 4, axis=2), 4, axis=3), digits.target
    rng = np.random.default_rng(0)
    half = rng.random(len(labels)) < 0.5
    known = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (1, 4, 9), (2, 5, 8), (0, 3, 6)]

    def describe(classes: tuple[int, ...], part: np.ndarray) -> RKMEImageFeatureSpecification:
        return generate_rkme_image_feature_spec(images[np.isin(labels, classes) & part], reduced_set_size=30)

    owners, users = [describe(one, half) for one in known], [describe(one, ~half) for one in known]
    metric = KernelMetric.estimate(owners)
    for i, user in enumerate(users):
        assert int(np.argmin([metric.mmd2(user, owner) for owner in owners])) == i
