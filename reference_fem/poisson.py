r"""Steady flow through porous ground, the equation of Poisson, by FEM.

With head h, conductivity K, flux q and source s,

.. math::
    \nabla \cdot q = s, \qquad q = - K \nabla h.

For all test functions v that vanish where the head is given, :math:`(K \nabla h, \nabla
v) = (s, v) - \int_{\Gamma_q} g\, v` with the given flux g outwards. The head is of
order k + 1, the flux, which is computed from it, of order k.
"""

from typing import Any

from ._arrays import SpaceFunction
from ._march import ready
from ._setup import check
from .flow import Boundary
from .head_result import HeadResult

__all__ = ["solve"]


def solve(
    mesh: Any,
    source: SpaceFunction,
    *,
    boundary: Boundary,
    conductivity: SpaceFunction | float = 1.0,
    degree: int = 2,
    comm: Any = None,
) -> HeadResult:
    """Solve for the head and the flux.

    Args:
        mesh: Triangles or tetrahedra: see :func:`reference_fem.flow.solve`.
        source: Source s per volume, coordinates (dim, N) -> (N,).
        boundary: Pairs ``(where, condition)`` as there, of ``Head``, ``Flux`` and
            ``Periodic``. Without a ``Head`` the mean head is zero.
        conductivity: Conductivity K, a positive number or (dim, N) -> (N,).
        degree: Polynomial degree k of the head, 2 or 3.
        comm: MPI communicator of what is not yet a mesh, by default all processes.

    Returns:
        The result, on every process.

    Raises:
        ValueError: If an argument is out of range, a facet has no condition, or the
            source has nowhere to go.
        ImportError: If dolfinx is missing or too old.
        RuntimeError: If there is no C compiler or the linear solver fails.
    """
    check(("degree", degree, degree in (2, 3), "2 or 3"))
    comm = ready(comm)
    from ._ground import solve_ground

    given = conductivity
    K = given if callable(given) else lambda x: given + 0 * x[0]
    values, arrays, numbers = solve_ground(mesh, source, K, boundary, degree, comm)
    return HeadResult(values[0], values[1], arrays, numbers)
