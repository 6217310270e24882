"""Meshes as arrays: evaluation without dolfinx equals dolfinx."""

import meshes
import numpy as np
import pytest

from reference_fem.simplices import Locator, interpolate

pytestmark = pytest.mark.fem


def cube(comm):
    from reference_fem._dolfinx import mesh

    return mesh.create_unit_cube(comm, 2, 2, 2)


def square(comm):
    return meshes.create(*meshes.scattered(4), comm)


@pytest.mark.parametrize("create", [square, cube])
@pytest.mark.parametrize("degree", [2, 3])
def test_polynomials_are_evaluated_exactly(create, degree):
    from mpi4py import MPI

    from reference_fem._dolfinx import LagrangeVariant, basix_ufl, fem
    from reference_fem._mesh_arrays import mesh_arrays

    msh = create(MPI.COMM_SELF)
    cell, variant = msh.basix_cell().name, LagrangeVariant.equispaced
    spaces = [
        fem.functionspace(
            msh, basix_ufl.element("Lagrange", cell, k, lagrange_variant=variant)
        )
        for k in (degree, degree - 1)
    ]
    arrays = mesh_arrays(*spaces)
    points = np.random.default_rng(0).random((50, msh.geometry.dim))
    found, place = Locator(arrays["points"], arrays["cells"]).locate(points)
    assert place.min() > -1e-9
    for name, space in zip(("fine", "coarse"), spaces, strict=True):
        k = degree - (name == "coarse")
        field = fem.Function(space)
        field.interpolate(lambda x, k=k: x[0] ** k - x[0] * x[1] ** (k - 1))
        values = interpolate(field.x.array[None], arrays[name][found], place)[0]
        x, y = points.T[:2]
        assert np.abs(values - (x**k - x * y ** (k - 1))).max() < 1e-13
