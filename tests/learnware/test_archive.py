"""Every rule for archives, each with an archive that breaks it."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import tracemalloc
import unicodedata
import zipfile
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learnware.errors import InvalidPackageError, SpecificationError
from learnware.learnware import PackageLimits, read_package, unpack
from learnware.learnware._archive_rules import check_names


def refused(path, match, member=None, limits=None):
    """Both ways to look at a zip refuse it, name the member and leave nothing behind."""
    target = path.parent / "unpacked"
    for look in (lambda: read_package(path, limits=limits), lambda: unpack(path, target, limits=limits)):
        with pytest.raises(InvalidPackageError, match=match) as caught:
            look()
        if member is not None:
            assert caught.value.member == member
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def info(name: str, mode: int = 0o100644, **fields: object) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system = 3
    made.external_attr = mode << 16
    for key, value in fields.items():
        setattr(made, key, value)
    return made


@pytest.fixture
def zip_with(tmp_path, packages):
    """Return a function that writes a good package with more members in it."""

    def write(*members: tuple[object, bytes]):
        path = packages.write_zip(tmp_path / "package.zip", packages.package_files())
        with zipfile.ZipFile(path, "a") as archive:
            for member, content in members:
                archive.writestr(member, content)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.py", "leaves the package"),
        ("folder/../../evil.py", "leaves the package"),
        ("folder/..", "leaves the package"),
        ("/etc/passwd", "absolute"),
        ("//server/share", "absolute"),
        ("folder\\evil.py", "backslash"),
        ("..\\evil.py", "backslash"),
        ("C:/evil.py", "drive"),
        ("C:evil.py", "drive"),
        ("file.txt:stream", "stream"),
        ("./evil.py", "empty part"),
        ("folder//evil.py", "empty part"),
        ("new\nline", "control"),
        ("bell\x07", "control"),
        ("dot.", "dot or a blank"),
        ("folder /x", "dot or a blank"),
        ("n" * 256, "longer than"),
        ("d/" * 600 + "x", "1 to 1024 bytes"),
    ],
)
def test_unsafe_names(zip_with, name, why):
    refused(zip_with((info(name), b"x")), why, name)


def test_a_name_that_hides_behind_a_zero_byte(zip_with):
    path = zip_with((info("evil.pyXtxt"), b"x"))
    path.write_bytes(path.read_bytes().replace(b"evil.pyXtxt", b"evil.py\0txt"))
    refused(path, "control characters", "evil.py\0txt")


@pytest.mark.parametrize(
    ("mode", "why"),
    [(stat.S_IFLNK, "a link"), (stat.S_IFIFO, "no ordinary"), (stat.S_IFCHR, "no ordinary"), (stat.S_IFSOCK, "no ord")],
)
@pytest.mark.parametrize("system", [3, 0])
def test_links_and_special_files(zip_with, mode, why, system):
    refused(zip_with((info("special", mode | 0o777, create_system=system), b"/etc/passwd")), why, "special")


def test_a_file_that_says_it_is_a_folder(zip_with):
    refused(zip_with((info("folder", stat.S_IFDIR | 0o755), b"")), "no ordinary", "folder")


def test_a_folder_with_content(zip_with):
    refused(zip_with((info("folder/", 0), b"content")), "has content", "folder/")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_equal_names(zip_with):
    refused(zip_with(("model.py", b"1"), ("model.py", b"2")), "twice", "model.py")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Model.py", "model.py"),
        ("a/B/c.py", "a/b/c.py"),
        ("straße", "STRASSE"),
        (unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")),
    ],
)
def test_names_that_differ_in_case(zip_with, first, second):
    refused(zip_with((first, b"1"), (second, b"2")), "only in case", second)


def test_folders_that_differ_in_case(zip_with):
    refused(zip_with(("a/x", b"1"), ("A/y", b"2")), "only in case", "A")


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a"), ("a", "A/b/c"), ("x/a", "x/a/")])
def test_a_file_and_a_folder_of_one_name(zip_with, names):
    refused(zip_with(*((info(name, 0), b"") for name in names)), "both a file and a folder")


def patch_flags(path, name: bytes, flag: int):
    """Set a flag bit of a member in its local header and in the directory."""
    data = bytearray(path.read_bytes())
    for signature, flags_at, name_at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = data.find(signature)
        while data[at + name_at : at + name_at + len(name)] != name:
            at = data.index(signature, at + 1)
        (flags,) = struct.unpack_from("<H", data, at + flags_at)
        struct.pack_into("<H", data, at + flags_at, flags | flag)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("flag", [0x1, 0x41])
def test_encrypted_members(zip_with, flag):
    refused(patch_flags(zip_with(("secret", b"x")), b"secret", flag), "encrypted", "secret")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions(zip_with, method):
    refused(zip_with((info("data", compress_type=method), b"x" * 100)), f"method {method}", "data")


def test_a_compression_that_nobody_knows(zip_with):
    path = zip_with(("strange-member", b"x"))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<H", data, at + 10, 77)
    path.write_bytes(data)
    refused(path, "method 77", "strange-member")


def test_too_many_members(zip_with):
    path = zip_with(*((f"f{i}", b"") for i in range(20)))
    refused(path, "26 members; at most 25", limits=replace(PackageLimits(), members=25))
    assert len(read_package(path, limits=replace(PackageLimits(), members=26)).members) == 26


@pytest.mark.parametrize("shared", [False, True])
def test_folders_count_also_where_only_names_of_files_tell_of_them(zip_with, shared):
    # A thousand such files would be half a million folders on the disk, and their names gigabytes in memory.
    names = [f"{'shared' if shared else i}/{'d/' * 300}{i}" for i in range(20)]
    limits = replace(PackageLimits(), members=400)
    path = zip_with(*((info(name), b"x") for name in names))
    if shared:
        assert len(read_package(path, limits=limits).members) > 20
    else:
        refused(path, "more than 400 folders", limits=limits)


def test_deep_names_take_no_memory_for_each_of_their_folders(packages):
    names = [f"{i}/{'d/' * 500}x" for i in range(1000)]
    tracemalloc.start()
    try:
        with pytest.raises(InvalidPackageError, match="more than 10000 folders"):
            check_names(names, (), 10_000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100 << 20


@pytest.mark.parametrize("zip64", [False, True])
def test_a_directory_that_is_too_large_is_not_even_read(zip_with, zip64):
    path = zip_with(*((info(f"{i}", comment=bytes(60_000)), b"") for i in range(20)))
    if zip64:
        # A directory of which only the 64-bit record tells the size; its locator looks like such a record, too.
        data = path.read_bytes()
        entries, size, start = struct.unpack("<HLL", data[-12:-2])
        record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, start)
        locator = struct.pack("<4sL8sL", b"PK\x06\x07", 0, b"PK\x06\x06\0\0\0\0", 1)
        end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        path.write_bytes(data[:-22] + record + locator + end)
    # Some versions of the standard library see that the locator lies.
    refused(path, "directory of 'package.zip' has|no readable zip", limits=replace(PackageLimits(), members=4))


def test_a_large_member(zip_with):
    path = zip_with(("large", b"x" * 2000))
    refused(path, "2000 bytes; at most 1999", "large", replace(PackageLimits(), member_bytes=1999))


def test_large_together(zip_with):
    path = zip_with(("a", b"x" * 3000), ("b", b"x" * 3000))
    refused(path, "more than 5000 bytes together", limits=replace(PackageLimits(), total_bytes=5000))


def test_large_texts(zip_with):
    path = zip_with()
    refused_by_reading = pytest.raises(InvalidPackageError, match="at most 10 are allowed")
    with refused_by_reading as caught:
        read_package(path, limits=replace(PackageLimits(), text_bytes=10))
    assert caught.value.member == "stat.json"
    refused(path, "at most 10 are allowed", "learnware.yaml", replace(PackageLimits(), manifest_bytes=10))


def test_a_member_that_grows_too_much(zip_with):
    bomb = info("bomb", compress_type=zipfile.ZIP_DEFLATED)
    refused(zip_with((bomb, bytes(10 << 20))), "more than 200 fold", "bomb")


def test_all_members_together_grow_too_much(zip_with):
    members = [(info(f"bomb{i}", compress_type=zipfile.ZIP_DEFLATED), bytes(1 << 20)) for i in range(12)]
    refused(zip_with(*members), "200 fold at most")


def test_short_texts_may_compress_well(zip_with):
    path = zip_with((info("text", compress_type=zipfile.ZIP_DEFLATED), b" " * 900_000))
    assert read_package(path).manifest.model.class_name == "Model"


def test_a_header_that_lies_about_the_size(zip_with):
    path = zip_with((info("lie", compress_type=zipfile.ZIP_DEFLATED), b"ab" * 600_000))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 10)
    path.write_bytes(data)
    with pytest.raises(InvalidPackageError, match="damaged") as caught:
        unpack(path, path.parent / "unpacked")
    assert caught.value.member == "lie"
    assert len(list(path.parent.iterdir())) == 1


def test_overlapping_members(zip_with):
    path = zip_with(("first", b"x" * 100), ("other", b"x" * 100))
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    first = data.rindex(b"PK\x01\x02", 0, second)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    path.write_bytes(data)
    refused(path, "overlaps another member")


def tar_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"), io.BytesIO())
    return buffer.getvalue()


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x", "y")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("more.zip", b""),
        ("MORE.ZIP", b""),
        ("a/more.tar.gz", b""),
        ("more.tgz", b""),
        ("more.7z", b""),
        ("more.rar", b""),
        ("package-1.0-py3-none-any.whl", b""),
        ("data.bin", tar_bytes()),
        ("data.bin", b"7z\xbc\xaf\x27\x1c"),
        ("data.txt", zip_bytes()),
    ],
)
def test_archives_inside(zip_with, name, content):
    refused(zip_with((name, content)), "archive inside the package", name)


@pytest.mark.parametrize("name", ["w.npz", "w.pt", "m.skops", "m.keras", "pytorch_model.bin"])
def test_model_files_that_are_zips(zip_with, name):
    path = zip_with((name, zip_bytes()), ("data.csv.gz", b"\x1f\x8b"))
    assert (unpack(path, path.parent / "unpacked") / name).read_bytes() == zip_bytes()


def test_names_that_are_not_utf_8(zip_with):
    path = zip_with(("sixteen_letters_", b"x"))
    path.write_bytes(path.read_bytes().replace(b"sixteen_letters_", b"\xff\xfe_teen_letters_"))
    refused(path, "not in UTF-8")


def test_names_that_say_they_are_utf_8_and_are_not(zip_with):
    path = zip_with(("sixteen_lettersé", b"x"))
    path.write_bytes(path.read_bytes().replace("sixteen_lettersé".encode(), b"sixteen_letters\xff\xfe"))
    refused(path, "no readable zip")


def test_names_in_utf_8_without_the_flag(zip_with):
    path = zip_with(("sixteen_letters_", b"x"))
    path.write_bytes(path.read_bytes().replace(b"sixteen_letters_", "模型_teen_lett".encode()))
    assert (unpack(path, path.parent / "unpacked") / "模型_teen_lett").read_bytes() == b"x"


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x05\x06" + bytes(5), b"PK\x03\x04" + bytes(100)])
def test_no_zip(tmp_path, content):
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    refused(path, "no readable zip", "package.zip")


def test_no_file(tmp_path):
    with pytest.raises(InvalidPackageError, match="no file or folder"):
        read_package(tmp_path / "nothing.zip")


def test_truncated_zips(zip_with):
    path = zip_with()
    data = path.read_bytes()
    for cut in (1, 10, 30, 200, len(data) // 2, len(data) - 10):
        path.write_bytes(data[:-cut])
        refused(path, "no readable zip")


def test_a_flipped_bit_is_found(zip_with):
    path = zip_with(("weights", b"0123456789" * 100))
    path.write_bytes(path.read_bytes().replace(b"0123456789" * 100, b"1123456789" + b"0123456789" * 99))
    with pytest.raises(InvalidPackageError, match=r"damaged.*CRC") as caught:
        unpack(path, path.parent / "unpacked")
    assert caught.value.member == "weights"


def test_links_in_a_folder(tmp_path, packages):
    for name, content in packages.package_files().items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(InvalidPackageError, match="link") as caught:
        read_package(tmp_path)
    assert caught.value.member == "link"


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_zips_are_refused_or_read(tmp_path_factory, packages, data):
    folder = tmp_path_factory.mktemp("fuzz")
    compression = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    path = packages.write_zip(folder / "package.zip", packages.package_files(), compression)
    content = bytearray(path.read_bytes())
    # Half of the changes go to the directory at the end, where the structure is.
    positions = st.integers(0, len(content) - 1) | st.integers(len(content) - 500, len(content) - 1)
    for position, value in data.draw(st.lists(st.tuples(positions, st.integers(0, 255)), max_size=8)):
        content[position] = value
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    path.write_bytes(content)
    try:
        read_package(path)
        unpack(path, folder / "unpacked")
    except (InvalidPackageError, SpecificationError):
        assert not (folder / "unpacked").exists()
    else:
        assert (folder / "unpacked" / "learnware.yaml").is_file()
