"""Where the arithmetic of image specifications runs: numpy, or torch on the processor or on a GPU."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import MissingDependencyError, SpecificationError
from learnware.specification._reduction import workers
from learnware.specification._threads import single_threaded_torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from learnware.specification._cnn_kernel import Array
    from learnware.specification._reduction import ParallelMap

__all__ = ["Device", "choose_device", "opened"]

# Images from which on a GPU saves more than importing torch takes.
_WORTH_TORCH = 500
_NAMES = re.compile(r"numpy|cpu|cuda(:\d+)?")


@dataclass(frozen=True)
class Device:
    """An open device.

    Attributes
    ----------
    name : str
        "numpy", or torch's name of it.
    pairs : int
        Pairs of images whose kernel is computed at once: on a processor few enough for its caches.
    map : callable
        Like the built-in; in parallel where the library does not use all cores by itself.
    put, get : callable
        From a numpy array to one of the device's, and back.
    """

    name: str
    pairs: int
    map: ParallelMap
    put: Callable[[NDArray[Any]], Array]
    get: Callable[[Array], NDArray[Any]]


def choose_device(device: str | None, cuda_idx: int | None, n_images: int) -> str:
    """Return the name of the device for `n_images` images; parameters as in `generate_rkme_image_spec`.

    Raises
    ------
    SpecificationError
        If `device` is unknown, or not on this machine.
    MissingDependencyError
        If it needs torch, which is not installed.
    """
    if device is not None:
        if not _NAMES.fullmatch(device):
            raise SpecificationError(f"device is 'numpy', 'cpu', 'cuda' or 'cuda:0', 'cuda:1', ..., not {device!r:.40}")
        if device != "numpy":
            _torch(device)
        if device.startswith("cuda") and not int(device[5:] or 0) < _count_gpus(device):
            raise SpecificationError(f"torch finds no device {device!r} on this machine")
        return device
    wanted = n_images >= _WORTH_TORCH if cuda_idx is None else cuda_idx >= 0
    if not wanted or find_spec("torch") is None:
        return "numpy"
    gpus = _count_gpus("cuda")
    if gpus == 0:
        return "numpy"
    return f"cuda:{cuda_idx if cuda_idx is not None and cuda_idx < gpus else 0}"


@contextmanager
def opened(name: str) -> Iterator[Device]:
    """Open a device."""
    if name.startswith("cuda"):
        yield _of_torch(name, 12_800, map)
    elif name == "cpu":
        # As with BLAS: one thread for each block, and several blocks at once.
        with single_threaded_torch(), workers() as parallel_map:
            yield _of_torch(name, 800, parallel_map)
    else:
        with workers() as parallel_map:
            yield Device(name, 800, parallel_map, np.asarray, np.asarray)


def _of_torch(name: str, pairs: int, map_blocks: ParallelMap) -> Device:
    torch = _torch(name)
    return Device(
        name, pairs, map_blocks, lambda array: torch.from_numpy(array).to(name), lambda array: array.cpu().numpy()
    )


def _count_gpus(device: str) -> int:
    torch = _torch(device)
    return int(torch.cuda.device_count()) if torch.cuda.is_available() else 0


def _torch(device: str) -> Any:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingDependencyError("torch", purpose=f"for the device {device!r}", extra="torch") from error
    return torch
