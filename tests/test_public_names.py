"""The public names: none appears or goes by accident, and programs for the published package find theirs."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

EXPORTED = {
    "learnware": """
        client errors get_module_logger init is_torch_available learnware market model reuse runtime setup_seed solve
        specification verification
    """,
    "learnware.errors": """
        DockError DockProblemError DockUnreachableError EncoderUnavailableError EnvironmentBuildError
        IncompatibleSpecificationError
        InvalidPackageError LearnwareError LearnwareNotFoundError MarketError MissingDependencyError ModelError
        ModelTimeoutError NotLoggedInError NothingFitsError PackError ResourceLimitError ReuseError SandboxError
        SpecificationError TransferError
    """,
    "learnware.findings": "FINDINGS code_of mend_of message_of",
    "learnware.texts": "Text joined shortened text text_of",
    "learnware.specification": """
        BaseStatSpecification RKMEImageFeatureSpecification RKMEImageSpecification RKMESpecification
        RKMEStatSpecification RKMETableSpecification RKMETextSpecification ReductionReport RegularStatSpecification
        Specification SystemStatSpecification data_type_of describe generate_rkme_image_feature_spec
        generate_rkme_image_spec generate_rkme_table_spec generate_rkme_text_spec generate_semantic_spec
        generate_stat_spec register_stat_specification rkme_solve_qp semantic_labels semantic_vocabulary
        solve_simplex_qp spec_types stat_specification_class
    """,
    "learnware.specification.encoding": "PUBLISHED TextEncoder text_encoder",
    "learnware.model": "BaseModel TorchModel",
    "learnware.learnware": """
        Learnware Manifest Member MissingField ModelEntry PackageContents PackageLimits Specification StatSpecEntry
        align_columns content_hash get_learnware_from_dirpath get_module_logger get_stat_spec_from_config
        missing_information pack read_package read_yaml_to_dict rewrite_package unpack write_package
    """,
    "learnware.market": """
        AnchoredOrganizer AnchoredSearcher AnchoredUserInfo AtomicSearcher BaseChecker BaseOrganizer BaseSearcher
        BaseUserInfo CheckReport CheckResult CondaChecker EasyExactSemanticSearcher EasyFuzzSemanticSearcher
        EasyOrganizer EasySemanticChecker EasyStatChecker EasyStatSearcher EvolvedAnchoredOrganizer EvolvedOrganizer
        LearnwareMarket MultipleSearchItem SearchResults SeqCombinedSearcher SingleSearchItem
        instantiate_learnware_market
    """,
    "learnware.market.index": """
        EMBEDDING_VERSION Finding Findings IndexRow IndexSource IndexState IndexView IslandIndex IslandMember
        IslandState IslandStore KernelMetric Mixture Plane Searchable SemanticIndex SemanticQuery StoredIsland
        decode_stat_spec encode_stat_spec find have_traits join_islands plane renew_island single_threaded_blas
        stored_traits vector_of_bytes
    """,
    "learnware.reuse": """
        AveragingReuser BaseReuser ClassRatios EnsemblePruningReuser FeatureAugmentReuser JobSelectorReuser
        PriorShiftReuser ReuseReport RoutingReuser StackingReuser class_ratios
    """,
    "learnware.client": "DockConnection LearnwareClient SemanticSpecificationKey TransferProgress",
    "learnware.verification": """
        EnvironmentSummary Finding PARTS PartResult VerificationProgress
        VerificationReport verify
    """,
    "learnware.runtime": "Environment Limits ModelProcess ModelRunner RunReport RunningModel current_environment",
    "learnware.runtime.container": "ContainerChild",
    "learnware.runtime.environment": """
        Environment EnvironmentStore Requirements StoredEnvironment current_environment read_requirements
    """,
    "learnware.solution": "ChosenLearnware Solution SolutionReport solve",
    "learnware.cli": "app main",
    "learnware.tests.templates": """
        LearnwareTemplate ModelTemplate PickleModelTemplate StatSpecTemplate convert_folder_to_zipfile
        save_dict_to_yaml
    """,
}

# Calls of the published package, versions 0.3 and 0.4: what programs for tables may call, by name and by position.
PUBLISHED = {
    "learnware": {
        "get_module_logger": "module_name, level=None, outfile=None",
        "init": "verbose=True",
        "is_torch_available": "verbose=False",
        "setup_seed": "seed",
    },
    "learnware.specification": {
        "BaseStatSpecification": "type",
        "BaseStatSpecification.generate_stat_spec": "",
        "BaseStatSpecification.get_states": "",
        "BaseStatSpecification.dist": "stat_spec",
        "BaseStatSpecification.save": "filepath",
        "BaseStatSpecification.load": "filepath",
        "RegularStatSpecification": "type",
        "RegularStatSpecification.generate_stat_spec_from_data": "",
        "Specification": "semantic_spec=None, stat_spec=None",
        "Specification.get_stat_spec": "",
        "Specification.get_semantic_spec": "",
        "Specification.update_semantic_spec": "semantic_spec",
        "Specification.update_stat_spec": "",
        "Specification.get_stat_spec_by_name": "name",
        "RKMETableSpecification": "gamma=0.1, cuda_idx=None",
        "RKMETableSpecification.get_beta": "",
        "RKMETableSpecification.get_z": "",
        "RKMETableSpecification.generate_stat_spec_from_data": (
            "X, K=100, step_size=0.1, steps=3, nonnegative_beta=True, reduce=True"
        ),
        "RKMETableSpecification.inner_prod": "Phi2",
        "RKMETableSpecification.dist": "Phi2, omit_term1=False",
        "RKMETableSpecification.herding": "T",
        "RKMETableSpecification.save": "filepath",
        "RKMETableSpecification.load": "filepath",
        "RKMEStatSpecification": "gamma=0.1, cuda_idx=-1",
        "RKMETextSpecification": "gamma=0.1, cuda_idx=None",
        "RKMETextSpecification.generate_stat_spec_from_data": (
            "X, K=100, step_size=0.1, steps=3, nonnegative_beta=True, reduce=True"
        ),
        "RKMETextSpecification.get_language_ids": "X",
        "RKMETextSpecification.get_sentence_embedding": "X",
        "rkme_solve_qp": "K, C",
        "generate_rkme_text_spec": (
            "X, gamma=0.1, reduced_set_size=100, step_size=0.1, steps=3, nonnegative_beta=True, reduce=True, "
            "cuda_idx=None"
        ),
        "generate_rkme_table_spec": (
            "X, gamma=0.1, reduced_set_size=100, step_size=0.1, steps=3, nonnegative_beta=True, reduce=True, "
            "cuda_idx=None"
        ),
        "generate_semantic_spec": (
            "name=None, description=None, data_type=None, task_type=None, model_type=None, library_type=None, "
            "scenarios=None, license=None, input_description=None, output_description=None"
        ),
        "generate_stat_spec": "type, X",
    },
    "learnware.learnware": {
        "Learnware": "id, model, specification, learnware_dirpath",
        "Learnware.get_model_module_abspath": "learnware_dirpath, module_path",
        "Learnware.instantiate_model": "",
        "Learnware.predict": "X",
        "Learnware.get_model": "",
        "Learnware.get_specification": "",
        "Learnware.get_dirpath": "",
        "Learnware.update_stat_spec": "name, new_stat_spec",
        "Learnware.update_semantic_spec": "new_semantic_spec",
        "Learnware.update": "",
        "Specification": "semantic_spec=None, stat_spec=None",
        "get_learnware_from_dirpath": "id, semantic_spec, learnware_dirpath, ignore_error=True",
        "get_stat_spec_from_config": "stat_spec",
        "read_yaml_to_dict": "yaml_path",
    },
    "learnware.model": {
        "BaseModel": "input_shape, output_shape",
        "BaseModel.predict": "X",
        "BaseModel.fit": "X, y",
        "BaseModel.finetune": "X, y",
        "BaseModel.get_model": "",
        "TorchModel": "model, input_shape, output_shape",
        "TorchModel.predict": "X",
        "TorchModel.fit": "X, y",
        "TorchModel.finetune": "X, y",
    },
    "learnware.market": {
        "AnchoredOrganizer.update_anchor_learnware_list": "learnware_list",
        "AnchoredSearcher": "organizer",
        "AnchoredSearcher.search_anchor_learnware": "user_info",
        "AnchoredSearcher.search_learnware": "user_info",
        "AnchoredSearcher.__call__": "user_info, anchor_flag=False",
        "AnchoredUserInfo": "id, semantic_spec=None, stat_info=None, anchor_learnware_ids=None",
        "AnchoredUserInfo.add_anchor_learnware_ids": "learnware_ids",
        "AnchoredUserInfo.update_stat_info": "name, item",
        "BaseChecker.reset": "",
        "BaseChecker.__call__": "learnware",
        "BaseOrganizer": "market_id",
        "BaseOrganizer.reset": "market_id, rebuild=False",
        "BaseOrganizer.reload_market": "rebuild=False",
        "BaseOrganizer.add_learnware": "zip_path, semantic_spec, check_status",
        "BaseOrganizer.delete_learnware": "id",
        "BaseOrganizer.update_learnware": "id, zip_path, semantic_spec, check_status",
        "BaseOrganizer.get_learnware_zip_path_by_ids": "ids",
        "BaseOrganizer.get_learnware_dir_path_by_ids": "ids",
        "BaseOrganizer.get_learnware_ids": "top=None, check_status=None",
        "BaseOrganizer.get_learnwares": "top=None, check_status=None",
        "BaseSearcher": "organizer",
        "BaseSearcher.reset": "organizer",
        "BaseUserInfo": "id=None, semantic_spec=None, stat_info=None",
        "BaseUserInfo.get_semantic_spec": "",
        "BaseUserInfo.get_stat_info": "name",
        "BaseUserInfo.update_semantic_spec": "semantic_spec",
        "BaseUserInfo.update_stat_info": "name, item",
        "LearnwareMarket": "organizer, searcher, checker_list=None",
        "LearnwareMarket.reset": "organizer_kwargs=None, searcher_kwargs=None, checker_kwargs=None",
        "LearnwareMarket.reload_market": "",
        "LearnwareMarket.check_learnware": "zip_path, semantic_spec, checker_names=None",
        "LearnwareMarket.add_learnware": "zip_path, semantic_spec, checker_names=None",
        "LearnwareMarket.search_learnware": "user_info, check_status=None",
        "LearnwareMarket.delete_learnware": "id",
        "LearnwareMarket.update_learnware": (
            "id, zip_path=None, semantic_spec=None, checker_names=None, check_status=None"
        ),
        "LearnwareMarket.get_learnware_ids": "top=None, check_status=None",
        "LearnwareMarket.get_learnwares": "top=None, check_status=None",
        "LearnwareMarket.reload_learnware": "learnware_id",
        "LearnwareMarket.get_learnware_zip_path_by_ids": "ids",
        "LearnwareMarket.get_learnware_dir_path_by_ids": "ids",
        "LearnwareMarket.get_learnware_by_ids": "id",
        "CondaChecker": "inner_checker",
        "CondaChecker.__call__": "learnware",
        "EasyOrganizer": "market_id",
        "EasyOrganizer.reload_market": "rebuild=False",
        "EasyOrganizer.add_learnware": "zip_path, semantic_spec, check_status, learnware_id=None",
        "EasyOrganizer.delete_learnware": "id",
        "EasyOrganizer.update_learnware": "id, zip_path=None, semantic_spec=None, check_status=None",
        "EasyOrganizer.get_learnware_by_ids": "ids",
        "EasyOrganizer.get_learnware_zip_path_by_ids": "ids",
        "EasyOrganizer.get_learnware_dir_path_by_ids": "ids",
        "EasyOrganizer.get_learnware_ids": "top=None, check_status=None",
        "EasyOrganizer.get_learnwares": "top=None, check_status=None",
        "EasyOrganizer.reload_learnware": "learnware_id",
        "EasyOrganizer.get_learnware_info_from_storage": "learnware_id",
        "EasyExactSemanticSearcher": "organizer",
        "EasyExactSemanticSearcher.is_applicable_learnware": "learnware",
        "EasyExactSemanticSearcher.is_applicable_user": "user_info",
        "EasyExactSemanticSearcher.__call__": "learnware_list, user_info",
        "EasyFuzzSemanticSearcher": "organizer",
        "EasyFuzzSemanticSearcher.is_applicable_learnware": "learnware",
        "EasyFuzzSemanticSearcher.is_applicable_user": "user_info",
        "EasyFuzzSemanticSearcher.__call__": "learnware_list, user_info, max_num=50000, min_score=75.0",
        "EasyStatSearcher": "organizer",
        "EasyStatSearcher.is_applicable_learnware": "learnware",
        "EasyStatSearcher.is_applicable_user": "user_info",
        "EasyStatSearcher.__call__": "learnware_list, user_info, max_search_num=5, search_method='greedy'",
        "SeqCombinedSearcher": "organizer, semantic_searcher_list, stat_searcher_list",
        "SeqCombinedSearcher.reset": "organizer",
        "SeqCombinedSearcher.__call__": "user_info, check_status=None, max_search_num=5, search_method='greedy'",
        "EasySemanticChecker.check_semantic_spec": "semantic_spec",
        "EasySemanticChecker.__call__": "learnware",
        "EasyStatChecker.__call__": "learnware",
        "EvolvedOrganizer.generate_new_stat_specification": "learnware",
        "EvolvedOrganizer.evolve_learnware_list": "id_list",
        "EvolvedAnchoredOrganizer.evolve_anchor_learnware_list": "anchor_id_list",
        "EvolvedAnchoredOrganizer.evolve_anchor_learnware_by_user": "user_info",
        "instantiate_learnware_market": (
            "market_id='default', name='easy', rebuild=False, organizer_kwargs=None, searcher_kwargs=None, "
            "checker_kwargs=None, conda_checker=False"
        ),
    },
    "learnware.reuse": {
        "BaseReuser": "learnware_list=None",
        "BaseReuser.reset": "",
        "BaseReuser.predict": "user_data",
        "AveragingReuser": "learnware_list=None, mode='mean'",
        "AveragingReuser.predict": "user_data",
        "EnsemblePruningReuser": "learnware_list=None, mode='classification'",
        "EnsemblePruningReuser.fit": "val_X, val_y, maxgen=500",
        "EnsemblePruningReuser.predict": "user_data",
        "FeatureAugmentReuser": "learnware_list=None, mode=None",
        "FeatureAugmentReuser.predict": "user_data",
        "FeatureAugmentReuser.fit": "x_train, y_train",
        "JobSelectorReuser": "learnware_list=None, herding_num=1000, use_herding=True",
        "JobSelectorReuser.predict": "user_data",
        "JobSelectorReuser.job_selector": "user_data",
    },
    "learnware.client": {
        "LearnwareClient": "host=None, timeout=None",
        "LearnwareClient.is_connected": "",
        "LearnwareClient.login": "email, token",
        "LearnwareClient.is_login": "",
        "LearnwareClient.logout": "",
        "LearnwareClient.upload_learnware": "learnware_zip_path, semantic_specification",
        "LearnwareClient.update_learnware": "learnware_id, semantic_specification, learnware_zip_path=None",
        "LearnwareClient.get_semantic_specification": "learnware_id",
        "LearnwareClient.download_learnware": "learnware_id, save_path=None",
        "LearnwareClient.list_learnware": "",
        "LearnwareClient.search_learnware": "user_info, page_size=10, page_index=0",
        "LearnwareClient.delete_learnware": "learnware_id",
        "LearnwareClient.list_semantic_specification_values": "key",
        "LearnwareClient.get_pretrained_path": "learnware_id",
        "LearnwareClient.unzip_learnware": "learnware_id",
        "LearnwareClient.load_learnware": "learnware_path=None, learnware_id=None, runnable_option=None",
        "LearnwareClient.check_learnware": "learnware_zip_path, semantic_specification=None",
        "LearnwareClient.cleanup": "",
    },
    "learnware.tests.templates": {
        "LearnwareTemplate.generate_requirements": "filepath, requirements=None",
        "LearnwareTemplate.generate_learnware_yaml": "filepath, model_config=None, stat_spec_config=None",
        "LearnwareTemplate.generate_learnware_zipfile": (
            "learnware_zippath, model_template, stat_spec_template, requirements=None"
        ),
        "ModelTemplate": "",
        "PickleModelTemplate": "model_kwargs, pickle_filepath",
        "StatSpecTemplate": "filepath, type='RKMETableSpecification'",
        "convert_folder_to_zipfile": "folder_path, zip_path",
        "save_dict_to_yaml": "dict_value, save_path",
    },
}
CALLS = [(module, name, call) for module, names in PUBLISHED.items() for name, call in names.items()]

# Calls that the published package takes with any further arguments: they go on to somebody else.
OPEN_ENDED = (
    ("learnware", "init"),
    ("learnware.specification", "BaseStatSpecification.generate_stat_spec"),
    ("learnware.specification", "Specification.update_stat_spec"),
    ("learnware.specification", "generate_stat_spec"),
    ("learnware.market", "BaseOrganizer.__init__"),
    ("learnware.market", "LearnwareMarket.add_learnware"),
    ("learnware.market", "LearnwareMarket.search_learnware"),
    ("learnware.market", "LearnwareMarket.update_learnware"),
    ("learnware.market", "instantiate_learnware_market"),
    ("learnware.reuse", "BaseReuser.reset"),
)
CONSTANTS = {
    ("learnware.market", "BaseChecker.INVALID_LEARNWARE"): -1,
    ("learnware.market", "BaseChecker.NONUSABLE_LEARNWARE"): 0,
    ("learnware.market", "BaseChecker.USABLE_LEARNWARE"): 1,
    ("learnware.client", "SemanticSpecificationKey.DATA_TYPE.value"): "Data",
    ("learnware.client", "SemanticSpecificationKey.TASK_TYPE.value"): "Task",
    ("learnware.client", "SemanticSpecificationKey.LIBRARY_TYPE.value"): "Library",
    ("learnware.client", "SemanticSpecificationKey.MODEL_TYPE.value"): "Model",
    ("learnware.client", "SemanticSpecificationKey.SENARIOES.value"): "Scenario",
    ("learnware.client", "SemanticSpecificationKey.LICENSE.value"): "License",
}
PROPERTIES = (
    ("learnware.specification", "RKMETableSpecification.device"),
    ("learnware.model", "TorchModel.nn_model"),
    ("learnware.market", "LearnwareMarket.market_id"),
)
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def look_up(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def parameters(module: str, name: str) -> list[inspect.Parameter]:
    """Return the parameters of a function, of a class's constructor, or of a method without its first one."""
    found = look_up(module, name)
    listed = list(inspect.signature(found).parameters.values())
    return listed[1:] if listed and listed[0].name == "self" else listed


