"""Costs of maps: known between Gaussians, and of the right pairs."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.problems.optimal_transport.cost import CostEstimates, map_cost
from ncl_deepxde.problems.optimal_transport.densities import (
    GaussianMixture,
    bures,
    gaussian_cost,
    target,
)

ENDS = GaussianMixture([[0.0, 0.0]], 0.5), GaussianMixture([[0.6, -0.3]], 0.8)


# Two percent, what the estimates of a cost are allowed to be off.
CLOSE = 0.02


def straight(x):
    """The optimal map between the two Gaussians."""
    return torch.tensor([0.6, -0.3]) + x * 0.8 / 0.5


def test_cost_of_the_optimal_map_is_the_bures_distance():
    exact = gaussian_cost(*ENDS)
    assert exact == pytest.approx(0.6**2 + 0.3**2 + 2 * 0.3**2)
    cost = map_cost(straight, ENDS[0], n=2000, repeats=20)
    # The mean of 40,000 squares, each spread like its mean.
    assert cost.mean == pytest.approx(exact, rel=CLOSE)
    assert 0.2 < cost.std / (exact / 2000**0.5) < 5
    assert len(cost.values) == 20


def test_cost_between_gaussians_of_any_shape():
    A, B = torch.randn(2, 2, 2)
    start, end = A @ A.T + torch.eye(2) / 4, B @ B.T + torch.eye(2) / 4
    root = _root(start)
    inverse = torch.linalg.inv(root)
    T = inverse @ _root(root @ end @ root) @ inverse
    normal = target("gaussian")
    normal.sample = lambda n, generator: torch.randn(n, 2, generator=generator) @ root
    cost = map_cost(lambda x: x @ T - 0.3, normal, n=20_000, repeats=5)
    exact = bures(torch.zeros(2), start, torch.full((2,), -0.3), end)
    assert cost.mean == pytest.approx(exact, rel=CLOSE)


def _root(C):
    values, vectors = torch.linalg.eigh(C)
    return vectors * values.sqrt() @ vectors.T


def test_start_and_end_belong_to_one_particle():
    # Pairs of different particles would give 2 tr C = 1 for a map that moves nothing.
    assert map_cost(lambda x: x, ENDS[0], n=100, repeats=3) == CostEstimates((0.0,) * 3)


@pytest.mark.parametrize(
    ("transport", "options", "message"),
    [
        (straight, {"n": 0}, "must be at least 1, got 0 and 50"),
        (lambda x: x[:, :1], {"n": 3}, r"got \(150, 1\)"),
        (lambda x: x / 0, {"n": 3}, "0 finite"),
    ],
)
def test_bad_arguments_are_named(transport, options, message):
    with pytest.raises(ValueError, match=message):
        map_cost(transport, ENDS[0], **options)
