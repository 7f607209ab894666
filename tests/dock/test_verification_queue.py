"""The queue of verifications: leases, tries, and what a worker that lost its lease can still do."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.dock.learnwares import identity_of, package, publish_learnware, semantic, store, submit_learnware

from beimingwu.db.models import Learnware, Verification, VerificationLine, Version
from beimingwu.services.verification_queue import LogLine

REPORT: dict[str, Any] = {"status": "ok", "findings": []}


def version_of(rig: Any, learnware_id: str, number: int = 1) -> Version:
    with rig.dock.database.read() as session:
        one = (Version.learnware_id == int(learnware_id)) & (Version.number == number)
        return session.scalars(select(Version).where(one)).one()


def serving(rig: Any, learnware_id: str) -> int | None:
    with rig.dock.database.read() as session:
        return session.get_one(Learnware, int(learnware_id)).serving_version


def update(rig: Any, learnware_id: str, tmp_path: Any) -> None:
    """Make another version."""
    blob = store(rig, package(tmp_path, name="iris of the south"))
    rig.dock.submissions.update(
        identity_of(rig), learnware_id, rig.origin(), blob=blob, semantic_spec=semantic(name="iris of the south")
    )


def lines(rig: Any, *texts: str, first: int = 1) -> list[LogLine]:
    return [LogLine(number, rig.clock(), text) for number, text in enumerate(texts, first)]


def test_from_waiting_to_success(rig: Any) -> None:
    learnware_id = submit_learnware(rig)
    queue = rig.dock.verification_queue
    claim = queue.claim("one")
    assert (claim.learnware_id, claim.number, claim.attempt) == (int(learnware_id), 1, 1)
    assert (claim.spent, claim.superseded) == (False, False)
    version = version_of(rig, learnware_id)
    assert (version.state, version.worker, version.attempts) == ("QUEUE", claim.holder, 1)
    assert queue.claim("two") is None
    assert queue.begin(claim)
    assert version_of(rig, learnware_id).state == "PROCESSING"
    assert queue.renew(claim, lines(rig, "a", "b")) == "held"
    # Somebody who did not hear that lines were written writes them again.
    assert queue.decide(claim, accepted=True, report=REPORT, lines=lines(rig, "b", "c", first=2))
    version = version_of(rig, learnware_id)
    assert (version.state, version.worker, version.decided_at) == ("SUCCESS", None, rig.clock())
    assert serving(rig, learnware_id) == 1
    log = rig.dock.verifications.log(identity_of(rig), learnware_id, 1)
    assert [line.split(" ", 2)[2] for line in log.splitlines()] == ["a", "b", "c"]
    assert queue.claim("one") is None


def test_the_oldest_first(rig: Any) -> None:
    ids = []
    for number in range(3):
        ids.append(submit_learnware(rig, name=f"iris number {number}"))
        rig.clock.forward(seconds=1)
    claimed = [rig.dock.verification_queue.claim("one").learnware_id for _ in ids]
    assert claimed == [int(one) for one in ids]


def test_a_lease_that_is_over_is_taken_by_another_and_the_first_changes_nothing(rig: Any) -> None:
    learnware_id = submit_learnware(rig)
    queue = rig.dock.verification_queue
    slow = queue.claim("slow")
    assert queue.begin(slow)
    rig.clock.forward(seconds=59)
    assert queue.renew(slow) == "held"
    rig.clock.forward(seconds=59)
    assert queue.claim("other") is None
    rig.clock.forward(seconds=1)
    other = queue.claim("other")
    assert (other.version_id, other.attempt) == (slow.version_id, 2)
    before = version_of(rig, learnware_id)
    assert not queue.begin(slow)
    assert queue.renew(slow, lines(rig, "late")) == "lost"
    assert not queue.decide(slow, accepted=False, report=REPORT, lines=lines(rig, "late"))
    assert not queue.leave(slow, report=REPORT, lines=[])
    assert not queue.put_off(slow, report=REPORT, lines=[])
    assert not queue.give_back(slow)
    after = version_of(rig, learnware_id)
    assert (after.state, after.worker, after.due_at) == (before.state, before.worker, before.due_at)
    with rig.dock.database.read() as session:
        assert session.scalars(select(VerificationLine)).all() == []
        tries = session.scalars(select(Verification).order_by(Verification.id)).all()
        assert [one.ended_at is None for one in tries] == [False, True]
    assert queue.begin(other)
    assert queue.decide(other, accepted=True, report=REPORT, lines=[])
    assert serving(rig, learnware_id) == 1


def test_the_same_name_is_not_the_same_claim(rig: Any) -> None:
    submit_learnware(rig)
    queue = rig.dock.verification_queue
    first = queue.claim("one")
    assert queue.release("one") == 1
    # Names are no patterns, and no beginnings of names.
    assert queue.release("on") == queue.release("%") == 0
    second = queue.claim("one")
    assert second.version_id == first.version_id
    assert not queue.begin(first)
    assert queue.begin(second)


def test_tries_come_to_an_end(make_rig: Any) -> None:
    rig = make_rig(verify_attempts=3, verify_retry_seconds=10)
    learnware_id = submit_learnware(rig)
    queue = rig.dock.verification_queue
    for attempt, wait in ((1, 10), (2, 40)):
        claim = queue.claim("one")
        assert (claim.attempt, claim.spent) == (attempt, False)
        assert queue.begin(claim)
        assert queue.put_off(claim, report=REPORT, lines=[])
        assert version_of(rig, learnware_id).state == "WAITING"
        rig.clock.forward(seconds=wait - 0.5)
        assert queue.claim("one") is None
        rig.clock.forward(seconds=0.5)
    # The third worker is killed.
    assert queue.claim("one").attempt == 3
    rig.clock.forward(seconds=60)
    last = queue.claim("one")
    assert (last.attempt, last.spent) == (3, True)
    assert queue.leave(last, report=REPORT, lines=[])
    assert version_of(rig, learnware_id).state == "FAIL"
    assert serving(rig, learnware_id) is None


def test_what_is_given_back_was_no_try(rig: Any) -> None:
    learnware_id = submit_learnware(rig)
    queue = rig.dock.verification_queue
    for _ in range(5):
        claim = queue.claim("one")
        assert claim.attempt == 1
        assert queue.give_back(claim)
    version = version_of(rig, learnware_id)
    assert (version.state, version.attempts, version.worker) == ("WAITING", 0, None)
    with rig.dock.database.read() as session:
        assert session.scalars(select(Verification)).all() == []


def test_what_could_not_be_checked_goes_on_serving(rig: Any) -> None:
    learnware_id = publish_learnware(rig)
    queue = rig.dock.verification_queue
    rig.dock.verifications.verify_again(identity_of(rig), learnware_id, 1, rig.origin())
    assert (version_of(rig, learnware_id).state, serving(rig, learnware_id)) == ("WAITING", 1)
    assert queue.leave(queue.claim("one"), report=REPORT, lines=[])
    assert (version_of(rig, learnware_id).state, serving(rig, learnware_id)) == ("SUCCESS", 1)
    rig.dock.verifications.verify_again(identity_of(rig), learnware_id, 1, rig.origin())
    assert queue.decide(queue.claim("one"), accepted=False, report=REPORT, lines=[])
    assert (version_of(rig, learnware_id).state, serving(rig, learnware_id)) == ("FAIL", None)


def test_a_newer_version_makes_an_older_one_needless(rig: Any, tmp_path: Any) -> None:
    learnware_id = submit_learnware(rig)
    queue = rig.dock.verification_queue
    claim = queue.claim("one")
    assert queue.begin(claim)
    assert queue.renew(claim) == "held"
    update(rig, learnware_id, tmp_path)
    standing = queue.renew(claim)
    if version_of(rig, learnware_id).state == "PROCESSING":
        assert standing == "superseded"
        assert queue.leave(claim, report=REPORT, lines=[])
    newer = queue.claim("one")
    assert (newer.number, newer.superseded) == (2, False)
    assert queue.decide(newer, accepted=True, report=REPORT, lines=[])
    assert version_of(rig, learnware_id).state == "FAIL"
    assert serving(rig, learnware_id) == 2


def test_a_learnware_that_is_deleted_meanwhile(rig: Any) -> None:
    learnware_id = submit_learnware(rig)
    queue = rig.dock.verification_queue
    claim = queue.claim("one")
    assert queue.begin(claim)
    rig.dock.ownership.delete(identity_of(rig), learnware_id, rig.origin())
    assert queue.renew(claim, lines(rig, "late")) == "lost"
    assert not queue.decide(claim, accepted=True, report=REPORT, lines=lines(rig, "late"))
    assert queue.claim("one") is None


def test_old_tries_are_forgotten(make_rig: Any) -> None:
    rig = make_rig(verify_attempts=20, verify_retry_seconds=0)
    submit_learnware(rig)
    queue = rig.dock.verification_queue
    for _ in range(9):
        assert queue.put_off(queue.claim("one"), report=REPORT, lines=lines(rig, "x"))
    with rig.dock.database.read() as session:
        assert list(session.scalars(select(Verification.id).order_by(Verification.id))) == [5, 6, 7, 8, 9]


def test_many_claim_at_once_and_each_gets_its_own(rig: Any) -> None:
    count = 12
    for number in range(count):
        submit_learnware(rig, name=f"iris number {number}", seed=number)
    claimed: list[Any] = []
    lock = threading.Lock()
    begin = threading.Barrier(4)

    def work(name: str) -> None:
        begin.wait()
        while (claim := rig.dock.verification_queue.claim(name)) is not None:
            with lock:
                claimed.append(claim)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Nobody waits for a row that another one is just taking, so one of them may be left for the next round.
    while (claim := rig.dock.verification_queue.claim("last")) is not None:
        claimed.append(claim)
    assert sorted(claim.learnware_id for claim in claimed) == list(range(1, count + 1))
    assert len({claim.holder for claim in claimed}) == count


@pytest.mark.parametrize("seconds", [1, 60])
def test_how_long_a_lease_is(make_rig: Any, seconds: float) -> None:
    rig = make_rig(lease_seconds=seconds)
    submit_learnware(rig)
    claim = rig.dock.verification_queue.claim("one")
    assert claim.expires_at == rig.clock() + timedelta(seconds=seconds)
