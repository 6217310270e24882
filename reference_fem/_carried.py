"""A density that is carried by a given velocity, step by step."""

import numpy as np
from ufl import Measure

from ._arrays import Array, SpaceTimeFunction
from ._density import density_problem
from ._dolfinx import fem
from ._domain import FlowDomain, number_by_rank
from ._functionals import Functionals
from ._levels import LEVELS, TimeLevels, named, nodal_values, step_formula
from ._limiter import Limiter
from ._linear import LinearProblem
from ._openings import Openings
from ._setup import FlowSetup
from ._spaces import flow_spaces


class CarriedDensity:
    """Density at the last four time levels, and the step that advances it.

    Args:
        domain: Mesh, and what suits it.
        setup: Initial density and degree.
        velocity: Velocity that carries, ((dim, N), t) -> (dim, N).
        diffusivity: Diffusivity.
        source: Source per volume and time, ((dim, N), t) -> (N,).
    """

    def __init__(
        self,
        domain: FlowDomain,
        setup: FlowSetup,
        velocity: SpaceTimeFunction,
        diffusivity: float = 0.0,
        source: SpaceTimeFunction | None = None,
    ) -> None:
        self.domain, self.velocity, self.source = domain, velocity, source
        msh = domain.msh
        self.dim = msh.geometry.dim
        self.R, V, self.Q = flow_spaces(msh, setup.degree)
        self.rho, self.w, self.s = (
            TimeLevels(self.R),
            TimeLevels(V),
            fem.Function(self.R),
        )
        self.p = fem.Function(self.Q)
        self.alpha = [fem.Constant(msh, float(j == 0)) for j in range(LEVELS)]
        dx = Measure("dx", msh, metadata=domain.metadata)
        self.openings = Openings(domain, self.w[0], self.R, any_sign=True)
        self.density = density_problem(
            self.openings,
            self.rho,
            self.w[0],
            self.alpha,
            dx,
            fem.Constant(msh, diffusivity) if diffusivity else None,
            None if source is None else self.s,
        )
        self.functionals = Functionals(self.rho[0], self.w[0], self.p, dx)
        self.rho[0].interpolate(lambda x: setup.rho0(x[: self.dim]))
        self._set_velocity(0.0)
        self.openings.set_time(0.0)
        self.limiter = (
            Limiter.of_start(self.rho[0], self.openings, dx) if setup.limited else None
        )
        self.mass = self.functionals.mass()
        self.grad_div, self.iterations = 0.0, 0
        self.order, self.taken = setup.order, list[float]()

    def _set_velocity(self, t: float) -> None:
        self.w[0].interpolate(lambda x: self.velocity(x[: self.dim], t))

    def step(self, dt: float, t: float) -> None:
        """Advance the density by one step.

        Args:
            dt: Time step.
            t: Time at its end.

        Raises:
            RuntimeError: If the solver fails.
        """
        self.taken.append(dt)
        formula = step_formula(self.order, self.taken)
        for alpha, rate in zip(self.alpha, formula.rates, strict=True):
            alpha.value = rate
        ahead = self.rho.combine(formula.ahead)
        self.rho.shift()
        self.w.shift()
        self.rho[0].x.array[:] = ahead
        self._set_velocity(t)
        self.openings.set_time(t)
        source = self.source
        if source is not None:
            self.s.interpolate(lambda x: source(x[: self.dim], t))
        self.iterations = self.density.solve()
        if source is None and not self.openings.exchanges:
            # the solver's residual along r = 1 would be a drift of mass
            lost = self.mass - self.functionals.mass()
            self.rho[0].x.array[:] += lost / self.functionals.volume
        if self.limiter is not None:
            self.limiter(self.rho[0])

    def diagnostics(self, t: float) -> dict[str, float]:
        """Return the numbers reported for one step.

        Args:
            t: Time at the end of the step.
        """
        low, high = self.functionals.density_range()
        return {
            "time": t,
            "mass": self.functionals.mass(),
            "min_density": low,
            "max_density": high,
            "density_iterations": float(self.iterations),
        }

    def at_nodes(self, weights: dict[int, float]) -> tuple[Array, Array, Array]:
        """Return rho (P,), u (dim, P), p (Q,) at the nodes, on every process.

        Args:
            weights: Time level (0 is the newest) to its weight in the sum of levels.
        """
        rho, u = (
            field.gather(weights, number_by_rank(field.space))
            for field in (self.rho, self.w)
        )
        p = nodal_values(self.Q, self.p.x.array, number_by_rank(self.Q))
        return rho[0], u, np.zeros_like(p[0])

    @property
    def functions(self) -> dict[str, fem.Function]:
        """All fields that the next steps need, by name."""
        return named({"rho": self.rho, "w": self.w})

    @property
    def problems(self) -> tuple[LinearProblem, ...]:
        """The linear system of a step."""
        return (self.density,)

    def forget(self) -> None:
        """Forget what the solver keeps between steps."""
        self.density.forget()

    def destroy(self) -> None:
        """Free the PETSc objects."""
        self.density.destroy()
