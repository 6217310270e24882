"""Any mesh of triangles or tetrahedra, with the solvers that suit it."""

from collections.abc import Sequence
from typing import Any

from ufl import FacetArea, avg

from ._dolfinx import MPI, Mesh
from ._domain import FlowDomain, number_by_rank
from ._facets import FacetChoice, distribute
from ._periodic_mesh import EDGE, VELOCITY_REUSE_BELOW, VELOCITY_SOLVER
from .boundary import BoundaryCondition

ITERATIVE = {
    "ksp_type": "gmres",
    "pc_type": "bjacobi",
    "sub_pc_type": "ilu",
    "ksp_rtol": 1e-10,
    "ksp_max_it": 500,
    "ksp_gmres_restart": 100,
}


def create_domain(
    msh: Mesh,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
    degree: int,
    comm: MPI.Comm | None = None,
    tags: Any = None,
) -> FlowDomain:
    """Return the domain of a mesh.

    Args:
        msh: Triangles or tetrahedra.
        boundary: Pairs of a tag or a function of points, and a condition.
        degree: Degree of the velocity.
        comm: MPI communicator that must be that of the mesh.
        tags: Facet tags of dolfinx.

    Raises:
        ValueError: If the mesh or the boundary is none that can be solved on.
    """
    _check(msh, degree)
    parts = distribute(msh, tags, boundary)
    is_plane = msh.topology.dim == 2
    return FlowDomain(
        msh,
        number_by_rank,
        edge_weight=EDGE * avg(FacetArea(msh)) ** 2 if is_plane else None,
        velocity_solver=VELOCITY_SOLVER if is_plane else ITERATIVE,
        velocity_reuse_below=VELOCITY_REUSE_BELOW if is_plane else 0,
        parts=parts,
        keeps_mesh=True,
    )


def _check(msh: Mesh, degree: int) -> None:
    """Refuse meshes that the scheme cannot solve on."""
    name, dim = msh.basix_cell().name, msh.geometry.dim
    if name not in ("triangle", "tetrahedron") or msh.topology.dim != dim:
        raise ValueError(
            f"mesh must have triangles in the plane or tetrahedra in space, got {name} "
            f"in {dim} dimensions; make it anew, or cut its cells"
        )
    order = msh.geometry.cmaps[0].degree
    if order > degree or order > 2:
        raise ValueError(
            f"mesh must have cells of degree 1 or 2, at most that of the velocity, got "
            f"{order}; make it anew with straight or quadratic cells"
        )
