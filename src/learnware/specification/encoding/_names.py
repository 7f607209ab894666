"""Encoders by name."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from learnware.errors import EncoderUnavailableError
from learnware.specification.encoding._base import TextEncoder
from learnware.specification.encoding._hashing import HashingEncoder

if TYPE_CHECKING:
    import os

__all__ = ["DIMENSIONS", "PUBLISHED", "encoder_of_name", "is_encoder_name", "text_encoder"]

# The encoder of specifications that the published package made; their files do not name it.
PUBLISHED = "paraphrase-multilingual-MiniLM-L12-v2"
# Encoders that are known by name, and their dimensions.
DIMENSIONS = {HashingEncoder.name: HashingEncoder.dimension, PUBLISHED: 384}
# Names are parts of island names, for which markets and docks have 128 characters, and come from files of others: no
# paths, nothing long.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,95}")


# Encoders that this process has read from files, by identity: reading one takes seconds.
_loaded: dict[str, TextEncoder] = {}
_lock = Lock()


def is_encoder_name(name: object) -> bool:
    """Return whether something can be the identity of an encoder, known or not."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def text_encoder(name_or_path: str | os.PathLike[str] | TextEncoder) -> TextEncoder:
    """Return a text encoder.

    Parameters
    ----------
    name_or_path : str or path
        "hashing", which is built in and needs no download; "paraphrase-multilingual-MiniLM-L12-v2", which the published
        package uses, and which is downloaded at its first use (some 480 MB, to the folder that ``LEARNWARE_ENCODERS``
        names or the user's cache); or a folder with a sentence encoder as ONNX: ``tokenizer.json`` and ``model.onnx``
        or ``onnx/model.onnx``, as sentence-transformers writes it. The identity of an encoder that this process has
        read from its folder is known afterwards, too. An encoder comes back as it is.

    Raises
    ------
    EncoderUnavailableError
        If there is no such encoder, or it can neither be found nor downloaded.
    MissingDependencyError
        If a package of the extra ``text`` is needed and not installed.

    Examples
    --------
    >>> encoder = text_encoder("hashing")
    >>> encoder.encode(["a text", "another one"]).shape == (2, encoder.dimension)
    True
    """
    if isinstance(name_or_path, TextEncoder):
        return name_or_path
    name = str(name_or_path)
    if name in DIMENSIONS or name in _loaded:
        return encoder_of_name(name)
    folder = Path(name_or_path).expanduser()
    if not folder.is_dir():
        raise EncoderUnavailableError(
            f"there is no text encoder {name!r}: known are {', '.join(DIMENSIONS)}, and folders with a model as ONNX",
            encoder=name,
        )
    from learnware.specification.encoding._onnx import OnnxEncoder, identity_of

    identity = identity_of(folder)
    with _lock:
        if identity not in _loaded:
            _loaded[identity] = OnnxEncoder(folder, identity)
        return _loaded[identity]


def encoder_of_name(name: str) -> TextEncoder:
    """Return the encoder of an identity, which may come from somebody else's file: no folder of that name is read.

    Raises
    ------
    EncoderUnavailableError
        If it is not known here, or can neither be found nor downloaded.
    MissingDependencyError
        If a package of the extra ``text`` is needed and not installed.
    """
    if name == HashingEncoder.name:
        return HashingEncoder()
    known = _loaded.get(name)
    if known is not None:
        return known
    if name != PUBLISHED:
        raise EncoderUnavailableError(
            f"the text encoder {name!r} is not known here: call learnware.specification.encoding.text_encoder with the"
            " folder of its model first",
            encoder=name,
        )
    from learnware.specification.encoding._download import published_folder
    from learnware.specification.encoding._onnx import OnnxEncoder

    with _lock:  # which others wait for: it is downloaded once
        if name not in _loaded:
            _loaded[name] = OnnxEncoder(published_folder(name), name)
        return _loaded[name]
