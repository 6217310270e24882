"""Paths of particles: exact and integrated ones agree."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.nn import LFlow
from ncl_deepxde.problems.optimal_transport.paths import paths


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
