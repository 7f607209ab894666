"""Reading, unpacking and writing packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from datetime import date

import numpy as np
import pytest

from learnware.errors import InvalidPackageError, SpecificationError
from learnware.learnware import Member, read_package, unpack, write_package
from learnware.learnware._package import date_of


def in_folder(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def check(contents, files):
    assert contents.manifest.model.class_name == "Model"
    assert contents.members == tuple(Member(name, len(content)) for name, content in sorted(files.items()))
    spec = contents.stat_specs["RKMETableSpecification"]
    np.testing.assert_array_equal(spec.get_z(), [[0.0, 1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(spec.get_beta(), [0.25, 0.75])
    assert spec.num_points == 40
    assert contents.has_requirements


def test_a_flat_zip_and_a_folder(tmp_path, packages):
    files = packages.package_files()
    contents = read_package(packages.write_zip(tmp_path / "package.zip", files))
    check(contents, files)
    assert contents.top_folder is None
    assert contents.semantic_spec == {}
    check(read_package(in_folder(tmp_path / "folder", files)), files)


@pytest.mark.parametrize("entry", [True, False])
def test_one_top_folder(tmp_path, packages, entry):
    files = packages.package_files()
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        if entry:
            archive.writestr("top/", b"")
        for name, content in files.items():
            archive.writestr(f"top/{name}", content)
        archive.writestr("__MACOSX/top/._model", b"")
    contents = read_package(path)
    check(contents, files)
    assert contents.top_folder == "top"
    assert read_package(unpack(path, tmp_path / "unpacked")).members == contents.members


def test_a_semantic_specification(tmp_path, packages):
    files = packages.package_files(**{"semantic_specification.json": json.dumps({"Name": {"Values": "北冥"}})})
    contents = read_package(packages.write_zip(tmp_path / "package.zip", files))
    assert contents.semantic_spec == {"Name": {"Values": "北冥"}}


def test_no_requirements(tmp_path, packages):
    files = packages.package_files(**{"requirements.txt": None})
    assert not read_package(packages.write_zip(tmp_path / "package.zip", files)).has_requirements


def test_reading_runs_nothing(tmp_path, packages):
    files = packages.package_files(**{"__init__.py": "raise SystemExit('this code ran')"})
    check(read_package(packages.write_zip(tmp_path / "package.zip", files)), files)


def test_a_package_reads_the_same_under_the_type_name_of_the_first_versions(tmp_path, packages):
    manifest = packages.MANIFEST.replace("RKMETableSpecification", "RKMEStatSpecification")
    files = packages.package_files(**{"learnware.yaml": manifest})
    check(read_package(packages.write_zip(tmp_path / "package.zip", files)), files)


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"learnware.yaml": None}, InvalidPackageError, "no learnware.yaml"),
        ({"__init__.py": None}, InvalidPackageError, "'__init__.py' is not in the package"),
        ({"stat.json": None}, InvalidPackageError, "'stat.json' is not in the package"),
        ({"stat.json": b"\xff"}, InvalidPackageError, "'stat.json' is no JSON in UTF-8"),
        ({"stat.json": "[1"}, InvalidPackageError, "'stat.json' is no JSON"),
        ({"stat.json": "[1]"}, InvalidPackageError, "no JSON object"),
        ({"stat.json": '{"z": NaN}'}, InvalidPackageError, "NaN is no JSON number"),
        ({"stat.json": "[" * 100_000}, InvalidPackageError, "'stat.json' is no JSON"),
        ({"stat.json": "{}"}, SpecificationError, "stat.json"),
        ({"stat.json": '{"z": [["x"]], "beta": [1], "gamma": 0.1, "num_points": 1}'}, SpecificationError, "stat.json"),
        ({"semantic_specification.json": "[]"}, InvalidPackageError, "no JSON object"),
    ],
)
def test_broken_packages(tmp_path, packages, changes, error, why):
    files = packages.package_files(**changes)
    for path in (packages.write_zip(tmp_path / "package.zip", files), in_folder(tmp_path / "folder", files)):
        with pytest.raises(error, match=why):
            read_package(path)


def test_unknown_types_of_specification_are_not_imported(tmp_path, packages):
    manifest = packages.MANIFEST.replace("learnware.specification", "os").replace("RKMETableSpecification", "system")
    files = packages.package_files(**{"learnware.yaml": manifest})
    with pytest.raises(SpecificationError, match="unknown statistical specification 'system'"):
        read_package(packages.write_zip(tmp_path / "package.zip", files))


def test_unpacking(tmp_path, packages):
    files = packages.package_files(**{"sub/deep/data.bin": b"\x00\x01"})
    path = packages.write_zip(tmp_path / "package.zip", files)
    target = unpack(path, tmp_path / "a" / "b")
    assert {
        file.relative_to(target).as_posix(): file.read_bytes() for file in target.rglob("*") if file.is_file()
    } == files
    assert [entry.name for entry in target.parent.iterdir()] == ["b"]
    with pytest.raises(FileExistsError):
        unpack(path, target)
    (tmp_path / "empty").mkdir()
    assert (unpack(path, tmp_path / "empty") / "learnware.yaml").is_file()


def test_unpacked_files_have_ordinary_rights(tmp_path, packages):
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in packages.package_files().items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o104777 << 16
            archive.writestr(entry, content)
    for file in unpack(path, tmp_path / "unpacked").iterdir():
        assert file.stat().st_mode & 0o7111 == 0


def test_writing_gives_equal_bytes(tmp_path, packages):
    files = packages.package_files()
    first = write_package(files, tmp_path / "first.zip").read_bytes()
    folder = in_folder(tmp_path / "folder", dict(reversed(files.items())))
    os.utime(folder / "__init__.py", (0, 0))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"")
    second = write_package(folder, tmp_path / "second.zip").read_bytes()
    assert first == second
    check(read_package(tmp_path / "second.zip"), files)
    mixed = {name: folder / name if name == "helper.py" else content for name, content in files.items()}
    assert write_package(mixed, tmp_path / "third.zip").read_bytes() == first


def test_writing_replaces_whole_or_not_at_all(tmp_path, packages):
    path = write_package(packages.package_files(), tmp_path / "package.zip")
    before = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        write_package({"learnware.yaml": tmp_path / "missing"}, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["package.zip"]
    write_package(packages.package_files(slope=2.0), path)
    assert path.read_bytes() != before


def test_the_published_packages_fixtures(shared):
    paths = sorted((shared / "fixtures" / "zips").glob("*.zip")) + sorted(
        (shared / "zoo").glob("*/learnwares/*_*1*.zip")
    )
    assert paths
    for path in paths:
        contents = read_package(path)
        assert contents.has_requirements
        assert contents.stat_specs["RKMETableSpecification"].get_z().ndim == 2


def test_reading_imports_little():
    script = (
        "import sys, learnware.learnware; learnware.learnware.read_package\n"
        "assert not {'sklearn', 'pandas', 'torch', 'pyarrow', 'lightgbm'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("dates", "made"),
    [
        ([(2021, 3, 4, 5, 6, 8), (2020, 1, 1, 0, 0, 0)], date(2021, 3, 4)),
        # Reproducible zips, clocks that are wrong, and dates that there are not.
        ([(1980, 1, 1, 0, 0, 0)], None),
        ([(2014, 12, 31, 23, 59, 58)], None),
        ([(2107, 1, 1, 0, 0, 0), (2019, 6, 1, 0, 0, 0)], date(2019, 6, 1)),
        ([(2021, 2, 31, 0, 0, 0), (2018, 6, 1, 0, 0, 0)], date(2018, 6, 1)),
        ([(2021, 0, 0, 0, 0, 0)], None),
    ],
)
def test_the_date_of_a_zip_is_that_of_its_newest_file(tmp_path, packages, dates, made):
    path = tmp_path / "dated.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, content) in enumerate(packages.package_files().items()):
            info = zipfile.ZipInfo(name)
            info.date_time = dates[number % len(dates)]
            archive.writestr(info, content)
    assert read_package(path).made == date_of(path) == made
    # Copies are as old as the copying.
    assert read_package(unpack(path, tmp_path / "unpacked")).made is None
