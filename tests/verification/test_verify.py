"""Verification: everything that is wrong at once, part by part."""

from __future__ import annotations

import json
import os
import pickle
import threading
import zipfile
from dataclasses import replace
from datetime import date

import pytest

from learnware.learnware import unpack
from learnware.runtime import Limits, current_environment
from learnware.verification import PARTS, verify


def statuses(report):
    return {part.part: part.status for part in report.parts}


def test_a_good_package(maker):
    seen = []
    report = maker.verify(on_progress=seen.append)
    assert report.status == "ok", str(report)
    assert report.valid
    assert statuses(report) == dict.fromkeys(PARTS, "ok")
    assert report.environment.kind == "current"
    assert report.environment.requirements == ("numpy",)
    assert report.sandbox in {"bubblewrap", "landlock"}
    assert report.traceback is None
    marks = [(one.part, one.stage) for one in seen if one.stage != "working"]
    assert marks == [(part, stage) for part in PARTS for stage in ("started", "finished")]
    assert [one.status for one in seen if one.stage == "finished"] == ["ok"] * 6


class Heard:
    """A store that keeps what it was asked for, and gives this interpreter's environment."""

    def __init__(self):
        self.asked = []

    def provide(self, requirements, kind, *, on_progress, cancelled):
        self.asked.append(requirements)
        return replace(current_environment(), warnings=requirements.warnings, notes=requirements.notes)


def test_notes_are_no_findings(maker):
    report = maker.verify(maker.files(requirements__txt="scikit-learn\n"))
    assert report.status == "ok", str(report)
    [note] = report.environment.notes
    assert "numpy is added" in note
    assert f"note: {note}" in str(report)
    assert report.to_dict()["environment"]["notes"] == (note,)
    report = maker.verify(maker.files(requirements__txt="scikit-learn\n--pre\n"))
    assert (report.status, statuses(report)["environment"]) == ("warning", "warning")
    assert "--pre is left out" in report.of("environment")[0].message


def test_requirements_are_read_as_of_the_date_of_the_zip(maker, tmp_path):
    store = Heard()
    package = tmp_path / "dated.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in maker.files().items():
            archive.writestr(zipfile.ZipInfo(name, (2022, 3, 4, 5, 6, 8)), content)
    for path in (package, unpack(package, tmp_path / "unpacked")):
        verify(path, runnable_option="venv", store=store)
    verify(package, runnable_option="venv", store=store, as_of=date(2020, 1, 2))
    assert [asked.as_of for asked in store.asked] == [date(2022, 3, 4), None, date(2020, 1, 2)]


@pytest.mark.parametrize(("name", "text"), [("environment__yaml", "- ["), ("requirements__txt", "x" * 3000)])
def test_files_that_cannot_be_read_are_at_fault(maker, name, text):
    report = maker.verify(maker.files(**{name: text}))
    [finding] = report.of("environment")
    assert finding.status == "wrong"
    assert len(finding.requirements) == 1


def test_the_report_is_plain_values_and_text(maker):
    report = maker.verify(maker.files(answer="print('so far so good'); raise OSError('no luck')"))
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert document["valid"] is False
    assert document["status"] == "wrong"
    assert [one["part"] for one in document["parts"]] == list(PARTS)
    assert {one["ok"] for one in document["findings"] if one["part"] == "trial"} == {False}
    assert "so far so good" in document["output"]
    assert "raise OSError('no luck')" in document["traceback"]
    text = str(report)
    assert text.startswith(f"{report.package}: invalid\n")
    assert "  wrong  trial: the model did not pass the trial prediction" in text
    assert "| so far so good" in text


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


