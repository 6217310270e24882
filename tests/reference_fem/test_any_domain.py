"""Meshes that can be solved on, and those that cannot."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def test_plane_is_factorized_and_space_iterated():
    from mpi4py import MPI

    from reference_fem._any_domain import create_domain
    from reference_fem._dolfinx import mesh
    from reference_fem.boundary import NoSlip

    boundary = [(lambda x: x[0] < 9, NoSlip())]
    plane = create_domain(meshes.create(*meshes.scattered(3)), boundary, 2)
    space = create_domain(mesh.create_unit_cube(MPI.COMM_SELF, 2, 2, 2), boundary, 2)
    assert plane.velocity_solver["pc_type"] == "lu"
    assert space.velocity_solver["pc_type"] != "lu"
    assert (len(plane.parts[0].facets), len(space.parts[0].facets)) == (12, 48)


def test_torus_and_squares_weigh_their_edges_alike():
    from reference_fem._dolfinx import fem, ufl

    # c = 0.01, and h is the side of the squares
    assert meshes.torus(4).edge_weight == pytest.approx(0.01 / 16)
    from reference_fem._any_domain import create_domain
    from reference_fem.boundary import NoSlip

    # two triangles: h is the length of their common edge
    x = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    msh = meshes.create(x, np.array([[0, 1, 2], [0, 2, 3]]))
    domain = create_domain(msh, [(lambda x: x[0] < 9, NoSlip())], 2)
    found = fem.assemble_scalar(fem.form(domain.edge_weight * ufl.dS))
    assert found == pytest.approx(0.01 * 2 * 2**0.5)


def test_measure_of_facets_is_their_length_on_curved_triangles():
    from mpi4py import MPI

    from reference_fem._any_domain import facet_measure
    from reference_fem._dolfinx import fem, mesh, ufl
    from reference_fem._mesh_source import open_mesh
    from reference_fem.geometry import Disk

    msh = open_mesh(Disk((0, 0), 1, 0.5), [], MPI.COMM_SELF)[0]
    assert msh.geometry.cmaps[0].degree == 2
    msh.topology.create_entities(1)
    edges = np.arange(msh.topology.index_map(1).size_local, dtype=np.int32)
    a, b, middle = msh.geometry.x[
        mesh.entities_to_geometry(msh, 1, edges, permute=False)
    ].swapaxes(0, 1)
    is_straight = np.linalg.norm(middle - (a + b) / 2, axis=1) < 1e-12
    squares = (((b - a) ** 2).sum(axis=1))[is_straight]
    found = fem.assemble_scalar(fem.form(ufl.avg(facet_measure(msh)) * ufl.dS))
    assert 0 < len(squares) < len(edges)
    assert found == pytest.approx(squares.sum(), rel=1e-12)


def test_meshes_of_other_cells_are_refused():
    from mpi4py import MPI

    from reference_fem._any_domain import create_domain
    from reference_fem._ball_domain import create_ball
    from reference_fem._dolfinx import mesh

    squares = mesh.create_unit_square(
        MPI.COMM_SELF, 2, 2, cell_type=mesh.CellType.quadrilateral
    )
    with pytest.raises(ValueError, match="got quadrilateral in 2 dimensions"):
        create_domain(squares, [], 2)
    with pytest.raises(ValueError, match="degree 1 or 2, at most that of the"):
        create_domain(create_ball(MPI.COMM_SELF, 1), [], 1)


def test_conditions_of_other_equations_are_refused():
    from reference_fem._any_domain import create_domain
    from reference_fem.boundary import Flux

    msh = meshes.create(*meshes.scattered(3))
    with pytest.raises(
        ValueError, match=r"must have conditions among FreeSlip.* got Flux"
    ):
        create_domain(msh, [(lambda x: x[0] < 9, Flux())], 2)
