"""A package as a dock serves it, and what tells the content of packages apart.

A dock gives a package its id and the semantic specification that it was submitted with. Everything else stays as it is,
byte for byte: members are copied compressed as they are, so that hundreds of megabytes take no longer than reading and
writing them.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import InvalidPackageError
from learnware.findings import message_of
from learnware.learnware._archive import ZipSource, open_source, read_member
from learnware.learnware._archive_rules import PackageLimits, check_names
from learnware.learnware._manifest import MANIFEST_NAME, SEMANTIC_NAME, dump_yaml, parse_yaml
from learnware.learnware._package import read_manifest

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    from learnware.learnware._archive import Source
    from learnware.learnware._manifest import Manifest

__all__ = ["content_hash", "rewrite_package"]

# Keys of learnware.yaml that a dock writes.
_DOCKS_OWN = frozenset({"id", "semantic_specification"})
_RAW_DEFLATE = -15


def content_hash(
    path: str | os.PathLike[str],
    *,
    limits: PackageLimits | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> str:
    """Return a hash of what is in a package, whatever its zip looks like.

    Packages have the same hash if their files are equal apart from what a dock writes: the id and the semantic
    specification. How they were compressed, in which order, and in which top folder makes no difference. All members
    are read, so damaged ones are found.

    Parameters
    ----------
    path : str or path
        A zip or a folder.
    limits : PackageLimits, optional
        What the package may hold.
    cancelled : callable, optional
        Asked once a megabyte whether to give up.

    Returns
    -------
    str
        64 hex digits.

    Raises
    ------
    InvalidPackageError
        If the package is unsafe or damaged, has no readable ``learnware.yaml``, or reading it was given up.
    """
    limits = limits or PackageLimits()
    digest = hashlib.sha256(b"learnware content 1\n")
    with open_source(Path(path), limits) as source:
        manifest = read_manifest(source, limits)
        left_out = {MANIFEST_NAME, *_semantic_files(manifest)}
        document = _document(source, limits)
        own = dump_yaml({key: value for key, value in document.items() if key not in _DOCKS_OWN})
        digest.update(_line(MANIFEST_NAME, hashlib.sha256(own.encode("utf-8", "surrogatepass")).hexdigest()))
        for member in source.members:
            if member.name in left_out:
                continue
            file = hashlib.sha256()
            for chunk in source.chunks(member.name):
                file.update(chunk)
                if cancelled is not None and cancelled():
                    raise InvalidPackageError(message_of("zip-slow"), member=member.name)
            digest.update(_line(member.name, file.hexdigest()))
    return digest.hexdigest()


def rewrite_package(
    path: str | os.PathLike[str],
    *,
    learnware_id: str,
    semantic_spec: dict[str, Any],
    limits: PackageLimits | None = None,
) -> Iterator[bytes]:
    """Yield a package as a dock serves it; equal packages give equal bytes.

    Its files are at the root of the zip, without a top folder. ``learnware.yaml`` names the id and the file of the
    semantic specification, which is ``semantic_specification.json``. Other files are copied as they are, compressed as
    they are; call `content_hash` first to know that none is damaged.

    Parameters
    ----------
    path : str or path
        A zip.
    learnware_id : str
        The id.
    semantic_spec : dict
        The semantic specification.
    limits : PackageLimits, optional
        What the package may hold.

    Yields
    ------
    bytes
        Parts of the new zip, of about a megabyte at most.

    Raises
    ------
    InvalidPackageError
        If it is no zip, is unsafe, or its files and the dock's would have the same names.
    """
    limits = limits or PackageLimits()
    with open_source(Path(path), limits) as source:
        if not isinstance(source, ZipSource):
            raise InvalidPackageError(message_of("package-folder", package=repr(str(path))))
        manifest = read_manifest(source, limits)
        replaced = {MANIFEST_NAME, *_semantic_files(manifest)}
        if SEMANTIC_NAME not in replaced:
            raise InvalidPackageError(message_of("semantic-file-used", name=SEMANTIC_NAME), member=SEMANTIC_NAME)
        document = {**_document(source, limits), "id": learnware_id}
        document["semantic_specification"] = {"file_name": SEMANTIC_NAME}
        semantic_json = json.dumps(semantic_spec, indent=2, ensure_ascii=False, allow_nan=False)
        written = {
            MANIFEST_NAME: dump_yaml(document).encode("utf-8", "surrogatepass"),
            SEMANTIC_NAME: semantic_json.encode("utf-8", "surrogatepass"),
        }
        copied = [member.name for member in source.members if member.name not in replaced]
        check_names([*copied, *written], (), limits.members)
        # Whoever reads it next has the same limits.
        if len(copied) + len(written) > limits.members:
            raise InvalidPackageError(message_of("members-added", most=limits.members))
        if len(written[MANIFEST_NAME]) > limits.manifest_bytes:
            raise InvalidPackageError(
                message_of("manifest-size", name=MANIFEST_NAME, most=limits.manifest_bytes),
                member=MANIFEST_NAME,
            )
        date_time = source.info(MANIFEST_NAME).date_time
        sink = _Sink()
        # Closed by hand: what a `with` writes in the end would be lost where the caller stops in the middle.
        archive = zipfile.ZipFile(sink, "w")
        for name in sorted([*copied, *written]):
            if name in written:
                info, chunks = _deflated(name, date_time, written[name])
            else:
                info, chunks = _as_it_is(name, source)
            yield from _append(archive, sink, info, chunks)
        archive.close()
        yield sink.drain()


def _semantic_files(manifest: Manifest) -> set[str]:
    """Return the files that hold nothing but the semantic specification."""
    used = {MANIFEST_NAME, manifest.model.module_path.removeprefix("./")}
    used |= {entry.file_name for entry in manifest.stat_specifications}
    return {SEMANTIC_NAME, manifest.semantic_file or SEMANTIC_NAME} - used


def _document(source: Source, limits: PackageLimits) -> dict[Any, Any]:
    # `read_manifest` has found it to be a mapping, or empty.
    return parse_yaml(read_member(source, MANIFEST_NAME, limits.manifest_bytes), MANIFEST_NAME) or {}


def _line(name: str, digest: str) -> bytes:
    return f"{digest} {name}\n".encode()


class _Sink:
    """A file that only grows, and whose bytes are taken away while it does."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Do nothing; `zipfile` asks for it."""

    def close(self) -> None:
        """Do nothing; `zipfile` asks for it."""

    def drain(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data


def _info(name: str, date_time: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time)
    info.create_system = 3  # Unix, on every system
    info.external_attr = 0o100644 << 16
    return info


def _deflated(
    name: str, date_time: tuple[int, int, int, int, int, int], content: bytes
) -> tuple[zipfile.ZipInfo, Iterable[bytes]]:
    deflate = zlib.compressobj(wbits=_RAW_DEFLATE)
    packed = deflate.compress(content) + deflate.flush()
    info = _info(name, date_time)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.CRC, info.file_size, info.compress_size = zlib.crc32(content), len(content), len(packed)
    return info, [packed]


def _as_it_is(name: str, source: ZipSource) -> tuple[zipfile.ZipInfo, Iterable[bytes]]:
    old = source.info(name)
    info = _info(name, old.date_time)
    info.compress_type = old.compress_type
    info.CRC, info.file_size, info.compress_size = old.CRC, old.file_size, old.compress_size
    return info, source.packed(name)


def _append(archive: zipfile.ZipFile, sink: _Sink, info: zipfile.ZipInfo, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Write a member that is compressed already, which `zipfile` has no function for."""
    info.header_offset = sink.tell()
    sink.write(info.FileHeader())
    for chunk in chunks:
        sink.write(chunk)
        yield sink.drain()
    archive.filelist.append(info)
    archive.NameToInfo[info.filename] = info
    archive.start_dir = sink.tell()
