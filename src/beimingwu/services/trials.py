"""Trials: people send a small table, or texts, and see what a model makes of it. Workers run it, in the sandbox."""

from __future__ import annotations

import json
import math
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import delete, func, select

from beimingwu.db.models import Learnware, Trial, Version
from beimingwu.errors import NotFoundError, QuotaExceededError
from beimingwu.services.access import public_condition
from beimingwu.services.learnware_ids import format_id, no_learnware, parse_id
from beimingwu.services.rate_limits import Limit
from beimingwu.services.texts import storable
from beimingwu.services.trial_input import bytes_of_inputs, inputs_of_bytes, read_trial_inputs, shape_taken
from beimingwu.services.trial_queue import UNDECIDED_TRIALS
from learnware.texts import text

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.rates import Rate
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.rate_limits import RateLimits
    from beimingwu.services.trial_queue import Reason
    from beimingwu.settings import Settings

__all__ = ["TrialData", "TrialRules", "TrialStatus", "TrialView", "Trials"]

TrialStatus = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class TrialView:
    """How a trial goes, or went.

    Attributes
    ----------
    trial_id : str
    status : str
        ``"waiting"``, ``"running"``, ``"done"`` or ``"failed"``.
    outputs : list or None
        What the model answered, one for each row: a number, a text, or a list of them; None unless it is done.
    output_shape : tuple of int or None
        Of all outputs.
    probabilities : list of list of float or None
        Of the classes, for each row, where the model gives any.
    seconds : float or None
        How long the model took, the loading included; None where it did not come to that.
    reason : str or None
        Why there is no answer; see `services.trial_queue.Reason`.
    error : str or None
        The same in a sentence.
    """

    trial_id: str
    status: TrialStatus
    outputs: list[Any] | None = None
    output_shape: tuple[int, ...] | None = None
    probabilities: list[list[float]] | None = None
    seconds: float | None = None
    reason: Reason | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TrialRules:
    """What may be asked of a learnware, for somebody who is about to.

    Attributes
    ----------
    data_type : {"Table", "Text"}
    columns : int
        That it takes; a text is a row of one.
    most_rows : int
        Of one trial.
    most_characters : int or None
        Of all texts of one trial together; None for tables.
    at_a_time : int
        Trials of one account that wait or run, at most.
    rate : Rate
        How many trials one account may ask for.
    seconds : float
        That the model may take.
    kept_seconds : int
        How long an answer is kept.
    """

    data_type: Literal["Table", "Text"]
    columns: int
    most_rows: int
    most_characters: int | None
    at_a_time: int
    rate: Rate
    seconds: float
    kept_seconds: int


