"""The ball as a dolfinx mesh: its volume, and nodes that know their place."""

import numpy as np
import pytest

from reference_fem import ball_mesh

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


@pytest.mark.parametrize("degree", [1, 2])
def test_nodes_are_numbered_as_in_the_mesh(msh, degree):
    from reference_fem._ball_domain import number_nodes
    from reference_fem._dolfinx import fem

    space = fem.functionspace(msh, ("Lagrange", degree))
    nodes = ball_mesh.create(2)[0]
    numbers = number_nodes(space)
    assert sorted(numbers) == list(range({1: 55, 2: len(nodes)}[degree]))
    x = space.tabulate_dof_coordinates()
    assert np.abs(x - nodes[numbers]).max() < 1e-13
