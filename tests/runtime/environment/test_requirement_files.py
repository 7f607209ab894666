from __future__ import annotations

import codecs
from datetime import date

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

import learnware
from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import read_requirements


@pytest.fixture
def read(tmp_path):
    """Read requirements from files: their names with the last "_" for the dot."""

    def read_files(**files: str | bytes):
        for name, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            (tmp_path / ".".join(name.rsplit("_", 1))).write_bytes(data)
        return read_requirements(tmp_path)

    return read_files


def without_numpy(requirements) -> list[str]:
    return [line for line in requirements.requirements if line != "numpy"]


EXPORT = """
name: learnware-env
channels:
  - pytorch
  - conda-forge
  - defaults
dependencies:
  - _libgcc_mutex=0.1=main
  - blas=1.0=mkl
  - ca-certificates=2023.08.22=h06a4308_0
  - conda-forge::lightgbm=3.3.5=py38h8dc9893_0
  - cudatoolkit=11.3.1=h2bc3f7f_2
  - ld_impl_linux-64=2.38=h1181459_1
  - libgcc-ng=11.2.0=h1234567_1
  - matplotlib-base=3.7.2=py38h1128e8f_0
  - mkl=2023.1.0=h213fc3f_46344
  - msgpack-python=1.0.3=py38hd09550d_0
  - numpy=1.24.3=py38h14f4228_0
  - numpy-base=1.24.3=py38h31eccc5_0
  - openssl=3.0.12=h7f8727e_0
  - pip=23.3=py38h06a4308_0
  - py-opencv=4.6.0=py38hbf987e5_0
  - python=3.8.18=h_0_cpython
  - pytorch=1.12.1=py3.8_cuda11.3_cudnn8.3.2_0
  - xz=5.4.2=h5eee18b_0
  - zlib=1.2.13=h5eee18b_0
  - pip:
      - joblib==1.3.2
      - learnware==0.3.2.99
prefix: /home/somebody/miniconda3/envs/learnware-env
"""


def test_a_conda_export(read):
    found = read(environment_yaml=EXPORT)
    assert found.python == "==3.8.18"
    assert found.requirements == (
        "joblib==1.3.2",
        "lightgbm==3.3.5",
        "matplotlib==3.7.2",
        "msgpack==1.0.3",
        "numpy==1.24.3",
        "opencv-python==4.6.0",
        "torch==1.12.1",
    )
    assert (found.errors, found.sources, found.needs_engine) == ((), (), False)
    assert found.file == "environment.yaml"
    assert found.channels == ("pytorch", "conda-forge", "defaults")
    assert {"numpy==1.24.3", "python==3.8.18", "openssl==3.0.12", "conda-forge::lightgbm==3.3.5"} <= set(found.conda)
    assert found.pip == ("joblib==1.3.2",)
    # Everything that is not among the requirements as it was written is accounted for.
    notes = "\n".join((*found.notes, *found.warnings))
    for name in ("_libgcc_mutex", "blas", "ca-certificates", "cudatoolkit", "ld_impl_linux-64", "libgcc-ng", "mkl",
                 "openssl", "xz", "zlib", "pip=23.3", "matplotlib-base", "msgpack-python", "numpy-base", "py-opencv",
                 "pytorch", "learnware", "prefix", "builds", "conda-forge::lightgbm"):  # fmt: skip
        assert name in notes, name


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        ("scipy", "scipy"),
        ("scipy=1.10", "scipy==1.10.*"),
        ("scipy=1.10.1", "scipy==1.10.1.*"),
        ("scipy=1.10.*", "scipy==1.10.*"),
        ("scipy==1.10.1", "scipy==1.10.1"),
        ("scipy=1.10.1=py38_0", "scipy==1.10.1"),
        ("scipy 1.10.1 py38_0", "scipy==1.10.1"),
        ("scipy 1.10.1", "scipy==1.10.1"),
        ("scipy 1.10.*", "scipy==1.10.*"),
        ("scipy >=1.9, <2", "scipy<2,>=1.9"),
        ("scipy>=1.9,<2", "scipy<2,>=1.9"),
        ("scipy>=1.9.*", "scipy>=1.9"),
        ("scipy=*", "scipy"),
        ("scipy!=1.9.2", "scipy!=1.9.2"),
        ("scipy~=1.9", "scipy~=1.9"),
        ("conda-forge::scipy=1.10", "scipy==1.10.*"),
        ("conda-forge/linux-64::scipy==1.10.1=py38_0", "scipy==1.10.1"),
        ("scipy[version='>=1.9,<2',build=py38_0]", "scipy<2,>=1.9"),
        ("scipy[version=1.10.1]", "scipy==1.10.1"),
        ("SciPy", "scipy"),
        ("ruamel_yaml=0.17.21=py38", "ruamel-yaml==0.17.21"),
        ("librosa=0.10.0", "librosa==0.10.0.*"),
        ("https://conda.example.org/conda-forge/linux-64/scipy-1.10.1-py38h_0.conda", "scipy==1.10.1"),
        ("https://repo.anaconda.com/pkgs/main/noarch/tqdm-4.65.0-py_0.tar.bz2#abc", "tqdm==4.65.0"),
    ],
)
def test_dependencies_of_conda(read, dependency, expected):
    found = read(environment_yaml=yaml.safe_dump({"dependencies": [dependency]}))
    assert (without_numpy(found), found.errors) == ([expected], ())


