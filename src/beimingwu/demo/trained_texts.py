"""Learnwares for texts that are trained on the spot, on what Python and the dock bring along."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from beimingwu.demo.handbook import paragraphs_of
from beimingwu.demo.packing import ship
from beimingwu.messages.catalogue import TEXT_FILES, load

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from beimingwu.demo.fill import Shipment

__all__ = ["train_text_packages"]

# What each model knows of the language reference.
_KNOWN = (("strings", "containers"), ("statements", "expressions"), ("special methods", "types", "debugger"))


def train_text_packages(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    """Train and pack learnwares that tell what a paragraph is about, and what language a sentence is in.

    Parameters
    ----------
    folder : Path
        Where the packages are written.
    without : container of str
        Names of learnwares that are there already.
    """
    # Some distributions of Python leave the texts out.
    if find_spec("pydoc_data") is not None:
        yield from _paragraphs(folder, without)
    yield from _languages(folder, without)


def _paragraphs(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    for number, known in enumerate(_KNOWN):
        words = ", ".join(known)
        name = f"Python reference: {words}"
        if name in without:
            continue
        texts, areas = paragraphs_of(known, "owner")
        model = make_pipeline(
            TfidfVectorizer(sublinear_tf=True, stop_words="english"), LogisticRegression(C=10, max_iter=1000)
        )
        yield ship(
            model.fit(texts, areas),
            texts,
            folder / f"reference_{number}.zip",
            name=name,
            description=f"Tells what a paragraph of the language reference of Python is about: {words}.",
        )


def _languages(folder: Path, without: Container[str]) -> Iterator[Shipment]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    name = "Languages: English or Chinese"
    if name in without:
        return
    said = {english: chinese for file in TEXT_FILES for english, chinese in load("zh", file).items()}
    texts = [*said, *said.values()]
    labels = ["English"] * len(said) + ["Chinese"] * len(said)
    model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), MultinomialNB())
    yield ship(
        model.fit(texts, labels),
        texts,
        folder / "languages.zip",
        name=name,
        description="Tells whether a short message is in English or in Chinese, by its characters.",
        scenario="Business",
    )
