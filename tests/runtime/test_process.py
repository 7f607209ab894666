"""A model in a child process: what it answers, how it fails, and that nothing survives it."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from learnware.errors import ModelError, ModelTimeoutError
from learnware.runtime import Environment, Limits, ModelProcess, _worker, current_environment
from learnware.runtime.environment import EnvironmentStore, read_requirements
from learnware.runtime.sandbox import SANDBOX_LEVELS, sandbox_report

CONFIG = {"class_name": "Model", "kwargs": {}}
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes through /proc")


@pytest.fixture
def learnware(tmp_path):
    """Return a function that writes a learnware whose predict has the given body."""

    def write(body: str, output_shape: object = None, head: str = "", init: str = "pass", more: str = "") -> Path:
        folder = tmp_path / "learnware"
        folder.mkdir(exist_ok=True)
        code = (
            f"import os, sys, time\nimport numpy as np\nfrom learnware.model import BaseModel\n{head}\n\n"
            "class Model(BaseModel):\n"
            "    def __init__(self, **kwargs):\n"
            f"        super().__init__(input_shape=(3,), output_shape={output_shape!r})\n"
            "        self.kwargs = kwargs\n"
            f"        {init}\n"
            f"    def predict(self, X):\n{textwrap.indent(textwrap.dedent(body), ' ' * 8)}\n"
            f"{textwrap.indent(textwrap.dedent(more), ' ' * 4)}\n"
        )
        (folder / "__init__.py").write_text(code, encoding="utf-8")
        return folder

    return write


def run(folder: Path, X: object = None, **arguments: object) -> np.ndarray:
    with ModelProcess(folder, CONFIG, **arguments) as process:
        return process.predict(np.zeros((4, 3)) if X is None else X)


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "<i4", ">i8", "f2", "f4", ">f8"])
def test_arrays_come_back_as_they_went(learnware, dtype):
    X = (np.arange(12) % 2).astype(dtype).reshape(4, 3)
    out = run(learnware("return X"), X)
    assert out.dtype == X.dtype.newbyteorder("=") or out.dtype == X.dtype.newbyteorder("<")
    np.testing.assert_array_equal(out, X)


def test_strided_and_large_arrays(learnware):
    X = np.arange(2_000_000.0).reshape(-1, 4)[:, 1:]
    np.testing.assert_array_equal(run(learnware("return X[:, :1] + 1"), X), X[:, :1] + 1)


@pytest.mark.torch
def test_tensors_both_ways(learnware):
    torch = pytest.importorskip("torch")
    rows = torch.arange(6.0).reshape(3, 2).requires_grad_()
    folder = learnware("import torch; return torch.tensor(X, requires_grad=True).bfloat16()")
    with ModelProcess(folder, CONFIG, timeout=120) as process:
        for given in (rows, rows.double(), rows.bfloat16()):
            answer = process.predict(given)
            assert answer.dtype == np.float32
            np.testing.assert_array_equal(answer, rows.detach().numpy())


def test_no_rows(learnware):
    assert run(learnware("return X"), np.zeros((0, 3))).shape == (0, 3)


def test_texts_both_ways(learnware):
    folder = learnware("assert isinstance(X, list); return [text.upper() for text in X]")
    assert run(folder, ["ä", "", "北冥有鱼"]).tolist() == ["Ä", "", "北冥有鱼"]
    assert run(learnware("return np.array([['a', 'bc']] * len(X))")).tolist() == [["a", "bc"]] * 4


ECHO = "assert isinstance(X, list), type(X)\nreturn X"


def test_texts_come_back_letter_by_letter(learnware):
    texts = [
        "",
        " ",
        "🐳 with a family 👩‍👩‍👧",
        "e\u0301 is é",
        "null\x00byte",
        "line\r\nbreak",
        "x" * 10**6,
        "鱼" * 10**6,
    ]
    with ModelProcess(learnware(ECHO), CONFIG) as process:
        assert process.predict(texts).tolist() == texts
        assert process.predict(tuple(texts), batch_size=3).tolist() == texts
        with pytest.raises(ModelError, match="cannot be handed over"):
            process.predict(["\ud800"])  # half of a letter, which is no text in UTF-8
        assert process.predict(["a"]).tolist() == ["a"]


def test_columns_of_texts_reach_the_model_as_a_list(learnware):
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    texts = ["one", "", "三"]
    with ModelProcess(learnware(ECHO), CONFIG) as process:
        for column in (
            np.array(texts),
            np.array(texts, dtype=object),
            pd.Series(texts, index=[7, 7, 7]),
            pd.Series(texts, dtype="string"),
            pd.Series(texts, dtype="category"),
            pl.Series(texts),
            pa.array(texts),
            pa.chunked_array([texts[:1], texts[1:]]),
        ):
            assert process.predict(column).tolist() == texts, type(column)
        for column in (["one", None, "三"], pd.Series(["one", np.nan, "三"]), pl.Series(["one", None, "三"])):
            assert process.predict(column).tolist() == texts, type(column)
        for mixed in (["one", 2], np.array(["one", 2], dtype=object), pd.Series(["one", 2])):
            with pytest.raises(
                ModelError, match="cannot be handed over: there are texts among them, and others of type int"
            ):
                process.predict(mixed)


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_images_keep_their_type(learnware, dtype):
    images = np.random.default_rng(0).integers(0, 256, size=(7, 3, 5, 4)).astype(dtype)
    body = (
        f"assert X.dtype == {dtype!r} and X.shape[1:] == (3, 5, 4), (X.dtype, X.shape)\nreturn X.mean(axis=(1, 2, 3))"
    )
    # A view whose channels come last in memory, as libraries of images have them.
    views = (images, np.ascontiguousarray(images.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2))
    with ModelProcess(learnware(body), CONFIG) as process:
        for view in views:
            np.testing.assert_allclose(process.predict(view, batch_size=2), images.mean(axis=(1, 2, 3)), rtol=1e-6)


def test_pictures_reach_the_model_with_their_channels_first(learnware):
    image_of = pytest.importorskip("PIL.Image").fromarray
    images = np.random.default_rng(0).integers(0, 256, size=(3, 5, 4, 3), dtype=np.uint8)
    body = "assert X.dtype == 'u1' and X.shape[1:] == (3, 5, 4), (X.dtype, X.shape)\nreturn X[:, :, 0, 0]"
    with ModelProcess(learnware(body), CONFIG) as process:
        pictures = [image_of(image) for image in images]
        np.testing.assert_array_equal(process.predict(pictures), images[:, 0, 0])
        with pytest.raises(ModelError, match="cannot be handed over: the pictures are of several sizes"):
            process.predict([pictures[0], pictures[1].resize((2, 2))])


def test_description_and_arguments(learnware):
    folder = learnware("return X", output_shape=(3,), more="def predict_proba(self, X): return X[:, :2]")
    config = {"class_name": "Model", "kwargs": {"shape": (1, (2,)), "names": ["a"], "x": {"y": 1.5}}}
    folder.joinpath("__init__.py").write_text(
        folder.joinpath("__init__.py").read_text() + "\n    def fit(self, X, y): pass\n"
    )
    with ModelProcess(folder, config) as process:
        assert process.describe() == {
            "input_shape": (3,),
            "output_shape": (3,),
            "methods": ("predict", "predict_proba", "fit"),
        }
        assert process.predict_proba(np.zeros((2, 3))).shape == (2, 2)
    folder = learnware("return np.full(len(X), self.kwargs == {'shape': (1, (2,)), 'names': ['a'], 'x': {'y': 1.5}})")
    with ModelProcess(folder, config) as process:
        assert process.predict(np.zeros((2, 3))).all()


TRAINED = """
def fit(self, X, y):
    if isinstance(y, list): raise ValueError(" ".join(y))
    self.sum = float(np.sum(y))
    return self

