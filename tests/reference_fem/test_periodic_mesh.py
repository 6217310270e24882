"""The periodic mesh has no boundary and true areas."""

import numpy as np
import pytest

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
