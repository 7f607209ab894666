"""A task on images in one call, with a real market of packed networks that went through its checks."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from learnware.learnware import pack
from learnware.market import BaseChecker, instantiate_learnware_market
from learnware.solution import solve

DIGITS = load_digits()
IMAGES = (DIGITS.images[:, None] / 16).astype(np.float32)
NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
# What the learnwares know, in orders of their own: the position of a class says nothing.
KNOWN = ([1, 0], [6, 4, 0], [7, 3])


def linear(classes):
    """A linear classifier of digits: its weights, and its bias."""
    rows = np.flatnonzero(np.isin(DIGITS.target[:900], classes))
    model = LogisticRegression(C=0.5).fit(IMAGES[rows].reshape(len(rows), -1), DIGITS.target[rows])
    weights, bias = model.coef_, model.intercept_
    if len(classes) == 2:
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    order = [model.classes_.tolist().index(one) for one in classes]
    return weights[order].astype(np.float32), bias[order].astype(np.float32), IMAGES[rows]


def as_onnx(weights, bias):
    nodes = [
        helper.make_node("Flatten", ["X"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["scores"], transB=1),
        helper.make_node("Softmax", ["scores"], ["p"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 1, 8, 8])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", len(bias)])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def as_torchscript(weights, bias):
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(*weights.shape[::-1])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights))
        layer.bias.copy_(torch.from_numpy(bias))
    module = torch.nn.Sequential(torch.nn.Flatten(), layer, torch.nn.Softmax(dim=1))
    return torch.jit.trace(module, torch.zeros(2, 1, 8, 8))


def task(classes):
    """Digits of these classes that no model was trained on, and their names."""
    rows = 900 + np.flatnonzero(np.isin(DIGITS.target[900:], classes))
    return IMAGES[rows], NAMES[DIGITS.target[rows]]


@pytest.mark.parametrize("form", [as_onnx, pytest.param(as_torchscript, marks=pytest.mark.torch)])
@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # its successors have no file format for this yet
def test_images_are_solved_by_the_names_of_classes(tmp_path, form):
    market = instantiate_learnware_market("images", root=tmp_path)
    ids = []
    for number, classes in enumerate(KNOWN):
        weights, bias, images = linear(classes)
        path = pack(
            form(weights, bias),
            images,
            tmp_path / f"{number}.zip",
            name=f"Digits {number}",
            description="Tells some handwritten digits apart.",
            scenarios="Others",
            license="MIT",
            task_type="Classification",
            output_description=NAMES[classes].tolist(),
            output="probabilities",
        )
        learnware_id, status = market.add_learnware(path)
        assert status == BaseChecker.USABLE_LEARNWARE
        ids.append(learnware_id)
    for number in (0, 1):
        images, truth = task(KNOWN[number])
        with solve(images, market=market) as solution:
            assert solution.report.way == "prior shift"
            assert set(solution.classes_) == set(NAMES[[0, 1, 4, 6, 3, 7]])
            assert (solution.predict(images) == truth).mean() > 0.9
            assert max(solution.report.learnwares, key=lambda one: one.share).id == ids[number]
    # Nobody knows all four of these: routing tells whose class it is, since certain answers to foreign images do not.
    images, truth = task([0, 1, 4, 6])
    with solve(images, market=market) as solution:
        assert (solution.predict(images) == truth).mean() > 0.85
    # What was trained on numbers from 0 to 1 takes pictures, too; labels choose the way.
    pictures = (images * 255).astype(np.uint8)
    labels = truth.astype(object)
    labels[60:] = None
    with solve(pictures, labels, market=market) as solution:
        assert (solution.predict(pictures[60:]) == truth[60:]).mean() > 0.85
    market.learnware_organizer.close()