def finetune(self, X, y):
    self.sum += float(np.sum(y)) + len(X)
"""


def test_training(learnware):
    folder = learnware("return np.full(len(X), self.sum)", init="self.sum = 0.0", more=TRAINED)
    with ModelProcess(folder, CONFIG) as process:
        rows = np.zeros((2, 3))
        assert process.fit(rows, [1.0, 2.0]) is None
        assert process.predict(rows).tolist() == [3.0, 3.0]
        process.finetune(["a", "b"], np.array([[1], [1]]))
        assert process.predict(rows).tolist() == [7.0, 7.0]
        with pytest.raises(ModelError, match="ValueError: dog cat"):
            process.fit(rows, ["dog", "cat"])
        with pytest.raises(ModelError, match="2 inputs and 3 targets"):
            process.fit(rows, [1, 2, 3])
        with pytest.raises(ModelError, match="targets of fit cannot be handed over"):
            process.fit(rows, [object(), object()])
        assert process.predict(rows).tolist() == [7.0, 7.0]
    with ModelProcess(learnware("return X"), CONFIG) as process, pytest.raises(ModelError, match="has no finetune"):
        process.finetune(rows, [1, 2])


@pytest.mark.parametrize("size", [1, 3, 4, 10, 100])
def test_batches_give_what_one_call_gives(learnware, size):
    folder = learnware("print(len(X)); return X[:, 0].astype('f4') * 2")
    X = np.arange(30.0).reshape(10, 3)
    with ModelProcess(folder, CONFIG) as process:
        whole, parts = process.predict(X), process.predict(X, batch_size=size)
        assert parts.dtype == whole.dtype
        np.testing.assert_array_equal(parts, whole)
        assert process.predict(X[:0], batch_size=size).shape == (0,)
        process.close()
        counts = [int(line) for line in process.output.split()]
        assert max(counts[1:]) == min(size, 10)
        assert sum(counts) == 20


def test_batches_of_texts_and_of_other_types(learnware):
    folder = learnware(
        "return ['x' * int(v) for v in X[:, 0]] if X[0, 2] else X[:, 0].astype('i4' if X[0, 0] else 'f8')"
    )
    X = np.zeros((5, 3))
    X[:, 0] = range(5)
    with ModelProcess(folder, CONFIG) as process:
        assert process.predict(X, batch_size=2).dtype == np.float64
        assert process.predict(X, batch_size=2).tolist() == [0, 1, 2, 3, 4]
        assert process.predict(X + np.array([0, 0, 1]), batch_size=2).tolist() == ["", "x", "xx", "xxx", "xxxx"]
        X[2, 2] = 1
        with pytest.raises(ModelError, match="in one batch"):
            process.predict(X, batch_size=2)
        # The answer to the batch that was on its way is not taken for another one.
        assert process.predict(X[:2]).tolist() == [0, 1]
        with pytest.raises(ModelError, match="batch_size is 0"):
            process.predict(X, batch_size=0)


def test_an_error_in_one_batch(learnware):
    folder = learnware("if X[0, 0] == 2: raise KeyError('two')\nreturn X[:, 0]")
    X = np.repeat(np.arange(5.0)[:, None], 3, axis=1)
    with ModelProcess(folder, CONFIG) as process:
        for _ in range(2):
            with pytest.raises(ModelError, match="two"):
                process.predict(X, batch_size=1)
            assert process.predict(X[:2], batch_size=1).tolist() == [0, 1]


def test_all_batches_together_have_one_limit(learnware):
    with ModelProcess(learnware("return X"), CONFIG, limits=Limits(output_bytes=1000)) as process:
        with pytest.raises(ModelError, match="1000 are allowed"):
            process.predict(np.zeros((100, 3)), batch_size=2)
        assert process.predict(np.zeros((40, 3)), batch_size=2).shape == (40, 3)


FRAME = """
import pandas as pd
assert isinstance(X, pd.DataFrame), type(X)
return (X["a"] + X["kind"].map({"dog": 10, "cat": 20})).to_frame()
"""


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("batch_size", [None, 2])
def test_tables_reach_the_model_as_data_frames(learnware, library, batch_size):
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = pytest.importorskip(library)
    data = {"a": [1.0, 2.0, 3.0], "kind": ["dog", "cat", "dog"]}
    X = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "table"}[library]
    X = getattr(table, X)(data)
    with ModelProcess(learnware(FRAME), CONFIG) as process:
        answer = process.predict(X, batch_size=batch_size)
    assert answer.tolist() == [[11.0], [22.0], [13.0]]


def test_columns_of_a_table_keep_their_types(learnware):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    X = pd.DataFrame(
        {
            "whole": np.array([1, 2], dtype="i2"),
            "missing": pd.array([1, None], dtype="Int64"),
            "kind": pd.Categorical(["a", "b"], categories=["b", "a", "c"]),
            "day": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "hole": [np.nan, 0.5],
        },
        index=["r", "s"],
    )
    kinds = run(learnware("return [str(dict(X.dtypes.astype(str))) + str(list(X['kind'].cat.categories))] * len(X)"), X)
    assert kinds[0] == str(dict(X.dtypes.astype(str))) + str(list(X["kind"].cat.categories))


def test_tables_without_what_they_need(learnware, monkeypatch):
    pd = pytest.importorskip("pandas")
    numbers = pd.DataFrame({"a": [1, 2], "b": pd.array([1, None], dtype="Int64")})
    texts = numbers.assign(kind=["dog", "cat"])
    # As it is where the environment has neither.
    head = "import importlib.util\nimportlib.util.find_spec = lambda name: None"
    with ModelProcess(learnware("return np.nan_to_num(X, nan=-1)", head=head), CONFIG) as process:
        assert process.predict(numbers).tolist() == [[1.0, 1.0], [2.0, -1.0]]
        with pytest.raises(ModelError, match=r"'kind' holds text.*lacks pandas and pyarrow"):
            process.predict(texts)


def test_a_table_that_arrow_does_not_take(learnware):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    with ModelProcess(learnware("return X.to_numpy()"), CONFIG) as process:
        with pytest.raises(ModelError, match=r"input of predict cannot be handed over.*Duplicate"):
            process.predict(pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]))
        assert process.predict(pd.DataFrame([[1.0, 2.0]])).tolist() == [[1.0, 2.0]]


@LINUX
@pytest.mark.parametrize("view", ["X", "X[:, 1:]", "X.astype('>f8')", "X[::-1]"])
def test_inputs_are_not_copied_as_a_whole(learnware, view):
    folder = learnware("return X[:, 0]")
    script = f"""