def test_all_that_is_wrong_at_once(maker, new_semantic):
    spec = new_semantic(name="x", scenarios=["Cooking"], input_description={"Dimension": 4, "Description": {}})
    files = maker.files(
        answer="return np.full(len(X), 7)",
        semantic_specification__json=json.dumps(spec),
        model__pkl=pickle.dumps(Runs()),
    )
    report = maker.verify(files)
    assert statuses(report) == {
        "package": "ok",
        "semantic": "wrong",
        "statistical": "wrong",
        "pickles": "warning",
        "environment": "ok",
        "trial": "wrong",
    }
    assert [finding.key for finding in report.of("semantic")] == ["Scenario", "Name"]
    assert "expected 5 to 50" in report.of("semantic")[1].mend
    assert "has 3 columns, Input.Dimension is 4" in report.of("statistical")[0].message
    [pickled] = report.of("pickles")
    assert pickled.file == "model.pkl"
    assert "system" in pickled.message
    trial = " ".join(finding.message for finding in report.of("trial"))
    assert "input_shape is (3,); Input.Dimension says (4,)" in trial
    assert "the model answered the label 7" in trial


def test_a_broken_manifest_leaves_the_rest_to_be_checked(maker):
    report = maker.verify(maker.files(learnware__yaml="model: [", model__pkl=pickle.dumps(Runs())))
    assert statuses(report) == {
        "package": "wrong",
        "semantic": "ok",
        "statistical": "not checked",
        "pickles": "warning",
        "environment": "ok",
        "trial": "not checked",
    }
    assert report.of("package")[0].file == "learnware.yaml"
    assert "learnware.yaml" in report.of("trial")[0].message


def test_a_broken_specification_leaves_the_trial(maker):
    report = maker.verify(maker.files(stat__json='{"z": [[1, 2, 3]], "beta": ["x"]}'))
    assert [finding.file for finding in report.of("statistical")] == ["stat.json"]
    assert statuses(report)["statistical"] == "wrong"
    assert statuses(report)["trial"] == "ok"


def test_a_missing_specification(maker):
    report = maker.verify(maker.files(learnware__yaml="model: {class_name: Model}", stat__json=None))
    [finding] = report.of("statistical")
    assert "needs a statistical specification RKMETableSpecification; the package has: none" in finding.message
    assert statuses(report)["trial"] == "ok"


def test_a_semantic_specification_may_come_with_the_package(maker, new_semantic):
    files = maker.files(semantic_specification__json=None)
    report = maker.verify(files)
    [finding] = report.of("semantic")
    assert "the package has no semantic specification" in finding.message
    [trial] = report.of("trial")
    assert trial.status == "ok"
    assert "not known without a valid semantic specification" in trial.message
    assert maker.verify(files, semantic_spec=new_semantic()).valid
    assert maker.verify(maker.files(semantic_specification__json="{"), semantic_spec=new_semantic()).valid
    broken = maker.verify(maker.files(semantic_specification__json="{"))
    assert broken.of("semantic")[0].file == "semantic_specification.json"


def test_a_package_that_cannot_be_read(maker, tmp_path):
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK")
    for bad, words in (
        (path, "no readable zip"),
        (tmp_path / "none.zip", "there is no file"),
        (tmp_path, "is a folder"),
    ):
        report = verify(bad, runnable_option="current", store=maker.store)
        assert words in report.of("package")[0].message
        assert list(statuses(report).values()) == ["wrong"] + ["not checked"] * 5
        assert report.status == "wrong"


def test_a_folder_is_a_package(maker, tmp_path):
    folder = unpack(maker.package(maker.files()), tmp_path / "unpacked")
    before = sorted(path.name for path in folder.iterdir())
    assert verify(folder, runnable_option="current", store=maker.store).valid
    assert sorted(path.name for path in folder.iterdir()) == before


def test_what_a_package_needs_must_be_said(maker):
    files = maker.files(requirements__txt=None)
    [finding] = [one for one in maker.verify(files).of("environment") if "requirements.txt" in one.mend]
    assert finding.status == "warning"
    report = maker.verify(files, runnable_option="venv")
    assert statuses(report)["environment"] == "wrong"
    assert statuses(report)["trial"] == "not checked"


