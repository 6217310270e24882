"""Points with a learned density: their places, their weights, their evenness."""

from __future__ import annotations

import pytest
import torch

from ncl_deepxde.data import Collocation, kronecker_box, uniform_ball, uniform_box
from ncl_deepxde.data.point_density import MOST_AXES, PointDensity

LOW, HIGH = [-1.0, 2.0, 0.0, 0.0], [1.0, 5.0, 1e-3, 1e3]
N = 20_000


def uniform(axes, n=N, seed=0):
    draw = kronecker_box(LOW[:axes], HIGH[:axes])
    return draw(n, torch.Generator().manual_seed(seed))


def bump(points):
    """A smooth function with a layer, of points in units of the box."""
    axes = points.shape[1]
    low, high = torch.tensor(LOW[:axes]), torch.tensor(HIGH[:axes])
    unit = (points - low) / (high - low)
    return torch.exp(-40 * (unit - 0.4).square().sum(dim=1))


def learned(axes, steps=30):
    """A density that has seen leverages like ``bump``."""
    density = PointDensity(LOW[:axes], HIGH[:axes])
    for seed in range(steps):
        points = density.move(uniform(axes, 2000, seed))
        density.learn(points, density.weights(points) * bump(points))
    return density


def test_points_stay_before_anything_is_learned() -> None:
    density, points = PointDensity(LOW[:2], HIGH[:2]), uniform(2)
    assert torch.equal(density.move(points), points)
    assert torch.equal(density.weights(points), torch.ones(N))


@pytest.mark.parametrize("axes", [1, 2, 3, 4])
def test_points_follow_the_leverages(axes) -> None:
    """Half of the points are even, half as many per volume as the leverage."""
    density, before = learned(axes), uniform(axes)
    points = density.move(before)
    for column, low, high in zip(points.T, LOW, HIGH, strict=False):
        assert (column >= low).all()
        assert (column <= high).all()
    dense = uniform(axes, 200_000, 1)
    low, high = torch.tensor(LOW[:axes]), torch.tensor(HIGH[:axes])
    count = {1: 1000, 2: 32, 3: 10, 4: 6}[axes]
    cells = ((dense - low) / (high - low) * count).long().clamp(max=count - 1)
    place = (cells * count ** torch.arange(axes)).sum(dim=1)
    sums = torch.zeros(count**axes).index_add(0, place, bump(dense))
    sizes = torch.zeros(count**axes).index_add(0, place, torch.ones(len(dense)))
    ratio = sums / sizes.clamp(min=1) / bump(dense).mean()
    expected = 0.5 + 0.5 * (ratio.square() * sizes).sum() / sizes.sum()
    found = bump(density.move(before)).mean() / bump(before).mean()
    # Two to four points of a step lie in a cell.
    assert found == pytest.approx(expected.item(), rel=0.05)


@pytest.mark.parametrize("axes", [1, 2, 3, 4])
def test_weighted_means_are_those_of_uniform_points(axes, dtype) -> None:
    density = learned(axes)
    points = density.move(uniform(axes))
    weights = density.weights(points)
    assert weights.dtype == points.dtype == dtype
    assert weights.max() <= 2 * (1 + 1e-6)
    assert weights.mean() == pytest.approx(1.0, abs=5e-3)
    mean = (weights * bump(points)).mean()
    assert mean == pytest.approx(bump(uniform(axes)).mean().item(), rel=2e-2)


def test_moved_points_stay_evenly_spread() -> None:
    """Independent points leave a hundred times this scatter in their means."""
    density = learned(2)
    means = []
    for seed in range(20):
        points = density.move(uniform(2, 2000, seed))
        means.append((density.weights(points) * bump(points)).mean())
    draw, independent = uniform_box(LOW[:2], HIGH[:2]), []
    for seed in range(20):
        points = density.move(draw(2000, torch.Generator().manual_seed(seed)))
        independent.append((density.weights(points) * bump(points)).mean())
    # Cells make the weights jump: the mean converges like N^-3/4, not like 1/N.
    assert torch.stack(means).std() < 0.2 * torch.stack(independent).std()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0])
def test_leverages_that_tell_nothing_are_left(bad) -> None:
    density, points = PointDensity(LOW[:2], HIGH[:2]), uniform(2)
    density.learn(points, torch.full((N,), bad))
    assert density.leverages is None


def test_too_many_axes_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at most {MOST_AXES} axes .* got 5"):
        PointDensity([0.0] * 5, [1.0] * 5)


def residual(x, y):
    return y[:, :1] - bump(x)[:, None]


def taught(sampler, **options):
    data = Collocation(residual, sampler, 500, **options)
    net = torch.nn.Linear(2, 1)
    for _ in range(3):
        points, _ = data.train_next_batch()
        (call,) = data.calls(net)
        call.terms(points, net(points))
        if data.can_learn:
            data.learn([bump(points)])
    return data


def test_data_in_a_box_learn_and_resume() -> None:
    box = kronecker_box(LOW[:2], HIGH[:2])
    data, other = taught(box), Collocation(residual, box, 500)
    plain = Collocation(residual, box, 500)
    state = data.state_dict()
    other.load_state_dict(state)
    plain.load_state_dict({"step": state["step"]})
    found = [d.train_next_batch()[0] for d in (data, other, plain)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_tests_and_held_out_points_stay_uniform() -> None:
    box, net = kronecker_box(LOW[:2], HIGH[:2]), torch.nn.Linear(2, 1)
    data, plain = taught(box), Collocation(residual, box, 500)
    for name in ("test", "held_out_calls"):
        arguments = [net] if name == "held_out_calls" else []
        found, expected = (getattr(d, name)(*arguments)[0] for d in (data, plain))
        found, expected = (getattr(c, "points", c) for c in (found, expected))
        assert torch.equal(torch.as_tensor(found), torch.as_tensor(expected))


def test_other_regions_and_points_that_stay_do_not_learn() -> None:
    ball = uniform_ball(uniform_box([0, 0, 0, 0], [1, 1, 1, 1]))
    assert not Collocation(residual, ball, 10).can_learn
    box = kronecker_box(LOW[:2], HIGH[:2])
    assert not taught(box, resample_every=2).can_learn
    assert not Collocation(residual, kronecker_box([0] * 5, [1] * 5), 10).can_learn
