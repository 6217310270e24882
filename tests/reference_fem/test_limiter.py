"""Limited densities: bounds, mass, the nearest one, bounds that are not known."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem


@pytest.fixture
def space():
    import meshes

    from reference_fem._spaces import flow_spaces

    return flow_spaces(meshes.create(*meshes.scattered(4)), 2)[0]


def integrals(space):
    from reference_fem._dolfinx import fem, ufl

    r = ufl.TestFunction(space)
    return fem.assemble_vector(fem.form(r * ufl.dx)).array.copy()


def limited(space, values, low=1.0, high=3.0):
    from reference_fem._dolfinx import fem, ufl
    from reference_fem._limiter import Limiter

    rho = fem.Function(space)
    rho.x.array[:] = values
    Limiter(space, ufl.dx(domain=space.mesh), low, high)(rho)
    return rho.x.array.copy()


def overshooting(space):
    x = space.tabulate_dof_coordinates()
    return 2 + 1.4 * np.sin(7 * x[:, 0]) * np.cos(5 * x[:, 1])


def test_bounds_hold_and_the_mass_stays(space):
    values, m = overshooting(space), integrals(space)
    assert values.min() < 0.9
    assert values.max() > 3.1
    found = limited(space, values)
    assert found.min() >= 1
    assert found.max() <= 3
    assert abs(m @ found - m @ values) < 1e-13 * (m @ values)
    # cutting alone does not keep it
    assert abs(m @ np.clip(values, 1, 3) - m @ values) > 1e-4


def test_no_other_density_is_nearer(space):
    from reference_fem._dolfinx import fem, fem_petsc, ufl

    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    squares = fem_petsc.assemble_matrix(fem.form(u * v * ufl.dx))
    squares.assemble()
    d, m = squares.getDiagonal().array, integrals(space)
    values = overshooting(space)
    found = limited(space, values)
    free = np.flatnonzero((found > 1) & (found < 3) & (m > 1e-12))
    # stationary: d (found - values) is a multiple of m where the bounds do not act
    multiples = d[free] * (found - values)[free] / m[free]
    assert np.ptp(multiples) < 1e-10
    at_low, at_high = found == 1, found == 3
    rest = d * (found - values) - multiples.mean() * m
    assert rest[at_low].min() > -1e-12
    assert rest[at_high].max() < 1e-12


def test_densities_within_bounds_are_left_alone(space):
    values = np.linspace(1, 3, len(overshooting(space)))
    assert np.array_equal(limited(space, values), values)


def test_mass_that_no_density_within_bounds_has_ends_at_a_bound(space):
    m = integrals(space)
    found = limited(space, 4.0 + 0 * m)
    assert np.array_equal(found, np.full(len(m), 3.0))


def carry(**arguments):
    from reference_fem import boundary, geometry, transport

    return transport.solve(
        geometry.Rectangle((0, 0), (1, 1), 0.2),
        lambda x: 1.0 + (abs(x[0] - 0.5) < 0.2),
        lambda x: np.stack([x[1] - 0.5, 0.5 - x[0]]),
        dt=0.05,
        t_end=0.5,
        save_times=2,
        boundary=[(lambda x: x[0] < 9, boundary.NoSlip())],
        progress=False,
        **arguments,
    )


def test_carried_jump_stays_within_bounds():
    free, kept = carry().diagnostics, carry(limited=True).diagnostics
    assert free["max_density"].max() > 2.02
    assert kept["max_density"].max() <= 2
    assert kept["min_density"].min() >= 1
    assert np.abs(kept["mass"] / kept["mass"][0] - 1).max() < 1e-12


def test_unknown_bounds_are_refused():
    from reference_fem import boundary, flow, geometry

    with pytest.raises(ValueError, match="limited must be False where there is a sou"):
        carry(limited=True, source=lambda x, t: x[0])

    def rightwards(x):
        return np.stack([1 + 0 * x[0], 0 * x[0]])

    with pytest.raises(ValueError, match="limited must be False where the density of"):
        flow.solve(
            geometry.Rectangle((0, 0), (1, 1), 0.5),
            lambda x: 1 + 0 * x[0],
            rightwards,
            dt=0.1,
            t_end=0.1,
            boundary=[
                (4, boundary.Inflow(rightwards, lambda x, t: 1 + t + 0 * x[0])),
                (2, boundary.Outflow()),
                (lambda x: x[0] < 9, boundary.FreeSlip()),
            ],
            progress=False,
            limited=True,
        )
