"""The market as a whole: checks, changes, searches."""

import logging
import subprocess
import sys

import numpy as np
import pytest

import learnware.market
from learnware.errors import LearnwareNotFoundError, MarketError
from learnware.market import (
    BaseChecker,
    BaseUserInfo,
    EasyOrganizer,
    LearnwareMarket,
    MultipleSearchItem,
    SearchResults,
    SeqCombinedSearcher,
    SingleSearchItem,
    instantiate_learnware_market,
)
from learnware.market._find import MOST_SINGLES
from learnware.specification import RKMETableSpecification, generate_semantic_spec


def user(spec=None, **conditions):
    stat_info = {} if spec is None else {spec.type: spec}
    return BaseUserInfo(semantic_spec=generate_semantic_spec(**conditions), stat_info=stat_info)


@pytest.fixture
def filled(market, packages, new_semantic):
    """A market of eight learnwares of three columns, two names, two statuses, and one of four columns."""
    organizer = market.learnware_organizer
    for seed in range(8):
        name = "House prices" if seed % 2 else "Store sales"
        organizer.add_learnware(packages(seed=seed), new_semantic(name=name), seed // 4)
    organizer.add_learnware(packages(columns=4), new_semantic(4), 1)
    return market


def test_public_names():
    assert set(learnware.market.__all__) == {
        "AnchoredOrganizer",
        "AnchoredSearcher",
        "AnchoredUserInfo",
        "AtomicSearcher",
        "BaseChecker",
        "BaseOrganizer",
        "BaseSearcher",
        "BaseUserInfo",
        "CheckReport",
        "CheckResult",
        "CondaChecker",
        "EasyExactSemanticSearcher",
        "EasyFuzzSemanticSearcher",
        "EasyOrganizer",
        "EasySemanticChecker",
        "EasyStatChecker",
        "EasyStatSearcher",
        "EvolvedAnchoredOrganizer",
        "EvolvedOrganizer",
        "LearnwareMarket",
        "MultipleSearchItem",
        "SearchResults",
        "SeqCombinedSearcher",
        "SingleSearchItem",
        "instantiate_learnware_market",
    }


def test_importing_makes_nothing(tmp_path):
    code = "import sys, learnware.market as m; [getattr(m, x) for x in m.__all__]; print('sklearn' in sys.modules)"
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
    assert list(tmp_path.iterdir()) == []


def test_adding_checks(market, packages, new_semantic):
    learnware_id, status = market.add_learnware(str(packages()), new_semantic())
    assert (learnware_id, status) == ("00000001", BaseChecker.USABLE_LEARNWARE)
    assert len(market) == 1
    assert market.get_learnware_ids(check_status=1) == [learnware_id]
    assert market.get_learnware_by_ids(learnware_id).id == learnware_id


def test_invalid_learnwares_are_not_kept(market, packages, new_semantic, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    assert market.add_learnware(packages(), new_semantic(name="abc")) == (None, -1)
    assert "Name has 3 characters" in caplog.text
    assert market.add_learnware(packages(answer="raise RuntimeError('broken model')"), new_semantic()) == (None, -1)
    assert "broken model" in caplog.text
    (tmp_path / "text.zip").write_text("no zip")
    for names in (None, []):
        assert market.add_learnware(tmp_path / "text.zip", new_semantic(), checker_names=names) == (None, -1)
    assert len(market) == 0


def test_adding_without_checks(market, packages, new_semantic):
    assert market.add_learnware(packages(answer="return None"), new_semantic(name="abc"), checker_names=[]) == (
        "00000001",
        BaseChecker.NONUSABLE_LEARNWARE,
    )
    assert market.add_learnware(packages(), new_semantic(), ["EasySemanticChecker"])[1] == 0
    assert market.add_learnware(packages(), new_semantic(), [], learnware_id="mine")[0] == "mine"
    for names in (["NoChecker"], "EasyStatChecker"):
        with pytest.raises(MarketError):
            market.add_learnware(packages(), new_semantic(), names)


def test_a_file_that_is_not_there_is_the_callers_mistake(market, new_semantic, tmp_path):
    with pytest.raises(FileNotFoundError):
        market.add_learnware(tmp_path / "nothing.zip", new_semantic())


def test_checking_says_why(market, packages, new_semantic):
    good = market.check(packages(), new_semantic())
    assert (good.status, [result.checker for result in good.results]) == (1, ["EasySemanticChecker", "EasyStatChecker"])
    bad = market.check(packages(), new_semantic(name="abc"))
    assert (bad.status, len(bad.results)) == (-1, 1)
    assert str(bad) == "EasySemanticChecker: Name has 3 characters; expected 5 to 50"
    assert market.check_learnware(packages(), new_semantic()) == 1
    assert market.check_learnware(packages(), new_semantic(), checker_names=[]) == 0
    assert len(market) == 0


def test_updating(market, packages, new_semantic):
    learnware_id, _ = market.add_learnware(packages(seed=1), new_semantic())
    assert market.update_learnware(learnware_id, semantic_spec=new_semantic(name="New name")) == 1
    assert market.update_learnware(learnware_id, packages(seed=2), check_status=0) == 0
    assert market.update_learnware(learnware_id, packages(answer="return None")) == -1
    assert market.update_learnware(learnware_id, semantic_spec={}, check_status=1) == -1
    learnware = market.get_learnware_by_ids(learnware_id)
    assert learnware.get_specification().get_semantic_spec()["Name"]["Values"] == "New name"
    assert market.get_learnware_ids(check_status=0) == [learnware_id]
    with pytest.raises(LearnwareNotFoundError):
        market.update_learnware("00000009", check_status=1)


def test_deleting(filled):
    assert filled.delete_learnware("00000003") is True
    assert filled.delete_learnware("00000003") is False
    assert "00000003" not in filled.get_learnware_ids()


def test_searching_words_only(filled):
    results = filled.search_learnware(user(name="house price"))
    assert [item.learnware.id for item in results.get_single_results()] == [f"{i:08d}" for i in (2, 4, 6, 8, 9)]
    assert {item.score for item in results.get_single_results()} == {1.0}
    assert results.get_multiple_results() == []
    assert len(filled.search_learnware(user()).get_single_results()) == 9
    assert len(filled.search_learnware(user(name="house"), check_status=1).get_single_results()) == 5


def test_searching_nothing_that_is_there(filled):
    results = filled.search_learnware(user(data_type="Image"))
    assert results.nothing_fits
    assert "semantic conditions" in results.message
    assert results.get_single_results() == []


def test_searching_by_statistics(filled, new_spec):
    results = filled.search_learnware(user(new_spec(5)))
    best = results.get_single_results()[0]
    assert best.learnware.id == "00000006"
    assert best.mmd2 == pytest.approx(0.0, abs=1e-5)
    assert best.similarity == pytest.approx(1.0, abs=1e-5)
    assert len(results.get_single_results()) == 8
    scores = [item.score for item in results.get_single_results()]
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert not results.nothing_fits


def test_filters_and_statistics_combine(filled, new_spec):
    results = filled.search_learnware(user(new_spec(5), name="store"))
    assert {item.learnware.id for item in results.get_single_results()} == {f"{i:08d}" for i in (1, 3, 5, 7)}
    usable = filled.search_learnware(user(new_spec(5), name="store"), check_status=1)
    assert {item.learnware.id for item in usable.get_single_results()} == {"00000005", "00000007"}
    for item in usable.get_multiple_results():
        assert {learnware.id for learnware in item.learnwares} <= {"00000005", "00000007"}


def test_a_mixture_is_found_with_its_weights(market, packages, new_semantic, new_spec):
    parts = [new_spec(seed, points=20, shift=6.0 * seed) for seed in range(4)]
    for part in parts:
        market.learnware_organizer.add_learnware(packages(spec=part), new_semantic(), 1)
    mixed = RKMETableSpecification.from_states(
        {
            "z": np.concatenate([parts[1].get_z(), parts[2].get_z()]).tolist(),
            "beta": np.concatenate([0.7 * parts[1].get_beta(), 0.3 * parts[2].get_beta()]).tolist(),
            "gamma": 0.1,
            "num_points": 4000,
        }
    )
    (item,) = market.search_learnware(user(mixed)).get_multiple_results()
    assert [learnware.id for learnware in item.learnwares] == ["00000002", "00000003"]
    assert item.weights == pytest.approx((0.7, 0.3), abs=0.02)
    assert item.mmd2 == pytest.approx(0.0, abs=1e-4)
    assert item.unexplained == pytest.approx(0.0, abs=0.02)


def test_equal_learnwares_do_no_harm(market, packages, new_semantic, new_spec):
    zips = [packages(seed=seed) for seed in range(4)]
    for number in range(MOST_SINGLES + 4):
        market.learnware_organizer.add_learnware(zips[number % 4], new_semantic(), 1)
    for seed in range(10):
        results = market.search_learnware(user(new_spec(50 + seed)))
        assert len(results.get_single_results()) == MOST_SINGLES
        for item in results.get_multiple_results():
            assert sum(item.weights) == pytest.approx(1.0)


def test_no_learnware_of_the_feature_space(filled, new_spec):
    results = filled.search_learnware(user(new_spec(columns=7)))
    assert results.nothing_fits
    assert "7 columns" in results.message


def test_a_specification_that_nobody_compares_is_told(filled):
    info = BaseUserInfo(semantic_spec=generate_semantic_spec(name="store"), stat_info={"OtherSpecification": object()})
    results = filled.search_learnware(info)
    assert len(results.get_single_results()) == 4
    assert "OtherSpecification" in results.message


@pytest.mark.parametrize("method", ["greedy", "auto", "mean"])
def test_published_search_methods(filled, new_spec, method):
    results = filled.search_learnware(user(new_spec(5)), search_method=method, max_search_num=3)
    assert results.get_single_results()[0].learnware.id == "00000006"


def test_malformed_searches(filled, new_spec):
    for arguments in ({"search_method": "magic"}, {"max_search_num": 0}, {"max_search_num": True}):
        with pytest.raises(MarketError):
            filled.search_learnware(user(new_spec(5)), **arguments)
    with pytest.raises(MarketError, match="expected a dict"):
        filled.search_learnware(BaseUserInfo(semantic_spec=[("Name", "x")], stat_info={"x": new_spec()}))


def test_a_searcher_of_ones_own(filled, new_spec):
    class Odd(learnware.market.AtomicSearcher):
        def is_applicable_user(self, user_info):
            return True

        def __call__(self, learnware_list, user_info):
            return SearchResults([SingleSearchItem(one, 0.5) for one in learnware_list if int(one.id) % 2])

    organizer = filled.learnware_organizer
    searcher = SeqCombinedSearcher(organizer, [Odd(organizer)], filled.learnware_searcher.stat_searcher_list)
    found = searcher(user(new_spec(5))).get_single_results()
    assert {item.learnware.id for item in found} == {f"{i:08d}" for i in (1, 3, 5, 7)}


def test_reset_and_reload(filled, tmp_path):
    filled.reset(organizer_kwargs={"rebuild": True}, checker_kwargs={"EasyStatChecker": {"timeout": 3.0}})
    assert len(filled) == 0
    assert filled.learnware_checker["EasyStatChecker"].timeout == 3.0
    other = EasyOrganizer("other", root=tmp_path / "root")
    filled.reset(searcher_kwargs={"organizer": other})
    assert filled.learnware_searcher.learnware_organizer is other
    assert filled.reload_market() is True
    with pytest.raises(MarketError, match="NoChecker"):
        filled.reset(checker_kwargs={"NoChecker": {}})
    other.close()


def test_instantiating(tmp_path):
    market = instantiate_learnware_market("x", conda_checker=True, checker_kwargs={"timeout": 9.0}, root=tmp_path)
    assert isinstance(market, LearnwareMarket)
    assert market.market_id == "x"
    assert list(market.learnware_checker) == ["EasySemanticChecker", "CondaChecker"]
    market.learnware_organizer.close()
    for name in ("hetero", "llm", "other"):
        with pytest.raises(MarketError, match="no market of kind"):
            instantiate_learnware_market("x", name=name, root=tmp_path)


def test_results_are_plain():
    results = SearchResults()
    assert (results.get_single_results(), results.get_multiple_results(), results.nothing_fits) == ([], [], False)
    results.update_single_results([SingleSearchItem(None, 0.5)])
    results.update_multiple_results([MultipleSearchItem([], 0.5)])
    assert results.get_single_results()[0].score == 0.5
    assert results.get_multiple_results()[0].weights == ()


def test_user_info():
    info = BaseUserInfo(id="me")
    info.update_semantic_spec({"Name": {"Values": "x", "Type": "String"}})
    info.update_stat_info("RKMETableSpecification", 3)
    assert info.get_stat_info("RKMETableSpecification") == 3
    assert info.get_stat_info("RKMEImageSpecification") is None
    assert info.get_semantic_spec()["Name"]["Values"] == "x"


def test_conditions_that_nothing_meets_are_told(filled):
    conditions = generate_semantic_spec(task_type="Regresion", scenarios=["Health"])
    results = filled.search_learnware(BaseUserInfo(semantic_spec=conditions))
    assert results.nothing_fits
    assert "(Task Regresion; Scenario Health)" in results.message
    assert "'Regresion' is no Task: known are Classification, Regression" in results.message
