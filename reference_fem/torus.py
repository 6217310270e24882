r"""Variable-density incompressible Euler on the periodic unit square, by FEM.

.. math::
    \partial_t \rho + \nabla \cdot (\rho u) = 0, \qquad
    \rho (\partial_t u + u \cdot \nabla u) + \nabla p = f, \qquad
    \nabla \cdot u = 0.

The scheme is written out in :mod:`reference_fem._splitting`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._march import Fields, check, march, save_times_array
from .lattice import node_index
from .result import TorusResult
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
    save_times: Sequence[float] | int = 41,
    degree: int = 2,
    comm: Any = None,
    force: Callable[[Array, float], Array] | None = None,
    grad_div: float = 1.0,
    progress: bool = True,
) -> TorusResult:
    r"""Solve from an initial state; the same numbers on any number of processes.

    The time step is t_end / ceil(t_end / dt), so the last step ends at t_end. Fields at
    save times between two steps come from the cubic polynomial in time through the four
    newest steps (fewer at the start), so saving does not change the steps.

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
            ("n", n, isinstance(n, int) and n >= 3, "an integer of at least 3"),
            ("degree", degree, degree in (2, 3), "2 or 3"),
        ],
        dt,
        t_end,
        grad_div,
    )
    times = save_times_array(save_times, t_end)
    from ._dolfinx import MPI, require_compiler
    from ._periodic_mesh import create_domain
    from ._splitting import Splitting

    require_compiler()
    comm = MPI.COMM_WORLD if comm is None else comm
    done = march(
        lambda: Splitting(create_domain(comm, n), degree, grad_div, rho0, u0, force),
        read_lattice,
        dt,
        t_end,
        times,
        f"FEM n={n}" if progress else None,
    )
    parameters = {"n": n, "degree": degree, "grad_div": grad_div, **done.parameters}
    return TorusResult(times, done.rho, done.u, done.p, done.diagnostics, parameters)


def read_lattice(scheme: "Splitting", weights: dict[int, float]) -> Fields:
    """Return rho, u and p of a weighted sum of time levels, on every process.

    Args:
        scheme: The scheme.
        weights: Level (0 is the newest) to its weight.
    """
    rho, u, p = (
        _on_lattice(scheme, history, weights)
        for history in (scheme.rho, scheme.w, scheme.p)
    )
    return rho[0], u, p[0]


def _on_lattice(
    scheme: "Splitting", history: list[Any], weights: dict[int, float]
) -> Array:
    """Return nodal values (components, m, m / 2), as described in the lattice."""
    space = history[0].function_space
    m = round((2 * space.dofmap.index_map.size_global) ** 0.5)
    part = scheme.combine(history, weights)
    x = space.tabulate_dof_coordinates()[: len(part), :2]
    i, j = node_index(np.rint(x * m).astype(np.int64), m)
    values = np.zeros((part.shape[1], m, m // 2))
    values[:, i, j] = part.T
    return np.asarray(scheme.msh.comm.allreduce(values))
