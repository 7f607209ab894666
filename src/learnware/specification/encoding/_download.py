"""The published sentence encoder: downloaded once, checked, and kept for use without a network."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import EncoderUnavailableError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["encoders_folder", "published_folder"]

_REPOSITORY = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
# A commit names its contents, so that all who download get the same encoder.
_REVISION = "86741b4e3f5cb7765a600d3a3d55a0f6a6cb443d"
_FILES = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
    "tokenizer.json",
    "onnx/model.onnx",
)
_MANIFEST = "manifest.json"


def encoders_folder() -> Path:
    """Return where encoders are kept: ``LEARNWARE_ENCODERS``, else a folder in the user's cache."""
    named = os.environ.get("LEARNWARE_ENCODERS")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("learnware", appauthor=False)) / "encoders"


def published_folder(name: str, *, endpoint: str | None = None) -> Path:
    """Return the folder of the published encoder, which is downloaded if it is not there.

    What arrives is compared with the sums that the hub has of the pinned commit, and moved to its place as a whole. The
    folder may be copied to a machine without a network.

    Parameters
    ----------
    name : str
        Its name.
    endpoint : str, optional
        Address of the hub; by default that of huggingface_hub, which ``HF_ENDPOINT`` changes.

    Raises
    ------
    EncoderUnavailableError
        If it is not there and cannot be downloaded.
    MissingDependencyError
        If it is not there and huggingface_hub is not installed.
    """
    folder = encoders_folder() / f"{name}-{_REVISION[:12]}"
    if _is_whole(folder):
        return folder
    from filelock import FileLock

    try:
        from huggingface_hub import HfApi, errors
    except ImportError as error:
        raise MissingDependencyError("huggingface-hub", purpose=f"to download {name!r}", extra="text") from error
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if _is_whole(folder):  # another process has downloaded it meanwhile
            return folder
        # Kept if the download breaks off, which then goes on where it was.
        arriving = folder.with_name(f".{folder.name}.part")
        try:
            api = HfApi(endpoint=endpoint)
            known = {file.path: file for file in api.get_paths_info(_REPOSITORY, list(_FILES), revision=_REVISION)}
            for file in _FILES:
                if file in known:
                    api.hf_hub_download(_REPOSITORY, file, revision=_REVISION, local_dir=arriving)
        except (errors.HTTPError, OSError, ValueError) as error:
            raise EncoderUnavailableError(
                f"the text encoder {name!r} cannot be downloaded ({type(error).__name__}: {str(error)[:300]}); connect"
                f" this machine to the network once, or copy the folder {str(folder)!r} from one that has it, or use"
                ' the encoder "hashing", which needs no download',
                encoder=name,
            ) from error
        sizes = {file: _checked(arriving, file, known[file], name) for file in _FILES if file in known}
        shutil.rmtree(arriving / ".cache", ignore_errors=True)
        (arriving / _MANIFEST).write_text(json.dumps({"revision": _REVISION, "sizes": sizes}), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        arriving.replace(folder)
    return folder


def _is_whole(folder: Path) -> bool:
    """Return whether all files are there that were checked when they were downloaded."""
    try:
        sizes: Mapping[str, int] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["sizes"]
        return all((folder / file).stat().st_size == size for file, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _checked(folder: Path, file: str, known: Any, name: str) -> int:
    """Return the size of a file that arrived, if it is what the hub has: by SHA-256, or git's SHA-1 of small files."""
    content = folder / file
    size = content.stat().st_size
    if known.lfs is not None:
        digest, wanted = hashlib.sha256(), known.lfs.sha256
    else:
        digest, wanted = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False), known.blob_id
    with content.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != wanted:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
        raise EncoderUnavailableError(
            f"the text encoder {name!r} did not arrive whole: {file} differs from what the hub has; try again",
            encoder=name,
        )
    return size
