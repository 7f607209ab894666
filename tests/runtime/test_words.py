"""What strangers' processes say cannot harm who reads it."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from learnware.runtime._words import last_lines, printable


def test_what_terminals_obey():
    assert printable("a\x1b[2Jb\x07\x9b\u202ec\ud800\x00") == "a?[2Jb???c??"
    assert printable("50 %\r100 %\r\ndone\n\té 中 🙂") == "50 %\n100 %\ndone\n\té 中 🙂"


@given(st.text(st.characters()))
def test_nothing_is_left_to_obey(text):
    shown = printable(text)
    shown.encode("utf-8")
    assert not [one for one in shown if one not in "\n\t" and unicodedata.category(one) in ("Cc", "Cf", "Cs")]
    assert printable(shown) == shown


def test_of_many_and_long_lines_the_last_ones_begin():
    assert last_lines("  \n\n") == []
    assert last_lines("one\ntwo\n") == ["one", "two"]
    shown = last_lines("".join(f"{number} {'x' * 5000}\n" for number in range(100)), 3)
    assert [line[:3] for line in shown] == ["97 ", "98 ", "99 "]
    assert {len(line) for line in shown} == {301}