import numpy as np
from learnware.runtime import ModelProcess

def memory(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024

X = np.ones((1_000_000, 16))
X = {view}
with ModelProcess({str(folder)!r}, {CONFIG!r}) as process:
    process.predict(X[:10])
    # The highest use of memory so far is forgotten.
    open("/proc/self/clear_refs", "w").write("5")
    before = memory("VmRSS")
    process.predict(X)
    print((memory("VmHWM") - before) / X.nbytes)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    # The answer is a sixteenth.
    assert 0 < float(done.stdout) < 0.3


def test_prints_do_not_disturb(learnware):
    folder = learnware("print('out'); os.write(1, b'raw\\n'); sys.stderr.write('err\\n'); return X")
    with ModelProcess(folder, CONFIG) as process:
        for _ in range(3):
            process.predict(np.zeros((2, 3)))
        process.close()
    for word in ("out", "raw", "err"):
        assert word in process.output


def test_endless_prints_keep_their_end_only(learnware):
    with ModelProcess(
        learnware("for _ in range(300): print('x' * 10_000)\nprint('the end'); return X"), CONFIG
    ) as process:
        process.predict(np.zeros((2, 3)))
        process.close()
        assert len(process.output) <= 1 << 16


def test_an_exception_is_told_and_the_process_goes_on(learnware):
    folder = learnware("if len(X) == 1: raise KeyError('no such thing')\nreturn X")
    with ModelProcess(folder, CONFIG) as process:
        with pytest.raises(ModelError, match="KeyError") as caught:
            process.predict(np.zeros((1, 3)))
        assert "no such thing" in caught.value.traceback_text
        assert "in predict" in caught.value.traceback_text
        assert len(process.predict(np.zeros((2, 3)))) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.exit(3)", "SystemExit"),
        ("os._exit(3)", "exit code 3"),
        ("print('last words'); os.kill(os.getpid(), 9)", "signal 9.*last words"),
        ("return None", "returned None"),
        ("return np.array([object()] * len(X))", "cannot be handed over"),
        ("return [[1], [2, 3]]", "cannot be handed over"),
        ("return X[:2]", r"shape \(2, 3\) for 4 inputs"),
        ("return 1.0", r"shape \(\) for 4 inputs"),
        ("return X * np.nan", "NaN"),
        ("return X + np.inf", "infinite"),
        ("return np.zeros((4, 1 << 20))", "at most 1000000 are allowed"),
        ("return ['x' * 400_000] + ['y'] * 3", "too long"),
        ("return np.zeros(4, dtype=complex)", "cannot be handed over"),
        ("return np.zeros(4, dtype='M8[s]')", "cannot be handed over"),
        ("return np.zeros(4, dtype=[('a', 'O')])", "cannot be handed over"),
        ("return np.zeros((4,) + (1,) * 10)", "shape"),
    ],
)
def test_bad_answers(learnware, body, message):
    with pytest.raises(ModelError, match=message):
        run(learnware(body), limits=Limits(output_bytes=1_000_000))


