"""Typical sizes of a flow, for coefficients that have units."""

import numpy as np

from ._dolfinx import MPI
from ._domain import FlowDomain
from ._facets import corners_of, extent
from ._setup import FlowSetup
from .boundary import Inflow, Moving, at_times

RATIO = 0.05


def natural_grad_div(domain: FlowDomain, setup: FlowSetup) -> float:
    r"""Return a coefficient of the grad-div term that suits the units of a flow.

    :math:`\gamma = \rho\, U L / 20 + \mu`, with the largest density, the largest
    speed U at the start and on the boundary, and the least side L of the box around
    the mesh.
    A force f counts as the speed :math:`U = \sqrt{L |f| / \rho}`, gravity g as
    :math:`\sqrt{L |g|}`. On the manufactured
    flow of tests/reference_fem/manufactured.py, 2 n^2 Delaunay triangles of the unit
    square, n = 32, mu = 0.01, relative L2 errors are

    ===========  =======  =======  =======
    of rho U L   rho      u        p
    ===========  =======  =======  =======
    1            3.1e-5   4.8e-4   4.2e-3
    0.06         8.3e-5   2.4e-4   4.0e-3
    0.02         1.8e-4   2.1e-4   4.0e-3
    ===========  =======  =======  =======

    Args:
        domain: Mesh with the parts of its boundary.
        setup: The flow.
    """
    return RATIO * inertia(domain, setup) + setup.viscosity


def inertia(domain: FlowDomain, setup: FlowSetup) -> float:
    """Return rho U L, the viscosity of a flow with Reynolds number 1.

    Args:
        domain: Mesh with the parts of its boundary.
        setup: The flow.
    """
    msh = domain.msh
    x = msh.geometry.x[:, : msh.geometry.dim].T
    low, high = extent(msh)
    length = float((high - low).min())
    rho = float(np.max(setup.rho0(x), initial=0))
    squares = [(np.asarray(setup.u0(x)) ** 2).sum(axis=0)]
    if setup.force is not None:
        f = np.linalg.norm(np.asarray(setup.force(x, 0.0)), axis=0)
        squares.append(length * f / max(rho, np.finfo(float).tiny))
    if setup.gravity is not None:
        squares.append(length * np.linalg.norm(setup.gravity, keepdims=True))
    for facets, condition in domain.parts:
        if isinstance(condition, Moving | Inflow) and len(facets):
            points = corners_of(msh, facets).mean(axis=1).T
            velocity = np.asarray(at_times(condition.velocity)(points, 0.0))
            squares.append((velocity**2).sum(axis=0))
    speed = max(float(part.max(initial=0)) for part in squares) ** 0.5
    rho = float(msh.comm.allreduce(rho, MPI.MAX))
    speed = float(msh.comm.allreduce(speed, MPI.MAX))
    return rho * speed * length
