"""Integrals and extrema of the fields of a flow."""

import numpy as np
import pytest

from reference_fem import torus
from reference_fem.starts import published_start

pytestmark = pytest.mark.fem

EULER = published_start("torus")


def test_negative_density_at_the_start_is_refused():
    with pytest.raises(ValueError, match="rho0 must be positive and finite, got val"):
        torus.solve(
            lambda x: 0.1 + np.sin(2 * np.pi * x[0]),
            EULER.velocity,
            n=6,
            dt=0.01,
            t_end=0.02,
            progress=False,
        )


def test_functionals_are_integrals_of_the_fields():
    from mpi4py import MPI

    from reference_fem._dolfinx import fem, ufl
    from reference_fem._functionals import Functionals
    from reference_fem._periodic_mesh import create_periodic_unit_square

    msh = create_periodic_unit_square(MPI.COMM_WORLD, 4)
    # quadratic fields with a jump at the seam, so polynomials can be integrated by hand
    scalar, vector = (("DG", 2), ("DG", 2, (2,)))
    rho, w, p = (
        fem.Function(fem.functionspace(msh, e)) for e in (scalar, vector, scalar)
    )
    rho.interpolate(lambda x: 1 + x[0])
    w.interpolate(lambda x: np.stack([x[0] ** 2, x[1]]))
    p.interpolate(lambda x: x[0] * x[1])
    found = Functionals(rho, w, p, ufl.Measure("dx", msh))
    assert found.volume == pytest.approx(1, rel=1e-14)
    assert found.mass() == pytest.approx(3 / 2, rel=1e-13)
    # int (1 + x) (x^4 + y^2) / 2 = (1/5 + 1/6 + (1 + 1/2) / 3) / 2
    assert found.energy() == pytest.approx((1 / 5 + 1 / 6 + 1 / 2) / 2, rel=1e-13)
    # int (2 x + 1)^2 = 4/3 + 2 + 1
    assert found.divergence() == pytest.approx((13 / 3) ** 0.5, rel=1e-13)
    assert found.mean_pressure() == pytest.approx(1 / 4, rel=1e-13)
    assert found.density_range() == pytest.approx((1, 2), abs=1e-13)
    found.check_density(0.1)
    rho.x.array[0] = -1
    with pytest.raises(RuntimeError, match="left the positive range"):
        found.check_density(0.1)


def test_too_large_a_step_is_told():
    # a steep blob that is carried over two cells in a step undershoots
    with pytest.raises(
        RuntimeError, match=r"Courant number .*; dt = 0\.0\d+ makes it 1"
    ):
        torus.solve(
            lambda x: 0.01 + np.exp(-200 * ((x - 0.5) ** 2).sum(axis=0)),
            EULER.velocity,
            n=6,
            dt=0.1,
            t_end=0.4,
            progress=False,
        )


def test_courant_number_is_that_of_the_fastest_node():
    from mpi4py import MPI

    from reference_fem._dolfinx import fem, mesh, ufl
    from reference_fem._functionals import Functionals

    msh = mesh.create_unit_square(MPI.COMM_SELF, 4, 4)
    scalar, vector = (fem.functionspace(msh, ("P", 1, s)) for s in ((), (2,)))
    rho, w, p = (fem.Function(space) for space in (scalar, vector, scalar))
    w.interpolate(lambda x: np.stack([3 * x[0], 4 * x[0]]))
    found = Functionals(rho, w, p, ufl.Measure("dx", msh))
    # the size of a triangle is its longest side
    assert found.courant(0.1) == pytest.approx(5 * 0.1 / (2**0.5 / 4))
