"""What a model is asked in a trial: data of the kind that it takes, ordinary ones and such as users do have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.specification import spec_types
from learnware.specification._kinds import data_type_of_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from learnware.market._semantic_rules import Promise

__all__ = ["trial_inputs"]

# Inputs of one sort.
_TRIALS = 10
# Words in several scripts, with and without blanks between them, and signs.
_WORDS = (
    "the model reads this text and says what it is about",
    "das Modell liest diesen Text und sagt, wovon er handelt; größer, schöner",
    "le modèle lit ce texte et dit de quoi il s'agit, n'est-ce pas",
    "модель читает этот текст и называет его тему",  # noqa: RUF001  # Russian
    "模型阅读这段文字 并说明它的内容",
    "このモデルは文章を読みます",
    "يقرأ النموذج هذا النص",
    "42 3.14 https://example.org/?q=1 a@example.org #topic 🙂 &amp; <b>",
)
# Texts as they come: nothing at all, blanks only, a sign, lines, and one that is far longer than most.
_ODD_TEXTS = ("", "   ", "?", "one line\nanother line\t\n")
_LONG_TEXT_WORDS = 20_000


def trial_inputs(
    shape: tuple[int, ...] | None, promise: Promise, stat_specs: Mapping[str, Any], rng: np.random.Generator
) -> list[Any]:
    """Return inputs of one or two sorts, of each an array or a list; none where it is not known what the model takes.

    Parameters
    ----------
    shape : tuple of int or None
        The model's input_shape.
    promise : Promise
        What the semantic specification says.
    stat_specs : mapping of str to BaseStatSpecification
        By type name; tells the kind of data where `promise` does not.
    rng : Generator
    """
    data_type = promise.data_type or next(filter(None, map(data_type_of_spec, stat_specs)), None)
    if data_type == "Table":
        return _rows(shape, promise, stat_specs, rng)
    if data_type == "Image" and shape and all(size > 0 for size in shape):
        return _images(shape, stat_specs, rng)
    if data_type == "Text":
        return [_ordinary_texts(rng), [*_ODD_TEXTS, " ".join(rng.choice(_all_words(), _LONG_TEXT_WORDS).tolist())]]
    return []


def _rows(
    shape: tuple[int, ...] | None, promise: Promise, stat_specs: Mapping[str, Any], rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    spec: Any = next((stat_specs[name] for name in spec_types("Table") if name in stat_specs), None)
    z = None if spec is None else spec.get_z()
    columns = shape[0] if shape is not None and len(shape) == 1 and shape[0] > 0 else promise.inputs
    if columns is None:
        columns = None if z is None else z.shape[1]
    fitting = [] if z is None or z.shape[1] != columns else [rng.permutation(z)[:_TRIALS]]
    return [] if columns is None else [*fitting, rng.standard_normal((_TRIALS, columns))]


def _images(
    shape: tuple[int, ...], stat_specs: Mapping[str, Any], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Return images of the model's shape: those of a specification that has images of it, and noise from 0 to 255."""
    noise = rng.integers(0, 256, size=(_TRIALS, *shape)).astype(np.float32)
    for name in spec_types("Image"):
        z = stat_specs[name].get_z() if name in stat_specs else None
        if z is not None and z.shape[1:] == shape:
            return [rng.permutation(z)[:_TRIALS].astype(np.float32), noise]
    return [noise]


def _all_words() -> list[str]:
    return [word for words in _WORDS for word in words.split()]


def _ordinary_texts(rng: np.random.Generator) -> list[str]:
    """Return texts of a few words, each in one language, and some of all languages."""
    texts = []
    for number in range(_TRIALS):
        words = _WORDS[number].split() if number < len(_WORDS) else _all_words()
        texts.append(" ".join(rng.choice(words, int(rng.integers(3, 20))).tolist()))
    return texts
