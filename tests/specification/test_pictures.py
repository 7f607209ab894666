"""Pictures as models take them, and what kind of data files hold."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from learnware.errors import SpecificationError
from learnware.specification._data_files import data_type_of_file, text_column_of_file
from learnware.specification._pictures import PictureFiles, array_of_pictures, is_pictures

Image = pytest.importorskip("PIL.Image")
RGB = np.random.default_rng(0).integers(0, 256, size=(5, 4, 3), dtype=np.uint8)


def test_channels_come_first():
    picture = Image.fromarray(RGB)
    assert is_pictures([picture])
    assert not is_pictures([RGB])
    array = array_of_pictures([picture, picture])
    assert (array.shape, array.dtype) == ((2, 3, 5, 4), np.uint8)
    np.testing.assert_array_equal(array[1], RGB.transpose(2, 0, 1))


def test_grey_stays_grey_unless_there_is_colour():
    grey, colour = Image.fromarray(RGB[:, :, 0]), Image.fromarray(RGB)
    assert array_of_pictures([grey]).shape == (1, 1, 5, 4)
    mixed = array_of_pictures([grey, colour])
    assert mixed.shape == (2, 3, 5, 4)
    np.testing.assert_array_equal(mixed[0], np.repeat(RGB[None, :, :, 0], 3, axis=0))
    assert array_of_pictures([colour], (1, None, None)).shape == (1, 1, 5, 4)


def test_what_is_transparent_is_on_white():
    alpha = np.dstack([RGB, np.zeros((5, 4), dtype=np.uint8)])
    assert (array_of_pictures([Image.fromarray(alpha)]) == 255).all()
    kept = array_of_pictures([Image.fromarray(alpha)], (4, None, None))
    assert (kept.shape, kept[0, 3].max()) == ((1, 4, 5, 4), 0)


def test_sixteen_bits():
    deep = np.array([[0, 65535], [32768, 256]], dtype=np.uint16)
    np.testing.assert_array_equal(array_of_pictures([Image.fromarray(deep)])[0, 0], deep >> 8)


def test_sizes():
    small, large = Image.fromarray(RGB), Image.fromarray(np.repeat(RGB, 2, axis=0))
    with pytest.raises(SpecificationError, match=r"several sizes \(5×4, 10×4\)"):
        array_of_pictures([small, large])
    assert array_of_pictures([small, large], (3, 8, 6)).shape == (2, 3, 8, 6)
    with pytest.raises(SpecificationError, match="not of 2"):
        array_of_pictures([small], (2, None, None))


@pytest.fixture
def folder(tmp_path):
    """Three pictures in two folders, and notes."""
    for i, name in enumerate(("a/1.png", "b/2.PNG", "b/3.png")):
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((5, 4, 3), 10 * i, dtype=np.uint8)).save(path, "png")
    (tmp_path / "folder" / "notes.txt").write_text("no picture")
    return tmp_path / "folder"


def test_a_folder(folder):
    names, images = PictureFiles(folder).read()
    assert names == ["a/1.png", "b/2.PNG", "b/3.png"]
    assert images[:, 0, 0, 0].tolist() == [0, 10, 20]
    assert PictureFiles(folder, "any").read_labels().tolist() == ["a", "b", "b"]
    assert PictureFiles(folder).read((1, 2, 2))[1].shape == (3, 1, 2, 2)
    assert [len(part) for part in PictureFiles(folder).samples()] == [3]
    assert data_type_of_file(folder) == "Image"


def test_pictures_of_a_camera_that_was_turned(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RGB).save(tmp_path / "turned.png", exif=exif)
    _, images = PictureFiles(tmp_path).read()
    np.testing.assert_array_equal(images[0], np.rot90(RGB, -1).transpose(2, 0, 1))


@pytest.mark.parametrize("nested", [True, False])
def test_a_parquet_file(tmp_path, nested):
    import pyarrow as pa
    from pyarrow import parquet

    contents = []
    for i in range(3):
        stream = io.BytesIO()
        Image.fromarray(RGB + i).save(stream, "png")
        contents.append({"bytes": stream.getvalue(), "path": f"{i}.png"} if nested else stream.getvalue())
    path = tmp_path / "x.parquet"
    parquet.write_table(pa.table({"image": contents, "label": [3, 1, 2]}), path)
    names, images = PictureFiles(path, "label").read()
    assert names == (["0.png", "1.png", "2.png"] if nested else ["1", "2", "3"])
    np.testing.assert_array_equal(images[2], (RGB + 2).transpose(2, 0, 1))
    assert PictureFiles(path, "label").read_labels().tolist() == [3, 1, 2]
    assert data_type_of_file(path) == "Image"
    with pytest.raises(SpecificationError, match="no column is called 'x'; the columns are: image, label"):
        PictureFiles(path, "x").read_labels()
    parquet.write_table(pa.table({"image": [*contents, None]}), path)
    with pytest.raises(SpecificationError, match=r"row 4 of 'x.parquet' has no picture"):
        PictureFiles(path).read()
    parquet.write_table(pa.table({"a": contents, "b": contents}), path)
    with pytest.raises(SpecificationError, match="it has several: 'a', 'b'"):
        PictureFiles(path).read()


def test_arrays(tmp_path):
    images = np.random.default_rng(0).random((300, 1, 3, 2)).astype(np.float32)
    np.save(tmp_path / "x.npy", images)
    names, read = PictureFiles(tmp_path / "x.npy").read()
    assert names == []
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, images)
    assert data_type_of_file(tmp_path / "x.npy") == "Image"
    np.save(tmp_path / "flat.npy", images[:, 0])
    with pytest.raises(SpecificationError, match=r"shape \(300, 3, 2\)"):
        PictureFiles(tmp_path / "flat.npy").read()
    with pytest.raises(SpecificationError, match="holds no labels"):
        PictureFiles(tmp_path / "x.npy", "label").read_labels()


def test_broken_pictures(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, size=(64, 64, 3), dtype=np.uint8)).save(stream, "png")
    (tmp_path / "cut.png").write_bytes(stream.getvalue()[:2000])
    with pytest.raises(SpecificationError, match=r"'cut.png' is no readable picture: .*truncated"):
        PictureFiles(tmp_path).read()
    (tmp_path / "cut.png").write_bytes(b"nothing")
    with pytest.raises(SpecificationError, match=r"'cut.png' is no readable picture"):
        PictureFiles(tmp_path).read()
    (tmp_path / "cut.png").unlink()
    with pytest.raises(SpecificationError, match="there are no pictures"):
        PictureFiles(tmp_path).read()
    with pytest.raises(SpecificationError, match="there is no file or folder"):
        PictureFiles(tmp_path / "nothing").read()
    (tmp_path / "x.doc").write_bytes(b"")
    with pytest.raises(SpecificationError, match="is no file of images"):
        PictureFiles(tmp_path / "x.doc").read()


@pytest.mark.parametrize(
    ("text", "target", "kind"),
    [
        ("a,b\n1,2\n", None, "Table"),
        ("a,b\n1,x\n", None, "Table"),
        ("a,b\n1,x\n", "a", "Text"),
        ("a\nx\n", None, "Text"),
        ("text,b\nx,y\n", None, "Text"),
        ('a\n"two\nlines"\n', None, "Text"),
        ("", None, "Table"),
    ],
)
def test_what_a_csv_file_holds(tmp_path, text, target, kind):
    path = tmp_path / "x.csv"
    path.write_text(text)
    assert data_type_of_file(path, target=target) == kind


def test_several_columns_of_texts(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\nx,y\n")
    with pytest.raises(SpecificationError, match=r"several columns of texts \('a', 'b'\): name the one that is meant"):
        data_type_of_file(path)
    assert data_type_of_file(path, target="b") == "Text"
    assert text_column_of_file(path, "b") == "a"
    assert text_column_of_file(path, None) is None


def test_by_its_name():
    assert data_type_of_file("nothing.jsonl") == "Text"
    assert data_type_of_file("nothing.csv") == data_type_of_file("nothing.npy") == "Table"
    with pytest.raises(SpecificationError, match=r"'x.doc' is nothing that can be read; tables are .csv"):
        data_type_of_file(Path("x.doc"))
