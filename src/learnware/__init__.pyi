from . import client as client
from . import errors as errors
from . import learnware as learnware
from . import market as market
from . import model as model
from . import reuse as reuse
from . import runtime as runtime
from . import specification as specification
from . import verification as verification
from ._helpers import get_module_logger as get_module_logger
from ._helpers import init as init
from ._helpers import is_torch_available as is_torch_available
from ._helpers import setup_seed as setup_seed
from .solution import solve as solve

__version__: str
