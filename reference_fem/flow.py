r"""Variable-density incompressible flow on any domain, by FEM.

.. math::
    \partial_t \rho + \nabla \cdot (\rho u) = 0, \qquad
    \rho (\partial_t u + u \cdot \nabla u) + \nabla p
    = \mu \nabla \cdot (\nabla u + \nabla u^T) + f + \rho\, g, \qquad
    \nabla \cdot u = 0.

The scheme is written out in :mod:`reference_fem._splitting`, the conditions on the
boundary in :mod:`reference_fem.boundary`.
"""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ._arrays import Array, SpaceFunction, SpaceTimeFunction
from ._march import NodalFlow, march, ready
from ._setup import FlowSetup, TimeGrid, check
from .boundary import BoundaryCondition
from .result import FlowResult, flow_result

if TYPE_CHECKING:
    from ._domain import FlowDomain

__all__ = ["Boundary", "solve"]

Boundary = Sequence[tuple[int | Callable[[Array], Any], BoundaryCondition]]
"""Pairs of a facet tag or a function of points, and a condition."""


def solve(
    mesh: Any,
    rho0: SpaceFunction,
    u0: SpaceFunction,
    *,
    dt: float | None = None,
    t_end: float | None = None,
    save_times: Sequence[float] | int = 41,
    boundary: Boundary,
    viscosity: float = 0.0,
    force: SpaceTimeFunction | None = None,
    gravity: Sequence[float] | None = None,
    steady: bool = False,
    degree: int = 2,
    comm: Any = None,
    grad_div: float | None = None,
    progress: bool = True,
    checkpoint: str | os.PathLike[str] | None = None,
    limited: bool = False,
    order: int = 2,
) -> FlowResult:
    r"""Solve from an initial state; the same numbers on any number of processes.

    Time steps and save times are treated as in :func:`reference_fem.torus.solve`. The
    velocity's system is factorized in the plane, and solved by iteration in space.

    Args:
        mesh: Triangles or tetrahedra: a mesh of dolfinx, or a pair of one and its
            facet tags; a file that meshio reads, as Gmsh's .msh, .vtu, .xdmf, with
            facet tags; or a domain in words (:mod:`reference_fem.geometry`), which
            Netgen meshes unless it is the unit torus or ball.
        rho0: Initial density, coordinates (dim, N) -> (N,), positive. If it is the
            same everywhere, also in what comes in, it is known to stay so.
        u0: Initial velocity, (dim, N) -> (dim, N), divergence-free.
        dt: Largest time step; needless if steady, as the two below.
        t_end: Final time.
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        boundary: Pairs ``(where, condition)``. ``where`` is a facet tag, or a function
            of points (dim, N) to booleans, which must hold at all corners of a facet.
            A facet belongs to the first pair that claims it; where parts meet, the
            first pair that gives a velocity rules.
        viscosity: Dynamic viscosity mu.
        force: Body force per volume f, ((dim, N), t) -> (dim, N).
        gravity: Body force per mass g (dim,), which acts as rho g.
        steady: Whether to solve for the steady flow, by Newton's method at falling
            viscosities from ``u0``, which may be zero: of uniform density, with
            friction, with given functions at time 0. Its only time is 0, and
            ``parameters`` hold the ``residual`` and the ``viscosities``.
        degree: Polynomial degree of rho and u, 2 or 3; the pressure has one less.
        comm: MPI communicator, by default that of the mesh.
        grad_div: Coefficient of the grad-div term, by default one of the flow's units.
        progress: Whether the first process tells its solvers and shows a progress bar.
        checkpoint: File that keeps the state of the march, renewed every 20 steps. If
            it exists, the march goes on from it, to the same numbers; the number of
            processes must be the same.
        limited: Whether the density at the nodes is kept within the range of ``rho0``
            and of what comes in, at the same mass: for densities that jump, as smooth
            ones lose order at their extrema (:mod:`reference_fem._limiter`).
        order: Order in time, 2 or 3 (:mod:`reference_fem._levels`). Order 3 begins with
            smaller steps, and bears less where the flow is not resolved.

    Returns:
        The result, on every process.

    Raises:
        ValueError: If an argument is out of range, or a facet has no condition.
        ImportError: If dolfinx is missing or too old.
        RuntimeError: If there is no C compiler, a linear solver fails, or the density
            does not stay positive.
    """
    check(("degree", degree, degree in (2, 3), "2 or 3"))
    setup = FlowSetup(
        rho0, u0, force, degree, grad_div, viscosity, gravity, limited, order
    )

    def create_domain(comm: Any) -> "FlowDomain":
        from ._any_domain import create_domain

        return create_domain(mesh, boundary, degree, comm)

    if steady:
        check(
            ("viscosity", viscosity, viscosity > 0, "positive for a steady flow"),
            ("checkpoint", checkpoint, checkpoint is None, "None for a steady flow"),
            ("limited", limited, not limited, "False for a steady flow"),
        )
        return flow_result(_settle(create_domain, setup, comm, progress))
    check(
        ("dt", dt, dt is not None, "given unless steady=True"),
        ("t_end", t_end, t_end is not None, "given unless steady=True"),
    )
    grid = TimeGrid.create(dt or 0.0, t_end or 0.0, save_times, order)
    label = "FEM" if progress else None
    return flow_result(
        march(create_domain, setup, grid, comm, label, checkpoint=checkpoint)
    )


def _settle(
    create_domain: Callable[[Any], "FlowDomain"],
    setup: FlowSetup,
    comm: Any,
    progress: bool,
) -> NodalFlow:
    comm = ready(comm)
    from ._steady import solve_steady

    return solve_steady(create_domain(comm), setup, progress)
