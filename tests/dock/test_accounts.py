"""One's own account, other people's accounts, and what happens to what is over."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from beimingwu.db.base import Table
from beimingwu.db.models import AuditEvent, MailCode, RateWindow, User, UserSession
from beimingwu.errors import (
    ConflictError,
    EmailTakenError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    ServiceError,
    UsernameTakenError,
)
from beimingwu.services.dock import Dock
from beimingwu.services.housekeeping import Housekeeper, tidy
from beimingwu.services.identity import Role
from beimingwu.services.passwords import digest_of, generate_password, is_digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ADA = "ada@example.org"
PASSWORD = "correct horse"


def identity_of(rig: Any, name: str = "ada") -> Any:
    return rig.dock.sessions.authenticate(rig.session(name))


def count(rig: Any, table: type[Table]) -> int:
    with rig.dock.database.read() as session:
        return int(session.scalar(select(func.count()).select_from(table)))


def test_rename(rig: Any) -> None:
    rig.user("ada")
    rig.user("bea")
    identity = identity_of(rig)
    assert rig.dock.accounts.change(identity, username="Ada").username == "Ada"
    assert rig.dock.accounts.profile(identity).username == "Ada"
    with pytest.raises(UsernameTakenError):
        rig.dock.accounts.change(identity, username="BEA")
    with pytest.raises(InvalidInputError):
        rig.dock.accounts.change(identity, username="a\0")


def test_one_name_taken_at_once_by_two(rig: Any) -> None:
    names = [f"user{i}" for i in range(5)]
    for name in names:
        rig.user(name)

    def rename(name: str) -> Any:
        try:
            return rig.dock.accounts.change(identity_of(rig, name), username="Ada").username
        except ServiceError as error:
            return type(error)

    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(rename, names))
    assert sorted(map(str, found)) == sorted(["Ada"] + [str(UsernameTakenError)] * 4)


def test_change_password_ends_the_other_sessions(rig: Any) -> None:
    rig.user()
    mine, other = rig.session(), rig.session()
    identity = rig.dock.sessions.authenticate(mine)
    with pytest.raises(InvalidCredentialsError):
        rig.dock.accounts.change_password(identity, "wrong", "another password", rig.origin())
    rig.dock.accounts.change_password(identity, PASSWORD, "another password", rig.origin())
    assert rig.dock.sessions.authenticate(mine).user_id == identity.user_id
    with pytest.raises(NotAuthenticatedError):
        rig.dock.sessions.authenticate(other)
    with pytest.raises(InvalidCredentialsError):
        rig.session()
    assert rig.dock.sessions.login(ADA, digest_of("another password"), rig.origin()).token
    rig.drain()
    assert rig.outbox.subjects_for(ADA) == ["Your password was changed"]


@pytest.mark.parametrize("password", ["", "short", "x" * 257, "aaaaaaaaaa", "ada@example.org", "ADA@EXAMPLE.ORG"])
def test_bad_passwords(rig: Any, password: str) -> None:
    rig.user()
    with pytest.raises(InvalidInputError) as caught:
        rig.dock.accounts.change_password(identity_of(rig), PASSWORD, password, rig.origin())
    assert caught.value.fields[0][0] == "/new_password"
    assert password == "" or password not in str(caught.value)


@pytest.mark.parametrize("password", ["with \0 inside", "\ud800 surrogate", "密码不能告诉别人", "x yz" * 64])
def test_odd_passwords_work(rig: Any, password: str) -> None:
    rig.dock.users.create(ADA, "ada", password, verified=True)
    assert rig.dock.sessions.login(ADA, digest_of(password), rig.origin()).token


def test_digests() -> None:
    assert digest_of("abc") == "900150983cd24fb0d6963f7d28e17f72"
    assert is_digest(digest_of("abc"))
    for text in (digest_of(""), "", "abc", digest_of("abc").upper(), digest_of("abc") + "\n", "٣" * 32):
        assert not is_digest(text)
    generated = {generate_password().password for _ in range(50)}
    assert len(generated) == 50
    assert {len(one) for one in generated} == {16}


def test_export_holds_what_is_kept_and_no_secrets(rig: Any) -> None:
    user_id = rig.user()
    token = rig.dock.tokens.create_for(user_id, "laptop", ["read"], expires_in_days=None).token
    session = rig.session()
    exported = rig.dock.accounts.export(rig.dock.sessions.authenticate(session))
    text = json.dumps(exported, default=str)
    assert exported["account"]["email"] == ADA
    assert [one["name"] for one in exported["tokens"]] == ["laptop"]
    assert [one["address"] for one in exported["sessions"]] == ["192.0.2.1"]
    assert [one["action"] for one in exported["audit"]] == ["user.create", "token.create"]
    for secret in (token, session, "hash", "argon2"):
        assert secret not in text


def test_deletion_leaves_a_number_in_the_log_only(rig: Any) -> None:
    rig.user("bea")
    user_id = rig.user("ada")
    rig.dock.tokens.create_for(user_id, "laptop", ["read"], expires_in_days=None)
    rig.dock.password_resets.send_code(ADA, rig.origin())
    rig.drain()
    identity = identity_of(rig)
    with pytest.raises(InvalidCredentialsError):
        rig.dock.accounts.delete(identity, "wrong", rig.origin())
    rig.dock.accounts.delete(identity, PASSWORD, rig.origin())
    with pytest.raises(NotFoundError):
        rig.dock.users.find(ADA)
    with rig.dock.database.read() as session:
        for table in Table.metadata.sorted_tables:
            for row in session.execute(select(table)):
                # As a word: hashes have these letters, too.
                assert re.search(r"\bada\b", str(row)) is None
        last = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (last.action, last.actor_id, last.subject_id, last.request_id) == (
        "user.delete",
        user_id,
        user_id,
        "request-1",
    )
    # Neither the name nor the number is lost to others; the number is never given again.
    assert rig.user("ada") > user_id


def test_the_last_super_administrator_stays(rig: Any) -> None:
    for name in ("ada", "bea"):
        rig.user(name, role=Role.SUPER_ADMIN)

    def delete(name: str) -> Any:
        try:
            return rig.dock.accounts.delete(identity_of(rig, name), PASSWORD, rig.origin())
        except ServiceError as error:
            return type(error)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(delete, ("ada", "bea")))
    assert sorted(map(str, found)) == sorted(["None", str(ConflictError)])
    assert len(rig.dock.users.all()) == 1


@dataclass
class Notes:
    """A capability that keeps something of people."""

    erased: list[int] = field(default_factory=list)
    busy: bool = False

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        return {"notes": [f"note of {user_id}"]}

    def erase(self, session: Session, user_id: int) -> None:
        if self.busy:
            raise ConflictError("a note is being read; try again")
        self.erased.append(user_id)


def test_other_capabilities_export_and_erase_what_is_theirs(make_rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes(busy=True)
    monkeypatch.setattr(Dock, "personal_data", (*Dock.personal_data, notes))
    rig = make_rig()
    user_id = rig.user()
    identity = identity_of(rig)
    assert rig.dock.accounts.export(identity)["notes"] == [f"note of {user_id}"]
    with pytest.raises(ConflictError, match="being read"):
        rig.dock.accounts.delete(identity, PASSWORD, rig.origin())
    assert rig.dock.users.find(ADA).user_id == user_id
    notes.busy = False
    rig.dock.accounts.delete(identity, PASSWORD, rig.origin())
    assert notes.erased == [user_id]


def test_administering_accounts_is_in_the_log(rig: Any) -> None:
    user_id = rig.user()
    rig.dock.users.set_role(user_id, Role.ADMIN)
    rig.dock.users.disable(user_id)
    rig.dock.users.disable(user_id)
    rig.dock.users.enable(user_id)
    with rig.dock.database.read() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(one.action, one.actor_id, one.subject_id) for one in events] == [
        ("user.create", None, user_id),
        ("user.role", None, user_id),
        ("user.disable", None, user_id),
        ("user.enable", None, user_id),
    ]
    assert events[1].details == {"before": "user", "after": "admin"}


def test_accounts_that_cannot_be_made(rig: Any) -> None:
    rig.user()
    create = rig.dock.users.create
    with pytest.raises(EmailTakenError):
        create("ADA@example.org", "other", PASSWORD)
    with pytest.raises(UsernameTakenError):
        create("other@example.org", "ADA", PASSWORD)
    for email, name, password in (("nix", "n", PASSWORD), ("n@n.n", "", PASSWORD), ("n@n.n", "n", "short")):
        with pytest.raises(InvalidInputError):
            create(email, name, password)
    for act in (lambda: rig.dock.users.disable(99), lambda: rig.dock.users.set_role(99, Role.ADMIN)):
        with pytest.raises(NotFoundError):
            act()
    for name in ("nobody", "a\0", "\ud800", ""):
        with pytest.raises(NotFoundError):
            rig.dock.users.find(name)
    assert len(rig.dock.users.all()) == 1


def test_what_is_over_is_deleted_and_nothing_else(rig: Any) -> None:
    rig.user("ada")
    rig.dock.registration.register("new", "new@example.org", digest_of("x"), rig.origin())
    rig.dock.password_resets.send_code(ADA, rig.origin())
    rig.drain()
    rig.session()

    def counts() -> list[int]:
        tidy(rig.dock.database, rig.clock)
        return [count(rig, table) for table in (User, UserSession, MailCode, RateWindow)]

    assert counts() == [2, 1, 2, 6]
    rig.clock.forward(hours=2)
    assert counts() == [2, 1, 1, 0]
    rig.clock.forward(days=2)
    assert counts() == [2, 0, 0, 0]
    rig.clock.forward(days=7)
    assert counts() == [1, 0, 0, 0]
    assert rig.dock.users.find(ADA)


def test_the_housekeeper_tidies_when_it_begins_and_ends_when_told(rig: Any) -> None:
    rig.user()
    rig.session()
    rig.clock.forward(days=2)
    housekeeper = Housekeeper(rig.dock.database, rig.clock)
    housekeeper.start()
    housekeeper.stop()
    assert count(rig, UserSession) == 0
