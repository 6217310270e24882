"""The finite-element solver against exact solutions, identities and itself."""

import manufactured
import numpy as np
import pytest

from reference_fem import torus
from reference_fem.starts import published_start

pytestmark = pytest.mark.fem

EULER = published_start("torus")


def solve_manufactured(n, dt, t_end):
    result = torus.solve(
        manufactured.density,
        manufactured.velocity,
        n=n,
        dt=dt,
        t_end=t_end,
        save_times=[t_end],
        force=manufactured.force,
        progress=False,
    )
    return manufactured.errors(result, t_end)


def solve_euler(n, dt, t_end=0.04, **options):
    return torus.solve(
        EULER.density,
        EULER.velocity,
        n=n,
        dt=dt,
        t_end=t_end,
        save_times=[0.0, t_end],
        progress=False,
        **options,
    )


def test_force_is_the_momentum_equation():
    # central differences of the exact fields; h^2 times third derivatives is 1e-6
    x, t, h = manufactured.grid(5), 0.3, 1e-4
    step = h * np.eye(2)[:, :, None]

    def slope(f, i):
        return (f(x + step[i], t) - f(x - step[i], t)) / (2 * h)

    u = manufactured.velocity(x, t)
    rate = (manufactured.velocity(x, t + h) - manufactured.velocity(x, t - h)) / (2 * h)
    convection = sum(u[i] * slope(manufactured.velocity, i) for i in (0, 1))
    grad_p = np.stack([slope(manufactured.pressure, i) for i in (0, 1)])
    f = manufactured.density(x, t) * (rate + convection) + grad_p
    assert np.abs(f - manufactured.force(x, t)).max() < 1e-5
    rate = (manufactured.density(x, t + h) - manufactured.density(x, t - h)) / (2 * h)
    transport = sum(u[i] * slope(manufactured.density, i) for i in (0, 1))
    assert np.abs(rate + transport).max() < 1e-5


def test_spatial_rate_is_third_order():
    # the time error, 1e-6 at this dt, is below 5 % of the finest error
    coarse, fine = (solve_manufactured(n, 1e-3, 0.03) for n in (8, 16))
    rates = {name: np.log2(coarse[name] / fine[name]) for name in ("rho", "u", "p")}
    assert rates["rho"] > 2.8
    assert rates["u"] > 2.8
    assert rates["p"] > 1.8


def march_manufactured(dt, order):
    return torus.solve(
        manufactured.density,
        manufactured.velocity,
        n=8,
        dt=dt,
        t_end=0.3,
        save_times=[0.3],
        force=manufactured.force,
        progress=False,
        order=order,
    )


def test_temporal_rates_and_errors():
    # on one mesh, so that its own error drops out; that of the exact one is 3 % of
    # the smallest
    exact = march_manufactured(0.0015, 3)
    errors = {
        (order, dt): {
            name: np.linalg.norm(getattr(found, name) - getattr(exact, name))
            for name in ("rho", "u", "p")
        }
        for order in (2, 3)
        for dt in (0.01, 0.005)
        for found in [march_manufactured(dt, order)]
    }
    for order in (2, 3):
        coarse, fine = errors[order, 0.01], errors[order, 0.005]
        rates = {name: np.log2(coarse[name] / fine[name]) for name in coarse}
        # measured: 2.1, 2.0, 2.1 and 3.1, 2.9, 5.3
        assert rates["rho"] > order - 0.15
        assert rates["u"] > order - 0.15
        assert rates["p"] > 1.9
    # measured: an eighth, a twentieth, a fifth; a start that lets the pressures of
    # unequal steps run on makes that of the pressure larger than one
    for name in ("rho", "u", "p"):
        assert errors[3, 0.01][name] < errors[2, 0.01][name] / 3


def test_mass_is_constant_to_rounding():
    mass = solve_euler(10, 4e-3).diagnostics["mass"]
    assert mass.shape == (11,)
    assert np.abs(mass / mass[0] - 1).max() < 1e-13


def test_energy_drift_and_divergence_converge():
    # second order in both: halving n and dt must gain at least a factor of 3
    coarse, fine = (
        solve_euler(n, dt).diagnostics for n, dt in ((10, 4e-3), (20, 2e-3))
    )
    drifts = [abs(d["energy"][-1] / d["energy"][0] - 1) for d in (coarse, fine)]
    assert drifts[1] < drifts[0] / 3
    assert fine["divergence"][-1] < coarse["divergence"][-1] / 3


def test_taylor_green_vortex_is_steady():
    def velocity(x):
        a, b = 2 * np.pi * x[:2]
        return np.stack([np.sin(a) * np.cos(b), -np.cos(a) * np.sin(b)])

    result = torus.solve(
        lambda x: np.ones(x.shape[1]),
        velocity,
        n=12,
        dt=5e-3,
        t_end=0.05,
        save_times=[0.0, 0.05],
        progress=False,
    )
    x = manufactured.grid(20)
    values = result.evaluate(x.T, 0.05)
    # interpolation error of P2 at h = 1/12 is 1e-3, of the P1 pressure 1e-2
    a, b = 4 * np.pi * x
    assert np.abs(values["u"].T - velocity(x)).max() < 5e-3
    assert np.abs(values["p"][:, 0] - (np.cos(a) + np.cos(b)) / 4).max() < 0.03
    assert np.abs(values["rho"] - 1).max() < 1e-3


def test_pressure_has_zero_mean(small_result):
    # eight triangles meet in a corner of a square, four in its center
    corners, centers = small_result.p[:, ::2], small_result.p[:, 1::2]
    mean = (2 * corners.mean(axis=(1, 2)) + centers.mean(axis=(1, 2))) / 3
    assert mean.shape == (3,)
    assert np.abs(mean).max() < 1e-12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("dt", 0.0),
        ("dt", 1.0),
        ("t_end", -1.0),
        ("degree", 1),
        ("order", 4),
        ("grad_div", -1.0),
        ("save_times", [0.2, 0.1]),
        ("save_times", [0.9]),
        ("save_times", 1),
    ],
)
def test_bad_arguments_are_named(name, value):
    arguments = {"n": 8, "dt": 0.1, "t_end": 0.5, "save_times": 3, "degree": 2}
    with pytest.raises(ValueError, match=f"^{name}"):
        torus.solve(
            EULER.density,
            EULER.velocity,
            **(arguments | {name: value}),
        )
