from ._base import TextEncoder as TextEncoder
from ._names import PUBLISHED as PUBLISHED
from ._names import text_encoder as text_encoder
