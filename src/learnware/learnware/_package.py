"""The learnware package: read it without running anything, unpack it, write it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import InvalidPackageError, SpecificationError
from learnware.findings import message_of
from learnware.learnware._archive import FolderSource, open_source, read_member
from learnware.learnware._archive_rules import PackageLimits
from learnware.learnware._manifest import MANIFEST_NAME, parse_manifest
from learnware.specification import stat_specification_class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from learnware.learnware._archive import Source
    from learnware.learnware._archive_rules import Member
    from learnware.learnware._manifest import Manifest, StatSpecEntry
    from learnware.specification import BaseStatSpecification

__all__ = ["PackageContents", "read_package", "unpack", "write_package"]

_REQUIREMENT_FILES = ("environment.yaml", "requirements.txt")
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class PackageContents:
    """What a package holds, as far as it can be known without running its code.

    Attributes
    ----------
    path : Path
        The zip or folder.
    manifest : Manifest
        What ``learnware.yaml`` says.
    semantic_spec : dict
        The semantic specification, empty where the package has none.
    stat_specs : dict of str to BaseStatSpecification
        Statistical specifications by type name.
    members : tuple of Member
        Names and sizes of the files, relative to the top folder.
    top_folder : str or None
        The one folder inside the zip that everything is in, where there is one.
    has_requirements : bool
        Whether there is an ``environment.yaml`` or a ``requirements.txt``.
    made : date or None
        When its newest file was written, as the zip says; None for a folder, and where the zip has no date that can be
        true. What the package needs is resolved as of this date, where it names no exact versions.
    """

    path: Path
    manifest: Manifest
    semantic_spec: dict[str, Any]
    stat_specs: dict[str, BaseStatSpecification]
    members: tuple[Member, ...]
    top_folder: str | None = None
    has_requirements: bool = field(default=False)
    made: date | None = None


def read_package(path: str | os.PathLike[str], *, limits: PackageLimits | None = None) -> PackageContents:
    """Return what a learnware zip or folder holds, without unpacking it and without running any of its code.

    Parameters
    ----------
    path : str or path
        A zip or a folder; the files are at its root or in one top folder of the zip.
    limits : PackageLimits, optional
        What the package may hold.

    Raises
    ------
    InvalidPackageError
        If the package breaks the format or is unsafe; the error names the member.
    SpecificationError
        If a statistical specification is of an unknown type or broken.
    """
    limits = limits or PackageLimits()
    path = Path(path)
    with open_source(path, limits) as source:
        manifest = read_manifest(source, limits)
        stat_specs = [read_stat_spec(source, entry, limits) for entry in manifest.stat_specifications]
        names = {member.name for member in source.members}
        return PackageContents(
            path=path,
            manifest=manifest,
            semantic_spec=read_semantic_spec(source, manifest.semantic_file, limits),
            stat_specs={spec.type: spec for spec in stat_specs},
            members=source.members,
            top_folder=source.top_folder,
            has_requirements=any(name in names for name in _REQUIREMENT_FILES),
            made=source.made,
        )


def unpack(
    zip_path: str | os.PathLike[str], folder: str | os.PathLike[str], *, limits: PackageLimits | None = None
) -> Path:
    """Check a learnware zip and unpack it, without its top folder; the folder appears whole or not at all.

    Parameters
    ----------
    zip_path : str or path
        The zip, or a folder to copy.
    folder : str or path
        Where its files go; must not exist or be empty.
    limits : PackageLimits, optional
        What the package may hold.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InvalidPackageError
        If the package breaks the format, is unsafe or damaged; the error names the member.
    FileExistsError
        If the folder holds something already.
    """
    limits = limits or PackageLimits()
    folder = Path(folder).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} exists already and is not empty")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open_source(Path(zip_path), limits) as source:
        read_manifest(source, limits)
        # A sibling, so that the rename stays on one file system.
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
        try:
            extract(source, scratch)
            scratch.chmod(0o755)
            if folder.exists():
                folder.rmdir()
            scratch.rename(folder)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
    return folder


def write_package(files: str | os.PathLike[str] | Mapping[str, bytes | Path], zip_path: str | os.PathLike[str]) -> Path:
    """Write a package; equal files give equal bytes, and the zip appears whole or not at all.

    Parameters
    ----------
    files : path of a folder, or mapping of str to bytes or Path
        The folder, or each file's name in the package and its content (or where to copy it from).
    zip_path : str or path
        The zip to write; an existing one is replaced.

    Returns
    -------
    Path
        The zip.

    Raises
    ------
    InvalidPackageError
        If the folder holds something that a package may not hold.
    """
    zip_path = Path(zip_path)
    contents: dict[str, bytes | Path]
    if isinstance(files, (str, os.PathLike)):
        folder = Path(files)
        contents = {member.name: folder / member.name for member in FolderSource(folder, PackageLimits()).members}
    else:
        contents = dict(files)
    zip_path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch_name = tempfile.mkstemp(prefix=f".{zip_path.name}.", suffix=".tmp", dir=zip_path.parent)
    scratch = Path(scratch_name)
    try:
        with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(contents):
                info = zipfile.ZipInfo(name, _EPOCH)
                info.create_system = 3  # Unix: the same bytes on every system
                info.external_attr = 0o100644 << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                content = contents[name]
                size = len(content) if isinstance(content, bytes) else content.stat().st_size
                with archive.open(info, "w", force_zip64=size >= 1 << 31) as target:
                    if isinstance(content, bytes):
                        target.write(content)
                    else:
                        with content.open("rb") as origin:
                            shutil.copyfileobj(origin, target, 1 << 20)
        scratch.chmod(0o644)
        scratch.replace(zip_path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return zip_path


def date_of(path: str | os.PathLike[str], *, limits: PackageLimits | None = None) -> date | None:
    """Return when a package was made, `PackageContents.made`, without reading more of it.

    Raises
    ------
    InvalidPackageError
        If the package is unsafe.
    """
    with open_source(Path(path), limits or PackageLimits()) as source:
        return source.made


def extract(source: Source, folder: Path) -> None:
    """Write the files of a checked source into an empty folder.

    Raises
    ------
    InvalidPackageError
        If a member is damaged; the error names it.
    """
    for member in source.members:
        target = folder / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            for chunk in source.chunks(member.name):
                stream.write(chunk)


def read_manifest(source: Source, limits: PackageLimits) -> Manifest:
    """Return what ``learnware.yaml`` says.

    Raises
    ------
    InvalidPackageError
        If it is missing or broken.
    """
    names = {member.name for member in source.members}
    if MANIFEST_NAME not in names:
        raise InvalidPackageError(message_of("manifest-missing", file=MANIFEST_NAME), member=MANIFEST_NAME)
    return parse_manifest(read_member(source, MANIFEST_NAME, limits.manifest_bytes), names)


def read_semantic_spec(source: Source, name: str | None, limits: PackageLimits) -> dict[str, Any]:
    """Return the semantic specification in a member, empty where the package has none.

    Raises
    ------
    InvalidPackageError
        If it is no JSON object.
    """
    return {} if name is None else _read_json(source, name, limits)


def read_stat_spec(source: Source, entry: StatSpecEntry, limits: PackageLimits) -> BaseStatSpecification:
    """Return a statistical specification that the manifest names.

    Raises
    ------
    InvalidPackageError
        If it is no JSON object.
    SpecificationError
        If its type is unknown, or it is broken.
    """
    spec_class: Any = stat_specification_class(entry.class_name)
    try:
        spec: BaseStatSpecification = spec_class.from_states(_read_json(source, entry.file_name, limits))
    except SpecificationError as error:
        raise SpecificationError(f"{entry.file_name!r}: {error}", column=error.column) from error
    return spec


def _read_json(source: Source, name: str, limits: PackageLimits) -> dict[str, Any]:
    def refuse(constant: str) -> float:
        raise ValueError(f"{constant} is no JSON number")

    try:
        value = json.loads(read_member(source, name, limits.text_bytes).decode("utf-8-sig"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidPackageError(message_of("json-broken", name=name, reason=str(error)), member=name) from error
    if not isinstance(value, dict):
        raise InvalidPackageError(message_of("json-form", name=name), member=name)
    return value
