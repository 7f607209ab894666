"""Every hostile learnware is contained, ends in the right error, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.hostile.corpus import CORPUS
from tests.hostile.trial import run

from learnware.runtime.sandbox import choose_sandbox

if TYPE_CHECKING:
    from tests.hostile.specimen import Specimen

    from learnware.runtime import ModelProcess

LEVEL = [specimen for specimen in CORPUS.values() if specimen.level_matters]
PARENT = [specimen for specimen in CORPUS.values() if not specimen.level_matters]


@pytest.mark.parametrize("specimen", LEVEL, ids=lambda specimen: specimen.name)
def test_the_sandbox_holds(specimen, level, stage, neighbours):
    check(specimen, level, stage, neighbours)


@pytest.mark.parametrize("specimen", PARENT, ids=lambda specimen: specimen.name)
def test_the_parent_holds(specimen, stage, neighbours):
    check(specimen, choose_sandbox(), stage, neighbours)


def check(specimen: Specimen, level: str, stage, neighbours: dict[str, ModelProcess]) -> None:
    trial = run(specimen, level, stage)
    assert not trial.problems, f"{specimen.name} {specimen.tries}: {trial}"
    # Those beside it go on as if nothing had happened.
    for process in neighbours.values():
        np.testing.assert_array_equal(process.predict(np.zeros((2, 1))), np.ones((2, 1)))
