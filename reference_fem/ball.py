r"""Variable-density incompressible Euler in the unit ball with free slip, by FEM.

.. math::
    \partial_t \rho + \nabla \cdot (\rho u) = 0, \qquad
    \rho (\partial_t u + u \cdot \nabla u) + \nabla p = f, \qquad
    \nabla \cdot u = 0, \qquad
    u \cdot n = 0 \text{ for } |x| = 1.

The scheme is written out in :mod:`reference_fem._splitting`, the mesh of curved
tetrahedra in :mod:`reference_fem.ball_mesh`. Free slip is imposed at the nodes of the
wall with the normals of the sphere, by projection in the velocity solve, because that
was more accurate than Nitsche's method; figures are in
:mod:`reference_fem._velocity_conditions`.
"""

import os
from collections.abc import Sequence
from typing import Any

from . import ball_mesh, flow
from ._arrays import SpaceFunction, SpaceTimeFunction
from ._setup import check
from .boundary import FreeSlip
from .geometry import UnitBall
from .result import BallResult

__all__ = ["solve"]


def solve(
    rho0: SpaceFunction,
    u0: SpaceFunction,
    *,
    n: int,
    dt: float,
    t_end: float,
    save_times: Sequence[float] | int = 21,
    degree: int = 2,
    comm: Any = None,
    force: SpaceTimeFunction | None = None,
    grad_div: float = 1.0,
    progress: bool = True,
    checkpoint: str | os.PathLike[str] | None = None,
    order: int = 2,
) -> BallResult:
    r"""Solve from an initial state; the same numbers on any number of processes.

    Time steps and save times are treated as in :func:`reference_fem.torus.solve`.

    Args:
        rho0: Initial density, coordinates (3, N) -> (N,), positive.
        u0: Initial velocity, (3, N) -> (3, N), divergence-free and along the wall; a
            normal component at nodes of the wall is removed.
        n: Cells per radius, at least 2; there are 20 n^3 tetrahedra.
        dt: Largest time step.
        t_end: Final time.
        save_times: Increasing times in [0, t_end], or a number of equally spaced ones.
        degree: Polynomial degree of rho and u; only 2, the degree of the curved cells.
            The pressure has one less.
        comm: MPI communicator, by default all processes.
        force: Body force per volume f, ((3, N), t) -> (3, N).
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
    check(("degree", degree, degree == 2, "2, the degree of the curved cells"))
    found = flow.solve(
        UnitBall(n),
        rho0,
        u0,
        dt=dt,
        t_end=t_end,
        save_times=save_times,
        boundary=[(lambda x: x[0] < 2, FreeSlip())],
        force=force,
        degree=degree,
        comm=comm,
        grad_div=grad_div,
        progress=progress,
        checkpoint=checkpoint,
        order=order,
    )
    fine, coarse = (ball_mesh.places(found.nodes(f), n) for f in ("fine", "coarse"))
    return BallResult(
        found.times,
        found.rho[..., fine],
        found.u[..., fine],
        found.p[..., coarse],
        found.diagnostics,
        {"n": n, **found.parameters},
    )
