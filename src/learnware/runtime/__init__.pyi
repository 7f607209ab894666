from ._process import ModelProcess as ModelProcess
from .environment import Environment as Environment
from .environment import current_environment as current_environment
from .sandbox import Limits as Limits
