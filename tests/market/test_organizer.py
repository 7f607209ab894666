"""Keeping learnwares: what every organizer does, and what the one on disk does."""

import hashlib
import json
import pickle
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from learnware.errors import InvalidPackageError, LearnwareNotFoundError, MarketError, SpecificationError
from learnware.learnware import Learnware
from learnware.market import EasyOrganizer
from learnware.market._database import Database


def files_of(organizer):
    """Return the files of a market but the database and the scratch folder of its own process."""
    root = organizer.store.root
    return sorted(path for folder in ("blobs", "unpacked") for path in (root / folder).rglob("*") if path.is_file())


def test_adding_and_looking_up(organizer, packages, new_semantic):
    zip_path = packages(seed=1)
    learnware_id, status = organizer.add_learnware(zip_path, new_semantic(), 1)
    assert (learnware_id, status) == ("00000001", 1)
    learnware = organizer.get_learnware_by_ids(learnware_id)
    assert isinstance(learnware, Learnware)
    assert learnware.id == learnware_id
    assert learnware.get_specification().get_semantic_spec() == new_semantic()
    assert organizer.get_learnware_by_ids([learnware_id]) == [learnware]
    assert Path(organizer.get_learnware_zip_path_by_ids(learnware_id)).read_bytes() == zip_path.read_bytes()
    assert [len(organizer), len(organizer.get_learnwares())] == [1, 1]


def test_the_specification_comes_back_exactly(organizer, packages, new_semantic, new_spec):
    learnware_id, _ = organizer.add_learnware(packages(seed=4), new_semantic(), 0)
    spec = (
        organizer.get_learnware_by_ids(learnware_id).get_specification().get_stat_spec_by_name("RKMETableSpecification")
    )
    assert np.array_equal(spec.get_z(), new_spec(4).get_z())
    assert np.array_equal(spec.get_beta(), new_spec(4).get_beta())
    assert (spec.gamma, spec.num_points, spec.type) == (0.1, 800, "RKMETableSpecification")


def test_a_learnware_is_the_same_object_until_it_changes(organizer, packages, new_semantic):
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    learnware = organizer.get_learnware_by_ids(learnware_id)
    assert organizer.get_learnwares()[0] is learnware
    organizer.update_learnware(learnware_id, check_status=1)
    assert organizer.get_learnware_by_ids(learnware_id) is not learnware


def test_listing_unpacks_and_runs_nothing(organizer, packages, new_semantic, tmp_path):
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')".encode()
    learnware_id, _ = organizer.add_learnware(packages(files={"__init__.py": code}), new_semantic(), 0)
    for learnware in organizer.get_learnwares():
        learnware.get_specification().get_stat_spec()
    assert not (organizer.store.root / "unpacked").exists()
    assert organizer.get_learnware_by_ids(learnware_id).get_model()["class_name"] == "Model"
    assert not mark.exists()


def test_the_folder_is_made_when_it_is_needed(organizer, packages, new_semantic):
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    folder = Path(organizer.get_learnware_dir_path_by_ids(learnware_id))
    assert (folder / "learnware.yaml").is_file()
    assert organizer.get_learnware_by_ids(learnware_id).get_dirpath() == str(folder)
    assert organizer.get_learnware_by_ids(learnware_id).predict(np.ones((2, 3))).tolist() == [3.0, 3.0]


def test_ids_by_status_and_number(organizer, packages, new_semantic):
    for status in (0, 1, 1, 0, 1):
        organizer.add_learnware(packages(), new_semantic(), status)
    assert organizer.get_learnware_ids() == [f"{i:08d}" for i in range(1, 6)]
    assert organizer.get_learnware_ids(check_status=1) == ["00000002", "00000003", "00000005"]
    assert organizer.get_learnware_ids(top=2, check_status=1) == ["00000002", "00000003"]
    assert organizer.get_learnware_ids(top=0) == []
    assert [learnware.id for learnware in organizer.get_learnwares(top=1, check_status=0)] == ["00000001"]


