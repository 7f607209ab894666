"""An owner of hostile learnwares that is killed, and a witness of what becomes of them.

``python -m tests.hostile.owner witness PLAN`` starts an owner, kills it when all of its learnwares have struck, and
ends when everything below has ended; what outlives its parents becomes a child of the witness.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from tests.hostile.specimen import STRIKES

from learnware.errors import ModelError
from learnware.runtime import Limits, ModelProcess

_PR_SET_CHILD_SUBREAPER = 36
_READY = "all have struck"
_SECONDS_TO_STRIKE = 60.0


def own(plan: dict[str, Any]) -> None:
    """Ask all learnwares at the same time, say when all have struck, and wait to be killed."""
    limits = Limits(**plan["limits"])
    processes = [
        ModelProcess(folder, {"class_name": "Model"}, sandbox=plan["level"], limits=limits)
        for folder in plan["folders"]
    ]

    def ask(process: ModelProcess) -> None:
        with suppress(ModelError):
            process.predict(np.zeros((1, 3)))

    for process in processes:
        threading.Thread(target=ask, args=(process,), daemon=True).start()
    end = time.monotonic() + _SECONDS_TO_STRIKE
    waiting = processes
    while waiting and time.monotonic() < end:
        time.sleep(0.02)
        waiting = [process for process in waiting if STRIKES not in process.output]
    sys.stdout.write(f"{len(waiting)} have not struck\n" if waiting else f"{_READY}\n")
    sys.stdout.flush()
    signal.pause()


def witness(plan: str) -> int:
    """Kill an owner in the middle and wait for all that it has started."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    owner = subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.owner", "own", plan], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    words = owner.stdout.readline().strip()
    owner.kill()
    owner.wait()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    sys.stdout.write(words)
    return 0 if words == _READY else 1


if __name__ == "__main__":
    if sys.argv[1] == "own":
        own(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    else:
        sys.exit(witness(sys.argv[2]))
