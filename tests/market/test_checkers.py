"""Checkers, with bad learnwares of every kind."""

import json

import pytest

from learnware.errors import MarketError
from learnware.learnware import get_learnware_from_dirpath, unpack
from learnware.market import CondaChecker, EasySemanticChecker, EasyStatChecker, instantiate_learnware_market
from learnware.runtime.environment import EnvironmentStore

check = EasySemanticChecker.check_semantic_spec


def test_a_good_specification_is_valid(new_semantic):
    assert check(new_semantic()) == (0, "the semantic specification is valid")


def test_specifications_from_before_the_key_model_are_valid(new_semantic):
    spec = new_semantic()
    del spec["Model"]
    assert check(spec)[0] == 0


def test_image_and_text_need_no_input(new_semantic):
    spec = new_semantic(data_type="Image", task_type="Segmentation", input_description={}, output_description={})
    assert check(spec)[0] == 0
    del spec["Input"], spec["Output"]
    assert check(spec)[0] == 0


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"data_type": "Video"}, "Data has the value 'Video', which is not known; choose one of: Table, Image, Text"),
        ({"data_type": None}, "Data has no value; choose one of: Table, Image, Text"),
        ({"task_type": "Segmentation"}, "Task is 'Segmentation', which is no task for Table"),
        ({"scenarios": []}, "Scenario has no value; choose one or more of"),
        ({"scenarios": ["Business", "Business"]}, "Scenario names a value twice"),
        ({"license": ["MIT", "Apache-2.0"]}, "License has 2 values"),
        ({"model_type": "Huge"}, "Model has the value 'Huge'"),
        ({"name": "abc"}, "Name has 3 characters; expected 5 to 50"),
        ({"name": "x" * 51}, "Name has 51 characters"),
        ({"description": "short"}, "Description has 5 characters; expected 10 to 10000"),
        ({"input_description": None}, "Input is missing"),
        ({"input_description": {"Dimension": 0, "Description": {}}}, "Input.Dimension is 0"),
        ({"input_description": {"Dimension": True, "Description": {}}}, "Input.Dimension is True"),
        ({"input_description": {"Dimension": "3", "Description": {}}}, "Input.Dimension is '3'"),
        ({"input_description": {"Dimension": 2, "Description": []}}, "Input.Description is []"),
        ({"input_description": {"Dimension": 2, "Description": {"2": "x"}}}, "Input.Description has the key '2'"),
        ({"input_description": {"Dimension": 2, "Description": {"one": "x"}}}, "Input.Description has the key 'one'"),
        ({"input_description": {"Dimension": 2, "Description": {"1": 7}}}, "Input.Description[1] is 7"),
        ({"output_description": None}, "Output is missing"),
        ({"task_type": "Classification"}, "Output.Dimension is 1; expected the number of classes, at least 2"),
    ],
)
def test_findings_say_what_and_how_to_mend(new_semantic, change, finding):
    status, message = check(new_semantic(**change))
    assert status == -1
    assert finding in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("key", "value", "finding"),
    [
        ("Data", {"Values": ["Table"], "Type": "Tag"}, "Data has Type 'Tag'; expected 'Class'"),
        ("Data", {"Values": "Table", "Type": "Class"}, "Data is 'Table'; expected a list"),
        ("Data", ["Table"], "Data is ['Table']; expected"),
        ("Name", {"Values": ["House"], "Type": "String"}, "Name is ['House']; expected a text"),
        ("Scenario", {"Values": [3], "Type": "Tag"}, "Scenario has the value 3"),
        ("Scenario", {"Values": [["Business"]], "Type": "Tag"}, "Scenario has the value ['Business']"),
    ],
)
def test_broken_entries(new_semantic, key, value, finding):
    status, message = check({**new_semantic(), key: value})
    assert status == -1
    assert finding in message


