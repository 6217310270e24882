"""Gases: pressure, sound, and no direction that is special."""

import math

import pytest
import torch
from known_solutions import wave_speeds

from ncl_deepxde import laws
from ncl_deepxde.laws.gas import momentum_flux


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_sound_runs_at_its_speed(dim) -> None:
    """Speeds along an axis are u - c, u (d times) and u + c, c^2 = gamma p / rho."""
    rho, p, gamma = 1.3, 0.9, 1.4
    u = torch.tensor([0.5, -0.2, 0.7])[:dim]
    E = p / (gamma - 1) + rho * u.square().sum() / 2
    q = torch.cat([torch.tensor([rho]), rho * u, E[None]])
    assert laws.gas_pressure(q[None], gamma).item() == pytest.approx(p)
    c = math.sqrt(gamma * p / rho)
    for axis in range(dim):
        found = wave_speeds(laws.euler(gamma, dim), q, axis)
        right = torch.tensor([u[axis] - c, *[u[axis]] * dim, u[axis] + c])
        # Equal eigenvalues are known to the root of round-off.
        torch.testing.assert_close(found, right, rtol=0, atol=1e-7)
        q2 = q[: dim + 1]
        found = wave_speeds(laws.isothermal(0.8, dim), q2, axis)
        right = torch.tensor([u[axis] - 0.8, *[u[axis]] * (dim - 1), u[axis] + 0.8])
        torch.testing.assert_close(found, right, rtol=0, atol=1e-7)


def test_flux_turns_with_the_gas() -> None:
    turn = torch.linalg.qr(torch.rand(3, 3))[0]
    rho, m, p = torch.rand(5, 1) + 1, torch.rand(5, 3), torch.rand(5, 1)
    plain = torch.stack(momentum_flux(rho, m, p), dim=1)
    turned = torch.stack(momentum_flux(rho, m @ turn.T, p), dim=1)
    torch.testing.assert_close(turned, turn @ plain @ turn.T)


def test_states_have_names() -> None:
    assert laws.euler(dim=2).names == ("rho", "m_x", "m_y", "E")
    assert laws.isothermal(dim=3).columns == 16
