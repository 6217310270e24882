r"""Densities kept within bounds, at the same mass.

A density :math:`\tilde\rho` that leaves its bounds at nodes is replaced by the nearest
one that does not and has the same mass,

.. math::
    \min_\rho \tfrac12 \sum_i d_i (\rho_i - \tilde\rho_i)^2, \qquad
    a \le \rho_i \le b, \qquad \sum_i m_i \rho_i = M,

with :math:`m_i = \int \varphi_i` and :math:`d_i = \int \varphi_i^2` of the shape
functions. Its solution is :math:`\rho_i = \min(b, \max(a, \tilde\rho_i + \lambda\,
m_i / d_i))`, whose mass does not fall with the multiplier :math:`\lambda`.
"""

from typing import Any, Self

import numpy as np
from ufl import TestFunction, TrialFunction

from ._arrays import Array
from ._dolfinx import MPI, PETSc, fem, fem_petsc
from ._openings import Openings

DOUBLINGS = 40
"""Doublings of the range of the multiplier, until it surely holds the wanted one."""
HALVINGS = 100
"""Bisections of the multiplier: until no number lies between its bounds."""


class Limiter:
    """The nearest density within bounds.

    Args:
        space: Lagrange space of the density.
        dx: Measure of the cells.
        low: Lower bound a.
        high: Upper bound b.
    """

    def __init__(
        self, space: fem.FunctionSpace, dx: Any, low: float, high: float
    ) -> None:
        s, r = TrialFunction(space), TestFunction(space)
        squares = fem_petsc.assemble_matrix(fem.form(s * r * dx))
        squares.assemble()
        one = fem.Constant(space.mesh, 1.0)
        integrals = fem_petsc.assemble_vector(fem.form(one * r * dx))
        integrals.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self.owned, self.comm = space.dofmap.index_map.size_local, space.mesh.comm
        self.m: Array = integrals.array[: self.owned].copy()
        self.slopes: Array = self.m / squares.getDiagonal().array
        self.low, self.high = low, high
        squares.destroy()
        integrals.destroy()

    @classmethod
    def of_start(cls, rho: fem.Function, openings: Openings, dx: Any) -> Self:
        """Return the limiter with the bounds of a start and of what comes in.

        Args:
            rho: Density at the start.
            openings: Openings of the domain.
            dx: Measure of the cells.

        Raises:
            ValueError: If what comes in changes in time.
        """
        if openings.varies:
            raise ValueError(
                "limited must be False where the density of an Inflow depends on the "
                "time, got True; the bounds are not known"
            )
        values, comm = rho.x.array, rho.function_space.mesh.comm
        known = [values.min(initial=np.inf), *openings.seen]
        low = comm.allreduce(float(min(known)), MPI.MIN)
        known = [values.max(initial=-np.inf), *openings.seen]
        high = comm.allreduce(float(max(known)), MPI.MAX)
        return cls(rho.function_space, dx, low, high)

    def _limited(self, values: Array, multiplier: float) -> Array:
        return np.clip(values + multiplier * self.slopes, self.low, self.high)

    def _mass(self, values: Array) -> float:
        return float(self.comm.allreduce(float(self.m @ values)))

    def __call__(self, rho: fem.Function) -> None:
        """Limit a density in place.

        Args:
            rho: The density; its mass must be one that the bounds allow.
        """
        values = rho.x.array[: self.owned].copy()
        outside = ((values < self.low) | (values > self.high)).any()
        if not self.comm.allreduce(int(outside)):
            return
        mass, step = self._mass(values), self.high - self.low
        ends = [-step, step]
        for _ in range(DOUBLINGS):
            is_heavy = self._mass(self._limited(values, ends[0])) > mass
            is_light = self._mass(self._limited(values, ends[1])) < mass
            if not (is_heavy or is_light):
                break
            ends[0] *= 1 + is_heavy
            ends[1] *= 1 + is_light
        for _ in range(HALVINGS):
            middle = 0.5 * (ends[0] + ends[1])
            if middle == ends[0]:
                break
            ends[self._mass(self._limited(values, middle)) > mass] = middle
        rho.x.array[: self.owned] = self._limited(values, ends[0])
        rho.x.scatter_forward()
