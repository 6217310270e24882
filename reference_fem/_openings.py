r"""Terms of the equations on parts of the boundary that are not walls.

With the outward normal n, :math:`s = w^* \cdot n` and its parts :math:`s^+ = \max(s,
0)`, :math:`s^- = \min(s, 0)`:

- density, where it is given, and at open ends:
  :math:`\int_{\Gamma_i} (s^+ \rho + s^- \rho_i)\, r, \quad
  \int_{\Gamma_o} s \rho\, r`;
- velocity, at open ends: the skew-symmetric transport leaves :math:`\tfrac12
  \int_{\Gamma_o} s \rho\, w \cdot v`, of which the condition takes :math:`s^-`;
  the symmetric gradient leaves :math:`- \mu \int_{\Gamma_o} (\nabla w)^T n \cdot v`;
- pressure: :math:`\phi = 0` at open ends.
"""

from typing import Any

import numpy as np
from ufl import FacetNormal, Measure, conditional, dot, gt, lt, transpose

from ._arrays import Array, Integers
from ._dolfinx import fem
from ._domain import FlowDomain
from ._facets import facet_cells
from .boundary import Inflow, Outflow, at_times

OPEN = 0
"""Number of the open ends in the measure of facets; inflows follow."""


class Openings:
    """Parts of the boundary through which the fluid passes.

    Args:
        domain: Mesh with the parts of its boundary.
        w_star: Velocity that carries.
        densities: Space of densities.
        any_sign: Whether given densities may be zero or negative.
    """

    def __init__(
        self,
        domain: FlowDomain,
        w_star: fem.Function,
        densities: fem.FunctionSpace,
        any_sign: bool = False,
    ) -> None:
        self.least = -np.inf if any_sign else 0.0
        self.msh, self.domain = domain.msh, domain
        ends = [f for f, c in domain.parts if isinstance(c, Outflow)]
        self.inflows = [(f, c) for f, c in domain.parts if isinstance(c, Inflow)]
        self.is_closed = not ends
        self.end_facets = np.concatenate(ends) if ends else np.zeros(0, dtype=np.int64)
        groups = [self.end_facets, *(facets for facets, _ in self.inflows)]
        self.ds = Measure(
            "ds",
            domain=self.msh,
            subdomain_data=[
                (OPEN + i, facet_cells(self.msh, facets).ravel().astype(np.int32))
                for i, facets in enumerate(groups)
            ],
        )
        self.speed = dot(w_star, FacetNormal(self.msh))
        self.outward = conditional(gt(self.speed, 0.0), self.speed, 0.0)
        self.inward = conditional(lt(self.speed, 0.0), self.speed, 0.0)
        self.incoming = [fem.Function(densities) for _ in self.inflows]
        self.seen: set[float] = set()

    @property
    def exchanges(self) -> bool:
        """Whether fluid may pass the boundary."""
        return bool(self.inflows) or not self.is_closed

    @property
    def varies(self) -> bool:
        """Whether the density of what comes in depends on the time."""
        return any(at_times(c.density) is c.density for _, c in self.inflows)

    def bring_only(self, density: float) -> bool:
        """Return whether all that comes in has, and will have, this density.

        Args:
            density: The density.
        """
        seen = set().union(*self.msh.comm.allgather(self.seen))
        return not self.varies and seen <= {density}

    def set_time(self, t: float) -> None:
        """Evaluate the given densities.

        Args:
            t: Time.

        Raises:
            ValueError: If one of them is not positive and finite.
        """
        fdim = self.msh.topology.dim - 1
        for rho, (facets, condition) in zip(self.incoming, self.inflows, strict=True):
            space = rho.function_space
            nodes = fem.locate_dofs_topological(space, fdim, facets.astype(np.int32))
            x = space.tabulate_dof_coordinates()[nodes, : self.msh.geometry.dim]
            if len(nodes):
                values = np.asarray(at_times(condition.density)(x.T, t))
                rho.x.array[nodes] = _checked(values, len(nodes), self.least)
                self.seen |= {values.min(), values.max()}

    def density_terms(self, s: Any, r: Any) -> tuple[Any, list[Any]]:
        """Return the bilinear term or 0, and the linear terms of the density.

        Args:
            s: Density.
            r: Test function.
        """
        a = 0 if self.is_closed else s * r * self.speed * self.ds(OPEN)
        L = []
        for i, rho in enumerate(self.incoming, start=OPEN + 1):
            a += s * r * self.outward * self.ds(i)
            L.append(-rho * r * self.inward * self.ds(i))
        return a, L

    def transport_term(self, rho: Any, u: Any, v: Any) -> Any:
        """Return the term of the velocity's transport at open ends, or 0."""
        if self.is_closed:
            return 0
        return 0.5 * rho * self.outward * dot(u, v) * self.ds(OPEN)

    def return_term(self, rho: Any, u: Any, v: Any) -> Any:
        """Return the term of the condition itself at open ends, or 0.

        Args:
            rho: Density.
            u: Velocity, which carries itself.
            v: Test function.
        """
        if self.is_closed:
            return 0
        return -0.5 * rho * self.inward * dot(u, v) * self.ds(OPEN)

    def viscous_term(self, mu: Any, grad_u: Any, v: Any) -> Any:
        """Return the term of the velocity's friction at open ends, or 0."""
        if self.is_closed:
            return 0
        normal = FacetNormal(self.msh)
        return -mu * dot(dot(transpose(grad_u), normal), v) * self.ds(OPEN)

    def pressure_conditions(self, space: fem.FunctionSpace) -> list[Any]:
        """Return the conditions phi = 0.

        Args:
            space: Space of pressures.
        """
        if self.is_closed:
            return []
        fdim = self.msh.topology.dim - 1
        facets: Integers = self.end_facets.astype(np.int32)
        dofs = fem.locate_dofs_topological(space, fdim, facets)
        return [fem.dirichletbc(0.0, dofs, space)]


def _checked(values: Array, count: int, least: float) -> Array:
    if values.shape != (count,) or not ((least < values) & (values < np.inf)).all():
        kind = "positive" if least == 0 else "finite"
        raise ValueError(
            f"the density of an Inflow must map points (dim, N) to {kind} numbers "
            f"(N,), got shape {values.shape} for {count} points, least value "
            f"{values.min(initial=np.inf):.3g}; return for example 1 + 0 * x[0]"
        )
    return values
