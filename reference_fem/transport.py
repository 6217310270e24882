r"""Transport of a density by a given velocity on any domain, by FEM.

.. math::
    \partial_t \rho + \nabla \cdot (\rho u - \kappa \nabla \rho) = s.

The scheme is the first step of :mod:`reference_fem._splitting`: conservative, of third
order in space and second in time for smooth fields. The density may over- and
undershoot where it is steep; ``min_density`` and ``max_density`` of the diagnostics say
by how much.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._arrays import SpaceFunction, SpaceTimeFunction
from ._march import march
from ._setup import FlowSetup, TimeGrid, check
from .boundary import at_times
from .flow import Boundary
from .result import FlowResult, flow_result

if TYPE_CHECKING:
    from ._domain import FlowDomain

__all__ = ["solve"]


def solve(
    mesh: Any,
    rho0: SpaceFunction,
    velocity: SpaceFunction | SpaceTimeFunction,
    *,
    dt: float,
    t_end: float,
    save_times: Sequence[float] | int = 41,
    boundary: Boundary,
    diffusivity: float = 0.0,
    source: SpaceTimeFunction | None = None,
    degree: int = 2,
    comm: Any = None,
    progress: bool = True,
    checkpoint: str | os.PathLike[str] | None = None,
    limited: bool = False,
    order: int = 2,
) -> FlowResult:
    r"""Solve from an initial density; the same numbers on any number of processes.

    Args:
        mesh: Triangles or tetrahedra: see :func:`reference_fem.flow.solve`.
        rho0: Initial density, coordinates (dim, N) -> (N,), of any sign.
        velocity: Velocity u, (dim, N) -> (dim, N), or of points and a time.
        dt: Largest time step.
        t_end: Final time.
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        boundary: Pairs as in :func:`reference_fem.flow.solve`. Nothing passes
            ``FreeSlip()`` and ``NoSlip()``, whatever the velocity is there: where it
            leads out, the density piles up. Through
            ``Inflow(velocity, density)`` comes :math:`\rho_i\, u \cdot n` of this
            density with the velocity that carries; through ``Outflow()`` leaves what
            is carried.
        diffusivity: Diffusivity kappa.
        source: Source s per volume and time, ((dim, N), t) -> (N,).
        degree: Polynomial degree of the density, 2 or 3.
        comm: MPI communicator of what is not yet a mesh, by default all processes.
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
        The result, on every process; its u is the given velocity, its p is zero.

    Raises:
        ValueError: If an argument is out of range, or a facet has no condition.
        ImportError: If dolfinx is missing or too old.
        RuntimeError: If there is no C compiler or a linear solver fails.
    """
    check(
        ("degree", degree, degree in (2, 3), "2 or 3"),
        ("diffusivity", diffusivity, diffusivity >= 0, "finite and not negative"),
    )
    if limited and source is not None:
        raise ValueError(
            "limited must be False where there is a source, got True; the bounds are "
            "not known"
        )
    carried = at_times(velocity)
    setup = FlowSetup(
        rho0,
        lambda x: carried(x, 0.0),
        degree=degree,
        grad_div=0.0,
        limited=limited,
        order=order,
    )

    def create_domain(comm: Any) -> "FlowDomain":
        from ._any_domain import create_domain

        return create_domain(mesh, boundary, degree, comm)

    def create_scheme(domain: "FlowDomain", setup: FlowSetup) -> Any:
        from ._carried import CarriedDensity

        return CarriedDensity(domain, setup, carried, diffusivity, source)

    grid = TimeGrid.create(dt, t_end, save_times, order)
    label = "FEM transport" if progress else None
    return flow_result(
        march(create_domain, setup, grid, comm, label, create_scheme, checkpoint)
    )
