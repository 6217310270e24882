"""The linear system of the head in porous ground."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ufl import Measure, TestFunction, TrialFunction, dot, grad

from ._any_domain import open_with_conditions
from ._arrays import Array, SpaceFunction
from ._dolfinx import MPI, Mesh, fem
from ._domain import BoundaryPart, number_by_rank
from ._facets import FacetChoice, facet_cells
from ._levels import nodal_values
from ._linear import LinearProblem
from ._matrix import FormMatrix
from ._mesh_arrays import mesh_arrays
from ._spaces import flow_spaces
from .boundary import BoundaryCondition, Flux, Head, Periodic

# an exact coarse solve of the singular matrix needs a rank-revealing method
SOLVER = {
    "ksp_type": "cg",
    "pc_type": "gamg",
    "mg_coarse_ksp_type": "preonly",
    "mg_coarse_pc_type": "svd",
    "ksp_rtol": 1e-12,
    "ksp_max_it": 1000,
}
BALANCE = 1e-3
"""Part of the source that interpolation may leave without a way out."""


def solve_ground(
    source: Any,
    supply: SpaceFunction,
    conductivity: SpaceFunction,
    boundary: Sequence[tuple[FacetChoice, BoundaryCondition]],
    degree: int,
    comm: MPI.Comm,
) -> tuple[Array, dict[str, Any], dict[str, float]]:
    """Solve for the head.

    Args:
        source: What stands for a mesh.
        supply: Source of water per volume.
        conductivity: Conductivity.
        boundary: Pairs of a tag or a function of points, and a condition.
        degree: Degree of the head.
        comm: MPI communicator of what is not yet a mesh.

    Returns:
        Nodal values of head and conductivity (2, P), the arrays of the mesh, and
        numbers: ``iterations``, ``supply``.

    Raises:
        ValueError: If a condition is none of these, a value is no number, or the
            source has nowhere to go.
        RuntimeError: If the solver fails.
    """
    kinds = (Head, Flux, Periodic)
    msh, parts = open_with_conditions(source, boundary, kinds, degree, comm)
    R, _, Q = flow_spaces(msh, degree)
    K, s = _field(R, conductivity, "conductivity"), _field(R, supply, "source")
    least = msh.comm.allreduce(K.x.array.min(initial=np.inf), MPI.MIN)
    if not least > 0:
        raise ValueError(
            f"conductivity must be positive everywhere, got {least:.3g}; correct it"
        )
    h, dx = fem.Function(R), Measure("dx", msh)
    u, v = TrialFunction(R), TestFunction(R)
    through = _given_flux(msh, parts, R)
    bcs = _given_heads(parts, R)
    produced = _integral(msh, s * dx)
    if not bcs:
        _check_balance(_integral(msh, sum(g * ds for g, ds in through)), produced)
    L = s * v * dx - sum((g * v * ds for g, ds in through), 0 * v * dx)
    a = K * dot(grad(u), grad(v)) * dx
    problem = LinearProblem(
        "head", FormMatrix(a, bcs), L, h, SOLVER, null_space=not bcs
    )
    iterations = problem.solve()
    problem.destroy()
    if not bcs:
        volume = _integral(msh, fem.Constant(msh, 1.0) * dx)
        h.x.array[:] -= _integral(msh, h * dx) / volume
    numbers = number_by_rank(R)
    values = [nodal_values(R, field.x.array, numbers)[0] for field in (h, K)]
    found = {"iterations": float(iterations), "supply": produced}
    return np.stack(values), mesh_arrays(R, Q), found


def _field(
    space: fem.FunctionSpace, function: SpaceFunction, name: str
) -> fem.Function:
    found, dim = fem.Function(space), space.mesh.geometry.dim
    found.interpolate(lambda x: _checked(function(x[:dim]), x.shape[1], name))
    return found


def _checked(values: Any, count: int, name: str) -> Array:
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (count,) or not np.isfinite(found).all():
        raise ValueError(
            f"{name} must map points (dim, N) to finite numbers (N,), got shape "
            f"{found.shape} for {count} points; use 0 * x[0] for constants"
        )
    return found


def _given_heads(parts: Sequence[BoundaryPart], space: fem.FunctionSpace) -> list[Any]:
    """Return the conditions of given heads; where two meet, the first one rules."""
    dim, given = space.mesh.geometry.dim, fem.Function(space)
    x = space.tabulate_dof_coordinates()[:, :dim]
    is_fixed = np.zeros(len(x), dtype=bool)
    for facets, condition in parts:
        if isinstance(condition, Head):
            nodes = fem.locate_dofs_topological(space, dim - 1, facets.astype(np.int32))
            nodes = nodes[~is_fixed[nodes]]
            is_fixed[nodes] = True
            given.x.array[nodes] = _checked(
                condition.head(x[nodes].T), len(nodes), "Head"
            )
    if not any(isinstance(condition, Head) for _, condition in parts):
        return []
    return [fem.dirichletbc(given, np.flatnonzero(is_fixed).astype(np.int32))]


def _given_flux(
    msh: Mesh, parts: Sequence[BoundaryPart], space: fem.FunctionSpace
) -> list[tuple[fem.Function, Any]]:
    """Return given fluxes and the measures of their facets."""
    chosen = [part for part in parts if isinstance(part.condition, Flux)]
    data = [
        (i, facet_cells(msh, facets).ravel().astype(np.int32))
        for i, (facets, _) in enumerate(chosen)
    ]
    ds = Measure("ds", domain=msh, subdomain_data=data)
    return [
        (_field(space, part.condition.flux, "Flux"), ds(i))
        for i, part in enumerate(chosen)
        if isinstance(part.condition, Flux)
    ]


def _integral(msh: Mesh, form: Any) -> float:
    if form == 0:
        return 0.0
    return float(msh.comm.allreduce(fem.assemble_scalar(fem.form(form))))


def _check_balance(outward: float, produced: float) -> None:
    size = max(abs(outward), abs(produced))
    if abs(outward - produced) > BALANCE * size:
        raise ValueError(
            "source must be what the fluxes take out where no part is Head, got "
            f"{produced:.6g} and {outward:.6g}; give a head on one part"
        )
