"""The data of the experiments: 20 newsgroups by date and CIFAR-10, from the shared folder or their public homes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from benchmarks.quality.worlds import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["IMAGE_CLASSES", "SUPER_CLASSES", "Samples", "cifar", "newsgroups"]

Split = Literal["train", "test"]

# The first part of a newsgroup's name. Groups that begin otherwise (alt.atheism, soc.religion.christian) are left out,
# as the published experiment has five super-classes.
SUPER_CLASSES = ("comp", "rec", "sci", "talk", "misc")
IMAGE_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
# CIFAR-10 on OpenML: 60 000 rows, the training images first.
_OPENML_CIFAR, _TRAINING_IMAGES = 40927, 50_000


@dataclass(frozen=True)
class Samples:
    """Labelled samples of one split.

    Attributes
    ----------
    X : ndarray of shape (n_samples, ...)
        Texts, dtype object; or images, dtype uint8, shape (n_samples, 3, 32, 32).
    y : ndarray of shape (n_samples,), int
        Positions in `SUPER_CLASSES` or `IMAGE_CLASSES`.
    """

    X: NDArray[Any]
    y: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: NDArray[np.intp]) -> Samples:
        """Return some of the samples."""
        return Samples(self.X[rows], self.y[rows])


def newsgroups(split: Split) -> Samples:
    """Return the texts of the five super-classes, headers and quotes included, split by date."""
    path = SHARED / "data" / f"20newsgroups-{split}.parquet"
    if path.exists():
        from pyarrow.parquet import read_table

        table = read_table(path, columns=["text", "group"]).to_pydict()
        return _by_super_class(table["text"], table["group"])
    from sklearn.datasets import fetch_20newsgroups

    found = fetch_20newsgroups(subset=split, shuffle=False)
    return _by_super_class(found.data, [found.target_names[number] for number in found.target])


def _by_super_class(texts: Iterable[str], groups: Iterable[str]) -> Samples:
    pairs = [(text, group.partition(".")[0]) for text, group in zip(texts, groups, strict=True)]
    kept = [(text, SUPER_CLASSES.index(name)) for text, name in pairs if name in SUPER_CLASSES]
    return Samples(np.array([text for text, _ in kept], dtype=object), np.array([label for _, label in kept]))


def cifar(split: Split) -> Samples:
    """Return the images of CIFAR-10."""
    path = SHARED / "data" / f"cifar10-{split}.parquet"
    if path.exists():
        from PIL import Image
        from pyarrow.parquet import read_table

        table = read_table(path, columns=["image", "label"])
        images = np.stack([np.asarray(Image.open(io.BytesIO(one.as_py())).convert("RGB")) for one in table["image"]])
        channels_first = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        return Samples(channels_first, table["label"].to_numpy().astype(np.intp))
    from sklearn.datasets import fetch_openml

    found = fetch_openml(data_id=_OPENML_CIFAR, as_frame=False, parser="auto")
    rows = slice(None, _TRAINING_IMAGES) if split == "train" else slice(_TRAINING_IMAGES, None)
    return Samples(found.data[rows].reshape(-1, 3, 32, 32).astype(np.uint8), found.target[rows].astype(np.intp))
