"""Specifications of images whose points are images, as the published package has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification import RKMEImageSpecification, generate_rkme_image_spec, solve_simplex_qp
from learnware.specification._cnn_kernel import CnnImages, cnn_gradient, cnn_kernel, gradient_of_images
from learnware.specification._image_reduction import kernel_matrix
from learnware.specification._image_whitening import Whitening

if TYPE_CHECKING:
    from pathlib import Path


def pieces(n: int = 60, channels: int = 1) -> np.ndarray:
    """Pieces of one smooth random picture."""
    rng = np.random.default_rng(0)
    picture = rng.normal(size=(channels, 160, 160)).cumsum(axis=1).cumsum(axis=2)
    corners = rng.integers(0, 128, size=(n, 2))
    return np.stack([picture[:, i : i + 32, j : j + 32] for i, j in corners])


@pytest.fixture(scope="module")
def spec() -> RKMEImageSpecification:
    return generate_rkme_image_spec(pieces(), reduced_set_size=6, steps=4)


def load(path: Path) -> RKMEImageSpecification:
    spec = RKMEImageSpecification()
    assert spec.load(path)
    return spec


def test_figures_of_the_published_package(shared: Path) -> None:
    folder = shared / "fixtures" / "image"
    expected = json.loads((folder / "expected.json").read_text())
    specs = [load(folder / name) for name in expected["files"]]
    products = [[one.inner_prod(other) for other in specs] for one in specs]
    np.testing.assert_allclose(products, expected["inner_prod"], rtol=1e-5)
    # The first two files are equal, and at a distance there: what single precision has lost. Distances of others are
    # off by the same, which is some millionths of the products.
    rounding = expected["dist"][0][1]
    assert 0.0 < rounding < 1e-5 * products[0][0]
    assert specs[0].dist(specs[1]) == 0.0
    assert specs[0].dist(specs[2]) == pytest.approx(expected["dist"][0][2], abs=1.1 * rounding)


def test_published_files_are_written_as_they_were(shared: Path, tmp_path: Path) -> None:
    source = shared / "fixtures" / "image" / "image_0.json"
    load(source).save(tmp_path / "stat.json")
    written, before = json.loads((tmp_path / "stat.json").read_text()), json.loads(source.read_text())
    assert {name: written[name] for name in before} == before


def test_the_gradient_is_that_of_the_kernel() -> None:
    rng = np.random.default_rng(0)
    a, b, weights = rng.normal(size=(3, 2, 32, 32)), rng.normal(size=(2, 2, 32, 32)), rng.normal(size=(3, 2))
    kernel, by_patches = cnn_gradient(CnnImages.of(a), CnnImages.of(b), weights)
    np.testing.assert_allclose(kernel, cnn_kernel(CnnImages.of(a), CnnImages.of(b)), rtol=1e-12)
    direction, step = rng.normal(size=b.shape), 1e-5

    def value(images: np.ndarray) -> float:
        return float((weights * cnn_kernel(CnnImages.of(a), CnnImages.of(images))).sum())

    difference = (value(b + step * direction) - value(b - step * direction)) / (2.0 * step)
    assert float((gradient_of_images(by_patches, b.shape) * direction).sum()) == pytest.approx(difference, rel=1e-6)


def test_the_kernel_is_one() -> None:
    images = pieces(20)
    gram = kernel_matrix(images, images)
    np.testing.assert_allclose(gram, gram.T, rtol=1e-10)
    assert np.linalg.eigvalsh(gram).min() > -1e-10 * gram.max()
    np.testing.assert_allclose(kernel_matrix(images[:17], images[3:]), gram[:17, 3:], rtol=1e-10)


def test_weights_belong_to_their_points() -> None:
    images = pieces(80, channels=2)
    spec = generate_rkme_image_spec(images, reduced_set_size=8, steps=3)
    white = images.astype(np.float32)
    white = Whitening.of(white)(white)
    exact = solve_simplex_qp(kernel_matrix(spec.get_z(), spec.get_z()), kernel_matrix(spec.get_z(), white).mean(axis=1))
    # They differ by far more than single precision rounds, so that their order tells.
    assert spec.get_beta().std() > 1e-4
    assert np.corrcoef(spec.get_beta(), exact)[0, 1] >= 0.95


def test_the_search_ends_lower_than_it_starts(spec: RKMEImageSpecification) -> None:
    start = generate_rkme_image_spec(pieces(), reduced_set_size=6, reduce=False)
    assert spec.report is not None
    assert start.report is not None
    assert spec.report.mmd2 < start.report.mmd2


def test_a_specification(spec: RKMEImageSpecification) -> None:
    assert spec.get_z().shape[1:] == (1, 32, 32)
    assert spec.space == "RKMEImageSpecification/1x32x32"
    assert spec.describe_space() == "images of 1×32×32"
    assert spec.num_points == 60
    assert spec.get_beta().sum() == pytest.approx(1.0)
    assert spec.report is not None
    assert spec.report.nearest_row is not None
    assert spec.report.nearest_row > 0.05
    assert spec.points.shape == (len(spec.get_z()), 64)
    assert spec.to_points(pieces()).shape == (60, 64)
    herded = spec.herding(5)
    assert {one.tobytes() for one in herded} <= {one.tobytes() for one in spec.get_z()}
    with pytest.raises(SpecificationError):
        spec.herding(-1)


def test_equal_images_give_equal_bytes_and_are_only_read(spec: RKMEImageSpecification) -> None:
    images = pieces()
    before = images.copy()
    images.flags.writeable = False
    assert generate_rkme_image_spec(images, reduced_set_size=6, steps=4).to_json() == spec.to_json()
    np.testing.assert_array_equal(images, before)


def test_files(spec: RKMEImageSpecification, tmp_path: Path) -> None:
    spec.save(tmp_path / "stat.json")
    loaded = load(tmp_path / "stat.json")
    assert loaded.to_json() == spec.to_json()
    assert loaded.dist(spec) == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"z": [[[[0.0] * 31] * 32]]}, "32x32"),
        ({"z": [[[0.0] * 32] * 32]}, "dimensions"),
        ({"z": [[[[[0.0]]]]]}, "dimensions"),
        ({"z": [[[[0.0] * 32] * 32] * 65]}, "65"),
        ({"z": [[[[0.0] * 32] * 32]] * 1001, "beta": [1.0] * 1001}, "1000 images"),
        ({"z": [[[[1e30] * 32] * 32]]}, "beyond"),
        ({"z": [[[[float("nan")] * 32] * 32]]}, "finite"),
        ({"z": []}, "z"),
        ({"beta": [1.0, 1.0]}, "match"),
        ({"RKME_IMAGE_VERSION": 2}, "VERSION"),
        ({"model_config": {"net_depth": 4}}, "depth"),
        ({"model_config": [1]}, "depth"),
        ({"type": "RKMETableSpecification"}, "not a"),
    ],
)
def test_broken_files_are_refused(change: dict, message: str) -> None:
    states = {"z": [[[[0.5] * 32] * 32]], "beta": [1.0], "type": "RKMEImageSpecification"}
    assert RKMEImageSpecification.from_states(states).num_points == 0
    with pytest.raises(SpecificationError, match=message):
        RKMEImageSpecification.from_states({**states, **change})


def test_what_cannot_be_described_or_compared(spec: RKMEImageSpecification) -> None:
    with pytest.raises(SpecificationError, match="resize=True"):
        generate_rkme_image_spec(np.zeros((10, 1, 40, 40)), resize=False)
    with pytest.raises(SpecificationError, match="reduced set"):
        generate_rkme_image_spec(pieces(), reduced_set_size=0)
    with pytest.raises(TypeError, match="unexpected"):
        generate_rkme_image_spec(pieces(), wrong=1)
    two = RKMEImageSpecification.from_states({"z": np.ones((1, 2, 32, 32)), "beta": [1.0]})
    with pytest.raises(IncompatibleSpecificationError):
        spec.dist(two)
    with pytest.raises(IncompatibleSpecificationError):
        two.to_points(pieces())


@pytest.mark.parametrize("n", [1, 3])
def test_few_or_equal_images(n: int) -> None:
    for images in (pieces(n), np.repeat(pieces(1), n, axis=0), np.full((n, 1, 32, 32), 7.0)):
        spec = generate_rkme_image_spec(images, steps=2)
        assert np.isfinite(spec.get_z()).all()
        assert spec.get_beta().sum() == pytest.approx(1.0)
        assert RKMEImageSpecification.from_states(json.loads(spec.to_json())).space == spec.space


def test_whitening_is_the_same_from_few_and_from_many_images() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(40, 2, 4, 4)).astype(np.float32)
    images[:, 1] += 0.5 * images[:, 0]
    many = Whitening.of(images)
    # Twenty images have a covariance of less than thirty-two directions.
    few = Whitening.of(images[:20])
    standard = (images[:20] - few.mean) / few.deviation
    rows = standard.reshape(20, -1).astype(np.float64)
    covariance = rows.T @ rows / 20
    covariance += 0.1 * np.trace(covariance) / 32 * np.eye(32)
    np.testing.assert_allclose(few.matrix @ covariance @ few.matrix, np.eye(32), atol=1e-3)
    assert many.matrix is not None
    white = many(images).reshape(40, -1)
    assert np.abs(white.T @ white / 40 - np.eye(32)).max() < 0.7
