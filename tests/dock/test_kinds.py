"""Learnwares for texts and images: checked, verified, indexed, found and tried, as those for tables are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import delete
from tests.dock.learnwares import (
    files_of,
    identity_of,
    image_states,
    publish_learnware,
    semantic,
    submit_files,
    text_states,
)

from beimingwu.db.models import Embedding
from beimingwu.errors import InvalidSubmissionError, WrongDataTypeError
from beimingwu.services.doctor.contents import check_index_rows
from beimingwu.services.doctor.finding import Level
from beimingwu.services.search_input import read_specifications
from beimingwu.worker.worker import Worker
from learnware.specification import generate_rkme_image_feature_spec

if TYPE_CHECKING:
    from collections.abc import Callable

# What is about kinds is the same on all databases.
on_one_database = pytest.mark.parametrize("address", ["sqlite"], indirect=True)


@pytest.fixture
def here(make_rig: Callable[..., Any]) -> Any:
    return make_rig(verify_in="current")


def submit_texts(rig: Any, name: str, *states: dict[str, Any]) -> str:
    return submit_files(rig, files_of("Text", states or [text_states()], name=name))


def work(rig: Any) -> int:
    return Worker(rig.dock, "w1").run(once=True)


def found(rig: Any, *states: dict[str, Any], **conditions: Any) -> list[str]:
    specs = read_specifications({one["type"]: one for one in states}, most_points=1000)
    answer = rig.dock.search.search(None, {key: {"Values": value} for key, value in conditions.items()}, specs)
    return [one.learnware.learnware_id for one in answer.singles]


def test_texts(here: Any) -> None:
    """From the submission to the trial, on both databases."""
    ids = [submit_texts(here, f"texts about {seed}", text_states(seed=seed)) for seed in range(3)]
    other = submit_texts(here, "texts of another encoder", text_states(encoder="other", width=16))
    table = publish_learnware(here, name="iris of the north")
    assert work(here) == 4
    summaries = {one: here.dock.catalogue.detail(None, one) for one in [*ids, other]}
    assert all(one.summary.verified for one in summaries.values())
    (spec,) = summaries[ids[0]].statistical_specifications
    assert (spec.n_points, spec.languages, spec.encoder) == (4, ("en",), "hashing")
    # The nearest first, and never those of another encoder or kind.
    for seed, one in enumerate(ids):
        nearest = found(here, text_states(seed=seed))
        assert (nearest[0], sorted(nearest)) == (one, ids)
    assert found(here, text_states(encoder="other", width=16)) == [other]
    assert found(here, Data=["Text"]) == [*ids, other]
    islands = {one.name: one for one in here.dock.world.map().islands}
    assert len(islands) == 3
    named = islands["RKMETextSpecification/other/16"]
    assert (named.type, named.n_features, named.title) == ("RKMETextSpecification", 16, "texts (other encoder)")
    assert [one.learnware_id for island in islands.values() for one, _, _ in island.learnwares] == [*ids, table, other]
    eve = identity_of(here, "eve")
    trial = here.dock.trials.ask(eve, ids[0], ["one", "four", "", "三"], None, here.origin())
    (sent,) = here.dock.accounts.export(eve)["trials"]
    assert sent["rows"] == ["one", "four", "", "三"]
    work(here)
    view = here.dock.trials.view(eve, trial.trial_id)
    assert (view.status, view.outputs) == ("done", [1, 0, 0, 1]), view


def feature_states(*, seed: int = 0, channels: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a specification of images by their features."""
    images = np.random.default_rng(seed).normal(size=(40, channels, 16, 16)) + seed * np.linspace(0, 2, 16)
    spec = generate_rkme_image_feature_spec(images, reduced_set_size=3)
    return {**json.loads(spec.to_json()), **changes}