def test_requirements_that_can_never_be_had(maker):
    report = maker.verify(maker.files(requirements__txt="numpy==1 2 3\n"), runnable_option="venv")
    [finding] = report.of("environment")
    assert finding.status == "wrong"
    assert finding.file == "requirements.txt"
    assert "1 2 3" in finding.message
    assert not (maker.folder / "store").exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ({"load": "import a_module_that_is_not_there"}, "name the package that has 'a_module_that_is_not_there'"),
        ({"answer": "import os; os._exit(3)"}, "exit code 3"),
        ({"answer": "while True: pass"}, "make it faster"),
        ({"answer": "return np.full(len(X), 0.5)"}, "labels are the whole numbers from 0 to 1"),
        ({"answer": "return ['a'] * len(X)"}, "expected numbers"),
        ({"answer": "open('/root/no-such-folder/secret')"}, "a sandbox shows models only the files of their package"),
        ({"answer": "import socket; socket.getaddrinfo('example.org', 80)"}, "sandboxes have no network"),
        ({"answer": "np.ones(1 << 40)"}, "the memory of the trial is limited"),
    ],
)
def test_models_that_fail(maker, code, words):
    report = maker.verify(maker.files(**code), limits=Limits(seconds=2))
    assert statuses(report)["trial"] == "wrong"
    assert words in str(report)


def test_a_traceback_begins_with_the_models_code(maker):
    lines = maker.verify(maker.files(answer="raise OSError('no luck')")).traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith("in predict")
    assert lines[-1] == "OSError: no luck"
    lines = maker.verify(maker.files(load="import a_module_that_is_not_there")).traceback.splitlines()
    assert "__init__.py" in lines[1]
    assert "learnware" not in lines[-1]
    lines = maker.verify(maker.files(load="a b c")).traceback.splitlines()
    assert lines[0].strip().startswith("File ")
    assert lines[-1].startswith("SyntaxError: ")


def test_a_model_without_predict(maker):
    code = """from learnware.model import BaseModel
class Model(BaseModel):
    def __init__(self):
        super().__init__((3,), (1,))
"""
    report = maker.verify(maker.files() | {"__init__.py": code.encode()})
    assert "no predict of its own" in report.of("trial")[0].message


def test_a_sandbox_that_cannot_be_had_is_no_fault_of_the_package(maker):
    report = maker.verify(sandbox="a box of sand")
    [finding] = report.of("trial")
    assert finding.status == "not checked"
    assert (report.status, report.transient) == ("not checked", True)
    assert not report.valid


def test_whether_another_try_helps(maker):
    assert not maker.verify().transient
    # What is wrong stays wrong, whatever the machine could not do besides.
    assert not maker.verify(maker.files(learnware__yaml="- ["), sandbox="a box of sand").transient


def test_cancelled_before_it_began(maker):
    event = threading.Event()
    event.set()
    report = maker.verify(cancelled=event)
    assert set(statuses(report).values()) == {"not checked"}


def test_cancelled_in_the_trial(maker):
    asked = []

    def cancelled():
        # True from the second question on, which is asked while the model runs.
        asked.append(trial.is_set())
        return asked.count(True) > 1

    trial = threading.Event()
    files = maker.files(answer="import time; time.sleep(3600)")
    report = maker.verify(
        files,
        cancelled=cancelled,
        limits=Limits(seconds=3600),
        on_progress=lambda progress: trial.set() if progress.part == "trial" else None,
    )
    assert [finding.message for finding in report.of("trial")] == ["not checked: the check was cancelled"]
    assert report.of("environment")[-1].status == "ok"


def test_cancelled_while_the_environment_is_built(maker):
    event = threading.Event()
    report = maker.verify(
        runnable_option="venv",
        cancelled=event,
        on_progress=lambda progress: event.set() if progress.stage == "working" else None,
    )
    assert [finding.message for finding in report.of("environment")] == ["not checked: the check was cancelled"]
    assert report.of("package")[0].status == "ok"
    assert maker.store.list() == ()


def test_unknown_options(maker):
    with pytest.raises(ValueError, match="runnable_option is 'submarine'"):
        maker.verify(runnable_option="submarine")


def test_published_packages(shared, maker):
    folder = shared / "fixtures" / "zips"
    semantic = json.loads((folder / "digits_svm_0.semantic.json").read_text(encoding="utf-8"))
    report = verify(folder / "digits_svm_0.zip", semantic_spec=semantic, runnable_option="current", store=maker.store)
    assert report.valid, str(report)
    assert "'model.pkl' look up nothing but harmless names" in report.of("pickles")[0].message
