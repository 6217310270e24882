"""Mixtures of Gaussians: normalized, precise, sampled right."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.special
import scipy.stats
import torch

from ncl_deepxde.evaluation.metrics import torus_grid
from ncl_deepxde.problems.optimal_transport.densities import (
    TARGETS,
    GaussianMixture,
    target,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_density_integrates_to_one(name):
    rho = target(name)
    half = 3.5 if rho.std[0] <= 0.16 else 7.0
    n = round(2 * half / 0.07)
    x = torch.as_tensor(half * (2 * torus_grid(n, rho.dim) - 1))
    density = rho.density(x)
    assert density.shape == (n**rho.dim, 1)
    assert bool((density >= 0).all())
    # The trapezoidal rule errs by exp(-2 (pi std / h)^2): 1e-17 for std 0.1, h 0.07.
    mass = float(density.mean()) * (2 * half) ** rho.dim
    assert mass == pytest.approx(1, abs=1e-11)


@pytest.mark.parametrize("name", ["pinwheel", "modes1d"])
@pytest.mark.parametrize("n", [1, 7, 700])
def test_log_density_is_that_of_scipy(name, n):
    rho = target(name)
    x = 4 * torch.rand(n, rho.dim) - 2
    squares = np.square(x.numpy()[:, None] - rho.centers).sum(axis=2)
    log_normal = -squares / (2 * rho.std**2)
    log_normal -= rho.dim * np.log(rho.std * np.sqrt(2 * np.pi))
    expected = scipy.special.logsumexp(log_normal, axis=1) - np.log(len(rho.centers))
    found = rho.log_density(x)
    assert found.shape == (n, 1)
    # The exponents reach 400 with relative errors of 1e-16.
    assert np.allclose(found[:, 0], expected, rtol=0, atol=1e-11)


def test_log_density_is_finite_far_away():
    x = torch.tensor([[1e4, 0.0]])
    expected = -(((1e4 - 1.4144) / 0.1768) ** 2) / 2
    assert float(target("8gaussians").log_density(x)) == pytest.approx(expected, 1e-3)
    assert float(target("8gaussians").density(x)) == 0


@pytest.mark.parametrize("name", ["pinwheel", "circles", "8gaussians"])
def test_single_precision_is_enough(name):
    rho = target(name)
    x = 4 * torch.rand(500, 2) - 2
    exact, rough = rho.density(x), rho.density(x.float())
    assert rough.dtype == torch.float32
    # Exponents up to 400, with relative errors of 6e-8 each in a handful of terms.
    assert float(((rough - exact) / exact).abs().max()) < 400 * 6e-8 * 10


def test_single_precision_survives_a_far_origin():
    near = GaussianMixture([[0.0, 0.0], [1.0, 0.5]], 0.1)
    far = GaussianMixture(near.centers + 1000, 0.1)
    # Representable near 1000, so that the points themselves are exact.
    x = torch.round(64 * torch.rand(50, 2)) / 64
    expected = near.log_density(x)
    found = far.log_density(x.float() + 1000)
    assert float((found - expected).abs().max()) < 1e-3


def test_density_can_be_differentiated():
    rho = GaussianMixture([[0.0, 0.0], [1.0, 0.5]], [0.3, 0.5], [1, 2])
    x = torch.randn(5, 2, requires_grad=True)
    assert torch.autograd.gradcheck(rho.log_density, (x,))


@pytest.mark.parametrize("name", TARGETS)
def test_samples_have_the_moments_of_the_density(name):
    rho, n = target(name), 20_000
    x = rho.sample(n, generator())
    assert x.shape == (n, rho.dim)
    mean, covariance = rho.mean(), rho.covariance()
    assert mean.shape == (rho.dim,)
    assert covariance.shape == (rho.dim, rho.dim)
    # Five standard errors: chance fails one of these 40 numbers in 40 000 seeds.
    error = 5 * (covariance.diagonal() / n).sqrt()
    assert bool(((x.mean(dim=0) - mean).abs() < error).all())
    y = x - mean
    products = y[:, :, None] * y[:, None]
    error = 5 * products.std(dim=0) / n**0.5
    assert bool(((products.mean(dim=0) - covariance).abs() < error).all())


@pytest.mark.parametrize("name", ["pinwheel", "modes1d"])
def test_samples_follow_the_density(name):
    rho, n = target(name), 20_000
    x = rho.sample(n, generator(1))[:, 0].numpy()
    # Of the first coordinate, by Kolmogorov and Smirnov, with the exact distribution.

    def distribution(v):
        return scipy.stats.norm.cdf(v[:, None], rho.centers[:, 0], rho.std).mean(axis=1)

    assert scipy.stats.kstest(x[:2000], distribution).pvalue > 1e-3


def test_samples_respect_weights_and_seed():
    rho = GaussianMixture([[-9.0], [9.0]], 1.0, [1, 3])
    x = rho.sample(10_000, generator())
    # Five standard errors of a share of 3/4.
    assert float((x > 0).double().mean()) == pytest.approx(0.75, abs=5 * 0.0043)
    assert torch.equal(x, rho.sample(10_000, generator()))
    assert not torch.equal(x, rho.sample(10_000, generator(1)))


def test_samples_have_the_float_type(dtype):
    assert target("moons").sample(3, generator()).dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], 1.0), r"centers: must have the shape \(K, d\), got \(2,\)"),
        ((np.zeros((0, 2)), 1.0), "centers: must have the shape"),
        (([[0.0], [np.nan]], 1.0), "centers: must be finite"),
        (([[0.0]], 0.0), "std: must be positive"),
        (([[0.0]], np.inf), "std: must be finite"),
        (([[0.0]], [1.0, 2.0]), r"std: must be one number or have the shape \(1,\)"),
        (([[0.0], [1.0]], 1.0, [0, 0]), "weights: must not be negative nor all 0"),
        (([[0.0], [1.0]], 1.0, [2, -1]), "weights: must not be negative nor all 0"),
        (([[0.0], [1.0]], 1.0, [1, np.inf]), "weights: must be finite"),
    ],
)
def test_what_is_no_density_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(*arguments)


def test_points_of_another_dimension_are_refused():
    with pytest.raises(ValueError, match=r"x: must have the shape \(N, 2\), got \(3,"):
        target("circles").density(torch.zeros(3, 3))
