"""Momentum and velocity with derivatives, against autograd on the quotient."""

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.nn.base.conversion import slowed, to_momentum, to_velocity

D = 2


def outputs(x):
    """Return (rho, w_1, w_2, extra) of one point (x, y, t)."""
    rho = 3 + torch.sin(x[0] + 2 * x[1]) * torch.cos(x[2])
    w = torch.stack([x[0] * x[2] ** 2, torch.exp(-x[1]) + x[2]])
    return torch.cat([rho[None], w, (x[0] * x[1] * x[2])[None]])


def divided(x):
    y = outputs(x)
    return torch.cat([y[:1], y[1 : D + 1] / y[0], y[D + 1 :]])


def multiplied(x):
    y = outputs(x)
    return torch.cat([y[:1], y[1 : D + 1] * y[0], y[D + 1 :]])


def levels_of(function, x, order):
    found = []
    for _ in range(order + 1):
        found.append(vmap(function)(x))
        function = jacrev(function)
    return found


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize(
    ("convert", "right"), [(to_velocity, divided), (to_momentum, multiplied)]
)
def test_derivatives_follow_the_rules_of_quotient_and_product(convert, right, order):
    x = torch.rand(5, D + 1)
    found = convert(levels_of(outputs, x, order), D)
    for level, expected in zip(found, levels_of(right, x, order), strict=True):
        torch.testing.assert_close(level, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_way_there_and_back_is_the_identity(order) -> None:
    levels = levels_of(outputs, torch.rand(5, D + 1), order)
    for level, again in zip(
        levels, to_momentum(to_velocity(levels, D), D), strict=True
    ):
        torch.testing.assert_close(again, level, rtol=1e-12, atol=1e-12)


def clock(t):
    return 0.3 + torch.tanh(t) / 2


@pytest.mark.parametrize("order", [0, 1, 2])
def test_slowed_flux_is_that_of_the_other_clock(order) -> None:
    mean = torch.tensor([0.7, -0.4])

    def played(x):
        y = outputs(torch.stack([x[0], x[1], clock(x[2])]))
        m = mean + jacrev(clock)(x[2]) * (y[1 : D + 1] - mean)
        return torch.cat([y[:1], m, y[D + 1 :]])

    x = torch.rand(5, D + 1)
    rates, rate = [], jacrev(clock)
    for _ in range(order + 1):
        rates.append(vmap(rate)(x[:, D])[:, None])
        rate = jacrev(rate)
    earlier = torch.cat([x[:, :D], clock(x[:, D:])], dim=1)
    found = slowed(levels_of(outputs, earlier, order), rates, mean, [1, 2])
    for level, expected in zip(found, levels_of(played, x, order), strict=True):
        torch.testing.assert_close(level, expected, rtol=1e-11, atol=1e-11)
