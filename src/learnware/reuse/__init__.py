"""Reuse: predictions for a task from one or several learnwares, without labels or with a few."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
