"""Flows on any domain against exact solutions."""

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