@pytest.mark.parametrize("module", EXPORTED)
def test_exported_names_are_pinned(module: str) -> None:
    package = importlib.import_module(module)
    assert sorted(package.__all__) == sorted(EXPORTED[module].split())
    for name in package.__all__:
        assert getattr(package, name) is not None
    if module != "learnware.errors":
        assert set(package.__all__) <= set(dir(package))


@pytest.mark.parametrize(("module", "name", "call"), CALLS, ids=[f"{module}.{name}" for module, name, _ in CALLS])
def test_published_calls_work(module: str, name: str, call: str) -> None:
    published = list(inspect.signature(eval(f"lambda {call}: None")).parameters.values())
    here = [one for one in parameters(module, name) if one.kind not in VARIADIC]
    places = [one for one in here if one.kind in POSITIONAL][: len(published)]
    assert [one.name for one in places] == [one.name for one in published]
    for ours, theirs in zip(places, published, strict=True):
        if theirs.default is not theirs.empty:
            assert ours.default == theirs.default, ours.name
    for added in here:
        if added not in places:
            assert added.default is not added.empty, f"{added.name} was added without a default"


@pytest.mark.parametrize(("module", "name"), OPEN_ENDED)
def test_further_arguments_are_taken(module: str, name: str) -> None:
    assert any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters(module, name))


