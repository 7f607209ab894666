"""Packages and specifications of strangers who mean no good: each is refused with what is wrong, and nothing stays."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from beimingwu.db.models import Learnware, Version
from beimingwu.errors import InvalidSubmissionError
from beimingwu.services.blobs import keep_blob
from beimingwu.services.package_checks import check_package
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def zipped(files: dict[str, Any], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def spec_json(z: str, beta: str, gamma: str = "0.1") -> str:
    return f'{{"z": {z}, "beta": {beta}, "gamma": {gamma}, "num_points": 10, "type": "RKMETableSpecification"}}'


def linked() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("weights.bin")
    info.create_system = 3
    info.external_attr = 0o120777 << 16
    return info


def lying(data: bytes) -> bytes:
    """Return a zip whose directory says that there are four billion more bytes in a member than there are."""
    begin = data.index(b"PK\x01\x02")
    return data[: begin + 24] + struct.pack("<I", 2**32 - 2) + data[begin + 28 :]


# What is in the package besides, or instead of, what a good one has; and a word of what is said about it.
PACKAGES: list[tuple[str, dict[Any, Any], str]] = [
    ("leaves", {"../evil.py": b"x"}, "leaves the package"),
    ("absolute", {"/etc/passwd": b"x"}, "absolute"),
    ("link", {linked(): b"/etc/passwd"}, "is a link"),
    ("bomb", {"zeros.bin": b"\0" * 50_000_000}, "fold"),
    ("archive", {"more.bin.zip": b"PK"}, "archive inside"),
    ("many files", {f"f{i}": b"" for i in range(10_100)}, "members"),
    ("no manifest", {"learnware.yaml": None}, "learnware.yaml"),
    ("no mapping", {"learnware.yaml": b"- a\n- b"}, "mapping"),
    ("broken yaml", {"learnware.yaml": b"model: {class_name: ["}, "YAML"),
    ("objects", {"learnware.yaml": b"model: !!python/object/apply:os.system ['true']"}, "YAML"),
    ("laughs", {"learnware.yaml": b"\n".join([b"a0: &a0 [x, x]", *(b"a%d: &a%d [%s]" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 9)) for i in range(1, 12))])}, "values"),  # noqa: E501  # one line is easier to read
    ("deep yaml", {"learnware.yaml": b"[" * 50_000}, "YAML"),
    ("large yaml", {"learnware.yaml": b"#" + b"x" * 300_000}, "bytes"),
    ("no specification", {"stat.json": None}, "stat.json"),
    ("not JSON", {"stat.json": "{"}, "JSON"),
    ("deep JSON", {"stat.json": "[" * 200_000}, "JSON"),
    ("deep points", {"stat.json": spec_json("[" * 100_000 + "]" * 100_000, "[1]")}, "JSON"),
    ("NaN", {"stat.json": spec_json("[[NaN]]", "[1]")}, "NaN"),
    ("infinite", {"stat.json": spec_json("[[1e999]]", "[1]")}, "finite"),
    ("enormous numbers", {"stat.json": spec_json("[[1e300, 1, 1]]", "[1]")}, "beyond"),
    ("long numbers", {"stat.json": spec_json(f"[[{'9' * 4000}, 1, 1]]", "[1]")}, "numbers"),
    ("longer numbers", {"stat.json": spec_json(f"[[{'9' * 100_000}, 1, 1]]", "[1]")}, "JSON"),
    ("ragged", {"stat.json": spec_json("[[1, 2, 3], [1]]", "[1, 1]")}, "array"),
    ("texts", {"stat.json": spec_json('[["a", "b", "c"]]', "[1]")}, "numbers"),
    ("no weights", {"stat.json": spec_json("[[1, 2, 3]]", "[]")}, "match"),
    ("too many points", {"stat.json": json.dumps({"z": [[0, 0, 0]] * 10_001, "beta": [1] * 10_001, "gamma": 0.1})}, "at most"),  # noqa: E501  # as above
    ("gamma", {"stat.json": spec_json("[[1, 2, 3]]", "[1]", "-1")}, "gamma"),
    ("other columns", {"stat.json": spec_json("[[1, 2]]", "[1]")}, "2 columns"),
    ("other type", {"stat.json": '{"type": "RKMETextSpecification"}'}, "RKMETextSpecification"),
    ("unknown class", {"learnware.yaml": b"stat_specifications: [{class_name: Evil, file_name: stat.json}]"}, "Evil"),
    ("large specification", {"stat.json": b" " * 17_000_000 + b"{}"}, "bytes"),
    ("the dock's name", {"Semantic_Specification.json": b"{}"}, "only in case"),
]  # fmt: skip
WHOLE = [b"", b"PK", b"no zip at all" * 100, b"PK\x05\x06" + b"\0" * 18, b"\0" * 100_000]


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory, learnwares: Any) -> Any:
    """A function that checks a package with a good specification and returns what is wrong."""
    folder = tmp_path_factory.mktemp("hostile")
    settings = Settings(data_dir=folder)

    def check(content: bytes, spec: Any = None) -> InvalidSubmissionError:
        path = folder / "3fa85f64.zip"
        path.write_bytes(content)
        with pytest.raises(InvalidSubmissionError) as caught:
            check_package(path, learnwares.semantic() if spec is None else spec, settings)
        assert str(folder) not in str(caught.value)
        assert "3fa85f64" not in str(caught.value)
        assert caught.value.fields
        return caught.value

    return check


@pytest.mark.parametrize(("changes", "word"), [one[1:] for one in PACKAGES], ids=[one[0] for one in PACKAGES])
def test_packages(check: Any, learnwares: Any, changes: dict[Any, Any], word: str) -> None:
    files = {name: content for name, content in {**learnwares.files(), **changes}.items() if content is not None}
    assert word in str(check(zipped(files)))


def test_what_is_no_zip(check: Any, learnwares: Any) -> None:
    good = zipped(learnwares.files())
    for content in (*WHOLE, good[:-30], good[: len(good) // 2], lying(good)):
        error = check(content)
        assert {one.part for one in error.findings} == {"package"}


def test_damage_within(check: Any, learnwares: Any) -> None:
    content = zipped({**learnwares.files(), "weights.bin": b"the weights"}, zipfile.ZIP_STORED)
    error = check(content.replace(b"the weights", b"the Weights", 1))
    assert [(one.part, one.file) for one in error.findings] == [("package", "weights.bin")]


def test_specifications(check: Any, learnwares: Any) -> None:
    good = zipped(learnwares.files())
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    for key, value in (
        ("Name", {"Values": deep, "Type": "String"}), ("Data", {"Values": deep}), ("Input", deep), ("Data", deep),
        ("Input", {"Dimension": deep, "Description": {}}), ("Scenario", {"Values": [{}, []]}),
        ("Name", {"Values": "a\0bcdef"}), ("License", {"Values": ["MIT"] * 100_000}),
    ):  # fmt: skip
        error = check(good, {**learnwares.semantic(), key: value})
        assert {one.part for one in error.findings} == {"semantic"}
    error = check(good, {key: {"Values": ["?"] * 1000} for key in learnwares.semantic()})
    assert 5 < len(error.findings) <= 50


def test_a_specification_that_would_make_every_list_long(check: Any, learnwares: Any) -> None:
    wordy = {"Dimension": 2, "Description": {"0": "x" * 1_000_000}}
    error = check(zipped(learnwares.files()), {**learnwares.semantic(), "Output": wordy})
    (finding,) = error.findings
    assert (finding.part, finding.key) == ("semantic", "Output")
    assert "bytes" in finding.message


def test_all_that_is_wrong_is_told(check: Any, learnwares: Any) -> None:
    files = learnwares.files()
    error = check(zipped({**files, "learnware.yaml": b"[]"}), learnwares.semantic(name="x", license="none"))
    assert [place for place, _ in error.fields] == [
        "/semantic_specification/License",
        "/semantic_specification/Name",
        "package learnware.yaml",
    ]


def test_limits_of_the_dock(tmp_path: Path, learnwares: Any) -> None:
    path = learnwares.package(tmp_path)
    for name, value in (
        ("package_max_files", 2),
        ("package_max_unpacked_bytes", 1024),
        ("specification_max_bytes", 1024),
    ):
        settings = Settings(data_dir=tmp_path, **{name: value})
        if name == "specification_max_bytes":
            path = learnwares.package(tmp_path, n_features=100)
        with pytest.raises(InvalidSubmissionError):
            check_package(path, None, settings)


def test_what_the_dock_cannot_add_to(make_rig: Any, storage: dict[str, Any], learnwares: Any) -> None:
    rig = make_rig(**storage)
    files = learnwares.files()
    files["Semantic_Specification.json"] = files.pop("semantic_specification.json")
    blob = keep_blob(rig.dock.database, rig.dock.store, rig.dock.clock, zipped(files))
    with pytest.raises(InvalidSubmissionError, match="only in case"):
        rig.dock.submissions.submit(learnwares.identity_of(rig), blob, learnwares.semantic(), rig.origin())


def test_nothing_stays(both: Any, learnwares: Any, as_bearer: Any) -> None:
    rig, client = both
    ada = learnwares.identity_of(rig)
    headers = as_bearer(rig.session())
    for content in (b"no zip", zipped({**learnwares.files(), "../evil.py": b"x"})):
        upload = rig.dock.uploads.create(ada, size=len(content), filename="evil.zip")
        rig.dock.uploads.append(ada, upload.upload_id, 0, [content])
        for semantic in (learnwares.semantic(), {"Name": {"Values": ["x"]}}, None, {}):
            body = {"upload_id": upload.upload_id, "semantic_specification": semantic}
            answer = client.post("/api/v1/learnwares", json=body, headers=headers)
            assert answer.status_code == 422, answer.text
            problem = answer.json()
            assert problem["type"].endswith("/invalid-submission")
            assert {"field", "message"} == set(problem["errors"][0])
    with rig.dock.database.read() as session:
        for table in (Learnware, Version):
            assert session.scalar(select(func.count()).select_from(table)) == 0
