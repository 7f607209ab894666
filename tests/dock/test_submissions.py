"""Submissions: what is taken in, what is refused, and what becomes of it."""

from __future__ import annotations

import threading
import zipfile
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from beimingwu.db.models import AuditEvent, Learnware, RemovedLearnware, StatSpec, Version
from beimingwu.errors import (
    ConflictError,
    DuplicateContentError,
    InvalidInputError,
    InvalidSubmissionError,
    LearnwaresLeftError,
    NotAllowedError,
    NotFoundError,
    NothingChangedError,
    QuotaExceededError,
    SensitiveWordsError,
    TooManyRequestsError,
)
from beimingwu.services.identity import Identity, Role
from beimingwu.services.learnware_ids import format_id, parse_id
from learnware.learnware import content_hash, read_package
from learnware.market.index import decode_stat_spec

if TYPE_CHECKING:
    from pathlib import Path


def count(rig: Any, table: Any) -> int:
    with rig.dock.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def row_of(rig: Any, learnware_id: str) -> Learnware:
    with rig.dock.database.read() as session:
        return session.get_one(Learnware, parse_id(learnware_id))


def only(identity: Identity, *scopes: str) -> Identity:
    """Return the identity of an API token with these scopes."""
    return Identity(
        identity.user_id, identity.username, identity.email, identity.role, frozenset(scopes), None, api_token_id=1
    )


@pytest.fixture
def blob(rig: Any, learnwares: Any, tmp_path: Path) -> Any:
    """A package in the store."""
    return learnwares.store(rig, learnwares.package(tmp_path))


@pytest.mark.parametrize(
    "wrong", ["", "1", "0000001", "00000000", "000000017", "0000001\u0667", "0000001\n", "9" * 19, "-0000017"]
)
def test_ids(wrong: str) -> None:
    assert parse_id(format_id(17)) == 17
    assert parse_id(format_id(123_456_789)) == 123_456_789
    with pytest.raises(NotFoundError):
        parse_id(wrong)


