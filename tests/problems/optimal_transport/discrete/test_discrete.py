"""Discrete optimal transport, and the costs that are known without it."""

import json

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.stats
import torch

from ncl_deepxde.problems.optimal_transport.densities.known import (
    bures,
    gaussian_cost,
    quantile_cost,
    quantile_map,
)
from ncl_deepxde.problems.optimal_transport.densities.targets import (
    GaussianMixture,
    pair,
    target,
)
from ncl_deepxde.problems.optimal_transport.discrete import (
    discrete as _transport_discrete,
)
from ncl_deepxde.problems.optimal_transport.discrete.discrete import (
    compute,
    limit,
    load,
)
from ncl_deepxde.problems.optimal_transport.discrete.estimators import (
    ESTIMATORS,
    exact,
    exact_and_controlled,
    minibatch,
    sinkhorn,
    sliced,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def samples(n, dim=2, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(n, dim)), 0.5 * random.normal(size=(n, dim)) + 1


def random_covariance(dim, seed):
    A = np.random.default_rng(seed).normal(size=(dim, dim))
    return A @ A.T


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_gaussian_cost_is_that_of_the_affine_map(dim):
    C_0, C_1 = random_covariance(dim, 0), random_covariance(dim, 1)
    m_0, m_1 = np.zeros(dim), np.arange(1.0, dim + 1)
    root = scipy.linalg.sqrtm(C_0)
    A = np.linalg.inv(root) @ scipy.linalg.sqrtm(root @ C_1 @ root)
    A = A @ np.linalg.inv(root)
    assert np.allclose(A @ C_0 @ A, C_1)
    shift = A - np.eye(dim)
    expected = m_1 @ m_1 + np.trace(shift @ C_0 @ shift)
    found = bures(m_0, C_0, m_1, C_1)
    assert found == pytest.approx(expected, rel=1e-12)
    assert bures(m_1, C_1, m_0, C_0) == pytest.approx(found, rel=1e-12)
    assert bures(m_0, C_0, m_0, C_0) == pytest.approx(0, abs=1e-12 * np.trace(C_0))


def test_cost_on_a_line_is_that_of_gaussians():
    # |3|^2 + (1 - 0.4)^2.
    assert quantile_cost(*pair("gaussian1d-narrow1d")) == pytest.approx(9.36, rel=1e-12)


def test_cost_on_a_line_is_the_integral_over_quantiles():
    rho_0, rho_1 = pair("gaussian1d-modes1d")
    y = np.linspace(-4, 4, 100_001)
    z = (y[:, None] - rho_1.centers[:, 0]) / rho_1.std
    s = (np.arange(20_000) + 0.5) / 20_000
    quantiles = np.interp(s, scipy.stats.norm.cdf(z).mean(axis=1), y)
    # The midpoint rule loses some of the tails, 1/20 000 of the mass.
    expected = np.square(scipy.stats.norm.ppf(s) - quantiles).mean()
    assert quantile_cost(rho_0, rho_1) == pytest.approx(expected, rel=2e-4)
    assert quantile_cost(rho_1, rho_0) == pytest.approx(
        quantile_cost(rho_0, rho_1), rel=1e-7
    )


def test_map_on_a_line_carries_the_mass():
    rho_0, rho_1 = pair("modes1d-gaussian1d")
    x = np.linspace(-3, 4, 50)
    y = quantile_map(rho_0, rho_1, x)
    assert y.shape == (50,)
    z = (x[:, None] - rho_0.centers[:, 0]) / rho_0.std
    mass = scipy.stats.norm.logcdf(y), np.log(scipy.stats.norm.cdf(z).mean(axis=1))
    assert np.allclose(*mass, atol=1e-12)
    assert np.allclose(quantile_map(rho_1, rho_0, y), x, atol=1e-9)


def test_map_on_a_line_is_precise_in_both_tails():
    rho_0, rho_1 = pair("gaussian1d-narrow1d")
    x = np.array([-8.0, 8.0])
    assert np.allclose(quantile_map(rho_0, rho_1, x), 3 + 0.4 * x, atol=1e-9)


def test_exact_cost_is_the_best_of_all_assignments():
    x_0, x_1 = samples(200)
    costs = np.square(x_0[:, None] - x_1).sum(axis=2)
    best = scipy.optimize.linear_sum_assignment(costs)
    assert exact(x_0, x_1) == pytest.approx(costs[best].mean(), rel=1e-12)


def test_exact_cost_on_a_line_sorts():
    x_0, x_1 = samples(300, dim=1)
    expected = np.square(np.sort(x_0, axis=0) - np.sort(x_1, axis=0)).mean()
    assert exact(x_0, x_1) == pytest.approx(expected, rel=1e-12)
    assert sliced(x_0, x_1) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("method", ESTIMATORS)
def test_cost_is_symmetric_and_that_of_a_shift(method):
    x_0, x_1 = samples(150)
    estimate = ESTIMATORS[method]
    # As precise as the iteration of sinkhorn.
    assert estimate(x_0, x_1) == pytest.approx(estimate(x_1, x_0), rel=1e-3)
    shift = np.array([30.0, -40.0])
    # Error of 500 random directions: 1/sqrt(1000).
    rough = {"sliced": 0.1, "sinkhorn": 1e-5}.get(method, 1e-12)
    assert estimate(x_0, x_0 + shift) == pytest.approx(2500, rel=rough)


def test_estimates_are_ordered():
    x_0, x_1 = samples(400)
    best = exact(x_0, x_1)
    assert sliced(x_0, x_1, directions=5000) < best
    parts = [minibatch(x_0, x_1, batch=b) for b in (1000, 400, 150, 10, 1)]
    assert parts[0] == parts[1] == pytest.approx(best, rel=1e-12)
    assert parts == sorted(parts)
    # Batches of one point pair them at random.
    assert parts[-1] == pytest.approx(np.square(x_0 - x_1).sum(axis=1).mean())


@pytest.mark.parametrize("method", ["exact", "sinkhorn", "minibatch"])
def test_estimates_of_gaussians_are_within_two_percent(method):
    means = np.array([[0, 0], [0.5, 1]])
    roots = np.array([[[0.5, 0], [0, 1]], [[1.5, 0.2], [0.2, 0.7]]])
    covariances = roots @ roots
    expected = bures(means[0], covariances[0], means[1], covariances[1])
    # Samples with these very moments: otherwise 2 % would need 10 000 of them.
    z = np.random.default_rng(0).normal(size=(2, 2000, 2))
    z -= z.mean(axis=1, keepdims=True)
    spreads = np.linalg.cholesky(z.mT @ z / 2000)
    x_0, x_1 = z @ np.linalg.inv(spreads).mT @ roots + means[:, None]
    assert ESTIMATORS[method](x_0, x_1) == pytest.approx(expected, rel=0.02)


def test_sliced_estimate_of_similar_gaussians_is_within_two_percent():
    # Exact for all pairs that differ by a shift and a factor: so do their projections.
    means, stds = np.array([[0, 0], [0.5, 1]]), np.array([0.5, 1.2])
    z = np.random.default_rng(0).normal(size=(2, 5000, 2))
    x_0, x_1 = z * stds[:, None, None] + means[:, None]
    expected = bures(
        means[0], stds[0] ** 2 * np.eye(2), means[1], stds[1] ** 2 * np.eye(2)
    )
    assert sliced(x_0, x_1, directions=5000) == pytest.approx(expected, rel=0.02)


def test_controlled_cost_has_less_noise_and_the_same_mean():
    # Gaussians have potentials of degree two: first-order noise vanishes altogether.
    rho_0 = GaussianMixture([[0.0, 0.0]], 1.0)
    rho_1 = GaussianMixture([[1.0, 0.5]], 0.4)
    found = []
    for seed in range(10):
        g = generator(seed)
        samples = [rho.sample(300, g).numpy() for rho in (rho_0, rho_1)]
        found.append(exact_and_controlled(samples, (rho_0, rho_1)))
        assert found[-1][0] == pytest.approx(exact(*samples), rel=1e-12)
    plain, controlled = np.transpose(found)
    assert controlled.std() < 0.2 * plain.std()
    # What is left is of second order, the bias of discrete transport: log(n)/n = 2 %.
    assert controlled.mean() == pytest.approx(gaussian_cost(rho_0, rho_1), rel=0.02)


def test_costs_are_computed_on_the_cpu_whatever_the_default_device():
    x = samples(20)
    with torch.device("meta"):  # stands for a GPU: its tensors are no numpy arrays
        found = exact_and_controlled(x, pair("circles-pinwheel"))
    assert np.isfinite(found).all()


def test_limit_is_found_where_the_bias_is_known():
    n, rng = np.array([100, 200, 400, 800]), np.random.default_rng(0)
    for dim, bias in {1: 1 / n, 2: np.log(n) / n, 4: n**-0.5}.items():
        costs = 0.25 + 3 * bias[:, None] + np.zeros((4, 5))
        assert limit(n, costs, dim) == pytest.approx((0.25, 0), abs=1e-10)
        noise = rng.normal(size=(4, 5)) / np.sqrt(n)[:, None]
        value, error = limit(n, costs + noise, dim)
        assert 0 < error < 0.3
        assert abs(value - 0.25) < 4 * error


def test_limit_of_one_density_is_nothing():
    rng = np.random.default_rng(0)
    n = (100, 200, 400, 800)
    costs = [[exact(*rng.random((2, k, 2))) for _ in range(6)] for k in n]
    value, error = limit(n, np.array(costs), 2)
    # Six of them: a mean of 0.0026 for the most samples, and nothing in the limit.
    assert abs(value) < 3 * error < np.mean(costs[-1])


PAIRS = {
    "circles-pinwheel": pair("circles-pinwheel"),
    "same": (target("gaussian1d"),) * 2,
}


def test_trend_is_written_and_read(tmp_path):
    path = tmp_path / "discrete.npz"
    compute(PAIRS, (20, 40), 3, path, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["discrete.npz"]
    found = load(path)
    assert list(found) == [*PAIRS]
    entry = found["circles-pinwheel"]
    json.dumps(entry)
    assert (entry["n"], entry["repeats"], entry["method"]) == ([20, 40], 3, "exact")
    with np.load(path) as data:
        costs = data["costs"][0]
    assert entry["mean"] == pytest.approx(costs.mean(axis=1).tolist())
    assert entry["std"] == pytest.approx(np.std(costs, axis=1, ddof=1).tolist())
    assert len(entry["controlled_mean"]) == len(entry["controlled_std"]) == 2
    assert min(entry["seconds"]) > 0
    # Random matching of so few points is worse than that of many, 0.07.
    assert 0.05 < entry["mean"][1] < entry["mean"][0] < 1
    assert entry["limit"] < entry["mean"][1]


def test_trend_is_deterministic_and_independent_of_the_rest(tmp_path):
    paths = [tmp_path / f"{k}.npz" for k in range(3)]
    compute(PAIRS, (20, 40), 2, paths[0], progress=False)
    compute({"same": PAIRS["same"]}, (40,), 2, paths[1], progress=False)
    compute({"same": PAIRS["same"]}, (40,), 2, paths[2], seed=1, progress=False)
    whole, part, other = (load(path)["same"] for path in paths)
    assert part["mean"] == whole["mean"][1:]
    assert part["limit"] is None
    assert other["mean"] != part["mean"]


def test_interrupted_trend_goes_on(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in ("whole.npz", "broken.npz")]
    compute(PAIRS, (20, 40), 2, paths[0], progress=False)
    calls = []

    def limited(samples, densities):
        calls.append(len(samples[0]))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return exact_and_controlled(samples, densities)

    monkeypatch.setattr(_transport_discrete, "exact_and_controlled", limited)
    with pytest.raises(KeyboardInterrupt):
        compute(PAIRS, (20, 40), 2, paths[1], progress=False)
    assert not paths[1].exists()
    compute(PAIRS, (20, 40), 2, paths[1], progress=False)
    assert len(calls) == 4 + 5
    whole, broken = map(load, paths)
    assert broken["same"]["mean"] == whole["same"]["mean"]
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        compute(PAIRS, (20, 40), 2, paths[1], progress=False)
    # Another plan does not take over what was found.
    compute({**PAIRS, "same": pair("modes1d-modes1d")}, (20, 40), 2, paths[1])
    assert len(calls) == 4 + 8


def test_damaged_file_is_refused(tmp_path):
    path = tmp_path / "discrete.npz"
    path.write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="is damaged or holds something else"):
        load(path)
    np.savez(path, costs=np.zeros(3))
    with pytest.raises(ValueError, match="is damaged or holds something else"):
        load(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="is damaged or holds something else"):
        load(path)


def test_wrong_arguments_are_named(tmp_path):
    x_0, x_1 = samples(20)
    for estimate in ESTIMATORS.values():
        with pytest.raises(ValueError, match="x_0 and x_1: must have the same shape"):
            estimate(x_0, x_1[1:])
        with pytest.raises(ValueError, match="x_0 and x_1: must be finite"):
            estimate(x_0, x_1 * np.nan)
    with pytest.raises(ValueError, match="regularization: must be positive, got 0"):
        sinkhorn(x_0, x_1, regularization=0)
    with pytest.raises(ValueError, match="batch: must be at least 1, got 0"):
        minibatch(x_0, x_1, batch=0)
    with pytest.raises(ValueError, match="must be densities on a line"):
        quantile_cost(*pair("circles-pinwheel"))
    for n, repeats in (((), 1), ((1,), 1), ((20,), 0)):
        with pytest.raises(ValueError, match="reference: needs a pair of densities"):
            compute(PAIRS, n, repeats, tmp_path / "discrete.npz")
    with pytest.raises(ValueError, match="method: must be one of exact, sinkhorn"):
        compute(PAIRS, (20,), 1, tmp_path / "discrete.npz", method="guess")


def test_entropy_leaves_no_bias():
    x_0, x_1 = samples(300)
    best = exact(x_0, x_1)
    # The plan alone is off by d/2 times 0.02, in units of the mean cost of 4.5: 0.09.
    assert sinkhorn(x_0, x_1, regularization=0.02) == pytest.approx(best, abs=0.01)
    assert sinkhorn(x_0, x_0) == pytest.approx(0, abs=1e-12)


def test_sinkhorn_says_when_it_does_not_converge():
    x_0, x_1 = samples(20)
    with pytest.raises(RuntimeError, match="Use a larger regularization than 1e-06"):
        sinkhorn(x_0, x_1, regularization=1e-6)


def test_unfinished_solver_is_an_error(monkeypatch):
    monkeypatch.setattr(
        "ncl_deepxde.problems.optimal_transport.discrete.estimators.MOST_STEPS", 3
    )
    with (
        pytest.warns(UserWarning, match="numItermax"),
        pytest.raises(RuntimeError, match="exact: the transport between 50 points"),
    ):
        exact(*samples(50))
