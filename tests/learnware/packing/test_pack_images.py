"""Packing models of images; each package is unpacked, loaded and asked."""

from __future__ import annotations

import zipfile
from importlib.metadata import version

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from learnware.errors import PackError
from learnware.learnware import get_learnware_from_dirpath, missing_information, pack, read_package, unpack
from learnware.verification import verify

WORDS = {
    "name": "Bright or dark",
    "description": "Tells bright images from dark ones.",
    "scenarios": ["Others"],
    "license": "MIT",
}
CLASSES = {"task_type": "Classification", "output_description": ["dark", "bright"]}
IMAGES = np.random.default_rng(0).integers(0, 256, size=(60, 3, 8, 6), dtype=np.uint8)
IMAGES[::2] //= 3
SHARES = (IMAGES / 255).astype(np.float32)


def onnx_model(
    shape=("n", 3, 8, 6), kind: int = TensorProto.FLOAT, channels_last: bool = False, threshold: float = 0.35
) -> onnx.ModelProto:
    """Two scores: how far the mean of the pixels is below and above a threshold."""
    nodes = [
        helper.make_node("Cast", ["X"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Sub", ["mean", "threshold"], ["above"]),
        helper.make_node("Unsqueeze", ["above", "one"], ["column"]),
        helper.make_node("Neg", ["column"], ["below"]),
        helper.make_node("Concat", ["below", "column"], ["p"], axis=1),
    ]
    constants = [
        helper.make_tensor("threshold", TensorProto.FLOAT, [], [threshold]),
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
    ]
    if channels_last:
        shape = (shape[0], shape[2], shape[3], shape[1])
    graph = helper.make_graph(
        nodes,
        "bright",
        [helper.make_tensor_value_info("X", kind, list(shape))],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, [shape[0], 2])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def packed(tmp_path, model, data, **words):
    path = pack(model, data, tmp_path / "x.zip", **{**WORDS, **CLASSES, **words})
    learnware = get_learnware_from_dirpath("x", {}, unpack(path, tmp_path / "unpacked"), ignore_error=False)
    return learnware, read_package(path)


def bright(threshold=0.35):
    return (SHARES.mean(axis=(1, 2, 3)) > threshold).astype(int)


@pytest.fixture(scope="module")
def by_shares(tmp_path_factory):
    """The package of an ONNX model that was trained on images from 0 to 1, its learnware and its contents."""
    return packed(tmp_path_factory.mktemp("shares"), onnx_model(), SHARES)


def test_a_network_of_images(by_shares):
    learnware, contents = by_shares
    semantic = contents.semantic_spec
    assert semantic["Data"]["Values"] == ["Image"]
    assert semantic["Input"] == {}
    assert semantic["Output"] == {"Dimension": 2, "Description": {"0": "dark", "1": "bright"}}
    np.testing.assert_array_equal(learnware.predict(SHARES), bright())
    assert (learnware.model.input_shape, learnware.model.output_shape) == ((3, 8, 6), (1,))
    # Whole numbers are pictures, from 0 to 255.
    np.testing.assert_array_equal(learnware.predict(IMAGES), bright())
    assert 0 < bright().mean() < 1
    assert learnware.predict(IMAGES[:0]).shape == (0,)
    many = np.concatenate([IMAGES] * 5)
    np.testing.assert_array_equal(learnware.predict(many), np.concatenate([bright()] * 5))


def test_both_specifications_are_made(by_shares):
    _, contents = by_shares
    assert set(contents.stat_specs) == {"RKMEImageSpecification", "RKMEImageFeatureSpecification"}
    assert all(spec.get_z().size for spec in contents.stat_specs.values())
    with zipfile.ZipFile(contents.path) as archive:
        import yaml

        manifest = yaml.safe_load(archive.read("learnware.yaml"))
    # The published package loads no package that names a type that it does not know.
    assert [one["class_name"] for one in manifest["stat_specifications"]] == ["RKMEImageSpecification"]
    assert [one["class_name"] for one in manifest["extra_stat_specifications"]] == ["RKMEImageFeatureSpecification"]


def test_one_specification_is_made_if_one_is_wanted(tmp_path):
    wanted = {**WORDS, **CLASSES, "pixel_values": "0-255"}
    path = pack(onnx_model(), IMAGES, tmp_path / "one.zip", spec_types=["RKMEImageFeatureSpecification"], **wanted)
    assert set(read_package(path).stat_specs) == {"RKMEImageFeatureSpecification"}
    for types in ([], ["RKMETextSpecification"]):
        with pytest.raises(PackError, match=r"spec_types is .*; images have one or more of .*RKMEImageSpecification"):
            pack(onnx_model(), IMAGES, tmp_path / "none.zip", spec_types=types, **wanted)
    assert not (tmp_path / "none.zip").exists()


def test_a_package_is_valid(by_shares):
    report = verify(by_shares[1].path, runnable_option="current")
    assert report.valid, str(report)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    Image = pytest.importorskip("PIL.Image")
    folder = tmp_path_factory.mktemp("pictures")
    for i, image in enumerate(IMAGES):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{i:03}.png")
    return folder


def test_pictures_of_a_folder_need_the_range_that_the_model_takes(tmp_path, folder):
    assert [field.field for field in missing_information(onnx_model(), folder, **WORDS, **CLASSES)] == ["pixel_values"]
    with pytest.raises(PackError, match=r"pixel_values: .*0-255, 0-1"):
        pack(onnx_model(), folder, tmp_path / "x.zip", **WORDS, **CLASSES)
    learnware, _ = packed(tmp_path, onnx_model(threshold=90), folder, pixel_values="0-255")
    np.testing.assert_array_equal(learnware.predict(IMAGES), bright(90 / 255))


def test_models_of_whole_numbers_tell(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    pictures = [Image.fromarray(image.transpose(1, 2, 0)) for image in IMAGES]
    learnware, _ = packed(tmp_path, onnx_model(kind=TensorProto.UINT8, threshold=90), pictures)
    np.testing.assert_array_equal(learnware.predict(IMAGES), bright(90 / 255))
    with pytest.raises(PackError, match="the images are whole numbers, which the model takes as they are"):
        packed(tmp_path, onnx_model(kind=TensorProto.UINT8), pictures, pixel_values="0-1")


def test_channels_that_come_last_and_one_image_at_a_time(tmp_path):
    model = onnx_model((1, 3, 8, 6), channels_last=True)
    learnware, _ = packed(tmp_path, model, SHARES)
    np.testing.assert_array_equal(learnware.predict(IMAGES), bright())
    assert learnware.model.input_shape == (3, 8, 6)


def test_pictures_get_the_size_that_the_model_takes(tmp_path, folder):
    model = onnx_model(("n", 1, 4, 3))
    learnware, _ = packed(tmp_path, model, folder, pixel_values="0-1")
    assert learnware.predict(np.full((2, 1, 4, 3), [[[[255]]], [[[0]]]], dtype=np.uint8)).tolist() == [1, 0]
    with pytest.raises(PackError, match="the images are of 3×8×6, the model takes 1×4×3"):
        packed(tmp_path, model, SHARES)


def test_pictures_of_several_sizes_get_the_one_that_is_said(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "pictures"
    folder.mkdir()
    pictures = [
        Image.fromarray(image.transpose(1, 2, 0)).resize((6, 8 + i % 3), Image.Resampling.NEAREST)
        for i, image in enumerate(IMAGES)
    ]
    for i, picture in enumerate(pictures):
        picture.save(folder / f"{i:03}.png")
    model, words = onnx_model(("n", 3, "h", "w")), {**WORDS, **CLASSES, "pixel_values": "0-1"}
    for data in (folder, pictures):
        with pytest.raises(PackError, match=r"several sizes \(8×6, 9×6, 10×6\).* or say which as image_size"):
            pack(model, data, tmp_path / "x.zip", **words)
        learnware, _ = packed(tmp_path / type(data).__name__, model, data, pixel_values="0-1", image_size=(8, 6))
        np.testing.assert_array_equal(learnware.predict(IMAGES), bright())
        assert learnware.model.input_shape == (3, 8, 6)
    # What the model says holds.
    for size in (7, (8, 7)):
        with pytest.raises(PackError, match=r"image_size is \d×7; the model takes 8×6 \(height×width\)"):
            pack(onnx_model(), folder, tmp_path / "x.zip", **words, image_size=size)
    with pytest.raises(PackError, match="the images are of 3×8×6, the model takes 3×7×7"):
        pack(model, IMAGES, tmp_path / "x.zip", **words, image_size=7)
    for size in (0, (8, 6, 3), (8, "6")):
        with pytest.raises(PackError, match="expected one number of pixels, or height and width"):
            pack(model, folder, tmp_path / "x.zip", **words, image_size=size)
    with pytest.raises(PackError, match="image_size is for images, and the data are a table"):
        missing_information(LogisticRegression().fit(np.eye(2), [0, 1]), np.eye(2), image_size=8)


def test_an_estimator_of_images(tmp_path):
    digits = load_digits()
    images = digits.images[:60, None]
    model = make_pipeline(FunctionTransformer(np.reshape, kw_args={"shape": (-1, 64)}), LogisticRegression(max_iter=50))
    model.set_params(logisticregression__tol=0.1).fit(images, digits.target[:60])
    words = {"task_type": None, "output_description": None}
    learnware, contents = packed(tmp_path, model, images, **words)
    np.testing.assert_array_equal(learnware.predict(images), model.predict(images))
    assert learnware.model.input_shape == (1, 8, 8)
    assert contents.semantic_spec["Output"]["Dimension"] == 10


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # its successors have no file format for this yet
def test_torchscript(tmp_path):
    torch = pytest.importorskip("torch")

    class Bright(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            above = x.mean(dim=(1, 2, 3)) - 0.35
            return torch.stack([-above, above], dim=1)

    script = torch.jit.trace(Bright(), torch.zeros(1, 3, 8, 6))
    learnware, contents = packed(tmp_path / "a", script, torch.from_numpy(SHARES))
    np.testing.assert_array_equal(learnware.predict(IMAGES), bright())
    with zipfile.ZipFile(contents.path) as archive:
        needed = archive.read("requirements.txt").decode().split()
    assert needed == [f"{name}=={version(name).partition('+')[0]}" for name in ("numpy", "torch")]

    # Masks keep their form.
    class Mask(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x.mean(dim=1) > 0.5).to(torch.uint8)

    mask = torch.jit.trace(Mask(), torch.zeros(1, 3, 8, 6))
    words = {"task_type": "Segmentation", "output_description": None}
    learnware, _ = packed(tmp_path / "b", mask, SHARES, **words)
    np.testing.assert_array_equal(learnware.predict(SHARES), SHARES.mean(axis=1) > 0.5)


@pytest.mark.parametrize(
    ("data", "words", "why"),
    [
        (np.zeros((9, 4)), {}, "the model takes images, and the data are a table"),
        (SHARES[:0], {}, "no images"),
        (SHARES, {"pixel_values": "0-255"}, "pixel_values is '0-255'; the images have values 0-1"),
        (SHARES - 1, {"pixel_values": "0-1"}, "the images have values of another range"),
        (SHARES, {"pixel_values": "16"}, "pixel_values is '16'"),
        (SHARES, {"text_column": "x"}, "data_type|the model takes images"),
        (SHARES, {"output_description": ["a", "b", "c"]}, "names 3 classes; the model has 2"),
    ],
)
def test_what_cannot_be_packed(tmp_path, data, words, why):
    with pytest.raises(PackError, match=why):
        pack(onnx_model(), data, tmp_path / "x.zip", **{**WORDS, **CLASSES, **words})
    assert not list(tmp_path.iterdir())


def test_onnx_models_of_nothing_known(tmp_path):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 8, 6]) for name in "XY"]
    graph = helper.make_graph([helper.make_node("Identity", ["X"], ["Y"])], "same", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    with pytest.raises(PackError, match=r"must have one input of numbers, .* it has X: .*'n', 8, 6"):
        pack(model, SHARES, tmp_path / "x.zip", **WORDS)
    with pytest.raises(PackError, match=r"the ONNX model cannot be loaded: .*axis must be in"):
        pack(onnx_model(("n", 8)), SHARES, tmp_path / "x.zip", **WORDS)
