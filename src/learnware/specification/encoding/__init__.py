"""Sentence encoders: what turns texts into points that specifications of texts are made of."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
