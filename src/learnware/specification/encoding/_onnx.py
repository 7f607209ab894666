"""Sentence encoders as ONNX: a transformer, its tokenizer, and the pooling of its tokens' vectors.

A folder is laid out as sentence-transformers writes it: ``tokenizer.json``, ``model.onnx`` or ``onnx/model.onnx``, and
settings in small JSON files, all of which may be absent.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import EncoderUnavailableError, MissingDependencyError
from learnware.specification.encoding._base import TextEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["OnnxEncoder", "identity_of"]

_MODELS = ("onnx/model.onnx", "model.onnx")
_TOKENIZER = "tokenizer.json"
# Settings that change what an encoder computes.
_SETTINGS = ("sentence_bert_config.json", "1_Pooling/config.json", "modules.json")
# Tokens where no file says how many.
_MOST_TOKENS = 512
# Texts are tokenised in parts of so many, and run in batches of so many tokens in all.
_PART, _BATCH_TOKENS = 2048, 4096
# Characters to a token that are looked at: longer texts fill the model without their end.
_CHARACTERS = 32


@dataclass(frozen=True)
class _Settings:
    max_tokens: int
    pooling: str
    normalize: bool


class OnnxEncoder(TextEncoder):
    """A sentence encoder in a folder, run by ONNX Runtime on the CPU.

    Parameters
    ----------
    folder : Path
        Where its files are.
    name : str
        Its identity.

    Raises
    ------
    EncoderUnavailableError
        If a file is missing or broken.
    MissingDependencyError
        If onnxruntime or tokenizers is not installed.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._settings = _read_settings(folder)
        self._tokenizer = _open_tokenizer(folder, name, self._settings.max_tokens)
        self._session = _open_session(folder, name)
        self._inputs = {value.name for value in self._session.get_inputs()}
        outputs = self._session.get_outputs()
        unknown = self._inputs - {"input_ids", "attention_mask", "token_type_ids"}
        if unknown or "input_ids" not in self._inputs:
            raise EncoderUnavailableError(
                f"the model in {str(folder)!r} is no sentence encoder: its inputs are {sorted(self._inputs)}",
                encoder=name,
            )
        # A graph that pools by itself says so by a vector a text, where others have one a token.
        pooled = next((value for value in outputs if len(value.shape) == 2), None)
        self._output = (pooled or outputs[0]).name
        self.dimension = self._run([self._tokenizer.encode("a")]).shape[1]

    def encode_counted(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], int]:
        """Return one point a text, shape (n_texts, dimension), and of how many only the beginning was read."""
        out = np.empty((len(texts), self.dimension), dtype=np.float32)
        shortened = 0
        for start in range(0, len(texts), _PART):
            longest = _CHARACTERS * self._settings.max_tokens
            part = [text[:longest] for text in texts[start : start + _PART]]
            encodings = self._tokenizer.encode_batch(part)
            shortened += sum(
                bool(encoding.overflowing) or len(text) > longest
                for encoding, text in zip(encodings, texts[start : start + _PART], strict=True)
            )
            for batch in _batches([len(encoding.ids) for encoding in encodings]):
                out[start + batch] = self._run([encodings[i] for i in batch])
        return out, shortened

    def _run(self, encodings: list[Any]) -> NDArray[np.float32]:
        shape = len(encodings), max(1, *(len(encoding.ids) for encoding in encodings))
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for i, encoding in enumerate(encodings):
            ids[i, : len(encoding.ids)] = encoding.ids
            mask[i, : len(encoding.ids)] = 1
        values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros(shape, dtype=np.int64)}
        given = {name: values[name] for name in self._inputs}
        vectors: NDArray[np.float32] = self._session.run([self._output], given)[0].astype(np.float32, copy=False)
        if vectors.ndim == 3:
            if self._settings.pooling == "cls":
                vectors = vectors[:, 0]
            else:
                weights = mask[:, :, None].astype(np.float32)
                vectors = (vectors * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        if self._settings.normalize:
            vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


def identity_of(folder: Path) -> str:
    """Return the identity of the encoder in a folder: its name, where it says one, and a hash of what it computes.

    Copies of one encoder have one identity, whatever their folders are called.

    Raises
    ------
    EncoderUnavailableError
        If the folder holds no encoder.
    """
    model = _model_file(folder)
    # Weights may lie beside the graph.
    files = [*sorted(model.parent.glob(f"{model.name}*")), folder / _TOKENIZER, *(folder / name for name in _SETTINGS)]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            with file.open("rb") as stream:
                part = hashlib.file_digest(stream, "sha256") if hasattr(hashlib, "file_digest") else _digest(stream)
            digest.update(part.digest())
    called = str(_read_json(folder / "config.json").get("_name_or_path") or "").rstrip("/").split("/")
    known = [part for part in called if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{2,59}", part)]
    return f"{known[-1] if known else 'onnx'}@{digest.hexdigest()[:16]}"


def _digest(stream: Any) -> Any:
    """Return the SHA-256 of a file in Python 3.10."""
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest


def _batches(lengths: list[int]) -> Iterator[NDArray[np.intp]]:
    """Yield the numbers of texts in batches of like lengths, which are padded to their longest."""
    order = np.argsort(np.negative(lengths), kind="stable")
    start = 0
    while start < len(order):
        stop = start + max(1, _BATCH_TOKENS // max(1, lengths[order[start]]))
        yield order[start:stop]
        start = stop


def _model_file(folder: Path) -> Path:
    for name in _MODELS:
        if (folder / name).is_file():
            return folder / name
    raise EncoderUnavailableError(
        f"there is no sentence encoder in {str(folder)!r}: it needs {_TOKENIZER} and {' or '.join(_MODELS)}",
        encoder=folder.name,
    )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise EncoderUnavailableError(f"{str(file)!r} cannot be read: {error}", encoder=file.parent.name) from error
    return value if isinstance(value, dict) else {}


def _read_settings(folder: Path) -> _Settings:
    pooling = _read_json(folder / "1_Pooling" / "config.json")
    modules = folder / "modules.json"
    said = (
        _read_json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _read_json(folder / "tokenizer_config.json").get("model_max_length"),
    )
    # Tokenizers without a limit say an enormous one.
    most = next((value for value in said if isinstance(value, int) and 0 < value <= 1 << 17), _MOST_TOKENS)
    chosen = [name for name, value in pooling.items() if name.startswith("pooling_mode_") and value is True]
    modes = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    if chosen and (len(chosen) > 1 or chosen[0] not in modes):
        raise EncoderUnavailableError(
            f"the encoder in {str(folder)!r} pools by {', '.join(chosen)}; known are {', '.join(modes)}",
            encoder=folder.name,
        )
    normalize = modules.is_file() and "Normalize" in modules.read_text(encoding="utf-8", errors="replace")
    return _Settings(most, modes[chosen[0]] if chosen else "mean", normalize)


def _open_tokenizer(folder: Path, name: str, max_tokens: int) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingDependencyError("tokenizers", purpose=f"for the text encoder {name!r}", extra="text") from error
    if not (folder / _TOKENIZER).is_file():
        raise EncoderUnavailableError(f"there is no {_TOKENIZER} in {str(folder)!r}", encoder=name)
    try:
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
    except Exception as error:  # the library raises no narrower class
        raise EncoderUnavailableError(
            f"the tokenizer in {str(folder)!r} cannot be read: {error}", encoder=name
        ) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _open_session(folder: Path, name: str) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError("onnxruntime", purpose=f"for the text encoder {name!r}", extra="text") from error
    try:
        return onnxruntime.InferenceSession(str(_model_file(folder)), providers=["CPUExecutionProvider"])
    except EncoderUnavailableError:
        raise
    except Exception as error:  # onnxruntime's errors have no public root
        raise EncoderUnavailableError(f"the model in {str(folder)!r} cannot be read: {error}", encoder=name) from error
