"""The client and a real dock: everything that programs for the published client do."""

from __future__ import annotations

import contextlib
import io
import json
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from tests.dock import learnwares
from tests.live_dock import LiveDock, live_dock

from learnware.client import LearnwareClient, SemanticSpecificationKey
from learnware.errors import DockProblemError, DockUnreachableError, InvalidPackageError
from learnware.learnware import pack, write_package
from learnware.market import BaseUserInfo
from learnware.specification import generate_semantic_spec, generate_stat_spec, semantic_vocabulary

from .faulty_dock import FaultyDock, answer, dropped, status, well

if TYPE_CHECKING:
    from collections.abc import Iterator

# The two programs of the published documentation, which run as they are.
IRIS = """
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score

from learnware.client import LearnwareClient
from learnware.market import BaseUserInfo
from learnware.specification import generate_stat_spec

client = LearnwareClient()
client.login(email, token)
X, y = load_iris(return_X_y=True)
spec = generate_stat_spec(type="table", X=X)
info = BaseUserInfo(stat_info={spec.type: spec})
best = client.search_learnware(info)["single"]["learnware_ids"][0]
learnware = client.load_learnware(learnware_id=best, runnable_option="conda")
print(accuracy_score(y, learnware.predict(X)))
"""
DIGITS = """
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score

from learnware.client import LearnwareClient
from learnware.market import BaseUserInfo
from learnware.reuse import AveragingReuser
from learnware.specification import generate_stat_spec

client = LearnwareClient()
client.login(email, token)
X, y = load_digits(return_X_y=True)
spec = generate_stat_spec(type="table", X=X)
info = BaseUserInfo(stat_info={spec.type: spec})
ids = client.search_learnware(info)["multiple"]["learnware_ids"]
learnwares = client.load_learnware(learnware_id=ids, runnable_option="conda")
print(accuracy_score(y, AveragingReuser(learnwares, mode="vote_by_label").predict(X)))
"""
PROGRAMS = {"iris": IRIS, "digits": DIGITS}


