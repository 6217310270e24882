"""The spectral solver on its own, and against the finite elements."""

import numpy as np
import pytest

from reference_fem import spectral, torus
from reference_fem.starts import published_start

EULER = published_start("torus")
STATE = (EULER.density, EULER.velocity)


def points(count=40):
    return np.random.default_rng(3).uniform(-1, 2, (count, 2))


def test_taylor_green_vortex_is_steady():
    def velocity(x):
        a, b = 2 * np.pi * x
        return np.stack([np.sin(a) * np.cos(b), -np.cos(a) * np.sin(b)])

    solution = spectral.solve(
        lambda x: np.ones(x.shape[1]), velocity, n=16, t_end=0.2, progress=False
    )
    x = points()
    values = solution.evaluate(x, 0.2)
    a, b = 4 * np.pi * x.T
    # the pressure solve stops at 1e-10 of its right-hand side
    assert np.abs(values["u"].T - velocity(x.T)).max() < 1e-9
    assert np.abs(values["p"][:, 0] - (np.cos(a) + np.cos(b)) / 4).max() < 1e-8
    assert np.abs(values["rho"] - 1).max() < 1e-13


def test_mass_energy_and_self_convergence():
    solutions = [
        spectral.solve(*STATE, n=n, t_end=0.1, progress=False) for n in (24, 48)
    ]
    exact = spectral.solve(*STATE, n=72, t_end=0.1, progress=False)
    x = points()
    errors = []
    for solution in solutions:
        difference = solution.evaluate(x, 0.1)["rho"] - exact.evaluate(x, 0.1)["rho"]
        errors.append(np.abs(difference).max())
        assert np.abs(solution.mass - 2).max() < 1e-9
    # faster than any power: two orders of magnitude from twice the points
    assert errors[1] < errors[0] / 100
    assert abs(exact.energy[1] / exact.energy[0] - 1) < 1e-6


def test_shapes_of_one_point():
    solution = spectral.solve(*STATE, n=16, t_end=0.01, progress=False)
    shapes = {k: v.shape for k, v in solution.evaluate(points(1), 0.01).items()}
    assert shapes == {"rho": (1, 1), "u": (1, 2), "p": (1, 1)}


@pytest.mark.fem
def test_finite_elements_agree_with_the_spectral_solution():
    options = {"t_end": 0.05, "save_times": [0.0, 0.05], "progress": False}
    fem = torus.solve(*STATE, n=16, dt=2.5e-3, **options)
    fourier = spectral.solve(*STATE, n=64, **options)
    x = points(500)
    a, b = fem.evaluate(x, 0.05), fourier.evaluate(x, 0.05)
    # second order in dt * |u| * k = 0.04, third in h * k = 0.4: about one per cent
    for name in ("rho", "u", "p"):
        scale = np.std(b[name])
        assert np.sqrt(np.mean((a[name] - b[name]) ** 2)) < 0.02 * scale


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("n", 15, "an even integer"),
        ("t_end", -1.0, "positive and finite"),
        ("courant", 1.0, "in"),
    ],
)
def test_bad_arguments_are_named(name, value, rule):
    arguments = {"n": 16, "t_end": 0.1, "courant": 0.6} | {name: value}
    with pytest.raises(ValueError, match=f"^{name} must be {rule}"):
        spectral.solve(*STATE, **arguments)