@pytest.mark.parametrize("words", ["bwrap: no", "the sandbox could not be set up: no"])
def test_a_model_cannot_blame_the_sandbox(learnware, words):
    with pytest.raises(ModelError, match="exit code 5"):
        run(learnware("return X", init=f"print({words!r}, flush=True); os._exit(5)"))


def test_an_interpreter_that_does_not_start(learnware, tmp_path):
    own = current_environment()
    broken = Environment("venv", "x", Path("/bin/false"), own.python_version, own.folders)
    with pytest.raises(ModelError, match="starting the worker failed"):
        run(learnware("return X"), environment=broken, sandbox="none")


def test_the_promised_shape_is_checked(learnware):
    with pytest.raises(ModelError, match=r"\(3,\); the model promises \(2,\)"):
        run(learnware("return X", output_shape=(2,)))
    assert run(learnware("return X[:, 0]", output_shape=(1,))).shape == (4,)


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02[]",
        b"\x00\x00\x00\x02{x",
        b"nonsense that is no frame",
        b'{"values": [{"kind": "array", "dtype": "O", "shape": [4]}]}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [4, 1000000000000]}]}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [0, 1000000000000]}]}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [-4]}]}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [true]}]}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": "4"}]}',
        b'{"values": [{"kind": "pickle", "shape": [4], "bytes": 4}]}',
        b'{"values": [{"kind": "text", "shape": [1], "bytes": -4}]}',
        b'{"values": [{"kind": "text", "shape": [1], "bytes": 1}]}' + b"\x02" + b"\x00" * 7 + b"x",
        b'{"values": [{"kind": "text", "shape": [1], "bytes": 1}]}' + b"\x01" + b"\x00" * 7 + b"\xff",
        b'{"values": [4]}',
        b'{"values": 4}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [NaN]}]}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [Infinity]}]}',
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [' + b"9" * 4000 + b"," + b"9" * 4000 + b"]}]}",
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": ' + b"[" * 900 + b"]" * 900 + b"}]}",
        b'{"values": [{"kind": "array", "dtype": "<f8", "shape": [4]}, 1, 2]}',
        b'{"values": [{"kind": "arrow", "bytes": 8}]}' + b"x" * 8,
        b'{"values": [{"kind": "text", "shape": [2], "bytes": 4}]}'
        + b"\xff" * 7
        + b"\x7f"
        + b"\xff" * 7
        + b"\x7f"
        + b"x" * 4,
        b'{"number": 1}',
        b'{"number": 1e400}',
        b'{"error": ' + b"[" * 900 + b"]" * 900 + b', "number": 2, "traceback": {"a": 1}}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_forged_frames(learnware, frame):
    if frame.startswith(b"{"):
        head = frame[: frame.rindex(b"}") + 1]
        assert head.count(b"{") == head.count(b"}")
        frame = len(head).to_bytes(4, "big") + frame
    body = f"""
    import gc, socket
    sock = [s for s in gc.get_objects() if isinstance(s, socket.socket)][0]
    sock.sendall({frame!r})
    sock.shutdown(socket.SHUT_WR)
    time.sleep(60)
    """
    with pytest.raises(ModelError) as caught:
        run(learnware(body), limits=Limits(output_bytes=1_000_000))
    assert not isinstance(caught.value, ModelTimeoutError)


