"""``requirements.txt`` files, as pip reads them and as people write them."""

from __future__ import annotations

import codecs
import re
import shlex
from typing import TYPE_CHECKING

from learnware.errors import EnvironmentBuildError

if TYPE_CHECKING:
    from pathlib import Path

    from learnware.runtime.environment._draft import Draft

__all__ = ["read_lines", "read_requirement_line", "read_text", "without_comment"]

_MAX_BYTES = 256 << 10
_MAX_FILES = 20
# Where packages come from is for this machine to say: an index stands for another one, a further place for none.
_INDEX_OPTIONS = "-i --index-url --pypi-url --no-index --trusted-host --process-dependency-links"
_FURTHER_PLACES = "--extra-index-url -f --find-links"
_QUIET_OPTIONS = "--prefer-binary --only-binary --no-binary --require-hashes --use-feature"
_PIP_LIST_HEAD = re.compile(r"Package\s+Version\b.*", re.IGNORECASE)


def read_text(file: Path, draft: Draft) -> str:
    """Return the text of a file: UTF-8 or UTF-16, as editors and shells write it.

    Raises
    ------
    EnvironmentBuildError
        If it cannot be read or is too large.
    """
    try:
        size = file.stat().st_size
        data = file.read_bytes() if size <= _MAX_BYTES else b""
    except OSError as error:
        raise EnvironmentBuildError(
            f"{file.name} cannot be read: {error.strerror}", requirements=(file.name,)
        ) from error
    if size > _MAX_BYTES:
        raise EnvironmentBuildError(
            f"{file.name} has {size:,} bytes; at most {_MAX_BYTES:,} are taken", requirements=(file.name,)
        )
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        elif b"\0" in data[:200]:
            # Without a mark: letters of the Latin alphabet have a zero byte first or last.
            text = data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        draft.warn(f"{file.name} is not in UTF-8; what is no ASCII in it is not read")
        text = data.decode("ascii", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def read_lines(file: Path, folder: Path, draft: Draft, seen: set[Path] | None = None) -> None:
    """Read a requirements file, and those that it names.

    Parameters
    ----------
    file : Path
        The file.
    folder : Path
        The package: what is outside is not read.
    draft : Draft
        Takes what is found.
    seen : set of Path, optional
        Files that are being read.

    Raises
    ------
    EnvironmentBuildError
        If a file cannot be read or is too large.
    """
    seen = set() if seen is None else seen
    seen.add(file.resolve())
    text = re.sub(r"\\\n", " ", read_text(file, draft))
    lines = [line for line in map(without_comment, text.split("\n")) if line]
    if lines and _PIP_LIST_HEAD.fullmatch(lines[0]):
        _read_pip_list(lines[1:], draft)
        return
    for line in lines:
        read_requirement_line(line, file, folder, draft, seen)


def without_comment(line: str) -> str:
    """Return a line without its comment and the blanks around it; in time that is linear, however many blanks."""
    found = re.search(r"(^|\s)#", line)
    return (line if found is None else line[: found.start()]).strip()


def read_requirement_line(line: str, file: Path, folder: Path, draft: Draft, seen: set[Path]) -> None:
    """Read one line of a requirements file, or of the pip section of a conda environment."""
    draft.count(line)
    if not line.startswith("-"):
        requirement, _, options = _split_options(line)
        if "--hash" in options:
            draft.note(f"{file.name}: hashes are left out; the packages are those of this machine's index")
        draft.add_text(requirement)
        return
    option, value = _option(line)
    if option in {"-r", "--requirement"}:
        _read_other(value, file, folder, draft, seen)
    elif option in {"-c", "--constraint"}:
        draft.note(f"{file.name}: the constraints of {value!r} are read as requirements")
        _read_other(value, file, folder, draft, seen)
    elif option in {"-e", "--editable"}:
        draft.note(f"{value!r} is installed as a package, not as a folder to edit")
        draft.add_text(value)
    elif option in _INDEX_OPTIONS.split():
        draft.note(f"{file.name}: {option} is left out; packages come from the indexes that this machine is set to use")
    elif option in _FURTHER_PLACES.split():
        draft.warn(f"{file.name}: {option} is left out; packages come from the indexes that this machine is set to use")
    elif option == "--pre":
        draft.warn(f"{file.name}: --pre is left out; releases are taken where there are any")
    elif option in _QUIET_OPTIONS.split():
        draft.note(f"{file.name}: the option {option} is left out")
    else:
        draft.refuse(f"{line!r} is no requirement and no option that is known")


def _split_options(line: str) -> tuple[str, str, str]:
    """Split a requirement from the options after it; in time that is linear, however many blanks."""
    found = re.search(r"(?<!\s)\s+--?[a-z][a-z-]*[= ]", line)
    return (line[: found.start()].strip(), " ", line[found.start() :]) if found else (line, "", "")


def _option(line: str) -> tuple[str, str]:
    short = re.match(r"(-[a-zA-Z])\s*=?\s*(.*)", line)
    if short is not None and not line.startswith("--"):
        option, value = short[1], short[2]
    else:
        option, _, value = re.sub(r"[=\s]", " ", line, count=1).partition(" ")
    try:
        words = shlex.split(value)
    except ValueError:
        words = [value]
    return option, " ".join(words)


def _read_other(name: str, file: Path, folder: Path, draft: Draft, seen: set[Path]) -> None:
    try:
        other = (file.parent / name).resolve()
        inside = other.is_relative_to(folder.resolve()) and other.is_file()
    except (OSError, ValueError):
        inside = False
    if not inside:
        draft.refuse(f"{file.name} asks for the requirements of {name!r}, which is no file of the package")
    elif other in seen:
        draft.note(f"{file.name} asks for {name!r} again")
    elif len(seen) >= _MAX_FILES:
        raise EnvironmentBuildError(
            f"more than {_MAX_FILES} files of requirements ask for one another", requirements=(file.name,)
        )
    else:
        read_lines(other, folder, draft, seen)


def _read_pip_list(lines: list[str], draft: Draft) -> None:
    """Read the table that ``pip list`` prints."""
    for line in lines:
        draft.count(line)
        words = line.split()
        if set(line) <= {"-", " "}:
            continue
        if len(words) < 2:
            draft.refuse(f"{line!r} is no line of a list of packages")
            continue
        if len(words) > 2:
            draft.warn(f"{line!r}: the folder is left out; the package index has to have this version")
        draft.add_text(f"{words[0]}=={words[1]}")
