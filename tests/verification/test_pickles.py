"""The static look at pickles: it knows every name that loading would look up, and loads nothing."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import os
import pickle
import pickletools
import struct
import sys
import zipfile
import zlib

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from learnware.verification._pickle_machine import Machine
from learnware.verification._pickle_names import judge_name
from learnware.verification._pickles import PickleLimits, look_at_pickles
from learnware.verification._streams import Budget, Stream

X = np.abs(np.random.default_rng(0).normal(size=(60, 4)))
y = (X[:, 0] > X[:, 1]).astype(int)


class Runs:
    """A pickle of it runs a command when it is loaded."""

    def __reduce__(self):
        return os.system, ("touch loaded",)


EVIL = pickle.dumps(Runs(), protocol=4)


@pytest.fixture
def look(tmp_path):
    def look(limits=None, **files):
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(content)
        return look_at_pickles(tmp_path, limits=limits)

    return look


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def npy(values):
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=True)
    return buffer.getvalue()


def joblib_bytes(value, **options):
    buffer = io.BytesIO()
    joblib.dump(value, buffer, **options)
    return buffer.getvalue()


def hidden_in_an_array(code):
    """Return a pickle whose instructions are where joblib, and nobody else, expects the numbers of an array."""
    data = joblib_bytes(np.zeros(len(code), dtype=np.uint8), protocol=2)
    aligned = b"K\x10ub"
    return data[: data.index(aligned)] + b"Nub" + code + b"."


MODELS = {
    "forest": RandomForestClassifier(5),
    "boosting": HistGradientBoostingClassifier(max_iter=5),
    "neighbours": KNeighborsClassifier(algorithm="ball_tree"),
    "pipeline": make_pipeline(FunctionTransformer(np.log1p), SelectKBest(k=2), LogisticRegression()),
    "process": GaussianProcessClassifier(),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_models_of_every_day_are_harmless(look, model):
    model.fit(X, y)
    files = {f"p{protocol}": pickle.dumps(model, protocol=protocol) for protocol in range(6)}
    files["plain__joblib"] = joblib_bytes(model)
    for kind in ("zlib", "gzip", "bz2", "xz", "lzma"):
        files[f"{kind}__joblib"] = joblib_bytes(model, compress=(kind, 1))
    files = {name if "__" in name else f"{name}__pkl": content for name, content in files.items()}
    found = look(**files)
    assert found.notes == ()
    assert found.unfinished is None
    assert set(found.files) == {name.replace("__", ".") for name in files}


@pytest.mark.parametrize("compress", [0, 3])
def test_arrays_between_the_instructions_are_passed(look, compress):
    value = {
        "objects": np.array(["a", None, Runs()], dtype=object),
        "texts": np.array(["ab", "c"]),
        "records": np.array([(1.0, "x")], dtype=[("a", "f4"), ("b", "U3")]),
        "fortran": np.asfortranarray(np.full((40, 40), -1.0)),
        "empty": np.empty((0, 3)),
        "scalar": np.array(1.5),
        "after": functools.partial(os.getcwd),
    }
    [objects, after] = look(m__joblib=joblib_bytes(value, compress=compress)).notes
    assert objects.name in {"posix.system", "nt.system"}
    assert after.name in {"posix.getcwd", "nt.getcwd"}


WRAPPED = {
    "plain.bin": EVIL,
    "no-header.pkl": pickle.dumps(Runs(), protocol=0),
    "no-header-no-name.dat": pickle.dumps(Runs(), protocol=0),
    "second.pkl": pickle.dumps([1, 2]) + EVIL,
    "nested.pkl": pickle.dumps({"inner": EVIL}),
    "nested-twice.pkl": pickle.dumps([pickle.dumps((1, EVIL))]),
    "gzip.pkl.gz": gzip.compress(EVIL),
    "zlib.dat": zlib.compress(EVIL),
    "bz2.dat": bz2.compress(EVIL),
    "xz.dat": lzma.compress(EVIL),
    "lzma.dat": lzma.compress(EVIL, format=lzma.FORMAT_ALONE),
    "torch.pt": zipped(**{"archive/data.pkl": EVIL, "archive/data/0": b"\x80\x04" * 50, "archive/version": b"3"}),
    "arrays.npz": zipped(**{"a.npy": npy(np.eye(2)), "b.npy": npy(np.array([Runs()], dtype=object))}),
    "objects.npy": npy(np.array([Runs()], dtype=object)),
    "records.npy": npy(np.array([(1, Runs())], dtype=[("a", "i4"), ("b", "O")])),
    "joblib.joblib": joblib_bytes([np.arange(100), Runs()]),
    "cut-off.pkl": EVIL[:-1],
    "old-class.pkl": b"(S'touch loaded'\nios\nsystem\n.",
    "escaped.pkl": b"\x80\x04S'o\\x73'\nS'sys\\x74em'\n\x93(S'true'\ntR.",
    "memo.pkl": b"\x80\x04\x8c\x06system\x94\x8c\x02os\x94h\x01h\x00\x93(S'true'\ntR.",
    "broken-later.dat": b"cos\nsystem\n(S'true'\ntR\xff",
    "odd-number.dat": b"\x80\x02I0x10\n0cos\nsystem\n(S'true'\ntR.",
    "quotes.npy": npy(np.array([Runs()], dtype=object)).replace(b"'descr': '|O'", b'"descr": "|O"'),
    "in-an-array.pkl": hidden_in_an_array(b"cos\nsystem\n(S'true'\ntR."),
    "dup.pkl": b"\x80\x04\x8c\x02os2\x8c\x06system\x93(S'true'\ntR.",
}


@pytest.mark.parametrize("name", WRAPPED)
def test_code_is_found_wherever_it_hides(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(WRAPPED[name])
    found = look_at_pickles(tmp_path)
    assert found.files == (name,)
    names = {note.name for note in found.notes if note.name}
    assert names == {f"{module}.system" for module in ("os", "posix", "nt", "os2") if f"{module}.system" in names}
    assert len(names) == 1
    [note] = [note for note in found.notes if note.name]
    assert note.file == name
    assert "byte" in note.place
    assert not (tmp_path / "loaded").exists()


def test_what_is_no_pickle_is_left_alone(look):
    noise = np.random.default_rng(0).bytes(10_000)
    found = look(
        code__py=b"import os\nos.system('true')\n",
        notes__txt=b"columns\nfirst\n",
        cities__csv=b"city,number\nB,1\n",
        table__npy=npy(np.eye(3)),
        texts__npy=npy(np.array(["'O'", "|O"])),
        broken__npy=npy(np.eye(3)).replace(b"'shape': (3, 3)", b"'shape': [3, 3("),
        data__gz=gzip.compress(b"a,b\n1,2\n"),
        weights__bin=b"\x80\x02" + noise,
        xray__txt=b"x^2 is a square",
        torch__pt=zipped(**{"archive/data/0": b"\x80\x04" * 50, "archive/version": b"3"}),
        empty__txt=b"",
    )
    assert found.files == ()
    assert found.notes == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x80\x04", "it ends in the middle"),
        (b"\x80\x04\xff.", "the byte ff at position 2 is no instruction"),
        (b"\x80\x04R.", "REDUCE at position 2 does not fit"),
        (b"\x80\x04h\x05.", "BINGET at position 2 does not fit"),
        (b"\x80\x04T\xff\xff\xff\xff.", "BINSTRING at position 2 has no proper argument"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"x", "it ends in the middle"),
        (b"\x80\x04gabc\n.", "GET at position 2 has no proper argument"),
        (b"\x80\x04\x82\x07.", "number 7 in a registry"),
        (b"\x80\x04NN\x93.", "which one cannot be known"),
        (b"\x80\x04N.garbage", "more bytes follow"),
        (gzip.compress(EVIL, mtime=0)[:-20], "compressed data end in the middle"),
        (b"\x04\x22\x4d\x18rest", "lz4"),
        (b"\x1f\x8b" + b"\x00" * 30, "gzip compression is damaged"),
    ],
    ids=range(14),
)
def test_broken_pickles_are_told(look, content, words):
    assert words in look(model__pkl=content).notes[-1].message


def test_broken_zips_are_told(look):
    [note] = look(model__pt=zipped(**{"archive/data.pkl": EVIL})[:-30]).notes
    assert "is a zip that cannot be read" in note.message
    assert note.file == "model.pt"


def test_limits_end_the_look(look, tmp_path):
    content = pickle.dumps(list(range(50_000)))
    assert "more than 0 seconds" in look(PickleLimits(seconds=0), a__pkl=content).unfinished
    assert "more than 1,000 bytes" in look(PickleLimits(seconds=3600, total_bytes=1000), a__pkl=content).unfinished
    bomb = zlib.compress(b"\x80\x04" + b"N0" * (4 << 20))
    assert len(bomb) < 100_000
    found = look(PickleLimits(seconds=3600, total_bytes=1_000_000), a__pkl=bomb)
    assert "more than 1,000,000 bytes" in found.unfinished
    assert "cancelled" in look_at_pickles(tmp_path, cancelled=lambda: True).unfinished


def test_notes_are_bounded(look):
    names = b"".join(f"cmodule{i}\nname\n".encode() for i in range(100))
    found = look(PickleLimits(notes=10), a__pkl=b"\x80\x02" + names + b".")
    assert len(found.notes) == 10
    assert found.omitted == 90


def test_a_name_is_told_once_a_file(look):
    found = look(a__pkl=pickle.dumps([Runs(), Runs()]), b__pkl=EVIL)
    assert [note.file for note in found.notes] == ["a.pkl", "b.pkl"]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("builtins.eval", "can run any code"),
        ("__builtin__.getattr", "can run any code"),
        ("numpy.testing._private.utils.runstring", "not on the list"),
        ("numpy.load", "not on the list"),
        ("numpy.memmap", "not on the list"),
        ("joblib.load", "not on the list"),
        ("torch.load", "not on the list"),
        ("torch.hub.load", "not on the list"),
        ("pandas.read_pickle", "not on the list"),
        ("sklearn.datasets._base.load_files", "not on the list"),
        ("sklearn.utils._testing.TempMemmap", "not on the list"),
        ("__main__.Mine", "belongs to the program that wrote the file"),
    ],
)
def test_names_outside_the_list(name, verdict):
    module, _, last = name.rpartition(".")
    assert verdict in judge_name(module, last)


def test_dotted_names_go_past_the_list():
    assert judge_name("sklearn.svm._classes", "SVC") is None
    assert "not on the list" in judge_name("sklearn.svm._classes", "SVC.os.system")
    assert "not on the list" in judge_name("numpy", "ndarray.tofile")


class Collector:
    """Keeps the names that a machine comes across."""

    def __init__(self):
        self.names = []

    def name(self, position, name):
        self.names.append(name and tuple(name))

    def extension(self, position, code):
        self.names.append(None)

    def payload(self, position, data):
        pass


class Anything:
    """Can be called with anything and filled with anything."""

    def __new__(cls, *arguments, **keywords):
        return super().__new__(cls)

    def __setstate__(self, state):
        pass


class Recorder(pickle._Unpickler):
    """The standard library's own machine, which looks nothing up."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.names = []

    def find_class(self, module, name):
        self.names.append((module, name))
        return Anything

    def persistent_load(self, pid):
        return None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(), inner, max_size=5)
        | st.tuples(inner, inner)
        | st.frozensets(st.integers(), max_size=5)
        | inner.map(lambda value: functools.partial(print, value))
    ),
    max_leaves=20,
)