SOCKET = "import gc, socket; sock = [s for s in gc.get_objects() if isinstance(s, socket.socket)][0]"


def test_one_byte_after_the_other_does_not_gain_time(learnware):
    body = f"""
    {SOCKET}
    for byte in b"\\x00\\x00\\xff\\xff" + b" " * 65535:
        sock.sendall(bytes([byte]))
        time.sleep(0.2)
    """
    with pytest.raises(ModelTimeoutError, match="2 seconds"):
        run(learnware(body), timeout=2)


def test_an_answer_that_was_not_asked_for(learnware):
    body = f"""
    {SOCKET}
    head = b'{{"number": 2}}'
    sock.sendall(len(head).to_bytes(4, "big") + head)
    return X
    """
    with ModelProcess(learnware(body), CONFIG) as process:
        with pytest.raises(ModelError, match="answered nothing"):
            process.predict(np.zeros((2, 3)))
        with pytest.raises(ModelError, match="another request"):
            process.predict(np.zeros((2, 3)))
        assert not process.running


@LINUX
def test_open_files_that_are_sent_along_do_not_arrive(learnware):
    body = f"""
    {SOCKET}
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(20)]
    head = b'{{"number": 2, "values": [{{"kind": "array", "dtype": "<f8", "shape": [2]}}]}}'
    socket.send_fds(sock, [len(head).to_bytes(4, "big") + head + bytes(16)], files)
    time.sleep(600)
    """
    with ModelProcess(learnware(body), CONFIG, sandbox="none") as process:
        process.describe()
        before = len(list(Path("/proc/self/fd").iterdir()))
        assert process.predict(np.zeros((2, 3))).tolist() == [0.0, 0.0]
        assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("body", ["time.sleep(600)", "while True: pass"])
