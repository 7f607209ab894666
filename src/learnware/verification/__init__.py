"""Checking a package: all that is wrong with it at once, where, and how to mend it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
