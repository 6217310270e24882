"""Integrals and extrema of the fields of a flow, over all processes."""

from typing import Any

import numpy as np
from ufl import div, dot

from ._dolfinx import MPI, fem


class Functionals:
    """Numbers that tell how well a flow is solved.

    Args:
        rho: Density.
        w: Velocity.
        p: Pressure.
        dx: Measure of the cells.
    """

    def __init__(
        self, rho: fem.Function, w: fem.Function, p: fem.Function, dx: Any
    ) -> None:
        self.rho = rho
        self.msh = rho.function_space.mesh
        self._w, self.dim = w, self.msh.geometry.dim
        cells = np.arange(self.msh.topology.index_map(self.msh.topology.dim).size_local)
        sizes = self.msh.h(self.msh.topology.dim, cells.astype(np.int32))
        least = sizes.min(initial=np.inf)
        self._smallest = float(self.msh.comm.allreduce(least, MPI.MIN))
        self._mass = fem.form(rho * dx)
        self._energy = fem.form(0.5 * rho * dot(w, w) * dx)
        self._divergence = fem.form(div(w) ** 2 * dx)
        self._pressure = fem.form(p * dx)
        self.volume = self._integrate(fem.form(fem.Constant(self.msh, 1.0) * dx))

    def _integrate(self, form: Any) -> float:
        return float(self.msh.comm.allreduce(fem.assemble_scalar(form)))

    def mass(self) -> float:
        """Return the integral of the density."""
        return self._integrate(self._mass)

    def energy(self) -> float:
        """Return the kinetic energy."""
        return self._integrate(self._energy)

    def divergence(self) -> float:
        """Return the L2 norm of the velocity's divergence."""
        return float(self._integrate(self._divergence) ** 0.5)

    def mean_pressure(self) -> float:
        """Return the mean of the pressure."""
        return self._integrate(self._pressure) / self.volume

    def density_range(self) -> tuple[float, float]:
        """Return the least and the largest nodal density."""
        values, comm = self.rho.x.array, self.msh.comm
        return (
            float(comm.allreduce(values.min(), MPI.MIN)),
            float(comm.allreduce(values.max(), MPI.MAX)),
        )

    def courant(self, dt: float) -> float:
        """Return the Courant number, the largest nodal speed times dt / h.

        Args:
            dt: Time step; h is the size of the smallest cell.
        """
        speeds = np.linalg.norm(self._w.x.array.reshape(-1, self.dim), axis=1)
        speed = float(self.msh.comm.allreduce(speeds.max(initial=0), MPI.MAX))
        return speed * dt / self._smallest

    def check_density(self, t: float) -> None:
        """Check that the density is positive and finite.

        Args:
            t: Time for the message.

        Raises:
            ValueError: If it is not from the start.
            RuntimeError: If it is not later.
        """
        low, high = self.density_range()
        if not 0 < low <= high < np.inf:
            if t == 0:
                raise ValueError(
                    "rho0 must be positive and finite, got values between "
                    f"{low:.3g} and {high:.3g}; correct the function"
                )
            raise RuntimeError(
                f"the density left the positive range at t = {t:.6g}: between "
                f"{low:.3g} and {high:.3g}; use a larger n or a smaller dt"
            )
