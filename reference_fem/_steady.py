r"""Steady incompressible flow of uniform density, by Newton's method.

For all test functions v, q, with :math:`\varepsilon` the symmetric gradient,

.. math::
    \rho\, (u \cdot \nabla u, v) + 2 \mu\, (\varepsilon(u), \varepsilon(v))
    + \gamma\, (\nabla \cdot u, \nabla \cdot v) - (p, \nabla \cdot v) = (f, v), \qquad
    (\nabla \cdot u, q) = 0,

and the terms of :mod:`reference_fem._openings`. Newton's method starts at a Reynolds
number of about 10, where it finds its way from rest, and goes on to the wanted
viscosity by steps, each from the solution of the one before. A step that fails is
halved.
"""

import sys
import time
from typing import Any

import numpy as np
from ufl import Measure, TestFunction, div, dot, grad, inner, sym

from ._arrays import Array
from ._dolfinx import fem, fem_petsc
from ._domain import FlowDomain, number_by_rank
from ._functionals import Functionals
from ._levels import nodal_values
from ._march import NodalFlow
from ._mesh_arrays import mesh_arrays
from ._openings import Openings
from ._scales import RATIO, inertia
from ._setup import FlowSetup
from ._spaces import flow_spaces, gravity_of
from ._velocity_conditions import VelocityConditions

NEWTON = {
    "snes_rtol": 0.0,
    "snes_stol": 0.0,
    "snes_max_it": 25,
    "snes_linesearch_type": "bt",
    "ksp_type": "preonly",
    "pc_type": "lu",
    "pc_factor_mat_solver_type": "mumps",
}
TOLERANCE = 1e-10
"""Residual that counts as none, in units of the friction that the boundary makes."""
FIRST = 0.1
"""Viscosity of the first solve, in units of rho U L."""
STEP, SMALLEST = 5.0, 1.02
"""Ratio of viscosities of a step at first, and the one that is given up at."""


