from ._torch import TorchModel as TorchModel
from .base import BaseModel as BaseModel