def test_what_is_kept(rig: Any, learnwares: Any, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in learnwares.files().items():
            archive.writestr(zipfile.ZipInfo(f"top/{name}", (2024, 5, 6, 7, 8, 9)), content)
    spec = learnwares.semantic(name="iris of the south", description="More Than Ten Characters")
    blob = learnwares.store(rig, path)
    submitted = rig.dock.submissions.submit(learnwares.identity_of(rig), blob, spec, rig.origin())
    assert (submitted.learnware_id, submitted.version) == ("00000001", 1)
    row = row_of(rig, "00000001")
    assert (row.name, row.data_type, row.task_type, row.license) == (
        "iris of the south", "Table", "Classification", "MIT"
    )  # fmt: skip
    assert (row.scenarios, row.newest_version, row.serving_version) == (["Education"], 1, None)
    assert "more than ten" in row.search_text
    with rig.dock.database.read() as session:
        version = session.scalars(select(Version)).one()
        kept = session.scalars(select(StatSpec)).one()
    assert (version.state, version.worker, version.attempts, version.due_at) == ("WAITING", None, 0, rig.clock())
    assert version.made_at == datetime(2024, 5, 6, tzinfo=timezone.utc)
    assert (version.uploaded_sha256, version.semantic_spec) == (blob.sha256, spec)
    with rig.dock.store.local(version.sha256) as served:
        package = read_package(served)
        assert package.manifest.id == "00000001"
        assert package.semantic_spec == spec
        assert package.top_folder is None
        assert content_hash(served) == content_hash(path) == version.content_hash
        spec_of_package = package.stat_specs["RKMETableSpecification"]
    decoded = decode_stat_spec(kept.type, kept.header, kept.arrays)
    assert decoded.get_states()["z"].tolist() == spec_of_package.get_states()["z"].tolist()


def test_the_specification_in_the_package(rig: Any, learnwares: Any, blob: Any) -> None:
    learnware_id = rig.dock.submissions.submit(learnwares.identity_of(rig), blob, None, rig.origin()).learnware_id
    assert row_of(rig, learnware_id).name == "iris of the north"


def test_the_same_content_is_taken_once(rig: Any, learnwares: Any, blob: Any, tmp_path: Path) -> None:
    ada, bob = learnwares.identity_of(rig, "ada"), learnwares.identity_of(rig, "bob")
    spec = learnwares.semantic(name="another name")
    first = rig.dock.submissions.submit(ada, blob, spec, rig.origin()).learnware_id

    def refused(identity: Identity, given: Any) -> str | None:
        with pytest.raises(DuplicateContentError) as caught:
            rig.dock.submissions.submit(identity, given, spec, rig.origin())
        return caught.value.learnware_id

    # Nobody else may know which one as long as it is not public.
    assert (refused(ada, blob), refused(bob, blob)) == (first, None)
    learnwares.decide(rig, first)
    assert refused(bob, blob) == first
    again = tmp_path / "again.zip"
    with zipfile.ZipFile(again, "w", zipfile.ZIP_STORED) as archive:
        for name, content in learnwares.files().items():
            archive.writestr(f"folder/{name}", content)
    assert refused(bob, learnwares.store(rig, again)) == first
    with rig.dock.database.read() as session:
        served = session.scalars(select(Version.sha256)).one()
    with rig.dock.store.local(served) as path:
        assert refused(bob, learnwares.store(rig, path)) == first
    assert count(rig, Learnware) == 1
    rig.dock.ownership.delete(ada, first, rig.origin())
    assert rig.dock.submissions.submit(bob, blob, spec, rig.origin()).learnware_id > first


def test_what_was_refused_is_in_its_owners_way_only(rig: Any, learnwares: Any, blob: Any) -> None:
    ada, bob = learnwares.identity_of(rig, "ada"), learnwares.identity_of(rig, "bob")
    first = rig.dock.submissions.submit(ada, blob, None, rig.origin()).learnware_id
    learnwares.decide(rig, first, accepted=False)
    with pytest.raises(DuplicateContentError, match=first):
        rig.dock.submissions.submit(ada, blob, None, rig.origin())
    assert rig.dock.submissions.submit(bob, blob, None, rig.origin()).learnware_id != first


def test_one_of_many_at_the_same_moment(rig: Any, learnwares: Any, blob: Any) -> None:
    people = [learnwares.identity_of(rig, name) for name in ("ada", "bob", "ada", "eve")]
    outcomes: list[Any] = []
    start = threading.Barrier(len(people))

    def submit(identity: Identity) -> None:
        start.wait(30)
        try:
            outcomes.append(rig.dock.submissions.submit(identity, blob, None, rig.origin()))
        except DuplicateContentError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=submit, args=(identity,)) for identity in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(isinstance(one, DuplicateContentError) for one in outcomes) == [False, True, True, True]
    assert (count(rig, Learnware), count(rig, Version)) == (1, 1)


def test_quotas(make_rig: Any, learnwares: Any, tmp_path: Path) -> None:
    rig = make_rig(learnwares_per_user=2, learnware_bytes_per_user=6000)
    ada = learnwares.identity_of(rig)
    first = learnwares.submit_learnware(rig, seed=1)
    learnwares.submit_learnware(rig, seed=2)
    with pytest.raises(QuotaExceededError, match="2 learnwares"):
        learnwares.submit_learnware(rig, seed=3)
    # Others have quotas of their own, and a new version is no new learnware.
    learnwares.submit_learnware(rig, "bob", seed=3)

    def update_often() -> None:
        for i in range(10):
            spec = learnwares.semantic(name=f"number {i} of many")
            rig.dock.submissions.update(ada, first, rig.origin(), semantic_spec=spec)

    with pytest.raises(QuotaExceededError, match="6000 bytes"):
        update_often()
    assert 3 < count(rig, Version) < 10
    rig.dock.ownership.delete(ada, first, rig.origin())
    learnwares.submit_learnware(rig, seed=4)


