"""Sessions, API tokens, and what may be done with which."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from beimingwu.db.models import ApiToken, RateWindow, User, UserSession
from beimingwu.errors import (
    AccountDisabledError,
    ConflictError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    TooManyRequestsError,
)
from beimingwu.services.identity import Role
from beimingwu.services.passwords import Passwords, digest_of
from beimingwu.services.rate_limits import network_of
from beimingwu.settings import Settings

ADA = "ada@example.org"
DIGEST = digest_of("correct horse")


def token_for(rig: Any, name: str = "ada", scopes: Any = ("read", "submit"), days: int | None = None) -> str:
    user_id = rig.dock.users.find(f"{name}@example.org").user_id
    return str(rig.dock.tokens.create_for(user_id, "tests", scopes, expires_in_days=days).token)


def test_a_session_says_who_asks_until_logout(rig: Any) -> None:
    user_id = rig.user(role=Role.ADMIN)
    token = rig.session()
    identity = rig.dock.sessions.authenticate(token)
    assert (identity.user_id, identity.username, identity.email, identity.role) == (user_id, "ada", ADA, Role.ADMIN)
    assert identity.scopes == {"read", "submit", "admin", "account"}
    rig.dock.sessions.logout(identity)
    for wrong in (token, token[:-1], "", "x" * 1000, "\0", "\ud800", "0" * 32):
        with pytest.raises(NotAuthenticatedError):
            rig.dock.sessions.authenticate(wrong)


def test_only_the_hash_of_a_session_is_kept(rig: Any) -> None:
    rig.user()
    token = rig.session()
    with rig.dock.database.read() as session:
        row = session.scalars(select(UserSession)).one()
    assert token not in {str(value) for value in vars(row).values()}


def test_a_session_goes_on_while_it_is_used_and_not_for_ever(make_rig: Any) -> None:
    rig = make_rig(session_idle_seconds=3600, session_max_seconds=3 * 3600)
    rig.user()
    token, idle = rig.session(), rig.session()
    for _ in range(3):
        rig.clock.forward(minutes=50)
        rig.dock.sessions.authenticate(token)
    with pytest.raises(NotAuthenticatedError):
        rig.dock.sessions.authenticate(idle)
    rig.clock.forward(minutes=30)
    with pytest.raises(NotAuthenticatedError):
        rig.dock.sessions.authenticate(token)


def test_wrong_passwords_are_refused_alike(rig: Any) -> None:
    rig.user()
    messages = set()
    for email, digest in (
        (ADA, digest_of("wrong")),
        ("nobody@example.org", DIGEST),
        ("a\0@b", DIGEST),
        ("\ud800", "\0"),
    ):
        with pytest.raises(InvalidCredentialsError) as caught:
            rig.dock.sessions.login(email, digest, rig.origin())
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_unknown_accounts_cost_as_much_as_known_ones(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.user()
    compared = []
    hasher = type(rig.dock.passwords._hasher)
    verify = hasher.verify
    monkeypatch.setattr(
        hasher, "verify", lambda self, stored, digest: compared.append(stored) or verify(self, stored, digest)
    )
    for email in (ADA, "nobody@example.org"):
        with pytest.raises(InvalidCredentialsError):
            rig.dock.sessions.login(email, digest_of("wrong"), rig.origin())
    known, unknown = compared
    assert known.rpartition("$")[0].split("$")[:4] == unknown.split("$")[:4]


def test_passwords_cannot_be_guessed_for_long(make_rig: Any) -> None:
    rig = make_rig(limit_login="3/15m", limit_login_account="5/1h", limit_login_address="100/1h")
    rig.user()

    def wrong(address: str) -> None:
        with pytest.raises(InvalidCredentialsError):
            rig.dock.sessions.login(ADA, digest_of("wrong"), rig.origin(address))

    for _ in range(3):
        wrong("192.0.2.1")
    with pytest.raises(TooManyRequestsError) as caught:
        rig.dock.sessions.login(ADA, DIGEST, rig.origin("192.0.2.1"))
    assert caught.value.retry_after == 900 - 30
    # From elsewhere the owner gets in, until the account as a whole was tried too often.
    rig.dock.sessions.login(ADA, DIGEST, rig.origin("192.0.2.2"))
    wrong("192.0.2.3")
    with pytest.raises(TooManyRequestsError):
        rig.dock.sessions.login(ADA, DIGEST, rig.origin("192.0.2.4"))
    rig.clock.forward(hours=1)
    rig.dock.sessions.login(ADA, DIGEST, rig.origin("192.0.2.1"))


def test_what_succeeds_does_not_count(make_rig: Any) -> None:
    rig = make_rig(limit_login="2/15m", limit_login_address="2/15m")
    rig.user()
    token = token_for(rig)
    for _ in range(4):
        rig.session()
        rig.dock.sessions.login_by_token(ADA, token, rig.origin())


def test_counts_of_several_at_once_add_up(make_rig: Any) -> None:
    rig = make_rig(limit_login="100/15m", limit_login_address="100/15m")

    def wrong(_: int) -> None:
        with pytest.raises(InvalidCredentialsError):
            rig.dock.sessions.login(ADA, DIGEST, rig.origin())

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(wrong, range(12)))
    with rig.dock.database.read() as session:
        rows = session.scalars(select(RateWindow)).all()
    assert [row.count for row in rows] == [12, 12, 12]
    assert not any("ada" in row.subject or "192" in row.subject for row in rows)


def test_two_servers_are_one_dock(make_rig: Any) -> None:
    """They share sessions, codes and counts through the database."""
    limits = {"limit_login": "4/15m"}
    here, there = make_rig(**limits), make_rig(**limits)
    here.user()
    token = here.session()
    assert there.dock.sessions.authenticate(token).username == "ada"
    for rig in (here, there, here, there):
        with pytest.raises(InvalidCredentialsError):
            rig.dock.sessions.login(ADA, digest_of("wrong"), rig.origin())
    with pytest.raises(TooManyRequestsError):
        here.dock.sessions.login(ADA, DIGEST, here.origin())
    there.dock.sessions.logout(there.dock.sessions.authenticate(token))
    with pytest.raises(NotAuthenticatedError):
        here.dock.sessions.authenticate(token)


def test_one_household_is_one_client() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::")
    assert network_of("2001:db8:1:2::") != network_of("2001:db8:1:3::")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("testclient") == "testclient"


def test_disabled_accounts_are_out_at_once(rig: Any) -> None:
    user_id = rig.user()
    session, token = rig.session(), token_for(rig)
    rig.dock.users.disable(user_id)
    for secret in (session, token):
        with pytest.raises(NotAuthenticatedError):
            rig.dock.sessions.authenticate(secret)
    with pytest.raises(AccountDisabledError):
        rig.dock.sessions.login(ADA, DIGEST, rig.origin())
    with pytest.raises(AccountDisabledError):
        rig.dock.sessions.login_by_token(ADA, token, rig.origin())
    rig.dock.users.enable(user_id)
    assert rig.dock.sessions.authenticate(token).user_id == user_id


def test_whether_somebody_is_still_there(rig: Any) -> None:
    user_id = rig.user()
    tokens = [
        rig.session(),
        rig.session(),
        rig.dock.tokens.create_for(user_id, "t", ("read",), expires_in_days=1).token,
    ]
    first, second, by_token = (rig.dock.sessions.authenticate(token) for token in tokens)
    assert all(rig.dock.sessions.stands(one) for one in (first, second, by_token))
    rig.dock.sessions.end(second, first.session_id)
    assert [rig.dock.sessions.stands(one) for one in (first, second, by_token)] == [False, True, True]
    rig.clock.forward(days=1)
    assert [rig.dock.sessions.stands(one) for one in (first, second, by_token)] == [False, False, False]
    last = rig.dock.sessions.authenticate(rig.session())
    with rig.dock.database.write() as session:
        session.execute(update(User).values(disabled_at=rig.clock()))
    assert not rig.dock.sessions.stands(last)


def test_a_role_holds_from_the_next_request(rig: Any) -> None:
    user_id = rig.user()
    token = rig.session()
    rig.dock.users.set_role(user_id, Role.SUPER_ADMIN)
    assert rig.dock.sessions.authenticate(token).role is Role.SUPER_ADMIN


def test_hashes_follow_the_settings(rig: Any) -> None:
    user_id = rig.user()
    stronger = Settings(argon2_time_cost=2, argon2_memory_kib=16, argon2_parallelism=1)
    rig.dock.sessions._passwords = Passwords(stronger)
    rig.session()
    with rig.dock.database.read() as session:
        stored = session.get(User, user_id).password_hash
    assert "m=16,t=2,p=1" in stored
    assert rig.session()


def test_ones_sessions(rig: Any) -> None:
    rig.user("ada")
    rig.user("bea")
    first, second, other = rig.session(), rig.session(), rig.session("bea")
    sessions = rig.dock.sessions
    identity, elsewhere = sessions.authenticate(first), sessions.authenticate(second)
    listed = sessions.mine(identity)
    assert {one.session_id: one.current for one in listed} == {identity.session_id: True, elsewhere.session_id: False}
    assert {(one.address, one.user_agent) for one in listed} == {("192.0.2.1", "tests")}
    with pytest.raises(NotFoundError):
        sessions.end(identity, sessions.authenticate(other).session_id)
    sessions.end(identity, elsewhere.session_id)
    with pytest.raises(NotAuthenticatedError):
        sessions.authenticate(second)


def test_tokens_are_shown_once_and_work(rig: Any) -> None:
    user_id = rig.user()
    identity = rig.dock.sessions.authenticate(rig.session())
    made = rig.dock.tokens.create(identity, " laptop ", ["submit", "read"], rig.origin(), expires_in_days=30)
    assert len(made.token) == 32
    assert made.info.name == "laptop"
    assert made.info.scopes == ("read", "submit")
    assert made.info.shown == made.token[:8] + "*" * 24
    assert [made.info] == rig.dock.tokens.mine(identity)
    with rig.dock.database.read() as session:
        row = session.scalars(select(ApiToken)).one()
    assert made.token not in {str(value) for value in vars(row).values()}
    asking = rig.dock.sessions.authenticate(made.token)
    assert (asking.user_id, asking.scopes, asking.session_id) == (user_id, {"read", "submit"}, None)
    assert rig.dock.tokens.mine(identity)[0].last_used_at == rig.clock.now
    rig.clock.forward(days=30)
    with pytest.raises(NotAuthenticatedError):
        rig.dock.sessions.authenticate(made.token)


def test_a_session_by_token_is_no_more_than_the_token(rig: Any) -> None:
    rig.user()
    token = token_for(rig, days=1)
    begun = rig.dock.sessions.login_by_token("Ada@example.org", token, rig.origin())
    identity = rig.dock.sessions.authenticate(begun.token)
    assert identity.scopes == {"read", "submit"}
    dock, origin = rig.dock, rig.origin()
    for act in (
        lambda: dock.tokens.create(identity, "x", ["read"], origin, expires_in_days=None),
        lambda: dock.tokens.mine(identity),
        lambda: dock.tokens.revoke(identity, 1, origin),
        lambda: dock.accounts.change_password(identity, "correct horse", "another password", origin),
        lambda: dock.accounts.delete(identity, "correct horse", origin),
        lambda: dock.accounts.change(identity, username="eve"),
        lambda: dock.accounts.export(identity),
        lambda: dock.sessions.end(identity, 1),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert dock.accounts.profile(identity).username == "ada"
    rig.clock.forward(hours=23)
    rig.dock.sessions.authenticate(begun.token)
    rig.clock.forward(hours=2)
    with pytest.raises(NotAuthenticatedError):
        rig.dock.sessions.authenticate(begun.token)


def test_revoking_a_token_ends_its_sessions(rig: Any) -> None:
    rig.user("ada")
    rig.user("bea")
    token = token_for(rig)
    by_token = rig.dock.sessions.login_by_token(ADA, token, rig.origin()).token
    mine, theirs = (rig.dock.sessions.authenticate(rig.session(name)) for name in ("ada", "bea"))
    token_id = rig.dock.tokens.mine(mine)[0].token_id
    with pytest.raises(NotFoundError):
        rig.dock.tokens.revoke(theirs, token_id, rig.origin())
    rig.dock.tokens.revoke(mine, token_id, rig.origin())
    for secret in (token, by_token):
        with pytest.raises(NotAuthenticatedError):
            rig.dock.sessions.authenticate(secret)


def test_tokens_of_others_do_not_log_in(rig: Any) -> None:
    rig.user("ada")
    rig.user("bea")
    rig.user("new", verified=False)
    for email, token in (
        (ADA, token_for(rig, "bea")), (ADA, "0" * 32), ("nobody@example.org", token_for(rig)), ("\0", token_for(rig)),
    ):  # fmt: skip
        with pytest.raises(InvalidCredentialsError):
            rig.dock.sessions.login_by_token(email, token, rig.origin())


def test_listed_tokens_can_be_revoked_as_listed(rig: Any) -> None:
    rig.user()
    identity = rig.dock.sessions.authenticate(rig.session())
    tokens = [token_for(rig) for _ in range(3)]
    shown = [one.shown for one in rig.dock.tokens.mine(identity)]
    assert len(set(shown)) == 3
    rig.dock.tokens.revoke_listed(identity, shown[1], rig.origin())
    rig.dock.tokens.revoke_listed(identity, tokens[2], rig.origin())
    assert [one.shown for one in rig.dock.tokens.mine(identity)] == [shown[0]]
    for wrong in (shown[1], "*" * 32, "", "\0\ud800"):
        with pytest.raises(NotFoundError):
            rig.dock.tokens.revoke_listed(identity, wrong, rig.origin())


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", ["read"], 1), ("x" * 65, ["read"], 1), ("a\nb", ["read"], 1), ("a\0b", ["read"], 1),
        ("\ud800", ["read"], 1),
        ("x", [], 1), ("x", ["write"], 1), ("x", ["account"], 1), ("x", ["read"], 0), ("x", ["read"], 4000),
        ("x", ["admin"], 1),
    ],
)  # fmt: skip
def test_tokens_that_cannot_be(rig: Any, name: str, scopes: list[str], days: int) -> None:
    user_id = rig.user()
    with pytest.raises(InvalidInputError):
        rig.dock.tokens.create_for(user_id, name, scopes, expires_in_days=days)


def test_there_is_an_end_to_tokens(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beimingwu.services.tokens._MOST", 2)
    rig.user()
    token_for(rig)
    token_for(rig)
    with pytest.raises(ConflictError, match="at most 2"):
        token_for(rig)


def test_a_password_that_changes_during_a_login_does_not_let_in(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = rig.user()
    verify = Passwords.verify

    def slowly(self: Passwords, stored: str | None, digest: str) -> bool:
        with rig.dock.database.write() as session:
            new = update(User).where(User.id == user_id).values(password_hash=self.hash(digest_of("another")))
            session.execute(new)
        return verify(self, stored, digest)

    monkeypatch.setattr(Passwords, "verify", slowly)
    with pytest.raises(InvalidCredentialsError):
        rig.session()
