"""Features of whole blocks of texts, against features found one character at a time."""

from __future__ import annotations

import unicodedata
from collections import Counter
from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from learnware.specification.encoding._features import LONGEST_BLOCK, features_of

# Letters of every script that is treated in its own way, marks, digits, signs and rare planes.
CHARACTERS = (
    "ab\xe9z09_ .\n\t-\u0301\u4e2d\u6587\u56fd\u3042\u3044\u30a2\u30ab\u30fc\u0e01\u0e32\u0e23\ud55c\uad6d\u03b1\u0436"
    "\U00020000\U0001f600\U00010400"
)


def kind_of(character: str) -> str:
    code = ord(character)
    if code >= 0x10000:
        return "word" if code < 0x1F000 else "han"
    for first, last, kind in (
        (0x4E00, 0x9FFF, "han"),
        (0x3041, 0x309F, "hiragana"),
        (0x30A1, 0x30FF, "katakana"),
        (0xAC00, 0xD7A3, "hangul"),
        (0x0E01, 0x0E4E, "unspaced"),
    ):
        if first <= code <= last:
            return kind
    category = unicodedata.category(character)
    return "word" if category[0] in "LM" or category == "Nd" else ""


def found_in(text: str) -> Counter[tuple[str, int]]:
    """Return the features of a text, as strings and classes, with their numbers."""
    found: Counter[tuple[str, int]] = Counter()
    for kind, run in groupby(text, kind_of):
        word = "".join(run)
        sizes = {"han": (2, 8), "hiragana": (2, 10), "unspaced": (4, 11), "hangul": (2, 12), "word": (4, 7)}
        number = all(unicodedata.category(c) == "Nd" for c in word)
        if kind in {"word", "katakana"} and len(word) > 1:
            found[word, 6 if number else min(len(word), 5)] += 1
        if kind in sizes and not (kind == "word" and (len(word) < 5 or number)):
            size, label = sizes[kind]
            found.update((word[i : i + size], label) for i in range(len(word) - size + 1))
        if kind == "han":
            found.update((character, 9) for character in word)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet=CHARACTERS, max_size=40), min_size=1, max_size=6))
def test_blocks_have_the_features_of_each_text(texts: list[str]) -> None:
    number, hashes, classes, _ = features_of(texts)
    for i, text in enumerate(texts):
        here = number == i
        got = Counter(zip(hashes[here].tolist(), classes[here].tolist(), strict=True))
        # The first feature of a string by itself is all of it.
        expected = {(int(features_of([part])[1][0]), label): count for (part, label), count in found_in(text).items()}
        assert got == Counter(expected)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abcxyz", min_size=2, max_size=12), st.integers(0, 2000), st.integers(0, 2000))
def test_a_word_has_one_hash_wherever_it_stands(word: str, before: int, between: int) -> None:
    number, hashes, classes, _ = features_of(["." * before + word, "?" * between + word])
    whole = classes == min(len(word), 5)
    assert number[whole].tolist() == [0, 1]
    assert len(set(hashes[whole].tolist())) == 1


def test_no_two_of_many_features_have_one_hash() -> None:
    words = sorted({f"{a}{b}{c}" for a in "abcdefghijklmnop" for b in "qrstuvwxyzabcdef" for c in "ghijklmnop"})
    _, hashes, classes, _ = features_of([" ".join(words)])
    assert (classes == 3).all()
    # Also in the bits that are kept of them.
    assert len(np.unique(hashes >> np.uint64(15))) == len(words) == 2560


def test_a_block_is_full_to_its_last_character() -> None:
    texts = ["x" * (LONGEST_BLOCK - 5), "abcd"]
    number, hashes, classes, _ = features_of(texts)
    last = (number == 1) & (classes == 4)
    assert hashes[last].tolist() == features_of(["abcd"])[1].tolist()


def test_empty_blocks() -> None:
    for texts in ([""], ["", ""], ["...", " "]):
        assert [len(part) for part in features_of(texts)[:3]] == [0, 0, 0]
