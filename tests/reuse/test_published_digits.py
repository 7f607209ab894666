"""Five support vector machines packed by the published package: ten classes' probabilities, and labels of six."""

import json

import numpy as np
import pytest

from learnware.learnware import get_learnware_from_dirpath, unpack
from learnware.reuse import (
    AveragingReuser,
    EnsemblePruningReuser,
    FeatureAugmentReuser,
    JobSelectorReuser,
    RoutingReuser,
    StackingReuser,
)

# Their pickles are of a newer scikit-learn than the last one for Python 3.10, which reads them all the same.
pytestmark = pytest.mark.filterwarnings("ignore:Trying to unpickle:sklearn.exceptions.InconsistentVersionWarning")


@pytest.fixture(scope="session")
def published(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    learnwares = []
    for path in sorted((shared / "fixtures" / "zips").glob("digits_svm_*.zip")):
        unpack(path, folder / path.stem)
        semantic = json.loads(path.with_name(f"{path.stem}.semantic.json").read_text("utf-8"))
        learnwares.append(get_learnware_from_dirpath(path.stem, semantic, folder / path.stem, ignore_error=False))
    return learnwares


def test_the_job_selector_is_at_least_as_good_as_the_published_one(published, digits):
    X, y = digits
    for use_herding in (True, False):
        reuser = JobSelectorReuser(published, use_herding=use_herding)
        assert (reuser.predict(X) == y).mean() >= 0.963
    assert max(reuser.report_.shares.values()) < 0.3


def test_votes_and_routing_combine_labels_with_probabilities(published, digits):
    X, y = digits
    assert (AveragingReuser(published, mode="vote_by_label").predict(X) == y).mean() >= 0.95
    assert (AveragingReuser(published, mode="vote_by_prob").predict(X).argmax(axis=1) == y).mean() >= 0.95
    assert (RoutingReuser(published).predict(X) == y).mean() >= 0.95


@pytest.mark.parametrize("reuser_class", [EnsemblePruningReuser, FeatureAugmentReuser, StackingReuser])
def test_hundred_labels_help(published, digits, reuser_class):
    X, y = digits
    rows = np.random.default_rng(0).permutation(len(y))
    train, test = rows[:100], rows[100:]
    assert (reuser_class(published).fit(X[train], y[train]).predict(X[test]) == y[test]).mean() > 0.96
    # Without the one that knows all classes, no learnware alone reaches .61.
    assert (reuser_class(published[1:]).fit(X[train], y[train]).predict(X[test]) == y[test]).mean() > 0.87
