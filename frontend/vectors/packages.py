# ruff: noqa: INP001  # part of a program beside what it writes, no package
"""Packages, manifests and semantic specifications, good and bad, with what the engine says of each."""

from __future__ import annotations

import base64
import io
import json
import stat
import struct
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

from learnware.errors import InvalidPackageError, SpecificationError
from learnware.learnware import read_package
from learnware.learnware._manifest import parse_manifest
from learnware.market.rules import normalise_semantic_spec, semantic_problems

__all__ = ["manifest_vectors", "package_vectors", "semantic_vectors"]

STATISTICAL = {"z": [[0.0, 1.0]], "beta": [1.0], "gamma": 0.1, "num_points": 40, "type": "RKMETableSpecification"}
FILES = {
    "__init__.py": b"class Model: ...\n",
    "learnware.yaml": b"stat_specifications: [{file_name: stat.json}]\n",
    "requirements.txt": b"numpy\n",
    "stat.json": json.dumps(STATISTICAL).encode(),
}
TEXTS = {"z": [[0.6, 0.8]], "beta": [1.0], "gamma": 0.1, "num_points": 40, "type": "RKMETextSpecification"}
TEXTS |= {"language": ["en"], "encoder": "a-folder"}
IMAGES: dict[str, Any] = {
    "RKME_IMAGE_VERSION": 1,
    "z": [[[[0, 1] * 16] * 32]],
    "beta": [1.0],
    "n_models": 16,
    "model_config": {"k": 2, "mu": 0, "sigma": None, "net_width": 128, "net_depth": 3},
    "type": "RKMEImageSpecification",
}
SEMANTIC: dict[str, Any] = {
    "Data": {"Values": ["Table"], "Type": "Class"},
    "Task": {"Values": ["Classification"], "Type": "Class"},
    "Library": {"Values": ["Scikit-learn"], "Type": "Class"},
    "Scenario": {"Values": ["Business", "Health"], "Type": "Tag"},
    "License": {"Values": ["MIT"], "Type": "Class"},
    "Model": {"Values": [], "Type": "Optional"},
    "Description": {"Values": "What it does, in some words.", "Type": "String"},
    "Name": {"Values": "A learnware", "Type": "String"},
    "Input": {"Dimension": 2, "Description": {"0": "length", "1": "width"}},
    "Output": {"Dimension": 2, "Description": {"0": "no", "1": "yes"}},
}


def info(name: str, mode: int = 0o100644, **fields: Any) -> zipfile.ZipInfo:
    """Return a member as a system with links writes it."""
    made = zipfile.ZipInfo(name)
    made.create_system = 3
    made.external_attr = mode << 16
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def zip_with(*members: tuple[str | zipfile.ZipInfo, bytes], **changes: bytes | None) -> bytes:
    """Return a good package with more members; `changes` replace or remove some, with ``__`` for a dot."""
    files = {**FILES, **{name.replace("__", "."): content for name, content in changes.items()}}
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")  # names that are there twice
        for name, content in files.items():
            if content is not None:
                archive.writestr(info(name), content)
        for member, content in members:
            archive.writestr(info(member) if isinstance(member, str) else member, content)
    return buffer.getvalue()


def patched(data: bytes, at: int, form: str, value: int, entry: int = -1) -> bytes:
    """Return a zip with one field of an entry of its directory changed."""
    changed = bytearray(data)
    places = [i for i in range(len(data)) if data[i : i + 4] == b"PK\x01\x02"]
    struct.pack_into(form, changed, places[entry] + at, value)
    return bytes(changed)


def flagged(data: bytes, flag: int) -> bytes:
    """Return a zip whose last member has a flag, in its header and in the directory."""
    changed = bytearray(patched(data, 8, "<H", flag))
    struct.pack_into("<H", changed, data.rindex(b"PK\x03\x04") + 6, flag)
    return bytes(changed)


def nested() -> tuple[bytes, bytes]:
    """Return a tar and a zip."""
    tar, archive = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as file:
        file.addfile(tarfile.TarInfo("x"), io.BytesIO())
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(info("x"), "y")
    return tar.getvalue(), archive.getvalue()


def described(states: dict[str, Any], class_name: str | None = None, *, more: dict[str, Any] | None = None) -> bytes:
    """Return a good package with a specification of these states, and a further one if there is one."""
    listed = [("stat_specifications", "stat.json", class_name or states["type"])]
    listed += [("extra_stat_specifications", "more.json", more["type"])] if more else []
    manifest = "\n".join(f"{key}: [{{class_name: {kind}, file_name: {file}}}]" for key, file, kind in listed)
    members = [("more.json", json.dumps(more).encode())] if more else []
    return zip_with(*members, learnware__yaml=manifest.encode(), stat__json=json.dumps(states).encode())


