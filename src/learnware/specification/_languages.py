"""The languages that texts are in, from a bounded sample of them.

Single texts are told by py3langid, a naive Bayes model of byte n-grams for some 140 languages (Lui and Baldwin:
langid.py, ACL 2012); the codes are those of langdetect, which files of the published package have: ISO 639-1, with
"zh-cn" and "zh-tw" for Chinese in simplified and traditional characters.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LanguageSample"]

# Texts that are looked at, and characters of each.
_SAMPLE, _CHARACTERS = 300, 600
# Probability from which a text says something. Two words may be of any language.
_SURE = 0.5
# Share of the texts that say something in one language, from which it counts: single texts are taken for a related
# language now and then.
_SHARE = 0.05
# Labels of the library that are no language of langdetect, and what they are there.
_OTHER_NAMES = {"nn": "no", "nb": "no", "wuu": "zh", "yue": "zh"}


class LanguageSample:
    """A uniform sample of texts, which grows with them.

    Parameters
    ----------
    seed : int
        Seed of the sample.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 2])
        self._texts: list[str] = []
        self._keys = np.empty(0)

    def add(self, texts: Sequence[str]) -> None:
        """Take texts into the sample, which keeps those with the smallest random keys."""
        keys = np.concatenate([self._keys, self._rng.random(len(texts))])
        kept = np.argsort(keys, kind="stable")[:_SAMPLE]
        old = len(self._texts)
        self._texts = [self._texts[i] if i < old else texts[i - old][:_CHARACTERS] for i in kept.tolist()]
        self._keys = keys[kept]

    def languages(self) -> list[str]:
        """Return the languages of at least a twentieth of the texts that tell, the most frequent first."""
        told = Counter(code for code in map(_language, self._texts) if code is not None)
        least = _SHARE * sum(told.values())
        frequent = sorted((-count, code) for code, count in told.items() if count >= least)
        return [code for _, code in frequent]


def _language(text: str) -> str | None:
    """Return the language of a text, or None if it does not tell."""
    import py3langid

    if not any(character.isalpha() for character in text):
        return None
    scores = py3langid.rank(text)
    best = scores[0][1]
    # The classes' log-likelihoods grow with the length as if all n-grams were independent; its root makes them sober.
    scale = 1.0 / math.sqrt(len(text.encode("utf-8", "replace")))
    code = _OTHER_NAMES.get(scores[0][0], scores[0][0])
    same = sum(math.exp((score - best) * scale) for name, score in scores if _OTHER_NAMES.get(name, name) == code)
    total = sum(math.exp((score - best) * scale) for _, score in scores)
    if same < _SURE * total or len(code) != 2:
        return None
    return _chinese(text) if code == "zh" else code


def _chinese(text: str) -> str:
    """Return whether Chinese is written in simplified or traditional characters.

    GB 2312 holds the simplified ones and Big5 the traditional ones, so what only one of them has says which it is.
    """
    simplified, traditional = (_encodable(text, codec) for codec in ("gb2312", "big5"))
    return "zh-tw" if len(traditional - simplified) > len(simplified - traditional) else "zh-cn"


def _encodable(text: str, codec: str) -> set[str]:
    return set(text.encode(codec, "ignore").decode(codec, "ignore"))