def test_ids_are_never_given_twice(organizer, packages, new_semantic):
    for number in (1, 2):
        assert organizer.add_learnware(packages(), new_semantic(), 0)[0] == f"{number:08d}"
    assert organizer.delete_learnware("00000002")
    assert organizer.add_learnware(packages(), new_semantic(), 0)[0] == "00000003"
    organizer.delete_learnware("00000003")
    organizer.reload_market()
    assert organizer.add_learnware(packages(), new_semantic(), 0)[0] == "00000004"
    organizer.reload_market(rebuild=True)
    assert organizer.add_learnware(packages(), new_semantic(), 0)[0] == "00000005"


def test_given_ids(organizer, packages, new_semantic):
    add = organizer.add_learnware
    assert add(packages(), new_semantic(), 0, learnware_id="00000007")[0] == "00000007"
    assert add(packages(), new_semantic(), 0)[0] == "00000008"
    assert add(packages(), new_semantic(), 0, learnware_id="iris/Ünïcode")[0] == "iris/Ünïcode"
    assert add(packages(), new_semantic(), 0, learnware_id="00000009")[0] == "00000009"
    assert add(packages(), new_semantic(), 0, learnware_id="00000002")[0] == "00000002"
    assert len(set(organizer.get_learnware_ids())) == 5
    with pytest.raises(MarketError, match="in the market already"):
        add(packages(), new_semantic(), 0, learnware_id="00000007")
    for wrong in ("", "a\nb", "x" * 256, 7):
        with pytest.raises(MarketError, match="learnware_id"):
            add(packages(), new_semantic(), 0, learnware_id=wrong)


def test_updating_parts(organizer, packages, new_semantic, new_spec):
    learnware_id, _ = organizer.add_learnware(packages(seed=1), new_semantic(), 0)
    old_zip = Path(organizer.get_learnware_zip_path_by_ids(learnware_id))
    old_folder = Path(organizer.get_learnware_dir_path_by_ids(learnware_id))
    assert organizer.update_learnware(learnware_id, semantic_spec=new_semantic(name="Other name"))
    assert organizer.update_learnware(learnware_id, check_status=1)
    assert organizer.update_learnware(learnware_id, packages(seed=2))
    learnware = organizer.get_learnware_by_ids(learnware_id)
    assert learnware.get_specification().get_semantic_spec()["Name"]["Values"] == "Other name"
    spec = learnware.get_specification().get_stat_spec_by_name("RKMETableSpecification")
    assert np.array_equal(spec.get_z(), new_spec(2).get_z())
    assert organizer.get_learnware_ids(check_status=1) == [learnware_id]
    assert not old_zip.exists()
    assert not old_folder.exists()
    assert len(files_of(organizer)) == 1


def test_equal_packages_share_a_file_until_the_last_one_goes(organizer, packages, new_semantic):
    zip_path = packages()
    first, second = (organizer.add_learnware(zip_path, new_semantic(), 0)[0] for _ in range(2))
    organizer.get_learnware_dir_path_by_ids(first)
    assert len({organizer.get_learnware_zip_path_by_ids(one) for one in (first, second)}) == 1
    organizer.delete_learnware(first)
    assert Path(organizer.get_learnware_zip_path_by_ids(second)).exists()
    assert Path(organizer.get_learnware_dir_path_by_ids(second)).exists()
    organizer.delete_learnware(second)
    assert files_of(organizer) == []


def test_unknown_ids(organizer, packages):
    assert organizer.delete_learnware("00000001") is False
    for call in (
        organizer.get_learnware_by_ids,
        organizer.get_learnware_zip_path_by_ids,
        organizer.get_learnware_dir_path_by_ids,
        organizer.reload_learnware,
        organizer.get_learnware_info_from_storage,
    ):
        with pytest.raises(LearnwareNotFoundError, match="'00000001'"):
            call("00000001")
    with pytest.raises(LearnwareNotFoundError):
        organizer.update_learnware("00000001", packages())
    assert organizer.get_learnware_by_ids([]) == []


