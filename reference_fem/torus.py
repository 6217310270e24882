r"""Variable-density incompressible Euler on the periodic unit square, by FEM.

.. math::
    \partial_t \rho + \nabla \cdot (\rho u) = 0, \qquad
    \rho (\partial_t u + u \cdot \nabla u) + \nabla p = f, \qquad
    \nabla \cdot u = 0.

The scheme is written out in :mod:`reference_fem._splitting`.
"""

import os
from collections.abc import Sequence
from typing import Any

from . import flow
from ._arrays import SpaceFunction, SpaceTimeFunction
from .geometry import UnitTorus
from .lattice import fold
from .result import TorusResult

__all__ = ["solve"]


def solve(
    rho0: SpaceFunction,
    u0: SpaceFunction,
    *,
    n: int,
    dt: float,
    t_end: float,
    save_times: Sequence[float] | int = 41,
    degree: int = 2,
    comm: Any = None,
    force: SpaceTimeFunction | None = None,
    grad_div: float = 1.0,
    progress: bool = True,
    checkpoint: str | os.PathLike[str] | None = None,
    order: int = 2,
) -> TorusResult:
    r"""Solve from an initial state; the same numbers on any number of processes.

    The time step is t_end / ceil(t_end / dt), so the last step ends at t_end; of order
    3 the first ones are smaller. Fields at save times between two steps come from the
    cubic polynomial in time through the four newest steps (fewer at the start), so
    saving does not change the steps.

    Args:
        rho0: Initial density, coordinates (2, N) -> (N,), positive.
        u0: Initial velocity, (2, N) -> (2, N), divergence-free.
        n: Squares per axis, at least 3; there are 4 n^2 triangles.
        dt: Largest time step.
        t_end: Final time.
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        degree: Polynomial degree of rho and u, 2 or 3; the pressure has one less.
        comm: MPI communicator, by default all processes.
        force: Body force per volume f, ((2, N), t) -> (2, N).
        grad_div: Coefficient of the grad-div term.
        progress: Whether the first process tells its solvers and shows a progress bar.
        checkpoint: File that keeps the state of the march, renewed every 20 steps. If
            it exists, the march goes on from it, to the same numbers; the number of
            processes must be the same.
        order: Order in time, 2 or 3 (:mod:`reference_fem._levels`). Order 3 begins with
            smaller steps, and bears less where the flow is not resolved.

    Returns:
        The result, on every process.

    Raises:
        ValueError: If an argument is out of range.
        ImportError: If dolfinx is missing or too old.
        RuntimeError: If there is no C compiler, a linear solver fails, or the density
            does not stay positive.
    """
    found = flow.solve(
        UnitTorus(n),
        rho0,
        u0,
        dt=dt,
        t_end=t_end,
        save_times=save_times,
        boundary=[],
        force=force,
        degree=degree,
        comm=comm,
        grad_div=grad_div,
        progress=progress,
        checkpoint=checkpoint,
        order=order,
    )
    fine, coarse = found.nodes("fine"), found.nodes("coarse")
    return TorusResult(
        found.times,
        fold(found.rho, fine),
        fold(found.u, fine),
        fold(found.p, coarse),
        found.diagnostics,
        {"n": n, **found.parameters},
    )
