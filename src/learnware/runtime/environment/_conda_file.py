"""``environment.yaml``: what conda would install, in the words of the package index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._conda_names import PACKAGES_OF_R, index_name, why_left_out
from learnware.runtime.environment._requirement_files import read_requirement_line, read_text, without_comment

if TYPE_CHECKING:
    from pathlib import Path

    from learnware.runtime.environment._draft import Draft

__all__ = ["read_conda_file"]

_MAX_EVENTS = 20_000
_MAX_DEPTH = 20
# Nobody writes a longer name, version or number; numbers that are longer cannot be written in messages.
_MAX_VALUE_CHARS = 2500
_KNOWN_KEYS = frozenset({"name", "channels", "dependencies", "prefix"})
_SPEC = re.compile(
    r"(?:(?P<channel>[\w./:-]+)::)?(?P<name>_?[A-Za-z0-9][\w.-]*)\s*(?P<version>[=<>!~*\d][^\s\[]*)?"
    r"(?:\s+(?P<build>[^\s\[]+))?\s*(?P<bracket>\[.*\])?"
)
_BRACKET_VERSION = re.compile(r"version\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,\]]*))")


def read_conda_file(file: Path, folder: Path, draft: Draft) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read a conda environment.

    Parameters
    ----------
    file : Path
        The file.
    folder : Path
        The package.
    draft : Draft
        Takes what is found.

    Returns
    -------
    dependencies : tuple of str
        Those of conda, without builds.
    channels : tuple of str
        Where they come from.

    Raises
    ------
    EnvironmentBuildError
        If the file is no YAML of this kind, or is too large.
    """
    document = _load(file, draft)
    if not isinstance(document, dict):
        raise _broken(file, "is no conda environment: its top level is no mapping")
    for key in document:
        if key == "variables":
            draft.warn(
                f"{file.name}: the variables are left out; those of a model's process are not a package's to set"
            )
        elif key not in _KNOWN_KEYS:
            draft.note(f"{file.name}: {str(key)[:80]!r} is left out; it says nothing of packages")
    if document.get("prefix") is not None:
        draft.note(f"{file.name}: the prefix is left out; it is a folder of who wrote it")
    channels = document.get("channels") or []
    dependencies = document.get("dependencies") or []
    if not isinstance(dependencies, list):
        raise _broken(file, "is no conda environment: the dependencies are no list")
    conda: list[str] = []
    for entry in dependencies:
        if isinstance(entry, str):
            conda += _read_dependency(entry.strip(), file, draft)
        elif isinstance(entry, dict):
            _read_section(entry, file, folder, draft)
        else:
            draft.refuse(f"{file.name}: {str(entry)[:80]!r} is no dependency")
    names = [str(channel) for channel in channels] if isinstance(channels, list) else []
    return tuple(conda), tuple(name for name in names if not re.search(r"[\s'\"]|^-", name))


def _load(file: Path, draft: Draft) -> Any:
    """Return what a YAML file says: plain values, within bounds; aliases, by which files explode, are not taken."""
    import yaml

    text = read_text(file, draft)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        for number, event in enumerate(yaml.parse(text, Loader=loader)):
            if isinstance(event, yaml.AliasEvent):
                raise _broken(file, "uses YAML aliases, which are not taken")
            if isinstance(event, yaml.ScalarEvent) and len(event.value) > _MAX_VALUE_CHARS:
                raise _broken(file, f"holds a value of more than {_MAX_VALUE_CHARS:,} characters")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _MAX_DEPTH or number > _MAX_EVENTS:
                raise _broken(file, "is nested too deeply or holds too many values")
        return yaml.load(text, Loader=loader)  # noqa: S506  # a safe loader
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        words = re.sub(r"\s+", " ", str(error))[:300]
        raise _broken(file, f"is no YAML: {words}") from error


def _broken(file: Path, words: str) -> EnvironmentBuildError:
    return EnvironmentBuildError(f"{file.name} {words}", requirements=(file.name,))


def _read_section(entry: dict[Any, Any], file: Path, folder: Path, draft: Draft) -> None:
    """Read the packages that pip installs after conda's."""
    for key, lines in entry.items():
        if key != "pip":
            draft.refuse(f"{file.name}: packages of {str(key)[:80]!r} cannot be had; only conda's and pip's")
            continue
        for line in _flat(lines):
            if isinstance(line, str):
                text = without_comment(line)
                if text:
                    read_requirement_line(text, file, folder, draft, {file.resolve()})
            elif line is not None:
                draft.refuse(f"{file.name}: {str(line)[:80]!r} is no requirement of pip's")