class Trials:
    """Trials, for everybody who is logged in: with learnwares that are verified and not withdrawn.

    Parameters
    ----------
    database : Database
    settings : Settings
    limits : RateLimits
    clock : Clock
    """

    def __init__(self, database: Database, settings: Settings, limits: RateLimits, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._limits = limits
        self._clock = clock

    def rules(self, learnware_id: str) -> TrialRules:
        """Return what may be asked of a learnware.

        Raises
        ------
        NotFoundError
            If there is no such learnware, or none that is verified and not withdrawn.
        WrongDataTypeError
            If the learnware takes neither tables nor texts.
        """
        limits = self._settings
        with self._database.read() as session:
            shape = shape_taken(_serving(session, parse_id(learnware_id)).semantic_spec, limits)
        return TrialRules(
            data_type=shape.data_type,
            columns=shape.columns,
            most_rows=shape.most_rows,
            most_characters=shape.most_characters,
            at_a_time=limits.trials_per_user,
            rate=limits.limit_trials,
            seconds=limits.trial_seconds,
            kept_seconds=limits.trial_kept_seconds,
        )

    def ask(self, identity: Identity, learnware_id: str, rows: Any, columns: Any, origin: Origin) -> TrialView:
        """Let a learnware's model answer a table or texts, soon.

        Parameters
        ----------
        identity : Identity
        learnware_id : str
        rows, columns : object
            As `services.trial_input.read_trial_inputs` takes them.
        origin : Origin

        Raises
        ------
        NotFoundError
            If there is no such learnware, or none that is verified and not withdrawn.
        InvalidInputError
            If the learnware takes neither tables nor texts, or no such ones.
        TooManyRequestsError
            If the account asks too often.
        QuotaExceededError
            If too many trials of the account wait already.
        NotAllowedError
            If the token is not good for reading.
        """
        identity.require("read")
        number = parse_id(learnware_id)
        with self._database.read() as session:
            semantic_spec = _serving(session, number).semantic_spec
        inputs = read_trial_inputs(rows, columns, semantic_spec, self._settings)
        self._limits.count([Limit("trials", self._settings.limit_trials, str(identity.user_id))], origin)
        now = self._clock()
        with self._database.write() as session:
            # It must not go before the row that refers to it is there.
            session.scalar(
                select(Learnware.id).where(Learnware.id == number).with_for_update(read=True, key_share=True)
            )
            version = _serving(session, number)
            if version.semantic_spec != semantic_spec:
                # A new version serves since; it may take something else.
                inputs = read_trial_inputs(rows, columns, version.semantic_spec, self._settings)
            self._database.lock(session, f"trials of {identity.user_id}")
            mine = (Trial.user_id == identity.user_id) & Trial.state.in_(UNDECIDED_TRIALS) & (Trial.expires_at > now)
            waiting = session.scalar(select(func.count()).select_from(Trial).where(mine)) or 0
            if waiting >= self._settings.trials_per_user:
                raise QuotaExceededError(
                    text("{waiting} trials of yours wait or run; wait for their answers first", waiting=waiting)
                )
            trial_id = secrets.token_hex(16)
            session.add(
                Trial(
                    id=trial_id,
                    user_id=identity.user_id,
                    version_id=version.id,
                    created_at=now,
                    expires_at=now + timedelta(seconds=self._settings.trial_kept_seconds),
                    rows=bytes_of_inputs(inputs),
                    n_rows=len(inputs),
                    state="WAITING",
                    due_at=now,
                    attempts=0,
                )
            )
        return TrialView(trial_id, "waiting")

    def view(self, identity: Identity, trial_id: str) -> TrialView:
        """Return how a trial of one's own goes.

        Raises
        ------
        NotFoundError
            If there is no such trial, it is somebody else's, or it is over.
        NotAllowedError
            If the token is not good for reading.
        """
        identity.require("read")
        with self._database.read() as session:
            mine = (Trial.id == trial_id) & (Trial.user_id == identity.user_id) & (Trial.expires_at > self._clock())
            trial = session.scalar(select(Trial).where(mine)) if storable(trial_id) else None
            if trial is None:
                raise NotFoundError(text("there is no such trial, or it is over"))
            return _view(trial)


class TrialData:
    """What trials keep of people: what they sent and what was answered, for an hour."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return them."""
        rows = session.execute(
            select(Trial, Version.learnware_id, Version.semantic_spec)
            .join(Version, Version.id == Trial.version_id)
            .where(Trial.user_id == user_id)
            .order_by(Trial.created_at, Trial.id)
        )
        return {"trials": [_exported(*row) for row in rows]}

    def erase(self, session: Session, user_id: int) -> None:
        """Delete them."""
        session.execute(delete(Trial).where(Trial.user_id == user_id))


def _serving(session: Session, number: int) -> Row[tuple[int, dict[str, Any]]]:
    """Return the id and the specification of the version that everybody may use."""
    query = (
        select(Version.id, Version.semantic_spec)
        .join(Learnware, (Learnware.id == Version.learnware_id) & (Learnware.serving_version == Version.number))
        .where(Learnware.id == number, public_condition())
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise no_learnware()
    return found


def _view(trial: Trial) -> TrialView:
    answer: dict[str, Any] = {} if trial.answer is None else json.loads(trial.answer)
    shape = answer.get("output_shape")
    return TrialView(
        trial.id,
        cast("TrialStatus", trial.state.lower()),
        answer.get("outputs"),
        None if shape is None else tuple(shape),
        answer.get("probabilities"),
        trial.seconds,
        cast("Reason | None", trial.reason),
        trial.error,
    )


def _exported(trial: Trial, learnware_id: int, semantic_spec: dict[str, Any]) -> dict[str, Any]:
    view = _view(trial)
    return {
        "learnware_id": format_id(learnware_id),
        "created_at": trial.created_at,
        "status": view.status,
        "rows": _shown(trial, semantic_spec),
        "outputs": view.outputs,
        "probabilities": view.probabilities,
        "error": view.error,
    }


def _shown(trial: Trial, semantic_spec: dict[str, Any]) -> list[Any] | None:
    """Return what was sent, None once it is answered."""
    if trial.rows is None:
        return None
    inputs = inputs_of_bytes(trial.rows, trial.n_rows, semantic_spec)
    if isinstance(inputs, list):
        return inputs
    return [[None if math.isnan(cell) else cell for cell in row] for row in inputs.tolist()]
