"""The system of the head: where given heads meet."""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def test_first_head_rules_where_two_meet():
    from mpi4py import MPI

    from reference_fem._ground import solve_ground
    from reference_fem.boundary import Flux, Head

    boundary = [
        (lambda x: x[0] < 1e-9, Head(lambda x: 3 + 0 * x[0])),
        (lambda x: x[1] < 1e-9, Head(lambda x: 5 + 0 * x[0])),
        (lambda x: x[0] < 9, Flux()),
    ]
    x, cells = meshes.scattered(3)
    values, arrays, numbers = solve_ground(
        meshes.raw(x, cells),
        lambda x: 0 * x[0],
        lambda x: 1 + 0 * x[0],
        boundary,
        2,
        MPI.COMM_SELF,
    )
    assert values.shape == (2, 49)
    assert np.array_equal(values[1], np.ones(49))
    # heads of cells' corners at the origin
    corner = arrays["fine"][:, :3][
        np.abs(arrays["points"][arrays["cells"]]).sum(axis=2) < 1e-12
    ]
    # the solver stops at 1e-12
    assert len(corner) > 0
    assert np.abs(values[0][corner] - 3).max() < 1e-10
    assert values[0].min() > 3 - 1e-10
    assert values[0].max() < 5 + 1e-10
    assert numbers["iterations"] > 0
