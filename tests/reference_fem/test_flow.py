"""Flows on any domain against exact solutions."""

import exact_flows
import manufactured
import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem

MU = 0.01


def everywhere(x):
    return x[0] < 1e9


def solve_manufactured(msh, dt, t_end, mu=MU):
    from reference_fem import flow
    from reference_fem.boundary import Inflow

    given = Inflow(manufactured.velocity, manufactured.density)
    result = flow.solve(
        msh,
        manufactured.density,
        manufactured.velocity,
        dt=dt,
        t_end=t_end,
        save_times=[t_end],
        boundary=[(everywhere, given)],
        viscosity=mu,
        force=lambda x, t: manufactured.viscous_force(x, t, mu),
        progress=False,
    )
    return manufactured.errors(result, t_end)


def rates(coarse, fine):
    return {name: np.log2(coarse[name] / fine[name]) for name in coarse}


def test_friction_is_the_laplacian():
    # central differences of the exact velocity; h^2 times fourth derivatives is 1e-4
    x, t, h = manufactured.grid(5), 0.3, 1e-3
    step = h * np.eye(2)[:, :, None]
    u = manufactured.velocity(x, t)
    laplacian = sum(
        manufactured.velocity(x + s, t) - 2 * u + manufactured.velocity(x - s, t)
        for s in step
    ) / (h * h)
    added = manufactured.viscous_force(x, t, MU) - manufactured.force(x, t)
    assert np.abs(added + MU * laplacian).max() < 1e-3 * np.abs(added).max()


@pytest.mark.slow
def test_spatial_rates_on_scattered_triangles():
    # the time error, 1e-6 at this dt, is below 5 % of the finest error
    coarse, fine = (
        solve_manufactured(meshes.create(*meshes.scattered(12, k)), 1e-3, 0.03)
        for k in (0, 1)
    )
    found = rates(coarse, fine)
    assert found["u"] > 2.8
    assert found["p"] > 1.8
    # of the density, what the velocity's divergence leaves: between 2 and 3
    assert found["rho"] > 2


@pytest.mark.slow
def test_temporal_rate_is_second_order():
    # against the same mesh with a small step: the space's error is the same in all
    msh = meshes.create(*meshes.scattered(8, 1))
    coarse, fine = (solve_manufactured(msh, dt, 0.4) for dt in (0.05, 0.025))
    found = rates(coarse, fine)
    assert found["u"] > 1.9
    assert found["p"] > 1.9


def test_exact_flows_obey_the_equations():
    # central differences with h = 1e-3 of flows of size 1: h^2 times derivatives
    rng = np.random.default_rng(0)
    for exact, dim, nu in (
        (exact_flows.taylor_green, 2, 0.02),
        (exact_flows.kovasznay, 2, 1 / exact_flows.RE),
        (exact_flows.ethier_steinman, 3, 0.5),
    ):
        momentum, divergence = exact_flows.residual(
            exact, rng.random((dim, 9)), 0.3, nu
        )
        assert momentum < 1e-4
        assert divergence < 1e-4


def one(x):
    return 1 + 0 * x[0]


def solve_exact(exact, msh, condition, nu, dt, t_end):
    from reference_fem import flow

    return flow.solve(
        msh,
        one,
        lambda x: exact(x, 0.0, nu)[0],
        dt=dt,
        t_end=t_end,
        save_times=[t_end],
        boundary=[(everywhere, condition)],
        viscosity=nu,
        progress=False,
    )


def test_taylor_green_vortex_decays_between_walls_it_slides_along():
    from reference_fem.boundary import FreeSlip

    nu, t_end = 0.02, 0.5
    points, found = np.random.default_rng(0).random((2, 2000)), []
    for k in (0, 1):
        msh = meshes.create(*meshes.scattered(6, k))
        exact = exact_flows.taylor_green
        result = solve_exact(exact, msh, FreeSlip(), nu, 0.01, t_end)
        found.append(exact_flows.errors(result, exact, points, t_end, nu))
        # walls along the axes are tight everywhere
        assert result.diagnostics["wall_leakage"].max() < 1e-14
    gain = rates(*found)
    assert gain["u"] > 2.8
    assert gain["p"] > 1.8


