r"""Splitting scheme for variable-density incompressible Euler.

After Guermond and Quartapelle, J. Comput. Phys. 165 (2000) 167-188, with
:math:`\sigma = \sqrt\rho`, BDF weights :math:`\alpha_j / \tau`, and star for values
extrapolated in time. P_k density :math:`\rho`, P_k velocity :math:`w`, P_{k-1}
pressure :math:`p` and potential :math:`\phi`; :math:`u = w - \nabla\phi / \rho` is the
projected velocity, discontinuous; results hold :math:`w`. One step, for all test
functions r, v, q:

1. Density, conservative (r = 1: the mass is constant):
   :math:`(\sum_j \alpha_j \rho^{n-j}, r) / \tau - (\rho\, w^*, \nabla r)
   + J(1; \rho, r) = 0`.
2. Velocity, skew-symmetric transport (v = w: no energy from transport), grad-div:
   :math:`(\sigma \sum_j \alpha_j \sigma^{n-j} u^{n-j}, v) / \tau
   + \tfrac12 (\rho\, w^* \cdot \nabla w, v) - \tfrac12 (\rho\, w^* \cdot \nabla v, w)
   + \gamma (\nabla \cdot w, \nabla \cdot v) + (\nabla p^*, v) + J(\rho; w, v)
   = (f, v)`.
3. Projection: :math:`(\nabla \phi / \rho, \nabla q) = -(\nabla \cdot w, q)`, then
   :math:`p = p^* + (\alpha_0 / \tau) \phi`.

On a wall (:mod:`reference_fem._wall`) w and v run along it, and its fluxes
:math:`\rho\, w \cdot n` are left out of the three equations.

:math:`J(\kappa; a, b) = c\, h^2 \sum_F \int_F \kappa |w^* \cdot n_F| [\nabla a]
[\nabla b]` over all inner facets, with jumps of normal derivatives: no viscosity, as
it vanishes for smooth fields. It lifts the order of Galerkin transport from 2 to 3
(E. Burman and M. A. Fernandez, Numer. Math. 107 (2007) 39-77).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ufl import (
    FacetNormal,
    Measure,
    TestFunction,
    TrialFunction,
    div,
    dot,
    dS,
    grad,
    inner,
    jump,
    sqrt,
)

from ._dolfinx import MPI, LagrangeVariant, basix_ufl, fem
from ._domain import Domain
from ._linear import LinearProblem
from ._wall import SlipWall

Array = NDArray[np.float64]

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
EXTRAPOLATION = ((1, 0, 0), (2, -1, 0), (3, -3, 1))

KRYLOV = {"ksp_rtol": 1e-12, "ksp_max_it": 500}
DENSITY_SOLVER = {"ksp_type": "bcgs", "pc_type": "jacobi", **KRYLOV}
# an exact coarse solve of the singular matrix needs a rank-revealing method
PRESSURE_SOLVER = {
    "ksp_type": "cg",
    "pc_type": "gamg",
    "pc_gamg_reuse_interpolation": True,
    "mg_coarse_ksp_type": "preonly",
    "mg_coarse_pc_type": "svd",
    **KRYLOV,
}


def _history(space: Any) -> list[fem.Function]:
    return [fem.Function(space) for _ in range(LEVELS)]


def _shift(history: list[fem.Function]) -> None:
    """Move every level one step back; level 0 keeps its values."""
    for j in range(LEVELS - 1, 0, -1):
        history[j].x.array[:] = history[j - 1].x.array


def _combine(
    out: fem.Function, weights: tuple[float, ...], history: list[fem.Function]
) -> None:
    out.x.array[:] = sum(a * h.x.array for a, h in zip(weights, history, strict=False))


class Splitting:
    """Fields at the last four time levels, and the step that advances them.

    Args:
        domain: Mesh, and what suits it.
        degree: Polynomial degree k of density and velocity.
        grad_div: Coefficient gamma.
        rho0: Initial density, (dim, N) -> (N,).
        u0: Initial velocity, (dim, N) -> (dim, N).
        force: Body force per volume, ((dim, N), t) -> (dim, N).
    """

    def __init__(
        self,
        domain: Domain,
        degree: int,
        grad_div: float,
        rho0: Callable[[Array], Array],
        u0: Callable[[Array], Array],
        force: Callable[[Array, float], Array] | None,
    ) -> None:
        self.domain, self.msh = domain, domain.msh
        self.dx = Measure("dx", self.msh, metadata=domain.metadata)
        self.force, self.num_steps = force, 0
        self._create_fields(degree)
        self._create_density_problem()
        self._create_velocity_problem(grad_div)
        self._create_pressure_problem()
        self._create_functionals()
        self.rho[0].interpolate(rho0)
        self.w[0].interpolate(u0)
        if self.wall is not None:
            self.wall.start()
        for level in self.rho[1:]:
            level.x.array[:] = self.rho[0].x.array
        self._check_density(0.0)
        self.mass = self.integrate(self._mass)
        self._set_force(0.0)
        self.pressure.solve(self._initial_pressure)
        self._set_pressure(self.phi[0].x.array)
        self.phi[0].x.array[:] = 0.0
        self.iterations = (0, 0, 0)

    def _create_fields(self, degree: int) -> None:
        def space(k: int, shape: tuple[int, ...] = ()) -> Any:
            element = basix_ufl.element(
                "Lagrange",
                self.msh.basix_cell().name,
                k,
                lagrange_variant=LagrangeVariant.equispaced,
                shape=shape,
            )
            return fem.functionspace(self.msh, element)

        gdim = self.msh.geometry.dim
        self.R, self.V, self.Q = (
            space(degree),
            space(degree, (gdim,)),
            space(degree - 1),
        )
        self.rho, self.w = _history(self.R), _history(self.V)
        self.phi, self.p = _history(self.Q), _history(self.Q)
        self.w_star, self.p_star = fem.Function(self.V), fem.Function(self.Q)
        self.f = fem.Function(self.V)
        self.wall = SlipWall(self.w[0]) if self.domain.has_wall else None
        self.alpha = [fem.Constant(self.msh, float(j == 0)) for j in range(LEVELS)]

    def _edge_term(self, weight: Any, a: Any, b: Any) -> Any:
        """Return J(weight; a, b)."""
        normal = FacetNormal(self.msh)
        speed = abs(dot(self.w_star("+"), normal("+")))
        jumps = jump(grad(a), normal), jump(grad(b), normal)
        return self.domain.edge_weight * weight * speed * inner(*jumps) * dS

    def _create_density_problem(self) -> None:
        rho, w_star, alpha = self.rho, self.w_star, self.alpha
        s, r = TrialFunction(self.R), TestFunction(self.R)
        past = sum(alpha[j] * rho[j] for j in range(1, LEVELS))
        a = alpha[0] * s * r * self.dx - s * dot(w_star, grad(r)) * self.dx
        if self.domain.edge_weight:
            a += self._edge_term(1, s, r)
        L = -past * r * self.dx
        self.density = LinearProblem("density", a, L, rho[0], DENSITY_SOLVER)

    def _create_velocity_problem(self, grad_div: float) -> None:
        rho, w, phi, alpha = self.rho, self.w, self.phi, self.alpha
        u, v = TrialFunction(self.V), TestFunction(self.V)
        gamma = fem.Constant(self.msh, grad_div)

        def transport(u: Any, v: Any) -> Any:
            return 0.5 * rho[0] * dot(dot(grad(u), self.w_star), v)

        a = alpha[0] * rho[0] * dot(u, v) * self.dx
        a += (transport(u, v) - transport(v, u)) * self.dx
        if self.domain.edge_weight:
            a += self._edge_term(rho[0]("+"), u, v)
        L = dot(self.f - grad(self.p_star), v) * self.dx
        for j in range(1, LEVELS):
            projected = w[j] - grad(phi[j]) / rho[j]
            L -= alpha[j] * sqrt(rho[0] * rho[j]) * dot(projected, v) * self.dx
        self.velocity = LinearProblem(
            "velocity",
            a,
            L,
            w[0],
            self.domain.velocity_solver,
            reuse_below=self.domain.velocity_reuse_below,
            fixed=gamma * div(u) * div(v) * self.dx,
            projection=self.wall,
        )

    def _create_pressure_problem(self) -> None:
        rho, w = self.rho[0], self.w[0]
        g, q = TrialFunction(self.Q), TestFunction(self.Q)
        a = dot(grad(g), grad(q)) / rho * self.dx
        L = -div(w) * q * self.dx
        self.pressure = LinearProblem(
            "pressure", a, L, self.phi[0], PRESSURE_SOLVER, null_space=True
        )
        acceleration = self.f / rho - dot(grad(w), w)
        self._initial_pressure = fem.form(dot(acceleration, grad(q)) * self.dx)

    def _create_functionals(self) -> None:
        rho, w = self.rho[0], self.w[0]
        self._mass = fem.form(rho * self.dx)
        self._energy = fem.form(0.5 * rho * dot(w, w) * self.dx)
        self._divergence = fem.form(div(w) ** 2 * self.dx)
        self.volume = self.integrate(fem.form(fem.Constant(self.msh, 1.0) * self.dx))
        self._pressure_mean = fem.form(self.p[0] * self.dx)

    def integrate(self, form: Any) -> float:
        """Return a functional summed over all processes."""
        return float(self.msh.comm.allreduce(fem.assemble_scalar(form)))

    def _set_force(self, t: float) -> None:
        force = self.force
        if force is not None:
            self.f.interpolate(lambda x: force(x[: self.msh.geometry.dim], t))

    def _set_pressure(self, values: Array) -> None:
        """Store the pressure with zero mean."""
        p = self.p[0].x.array
        p[:] = values
        p -= self.integrate(self._pressure_mean) / self.volume

    def step(self, dt: float, t: float) -> None:
        """Advance all fields by dt to the time t.

        Raises:
            RuntimeError: If a solver fails or the density is not positive.
        """
        stage = min(self.num_steps, 2)
        self.num_steps += 1
        for alpha, weight in zip(self.alpha, BDF[stage], strict=True):
            alpha.value = weight / dt
        ahead = EXTRAPOLATION[stage]
        _combine(self.w_star, ahead, self.w)
        _combine(self.p_star, EXTRAPOLATION[min(stage, 1)], self.p)
        for history in (self.rho, self.w, self.phi, self.p):
            _shift(history)
        _combine(self.rho[0], ahead, self.rho[1:])
        _combine(self.w[0], ahead, self.w[1:])
        self._set_force(t)

        density_iterations = self.density.solve()
        # the solver's residual along r = 1 would be a drift of mass
        lost = self.mass - self.integrate(self._mass)
        self.rho[0].x.array[:] += lost / self.volume
        self._check_density(t)
        velocity_iterations = self.velocity.solve()
        pressure_iterations = self.pressure.solve()
        increment = BDF[stage][0] / dt * self.phi[0].x.array
        self._set_pressure(self.p_star.x.array + increment)
        self.iterations = density_iterations, velocity_iterations, pressure_iterations

    def density_range(self) -> tuple[float, float]:
        """Return the least and the largest nodal density."""
        values, comm = self.rho[0].x.array, self.msh.comm
        return (
            float(comm.allreduce(values.min(), MPI.MIN)),
            float(comm.allreduce(values.max(), MPI.MAX)),
        )

    def _check_density(self, t: float) -> None:
        low, high = self.density_range()
        if not 0 < low <= high < np.inf:
            raise RuntimeError(
                f"the density left the positive range at t = {t:.6g}: between "
                f"{low:.3g} and {high:.3g}; use a larger n or a smaller dt"
            )

    def diagnostics(self, t: float) -> dict[str, float]:
        """Return the numbers reported for one step, named as in the result."""
        low, high = self.density_range()
        row = {
            "time": t,
            "mass": self.integrate(self._mass),
            "energy": self.integrate(self._energy),
            "divergence": self.integrate(self._divergence) ** 0.5,
            "min_density": low,
            "max_density": high,
        }
        if self.wall is not None:
            row["wall_leakage"] = self.wall.leakage()
        names = ("density", "velocity", "pressure")
        for name, count in zip(names, self.iterations, strict=True):
            row[f"{name}_iterations"] = float(count)
        return row

    def combine(self, history: list[fem.Function], weights: dict[int, float]) -> Array:
        """Return the owned nodal values (N, components) of a sum of time levels.

        Args:
            history: Time levels of a field, newest first.
            weights: Level to its weight.
        """
        dofmap = history[0].function_space.dofmap
        owned, size = dofmap.index_map.size_local, dofmap.index_map_bs
        values = sum(w * history[j].x.array for j, w in weights.items())
        return np.asarray(values)[: owned * size].reshape(owned, size)

    def destroy(self) -> None:
        """Free the PETSc objects."""
        for problem in (self.density, self.velocity, self.pressure):
            problem.destroy()