class SteadyFlow:
    """The nonlinear system of a steady flow.

    Args:
        domain: Mesh with the parts of its boundary.
        setup: The flow.

    Raises:
        ValueError: If the flow is none that can be steady.
    """

    def __init__(self, domain: FlowDomain, setup: FlowSetup) -> None:
        self.domain, self.setup, self.msh = domain, setup, domain.msh
        self.dx = Measure("dx", self.msh, metadata=domain.metadata)
        R, V, Q = flow_spaces(self.msh, setup.degree)
        self.rho, self.u, self.p = (fem.Function(space) for space in (R, V, Q))
        self.conditions = VelocityConditions(self.u, domain)
        self.openings = Openings(domain, self.u, R)
        self.conditions.set_time(0.0)
        self.openings.set_time(0.0)
        dim = self.msh.geometry.dim
        self.rho.interpolate(lambda x: setup.rho0(x[:dim]))
        self.u.interpolate(lambda x: setup.u0(x[:dim]))
        self.functionals = Functionals(self.rho, self.u, self.p, self.dx)
        self._check()
        self.scale = inertia(domain, setup)
        self.mu = fem.Constant(self.msh, setup.viscosity)
        self.gamma = fem.Constant(self.msh, 0.0)
        self.problem = self._create_problem()
        self.iterations = 0

    def _check(self) -> None:
        low, high = self.functionals.density_range()
        if not 0 < low == high or not self.openings.bring_only(low):
            raise ValueError(
                "rho0 must be the same positive number everywhere, also in what comes "
                f"in, for a steady flow, got {low:.6g} to {high:.6g}; march in time"
            )
        if self.conditions.projection is not None:
            raise ValueError(
                "boundary must have FreeSlip on walls along the axes only for a steady "
                "flow, got a slanted wall; march in time until nothing changes"
            )

    def _create_problem(self) -> Any:
        rho, u, p, mu, dx = self.rho, self.u, self.p, self.mu, self.dx
        v, q = TestFunction(u.function_space), TestFunction(p.function_space)
        f = fem.Function(u.function_space)
        force, dim = self.setup.force, self.msh.geometry.dim
        if force is not None:
            f.interpolate(lambda x: force(x[:dim], 0.0))
        momentum = rho * dot(dot(grad(u), u), v) * dx - dot(f, v) * dx
        gravity = gravity_of(self.msh, self.setup)
        if gravity is not None:
            momentum -= dot(rho * gravity, v) * dx
        momentum += 2 * mu * inner(sym(grad(u)), grad(v)) * dx
        momentum += self.gamma * div(u) * div(v) * dx - p * div(v) * dx
        momentum += self.openings.viscous_term(mu, grad(u), v)
        momentum += self.openings.return_term(rho, u, v)
        # the pinned pressure needs a place on the diagonal
        none = fem.Constant(self.msh, 0.0)
        return fem_petsc.NonlinearProblem(
            [momentum, -div(u) * q * dx + none * p * q * dx],
            [u, p],
            bcs=[*self.conditions.bcs, *self._pinned()],
            kind="mpi",
            petsc_options_prefix="ncl_steady_",
            petsc_options=NEWTON,
        )

    def _pinned(self) -> list[Any]:
        """Return the condition p = 0 at one node where p is known up to a constant."""
        if not self.openings.is_closed:
            return []
        first = [0] if self.msh.comm.rank == 0 else []
        dofs = np.array(first, dtype=np.int32)
        return [fem.dirichletbc(0.0, dofs, self.p.function_space)]

    def solve(self) -> list[float]:
        """Find the flow; return the viscosities on the way to it.

        Raises:
            RuntimeError: If Newton's method does not converge however small the steps.
        """
        self.conditions.apply(self.u)
        target, way = (
            self.setup.viscosity,
            [max(self.setup.viscosity, FIRST * self.scale)],
        )
        if not self._attempt(way[0], None):
            raise RuntimeError(_failure(way[0], "start with a finer mesh"))
        ratio = STEP
        while way[-1] > target:
            before = self.u.x.array.copy(), self.p.x.array.copy()
            mu = max(target, way[-1] / ratio)
            if self._attempt(mu, before):
                way.append(mu)
            elif ratio < SMALLEST:
                raise RuntimeError(_failure(mu, "use a finer mesh, or march in time"))
            else:
                ratio = ratio**0.5
        if self.openings.is_closed:
            self.p.x.array[:] -= self.functionals.mean_pressure()
        return way

    def _attempt(self, mu: float, before: tuple[Array, Array] | None) -> bool:
        """Solve at a viscosity; where it fails, put back what was before."""
        self.mu.value = mu
        given = self.setup.grad_div
        self.gamma.value = RATIO * self.scale + mu if given is None else given
        solver = self.problem.solver
        if before is None:
            self.unit = self._residual()
            solver.setTolerances(atol=TOLERANCE * self.unit)
        self.problem.solve()
        self.iterations += int(solver.getIterationNumber())
        self.residual = float(solver.getFunctionNorm()) / (self.unit or 1.0)
        if solver.getConvergedReason() > 0:
            return True
        if before is not None:
            self.u.x.array[:], self.p.x.array[:] = before
        return False

    def _residual(self) -> float:
        """Return the norm of the residual."""
        problem = self.problem
        fem_petsc.assign([self.u, self.p], problem.x)
        problem.solver.computeFunction(problem.x, problem.b)
        return float(problem.b.norm())

    def diagnostics(self) -> dict[str, Array]:
        """Return the numbers that a march reports for each step."""
        found = self.functionals
        low, high = found.density_range()
        row = {
            "time": 0.0,
            "mass": found.mass(),
            "energy": found.energy(),
            "divergence": found.divergence(),
            "min_density": low,
            "max_density": high,
            "newton_iterations": float(self.iterations),
            "residual": self.residual,
        }
        if self.conditions.has_wall:
            row["wall_leakage"] = self.conditions.leakage()
        return {name: np.array([value]) for name, value in row.items()}

    def at_nodes(self) -> tuple[Array, Array, Array]:
        """Return rho (1, P), u (1, dim, P), p (1, Q) at the nodes, on every process."""
        rho, u, p = (
            nodal_values(space, field.x.array, number_by_rank(space))
            for field in (self.rho, self.u, self.p)
            for space in [field.function_space]
        )
        return rho, u[None], p


def solve_steady(domain: FlowDomain, setup: FlowSetup, progress: bool) -> NodalFlow:
    """Solve for a steady flow.

    Args:
        domain: Mesh with the parts of its boundary.
        setup: The flow; its initial velocity starts Newton's method.
        progress: Whether the first process tells what was done.

    Raises:
        ValueError: If the flow is none that can be steady.
        RuntimeError: If Newton's method does not converge.
    """
    start = time.perf_counter()
    flow = SteadyFlow(domain, setup)
    way = flow.solve()
    if progress and domain.msh.comm.rank == 0:
        print(
            f"reference_fem: steady flow by {flow.iterations} steps of Newton at "
            f"viscosities {', '.join(f'{mu:.3g}' for mu in way)}; "
            f"residual {flow.residual:.1e}",
            file=sys.stderr,
        )
    parameters = {
        "degree": setup.degree,
        "grad_div": float(flow.gamma.value),
        "viscosity": setup.viscosity,
        "viscosities": way,
        "residual": flow.residual,
        "seconds": time.perf_counter() - start,
        "processes": domain.msh.comm.size,
    }
    mesh = mesh_arrays(flow.rho.function_space, flow.p.function_space)
    fields = flow.at_nodes()
    return NodalFlow(np.zeros(1), *fields, flow.diagnostics(), parameters, mesh)


def _failure(mu: float, remedy: str) -> str:
    return (
        f"Newton's method did not converge at the viscosity {mu:.4g}: the flow may "
        f"have no steady state that is found from slower ones; {remedy}"
    )
