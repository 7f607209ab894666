"""Features of texts in any script: words and character n-grams, as 64-bit hashes, for whole blocks of texts at once.

All substrings' hashes come from one running sum: with h(s, e) = sum_i v(c_i) B^(i - s) over characters s <= i < e, the
sums of v(c_i) B^i up to every place give the hash of any substring by one difference and one product with B^-s (Karp
and Rabin 1987; arithmetic modulo 2^64, where every odd B has an inverse), which is mixed afterwards.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["LONGEST_BLOCK", "SHORT", "features_of"]

# Characters of a block: its sums stay in a core's cache.
LONGEST_BLOCK = 1 << 18
_BASE = 0x9E3779B97F4A7C15
_SPREAD = np.uint64(0xD6E8FEB86659FD93)

# What a character is part of: nothing, a word, or a run in a script whose words are not told apart by spaces.
_NONE, _WORD, _HAN, _HIRAGANA, _UNSPACED, _HANGUL, _KATAKANA, _DIGITS = range(8)

# Weights by class of feature. Words count by their length, which keeps function words down without knowing a language.
_WEIGHTS = np.array([0.0, 0.1, 0.3, 0.6, 0.9, 1.0, 0.2, 0.6, 1.0, 0.3, 0.25, 0.6, 0.8, 0.0, 0.0, 0.0])
_LONG_WORD, _NUMBER, _INSIDE, _HAN_PAIR, _HAN_ONE, _KANA_PAIR, _UNSPACED_GRAM, _HANGUL_PAIR = range(5, 13)
# Words of at most so many letters are in the class of their length.
SHORT = 3
# Characters of the n-grams inside words, which endings share, and of words that have some.
_GRAM, _GRAM_WORD = 4, 5


def features_of(
    texts: Sequence[str],
) -> tuple[NDArray[np.intp], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.float64]]:
    """Return all features of a block of texts, repeated ones too.

    Parameters
    ----------
    texts : sequence of str
        As they are compared, with at most `LONGEST_BLOCK` characters and line ends in all.

    Returns
    -------
    number : ndarray of shape (n,), intp
        Which text each feature is of.
    hashes : ndarray of shape (n,), uint64
    classes : ndarray of shape (n,), uint64
        Class of each feature's weight, below 16.
    weights : ndarray of shape (16,)
        The weight of each class.
    """
    codes = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    ends_of_texts = np.cumsum(np.fromiter(map(len, texts), dtype=np.intp, count=len(texts)) + 1)
    kinds = _kinds(codes)
    # Digits beside letters are part of a word, as in mp3.
    digits = kinds == _DIGITS
    kinds[digits] = _WORD
    digits_before = np.concatenate([[0], np.cumsum(digits)])
    edges = np.flatnonzero(np.diff(kinds, prepend=np.uint8(0), append=np.uint8(0)))
    begin = edges[kinds[np.minimum(edges, max(len(kinds) - 1, 0))] != _NONE] if len(edges) else edges
    begin = begin[begin < len(kinds)]
    end = edges[np.searchsorted(edges, begin, side="right")] if len(begin) else begin
    kind, length = kinds[begin], end - begin
    kind[digits_before[end] - digits_before[begin] == length] = _DIGITS
    text = np.searchsorted(ends_of_texts, begin, side="right")
    powers, inverses = _powers()
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * _SPREAD * powers[: len(codes)], out=sums[1:])
    found: list[tuple[NDArray[np.intp], NDArray[np.uint64], NDArray[np.uint64]]] = []

    def take(
        of: NDArray[np.intp], start: NDArray[np.intp], size: NDArray[np.intp] | int, label: NDArray[np.intp] | int
    ) -> None:
        spans = (sums[start + size] - sums[start]) * inverses[start]
        found.append((of, _mix(spans), np.broadcast_to(np.asarray(label, dtype=np.uint64), spans.shape)))

    def grams(which: NDArray[np.bool_], size: int, label: int) -> None:
        several = np.where(which, np.maximum(length - size + 1, 0), 0)
        within = np.arange(several.sum()) - np.repeat(np.cumsum(several) - several, several)
        take(np.repeat(text, several), np.repeat(begin, several) + within, size, label)

    words = (kind == _WORD) | (kind == _KATAKANA) | (kind == _DIGITS)
    which = words & (length > 1)
    label = np.minimum(length[which], _LONG_WORD)
    label[kind[which] == _DIGITS] = _NUMBER
    take(text[which], begin[which], length[which], label)
    grams((kind == _WORD) & (length >= _GRAM_WORD), _GRAM, _INSIDE)
    grams(kind == _HAN, 2, _HAN_PAIR)
    grams(kind == _HAN, 1, _HAN_ONE)
    grams(kind == _HIRAGANA, 2, _KANA_PAIR)
    grams(kind == _UNSPACED, 4, _UNSPACED_GRAM)
    grams(kind == _HANGUL, 2, _HANGUL_PAIR)
    return (*map(np.concatenate, zip(*found, strict=True)), _WEIGHTS)  # type: ignore[return-value]  # of map


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = values ^ (values >> np.uint64(32))
    values *= _SPREAD
    values ^= values >> np.uint64(32)
    return values


@lru_cache(maxsize=1)
def _powers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the powers of B and of its inverse modulo 2^64."""

    def powers(base: int) -> NDArray[np.uint64]:
        factors = np.full(LONGEST_BLOCK + 1, base, dtype=np.uint64)
        factors[0] = 1
        return np.cumprod(factors, dtype=np.uint64)

    return powers(_BASE), powers(pow(_BASE, -1, 1 << 64))


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return what each character is part of."""
    return _table()[np.minimum(codes, 0x40000)]


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint8]:
    """Return what characters are part of, by code point."""
    table = np.zeros(0x40001, dtype=np.uint8)
    table[:0x10000] = [_kind(chr(code)) for code in range(0x10000)]
    # Beyond the basic plane: old scripts as words, symbols and rare ideographs one by one.
    table[0x10000:0x1F000] = _WORD
    table[0x1F000:0x40000] = _HAN
    ranges = {
        _HAN: [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)],
        _HIRAGANA: [(0x3041, 0x309F)],
        _KATAKANA: [(0x30A1, 0x30FF), (0x31F0, 0x31FF)],
        _HANGUL: [(0xAC00, 0xD7A3)],
        _UNSPACED: [(0x0E01, 0x0E4E), (0x0E80, 0x0EDF), (0x1000, 0x109F), (0x1780, 0x17D3), (0x0F40, 0x0FBC)],
    }
    for kind, spans in ranges.items():
        for first, last in spans:
            table[first : last + 1] = kind
    return table


def _kind(character: str) -> int:
    import unicodedata

    category = unicodedata.category(character)
    if category[0] in "LM":
        return _WORD
    return _DIGITS if category == "Nd" else _NONE
