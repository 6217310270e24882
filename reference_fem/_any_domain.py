"""Any mesh of triangles or tetrahedra, with the solvers that suit it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ufl import avg
from ufl.geometry import FacetJacobianDeterminant, ReferenceFacetVolume

from ._dolfinx import MPI, Mesh
from ._domain import BoundaryPart, FlowDomain
from ._facets import FacetChoice, distribute
from ._mesh_source import open_mesh
from .boundary import (
    BoundaryCondition,
    FreeSlip,
    Inflow,
    Moving,
    NoSlip,
    Outflow,
    Periodic,
)
from .geometry import UnitBall, UnitTorus

EDGE = 0.01
"""c of J in :mod:`reference_fem._splitting`. Larger values are better on a smooth
manufactured solution (0.02 best of 0, 0.001, 0.005, 0.02), smaller ones on thin
filaments (0.003 better than 0.02)."""

FACTORIZED = {
    "ksp_type": "gmres",
    "pc_type": "lu",
    "pc_factor_mat_solver_type": "mumps",
    "ksp_rtol": 1e-12,
    "ksp_max_it": 60,
    "ksp_gmres_restart": 60,
}
RENEWAL = 12
"""Measured: a factorization costs as much as 10 to 14 iterations, at n = 64."""
OF_FLOWS = (FreeSlip, NoSlip, Moving, Inflow, Outflow, Periodic)
ITERATIVE = {
    "ksp_type": "gmres",
    "pc_type": "pbjacobi",
    "ksp_rtol": 1e-12,
    "ksp_max_it": 500,
    "ksp_gmres_restart": 100,
}
"""GMRES with inverted 3 x 3 blocks: the same on any number of processes, and 10 to 20 %
faster than with incomplete factors in the ball and on Ethier and Steinman's flow; a
factorization in three dimensions costs more than the rest of the step."""


def create_domain(
    source: Any,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
    degree: int,
    comm: MPI.Comm = MPI.COMM_WORLD,
) -> FlowDomain:
    """Return the domain of a mesh.

    Args:
        source: Triangles or tetrahedra: see
            :func:`reference_fem._mesh_source.open_mesh`.
        boundary: Pairs of a tag or a function of points, and a condition.
        degree: Degree of the velocity.
        comm: MPI communicator of what is not yet a mesh.

    Raises:
        ValueError: If the mesh or the boundary is none that can be solved on.
    """
    msh, parts = open_with_conditions(source, boundary, OF_FLOWS, degree, comm)
    is_plane = msh.topology.dim == 2
    domain = FlowDomain(
        msh,
        edge_weight=EDGE * avg(facet_measure(msh)) ** 2 if is_plane else None,
        velocity_solver=FACTORIZED if is_plane else ITERATIVE,
        velocity_renewal=RENEWAL if is_plane else 0,
        parts=parts,
    )
    if isinstance(source, UnitTorus):
        weight = EDGE / source.n**2
        return replace(domain, edge_weight=weight, corrects_pressure=False)
    if isinstance(source, UnitBall):
        return replace(
            domain,
            metadata={"quadrature_degree": 2 * degree + 1},
            normal=lambda x: x,
            corrects_pressure=False,
        )
    return domain


def facet_measure(msh: Mesh) -> Any:
    r"""Return the measure of the facet that a point lies on, for forms on facets.

    .. math::
        |\hat F|\, |\det J_F|,

    with the map's derivative on the facet :math:`J_F` and the reference facet
    :math:`\hat F`. It is the facet's measure where it is straight. Along a curved
    facet it varies and has the measure as its mean over the reference facet; UFL's
    ``FacetArea`` is not defined there.

    Args:
        msh: The mesh.
    """
    return abs(FacetJacobianDeterminant(msh)) * ReferenceFacetVolume(msh)


def open_with_conditions(
    source: Any,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
    kinds: tuple[type, ...],
    degree: int,
    comm: MPI.Comm,
) -> tuple[Mesh, tuple[BoundaryPart, ...]]:
    """Return a mesh that can be solved on, and the parts of its boundary.

    Args:
        source: What stands for a mesh.
        boundary: Pairs of a tag or a function of points, and a condition.
        kinds: Conditions that the equations know.
        degree: Degree of the fields.
        comm: MPI communicator of what is not yet a mesh.

    Raises:
        ValueError: If the mesh or the boundary is none that can be solved on.
    """
    for _, condition in boundary:
        if not isinstance(condition, kinds):
            known = ", ".join(kind.__name__ for kind in kinds)
            raise ValueError(
                f"boundary must have conditions among {known}, got "
                f"{type(condition).__name__}; reference_fem.boundary explains them"
            )
    msh, tags = open_mesh(source, boundary, comm)
    check_mesh(msh, degree)
    return msh, distribute(msh, tags, boundary)


def check_mesh(msh: Mesh, degree: int) -> None:
    """Refuse meshes that the schemes cannot solve on.

    Args:
        msh: The mesh.
        degree: Degree of the fields.

    Raises:
        ValueError: If it has other cells than are solved on.
    """
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
    ghosts = msh.comm.allreduce(msh.topology.index_map(dim).num_ghosts)
    if msh.comm.size > 1 and dim == 2 and not ghosts:
        raise ValueError(
            "mesh must know the neighbors of cells on other processes, got one without "
            "ghosts; make it with GhostMode.shared_facet"
        )
