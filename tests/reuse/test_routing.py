import numpy as np
import pytest

from learnware.errors import ReuseError
from learnware.reuse import JobSelectorReuser, RoutingReuser
from learnware.reuse._density import density_bandwidth, mixture_weights, routing_posterior
from learnware.specification._gaussian import gaussian_kernel
from learnware.specification._metric import KernelMetric


def specs_of(learnwares):
    return [one.get_specification().get_stat_spec_by_name("RKMETableSpecification") for one in learnwares]


def test_posterior_is_the_formula(table, regression_learnwares):
    X, _ = table
    specs, weights, scale = specs_of(regression_learnwares), np.array([0.2, 0.0, 0.8]), np.array([1.0, 2.0, 0.5])
    posterior = routing_posterior(X, specs, weights, scale, 0.3)
    densities = np.stack([gaussian_kernel(X / scale, spec.z / scale, 0.3) @ spec.beta for spec in specs], axis=1)
    expected = densities * weights
    np.testing.assert_allclose(posterior, expected / expected.sum(axis=1, keepdims=True), atol=1e-12)


def test_rows_far_from_everything_go_to_the_nearest(regression_learnwares):
    far = np.array([[1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]])
    posterior = routing_posterior(far, specs_of(regression_learnwares), np.full(3, 1 / 3), np.ones(3), 1.0)
    np.testing.assert_allclose(posterior, [[0, 0, 1], [1, 0, 0]], atol=1e-12)


def test_mixture_weights_are_those_of_a_planted_mixture(regression_learnwares):
    rng = np.random.default_rng(0)
    sizes = (600, 0, 200)
    X = np.concatenate(
        [rng.normal(centre, 0.6, (size, 3)) for centre, size in zip((-2.0, 0.0, 2.0), sizes, strict=True)]
    )
    specs = specs_of(regression_learnwares)
    weights = mixture_weights(X, specs, KernelMetric.estimate(specs))
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() >= 0.0
    # The ridge moves some weight from the heavy part to the others.
    np.testing.assert_allclose(weights, [0.75, 0.0, 0.25], atol=0.2)
    assert weights[0] > weights[2] > weights[1]
    reuser = RoutingReuser(regression_learnwares).fit(X)
    np.testing.assert_array_equal(reuser.weights_, weights)


def test_features_far_from_zero_and_outliers_change_nothing(make_learnware):
    rng = np.random.default_rng(5)
    X = np.concatenate([rng.normal(centre, 0.6, (200, 3)) for centre in (-2.0, 2.0)])
    answers = []
    for offset in (0.0, 2.0**23):
        learnwares = [
            make_learnware(str(number), lambda X: X[:, 0], rows + offset, task="Regression")
            for number, rows in enumerate((X[:40], X[-40:]))
        ]
        reuser = RoutingReuser(learnwares).fit(X + offset)
        wild = np.concatenate([X + offset, [[1e300, offset, -1e300]]])
        answers.append((reuser.weights_, reuser.posterior(X + offset)))
        np.testing.assert_array_equal(reuser.posterior(wild)[:-1], answers[-1][1])
        np.testing.assert_allclose(RoutingReuser(learnwares).fit(wild).weights_, reuser.weights_, atol=0.01)
    for here, there in zip(*answers, strict=True):
        np.testing.assert_allclose(here, there, atol=1e-6)


def test_bandwidth_grows_narrower_with_more_points():
    from learnware.specification import RKMETableSpecification

    def described(n):
        spec = RKMETableSpecification()
        spec.z = np.random.default_rng(0).normal(size=(n, 2))
        spec.beta = np.full(n, 1.0 / n)
        return spec

    assert density_bandwidth([described(20)], np.ones(2)) < density_bandwidth([described(2000)], np.ones(2))


def test_identical_reduced_sets_have_a_bandwidth(make_learnware):
    points = np.zeros((4, 3))
    twins = [make_learnware(id_, lambda rows: rows[:, 0], points, task="Regression") for id_ in ("a", "b")]
    assert JobSelectorReuser(twins).job_selector(np.ones((5, 3))).tolist() == [0] * 5


@pytest.mark.parametrize("use_herding", [True, False])
def test_job_selector_finds_each_region(table, regression_learnwares, use_herding):
    X, _ = table
    reuser = JobSelectorReuser(regression_learnwares, use_herding=use_herding)
    choice = reuser.job_selector(X)
    nearest = np.abs(X.mean(axis=1)[:, None] - np.array([-2.0, 0.0, 2.0])).argmin(axis=1)
    assert (choice == nearest).mean() > 0.97
    answers = np.stack([one.predict(X) for one in regression_learnwares])
    np.testing.assert_array_equal(reuser.predict(X), answers[choice, np.arange(len(X))])
    for number, one in enumerate(regression_learnwares):
        assert reuser.report_.shares[one.id] == (choice == number).mean()


@pytest.mark.parametrize("reuser_class", [JobSelectorReuser, RoutingReuser])
def test_routing_beats_every_learnware_of_a_mixture(table, regression_learnwares, reuser_class):
    X, y = table

    def error(predictions):
        return np.sqrt(((predictions - y) ** 2).mean())

    alone = min(error(one.predict(X)) for one in regression_learnwares)
    assert error(reuser_class(regression_learnwares).predict(X)) < 0.5 * alone


def test_a_learnware_without_a_job_still_shows_its_classes(make_learnware):
    near = make_learnware("near", lambda rows: np.zeros(len(rows), dtype=int), np.zeros((1, 2)), task="Classification")
    far = make_learnware("far", lambda rows: np.eye(3)[[2] * len(rows)], np.full((1, 2), 9.0), task="Classification")
    reuser = JobSelectorReuser([near, far])
    assert reuser.predict(np.zeros((4, 2))).tolist() == [0] * 4
    assert reuser.predict_proba(np.zeros((4, 2))).shape == (4, 3)
    assert reuser.report_.shares == {"near": 1.0, "far": 0.0}


def test_missing_values_do_not_stop_routing(table, regression_learnwares):
    X = table[0].copy()
    X[::7, 1] = np.nan
    posterior = RoutingReuser(regression_learnwares).posterior(X)
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)


def test_given_weights_are_used(table, regression_learnwares):
    X, _ = table
    reuser = RoutingReuser(regression_learnwares, weights=[0.0, 2.0, 0.0])
    np.testing.assert_array_equal(reuser.predict(X), regression_learnwares[1].predict(X))
    for bad in ([1.0, 1.0], [1.0, -1.0, 1.0], [0.0, 0.0, 0.0], [np.nan, 1.0, 1.0]):
        with pytest.raises(ReuseError, match=r"weights are .* allowed are 3 numbers, none negative and not all 0"):
            RoutingReuser(regression_learnwares, weights=bad).predict(X)


@pytest.mark.parametrize("reuser_class", [JobSelectorReuser, RoutingReuser])
def test_specifications_must_fit_the_table(regression_learnwares, make_learnware, reuser_class):
    with pytest.raises(ReuseError, match="'region0' describes tables of 3 columns, the data have 4"):
        reuser_class(regression_learnwares).predict(np.zeros((5, 4)))
    bare = make_learnware("bare", lambda rows: rows[:, 0], task="Regression")
    with pytest.raises(ReuseError, match="'bare' has no table specification"):
        reuser_class([bare, *regression_learnwares]).predict(np.zeros((5, 3)))
    with pytest.raises(ReuseError, match="'region0' has no text specification"):
        reuser_class(regression_learnwares).predict(["some", "texts"])
