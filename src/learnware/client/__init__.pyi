from ._client import LearnwareClient as LearnwareClient
from ._dock import DockConnection as DockConnection
from ._keys import SemanticSpecificationKey as SemanticSpecificationKey
from ._transfers import TransferProgress as TransferProgress