def test_what_is_no_package_is_refused_whatever_the_status(organizer, packages, new_semantic, tmp_path):
    (tmp_path / "text.zip").write_text("no zip")
    broken_spec = packages(files={"stat.json": b'{"z": [], "beta": []}'})
    for status in (0, 1):
        with pytest.raises(InvalidPackageError):
            organizer.add_learnware(tmp_path / "text.zip", new_semantic(), status)
        with pytest.raises((SpecificationError, InvalidPackageError)):
            organizer.add_learnware(broken_spec, new_semantic(), status)
    assert organizer.add_learnware(packages(), new_semantic(), -1) == (None, -1)
    with pytest.raises(MarketError, match="check_status is 2"):
        organizer.add_learnware(packages(), new_semantic(), 2)
    with pytest.raises(MarketError, match="JSON"):
        organizer.add_learnware(packages(), {"x": {1, 2}}, 0)
    with pytest.raises(MarketError, match="is list; expected a dict"):
        organizer.add_learnware(packages(), ["House prices"], 0)
    assert len(organizer) == 0
    assert files_of(organizer) == []
    assert not list((organizer.store.root / "scratch").rglob("*.zip"))


def test_a_broken_update_changes_nothing(organizer, packages, new_semantic, tmp_path):
    learnware_id, _ = organizer.add_learnware(packages(seed=1), new_semantic(), 1)
    before = organizer.get_learnware_info_from_storage(learnware_id)
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InvalidPackageError):
        organizer.update_learnware(learnware_id, tmp_path / "text.zip", new_semantic(name="Other name"), 0)
    with pytest.raises(MarketError):
        organizer.update_learnware(learnware_id, packages(seed=2), {"x": float("nan")})
    assert organizer.get_learnware_info_from_storage(learnware_id) == before
    assert len(files_of(organizer)) == 1


def test_a_batch_is_added_whole_or_not_at_all(organizer, packages, new_semantic, tmp_path):
    items = [(packages(seed=i), new_semantic(), 0) for i in range(3)]
    assert organizer.add_learnwares(iter(items)) == ["00000001", "00000002", "00000003"]
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InvalidPackageError):
        organizer.add_learnwares([(packages(seed=9), new_semantic(), 0), (tmp_path / "text.zip", new_semantic(), 0)])
    with pytest.raises(MarketError):
        organizer.add_learnwares([(packages(seed=9), new_semantic(), 0), (packages(seed=8), {"x": object()}, 0)])
    assert len(organizer) == 3
    assert len(files_of(organizer)) == 3
    assert organizer.add_learnwares([]) == []


def test_a_missing_semantic_specification_is_taken_from_the_package(organizer, packages, new_semantic):
    name = "semantic_specification.json"
    zip_path = packages(files={name: json.dumps(new_semantic(name="From the package")).encode()})
    learnware_id, _ = organizer.add_learnware(zip_path, None, 0)
    semantic = organizer.get_learnware_by_ids(learnware_id).get_specification().get_semantic_spec()
    assert semantic["Name"]["Values"] == "From the package"


def test_what_storage_says(organizer, packages, new_semantic):
    zip_path = packages()
    learnware_id, _ = organizer.add_learnware(zip_path, new_semantic(), 1)
    info = organizer.get_learnware_info_from_storage(learnware_id)
    assert info["sha256"] == hashlib.sha256(zip_path.read_bytes()).hexdigest()
    assert (info["learnware_id"], info["use_flag"], info["semantic_spec"]) == (learnware_id, 1, new_semantic())
    assert Path(info["zip_path"]).is_file()


def test_unicode_survives(tmp_path, packages, new_semantic):
    organizer = EasyOrganizer("Märkte 市场", root=tmp_path / "Wurzel ß")
    semantic = new_semantic(name="房价预测 🏠", description="Häuser und Wohnungen — \u2028 \x00 Preise")
    learnware_id, _ = organizer.add_learnware(packages(), semantic, 0)
    organizer.reload_market()
    assert organizer.get_learnware_by_ids(learnware_id).get_specification().get_semantic_spec() == semantic
    organizer.close()


