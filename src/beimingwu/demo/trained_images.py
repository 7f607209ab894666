"""Learnwares for images that are trained on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beimingwu.demo.digits import digits_seen, flattened
from beimingwu.demo.packing import ship

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from beimingwu.demo.fill import Shipment

__all__ = ["train_image_packages"]

# What each model has seen many of.
_DIGITS = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))
# Enough to learn from; describing images takes seconds for each hundred of them.
_IMAGES = 300


def train_image_packages(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    """Train and pack learnwares that tell handwritten digits apart, each above all some of them.

    Parameters
    ----------
    folder : Path
        Where the packages are written.
    without : container of str
        Names of learnwares that are there already.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import SVC

    for number, known in enumerate(_DIGITS):
        words = ", ".join(map(str, known))
        name = f"Digit images, mostly {words}"
        if name in without:
            continue
        digits = digits_seen(_DIGITS, number, most=_IMAGES)
        yield ship(
            make_pipeline(flattened(), SVC(gamma=0.001, C=10)).fit(digits.images, digits.labels),
            digits.images,
            folder / f"digit_images_{''.join(map(str, known))}.zip",
            name=name,
            description="Tells handwritten digits apart, from grey images of 8 x 8 pixels with values from 0 to 16; it "
            f"has seen many of {words}, few others.",
        )
