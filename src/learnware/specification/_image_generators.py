"""The functions that make specifications of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.specification._image import RKMEImageSpecification
from learnware.specification._image_features import RKMEImageFeatureSpecification
from learnware.specification._limits import PRIVACY_FLOOR

if TYPE_CHECKING:
    from learnware.specification._generate import Quality

__all__ = ["generate_rkme_image_feature_spec", "generate_rkme_image_spec"]


def generate_rkme_image_feature_spec(
    X: Any,
    reduced_set_size: int = 50,
    *,
    nonnegative_beta: bool = True,
    reduce: bool = True,
    quality: Quality = "default",
    seed: int = 0,
    privacy_floor: int | None = PRIVACY_FLOOR,
    progress: bool | None = None,
) -> RKMEImageFeatureSpecification:
    """Make the statistical specification of images by a fixed feature map, on the owner's machine.

    Each image becomes the lowest frequencies of its brightness and colours, whatever its size, range of values,
    brightness and contrast; a few weighted points in the space of these features take the place of the images, as for
    `generate_rkme_table_spec`. Points are features: the file holds no images.

    Parameters
    ----------
    X : array, tensor, list or iterator of chunks of images
        An array or tensor of shape (n_images, channels, height, width), of whole numbers or floats of any range, a list
        of pillow's images or of arrays of shape (channels, height, width), or an iterator of chunks of these, of any
        length in fixed memory. Four channels are red, green, blue and opacity, on white. Sizes other than 32x32 need
        pillow. NaN and infinite values count as the mean of their image. It is only read.
    reduced_set_size : int, default=50
        Largest number of points K. Fewer come back where the privacy floor or the number of images asks for it.
    nonnegative_beta, reduce, quality
        As for `generate_rkme_table_spec`.
    seed : int, default=0
        Seed of the sample and of the start.
    privacy_floor : int or None, default=5
        Images to a point, at least, on average. 0 or None switches it off.
    progress : bool, optional
        Show a progress bar; by default only on a terminal and only for long work.

    Returns
    -------
    RKMEImageFeatureSpecification

    Raises
    ------
    SpecificationError
        If `X` are no images, have different channels, or one has no finite value.
    MissingDependencyError
        If images must be resized and pillow is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.random.default_rng(0).integers(0, 256, size=(200, 3, 32, 32), dtype=np.uint8)
    >>> spec = generate_rkme_image_feature_spec(images, reduced_set_size=10)
    >>> spec.space, spec.num_points
    ('RKMEImageFeatureSpecification/dct8/3', 200)
    """
    spec = RKMEImageFeatureSpecification()
    spec.generate_stat_spec_from_data(
        X,
        K=reduced_set_size,
        nonnegative_beta=nonnegative_beta,
        reduce=reduce,
        quality=quality,
        seed=seed,
        privacy_floor=privacy_floor,
        progress=progress,
    )
    return spec


def generate_rkme_image_spec(
    X: Any,
    reduced_set_size: int = 50,
    step_size: float = 0.01,
    steps: int = 100,
    resize: bool = True,
    sample_size: int = 5000,
    nonnegative_beta: bool = True,
    reduce: bool = True,
    verbose: bool = True,
    cuda_idx: int | None = None,
    *,
    seed: int = 0,
    privacy_floor: int | None = PRIVACY_FLOOR,
    progress: bool | None = None,
    device: str | None = None,
    **kwargs: Any,
) -> RKMEImageSpecification:
    """Make the statistical specification of images as the published package has it: its points are images.

    Images are brought to 32x32, standardised by channel and whitened; a few weighted ones, which show none of them,
    take their place under the kernel of a convolutional network. Weights are exact for the points.

    Parameters
    ----------
    X : array, tensor, list or iterator of chunks of images
        As for `generate_rkme_image_feature_spec`.
    reduced_set_size : int, default=50
        Largest number of points K.
    step_size : float
        Accepted for programs written for the published package, and not used: the search chooses its own steps.
    steps : int, default=100
        Largest number of steps of the search, which ends before where more would gain little; 0 keeps the start.
    resize : bool, default=True
        False refuses images that are not 32x32.
    sample_size : int, default=5000
        Images that are described: a uniform sample, all where there are fewer.
    nonnegative_beta : bool, default=True
        Weights on the simplex; else weights of any sign and sum.
    reduce : bool, default=True
        Search for better points than the start's. False finds their weights only.
    verbose : bool, default=True
        False shows no progress.
    cuda_idx : int, optional
        Number of the GPU, through torch; without one the processor does it, as in the published package. -1: no GPU. By
        default the first one there is, if torch is installed and there are images enough to make up for its import.
    seed : int, default=0
        Seed of the sample and of the start.
    privacy_floor : int or None, default=5
        Images to a point, at least, on average. 0 or None switches it off.
    progress : bool, optional
        Show a progress bar; by default only on a terminal and only for long work.
    device : str, optional
        Where to compute, whatever `cuda_idx` says: "numpy", or by torch "cpu", "cuda" or "cuda:1"; what is not there is
        an error. Results agree to single precision.
    **kwargs
        `whitening=False` only standardises; `n_models`, `model_config` and `experimental` are accepted.

    Returns
    -------
    RKMEImageSpecification

    Raises
    ------
    SpecificationError
        If `X` are no images, have different channels, or one has no finite value; if `device` is unknown or not there.
    MissingDependencyError
        If images must be resized and pillow is not installed, or `device` needs torch and that is not.
    """
    settings = {name: kwargs.pop(name) for name in ("n_models", "model_config") if name in kwargs}
    spec = RKMEImageSpecification(cuda_idx=cuda_idx, **settings)
    spec.generate_stat_spec_from_data(
        X,
        K=reduced_set_size,
        step_size=step_size,
        steps=steps,
        resize=resize,
        sample_size=sample_size,
        nonnegative_beta=nonnegative_beta,
        reduce=reduce,
        verbose=verbose,
        seed=seed,
        privacy_floor=privacy_floor,
        progress=progress,
        device=device,
        **kwargs,
    )
    return spec
