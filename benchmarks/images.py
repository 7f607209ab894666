"""How fast and how close images become a specification, beside the published way of doing it.

``python -m benchmarks.images`` prints each figure beside its bar. With torch the published generator is made again from
its description: points start as noise and go down the squared MMD under 16 random networks, by Adam; the networks are
drawn anew now and then. Its weights are given to the right points here: they are exact for its points, under the exact
kernel, as ours are. Both see the same images, whitened in the same way, and the squared MMD of both is to images that
neither has seen, with its standard error over them. ``--images``, ``--width`` and ``--fresh`` choose the size; the
published one, ``--images 5000 --width 128 --fresh 1``, takes hours without a GPU.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._table import Row, machine, print_rows
from learnware.specification import generate_rkme_image_feature_spec, generate_rkme_image_spec, solve_simplex_qp
from learnware.specification._image_device import opened
from learnware.specification._image_reduction import (
    EVALUATIONS,
    FITTED,
    CnnMean,
    kernel_matrix,
    lowered,
    start_images,
)
from learnware.specification._image_whitening import Whitening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from learnware.specification._image_device import Device

SHARED = Path(os.environ.get("LEARNWARE_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))
K, STEPS, STEP_SIZE, NETWORKS, HELD_OUT = 50, 100, 0.01, 16, 500
SECONDS_BAR, TORCH_SECONDS_BAR = 60.0, 20.0


def load(n: int) -> NDArray[np.uint8]:
    """Return images of CIFAR-10 where they are on this machine, else of scikit-learn's photographs cut to pieces."""
    path = SHARED / "data" / "cifar10-train.parquet"
    if path.is_file():
        from PIL import Image
        from pyarrow import parquet

        column = parquet.read_table(path, columns=["image"]).column(0).slice(0, n).to_pylist()
        pictures = [np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in column]
        found: NDArray[np.uint8] = np.stack(pictures).transpose(0, 3, 1, 2)
        return found
    from sklearn.datasets import load_sample_images

    rng, pieces = np.random.default_rng(0), []
    for _ in range(n):
        photograph = load_sample_images().images[int(rng.integers(2))]
        top, left = rng.integers(0, photograph.shape[0] - 32), rng.integers(0, photograph.shape[1] - 32)
        pieces.append(photograph[top : top + 32, left : left + 32])
    cut: NDArray[np.uint8] = np.stack(pieces).transpose(0, 3, 1, 2)
    return cut


def run(images: int = 5000, fitted: int = 500, width: int = 32, fresh: int = 10) -> list[Row]:
    """Measure everything; `fitted` images, networks of width 2 x `width`, new ones every `fresh` steps."""
    known = load(images)
    begin = time.perf_counter()
    generate_rkme_image_feature_spec(known, progress=False)
    rows = [
        Row(f"features of {images:,} images", time.perf_counter() - begin, SECONDS_BAR, "s"),
        Row(f"images of {images:,} images, numpy", seconds_on("numpy", known), SECONDS_BAR, "s"),
    ]
    if find_spec("torch") is None:
        return rows
    begin = time.perf_counter()
    import torch

    note = f"after {time.perf_counter() - begin:.1f} s for its import"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows.append(Row(f"images of {images:,} images, torch", seconds_on(device, known), TORCH_SECONDS_BAR, "s", note))
    return [*rows, fit(fitted, width, fresh, device)]


def seconds_on(device: str, images: NDArray[np.uint8]) -> float:
    """Return how long a specification of images takes on a device."""
    begin = time.perf_counter()
    generate_rkme_image_spec(images, device=device, progress=False)
    return time.perf_counter() - begin