def test_timeout(learnware, body):
    process = ModelProcess(learnware(body), CONFIG, timeout=3)
    with pytest.raises(ModelTimeoutError, match="3 seconds"):
        process.predict(np.zeros((4, 3)))
    with pytest.raises(ModelError, match="closed"):
        process.predict(np.zeros((4, 3)))


def test_loading_runs_out_of_time(learnware):
    with pytest.raises(ModelTimeoutError, match="loading the model"):
        run(learnware("return X", init="time.sleep(600)"), timeout=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"head": "raise ValueError('at import')"}, "at import"),
        ({"init": "raise ValueError('in init')"}, "in init"),
        ({"init": "self.output_shape = ('a',)"}, "ValueError"),
        ({"init": "self.output_shape = tuple(range(20))"}, "expected a tuple of integers"),
        ({"init": "self.predict = None"}, "no predict"),
        ({"init": "os._exit(7)"}, "exit code 7"),
    ],
)
def test_models_that_cannot_be_loaded(learnware, arguments, message):
    with pytest.raises(ModelError, match=message):
        run(learnware("return X", **arguments))


def test_probabilities_are_a_table(learnware):
    folder = learnware("return X", more="def predict_proba(self, X): return X[:, 0]")
    with ModelProcess(folder, CONFIG) as process, pytest.raises(ModelError, match=r"shape \(2,\)"):
        process.predict_proba(np.zeros((2, 3)))


def test_missing_class_folder_and_method(learnware, tmp_path):
    folder = learnware("return X")
    with pytest.raises(ModelError, match="no class 'Other'"), ModelProcess(folder, {"class_name": "Other"}):
        pass
    with pytest.raises(ModelError, match="no folder"), ModelProcess(tmp_path / "nowhere", CONFIG):
        pass
    with ModelProcess(folder, CONFIG) as process, pytest.raises(ModelError, match="no predict_proba"):
        process.predict_proba(np.zeros((1, 3)))


@pytest.mark.parametrize("X", [np.array([object()]), [object()], np.array(["x"], dtype="S1")])
def test_inputs_that_cannot_be_handed_over(learnware, X):
    with ModelProcess(learnware("return X"), CONFIG) as process:
        with pytest.raises(ModelError, match="input of predict cannot be handed over"):
            process.predict(X)
        assert process.predict(np.zeros((2, 3))).shape == (2, 3)


def test_the_environment_is_cleared(learnware, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "hidden")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    body = "return [str(sorted(os.environ)) + os.getcwd() + '|' + os.environ['HOME']] * len(X)"
    told = run(learnware(body))[0]
    assert "SOME_SECRET" not in told
    assert "PYTHONPATH" not in told
    assert str(Path.home()) not in told
    assert told.split("|")[1] not in ("", "/")


