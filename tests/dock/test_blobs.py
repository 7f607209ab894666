"""Contents and their rows: both come and go together, whoever works on them at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from beimingwu.db.models import Blob, Dataset, Upload
from beimingwu.errors import UnavailableError
from beimingwu.services.blobs import collect, keep_blob
from beimingwu.services.housekeeping import Housekeeper

if TYPE_CHECKING:
    from pathlib import Path

    from beimingwu.storage import StoredBlob


@pytest.fixture
def rig(make_rig: Any, storage: dict[str, Any]) -> Any:
    return make_rig(**storage)


def keep(rig: Any, source: Any) -> StoredBlob:
    return keep_blob(rig.dock.database, rig.dock.store, rig.clock, source)


def sweep(rig: Any) -> None:
    collect(rig.dock.database, rig.dock.store, rig.clock)


def rows(rig: Any) -> list[str]:
    with rig.dock.database.read() as session:
        return list(session.scalars(select(Blob.sha256).order_by(Blob.sha256)))


def test_a_content_goes_a_day_after_it_was_last_stored_if_nothing_refers_to_it(rig: Any, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"of a file")
    kept = [keep(rig, source) for source in (b"itself", file, lambda: [b"in ", b"chunks"])]
    assert [one.size for one in kept] == [6, 9, 9]
    assert sorted(one.sha256 for one in kept) == rows(rig) == list(rig.dock.store.list())
    uploaded, given, unused = (one.sha256 for one in kept)
    user_id = rig.user()
    with rig.dock.database.write() as session:
        over = rig.clock.now
        session.add(
            Upload(
                id="0" * 32,
                user_id=user_id,
                filename="x",
                received=6,
                sha256=uploaded,
                created_at=over,
                expires_at=over,
            )
        )
        session.add(Dataset(path="a/b", sha256=given, size=9, added_at=over))
    rig.clock.forward(hours=23)
    again = keep(rig, b"itself")
    assert again == kept[0]
    sweep(rig)
    assert len(rows(rig)) == 3
    rig.clock.forward(hours=2)
    sweep(rig)
    assert rows(rig) == list(rig.dock.store.list()) == sorted([uploaded, given])
    rig.dock.uploads.forget_expired()
    sweep(rig)
    # It was stored again two hours ago.
    assert rows(rig) == sorted([uploaded, given])
    rig.clock.forward(days=1)
    sweep(rig)
    assert rows(rig) == list(rig.dock.store.list()) == [given]
    assert unused not in rows(rig)


def test_a_content_without_a_row_is_found_and_goes_a_day_later(rig: Any) -> None:
    lost = rig.dock.store.put([b"its writer was killed"]).sha256
    rig.dock.store.put_part("lost", [b"as well"])
    sweep(rig)
    assert rows(rig) == list(rig.dock.store.list()) == [lost]
    assert [one.name for one in rig.dock.store.list_parts()] == ["lost"]
    # The age of parts is told by the store's clock, so this is long enough whenever the test runs.
    rig.clock.forward(days=10_000)
    sweep(rig)
    assert (rows(rig), list(rig.dock.store.list()), list(rig.dock.store.list_parts())) == ([], [], [])


def test_a_content_that_is_stored_while_it_is_collected_stays(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = keep(rig, b"content").sha256
    rig.clock.forward(days=2)
    store = rig.dock.store
    put_again = threading.Event()
    put, delete = store.put, store.delete
    kept: list[StoredBlob] = []
    keeper = threading.Thread(target=lambda: kept.append(keep(rig, b"content")))

    def putting(*arguments: Any, **named: Any) -> StoredBlob:
        stored = put(*arguments, **named)
        put_again.set()
        return stored

    def deleting(name: str) -> None:
        # The row is gone, but for the end of the transaction. Now somebody comes with the same content.
        keeper.start()
        assert put_again.wait(60)
        delete(name)

    monkeypatch.setattr(store, "put", putting)
    monkeypatch.setattr(store, "delete", deleting)
    # By the clock of the test, what is being written was left behind days ago.
    monkeypatch.setattr(store, "discard_leftovers", lambda _: None)
    sweep(rig)
    keeper.join(60)
    assert [one.sha256 for one in kept] == rows(rig) == list(store.list()) == [sha256]


def test_a_store_that_keeps_nothing_is_noticed(make_rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig()
    monkeypatch.setattr(rig.dock.store, "exists", lambda _: False)
    with pytest.raises(UnavailableError, match="does not keep"):
        keep(rig, b"content")


def test_the_housekeeper_does_its_other_work_when_one_thing_fails(make_rig: Any) -> None:
    rig = make_rig()
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise UnavailableError("away")

    housekeeper = Housekeeper(rig.dock.database, rig.clock, fail, lambda: done.append("done"))
    housekeeper.start()
    housekeeper.stop()
    assert done == ["failed", "done"]
