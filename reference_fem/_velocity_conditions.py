r"""Conditions on the velocity, imposed at its nodes.

Where the velocity is given, the nodes are fixed. On a wall with free slip the velocity
w and its test functions v are confined to :math:`w(X_i) \cdot n_i = 0` at the nodes
:math:`X_i`. A normal along an axis fixes one component; for any other the solver works
in the subspace (:mod:`reference_fem._linear`).

A facet has one normal, a node those of its facets. Normals less than 45 degrees apart
belong to one smooth wall, which has their mean, weighted by the inverse size of the
facets, which is exact on a circle; others make a corner, where the node is confined by
each of them.

Between the nodes w.n is not zero on curved cells. So the pressure must act as
:math:`(\nabla p, v)`; integrated by parts, as :math:`-(p, \nabla \cdot v)`, even a
constant pressure would push along the wall. The choice was made by trial, on a turning
Hill vortex with forcing (tests/reference_fem/manufactured_ball.py), t = 0.1, dt = 0.01,
layers of equal thickness. Relative L2 error of u at n = 3 and 5, and its rate:

==================================================  =======  =======  ====
nodes, (grad p, v)                                  2.88e-3  7.67e-4  2.6
nodes, -(p, div v)                                  8.62e-3  3.61e-3  1.7
Nitsche, penalty 100 / h (and 10 / h: 1.81e-3)      4.04e-3  1.61e-3  1.8
no condition on w, left to the projection           5.21e-3  1.68e-3  2.2
==================================================  =======  =======  ====

The errors of rho and p are equal within 8 %, except for the last row's pressure.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array, Integers, SpaceTimeFunction
from ._balance import Balance
from ._dolfinx import MPI, Mesh, cpp_mesh, fem, ufl
from ._domain import FlowDomain
from ._facets import corners_of, facet_cells
from .boundary import FreeSlip, Inflow, Moving, NoSlip, at_times

SAMPLES = {
    2: np.array([[0.2], [0.4], [0.7]]),
    3: np.array([[0.2, 0.2], [0.6, 0.2], [0.2, 0.6], [0.5, 0.1], [0.1, 0.5]]),
}
"""Points of the reference facet between its nodes, where the leakage is measured."""
SMOOTH = np.cos(np.pi / 4)
"""Least product of two unit normals of one smooth wall."""


class SlipProjection:
    """The orthogonal projection onto velocities along a wall.

    Args:
        nodes: Owned nodes of the wall (N,).
        confined: Projections (N, dim, dim) onto the directions that are left out.
    """

    def __init__(self, nodes: Integers, confined: Array) -> None:
        self.nodes, self.confined = nodes, confined

    def __call__(self, values: Array) -> None:
        """Remove the normal components at the wall, in place.

        Args:
            values: Owned degrees of freedom (dim N,) of a velocity.
        """
        blocks = values.reshape(-1, self.confined.shape[1])
        wall = blocks[self.nodes]
        blocks[self.nodes] = wall - np.einsum("nij,nj->ni", self.confined, wall)


class VelocityConditions:
    """Fixed nodes and walls of a velocity.

    Args:
        w: Velocity.
        domain: Mesh with the parts of its boundary.
    """

    def __init__(self, w: fem.Function, domain: FlowDomain) -> None:
        self.w, self.domain, self.msh = w, domain, domain.msh
        self.V = w.function_space
        self.dim = self.msh.geometry.dim
        self.owned = self.V.dofmap.index_map.size_local
        self.given = fem.Function(self.V)
        self.givers: list[tuple[Integers, SpaceTimeFunction]] = []
        self.bcs: list[Any] = []
        self.projection: SlipProjection | None = None
        is_fixed = self._fix_given()
        self._confine_walls(is_fixed)
        self._create_leakage()
        self.balance = Balance(domain, self.given)

    def _nodes_on(self, facets: Integers) -> Integers:
        fdim = self.msh.topology.dim - 1
        found = fem.locate_dofs_topological(self.V, fdim, facets.astype(np.int32))
        return np.asarray(found, dtype=np.int64)

    def _fix_given(self) -> Any:
        """Fix the nodes with a given velocity; return which those are."""
        x = self.V.tabulate_dof_coordinates()
        is_fixed = np.zeros(len(x), dtype=bool)
        for facets, condition in self.domain.parts:
            function: SpaceTimeFunction
            if isinstance(condition, NoSlip):
                function = _rest
            elif isinstance(condition, Moving | Inflow):
                function = at_times(condition.velocity)
            else:
                continue
            nodes = self._nodes_on(facets)
            nodes = nodes[~is_fixed[nodes]]
            is_fixed[nodes] = True
            self.givers.append((nodes, function))
        fixed = np.flatnonzero(is_fixed).astype(np.int32)
        if self.msh.comm.allreduce(len(fixed)):
            self.bcs.append(fem.dirichletbc(self.given, fixed))
        return is_fixed

    def set_time(self, t: float) -> None:
        """Evaluate the given velocities.

        Args:
            t: Time.

        Raises:
            ValueError: If one of them has a wrong shape or is not finite, or they do
                not balance.
        """
        x = self.V.tabulate_dof_coordinates()[:, : self.dim]
        blocks = self.given.x.array.reshape(-1, self.dim)
        for nodes, function in self.givers:
            if len(nodes):
                blocks[nodes] = _checked(function, x[nodes].T, t)
        self.balance.check()

    def _confine_walls(self, is_fixed: Any) -> None:
        """Find the walls with free slip and confine the velocity at their nodes."""
        slip = [facets for facets, c in self.domain.parts if isinstance(c, FreeSlip)]
        walls = np.concatenate(slip) if slip else np.zeros(0, dtype=np.int64)
        if not self.msh.comm.allreduce(len(walls)):
            return
        nodes, confined = (
            self._by_function(walls, self.domain.normal)
            if self.domain.normal is not None
            else self._by_facets(walls)
        )
        free = ~is_fixed[nodes]
        nodes, confined = nodes[free], confined[free]
        off = confined * (1 - np.eye(self.dim))
        oblique = np.abs(off).max(axis=(1, 2), initial=0) > 1e-9
        if self.domain.normal is not None:
            oblique[:] = True
        self._fix_components(nodes[~oblique], confined[~oblique])
        is_mine = oblique & (nodes < self.owned)
        if self.msh.comm.allreduce(int(oblique.sum())):
            self.projection = SlipProjection(nodes[is_mine], confined[is_mine])

    def _by_function(
        self, walls: Integers, normal: Callable[[Array], Array]
    ) -> tuple[Integers, Array]:
        nodes = self._nodes_on(walls)
        n = normal(self.V.tabulate_dof_coordinates()[nodes, : self.dim].T)
        return nodes, np.einsum("in,jn->nij", n, n)

    def _by_facets(self, walls: Integers) -> tuple[Integers, Array]:
        """Return nodes of walls (N,) and their confined directions (N, dim, dim)."""
        index_map = self.V.dofmap.index_map
        fdim = self.msh.topology.dim - 1
        normals = (
            cpp_mesh.cell_normals(self.msh._cpp_object, fdim, walls.astype(np.int32))[
                :, : self.dim
            ]
            / corner_distances(self.msh, walls)[:, None]
        )
        closure = np.array(
            [
                self.V.dofmap.dof_layout.entity_closure_dofs(fdim, i)
                for i in range(self.dim + 1)
            ]
        )
        cells = facet_cells(self.msh, walls)
        touched = self.V.dofmap.list[cells[:, :1], closure[cells[:, 1]]]
        names = index_map.local_to_global(touched.ravel().astype(np.int32))
        names = np.concatenate(self.msh.comm.allgather(names))
        several = np.repeat(normals, touched.shape[1], axis=0)
        several = np.concatenate(self.msh.comm.allgather(several))
        order = np.argsort(names, kind="stable")
        found, starts = np.unique(names[order], return_index=True)
        groups = np.split(several[order], starts[1:])
        local = index_map.global_to_local(found)
        here = np.flatnonzero(local >= 0)
        confined = np.array([confined_directions(groups[i]) for i in here])
        return local[here], confined.reshape(-1, self.dim, self.dim)

    def _fix_components(self, nodes: Integers, confined: Array) -> None:
        for axis in range(self.dim):
            chosen = nodes[confined[:, axis, axis] > 0.5]
            if self.msh.comm.allreduce(len(chosen)):
                dofs = np.sort(self.dim * chosen + axis).astype(np.int32)
                self.bcs.append(fem.dirichletbc(0.0, dofs, self.V.sub(axis)))

    def _create_leakage(self) -> None:
        closed = (FreeSlip, NoSlip, Moving)
        facets = [f for f, c in self.domain.parts if isinstance(c, closed)]
        self.has_wall = bool(facets)
        if not self.has_wall:
            return
        self._facets = facet_cells(self.msh, np.concatenate(facets)).astype(np.int32)
        x, normal = ufl.SpatialCoordinate(self.msh), ufl.FacetNormal(self.msh)
        if self.domain.normal is not None:
            normal = x / ufl.sqrt(ufl.dot(x, x))
        self._outward = fem.Expression(ufl.dot(self.w, normal), SAMPLES[self.dim])

    def apply(self, velocity: fem.Function) -> None:
        """Give a velocity its values at fixed nodes and along walls.

        Args:
            velocity: A function of the same space.
        """
        for bc in self.bcs:
            bc.set(velocity.x.array)
        if self.projection is not None:
            self.projection(velocity.x.array[: self.dim * self.owned])
        velocity.x.scatter_forward()

    def leakage(self) -> float:
        """Return the largest |w.n| at walls, between the nodes."""
        values = self._outward.eval(self.msh, self._facets)
        return float(self.msh.comm.allreduce(np.abs(values).max(initial=0), MPI.MAX))


def confined_directions(normals: Array) -> Array:
    """Return the projection (dim, dim) onto the normals of the walls that meet.

    Args:
        normals: Normals (F, dim) of the facets at a node, of any sign; shorter ones
            count less in the mean.
    """
    basis: list[Array] = []
    left = normals
    lengths = np.linalg.norm(normals, axis=1)
    while len(left):
        product = left @ left[0] / lengths / lengths[0]
        is_same = np.abs(product) > SMOOTH
        mean = (np.sign(product[is_same])[:, None] * left[is_same]).sum(axis=0)
        rest = mean / np.linalg.norm(mean)
        for other in basis:
            rest = rest - (rest @ other) * other
        # what is left of the normal of another wall has at least this length
        if np.linalg.norm(rest) > 0.3:
            basis.append(rest / np.linalg.norm(rest))
        left, lengths = left[~is_same], lengths[~is_same]
    matrix = np.array(basis)
    return np.asarray(matrix.T @ matrix)


def corner_distances(msh: Mesh, facets: Integers) -> Array:
    """Return the distance between two corners of each facet (F,).

    Args:
        msh: The mesh.
        facets: Local numbers of facets (F,).
    """
    x = corners_of(msh, facets)
    return np.asarray(np.linalg.norm(x[:, 1] - x[:, 0], axis=1))


def _rest(x: Array, t: float) -> Array:
    return 0 * x


def _checked(function: SpaceTimeFunction, x: Array, t: float) -> Array:
    """Return the velocities (N, dim) at points (dim, N)."""
    values = np.asarray(function(x, t), dtype=np.float64)
    if values.shape != x.shape or not np.isfinite(values).all():
        raise ValueError(
            f"a velocity on the boundary must map points {x.shape} to finite "
            f"velocities of the same shape, got shape {values.shape}; return "
            "np.stack of one row per component"
        )
    return values.T
