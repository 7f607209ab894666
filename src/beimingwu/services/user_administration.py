"""What administrators do with other people's accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, select

from beimingwu.db.models import Learnware, User
from beimingwu.errors import ConflictError, InvalidInputError, LearnwaresLeftError, NotAllowedError
from beimingwu.services.accounts import delete_account, lock_account
from beimingwu.services.audit import audit, audit_learnware
from beimingwu.services.find_users import user_by_id, user_by_username
from beimingwu.services.identity import Role
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.passwords import GeneratedPassword, generate_password
from beimingwu.services.publishing import lock_learnware, remove
from beimingwu.services.sessions import end_sessions
from beimingwu.services.user_lists import ManagedUser, UserFilters, UserPage, condition, managed
from learnware.texts import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.codes import Codes
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.letters import Letters
    from beimingwu.services.passwords import Passwords
    from beimingwu.services.personal_data import PersonalData

__all__ = ["UserAdministration"]


class UserAdministration:
    """Lists, changes and deletes accounts. An administrator acts on accounts of lower roles only."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        codes: Codes,
        letters: Letters,
        personal_data: tuple[PersonalData, ...],
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._codes = codes
        self._letters = letters
        self._personal_data = personal_data
        self._clock = clock

    def list(
        self,
        identity: Identity,
        filters: UserFilters | None = None,
        *,
        cursor: int | None = None,
        offset: int = 0,
        limit: int = 20,
    ) -> UserPage:
        """Return a page of the accounts, the newest first.

        Parameters
        ----------
        identity : Identity
        filters : UserFilters, optional
        cursor : int, optional
            `UserPage.next_cursor` of the page before.
        offset : int, default=0
            How many to leave out, for who counts pages.
        limit : int, default=20
            How many, at most.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        InvalidInputError
            If a text cannot be looked for.
        """
        identity.require_role()
        wanted = condition(filters or UserFilters())
        query = select(User).where(wanted).order_by(User.id.desc()).offset(offset).limit(limit + 1)
        if cursor is not None:
            query = query.where(User.id < cursor)
        with self._database.read() as session:
            rows = session.scalars(query).all()
            total = session.scalar(select(func.count()).select_from(User).where(wanted)) or 0
            shown = managed(session, rows[:limit])
        more = len(rows) > limit and bool(shown)
        return UserPage(shown, shown[-1].account.user_id if more else None, total)

    def get(self, identity: Identity, user_id: int) -> ManagedUser:
        """Return an account.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        NotFoundError
            If there is none of this number.
        """
        identity.require_role()
        with self._database.read() as session:
            return managed(session, [user_by_id(session, user_id)])[0]

    def change(
        self,
        identity: Identity,
        user_id: int,
        origin: Origin,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        confirm: bool = False,
    ) -> ManagedUser:
        """Give an account a role, keep it from being used or let it be used again, confirm its address by hand.

        Parameters
        ----------
        identity : Identity
        user_id : int
        origin : Origin
        role : Role, optional
            For super administrators to give; it holds from the account's next request on.
        disabled : bool, optional
            The sessions of an account that is disabled end, and its tokens do not work.
        confirm : bool, default=False
            Take the e-mail address as confirmed.

        Raises
        ------
        NotAllowedError
            If the one who asks may not do that to this account.
        NotFoundError
            If there is none of this number.
        ConflictError
            If no super administrator would be left.
        """
        identity.require_role(Role.ADMIN if role is None else Role.SUPER_ADMIN)
        now = self._clock()
        with self._database.write() as session:
            user, is_last = lock_account(session, user_id)
            acts: list[tuple[str, dict[str, str]]] = []
            if disabled is not None or confirm:
                _require_below(identity, user)
            if role is not None and role != user.role:
                if is_last:
                    raise ConflictError("this is the last super administrator; give somebody else the role first")
                acts.append(("user.role", {"before": Role(user.role).label, "after": role.label}))
                user.role = int(role)
            if disabled is not None and disabled != (user.disabled_at is not None):
                acts.append(("user.disable" if disabled else "user.enable", {}))
                user.disabled_at = now if disabled else None
                if disabled:
                    end_sessions(session, user.id)
            if confirm and user.confirmed_at is None:
                acts.append(("user.confirm", {}))
                user.confirmed_at = now
            for action, details in acts:
                audit(
                    session,
                    action,
                    at=now,
                    actor_id=identity.user_id,
                    subject=("user", user_id),
                    origin=origin,
                    **details,
                )
            session.flush()
            return managed(session, [user])[0]

    def send_reset(self, identity: Identity, user_id: int, origin: Origin) -> None:
        """Send an account the mail that a new password can be chosen with.

        Raises
        ------
        NotAllowedError
            If the one who asks may not do that to this account.
        NotFoundError
            If there is none of this number.
        TooManyRequestsError
            If it got too many mails.
        """
        identity.require_role()
        with self._database.read() as session:
            user = user_by_id(session, user_id)
            _require_below(identity, user)
            email = user.email
        self._codes.count_mail(email, origin)
        now = self._clock()
        with self._database.write() as session:
            user = user_by_id(session, user_id, lock=True)
            code = self._codes.issue(session, user_id, "reset")
            audit(
                session,
                "user.send-reset",
                at=now,
                actor_id=identity.user_id,
                subject=("user", user_id),
                origin=origin,
            )
        self._letters.reset(user.email, user.language, user.username, user_id, code)

    def generate_password(self, identity: Identity, user_id: int, origin: Origin) -> GeneratedPassword:
        """Give an account a password that the dock makes, and end its sessions; its owner gets a notice.

        Raises
        ------
        NotAllowedError
            If the one who asks may not do that to this account.
        NotFoundError
            If there is none of this number.
        """
        identity.require_role()
        generated = generate_password()
        password_hash = self._passwords.hash(generated.digest)
        now = self._clock()
        with self._database.write() as session:
            user = user_by_id(session, user_id, lock=True)
            _require_below(identity, user)
            user.password_hash = password_hash
            user.password_changed_at = now
            end_sessions(session, user_id)
            audit(
                session,
                "user.generate-password",
                at=now,
                actor_id=identity.user_id,
                subject=("user", user_id),
                origin=origin,
            )
        self._letters.password_changed(user.email, user.language, user.username)
        return generated

    def delete(
        self,
        identity: Identity,
        user_id: int,
        origin: Origin,
        *,
        learnwares: Literal["delete", "transfer"] | None = None,
        to: str | None = None,
    ) -> None:
        """Delete an account.

        Parameters
        ----------
        identity : Identity
        user_id : int
        origin : Origin
        learnwares : {"delete", "transfer"}, optional
            What is to become of its learnwares; without it, an account that has some is not deleted.
        to : str, optional
            User name of the account that they are transferred to; the one that asks, if not given.

        Raises
        ------
        NotAllowedError
            If the one who asks may not do that to this account.
        NotFoundError
            If there is none of this number.
        InvalidInputError
            If they cannot be transferred to that account.
        LearnwaresLeftError
            If it has learnwares, and it is not said what is to become of them.
        """
        identity.require_role()
        now = self._clock()
        with self._database.write() as session:
            user, _ = lock_account(session, user_id)
            _require_below(identity, user)
            heir = _heir(session, identity, user, to) if learnwares == "transfer" else None
            mine = select(Learnware.id).where(Learnware.owner_id == user_id).order_by(Learnware.id)
            learnware_ids = session.scalars(mine).all()
            if learnware_ids and learnwares is None:
                raise LearnwaresLeftError(tuple(format_id(one) for one in learnware_ids))
            for one in learnware_ids:
                learnware = lock_learnware(session, one)
                if heir is not None:
                    learnware.owner_id = heir.id
                    audit_learnware(session, "learnware.transfer", identity, one, origin, now, to=heir.id)
                else:
                    remove(session, learnware)
                    audit_learnware(session, "learnware.delete", identity, one, origin, now)
            session.flush()
            delete_account(session, user_id, self._personal_data)
            audit(session, "user.delete", at=now, actor_id=identity.user_id, subject=("user", user_id), origin=origin)


def _require_below(identity: Identity, user: User) -> None:
    if user.role >= identity.role:
        raise NotAllowedError("this account has your role or a higher one")


def _heir(session: Session, identity: Identity, user: User, name: str | None) -> User:
    heir = session.get(User, identity.user_id) if name is None else user_by_username(session, name)
    if heir is None or heir is user or heir.confirmed_at is None or heir.disabled_at is not None:
        rule = text("must be the name of another account that can be used")
        raise InvalidInputError(
            text("the account that gets the learnwares {rule}", rule=rule), fields=(("query to", rule),)
        )
    return heir
