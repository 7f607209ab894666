from ._process import ModelProcess as ModelProcess
from ._runner import ModelRunner as ModelRunner
from ._running import RunningModel as RunningModel
from ._running import RunReport as RunReport
from .environment import Environment as Environment
from .environment import current_environment as current_environment
from .sandbox import Limits as Limits
