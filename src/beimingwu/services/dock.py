"""All services of a dock over one database: what an API or a command works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beimingwu.db.engine import Database
from beimingwu.db.revision import current_revision, newest_revision, require_newest
from beimingwu.secrets_file import provide_secrets, refuse_unsafe
from beimingwu.services.accounts import Accounts
from beimingwu.services.appending import UploadGround
from beimingwu.services.audit_log import AuditLog
from beimingwu.services.background import Background
from beimingwu.services.catalogue import Catalogue
from beimingwu.services.client_limits import ClientLimits
from beimingwu.services.clock import Clock, utc_now
from beimingwu.services.codes import Codes
from beimingwu.services.contract_uploads import ContractUploads
from beimingwu.services.datasets import Datasets
from beimingwu.services.downloads import DownloadData, Downloads
from beimingwu.services.email_changes import EmailChanges
from beimingwu.services.favourites import FavouriteData, Favourites
from beimingwu.services.learnware_contents import LearnwareContents
from beimingwu.services.learnware_data import LearnwareData
from beimingwu.services.learnware_history import LearnwareHistory
from beimingwu.services.letters import Letters
from beimingwu.services.mail import MailTransport, mail_transport
from beimingwu.services.market_index import MarketIndex
from beimingwu.services.notifications import NotificationData, Notifications, unread
from beimingwu.services.overview import Overview
from beimingwu.services.ownership import Ownership
from beimingwu.services.password_resets import PasswordResets
from beimingwu.services.passwords import Passwords
from beimingwu.services.personal_data import AccountData, PersonalData
from beimingwu.services.queue_lists import QueueLists
from beimingwu.services.rate_limits import RateLimits
from beimingwu.services.registration import Registration
from beimingwu.services.search import Searches
from beimingwu.services.sensitive_words import SensitiveWords
from beimingwu.services.sessions import Sessions
from beimingwu.services.shown_settings import ShownSettings
from beimingwu.services.statistics import Statistics
from beimingwu.services.submissions import Submissions
from beimingwu.services.tokens import Tokens
from beimingwu.services.trial_queue import TrialQueue
from beimingwu.services.trials import TrialData, Trials
from beimingwu.services.uploads import UploadData, Uploads
from beimingwu.services.usage import Usage
from beimingwu.services.user_administration import UserAdministration
from beimingwu.services.users import Users
from beimingwu.services.verification_queue import VerificationQueue
from beimingwu.services.verifications import Verifications
from beimingwu.services.web_sessions import WebSessions
from beimingwu.services.world import World
from beimingwu.storage import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.settings import Settings

__all__ = ["Dock", "open_database"]


def open_database(settings: Settings, *, pool_size: int | None = None, migrated: bool = False) -> Database:
    """Return the database of the settings; an embedded one is made, or brought to this version.

    Parameters
    ----------
    settings : Settings
    pool_size : int, optional
        Connections, at most; what the settings say, if not given.
    migrated : bool, default=False
        Whether one that is not embedded is brought to this version, too.

    Raises
    ------
    SettingsError
        If there is none of such an address, or it is of a newer version.
    UnavailableError
        If it cannot be reached, or is a PostgreSQL database of another version.
    """
    database = Database(settings.database_address, pool_size=pool_size or settings.database_pool_size)
    try:
        # Several servers work on one PostgreSQL database, so when it changes is for the operator to say.
        ours = migrated or database.is_sqlite
        if ours and (not database.is_made or current_revision(database) != newest_revision()):
            from beimingwu.db.migrate import migrate

            migrate(database)
        require_newest(database)
    except BaseException:
        database.close()
        raise
    return database


class Dock:
    """The services of a dock.

    Parameters
    ----------
    settings : Settings
    database : Database
        Of this version; closed by `close`.
    clock : callable, optional
        What tells the time.
    transport : MailTransport, optional
        What sends mails; that of the settings, if not given.
    count_mail : callable, optional
        Told the outcome of every mail.

    Raises
    ------
    SettingsError
        If the settings are unsafe, or secrets cannot be had.
    """

    # What each capability keeps of people; one that is added is named here.
    personal_data: tuple[PersonalData, ...] = (
        AccountData(),
        LearnwareData(),
        NotificationData(),
        FavouriteData(),
        DownloadData(),
        UploadData(),
        TrialData(),
    )

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        clock: Clock = utc_now,
        transport: MailTransport | None = None,
        count_mail: Callable[[str], None] | None = None,
    ) -> None:
        refuse_unsafe(settings)
        self.settings = settings
        self.database = database
        self.clock = clock
        self.secrets = provide_secrets(settings)
        self.store = open_store(settings)
        self.background = Background()
        self.passwords = Passwords(settings)
        limits = RateLimits(database, self.secrets.secret_key, clock)
        letters = Letters(
            settings, transport or mail_transport(settings), self.background, count_mail or (lambda _: None)
        )
        codes = Codes(settings, limits, clock)
        self.registration = Registration(database, settings, self.passwords, codes, letters, self.background, clock)
        self.password_resets = PasswordResets(database, self.passwords, codes, letters, self.background, clock)
        self.sessions = Sessions(database, settings, self.passwords, limits, clock)
        self.web_sessions = WebSessions(database, self.sessions, unread)
        self.tokens = Tokens(database, clock)
        self.submissions = Submissions(database, settings, self.store, limits, clock)
        self.ownership = Ownership(database, clock)
        self.accounts = Accounts(database, self.passwords, self.sessions, letters, self.personal_data, clock)
        self.email_changes = EmailChanges(database, settings, self.sessions, codes, letters, clock)
        self.users = Users(database, self.passwords, codes, letters, clock)
        self.user_administration = UserAdministration(
            database, self.passwords, codes, letters, self.personal_data, clock
        )
        self.sensitive_words = SensitiveWords(database, clock)
        self.audit_log = AuditLog(database)
        self.queue_lists = QueueLists(database, clock)
        self.statistics = Statistics(database, clock)
        self.shown_settings = ShownSettings(settings, database)
        ground = UploadGround(database, settings, self.store, clock)
        self.uploads = Uploads(ground)
        self.contract_uploads = ContractUploads(ground)
        self.datasets = Datasets(database, self.store, self.uploads, self.contract_uploads, clock)
        self.usage = Usage(database, clock)
        self.catalogue = Catalogue(database)
        self.learnware_history = LearnwareHistory(database, clock)
        self.overview = Overview(database, clock)
        self.notifications = Notifications(database, clock)
        self.favourites = Favourites(database, clock)
        self.market_index = MarketIndex(database)
        self.client_limits = ClientLimits(database, limits, clock)
        self.world = World(database, self.market_index, clock)
        self.search = Searches(database, settings, self.market_index, self.usage, self.client_limits)
        self.downloads = Downloads(database, settings, limits, self.client_limits, clock)
        self.learnware_contents = LearnwareContents(self.store, self.downloads)
        self.trial_queue = TrialQueue(database, settings, clock)
        self.trials = Trials(database, settings, limits, clock)
        self.verification_queue = VerificationQueue(database, settings, clock)
        self.verifications = Verifications(database, settings, limits, clock)

    def require_ready(self) -> None:
        """Refuse if requests cannot be answered.

        Raises
        ------
        UnavailableError
            If the database cannot be reached or is of another version, or the store cannot be used.
        """
        require_newest(self.database)
        self.store.require_ready()

    def close(self) -> None:
        """Finish what is waiting and close the database."""
        self.background.close(timeout=self.settings.shutdown_seconds)
        self.usage.close()
        self.client_limits.close()
        self.database.close()
