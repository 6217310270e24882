"""Burgers: the reference has a second source, the residuals vanish where they must."""

import numpy as np
import torch


def test_solution_agrees_with_a_spectral_one(problems):
    burgers, spectral = problems("burgers"), problems("spectral")
    x = -1 + 2 * np.arange(384) / 384
    found = spectral.evolve(
        -np.sin(np.pi * x),
        2.0,
        lambda u: u**2 / 2,
        lambda k: -burgers.VISCOSITY * k**2,
        41,
        1.0,
        10,
    )
    X, T = np.meshgrid(x[::8], np.linspace(0, 1, 41))
    # The modes that the lattice leaves out have some 1e-7 of the size of others.
    np.testing.assert_allclose(found[:, ::8], burgers.solution(X, T), atol=1e-5)


def wave(burgers, x):
    """Return u and m of a wave that travels with the speed c, a solution."""
    c, a, nu = 0.3, 0.2, burgers.VISCOSITY
    u = c - a * torch.tanh(a * (x[:, :1] - c * x[:, 1:]) / (2 * nu))
    return u, c * u + (a**2 - c**2) / 2


def test_residuals_of_a_travelling_wave_vanish(problems, points):
    burgers = problems("burgers")
    u, m = wave(burgers, points)
    for network, y in ((burgers.plain, u), (burgers.exact, torch.cat([u, m], dim=1))):
        residual = network()[1](points, y)
        assert residual.shape == (7, 1)
        # Terms of order one, each with some rounding errors.
        assert float(residual.detach().abs().max()) < 1e-12


def test_networks_start_right(problems, points, flux_is_free):
    burgers = problems("burgers")
    at_start = points.detach() * torch.tensor([2.0, 0.0]) - torch.tensor([1.0, 0.0])
    for network in (burgers.plain, burgers.exact):
        net = network()[0]
        u = net(at_start)[:, :1]
        torch.testing.assert_close(u, burgers.initial(at_start), rtol=0, atol=1e-14)
        shifted = net(points + torch.tensor([2.0, 0.0]))
        torch.testing.assert_close(net(points), shifted, rtol=0, atol=1e-12)
    flux_is_free(net, points)
