"""Points in the unit ball and on the unit sphere: uniform, whatever the box is."""

import pytest
import torch

from ncl_deepxde.data import kronecker_box, uniform_ball, uniform_box, uniform_sphere

N = 20_000
# Of an empirical distribution of N points: passed by all but one in a million.
KOLMOGOROV = 2.7 / N**0.5


def draw(sampler, n=N, seed=0):
    return sampler(n, torch.Generator().manual_seed(seed))


def distance_from_uniform(u):
    """Kolmogorov's distance to the uniform distribution on [0, 1]."""
    ranks = torch.arange(1, len(u) + 1) / len(u)
    return float((u.sort().values - ranks).abs().max())


def axes():
    """Directions, none of them special to the map."""
    n = torch.randn(5, 3)
    return n / n.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("box", [uniform_box, kronecker_box])
def test_points_of_the_sphere_are_uniform(box):
    x = draw(uniform_sphere(box([0, 0], [1, 1])))
    assert x.shape == (N, 3)
    # The square root near the poles loses half of the digits of a tiny u.
    assert (x.norm(dim=1) - 1).abs().max() < 1e-14
    for height in (x @ axes().T).T:  # Archimedes: uniform in every direction
        assert distance_from_uniform((height + 1) / 2) < KOLMOGOROV


@pytest.mark.parametrize("box", [uniform_box, kronecker_box])
def test_points_of_the_ball_are_uniform(box):
    x = draw(uniform_ball(box([0, 0, 0], [1, 1, 1])))
    assert x.shape == (N, 3)
    assert distance_from_uniform(x.norm(dim=1) ** 3) < KOLMOGOROV
    for h in (x @ axes().T).T:  # the volume of a cap of the ball
        assert distance_from_uniform((2 + 3 * h - h**3) / 4) < KOLMOGOROV


def test_even_points_integrate_better_than_independent_ones():
    errors = []
    for box in (uniform_box, kronecker_box):
        sampler = uniform_ball(box([0, 0, 0], [1, 1, 1]))
        means = [draw(sampler, 1000, seed).square().mean() for seed in range(20)]
        # The mean of x_i^2 over the ball is 1/5.
        errors.append(float((torch.stack(means) - 0.2).square().mean().sqrt()))
    assert errors[1] < errors[0] / 5


@pytest.mark.parametrize(("sampler", "inner"), [(uniform_ball, 3), (uniform_sphere, 2)])
def test_further_columns_stay(sampler, inner, dtype):
    box = uniform_box([0] * inner + [5, 7], [1] * inner + [6, 9])
    points = draw(sampler(box), 7)
    assert points.shape == (7, 5)
    assert points.dtype == dtype
    torch.testing.assert_close(points[:, 3:], draw(box, 7)[:, inner:])


def test_corners_of_the_box_are_no_trouble():
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    points = draw(uniform_ball(lambda n, generator: corners), 8)
    assert points.isfinite().all()
    assert (points.norm(dim=1) - corners[:, 0]).abs().max() < 1e-15
