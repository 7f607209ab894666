"""Packing models of every kind; each package is unpacked, loaded and asked."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import warnings
import zipfile
from importlib.metadata import version

import joblib
import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from learnware.errors import PackError, SandboxError, SpecificationError
from learnware.learnware import get_learnware_from_dirpath, missing_information, pack, read_package, unpack

WORDS = {
    "name": "Iris species",
    "description": "Tells the species of an iris from its measurements.",
    "scenarios": ["Nature", "Education"],
    "license": "Apache-2.0",
}
IRIS = load_iris()
X = IRIS.data
SPECIES = IRIS.target_names[IRIS.target]
COLUMNS = list(IRIS.feature_names)
FRAME = pd.DataFrame(X, columns=COLUMNS)
DIABETES = load_diabetes()
FITTED = LogisticRegression(max_iter=1000).fit(X, SPECIES)


def packed(tmp_path, model, data=X, **words):
    """Pack, unpack and load; return the learnware and the contents of its package."""
    words = {**WORDS, **words}
    if not hasattr(data, "columns") and not isinstance(data, str):
        words.setdefault("input_description", COLUMNS)
    path = pack(model, data, tmp_path / "packed" / "learnware.zip", **words)
    assert [entry.name for entry in path.parent.iterdir()] == ["learnware.zip"]
    contents = read_package(path)
    folder = unpack(path, tmp_path / "unpacked")
    return get_learnware_from_dirpath("x", {}, folder, ignore_error=False), contents


def requirements(contents) -> list[str]:
    with zipfile.ZipFile(contents.path) as archive:
        return archive.read("requirements.txt").decode().split()


def pins(*names: str) -> list[str]:
    return sorted(f"{name}=={version(name).partition('+')[0]}" for name in names)


def code(contents) -> str:
    with zipfile.ZipFile(contents.path) as archive:
        return archive.read("__init__.py").decode()


# --- scikit-learn ---


def test_a_classifier_keeps_its_class_names(tmp_path):
    model = FITTED
    learnware, contents = packed(tmp_path, model)
    spec = contents.semantic_spec
    assert spec["Data"]["Values"] == ["Table"]
    assert spec["Task"]["Values"] == ["Classification"]
    assert spec["Library"]["Values"] == ["Scikit-learn"]
    assert spec["Scenario"]["Values"] == ["Nature", "Education"]
    assert spec["License"]["Values"] == ["Apache-2.0"]
    assert spec["Name"]["Values"] == WORDS["name"]
    assert spec["Description"]["Values"] == WORDS["description"]
    assert spec["Input"] == {"Dimension": 4, "Description": dict(zip("0123", COLUMNS, strict=True))}
    assert spec["Output"] == {"Dimension": 3, "Description": {"0": "setosa", "1": "versicolor", "2": "virginica"}}
    rkme = contents.stat_specs["RKMETableSpecification"]
    assert rkme.num_points == 150
    assert rkme.get_z().shape[1] == 4
    labels = learnware.predict(X)
    np.testing.assert_array_equal(IRIS.target_names[labels], model.predict(X))
    np.testing.assert_array_equal(learnware.predict_proba(X), model.predict_proba(X))
    assert (learnware.model.input_shape, learnware.model.output_shape) == ((4,), (1,))
    assert requirements(contents) == pins("joblib", "numpy", "scikit-learn")


def test_probabilities_as_output(tmp_path):
    model = FITTED
    learnware, _ = packed(tmp_path, model, output="probabilities")
    np.testing.assert_array_equal(learnware.predict(X), model.predict_proba(X))
    assert learnware.model.output_shape == (3,)


def test_a_classifier_without_probabilities(tmp_path):
    model = SVC().fit(X, SPECIES)
    learnware, contents = packed(tmp_path, model)
    np.testing.assert_array_equal(IRIS.target_names[learnware.predict(X)], model.predict(X))
    assert "predict_proba" not in code(contents)
    with pytest.raises(PackError, match="use 'labels'"):
        packed(tmp_path, model, output="probabilities")


@pytest.mark.parametrize("suffix", [".joblib", ".pkl", ".skops"])
def test_files_of_estimators(tmp_path, suffix):
    model = make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(X, IRIS.target + 4)
    path = tmp_path / f"model{suffix}"
    if suffix == ".joblib":
        joblib.dump(model, path, compress=3)
    elif suffix == ".pkl":
        path.write_bytes(pickle.dumps(model))
    else:
        import skops.io

        skops.io.dump(model, path)
    learnware, contents = packed(tmp_path, str(path))
    np.testing.assert_array_equal(learnware.predict(X) + 4, model.predict(X))
    assert contents.semantic_spec["Output"]["Description"] == {"0": "4", "1": "5", "2": "6"}
    loader = "skops" if suffix == ".skops" else "joblib"
    assert requirements(contents) == pins(loader, "numpy", "scikit-learn")
    with zipfile.ZipFile(contents.path) as archive:
        assert path.read_bytes() in [archive.read(name) for name in archive.namelist()]


def test_a_regressor_and_the_name_of_its_target(tmp_path):
    frame = pd.DataFrame(DIABETES.data, columns=DIABETES.feature_names).assign(progression=DIABETES.target)
    model = Ridge().fit(DIABETES.data, DIABETES.target)
    learnware, contents = packed(tmp_path, model, frame, target="progression")
    assert contents.semantic_spec["Task"]["Values"] == ["Regression"]
    assert contents.semantic_spec["Input"]["Description"]["0"] == "age"
    assert contents.semantic_spec["Output"] == {"Dimension": 1, "Description": {"0": "progression"}}
    outputs = learnware.predict(DIABETES.data)
    assert outputs.shape == (442, 1)
    np.testing.assert_array_equal(outputs[:, 0], model.predict(DIABETES.data))


def test_a_regressor_of_several_targets(tmp_path):
    model = LinearRegression().fit(X[:, :2], X[:, 2:])
    learnware, contents = packed(
        tmp_path, model, X[:, :2], input_description=COLUMNS[:2], output_description=COLUMNS[2:]
    )
    assert contents.semantic_spec["Output"]["Dimension"] == 2
    assert learnware.predict(X[:, :2]).shape == (150, 2)
    assert learnware.model.output_shape == (2,)


def test_an_estimator_fitted_on_a_data_frame(tmp_path):
    model = make_pipeline(
        ColumnTransformer([("scaled", StandardScaler(), COLUMNS[:2]), ("plain", "passthrough", [COLUMNS[3]])]),
        LogisticRegression(max_iter=1000),
    ).fit(FRAME, SPECIES)
    shuffled = FRAME[COLUMNS[::-1]].assign(species=IRIS.target)
    learnware, contents = packed(tmp_path, model, shuffled)
    assert list(contents.semantic_spec["Input"]["Description"].values()) == COLUMNS
    np.testing.assert_array_equal(IRIS.target_names[learnware.predict(X)], model.predict(FRAME))
    assert requirements(contents) == pins("joblib", "numpy", "pandas", "scikit-learn")


@pytest.mark.parametrize(
    ("model", "task"),
    [
        (SelectKBest(k=2).fit(X, IRIS.target), "Feature Extraction"),
        (OneHotEncoder(handle_unknown="ignore").fit(X), "Feature Extraction"),
    ],
)
def test_transformers(tmp_path, model, task):
    learnware, contents = packed(tmp_path, model)
    assert contents.semantic_spec["Task"]["Values"] == [task]
    assert "Output" not in contents.semantic_spec
    expected = model.transform(X)
    np.testing.assert_array_equal(
        learnware.predict(X), expected.toarray() if hasattr(expected, "toarray") else expected
    )


def test_an_estimator_of_another_task(tmp_path):
    model = KMeans(3, random_state=0, n_init=1).fit(X)
    with pytest.raises(PackError) as caught:
        pack(model, FRAME, tmp_path / "x.zip", **WORDS)
    assert len(caught.value.missing) == 1
    assert "task_type" in caught.value.missing[0]
    learnware, _ = packed(tmp_path, model, task_type="Others")
    np.testing.assert_array_equal(learnware.predict(X)[:, 0], model.predict(X))


# --- LightGBM and XGBoost ---


@pytest.mark.parametrize(
    ("form", "n_classes"), [("estimator", 2), ("estimator", 3), ("booster", 3), ("file", 2), ("joblib", 3)]
)
def test_lightgbm_classifiers(tmp_path, n_classes, form):
    lightgbm = pytest.importorskip("lightgbm")
    keep = n_classes > IRIS.target
    rows, labels = X[keep], IRIS.target[keep]
    estimator = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(rows, IRIS.target_names[labels])
    model = {"estimator": estimator, "joblib": tmp_path / "m.joblib", "file": str(tmp_path / "m.txt")}.get(
        form, estimator.booster_
    )
    estimator.booster_.save_model(tmp_path / "m.txt")
    joblib.dump(estimator, tmp_path / "m.joblib")
    learnware, contents = packed(tmp_path, model, rows)
    np.testing.assert_allclose(learnware.predict_proba(rows), estimator.predict_proba(rows))
    np.testing.assert_array_equal(IRIS.target_names[learnware.predict(rows)], estimator.predict(rows))
    names = list(IRIS.target_names[:n_classes]) if form in {"estimator", "joblib"} else ["0", "1", "2"][:n_classes]
    assert list(contents.semantic_spec["Output"]["Description"].values()) == names
    assert requirements(contents) == pins("lightgbm", "numpy")
    assert "model.txt" in [member.name for member in contents.members]


def test_lightgbm_regressor_with_column_names(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    frame = pd.DataFrame(DIABETES.data, columns=DIABETES.feature_names)
    model = lightgbm.LGBMRegressor(n_estimators=5, verbose=-1).fit(frame, DIABETES.target)
    learnware, contents = packed(tmp_path, model, frame.assign(y=DIABETES.target), output_description="progression")
    np.testing.assert_allclose(learnware.predict(DIABETES.data)[:, 0], model.predict(frame))
    assert contents.semantic_spec["Output"]["Description"] == {"0": "progression"}


def test_lightgbm_for_a_task_that_has_no_name(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMRanker(n_estimators=3, verbose=-1).fit(X, IRIS.target, group=[150])
    learnware, contents = packed(tmp_path, model, task_type="Others")
    np.testing.assert_allclose(learnware.predict(X)[:, 0], model.predict(X))
    assert requirements(contents)[0].startswith("joblib")


@pytest.mark.parametrize(
    ("form", "n_classes"), [("estimator", 2), ("estimator", 3), ("booster", 2), (".json", 3), (".ubj", 2)]
)
def test_xgboost_classifiers(tmp_path, n_classes, form):
    xgboost = pytest.importorskip("xgboost")
    keep = n_classes > IRIS.target
    rows, labels = X[keep], IRIS.target[keep]
    estimator = xgboost.XGBClassifier(n_estimators=5).fit(rows, labels)
    model = {"estimator": estimator, "booster": estimator.get_booster()}.get(form)
    if model is None:
        model = tmp_path / f"model{form}"
        estimator.save_model(model)
    learnware, contents = packed(tmp_path, model, rows, output_description=list(IRIS.target_names[:n_classes]))
    np.testing.assert_allclose(learnware.predict_proba(rows), estimator.predict_proba(rows), rtol=1e-5)
    np.testing.assert_array_equal(learnware.predict(rows), estimator.predict(rows))
    assert requirements(contents)[0].startswith("numpy==")
    assert requirements(contents)[1].startswith("xgboost")
    assert len(requirements(contents)) == 2


def test_xgboost_that_stopped_early(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    y = np.random.default_rng(0).normal(size=len(X))
    model = xgboost.XGBRegressor(n_estimators=50, early_stopping_rounds=2, missing=-1.0)
    model.fit(X[:100], y[:100], eval_set=[(X[100:], y[100:])], verbose=False)
    assert model.best_iteration < 40
    holes = np.where(np.arange(X.size).reshape(X.shape) % 7 == 0, -1.0, X)
    learnware, _ = packed(tmp_path, model, holes, output_description="noise")
    np.testing.assert_allclose(learnware.predict(holes)[:, 0], model.predict(holes), rtol=1e-5)


def test_xgboost_that_answers_classes(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    matrix = xgboost.DMatrix(X, label=IRIS.target)
    booster = xgboost.train({"objective": "multi:softmax", "num_class": 3}, matrix, 3)
    learnware, contents = packed(tmp_path, booster)
    np.testing.assert_array_equal(learnware.predict(X), booster.predict(matrix))
    assert "predict_proba" not in code(contents)


# --- ONNX ---


def onnx_model(labelled: bool, rows: object = "n", scores: bool = True) -> onnx.ModelProto:
    """A linear model; with labels first, as converters of classifiers write it."""
    rng = np.random.default_rng(0)
    weights = [
        helper.make_tensor("W", TensorProto.FLOAT, [4, 3], rng.normal(size=12)),
        helper.make_tensor("b", TensorProto.FLOAT, [3], rng.normal(size=3)),
    ]
    nodes = [helper.make_node("Gemm", ["X", "W", "b"], ["scores"])]
    outputs = [helper.make_tensor_value_info("p", TensorProto.FLOAT, [rows, 3])]
    nodes.append(helper.make_node("Softmax", ["scores"], ["p"], axis=1))
    if labelled:
        nodes.append(helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0))
        outputs = [helper.make_tensor_value_info("label", TensorProto.INT64, [rows]), *(outputs if scores else [])]
    graph = helper.make_graph(
        nodes, "linear", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [rows, 4])], outputs, weights
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def onnx_run(model: onnx.ModelProto, name: str) -> np.ndarray:
    runtime = pytest.importorskip("onnxruntime")
    return runtime.InferenceSession(model.SerializeToString()).run([name], {"X": X.astype(np.float32)})[0]


@pytest.mark.parametrize("as_file", [True, False])
def test_onnx_classifier(tmp_path, as_file):
    model = onnx_model(labelled=True)
    source = model
    if as_file:
        source = tmp_path / "model.onnx"
        onnx.save(model, source)
    learnware, contents = packed(tmp_path, source, output_description=["a", "b", "c"])
    np.testing.assert_allclose(learnware.predict_proba(X), onnx_run(model, "p"), rtol=1e-6)
    np.testing.assert_array_equal(learnware.predict(X), onnx_run(model, "label"))
    assert requirements(contents) == pins("numpy", "onnxruntime")


def test_onnx_classifier_of_labels_only(tmp_path):
    model = onnx_model(labelled=True, scores=False)
    learnware, contents = packed(tmp_path, model, output_description=["a", "b", "c"])
    np.testing.assert_array_equal(learnware.predict(X), onnx_run(model, "label"))
    assert "predict_proba" not in code(contents)
    with pytest.raises(PackError, match="outside of 0 to 0"):
        pack(model, FRAME, tmp_path / "x.zip", **WORDS, output_description=["a"])


def test_onnx_scores(tmp_path):
    model = onnx_model(labelled=False)
    names = ["a", "b", "c"]
    learnware, contents = packed(tmp_path, model, task_type="Classification", output_description=names)
    np.testing.assert_array_equal(learnware.predict(X), onnx_run(model, "p").argmax(axis=1))
    assert "predict_proba" not in code(contents)  # nothing says that the scores are probabilities
    again, _ = packed(tmp_path / "again", model, task_type="Regression", output_description=names)
    np.testing.assert_allclose(again.predict(X), onnx_run(model, "p"), rtol=1e-6)


def test_onnx_models_that_do_not_fit(tmp_path):
    with pytest.raises(PackError, match="exactly 1 rows"):
        pack(onnx_model(labelled=False, rows=1), FRAME, tmp_path / "x.zip", **WORDS)
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    with pytest.raises(PackError, match="cannot be loaded"):
        pack(tmp_path / "broken.onnx", FRAME, tmp_path / "x.zip", **WORDS)


# --- TorchScript ---


def network(torch):
    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Dropout(0.5)).eval()


@pytest.mark.torch
@pytest.mark.parametrize("as_file", [True, False])
def test_torchscript(tmp_path, as_file):
    torch = pytest.importorskip("torch")
    module = network(torch)
    with warnings.catch_warnings():
        # What a user does is deprecated. Packing it, and the learnware, are quiet.
        warnings.simplefilter("ignore", DeprecationWarning)
        source = torch.jit.trace(module, torch.zeros(1, 4))
        if as_file:
            torch.jit.save(source, str(tmp_path / "model.pt"))
            source = tmp_path / "model.pt"
    expected = module(torch.from_numpy(X.astype(np.float32))).detach().numpy()
    learnware, contents = packed(tmp_path, source, task_type="Classification", output_description=["a", "b", "c"])
    np.testing.assert_array_equal(learnware.predict(X), expected.argmax(axis=1))
    assert contents.semantic_spec["Library"]["Values"] == ["PyTorch"]
    assert requirements(contents) == pins("numpy", "torch")
    (tmp_path / "state.pt").write_bytes(b"no module")
    with pytest.raises(PackError, match="no TorchScript"):
        pack(tmp_path / "state.pt", FRAME, tmp_path / "x.zip", **WORDS)


@pytest.mark.torch
@pytest.mark.parametrize("as_file", [True, False])
def test_exported_programs_of_torch(tmp_path, as_file):
    torch = pytest.importorskip("torch")
    module = network(torch)
    inputs = (torch.zeros(2, 4),)
    source = torch.export.export(module, inputs, dynamic_shapes=({0: torch.export.Dim.AUTO},))
    if as_file:
        torch.export.save(source, tmp_path / "model.pt2")
        source = tmp_path / "model.pt2"
    expected = module(torch.from_numpy(X.astype(np.float32))).detach().numpy()
    learnware, contents = packed(tmp_path, source, task_type="Classification", output_description=["a", "b", "c"])
    np.testing.assert_array_equal(learnware.predict(X), expected.argmax(axis=1))
    for rows in (1, 0, 3):
        assert len(learnware.predict(X[:rows])) == rows
    assert contents.semantic_spec["Library"]["Values"] == ["PyTorch"]
    assert requirements(contents) == pins("numpy", "torch")
    with pytest.raises(PackError, match="any number of rows"):
        pack(torch.export.export(module, inputs), FRAME, tmp_path / "x.zip", **WORDS)
    (tmp_path / "state.pt2").write_bytes(b"no program")
    with pytest.raises(PackError, match="no exported program"):
        pack(tmp_path / "state.pt2", FRAME, tmp_path / "x.zip", **WORDS)


# --- data ---


@pytest.fixture(scope="module")
def package_of_an_array(tmp_path_factory):
    path = tmp_path_factory.mktemp("array") / "x.zip"
    return pack(FITTED, X, path, **WORDS, input_description=COLUMNS).read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
def test_training_data_in_files(tmp_path, suffix, package_of_an_array):
    path = tmp_path / f"data{suffix}"
    frame = FRAME.assign(species=IRIS.target)
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        np.save(path, frame.to_numpy())
    words = {"input_description": COLUMNS} if suffix == ".npy" else {}
    target = -1 if suffix == ".npy" else "species"
    made = pack(FITTED, str(path), tmp_path / "x.zip", **WORDS, target=target, **words)
    # Wherever the rows come from, the package is the same to the byte.
    assert made.read_bytes() == package_of_an_array


def test_the_seed_is_that_of_the_specification(tmp_path, package_of_an_array):
    path = pack(FITTED, FRAME, tmp_path / "x.zip", **WORDS, seed=1)
    assert path.read_bytes() != package_of_an_array


def test_text_columns_are_named(tmp_path):
    model = FITTED
    with pytest.raises(SpecificationError) as caught:
        pack(model, FRAME.assign(**{COLUMNS[1]: "text"}), tmp_path / "x.zip", **WORDS)
    assert caught.value.column == COLUMNS[1]
    assert not list(tmp_path.iterdir())


# --- what is missing or wrong ---


def test_everything_that_is_missing_is_listed_at_once(tmp_path):
    model = onnx_model(labelled=False)
    with pytest.raises(PackError) as caught:
        pack(model, X, tmp_path / "x.zip")
    fields = [line.partition(":")[0] for line in caught.value.missing]
    assert fields == ["name", "description", "scenarios", "license", "task_type", "input_description"]
    assert all(line in str(caught.value) for line in caught.value.missing)
    missing = missing_information(model, X, task_type="Classification", **WORDS)
    assert [field.field for field in missing] == ["input_description", "output_description"]
    missing = missing_information(LinearRegression().fit(X[:, :3], X[:, 3]), FRAME[COLUMNS[:3]])
    assert [field.field for field in missing] == ["name", "description", "scenarios", "license", "output_description"]
    assert "Nature" in missing[2].choices
    assert missing[2].several
    assert missing_information(LogisticRegression(max_iter=1000).fit(X, SPECIES), FRAME, **WORDS) == ()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("model", "data", "words", "why"),
    [
        (LogisticRegression(), FRAME, {}, "not fitted"),
        (object(), FRAME, {}, "cannot be packed"),
        ("nowhere.joblib", FRAME, {}, "no model file"),
        (__file__, FRAME, {}, "no model file that can be packed"),
        (FITTED, FRAME.assign(y=1), {}, "name the column that is predicted"),
        (FITTED, FRAME.iloc[:, :3], {}, "3 columns, the model takes 4"),
        (FITTED, FRAME.assign(y=1), {"target": "z"}, "target is 'z'; expected one of sepal"),
        (FITTED, X, {"target": 4}, "a number below 4"),
        (FITTED, iter([X]), {}, "only once"),
        (FITTED, FRAME.iloc[:0], {}, "no rows"),
        (FITTED, FRAME * np.nan, {}, "does not answer to rows of the data: ValueError.*NaN"),
        (FITTED, FRAME, {"name": "four"}, "name has 4 characters; expected 5 to 50"),
        (FITTED, FRAME, {"license": "secret"}, "license is 'secret'"),
        (FITTED, FRAME, {"license": ["MIT", "MPL-2.0"]}, "a learnware has one"),
        (FITTED, FRAME, {"scenarios": ["Nature", "x"]}, "scenarios is 'x'"),
        (FITTED, FRAME, {"task_type": "Regression"}, "the model's own is 'Classification'"),
        (FITTED, FRAME, {"task_type": "Nothing"}, "task_type is 'Nothing'"),
        (FITTED, FRAME, {"output_description": ["a", "b"]}, "names 2 classes; the model has 3"),
        (
            LinearRegression().fit(X, X),
            FRAME,
            {"output_description": "x"},
            "has 1 texts; the model predicts 4 numbers",
        ),
        (FITTED, FRAME, {"input_description": {"4": "x"}}, "describes column 4"),
        (FITTED, FRAME, {"input_description": {"first": "x"}}, "not under a column number"),
        (
            MultiOutputClassifier(LogisticRegression(max_iter=1000)).fit(X, np.c_[IRIS.target, IRIS.target]),
            FRAME,
            {},
            "several outputs",
        ),
        (FunctionTransformer(lambda X: X).fit(X), FRAME, {}, "cannot be saved"),
    ],
)
def test_what_cannot_be_packed(tmp_path, model, data, words, why):
    with pytest.raises(PackError, match=why):
        pack(model, data, tmp_path / "x.zip", **{**WORDS, **words})
    assert not list(tmp_path.iterdir())


def test_answers_that_differ_or_fail(tmp_path):
    by_chance = DummyClassifier(strategy="uniform").fit(X, SPECIES)
    with pytest.raises(PackError, match="answers otherwise"):
        pack(by_chance, FRAME, tmp_path / "x.zip", **WORDS)
    broken = LinearRegression().fit(X, IRIS.target)
    broken.coef_ = broken.coef_ * np.nan
    with pytest.raises(PackError, match=r"does not work: .*NaN"):
        pack(broken, FRAME, tmp_path / "x.zip", **WORDS, output_description="y")
    assert not list(tmp_path.iterdir())


def test_boosters_that_are_not_fitted(tmp_path):
    for model in (
        pytest.importorskip("lightgbm").LGBMRegressor(),
        pytest.importorskip("xgboost").XGBRegressor(),
    ):
        with pytest.raises(PackError, match="not fitted"):
            pack(model, FRAME, tmp_path / "x.zip", **WORDS)


@pytest.mark.parametrize(
    ("name", "why"),
    [("m.pkl", "cannot be loaded"), ("m.txt", "no LightGBM"), ("m.json", "no XGBoost"), ("m.ubj", "no XGBoost")],
)
def test_broken_model_files(tmp_path, name, why):
    for library in ("lightgbm", "xgboost"):
        pytest.importorskip(library)
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(PackError, match=why):
        pack(tmp_path / name, FRAME, tmp_path / "x.zip", **WORDS)


def test_a_model_of_a_script_is_refused(tmp_path):
    script = f"""
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from learnware.errors import PackError
from learnware.learnware import pack

