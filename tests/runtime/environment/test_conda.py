from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest
from tests.hostile.test_environment import write_wheel

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _conda, read_requirements

FOUND = ("micromamba", "mamba", "conda")
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def no_conda(monkeypatch, tmp_path):
    """A machine without any conda."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for variable in ("MAMBA_EXE", "CONDA_EXE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(_conda, "_said", set())
    return tmp_path / "bin"


@pytest.fixture
def micromamba(no_conda, program, tmp_path):
    """A program that makes environments as micromamba does: a real interpreter, and a package for every name."""
    program(
        no_conda / "micromamba",
        f"""
        import json, pathlib, re, sys, venv
        arguments = sys.argv[1:]
        document = json.loads(pathlib.Path(arguments[arguments.index("--file") + 1]).read_text())
        with open({str(tmp_path / "calls")!r}, "a") as calls:
            calls.write(json.dumps([arguments, document]) + "\\n")
        assert arguments[:2] == ["create", "--yes"], arguments
        names = [re.split("[=<>!~ ]", one.rpartition("::")[2])[0] for one in document["dependencies"]]
        if "missing" in names:
            sys.exit("error    libmamba Could not solve for environment specs\\n   missing =* * does not exist")
        folder = pathlib.Path(arguments[arguments.index("--prefix") + 1])
        assert not folder.exists()
        venv.create(folder, with_pip=False)
        [site] = folder.glob("lib/python3*/site-packages")
        for name in names:
            if name.startswith("_"):
                continue  # no Python package
            (site / name).mkdir()
            (site / name / "__init__.py").write_text("BY = 'conda'\\n")
            info = site / f"{{name}}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: {{name}}\\nVersion: 1.0\\n")
            (info / "INSTALLER").write_text("conda\\n")
            (info / "RECORD").write_text(f"{{name}}/__init__.py,,\\n")
        """,
    )

    def calls() -> list:
        return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]

    return calls


def conda_package(tmp_path, text: str) -> Requirements:
    folder = tmp_path / "package"
    folder.mkdir(exist_ok=True)
    (folder / "environment.yaml").write_text(text)
    return read_requirements(folder)


def test_an_environment_of_conda(store, micromamba, heard, tmp_path):
    requirements = conda_package(
        tmp_path,
        f"""
        channels: [conda-forge, pytorch]
        dependencies: [python={MINOR}, numpy=1.24.3=py38_0, pytorch::gamma, _libgcc_mutex=0.1=main, pip: [alpha]]
        prefix: /home/somebody
        """,
    )
    environment = store.provide(requirements, "conda", on_progress=heard)
    assert environment.kind == "conda"
    assert environment.python_version.startswith(f"{MINOR}.")
    code = "import alpha, beta, numpy, gamma; print(alpha.VERSION, numpy.BY, gamma.BY)"
    done = subprocess.run([environment.python, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2.0 conda conda\n"
    [(_, document)] = micromamba()
    assert document == {
        "channels": ["conda-forge", "pytorch"],
        "dependencies": ["_libgcc_mutex==0.1", "numpy==1.24.3", f"python={MINOR}", "pytorch::gamma"],
    }
    assert "micromamba" in heard
    [found] = store.list()
    assert (found.kind, found.python_version) == ("conda", environment.python_version)
    assert not any(path.stat().st_mode & 0o222 for path in found.folder.rglob("*") if path.is_file())
    # Found again.
    assert store.provide(requirements, "conda") == environment
    assert len(micromamba()) == 1


def test_a_conda_environment_of_requirements(store, micromamba, asked):
    environment = store.provide(asked("alpha"), "conda")
    [(_, document)] = micromamba()
    assert document == {"channels": ["conda-forge"], "dependencies": [f"python={MINOR}"]}
    done = subprocess.run([environment.python, "-I", "-c", "import alpha, numpy"], check=False)
    assert done.returncode == 0


def test_a_python_that_is_too_old_for_the_worker(store, micromamba, asked):
    environment = store.provide(asked(python="==3.6.*"), "conda")
    assert micromamba()[0][1]["dependencies"] == ["python=3.8"]
    assert "Python 3.6 was asked for" in environment.warnings[0]


def test_what_conda_cannot_solve(store, micromamba, tmp_path):
    requirements = conda_package(tmp_path, "dependencies: [missing]\n")
    with pytest.raises(
        EnvironmentBuildError, match=r"micromamba cannot build the environment: .* missing =\* \* does"
    ) as caught:
        store.provide(requirements, "conda")
    assert caught.value.requirements == ("missing",)
    assert store.list() == ()


def test_what_the_index_does_not_have_beside_conda(store, micromamba, tmp_path):
    requirements = conda_package(tmp_path, "dependencies: [numpy, pip: [nothing-of-this-name]]\n")
    with pytest.raises(EnvironmentBuildError, match="nothing-of-this-name") as caught:
        store.provide(requirements, "conda")
    assert "nothing-of-this-name" in caught.value.requirements
    assert store.list() == ()


def test_channels_of_anybody_are_left_out(store, micromamba, tmp_path):
    requirements = conda_package(
        tmp_path,
        """
        channels:
          - https://mirrors.example.edu/anaconda/pkgs/main/
          - https://mirrors.example.edu/anaconda/cloud/conda-forge
          - https://me:secret@evil.example/channel
          - somebody
        dependencies: [somebody::numpy]
        """,
    )
    environment = store.provide(requirements, "conda")
    document = micromamba()[0][1]
    assert document["channels"] == ["defaults", "conda-forge"]
    assert "numpy" in document["dependencies"]
    warnings = "\n".join(environment.warnings)
    assert "'somebody' is left out" in warnings
    assert "evil.example" in warnings
    assert "secret" not in warnings
    allowing = EnvironmentStore(store.root, allow_source_builds=True)
    allowing.provide(requirements, "conda")
    assert "somebody" in micromamba()[1][1]["channels"]


def test_without_conda_the_package_index_has_to_do(store, no_conda, asked, caplog):
    with caplog.at_level(logging.WARNING, logger="learnware"):
        environment = store.provide(asked("alpha"), "conda")
        again = store.provide(asked("beta"), "conda")
    assert environment.kind == again.kind == "venv"
    assert "no conda is installed" in environment.warnings[0]
    assert "no conda is installed" in again.warnings[0]
    # Said once to the log.
    assert sum("no conda is installed" in record.message for record in caplog.records) == 1
    assert store.provide(asked("alpha")).name == environment.name


def test_without_conda_and_not_on_the_index(store, no_conda, asked):
    with pytest.raises(EnvironmentBuildError, match=r"no conda is installed .*'only-conda'") as caught:
        store.provide(asked("only-conda"), "conda")
    assert caught.value.requirements == ("only-conda",)


@pytest.mark.parametrize("name", FOUND)
def test_which_conda_is_found(no_conda, program, monkeypatch, name, tmp_path):
    assert _conda.find_conda() is None
    path = program(no_conda / name, "")
    assert _conda.find_conda() == str(path)
    elsewhere = program(tmp_path / "elsewhere", "")
    monkeypatch.setenv("MAMBA_EXE", str(elsewhere))
    assert _conda.find_conda() == str(path if name == "micromamba" else elsewhere)
    path.unlink()
    assert _conda.find_conda() == str(elsewhere)


def test_a_package_among_the_modules_of_the_interpreter(store, micromamba, asked, tmp_path, monkeypatch):
    """The interpreter would run it while it compiles, with no sandbox around it."""
    wheels = tmp_path / "more"
    wheels.mkdir()
    write_wheel(wheels, "sly", {"sly/__init__.py": "", f"sly-1.0.data/data/lib/python{MINOR}/compileall.py": "1 / 0"})
    monkeypatch.setenv("UV_FIND_LINKS", f"{os.environ['UV_FIND_LINKS']},{wheels}")
    environment = store.provide(asked("sly"), "conda")
    assert micromamba()
    lib = environment.folders[0] / "lib" / f"python{MINOR}"
    assert (lib / "compileall.py").is_file()
    assert (lib / "site-packages" / "sly" / "__init__.py").is_file()
    assert not list(lib.rglob("*.pyc"))
