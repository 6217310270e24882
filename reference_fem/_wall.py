r"""Free slip on the unit sphere, imposed at the nodes with the sphere's normals.

The velocity w and its test functions v are confined to :math:`w(X_i) \cdot X_i = 0` at
the nodes :math:`X_i` of the wall. These lie on the sphere, where :math:`X_i` is the
normal. The solver works in this subspace (:mod:`reference_fem._linear`).

Between the nodes v.n is not zero on the curved cells. So the pressure must act as
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

import numpy as np

from ._arrays import Array
from ._dolfinx import MPI, fem, mesh, ufl

SAMPLES = np.array([[0.2, 0.2], [0.6, 0.2], [0.2, 0.6], [0.5, 0.1], [0.1, 0.5]])
"""Points of the reference triangle between its nodes, where the leakage is measured."""


class SlipWall:
    """The orthogonal projection onto velocities along the wall.

    Args:
        w: Velocity, of degree 2 on second-order cells.
    """

    def __init__(self, w: fem.Function) -> None:
        V = w.function_space
        self.w, self.msh = w, V.mesh
        x = V.tabulate_dof_coordinates()[: V.dofmap.index_map.size_local]
        self.size = 3 * len(x)
        self.nodes = np.flatnonzero(np.linalg.norm(x, axis=1) > 1 - 1e-9)
        self.normals = x[self.nodes]
        self._create_leakage()

    def _create_leakage(self) -> None:
        x = ufl.SpatialCoordinate(self.msh)
        outward = ufl.dot(self.w, x) / ufl.sqrt(ufl.dot(x, x))
        self._outward = fem.Expression(outward, SAMPLES)
        topology = self.msh.topology
        topology.create_connectivity(2, 3)
        self._facets = fem.compute_integration_domains(
            fem.IntegralType.exterior_facet,
            topology,
            mesh.exterior_facet_indices(topology),
        ).reshape(-1, 2)

    def __call__(self, values: Array) -> None:
        """Remove the normal components at the wall, in place.

        Args:
            values: Owned degrees of freedom (3 N,) of a velocity.
        """
        blocks = values.reshape(-1, 3)
        wall = blocks[self.nodes]
        normal = np.einsum("ni,ni->n", wall, self.normals)
        blocks[self.nodes] = wall - normal[:, None] * self.normals

    def start(self) -> None:
        """Remove the normal components of w."""
        self(self.w.x.array[: self.size])
        self.w.x.scatter_forward()

    def leakage(self) -> float:
        """Return the largest |w.n| between the nodes."""
        values = self._outward.eval(self.msh, self._facets)
        return float(self.msh.comm.allreduce(np.abs(values).max(initial=0), MPI.MAX))
