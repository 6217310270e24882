"""Shallow layers: waves, rest over any bed, ice downhill."""

import math

import pytest
import torch
from known_solutions import bump, wave_speeds

from ncl_deepxde import laws
from ncl_deepxde.laws.water import gradient_of


@pytest.mark.parametrize("dim", [1, 2])
def test_waves_run_at_the_root_of_the_depth(dim) -> None:
    h, g = 1.7, 9.81
    u = torch.tensor([0.5, -0.2])[:dim]
    q = torch.cat([torch.tensor([h]), h * u])
    c = math.sqrt(g * h)
    found = wave_speeds(laws.shallow_water(g, dim), q)
    right = torch.tensor([u[0] - c, *[u[0]] * (dim - 1), u[0] + c])
    torch.testing.assert_close(found, right, rtol=0, atol=1e-7)


@pytest.mark.parametrize("dim", [1, 2])
def test_at_rest_every_term_vanishes_by_itself(dim) -> None:
    law = laws.shallow_water(9.81, dim, bed=bump, level=1.0)
    x = 2 * torch.rand(7, dim) - 1
    q = torch.cat([1.0 - bump(x), 0 * x], dim=1)
    fields = laws.LawFields(x, x[:, :1], q, lambda: q)
    assert all(bool((F == 0).all()) for F in law.flux(fields))
    assert all(bool((s == 0).all()) for s in law.source(fields))
    assert law.sources == tuple(range(1, dim + 1))


def test_beds_add_nothing_to_the_law() -> None:
    """By deviations, less the usual form: div of g h_0^2 / 2 and g h_0 grad b."""
    law, plain = (laws.shallow_water(2.0, bed=b, level=1.0) for b in (bump, None))
    x = torch.rand(5, 1)
    q = torch.rand(5, 2) + 1
    f = laws.LawFields(x, x, q, lambda: q)
    h0 = 1 - bump(x)
    torch.testing.assert_close(law.flux(f)[1], plain.flux(f)[1] - h0**2)
    slope = -2 * x * bump(x)
    torch.testing.assert_close(law.source(f)[0], -2 * (q[:, :1] - h0) * slope)


def test_ice_creeps_downhill_as_glen_says() -> None:
    law = laws.shallow_ice(0.5, lambda x, t: 0.1 * t, 2, bed=lambda x: 3 * x[:, :1])
    x, H = torch.rand(5, 2), torch.rand(5, 1)
    slope = torch.rand(5, 1, 2)
    (F,) = law.flux(laws.LawFields(x, H, H, lambda: slope))
    down = slope[:, 0] + torch.tensor([3.0, 0.0])
    right = -0.5 * H**5 * down.norm(dim=1, keepdim=True) ** 2 * down
    torch.testing.assert_close(F, right)


def test_gradients_of_beds_are_those_by_hand() -> None:
    x = torch.rand(7, 2)
    torch.testing.assert_close(gradient_of(bump, x), -2 * x * bump(x))
