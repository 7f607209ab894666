"""The files of the web app, in memory.

They are some dozens, of a few megabytes together. In memory they are answered by the event loop alone: no thread waits
for a disk, so that pages take none away from the API. What is asked for is looked up among the files that were found:
no path of a request ever reaches the file system. And a build that takes the place of another while the server runs
cannot mix its files with those of the other.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["INDEX", "WebFile", "WebFiles", "read_files", "signature_of"]

INDEX = "/index.html"
# By the ending of the name. What systems say of themselves differs: Windows has a registry, Linux /etc/mime.types.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".zip": "application/zip",
}
# Names in "Accept-Encoding" and the endings of the files that the build writes; the smallest comes first.
_CODINGS = {"br": ".br", "gzip": ".gz"}
_WEIGHT = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)")


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file, with all its forms.

    Attributes
    ----------
    media_type : str
    forms : mapping of str to bytes
        By the coding: ``"identity"``, and those that the build has written.
    digest : str
        Of the content.
    """

    media_type: str
    forms: Mapping[str, bytes]
    digest: str

    def etag(self, coding: str) -> str:
        """Return the tag of one form: each has its own bytes."""
        return f'"{self.digest}"' if coding == "identity" else f'"{self.digest}-{coding}"'

    def coding_for(self, accepted: str) -> str:
        """Return the smallest form that a client takes.

        Parameters
        ----------
        accepted : str
            What it says in "Accept-Encoding" (RFC 9110, 12.5.3).
        """
        weights = _weights(accepted)
        anything = weights.get("*", 0.0)
        good = {one: weights.get(one, anything) for one in _CODINGS if one in self.forms}
        best = max(good.values(), default=0.0)
        # The content as it is goes to everybody: who refuses that, too, still has more of it than of an error.
        if best <= 0 or best < weights.get("identity", 0.0):
            return "identity"
        return next(one for one, weight in good.items() if weight == best)


WebFiles = dict[str, WebFile]


def read_files(folder: Path) -> WebFiles:
    """Return the files of a folder by their paths, which begin with ``/``; none where there is no folder.

    Links are left out: they could lead anywhere, and builds write none. So are hidden files, which are the build's own.
    """
    contents = {}
    for path, file in _listed(folder):
        # A build that is at work may have removed it since.
        with suppress(FileNotFoundError):
            contents[path] = file.read_bytes()
    forms = {path + ending for path in contents for ending in _CODINGS.values()}
    return {path: _with_forms(path, contents) for path in contents if path not in forms}


def signature_of(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Return something that changes when the files of a folder do."""
    found = set()
    for path, file in _listed(folder):
        with suppress(FileNotFoundError):
            stat = file.stat()
            found.add((path, stat.st_size, stat.st_mtime_ns))
    return frozenset(found)


def _listed(folder: Path) -> Iterator[tuple[str, Path]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _hidden(name)]
        for name in names:
            file = Path(place, name)
            if file.is_file() and not file.is_symlink() and not _hidden(name):
                yield "/" + file.relative_to(folder).as_posix(), file


def _hidden(name: str) -> bool:
    return name.startswith(".") and name != ".well-known"


def _with_forms(path: str, contents: Mapping[str, bytes]) -> WebFile:
    content = contents[path]
    forms = {"identity": content}
    forms |= {one: contents[path + ending] for one, ending in _CODINGS.items() if path + ending in contents}
    media_type = _MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")
    return WebFile(media_type, forms, hashlib.sha256(content).hexdigest()[:32])


def _weights(accepted: str) -> dict[str, float]:
    """Return what a client makes of each coding, from 0 (not at all) to 1."""
    found = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        weight = _WEIGHT.fullmatch(parameter.strip())
        # What cannot be read is no wish.
        if name.strip() and (weight or not parameter.strip()):
            found[name.strip()] = float(weight[1]) if weight else 1.0
    return found
