"""Exact flows, points in the ball and on its wall, and models of a preset."""

from dataclasses import replace

import torch


def built(problem, model, preset="smoke", seed=0, **changes):
    """Build a model of a preset, with other settings."""
    settings = replace(problem.presets[preset].settings(model), **changes)
    return problem.build(model, settings, seed)


def shear_flow(inputs):
    """An exact solution: rho(y), u = (f(y), 0), p = 3; columns (rho, m, p)."""
    y = inputs[:, 1:2]
    rho = 2 + torch.sin(2 * torch.pi * y)
    m = rho * torch.exp(torch.cos(2 * torch.pi * y))
    zero = 0 * inputs[:, :1]
    return torch.cat([rho, m, zero, 3 + zero], dim=1)


def rotation(inputs, omega=2.0):
    """A steady solution about the z axis: rho = 2 + (x^2 + y^2)^2, dp/ds = rho w^2 s.

    Columns (rho, m, p).
    """
    x, y = inputs[:, :1], inputs[:, 1:2]
    s2 = x**2 + y**2
    rho, p = 2 + s2**2, omega**2 * (s2 + s2**3 / 6)
    m = rho * omega * torch.cat([-y, x, 0 * x], dim=1)
    return torch.cat([rho, m, p], dim=1)


def ball_points(count):
    """Points of the ball and times."""
    x = torch.nn.functional.normalize(torch.randn(count, 3))
    x = x * torch.rand(count, 1) ** (1 / 3)
    return torch.cat([x, 0.5 * torch.rand(count, 1)], dim=1)


def wall_inputs(count):
    """Points of the sphere and times."""
    x = torch.nn.functional.normalize(torch.randn(count, 3))
    return torch.cat([x, 0.5 * torch.rand(count, 1)], dim=1)
