r"""The weak form of a density that is carried, with its terms on edges.

For all test functions r, with weights :math:`\alpha_j / \tau` of backward
differentiation, a velocity :math:`w^*`, a diffusivity :math:`\kappa` and a source s:

.. math::
    (\textstyle\sum_j \alpha_j \rho^{n-j}, r) / \tau - (\rho\, w^*, \nabla r)
    + \kappa\, (\nabla \rho, \nabla r) + J(1; \rho, r) = (s, r),

and the terms of :mod:`reference_fem._openings`. With r = 1: the mass is constant where
nothing passes the boundary and there is no source.

:math:`J(\kappa; a, b) = c\, h^2 \sum_F \int_F \kappa |w^* \cdot n_F| [\nabla a]
[\nabla b]` over all inner facets, with jumps of normal derivatives. It is no viscosity,
as it vanishes for smooth fields. It lifts the order of Galerkin transport from 2 to 3
(E. Burman and M. A. Fernandez, Numer. Math. 107 (2007) 39-77).
"""

from typing import Any

from ufl import FacetNormal, TestFunction, TrialFunction, dot, dS, grad, inner, jump

from ._dolfinx import fem
from ._domain import FlowDomain
from ._levels import LEVELS, TimeLevels
from ._linear import LinearProblem
from ._matrix import ComponentMatrix
from ._openings import Openings

KRYLOV = {"ksp_rtol": 1e-12, "ksp_max_it": 500}
DENSITY_SOLVER = {
    "ksp_type": "gmres",
    "pc_type": "jacobi",
    "ksp_gmres_restart": 100,
    **KRYLOV,
}
"""BiCGStab breaks down where a density piles up at a wall that the velocity crosses."""


def edge_term(domain: FlowDomain, w_star: Any, weight: Any, a: Any, b: Any) -> Any:
    """Return J(weight; a, b), or 0 where the domain has no terms on edges.

    Args:
        domain: Mesh with the factor c h^2.
        w_star: Velocity that carries.
        weight: Weight kappa on facets.
        a: Field or trial function.
        b: Test function.
    """
    if domain.edge_weight is None:
        return 0
    normal = FacetNormal(domain.msh)
    speed = abs(dot(w_star("+"), normal("+")))
    jumps = jump(grad(a), normal), jump(grad(b), normal)
    return domain.edge_weight * weight * speed * inner(*jumps) * dS


def density_problem(
    openings: Openings,
    rho: TimeLevels,
    w_star: fem.Function,
    alpha: list[fem.Constant],
    dx: Any,
    diffusivity: Any = None,
    source: Any = None,
) -> LinearProblem:
    """Return the linear system of a density's newest level.

    Args:
        openings: Openings of the domain.
        rho: Levels of the density.
        w_star: Velocity that carries.
        alpha: Weights of backward differentiation over the time step.
        dx: Measure of the cells.
        diffusivity: Diffusivity, a constant of dolfinx.
        source: Source per volume and time.
    """
    s, r = TrialFunction(rho.space), TestFunction(rho.space)
    past = sum(alpha[j] * rho[j] for j in range(1, LEVELS))
    a = alpha[0] * s * r * dx - s * dot(w_star, grad(r)) * dx
    a += edge_term(openings.domain, w_star, 1, s, r)
    L = -past * r * dx
    if diffusivity is not None:
        a += diffusivity * dot(grad(s), grad(r)) * dx
    if source is not None:
        L += source * r * dx
    passing, incoming = openings.density_terms(s, r)
    matrix = ComponentMatrix(rho.space, a + passing)
    return LinearProblem("density", matrix, sum(incoming, L), rho[0], DENSITY_SOLVER)
