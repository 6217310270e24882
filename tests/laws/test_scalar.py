"""Fluxes of one law, and the speeds of their waves."""

import pytest
import torch
from known_solutions import wave_speeds

from ncl_deepxde import laws


def test_waves_of_burgers_move_as_they_are_high() -> None:
    for u in -1.5, 0.0, 2.0:
        found = wave_speeds(laws.burgers(), torch.tensor([u]))
        torch.testing.assert_close(found, torch.tensor([u]))


def test_water_displaces_oil_between_0_and_1() -> None:
    law = laws.buckley_leverett(0.5, velocity=2.0)
    S = torch.linspace(0, 1, 11)[:, None]
    (F,) = law.flux(laws.LawFields(S, S, S, lambda: S[:, None]))
    assert F[0] == 0
    assert F[-1] == 2
    assert bool((F.diff(dim=0) > 0).all())
    # By hand: f = S^2 / D, f' = 2 S (D - S D' / 2) / D^2 at S = 1/2, D = 3/8.
    right = 2 * 2 * 0.5 * (0.375 - 0.25 * (1 - 0.5)) / 0.375**2
    found = wave_speeds(law, torch.tensor([0.5]))
    assert found.item() == pytest.approx(right, rel=1e-12)


def test_viscosity_is_a_flux_down_the_slope() -> None:
    law = laws.burgers(0.3)
    q, slope = torch.rand(5, 1), torch.rand(5, 1, 1)
    (F,) = law.flux(laws.LawFields(q, q, q, lambda: slope))
    torch.testing.assert_close(F, q**2 / 2 - 0.3 * slope[:, 0])


def test_any_flux_makes_a_law() -> None:
    law = laws.scalar_law(lambda u: torch.cat([u**3, -u], dim=1), dim=2, name="w")
    assert (law.names, law.columns) == (("w",), 3)
    torch.testing.assert_close(
        wave_speeds(law, torch.tensor([2.0])), torch.tensor([12.0])
    )
    torch.testing.assert_close(
        wave_speeds(law, torch.tensor([2.0]), axis=1), torch.tensor([-1.0])
    )
