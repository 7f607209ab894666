from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from learnware.specification import RKMETableSpecification, generate_rkme_table_spec


def test_a_specification_of_a_table(run, zoo):
    document = run.answer("spec", zoo.iris_csv, "--target", "kind", "--seed", "3")
    assert (document["rows"], document["columns"], document["output"]) == (150, 4, "stat.json")
    spec = RKMETableSpecification()
    spec.load("stat.json")
    rows = np.loadtxt(zoo.iris_inputs, delimiter=",", skiprows=1)
    assert spec.to_json() == generate_rkme_table_spec(rows, seed=3).to_json()
    assert document["points"] == len(spec.get_z())
    assert document["report"]["mmd2"] == spec.report.mmd2


def test_fit_and_privacy_are_told(run, zoo):
    text = run("spec", zoo.iris_inputs, "-o", "mine.json", "--points", "7").stdout
    assert "7 points for 150 rows of 4 columns: mine.json" in text
    assert "squared MMD" in text
    assert "21.4 rows to a point on average" in text


@pytest.mark.parametrize("kind", ["parquet", "npy", "stdin"])
def test_every_kind_of_table_gives_the_same(run, zoo, kind):
    import pyarrow as pa
    from pyarrow import parquet

    rows = np.loadtxt(zoo.iris_inputs, delimiter=",", skiprows=1)
    run("spec", zoo.iris_inputs, "-o", "csv.json")
    options = {}
    if kind == "parquet":
        parquet.write_table(pa.table({name: rows[:, i] for i, name in enumerate("abcd")}), "t.parquet")
        source = "t.parquet"
    elif kind == "npy":
        np.save("t.npy", np.column_stack([rows, np.arange(150.0)]))
        source, options = "t.npy", ["--target", "-1"]
    else:
        source = "-"
    run("spec", source, "-o", "other.json", *options, input=zoo.iris_inputs.read_text())
    assert Path("other.json").read_text() == Path("csv.json").read_text()


def test_the_index_of_pandas_is_no_column(run):
    import pandas as pd

    frame = pd.DataFrame({"a": np.arange(50.0), "b": np.ones(50)}, index=np.arange(50) * 7)
    frame.to_parquet("t.parquet")
    assert run.answer("spec", "t.parquet")["columns"] == 2
    frame.set_index("a").to_parquet("named.parquet")
    assert run.answer("spec", "named.parquet", "-o", "named.json")["columns"] == 1


def test_columns_that_change_on_the_way(run):
    # Longer than what is read at once; whole, missing and true-or-false values come first.
    lines = [f"{i},,true" for i in range(200_000)] + [f"{i}.5,{i},{i % 2 == 0}".lower() for i in range(100)]
    Path("long.csv").write_text("a,b,c\n" + "\n".join(lines) + "\n")
    document = run.answer("spec", "long.csv", "--points", "5")
    assert document["rows"] == 200_100
    assert document["report"]["missing"] == 200_000
    assert "200,000 missing" in run("spec", "long.csv", "--points", "5", "--force").stdout


def test_quality_and_floor(run, zoo):
    assert run.answer("spec", zoo.iris_inputs, "--quality", "best", "-o", "a.json")["points"] <= 30
    open_floor = run.answer("spec", zoo.iris_inputs, "--privacy-floor", "0", "-o", "b.json")
    assert open_floor["points"] > 30
    assert open_floor["report"]["privacy_floor"] == 0


def test_an_existing_file_is_kept(run, zoo):
    Path("stat.json").write_text("precious")
    error = run.failure("spec", zoo.iris_inputs)
    assert error["type"] == "OutputError"
    assert "--force" in error["message"]
    assert Path("stat.json").read_text() == "precious"
    run("spec", zoo.iris_inputs, "--force")
    assert json.loads(Path("stat.json").read_text())["num_points"] == 150