def test_nothing_is_written_into_the_learnware(learnware):
    folder = learnware("return X")
    run(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["__init__.py"]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int) -> bool:
    for _ in range(600):
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


FORK = """
pid = os.fork()
if pid == 0:
    while True: time.sleep(1)
return np.full(len(X), pid)
"""


@LINUX
def test_forks_are_gone_after_close(learnware):
    with ModelProcess(learnware(FORK), CONFIG, sandbox="none") as process:
        pid = int(process.predict(np.zeros((1, 3)))[0])
        assert is_running(pid)
    assert gone(pid)


@LINUX
def test_forks_are_gone_after_a_timeout(learnware, tmp_path):
    note = tmp_path / "pid"
    body = f"""
    pid = os.fork()
    open({str(note)!r}, "a").write(f"{{os.getpid()}} ")
    time.sleep(600)
    """
    with pytest.raises(ModelTimeoutError):
        run(learnware(body), timeout=3, sandbox="none")
    pids = [int(pid) for pid in note.read_text().split()]
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


@LINUX
def test_an_owner_that_forgets_leaves_no_process(learnware):
    process = ModelProcess(learnware("return np.full(len(X), os.getpid())"), CONFIG, sandbox="none")
    pid = int(process.predict(np.zeros((1, 3)))[0])
    del process
    assert gone(pid)


@LINUX
def test_a_killed_owner_leaves_nothing(learnware, tmp_path):
    folder = learnware(FORK.replace("pid)", "pid * 10_000_000 + os.getpid())"))
    script = f"""
import sys, time, numpy as np
from learnware.runtime import ModelProcess
process = ModelProcess({str(folder)!r}, {CONFIG!r}, sandbox="none")
print(int(process.predict(np.zeros((1, 3)))[0]), flush=True)
time.sleep(600)
"""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment) as owner:
        try:
            grandchild, child = divmod(int(owner.stdout.readline()), 10_000_000)
            assert is_running(child)
            assert is_running(grandchild)
            assert list(scratch.iterdir())
        finally:
            owner.send_signal(signal.SIGKILL)
    assert gone(child)
    assert gone(grandchild)
    assert not list(scratch.iterdir())


def test_close_from_another_thread_ends_a_call(learnware):
    process = ModelProcess(learnware("time.sleep(600)"), CONFIG)
    process.describe()
    timer = threading.Timer(0.5, process.close)
    timer.start()
    with pytest.raises(ModelError):
        process.predict(np.zeros((1, 3)))
    timer.join()


def test_an_error_can_be_written_whatever_the_model_says(learnware):
    with pytest.raises(ModelError) as caught:
        run(learnware(r"raise ValueError('a lone \ud800')"))
    assert "a lone ?" in caught.value.args[0]
    assert str(caught.value).encode("utf-8")
    assert caught.value.traceback_text.encode("utf-8")


def test_a_single_value_is_no_input(learnware):
    with ModelProcess(learnware("return X"), CONFIG) as process:
        for value in (np.float64(3.0), 3.0, "text", None):
            with pytest.raises(ModelError, match="single value"):
                process.predict(value)


def test_calls_from_many_threads(learnware):
    with ModelProcess(learnware("return X"), CONFIG) as process:
        answers: list[float] = []

        def ask(number: int) -> None:
            answers.append(float(process.predict(np.full((2, 3), number))[0, 0]) - number)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [0.0] * 8


def test_a_model_works_where_the_engine_is_not_installed(learnware):
    folder = learnware("return X", head="from learnware.model.base import BaseModel as Same\nassert Same is BaseModel")
    script = f"""
import sys, importlib.util
sys.modules["learnware"] = None  # as if it were not installed
spec = importlib.util.spec_from_file_location("worker", {os.fspath(Path(_worker.__path__[0], "models.py"))!r})
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
worker.provide_base_model()
model = worker.load_model({os.fspath(folder)!r}, {CONFIG!r}, "package")
assert worker.describe(model)["methods"] == ["predict"], worker.describe(model)
assert model.predict([1]) == [1]
assert sys.modules["learnware"].__spec__ is None
"""
    subprocess.run([sys.executable, "-I", "-c", script], check=True)


