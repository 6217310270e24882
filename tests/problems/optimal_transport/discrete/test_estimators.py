"""Discrete optimal transport: exact, ordered, and close to what is known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats
import torch

from ncl_deepxde.problems.optimal_transport.densities import (
    GaussianMixture,
    bures,
    gaussian_cost,
    pair,
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


def test_wrong_arguments_are_named():
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
