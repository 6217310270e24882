"""The finite-element spaces of a flow, and its constants."""

import numpy as np

from ._dolfinx import LagrangeVariant, Mesh, basix_ufl, fem
from ._setup import FlowSetup


def flow_spaces(
    msh: Mesh, degree: int
) -> tuple[fem.FunctionSpace, fem.FunctionSpace, fem.FunctionSpace]:
    """Return continuous spaces of density, velocity and pressure.

    Args:
        msh: The mesh.
        degree: Degree of density and velocity; the pressure has one less.
    """

    def space(k: int, shape: tuple[int, ...] = ()) -> fem.FunctionSpace:
        element = basix_ufl.element(
            "Lagrange",
            msh.basix_cell().name,
            k,
            lagrange_variant=LagrangeVariant.equispaced,
            shape=shape,
        )
        return fem.functionspace(msh, element)

    return space(degree), space(degree, (msh.geometry.dim,)), space(degree - 1)


def gravity_of(msh: Mesh, setup: FlowSetup) -> fem.Constant | None:
    """Return the gravity of a flow as a constant of dolfinx, or None.

    Args:
        msh: The mesh.
        setup: The flow.

    Raises:
        ValueError: If it is no finite vector of the mesh's dimension.
    """
    if setup.gravity is None:
        return None
    g, dim = np.asarray(setup.gravity, dtype=np.float64), msh.geometry.dim
    if g.shape != (dim,) or not np.isfinite(g).all():
        raise ValueError(
            f"gravity must be a finite vector of {dim} components, got "
            f"{setup.gravity!r}; downwards in the plane it is (0, -9.81)"
        )
    return fem.Constant(msh, g)
