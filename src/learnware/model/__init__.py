"""Models of learnwares: the interface that the model in a package implements."""

from learnware.model.base import BaseModel

__all__ = ["BaseModel"]
