"""From a task to a prediction in one call: search, load, choose the way of reuse, fit."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from learnware.errors import MarketError, NothingFitsError, ReuseError
from learnware.learnware import align_columns
from learnware.learnware._columns import column_names, column_order
from learnware.market import BaseUserInfo, instantiate_learnware_market
from learnware.market._organizer import market_folder
from learnware.reuse import (
    AveragingReuser,
    EnsemblePruningReuser,
    FeatureAugmentReuser,
    PriorShiftReuser,
    RoutingReuser,
    StackingReuser,
    class_ratios,
)
from learnware.reuse._classes import ClassSpace, class_key
from learnware.reuse._inputs import as_input, take
from learnware.reuse._outputs import ask, labelled_space, output_space
from learnware.runtime import Limits, ModelRunner, RunningModel
from learnware.solution._report import FEWEST_LABELS, ChosenLearnware, SolutionReport
from learnware.solution._solution import Solution, predict_labels
from learnware.specification import data_type_of, generate_semantic_spec
from learnware.specification._kinds import generate
from learnware.specification._tables import without_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket, SearchResults
    from learnware.reuse import BaseReuser
    from learnware.specification import RKMESpecification

__all__ = ["solve"]

_REGRESSION, _CLASSIFICATION = "Regression", "Classification"
_FOLDS = 5
# Rows that show what the learnwares' answers look like, where there are no labels.
_SAMPLE = 100
# Whole numbers of more different values than this are rather targets than classes.
_MOST_CLASSES = 20


def solve(
    X: Any,
    y: ArrayLike | None = None,
    *,
    market: LearnwareMarket | str = "default",
    semantic_spec: dict[str, Any] | None = None,
    task: str | None = None,
    max_learnwares: int = 10,
    seed: int = 0,
    runnable_option: str | None = None,
    sandbox: str | None = None,
    limits: Limits = Limits(),  # noqa: B008  # frozen
    progress: Callable[[str], None] | None = None,
) -> Solution:
    """Solve a task with the learnwares of a market.

    The data are described by a specification, the market is searched, and the best learnwares are combined: without
    labels by density-weighted routing, classes of images by `PriorShiftReuser` with the learnwares that know most of
    them (`class_ratios`), with labels in the way that cross-validation finds best, the user's own model among them. The
    learnwares' code never runs in this process but in one of its own each, in a sandbox.

    Parameters
    ----------
    X : array, data frame or tensor of shape (n_samples, n_features) or (n_samples, channels, height, width), or texts
        The user's data: a table, images (also a list of PIL images) or texts (a list or a column of strings). The
        columns of a data frame are taken by name where learnwares name the same ones.
    y : array_like of shape (n_samples,), optional
        Labels or targets; NaN or None marks a row without.
    market : LearnwareMarket or str, default="default"
        The market, or the id of one on this machine.
    semantic_spec : dict, optional
        Conditions on tags and words, as `generate_semantic_spec` makes them.
    task : {"Classification", "Regression"}, optional
        By default read from the labels: text is classes, fractions are targets, and whole numbers are what there is a
        learnware for, classes first where they have at most 20 values. Without labels that of the learnware that fits
        best.
    max_learnwares : int, default=10
        How many learnwares are combined at most.
    seed : int, default=0
        Seed of everything random.
    runnable_option : {None, "current", "venv", "conda", "docker"}, optional
        The packages that the learnwares run with: those of this interpreter (None and ``"current"``), or what each asks
        for, in an environment that is built once.
    sandbox : str, optional
        One of `learnware.runtime.sandbox.SANDBOX_LEVELS`; the best one of this machine by default.
    limits : Limits, optional
        What each learnware may use.
    progress : callable, optional
        Called with a sentence before every step.

    Returns
    -------
    Solution

    Raises
    ------
    MarketError
        If there is no market of this id.
    NothingFitsError
        If no learnware of the market is for this task, or, without labels, if most of the data is covered by none.
    SpecificationError
        If `X` is no table of numbers, and neither images nor texts.
    ReuseError
        If labels and data do not fit together, or data and learnwares by the names of their columns.
    ModelError
        If a learnware does not answer properly.
    EnvironmentBuildError
        If the packages that a learnware asks for cannot be had.
    SandboxError
        If the sandbox cannot be had on this machine.
    """
    if task not in (None, _REGRESSION, _CLASSIFICATION):
        raise ReuseError(f"task is {task!r}; expected {_CLASSIFICATION!r}, {_REGRESSION!r} or None")
    if max_learnwares < 1:
        raise ReuseError(f"max_learnwares is {max_learnwares}; expected at least 1")
    say = progress or _silent
    data_type = data_type_of(X)
    if data_type != "Table":
        X = as_input(X)
    say("describing the data")
    if isinstance(market, str):
        market = _open(market)
    # Some descriptions take long: none is made by which nothing can be found.
    types = market.spec_types(data_type)
    spec = generate(types[0], X, seed=seed)
    labelled, labels = _labelled_rows(y, spec.num_points)
    tasks = (task,) if task else _tasks_of_labels(labels)
    say("searching the market")
    conditions = dict(semantic_spec or generate_semantic_spec())
    conditions["Task"] = {"Values": list(tasks), "Type": "Class"}
    results = _search(market, conditions, spec)
    ordered = _in_another_order(X, results, market) if data_type == "Table" else None
    if ordered is not None:
        say("searching again with the columns in the order of the learnwares")
        X = ordered
        results = _search(market, conditions, generate(types[0], X, seed=seed))
    for other in types[1:]:
        if results.get_single_results():
            break
        say(f"searching again by {other}")
        found_by_other = _search(market, conditions, generate(other, X, seed=seed))
        # If nothing is there either, the first message is about what was asked.
        results = found_by_other if found_by_other.get_single_results() else results
    if results.nothing_fits and not (len(labels) and results.get_single_results()):
        raise NothingFitsError(results.message)
    candidates = _of_these_columns(X, results) if data_type == "Table" else _found(results)
    found, task = _compatible(candidates, tasks, bool(len(labels)))
    shares: Mapping[str, float] = {}
    if data_type == "Image" and task == _CLASSIFICATION and len(found) > 1:
        ratios = class_ratios(found, X)
        found, shares = list(ratios.learnwares), ratios.shares
    del found[max_learnwares:]
    # A learnware that is asked by turns with others must not be ended to make room for them.
    runner = ModelRunner(
        runnable_option, sandbox=sandbox, limits=limits, max_processes=max(4, len(found)), on_progress=say
    )
    try:
        learnwares = [_running(learnware, runner) for learnware in found]
        if runner.runnable_option != "current":
            say("preparing environments")
            runner.prepare(one.model for one in learnwares if isinstance(one.model, RunningModel))
        reuser, way, scores, vocabulary = _choose(learnwares, task, shares, X, labelled, labels, seed, say)
        report = _report(reuser, learnwares, results, task, way, scores, len(labels))
        return Solution(reuser, learnwares, report, vocabulary, runner)
    except BaseException:
        runner.close()
        raise


def _open(market_id: str) -> LearnwareMarket:
    folder = market_folder(market_id, None)
    # Opening a market makes it.
    if not folder.is_dir():
        raise MarketError(f"there is no market {market_id!r} in {str(folder.parent)!r}")
    return instantiate_learnware_market(market_id)


def _search(market: LearnwareMarket, conditions: dict[str, Any], spec: RKMESpecification) -> SearchResults:
    return market.search_learnware(BaseUserInfo(semantic_spec=conditions, stat_info={spec.type: spec}))


def _running(learnware: Learnware, runner: ModelRunner) -> Learnware:
    """Return a learnware that runs apart; the market's own object stays as it is."""
    learnware = copy(learnware)
    learnware.run_with(runner)
    return learnware


