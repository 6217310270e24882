"""The compatible start in the ball: what defines it, and a second solver for it."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch.func import jacrev, vmap

from ncl_deepxde.problems.euler.ball import initial_state
from ncl_deepxde.problems.euler.ball.initial_state import (
    DENSITY_VARIANCE,
    MEAN_DENSITY,
    density,
    impulse,
    printed_velocity,
    velocity,
)

# Fields of order 2 and slopes of order 10, through polynomials of degree 20 whose
# second derivatives amplify round-off by some 1e4.
TOLERANCE = 1e-10


def sphere(count=500):
    x = np.random.default_rng(0).normal(size=(3, count))
    return torch.as_tensor(x / np.linalg.norm(x, axis=0))


def ball(count=500):
    radius = np.random.default_rng(1).random(count) ** (1 / 3)
    return sphere(count) * torch.as_tensor(radius)


def jacobian(field, x):
    """Differentiate by reverse mode, (N, 3, 3)."""
    return vmap(jacrev(lambda p: field(p[:, None], torch)[:, 0]))(x.T)


def test_velocity_is_divergence_free():
    J = jacobian(velocity, ball())
    assert J.diagonal(dim1=1, dim2=2).sum(1).abs().max() < TOLERANCE
    # The test sees more than zeros.
    assert J.abs().max() > 1


def test_velocity_is_along_the_wall():
    x = sphere()
    assert (velocity(x, torch) * x).sum(0).abs().max() < TOLERANCE
    printed = (printed_velocity(x, torch) * x).sum(0)
    assert printed.abs().max() > 2


def test_correction_is_a_gradient_divided_by_the_density():
    x = ball()
    J = jacobian(impulse, x)
    assert (J - J.mT).abs().max() < TOLERANCE
    rho = density(x, torch)
    missing = printed_velocity(x, torch) - velocity(x, torch)
    torch.testing.assert_close(rho * missing, impulse(x, torch))


@pytest.mark.parametrize("degree", [1, 2])
def test_radial_functions_solve_their_equation(degree):
    """A Runge-Kutta method from near the center, scaled at the wall."""

    def slope(s, state):
        g, dg = state
        second = -4 * s * dg - 2 * degree * g
        return [dg, (second / (1.5 - s) - (6 + 4 * degree) * dg) / (4 * s)]

    # The equation itself gives g' / g at the center; what is wrong near it dies out.
    start, ratio = 1e-8, -2 * degree / (1.5 * (6 + 4 * degree))
    s = np.linspace(0.05, 1, 20)
    options = {"method": "DOP853", "rtol": 1e-12, "atol": 1e-14}
    found = solve_ivp(slope, (start, 1), [1, ratio], t_eval=s, **options).y
    found /= 2 * (2 * found[1, -1] + degree * found[0, -1])
    x = np.stack([np.sqrt(s), 0 * s, 0 * s])
    both = initial_state._radial_functions(x, np).reshape(2, 2, -1)
    assert np.abs(both[degree - 1] - found).max() < 1e-11 * np.abs(found).max()


@pytest.mark.parametrize(
    ("field", "rows"),
    [
        (density, ()),
        (velocity, (3,)),
        (printed_velocity, (3,)),
        (impulse, (3,)),
    ],
)
@pytest.mark.parametrize("count", [1, 7])
def test_numpy_and_torch_agree(field, rows, count):
    x = ball(count)
    values = field(x.numpy())
    assert values.shape == (*rows, count)
    assert np.allclose(values, field(x, torch), rtol=0, atol=1e-14)
    single = field(x.float(), torch)
    assert single.dtype == torch.float32
    # Fields up to 2, each a sum of ten terms of single precision.
    assert np.allclose(values, single, rtol=0, atol=20 * np.finfo(np.float32).eps)


def test_moments_of_the_density():
    r, weight = np.polynomial.legendre.leggauss(8)
    r, weight = (r + 1) / 2, 3 * ((r + 1) / 2) ** 2 * weight / 2
    rho = density(np.stack([r, 0 * r, 0 * r]))
    assert weight @ rho == pytest.approx(MEAN_DENSITY, abs=1e-14)
    assert weight @ (rho - MEAN_DENSITY) ** 2 == pytest.approx(
        DENSITY_VARIANCE, abs=1e-14
    )


def test_whole_numbers_are_points_too():
    whole = np.array([[0, 1, 0], [0, 0, -1], [0, 0, 0]])
    np.testing.assert_array_equal(velocity(whole), velocity(whole.astype(float)))
