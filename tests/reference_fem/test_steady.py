"""Steady flows: exact solutions, a published table, and what is refused."""

import exact_flows
import meshes
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

pytestmark = pytest.mark.fem


def everywhere(x):
    return x[0] < 1e9


def one(x):
    return 1 + 0 * x[0]


def rest(x):
    return 0 * x


def settle(msh, boundary, viscosity, **options):
    from reference_fem import flow

    return flow.solve(
        msh,
        options.pop("rho0", one),
        rest,
        steady=True,
        boundary=boundary,
        viscosity=viscosity,
        progress=False,
        **options,
    )


def test_kovasznay_flow_converges():
    from reference_fem.boundary import Inflow

    given = Inflow(lambda x: exact_flows.kovasznay(x)[0], one)
    points, found = np.random.default_rng(0).random((2, 2000)), []
    points[0] -= 0.5
    for k in (0, 1):
        x, cells = meshes.scattered(6, k)
        msh = meshes.create(x - [0.5, 0], cells)
        result = settle(msh, [(everywhere, given)], 1 / exact_flows.RE)
        found.append(
            exact_flows.errors(result, exact_flows.kovasznay, points, 0.0, 1 / 20)
        )
        assert result.parameters["residual"] < 1e-10
    assert np.log2(found[0]["u"] / found[1]["u"]) > 2.8
    assert np.log2(found[0]["p"] / found[1]["p"]) > 1.8


def cavity(n):
    """Return crossed squares, finer at the walls."""
    from mpi4py import MPI

    from reference_fem._dolfinx import mesh

    crossed = mesh.DiagonalType.crossed
    msh = mesh.create_unit_square(MPI.COMM_SELF, n, n, diagonal=crossed)
    x = msh.geometry.x
    x[:, :2] = 0.45 * (1 - np.cos(np.pi * x[:, :2])) + 0.1 * x[:, :2]
    return msh


def top(x):
    return x[1] > 1 - 1e-9


# at the ends of the lid the flow rests; O. Botella and R. Peyret, Computers and Fluids
# 27 (1998) 421-433; on the twice finer mesh the differences are below 1e-4
CONSTANT = (lambda x: 1.0 * (abs(x - 0.5) < 0.5 - 1e-9), [-0.21404, 0.17957, -0.25380])
# COMSOL's values at nodes 0.01 apart, github.com/i207M/PINNacle, ref/lid_driven_a4.dat;
# a spectral method has -0.181889, 0.153930, -0.218260
PARABOLA = (lambda x: 4 * x * (1 - x), [-0.181901, 0.153897, -0.218215])


@pytest.mark.parametrize(("speed", "published"), [CONSTANT, PARABOLA])
def test_cavity_has_the_published_extrema(speed, published):
    from reference_fem.boundary import Moving, NoSlip

    lid = Moving(lambda x: np.stack([speed(x[0]), 0 * x[0]]))
    result = settle(cavity(20), [(top, lid), (everywhere, NoSlip())], 0.01)

    def extremum(sign, component, bounds):
        def value(s):
            point = [0.5, s] if component == 0 else [s, 0.5]
            return sign * result.evaluate([point], 0.0)["u"][0, component]

        return sign * minimize_scalar(value, bounds=bounds, method="bounded").fun

    found = [
        extremum(1, 0, (0.2, 0.8)),
        extremum(-1, 1, (0.1, 0.5)),
        extremum(1, 1, (0.6, 0.95)),
    ]
    assert found == pytest.approx(published, rel=1e-3)
    # from Reynolds number 10, by the speed at the middles of facets, to 100
    assert result.parameters["viscosities"][0] == pytest.approx(0.1, rel=0.01)
    assert result.parameters["viscosities"][-1] == 0.01
    assert np.array_equal(result.rho, np.ones_like(result.rho))


def test_open_channel_is_exact():
    from reference_fem.boundary import Inflow, NoSlip, Outflow

    def profile(x):
        return np.stack([4 * x[1] * (1 - x[1]), 0 * x[0]])

    boundary = [
        (lambda x: x[0] < 1e-9, Inflow(profile, one)),
        (lambda x: x[0] > 1 - 1e-9, Outflow()),
        (everywhere, NoSlip()),
    ]
    result = settle(meshes.create(*meshes.scattered(4)), boundary, 0.05)
    points = np.random.default_rng(0).random((50, 2))
    values = result.evaluate(points, 0.0)
    assert np.abs(values["u"].T - profile(points.T)).max() < 1e-9
    assert np.abs(values["p"][:, 0] - 0.4 * (1 - points[:, 0])).max() < 1e-9


def test_flows_that_cannot_be_steady_are_refused():
    from reference_fem.boundary import FreeSlip, Inflow, NoSlip

    msh = meshes.create(*meshes.scattered(3))
    walls = [(everywhere, NoSlip())]
    with pytest.raises(ValueError, match=r"rho0 must be the same positive number"):
        settle(msh, walls, 1.0, rho0=lambda x: 1 + x[0])
    given = [(everywhere, Inflow(rest, lambda x: 2 + 0 * x[0]))]
    with pytest.raises(ValueError, match=r"rho0 must be the same positive number"):
        settle(msh, given, 1.0)
    x, cells = meshes.scattered(3)
    slanted = meshes.create(x @ [[0.8, 0.6], [-0.6, 0.8]], cells)
    with pytest.raises(ValueError, match=r"FreeSlip on walls along the axes only"):
        settle(slanted, [(everywhere, FreeSlip())], 1.0)
    for name, value in (("checkpoint", "state"), ("limited", True)):
        with pytest.raises(ValueError, match=rf"^{name} must be .* for a steady flow"):
            settle(msh, walls, 1.0, **{name: value})


def test_failure_names_the_viscosity(monkeypatch):
    from reference_fem import _steady
    from reference_fem.boundary import Moving, NoSlip

    monkeypatch.setitem(_steady.NEWTON, "snes_max_it", 1)
    lid = Moving(lambda x: np.stack([16 * (x[0] * (1 - x[0])) ** 2, 0 * x[0]]))
    boundary = [(top, lid), (everywhere, NoSlip())]
    with pytest.raises(RuntimeError, match=r"did not converge at the viscosity 0.1"):
        settle(meshes.create(*meshes.scattered(3)), boundary, 1e-3)
