from ._pickles import PickleLimits as PickleLimits
from ._pickles import PickleLook as PickleLook
from ._pickles import PickleNote as PickleNote
from ._pickles import look_at_pickles as look_at_pickles
