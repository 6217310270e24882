"""Meshes that can be solved on, and those that cannot."""

import meshes
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
