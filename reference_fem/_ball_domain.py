"""The unit ball as a dolfinx mesh, with the solvers that suit it."""

import numpy as np

from . import ball_mesh
from ._arrays import Integers
from ._dolfinx import MPI, Mesh, basix_ufl, fem, mesh, ufl
from ._domain import BoundaryPart, FlowDomain, share
from ._facets import exterior_facets
from .boundary import FreeSlip

# At n = 5, dt = 0.01 it takes 28 iterations of GMRES with inverted 3 x 3 blocks; a
# factorization in three dimensions costs more than the rest of the step.
VELOCITY_SOLVER = {
    "ksp_type": "gmres",
    "pc_type": "pbjacobi",
    "ksp_rtol": 1e-10,
    "ksp_max_it": 500,
    "ksp_gmres_restart": 100,
}


def create_ball(comm: MPI.Comm, n: int) -> Mesh:
    """Return the mesh of :func:`reference_fem.ball_mesh.create`.

    Args:
        comm: MPI communicator that shares the mesh.
        n: Cells per radius.
    """
    nodes, cells = ball_mesh.create(n)
    return mesh.create_mesh(
        comm,
        cells[share(comm, len(cells))],
        ufl.Mesh(basix_ufl.element("Lagrange", "tetrahedron", 2, shape=(3,))),
        nodes[share(comm, len(nodes))],
    )


def number_nodes(space: fem.FunctionSpace) -> Integers:
    """Return the numbers of owned nodes in the mesh of :mod:`reference_fem.ball_mesh`.

    Args:
        space: Lagrange space of degree 1 or 2 on that mesh.
    """
    geometry, dofs = space.mesh.geometry, space.dofmap.list
    numbers = np.empty(dofs.max() + 1, dtype=np.int64)
    numbers[dofs] = geometry.input_global_indices[
        geometry.dofmaps[0][:, : dofs.shape[1]]
    ]
    return numbers[: space.dofmap.index_map.size_local]


def create_domain(comm: MPI.Comm, n: int) -> FlowDomain:
    """Return the unit ball with the solvers that suit it.

    It has no terms on inner facets: they cost more than all the rest, and changed the
    error of the velocity on the flow of
    :mod:`reference_fem._velocity_conditions` by 0.2 %.

    Args:
        comm: MPI communicator that shares the mesh.
        n: Cells per radius.
    """
    msh = create_ball(comm, n)
    return FlowDomain(
        msh,
        number_nodes,
        edge_weight=None,
        velocity_solver=VELOCITY_SOLVER,
        metadata={"quadrature_degree": 5},
        parts=(BoundaryPart(exterior_facets(msh), FreeSlip()),),
        normal=lambda x: x,
        transports_uniform=True,
        corrects_pressure=False,
    )
