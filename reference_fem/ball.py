r"""Variable-density incompressible Euler in the unit ball with free slip, by FEM.

.. math::
    \partial_t \rho + \nabla \cdot (\rho u) = 0, \qquad
    \rho (\partial_t u + u \cdot \nabla u) + \nabla p = f, \qquad
    \nabla \cdot u = 0, \qquad
    u \cdot n = 0 \text{ for } |x| = 1.

The scheme is written out in :mod:`reference_fem._splitting`, the mesh of curved
tetrahedra in :mod:`reference_fem.ball_mesh`. Free slip is imposed at the nodes of the
wall with the sphere's own normals, by projection in the velocity solve, because that
was more accurate than Nitsche's method; figures in :mod:`reference_fem._wall`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._march import Fields, check, march, save_times_array
from .result import BallResult
from .solution import Array

if TYPE_CHECKING:
    from ._splitting import Splitting


def solve(
    rho0: Callable[[Array], Array],
    u0: Callable[[Array], Array],
    *,
    n: int,
    dt: float,
    t_end: float,
    save_times: Sequence[float] | int = 21,
    degree: int = 2,
    comm: Any = None,
    force: Callable[[Array, float], Array] | None = None,
    grad_div: float = 1.0,
    progress: bool = True,
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
        progress: Whether the first process shows a progress bar.

    Returns:
        The result, on every process.

    Raises:
        ValueError: If an argument is out of range.
        ImportError: If dolfinx is missing or too old.
        RuntimeError: If there is no C compiler, a linear solver fails, or the density
            does not stay positive.
    """
    check(
        [
            ("n", n, isinstance(n, int) and n >= 2, "an integer of at least 2"),
            ("degree", degree, degree == 2, "2, the degree of the curved cells"),
        ],
        dt,
        t_end,
        grad_div,
    )
    times = save_times_array(save_times, t_end)
    from ._ball_domain import create_domain
    from ._dolfinx import MPI, require_compiler
    from ._splitting import Splitting

    require_compiler()
    comm = MPI.COMM_WORLD if comm is None else comm
    done = march(
        lambda: Splitting(create_domain(comm, n), degree, grad_div, rho0, u0, force),
        read_nodes,
        dt,
        t_end,
        times,
        f"FEM ball n={n}" if progress else None,
    )
    parameters = {"n": n, "degree": degree, "grad_div": grad_div, **done.parameters}
    return BallResult(times, done.rho, done.u, done.p, done.diagnostics, parameters)


def read_nodes(scheme: "Splitting", weights: dict[int, float]) -> Fields:
    """Return rho, u and p of a weighted sum of time levels, on every process.

    Args:
        scheme: The scheme.
        weights: Level (0 is the newest) to its weight.
    """
    rho, u, p = (
        _at_nodes(scheme, history, weights)
        for history in (scheme.rho, scheme.w, scheme.p)
    )
    return rho[0], u, p[0]


def _at_nodes(
    scheme: "Splitting", history: list[Any], weights: dict[int, float]
) -> Array:
    """Return values (components, P) in the order of the mesh's nodes."""
    from ._ball_domain import node_numbers

    space = history[0].function_space
    part = scheme.combine(history, weights)
    values = np.zeros((part.shape[1], space.dofmap.index_map.size_global))
    values[:, node_numbers(space)] = part.T
    return np.asarray(scheme.msh.comm.allreduce(values))