def fit(images: int, width: int, fresh: int, device: str) -> Row:
    """Compare the squared MMD of the published way's points and of ours to images that neither has seen."""
    # Whitened together: whitening that has not seen an image changes it in another way.
    pixels = load(images + HELD_OUT).astype(np.float32)
    with opened(device) as on:
        pixels = Whitening.of(pixels, on)(pixels)
        white, unseen = pixels[:images], pixels[images:]
        begin = time.perf_counter()
        start = start_images(white, K, np.random.default_rng(0))
        held = kernel_matrix(white[-300:], white[-300:], on)
        z = lowered(CnnMean(white[:FITTED], on), start, held, EVALUATIONS, lambda _: None)
        note = f"{time.perf_counter() - begin:.1f} s"
        ours = distances(z, white, unseen, on)
    # Outside: torch uses one thread in there.
    begin = time.perf_counter()
    z = published(white, width, fresh)
    note += f"; published way {time.perf_counter() - begin:.1f} s, networks of width {2 * width}"
    with opened(device) as on:
        theirs = distances(z, white, unseen, on)
    error = float((ours - theirs).std() / np.sqrt(len(ours)))
    note += f", standard error of the difference {error:.2g}"
    return Row(f"squared MMD, from {images} images", float(ours.mean()), float(theirs.mean()), note=note)


def distances(
    z: NDArray[np.float64], images: NDArray[np.float32], unseen: NDArray[np.float32], device: Device
) -> NDArray[np.float64]:
    """Return parts, one for each unseen image, whose mean is the squared MMD to the distribution of these.

    The points have the weights on the simplex that are best for `images`.
    """
    gram, m = kernel_matrix(z, z, device), len(unseen)
    beta = solve_simplex_qp(gram, CnnMean(images, device).products(z).mean(axis=0))
    own = kernel_matrix(unseen, unseen, device)
    np.fill_diagonal(own, 0.0)
    parts: NDArray[np.float64] = own.sum(axis=1) / (m - 1) - 2.0 * (kernel_matrix(unseen, z, device) @ beta)
    return parts + float(beta @ gram @ beta)


def published(images: NDArray[np.float32], width: int, fresh: int) -> NDArray[np.float64]:
    """Return the points of the published generator, made again from its description."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    generator = torch.Generator().manual_seed(0)
    channels = images.shape[1]
    rows = torch.from_numpy(images).to(device)

    def network() -> list[tuple[Any, Any]]:
        layers, inputs = [], channels
        for _ in range(3):
            deviation = (2.0 / (inputs * 9)) ** 0.5
            weight = deviation * torch.randn(2 * width, inputs, 3, 3, generator=generator)
            layers.append((weight.to(device), (0.1 * torch.randn(2 * width, generator=generator)).to(device)))
            inputs = 2 * width
        return layers

    def features(x: Any, layers: list[tuple[Any, Any]]) -> Any:
        for weight, bias in layers:
            x = torch.nn.functional.avg_pool2d(torch.relu(torch.nn.functional.conv2d(x, weight, bias, padding=1)), 2)
        return x.flatten(1)

    z = torch.randn(K, *images.shape[1:], generator=generator).to(device).requires_grad_()
    beta = torch.full((K,), 1.0 / K, device=device)
    optimiser = torch.optim.Adam([z], lr=STEP_SIZE)
    networks: list[list[tuple[Any, Any]]] = []
    means: list[Any] = []
    for step in range(STEPS):
        if step % fresh == 0:
            networks = [network() for _ in range(NETWORKS)]
            with torch.no_grad():
                means = [torch.cat([features(part, one) for part in rows.split(500)]).mean(dim=0) for one in networks]
                points = torch.cat([features(z, one) for one in networks], dim=1).double()
                scale = points.shape[1]
                gram, c = points @ points.T / scale, points @ torch.cat(means).double() / scale
            weights = solve_simplex_qp(gram.cpu().numpy() + 0.01, c.cpu().numpy() + 0.01)
            beta = torch.from_numpy(weights).float().to(device)
        optimiser.zero_grad()
        for layers, mean in zip(networks, means, strict=True):
            # The squared distance of means of features is the squared MMD; network by network, to spare memory.
            (beta @ features(z, layers) - mean).square().sum().div(NETWORKS * len(mean)).backward()
        optimiser.step()
    found: NDArray[np.float64] = z.detach().cpu().double().numpy()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500, help="images of the comparison")
    parser.add_argument("--width", type=int, default=32, help="half of the width of the published networks")
    parser.add_argument("--fresh", type=int, default=10, help="steps after which networks are drawn anew")
    arguments = parser.parse_args()
    print(machine())
    print_rows("Specifications of images (K = 50)", run(5000, arguments.images, arguments.width, arguments.fresh))


if __name__ == "__main__":
    main()
