"""One step of the scheme, and its state at the start."""

import manufactured
import manufactured_ball
import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def create(module, domain, **arguments):
    from reference_fem._setup import FlowSetup
    from reference_fem._splitting import Splitting

    setup = FlowSetup(module.density, module.velocity, module.force, **arguments)
    return Splitting(domain, setup)


@pytest.fixture
def torus():
    scheme = create(manufactured, meshes.torus(8))
    yield scheme
    scheme.destroy()


@pytest.fixture
def ball():
    scheme = create(manufactured_ball, meshes.ball(2))
    yield scheme
    scheme.destroy()


def test_start_holds_the_given_fields_and_their_pressure(torus):
    x = torus.R.tabulate_dof_coordinates().T
    rho, w = (field[0].x.array for field in (torus.rho, torus.w))
    assert np.abs(rho - manufactured.density(x)).max() < 1e-14
    assert np.abs(w.reshape(-1, 2).T - manufactured.velocity(x)).max() < 1e-14
    y = torus.Q.tabulate_dof_coordinates().T
    p, exact = torus.p[0].x.array, manufactured.pressure(y)
    # P1 at h = 1/8, from slopes of P2 fields
    assert np.linalg.norm(p - exact) < 0.2 * np.linalg.norm(exact)


@pytest.mark.parametrize("name", ["torus", "ball"])
def test_steps_keep_mass_and_the_mean_of_the_pressure(name, request):
    scheme = request.getfixturevalue(name)
    for k in range(3):
        scheme.step(0.01, 0.01 * (k + 1))
    row = scheme.diagnostics(0.03)
    assert row["mass"] == pytest.approx(scheme.mass, rel=1e-14)
    assert abs(scheme.functionals.mean_pressure()) < 1e-12
    assert ("wall_leakage" in row) == (name == "ball")
    assert min(scheme.iterations) > 0


def test_pressure_balances_what_the_projection_changes(torus):
    # rho alpha_0 (u - w) / tau = -grad(p - p*) with u - w = -grad(phi) / rho, and
    # alpha_0 of the first step 1, of the second 3/2, of the third 3/2 + 0.48/3
    for k, alpha in enumerate((1, 1.5, 1.66)):
        torus.step(0.01, 0.01 * (k + 1))
        p, p_star, phi = (
            field.x.array for field in (torus.p[0], torus.p_star, torus.phi[0])
        )
        left = p - p_star - alpha / 0.01 * phi
        # up to a constant
        assert np.ptp(left) < 1e-12 * np.abs(p).max()
        assert np.abs(phi).max() > 1e-6


def test_nodal_values_are_sums_of_time_levels(torus):
    torus.step(0.01, 0.01)
    new, old = torus.at_nodes({0: 1.0}), torus.at_nodes({1: 1.0})
    middle = torus.at_nodes({1: 0.5, 0: 0.5})
    assert [values.shape for values in middle] == [(512,), (2, 512), (128,)]
    for a, b, c in zip(new, old, middle, strict=True):
        assert np.abs(a - b).max() > 1e-4
        assert np.abs((a + b) / 2 - c).max() < 1e-14


def test_functions_are_given_as_many_coordinates_as_the_domain_has():
    from reference_fem._setup import FlowSetup
    from reference_fem._splitting import Splitting

    seen = []

    def density(x):
        seen.append(x.shape[0])
        return np.ones(x.shape[1])

    def velocity(x):
        seen.append(x.shape[0])
        return 0 * x

    setup = FlowSetup(density, velocity, lambda x, t: velocity(x))
    Splitting(meshes.torus(3), setup).destroy()
    assert seen
    assert set(seen) == {2}