def test_how_often(make_rig: Any, learnwares: Any) -> None:
    rig = make_rig(limit_submissions="2/1h")
    learnware_id = learnwares.submit_learnware(rig)
    ada = learnwares.identity_of(rig)
    rig.dock.submissions.update(ada, learnware_id, rig.origin(), semantic_spec=learnwares.semantic(name="a new name"))
    with pytest.raises(TooManyRequestsError):
        learnwares.submit_learnware(rig, seed=2)
    learnwares.submit_learnware(rig, "bob", seed=2)
    rig.clock.forward(hours=1)
    learnwares.submit_learnware(rig, seed=3)


def test_sensitive_words(rig: Any, learnwares: Any, blob: Any) -> None:
    admin = learnwares.identity_of(rig, "root", role=Role.ADMIN)
    rig.dock.sensitive_words.add(admin, "Gambling", rig.origin())
    ada = learnwares.identity_of(rig)
    spec = learnwares.semantic(name="odds of GAMBLING", description="For gambling, and nothing else.")
    with pytest.raises(SensitiveWordsError) as caught:
        rig.dock.submissions.submit(ada, blob, spec, rig.origin())
    assert caught.value.words == ("Gambling",)
    assert [place for place, _ in caught.value.fields] == [
        "/semantic_specification/Name", "/semantic_specification/Description"
    ]  # fmt: skip
    learnware_id = rig.dock.submissions.submit(ada, blob, None, rig.origin()).learnware_id
    with pytest.raises(SensitiveWordsError):
        rig.dock.submissions.update(ada, learnware_id, rig.origin(), semantic_spec=spec)


def test_scopes(rig: Any, learnwares: Any, blob: Any) -> None:
    ada = learnwares.identity_of(rig)
    with pytest.raises(NotAllowedError):
        rig.dock.submissions.submit(only(ada, "read"), blob, None, rig.origin())
    learnware_id = rig.dock.submissions.submit(only(ada, "submit"), blob, None, rig.origin()).learnware_id
    assert rig.dock.ownership.submitted(only(ada, "submit"), learnware_id).mine
    for act in (rig.dock.ownership.withdraw, rig.dock.ownership.restore, rig.dock.ownership.delete):
        with pytest.raises(NotAllowedError):
            act(only(ada, "read"), learnware_id, rig.origin())
    assert len(rig.dock.learnware_history.versions(only(ada, "read"), learnware_id)) == 1
    with pytest.raises(NotAllowedError):
        rig.dock.learnware_history.versions(only(ada, "submit"), learnware_id)
    admin = learnwares.identity_of(rig, "root", role=Role.ADMIN)
    with pytest.raises(NotAllowedError):
        rig.dock.ownership.withdraw(only(admin, "submit"), learnware_id, rig.origin())
    rig.dock.ownership.withdraw(only(admin, "admin"), learnware_id, rig.origin())


def test_other_peoples_learnwares(rig: Any, learnwares: Any) -> None:
    learnware_id = learnwares.submit_learnware(rig)
    bob = learnwares.identity_of(rig, "bob")
    spec = learnwares.semantic(name="bob's own name")
    acts = [
        lambda: rig.dock.ownership.withdraw(bob, learnware_id, rig.origin()),
        lambda: rig.dock.ownership.restore(bob, learnware_id, rig.origin()),
        lambda: rig.dock.ownership.delete(bob, learnware_id, rig.origin()),
        lambda: rig.dock.ownership.submitted(bob, learnware_id),
        lambda: rig.dock.submissions.update(bob, learnware_id, rig.origin(), semantic_spec=spec),
    ]
    # Whether there is one is nobody's business before it is public, and no secret afterwards.
    for act in acts:
        with pytest.raises(NotFoundError):
            act()
    learnwares.decide(rig, learnware_id)
    for act in acts:
        with pytest.raises(NotAllowedError):
            act()
    assert len(rig.dock.learnware_history.versions(learnwares.identity_of(rig), learnware_id)) == 1
    for act in (rig.dock.ownership.withdraw, rig.dock.ownership.delete):
        with pytest.raises(NotFoundError):
            act(bob, "00000099", rig.origin())