def packages() -> dict[str, bytes]:
    """Return zips by what is special about them."""
    tar, archive = nested()
    deflated = {"compress_type": zipfile.ZIP_DEFLATED}
    names = [
        "../evil.py",
        "folder/../../evil.py",
        "folder/..",
        "/etc/passwd",
        "//server/share",
        "folder\\evil.py",
        *(
            "C:/evil.py",
            "file.txt:stream",
            "./evil.py",
            "folder//evil.py",
            "new\nline",
            "bell\x07",
            "dot.",
            "folder /x",
        ),
        "n" * 256,
        "é" * 128,
        "d/" * 600 + "x",
        "fine/name.py",
        "模型/权重.bin",
        "a b.txt",
        ".hidden",
    ]
    collisions = [
        *(
            ("m.py", "m.py"),
            ("Model.py", "model.py"),
            ("a/B/c.py", "a/b/c.py"),
            ("straße", "STRASSE"),
            ("é", "e\u0301"),
        ),
        ("a/x", "A/y"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("a", "A/b/c"),
        ("x/a", "x/a/"),
        ("a/", "a/b"),
        ("a/b", "a/c"),
    ]
    inside = [
        ("more.zip", b""),
        ("MORE.ZIP", b""),
        ("a/more.tar.gz", b""),
        ("more.tgz", b""),
        ("more.7z", b""),
        *(
            ("p-1.0-py3-none-any.whl", b""),
            ("data.bin", tar),
            ("data.bin", b"7z\xbc\xaf\x27\x1c"),
            ("data.txt", archive),
        ),
        ("w.npz", archive),
        ("w.pt", archive),
        ("m.skops", archive),
        ("data.csv.gz", b"\x1f\x8b"),
        ("zip", b"x"),
    ]
    whole = zip_with()
    two = zip_with(("first", b"x" * 100), ("other", b"x" * 100))
    start = struct.unpack_from("<I", two, [i for i in range(len(two)) if two[i : i + 4] == b"PK\x01\x02"][-2] + 42)[0]
    sixteen = zip_with(("sixteen_letters_", b"x"))
    top = io.BytesIO()
    with zipfile.ZipFile(top, "w") as file:
        for name, content in FILES.items():
            file.writestr(info(f"learnware/{name}"), content)
        file.writestr(info("__MACOSX/learnware/._stat.json"), b"x")
    kinds = {"link": stat.S_IFLNK, "pipe": stat.S_IFIFO, "device": stat.S_IFCHR, "folder": stat.S_IFDIR}
    return {
        "good": whole,
        "top folder": top.getvalue(),
        "deflated": zip_with((info("text", **deflated), b"words " * 500)),
        **{f"name {name[:30]!r}": zip_with((info(name), b"x")) for name in names},
        **{f"names {one!r} {two!r}": zip_with((info(one, 0), b""), (info(two, 0), b"")) for one, two in collisions},
        **{
            f"{kind} {i}": zip_with((info("special", mode | 0o777), b""))
            for i, (kind, mode) in enumerate(kinds.items())
        },
        "folder with content": zip_with((info("folder/", 0), b"content")),
        "encrypted": flagged(zip_with(("secret", b"x")), 0x1),
        "strongly encrypted": flagged(zip_with(("secret", b"x")), 0x41),
        "bzip2": zip_with((info("data", compress_type=zipfile.ZIP_BZIP2), b"x" * 100)),
        "lzma": zip_with((info("data", compress_type=zipfile.ZIP_LZMA), b"x" * 100)),
        "method 77": patched(zip_with(("strange", b"x")), 10, "<H", 77),
        "bomb": zip_with((info("bomb", **deflated), bytes(3 << 20))),
        "bombs": zip_with(*((info(f"bomb{i}", **deflated), bytes(1 << 20)) for i in range(12))),
        "short text that compresses well": zip_with((info("text", **deflated), b" " * 900_000)),
        "overlap": patched(two, 42, "<I", start),
        "into the directory": patched(whole, 20, "<I", 5000),
        **{f"inside {name} {i}": zip_with((name, content)) for i, (name, content) in enumerate(inside)},
        "name not in UTF-8": sixteen.replace(b"sixteen_letters_", b"\xff\xfe_teen_letters_"),
        "name in UTF-8 without the flag": sixteen.replace(b"sixteen_letters_", "模型_teen_lett".encode()),
        "zero byte": sixteen.replace(b"sixteen_letters_", b"sixteen\0letters_"),
        "empty": b"",
        "no zip": b"no zip at all",
        "header alone": b"PK\x03\x04" + bytes(100),
        **{f"cut by {cut}": whole[:-cut] for cut in (1, 10, 30, 200, len(whole) // 2)},
        "no manifest": zip_with(learnware__yaml=None),
        "two folders without a manifest": zip_with(("a/x", b""), ("b/x", b""), learnware__yaml=None),
        "manifest of another encoding": zip_with(learnware__yaml=b"name: \xff\xfe"),
        "no model": zip_with(("x.py", b""), learnware__yaml=b"model: {module_path: gone.py}"),
        "no specification file": zip_with(learnware__yaml=b"stat_specifications: [{file_name: gone.json}]"),
        "no semantic file": zip_with(learnware__yaml=b"semantic_specification: {file_name: gone.json}"),
        "semantic is no object": zip_with(("semantic_specification.json", b"[]")),
        "semantic is no JSON": zip_with(("semantic_specification.json", b"{")),
        "semantic is NaN": zip_with(("semantic_specification.json", b'{"a": NaN}')),
        "semantic with a mark": zip_with(("semantic_specification.json", b"\xef\xbb\xbf{}")),
        "statistical is no JSON": zip_with(stat__json=b"]"),
        "statistical is empty": zip_with(stat__json=b"{}"),
        "statistical is infinite": zip_with(stat__json=json.dumps(STATISTICAL).replace("0.1", "1e999").encode()),
        "statistical of another type": zip_with(
            learnware__yaml=b"stat_specifications: [{class_name: RKMEImageSpecification, file_name: stat.json}]"
        ),
        "statistical of an old name": zip_with(
            learnware__yaml=b"stat_specifications: [{class_name: RKMEStatSpecification, file_name: ./stat.json}]"
        ),
        "texts": described(TEXTS),
        "texts without an encoder": described({**TEXTS, "encoder": None}),
        "texts without languages": described({**TEXTS, "language": []}),
        "texts of a language that is no text": described({**TEXTS, "language": [5]}),
        "texts as a table": described(TEXTS, "RKMETableSpecification"),
        "images": described(IMAGES),
        "images that differ in shape": described({**IMAGES, "z": [*IMAGES["z"], [[[0.5]]]], "beta": [0.5, 0.5]}),
        "images of another size": described({**IMAGES, "z": [[[[0.5]]]]}),
        "images with more weights": described({**IMAGES, "beta": [0.5, 0.5]}),
        "images that are rows": described({**IMAGES, "z": [[0.5, 0.5]]}),
        "images without points": described({**IMAGES, "z": [], "beta": []}),
        "images that are not finite": described({**IMAGES, "z": [[[[float("nan")]]]]}),
        "images as texts": described(IMAGES, "RKMETextSpecification"),
        "images and texts": described(IMAGES, more=TEXTS),
        "images and no further file": zip_with(
            learnware__yaml=b"extra_stat_specifications: [{class_name: RKMEImageSpecification, file_name: gone.json}]"
        ),
        "damaged manifest": whole.replace(b"stat_specifications", b"stat_specificationz", 1),
        "damaged specification": whole.replace(b'"gamma"', b'"gammy"'),
    }


def package_vectors() -> list[dict[str, Any]]:
    """Return zips with what the engine says of them: refused or not, and the member at fault."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package.zip"
        for what, content in packages().items():
            path.write_bytes(content)
            verdict: dict[str, Any] = {"refused": False}
            try:
                read_package(path)
            except InvalidPackageError as error:
                member = error.member if error.member != path.name else None
                verdict = {"refused": True, "member": member, "message": str(error)[:200]}
            except SpecificationError as error:
                verdict = {"refused": True, "member": None, "message": str(error)[:200]}
            found.append({"what": what, "zip": base64.b64encode(content).decode(), **verdict})
    return found


def manifest_vectors() -> list[dict[str, Any]]:
    """Return texts of ``learnware.yaml`` with whether the engine refuses them."""
    files = {"__init__.py", "model.py", "stat.json", "stat_spec.json", "spec.json", "sub/model.py"}
    texts = [
        "",
        "{}",
        "model:\nstat_specifications:\n",
        "# only a comment",
        "stat_specifications: []",
        "name: x\n",
        "id: 00000012",
        "id: abc",
        "id: [1]",
        "name: [1]",
        "[1, 2]",
        "just text",
        "model: [1]",
        "model: {class_name: 5}",
        "model: {class_name: 'os.system'}",
        "model: {class_name: Modèle}",
        "model: {class_name: 3D}",
        "model: {class_name: ''}",
        "model: {kwargs: [1]}",
        "model: {kwargs: {1: 2}}",
        "model: {kwargs: {a: {1: 2}}}",
        "model: {module_path: ../evil.py}",
        "model: {module_path: /tmp/evil.py}",
        "model: {module_path: other.py}",
        "model: {module_path: 'not a module'}",
        "model: {module_path: some.module}",
        "model: {module_path: ./model.py}",
        "model: {module_path: sub/model.py}",
        "model: {required_learnware_ids: x}",
        "model: {required_learnware_ids: ['1', 2]}",
        "model: {weights_file_path: 1}",
        "stat_specifications: {a: b}",
        "stat_specifications: [x]",
        "stat_specifications: [{file_name: ../x.json}]",
        "stat_specifications: [{class_name: RKMEStatSpecification, file_name: ./stat.json, kwargs: {gamma: 0.2}}]",
        "a: yes",
        "semantic_specification: {file_name: gone.json}",
        "semantic_specification: {file_name: spec.json}",
        "a: 1\na: 2",
        "model: {kwargs: {x: 1, x: 2}}",
        "a: !!python/object/apply:os.system ['true']",
        "a: !!python/name:os.system ''",
        "a: !!python/object:collections.OrderedDict {}",
        "a: !mine {}",
        "a: !!python/tuple {x: 1}",
        "a: !!python/tuple [1, 2]",
        "model: {kwargs: {shape: !!python/tuple [64]}}",
        "a: [1, 2",
        "a: 1\n---\nb: 2",
        "a: &x [*x]",
        "a: *nobody",
        "? [1, 2]\n: 3",
        "a: " + "[" * 5000,
        "a: " + "9" * 5000,
        "a: \x01",
        "a: &x [1]\nb: *x",
        "a:\n\t- b",
        "a: 'x",
        "a: !!set {x}",
        "a: 2026-01-02",
        "a: !!binary aGk=",
        "a: |\n  text\n  more",
        "a: {b: c, d}",
        "%YAML 1.1\n---\na: 1",
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)),
        f"model: {{kwargs: {{a: &a {'x' * 30_000}, b: [{', '.join(['*a'] * 30)}]}}}}",
        "\ufeffname: x",
    ]
    found = []
    for text in texts:
        try:
            parse_manifest(text.encode(), files)
            message = None
        except InvalidPackageError as error:
            message = str(error)[:120]
        found.append({"text": text, "message": message})
    return found


def semantic_vectors() -> list[dict[str, Any]]:
    """Return semantic specifications with what the engine keeps of them, and the keys that it finds fault with."""
    changes: list[dict[str, Any]] = [
        {},
        {"Model": None},
        {"Data": None},
        {"Input": None},
        {"Output": None},
        {"Other": {"Values": 1}},
        {"Data": {"Values": ["Video"], "Type": "Class"}},
        {"Data": {"Values": ["Image"]}},
        {"Data": ["Table"]},
        {"Data": {"Values": ["Table"], "Type": "Tag"}},
        {"Data": {"Values": "Table"}},
        {"Data": {"Type": "Class"}},
        *(
            {"Task": {"Values": ["Segmentation"]}},
            {"Task": {"Values": ["Regression"]}},
            {"Task": {"Values": ["Others"]}},
        ),
        {"Scenario": {"Values": []}},
        {"Scenario": {"Values": ["Business"] * 2}},
        {"Scenario": {"Values": [3]}},
        *(
            {"License": {"Values": ["MIT", "Apache-2.0"]}},
            {"Model": {"Values": ["Huge"]}},
            {"Name": {"Values": " abcd "}},
        ),
        {"Name": {"Values": "x" * 51}},
        {"Name": {"Values": "😀" * 50}},
        {"Name": {"Values": "two\nlines"}},
        *(
            {"Name": {"Values": ["House"]}},
            {"Description": {"Values": "short"}},
            {"Description": {"Values": "lines\n" * 5}},
        ),
        *(
            {"Description": {"Values": "a bell \x07 rings"}},
            {"Input": {"Dimension": 0, "Description": {}}},
            {"Input": 3},
        ),
        {"Input": {"Dimension": "3", "Description": {}}},
        {"Input": {"Dimension": True, "Description": {}}},
        {"Input": {"Dimension": 2, "Description": []}},
        {"Input": {"Dimension": 2}},
        {"Input": {"Description": {}}},
        *(
            {"Input": {"Dimension": 2, "Description": {"2": "x"}}},
            {"Input": {"Dimension": 2, "Description": {"a": "x"}}},
        ),
        *(
            {"Input": {"Dimension": 2, "Description": {"1": 7}}},
            {"Input": '{"Dimension": 2, "Description": {"0": "x"}}'},
        ),
        *(
            {"Input": "no JSON"},
            {"Input": {"Dimension": 2, "Description": {}, "More": 1}},
            {"Input": {"Dimension": 2e6}},
        ),
        {"Output": {"Dimension": 1, "Description": {}}},
        {"Output": {"Dimension": 1.5, "Description": {}}},
    ]
    found = []
    for change in changes:
        given = {key: value for key, value in {**SEMANTIC, **change}.items() if value is not None}
        kept = normalise_semantic_spec(given)
        found.append({"given": given, "kept": kept, "keys": [problem.key for problem in semantic_problems(kept)]})
    return found
