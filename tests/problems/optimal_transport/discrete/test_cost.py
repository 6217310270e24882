"""Costs of maps: known between Gaussians, of the right pairs, of trained flows."""

from __future__ import annotations

import deepxde as dde
import pytest
import torch

from ncl_deepxde.nn import LFlow, SubharmonicNCL
from ncl_deepxde.problems.optimal_transport.densities.known import bures, gaussian_cost
from ncl_deepxde.problems.optimal_transport.densities.targets import (
    GaussianMixture,
    target,
)
from ncl_deepxde.problems.optimal_transport.discrete.cost import Cost, map_cost, paths
from ncl_deepxde.problems.optimal_transport.models import objective, stages

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
    assert map_cost(lambda x: x, ENDS[0], n=100, repeats=3) == Cost((0.0,) * 3)


@pytest.mark.parametrize(
    "net",
    [
        lambda: LFlow(2, blocks=2, width=8, time_embedding=(32,), output="velocity"),
        lambda: SubharmonicNCL(
            2,
            components=1,
            hidden=(32,),
            solenoidal=(16,),
            construction="transport",
            width=0.5,
            output="velocity",
        ),
    ],
    ids=["lflow", "ncl"],
)
def test_cost_of_a_trained_flow_is_the_bures_distance(net):
    dde.config.set_random_seed(0)
    net = net()
    own = {
        "batch": 64,
        "times": 16,
        "terminal": "divergence",
        # The ends give way by the inverse of it: 6 percent of the cost for 50.
        "terminal_weight": 500.0,
        "box": None,
        "clip": 10.0,
        "lr": 1e-2,
        "least_lr": 1e-4,
        "stages": [{"steps": 150}],
    }
    model = dde.Model(objective(ENDS, own, 0), net)
    (stage,) = stages(net, ENDS, own, 0)
    stage.compile(model)
    model.train(iterations=150, display_every=1000, verbose=0)
    cost = map_cost(lambda x: paths(net, x, (0.0, 1.0))[-1], ENDS[0], repeats=4)
    assert cost.mean == pytest.approx(gaussian_cost(*ENDS), rel=CLOSE)


def test_exact_and_integrated_paths_agree():
    net = LFlow(2, blocks=2, width=8)
    net.flow.start(torch.randn(100, 2), torch.rand(100, 1))
    for p in net.parameters():
        p.detach().add_(0.05 * torch.randn_like(p))
    x, times = torch.randn(7, 2), (0.0, 0.3, 1.0)
    found = paths(net, x, times)
    assert found.shape == (3, 7, 2)
    assert torch.equal(found[0], x)

    class Velocity(torch.nn.Module):
        def velocity(self, inputs):
            return net.velocity(inputs)

    # The solver's tolerance of 1e-5 per step, of which there are some tens.
    integrated = paths(Velocity(), x, times)
    torch.testing.assert_close(integrated, found, atol=1e-3, rtol=1e-3)
    assert (found[-1] - x).abs().max() > 1e-2


def test_velocity_that_is_not_finite_is_refused():
    class Bad(torch.nn.Module):
        def velocity(self, inputs):
            return inputs[:, :2] / 0

    with pytest.raises(RuntimeError, match="is not finite at the time 0"):
        paths(Bad(), torch.randn(7, 2), (0.0, 1.0))


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