def _choose(
    learnwares: list[Learnware],
    task: str,
    shares: Mapping[str, float],
    X: Any,
    labelled: NDArray[np.intp],
    labels: NDArray[Any],
    seed: int,
    say: Callable[[str], None],
) -> tuple[Any, str, dict[str, float], Mapping[str, Any] | None]:
    """Return the fitted reuser, the name of its way, the scores of all ways, and the vocabulary of classes."""
    scores: dict[str, float] = {}
    data_type = data_type_of(X)
    ways = _ways(learnwares, task, shares, data_type, seed)
    data = as_input(X)
    vocabulary = _vocabulary(learnwares, data, labelled, labels) if task == _CLASSIFICATION else None
    if len(labels) >= FEWEST_LABELS:
        for name, make in ways.items():
            say(f"trying {name}")
            predictions = _held_out(make, take(data, labelled), labels, vocabulary, seed)
            scores[name] = _score(predictions, labels, vocabulary is not None)
        way = (min if vocabulary is None else max)(scores, key=lambda name: scores[name])
    else:
        way = _way_without_labels(ways, data_type)
    say(f"solving by {way}")
    reuser = ways[way]()
    if _needs_labels(reuser):
        reuser.fit(take(data, labelled), labels)
    elif hasattr(reuser, "fit"):
        reuser.fit(data)
    # The first prediction tells which learnware answers how much.
    reuser.predict(data)
    return reuser, way, scores, vocabulary


