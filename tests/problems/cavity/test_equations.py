"""The cavity's equations: every term, walls, the flow in the corners."""

import torch

from ncl_deepxde.problems.cavity.equations import (
    VISCOSITY,
    corner_pressure,
    corner_pressure_gradient,
    lid,
    momentum,
)


def test_residuals_know_every_term():
    points = torch.rand(7, 2).requires_grad_()
    x, y = points[:, :1], points[:, 1:]
    # Poiseuille's flow and a flow with the pressure of its inertia.
    channel = torch.cat([y * (1 - y), 0 * x, -2 * VISCOSITY * x], dim=1)
    strain = torch.cat([x, -y, -(x**2 + y**2) / 2], dim=1)
    for flow in (channel, strain):
        for residual in momentum(points, flow):
            assert residual.shape == (7, 1)
            assert float(residual.detach().abs().max()) < 1e-13


def test_gradient_is_that_of_the_pressure_of_the_corners():
    x = torch.rand(7, 2).requires_grad_()
    (slope,) = torch.autograd.grad(corner_pressure(x).sum(), x)
    torch.testing.assert_close(slope, corner_pressure_gradient(x.detach()))


def test_stream_function_is_right_on_the_walls():
    s, zero, one = torch.linspace(0, 1, 9)[1:-1], torch.zeros(7), torch.ones(7)
    sides = [(s, zero), (s, one), (zero, s), (one, s)]
    x = torch.cat([torch.stack(side, dim=1) for side in sides]).requires_grad_()
    psi = lid(x)
    (slope,) = torch.autograd.grad(psi.sum(), x)
    speed = 4 * x[:, 0] * (1 - x[:, 0]) * (x[:, 1] == 1)
    wanted = torch.stack([0 * speed, speed], dim=1).detach()
    torch.testing.assert_close(slope, wanted, rtol=0, atol=1e-12)
    torch.testing.assert_close(psi, torch.zeros_like(psi), rtol=0, atol=1e-12)
