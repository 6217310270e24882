"""A model of observations: weights, losses, groups of parameters, continuity."""

import deepxde as dde
import pytest
import torch

from ncl_deepxde.data import Penalty
from ncl_deepxde.nn import SemiLagrangian
from ncl_deepxde.problems.fluid_flow.exact import MovingGaussians
from ncl_deepxde.problems.observed import (
    LossTerm,
    ObservedModel,
    continuity_of_velocity,
    grid_groups,
)
from ncl_deepxde.problems.observed.model import root_mean_square


def test_weights_and_losses_follow_the_terms():
    mass = Penalty("mass", lambda net: net.log_mass)
    terms = [LossTerm(1.0), LossTerm(0.5, "root mean square")]
    model = ObservedModel(None, "log1p", "velocity", terms, [(mass, 0.1)])
    assert model.weights() == [1.0, 0.5, 0.1]
    residual = torch.tensor([[3.0], [4.0]])
    values = [loss(0 * residual, residual) for loss in model.losses()]
    torch.testing.assert_close(torch.stack(values), torch.tensor([12.5, 12.5**0.5]))


def test_root_mean_square_has_a_finite_slope_at_zero():
    r = torch.zeros(3, 1, requires_grad=True)
    root_mean_square(0 * r, r).backward()
    assert torch.isfinite(r.grad).all()


def test_density_on_a_grid_has_a_rate_of_its_own():
    net = SemiLagrangian(2, box=(-1.0, 1.0), grid=4, hidden=[8])
    velocity, density = grid_groups(net, 0.5)
    assert velocity.keys() == {"params"}
    assert (density["lr"], density["weight_decay"]) == (0.5, 0.0)
    both = [*velocity["params"], *density["params"]]
    assert {id(p) for p in both} == {id(p) for p in net.parameters()}
    assert sum(p.numel() for p in density["params"]) == 16


@pytest.mark.parametrize("dim", [2, 3])
def test_continuity_of_the_exact_flow_vanishes_and_of_a_wrong_one_does_not(dim):
    inputs = torch.rand(7, dim + 1, requires_grad=True)
    flow, (x, t) = MovingGaussians(dim), inputs.tensor_split([dim], dim=1)
    outputs = torch.cat([flow.density(x, t), flow.velocity(x, t)], dim=1)
    residual = continuity_of_velocity(inputs, outputs)
    assert residual.shape == (7, 1)
    # Terms are of order 10, with a few hundred roundings.
    assert residual.abs().max() < 1e-12
    dde.gradients.gradients.clear()
    shear = torch.zeros(dim + 1)
    shear[1] = 1.0
    wrong = continuity_of_velocity(inputs, outputs + shear)
    assert wrong.abs().max() > 1e-3
