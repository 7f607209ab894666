from ._report import PARTS as PARTS
from ._report import EnvironmentSummary as EnvironmentSummary
from ._report import Finding as Finding
from ._report import PartResult as PartResult
from ._report import VerificationProgress as VerificationProgress
from ._report import VerificationReport as VerificationReport
from ._verify import verify as verify
