"""The moving Gaussians: mass, continuity, trajectories, noise."""

import numpy as np
import pytest
import torch

from ncl_deepxde.problems.fluid_flow.exact import (
    LOG_DENSITY_NOISE,
    VELOCITY_NOISE,
    MovingGaussians,
    training_source,
)
from ncl_deepxde.problems.fluid_flow.regions import EXTENT, HORIZON

TIMES = [0.0, 0.25, 0.7, 1.0, 1.2]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def inside(dim, n=50):
    """Points of the box with a margin, where float64 has digits left, and times."""
    x = (2 * torch.rand(n, dim) - 1) * 0.97 * EXTENT
    return x, HORIZON * torch.rand(n, 1)


@pytest.mark.parametrize("num_points", [1, 7])
@pytest.mark.parametrize("dim", [2, 3])
def test_fields_have_a_column_shape_and_the_dtype_of_the_points(dim, num_points, dtype):
    flow = MovingGaussians(dim)
    x, t = inside(dim, num_points)
    rho, u = flow.density(x, t), flow.velocity(x, t)
    assert (rho.shape, u.shape) == ((num_points, 1), (num_points, dim))
    assert (rho.dtype, u.dtype) == (dtype, dtype)
    assert not rho.requires_grad


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize(("dim", "n"), [(2, 200), (3, 64)])
def test_mass_does_not_change(dim, n, t):
    flow = MovingGaussians(dim)
    axis = EXTENT * (2 * (torch.arange(n) + 0.5) / n - 1)
    x = torch.cartesian_prod(*[axis] * dim)
    mass = flow.density(x, torch.full((len(x), 1), t)).mean() * (2 * EXTENT) ** dim
    # The midpoint rule converges exponentially for what vanishes at the walls; 64 cells
    # of 0.12 are enough for standard deviations of 0.3.
    assert float(mass) == pytest.approx(flow.mass, rel=1e-10)


@pytest.mark.parametrize("dim", [2, 3])
def test_continuity_holds_by_independent_differentiation(dim):
    flow = MovingGaussians(dim)
    inputs = torch.cat(inside(dim), dim=1).requires_grad_()
    x, t = inputs.tensor_split([dim], dim=1)
    rho = flow.density(x, t)
    columns = [rho, *(rho * flow.velocity(x, t)).split(1, dim=1)]
    order = [dim, *range(dim)]
    terms = torch.stack(
        [
            torch.autograd.grad(c.sum(), inputs, retain_graph=True)[0][:, i]
            for c, i in zip(columns, order, strict=True)
        ]
    )
    # Some hundred roundings of the largest term.
    residual = terms.sum(0).abs().max() / terms.abs().max()
    assert residual < 500 * torch.finfo(torch.float64).eps


