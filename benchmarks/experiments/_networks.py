"""The convolutional networks of the image experiment: what they are, and how they are trained. Needs torch."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Recipe", "scores", "train"]

# Mean and standard deviation of natural images, by channel, for pixels from 0 to 255.
_MEAN, _SPREAD = (125.3, 123.0, 113.9), (63.0, 62.1, 66.7)
_PADDING = 4


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained.

    Attributes
    ----------
    widths : tuple of int
        Channels of the five convolutions.
    epochs : int
        Passes over the training images; each image is shifted by up to four pixels and mirrored by chance.
    batch_size : int
    learning_rate : float
        The highest one of the cycle.
    smoothing : float
        Share of a label that is spread over all classes.
    """

    widths: tuple[int, int, int, int, int] = (32, 64, 64, 128, 128)
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.02
    smoothing: float = 0.05


def train(
    images: NDArray[np.uint8], labels: NDArray[np.intp], n_classes: int, recipe: Recipe, *, seed: int, device: str
) -> bytes:
    """Train a network and return it as a TorchScript module, which takes pixels from 0 to 255 and answers logits.

    Parameters
    ----------
    images : ndarray of shape (n_samples, 3, 32, 32), uint8
    labels : ndarray of shape (n_samples,), int from 0
    n_classes : int
    recipe : Recipe
    seed : int
    device : {"cpu", "cuda"}
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = _network(recipe.widths, n_classes)
    network = network.to(device=device, memory_format=torch.channels_last)
    steps = recipe.epochs * (-(-len(images) // recipe.batch_size))
    optimizer = torch.optim.SGD(
        [one for one in network.parameters() if one.requires_grad],
        lr=recipe.learning_rate,
        momentum=0.9,
        nesterov=True,
        weight_decay=5e-4,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.25)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    pixels = torch.from_numpy(images).to(device)
    targets = torch.from_numpy(labels).to(device)
    padded = torch.nn.functional.pad(pixels.float(), [_PADDING] * 4, mode="reflect").byte()
    network.train()
    for batch in _batches(len(images), recipe, generator):
        inputs = _augmented(padded, batch.to(device), generator)
        with torch.autocast(device, torch.bfloat16):
            loss = loss_of(network(inputs).float(), targets[batch.to(device)])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    module = torch.jit.script(network.eval().to(device="cpu", memory_format=torch.contiguous_format))
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    return buffer.getvalue()


def scores(module: bytes, images: NDArray[np.uint8], *, device: str, batch_size: int = 1000) -> NDArray[np.float32]:
    """Return a network's logits, shape (n_samples, n_classes)."""
    import torch

    network = torch.jit.load(io.BytesIO(module), map_location=device).eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = torch.from_numpy(images[start : start + batch_size]).to(device).float()
            parts.append(network(batch).float().cpu().numpy())
    return np.concatenate(parts)


def _network(widths: tuple[int, ...], n_classes: int) -> Any:
    """Return a network of five convolutions, each with batch normalisation, in three stages of halved size."""
    import torch
    from torch import nn

    def convolution(width_in: int, width: int) -> Any:
        return nn.Sequential(nn.Conv2d(width_in, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())

    # Standardises pixels; it is part of the network, so that learnwares take images as they are.
    standardised = nn.Conv2d(3, 3, 1, groups=3)
    with torch.no_grad():
        standardised.weight.copy_(1.0 / torch.tensor(_SPREAD).view(3, 1, 1, 1))
        standardised.bias.copy_(-torch.tensor(_MEAN) / torch.tensor(_SPREAD))
    standardised.requires_grad_(requires_grad=False)
    first, second, third, fourth, fifth = widths
    return nn.Sequential(
        standardised,
        convolution(3, first),
        nn.MaxPool2d(2),
        convolution(first, second),
        convolution(second, third),
        nn.MaxPool2d(2),
        convolution(third, fourth),
        convolution(fourth, fifth),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(fifth, n_classes),
    )


def _batches(n_samples: int, recipe: Recipe, generator: Any) -> Iterator[Any]:
    """Give the rows of every batch, in an order of its own in each epoch."""
    import torch

    for _ in range(recipe.epochs):
        order = torch.randperm(n_samples, generator=generator)
        yield from torch.split(order, recipe.batch_size)


def _augmented(padded: Any, rows: Any, generator: Any) -> Any:
    """Return images at a shift of the batch's own, half of them mirrored, as float."""
    import torch

    top, left = torch.randint(0, 2 * _PADDING + 1, (2,), generator=generator).tolist()
    side = padded.shape[-1] - 2 * _PADDING
    images = padded[rows, :, top : top + side, left : left + side].float()
    mirrored = (torch.rand(len(rows), generator=generator) < 0.5).to(images.device)
    images[mirrored] = images[mirrored].flip(-1)
    return images.contiguous(memory_format=torch.channels_last)
