from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from learnware.learnware import unpack, write_package
from learnware.verification import PARTS


@pytest.fixture
def unpacked(zoo, tmp_path):
    return unpack(zoo.iris_zip, tmp_path / "unpacked")


def test_a_valid_package(run, zoo):
    [package] = run.answer("check", zoo.iris_zip)["packages"]
    assert package["valid"]
    assert package["sandbox"] in {"bubblewrap", "landlock"}
    assert package["environment"]["kind"] == "current"
    assert {one["part"]: one["ok"] for one in package["findings"]} == dict.fromkeys(PARTS, True)
    shown = run("check", zoo.iris_zip).stdout
    assert f"{zoo.iris_zip.name}: valid" in shown.replace("\n", "")
    assert "tried with Python" in shown


def test_all_that_is_wrong_in_words_and_tags(run, unpacked):
    path = unpacked / "semantic_specification.json"
    semantic = json.loads(path.read_text())
    semantic["Name"]["Values"], semantic["Scenario"]["Values"] = "x", ["Cooking"]
    path.write_text(json.dumps(semantic))
    write_package(unpacked, "bad.zip")
    [package] = run.answer("check", "bad.zip", code=1)["packages"]
    assert not package["valid"]
    found = {one["key"]: one for one in package["findings"] if one["part"] == "semantic"}
    assert found.keys() == {"Name", "Scenario"}
    assert found["Name"]["ok"] is False
    assert found["Name"]["mend"] == "expected 5 to 50"
    # The rest of the specification is valid, and what it promises can be checked.
    assert {one["part"]: one["ok"] for one in package["findings"]}["trial"] is True


def test_a_model_that_fails_its_trial(run, unpacked):
    code = unpacked / "__init__.py"
    code.write_text(
        code.read_text().replace(
            "def predict(self, X):", "def predict(self, X):\n        raise OSError('no luck ' * 40)"
        )
    )
    write_package(unpacked, "bad.zip")
    result = run("check", "bad.zip", code=1)
    assert "no luck" in result.stdout
    assert re.search(r"wrong +trial ", result.stdout)
    notes = result.stdout[result.stdout.index("  the traceback of the model:") :].splitlines()
    assert any(line.startswith("  | OSError: no luck") for line in notes)
    assert all(line.startswith("  ") for line in notes)  # what is wrapped stays below its beginning
    assert result.stderr == ""