@pytest.mark.parametrize("file", sorted(Path(_worker.__path__[0]).glob("*.py")), ids=lambda file: file.name)
def test_the_worker_is_written_for_python_3_8_and_imports_little(file):
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))

    def imported(nodes: object) -> set[str]:
        modules = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
        modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
        return {module.partition(".")[0] for module in modules} - sys.stdlib_module_names

    assert imported(tree.body) <= {"numpy"}
    # Tables are looked at where there are some.
    assert imported(list(ast.walk(tree))) <= {"numpy", "pyarrow"}


@pytest.fixture(scope="session")
def oldest_environment(package_index, environment_store, tmp_path_factory) -> Environment:
    """Return an environment of Python 3.8 with numpy."""
    folder = tmp_path_factory.mktemp("oldest")
    folder.joinpath("environment.yaml").write_text("dependencies:\n  - python=3.8\n")
    store = EnvironmentStore(environment_store.root, install_pythons=False)
    environment = store.provide(read_requirements(folder))
    if not environment.python_version.startswith("3.8."):
        pytest.skip(f"there is no Python 3.8 with numpy here: {'; '.join(environment.warnings)}")
    return environment


@pytest.mark.index
def test_the_oldest_python(learnware, oldest_environment):
    folder = learnware(
        "print(sys.version); return np.full(len(X), self.sum + sys.version_info[1])",
        init="self.sum = 0.0",
        more=TRAINED + "def predict_proba(self, X): return [text.upper() for text in X]",
    )
    with ModelProcess(folder, CONFIG, environment=oldest_environment) as process:
        assert process.predict(np.zeros((3, 3)), batch_size=2).tolist() == [8.0] * 3
        process.fit(np.zeros((2, 3)), [1.0, 2.0])
        assert process.predict(["a", "b"]).tolist() == [11.0] * 2
        with pytest.raises(ModelError, match="ValueError: dog"):
            process.fit(np.zeros((1, 3)), ["dog"])


@pytest.fixture(params=SANDBOX_LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    """Each level that this machine has."""
    reason = sandbox_report()[request.param]
    if reason is not None:
        pytest.skip(f"{request.param}: {reason}")
    return request.param


def test_a_folder_by_any_of_its_names(learnware, level, tmp_path, monkeypatch):
    folder = learnware("return np.full(len(X), len(os.listdir(os.path.dirname(__file__))))")
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    (tmp_path / "leap").symlink_to(tmp_path / "far" / "away", target_is_directory=True)
    monkeypatch.chdir(tmp_path / "far")
    # The last is another folder for who only looks at the letters.
    for name in ("../learnware", "../link", tmp_path / "far" / ".." / "learnware", "../leap/../../learnware"):
        np.testing.assert_array_equal(run(Path(name), sandbox=level), np.ones(4))


def test_links_in_a_folder_lead_nowhere(learnware, level, tmp_path, monkeypatch):
    folder = learnware(
        """
        def readable(name):
            try:
                return bool(open(os.path.join(os.path.dirname(__file__), name)).read())
            except OSError:
                return False
        return np.tile([readable(name) for name in ("file", "folder/secret", "../secret")], (len(X), 1))
        """
    )
    (tmp_path / "secret").write_text("secret")
    (folder / "file").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    monkeypatch.chdir(folder)
    for name in (folder, tmp_path / "link", "../learnware"):
        readable = run(Path(name), sandbox=level)
        assert readable.any() == (level == "none")


def test_an_interpreter_that_was_started_by_a_name_with_dots(learnware, level):
    """As ``../.venv/bin/python`` is, whose `sys.executable` has the dots, too."""
    code = (
        "import sys; import numpy as np; from learnware.runtime import ModelProcess\n"
        "assert '..' in sys.executable, sys.executable\n"
        f"with ModelProcess(sys.argv[1], {CONFIG!r}, sandbox={level!r}) as process:\n"
        "    print(process.predict(np.ones((2, 3))).sum())\n"
    )
    folder = learnware("return X")
    command = [os.path.relpath(sys.executable, folder), "-c", code, folder]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout == "6.0\n", done.stderr
