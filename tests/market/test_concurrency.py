"""Several processes, kills at any moment, and the index against brute force."""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from learnware.market import BaseUserInfo, EasyOrganizer, instantiate_learnware_market
from learnware.specification import generate_semantic_spec

ISLAND = "RKMETableSpecification/3"
ACTIONS = ["add", "add", "add", "update", "delete", "unpack"]

# Changes a market at random and says what it is about to do and what it has done.
WORKER = """\
import json, random, sys
from learnware.market import EasyOrganizer

root, seed, count, actions, zips, semantic = json.loads(sys.argv[1])
rng = random.Random(seed)
organizer = EasyOrganizer("test", root=root)

def say(*words):
    print(json.dumps(words), flush=True)

say("open")
for _ in range(count):
    ids = organizer.get_learnware_ids()
    zip_number = rng.randrange(len(zips))
    action = rng.choice(actions) if len(ids) > 4 else "add"
    learnware_id = None if action == "add" else rng.choice(ids)
    say("begin", action, learnware_id, zip_number)
    if action == "add":
        learnware_id, _ = organizer.add_learnware(zips[zip_number], semantic, 1)
    elif action == "update":
        organizer.update_learnware(learnware_id, zips[zip_number])
    elif action == "delete":
        organizer.delete_learnware(learnware_id)
    else:
        organizer.get_learnware_dir_path_by_ids(learnware_id)
    say("done", action, learnware_id, zip_number)
"""

SEARCH = """\
import json, sys
from learnware.market import EasyOrganizer
from learnware.specification import RKMETableSpecification

root, states = json.loads(sys.argv[1])
organizer = EasyOrganizer("test", root=root)
hits = organizer.island_index("RKMETableSpecification/3").single(RKMETableSpecification.from_states(states), top=5)
print(json.dumps([[hit.learnware_id, hit.mmd2] for hit in hits]))
"""


