from ._augment import FeatureAugmentReuser as FeatureAugmentReuser
from ._averaging import AveragingReuser as AveragingReuser
from ._base import BaseReuser as BaseReuser
from ._base import ReuseReport as ReuseReport
from ._job_selector import JobSelectorReuser as JobSelectorReuser
from ._pruning import EnsemblePruningReuser as EnsemblePruningReuser
from ._routing import RoutingReuser as RoutingReuser
from ._stacking import StackingReuser as StackingReuser