@pytest.mark.parametrize(
    ("dependency", "python"),
    [
        ("python", None),
        ("python=3.8", "==3.8.*"),
        ("python=3", "==3.*"),
        ("python=3.8.18", "==3.8.18.*"),
        ("python==3.8.18", "==3.8.18"),
        ("python=3.8.18=h_0_cpython", "==3.8.18"),
        ("python>=3.7,<3.10", "<3.10,>=3.7"),
        ("conda-forge::python 3.9.*", "==3.9.*"),
    ],
)
def test_the_version_of_python(read, dependency, python):
    found = read(environment_yaml=yaml.safe_dump({"dependencies": [dependency]}))
    assert (found.python, found.requirements, found.errors) == (python, ("numpy",), ())


@pytest.mark.parametrize(
    ("dependency", "word"),
    [
        ("scipy=1.0|=1.1", "means nothing"),
        ("python=three", "means nothing"),
        ("scipy=1.0.h7=py38", "means nothing"),
        ("$$", "no dependency"),
        ("0²", "no dependency"),
        ("scipy-", "no dependency"),
        ("https://example.org/what", "no dependency"),
        (3.8, "no dependency"),
        (["scipy"], "no dependency"),
        ({"npm": ["left-pad"]}, "only conda's and pip's"),
        ({"pip": [{"a": 1}]}, "no requirement of pip's"),
        ("python=2.7", "no version of Python 3"),
    ],
)
def test_dependencies_that_cannot_be_had(read, dependency, word):
    found = read(environment_yaml=yaml.safe_dump({"dependencies": ["scipy", dependency]}))
    assert len(found.errors) == 1
    assert word in found.errors[0]
    assert "scipy" in found.requirements


def test_pips_section_wins_over_conda(read):
    document = {"dependencies": ["numpy=1.23.0", "scipy=1.9", "pandas", {"pip": ["numpy==1.24.4", ["scipy==1.9.*"]]}]}
    found = read(environment_yaml=yaml.safe_dump(document))
    assert found.requirements == ("numpy==1.24.4", "pandas", "pyarrow", "scipy==1.9.*")
    notes = [note for note in found.notes if "left out" in note]
    assert notes == ["'numpy==1.23.0.*' of conda's is left out: pip's section asks for 'numpy==1.24.4'"]
    assert found.pip == ("numpy==1.24.4", "scipy==1.9.*")
    assert "pyarrow is added: tables are handed over as Arrow" in found.notes


