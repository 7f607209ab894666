"""Encoders by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from learnware.errors import SpecificationError
from learnware.specification.encoding._base import TextEncoder
from learnware.specification.encoding._hashing import HashingEncoder

if TYPE_CHECKING:
    import os

__all__ = ["DIMENSIONS", "PUBLISHED", "encoder_of_name", "is_encoder_name", "text_encoder"]

# The encoder of specifications that the published package made; their files do not name it.
PUBLISHED = "paraphrase-multilingual-MiniLM-L12-v2"
# Encoders that are known without any file.
DIMENSIONS = {HashingEncoder.name: HashingEncoder.dimension, PUBLISHED: 384}
# Names are parts of island names, for which markets and docks have 128 characters, and come from files of others: no
# paths, nothing long.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,95}")


def is_encoder_name(name: object) -> bool:
    """Return whether something can be the identity of an encoder, known or not."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def text_encoder(name_or_path: str | os.PathLike[str] | TextEncoder) -> TextEncoder:
    """Return a text encoder.

    Parameters
    ----------
    name_or_path : str or path
        "hashing", which is built in and needs no download; "paraphrase-multilingual-MiniLM-L12-v2", which the published
        package uses, and which is downloaded at its first use; or a folder with a sentence encoder as ONNX. The name
        of an encoder whose folder this process has used before is known, too.

    Raises
    ------
    SpecificationError
        If there is no such encoder.

    Examples
    --------
    >>> encoder = text_encoder("hashing")
    >>> encoder.encode(["a text", "another one"]).shape == (2, encoder.dimension)
    True
    """
    return name_or_path if isinstance(name_or_path, TextEncoder) else encoder_of_name(str(name_or_path))


def encoder_of_name(name: str) -> TextEncoder:
    """Return the encoder of an identity, which may come from somebody else's file: no folder is looked into.

    Raises
    ------
    SpecificationError
        If it is not known here.
    """
    if name == HashingEncoder.name:
        return HashingEncoder()
    raise SpecificationError(f"there is no text encoder {name!r} here")
