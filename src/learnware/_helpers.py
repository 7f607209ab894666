"""Helpers that programs written for the published package call: logging, seeds, whether torch is there."""

from __future__ import annotations

import logging
import os
import random
import sys
from importlib.util import find_spec
from typing import Any

__all__ = ["get_module_logger", "init", "is_torch_available", "setup_seed"]

_FORMAT = "[%(asctime)s] %(levelname)s %(name)s: %(message)s"


def init(verbose: bool = True, **kwargs: Any) -> None:
    """Do nothing: nothing has to be initialised.

    Parameters
    ----------
    verbose : bool, default=True
        Whether to log that.
    **kwargs
        Accepted for programs written for the published package; settings have no effect here.
    """
    if verbose:
        ignored = f"; without effect: {', '.join(sorted(kwargs))}" if kwargs else ""
        logging.getLogger("learnware").info("learnware needs no initialisation%s", ignored)


def get_module_logger(
    module_name: str, level: int | None = None, outfile: str | os.PathLike[str] | None = None
) -> logging.Logger:
    """Return the logger of a module.

    Parameters
    ----------
    module_name : str
        Name of the logger.
    level : int, optional
        Level to set, e.g. `logging.INFO`.
    outfile : str or path, optional
        File to write to, besides the handlers of the program.

    Examples
    --------
    >>> get_module_logger("my.module").name
    'my.module'
    """
    logger = logging.getLogger(module_name)
    if level is not None:
        logger.setLevel(level)
    if outfile is not None:
        path = os.path.abspath(os.fspath(outfile))  # noqa: PTH100  # as logging writes it in baseFilename
        if not any(isinstance(one, logging.FileHandler) and one.baseFilename == path for one in logger.handlers):
            handler = logging.FileHandler(path, encoding="utf-8")
            handler.setFormatter(logging.Formatter(_FORMAT))
            logger.addHandler(handler)
    return logger


def is_torch_available(verbose: bool = False) -> bool:
    """Return whether torch is installed; with `verbose`, log it when it is not."""
    available = find_spec("torch") is not None
    if verbose and not available:
        logging.getLogger("learnware").warning("torch is not installed: pip install 'learnware[torch]'")
    return available


def setup_seed(seed: int) -> None:
    """Seed the global generators of Python, of numpy and, where it is loaded, of torch.

    The engine itself uses none of them: its functions take a `seed`.
    """
    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  # seeding the global generator is what it is for
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
