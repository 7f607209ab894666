from ._environment import Environment as Environment
from ._environment import current_environment as current_environment
from ._requirements import Requirements as Requirements
from ._requirements import read_requirements as read_requirements
from ._shelf import StoredEnvironment as StoredEnvironment
from ._store import EnvironmentStore as EnvironmentStore