@pytest.fixture(scope="module")
def digit_zips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three classifiers that say of themselves that they know some of the digits each."""
    X, y = load_digits(return_X_y=True)
    model = SVC(C=10).fit(X, y)
    folder = tmp_path_factory.mktemp("digits")
    return [
        pack(
            model,
            X[np.isin(y, part)],
            folder / f"digits-{part[0]}.zip",
            name=f"Digits from {part[0]}",
            description="Handwritten digits of eight by eight pixels.",
            input_description=[f"pixel {i}" for i in range(64)],
            output_description=[str(i) for i in range(10)],
            scenarios=["Nature"],
            license="MIT",
        )
        for part in ([0, 1, 2], [3, 4, 5], [6, 7, 8, 9])
    ]


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory, iris_zip: Path, digit_zips: list[Path]) -> Iterator[LiveDock]:
    """A dock with learnwares for iris and for digits."""
    with live_dock(tmp_path_factory.mktemp("dock")) as dock:
        for path in (iris_zip, *digit_zips):
            owner = learnwares.identity_of(dock, "grace")
            blob = learnwares.store(dock, path)
            learnwares.decide(dock, dock.dock.submissions.submit(owner, blob, None, dock.origin()).learnware_id)
        yield dock


@pytest.fixture
def ada(dock: LiveDock, monkeypatch: pytest.MonkeyPatch) -> Iterator[LearnwareClient]:
    """A client that is logged in."""
    monkeypatch.setenv("LEARNWARE_BACKEND_HOST", dock.url)
    with LearnwareClient(on_transfer=lambda _: None) as client:
        client.login("ada@example.org", dock.token())
        yield client


def test_the_programs_are_those_of_the_contract(shared: Path) -> None:
    text = (shared / "contract" / "EXAMPLES.md").read_text(encoding="utf-8")
    assert re.findall(r"```python\n(.*?)```", text, re.DOTALL) == [program[1:] for program in PROGRAMS.values()]


@pytest.mark.index
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_published_programs(
    dock: LiveDock, program: str, package_index: None, environment_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNWARE_BACKEND_HOST", dock.url)
    monkeypatch.setenv("LEARNWARE_ENVIRONMENTS", str(environment_store.root))
    assert accuracy_of(PROGRAMS[program], dock) >= 0.95


def test_a_published_program_with_the_packages_of_this_one(dock: LiveDock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNWARE_BACKEND_HOST", dock.url)
    assert accuracy_of(IRIS.replace('runnable_option="conda"', 'runnable_option="current"'), dock) >= 0.95


def accuracy_of(program: str, dock: LiveDock) -> float:
    """Run a program and return the figure that it prints."""
    names = {"email": "ada@example.org", "token": dock.token()}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(program, names)
    names["client"].cleanup()
    return float(printed.getvalue())


def test_search(ada: LearnwareClient) -> None:
    X = load_digits(return_X_y=True)[0]
    spec = generate_stat_spec(type="table", X=X)
    found = ada.search_learnware(BaseUserInfo(stat_info={spec.type: spec}))
    single, multiple = found["single"], found["multiple"]
    assert len(single["learnware_ids"]) == len(single["semantic_specifications"]) == len(single["matching"]) == 3
    assert single["matching"] == sorted(single["matching"], reverse=True)
    assert sorted(multiple["learnware_ids"]) == ["00000002", "00000003", "00000004"]
    assert multiple["matching"] > single["matching"][0]
    assert sum(multiple["weights"]) == pytest.approx(1)
    assert [one["Name"]["Values"][:11] for one in multiple["semantic_specifications"]] == ["Digits from"] * 3
    page = ada.search_learnware(BaseUserInfo(stat_info={spec.type: spec}), page_size=2, page_index=1)
    assert page["single"]["learnware_ids"] == single["learnware_ids"][2:]
    # Words alone.
    found = ada.search_learnware(BaseUserInfo(semantic_spec=generate_semantic_spec(name="iris")), 1)
    assert found["single"]["learnware_ids"] == ["00000001"]
    assert found["multiple"] == {"learnware_ids": [], "semantic_specifications": [], "matching": None, "weights": []}


def test_texts_and_images_are_found_and_used(ada: LearnwareClient, dock: LiveDock, tmp_path: Path) -> None:
    words = {"description": "A tiny learnware for tests.", "scenarios": ["Others"], "license": "MIT"}
    texts = ["a cat and a dog", "the dog and a bird", "an engine and wheels", "the wheels of a car"] * 15
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, ["animals", "animals", "cars", "cars"] * 15)
    digits = load_digits()
    images = digits.images[:60, None]
    flat = FunctionTransformer(np.reshape, kw_args={"shape": (-1, 64)})
    of_images = make_pipeline(flat, MultinomialNB()).fit(images, digits.target[:60])
    for kind, name, model, data in (
        ("text", "Animals or cars", pipeline, texts),
        ("image", "Digits in pictures", of_images, images),
    ):
        path = pack(model, data, tmp_path / "x.zip", name=name, **words)
        assert ada.check_learnware(path, runnable_option="current").valid
        blob = learnwares.store(dock, path)
        owner = learnwares.identity_of(dock, "grace")
        made = dock.dock.submissions.submit(owner, blob, None, dock.origin()).learnware_id
        learnwares.decide(dock, made)
        spec = generate_stat_spec(kind, data)
        try:
            found = ada.search_learnware(BaseUserInfo(stat_info={spec.type: spec}))
            assert found["single"]["learnware_ids"] == [made]
            assert found["single"]["matching"][0] > 0.9
            assert ada.get_semantic_specification(made)["Name"]["Values"] == name
            answers = ada.load_learnware(learnware_id=made).predict(data)
            assert np.mean(model.classes_[answers] == model.predict(data)) == 1
        finally:
            dock.dock.ownership.delete(owner, made, dock.origin())


def test_a_learnware_comes_and_goes(ada: LearnwareClient, dock: LiveDock, tmp_path: Path) -> None:
    assert ada.is_connected()
    semantic = learnwares.semantic(name="made by ada")
    learnware_id = ada.upload_learnware(learnwares.package(tmp_path, seed=7), semantic)
    [mine] = ada.list_learnware()
    assert (mine["learnware_id"], mine["verify_status"], mine["semantic_specification"]) == (
        learnware_id, "WAITING", semantic,
    )  # fmt: skip
    assert datetime.strptime(mine["last_modify"], "%Y-%m-%d %H:%M:%S.%f %Z")  # noqa: DTZ007  # as published
    told: list[str] = []
    lines: list[str] = []
    with dock.working():
        verification = ada.dock.wait(learnware_id, 1, on_line=lines.append, on_status=told.append)
    assert verification["status"] == told[-1] == "SUCCESS"
    assert any("trial" in line for line in lines)
    assert "\n".join(lines).splitlines()[-1] in ada.dock.verification_log(learnware_id, 1)
    changed = learnwares.semantic(name="made by ada, again")
    ada.update_learnware(learnware_id, changed)
    ada.update_learnware(learnware_id, changed, learnwares.package(tmp_path, seed=8))
    assert [one["number"] for one in ada.dock.versions(learnware_id)] == [3, 2, 1]
    assert ada.get_semantic_specification(learnware_id)["Name"] == semantic["Name"]
    old = ada.dock.download(learnware_id, tmp_path / "old.zip", version=1).read_bytes()
    assert old != ada.dock.download(learnware_id, tmp_path / "new.zip", version=3).read_bytes()
    ada.delete_learnware(learnware_id)
    assert ada.list_learnware() == []
    with pytest.raises(DockProblemError) as error:
        ada.get_semantic_specification(learnware_id)
    assert (error.value.status, error.value.problem) == (404, "not-found")
    with pytest.raises(DockProblemError):
        ada.delete_learnware("00000001")


def test_waiting_ends(ada: LearnwareClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnware.client._events._PAUSE_SECONDS", 0.0)
    learnware_id = ada.upload_learnware(learnwares.package(tmp_path, seed=17), learnwares.semantic(name="nobody works"))
    with pytest.raises(TimeoutError, match="not over after 0 s"):
        ada.dock.wait(learnware_id, 1, most_seconds=0)
    ada.delete_learnware(learnware_id)


def test_what_is_no_package_is_not_sent(ada: LearnwareClient, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"no zip")
    with pytest.raises(InvalidPackageError):
        ada.upload_learnware(tmp_path / "no.zip", {})
    with pytest.raises(DockProblemError) as error:
        ada.upload_learnware(learnwares.package(tmp_path, seed=18), learnwares.semantic(name="abc"))
    assert error.value.status == 422
    assert error.value.errors


def test_values_of_the_vocabulary(ada: LearnwareClient) -> None:
    for key in SemanticSpecificationKey:
        assert ada.list_semantic_specification_values(key) == semantic_vocabulary()[key.value]["Values"]
    assert SemanticSpecificationKey.SENARIOES is SemanticSpecificationKey.SCENARIOS


def test_unpacked_packages(ada: LearnwareClient) -> None:
    folder = ada.unzip_learnware("00000001")
    assert (folder / "learnware.yaml").is_file()
    with pytest.raises(FileNotFoundError, match="no weights"):
        ada.get_pretrained_path("00000001")
    ada.cleanup()
    assert not folder.exists()


def test_weights_of_a_package(dock: LiveDock, ada: LearnwareClient, tmp_path: Path) -> None:
    files = learnwares.files(name="with weights of its own", seed=21)
    files["weights/model.bin"] = b"0123"
    files["learnware.yaml"] = files["learnware.yaml"].replace(
        b"{class_name: Model}", b"{class_name: Model, weights_file_path: weights}"
    )
    blob = learnwares.store(dock, write_package(files, tmp_path / "weights.zip"))
    owner = learnwares.identity_of(dock, "grace")
    learnware_id = dock.dock.submissions.submit(owner, blob, None, dock.origin()).learnware_id
    learnwares.decide(dock, learnware_id)
    path = Path(ada.get_pretrained_path(learnware_id))
    assert (path / "model.bin").read_bytes() == b"0123"
    dock.dock.ownership.delete(owner, learnware_id, dock.origin())


def test_learnwares_are_loaded_offline(ada: LearnwareClient, dock: LiveDock) -> None:
    online = ada.load_learnware(learnware_id=["00000001"])
    assert [one.id for one in online] == ["00000001"]
    with LearnwareClient(dock.url, offline=True) as client:
        assert client.load_learnware(learnware_id="00000001").predict(np.full((2, 4), 5.0)).shape == (2,)
        with pytest.raises(DockUnreachableError, match="not in the cache"):
            client.load_learnware(learnware_id=["00000001", "00000003"])


def events(*lines: str) -> Any:
    return answer(200, "".join(f"{line}\n" for line in lines).encode(), Content_Type="text/event-stream")


def line(number: str, data: str) -> tuple[str, ...]:
    return (f"id: {number}", "event: line", f"data: {data}", "")


def test_events_go_on_where_they_were_lost(faulty: FaultyDock, connect: Any) -> None:
    path = "/learnwares/00000001/versions/2/verification"
    states = iter(["PROCESSING", "PROCESSING", "PROCESSING", "SUCCESS"])
    faulty.answers["GET", path] = lambda: {"status": next(states)}

    faulty.fail(
        "GET",
        events('event: status\ndata: {"status": "QUEUE"}\n', ": a comment\n", *line("1-1", '{"text": "a"}')),
        well,
        dropped,
        well,
        status(503),
        well,
        events(
            "retry: 5\n",
            'event: status\ndata: {"status": "SUCCESS"}\n',
            *line("1-2\r", '{"text":\r\ndata:  "b: c"}\r'),
            "event: end\ndata: {}\n",
        ),
    )  # fmt: skip
    told: list[str] = []
    connection = connect()
    assert connection.wait("00000001", 2, on_line=told.append, on_status=told.append) == {"status": "SUCCESS"}
    # The outcome comes last, whatever order a dock has.
    assert told == ["QUEUE", "a", "b: c", "SUCCESS"]
    streams = [one for one in faulty.seen if one.path.endswith("/events")]
    assert [one.headers.get("Last-Event-ID") for one in streams] == [None, "1-1", "1-1", "1-1"]
    faulty.fail("GET", status(404))
    with pytest.raises(DockProblemError, match="status 404"):
        connection.wait("00000001", 2)


def test_an_answer_lost_after_a_submission_says_so(faulty: FaultyDock, connect: Any, tmp_path: Path) -> None:
    faulty.fail("POST", well, dropped)
    with pytest.raises(DockUnreachableError, match="not known"):
        connect().submit(learnwares.package(tmp_path))
    # What was uploaded need not be sent again.
    faulty.seen.clear()
    faulty.answers["POST", "/learnwares"] = {"learnware_id": "00000009"}
    package = next(tmp_path.glob("*.zip"))
    assert connect().submit(package, {"Name": "x"}) == {"learnware_id": "00000009"}
    assert faulty.of("PATCH") == []
    assert json.loads(faulty.of("POST")[0].body) == {"upload_id": "upload1", "semantic_specification": {"Name": "x"}}