def test_pickles_are_looked_at(run, unpacked):
    (unpacked / "more.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    write_package(unpacked, "odd.zip")
    [package] = run.answer("check", "odd.zip")["packages"]
    assert package["status"] == "warning"
    [finding] = [one for one in package["findings"] if one["part"] == "pickles"]
    assert "more.pkl, byte 0: looks up 'os.system', which can run any code" in finding["message"]
    assert re.search(r"warn +pickles ", run("check", "odd.zip").stdout)


@pytest.mark.index
@pytest.mark.usefixtures("package_index")
def test_packages_of_equal_needs_share_an_environment(run, zoo, environment_store, monkeypatch):
    monkeypatch.setenv("LEARNWARE_ENVIRONMENTS", str(environment_store.root))
    monkeypatch.delenv("LEARNWARE_RUN_IN")
    iris, left, right = run.answer("check", zoo.iris_zip, *zoo.plane_zips)["packages"]
    assert {one["environment"]["kind"] for one in (iris, left, right)} == {"venv"}
    assert left["environment"]["name"] == right["environment"]["name"]
    assert iris["sandbox"] in {"bubblewrap", "landlock"}


def test_options_that_are_not_known(run, zoo):
    assert "submarine" in run("check", zoo.iris_zip, "--run-in", "submarine", code=2).output
    assert "sand" in run("check", zoo.iris_zip, "--sandbox", "sand", code=2).output


def test_the_sandbox_is_the_one_asked_for(run, zoo):
    [package] = run.answer("check", zoo.iris_zip, "--sandbox", "none")["packages"]
    assert package["sandbox"] == "none"


def test_a_model_that_hangs(run, unpacked):
    code = unpacked / "__init__.py"
    code.write_text("import time\ntime.sleep(1000)\n" + code.read_text())
    write_package(unpacked, "slow.zip")
    [package] = run.answer("check", "slow.zip", "--timeout", "0.5", code=1)["packages"]
    assert "took more than 0.5 seconds" in package["findings"][-1]["message"]


def test_broken_and_missing_files(run, zoo):
    Path("broken.zip").write_bytes(zoo.iris_zip.read_bytes()[:500])
    with zipfile.ZipFile("evil.zip", "w") as archive:
        archive.writestr("../learnware.yaml", "x")
    result = run.answer("check", "broken.zip", "evil.zip", "nothing.zip", ".", zoo.iris_zip, code=1)
    assert [package["valid"] for package in result["packages"]] == [False, False, False, False, True]
    messages = [package["findings"][0]["message"] for package in result["packages"]]
    assert "learnware.yaml" in messages[1]
    assert "there is no file 'nothing.zip'" in messages[2]
    assert "'.' is a folder" in messages[3]
    added = run.answer("market", "add", ".", zoo.iris_zip, code=1)
    assert [one["package"] for one in added["refused"]] == ["."]
    assert len(added["added"]) == 1


def test_a_broken_file_beside_a_package_is_that_packages_fault(run, unpacked, zoo):
    (unpacked / "semantic_specification.json").unlink()
    manifest = unpacked / "learnware.yaml"
    lines = manifest.read_text().splitlines()
    start = lines.index("semantic_specification:")
    manifest.write_text("\n".join(lines[:start] + [line for line in lines[start + 1 :] if not line.startswith(" ")]))
    write_package(unpacked, "bare.zip")
    Path("bare.semantic.json").write_text("{")
    first, second = run.answer("check", "bare.zip", zoo.iris_zip, code=1)["packages"]
    assert "is no JSON" in first["findings"][0]["message"]
    assert second["valid"]


def test_semantic_specification_beside_the_package(run, unpacked):
    semantic = (unpacked / "semantic_specification.json").rename("bare.semantic.json")
    manifest = unpacked / "learnware.yaml"
    lines = manifest.read_text().splitlines()
    start = lines.index("semantic_specification:")
    manifest.write_text("\n".join(lines[:start] + [line for line in lines[start + 1 :] if not line.startswith(" ")]))
    write_package(unpacked, "bare.zip")
    run("check", "bare.zip")
    shutil.copy(semantic, "other.json")
    Path("bare.semantic.json").unlink()
    assert "semantic" in run("check", "bare.zip", code=1).stdout
    run("check", "bare.zip", "--semantic", "other.json")
    Path("other.json").write_text("[]")
    assert "holds no JSON object" in run.failure("check", "bare.zip", "--semantic", "other.json")["message"]
    Path("other.json").write_text("{")
    assert "is no JSON" in run.failure("check", "bare.zip", "--semantic", "other.json")["message"]
    assert run.failure("check", "bare.zip", "--semantic", "nothing.json")["type"] == "FileNotFoundError"


def test_what_a_package_says_does_not_steer_the_terminal(run, unpacked):
    path = unpacked / "semantic_specification.json"
    semantic = json.loads(path.read_text())
    semantic["Name"]["Values"] = "\x1b[2J"
    path.write_text(json.dumps(semantic))
    code = unpacked / "__init__.py"
    write_package(unpacked, "bad.zip")
    run("check", "bad.zip", code=1)
    semantic["Name"]["Values"] = "\x1b[2Jname"
    path.write_text(json.dumps(semantic))
    assert code.is_file()
    write_package(unpacked, "bad.zip")
    run("market", "add", "bad.zip", "--no-check")
    for arguments in (("market", "list"), ("market", "show", "00000001"), ("search", "--text", "name")):
        assert "\x1b" not in run(*arguments).stdout