def test_a_new_version(rig: Any, learnwares: Any, tmp_path: Path) -> None:
    learnware_id = learnwares.publish_learnware(rig)
    ada = learnwares.identity_of(rig)
    update = rig.dock.submissions.update
    spec = learnwares.semantic(name="iris of the west")
    rig.clock.forward(days=1)
    assert update(ada, learnware_id, rig.origin(), semantic_spec=spec).version == 2
    # The old one serves until the new one is verified.
    row = row_of(rig, learnware_id)
    assert (row.name, row.serving_version, row.newest_version) == ("iris of the north", 1, 2)
    newest, first = (one.version for one in rig.dock.learnware_history.versions(ada, learnware_id))
    assert (newest.number, newest.status, newest.semantic_specification) == (2, "WAITING", spec)
    assert (first.serving, newest.serving) == (True, False)
    with rig.dock.database.read() as session:
        old, new = session.scalars(select(Version).order_by(Version.number)).all()
    assert (new.content_hash, new.uploaded_sha256, new.made_at) == (old.content_hash, old.uploaded_sha256, old.made_at)
    assert new.sha256 != old.sha256
    learnwares.decide(rig, learnware_id, 2)
    row = row_of(rig, learnware_id)
    assert (row.name, row.serving_version, row.updated_at) == ("iris of the west", 2, rig.clock())
    blob = learnwares.store(rig, learnwares.package(tmp_path, seed=5))
    assert update(ada, learnware_id, rig.origin(), blob=blob).version == 3
    learnwares.decide(rig, learnware_id, 3, accepted=False)
    row = row_of(rig, learnware_id)
    assert (row.name, row.serving_version, row.newest_version) == ("iris of the west", 2, 3)
    # What was refused may be tried again just as it is.
    assert update(ada, learnware_id, rig.origin(), blob=blob).version == 4


def test_updates_that_are_none(rig: Any, learnwares: Any, blob: Any) -> None:
    ada = learnwares.identity_of(rig)
    learnware_id = rig.dock.submissions.submit(ada, blob, None, rig.origin()).learnware_id
    update = rig.dock.submissions.update
    with pytest.raises(InvalidInputError):
        update(ada, learnware_id, rig.origin())
    for given in ({"blob": blob}, {"semantic_spec": learnwares.semantic()}):
        with pytest.raises(NothingChangedError):
            update(ada, learnware_id, rig.origin(), **given)
    with pytest.raises(InvalidSubmissionError):
        update(ada, learnware_id, rig.origin(), semantic_spec=learnwares.semantic(name="x"))
    other = learnwares.submit_learnware(rig, seed=2)
    with pytest.raises(DuplicateContentError, match=learnware_id):
        update(ada, other, rig.origin(), blob=blob, semantic_spec=learnwares.semantic(name="other name"))
    with pytest.raises(NotFoundError):
        update(ada, "00000099", rig.origin(), blob=blob)
    assert count(rig, Version) == 2


