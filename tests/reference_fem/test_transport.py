r"""Transport by a given velocity against exact solutions.

A Gaussian that is carried by a flow and spreads by diffusion,
rho = s^2 / (s^2 + 4 k t) exp(-|x - X(t)|^2 / (s^2 + 4 k t)), is exact where the flow
turns the plane or moves it. Its second moment does not depend on the flow.
"""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem

KAPPA, WIDTH = 2e-3, 0.02


def everywhere(x):
    return x[0] < 1e9


def turning(x):
    return 2 * np.pi * np.stack([0.5 - x[1], x[0] - 0.5])


def gaussian(x, t, kappa=KAPPA, shift=0.0):
    angle = 2 * np.pi * t
    a = x[0] - 0.5 - 0.2 * np.cos(angle)
    b = x[1] - 0.5 - 0.2 * np.sin(angle)
    size = WIDTH + 4 * kappa * t
    return shift + WIDTH / size * np.exp(-(a * a + b * b) / size)


def solve(msh, dt, t_end, boundary, **options):
    from reference_fem import transport

    kappa, shift = options.get("diffusivity", 0.0), options.pop("shift", 0.0)
    return transport.solve(
        msh,
        lambda x: gaussian(x, 0.0, kappa, shift),
        options.pop("velocity", turning),
        dt=dt,
        t_end=t_end,
        save_times=[t_end],
        boundary=boundary,
        progress=False,
        **options,
    )


def error(result, t, kappa=KAPPA):
    points = np.random.default_rng(0).random((2, 3000))
    exact = gaussian(points, t, kappa)
    found = result.evaluate(points.T, t)["rho"][:, 0]
    return np.linalg.norm(found - exact) / np.linalg.norm(exact)


def inflow():
    from reference_fem.boundary import Inflow

    return [(everywhere, Inflow(turning, lambda x: 0 * x[0]))]


@pytest.mark.parametrize("kappa", [0.0, KAPPA])
def test_rate_in_space(kappa):
    # an eighth of a turn; the time error is below 5 % of the finer error
    found = [
        error(
            solve(
                meshes.create(*meshes.scattered(8, k)),
                2.5e-3,
                0.125,
                inflow(),
                diffusivity=kappa,
            ),
            0.125,
            kappa,
        )
        for k in (0, 1)
    ]
    assert np.log2(found[0] / found[1]) > 2.5


def test_rate_in_time():
    # on one mesh, against a step so small that its error is a 64th
    msh = meshes.create(*meshes.scattered(8, 1))
    steps = (0.0125, 0.00625, 0.0015625)
    first, second, finest = (
        solve(msh, dt, 0.25, inflow(), diffusivity=KAPPA).rho[0] for dt in steps
    )
    rate = np.log2(np.linalg.norm(first - finest) / np.linalg.norm(second - finest))
    assert 1.8 < rate < 2.6


def test_mass_is_constant_between_walls_and_bounds_are_told():
    from reference_fem.boundary import FreeSlip

    def swirl(x, t):
        a, b = np.pi * x
        slope = np.cos(np.pi * t)
        return slope * np.stack([np.sin(a) * np.cos(b), -np.cos(a) * np.sin(b)])

    msh = meshes.create(*meshes.scattered(8, 1))
    found = solve(msh, 0.01, 0.3, [(everywhere, FreeSlip())], velocity=swirl)
    mass = found.diagnostics["mass"]
    assert np.abs(mass / mass[0] - 1).max() < 1e-13
    # measured: 4e-4 below zero, nothing above the maximum
    assert -0.01 < found.diagnostics["min_density"].min() < 0
    assert found.diagnostics["max_density"].max() < 1.01
    assert np.array_equal(found.p, np.zeros_like(found.p))
    x = np.random.default_rng(0).random((20, 2))
    assert np.abs(found.evaluate(x, 0.3)["u"].T - swirl(x.T, 0.3)).max() < 0.01


def test_source_adds_what_it_says():
    from reference_fem.boundary import NoSlip

    msh = meshes.create(*meshes.scattered(4))
    walls = [(everywhere, NoSlip())]

    def source(x, t):
        return 2 * t * (1 + x[0])

    found = solve(msh, 0.01, 0.2, walls, velocity=lambda x: 0 * x, source=source)
    x = found.evaluate([[0.3, 0.6]], 0.2)["rho"][0, 0]
    start = solve(msh, 0.01, 0.01, walls, velocity=lambda x: 0 * x)
    expected = start.evaluate([[0.3, 0.6]], 0.01)["rho"][0, 0] + 0.04 * 1.3
    # of first order in the first step: dt^2
    assert x == pytest.approx(expected, abs=3e-4)
    grown = found.diagnostics["mass"][-1] - found.diagnostics["mass"][0]
    assert grown == pytest.approx(0.04 * 1.5, abs=3e-4)


def test_bad_arguments_are_named():
    msh = meshes.create(*meshes.scattered(3))
    with pytest.raises(ValueError, match=r"^degree must be 2 or 3, got 1"):
        solve(msh, 0.1, 0.2, inflow(), degree=1)
    with pytest.raises(ValueError, match=r"^diffusivity must be finite and not"):
        solve(msh, 0.1, 0.2, inflow(), diffusivity=-1.0)
    with pytest.raises(ValueError, match="have none: in the box"):
        solve(msh, 0.1, 0.2, [])


def test_disk_of_curved_triangles_turns_in_itself():
    from reference_fem import transport
    from reference_fem.boundary import NoSlip
    from reference_fem.geometry import Disk

    def rho(x):
        return 2 + np.sin(2 * x[0] + x[1])

    c, s = np.cos(0.6), np.sin(0.6)
    x = np.random.default_rng(0).uniform(-0.6, 0.6, (2, 500))
    errors = []
    for h in (0.5, 0.25):
        found = transport.solve(
            Disk((0, 0), 1, h),
            rho,
            lambda x: np.stack([-x[1], x[0]]),
            dt=0.02,
            t_end=0.6,
            save_times=[0.6],
            boundary=[(everywhere, NoSlip())],
            progress=False,
        )
        exact = rho(np.stack([c * x[0] + s * x[1], c * x[1] - s * x[0]]))
        errors.append(np.abs(found.evaluate(x.T, 0.6)["rho"][:, 0] - exact).max())
        mass = found.diagnostics["mass"]
        assert np.abs(mass / mass[0] - 1).max() < 1e-12
    # order 3, on meshes that are not refinements of each other
    assert errors[1] < 0.25 * errors[0] < 0.01


def test_flow_against_a_wall_is_solved_to_the_tolerance():
    # the density piles up, so the matrix is not positive; BiCGStab breaks down here
    from mpi4py import MPI

    from reference_fem import transport
    from reference_fem._dolfinx import mesh
    from reference_fem.boundary import NoSlip

    crossed = mesh.create_unit_square(
        MPI.COMM_SELF, 6, 6, diagonal=mesh.DiagonalType.crossed
    )
    found = transport.solve(
        crossed,
        lambda x: 1.0 * (np.hypot(x[0] - 0.5, x[1] - 0.75) < 0.15),
        turning,
        dt=1 / 48,
        t_end=4 / 48,
        save_times=2,
        boundary=[(everywhere, NoSlip())],
        progress=False,
    )
    mass = found.diagnostics["mass"]
    assert np.abs(mass / mass[0] - 1).max() < 1e-12
    assert found.diagnostics["density_iterations"].max() < 100
