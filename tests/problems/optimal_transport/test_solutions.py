"""Trained models of optimal transport: where they carry particles."""

import pytest
import torch

from ncl_deepxde.nn import LFlow
from ncl_deepxde.problems.optimal_transport import solutions
from ncl_deepxde.problems.optimal_transport.icnn import ConvexPair
from ncl_deepxde.problems.optimal_transport.solutions import TrainedFlow, TrainedMap


def test_a_flow_carries_particles_to_the_end_of_their_paths():
    net = LFlow(2, blocks=2, width=4)
    net.flow.start(torch.randn(100, 2), torch.rand(100, 1))
    for p in net.parameters():
        p.detach().add_(0.05 * torch.randn_like(p))
    flow, x = TrainedFlow(net), torch.randn(5, 2)
    path = flow.paths(x, (0.0, 0.5, 1.0))
    torch.testing.assert_close(flow.transport(x), path[-1])
    assert (path[-1] - x).abs().max() > 1e-3
    state = flow(x.numpy(), 0.5)
    assert (state["rho"].shape, state["u"].shape) == ((5, 1), (5, 2))
    assert flow.costs is None


def test_particles_of_a_map_move_straight(monkeypatch):
    net, x = ConvexPair(2, (8,)), torch.randn(5, 2)
    end = net.transport(x).detach()
    # Chunks that do not divide the number of points.
    monkeypatch.setattr(solutions, "CHUNK", 2)
    trained = TrainedMap(net)
    torch.testing.assert_close(trained.transport(x), end)
    start, middle, last = trained.paths(x, (0.0, 0.5, 1.0))
    torch.testing.assert_close(start, x)
    torch.testing.assert_close(middle, (x + end) / 2)
    torch.testing.assert_close(last, end)
    assert not last.requires_grad
    assert (end - x).abs().max() > 1e-3


def test_a_map_has_no_density():
    with pytest.raises(NotImplementedError, match="neither density nor velocity"):
        TrainedMap(ConvexPair(2, (8,)))(torch.zeros(1, 2).numpy(), 0.0)