def test_all_findings_at_once():
    status, message = check({"Name": {"Values": "x", "Type": "String"}})
    assert status == -1
    assert len(message.splitlines()) == 7
    assert check(None)[0] == -1


@pytest.fixture
def judge(tmp_path, packages, new_semantic):
    """Return the verdict of the statistical checker on a package."""

    def judge(semantic=None, checker=None, **package):
        folder = unpack(packages(**package), tmp_path / "unpacked" / str(packages.count))
        learnware = get_learnware_from_dirpath("pending", semantic or new_semantic(), folder, ignore_error=False)
        return (checker or EasyStatChecker(timeout=30))(learnware)

    return judge


def classes(new_semantic, count=3):
    description = {"Dimension": count, "Description": {str(i): f"class {i}" for i in range(count)}}
    return new_semantic(task_type="Classification", output_description=description)


def test_a_good_learnware_is_usable(judge):
    assert judge() == (1, "the model answers as its specification says")


@pytest.mark.parametrize(
    ("answer", "shape"),
    [
        ("return np.arange(len(X)) % 3", "(1,)"),
        ("return (np.arange(len(X)) % 3).reshape(-1, 1).astype(float)", "(1,)"),
        ("return np.full((len(X), 3), 1 / 3)", "(3,)"),
    ],
)
def test_classifiers_answer_labels_or_scores(judge, new_semantic, answer, shape):
    assert judge(classes(new_semantic), answer=answer, output_shape=shape)[0] == 1


@pytest.mark.parametrize(
    ("package", "finding"),
    [
        ({"input_shape": "(4,)"}, "input_shape is (4,); Input.Dimension says (3,)"),
        ({"input_shape": "None"}, "input_shape is None"),
        ({"answer": "return X.sum(axis=1)[1:]"}, "for 18 inputs"),
        ({"answer": "return np.full(len(X), np.nan)"}, "NaN"),
        (
            {"answer": "return X[:, :2]", "output_shape": "(2,)"},
            "one output has shape (2,); Output.Dimension says (1,)",
        ),
        ({"answer": "return X[:, :2]"}, "(2,)"),
        ({"answer": "return ['a'] * len(X)"}, "expected numbers"),
        ({"answer": "raise RuntimeError('no weights')"}, "no weights"),
        ({"answer": "return None"}, "did not pass the trial prediction"),
        ({"answer": "import os; os._exit(3)"}, "did not pass the trial prediction"),
        ({"files": {"__init__.py": b"class Other: pass"}}, "did not pass the trial prediction"),
        ({"files": {"__init__.py": b"import a_module_that_is_not_there"}}, "a_module_that_is_not_there"),
    ],
)
def test_bad_models(judge, package, finding):
    status, message = judge(**package)
    assert status == -1
    assert finding in message


@pytest.mark.parametrize(
    ("answer", "shape", "finding"),
    [
        ("return np.arange(len(X))", "(1,)", "labels are the whole numbers from 0 to 2"),
        ("return np.full(len(X), -1)", "(1,)", "the label -1"),
        ("return np.full(len(X), 0.5)", "(1,)", "the label 0.5"),
        ("return np.full((len(X), 2), 0.5)", "(2,)", "answers one label (shape (1,)) or 3 scores"),
    ],
)
def test_bad_classifiers(judge, new_semantic, answer, shape, finding):
    status, message = judge(classes(new_semantic), answer=answer, output_shape=shape)
    assert status == -1
    assert finding in message


def test_a_model_that_does_not_answer_in_time(judge):
    status, message = judge(checker=EasyStatChecker(timeout=2), answer="import time; time.sleep(600)")
    assert status == -1
    assert "2 seconds" in message


def test_the_specification_must_have_the_columns_of_the_table(judge, new_spec):
    status, message = judge(spec=new_spec(columns=4))
    assert status == -1
    assert "has 4 columns, Input.Dimension is 3" in message