def test_images(here: Any) -> None:
    """A learnware has specifications of both types, and is found by each on an island of its own."""
    both = [(image_states(seed=seed), feature_states(seed=seed)) for seed in range(2)]
    ids = [submit_files(here, files_of("Image", two, name=f"images of {seed}")) for seed, two in enumerate(both)]
    made = files_of("Image", [image_states(channels=3)], name="images in colour", channels=3)
    colour = submit_files(here, made)
    assert work(here) == 3
    detail = here.dock.catalogue.detail(None, ids[0])
    shapes = {one.type: one.point_shape for one in detail.statistical_specifications}
    assert shapes["RKMEImageSpecification"] == (1, 32, 32)
    assert shapes.keys() == {"RKMEImageSpecification", "RKMEImageFeatureSpecification"}
    for one, two in zip(ids, both, strict=True):
        for states in two:
            assert (found(here, states)[0], sorted(found(here, states))) == (one, ids)
    assert found(here, image_states(channels=3)) == [colour]
    islands = {one.name: one for one in here.dock.world.map().islands}
    assert islands["RKMEImageSpecification/3x32x32"].title == "images of 3×32×32"
    assert len(islands) == 3
    content = here.dock.catalogue.statistical_specification(None, ids[0], "RKMEImageSpecification")
    assert len(content.to_json(2)) < len(content.to_json())
    with pytest.raises(WrongDataTypeError, match="tables and texts"):
        here.dock.trials.ask(identity_of(here, "eve"), ids[0], [[0]], None, here.origin())


@on_one_database
def test_the_doctor_looks_at_all_kinds(here: Any) -> None:
    learnware_id = submit_texts(here, "texts about one")
    assert work(here) == 1
    assert check_index_rows(here.dock.database, repair=False).level is Level.OK
    with here.dock.database.write() as session:
        session.execute(delete(Embedding))
    assert learnware_id in check_index_rows(here.dock.database, repair=False).message
    check_index_rows(here.dock.database, repair=True)
    assert found(here, text_states()) == [learnware_id]


@on_one_database
@pytest.mark.parametrize(
    ("kind", "states", "part", "words"),
    [
        ("Text", image_states(), "statistical", "RKMETextSpecification"),
        ("Image", text_states(), "statistical", "RKMEImage"),
        ("Table", text_states(), "statistical", "RKMETableSpecification"),
        ("Text", text_states(width=7), "statistical", "dimensions"),
        ("Text", text_states(language=["../etc"]), "statistical", "language"),
        ("Text", text_states(encoder="a/b"), "statistical", "encoder"),
        ("Image", image_states(z=[[[[0.0] * 16] * 16]] * 3), "statistical", "32x32"),
        ("Image", image_states(channels=0), "statistical", "4 dimensions"),
        ("Image", {**image_states(), "type": "RKMEImageFeatureSpecification"}, "statistical", "dimensions"),
    ],
)
def test_what_is_refused_at_once(here: Any, kind: str, states: dict[str, Any], part: str, words: str) -> None:
    made = files_of("Text", [states], name="wrong kind")
    with pytest.raises(InvalidSubmissionError) as caught:
        submit_files(here, made, spec=semantic(name="wrong kind", data_type=kind))
    (finding,) = caught.value.findings
    assert (finding.part, words in str(finding.message)) == (part, True), str(finding.message)


def test_over_both_interfaces(make_client: Any) -> None:
    rig, client = make_client(verify_in="current")
    learnware_id = submit_texts(rig, "texts about one")
    assert work(rig) == 1
    states = text_states()
    answer = client.post("/api/v1/searches", json={"statistical_specifications": {states["type"]: states}}).json()
    assert [one["learnware"]["learnware_id"] for one in answer["singles"]] == [learnware_id]
    form = {"semantic_specification": "{}", "limit": "10", "page": "0"}
    file = {"statistical_specification": ("spec.json", json.dumps(states))}
    answer = client.post("/api/engine/search_learnware", data=form, files=file).json()
    assert [one["learnware_id"] for one in answer["data"]["learnware_list_single"]] == [learnware_id]
    listed = client.get("/api/v1/learnwares?facets=true&data_type=Text").json()
    assert (listed["total"], listed["facets"]["Data"]) == (1, {"Text": 1})
    assert client.get(f"/api/v1/learnwares/{learnware_id}/trials").json()["data_type"] == "Text"
