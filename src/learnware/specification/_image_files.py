"""Images in files: folders of pictures, parquet files with encoded ones, and arrays, whole or in chunks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.specification._pictures import PictureFiles

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["iter_image_chunks", "read_images"]


def iter_image_chunks(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Yield the images of a folder or file in chunks, of any number in fixed memory.

    Parameters
    ----------
    path : str or path
        A folder, whose pictures are read in the order of their names, those of its folders too; a ``.parquet`` file
        with one column of encoded pictures, as bytes or as `bytes` and `path`; or a ``.npy`` file of an array of shape
        (n_images, channels, height, width).

    Yields
    ------
    list of PIL.Image.Image, or ndarray of shape (n_images, channels, height, width)

    Raises
    ------
    SpecificationError
        If there are no images, or one cannot be read.
    MissingDependencyError
        If pillow or pyarrow is needed and not installed.
    """
    return PictureFiles(Path(path)).samples()


def read_images(path: str | os.PathLike[str]) -> list[Any]:
    """Return the images of a folder or file, all at once; parameters and errors are those of `iter_image_chunks`.

    Returns
    -------
    list of PIL.Image.Image, or of ndarray of shape (channels, height, width)
    """
    return [image for chunk in iter_image_chunks(path) for image in chunk]
