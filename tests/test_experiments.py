"""The experiments of `benchmarks.experiments`, in a tiny size and on made-up data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from benchmarks.experiments import _work, image, text
from benchmarks.experiments._data import SUPER_CLASSES, Samples
from benchmarks.experiments._report import as_json, curves_of, rows_of
from benchmarks.experiments._tasks import image_tasks, labelled_rows, text_owners, text_users

if TYPE_CHECKING:
    from pathlib import Path


def made_up(split: str) -> Samples:
    """Return texts of five topics: words of their own among words of all."""
    rng = np.random.default_rng(len(split))
    common = [f"common{number}" for number in range(40)]
    texts, labels = [], []
    for label, topic in enumerate(SUPER_CLASSES):
        own = [f"{topic}{number}" for number in range(30)]
        for _ in range(60):
            texts.append(" ".join([*rng.choice(common, 12), *rng.choice(own, 4)]))
            labels.append(label)
    order = rng.permutation(len(labels))
    return Samples(np.array(texts, dtype=object)[order], np.array(labels)[order])


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> text.Size:
    monkeypatch.setattr(text, "newsgroups", made_up)
    size = text.SIZES["tiny"]
    return replace(size, share=1.0, curve=replace(size.curve, labels=(20,), repeats=(2,)))


def test_texts_go_the_whole_way_and_a_second_run_finds_all_of_it_made(
    tiny: text.Size, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = text.run(tiny, tmp_path)
    assert [user["name"] for user in users] == ["0-1", "0-2"]
    for user in users:
        # All three learnwares know comp; rec and sci are known to all and to one.
        assert user["errors"]["best in market"] <= user["errors"]["top-1"] < 0.1
        assert user["errors"]["averaging"] < 0.3
        assert sorted(user["found"]) == ["texts 0-1-2-0", "texts 0-1-3-0", "texts 0-1-4-0"]
    assert users[1]["found"][0] == "texts 0-1-2-0"
    [point] = users[0]["curve"]
    assert point["there"] == 20
    assert all(len(errors) == 2 and max(errors) < 0.6 for errors in point["errors"].values())

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("it had been made")

    for name in ("train", "_answers"):
        monkeypatch.setattr(text, name, refuse)
    assert text.run(tiny, tmp_path) == users

    rows = {row.name: row for row in rows_of(users, text.PUBLISHED, "text")}
    assert rows["text: top-1"].measured == pytest.approx(np.mean([user["errors"]["top-1"] for user in users]))
    assert rows["text: best without labels"].bar == 0.10
    document = as_json(users, list(rows.values()), experiment="text")
    assert document["curves"] == curves_of(users)
    assert document["curves"][0]["labels"] == 20


def coloured(split: str) -> Samples:
    """Return images of ten classes, each of a colour of its own, with noise."""
    rng = np.random.default_rng(len(split))
    colours = np.random.default_rng(0).integers(30, 226, size=(10, 3, 1, 1))
    labels = rng.permutation(np.repeat(np.arange(10), 120))
    noise = rng.normal(scale=25.0, size=(len(labels), 3, 32, 32))
    return Samples(np.clip(colours[labels] + noise, 0, 255).astype(np.uint8), labels)


@pytest.mark.torch
# Of torch.jit, in whose format the networks are kept.
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_images_go_the_whole_way_and_a_second_run_finds_all_of_it_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(image, "cifar", coloured)
    size = image.SIZES["tiny"]
    size = replace(size, curve=replace(size.curve, labels=(20,), repeats=(2,)))
    users = image.run(size, tmp_path, jobs=1)
    assert len({user["name"] for user in users}) == 2
    for user in users:
        errors, alone = user["errors"], user["alone"]
        assert len(user["classes"]) == 6
        assert sorted(user["found"]) == sorted(alone)
        assert len(alone) == 3
        assert errors["top-1"] == alone[user["found"][0]]
        assert errors["best in market"] == min(alone.values())
        assert errors["mean in market"] == pytest.approx(np.mean(list(alone.values())))
        assert all(0.0 <= error <= 1.0 for error in errors.values())
    # Labelled samples are for the first user only in this size.
    [point] = users[0]["curve"]
    assert users[1]["curve"] == []
    assert all(len(of_method) == 2 and 0.0 <= min(of_method) < 1.0 for of_method in point["errors"].values())

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("it had been made")

    for name in ("train", "scores"):
        monkeypatch.setattr(image, name, refuse)
    assert image.run(size, tmp_path, jobs=1) == users


def test_half_a_file_is_no_result(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "result.json"

    def stopped() -> None:
        with _work.written_whole(path) as scratch:
            scratch.write_text("{")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopped()
    assert list(path.parent.iterdir()) == []
    assert _work.json_once(path, lambda: {"a": 1}) == {"a": 1}
    assert _work.json_once(path, lambda: {"a": 2}) == {"a": 1}


def test_owners_of_texts_have_half_of_three_classes_and_small_experiments_are_part_of_large_ones() -> None:
    y = np.random.default_rng(0).integers(0, 5, 1000)
    owners = text_owners(y, 5, 2, seed=3)
    assert len({owner.name for owner in owners}) == 20
    for owner in owners:
        assert set(y[owner.rows]) == set(owner.classes)
        assert len(owner.rows) == np.isin(y, owner.classes).sum() // 2
    few = text_owners(y, 5, 1, seed=3)
    assert [one.name for one in few] == [one.name for one in owners[:10]]
    assert all(np.array_equal(one.rows, other.rows) for one, other in zip(few, owners, strict=False))
    assert [set(y[user.rows]) for user in text_users(y, 5)][:2] == [{0, 1}, {0, 2}]


def test_images_are_drawn_in_the_shares_of_the_classes() -> None:
    y = np.repeat(np.arange(10), 100)
    tasks = image_tasks(y, 4, (0.4, 0.4, 0.1, 0.1), 100, 10, (0, 1))
    for task in tasks:
        counts = np.bincount(y[task.rows], minlength=10)
        assert sorted(counts[list(task.classes)].tolist()) == [10, 10, 40, 40]
        assert counts.sum() == 100
    assert len({task.classes for task in tasks}) > 1
    assert [task.name for task in image_tasks(y, 2, (0.4, 0.4, 0.1, 0.1), 100, 10, (0, 1))] == [
        task.name for task in tasks[:2]
    ]


def test_labelled_samples_are_mixed_as_the_users_are() -> None:
    y = np.repeat(np.arange(4), 50)
    like = np.repeat([0, 2], [30, 10])
    rows = labelled_rows(y, like, 40, np.random.default_rng(0))
    assert np.bincount(y[rows], minlength=4).tolist() == [30, 0, 10, 0]
    assert len(set(rows.tolist())) == 40
    # Class 0 has 50 samples, which are three quarters of all that can be drawn.
    assert len(labelled_rows(y, like, 1000, np.random.default_rng(0))) == pytest.approx(66, abs=1)