def test_a_file_of_requirements_in_pips_section(read):
    document = {"dependencies": [{"pip": ["-r requirements.txt", "joblib  # for files", "-i https://index.example"]}]}
    found = read(environment_yaml=yaml.safe_dump(document), requirements_txt="scipy\n")
    assert without_numpy(found) == ["joblib", "scipy"]
    assert any("-i is left out" in note for note in found.notes)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scipy", "scipy"),
        ("scipy==1.10.1", "scipy==1.10.1"),
        ("scipy == 1.10.1 ", "scipy==1.10.1"),
        ("scipy (>=1.9)", "scipy>=1.9"),
        ("scipy>=1.9,<2  # because", "scipy<2,>=1.9"),
        ("scipy==1.10.1 ; python_version < '3.12'", 'scipy==1.10.1; python_version < "3.12"'),
        ("requests[socks,security]>=2", "requests[security,socks]>=2"),
        ("SciPy_X.y", "scipy-x-y"),
        ("scipy==1.10.1 --hash=sha256:abc --hash=sha256:def", "scipy==1.10.1"),
        ("scipy==1.10.1 \\\n    --hash=sha256:abc", "scipy==1.10.1"),
        ("torch==2.0.1+cu118", "torch==2.0.1"),
        ("scipy=1.10.1", "scipy==1.10.1"),
        ("scipy=1.10.1=py38_0", "scipy==1.10.1"),
        ("sklearn", "scikit-learn"),
        ("sklearn==0.0.post1", "scikit-learn"),
        ("pytorch", "torch"),
        ("scipy @ file:///croot/scipy_1685/work", "scipy"),
        ("scipy@file:///C:/ci/scipy/dist/scipy-1.10.1-cp38-cp38-win_amd64.whl", "scipy"),
        ("\ufeffscipy", "scipy"),
        ("scipy\r", "scipy"),
    ],
)
def test_lines_of_requirements(read, line, expected):
    found = read(requirements_txt=line + "\n")
    assert (without_numpy(found), found.errors, found.sources) == ([expected], (), ())


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("git+https://github.com/a/b.git@v1#egg=bee", "bee @ git+https://github.com/a/b.git@v1"),
        ("-e git+https://github.com/a/b.git#egg=bee", "bee @ git+https://github.com/a/b.git"),
        ("git+https://github.com/a/b.git#subdirectory=c&egg=bee", "bee @ git+https://github.com/a/b.git"),
        ("bee @ git+https://github.com/a/b.git", "bee @ git+https://github.com/a/b.git"),
        ("https://example.org/bee-1.0-py3-none-any.whl", "bee @ https://example.org/bee-1.0-py3-none-any.whl"),
        ("bee @ https://example.org/bee.zip", "bee @ https://example.org/bee.zip"),
    ],
)
def test_requirements_with_an_address(read, line, source):
    found = read(requirements_txt=line + "\n")
    assert (found.sources, found.errors, found.requirements) == ((source,), (), ("numpy",))


@pytest.mark.parametrize(
    "line",
    [
        "./wheels/bee-1.0-py3-none-any.whl",
        "bee-1.0-py3-none-any.whl",
        "bee-1.0.tar.gz",
        "-e .",
        "--editable=./bee",
        ".",
        "/home/somebody/bee",
        "C:\\work\\bee",
        "~/bee",
        "file:///home/somebody/bee-1.0-py3-none-any.whl",
        "git+https://github.com/a/b.git",
        "https://example.org/archive.zip",
        "-r ../elsewhere.txt",
        "-r /etc/passwd",
        "-r missing.txt",
        "--what-is-this",
        "scipy==",
        "scipy==1.0 or so",
        "!!",
        "conda install scipy",
    ],
)
def test_requirements_that_cannot_be_had(read, line):
    found = read(requirements_txt=f"joblib\n{line}\n")
    assert len(found.errors) == 1
    assert without_numpy(found) == ["joblib"]


def test_options_of_a_requirements_file(read):
    text = """
    --index-url https://me:secret@index.example/simple
    --extra-index-url=https://download.pytorch.org/whl/cu118
    -f https://download.pytorch.org/whl/torch_stable.html
    --find-links ./wheels
    --trusted-host index.example
    --pre
    torch
    """
    found = read(requirements_txt=text)
    assert (without_numpy(found), found.errors) == (["torch"], ())
    notes = "\n".join((*found.notes, *found.warnings))
    for option in ("--index-url", "--extra-index-url", "-f is", "--find-links", "--trusted-host", "--pre"):
        assert option in notes
    assert "secret" not in notes


