"""One try to let a learnware's model answer rows or texts of somebody's who waits for it."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import structlog

from beimingwu.errors import ServiceError
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.package_checks import package_limits
from beimingwu.services.verification_text import shortened
from beimingwu.worker.lease import Lease
from learnware.errors import LearnwareError, ModelError, ModelTimeoutError, ResourceLimitError
from learnware.learnware import get_learnware_from_dirpath, unpack
from learnware.market.rules import Promise
from learnware.runtime import Limits, ModelRunner, RunningModel
from learnware.texts import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from beimingwu.services.trial_queue import Reason, TrialClaim
    from beimingwu.worker.attempt import Tools

__all__ = ["TrialAttempt", "TrialOutcome", "shown_outputs"]

TrialOutcome = Literal["answered", "failed", "put off", "given back", "lost"]

_LONGEST_ERROR = 1000
# What an answer may be before it is looked at; as JSON it has to be smaller still.
_OUTPUT_BYTES = 16 << 20
_PRINTED_BYTES = 1 << 20
_GONE = text("the learnware was withdrawn or deleted meanwhile")
_WORKERS = text("so many workers came to an end, one after the other, while they ran this trial")
_TIME = text("the model did not answer in the time that a trial has")
_DOCK = text("this dock could not run the model; try again later")
_LARGE = text("the answer is too large to be shown; send fewer rows")
_log = structlog.get_logger(__name__)


class _NoAnswerError(Exception):
    """There is no answer to the trial, and another try would not bring one."""

    def __init__(self, reason: Reason, words: str, seconds: float | None = None) -> None:
        super().__init__(words)
        self.reason = reason
        self.words = words
        self.seconds = seconds


class TrialAttempt:
    """One try to answer the trial of a claim.

    Parameters
    ----------
    tools : Tools
    claim : TrialClaim
    """

    def __init__(self, tools: Tools, claim: TrialClaim) -> None:
        self._tools = tools
        self._queue = tools.dock.trial_queue
        self._settings = tools.dock.settings
        self._claim = claim
        self._lease = Lease(
            lambda: self._queue.renew(claim),
            self._settings.lease_seconds,
            told={"trial_id": claim.trial_id},
            look=self._look,
        )
        # What is ended early: building the environment, then the model.
        self._lock = threading.Lock()
        self._runner: ModelRunner | None = None
        self._give_up_at = time.monotonic() + self._settings.verify_seconds
        self._cancelled_for: Literal["lease", "stop", "time"] | None = None

    def run(self) -> TrialOutcome:
        """Let the model answer, and write down what came of it if the trial is still held."""
        claim = self._claim
        if claim.spent or not claim.offered:
            return self._fail("workers", _WORKERS) if claim.spent else self._fail("gone", _GONE)
        try:
            with self._lease:
                answer, seconds = self._answered()
        except _NoAnswerError as error:
            return self._fail(error.reason, error.words, error.seconds)
        except (ServiceError, LearnwareError, OSError) as error:
            return self._hindered(str(error))
        except Exception:  # noqa: BLE001  # the edge of a worker: one trial must not end it
            _log.exception("trial_failed", learnware_id=format_id(claim.learnware_id))
            return self._hindered("the worker failed")
        if self._lease.standing != "held":
            return "lost"
        wrote = self._lease.write(lambda: self._queue.answer(claim, answer, seconds=seconds))
        return "answered" if wrote else "lost"

    def _answered(self) -> tuple[dict[str, Any], float]:
        """Return the answer, and how long the model took.

        Raises
        ------
        _NoAnswerError
            If the model gives none, or none that can be shown.
        ServiceError, LearnwareError, OSError
            If the dock is at fault.
        """
        claim, settings = self._claim, self._settings
        with (
            self._tools.dock.store.local(claim.sha256) as path,
            tempfile.TemporaryDirectory(prefix="learnware-trial-", ignore_cleanup_errors=True) as scratch,
            ModelRunner(
                settings.verify_in,
                sandbox=settings.verify_sandbox,
                limits=Limits(
                    seconds=settings.trial_seconds,
                    memory_bytes=settings.verify_memory_bytes,
                    output_bytes=_OUTPUT_BYTES,
                    printed_bytes=_PRINTED_BYTES,
                ),
                store=self._tools.environments,
                max_processes=1,
            ) as runner,
        ):
            self._watch(runner, settings.verify_seconds)
            folder = unpack(path, Path(scratch) / "learnware", limits=package_limits(settings))
            learnware = get_learnware_from_dirpath(
                format_id(claim.learnware_id), claim.semantic_spec, folder, ignore_error=False
            )
            assert learnware is not None  # noqa: S101  # errors are not ignored
            learnware.made = claim.made
            learnware.run_with(runner)
            model = learnware.model
            assert isinstance(model, RunningModel)  # noqa: S101  # what `run_with` makes of it
            model.prepare()
            self._watch(runner, settings.trial_seconds)
            began = time.monotonic()
            try:
                answer = self._ask(model)
            except ModelError as error:
                raise self._no_answer(error, time.monotonic() - began) from error
            seconds = time.monotonic() - began
        if len(json.dumps(answer)) > settings.trial_answer_bytes:
            raise _NoAnswerError("answer", _LARGE, seconds)
        return answer, seconds

    def _ask(self, model: RunningModel) -> dict[str, Any]:
        """Return what the model answers."""
        described = model.describe()
        shape = described["input_shape"]
        inputs = self._claim.inputs
        if not isinstance(inputs, list) and shape and len(shape) > 1 and np.prod(shape) == inputs.shape[1]:
            inputs = inputs.reshape(len(inputs), *shape)
        outputs = model.predict(inputs)
        probabilities = None
        if "predict_proba" in described["methods"] and Promise.of(self._claim.semantic_spec).task == "Classification":
            try:
                probabilities = model.predict_proba(inputs)
            except ModelError as error:
                if self._cancelled_for is not None:
                    raise
                # Learnwares need not give any; the answer is there without them. What a model says of somebody's data
                # is for nobody but who has asked.
                _log.info("trial_without_probabilities", kind=type(error).__name__)
        shown = shown_outputs(outputs)
        return {
            "outputs": shown.tolist(),
            "output_shape": list(shown.shape),
            "probabilities": None if probabilities is None else shown_outputs(probabilities, keep=True).tolist(),
        }

    def _no_answer(self, error: ModelError, seconds: float) -> _NoAnswerError:
        reason: Reason = "model"
        words: str = self._scrubbed(error)
        if self._cancelled_for == "time" or isinstance(error, ModelTimeoutError):
            reason, words = "time", _TIME
        elif isinstance(error, ResourceLimitError):
            reason, words = ("answer", _LARGE) if error.limit == "output_bytes" else ("limit", words)
        return _NoAnswerError(reason, words, seconds)

    def _scrubbed(self, error: Exception) -> str:
        return shortened(self._tools.scrub(str(error)[: 4 * _LONGEST_ERROR]), _LONGEST_ERROR)

    def _watch(self, runner: ModelRunner, seconds: float) -> None:
        """End a runner when the worker is to end, the trial is lost, or so many seconds have passed."""
        with self._lock:
            self._give_up_at = time.monotonic() + seconds
            self._runner = runner

    def _look(self) -> bool:
        """End what runs if it is to be; the lease can wait."""
        with self._lock:
            if self._runner is None or self._cancelled_for is not None:
                return False
            if self._lease.standing != "held":
                self._cancelled_for = "lease"
            elif self._tools.stop.is_set():
                self._cancelled_for = "stop"
            elif time.monotonic() > self._give_up_at:
                self._cancelled_for = "time"
            else:
                return False
            runner = self._runner
        runner.close()
        return False

    def _hindered(self, why: str) -> TrialOutcome:
        """Let another try be made of what is no fault of the model's, if there is one left."""
        if self._cancelled_for == "stop":
            return self._give_back()
        if self._lease.standing != "held":
            return "lost"
        claim = self._claim
        _log.warning("trial_hindered", error=why, learnware_id=format_id(claim.learnware_id))
        if claim.last:
            return self._fail("dock", _DOCK)
        return "put off" if self._lease.write(lambda: self._queue.put_off(claim)) else "lost"

    def _fail(self, reason: Reason, words: str, seconds: float | None = None) -> TrialOutcome:
        if self._cancelled_for == "stop":
            return self._give_back()
        if self._lease.standing != "held":
            return "lost"
        wrote = self._lease.write(lambda: self._queue.fail(self._claim, reason, words, seconds=seconds))
        return "failed" if wrote else "lost"

    def _give_back(self) -> TrialOutcome:
        return "given back" if self._lease.write(lambda: self._queue.give_back(self._claim)) else "lost"


def shown_outputs(outputs: NDArray[Any], *, keep: bool = False) -> NDArray[Any]:
    """Return outputs as JSON shows them best.

    A column of its own to each row is one value to each row. Numbers of half and single precision get the shortest
    digits that mean them: 0.1, not 0.10000000149011612.

    Parameters
    ----------
    outputs : ndarray of shape (n_rows, ...)
    keep : bool, default=False
        Whether the shape stays as it is.

    Examples
    --------
    >>> import numpy as np
    >>> shown_outputs(np.array([[0.1], [2.0]], dtype=np.float32)).tolist()
    [0.1, 2.0]
    """
    shown = outputs.reshape(len(outputs)) if outputs.ndim == 2 and outputs.shape[1] == 1 and not keep else outputs
    if shown.dtype.kind == "f" and shown.dtype.itemsize < 8:
        return shown.astype(str).astype(np.float64)
    return shown
