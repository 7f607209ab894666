"""The tables, one module for each concept. Importing this package makes them all known."""

from beimingwu.db.models.audit import AuditEvent
from beimingwu.db.models.codes import MailCode
from beimingwu.db.models.rate_limits import RateWindow
from beimingwu.db.models.sessions import UserSession
from beimingwu.db.models.tokens import ApiToken
from beimingwu.db.models.users import User

__all__ = ["ApiToken", "AuditEvent", "MailCode", "RateWindow", "User", "UserSession"]
