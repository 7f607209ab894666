from ._child import Child as Child
from ._limits import Limits as Limits
