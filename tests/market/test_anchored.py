"""Bases of markets with anchors and with evolving specifications."""

import numpy as np
import pytest

from learnware.errors import LearnwareNotFoundError
from learnware.market import (
    AnchoredOrganizer,
    AnchoredSearcher,
    AnchoredUserInfo,
    EvolvedAnchoredOrganizer,
    EvolvedOrganizer,
)


def test_user_info_counts_every_anchor_once():
    info = AnchoredUserInfo("me", anchor_learnware_ids=["a"])
    info.add_anchor_learnware_ids("b")
    info.add_anchor_learnware_ids(["a", "c"])
    info.update_stat_info("a", 0.5)
    assert info.anchor_learnware_ids == ["a", "b", "c"]
    assert info.get_stat_info("a") == 0.5


def test_anchors_are_learnwares_of_the_market(tmp_path, packages, new_semantic):
    organizer = AnchoredOrganizer("test", root=tmp_path)
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    organizer.update_anchor_learnware_list({learnware_id: organizer.get_learnware_by_ids(learnware_id)})
    with pytest.raises(LearnwareNotFoundError):
        organizer.update_anchor_learnware_list({"00000009": None})
    assert list(organizer.anchor_learnware_list) == [learnware_id]
    organizer.delete_learnware(learnware_id)
    assert organizer.anchor_learnware_list == {}
    organizer.close()


def test_searcher_takes_two_steps(organizer):
    class Searcher(AnchoredSearcher):
        def search_anchor_learnware(self, user_info):
            return "try these", []

        def search_learnware(self, user_info):
            return "use these", []

    info = AnchoredUserInfo("me")
    assert Searcher(organizer)(info, anchor_flag=True) == ("try these", [])
    assert Searcher(organizer)(info) == ("use these", [])
    with pytest.raises(NotImplementedError):
        AnchoredSearcher(organizer)(info)


@pytest.mark.parametrize("base", [EvolvedOrganizer, EvolvedAnchoredOrganizer])
def test_new_specifications_are_kept_and_searched(base, tmp_path, packages, new_semantic, new_spec):
    class Organizer(base):
        def generate_new_stat_specification(self, learnware):
            return new_spec(99)

    organizer = Organizer("test", root=tmp_path)
    first, second = (organizer.add_learnware(packages(seed=seed), new_semantic(), 0)[0] for seed in (1, 2))
    if base is EvolvedOrganizer:
        organizer.evolve_learnware_list([second])
    else:
        organizer.update_anchor_learnware_list({second: organizer.get_learnware_by_ids(second)})
        with pytest.raises(LearnwareNotFoundError):
            organizer.evolve_anchor_learnware_list([first])
        organizer.evolve_anchor_learnware_list([second])
    spec = organizer.get_learnware_by_ids(second).get_specification().get_stat_spec_by_name("RKMETableSpecification")
    assert np.array_equal(spec.get_z(), new_spec(99).get_z())
    assert organizer.island_index("RKMETableSpecification/3").single(new_spec(99), top=1)[0].learnware_id == second
    organizer.close()


def test_bases_do_not_pretend(tmp_path, packages, new_semantic):
    organizer = EvolvedAnchoredOrganizer("test", root=tmp_path)
    learnware_id, _ = organizer.add_learnware(packages(), new_semantic(), 0)
    with pytest.raises(NotImplementedError):
        organizer.evolve_learnware_list([learnware_id])
    with pytest.raises(NotImplementedError):
        organizer.evolve_anchor_learnware_by_user(AnchoredUserInfo("me"))
    organizer.close()
