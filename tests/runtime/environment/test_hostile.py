"""Files and packages that are made to harm whoever reads or installs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.hostile.test_environment import write_wheel

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _uv, read_requirements

# The marker's text ends for the installer where its quotes do, and goes on with lines of its own.
_SMUGGLED = (
    r'numpy; os_name != "x\x22 \x23\n\x2d-index-url http://127.0.0.1:9/\nnumpy; os_name != \x22y"',
    r'numpy; os_name != "x\x22 \x23\n\x2de /somewhere\nnumpy; os_name != \x22y"',
    r'numpy; os_name != "x\r-r /etc/passwd"',
    r'numpy; os_name != "x\u2028y"',
    r'numpy; os_name != "x\x1b[2Jy"',
)


def read(folder, text, name="requirements.txt"):
    (folder / name).write_text(text, encoding="utf-8")
    return read_requirements(folder)


@pytest.mark.parametrize("line", _SMUGGLED)
def test_lines_of_their_own_in_a_marker(line, tmp_path):
    found = read(tmp_path, line)
    assert found.requirements == ("numpy",)
    assert len(found.errors) == 1
    assert found.errors[0].isprintable()
    assert "control characters" in found.errors[0]


@pytest.mark.parametrize(
    "line",
    [
        r'numpy; os_name != "x\x27\x22y"',
        "numpy; " + "(" * 1900,
        "numpy; " + "(" * 900 + "os_name == 'a'" + ")" * 900,
        "numpy @ https://example.com/x ; " + "(" * 900,
    ],
)
def test_lines_that_no_parser_can_take(line, tmp_path):
    found = read(tmp_path, line)
    assert found.errors
    assert found.requirements == ("numpy",)
    assert not found.sources


def test_blanks_without_end(tmp_path):
    """A search that tries all blanks again from each of them would take hours."""
    with pytest.raises(EnvironmentBuildError, match="characters"):
        read(tmp_path, "numpy" + " " * 250_000 + "x")
    assert read(tmp_path, "numpy" + " " * 250_000 + "# x").requirements == ("numpy",)
    with pytest.raises(EnvironmentBuildError, match="characters"):
        read(tmp_path, 'dependencies: [{pip: ["numpy' + " " * 250_000 + 'x"]}]', "environment.yaml")


def test_requirements_without_end(tmp_path):
    """Each line and each file is short enough; all of them would keep whoever reads them busy for a minute."""
    lines = "".join(f"numpy{' ' * 1900}{number}\n" for number in range(100))
    for number in range(18):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n{lines}")
    with pytest.raises(EnvironmentBuildError, match="characters together"):
        read(tmp_path, f"-r 0.txt\n{lines}")


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "0b" + "1" * 50_000, "1:" * 20_000 + "1"])
@pytest.mark.parametrize("text", ["dependencies: [{}]", "dependencies: [{{pip: [{}]}}]", "? {}\n: 1", "channels: [{}]"])
def test_numbers_that_cannot_be_written(number, text, tmp_path):
    with pytest.raises(EnvironmentBuildError, match="characters"):
        read(tmp_path, text.format(number), "environment.yaml")


def test_words_that_a_terminal_would_obey(tmp_path):
    text = 'dependencies: ["openssl=3.0=\\x1b]0;owned\\x07", "\\x1b[2J"]\n"\\x9b2J": 1\nchannels: ["\\x1b[2J"]'
    (tmp_path / "model.py").write_text('__import__("learnware.\\x1b[2J")\n', encoding="utf-8")
    found = read(tmp_path, text, "environment.yaml")
    words = (*found.notes, *found.warnings, *found.errors)
    assert any("openssl" in one for one in words)
    assert any("learnware." in one for one in words)
    assert all(one.isprintable() for one in words)


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Install a package of given files, from a folder."""
    try:
        _uv.find_uv()
    except EnvironmentBuildError as error:
        pytest.skip(str(error))
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))

    def install(files):
        write_wheel(wheels, "sly", files)
        return EnvironmentStore(tmp_path / "environments").provide(Requirements(requirements=("sly",)))

    return install


@pytest.mark.parametrize("home", ["/etc/ssh/x", "bin", ""])
def test_a_package_that_says_where_the_interpreter_is(home, build, tmp_path):
    """What it says would be readable in the sandbox, and run outside of it."""
    with pytest.raises(EnvironmentBuildError, match="files of its own"):
        build({"sly.py": "", "sly-1.0.data/data/pyvenv.cfg": f"home = {home}\n" if home else "version = 3\n"})
    assert not list((tmp_path / "environments" / "venv").glob("*/*"))


def test_a_package_that_comes_compiled(build, tmp_path):
    """Compiled modules are shared by all environments that have a package: only what was compiled here may be."""
    tag = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
    mark = "compiled by somebody else"
    built = build(
        {
            # One that compiles, and one that does not.
            "sly/__init__.py": "",
            "sly/broken.py": "def (",
            f"sly/__pycache__/__init__.{tag}.pyc": mark,
            f"sly/__pycache__/broken.{tag}.pyc": mark,
        }
    )
    assert list(built.python.parent.parent.glob("lib/python3*/site-packages/sly/broken.py"))
    kept = [path for path in Path(tmp_path, "environments", "compiled").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if path.read_bytes() == mark.encode()]
    assert not list(built.python.parent.parent.rglob(f"broken.{tag}.pyc"))