def start(code, *arguments):
    command = [sys.executable, "-c", code, json.dumps(arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def assert_index_is_exact(organizer, query):
    """Compare the index with the squared MMD to every learnware."""
    index = organizer.island_index(ISLAND)
    learnwares = organizer.get_learnwares()
    if not learnwares:
        assert index is None
        return
    specs = [one.get_specification().get_stat_spec_by_name("RKMETableSpecification") for one in learnwares]
    assert sorted(index.ids) == sorted(one.id for one in learnwares)
    exact = np.array([index.metric.mmd2(query, spec) for spec in specs])
    hits = index.single(query, top=len(specs))
    assert len(hits) == len(specs)
    by_id = dict(zip([one.id for one in learnwares], exact, strict=True))
    for hit in hits:
        assert hit.mmd2 == pytest.approx(by_id[hit.learnware_id], rel=1e-3, abs=1e-5)
    assert hits[0].mmd2 == pytest.approx(exact.min(), rel=1e-3, abs=1e-5)


def assert_intact(organizer, allowed_states, zips):
    """Compare the market with one of the states that it may be in, down to its files."""
    hashes = [sha256(path) for path in zips]
    infos = [organizer.get_learnware_info_from_storage(one) for one in organizer.get_learnware_ids()]
    assert {info["learnware_id"]: info["sha256"] for info in infos} in [
        {learnware_id: hashes[number] for learnware_id, number in state.items()} for state in allowed_states
    ]
    for info in infos:
        assert sha256(info["zip_path"]) == info["sha256"]
    root = organizer.store.root
    referenced = {info["sha256"] for info in infos}
    assert {path.stem for path in (root / "blobs").rglob("*.zip")} == referenced
    assert {path.name for path in root.glob("unpacked/*")} <= referenced
    for folder in root.glob("unpacked/*"):
        names = {path.name for path in folder.iterdir()}
        assert names == {"__init__.py", "learnware.yaml", "stat.json", "requirements.txt"}
    assert not list(root.glob("scratch/*"))


def replay(lines, state, next_id):
    """Return the states that are possible after what a killed worker said: the last change may be there or not."""
    messages = [json.loads(line) for line in lines]
    state = dict(state)

    def apply(state, action, learnware_id, number):
        changed = dict(state)
        if action == "delete":
            changed.pop(learnware_id)
        elif action in {"add", "update"}:
            changed[learnware_id] = number
        return changed

    pending = None
    for kind, *words in messages:
        if kind == "begin":
            pending = words
        elif kind == "done":
            pending = None
            state = apply(state, *words)
            if words[0] == "add":
                assert int(words[1]) >= next_id, "an id was given twice"
                next_id = int(words[1]) + 1
    states = [state]
    if pending is not None:
        action, learnware_id, number = pending
        # A number is used only by a committed change.
        states.append(apply(state, action, f"{next_id:08d}" if action == "add" else learnware_id, number))
    return states, next_id


def test_kills_at_random_moments(tmp_path, packages, new_semantic, new_spec):
    zips = [str(packages(seed=seed)) for seed in range(6)]
    rng = random.Random(20_24)
    root = str(tmp_path / "root")
    states, next_id = [{}], 1
    for seed in range(8):
        worker = start(WORKER, root, seed, 10_000, ACTIONS, zips, new_semantic())
        lines = [worker.stdout.readline() for _ in range(1 + rng.randrange(60))]
        # Between two lines, so that the kill comes at any point of a change.
        time.sleep(rng.random() * 0.02)
        worker.kill()
        rest = worker.communicate()[0].splitlines(keepends=True)
        lines += [line for line in rest if line.endswith("\n")]
        assert json.loads(lines[0]) == ["open"]
        organizer = EasyOrganizer("test", root=root)
        (before,) = states
        possible, next_id = replay(lines, before, next_id)
        assert_intact(organizer, possible, zips)
        assert_index_is_exact(organizer, new_spec(77))
        ids = organizer.get_learnware_ids()
        hashes = [sha256(path) for path in zips]
        here = {one: organizer.get_learnware_info_from_storage(one)["sha256"] for one in ids}
        states = [{one: hashes.index(digest) for one, digest in here.items()}]
        next_id = max([next_id, *(int(one) + 1 for one in ids)])
        organizer.close()


def test_two_processes_add_at_once(tmp_path, packages, new_semantic, new_spec):
    zips = [str(packages(seed=seed)) for seed in range(6)]
    root = str(tmp_path / "root")
    # All three make the market at the same time.
    workers = [start(WORKER, root, seed, 25, ["add", "unpack"], zips, new_semantic()) for seed in range(2)]
    organizer = EasyOrganizer("test", root=root)
    added = []
    for worker in workers:
        # What is acknowledged is seen here at once, while the other one goes on adding.
        for line in worker.stdout:
            kind, *words = json.loads(line)
            if kind == "done" and words[0] == "add":
                added.append(words[1])
                assert organizer.get_learnware_by_ids(words[1]).id == words[1]
        assert worker.wait() == 0
        worker.stdout.close()
    assert len(added) == len(set(added)) >= 10
    assert organizer.get_learnware_ids() == sorted(added)
    assert_index_is_exact(organizer, new_spec(77))
    organizer.close()


def test_another_process_finds_the_same(tmp_path, packages, new_semantic, new_spec):
    organizer = EasyOrganizer("test", root=tmp_path / "root")
    for seed in range(9):
        organizer.add_learnware(packages(seed=seed), new_semantic(), 0)
    query = new_spec(77)
    here = [(hit.learnware_id, hit.mmd2) for hit in organizer.island_index(ISLAND).single(query, top=5)]
    output, _ = start(SEARCH, str(tmp_path / "root"), json.loads(query.to_json())).communicate()
    there = json.loads(output)
    assert [learnware_id for learnware_id, _ in there] == [learnware_id for learnware_id, _ in here]
    assert [mmd2 for _, mmd2 in there] == pytest.approx([mmd2 for _, mmd2 in here], rel=1e-5)
    organizer.close()


def test_threads_share_a_market(tmp_path, packages, new_semantic, new_spec):
    market = instantiate_learnware_market("test", root=tmp_path / "root")
    organizer = market.learnware_organizer
    zips = [packages(seed=seed) for seed in range(4)]
    organizer.add_learnware(zips[0], new_semantic(), 1)
    query = new_spec(77)
    info = BaseUserInfo(semantic_spec=generate_semantic_spec(name="house"), stat_info={query.type: query})

    def change(number):
        learnware_id, _ = organizer.add_learnware(zips[number % 4], new_semantic(), 1)
        if number % 3 == 0:
            organizer.delete_learnware(learnware_id)

    def search(_):
        found = market.search_learnware(info).get_single_results()
        assert found
        assert all(np.isfinite(item.mmd2) for item in found)

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(change if number % 2 else search, number) for number in range(60)]
        for one in done:
            one.result()
    assert len(organizer) == 1 + 20
    assert_index_is_exact(organizer, query)
    organizer.close()


FORK = """\
import json, os, sys
from learnware.market import EasyOrganizer

root, zips, semantic = json.loads(sys.argv[1])
organizer = EasyOrganizer("test", root=root)
organizer.add_learnware(zips[0], semantic, 0)
child = os.fork()
organizer.add_learnware(zips[1], semantic, 0)
if child:
    assert os.waitpid(child, 0)[1] == 0
    organizer.add_learnware(zips[2], semantic, 0)
    print(organizer.get_learnware_ids())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_uses_the_market_too(tmp_path, packages, new_semantic):
    zips = [str(packages(seed=seed)) for seed in range(3)]
    process = start(FORK, str(tmp_path / "root"), zips, new_semantic())
    output, _ = process.communicate()
    assert process.returncode == 0
    assert output.strip() == str([f"{i:08d}" for i in range(1, 5)])


class MarketMachine(RuleBasedStateMachine):
    """Random changes through two organizers of one market, compared with a dict."""

    make_package = None
    semantic = None
    make_spec = None

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.organizers = [EasyOrganizer("test", root=self.folder.name) for _ in range(2)]
        self.expected = {}
        self.used = set()

    def teardown(self):
        if hasattr(self, "organizers"):
            for organizer in self.organizers:
                organizer.close()
            self.folder.cleanup()

    @rule(which=st.integers(0, 1), seeds=st.lists(st.integers(0, 9), min_size=1, max_size=4))
    def add(self, which, seeds):
        ids = self.organizers[which].add_learnwares([(self.packages[seed], self.semantic, 0) for seed in seeds])
        assert not self.used & set(ids)
        self.used |= set(ids)
        self.expected.update(zip(ids, seeds, strict=True))

    @rule(which=st.integers(0, 1), position=st.integers(0, 20), seed=st.integers(0, 9))
    def update(self, which, position, seed):
        if self.expected:
            learnware_id = sorted(self.expected)[position % len(self.expected)]
            self.organizers[which].update_learnware(learnware_id, self.packages[seed], check_status=1)
            self.expected[learnware_id] = seed

    @rule(which=st.integers(0, 1), position=st.integers(0, 20))
    def delete(self, which, position):
        if self.expected:
            learnware_id = sorted(self.expected)[position % len(self.expected)]
            assert self.organizers[which].delete_learnware(learnware_id)
            del self.expected[learnware_id]

    @rule(which=st.integers(0, 1))
    def reopen(self, which):
        self.organizers[which].reload_market()

    @rule(which=st.integers(0, 1))
    def look(self, which):
        self.check(self.organizers[which])

    @invariant()
    def agrees(self):
        if hasattr(self, "organizers"):
            self.check(self.organizers[0])

    def check(self, organizer):
        assert organizer.get_learnware_ids() == sorted(self.expected)
        for learnware in organizer.get_learnwares():
            spec = learnware.get_specification().get_stat_spec_by_name("RKMETableSpecification")
            assert np.array_equal(spec.get_z(), self.make_spec(self.expected[learnware.id]).get_z())
        assert_index_is_exact(organizer, self.make_spec(77))


def test_index_equals_brute_force_after_any_changes(packages, new_semantic, new_spec):
    class Machine(MarketMachine):
        semantic = new_semantic()
        make_spec = staticmethod(new_spec)

    Machine.packages = [packages(seed=seed) for seed in range(10)]
    case = Machine.TestCase()
    case.settings = settings(max_examples=20, stateful_step_count=12, suppress_health_check=list(HealthCheck))
    case.runTest()
