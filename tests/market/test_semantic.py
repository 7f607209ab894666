"""Semantic search."""

import pytest

from learnware.errors import MarketError
from learnware.market import BaseUserInfo, EasyExactSemanticSearcher, EasyFuzzSemanticSearcher
from learnware.market._semantic import SemanticIndex, SemanticQuery
from learnware.specification import generate_semantic_spec


@pytest.fixture
def index(new_semantic):
    index = SemanticIndex()
    index.put("00000001", new_semantic())
    index.put(
        "00000002", new_semantic(name="Store sales", description="Weekly sales.", scenarios=["Business", "Nature"])
    )
    index.put(
        "00000003", new_semantic(name="Digits of post codes", description="Ziffern für Häuser", data_type="Image")
    )
    old = new_semantic(name="Ancient", description="From before the key Model.", library_type="PyTorch")
    del old["Model"], old["License"]
    index.put("00000004", old)
    return index


def search(index, fuzzy=True, **conditions):
    found = index.search(SemanticQuery.parse(generate_semantic_spec(**conditions)), fuzzy=fuzzy)
    return [match.id for match in found]


def test_no_condition_finds_all_in_order(index):
    assert search(index) == ["00000001", "00000002", "00000003", "00000004"]


def test_tags_of_all_keys_must_agree(index):
    assert search(index, data_type="Table") == ["00000001", "00000002", "00000004"]
    assert search(index, data_type="Table", library_type="PyTorch") == ["00000004"]
    assert search(index, data_type="Text") == []


def test_one_common_scenario_is_enough(index):
    assert search(index, scenarios=["Nature", "Health"]) == ["00000002"]


def test_several_allowed_values(index):
    query = SemanticQuery.parse({"Data": {"Values": ["Image", "Text"], "Type": "Class"}})
    assert [match.id for match in index.search(query)] == ["00000003"]


def test_missing_keys_do_not_match_but_model_counts_as_others(index):
    assert search(index, license="MIT") == ["00000001", "00000002", "00000003"]
    assert search(index, model_type="Others") == search(index)
    assert search(index, model_type="Base Model") == []
    query = SemanticQuery.parse({"Model": {"Values": ["Base Model", "Others"], "Type": "Optional"}})
    assert len(index.search(query)) == 4


def test_text_in_name_ranks_before_text_in_description(index):
    assert search(index, name="house") == ["00000001"]
    index.put("00000000", generate_semantic_spec(name="Flats", description="Not a house."))
    matches = index.search(SemanticQuery.parse(generate_semantic_spec(name="HOUSE ")))
    assert [match.id for match in matches] == ["00000001", "00000000"]
    assert matches[0].score > matches[1].score


def test_words_in_another_order(index):
    assert search(index, name="sales store") == ["00000002"]
    assert search(index, name="sales store", fuzzy=False) == []


@pytest.mark.parametrize("text", ["hause prices", "house prcies", "Huose price"])
def test_typing_errors(index, text):
    assert search(index, name=text)[0] == "00000001"
    assert search(index, name=text, fuzzy=False) == []


def test_nonsense_finds_nothing(index):
    assert search(index, name="zzqqxx") == []


def test_unicode_is_compared_without_case_and_width(index):
    assert search(index, name="HÄUSER") == ["00000003"]
    assert search(index, name="\uff28äuser", fuzzy=False) == ["00000003"]
    index.put("00000005", generate_semantic_spec(name="房价预测", description="北京房价"))
    assert search(index, name="房价") == ["00000005"]


def test_learnware_id_is_a_part_of_the_id(index):
    query = SemanticQuery.parse({"learnware_id": {"Values": "0003", "Type": "String"}})
    assert [match.id for match in index.search(query)] == ["00000003"]


def test_only_allowed_ids(index):
    query = SemanticQuery.parse(generate_semantic_spec(data_type="Table"))
    assert [match.id for match in index.search(query, allowed=["00000004", "unknown"])] == ["00000004"]


def test_max_num_and_min_score(index):
    query = SemanticQuery.parse(generate_semantic_spec(name="hause"))
    assert index.search(query, min_score=75.0)
    assert not index.search(query, min_score=99.0)
    assert len(index.search(SemanticQuery.parse({}), max_num=2)) == 2


def test_replacing_and_discarding(index):
    index.put("00000001", generate_semantic_spec(name="Weather", data_type="Text"))
    assert search(index, data_type="Text") == ["00000001"]
    assert search(index, name="house", fuzzy=False) == []
    index.discard("00000001")
    index.discard("00000001")
    assert search(index, data_type="Text") == []
    assert len(index) == 3


@pytest.mark.parametrize("broken", [{"Data": 3}, {"Data": {"Values": None}}, {"Name": {"Values": ["x"]}}, {"x": {}}])
def test_malformed_values_are_no_condition(index, broken):
    assert len(index.search(SemanticQuery.parse(broken))) == 4


def test_conditions_must_be_a_dict():
    with pytest.raises(MarketError, match="expected a dict"):
        SemanticQuery.parse("Table")


@pytest.mark.parametrize("searcher_class", [EasyExactSemanticSearcher, EasyFuzzSemanticSearcher])
def test_searchers_pick_from_a_list(searcher_class, organizer, packages, new_semantic):
    organizer.add_learnware(packages(), new_semantic(), 0)
    organizer.add_learnware(packages(), new_semantic(name="Store sales"), 0)
    searcher = searcher_class(organizer)
    user = BaseUserInfo(semantic_spec=generate_semantic_spec(name="store"))
    learnwares = organizer.get_learnwares()
    assert searcher.is_applicable_user(user)
    assert all(map(searcher.is_applicable_learnware, learnwares))
    found = searcher(learnwares, user).get_single_results()
    assert [item.learnware for item in found] == learnwares[1:]
    assert found[0].score == 1.0


def test_only_the_tolerant_searcher_forgives(organizer, packages, new_semantic):
    organizer.add_learnware(packages(), new_semantic(), 0)
    user = BaseUserInfo(semantic_spec=generate_semantic_spec(name="hosue prices"))
    learnwares = organizer.get_learnwares()
    assert not EasyExactSemanticSearcher(organizer)(learnwares, user).get_single_results()
    assert EasyFuzzSemanticSearcher(organizer)(learnwares, user).get_single_results()
