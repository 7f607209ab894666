"""The learnware paradigm: share trained models; find and reuse them, alone or combined, without showing any data.

A learnware is a model with a specification of the data that it is good at. `learnware.specification` describes data,
`learnware.learnware` packs models, `learnware.market` keeps and finds learnwares, `learnware.reuse` applies them, and
`solve` does all of it in one call. Importing this package has no effect and loads no other: names load what they need.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.5.0"
