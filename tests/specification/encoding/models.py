"""A tiny sentence encoder as ONNX: each word has a vector, and a text is the mean of its words'."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "cat", "dog", "tree", "house"]
DIMENSION = 6


def vectors(seed: int = 0) -> NDArray[np.float32]:
    """Return the vector of each word."""
    return np.random.default_rng(seed).normal(size=(len(WORDS), DIMENSION)).astype(np.float32)


def write_encoder(
    folder: Path, *, seed: int = 0, pooling: dict[str, bool] | None = None, normalize: bool = False
) -> Path:
    """Write a folder as sentence-transformers does, for texts of six tokens at most."""
    from onnx import TensorProto, helper, numpy_helper, save
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    (folder / "onnx").mkdir(parents=True)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    values: list[Any] = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    out = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", DIMENSION])
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "words",
        values,
        [out],
        [numpy_helper.from_array(vectors(seed), "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    save(model, folder / "onnx" / "model.onnx")
    settings: dict[str, object] = {
        "config.json": {"_name_or_path": "somewhere/tiny-encoder"},
        "sentence_bert_config.json": {"max_seq_length": 6},
        "1_Pooling/config.json": pooling or {"pooling_mode_mean_tokens": True},
        "modules.json": [{"type": "sentence_transformers.models.Normalize"}] if normalize else [],
    }
    for name, value in settings.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(value))
    return folder


def expected(text: str, seed: int = 0) -> NDArray[np.float32]:
    """Return what the encoder gives for a text: the mean of its first four words and of both ends."""
    words = ["[CLS]", *text.split()[:4], "[SEP]"]
    mean: NDArray[np.float32] = vectors(seed)[[WORDS.index(w) if w in WORDS else 1 for w in words]].mean(axis=0)
    return mean
