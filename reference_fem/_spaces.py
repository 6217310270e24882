"""The finite-element spaces of a flow."""

from ._dolfinx import LagrangeVariant, Mesh, basix_ufl, fem


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
