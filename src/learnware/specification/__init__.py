"""Specifications: what a learnware is good at, in words and tags (semantic) and in weighted points (statistical)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