def _flat(lines: Any) -> list[Any]:
    """Return the entries of a list of lists."""
    if not isinstance(lines, list):
        return [lines]
    return [entry for line in lines for entry in _flat(line)]


def _read_dependency(text: str, file: Path, draft: Draft) -> list[str]:
    """Read one dependency; return it in conda's words."""
    draft.count(text)
    spec = _parse(_without_address(text, draft))
    if spec is None:
        draft.refuse(f"{file.name}: {text!r} is no dependency of conda's")
        return []
    if spec.channel:
        draft.note(f"{text!r}: the channel is of no account on the package index")
    if spec.build:
        draft.note(f"{file.name}: builds are left out; any build of a version is taken")
    conda = [f"{spec.channel}::{spec.name}{spec.version}" if spec.channel else f"{spec.name}{spec.version}"]
    specifier = _specifier(spec.version)
    why = why_left_out(spec.name)
    if why == PACKAGES_OF_R:
        draft.warn(f"{text!r} is left out: packages of R cannot be had")
    elif why is not None:
        draft.leave_out(text, why)
    elif specifier is None:
        draft.refuse(f"{text!r}: its version means nothing to the package index")
    elif spec.name.lower() == "python":
        draft.add_python(specifier)
    else:
        wanted = index_name(spec.name)
        if wanted != spec.name:
            draft.note(f"{text!r}: the package index calls it {wanted!r}")
        try:
            draft.add(Requirement(f"{wanted}{specifier}"), "conda")
        except InvalidRequirement:
            draft.refuse(f"{file.name}: {text!r} is no dependency of conda's")
            return []
    return conda


class _Spec(NamedTuple):
    channel: str | None
    name: str
    version: str
    build: str | None


def _without_address(text: str, draft: Draft) -> str:
    """Return NAME=VERSION for the address of a conda package."""
    found = re.fullmatch(r".*://.*/([^/]+?)-([^-/]+)-[^-/]+?(?:\.conda|\.tar\.bz2)(?:#\w+)?", text)
    if found is None:
        return text
    draft.note(f"{text!r} is taken from the indexes of this machine")
    return f"{found[1]}=={found[2]}"


def _parse(text: str) -> _Spec | None:
    """Return the parts of a dependency; None where it is none."""
    # Blanks that say nothing: around commas and after comparisons.
    found = _SPEC.fullmatch(re.sub(r"\s*,\s*|(?<=[=<>!~|])\s+", lambda blank: blank[0].strip(), text))
    if found is None:
        return None
    version, build = found["version"] or "", found["build"]
    if found["bracket"] and (inner := _BRACKET_VERSION.search(found["bracket"])):
        version = next(group for group in inner.groups() if group is not None)
    # An export is NAME=VERSION=BUILD; "NAME VERSION BUILD" is the same.
    exact = re.fullmatch(r"={1,2}([^=<>!~|,]+)=([^=<>!~|,]+)", version)
    if exact is not None:
        version, build = f"=={exact[1]}", exact[2]
    elif version and version[0] not in "=<>!~":
        version = f"=={version}" if "*" not in version else f"={version}"
    return _Spec(found["channel"], found["name"], version, build)


def _specifier(version: str) -> str | None:
    """Return a version of conda's as a specifier; None where there is none."""
    parts = [part.strip() for part in version.split(",") if part.strip()]
    found = []
    for part in parts:
        fuzzy = re.fullmatch(r"=([^=].*)", part)
        if part in {"*", "=*"}:
            continue
        if fuzzy is not None:
            base = fuzzy[1].removesuffix("*").rstrip(".")
            plain = re.fullmatch(r"\d+(\.\d+)*", base)
            found.append(f"=={base}.*" if plain else f"=={base}")
        elif re.fullmatch(r"(>=|<=|>|<)[\d.]+\.?\*", part):
            found.append(part.removesuffix("*").rstrip("."))
        else:
            found.append(part)
    try:
        return str(SpecifierSet(",".join(found)))
    except InvalidSpecifier:
        return None
