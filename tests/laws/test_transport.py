"""Drift and spread: equilibrium, exchange, species that stay."""

import torch

from ncl_deepxde import laws


def test_equilibrium_of_a_double_well_has_no_flux() -> None:
    """p ~ exp((a x^2 - b x^4 / 2) / s^2) with drift a x - b x^3 and D = s^2 / 2."""
    a, b, s = 0.3, 0.5, 0.5
    law = laws.fokker_planck(lambda x, t: a * x - b * x**3, s**2 / 2)
    x = (4.4 * torch.rand(9, 1) - 2.2).requires_grad_()
    p = torch.exp((a * x**2 - b * x**4 / 2) / s**2)
    slope = torch.autograd.grad(p.sum(), x, retain_graph=True)[0][:, None]
    (F,) = law.flux(laws.LawFields(x, x, p, lambda: slope))
    assert float(F.detach().abs().max()) < 1e-14
    wrong = laws.fokker_planck(lambda x, t: a * x - b * x**3, s**2)
    (F,) = wrong.flux(laws.LawFields(x, x, p, lambda: slope))
    assert float(F.detach().abs().max()) > 1e-2


def test_noise_that_depends_on_the_place_is_that_of_ito() -> None:
    law = laws.fokker_planck(lambda x, t: 0 * x, lambda x, t: 1 + x**2 + t, 1)
    x, t, p, slope = (torch.rand(5, 1) for _ in range(4))
    (F,) = law.flux(laws.LawFields(x, t, p, lambda: slope[:, None]))
    torch.testing.assert_close(F, -(1 + x**2 + t) * slope - 2 * x * p)


def test_species_that_stay_have_no_flux() -> None:
    law = laws.advection_diffusion_reaction(
        (2.0,), [0.1, None], lambda f: [f.state(0)], sources=(1,)
    )
    x, q, slope = torch.rand(5, 1), torch.rand(5, 2), torch.rand(5, 2, 1)
    F = law.flux(laws.LawFields(x, x, q, lambda: slope))
    torch.testing.assert_close(F[0], 2 * q[:, :1] - 0.1 * slope[:, 0])
    assert bool((F[1] == 0).all())
    assert law.sources == (1,)
    assert law.columns == 5


def test_heat_flows_down_the_slope() -> None:
    x, q, slope = torch.rand(5, 3), torch.rand(5, 1), torch.rand(5, 1, 3)
    (F,) = laws.heat(0.7, 3).flux(laws.LawFields(x, q, q, lambda: slope))
    torch.testing.assert_close(F, -0.7 * slope[:, 0])
