"""Sentence encoders in folders."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.specification.encoding.models import DIMENSION, expected, vectors, write_encoder

from learnware.errors import EncoderUnavailableError
from learnware.specification import RKMETextSpecification, generate_rkme_text_spec
from learnware.specification.encoding import text_encoder

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("onnxruntime")
pytest.importorskip("tokenizers")


def test_points_are_means_over_a_texts_own_tokens(tmp_path: Path) -> None:
    encoder = text_encoder(write_encoder(tmp_path / "a"))
    texts = ["cat", "cat dog tree house", "", "dog unknown", "tree " * 3]
    points = encoder.encode(texts)
    assert points.shape == (5, encoder.dimension) == (5, DIMENSION)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points, [expected(text) for text in texts], rtol=1e-6)


def test_batches_do_not_change_points(tmp_path: Path) -> None:
    encoder = text_encoder(write_encoder(tmp_path / "a"))
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["cat", "dog", "tree"], rng.integers(0, 5))) for _ in range(3000)]
    np.testing.assert_allclose(encoder.encode(texts), [expected(text) for text in texts], rtol=1e-5)


def test_long_texts_are_cut_and_counted(tmp_path: Path) -> None:
    encoder = text_encoder(write_encoder(tmp_path / "a"))
    texts = ["cat dog tree house", "cat dog tree house cat", "cat " * 100_000]
    points, shortened = encoder.encode_counted(texts)
    assert shortened == 2
    np.testing.assert_allclose(points[1], expected("cat dog tree house"), rtol=1e-6)
    np.testing.assert_allclose(points[2], expected("cat cat cat cat"), rtol=1e-6)


def test_pooling_and_length_as_the_folder_says(tmp_path: Path) -> None:
    first = text_encoder(write_encoder(tmp_path / "cls", pooling={"pooling_mode_cls_token": True}))
    np.testing.assert_allclose(first.encode(["cat dog"])[0], vectors()[2], rtol=1e-6)
    unit = text_encoder(write_encoder(tmp_path / "unit", normalize=True))
    np.testing.assert_allclose(unit.encode(["cat"])[0], expected("cat") / np.linalg.norm(expected("cat")), rtol=1e-5)
    with pytest.raises(EncoderUnavailableError, match="pooling_mode_max_tokens"):
        text_encoder(write_encoder(tmp_path / "max", pooling={"pooling_mode_max_tokens": True}))


def test_copies_of_one_encoder_are_one_island_and_others_are_none(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "a")
    copy = shutil.copytree(folder, tmp_path / "b")
    first, second = text_encoder(folder), text_encoder(str(copy))
    assert first.name == second.name
    assert first.name.startswith("tiny-encoder@")
    other = text_encoder(write_encoder(tmp_path / "c", seed=1))
    cut = text_encoder(write_encoder(tmp_path / "d", normalize=True))
    assert len({first.name, other.name, cut.name}) == 3


def test_a_specification_names_its_encoder_and_finds_it_again(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "a", seed=7)
    texts = ["cat dog", "tree house", "dog", "cat tree dog"] * 20
    spec = generate_rkme_text_spec(texts, encoder=folder, reduced_set_size=4, language=["en"])
    spec.save(tmp_path / "spec.json")
    again = RKMETextSpecification()
    again.load(tmp_path / "spec.json")
    assert again.space == spec.space == f"RKMETextSpecification/{text_encoder(folder).name}/{DIMENSION}"
    np.testing.assert_allclose(again.to_points(["cat dog"])[0], expected("cat dog", 7), rtol=1e-6)


@pytest.mark.parametrize("name", ["unheard-of", "tiny-encoder@0123456789abcdef"])
def test_encoders_that_are_not_known(name: str) -> None:
    with pytest.raises(EncoderUnavailableError, match=r"known are hashing") as caught:
        text_encoder(name)
    assert caught.value.encoder == name


def test_a_name_in_a_file_is_never_read_as_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_encoder(tmp_path / "folder", seed=9)
    monkeypatch.chdir(tmp_path)
    spec = RKMETextSpecification.from_states(
        {"z": [[0.0] * DIMENSION], "beta": [1.0], "gamma": 0.1, "encoder": "folder"}
    )
    with pytest.raises(EncoderUnavailableError, match="not known here"):
        spec.to_points(["cat"])


@pytest.mark.parametrize("missing", ["tokenizer.json", "onnx/model.onnx"])
def test_folders_without_an_encoder(tmp_path: Path, missing: str) -> None:
    folder = write_encoder(tmp_path / "a", seed=11)
    (folder / missing).unlink()
    with pytest.raises(EncoderUnavailableError, match=missing.rsplit("/", maxsplit=1)[-1]):
        text_encoder(folder)


@pytest.mark.parametrize("broken", ["tokenizer.json", "onnx/model.onnx", "config.json"])
def test_broken_folders(tmp_path: Path, broken: str) -> None:
    folder = write_encoder(tmp_path / "a", seed=12)
    (folder / broken).write_bytes(b"{broken")
    with pytest.raises(EncoderUnavailableError, match="cannot be read"):
        text_encoder(folder)
