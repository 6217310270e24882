"""The solver in the ball against exact solutions, identities and itself."""

import manufactured_ball as manufactured
import numpy as np
import pytest

from reference_fem import ball
from reference_fem.starts import published_start

pytestmark = pytest.mark.fem

EULER = published_start("ball")
AXIS = np.array([[0.6], [0.0], [0.8]])


def solve_manufactured(n, dt, t_end):
    return ball.solve(
        manufactured.density,
        manufactured.velocity,
        n=n,
        dt=dt,
        t_end=t_end,
        save_times=[t_end],
        force=manufactured.force,
        progress=False,
    )


def rotation(x):
    return np.cross(AXIS, x, axis=0)


def stratified(x):
    # a function of the distance to the axis
    return 1 + (rotation(x) ** 2).sum(axis=0)


@pytest.fixture(scope="module")
def euler():
    return ball.solve(
        EULER.density,
        EULER.velocity,
        n=3,
        dt=0.02,
        t_end=0.06,
        save_times=[0.0, 0.06],
        progress=False,
    )


def test_force_is_the_momentum_equation():
    # central differences of the exact fields; h^2 times third derivatives is 1e-7
    x, t, h = manufactured.points(9), 0.3, 1e-4
    step = h * np.eye(3)[:, :, None]

    def rate(f):
        return (f(x, t + h) - f(x, t - h)) / (2 * h)

    def slopes(f):
        return [(f(x + step[i], t) - f(x - step[i], t)) / (2 * h) for i in range(3)]

    u = manufactured.velocity(x, t)
    u_slopes, rho_slopes = slopes(manufactured.velocity), slopes(manufactured.density)
    convection = sum(u[i] * u_slopes[i] for i in range(3))
    inertia = manufactured.density(x, t) * (rate(manufactured.velocity) + convection)
    grad_p = np.stack(slopes(manufactured.pressure))
    assert np.abs(inertia + grad_p - manufactured.force(x, t)).max() < 1e-6
    transport = sum(u[i] * rho_slopes[i] for i in range(3))
    assert np.abs(rate(manufactured.density) + transport).max() < 1e-6
    assert np.abs(sum(u_slopes[i][i] for i in range(3))).max() < 1e-6
    wall = x / np.linalg.norm(x, axis=0)
    assert np.abs((wall * manufactured.velocity(wall, t)).sum(axis=0)).max() < 1e-14


def test_spatial_rates():
    # the time error is below 2 % of the finer error
    coarse, fine = (
        manufactured.errors(solve_manufactured(n, 0.01, 0.04), 0.04) for n in (3, 5)
    )
    rates = {k: np.log(coarse[k] / fine[k]) / np.log(5 / 3) for k in coarse}
    assert rates["rho"] > 2.5
    assert rates["u"] > 2.3
    assert rates["p"] > 1.8


def test_temporal_rate_is_second_order():
    # on one mesh, against a step so small that its error is a 64th
    results = [solve_manufactured(2, dt, 0.4) for dt in (0.05, 0.025, 0.00625)]
    for name in ("rho", "u"):
        first, second, finest = (getattr(r, name)[0] for r in results)
        rate = np.log2(abs(first - finest).max() / abs(second - finest).max())
        assert 1.8 < rate < 2.6


def test_mass_is_constant_to_rounding(euler):
    mass = euler.diagnostics["mass"]
    assert mass.shape == (4,)
    # the exact mass; the volume of curved cells at n = 3 is off by 5e-4
    assert abs(mass[0] / (1.2 * np.pi) - 1) < 2e-3
    assert np.abs(mass / mass[0] - 1).max() < 1e-13


def test_rotation_is_steady():
    result = ball.solve(
        stratified,
        rotation,
        n=3,
        dt=0.05,
        t_end=0.5,
        save_times=[0.0, 0.5],
        progress=False,
    )
    x = manufactured.points(2000)
    start, end = (result.evaluate(x.T, t) for t in (0.0, 0.5))

    def rms(values, exact):
        return float(np.sqrt(((values.T - exact) ** 2).sum(axis=0).mean()))

    # the velocity is linear, which curved cells hold exactly; the density is quadratic
    assert rms(start["u"], rotation(x)) < 1e-13
    assert rms(start["rho"], stratified(x)) < 2e-3
    # third order: 2e-2 = h^3 / 2
    assert rms(end["rho"], stratified(x)) < 2e-2
    assert rms(end["u"], rotation(x)) < 5e-3


def test_wall_is_tight_at_the_nodes(euler):
    nodes = euler.quadratic_mesh()[0].T
    wall = np.linalg.norm(nodes, axis=0) > 1 - 1e-12
    assert euler.rho.shape == (2, nodes.shape[1])
    assert wall.sum() == 10 * 6**2 + 2
    normal = (euler.u[-1] * nodes).sum(axis=0)[wall]
    assert np.abs(normal).max() < 1e-14
    # between the nodes third order; 0.05 would be two percent of the velocity
    assert 0 < euler.diagnostics["wall_leakage"].max() < 0.05


def test_pressure_has_zero_mean(euler):
    assert euler.u.shape == (2, 3, 923)
    assert euler.p.shape == (2, 147)
    # the mean over random points is off by its deviation over sqrt(4000)
    p = euler.evaluate(manufactured.points().T, 0.06)["p"]
    assert abs(p.mean()) < 4 * p.std() / 4000**0.5


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("n", 1, "an integer of at least 2"),
        ("degree", 3, "2, the degree of the curved cells"),
        ("dt", 0.0, "positive"),
    ],
)
def test_bad_arguments_are_named(name, value, rule):
    arguments = {"n": 3, "dt": 0.1, "t_end": 0.5, "degree": 2} | {name: value}
    with pytest.raises(ValueError, match=f"^{name} must be {rule}"):
        ball.solve(EULER.density, EULER.velocity, **arguments)
