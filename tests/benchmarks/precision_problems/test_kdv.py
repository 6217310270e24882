"""Korteweg-de Vries: a soliton solves it; the reference converges, and keeps energy."""

import numpy as np
import torch


def soliton(kdv, x):
    """Return u and m of a soliton of the speed c."""
    c = 0.02
    argument = (c / kdv.DISPERSION) ** 0.5 / 2 * (x[:, :1] - 0.5 - c * x[:, 1:])
    u = 3 * c / torch.cosh(argument) ** 2
    return u, c * u


def test_residuals_of_a_soliton_vanish(problems, points):
    kdv = problems("kdv")
    u, m = soliton(kdv, points)
    for network, y in ((kdv.plain, u), (kdv.exact, torch.cat([u, m], dim=1))):
        residual = network()[1](points, y)
        assert residual.shape == (7, 1)
        # Terms of order one, each with some rounding errors.
        assert float(residual.detach().abs().max()) < 1e-12


def test_solution_converges_with_order_eight(problems):
    kdv = problems("kdv")
    coarse, fine, finest = (kdv.solution(96, steps) for steps in (4, 8, 16))
    errors = [np.linalg.norm(u - finest) for u in (coarse, fine)]
    # The error of the finest is 1/256 of that of the fine one.
    assert abs(np.log2(errors[0] / errors[1]) - 8) < 0.7


def test_solution_keeps_momentum_energy_and_hamiltonian(problems):
    # Coarse steps, and a lattice whose solution is another, which keeps both as well.
    kdv = problems("kdv")
    u = kdv.solution(96, 12)
    np.testing.assert_allclose(u.mean(axis=1), 0, atol=1e-13)
    np.testing.assert_allclose((u**2).mean(axis=1), 0.5, rtol=1e-5)
    k = np.pi * np.arange(49)
    u_x = np.fft.irfft(1j * k * np.fft.rfft(u))
    hamiltonian = (u**3 / 6 - kdv.DISPERSION * u_x**2 / 2).mean(axis=1)
    # It would vary by some of its size if the dispersion had another sign or size.
    np.testing.assert_allclose(hamiltonian, hamiltonian[0], rtol=1e-2)


def test_networks_start_right(problems, points, flux_is_free):
    kdv = problems("kdv")
    at_start = points.detach() * torch.tensor([2.0, 0.0]) - torch.tensor([1.0, 0.0])
    for network in (kdv.plain, kdv.exact):
        net = network()[0]
        u = net(at_start)[:, :1]
        torch.testing.assert_close(u, kdv.initial(at_start), rtol=0, atol=1e-14)
    flux_is_free(net, points)
