"""Openings: what passes them, and flows that leave as they are."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def left(x):
    return x[0] < 1e-9


def right(x):
    return x[0] > 1 - 1e-9


def everywhere(x):
    return x[0] < 9


def uniform(x):
    return np.stack([1 + 0 * x[0], 0 * x[0]])


def poiseuille(x):
    return np.stack([4 * x[1] * (1 - x[1]), 0 * x[0]])


def one(x):
    return 1 + 0 * x[0]


def solve(boundary, rho0, u0, t_end, dt, n=5, **options):
    from reference_fem import flow

    return flow.solve(
        meshes.create(*meshes.scattered(n)),
        rho0,
        u0,
        dt=dt,
        t_end=t_end,
        save_times=[t_end],
        boundary=boundary,
        progress=False,
        **options,
    )


def test_channel_flow_leaves_as_it_is():
    from reference_fem.boundary import Inflow, NoSlip, Outflow

    boundary = [
        (left, Inflow(poiseuille, one)),
        (right, Outflow()),
        (everywhere, NoSlip()),
    ]
    found = solve(boundary, one, poiseuille, 0.5, 0.05, viscosity=0.1)
    x = np.random.default_rng(0).random((100, 2))
    values = found.evaluate(x, 0.5)
    # both are polynomials of the spaces; solvers stop at 1e-12 of larger numbers
    assert np.abs(values["u"] - poiseuille(x.T).T).max() < 1e-8
    # mu u'' = -8 mu is the slope of the pressure, zero at the end
    assert np.abs(values["p"][:, 0] - 0.8 * (1 - x[:, 0])).max() < 1e-7
    assert np.array_equal(found.rho, np.ones_like(found.rho))


def test_terms_of_an_end_take_half_of_what_returns():
    from reference_fem._any_domain import create_domain
    from reference_fem._dolfinx import fem
    from reference_fem._openings import Openings
    from reference_fem.boundary import NoSlip, Outflow

    # 4 squares per side: the speed 1 - 2 y changes its sign at a node of the end
    boundary = [(right, Outflow()), (everywhere, NoSlip())]
    domain = create_domain(meshes.create(*meshes.scattered(4)), boundary, 2)
    V = fem.functionspace(domain.msh, ("Lagrange", 2, (2,)))
    w = fem.Function(V)
    w.interpolate(lambda x: np.stack([1 - 2 * x[1], 0 * x[1]]))
    openings = Openings(domain, w, fem.functionspace(domain.msh, ("Lagrange", 2)))
    v = fem.Function(V)
    v.interpolate(lambda x: np.stack([1 + 0 * x[0], 2 + 0 * x[0]]))

    def size(form):
        return fem.assemble_scalar(fem.form(form))

    # rho = 3, v.v = 5, and 1/4 leaves, 1/4 returns: half of each, both out of the flow
    assert size(openings.transport_term(3, v, v)) == pytest.approx(3 * 5 / 8)
    assert size(openings.return_term(3, v, v)) == pytest.approx(3 * 5 / 8)
    assert openings.is_closed is False


def test_mass_that_comes_in_is_counted():
    from reference_fem.boundary import FreeSlip, Inflow, Outflow

    boundary = [
        (left, Inflow(uniform, lambda x, t: 1 + t + 0 * x[0])),
        (right, Outflow()),
        (everywhere, FreeSlip()),
    ]
    found = solve(boundary, one, uniform, 0.4, 0.02)
    # rho = 1 + max(t - x, 0): the front is at 0.4, where nothing leaves yet
    mass = 1 + np.array(found.diagnostics["time"]) ** 2 / 2
    # what the weak front's ripples carry to the end and first order at the start
    assert np.abs(found.diagnostics["mass"] - mass).max() < 3e-3
    x = np.stack([np.linspace(0.01, 0.25, 20), np.full(20, 0.4)], axis=1)
    exact = 1 + 0.4 - x[:, 0]
    assert np.abs(found.evaluate(x, 0.4)["rho"][:, 0] - exact).max() < 0.02
    assert np.abs(found.evaluate(x, 0.4)["u"] - [1, 0]).max() < 0.02


def test_given_velocity_may_lead_out():
    from reference_fem.boundary import FreeSlip, Inflow

    def rho0(x):
        return 1 + 0.5 * np.exp(-20 * (x[0] - 0.5) ** 2)

    boundary = [
        (lambda x: left(x) | right(x), Inflow(uniform, lambda x, t: rho0(x - t))),
        (everywhere, FreeSlip()),
    ]
    found = solve(boundary, rho0, uniform, 0.5, 0.02, n=8)
    x = np.random.default_rng(0).random((200, 2))
    error = found.evaluate(x, 0.5)["rho"][:, 0] - rho0(x.T - 0.5)
    assert np.sqrt((error**2).mean()) < 5e-3


def test_bad_densities_are_refused():
    from reference_fem.boundary import FreeSlip, Inflow, Outflow

    for density in (lambda x: 0 * x[0], lambda x: x, lambda x: np.nan * x[0]):
        boundary = [
            (left, Inflow(uniform, density)),
            (right, Outflow()),
            (everywhere, FreeSlip()),
        ]
        with pytest.raises(ValueError, match=r"Inflow must map points .* to positive"):
            solve(boundary, one, uniform, 0.1, 0.1)