def test_versions_at_the_same_moment(rig: Any, learnwares: Any) -> None:
    learnware_id = learnwares.publish_learnware(rig)
    ada = learnwares.identity_of(rig)
    outcomes: list[Any] = []
    start = threading.Barrier(3)

    def update(name: str) -> None:
        start.wait(30)
        try:
            spec = learnwares.semantic(name=name)
            outcomes.append(rig.dock.submissions.update(ada, learnware_id, rig.origin(), semantic_spec=spec).version)
        except ConflictError:
            outcomes.append(None)

    threads = [threading.Thread(target=update, args=(f"number {i} of them",)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    numbers = [one.version.number for one in rig.dock.learnware_history.versions(ada, learnware_id)]
    taken = sorted(one for one in outcomes if one is not None)
    assert len(outcomes) == 3
    assert taken
    assert numbers == list(range(1 + len(taken), 0, -1))
    assert row_of(rig, learnware_id).newest_version == numbers[0]


def test_withdrawing_and_restoring(rig: Any, learnwares: Any) -> None:
    learnware_id = learnwares.publish_learnware(rig)
    ada, root = learnwares.identity_of(rig), learnwares.identity_of(rig, "root", role=Role.ADMIN)
    ownership = rig.dock.ownership
    ownership.restore(ada, learnware_id, rig.origin())
    ownership.withdraw(ada, learnware_id, rig.origin())
    ownership.withdraw(ada, learnware_id, rig.origin())
    assert row_of(rig, learnware_id).withdrawn_at == rig.clock()
    assert rig.dock.catalogue.detail(ada, learnware_id).summary.withdrawn
    with pytest.raises(NotFoundError):
        rig.dock.catalogue.detail(None, learnware_id)
    ownership.restore(ada, learnware_id, rig.origin())
    assert rig.dock.catalogue.detail(None, learnware_id).summary.learnware_id == learnware_id
    # An administrator's word goes before the owner's, whoever was first.
    ownership.withdraw(ada, learnware_id, rig.origin())
    ownership.withdraw(root, learnware_id, rig.origin())
    ownership.withdraw(ada, learnware_id, rig.origin())
    with pytest.raises(NotAllowedError, match="administrator"):
        ownership.restore(ada, learnware_id, rig.origin())
    ownership.restore(root, learnware_id, rig.origin())
    ownership.withdraw(ada, learnware_id, rig.origin())
    ownership.restore(ada, learnware_id, rig.origin())
    with rig.dock.database.read() as session:
        acts = session.execute(
            select(AuditEvent.action, AuditEvent.actor_id)
            .where(AuditEvent.subject_type == "learnware")
            .order_by(AuditEvent.id)
        ).all()
    names = {ada.user_id: "ada", root.user_id: "root"}
    assert [(act.removeprefix("learnware."), names[actor]) for act, actor in acts] == [
        ("withdraw", "ada"), ("restore", "ada"), ("withdraw", "ada"), ("withdraw", "root"), ("restore", "root"),
        ("withdraw", "ada"), ("restore", "ada"),
    ]  # fmt: skip


def test_a_version_that_is_verified_while_withdrawn_is_found_once_restored(rig: Any, learnwares: Any) -> None:
    learnware_id = learnwares.submit_learnware(rig)
    ada = learnwares.identity_of(rig)
    rig.dock.ownership.withdraw(ada, learnware_id, rig.origin())
    learnwares.decide(rig, learnware_id)
    with pytest.raises(NotFoundError):
        rig.dock.catalogue.detail(None, learnware_id)
    rig.dock.ownership.restore(ada, learnware_id, rig.origin())
    assert rig.dock.catalogue.detail(None, learnware_id).summary.verified


def test_deleting(rig: Any, learnwares: Any) -> None:
    first, second = learnwares.publish_learnware(rig), learnwares.submit_learnware(rig, seed=2)
    ada, root = learnwares.identity_of(rig), learnwares.identity_of(rig, "root", role=Role.ADMIN)
    rig.dock.ownership.delete(ada, first, rig.origin())
    rig.dock.ownership.delete(root, second, rig.origin())
    assert [count(rig, table) for table in (Learnware, Version, StatSpec)] == [0, 0, 0]
    assert count(rig, RemovedLearnware) == 2
    for identity in (ada, root):
        with pytest.raises(NotFoundError):
            rig.dock.ownership.delete(identity, first, rig.origin())
    # An id is never given twice.
    assert learnwares.submit_learnware(rig, seed=3) > second


def test_an_administrator_updates(rig: Any, learnwares: Any) -> None:
    learnware_id = learnwares.publish_learnware(rig)
    root = learnwares.identity_of(rig, "root", role=Role.ADMIN)
    spec = learnwares.semantic(name="a kinder name")
    rig.dock.submissions.update(root, learnware_id, rig.origin(), semantic_spec=spec)
    with rig.dock.database.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "learnware.update")).one()
    assert (event.actor_id, event.subject_id, event.details) == (root.user_id, 1, {"version": 2})
    assert row_of(rig, learnware_id).owner_id == learnwares.identity_of(rig).user_id


