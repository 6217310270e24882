"""What the splitting scheme must know of a mesh, and shares of a mesh in parallel."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._dolfinx import MPI, Mesh


@dataclass(frozen=True)
class Domain:
    """A mesh with the numbers and solvers that suit it.

    Attributes:
        msh: The mesh.
        edge_weight: Factor c h^2 of the terms on inner facets; 0 leaves them out.
        velocity_solver: PETSc options of the velocity solve.
        velocity_reuse_below: See :class:`reference_fem._linear.LinearProblem`.
        metadata: Of integrals over cells, such as a quadrature degree.
        has_wall: Whether there is a wall, the unit sphere, with free slip.
    """

    msh: Mesh
    edge_weight: float
    velocity_solver: dict[str, Any]
    velocity_reuse_below: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    has_wall: bool = False


def share(comm: MPI.Comm, count: int) -> NDArray[np.int64]:
    """Return this process's range of the numbers 0 to count - 1."""
    return np.arange(
        count * comm.rank // comm.size, count * (comm.rank + 1) // comm.size
    )