def _silent(_: str) -> None:
    """Say nothing."""


def _labelled_rows(y: ArrayLike | None, n_rows: int) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Return the positions of the labelled rows, and their labels."""
    if y is None:
        return np.empty(0, dtype=np.intp), np.empty(0)
    labels = np.asarray(without_tensor(y))
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (n_rows,):
        raise ReuseError(f"y has shape {labels.shape}; expected ({n_rows},), with NaN or None where a label is missing")
    if labels.dtype == object:
        known = np.array([label is not None and label == label for label in labels])  # noqa: PLR0124  # NaN
    else:
        known = ~np.isnan(labels) if labels.dtype.kind == "f" else np.ones(len(labels), dtype=bool)
    chosen = labels[known]
    if chosen.dtype == object:
        chosen = np.array(chosen.tolist())
    return np.flatnonzero(known), chosen


def _tasks_of_labels(labels: NDArray[Any]) -> tuple[str, ...]:
    """Return the kinds of task that labels may stand for, the likelier first."""
    if labels.dtype.kind in "OUSb":
        return (_CLASSIFICATION,)
    if not len(labels):
        return (_CLASSIFICATION, _REGRESSION)
    if (labels != np.round(labels)).any():
        return (_REGRESSION,)
    few = len(np.unique(labels)) <= _MOST_CLASSES
    return (_CLASSIFICATION, _REGRESSION) if few else (_REGRESSION, _CLASSIFICATION)


def _in_another_order(X: Any, results: SearchResults, market: LearnwareMarket) -> Any:
    """Return a data frame in the order of columns of the best learnware that names them; None if that is its order.

    If nothing fits, that may be for the order, and any learnware of the market is asked.
    """
    names = column_names(X)
    if names is None:
        return None
    here = list(range(len(names)))
    found = market.get_learnwares() if results.nothing_fits else _found(results)
    named = [one for one in found if column_order(names, one) is not None]
    others = [one for one in named if column_order(names, one) != here]
    wanted = others[:1] if results.nothing_fits else [one for one in named[:1] if one in others]
    return align_columns(X, *wanted) if wanted else None


def _of_these_columns(X: Any, results: SearchResults) -> list[Learnware]:
    """Return the learnwares found that take the columns as they are, by name or without names."""
    fitting: list[Learnware] = []
    refusals: list[ReuseError] = []
    for learnware in _found(results):
        try:
            fits = align_columns(X, learnware) is X
        except ReuseError as error:
            fits = False
            refusals.append(error)
        fitting += [learnware] if fits else []
    if refusals and not fitting:
        raise refusals[0]
    if not fitting:
        raise NothingFitsError("the learnwares that were found take the columns in other orders")
    return fitting


def _found(results: SearchResults) -> list[Learnware]:
    return [item.learnware for item in results.get_single_results()]


def _compatible(found: Sequence[Learnware], tasks: Sequence[str], labelled: bool) -> tuple[list[Learnware], str]:
    """Return the learnwares that answer the same question, and the kind of task.

    Labels tell which kind is likelier; without any, it is that of the best learnware.
    """
    of_task = {task: [one for one in found if _tag(one, "Task") == task] for task in tasks}
    task = next(task for task in tasks if of_task[task]) if labelled else _tag(found[0], "Task")
    question = _question(of_task[task][0], task)
    return [one for one in of_task[task] if _question(one, task) == question], task


def _tag(learnware: Learnware, key: str) -> str:
    values = learnware.get_specification().get_semantic_spec().get(key, {}).get("Values") or [""]
    return str(values[0])


def _question(learnware: Learnware, task: str) -> object:
    """Return what a learnware predicts; classes are aligned by name, so any two classifiers can answer together."""
    return None if task == _CLASSIFICATION else learnware.get_specification().get_semantic_spec().get("Output")


def _way_without_labels(ways: Mapping[str, Any], data_type: str) -> str:
    """Return the best way there is, as measured on benchmarks/quality (tables) and benchmarks/experiments."""
    best = ["prior shift", "routing", "top-1"] if data_type == "Image" else ["routing", "top-1"]
    return next(way for way in best if way in ways)


def _ways(
    learnwares: list[Learnware], task: str, shares: Mapping[str, float], data_type: str, seed: int
) -> Mapping[str, Callable[[], Any]]:
    mode = task.lower()
    ways: dict[str, Callable[[], Any]] = {"top-1": lambda: AveragingReuser(learnwares[:1], _averaging_mode(task))}
    if len(learnwares) > 1:
        ways["averaging"] = lambda: AveragingReuser(learnwares, _averaging_mode(task))
        ways["routing"] = lambda: RoutingReuser(learnwares)
        if task == _CLASSIFICATION and data_type != "Table":
            ways["prior shift"] = lambda: PriorShiftReuser(learnwares, shares or None)
        ways["pruning"] = lambda: EnsemblePruningReuser(learnwares, mode, seed=seed)
    ways["augmentation"] = lambda: FeatureAugmentReuser(learnwares, mode)
    ways["stacking"] = lambda: StackingReuser(learnwares, mode, seed=seed)
    return ways


def _averaging_mode(task: str) -> str:
    return "vote_by_label" if task == _CLASSIFICATION else "mean"


def _needs_labels(reuser: Any) -> bool:
    return isinstance(reuser, (EnsemblePruningReuser, FeatureAugmentReuser, StackingReuser))


def _score(predictions: NDArray[Any], y: NDArray[Any], classes: bool) -> float:
    """Return the accuracy, or the root mean squared error."""
    flat = predictions.reshape(len(y), -1)[:, 0]
    return float(np.mean(flat == y) if classes else np.sqrt(np.mean(np.square(flat - y))))


def _held_out(
    make: Callable[[], Any],
    X: NDArray[Any] | list[str],
    y: NDArray[Any],
    vocabulary: Mapping[str, Any] | None,
    seed: int,
) -> NDArray[Any]:
    """Return a way's predictions of labelled rows, each made without its label."""
    reuser = make()
    if not _needs_labels(reuser):
        return predict_labels(reuser, X, vocabulary)
    if isinstance(reuser, StackingReuser):
        return reuser.fit(X, y).held_out_
    from sklearn.model_selection import KFold, StratifiedKFold

    stratified = vocabulary is not None and np.unique(y, return_counts=True)[1].min() >= _FOLDS
    split = (StratifiedKFold if stratified else KFold)(_FOLDS, shuffle=True, random_state=seed)
    folds = list(split.split(y, y if stratified else None))
    answers = [predict_labels(make().fit(take(X, train), y[train]), take(X, test), vocabulary) for train, test in folds]
    order = np.argsort(np.concatenate([test for _, test in folds]))
    held_out: NDArray[Any] = np.concatenate(answers)[order]
    return held_out


