"""The tables, one module for each concept. Importing this package makes them all known."""

from beimingwu.db.models.administration import Dataset, SensitiveWord
from beimingwu.db.models.audit import AuditEvent
from beimingwu.db.models.blobs import Blob
from beimingwu.db.models.codes import MailCode
from beimingwu.db.models.email_changes import EmailChange
from beimingwu.db.models.index import Embedding, IndexState, Island, RemovedLearnware
from beimingwu.db.models.learnwares import Learnware, StatSpec, Version
from beimingwu.db.models.notifications import Favourite, Notification
from beimingwu.db.models.rate_limits import RateWindow
from beimingwu.db.models.sessions import UserSession
from beimingwu.db.models.tokens import ApiToken
from beimingwu.db.models.trials import Trial
from beimingwu.db.models.uploads import Upload, UploadPart
from beimingwu.db.models.usage import DailyCount, DownloadLink, LearnwareDay
from beimingwu.db.models.users import User
from beimingwu.db.models.verifications import Verification, VerificationLine

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Blob",
    "DailyCount",
    "Dataset",
    "DownloadLink",
    "EmailChange",
    "Embedding",
    "Favourite",
    "IndexState",
    "Island",
    "Learnware",
    "LearnwareDay",
    "MailCode",
    "Notification",
    "RateWindow",
    "RemovedLearnware",
    "SensitiveWord",
    "StatSpec",
    "Trial",
    "Upload",
    "UploadPart",
    "User",
    "UserSession",
    "Verification",
    "VerificationLine",
    "Version",
]
