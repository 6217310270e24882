"""What the splitting scheme must know of a mesh, and shares of a mesh in parallel."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._arrays import Integers
from ._dolfinx import MPI, Mesh, fem


@dataclass(frozen=True)
class FlowDomain:
    """A mesh with the numbers and solvers that suit it.

    Attributes:
        msh: The mesh.
        number_nodes: Gives the numbers of a space's owned nodes in saved arrays.
        edge_weight: Factor c h^2 of the terms on inner facets; 0 leaves them out.
        velocity_solver: PETSc options of the velocity solve.
        velocity_reuse_below: See :class:`reference_fem._linear.LinearProblem`.
        metadata: Options of integrals over cells, such as a quadrature degree.
        has_wall: Whether there is a wall, the unit sphere, with free slip.
    """

    msh: Mesh
    number_nodes: Callable[[fem.FunctionSpace], Integers]
    edge_weight: float
    velocity_solver: dict[str, Any]
    velocity_reuse_below: int = 0
    metadata: dict[str, Any] = field(default_factory=dict)
    has_wall: bool = False


def share(comm: MPI.Comm, count: int) -> Integers:
    """Return the numbers among 0 to count - 1 that fall to this process.

    Args:
        comm: MPI communicator that shares them.
        count: How many there are.
    """
    return np.arange(
        count * comm.rank // comm.size, count * (comm.rank + 1) // comm.size
    )
