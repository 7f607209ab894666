"""Which installed distribution provides a module."""

from __future__ import annotations

import pytest

from learnware.errors import PackError
from learnware.learnware.packing._requirements import pinned_requirements


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution without code in front of all others."""

    def install(folder, name, version, **texts):
        info = tmp_path / folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        for file, text in texts.items():
            (info / file.replace("top_level", "top_level.txt")).write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path / folder))

    return install


def test_modules_recorded_or_declared(install):
    install(
        "a",
        "some-models",
        "1.5+cpu",
        RECORD="folder_x/__init__.py,sha256=x,1\nsingle_x.py,,\nbinary_x.cpython-310-x86_64-linux-gnu.so,,\n"
        "folder_x.libs/lib.so,,\ndeep/inner_x/__init__.py,,\n",
    )
    install("a", "declares", "2", top_level="declared_x\nother_x\n")
    modules = ["folder_x", "single_x", "other_x", "learnware", "binary_x"]
    assert pinned_requirements(modules) == ["declares==2", "some-models==1.5"]
    for absent in ("inner_x", "folder", "ingle_x"):
        with pytest.raises(PackError, match=f"'{absent}', which is no installed package"):
            pinned_requirements([absent])


def test_the_first_on_the_path_wins(install):
    install("a", "later", "1", RECORD="twice_x/__init__.py,,\n")
    install("b", "earlier", "1", RECORD="twice_x/__init__.py,,\n")
    assert pinned_requirements(["twice_x"]) == ["earlier==1"]
