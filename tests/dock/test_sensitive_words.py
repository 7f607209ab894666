"""The list of words that names and descriptions must not have, and how they are found."""

from __future__ import annotations

from typing import Any

import pytest

from beimingwu.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from beimingwu.services.identity import Role
from beimingwu.services.sensitive_words import find_words


@pytest.fixture
def admin(rig: Any) -> Any:
    rig.user(role=Role.ADMIN)
    return rig.dock.sessions.authenticate(rig.session())


def test_words_are_added_found_and_removed(rig: Any, admin: Any) -> None:
    words = rig.dock.sensitive_words
    for word in ("Casino", "straße", "违禁", "bad  word", "C++", "a.b"):
        words.add(admin, word, rig.origin())

    def found(text: str) -> list[str]:
        with rig.dock.database.read() as session:
            return find_words(session, text)

    assert found("an honest model") == []
    assert found("The CASINO model") == ["Casino"]
    # Full-width letters, and some that cannot be seen.
    assert found("\uff43\uff41\uff53\uff49no, ca\u200bsi\u00adno") == ["Casino"]
    # Whole words only, where words have blanks between them; those of other scripts count as blanks.
    assert found("casinos and mycasino, casino2") == []
    assert found("一个casino模型") == ["Casino"]
    assert found("casino_model") == ["Casino"]
    assert found("STRASSE") == ["straße"]
    assert found("这是违禁品") == ["违禁"]
    assert found("a bad\n word") == ["bad  word"]
    assert found("written in c++.") == ["C++"]
    assert found("axb") == []
    assert found("违禁 casino") == ["Casino", "违禁"]
    first = next(one for one in words.all(admin) if one.word == "Casino")
    words.remove(admin, first.word_id, rig.origin())
    assert found("casino") == []
    with pytest.raises(NotFoundError):
        words.remove(admin, first.word_id, rig.origin())


def test_words_that_cannot_be_added(rig: Any, admin: Any) -> None:
    words = rig.dock.sensitive_words
    words.add(admin, "casino", rig.origin())
    with pytest.raises(ConflictError):
        words.add(admin, " CASINO", rig.origin())
    for wrong in ("", " ", "...", "a\nb", "x" * 65, "ﷺ" * 64, "\u200b", "\0"):
        with pytest.raises(InvalidInputError):
            words.add(admin, wrong, rig.origin())
    assert [one.word for one in words.all(admin)] == ["casino"]


def test_only_administrators_have_the_list(rig: Any) -> None:
    rig.user()
    identity = rig.dock.sessions.authenticate(rig.session())
    for act in (
        lambda: rig.dock.sensitive_words.all(identity),
        lambda: rig.dock.sensitive_words.add(identity, "casino", rig.origin()),
        lambda: rig.dock.sensitive_words.remove(identity, 1, rig.origin()),
    ):
        with pytest.raises(NotAllowedError):
            act()
