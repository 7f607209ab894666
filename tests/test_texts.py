"""Sentences that remember what they were made of."""

from __future__ import annotations

import copy
import json
import pickle

from learnware.errors import InvalidPackageError, LearnwareNotFoundError
from learnware.texts import Text, text, text_of


def test_is_the_sentence_itself() -> None:
    said = text("{name!r} has {count} files", name="a.zip", count=3)
    assert said == "'a.zip' has 3 files"
    assert json.dumps({"message": said}) == '{"message": "\'a.zip\' has 3 files"}'
    assert (said.template, said.values) == ("{name!r} has {count} files", {"name": "a.zip", "count": 3})


def test_copies_keep_what_it_is_made_of() -> None:
    said = text("{{{place}}}: {rule}", place="{x}", rule=text("at most {most}", most=3))
    for other in (pickle.loads(pickle.dumps(said)), copy.deepcopy(said), copy.copy(said)):
        assert other == said == "{{x}}: at most 3"
        assert other.template == said.template
        assert isinstance(other.values["rule"], Text)


def test_values_can_be_changed_within_texts_too() -> None:
    said = text("{place}: {rule} {count}", place="/tmp/x", rule=text("{name!r} is gone", name="/tmp/x"), count=1)
    changed = said.with_values(lambda words: words.replace("/tmp/x", "it"))
    assert changed == "it: 'it' is gone 1"
    assert changed.values["rule"].template == "{name!r} is gone"


def test_errors_give_their_text_back() -> None:
    said = text("the package has {count} members", count=3)
    assert text_of(InvalidPackageError(said, member="a")) is said
    assert text_of(ValueError()) == ""
    assert not isinstance(text_of(InvalidPackageError("plain")), Text)
    assert text_of(LearnwareNotFoundError("17")) == "no learnware '17' in this market"