@pytest.mark.slow
def test_ethier_steinman_flow_in_space():
    from mpi4py import MPI

    from reference_fem._dolfinx import mesh
    from reference_fem.boundary import Inflow

    nu, t_end, found = 0.1, 0.1, []
    exact = exact_flows.ethier_steinman
    points = 2 * np.random.default_rng(0).random((3, 3000)) - 1
    given = Inflow(lambda x, t: exact(x, t, nu)[0], one)
    for n in (4, 8):
        msh = mesh.create_box(MPI.COMM_SELF, [[-1.0] * 3, [1.0] * 3], [n] * 3)
        # the time error, a quarter of it at half the step, is 15 % of the finer one
        result = solve_exact(exact, msh, given, nu, 0.01, t_end)
        assert result.rho.shape == (1, (2 * n + 1) ** 3)
        assert result.u.shape == (1, 3, (2 * n + 1) ** 3)
        assert result.p.shape == (1, (n + 1) ** 3)
        found.append(exact_flows.errors(result, exact, points, t_end, nu))
    gain = rates(*found)
    assert gain["u"] > 2.8
    assert gain["p"] > 1.8


def test_flow_comes_back_from_its_file(tmp_path):
    import reference_fem
    from reference_fem.boundary import FreeSlip

    exact, msh = exact_flows.taylor_green, meshes.create(*meshes.scattered(4))
    result = solve_exact(exact, msh, FreeSlip(), 0.02, 0.05, 0.1)
    result.save(tmp_path / "flow.npz")
    loaded = reference_fem.load(tmp_path / "flow.npz")
    points = np.random.default_rng(0).random((50, 2))
    expected, values = result.evaluate(points, 0.1), loaded.evaluate(points, 0.1)
    assert all(np.array_equal(values[name], expected[name]) for name in expected)
    assert type(loaded) is type(result)
    collection = loaded.write_paraview(tmp_path / "fields")
    assert collection.name == "solution.pvd"
    nodes, kind, cells = loaded.quadratic_mesh()
    assert (kind, cells.shape) == ("triangle6", (32, 6))
    assert len(nodes) == 81
    with pytest.raises(
        ValueError, match=r"points must lie in the mesh, .*\[1.3, 0.5\]"
    ):
        loaded.evaluate([[1.3, 0.5]], 0.1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"degree": 1}, "degree must be 2 or 3, got 1"),
        ({"dt": None}, "dt must be given unless steady=True"),
        ({"t_end": None}, "t_end must be given unless steady=True"),
        ({"viscosity": -1.0}, "viscosity must be finite and not negative"),
        ({"steady": True}, "viscosity must be positive for a steady flow, got 0"),
        ({"rho0": lambda x: x[0] - 0.5}, "rho0 must be positive and finite"),
    ],
)
def test_bad_arguments_are_named(options, words):
    from reference_fem import flow
    from reference_fem.boundary import NoSlip

    arguments = {
        "mesh": meshes.create(*meshes.scattered(3)),
        "rho0": one,
        "u0": lambda x: 0 * x,
        "dt": 0.1,
        "t_end": 0.2,
        "boundary": [(everywhere, NoSlip())],
    }
    with pytest.raises(ValueError, match=f"^{words}"):
        flow.solve(**(arguments | options))


def test_light_fluid_rests_on_heavy_fluid():
    from reference_fem import flow
    from reference_fem.boundary import FreeSlip, NoSlip

    def layered(x):
        return 2 - x[1]

    boundary = [(lambda x: x[1] < 1e-9, NoSlip()), (everywhere, FreeSlip())]
    result = flow.solve(
        meshes.create(*meshes.scattered(8)),
        layered,
        lambda x: 0 * x,
        dt=0.05,
        t_end=0.5,
        save_times=[0.5],
        boundary=boundary,
        viscosity=1e-2,
        gravity=(0.0, -1.0),
        progress=False,
    )
    x = np.random.default_rng(0).random((2, 500))
    values = result.evaluate(x.T, 0.5)
    # linear pressures cannot balance a quadratic one; speeds of falling are 1
    assert np.abs(values["u"]).max() < 5e-3
    # measured 0.0051, with u up to 0.002
    assert np.abs(values["rho"][:, 0] - layered(x)).max() < 0.01
    exact = x[1] ** 2 / 2 - 2 * x[1]
    p = values["p"][:, 0]
    assert np.abs((p - p.mean()) - (exact - exact.mean())).max() < 0.02
    # and the other way up it falls
    fallen = flow.solve(
        meshes.create(*meshes.scattered(8)),
        lambda x: 2 - x[1] + 0.1 * np.cos(np.pi * x[0]) * np.sin(np.pi * x[1]),
        lambda x: 0 * x,
        dt=0.05,
        t_end=0.5,
        save_times=[0.5],
        boundary=boundary,
        viscosity=1e-2,
        gravity=(0.0, 1.0),
        progress=False,
    )
    sides = fallen.evaluate([[0.25, 0.5], [0.75, 0.5]], 0.5)["u"][:, 1]
    # the heavier side follows gravity: 0.1 cos(pi / 4) t / 2 / 1.5 if alone, 0.012
    assert 0.003 < sides[0] < 0.03
    assert -0.03 < sides[1] < -0.003