@given(PLAIN, st.integers(0, 5))
def test_names_are_those_of_the_standard_library(value, protocol):
    data = pickle.dumps(value, protocol=protocol)
    theirs, ours = Recorder(data), Collector()
    theirs.load()
    stream = Stream(iter([data]), Budget(60, 1 << 30))
    Machine(stream, ours).run()
    assert stream.position == len(data)
    renamed = {"__builtin__": "builtins", "copy_reg": "copyreg"}
    assert [(renamed.get(module, module), name) for module, name in ours.names] == [
        (renamed.get(module, module), name) for module, name in theirs.names
    ]


@given(
    st.lists(st.sampled_from([opcode.code.encode("latin-1") for opcode in pickletools.opcodes]) | st.binary(max_size=9))
)
def test_any_bytes_end_in_notes(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a.pkl").write_bytes(b"".join(parts))
    found = look_at_pickles(folder)
    assert found.unfinished is None
    assert set(found.files) <= {"a.pkl"}


def test_deeply_nested_arrays_of_objects_end_in_a_note(look):
    inner = np.empty(1, dtype=object)
    wrapper = joblib_bytes(inner)
    head = wrapper[: wrapper.rindex(b"\x80\x05")]
    depth = sys.getrecursionlimit() * 2
    found = look(a__joblib=head * depth)
    assert "nested too deeply" in found.notes[0].message