def test_a_learnware_can_be_pickled(organizer, packages, new_semantic):
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    copy = pickle.loads(pickle.dumps(organizer.get_learnware_by_ids(learnware_id)))
    assert copy.id == learnware_id
    assert copy.predict(np.ones((1, 3))).tolist() == [3.0]
    assert list(copy.get_specification().get_stat_spec()) == ["RKMETableSpecification"]


def test_changes_of_a_learnware_are_its_own_until_it_is_reloaded(organizer, packages, new_semantic):
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    learnware = organizer.get_learnware_by_ids(learnware_id)
    learnware.update_semantic_spec({})
    organizer.reload_learnware(learnware_id)
    assert organizer.get_learnware_by_ids(learnware_id).get_specification().get_semantic_spec() == new_semantic()


def test_learnwares_outlive_a_reload(organizer, packages, new_semantic):
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    learnware = organizer.get_learnware_by_ids(learnware_id)
    organizer.reload_market()
    assert learnware.get_specification().get_stat_spec()
    assert learnware.predict(np.ones((1, 3))).tolist() == [3.0]
    organizer.close()
    with pytest.raises(MarketError, match="closed"):
        organizer.store.row(learnware_id)


def test_a_deleted_learnware_has_no_specification(organizer, packages, new_semantic):
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    learnware = organizer.get_learnware_by_ids(learnware_id)
    organizer.delete_learnware(learnware_id)
    with pytest.raises(LearnwareNotFoundError):
        learnware.get_specification().get_stat_spec()
    with pytest.raises(LearnwareNotFoundError):
        learnware.get_dirpath()


def test_a_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "markets" / "x" / "market.db").mkdir(parents=True)
    with pytest.raises(MarketError, match="cannot be used as a market"):
        EasyOrganizer("x", root=tmp_path)


