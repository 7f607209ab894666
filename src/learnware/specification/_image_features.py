"""RKME specifications of images by a fixed map to features."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import IncompatibleSpecificationError, SpecificationError
from learnware.specification._base import register_stat_specification
from learnware.specification._image_map import FEATURE_MAP, image_features, n_features
from learnware.specification._images import MOST_CHANNELS, ImageReader, read_all
from learnware.specification._limits import PRIVACY_FLOOR
from learnware.specification._states import check_type
from learnware.specification._table import RKMETableSpecification
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from typing_extensions import Self

    from learnware.specification._generate import Quality

__all__ = ["RKMEImageFeatureSpecification"]


@register_stat_specification
class RKMEImageFeatureSpecification(RKMETableSpecification):
    """Reduced kernel mean embedding (RKME) of images: weighted points in the space of a fixed feature map.

    Parameters
    ----------
    gamma : float, default=0.1
        Inverse squared length scale of the Gaussian kernel on features.
    channels : int, default=3
        Number of channels of the images.

    Attributes
    ----------
    z : ndarray of shape (K, n_features), float64
        The reduced set: features, and no images.
    beta : ndarray of shape (K,), float64
        Weights of its points.
    num_points : int
        Number of images that the specification stands for.
    channels : int
        Number of channels of the images.
    feature_map : str
        Name of the map from images to features.
    report : ReductionReport or None
        Fit and privacy, if the specification was made here.
    """

    means_tell_most = True

    def __init__(self, gamma: float = 0.1, *, channels: int = 3) -> None:
        super().__init__(gamma)
        self.type = "RKMEImageFeatureSpecification"
        self.channels = channels
        self.feature_map = FEATURE_MAP

    def __repr__(self) -> str:
        points = "empty" if self.z is None else f"{len(self.z)} points"
        return f"{type(self).__name__}({points}, channels={self.channels}, num_points={self.num_points})"

    @property
    def space(self) -> str:
        """The type, the feature map and the number of channels."""
        return f"{self.type}/{self.feature_map}/{self.channels}"

    def describe_space(self) -> str:
        """Return "grey images", "colour images", or the number of channels."""
        if self.channels == 1:
            return text("grey images")
        if self.channels == 3:
            return text("colour images")
        return text("images of {channels} channels", channels=self.channels)

    def to_points(self, X: Any) -> NDArray[np.float64]:
        """Return the features of images, shape (n_images, n_features).

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
        return image_features(read_all(X, self.channels)).astype(np.float64)

    def generate_stat_spec_from_data(
        self,
        X: Any,
        K: int = 50,
        step_size: float = 0.1,  # noqa: ARG002 - published parameter
        steps: int = 3,  # noqa: ARG002 - published parameter
        nonnegative_beta: bool = True,
        reduce: bool = True,
        *,
        quality: Quality = "default",
        seed: int = 0,
        privacy_floor: int | None = PRIVACY_FLOOR,
        progress: bool | None = None,
    ) -> None:
        """Fill the specification from images; parameters are those of `generate_rkme_image_feature_spec`.

        Raises
        ------
        SpecificationError
            If `X` are no images.
        """
        from learnware.specification._generate import reduce_table

        reader = ImageReader(X)
        # Features as images are read: any number of images in fixed memory, and progress shows in between.
        reduction = reduce_table(
            (image_features(block) for block in reader.blocks()),
            K=K,
            gamma=self.gamma,
            nonnegative_beta=nonnegative_beta,
            reduce=reduce,
            quality=quality,
            seed=seed,
            privacy_floor=privacy_floor,
            progress=progress,
            cells=True,
        )
        self.z, self.beta, self.num_points = reduction.z, reduction.beta, reduction.n_rows
        self.report = replace(reduction.report, missing=reader.missing, infinite=reader.infinite)
        self.channels = reader.channels or self.channels

    def inner_prod(self, Phi2: RKMETableSpecification) -> float:
        """Return the inner product of the two embeddings.

        Raises
        ------
        IncompatibleSpecificationError
            If the other specification is of other images, or made with another map.
        """
        if self.space != Phi2.space:
            raise IncompatibleSpecificationError(f"{self.space} and {Phi2.space} cannot be compared")
        return super().inner_prod(Phi2)

    @classmethod
    def from_states(cls, states: Mapping[str, Any]) -> Self:
        """Return the specification that parsed JSON describes.

        Parameters
        ----------
        states : mapping
            `z`, `beta`, `gamma`, `channels` and `feature_map`; `num_points`, `type` and `report` may be absent, unknown
            keys are ignored.

        Raises
        ------
        SpecificationError
            If a value is missing, of the wrong type or shape, not finite, or beyond all bounds.
        """
        check_type(states, cls.__name__)
        spec = super().from_states(states)
        known = states.get("feature_map")
        if known != FEATURE_MAP:
            raise SpecificationError(f"the feature map {known!r:.40} is not known here; known is {FEATURE_MAP!r}")
        channels, width = states.get("channels"), spec.get_z().shape[1]
        if isinstance(channels, bool) or not isinstance(channels, int) or not 1 <= channels <= MOST_CHANNELS:
            raise SpecificationError(f"channels must be a whole number from 1 to {MOST_CHANNELS}, not {channels!r:.40}")
        if width != n_features(channels):
            raise SpecificationError(f"images of {channels} channels have {n_features(channels)} features, not {width}")
        spec.channels = channels
        return spec
