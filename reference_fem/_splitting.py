r"""Splitting scheme for variable-density incompressible Navier-Stokes and Euler.

The scheme follows J.-L. Guermond and L. Quartapelle, J. Comput. Phys. 165 (2000)
167-188. Density :math:`\rho` and velocity :math:`w` are in P_k, pressure :math:`p` and
potential :math:`\phi` in P_{k-1}. The projected velocity :math:`u = w - \nabla\phi /
\rho` is discontinuous; results hold :math:`w`. Further :math:`\sigma = \sqrt\rho`,
:math:`\alpha_j / \tau` are weights of backward differentiation of order 2 or 3
(:mod:`reference_fem._levels`), and a star marks values extrapolated in time. One step,
for all test functions r, v, q:

1. Density, conservative (r = 1: the mass is constant):
   :math:`(\sum_j \alpha_j \rho^{n-j}, r) / \tau - (\rho\, w^*, \nabla r)
   + J(1; \rho, r) = 0`.
2. Velocity, skew-symmetric transport (v = w: no energy from transport), grad-div:
   :math:`(\sigma \sum_j \alpha_j \sigma^{n-j} u^{n-j}, v) / \tau
   + \tfrac12 (\rho\, w^* \cdot \nabla w, v) - \tfrac12 (\rho\, w^* \cdot \nabla v, w)
   + 2 \mu (\varepsilon(w), \varepsilon(v))
   + \gamma (\nabla \cdot w, \nabla \cdot v) + (\nabla p^*, v) + J(\rho; w, v)
   = (f + \rho\, g, v)`, with the symmetric gradient :math:`\varepsilon`.
3. Projection: :math:`(\nabla \phi / \rho, \nabla q) = -(\nabla \cdot w, q)`, then
   :math:`p = p^* + (\alpha_0 / \tau) \phi - (2 \mu + \gamma) \Pi \nabla \cdot w`,
   with the :math:`L^2` projection :math:`\Pi`: what friction and the grad-div term do
   to w, which is not divergence-free, and not to u (L. J. P. Timmermans, P. D. Minev,
   F. N. van de Vosse, Int. J. Numer. Meth. Fluids 22 (1996) 673-688). On the torus and
   in the ball, without walls of no slip, the last term is left out.

On a wall (:mod:`reference_fem._velocity_conditions`) w is given, or w and v run along
it, and the fluxes :math:`\rho\, w \cdot n` through it are left out of the three
equations. Openings have terms of their own (:mod:`reference_fem._openings`). A density
that is the same everywhere, also in what comes in, stays so and is not solved for.

J is the term of :mod:`reference_fem._density` on edges. On demand the density is kept
within its bounds after step 1 (:mod:`reference_fem._limiter`).
"""

from typing import Any

from ufl import (
    Measure,
    TestFunction,
    TrialFunction,
    div,
    dot,
    grad,
    inner,
    sqrt,
    sym,
)

from ._arrays import Array, SpaceFunction
from ._density import KRYLOV, density_problem, edge_term
from ._dolfinx import fem
from ._domain import FlowDomain, number_by_rank
from ._functionals import Functionals
from ._levels import LEVELS, StepFormula, TimeLevels, named, step_formula
from ._limiter import Limiter
from ._linear import LinearProblem
from ._matrix import ComponentMatrix, FormMatrix
from ._openings import Openings
from ._scales import natural_grad_div
from ._setup import FlowSetup
from ._spaces import flow_spaces, gravity_of
from ._velocity_conditions import VelocityConditions

# an exact coarse solve of the singular matrix needs a rank-revealing method
PRESSURE_SOLVER = {
    "ksp_type": "cg",
    "pc_type": "gamg",
    "pc_gamg_reuse_interpolation": True,
    "mg_coarse_ksp_type": "preonly",
    "mg_coarse_pc_type": "svd",
    **KRYLOV,
}
CORRECTION_SOLVER = {"ksp_type": "cg", "pc_type": "jacobi", **KRYLOV}


