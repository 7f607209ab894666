"""RKME specifications of images whose points are images, as the published package makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification._base import register_stat_specification
from learnware.specification._herding import herd
from learnware.specification._image_map import image_features
from learnware.specification._images import IMAGE_WIDTH, MOST_CHANNELS, read_all
from learnware.specification._limits import MOST_IMAGES, PRIVACY_FLOOR
from learnware.specification._rkme import RKMESpecification
from learnware.specification._states import check_type, read_reduced_set
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from typing_extensions import Self

__all__ = ["RKMEImageSpecification"]

_LONGEST_REMARK = 10_000
_MOST_MODELS = 10_000
# Standardised values beyond this have no products in single precision.
_LARGEST_PIXEL = 1e15


@register_stat_specification
class RKMEImageSpecification(RKMESpecification):
    """Reduced kernel mean embedding (RKME) of images under the kernel of a convolutional network (CNN-GP).

    Its points are images of 32x32 pixels: standardised by channel and whitened (ZCA), so that they show no image.

    Parameters
    ----------
    cuda_idx : int, optional
        The GPU that makes specifications, as in `generate_rkme_image_spec`.
    **kwargs
        `n_models` and `model_config`, which are written to files.

    Attributes
    ----------
    z : ndarray of shape (K, channels, 32, 32), float64
        The reduced set.
    beta : ndarray of shape (K,), float64
        Weights of its points.
    num_points : int
        Number of images that the specification stands for; 0 in files of the published package.
    report : ReductionReport or None
        Fit and privacy, if the specification was made here.
    RKME_IMAGE_VERSION : int
        Version of the format.
    msg : str or None
        Remark in the file.
    n_models, model_config : int, dict
        Random networks of the published generator, which approximate the kernel.
    """

    IMAGE_WIDTH = IMAGE_WIDTH

    standardised = True

    def __init__(self, cuda_idx: int | None = None, **kwargs: Any) -> None:
        # In the order of the published files.
        self.RKME_IMAGE_VERSION = 1
        self.msg: str | None = None
        super().__init__(type="RKMEImageSpecification")
        self.n_models: int = kwargs.get("n_models", 16)
        self.model_config: dict[str, Any] = dict(
            kwargs.get("model_config", {"k": 2, "mu": 0, "sigma": None, "net_width": 128, "net_depth": 3})
        )
        self._cuda_idx = cuda_idx
        # The reduced set, and its features.
        self._mapped: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def __repr__(self) -> str:
        shape = "empty" if self.z is None else f"{len(self.z)} points of {'x'.join(map(str, self.z.shape[1:]))}"
        return f"{type(self).__name__}({shape}, num_points={self.num_points})"

    @property
    def channels(self) -> int:
        """Number of channels of the images."""
        return int(self.get_z().shape[1])

    @property
    def space(self) -> str:
        """The type and the shape of the images."""
        return f"{self.type}/" + "x".join(map(str, self.get_z().shape[1:]))

    def describe_space(self) -> str:
        """Return "images of", and their shape."""
        return text("images of {shape}", shape="×".join(map(str, self.get_z().shape[1:])))

    @property
    def points(self) -> NDArray[np.float64]:
        """Features of the reduced set (`image_features`), shape (K, d); they are kept, as markets often ask."""
        z = self.get_z()
        if self._mapped is None or self._mapped[0] is not z:
            mapped = image_features(z.astype(np.float32)).astype(np.float64)
            mapped.setflags(write=False)
            self._mapped = z, mapped
        return self._mapped[1]

    def to_points(self, X: Any) -> NDArray[np.float64]:
        """Return images as points: standardised and whitened by themselves, as the reduced set is, then their features.

        Parameters
        ----------
        X : array or tensor of shape (n_images, channels, height, width), list of images, or iterator of chunks

        Raises
        ------
        SpecificationError
            If these are no images.
        IncompatibleSpecificationError
            If they have other channels.
        """
        from learnware.specification._image_device import opened
        from learnware.specification._image_whitening import Whitening

        images = read_all(X, self.channels)
        with opened("numpy") as device:
            white = Whitening.of(images, device)(images)
        return image_features(white).astype(np.float64)

    def generate_stat_spec_from_data(
        self,
        X: Any,
        K: int = 50,
        step_size: float = 0.01,  # noqa: ARG002 - published parameter
        steps: int = 100,
        resize: bool = True,
        sample_size: int = 5000,
        nonnegative_beta: bool = True,
        reduce: bool = True,
        verbose: bool = True,
        *,
        seed: int = 0,
        privacy_floor: int | None = PRIVACY_FLOOR,
        progress: bool | None = None,
        device: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Fill the specification from images.

        Parameters are those of `generate_rkme_image_spec`, where `K` is called `reduced_set_size`.

        Raises
        ------
        SpecificationError
            If `X` are no images, or `device` is unknown or not there.
        MissingDependencyError
            If `device` needs torch, which is not installed.
        """
        from learnware.specification._image_reduction import reduce_images

        unknown = kwargs.keys() - {"whitening", "experimental"}
        if unknown:
            raise TypeError(f"unexpected arguments: {', '.join(sorted(unknown))}")
        self.fill(
            reduce_images(
                X,
                K=K,
                steps=steps,
                resize=resize,
                sample_size=sample_size,
                nonnegative_beta=nonnegative_beta,
                reduce=reduce,
                whitening=kwargs.get("whitening", True),
                seed=seed,
                privacy_floor=privacy_floor,
                progress=False if progress is None and not verbose else progress,
                device=device,
                cuda_idx=self._cuda_idx,
            )
        )

    def inner_prod(self, Phi2: RKMEImageSpecification) -> float:
        """Return the inner product of the two embeddings under the kernel of `_cnn_kernel`.

        Raises
        ------
        IncompatibleSpecificationError
            If the other specification has images of another shape.
        """
        z, other = self.get_z(), Phi2.get_z()
        if z.shape[1:] != other.shape[1:]:
            raise IncompatibleSpecificationError(
                f"specifications of images of {z.shape[1:]} and {other.shape[1:]} cannot be compared"
            )
        return float(self.get_beta() @ _kernel(z, other) @ Phi2.get_beta())

    def dist(self, Phi2: RKMEImageSpecification, omit_term1: bool = False) -> float:
        """Return the squared MMD to another specification, without the own self-product if `omit_term1`."""
        own = 0.0 if omit_term1 else self.inner_prod(self)
        return own + Phi2.inner_prod(Phi2) - 2.0 * self.inner_prod(Phi2)

    def herding(self, T: int) -> NDArray[np.float64]:
        """Return `T` of the specification's points, repeated ones included, that stand for it with equal weights.

        Kernel herding (Chen, Welling, Smola: Super-Samples from Kernel Herding, UAI 2010) with the reduced set as
        candidates.

        Returns
        -------
        ndarray of shape (T, channels, 32, 32), float64
        """
        z = self.get_z()
        return z[herd(_kernel(z, z), self.get_beta(), T)]

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> Self:
        """Return the specification that parsed JSON describes.

        Parameters
        ----------
        states : mapping
            `z` and `beta`; all else may be absent, unknown keys are ignored.

        Raises
        ------
        SpecificationError
            If a value is missing, of the wrong type or shape, not finite, or beyond all bounds.
        """
        spec = cls()
        check_type(states, spec.type, cls.__name__)
        reduced = read_reduced_set(states, 4)
        shape = reduced.z.shape
        if shape[2:] != (IMAGE_WIDTH, IMAGE_WIDTH) or shape[1] > MOST_CHANNELS or len(reduced.z) > MOST_IMAGES:
            raise SpecificationError(
                f"z must be at most {MOST_IMAGES} images of at most {MOST_CHANNELS} channels and"
                f" {IMAGE_WIDTH}x{IMAGE_WIDTH} pixels, not of shape {shape}"
            )
        if np.abs(reduced.z).max() > _LARGEST_PIXEL:
            raise SpecificationError(f"'z' has values beyond {_LARGEST_PIXEL:g}")
        version = states.get("RKME_IMAGE_VERSION", 1)
        if version != 1 or isinstance(version, bool):
            raise SpecificationError(f"RKME_IMAGE_VERSION {version!r:.40} is not known; known is 1")
        spec.fill(reduced)
        message, models, config = states.get("msg"), states.get("n_models", 16), states.get("model_config")
        spec.msg = message[:_LONGEST_REMARK] if isinstance(message, str) else None
        if isinstance(models, int) and not isinstance(models, bool) and 0 < models <= _MOST_MODELS:
            spec.n_models = models
        if config is not None and config != spec.model_config:
            # The kernel depends on the depth; other networks are another kernel.
            if not isinstance(config, dict) or config.get("net_depth", 3) != 3:
                raise SpecificationError("model_config must describe networks of depth 3, which define the kernel")
            spec.model_config = {
                name: config[name]
                for name in spec.model_config
                if name in config and (config[name] is None or isinstance(config[name], int | float))
            }
        return spec


def _kernel(A: NDArray[np.float64], B: NDArray[np.float64]) -> NDArray[np.float64]:
    from learnware.specification._image_device import opened
    from learnware.specification._image_reduction import kernel_matrix

    with opened("numpy") as device:
        return kernel_matrix(A, B, device)