@pytest.mark.parametrize("dim", [2, 3])
def test_velocity_is_the_rate_of_the_map(dim):
    flow = MovingGaussians(dim)
    x, t = inside(dim)
    h = 1e-5
    ahead, back = (flow.transport(x, t, t + s) for s in (h, -h))
    # Central differences: third derivatives of order (2 pi)^3 L times h^2, and
    # rounding of positions of order 4 divided by h.
    torch.testing.assert_close(
        (ahead - back) / (2 * h), flow.velocity(x, t), rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("dim", [2, 3])
def test_map_goes_there_and_back(dim):
    flow = MovingGaussians(dim)
    x, t = inside(dim)
    zero = torch.zeros_like(t)
    back = flow.transport(x, t, zero)
    assert back.shape == (50, dim)
    assert (back - x).abs().max() > 1
    # Near the wall artanh amplifies roundings by 1 / (1 - 0.97^2), and the stretch of
    # up to 1.8 moves points still nearer to it.
    torch.testing.assert_close(flow.transport(back, zero, t), x, rtol=0, atol=1e-10)


def test_density_is_carried_along_the_map():
    """The change of variables, with the determinant by autograd."""
    flow = MovingGaussians(2)
    x, t = inside(2)
    zero = torch.zeros_like(t)
    pulled = torch.func.vmap(
        torch.func.jacrev(lambda y, s: flow.transport(y[None], s[None], 0 * s[None])[0])
    )(x, t)
    start = flow.transport(x, t, zero)
    expected = flow.density(start, zero) * torch.linalg.det(pulled).abs()[:, None]
    torch.testing.assert_close(flow.density(x, t), expected, rtol=1e-9, atol=1e-16)


def test_start_is_four_normal_densities():
    x = torch.tensor([[2 / 3, 0.0], [0.0, 1.0], [-4 / 3, 0.0], [0.0, -5 / 3]])
    zero = torch.zeros(4, 1)
    # scipy.stats.multivariate_normal: peaks 1 / (4 2 pi 0.09), plus the neighbors.
    from scipy.stats import multivariate_normal

    expected = np.mean(
        [multivariate_normal(c, 0.09).pdf(x.numpy()) for c in x.numpy()], axis=0
    )
    rho = MovingGaussians(2).density(x, zero)
    np.testing.assert_allclose(rho[:, 0], expected, rtol=1e-13)
    z = torch.full((4, 1), 0.6)
    high = MovingGaussians(3).density(torch.cat([x, z], dim=1), zero)
    torch.testing.assert_close(high, rho * np.exp(-0.5))


def test_center_turns_once_per_unit_of_time_counterclockwise():
    flow, x = MovingGaussians(2), torch.tensor([[0.5, 0.0]])
    start, quarter, whole = (torch.full((1, 1), t) for t in (0.0, 0.25, 1.0))
    after = flow.transport(x, start, quarter)
    # The shift (0.6, -0.6) / sqrt 2 comes first, then the quarter turn.
    assert after[0, 1] > abs(after[0, 0]) > 0
    # After a whole turn only the stretch by 1.1 * 1.5 is left, inside tanh.
    expected = EXTENT * np.tanh(1.65 * np.arctanh(0.5 / EXTENT))
    torch.testing.assert_close(
        flow.transport(x, start, whole),
        torch.tensor([[expected, 0.0]]),
        rtol=0,
        atol=1e-14,
    )


def test_fields_are_finite_at_the_walls_and_beyond(dtype):
    x = torch.tensor([[EXTENT, -EXTENT], [4.0, 0.0], [-9.0, 3.0], [0.0, EXTENT]])
    t = torch.tensor([[0.0], [0.4], [1.0], [1.2]])
    flow = MovingGaussians(2)
    rho, u = flow.density(x, t), flow.velocity(x, t)
    assert torch.isfinite(torch.cat([rho, u], dim=1)).all()
    # What is left of the Gaussians, seven standard deviations away.
    assert rho.max() < 1e-6


@pytest.mark.parametrize("dim", [1, 4])
def test_other_dimensions_are_refused(dim):
    with pytest.raises(ValueError, match=f"dim: must be 2 or 3, got {dim}"):
        MovingGaussians(dim)


@pytest.mark.parametrize("dim", [2, 3])
def test_observations_are_noisy_values_at_21_times(dim):
    seen = training_source(dim)(4000, generator())
    x, t = seen.points.tensor_split([dim], dim=1)
    assert (seen.density.shape, seen.velocity.shape) == ((4000, 1), (4000, dim))
    assert torch.unique(t).numel() == 21
    torch.testing.assert_close(20 * t, (20 * t).round(), rtol=0, atol=1e-12)
    flow = MovingGaussians(dim)
    noise = (seen.density / flow.density(x, t)).log()
    # Means and standard deviations of 4000 numbers, to four standard errors.
    assert abs(float(noise.mean())) < 4 * LOG_DENSITY_NOISE / 4000**0.5
    assert float(noise.std()) == pytest.approx(LOG_DENSITY_NOISE, rel=0.05)
    errors = seen.velocity - flow.velocity(x, t)
    assert float(errors.std()) == pytest.approx(VELOCITY_NOISE, rel=0.05)


def test_source_repeats_itself_by_seed():
    source = training_source(2)
    first, again, other = (source(20, generator(s)) for s in (1, 1, 2))
    assert torch.equal(first.points, again.points)
    assert torch.equal(first.density, again.density)
    assert torch.equal(first.velocity, again.velocity)
    assert not torch.equal(first.density, other.density)


def test_source_of_one_time_observes_the_start():
    assert (training_source(3, times=1)(10, generator()).points[:, 3] == 0).all()