class Splitting:
    """Fields at the last four time levels, and the step that advances them.

    Args:
        domain: Mesh, and what suits it.
        setup: Flow to solve for.

    Raises:
        RuntimeError: If the pressure solve fails or the density is not positive.
    """

    def __init__(self, domain: FlowDomain, setup: FlowSetup) -> None:
        self.domain, self.msh = domain, domain.msh
        self.dx = Measure("dx", self.msh, metadata=domain.metadata)
        self.force = setup.force
        self.order, self.taken = setup.order, list[float]()
        self.gravity = gravity_of(self.msh, setup)
        self._create_fields(setup.degree)
        self.density = density_problem(
            self.openings, self.rho, self.w_star, self.alpha, self.dx
        )
        given = setup.grad_div
        self.grad_div = natural_grad_div(domain, setup) if given is None else given
        self._create_velocity_problem(self.grad_div, setup.viscosity)
        self._create_pressure_problem(setup.viscosity)
        self.functionals = Functionals(self.rho[0], self.w[0], self.p[0], self.dx)
        self._start(setup.rho0, setup.u0)
        self.limiter = (
            Limiter.of_start(self.rho[0], self.openings, self.dx)
            if setup.limited
            else None
        )
        self.mass = self.functionals.mass()
        self.iterations = (0, 0, 0)

    def _create_fields(self, degree: int) -> None:
        self.R, self.V, self.Q = flow_spaces(self.msh, degree)
        self.rho, self.w = TimeLevels(self.R), TimeLevels(self.V)
        self.phi, self.p = TimeLevels(self.Q), TimeLevels(self.Q)
        self.w_star, self.p_star = fem.Function(self.V), fem.Function(self.Q)
        self.f = fem.Function(self.V)
        self.conditions = VelocityConditions(self.w[0], self.domain)
        self.openings = Openings(self.domain, self.w_star, self.R)
        self.alpha = [fem.Constant(self.msh, float(j == 0)) for j in range(LEVELS)]

    def _create_velocity_problem(self, grad_div: float, viscosity: float) -> None:
        rho, w, phi, alpha = self.rho, self.w, self.phi, self.alpha
        s, r = TrialFunction(self.R), TestFunction(self.R)
        u, v = TrialFunction(self.V), TestFunction(self.V)

        def transport(s: Any, r: Any) -> Any:
            return 0.5 * rho[0] * dot(self.w_star, grad(s)) * r

        # the same for each component of w and v
        shared = alpha[0] * rho[0] * s * r * self.dx
        shared += (transport(s, r) - transport(r, s)) * self.dx
        shared += edge_term(self.domain, self.w_star, rho[0]("+"), s, r)
        shared += self.openings.transport_term(rho[0], s, r)
        fixed = fem.Constant(self.msh, grad_div) * div(u) * div(v) * self.dx
        if viscosity:
            mu = fem.Constant(self.msh, viscosity)
            fixed += 2 * mu * inner(sym(grad(u)), grad(v)) * self.dx
            fixed += self.openings.viscous_term(mu, grad(u), v)
        L = dot(self.f - grad(self.p_star), v) * self.dx
        if self.gravity is not None:
            L += dot(rho[0] * self.gravity, v) * self.dx
        for j in range(1, LEVELS):
            projected = w[j] - grad(phi[j]) / rho[j]
            L -= alpha[j] * sqrt(rho[0] * rho[j]) * dot(projected, v) * self.dx
        skips_facets = self.domain.edge_weight is not None
        self.velocity = LinearProblem(
            "velocity",
            ComponentMatrix(self.V, shared, fixed, self.conditions.bcs, skips_facets),
            L,
            w[0],
            self.domain.velocity_solver,
            renewal=self.domain.velocity_renewal,
            projection=self.conditions.projection,
        )

    def _create_pressure_problem(self, viscosity: float) -> None:
        rho, w = self.rho[0], self.w[0]
        g, q = TrialFunction(self.Q), TestFunction(self.Q)
        a = dot(grad(g), grad(q)) / rho * self.dx
        L = -div(w) * q * self.dx
        self.pressure = LinearProblem(
            "pressure",
            FormMatrix(a, self.openings.pressure_conditions(self.Q)),
            L,
            self.phi[0],
            PRESSURE_SOLVER,
            null_space=self.openings.is_closed,
        )
        acceleration = self.f / rho - dot(grad(w), w)
        if self.gravity is not None:
            acceleration += self.gravity
        if viscosity:
            mu = fem.Constant(self.msh, viscosity)
            acceleration += mu / rho * div(grad(w))
        self._initial_pressure = fem.form(dot(acceleration, grad(q)) * self.dx)
        self._create_correction(2 * viscosity + self.grad_div)

    def _create_correction(self, coefficient: float) -> None:
        """Prepare the part of the pressure that is made by the divergence of w."""
        self.correction: LinearProblem | None = None
        if not self.domain.corrects_pressure:
            return
        g, q = TrialFunction(self.Q), TestFunction(self.Q)
        chi = fem.Constant(self.msh, coefficient)
        self.correction = LinearProblem(
            "correction",
            FormMatrix(g * q * self.dx),
            chi * div(self.w[0]) * q * self.dx,
            fem.Function(self.Q),
            CORRECTION_SOLVER,
        )

    def _start(self, rho0: SpaceFunction, u0: SpaceFunction) -> None:
        """Set the fields at time 0, the pressure by its equation."""
        self._interpolate(self.rho[0], rho0)
        self._interpolate(self.w[0], u0)
        self._set_boundary(0.0)
        self.conditions.apply(self.w[0])
        # forms divide by the density of all levels
        for level in range(1, LEVELS):
            self.rho[level].x.array[:] = self.rho[0].x.array
        self.functionals.check_density(0.0)
        self.is_uniform = self._is_uniform()
        self._set_force(0.0)
        self.pressure.solve(self._initial_pressure)
        self._set_pressure(self.phi[0].x.array)
        self.phi[0].x.array[:] = 0.0

    def _interpolate(self, field: fem.Function, function: SpaceFunction) -> None:
        # dolfinx always has three coordinates
        field.interpolate(lambda x: function(x[: self.msh.geometry.dim]))

    def _set_force(self, t: float) -> None:
        force = self.force
        if force is not None:
            self._interpolate(self.f, lambda x: force(x, t))

    def _set_boundary(self, t: float) -> None:
        self.conditions.set_time(t)
        self.openings.set_time(t)

    def _is_uniform(self) -> bool:
        """Return whether the density is, and is known to stay, the same everywhere."""
        low, high = self.functionals.density_range()
        return low == high and self.openings.bring_only(low)

    def _set_pressure(self, values: Array) -> None:
        """Store the pressure, in a closed domain with zero mean."""
        p = self.p[0].x.array
        p[:] = values
        if self.openings.is_closed:
            p -= self.functionals.mean_pressure()

    def step(self, dt: float, t: float) -> None:
        """Advance all fields by one step.

        Args:
            dt: Time step.
            t: Time at its end.

        Raises:
            ValueError: If what is given on the boundary cannot be.
            RuntimeError: If a solver fails or the density is not positive.
        """
        courant = self.functionals.courant(dt)
        try:
            self._step(dt, t)
        except RuntimeError as error:
            raise RuntimeError(
                f"{error}. Step {len(self.taken)} of dt = {dt:.4g} began with a "
                f"Courant number |u| dt / h of {courant:.3g}"
                + (f"; dt = {dt / courant:.2g} makes it 1" if courant > 1 else "")
            ) from error

    def _step(self, dt: float, t: float) -> None:
        self.taken.append(dt)
        formula = step_formula(self.order, self.taken)
        self._set_boundary(t)
        self._predict(formula)
        self._set_force(t)
        density_iterations = 0 if self.is_uniform else self._transport(t)
        velocity_iterations = self.velocity.solve()
        pressure_iterations = self.pressure.solve()
        increment = formula.rates[0] * self.phi[0].x.array
        if self.correction is not None:
            self.correction.solve()
            increment -= self.correction.solution.x.array
        self._set_pressure(self.p_star.x.array + increment)
        self.iterations = density_iterations, velocity_iterations, pressure_iterations

    def _transport(self, t: float) -> int:
        """Solve for the density; return the number of iterations."""
        iterations = self.density.solve()
        if not self.openings.exchanges:
            # the solver's residual along r = 1 would be a drift of mass
            lost = self.mass - self.functionals.mass()
            self.rho[0].x.array[:] += lost / self.functionals.volume
        if self.limiter is not None:
            self.limiter(self.rho[0])
        self.functionals.check_density(t)
        return iterations

    def _predict(self, formula: StepFormula) -> None:
        """Make room for a new level and fill it with extrapolated values."""
        for alpha, rate in zip(self.alpha, formula.rates, strict=True):
            alpha.value = rate
        rho_star = self.rho.combine(formula.ahead)
        self.w_star.x.array[:] = self.w.combine(formula.ahead)
        self.conditions.apply(self.w_star)
        self.p_star.x.array[:] = self.p.combine(formula.ahead_pressure)
        for field in (self.rho, self.w, self.phi, self.p):
            field.shift()
        self.rho[0].x.array[:] = rho_star
        self.w[0].x.array[:] = self.w_star.x.array

    def diagnostics(self, t: float) -> dict[str, float]:
        """Return the numbers reported for one step, named as in the result.

        Args:
            t: Time at the end of the step.
        """
        found = self.functionals
        low, high = found.density_range()
        row = {
            "time": t,
            "mass": found.mass(),
            "energy": found.energy(),
            "divergence": found.divergence(),
            "min_density": low,
            "max_density": high,
        }
        if self.conditions.has_wall:
            row["wall_leakage"] = self.conditions.leakage()
        names = ("density", "velocity", "pressure")
        for name, count in zip(names, self.iterations, strict=True):
            row[f"{name}_iterations"] = float(count)
        return row

    def at_nodes(self, weights: dict[int, float]) -> tuple[Array, Array, Array]:
        """Return rho (P,), u (dim, P), p (Q,) at the nodes, on every process.

        Args:
            weights: Time level (0 is the newest) to its weight in the sum of levels.
        """
        rho, u, p = (
            field.gather(weights, number_by_rank(field.space))
            for field in (self.rho, self.w, self.p)
        )
        return rho[0], u, p[0]

    @property
    def functions(self) -> dict[str, fem.Function]:
        """All fields that the next steps need, by name."""
        return named({"rho": self.rho, "w": self.w, "phi": self.phi, "p": self.p})

    @property
    def problems(self) -> tuple[LinearProblem, ...]:
        """The linear systems of a step."""
        given = self.density, self.velocity, self.pressure
        return given if self.correction is None else (*given, self.correction)

    def forget(self) -> None:
        """Forget what solvers keep between steps."""
        for problem in self.problems:
            problem.forget()

    def destroy(self) -> None:
        """Free the PETSc objects."""
        for problem in self.problems:
            problem.destroy()
