"""Images of any kind become blocks of 32x32 pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest

from learnware.errors import MissingDependencyError, SpecificationError
from learnware.specification._image_files import iter_image_chunks, read_images
from learnware.specification._images import ImageReader

Image = pytest.importorskip("PIL.Image")


def images(n: int = 6, channels: int = 3, size: int = 32) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, size=(n, channels, size, size), dtype=np.uint8)


def pictures(array: np.ndarray) -> list:
    return [Image.fromarray(one[0] if len(one) == 1 else one.transpose(1, 2, 0)) for one in array]


def read(X: object) -> np.ndarray:
    return ImageReader(X).read()


def test_every_kind_of_input_gives_the_same() -> None:
    array = images()
    expected = array.astype(np.float32)
    for X in (
        array,
        array.astype(np.float64),
        array.astype(np.int64),
        list(array),
        tuple(array),
        pictures(array),
        iter([array[:2], pictures(array[2:5]), list(array[5:])]),
        np.asfortranarray(array),
    ):
        np.testing.assert_array_equal(read(X), expected)


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    array = images()
    np.testing.assert_array_equal(read(torch.from_numpy(array)), array.astype(np.float32))
    np.testing.assert_array_equal(read([torch.from_numpy(one) for one in array]), array.astype(np.float32))


def test_input_is_only_read() -> None:
    array = images().astype(np.float64)
    array[0, 0, 0, 0] = np.nan
    before = array.copy()
    array.flags.writeable = False
    read(array)
    np.testing.assert_array_equal(array, before)


def test_blocks_bound_the_memory_and_count() -> None:
    reader = ImageReader(images(600, channels=1))
    assert [len(block) for block in reader.blocks()] == [256, 256, 88]
    assert (reader.n_images, reader.channels) == (600, 1)


def test_other_sizes_are_resized_with_a_filter_as_wide_as_the_reduction() -> None:
    checks = np.indices((128, 128)).sum(axis=0) % 2 * 255
    fine = np.broadcast_to(checks, (1, 3, 128, 128)).astype(np.uint8)
    assert np.abs(read(fine) - 127.5).max() < 8
    # The same for pillow's images and arrays, up to the rounding of whole numbers.
    large = images(2, size=77)
    assert np.abs(read(large) - read(pictures(large))).max() <= 1.5
    assert read(images(2, size=8)).shape == (2, 3, 32, 32)
    assert read([images(1, size=50)[0], images(1, size=20)[0]]).shape == (2, 3, 32, 32)


def test_missing_and_infinite_values_are_the_mean_of_their_image() -> None:
    array = np.ones((2, 1, 32, 32))
    array[0, 0, 0] = 3.0
    array[0, 0, 1, :2], array[0, 0, 1, 2] = np.nan, -np.inf
    reader = ImageReader(array)
    found = reader.read()
    assert (reader.missing, reader.infinite) == (2, 1)
    np.testing.assert_allclose(found[0, 0, 1, :3], (3.0 * 32 + 31 * 32 - 3) / (32 * 32 - 3), rtol=1e-6)
    np.testing.assert_array_equal(found[1], 1.0)


@pytest.mark.parametrize("white", [255, 1.0, 255.0])
def test_what_is_transparent_is_on_white(white: float) -> None:
    array = np.zeros((2, 4, 32, 32), dtype=np.uint8 if isinstance(white, int) else np.float64)
    array[1, 3] = white
    found = read(array)
    assert found.shape[1] == 3
    np.testing.assert_allclose(found[0], white)
    np.testing.assert_allclose(found[1], 0.0)
    if isinstance(white, int):
        np.testing.assert_array_equal(read([Image.fromarray(one.transpose(1, 2, 0)) for one in array]), found)


def test_grey_images_among_coloured_ones() -> None:
    grey, coloured = images(2, channels=1), images(2)
    assert read(iter([coloured, grey])).shape == (4, 3, 32, 32)
    np.testing.assert_array_equal(read(iter([coloured, grey]))[2], np.repeat(grey[0], 3, axis=0).astype(np.float32))
    assert read([*pictures(grey), *pictures(coloured)]).shape == (4, 3, 32, 32)
    assert read(pictures(grey)).shape == (2, 1, 32, 32)
    for chunks in ([grey, coloured], [pictures(grey), pictures(coloured)]):
        with pytest.raises(SpecificationError, match="same channels"):
            read(iter(chunks))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 3, 32, 32)), "no images"),
        ([], "dimensions"),
        (iter([]), "no images"),
        (np.zeros((5, 32, 32)), "4 dimensions are needed"),
        (np.zeros((5, 32, 32, 3)), "moveaxis"),
        (np.zeros((5, 100, 32, 32)), "at most 64 channels"),
        (np.zeros((5, 3, 0, 32)), "no pixels"),
        (np.zeros((5, 3, 32, 32), dtype=complex), "numbers"),
        (np.full((5, 3, 32, 32), "a"), "numbers"),
        ([np.zeros((3, 32, 32)), np.zeros((32, 32))], "image 1 of the list"),
        ([np.zeros((3, 32, 32)), "text"], "image 1 of the list"),
        (np.full((5, 3, 32, 32), 1e200), "beyond"),
    ],
)
def test_what_is_no_image_is_refused(X: object, message: str) -> None:
    with pytest.raises(SpecificationError, match=message):
        read(X)


def test_an_image_without_a_number_is_named() -> None:
    array = images(300).astype(np.float32)
    array[270] = np.nan
    with pytest.raises(SpecificationError, match="image 270 has no finite value"):
        read(array)


def test_without_pillow_only_resizing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    assert read(images()).shape == (6, 3, 32, 32)
    with pytest.raises(MissingDependencyError, match=r"learnware\[images\]"):
        read(images(size=40))


def test_files(tmp_path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    array = images(5)
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    encoded = []
    for i, picture in enumerate(pictures(array)):
        picture.save((folder / "more" if i > 2 else folder) / f"z{i}.png" if i > 2 else folder / f"a{i}.png")
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        encoded.append(buffer.getvalue())
    (folder / "notes.txt").write_text("no picture")
    np.save(tmp_path / "images.npy", array)
    parquet.write_table(pa.table({"image": encoded, "label": range(5)}), tmp_path / "bytes.parquet")
    structs = [{"bytes": one, "path": None} for one in encoded]
    parquet.write_table(pa.table({"image": structs}), tmp_path / "structs.parquet")
    for name in ("pictures", "images.npy", "bytes.parquet", "structs.parquet"):
        np.testing.assert_array_equal(read(iter_image_chunks(tmp_path / name)), array.astype(np.float32))
        np.testing.assert_array_equal(read(read_images(tmp_path / name)), array.astype(np.float32))
    (folder / "broken.png").write_bytes(b"\x89PNG")
    with pytest.raises(SpecificationError, match=r"broken\.png"):
        read_images(folder)
