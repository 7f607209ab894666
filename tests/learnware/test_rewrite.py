"""Packages as a dock serves them, and the hash of what is in them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnware.errors import InvalidPackageError
from learnware.learnware import PackageLimits, content_hash, read_package, rewrite_package, unpack

SEMANTIC = {"Name": {"Values": "Größe der Häuser", "Type": "String"}}
WRITTEN = {"learnware.yaml", "semantic_specification.json"}


class OneWay(io.RawIOBase):
    """A stream that cannot go back: zips written to it have their sizes behind the members."""

    def __init__(self, stream):
        self.stream = stream

    def writable(self):
        return True

    def write(self, data):
        return self.stream.write(data)


def files_of(packages, **changes):
    """Files of a package; names have ``__`` for a dot."""
    return packages.package_files(**{name.replace("__", "."): content for name, content in changes.items()})


def served(path, **changes):
    values = {"learnware_id": "00000017", "semantic_spec": SEMANTIC, **changes}
    target = path.with_name("served.zip")
    target.write_bytes(b"".join(rewrite_package(path, **values)))
    return target


def contents(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def raw(path, name):
    """The bytes of a member as they are in the zip."""
    with zipfile.ZipFile(path) as archive:
        found = archive.getinfo(name)
        data = path.read_bytes()
        lengths = struct.unpack_from("<2H", data, found.header_offset + 26)
        begin = found.header_offset + 30 + sum(lengths)
        return data[begin : begin + found.compress_size]


def test_what_a_dock_writes_and_what_stays(tmp_path, packages):
    files = files_of(packages)
    path = packages.write_zip(tmp_path / "package.zip", {f"top/{name}": files[name] for name in files})
    target = served(path)
    found = contents(target)
    assert set(found) == set(files) | WRITTEN
    assert {name: found[name] for name in files if name not in WRITTEN} == {
        name: files[name] for name in files if name not in WRITTEN
    }
    assert json.loads(found["semantic_specification.json"]) == SEMANTIC
    package = read_package(target)
    assert (package.manifest.id, package.semantic_spec, package.top_folder) == ("00000017", SEMANTIC, None)
    assert package.manifest.model == read_package(path).manifest.model
    assert package.stat_specs.keys() == read_package(path).stat_specs.keys()
    assert content_hash(target) == content_hash(path)
    # The same again gives the same bytes.
    again = b"".join(rewrite_package(target, learnware_id="00000017", semantic_spec=SEMANTIC))
    assert again == target.read_bytes()


def test_members_are_not_compressed_anew(tmp_path, packages):
    big = b"weights " * 300_000
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files_of(packages).items():
            archive.writestr(name, content)
        # Neither is how zlib would do it by default.
        archive.writestr("fast.bin", big, zipfile.ZIP_DEFLATED, compresslevel=1)
        archive.writestr("stored.bin", big, zipfile.ZIP_STORED)
    parts = list(rewrite_package(path, learnware_id="00000017", semantic_spec=SEMANTIC))
    assert max(map(len, parts)) < 2 << 20
    target = served(path)
    for name in ("fast.bin", "stored.bin"):
        assert raw(target, name) == raw(path, name)
    assert contents(target)["fast.bin"] == contents(target)["stored.bin"] == big


def test_zips_of_every_kind(tmp_path, packages):
    files = files_of(packages)
    plain = packages.write_zip(tmp_path / "plain.zip", files)
    one_way = tmp_path / "one-way.zip"
    with (
        one_way.open("wb") as stream,
        zipfile.ZipFile(OneWay(stream), "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in sorted(files, reverse=True):
            archive.writestr(name, files[name])
        assert all(info.flag_bits & 0x08 for info in archive.infolist())
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(large, "w") as archive:
        archive.writestr("houses/", b"")
        archive.writestr("__MACOSX/houses/._x", b"of the Finder")
        for name, content in files.items():
            with archive.open(f"houses/{name}", "w", force_zip64=True) as stream:
                stream.write(content)
        archive.comment = b"a comment"
    expected = contents(served(plain))
    for path in (one_way, large):
        assert contents(served(path)) == expected
        assert content_hash(path) == content_hash(plain)


def test_more_than_four_gigabytes(tmp_path, packages, monkeypatch):
    # Where the numbers of an ordinary zip end is told by the standard library; so much is not written here.
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 200)
    path = packages.write_zip(tmp_path / "package.zip", files_of(packages, big__bin=bytes(range(250)) * 4))
    target = served(path)
    with zipfile.ZipFile(target) as archive:
        info = archive.getinfo("big.bin")
        assert struct.unpack_from("<2H", info.extra) == (1, 24)
    monkeypatch.undo()
    assert contents(target)["big.bin"] == bytes(range(250)) * 4
    assert read_package(target).manifest.id == "00000017"


def test_dates_stay(tmp_path, packages):
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files_of(packages).items():
            archive.writestr(zipfile.ZipInfo(name, (2022, 3, 4, 5, 6, 8)), content)
    assert read_package(served(path)).made == date(2022, 3, 4)


def test_the_content_is_told_by_the_files(tmp_path, packages):
    def hash_of(**changes):
        return content_hash(packages.write_zip(tmp_path / "package.zip", files_of(packages, **changes)))

    manifest = packages.MANIFEST
    first = hash_of()
    assert first == hash_of(semantic_specification__json='{"Name": {"Values": "x"}}')
    assert first == hash_of(learnware__yaml=f"id: '00000001'\n{manifest}")
    named = f"semantic_specification: {{file_name: about.json}}\n{manifest}"
    assert first == hash_of(learnware__yaml=named, about__json='{"Name": {"Values": "x"}}')
    assert first == hash_of(
        learnware__yaml=f"# The same in other words\n{manifest.replace('kwargs: {}', 'kwargs: { }')}"
    )
    others = [
        hash_of(weight__txt="2.1"),
        hash_of(weight__txt=None, weights__txt="2.0"),
        hash_of(more__txt=""),
        hash_of(learnware__yaml=manifest.replace("kwargs: {}", "kwargs: {offset: 1}", 1)),
    ]
    assert len({first, *others}) == 5


def test_a_semantic_specification_of_another_name_is_replaced(tmp_path, packages):
    manifest = f"semantic_specification: {{file_name: about.json}}\n{packages.MANIFEST}"
    files = files_of(packages, learnware__yaml=manifest, about__json='{"Name": {"Values": "old"}}')
    target = served(packages.write_zip(tmp_path / "package.zip", files))
    assert "about.json" not in contents(target)
    assert read_package(target).semantic_spec == SEMANTIC


def test_a_file_that_is_something_else_too_is_no_semantic_specification(tmp_path, packages):
    manifest = f"semantic_specification: {{file_name: stat.json}}\n{packages.MANIFEST}"
    path = packages.write_zip(tmp_path / "package.zip", files_of(packages, learnware__yaml=manifest))
    target = served(path)
    assert contents(target)["stat.json"] == contents(path)["stat.json"]
    assert content_hash(target) == content_hash(path)


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"Semantic_Specification__JSON": "{}"}, "Semantic_Specification.JSON"),
        ({"semantic_specification__json/notes__txt": "x"}, "semantic_specification.json"),
        (
            {"learnware__yaml": "stat_specifications: [{file_name: semantic_specification.json}]", "stat__json": None},
            "semantic_specification.json",
        ),
    ],
)
def test_names_that_the_dock_needs(tmp_path, packages, changes, member):
    files = files_of(packages, **changes)
    if files["learnware.yaml"].startswith(b"stat"):
        files["semantic_specification.json"] = json.dumps(packages.STAT_SPEC).encode()
    path = packages.write_zip(tmp_path / "package.zip", files)
    with pytest.raises(InvalidPackageError) as caught:
        served(path)
    assert caught.value.member.lower() == member.lower()


def test_folders_are_not_served(tmp_path, packages):
    path = packages.write_zip(tmp_path / "package.zip", files_of(packages))
    folder = unpack(path, tmp_path / "unpacked")
    assert content_hash(folder) == content_hash(path)
    with pytest.raises(InvalidPackageError, match="only zips can be served"):
        served(folder)


def test_damage_is_found(tmp_path, packages):
    path = packages.write_zip(tmp_path / "package.zip", files_of(packages, weights__bin="the weights of a model"))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"the weights of", b"the weight  of", 1))
    with pytest.raises(InvalidPackageError, match="CRC") as caught:
        content_hash(path)
    assert caught.value.member == "weights.bin"
    cut = path.with_name("cut.zip")
    with zipfile.ZipFile(path) as archive:
        header = archive.getinfo("weights.bin").header_offset
    cut.write_bytes(data[:header] + b"XX" + data[header + 2 :])
    for look in (content_hash, served):
        with pytest.raises(InvalidPackageError):
            look(cut)


def test_limits_and_giving_up(tmp_path, packages):
    path = packages.write_zip(tmp_path / "package.zip", files_of(packages))
    with pytest.raises(InvalidPackageError, match="members"):
        content_hash(path, limits=PackageLimits(members=3))
    with pytest.raises(InvalidPackageError, match="members"):
        list(rewrite_package(path, learnware_id="1", semantic_spec={}, limits=PackageLimits(members=3)))
    # One more than there are, for the semantic specification; and a manifest that is longer when it is written out.
    count = len(packages.package_files())
    with pytest.raises(InvalidPackageError, match="what the dock adds"):
        list(rewrite_package(path, learnware_id="1", semantic_spec={}, limits=PackageLimits(members=count)))
    limits = PackageLimits(manifest_bytes=len(packages.MANIFEST) + 10)
    with pytest.raises(InvalidPackageError, match="written out"):
        list(rewrite_package(path, learnware_id="1", semantic_spec={}, limits=limits))
    with pytest.raises(InvalidPackageError, match="too long to read"):
        content_hash(path, cancelled=lambda: True)


NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?\.(txt|bin)", fullmatch=True)


@given(
    more=st.dictionaries(NAMES, st.binary(max_size=400), max_size=8),
    top=st.sampled_from(["", "top/", "ä/"]),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_it(tmp_path, packages, more, top, method, order):
    # With a first byte that no archive has.
    files = {**{f"more/{name}": b"#" + content for name, content in more.items()}, **files_of(packages)}
    names = list(files)
    order.shuffle(names)
    path = packages.write_zip(tmp_path / "package.zip", {top + name: files[name] for name in names}, method)
    target = served(path)
    found = contents(target)
    assert list(found) == sorted(found)
    assert {name: found[name] for name in files if name not in WRITTEN} == {
        name: files[name] for name in files if name not in WRITTEN
    }
    assert content_hash(target) == content_hash(path)
