"""The networks of the Euler ball: residuals, hard starts and walls."""

from dataclasses import replace

import pytest
import torch
from euler_flows import ball_points, built, rotation, wall_inputs

from ncl_deepxde.operators import jacobian
from ncl_deepxde.problems.euler.ball.models import (
    MODELS,
    build_formulation,
    fading_potential,
    initial_residuals,
    is_hard,
    start_density,
    wall_points,
    wall_residual,
)
from ncl_deepxde.problems.euler.ball.problem import PROBLEM

HARD = [name for name in MODELS if is_hard(name)]
# What is left of the equations beside the three components of the momentum.
LEFT = {
    "pinn": ["incompressibility", "continuity"],
    "pinn-hard": ["incompressibility", "continuity"],
    "curl": ["continuity"],
    "ncl-vector": ["incompressibility"],
    "ncl-hard": ["incompressibility"],
}


def formulation_of(model, **changes):
    settings = PROBLEM.presets["smoke"].settings(model)
    return build_formulation(model, replace(settings, **changes))


@pytest.mark.parametrize("num_points", [1, 7])
@pytest.mark.parametrize("per_volume", [False, True])
@pytest.mark.parametrize("model", MODELS)
def test_residuals_of_a_rotation_vanish(model, per_volume, num_points):
    formulation = formulation_of(model, per_volume=per_volume)
    inputs = ball_points(num_points).requires_grad_()
    found = formulation.residuals(inputs, rotation(inputs))
    assert [r.shape for r in found] == [(num_points, 1)] * (3 + len(LEFT[model]))
    assert list(formulation.weights)[3:] == LEFT[model]
    # Terms are of order 100 (rho^3 w^2): a few roundings each.
    assert max(r.abs().max() for r in found) < 1e-12


@pytest.mark.parametrize("model", MODELS)
def test_every_residual_sees_a_wrong_flow(model):
    formulation = formulation_of(model)
    inputs = ball_points(7).requires_grad_()
    x, y, z = inputs[:, :3].split(1, dim=1)
    wrong = torch.cat([x * y, x, y * z, z, x + y + z], dim=1)
    found = formulation.residuals(inputs, rotation(inputs) + wrong)
    assert all(r.abs().max() > 0.1 for r in found)


@pytest.mark.parametrize("model", MODELS)
def test_what_is_left_is_what_its_name_says(model):
    """A flow with rho = 1 + x, u = (x, 0, 0) t and no pressure, by hand."""
    formulation = formulation_of(model, per_volume=False)
    inputs = torch.tensor([[0.5, 0.1, -0.2, 0.3]], requires_grad=True)
    x, t = inputs[:, :1], inputs[:, 3:]
    rho = 1 + x
    outputs = torch.cat([rho, rho * x * t, 0 * x, 0 * x, 0 * x], dim=1)
    found = formulation.residuals(inputs, outputs)
    by_hand = {
        "incompressibility": 1.5 * 0.5 * 0.3,  # m . grad rho, steady density
        "continuity": (1 + 2 * 0.5) * 0.3,  # d/dx of (1 + x) x t
    }
    for name, residual in zip([*formulation.weights][3:], found[3:], strict=True):
        assert residual.item() == pytest.approx(by_hand[name], rel=1e-14)


def test_rotation_stays_within_the_wall():
    inputs = wall_inputs(7)
    (found,) = wall_residual(inputs, rotation(inputs))
    assert found.shape == (7, 1)
    assert found.abs().max() < 1e-14
    (leak,) = wall_residual(inputs, torch.cat([0 * found, inputs], dim=1))
    torch.testing.assert_close(leak, torch.ones(7, 1))


@pytest.mark.parametrize("model", HARD)
def test_hard_models_start_from_the_state_and_keep_the_wall(model):
    net = built(PROBLEM, model).model.net
    inputs = ball_points(20) * torch.tensor([1, 1, 1, 0])
    defects = initial_residuals("compatible", inputs, net(inputs))
    assert [d.shape for d in defects] == [(20, 1)] * 4
    # The state passes through polynomials of degree 20, differentiated once.
    assert max(d.abs().max() for d in defects) < 1e-12
    on_wall = wall_inputs(20)
    outputs = net(on_wall)
    # The velocity of the start keeps the wall to 3e-15 and the factor w is a rounding.
    assert wall_residual(on_wall, outputs)[0].abs().max() < 1e-13
    assert outputs[:, 1:4].abs().max() > 0.1  # it slips


def test_potential_of_the_start_has_the_divergence_it_needs():
    x = ball_points(7)[:, :3].requires_grad_()
    J = jacobian(fading_potential(x), x)
    divergence = J.diagonal(dim1=1, dim2=2).sum(1, keepdim=True)
    torch.testing.assert_close(divergence, start_density(x) - 0.9)
    assert fading_potential(wall_inputs(7)[:, :3]).abs().max() < 1e-15


def test_wall_points_are_on_the_sphere_on_all_sides():
    x = wall_points()
    assert x.shape == (98, 3)
    assert x.mean(dim=0).abs().max() < 1e-15
