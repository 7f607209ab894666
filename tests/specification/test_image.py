"""Specifications of images whose points are images, as the published package has them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from learnware.errors import IncompatibleSpecificationError, MissingDependencyError, SpecificationError
from learnware.specification import RKMEImageSpecification, generate_rkme_image_spec
from learnware.specification._cnn_kernel import CnnImages, cnn_gradient, cnn_kernel
from learnware.specification._image_device import choose_device, opened
from learnware.specification._image_reduction import kernel_matrix as kernel_matrix_on
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


def kernel_matrix(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    with opened("numpy") as device:
        return kernel_matrix_on(A, B, device)


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
    images = CnnImages.of(b)
    kernel, gradient = cnn_gradient(CnnImages.of(a), images, weights)
    np.testing.assert_allclose(kernel, cnn_kernel(CnnImages.of(a), CnnImages.of(b)), rtol=1e-12)
    direction, step = rng.normal(size=b.shape), 1e-5

    def value(images: np.ndarray) -> float:
        return float((weights * cnn_kernel(CnnImages.of(a), CnnImages.of(images))).sum())

    difference = (value(b + step * direction) - value(b - step * direction)) / (2.0 * step)
    assert float((gradient.by_images(images) * direction).sum()) == pytest.approx(difference, rel=1e-6)


def test_the_kernel_is_one() -> None:
    images = pieces(20)
    gram = kernel_matrix(images, images)
    np.testing.assert_allclose(gram, gram.T, rtol=1e-10)
    assert np.linalg.eigvalsh(gram).min() > -1e-10 * gram.max()
    np.testing.assert_allclose(kernel_matrix(images[:17], images[3:]), gram[:17, 3:], rtol=1e-10)


def kinds(n: int = 200) -> np.ndarray:
    """Images of eight kinds in unequal numbers."""
    rng = np.random.default_rng(3)
    pictures = rng.normal(size=(8, 1, 32, 32)).cumsum(axis=2).cumsum(axis=3)
    pictures /= pictures.std(axis=(2, 3), keepdims=True)
    return pictures[rng.choice(8, size=n)] + 0.3 * rng.normal(size=(n, 1, 32, 32))


# Weights of pieces differ by thousandths of an eighth, those of kinds by as much as they are.
@pytest.mark.parametrize("images", [pieces(80, channels=2), kinds()], ids=["nearly equal", "unequal"])
def test_weights_belong_to_their_points(images: np.ndarray) -> None:
    spec = generate_rkme_image_spec(images, reduced_set_size=8, steps=3)
    weights, white = spec.get_beta(), images.astype(np.float32)
    with opened("numpy") as device:
        white = Whitening.of(white, device)(white)
    # Found by another way than the package's: where the gradient is the same for all points, and the sum one.
    system = np.ones((9, 9))
    system[:8, :8], system[8, 8] = kernel_matrix(spec.get_z(), spec.get_z()), 0.0
    exact = np.linalg.solve(system, np.append(kernel_matrix(spec.get_z(), white).mean(axis=1), 1.0))[:8]
    assert exact.min() > 0.0
    assert np.corrcoef(weights, exact)[0, 1] >= 0.95
    # Not by accident: weights of the next point are not like these, and each is right by far more than they differ.
    assert all(np.corrcoef(np.roll(weights, shift), exact)[0, 1] < 0.9 for shift in range(1, 8))
    assert weights.std() > 1e-4
    assert np.abs(weights - exact).max() < 0.01 * weights.std()


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
    with opened("numpy") as device:
        many = Whitening.of(images, device)
        # Twenty images have a covariance of less than thirty-two directions.
        few = Whitening.of(images[:20], device)
    standard = (images[:20] - few.mean) / few.deviation
    rows = standard.reshape(20, -1).astype(np.float64)
    covariance = rows.T @ rows / 20
    covariance += 0.1 * np.trace(covariance) / 32 * np.eye(32)
    np.testing.assert_allclose(few.matrix @ covariance @ few.matrix, np.eye(32), atol=1e-3)
    assert many.matrix is not None
    white = many(images).reshape(40, -1)
    assert np.abs(white.T @ white / 40 - np.eye(32)).max() < 0.7


@pytest.mark.torch
def test_torch_gives_the_same_to_single_precision() -> None:
    torch = pytest.importorskip("torch")
    images = pieces(40, channels=2)
    threads = torch.get_num_threads()
    by_torch = generate_rkme_image_spec(images, reduced_set_size=6, steps=8, device="cpu")
    assert torch.get_num_threads() == threads
    by_numpy = generate_rkme_image_spec(images, reduced_set_size=6, steps=8, device="numpy")
    # Eight steps add up what rounding has changed.
    np.testing.assert_allclose(by_torch.get_z(), by_numpy.get_z(), atol=1e-3)
    np.testing.assert_allclose(by_torch.get_beta(), by_numpy.get_beta(), atol=1e-5)
    assert by_torch.report is not None
    assert by_numpy.report is not None
    assert by_torch.report.mmd2 == pytest.approx(by_numpy.report.mmd2, rel=1e-2)
    assert by_torch.dist(by_numpy) < 1e-3 * by_numpy.report.mmd2
    again = generate_rkme_image_spec(torch.from_numpy(images), reduced_set_size=6, steps=8, device="cpu")
    assert again.to_json() == by_torch.to_json()


@pytest.mark.torch
def test_torch_has_the_same_kernel_and_whitening() -> None:
    pytest.importorskip("torch")
    images = pieces(50, channels=2)
    with opened("cpu") as device:
        np.testing.assert_allclose(
            kernel_matrix_on(images[:20], images, device), kernel_matrix(images[:20], images), rtol=1e-12
        )
    small = np.random.default_rng(0).normal(size=(200, 2, 8, 8)).astype(np.float32)
    for n in (100, 200):
        matrices = []
        for name in ("numpy", "cpu"):
            with opened(name) as device:
                matrices.append(Whitening.of(small[:n], device).matrix)
        np.testing.assert_allclose(matrices[0], matrices[1], atol=1e-4)


@pytest.mark.torch
def test_a_gpu_gives_the_same() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    by_gpu, by_numpy = (
        generate_rkme_image_spec(pieces(40, channels=2), reduced_set_size=6, steps=8, device=name)
        for name in ("cuda", "numpy")
    )
    np.testing.assert_allclose(by_gpu.get_z(), by_numpy.get_z(), atol=1e-3)
    assert by_gpu.dist(by_numpy) < 1e-6


def test_torch_is_not_imported_for_few_images() -> None:
    program = """