def test_a_table_needs_a_specification_of_a_table(judge):
    manifest = b"model:\n  class_name: Model\nstat_specifications: []\n"
    status, message = judge(files={"learnware.yaml": manifest})
    assert status == -1
    assert "needs a statistical specification RKMETableSpecification; the package has: none" in message


def test_an_invalid_semantic_specification_is_not_tried(judge, new_semantic):
    status, message = judge(new_semantic(name="abc"))
    assert status == -1
    assert "Name has 3 characters" in message


def test_the_model_never_runs_here(judge):
    answer = "import sys; raise RuntimeError('pytest is ' + ('here' if 'pytest' in sys.modules else 'elsewhere'))"
    assert "pytest is elsewhere" in judge(answer=answer)[1]


def test_points_of_the_specification_are_among_the_inputs(judge, new_spec):
    answer = "raise ValueError(' '.join(f'{value:.6f}' for value in X[:, 0]))"
    inputs = judge(answer=answer, seed=5)[1]
    assert all(f"{value:.6f}" in inputs for value in new_spec(5).get_z()[:, 0])


def test_all_that_is_wrong_with_a_model_at_once(judge, new_semantic):
    # Wrong columns, a wrong number of outputs for all inputs, wrong labels for points, NaN for the others.
    answer = """if len(X) > 10: return [1]
        if len(X) == 8: return np.full(len(X), 7)
        return np.full(len(X), np.nan)"""
    status, message = judge(classes(new_semantic), answer=answer, spec=None, output_shape="(1,)")
    assert status == -1
    assert "for 18 inputs" in message
    assert "the model answered the label 7" in message
    assert "NaN" in message


def test_a_wrong_specification_and_a_wrong_model_at_once(judge, new_spec):
    status, message = judge(spec=new_spec(columns=4), answer="raise RuntimeError('no weights')")
    assert status == -1
    assert "has 4 columns, Input.Dimension is 3" in message
    assert "no weights" in message


def test_odd_probabilities_are_no_fault(judge, new_semantic):
    answer = "return np.zeros(len(X))\n\n    def predict_proba(self, X):\n        return np.ones((len(X), 5))"
    assert judge(classes(new_semantic), answer=answer)[0] == 1


def test_settings_of_checkers(new_semantic):
    checker = EasyStatChecker(timeout=5)
    checker.reset(timeout=7.0)
    assert (checker.timeout, checker.seed) == (7.0, 0)
    with pytest.raises(MarketError, match="speed"):
        checker.reset(speed=1)


def test_the_conda_checker_asks_the_inner_one(judge, tmp_path):
    store = EnvironmentStore(tmp_path / "store")
    assert judge(checker=CondaChecker(EasyStatChecker(), kind="current", store=store))[0] == 1
    bad = CondaChecker(EasyStatChecker(), kind="current", store=store)
    assert "no weights" in judge(checker=bad, answer="raise RuntimeError('no weights')")[1]
    assert judge(checker=CondaChecker(EasySemanticChecker(), store=store))[0] == 0
    assert not (tmp_path / "store").exists()


def test_the_conda_checker_says_what_cannot_be_had(judge, tmp_path):
    checker = CondaChecker(EasyStatChecker(), store=EnvironmentStore(tmp_path / "store"))
    status, message = judge(checker=checker, files={"requirements.txt": b"numpy==x y z\n"})
    assert status == -1
    assert "the environment of the learnware cannot be built" in message
    assert "x y z" in message


@pytest.mark.parametrize("number", [0, 3])
def test_published_packages_are_usable(shared, tmp_path, number):
    folder = shared / "fixtures" / "zips"
    semantic = json.loads((folder / f"digits_svm_{number}.semantic.json").read_text(encoding="utf-8"))
    market = instantiate_learnware_market("test", root=tmp_path)
    assert market.add_learnware(folder / f"digits_svm_{number}.zip", semantic) == ("00000001", 1)
    market.learnware_organizer.close()
