r"""Flow through ground: manufactured heads, fluxes that balance, bad input.

h = sin 2x cos y + x y with K = 1 + x^2 / 2:
s = -div(K grad h) = -K_x h_x - K Lap h, Lap h = -5 sin 2x cos y.
"""

import meshes
import numpy as np
import pytest

pytestmark = pytest.mark.fem


def head(x):
    return np.sin(2 * x[0]) * np.cos(x[1]) + x[0] * x[1]


def conductivity(x):
    return 1 + x[0] ** 2 / 2


def flux(x):
    slope = [
        2 * np.cos(2 * x[0]) * np.cos(x[1]) + x[1],
        -np.sin(2 * x[0]) * np.sin(x[1]) + x[0],
    ]
    return -conductivity(x) * np.stack(slope)


def source(x):
    laplacian = -5 * np.sin(2 * x[0]) * np.cos(x[1])
    slope = 2 * np.cos(2 * x[0]) * np.cos(x[1]) + x[1]
    return -x[0] * slope - conductivity(x) * laplacian


def everywhere(x):
    return x[0] < 9


def left(x):
    return x[0] < 1e-9


def right(x):
    return x[0] > 1 - 1e-9


def solve(msh, boundary, supply=source, **options):
    from reference_fem import poisson

    options = {"conductivity": conductivity} | options
    return poisson.solve(msh, supply, boundary=boundary, **options)


def test_source_is_the_divergence_of_the_flux():
    x, h = np.random.default_rng(0).random((2, 9)), 1e-5
    steps = h * np.eye(2)[:, :, None]
    found = sum(
        (flux(x + s)[i] - flux(x - s)[i]) / (2 * h) for i, s in enumerate(steps)
    )
    # central differences: h^2 and roundings over h
    assert np.abs(found - source(x)).max() < 1e-8


@pytest.mark.parametrize("degree", [2, 3])
def test_rates_with_heads_and_fluxes_given(degree):
    from reference_fem.boundary import Flux, Head

    boundary = [
        (left, Head(head)),
        (right, Flux(lambda x: flux(x)[0])),
        (everywhere, Head(head)),
    ]
    points, errors = np.random.default_rng(0).random((2, 2000)), []
    for k in (0, 1):
        found = solve(meshes.create(*meshes.scattered(5, k)), boundary, degree=degree)
        values = found.evaluate(points.T)
        errors.append(
            (
                np.linalg.norm(values["h"][:, 0] - head(points)),
                np.linalg.norm(values["q"].T - flux(points)),
            )
        )
    rates = np.log2(np.divide(*errors))
    assert rates[0] > degree + 0.8
    assert rates[1] > degree - 0.2


def test_all_fluxes_given_leave_the_mean():
    from reference_fem.boundary import Flux

    def flat(x):
        return x[0] * (1 - x[0] / 2)

    # K = 1, h'' = -1, nothing through the left, 1 less through the right
    boundary = [
        (left, Flux(lambda x: 1 + 0 * x[0])),
        (everywhere, Flux()),
    ]
    found = solve(
        meshes.create(*meshes.scattered(4)),
        boundary,
        supply=lambda x: 1 + 0 * x[0],
        conductivity=1.0,
    )
    points = np.random.default_rng(0).random((2, 50))
    values = found.evaluate(points.T)["h"][:, 0]
    # the mean of x - x^2 / 2 is 1/3; quadratic heads are exact
    assert np.abs(values - (flat(points) - 1 / 3)).max() < 1e-9
    assert found.numbers["supply"] == pytest.approx(1)
    with pytest.raises(ValueError, match=r"^source must be what .* got 1 and 0; give"):
        solve(
            meshes.create(*meshes.scattered(4)),
            [(everywhere, Flux())],
            supply=lambda x: 1 + 0 * x[0],
        )


def test_heads_in_space():
    from mpi4py import MPI

    from reference_fem._dolfinx import mesh
    from reference_fem.boundary import Head

    def exact(x):
        return x[0] ** 2 + x[1] * x[2]

    found = solve(
        mesh.create_unit_cube(MPI.COMM_SELF, 2, 2, 2),
        [(everywhere, Head(exact))],
        supply=lambda x: -2 + 0 * x[0],
        conductivity=1.0,
    )
    points = np.random.default_rng(0).random((3, 30))
    values = found.evaluate(points.T)
    assert np.abs(values["h"][:, 0] - exact(points)).max() < 1e-9
    exact_flux = -np.stack([2 * points[0], points[2], points[1]])
    assert np.abs(values["q"].T - exact_flux).max() < 1e-8


def test_bad_arguments_are_named():
    from reference_fem.boundary import Flux, Head, NoSlip

    msh = meshes.create(*meshes.scattered(3))
    heads = [(everywhere, Head(head))]
    with pytest.raises(
        ValueError, match=r"^boundary must have conditions among Head, Flux, Periodic"
    ):
        solve(msh, [(everywhere, NoSlip())])
    with pytest.raises(ValueError, match=r"^conductivity must be positive everywhere"):
        solve(msh, heads, conductivity=lambda x: x[0] - 0.5)
    with pytest.raises(ValueError, match=r"^source must map points"):
        solve(msh, heads, supply=lambda x: x)
    with pytest.raises(ValueError, match=r"^degree must be 2 or 3"):
        solve(msh, heads, degree=1)
    with pytest.raises(ValueError, match=r"12 have none|9 have none"):
        solve(msh, [(left, Flux())])
    with pytest.raises(ValueError, match=r"^Head head must be a function"):
        Head(1.0)