def test_where_markets_lie(tmp_path, monkeypatch):
    monkeypatch.setenv("LEARNWARE_STORAGE_PATH", str(tmp_path / "env"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    EasyOrganizer("a").close()
    EasyOrganizer("b", root=tmp_path / "root").close()
    monkeypatch.delenv("LEARNWARE_STORAGE_PATH")
    EasyOrganizer("c").close()
    found = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("market.db")}
    assert found == {"env/markets/a", "root/markets/b", "home/.learnware/markets/c"}
    for wrong in ("", "..", "a/b", "a\\b", 3):
        with pytest.raises(MarketError, match="market_id"):
            EasyOrganizer(wrong, root=tmp_path)


def test_reset_turns_to_another_market(organizer, packages, new_semantic, tmp_path):
    organizer.add_learnware(packages(), new_semantic(), 0)
    organizer.reset("other", root=tmp_path / "root")
    assert (organizer.market_id, len(organizer)) == ("other", 0)
    organizer.reset("test", root=tmp_path / "root")
    assert len(organizer) == 1
    organizer.reset(rebuild=True)
    assert (organizer.market_id, len(organizer), files_of(organizer)) == ("test", 0, [])
    with pytest.raises(MarketError, match="speed"):
        organizer.reset("test", speed=1)


def test_two_organizers_see_each_other(organizer, packages, new_semantic, tmp_path):
    other = EasyOrganizer("test", root=tmp_path / "root")
    learnware_id, _ = organizer.add_learnware(packages(seed=1), new_semantic(), 0)
    assert other.get_learnware_ids() == [learnware_id]
    assert other.island_index("RKMETableSpecification/3").ids == [learnware_id]
    other.update_learnware(learnware_id, semantic_spec=new_semantic(name="Changed there"))
    here = organizer.get_learnware_by_ids(learnware_id).get_specification().get_semantic_spec()
    assert here["Name"]["Values"] == "Changed there"
    other.delete_learnware(learnware_id)
    assert organizer.get_learnware_ids() == []
    assert organizer.island_index("RKMETableSpecification/3") is None
    other.close()


def test_an_empty_island_forgets_its_metric(organizer, packages, new_semantic):
    learnware_id, _ = organizer.add_learnware(packages(seed=1), new_semantic(), 0)
    first = organizer.island_index("RKMETableSpecification/3").metric.scale
    organizer.delete_learnware(learnware_id)
    organizer.add_learnware(packages(seed=2), new_semantic(), 0)
    assert not np.array_equal(first, organizer.island_index("RKMETableSpecification/3").metric.scale)


def test_islands_by_number_of_columns(organizer, packages, new_semantic, new_spec):
    for columns in (3, 4, 4):
        organizer.add_learnware(packages(columns=columns, seed=columns), new_semantic(columns), 0)
    assert organizer.island_index("RKMETableSpecification/4").ids == ["00000002", "00000003"]
    assert organizer.island_index("RKMETableSpecification/5") is None


def test_files_that_are_no_market_are_left_alone(tmp_path):
    folder = tmp_path / "markets" / "x"
    folder.mkdir(parents=True)
    (folder / "market.db").write_bytes(b"something else" * 100)
    with pytest.raises(MarketError, match="cannot be used as a market"):
        EasyOrganizer("x", root=tmp_path)
    (folder / "market.db").unlink()
    connection = sqlite3.connect(folder / "market.db")
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(MarketError, match="another program"):
        EasyOrganizer("x", root=tmp_path)


def test_markets_of_a_newer_version_are_left_alone(organizer, tmp_path):
    organizer.store.database.execute("PRAGMA user_version = 99")
    organizer.close()
    with pytest.raises(MarketError, match="format version 99"):
        EasyOrganizer("test", root=tmp_path / "root")


def test_markets_of_every_version_open(tmp_path):
    """Each file was dumped by the first package of its version; opening brings it up to date."""
    dumps = sorted((Path(__file__).parent.parent / "data").glob("market-v*.sql"))
    assert dumps
    for dump in dumps:
        folder = tmp_path / dump.stem / "markets" / "x"
        folder.mkdir(parents=True)
        connection = sqlite3.connect(folder / "market.db")
        connection.executescript(dump.read_text(encoding="utf-8"))
        connection.close()
        organizer = EasyOrganizer("x", root=tmp_path / dump.stem)
        assert organizer.get_learnware_ids() == ["00000001", "00000003"]
        assert organizer.get_learnware_ids(check_status=1) == ["00000003"]
        learnware = organizer.get_learnware_by_ids("00000003")
        assert learnware.get_specification().get_semantic_spec()["Name"]["Values"] == "House prices"
        spec = learnware.get_specification().get_stat_spec_by_name("RKMETableSpecification")
        index = organizer.island_index("RKMETableSpecification/3")
        assert index.single(spec, top=1)[0].learnware_id == "00000003"
        organizer.close()


def test_embeddings_of_another_version_are_made_anew(organizer, packages, new_semantic, new_spec):
    for seed in range(3):
        organizer.add_learnware(packages(seed=seed), new_semantic(), 0)
    hits = organizer.island_index("RKMETableSpecification/3").single(new_spec(7), top=3)
    organizer.store.database.execute("UPDATE island SET embedding_version = 0, metric = '{}'")
    organizer.store.database.execute("UPDATE embedding SET vector = x'00', self_product = 7")
    organizer.reload_market()
    again = organizer.island_index("RKMETableSpecification/3").single(new_spec(7), top=3)
    assert [hit.learnware_id for hit in again] == [hit.learnware_id for hit in hits]


def test_a_reader_waits_for_no_writer(tmp_path):
    one, two = Database(tmp_path / "m.db"), Database(tmp_path / "m.db")
    with one.write():
        one.execute("UPDATE market SET revision = 7")
        assert two.value("SELECT revision FROM market") == 0
        with pytest.raises(MarketError, match="another process"), two.write(wait=False):
            pass
    assert two.value("SELECT revision FROM market") == 7
    one.close()
    two.close()