def test_requirements_of_requirements(read, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("-r ../requirements.txt\n-r deeper.txt\nscipy\n")
    (tmp_path / "more" / "deeper.txt").write_text("joblib\n")
    found = read(requirements_txt="-r more/base.txt\n-c bounds.txt\n", bounds_txt="tqdm<5\n")
    assert (without_numpy(found), found.errors) == (["joblib", "scipy", "tqdm<5"], ())
    (tmp_path / "outside.txt").symlink_to("/etc/hostname")
    assert len(read(requirements_txt="-r outside.txt\n").errors) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(read, encoding, end):
    assert without_numpy(read(requirements_txt=end.join(["scipy", "joblib", ""]).encode(encoding))) == [
        "joblib",
        "scipy",
    ]


def test_utf_16_conda_exports_of_windows(read):
    data = codecs.BOM_UTF16_LE + EXPORT.replace("\n", "\r\n").encode("utf-16-le")
    assert read(environment_yaml=data).python == "==3.8.18"


def test_other_encodings(read):
    found = read(requirements_txt="scipy  # 必需的\n".encode("gb18030"))
    assert without_numpy(found) == ["scipy"]
    assert any("not in UTF-8" in warning for warning in found.warnings)


def test_the_table_of_pip_list(read):
    text = (
        "Package      Version  Editable project location\n------------ -------- -------\nscipy   1.10.1\nbee 1.0 /x\n"
    )
    found = read(requirements_txt=text)
    assert without_numpy(found) == ["bee==1.0", "scipy==1.10.1"]


def test_the_environment_wins_over_requirements(read):
    found = read(environment_yaml="dependencies: [scipy]\n", requirements_txt="joblib\n")
    assert without_numpy(found) == ["scipy"]
    assert "requirements.txt is left out: environment.yaml says what is needed" in found.notes
    assert read(environment_yml="dependencies: [joblib]\n").file == "environment.yaml"


@pytest.mark.parametrize(
    "line",
    [
        "scipy==1.10.1",
        "sklearn",
        "torch==1.13.1+cu117",
        "torch==1.13.1+cpu",
        "scipy=1.10.1",
        "--index-url https://index.example/simple",
        "--require-hashes",
        "scipy==1.10.1 --hash=sha256:00",
        "-c more.txt",
        "learnware==0.3.2",
    ],
)
def test_what_is_only_said_in_other_words_is_no_warning(read, line):
    found = read(requirements_txt=f"{line}\nnumpy\n", more_txt="scipy<2\n")
    assert (found.warnings, found.errors) == ((), ())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("scipy @ file:///home/somebody/scipy", "any version is taken"),
        ("torch==1.13.1+mine", "a version of somebody's own"),
        ("--pre", "--pre is left out"),
        ("-f https://index.example/wheels", "-f is left out"),
        ("--extra-index-url https://index.example", "--extra-index-url is left out"),
    ],
)
def test_what_will_be_something_else_is_a_warning(read, line, words):
    [warning] = read(requirements_txt=f"{line}\nnumpy\n").warnings
    assert words in warning


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"dependencies": ["r-base=4.2"]}, "packages of R"),
        ({"dependencies": ["numpy"], "variables": {"A": "1"}}, "variables are left out"),
    ],
)
def test_what_of_an_environment_will_be_missing_is_a_warning(read, document, words):
    [warning] = read(environment_yaml=yaml.safe_dump(document)).warnings
    assert words in warning


def test_a_conda_export_is_read_without_a_warning(read):
    assert read(environment_yaml=EXPORT).warnings == ()


def test_no_files_at_all(read):
    found = read()
    assert found.requirements == ("numpy",)
    assert found.warnings == ("the learnware has neither environment.yaml nor requirements.txt",)


def test_equal_requirements_count_once(read):
    found = read(requirements_txt="scipy\nSciPy\nscipy>=1\nnumpy==1.26.4\nnumpy==1.26.4\n")
    assert found.requirements == ("numpy==1.26.4", "scipy", "scipy>=1")


def test_python_among_requirements(read):
    assert read(requirements_txt="python==3.9.*\n").python == "==3.9.*"


def test_the_date_is_kept(tmp_path):
    assert read_requirements(tmp_path, as_of=date(2024, 5, 1)).as_of == date(2024, 5, 1)
    # A day that is not over leaves nothing out.
    assert read_requirements(tmp_path, as_of=date(9999, 1, 1)).as_of is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 5000,
        "- " * 50_000,
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\ndependencies: *b\n",
        "dependencies:\n" + "  - a\n" * 30_000,
        "x" * (300 << 10),
        "dependencies: [" + "a" * 5000 + "]",
        "dependencies:\n  pip: x",
        "just text",
        "- a\n- b",
        "a: b: c",
        "!!python/object/apply:os.system ['touch /tmp/x']",
        "dependencies: \x07",
        "",
    ],
)
def test_files_that_are_no_environments(read, text):
    with pytest.raises(EnvironmentBuildError):
        read(environment_yaml=text)


