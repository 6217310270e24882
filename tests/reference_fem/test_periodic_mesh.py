"""The periodic mesh has no boundary, true areas, and nodes that know their place."""

import numpy as np
import pytest

from reference_fem import lattice

pytestmark = pytest.mark.fem


@pytest.fixture
def msh():
    from mpi4py import MPI

    from reference_fem._periodic_mesh import create_periodic_unit_square

    return create_periodic_unit_square(MPI.COMM_WORLD, 3)


def test_mesh_has_no_boundary(msh):
    from reference_fem._dolfinx import mesh

    topology = msh.topology
    topology.create_connectivity(1, 2)
    assert len(mesh.exterior_facet_indices(topology)) == 0
    # V - E + F = 0 on a torus
    counts = [topology.index_map(k).size_global for k in range(3)]
    assert counts == [18, 54, 36]


def test_triangles_keep_their_area(msh):
    x = msh.geometry.x[msh.geometry.dofmaps[0]][:, :, :2]
    areas = np.abs(np.linalg.det(x[:, 1:] - x[:, :1])) / 2
    assert np.abs(areas - 1 / 36).max() < 1e-15


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_nodes_are_numbered_as_in_the_lattice(msh, degree):
    from reference_fem._dolfinx import LagrangeVariant, basix_ufl, fem
    from reference_fem._periodic_mesh import number_nodes

    element = basix_ufl.element(
        "Lagrange", "triangle", degree, LagrangeVariant.equispaced
    )
    space = fem.functionspace(msh, element)
    numbers, m = number_nodes(space), 6 * degree
    assert sorted(numbers) == list(range(m * m // 2))
    x = lattice.fold(space.tabulate_dof_coordinates()[np.argsort(numbers), 0] % 1.0)
    assert np.abs(x - np.arange(m)[:, None] / m).max() < 1e-14
