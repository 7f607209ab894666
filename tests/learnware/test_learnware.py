"""Loading a learnware from its folder and predicting in process."""

from __future__ import annotations

import gc
import json
import logging
import sys

import numpy as np
import pytest

from learnware.errors import InvalidPackageError, ModelError
from learnware.learnware import (
    Learnware,
    get_learnware_from_dirpath,
    get_stat_spec_from_config,
    read_yaml_to_dict,
    unpack,
)
from learnware.model import BaseModel
from learnware.specification import Specification

X = np.array([[1.0, 5.0], [2.0, 5.0]])


@pytest.fixture
def load(tmp_path, packages):
    """Return a function that writes a learnware's folder and loads it."""

    def write(name="a", slope=1.0, **changes):
        folder = unpack(
            packages.write_zip(tmp_path / f"{name}.zip", packages.package_files(slope, **changes)), tmp_path / name
        )
        return get_learnware_from_dirpath(name, {}, folder, ignore_error=False)

    return write


def loaded_packages() -> set[str]:
    return {name for name in sys.modules if name.startswith("_learnware_package")}


def test_a_learnware_predicts(load):
    learnware = load()
    assert isinstance(learnware.get_model(), dict)
    np.testing.assert_array_equal(learnware.predict(X), [[2.0], [4.0]])
    assert isinstance(learnware.get_model(), BaseModel)
    assert learnware.get_specification().get_stat_spec_by_name("RKMETableSpecification").num_points == 40
    assert learnware.get_dirpath() == learnware.learnware_dirpath
    with pytest.raises(ModelError, match="no probabilities"):
        learnware.predict_proba(X)


def test_learnwares_with_equal_file_names_do_not_meet(load):
    a, b, c = load("a", 1.0), load("b", 10.0), load("c", 100.0)
    for _ in range(2):
        assert [lw.predict(X)[0, 0] for lw in (a, b, c)] == [2.0, 20.0, 200.0]


def test_modules_leave_with_the_model(load):
    before = loaded_packages()
    learnware = load()
    learnware.predict(X)
    assert len(loaded_packages() - before) == 2
    del learnware
    gc.collect()
    assert loaded_packages() == before


def test_a_model_in_another_file(load):
    manifest = "model: {class_name: Other, module_path: sub/other.py, kwargs: {offset: 3}}\n"
    code = (
        "from learnware.model import BaseModel\nfrom ..helper import slope\nfrom .near import one\n"
        "class Other(BaseModel):\n"
        "    def __init__(self, offset): self.offset = offset\n"
        "    def predict(self, X): return X[:, 0] * slope() + self.offset + one\n"
        "    def predict_proba(self, X): return X\n"
    )
    learnware = load(slope=2.0, **{"learnware.yaml": manifest, "sub/other.py": code, "sub/near.py": "one = 1"})
    np.testing.assert_array_equal(learnware.predict(X), [6.0, 8.0])
    np.testing.assert_array_equal(learnware.predict_proba(X), X)


def test_a_model_of_an_installed_module(load):
    manifest = "model: {class_name: DummyRegressor, module_path: sklearn.dummy, kwargs: {strategy: mean}}\n"
    learnware = load(**{"learnware.yaml": manifest})
    learnware.instantiate_model()
    assert type(learnware.model).__name__ == "DummyRegressor"


def test_code_that_raises(load):
    before = loaded_packages()
    learnware = load(**{"__init__.py": "raise KeyError('at import')"})
    with pytest.raises(ModelError, match="at import") as caught:
        learnware.predict(X)
    assert "__init__.py" in caught.value.traceback_text
    assert loaded_packages() == before
    with pytest.raises(ModelError, match="no class 'Model'"):
        load("b", **{"__init__.py": ""}).predict(X)


def test_code_that_exits_does_not_end_the_program(load):
    with pytest.raises(ModelError, match="SystemExit: 3"):
        load(**{"__init__.py": "import sys\nsys.exit(3)"}).predict(X)


def test_a_model_of_a_class_with_slots(load):
    before = loaded_packages()
    code = "class Model:\n    __slots__ = ()\n    def predict(self, X): return X[:, 0]\n"
    learnware = load(**{"__init__.py": code})
    np.testing.assert_array_equal(learnware.predict(X), X[:, 0])
    del learnware
    gc.collect()
    assert loaded_packages() == before


def test_semantic_specification_given_or_read(load, packages):
    learnware = load(**{"semantic_specification.json": json.dumps({"Name": {"Values": "inside"}})})
    assert learnware.specification.semantic_spec == {"Name": {"Values": "inside"}}
    again = get_learnware_from_dirpath("a", {"Name": {"Values": "given"}}, learnware.get_dirpath())
    assert again.specification.get_semantic_spec() == {"Name": {"Values": "given"}}
    again.update_semantic_spec({})
    assert again.specification.get_semantic_spec() == {}


def test_updates_of_the_specification(load):
    learnware = load()
    old = learnware.specification.stat_spec.pop("RKMETableSpecification")
    learnware.update_stat_spec("mine", old)
    assert learnware.specification.get_stat_spec_by_name("mine") is old
    learnware.update()
    assert learnware.specification.stat_spec["RKMETableSpecification"].num_points == old.num_points


def test_folders_that_are_no_learnware(tmp_path, caplog):
    with pytest.raises(InvalidPackageError):
        get_learnware_from_dirpath("x", {}, tmp_path, ignore_error=False)
    with caplog.at_level(logging.WARNING):
        assert get_learnware_from_dirpath("x", {}, tmp_path) is None
    assert "learnware.yaml" in caplog.text


def test_a_model_object_is_used_as_it_is(tmp_path):
    class Double(BaseModel):
        def predict(self, X):
            return X * 2

    learnware = Learnware("x", Double((2,), (2,)), Specification(), tmp_path)
    np.testing.assert_array_equal(learnware.predict(X), X * 2)


def test_module_paths():
    assert Learnware.get_model_module_abspath("/folder", "model.py").endswith("model.py")
    assert Learnware.get_model_module_abspath("/folder", "a.module") == "a.module"


def test_specification_from_configuration(tmp_path, packages):
    file = tmp_path / "stat.json"
    file.write_text(json.dumps(packages.STAT_SPEC))
    config = {
        "module_path": "no.such.module",
        "class_name": "RKMETableSpecification",
        "file_name": str(file),
        "kwargs": {},
    }
    assert get_stat_spec_from_config(config).num_points == 40


def test_yaml_files(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("a: !!python/tuple [1, 2]\n")
    assert read_yaml_to_dict(str(file)) == {"a": (1, 2)}
    file.write_text("- 1\n")
    with pytest.raises(InvalidPackageError, match="no mapping"):
        read_yaml_to_dict(str(file))


# The pickle is of a newer scikit-learn than the last one for Python 3.10, which reads it all the same.
@pytest.mark.filterwarnings("ignore:Trying to unpickle:sklearn.exceptions.InconsistentVersionWarning")
def test_published_learnwares_predict(shared, tmp_path):
    digits = unpack(shared / "fixtures" / "zips" / "digits_svm_0.zip", tmp_path / "digits")
    probabilities = get_learnware_from_dirpath("0", {}, digits).predict(np.zeros((3, 64)))
    assert probabilities.shape == (3, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    store = next((shared / "zoo" / "stores" / "learnwares").glob("*.zip"))
    assert get_learnware_from_dirpath("1", {}, unpack(store, tmp_path / "store")).predict(np.ones((3, 6))).shape == (
        3,
        1,
    )
