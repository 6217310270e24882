"""Periodic equations: transport without error, resampling."""

import numpy as np


def test_linear_waves_are_exact(problems):
    spectral = problems("spectral")
    x = 2 * np.arange(32) / 32
    u = spectral.evolve(
        np.sin(np.pi * x), 2.0, lambda u: 0.5 * u, lambda k: -0.1 * k**2, 5, 1.0, 8
    )
    t = np.linspace(0, 1, 5)[:, None]
    exact = np.exp(-0.1 * np.pi**2 * t) * np.sin(np.pi * (x - 0.5 * t))
    # Steps of 1/32 of a problem of the frequency pi / 2, by order eight.
    np.testing.assert_allclose(u, exact, atol=1e-12)


def test_resampling_keeps_a_polynomial_of_waves(problems):
    spectral = problems("spectral")
    values = [np.cos(2 * np.pi * np.arange(n) / n + 1) for n in (16, 24)]
    found = spectral.resample(np.stack([values[0]] * 2), 24)
    np.testing.assert_allclose(found, np.stack([values[1]] * 2), atol=1e-14)