@pytest.mark.parametrize(("module", "name"), CONSTANTS)
def test_constants_keep_their_values(module: str, name: str) -> None:
    assert look_up(module, name) == CONSTANTS[module, name]


@pytest.mark.parametrize(("module", "name"), PROPERTIES)
def test_properties_are_properties(module: str, name: str) -> None:
    assert isinstance(look_up(module, name), property)


def test_kinds_of_parts_are_kept() -> None:
    from learnware import market, model, reuse, specification

    assert issubclass(specification.RKMEStatSpecification, specification.RKMETableSpecification)
    assert issubclass(specification.RKMETableSpecification, specification.RegularStatSpecification)
    assert issubclass(specification.RegularStatSpecification, specification.BaseStatSpecification)
    assert issubclass(model.TorchModel, model.BaseModel)
    assert issubclass(market.EasyOrganizer, market.BaseOrganizer)
    assert issubclass(market.AnchoredOrganizer, market.EasyOrganizer)
    assert issubclass(market.EvolvedOrganizer, market.EasyOrganizer)
    assert issubclass(market.EvolvedAnchoredOrganizer, (market.AnchoredOrganizer, market.EvolvedOrganizer))
    assert issubclass(market.AnchoredUserInfo, market.BaseUserInfo)
    for searcher in (market.EasyStatSearcher, market.EasyExactSemanticSearcher, market.SeqCombinedSearcher):
        assert issubclass(searcher, market.BaseSearcher)
    for checker in (market.EasySemanticChecker, market.EasyStatChecker, market.CondaChecker):
        assert issubclass(checker, market.BaseChecker)
    for reuser in (reuse.AveragingReuser, reuse.JobSelectorReuser, reuse.EnsemblePruningReuser):
        assert issubclass(reuser, reuse.BaseReuser)
