"""Metrics of optimal transport: zero where nothing is wrong, known elsewhere."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.nn import SubharmonicNCL
from ncl_deepxde.problems.optimal_transport.densities import GaussianMixture
from ncl_deepxde.problems.optimal_transport.measures import (
    arrival,
    mass_error,
    terminal_mse,
)
from ncl_deepxde.problems.optimal_transport.solutions import TrainedFlow


def test_metrics_of_a_flow_that_rests():
    # Weights of a network of time that is zero: the Gaussian stays as it is.
    net = SubharmonicNCL(2, components=1, construction="transport", width=0.5)
    for p in net.mixture.network.parameters():
        p.detach().zero_()
    net.mixture.start.detach()[:2] = 0.0
    rho = GaussianMixture([[0.0, 0.0]], 0.5)
    assert terminal_mse(net, (rho, rho), 1000) < 1e-25
    # Midpoint rule of a Gaussian with 16 points per standard deviation: round-off.
    assert mass_error(TrainedFlow(net), (rho, rho), 288) < 1e-12
    other = GaussianMixture([[0.3, 0.0]], 0.5)
    found = terminal_mse(net, (rho, other), 50_000)
    n = 200
    axis = 8 * ((torch.arange(n) + 0.5) / n - 0.5)
    x = torch.cartesian_prod(axis, axis)
    square = (x.abs() <= 2).all(dim=1, keepdim=True) / 16
    defect = (rho.density(x) - other.density(x)).square()
    drawn = (other.density(x) + square) / 2
    exact = float((defect * drawn).sum()) * (8 / n) ** 2 / 2
    # The mean of 50,000 squares, each about as wide as its mean: 0.5 %.
    assert found == pytest.approx(exact, rel=0.02)


def test_arrival_is_the_distance_of_the_image_from_the_target():
    pair = GaussianMixture([[0.0, 0.0]], 0.5), GaussianMixture([[0.3, 0.4]], 0.5)
    shift = torch.tensor([0.3, 0.4])
    # Means of two samples differ by d = 0.5 sqrt(2 / 400) = 0.035: noise of d squared
    # where the densities agree, and of 2 * 0.5 * d where they are 0.5 apart.
    assert abs(arrival(lambda x: x + shift, pair, 400)) < 0.01
    assert arrival(lambda x: x, pair, 400) == pytest.approx(0.25, abs=4 * 0.035)


def test_terminal_error_is_that_of_each_end():
    class Shifting:
        def density(self, inputs):
            return rho.density(inputs[:, :2] - 0.3 * inputs[:, 2:])

    rho = GaussianMixture([[0.0, 0.0]], 0.5)
    shifted = GaussianMixture([[0.3, 0.3]], 0.5)
    assert terminal_mse(Shifting(), (rho, shifted), 1000) < 1e-25
    assert terminal_mse(Shifting(), (shifted, rho), 1000) > 1e-3
