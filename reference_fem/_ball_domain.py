"""The unit ball as a dolfinx mesh."""

from . import ball_mesh
from ._dolfinx import MPI, Mesh, basix_ufl, mesh, ufl
from ._domain import share


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
