from __future__ import annotations

from pathlib import Path

import pytest

from learnware.learnware import read_package, unpack, write_package


def ids(document):
    return [one["id"] for one in document["learnwares"]]


def test_add_checks_and_counts(run, zoo):
    document = run.answer("market", "add", zoo.iris_zip, "--market", "mine")
    assert document == {
        "market": "mine",
        "added": [{"id": "00000001", "package": str(zoo.iris_zip), "status": "usable"}],
        "refused": [],
    }
    text = run("market", "add", zoo.plane_zips[0], "--no-check", "--market", "mine").stdout
    assert "00000002" in text
    assert "1 learnware added to the market 'mine', 2 learnwares in it now" in text
    listed = run.answer("market", "list", "--market", "mine")
    assert [one["status"] for one in listed["learnwares"]] == ["usable", "unchecked"]
    assert ids(run.answer("market", "list", "--market", "mine", "--status", "usable")) == ["00000001"]
    assert ids(run.answer("market", "list", "--market", "mine", "--status", "unchecked")) == ["00000002"]


def test_invalid_packages_are_refused_and_the_others_added(run, zoo, tmp_path):
    folder = unpack(zoo.iris_zip, tmp_path / "bad")
    code = folder / "__init__.py"
    code.write_text(code.read_text() + "\nraise ValueError('never')\n")
    write_package(folder, "bad.zip")
    Path("broken.zip").write_text("no zip")
    arguments = ("market", "add", "bad.zip", "broken.zip", "nothing.zip", zoo.iris_zip)
    document = run.answer(*arguments, code=1)
    assert [one["package"] for one in document["refused"]] == ["bad.zip", "broken.zip", "nothing.zip"]
    assert "never" in " ".join(document["refused"][0]["findings"])
    assert [one["id"] for one in document["added"]] == ["00000001"]
    result = run(*arguments, code=1)
    assert "3 packages refused" in result.stderr
    assert "never" in result.stderr
    assert "1 learnware added" in result.stdout
    assert run.answer("market", "list")["total"] == 2


def test_unchecked_packages_are_packages_all_the_same(run):
    Path("broken.zip").write_text("no zip")
    assert run.answer("market", "add", "--no-check", "broken.zip", code=1)["added"] == []


def test_list_by_conditions(market):
    assert ids(market.answer("market", "list")) == ["00000001", "00000002", "00000003"]
    assert ids(market.answer("market", "list", "--task", "Classification")) == ["00000001"]
    assert ids(market.answer("market", "list", "--text", "left half")) == ["00000002"]
    assert ids(market.answer("market", "list", "--query", "lfet hafl"))[:1] == ["00000002"]
    assert ids(market.answer("market", "list", "--scenario", "Business", "--scenario", "Nature")) != []
    assert ids(market.answer("market", "list", "--library", "PyTorch")) == []
    assert market.answer("market", "list", "--limit", "1")["total"] == 3
    text = market("market", "list", "--limit", "1").stdout
    assert "Iris kinds" in text
    assert "the first 1 shown" in text
    assert "0 of 3 learnwares" in market("market", "list", "--library", "PyTorch").stdout


def test_show(market, zoo):
    document = market.answer("market", "show", "00000001")
    contents = read_package(zoo.iris_zip)
    assert document["semantic_specification"] == contents.semantic_spec
    assert document["status"] == "unchecked"
    assert {file["name"] for file in document["files"]} == {member.name for member in contents.members}
    [spec] = document["statistical_specifications"]
    assert (spec["type"], spec["rows"], spec["columns"]) == ("RKMETableSpecification", 150, 4)
    text = market("market", "show", "00000001").stdout
    for words in (
        "Iris kinds",
        f"{spec['points']} points for 150 rows; tables of 4 columns",
        "petal_width",
        "versicolor",
        document["sha256"],
    ):
        assert words in text.replace("\n", "")


def test_remove(market):
    assert market.answer("market", "remove", "00000002", "00000003", "00000002", "--yes") == {
        "market": "default",
        "removed": ["00000002", "00000003"],
    }
    assert ids(market.answer("market", "list")) == ["00000001"]


def test_remove_needs_a_yes(market):
    result = market("market", "remove", "00000001", code=2)
    assert "--yes" in result.stderr
    assert market.answer("market", "list")["total"] == 3


def test_remove_is_all_or_none(market):
    error = market.failure("market", "remove", "00000001", "12345678", "--yes")
    assert error == {
        "type": "LearnwareNotFoundError",
        "message": "no learnware '12345678' in the market 'default'; what is in it: learnware market list",
        "learnware_id": "12345678",
    }
    assert market.answer("market", "list")["total"] == 3


@pytest.mark.parametrize(
    "arguments",
    [("market", "list"), ("market", "show", "1"), ("market", "remove", "1", "-y"), ("search", "--text", "x")],
)
def test_a_market_that_is_not_there(run, tmp_path, arguments):
    error = run.failure(*arguments)
    assert error["type"] == "MarketError"
    assert "learnware market add" in error["message"]
    assert not (tmp_path / "store").exists()


def test_a_wrong_name_of_a_market(run, zoo):
    assert "--market is '../x'" in run.failure("market", "add", zoo.iris_zip, "--market", "../x")["message"]
