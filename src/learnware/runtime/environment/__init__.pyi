from ._environment import Environment as Environment
from ._environment import current_environment as current_environment
