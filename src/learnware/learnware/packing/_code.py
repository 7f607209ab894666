"""The ``__init__.py`` of packed learnwares: short code that anybody can read, one piece to a kind of model.

It runs under this engine and under the published package, and imports numpy and the model's library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

__all__ = ["ModelCode", "model_code"]

_FILE = '''\
"""{title}"""

import os

{imports}
from learnware.model import BaseModel

HERE = os.path.dirname(os.path.abspath(__file__))
{constants}

class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape={input_shape!r}, output_shape={output_shape!r})
{load}
{methods}'''


@dataclass(frozen=True)
class ModelCode:
    """The parts of the code that depend on the model.

    Attributes
    ----------
    title : str
        First line of the file.
    libraries : tuple of str
        Modules to import beside numpy.
    load : str
        Statements of ``__init__`` that load the model from files in ``HERE``.
    methods : tuple of str
        The methods.
    constants : str
        Assignments at the top.
    """

    title: str
    libraries: tuple[str, ...]
    load: str
    methods: tuple[str, ...]
    constants: str = ""


def model_code(code: ModelCode, input_shape: tuple[int, ...] | None, output_shape: tuple[int, ...] | None) -> str:
    """Return the text of ``__init__.py``."""
    libraries = [f"import {name}" for name in code.libraries if name != "numpy"]
    return _FILE.format(
        title=code.title,
        imports="\n".join(sorted([*libraries, "import numpy as np"])),
        constants=code.constants.rstrip() + "\n" if code.constants else "",
        input_shape=input_shape,
        output_shape=output_shape,
        load=indent(dedent(code.load).strip(), " " * 8),
        methods="".join("\n" + indent(dedent(method).strip() + "\n", " " * 4) for method in code.methods),
    )