def test_ones_own(rig: Any, learnwares: Any) -> None:
    ids = [learnwares.publish_learnware(rig, seed=i) for i in range(3)]
    ids.append(learnwares.submit_learnware(rig, seed=9))
    learnwares.publish_learnware(rig, "bob", seed=10)
    ada = learnwares.identity_of(rig)
    found, total = rig.dock.ownership.mine(ada, offset=1, limit=2)
    assert ([one.learnware_id for one in found], total) == ([ids[2], ids[1]], 4)
    for verified, expected in ((True, ids[2::-1]), (False, ids[3:])):
        found, total = rig.dock.ownership.mine(ada, offset=0, limit=10, verified=verified)
        assert [one.learnware_id for one in found] == expected
        assert total == len(expected)
    spec = learnwares.semantic(name="the newest name")
    rig.clock.forward(hours=1)
    rig.dock.submissions.update(ada, ids[0], rig.origin(), semantic_spec=spec)
    one = rig.dock.ownership.mine(ada, offset=3, limit=1)[0][0]
    assert (one.learnware_id, one.status, one.semantic_specification) == (ids[0], "WAITING", spec)
    assert one.changed_at == rig.clock()


def test_ones_own_data(rig: Any, learnwares: Any) -> None:
    learnware_id = learnwares.publish_learnware(rig)
    ada = learnwares.identity_of(rig)
    [exported] = rig.dock.accounts.export(ada)["learnwares"]
    assert exported["learnware_id"] == learnware_id
    assert exported["versions"][0]["semantic_specification"] == learnwares.semantic()
    with pytest.raises(LearnwaresLeftError) as caught:
        rig.dock.accounts.delete(ada, "correct horse", rig.origin())
    assert caught.value.learnware_ids == (learnware_id,)
    rig.dock.ownership.delete(ada, learnware_id, rig.origin())
    rig.dock.accounts.delete(ada, "correct horse", rig.origin())


def test_what_was_submitted_does_not_wait_any_more(make_rig: Any, learnwares: Any, tmp_path: Path) -> None:
    rig = make_rig(uploads_per_user=2, upload_quota_bytes=4000)
    ada = learnwares.identity_of(rig)
    for seed in range(4):
        content = learnwares.package(tmp_path, seed=seed).read_bytes()
        upload = rig.dock.uploads.create(ada, size=len(content), filename="x.zip")
        rig.dock.uploads.append(ada, upload.upload_id, 0, [content])
        blob = rig.dock.uploads.finished(ada, upload.upload_id)
        rig.dock.submissions.submit(ada, blob, None, rig.origin())
    assert count(rig, Learnware) == 4


def test_on_every_store(make_rig: Any, storage: dict[str, Any], learnwares: Any) -> None:
    rig = make_rig(**storage)
    learnware_id = learnwares.publish_learnware(rig)
    ada = learnwares.identity_of(rig)
    # The package of the first version is read from the store, and written to it with what is new.
    spec = learnwares.semantic(name="iris of the west")
    rig.dock.submissions.update(ada, learnware_id, rig.origin(), semantic_spec=spec)
    newest, first = (one.version for one in rig.dock.learnware_history.versions(ada, learnware_id))
    for version in (newest, first):
        with rig.dock.store.local(version.sha256) as path:
            package = read_package(path)
            assert (package.manifest.id, package.semantic_spec) == (learnware_id, version.semantic_specification)
            assert path.stat().st_size == version.size
