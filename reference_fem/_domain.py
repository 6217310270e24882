"""What the splitting scheme must know of a mesh, and shares of a mesh in parallel."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from ._arrays import Integers, SpaceFunction
from ._dolfinx import MPI, Mesh, fem
from .boundary import BoundaryCondition


class BoundaryPart(NamedTuple):
    """A part of the boundary.

    Attributes:
        facets: Local numbers of its owned facets (F,).
        condition: What holds there.
    """

    facets: Integers
    condition: BoundaryCondition


@dataclass(frozen=True)
class FlowDomain:
    """A mesh with the numbers and solvers that suit it.

    Attributes:
        msh: The mesh.
        edge_weight: Factor c h^2 of the terms on inner facets; ``None`` leaves them
            out.
        velocity_solver: PETSc options of the velocity solve.
        velocity_renewal: See :class:`reference_fem._linear.LinearProblem`.
        metadata: Options of integrals over cells, such as a quadrature degree.
        parts: The boundary, each facet in one part. Where parts meet, the first one
            that says something of the velocity rules.
        normal: Normals of walls with free slip as a function of points (dim, N); by
            default those of the facets.
        corrects_pressure: Whether the pressure has a part that is made by div w.
    """

    msh: Mesh
    edge_weight: Any
    velocity_solver: dict[str, Any]
    velocity_renewal: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    parts: tuple[BoundaryPart, ...] = ()
    normal: SpaceFunction | None = None
    corrects_pressure: bool = True


def share(comm: MPI.Comm, count: int) -> Integers:
    """Return the numbers among 0 to count - 1 that fall to this process.

    Args:
        comm: MPI communicator that shares them.
        count: How many there are.
    """
    return np.arange(
        count * comm.rank // comm.size, count * (comm.rank + 1) // comm.size
    )


def number_by_rank(space: fem.FunctionSpace) -> Integers:
    """Return the numbers of owned nodes, process by process.

    Args:
        space: Lagrange space on any mesh.
    """
    index_map = space.dofmap.index_map
    return np.arange(*index_map.local_range, dtype=np.int64)
