"""Random points: uniform in boxes, balls and spheres, and a function of their seed."""

import math

import pytest
import torch

from ncl_deepxde.data import (
    initial_slice,
    kronecker_box,
    sobol_box,
    uniform_ball,
    uniform_box,
    uniform_sphere,
)
from ncl_deepxde.data.samplers import checked_points, keyed_generator

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


def kronecker(n, seed, low=(0.0, 0.0, 0.0), high=(1.0, 1.0, 1.0)):
    generator = torch.Generator().manual_seed(seed)
    return kronecker_box(low, high)(n, generator)


def test_kronecker_points_are_unbiased_and_spread_evenly():
    def f(x):
        return torch.exp(torch.sin(2 * math.pi * x).sum(dim=1))

    # I_0(1)^3, the mean of exp(sin) over a period in each column.
    exact = float(torch.special.i0(torch.tensor(1.0))) ** 3
    n, seeds = 400, range(50)
    means = torch.stack([f(kronecker(n, s)).mean() for s in seeds])
    independent = float(f(torch.rand(100_000, 3)).std()) / math.sqrt(n)
    assert means.shape == (50,)
    # Independent points would have that standard deviation; these a tenth of it.
    assert float(means.std()) < independent / 10
    assert float(means.mean()) == pytest.approx(exact, abs=independent / 20)


def test_kronecker_points_fill_their_box_and_differ_from_call_to_call():
    low, high = (0.0, -1.0, 2.0), (1.0, 3.0, 2.5)
    x = kronecker(1000, 0, low, high)
    assert x.shape == (1000, 3)
    assert x.dtype == torch.get_default_dtype()
    inner = (x - torch.tensor(low)) / (torch.tensor(high) - torch.tensor(low))
    assert ((inner >= 0) & (inner < 1)).all()
    # Every column alone is evenly spread: no gap of more than a few spacings.
    gaps = inner.sort(dim=0).values.diff(dim=0)
    assert float(gaps.max()) < 5 / 1000
    torch.testing.assert_close(x, kronecker(1000, 0, low, high))
    assert (x - kronecker(1000, 1, low, high)).abs().min() > 1e-6


@pytest.mark.parametrize("box", [uniform_box, kronecker_box, sobol_box])
def test_points_of_a_box_are_uniform(box):
    low, high = torch.tensor([0.0, -1.0, 2.0]), torch.tensor([1.0, 3.0, 2.5])
    x = draw(box(low.tolist(), high.tolist()))
    assert x.shape == (N, 3)
    for column in ((x - low) / (high - low)).T:
        assert distance_from_uniform(column) < KOLMOGOROV


def test_sobol_points_are_drawn_anew_and_belong_to_their_seed():
    sampler = sobol_box([0.0, 0.0], [1.0, 2.0])
    first = draw(sampler, 7)
    assert first.shape == (7, 2)
    assert first.dtype == torch.get_default_dtype()
    torch.testing.assert_close(first, draw(sampler, 7), rtol=0, atol=0)
    assert not torch.equal(first, draw(sampler, 7, seed=1))


@pytest.mark.parametrize("box", [uniform_box, kronecker_box, sobol_box])
@pytest.mark.parametrize(
    ("low", "high"),
    [([0], [1, 2]), ([0, 1], [1, 1]), ([0], [math.nan]), ([0], [math.inf])],
)
def test_bad_box_is_refused(box, low, high):
    message = f"^{box.__name__}: low and high .* low < high in every entry"
    with pytest.raises(ValueError, match=message):
        box(low, high)


def test_initial_slice_fixes_the_time():
    points = draw(initial_slice(uniform_box([0.0, -1.0], [1.0, 3.0]), 2.0), 7)
    assert points.shape == (7, 3)
    assert (points[:, 2] == 2.0).all()
    assert len(points[:, 0].unique()) == 7


def test_numbers_of_a_generator_belong_to_its_key():
    def numbers(*key):
        return torch.rand(5, generator=keyed_generator(*key))

    assert torch.equal(numbers(3, 0, 1), numbers(3, 0, 1))
    assert not torch.equal(numbers(3, 0, 1), numbers(3, 1, 0))


def test_points_that_a_sampler_must_not_return_are_named():
    generator = torch.Generator()
    box = uniform_box([0.0, 0.0], [1.0, 1.0])
    with pytest.raises(ValueError, match=r"^sampler: .* n = 5, got \(4, 2\)"):
        checked_points(lambda n, g: box(n - 1, g), 5, generator)
    with pytest.raises(ValueError, match=r"^sampler: must draw on the generator's"):
        checked_points(lambda n, g: torch.empty(n, 2, device="meta"), 5, generator)