def test_files_of_requirements_that_nobody_writes(read, tmp_path):
    with pytest.raises(EnvironmentBuildError, match="characters"):
        read(requirements_txt="a" * 5000)
    with pytest.raises(EnvironmentBuildError, match="more than 2,000"):
        read(requirements_txt="a\n" * 3000)
    for number in range(40):
        (tmp_path / f"r{number}.txt").write_text(f"-r r{number + 1}.txt\n")
    with pytest.raises(EnvironmentBuildError, match="more than 20 files"):
        read(requirements_txt="-r r0.txt\n")


_PIECES = st.sampled_from(
    ["scipy", "==", "=", "1.0", ">=", ",", " ", "@", "file:///", "git+", "https://", "#egg=x", "-r ", "-e ", "--hash=a",
     ";", "python_version<'3'", "[a]", "\\", "'", '"', "::", "*", "|", "-", "\0", "\ufeff", "/", ".whl", "#", "\t", "é"]
)  # fmt: skip
_LINES = st.lists(_PIECES, max_size=8).map("".join) | st.text(max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(_LINES, max_size=5))
def test_whatever_is_in_requirements_is_read_or_refused(tmp_path, lines):
    (tmp_path / "requirements.txt").write_text("\n".join(lines), encoding="utf-8", errors="replace")
    found = read_requirements(tmp_path)
    for line in (*found.requirements, *found.sources):
        Requirement(line)
    assert found == read_requirements(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dependencies=st.lists(
        _LINES
        | st.none()
        | st.integers()
        | st.dictionaries(st.sampled_from(["pip", "npm"]), st.lists(_LINES, max_size=3) | _LINES, max_size=2),
        max_size=5,
    )
)
def test_whatever_is_in_an_environment_is_read_or_refused(tmp_path, dependencies):
    (tmp_path / "environment.yaml").write_text(yaml.safe_dump({"dependencies": dependencies}), encoding="utf-8")
    found = read_requirements(tmp_path)
    for line in (*found.requirements, *found.sources):
        Requirement(line)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), name=st.sampled_from(["environment.yaml", "requirements.txt"]))
def test_bytes_are_read_or_refused(tmp_path, data, name):
    for left in tmp_path.iterdir():
        left.unlink()
    (tmp_path / name).write_bytes(data)
    try:
        read_requirements(tmp_path)
    except EnvironmentBuildError as caught:
        error = caught
    else:
        return
    assert (name, error.requirements) == ("environment.yaml", ("environment.yaml",))


CODE = {
    "from learnware.model import BaseModel": False,
    "from learnware.model.base import BaseModel as Base": False,
    "import numpy": False,
    "from . import learnware": False,
    "import learnware": True,
    "import learnware.model": True,
    "from learnware.model import *": True,
    "from learnware.model import BaseModel, TorchModel": True,
    "from learnware.reuse import AveragingReuser": True,
    "def f():\n    from learnware import specification": True,
    "import importlib\nimportlib.import_module('learnware.market')": True,
    "__import__('learnware')": True,
    # No Python 3.
    "print 1\nfrom learnware.model import BaseModel": False,
    "print 1\nfrom learnware.reuse import AveragingReuser": True,
}


@pytest.mark.parametrize("code", CODE)
def test_the_engine_is_provided_where_the_code_uses_it(read, tmp_path, code):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "model.py").write_text(code)
    found = read(requirements_txt="learnware==0.3.2\nnumpy\n")
    assert found.needs_engine is CODE[code]
    if CODE[code]:
        assert found.python == ">=3.10"
        assert any(line.startswith("scikit-learn") for line in found.requirements)
        assert not any(line.startswith("learnware") for line in found.requirements)
        assert "sub/model.py: learnware" in "\n".join(found.warnings)
        assert found.warnings[0].endswith("; learnware==0.3.2 was asked for")
    else:
        assert found.requirements == ("numpy",)
        assert found.python is None
        assert found.warnings == ()
        assert any("learnware is left out" in note for note in found.notes)


def test_the_engine_that_is_provided_is_the_one_that_was_asked_for(read, tmp_path):
    (tmp_path / "model.py").write_text("import learnware\n")
    found = read(requirements_txt=f"learnware=={learnware.__version__}\n")
    assert found.warnings == ()
    assert any("is provided" in note for note in found.notes)


def test_the_engine_needs_a_newer_python_than_was_asked_for(read, tmp_path):
    (tmp_path / "model.py").write_text("import learnware\n")
    found = read(environment_yaml="dependencies: [python=3.8]\n")
    assert found.python == ">=3.10"
    assert any("==3.8.* was asked for; learnware needs" in warning for warning in found.warnings)
