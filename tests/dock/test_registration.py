"""Registering, confirming, and choosing a new password."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from beimingwu.db.models import MailCode, User
from beimingwu.errors import (
    EmailNotConfirmedError,
    EmailNotPermittedError,
    EmailTakenError,
    InvalidCodeError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    ServiceError,
    TooManyRequestsError,
    UsernameTakenError,
)
from beimingwu.services.passwords import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

ADA = "ada@example.org"
MINE, THEIRS = digest_of("correct horse"), digest_of("battery staple")


def outcomes(call: Callable[[int], Any], n: int = 6) -> list[Any]:
    """Call at once from `n` threads; return results, or the types of errors."""

    def one(i: int) -> Any:
        try:
            return call(i)
        except ServiceError as error:
            return type(error)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


def test_register_confirm_log_in(rig: Any) -> None:
    registered = rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    assert not registered.renewed
    with pytest.raises(EmailNotConfirmedError):
        rig.dock.sessions.login(ADA, MINE, rig.origin())
    rig.drain()
    assert rig.outbox.subjects_for(ADA) == ["Confirm your e-mail address"]
    account = rig.dock.registration.confirm(rig.outbox.code_for(ADA), rig.origin())
    assert (account.user_id, account.username, account.confirmed_at) == (registered.user_id, "Ada", rig.clock.now)
    assert rig.dock.sessions.login("ADA@Example.org", MINE, rig.origin()).account.user_id == registered.user_id


def test_nothing_secret_is_stored_clear(rig: Any) -> None:
    rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.drain()
    code = rig.outbox.code_for(ADA)
    with rig.dock.database.read() as session:
        user, row = session.scalars(select(User)).one(), session.scalars(select(MailCode)).one()
    assert user.password_hash.startswith("$argon2id$")
    assert MINE not in user.password_hash
    assert code not in row.code_hash


def test_a_code_works_once_and_not_for_ever(rig: Any) -> None:
    rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.drain()
    code = rig.outbox.code_for(ADA)
    for wrong in ("", "x", code.upper() + "0", "\0", "\ud800"):
        with pytest.raises(InvalidCodeError):
            rig.dock.registration.confirm(wrong, rig.origin())
    rig.clock.forward(seconds=rig.dock.settings.confirmation_seconds)
    with pytest.raises(InvalidCodeError):
        rig.dock.registration.confirm(code, rig.origin())
    rig.dock.registration.send_code(ADA, rig.origin())
    rig.drain()
    fresh = rig.outbox.code_for(ADA)
    assert fresh != code
    rig.dock.registration.confirm(fresh, rig.origin())
    with pytest.raises(InvalidCodeError):
        rig.dock.registration.confirm(fresh, rig.origin())


def test_a_code_is_good_for_its_purpose_only(rig: Any) -> None:
    rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.drain()
    with pytest.raises(InvalidCodeError):
        rig.dock.password_resets.reset(rig.outbox.code_for(ADA), "another password", rig.origin())


def test_one_code_used_at_once_works_once(rig: Any) -> None:
    rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.drain()
    code = rig.outbox.code_for(ADA)
    found = outcomes(lambda i: rig.dock.registration.confirm(code, rig.origin()).user_id)
    assert sorted(map(str, found))[1:] == [str(InvalidCodeError)] * 5


def test_one_name_registered_at_once_is_given_once(rig: Any) -> None:
    found = outcomes(
        lambda i: rig.dock.registration.register("Ada", f"ada{i}@example.org", MINE, rig.origin(f"192.0.2.{i}")).renewed
    )
    assert sorted(map(str, found)) == sorted(["False"] + [str(UsernameTakenError)] * 5)


def test_one_address_registered_at_once_is_one_account(make_rig: Any) -> None:
    rig = make_rig(limit_mail_account="100/1h")
    found = outcomes(lambda i: rig.dock.registration.register(f"Ada {i}", ADA, MINE, rig.origin()).renewed)
    assert sorted(map(str, found)) == ["False"] + ["True"] * 5
    with rig.dock.database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


def test_names_and_addresses_that_are_taken(rig: Any) -> None:
    rig.user("ada")
    register = rig.dock.registration.register
    for same in ("ada", "ADA", "\uff41\uff44\uff41"):
        with pytest.raises(UsernameTakenError):
            register(same, "other@example.org", MINE, rig.origin())
    with pytest.raises(EmailTakenError):
        register("Other", "ADA@EXAMPLE.ORG", MINE, rig.origin())
    # Before the address: who asks with the name of an account learns nothing about addresses.
    with pytest.raises(UsernameTakenError):
        register("ada", ADA, MINE, rig.origin())


def test_registering_again_renews_the_name_and_confirms_only_ones_own_password(rig: Any) -> None:
    first = rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.drain()
    mine = rig.outbox.code_for(ADA)
    again = rig.dock.registration.register("Ada", ADA, THEIRS, rig.origin("198.51.100.1"))
    assert again.renewed
    assert again.user_id == first.user_id
    rig.drain()
    rig.dock.registration.confirm(mine, rig.origin())
    assert rig.dock.sessions.login(ADA, MINE, rig.origin()).token
    with pytest.raises(InvalidCredentialsError):
        rig.dock.sessions.login(ADA, THEIRS, rig.origin())
    with pytest.raises(InvalidCodeError):
        rig.dock.registration.confirm(rig.outbox.code_for(ADA), rig.origin())


def test_a_mail_that_is_sent_once_more_confirms_nobody_elses_password(rig: Any) -> None:
    # Somebody was quicker with my address, and hopes that I confirm it.
    rig.dock.registration.register("Ada", ADA, THEIRS, rig.origin("198.51.100.1"))
    rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.dock.registration.send_code(ADA, rig.origin())
    rig.drain()
    rig.dock.registration.confirm(rig.outbox.code_for(ADA), rig.origin())
    for password in (THEIRS, MINE):
        with pytest.raises(InvalidCredentialsError):
            rig.dock.sessions.login(ADA, password, rig.origin())
    rig.dock.password_resets.send_code(ADA, rig.origin())
    rig.drain()
    rig.dock.password_resets.reset(rig.outbox.code_for(ADA), "my own password", rig.origin())
    assert rig.dock.sessions.login(ADA, digest_of("my own password"), rig.origin()).token


def test_a_mail_that_is_sent_once_more_confirms_a_password_that_was_given_twice(rig: Any) -> None:
    for _ in range(2):
        rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.dock.registration.send_code(ADA, rig.origin())
    rig.drain()
    rig.dock.registration.confirm(rig.outbox.code_for(ADA), rig.origin())
    assert rig.dock.sessions.login(ADA, MINE, rig.origin()).token


def test_registering_quietly_tells_the_owner_only(rig: Any) -> None:
    rig.user("ada")
    rig.dock.registration.register_quietly("Eve", ADA, "battery staple", rig.origin())
    rig.drain()
    assert rig.outbox.subjects_for(ADA) == ["You have an account"]
    assert len(rig.dock.users.all()) == 1


@pytest.mark.parametrize(
    ("username", "email"),
    [
        ("", ADA), (" ada", ADA), ("ada ", ADA), ("a  b", ADA), ("a\0b", ADA), ("a\nb", ADA), ("\ud800", ADA),
        ("x" * 65, ADA), ("ada@example.org", ADA), ("\u202eada", ADA), ("\ufdfa" * 40, ADA),
        ("Ada", ""), ("Ada", "ada"), ("Ada", "ada@"), ("Ada", "@example.org"), ("Ada", "a b@example.org"),
        ("Ada", "ada@example.org\nBcc: x@y.z"), ("Ada", "ada@exam\0ple.org"),
        ("Ada", "a" * 250 + "@e.org"), ("Ada", "\ud800@e.org"),
    ],
)  # fmt: skip
def test_what_is_no_name_or_address(rig: Any, username: str, email: str) -> None:
    with pytest.raises(InvalidInputError):
        rig.dock.registration.register(username, email, MINE, rig.origin())


@pytest.mark.parametrize("name", ["Ada", "a", "阿达", "Ада Лавлейс", "O'Neil-Smith_2", "x" * 64, "\u0130" * 64])
def test_names_of_every_script(rig: Any, name: str) -> None:
    rig.dock.registration.register(name, ADA, MINE, rig.origin())
    assert rig.dock.users.find(name).email == ADA


def test_addresses_that_the_settings_do_not_allow(make_rig: Any) -> None:
    rig = make_rig(allowed_emails="*@example.org,*@*.example.org")
    rig.dock.registration.register("Ada", "Ada@Cs.Example.Org", MINE, rig.origin())
    for email in ("ada@example.com", "ada@notexample.org", "ada@example.org.evil.com"):
        with pytest.raises(EmailNotPermittedError):
            rig.dock.registration.register("Eve", email, MINE, rig.origin())


def test_choose_a_new_password(rig: Any) -> None:
    rig.user("ada")
    token = rig.session()
    rig.dock.password_resets.send_code(ADA, rig.origin())
    rig.drain()
    code = rig.outbox.code_for(ADA)
    with pytest.raises(InvalidInputError):
        rig.dock.password_resets.reset(code, "ada@example.org", rig.origin())
    rig.dock.password_resets.reset(code, "another password", rig.origin())
    with pytest.raises(NotAuthenticatedError):
        rig.dock.sessions.authenticate(token)
    assert rig.dock.sessions.login(ADA, digest_of("another password"), rig.origin()).token
    with pytest.raises(InvalidCodeError):
        rig.dock.password_resets.reset(code, "a third password", rig.origin())
    rig.drain()
    assert rig.outbox.subjects_for(ADA)[-1] == "Your password was changed"


def test_a_new_password_confirms_the_address(rig: Any) -> None:
    rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.dock.password_resets.send_code(ADA, rig.origin())
    rig.drain()
    rig.dock.password_resets.reset(rig.outbox.code_for(ADA), "another password", rig.origin())
    assert rig.dock.sessions.login(ADA, digest_of("another password"), rig.origin()).token


def test_generated_password_is_for_the_account_of_the_code(rig: Any) -> None:
    ada, bea = rig.user("ada"), rig.user("bea")
    rig.dock.password_resets.send_code_to_account(ADA, rig.origin())
    rig.drain()
    code = rig.outbox.code_for(ADA)
    with pytest.raises(InvalidCodeError):
        rig.dock.password_resets.reset_to_generated(code, bea, rig.origin())
    generated = rig.dock.password_resets.reset_to_generated(code, ada, rig.origin())
    assert generated.digest == digest_of(generated.password)
    assert rig.dock.sessions.login(ADA, generated.digest, rig.origin()).token
    with pytest.raises(NotFoundError):
        rig.dock.password_resets.send_code_to_account("nobody@example.org", rig.origin())


def test_mails_are_limited_by_address_and_by_client(make_rig: Any) -> None:
    rig = make_rig(limit_mail_account="2/1h", limit_mail_address="3/1h")
    rig.user("ada")
    send = rig.dock.password_resets.send_code
    send(ADA, rig.origin("192.0.2.1"))
    send(ADA.upper(), rig.origin("192.0.2.2"))
    with pytest.raises(TooManyRequestsError) as caught:
        send(ADA, rig.origin("192.0.2.3"))
    assert caught.value.policy == "mail-account"
    for i in range(3):
        send(f"somebody{i}@example.org", rig.origin("192.0.2.4"))
    with pytest.raises(TooManyRequestsError):
        send("anybody@example.org", rig.origin("192.0.2.4"))
    rig.drain()
    assert len(rig.outbox.mails) == 2
    rig.clock.forward(hours=1)
    send(ADA, rig.origin("192.0.2.4"))


def test_codes_cannot_be_guessed_for_long(make_rig: Any) -> None:
    rig = make_rig(limit_code_address="3/1h")
    for _ in range(3):
        with pytest.raises(InvalidCodeError):
            rig.dock.registration.confirm("0" * 32, rig.origin())
    with pytest.raises(TooManyRequestsError):
        rig.dock.password_resets.reset("0" * 32, "another password", rig.origin())


def test_a_mail_that_cannot_be_sent_is_counted(rig: Any) -> None:
    rig.outbox.broken = True
    rig.dock.registration.register("Ada", ADA, MINE, rig.origin())
    rig.drain()
    rig.outbox.broken = False
    rig.dock.registration.send_code(ADA, rig.origin())
    rig.drain()
    assert rig.outbox.subjects_for(ADA) == ["Confirm your e-mail address"]


def test_an_account_that_is_made_by_an_administrator_is_confirmed_by_mail(rig: Any) -> None:
    rig.user(verified=False)
    rig.drain()
    assert rig.outbox.subjects_for("ada@example.org") == ["Confirm your e-mail address"]
    rig.dock.registration.confirm(rig.outbox.code_for("ada@example.org"), rig.origin())
    # With the password that it was made with.
    assert rig.session()
    rig.user("bea")
    rig.drain()
    assert rig.outbox.subjects_for("bea@example.org") == []
