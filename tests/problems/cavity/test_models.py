"""The cavity's networks: walls, incompressibility, corners, pressure."""

import pytest
import torch

from ncl_deepxde.problems.cavity.equations import (
    corner_pressure,
    corner_pressure_gradient,
)
from ncl_deepxde.problems.cavity.models import MODELS, build_model, exact, plain
from ncl_deepxde.problems.cavity.presets import PRESETS


def walls(n=9):
    s = torch.linspace(0, 1, n)[1:-1]
    zero, one = torch.zeros_like(s), torch.ones_like(s)
    sides = [(s, zero), (s, one), (zero, s), (one, s)]
    return torch.cat([torch.stack(side, dim=1) for side in sides])


@pytest.mark.parametrize("network", [exact, plain])
def test_networks_keep_the_walls(network):
    x = walls()
    on_lid = (x[:, 1] == 1).double()
    wanted = torch.stack([4 * x[:, 0] * (1 - x[:, 0]) * on_lid, 0 * on_lid], dim=1)
    found = network([6])[0](x)
    assert found.shape == (28, 3)
    torch.testing.assert_close(found[:, :2], wanted, rtol=0, atol=1e-12)


def test_plain_network_is_asked_for_incompressibility_and_the_exact_one_is_not():
    x = torch.rand(7, 2).requires_grad_()
    for network, count in ((plain, 3), (exact, 2)):
        net, residual = network([6])
        assert len(residual(x, net(x))) == count


def test_corners_are_built_in():
    net, residual = exact([30] * 3)
    for side in (0.0, 1.0):
        for r in (1e-2, 1e-4):
            x = torch.tensor([[abs(side - 0.6 * r), 1 - 0.8 * r]]).requires_grad_()
            found = torch.cat(residual(x, net(x))).detach().abs().max()
            alone = corner_pressure_gradient(x.detach()).abs().max()
            # Either part grows as 8 nu / r, the sum is bounded.
            assert float(alone) > 0.04 / r
            assert float(found) < 5


@pytest.mark.parametrize("name", MODELS)
def test_solution_is_that_of_the_network(name):
    built = build_model(name, PRESETS["smoke"].settings(name), 0)
    x = torch.rand(5, 2)
    y, found = built.model.net(x).detach(), built.solution(x.numpy(), 0.0)
    known = corner_pressure(x) if name == "incompressible" else 0
    assert (found["u"] == y[:, :2].numpy()).all()
    torch.testing.assert_close(torch.as_tensor(found["p"]), y[:, 2:] + known)