def test_nothing_is_left_of_a_failure(run, zoo):
    run.failure("spec", zoo.iris_csv)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.csv"], "there is no file 'nothing.csv'"),
        (
            ["words.doc"],
            "'words.doc' is nothing that can be read; tables are .csv, .parquet or .npy files; images a folder",
        ),
        (["text.csv"], "column 'b' holds text"),
        (["empty.csv"], "'empty.csv' is no readable .csv"),
        (["headings.csv"], "no rows"),
        (["broken.parquet"], "'broken.parquet' is no readable .parquet"),
        (["broken.npy"], "'broken.npy'"),
        (["flat.npy"], "1 dimensions"),
        (["table.npy", "--target", "5"], "there is no column '5'"),
        (["table.npy", "--target", "price"], "there is no column 'price'"),
        (["good.csv", "--target", "price"], "no column is called 'price'; the columns are: a, b"),
        (["twice.csv", "--target", "a"], "several columns are called 'a'"),
        (["twice.csv"], "several columns are called 'a' in 'twice.csv'"),
        (["latin.csv"], "'latin.csv' holds text that is not in UTF-8; save it as UTF-8"),
        (["latin.csv", "--target", "b"], "'latin.csv' holds text that is not in UTF-8; save it as UTF-8"),
        (["latin_text.csv", "--target", "b"], "'latin_text.csv' holds text that is not in UTF-8; save it as UTF-8"),
        (["good.csv", "-o", "missing/stat.json"], "there is no folder"),
        (["good.csv", "-o", "folder"], "is a folder"),
        (["-"], "no readable"),
    ],
)
def test_bad_input(run, arguments, words):
    for name, text in {
        "words.doc": "a",
        "text.csv": "a,b\n1,x\n",
        "empty.csv": "",
        "headings.csv": "a,b\n",
        "broken.parquet": "PAR1",
        "broken.npy": "x",
        "good.csv": "a,b\n1,2\n3,4\n",
        "twice.csv": "a,a\n1,2\n3,4\n",
        "latin.csv": "größe,b\n1,2\n3,4\n",
        "latin_text.csv": "a,b\n1,klein\n3,größer\n",
    }.items():
        Path(name).write_text(text, encoding="latin-1")
    np.save("flat.npy", np.zeros(3))
    np.save("table.npy", np.zeros((3, 2)))
    Path("folder").mkdir()
    assert words in run.failure("spec", *arguments)["message"]
    assert not Path("stat.json").exists()


def test_a_column_of_text_may_be_the_target(run, zoo):
    error = run.failure("spec", zoo.iris_csv)
    assert error["column"] == "kind"
    assert "--target kind" in error["message"]


def test_later_rows_that_are_not_in_utf8(run):
    # Longer than what is read at once.
    Path("late.csv").write_bytes(b"a,k\n" + b"1,x\n" * 400_000 + "2,größer\n".encode("latin-1"))
    assert "save it as UTF-8" in run.failure("spec", "late.csv", "--target", "k")["message"]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (",a", "the first column of 'mine.csv' has no name"),
        ("5.1,3.5", "all columns of 'mine.csv' have numbers as names"),
        ("1,2", "all columns of 'mine.csv' have numbers as names"),
    ],
)
def test_suspicious_names_of_columns_are_warned_of(run, header, words):
    Path("mine.csv").write_text(header + "\n" + "".join(f"{i},{i * i % 7}\n" for i in range(60)))
    result = run("spec", "mine.csv")
    assert result.stderr.startswith("warning: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
    assert "points for 60 rows" in result.stdout
    [warning] = run.answer("spec", "mine.csv", "--force")["warnings"]
    assert words in warning
    error = json.loads(run("spec", "mine.csv", "-o", "other.json", "--target", "c", "--json", code=1).stderr)["error"]
    assert error["warnings"] == [warning]


@pytest.mark.parametrize("header", ["a,b", "0,1", "a,"])
def test_names_of_columns_in_order(run, header):
    Path("mine.csv").write_text(header + "\n" + "".join(f"{i},{i * i % 7}\n" for i in range(60)))
    assert run("spec", "mine.csv").stderr == ""
    assert "warnings" not in run.answer("spec", "mine.csv", "--force")


def test_what_gives_rows_away_is_warned_of(run, zoo):
    Path("one.csv").write_text("a,b\n1,2\n")
    assert run("spec", "one.csv").stderr.startswith("warning: the specification gives away single rows: ")
    assert "gives away single rows" in run.answer("spec", "one.csv", "--force")["warnings"][0]
    assert run("spec", zoo.iris_inputs, "--force").stderr == ""