def _vocabulary(
    learnwares: list[Learnware], X: NDArray[Any] | list[str], labelled: NDArray[np.intp], labels: NDArray[Any]
) -> dict[str, Any]:
    """Return the label of each name of a class: the user's where there are some, else the name or the numeral."""
    outputs = ask(learnwares, take(X, labelled) if len(labels) else X[:_SAMPLE])
    if len(labels):
        space = labelled_space(learnwares, outputs, labels, _CLASSIFICATION.lower())[0]
    else:
        space = output_space(learnwares, outputs, _CLASSIFICATION.lower())
    assert isinstance(space, ClassSpace)  # noqa: S101  # asked for by the mode
    if len(labels):
        return {class_key(name): label for name, label in zip(space.names, space.labels.tolist(), strict=True)}
    numerals = all(name.strip().isdecimal() for name in space.names)
    return {class_key(name): int(name) if numerals else name for name in space.names}


def _report(
    reuser: BaseReuser,
    learnwares: Sequence[Learnware],
    results: SearchResults,
    task: str,
    way: str,
    scores: dict[str, float],
    n_labels: int,
) -> SolutionReport:
    similarity = {item.learnware.id: item.similarity for item in results.get_single_results()}
    # A market may hold learnwares that nobody has checked, without names.
    named = {one.id: one.get_specification().get_semantic_spec().get("Name") or {} for one in learnwares}
    names = {learnware_id: str(entry.get("Values") or "") for learnware_id, entry in named.items()}
    shares = sorted(reuser.report_.shares.items(), key=lambda item: (-item[1], item[0]))
    return SolutionReport(
        task=task,
        way=way,
        measure="accuracy" if task == _CLASSIFICATION else "root mean squared error",
        scores=scores,
        n_labels=n_labels,
        learnwares=tuple(
            ChosenLearnware(name, names[name], similarity.get(name), share) for name, share in shares if share > 0
        ),
        own_share=reuser.report_.own_share,
        unexplained=results.unexplained,
        message=results.message,
        runs={
            one.id: one.model.report()
            for one in learnwares
            if isinstance(one.model, RunningModel) and reuser.report_.shares.get(one.id, 0) > 0
        },
    )
