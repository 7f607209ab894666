"""The built-in encoder: hashed words and character n-grams of any language, projected to few dimensions.

No vocabulary, no download, no corpus. A text is a bag of features: its words, the n-grams inside long words, and
n-grams of characters where a script writes no spaces. Each feature goes, by its hash, to a few of the dimensions with a
sign each (a sparse Johnson-Lindenstrauss projection; Kane and Nelson: Sparser Johnson-Lindenstrauss Transforms,
JACM 61(1), 2014; with a hash as feature space: Weinberger et al., ICML 2009). So inner products of texts are those of
their bags of features, up to the noise of the projection.
"""

from __future__ import annotations

import os
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from learnware.specification.encoding._base import TextEncoder
from learnware.specification.encoding._features import LONGEST_BLOCK, SHORT, features_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["LONGEST_TEXT", "HashingEncoder"]

# Characters of a text that are read. What a text is about is said by then, and one text costs no more than others.
LONGEST_TEXT = 8192
# Texts of a block: their numbers have 11 bits in a key.
_BLOCK_TEXTS = 1 << 11
# Dimensions that a feature goes to.
_COPIES = 4
# A key is, from above, the number of the text, the feature's hash and the class of its weight.
_HASH_BITS, _CLASS_BITS = 49, 4


class HashingEncoder(TextEncoder):
    """Words and character n-grams by their hashes.

    A feature counts 1 + log(occurrences) times the weight of its class, short words once. Rows have length one, those
    of texts without any feature length zero. Letters are compared in lower case and in Unicode's form NFKC.
    """

    name = "hashing"
    # As many as the published encoder has. Fewer tell small shares of a topic less well, more cost more of everything.
    dimension = 384

    def encode_counted(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], int]:
        """Return one point a text, shape (n_texts, 384), and the number of texts of more than 8192 characters."""
        out = np.empty((len(texts), self.dimension), dtype=np.float32)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        with ThreadPoolExecutor(min(cores, 8)) as pool:
            start = 0
            for rows in pool.map(_encode_block, _blocks(texts)):
                out[start : start + len(rows)] = rows
                start += len(rows)
        return out, sum(len(text) > LONGEST_TEXT for text in texts)


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts as they are compared, in blocks of bounded length."""
    block: list[str] = []
    length = 0
    for text in texts:
        words = text[:LONGEST_TEXT]
        if not words.isascii():
            words = unicodedata.normalize("NFKC", words)[:LONGEST_TEXT]
        words = words.lower()
        if block and (len(block) == _BLOCK_TEXTS or length + len(words) + 1 > LONGEST_BLOCK):
            yield block
            block, length = [], 0
        block.append(words)
        length += len(words) + 1
    if block:
        yield block


def _encode_block(texts: list[str]) -> NDArray[np.float32]:
    d = HashingEncoder.dimension
    number, hashes, classes, weights = features_of(texts)
    keys = number.astype(np.uint64)
    keys <<= np.uint64(_HASH_BITS)
    keys |= hashes >> np.uint64(64 - _HASH_BITS)
    keys <<= np.uint64(_CLASS_BITS)
    keys |= classes
    keys.sort()
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.intp)
    counts = np.diff(first, append=len(keys))
    keys = keys[first]
    classes = keys & np.uint64((1 << _CLASS_BITS) - 1)
    # Short words count once: most are function words, which every long text is full of.
    values = _log_counts()[np.where(classes <= SHORT, 1, np.minimum(counts, LONGEST_TEXT))] * weights[classes]
    rows = (keys >> np.uint64(_HASH_BITS + _CLASS_BITS)).astype(np.intp) * d
    places = mixed(keys >> np.uint64(_CLASS_BITS) & np.uint64((1 << _HASH_BITS) - 1))
    total = np.zeros(len(texts) * d)
    for _ in range(_COPIES):
        # Sixteen bits a copy: a sign, and fifteen that are spread over the dimensions.
        signed = np.where(places & np.uint64(1), values, -values)
        place = ((places >> np.uint64(1) & np.uint64(0x7FFF)) * np.uint64(d)) >> np.uint64(15)
        total += np.bincount(rows + place.astype(np.intp), signed, len(total))
        places >>= np.uint64(16)
    out = total.reshape(len(texts), d)
    norms = np.sqrt((out * out).sum(axis=1, keepdims=True))
    return (out / np.where(norms > 0.0, norms, 1.0)).astype(np.float32)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return values whose every bit depends on all bits given (the finaliser of splitmix64)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


@lru_cache(maxsize=1)
def _log_counts() -> NDArray[np.float64]:
    counts = np.arange(LONGEST_TEXT + 1, dtype=np.float64)
    counts[1:] = 1.0 + np.log(counts[1:])
    return counts
