"""One step of a carried density."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def test_steps_keep_a_density_that_moves_with_the_plane():
    from reference_fem._any_domain import create_domain
    from reference_fem._carried import CarriedDensity
    from reference_fem._setup import FlowSetup
    from reference_fem.boundary import Inflow

    def rho(x, t=0.0):
        return 1 - 2 * (x[0] - t)

    def velocity(x, t):
        return np.stack([1 + 0 * x[0], 0 * x[0]])

    domain = create_domain(
        meshes.create(*meshes.scattered(4)),
        [(lambda x: x[0] < 9, Inflow(velocity, rho))],
        2,
    )
    scheme = CarriedDensity(domain, FlowSetup(rho, lambda x: 0 * x), velocity)
    for k in range(4):
        scheme.step(0.1, 0.1 * (k + 1))
    # linear in space and time: every formula is exact, also where the sign changes
    x = scheme.R.tabulate_dof_coordinates().T
    assert np.abs(scheme.rho[0].x.array - rho(x, 0.4)).max() < 1e-10
    values, u, p = scheme.at_nodes({0: 1.0})
    assert values.shape == (81,)
    assert np.abs(u - [[1], [0]]).max() < 1e-14
    assert np.array_equal(p, np.zeros(25))
    row = scheme.diagnostics(0.4)
    assert row["mass"] == pytest.approx(1 - 2 * (0.5 - 0.4), abs=1e-10)
    assert row["min_density"] == pytest.approx(-0.2, abs=1e-10)
    scheme.destroy()
