"""What models of images and texts are asked in a trial, and what their specifications must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from learnware.market._semantic_rules import Promise
from learnware.market._trial import stat_spec_problems, try_model
from learnware.market._trial_inputs import trial_inputs
from learnware.specification import generate_rkme_image_feature_spec, generate_rkme_text_spec


@dataclass
class Process:
    """A model that is asked here instead of in a process."""

    answer: Any
    input_shape: tuple[int, ...] | None = None
    asked: list[Any] = field(default_factory=list)
    running: bool = True

    def describe(self) -> dict[str, Any]:
        return {"input_shape": self.input_shape, "output_shape": None, "methods": ["predict"]}

    def predict(self, X: Any) -> Any:
        self.asked.append(X)
        return self.answer(X)


def zeros(X):
    return np.zeros(len(X), dtype=int)


@pytest.fixture(scope="module")
def texts():
    spec = generate_rkme_text_spec(["a text about one thing", "another text"] * 20, reduced_set_size=3, language=["en"])
    return {spec.type: spec}


@pytest.fixture(scope="module")
def images():
    pytest.importorskip("PIL")
    pixels = np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8)).astype(np.uint8)
    spec = generate_rkme_image_feature_spec(pixels, reduced_set_size=3)
    return {spec.type: spec}


class Pictures:
    """A specification whose points are images."""

    type = "RKMEImageSpecification"
    channels = 3

    def get_z(self):
        return np.random.default_rng(1).normal(size=(12, 3, 32, 32))


TEXT = Promise("Text", "Classification", None, 3)
IMAGE = Promise("Image", "Classification", None, 3)


def test_texts_of_all_sorts_are_asked(texts):
    process: Any = Process(zeros)
    trial = try_model(process, TEXT, texts, seed=0)
    assert trial.problems == ()
    (asked,) = process.asked
    assert trial.rows == len(asked) == 15
    assert "" in asked
    assert max(map(len, asked)) > 50_000
    assert any("模型" in one for one in asked)
    assert any("größer" in one for one in asked)
    assert all(isinstance(one, str) for one in asked)
    again: Any = Process(zeros)
    try_model(again, TEXT, texts, seed=0)
    assert again.asked == process.asked


def test_texts_tell_what_they_are_where_nobody_says(texts):
    parts = trial_inputs(None, Promise(), texts, np.random.default_rng(0))
    assert [len(part) for part in parts] == [10, 5]
    assert trial_inputs(None, Promise(), {}, np.random.default_rng(0)) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda X: np.full(len(X), 3), "trial-label"),
        (lambda X: np.zeros(len(X) - 1), "trial-count"),
        (lambda X: np.array([one[:1] for one in X]), "trial-type"),
        (lambda X: np.full((len(X), 2), 0.5), "trial-classes"),
    ],
)
def test_answers_to_texts_are_checked(texts, answer, code):
    problems = try_model(Process(answer), TEXT, texts, seed=0).problems
    assert {one.code for one in problems} == {code}


def test_images_are_asked_in_the_shape_of_the_model(images):
    process = Process(zeros, (1, 8, 8))
    assert try_model(process, IMAGE, images, seed=0).problems == ()
    (asked,) = process.asked
    assert asked.shape == (10, 1, 8, 8)
    assert asked.dtype == np.float32
    assert 200 < asked.max() <= 255


def test_images_of_the_specification_are_among_them():
    spec = Pictures()
    parts = trial_inputs((3, 32, 32), IMAGE, {spec.type: spec}, np.random.default_rng(0))
    known = {one.astype(np.float32).tobytes() for one in spec.get_z()}
    assert [part.shape for part in parts] == [(10, 3, 32, 32)] * 2
    assert all(one.tobytes() in known for one in parts[0])
    assert len(trial_inputs((3, 16, 16), IMAGE, {spec.type: spec}, np.random.default_rng(0))) == 1


def test_model_and_specification_take_the_same_channels(images):
    problems = try_model(Process(zeros, (3, 8, 8)), IMAGE, images, seed=0).problems
    (said,) = map(str, problems)
    assert said == (
        "the model's input_shape is (3, 8, 8); the statistical specification describes images of 1 channels; "
        "both must have the channels of the images that the model takes"
    )


def test_each_kind_of_data_needs_one_of_its_specifications(texts, images):
    assert stat_spec_problems(TEXT, texts) == []
    assert stat_spec_problems(IMAGE, images) == []
    (missing,) = stat_spec_problems(IMAGE, texts)
    assert missing.code == "stat-spec-other"
    assert "RKMEImageFeatureSpecification or RKMEImageSpecification" in missing.message
    assert "RKMETextSpecification" in missing.message
    (none,) = stat_spec_problems(TEXT, {})
    assert none.code == "stat-spec-missing"
