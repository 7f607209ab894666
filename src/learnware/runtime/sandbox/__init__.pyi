from ._child import Child as Child
from ._levels import choose_sandbox as choose_sandbox
from ._levels import sandbox_report as sandbox_report
from ._limits import Limits as Limits
from ._trees import SANDBOX_LEVELS as SANDBOX_LEVELS
