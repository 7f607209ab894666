"""Hostile learnwares as their users meet them: as learnwares, many at a time, from one runner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tests.hostile.corpus import CORPUS
from tests.hostile.specimen import LIMITS
from tests.hostile.stage import descendants, survivors
from tests.hostile.trial import differences, judge

from learnware.learnware import Learnware
from learnware.runtime import Limits, ModelRunner
from learnware.specification import Specification

NAMES = (
    "home_folder",
    "double_fork",
    "fork_bomb",
    "ends_itself",
    "segmentation_fault",
    "own_package",
    "spins_in_c",
    "links_to_the_outside",
    "answer_nan",
    "answer_pickle_by_reduce",
    "frame_ten_gigabytes",
    "forged_answer",
)


def test_many_in_one_runner(stage, level):
    """Each ends as it does alone, again and again, and an innocent one beside them answers all the time."""
    known = set(descendants())
    folders = {name: stage.root / "packages" / f"{level}_{name}" for name in NAMES}
    for name, folder in folders.items():
        CORPUS[name].write(folder, stage.constants())
    before = [stage.state(folder, engine=False) for folder in folders.values()]
    X = np.zeros((4, 3))

    def ask(learnware: Learnware) -> object:
        try:
            return learnware.predict(X)
        except Exception as error:  # noqa: BLE001  # how it ended
            return error

    with ModelRunner(sandbox=level, limits=Limits(**{**LIMITS, "seconds": 4.0}), max_processes=6) as runner:
        learnwares = [
            Learnware(name, {"class_name": "Model"}, Specification(), folder)
            for name, folder in (*folders.items(), ("neighbour", stage.neighbour))
        ]
        for learnware in learnwares:
            learnware.run_with(runner)
        # A worker that ended, or was ended, is started anew by the next call.
        for _ in range(2):
            with ThreadPoolExecutor(len(learnwares)) as threads:
                *ends, innocent = threads.map(ask, learnwares)
            np.testing.assert_array_equal(innocent, np.ones((4, 3)))
            for name, ended in zip(NAMES, ends, strict=True):
                assert judge(CORPUS[name], ended) == [], name
    assert survivors(known, 5.0) == {}
    for folder, state in zip(folders.values(), before, strict=True):
        assert differences(state, stage.state(folder, engine=False)) == []
    assert stage.problems() == []
