"""The start of the Euler torus: one formula for numpy and torch, that of the paper."""

import numpy as np
import pytest
import torch

from ncl_deepxde.problems.euler.torus.initial_state import (
    DENSITY_VARIANCE,
    MEAN_DENSITY,
    density,
    velocity,
)


@pytest.mark.parametrize("function", [density, velocity])
def test_numpy_and_torch_agree(function):
    x = np.random.default_rng(3).uniform(-1, 2, (2, 7))
    expected = function(x)
    values = function(torch.as_tensor(x), torch).numpy()
    assert values.shape == expected.shape
    assert np.abs(values - expected).max() < 1e-14


def test_paper_has_the_same_flow_shifted():
    x = np.random.default_rng(3).uniform(-1, 2, (2, 7))
    z1, z3 = np.cos(2 * np.pi * x)
    assert np.abs(density(x + 0.25) - 1 - (z1 + z3) ** 2).max() < 1e-12
    paper = np.stack([np.exp(z3), np.exp(z1) / 2])
    assert np.abs(velocity(x + 0.25) - paper).max() < 1e-12


def test_moments_of_the_density():
    # The mean over a grid is exact for trigonometric polynomials of low degree.
    axis = np.arange(16) / 16
    rho = density(np.stack(np.meshgrid(axis, axis)).reshape(2, -1))
    assert rho.mean() == pytest.approx(MEAN_DENSITY, abs=1e-14)
    assert rho.var() == pytest.approx(DENSITY_VARIANCE, abs=1e-14)
