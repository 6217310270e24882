"""The ball as a dolfinx mesh: its volume."""

import numpy as np
import pytest

pytestmark = pytest.mark.fem


@pytest.fixture
def msh():
    from mpi4py import MPI

    from reference_fem._ball_domain import create_ball

    return create_ball(MPI.COMM_WORLD, 2)


def test_curved_cells_fill_the_ball(msh):
    from reference_fem._dolfinx import fem, ufl

    dx = ufl.Measure("dx", msh, metadata={"quadrature_degree": 5})
    volume = fem.assemble_scalar(fem.form(fem.Constant(msh, 1.0) * dx))
    # straight cells would lack 7 %
    assert abs(volume / (4 / 3 * np.pi) - 1) < 3e-3