import sys, numpy as np
from learnware.specification import generate_rkme_image_spec
generate_rkme_image_spec(np.zeros((3, 1, 32, 32)), steps=1)
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("gpus", "device", "cuda_idx", "images", "chosen"),
    [
        (2, None, None, 5000, "cuda:0"),
        (2, None, None, 10, "numpy"),
        (2, None, 1, 10, "cuda:1"),
        (2, None, 5, 10, "cuda:0"),
        (2, None, -1, 5000, "numpy"),
        (0, None, None, 5000, "numpy"),
        (0, None, 0, 5000, "numpy"),
        (2, "cuda:1", -1, 10, "cuda:1"),
        (2, "numpy", 0, 5000, "numpy"),
        (0, "cpu", None, 10, "cpu"),
        (0, "cuda", None, 10, None),
        (2, "cuda:2", None, 10, None),
        (2, "gpu", None, 10, None),
        (2, "cuda:", None, 10, None),
        (None, None, 0, 5000, "numpy"),
    ],
)
def test_the_device(
    gpus: int | None, device: str | None, cuda_idx: int | None, images: int, chosen: str | None, monkeypatch
) -> None:
    torch = None
    if gpus is not None:
        torch = ModuleType("torch")
        torch.__spec__ = ModuleSpec("torch", None)
        torch.cuda = SimpleNamespace(is_available=lambda: gpus > 0, device_count=lambda: gpus)
    monkeypatch.setitem(sys.modules, "torch", torch)
    if chosen is None:
        with pytest.raises(SpecificationError, match=f"device.*{device}"):
            choose_device(device, cuda_idx, images)
    else:
        assert choose_device(device, cuda_idx, images) == chosen


def test_a_device_of_torch_needs_torch(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("cpu", "cuda"):
        with pytest.raises(MissingDependencyError, match="torch"):
            generate_rkme_image_spec(pieces(4), device=name)