class Mine(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = 1.0
        return self
    def predict(self, X):
        return np.full(len(X), self.mean_)

try:
    pack(Mine().fit(None, None), np.eye(9), {str(tmp_path / "x.zip")!r})
except PackError as error:
    assert "running script" in str(error), error
else:
    raise SystemExit("it was packed")
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_model_that_depends_on_something_outside_is_found_out(tmp_path, monkeypatch):
    (tmp_path / "outside_module.py").write_text(
        "import os\nfrom sklearn.base import BaseEstimator, RegressorMixin\n"
        "class Outside(RegressorMixin, BaseEstimator):\n"
        "    def fit(self, X, y):\n        self.n_features_in_ = 4\n        self.fitted_ = True\n        return self\n"
        "    def predict(self, X):\n        return X[:, 0]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from outside_module import Outside

    with pytest.raises(PackError, match="'outside_module', which is no installed package"):
        pack(Outside().fit(X, None), FRAME, tmp_path / "x.zip", **WORDS, output_description="x")


def test_packing_works_where_no_sandbox_does(tmp_path, monkeypatch):
    def refuse():
        raise SandboxError("no sandbox works here")

    monkeypatch.setattr("learnware.learnware.packing._pack.choose_sandbox", refuse)
    assert pack(LinearRegression().fit(X, X[:, 0]), FRAME, tmp_path / "x.zip", **WORDS, output_description="x").exists()


def test_the_manifest_is_read_by_any_yaml_reader(tmp_path):
    import yaml

    path = pack(FITTED, FRAME, tmp_path / "x.zip", **WORDS)
    with zipfile.ZipFile(path) as archive:
        manifest = yaml.safe_load(archive.read("learnware.yaml"))
        semantic = json.loads(archive.read("semantic_specification.json"))
    assert manifest["model"] == {"class_name": "Model", "kwargs": {}}
    assert manifest["stat_specifications"][0]["class_name"] == "RKMETableSpecification"
    assert semantic["Name"]["Values"] == "Iris species"


def test_packed_code_imports_nothing_but_its_library(tmp_path):
    path = pack(FITTED, X, tmp_path / "x.zip", **WORDS, input_description=COLUMNS)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("__init__.py").decode()
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imports == [
        "import os",
        "import joblib",
        "import numpy as np",
        "from learnware.model import BaseModel",
    ]
