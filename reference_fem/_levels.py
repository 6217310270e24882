r"""Time levels of a field, and formulas in time on them.

Level 0 is the newest. With weights :math:`\alpha_j` of backward differentiation,
:math:`\partial_t q \approx \sum_j \alpha_j q^{n-j} / \tau` for a time step
:math:`\tau`.
"""

from collections.abc import Mapping

import numpy as np

from ._arrays import Array, Integers
from ._dolfinx import fem

LEVELS = 4
BLEND = 0.48
BDF = (
    (1, -1, 0, 0),
    (3 / 2, -2, 1 / 2, 0),
    (3 / 2 + BLEND / 3, -2 - BLEND, 1 / 2 + BLEND, -BLEND / 3),
)
"""First step, second step, all others: 0.48 BDF3 + 0.52 BDF2 is A-stable, of second
order, with half the error of BDF2 (V. N. Vatsa et al., AIAA 2010-0122). BDF3 itself
is unstable here: at n = 100, dt = 1e-3 it diverged at t = 0.32."""
EXTRAPOLATION = ({0: 1}, {0: 2, 1: -1}, {0: 3, 1: -3, 2: 1})
"""Level to its weight, of order 1, 2 and 3: values one step ahead of level 0."""


class TimeLevels:
    """A field at the last four time levels, all zero at first.

    Args:
        space: Finite-element space of the field.
    """

    def __init__(self, space: fem.FunctionSpace) -> None:
        self.space = space
        self.functions = [fem.Function(space) for _ in range(LEVELS)]

    def __getitem__(self, level: int) -> fem.Function:
        """Return the field at a level, 0 for the newest."""
        return self.functions[level]

    def shift(self) -> None:
        """Move every level one step back; level 0 keeps its values."""
        for j in range(LEVELS - 1, 0, -1):
            self.functions[j].x.array[:] = self.functions[j - 1].x.array

    def combine(self, weights: Mapping[int, float]) -> Array:
        """Return the degrees of freedom (N,) of a weighted sum of levels.

        Args:
            weights: Level to its weight.
        """
        return np.asarray(
            sum(w * self.functions[j].x.array for j, w in weights.items())
        )

    def gather(self, weights: Mapping[int, float], numbers: Integers) -> Array:
        """Return the nodal values (components, P) of a weighted sum, on every process.

        Args:
            weights: Level to its weight.
            numbers: Columns of the owned nodes (N,).
        """
        return nodal_values(self.space, self.combine(weights), numbers)


def named(fields: Mapping[str, TimeLevels]) -> dict[str, fem.Function]:
    """Return the functions of all levels, such as ``rho0`` to ``rho3``.

    Args:
        fields: Fields by name.
    """
    return {
        f"{name}{level}": function
        for name, field in fields.items()
        for level, function in enumerate(field.functions)
    }


def nodal_values(space: fem.FunctionSpace, dofs: Array, numbers: Integers) -> Array:
    """Return degrees of freedom as nodal values (components, P), on every process.

    Args:
        space: Lagrange space.
        dofs: Degrees of freedom of this process.
        numbers: Columns of the owned nodes (N,).
    """
    index_map, size = space.dofmap.index_map, space.dofmap.index_map_bs
    owned = dofs[: index_map.size_local * size]
    values = np.zeros((size, index_map.size_global))
    values[:, numbers] = owned.reshape(-1, size).T
    return np.asarray(space.mesh.comm.allreduce(values))
