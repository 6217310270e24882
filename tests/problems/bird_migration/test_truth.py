"""The migration in closed form."""

import torch

from ncl_deepxde.problems.bird_migration.truth import HOURS, LENGTH, NIGHTS, Migration


def random_points(n):
    """Points over the whole network, by day and night, below the ground too."""
    low, high = torch.tensor([[-900.0, -900, -2, 0], [900.0, 900, 5, HOURS]])
    return low + (high - low) * torch.rand(n, 4)


def test_truth_satisfies_continuity():
    """By automatic differentiation of density and velocity, each by itself."""
    points = random_points(2000).requires_grad_()
    rho, u = Migration().density(points), Migration().velocity(points)
    columns = torch.cat([rho * u, rho], dim=1).unbind(1)
    terms = torch.stack(
        [
            torch.autograd.grad(c.sum(), points, retain_graph=True)[0][:, i]
            for i, c in enumerate(columns)
        ]
    )
    assert terms.abs().max() > 10
    # Some hundred roundings of terms of that size.
    assert terms.sum(0).abs().max() < 1e-13 * terms.abs().max()


def test_velocity_moves_density():
    """The same by finite differences along a path: d log(rho)/dt = -div u."""
    flow, h = Migration(), 1e-4
    points = random_points(50)
    points[:, 3] = NIGHTS[0] + 10 * torch.rand(50)
    u = flow.velocity(points)
    step = h * torch.cat([u, torch.ones(50, 1)], dim=1)
    rates = [flow.density(points + s * step).log() for s in (1, -1)]
    along = (rates[0] - rates[1]) / (2 * h)
    divergence = torch.zeros(50, 1)
    for i in range(3):
        d = h * torch.eye(4)[i]
        both = [flow.velocity(points + s * d)[:, i : i + 1] for s in (1, -1)]
        divergence += (both[0] - both[1]) / (2 * h)
    # Second order in h, with third derivatives up to 1e3.
    torch.testing.assert_close(along, -divergence, atol=1e-4, rtol=1e-4)


def test_birds_are_aloft_by_night_only():
    x = torch.zeros(200, 4)
    x[:, 2] = 5 * torch.rand(200)
    noon, midnight = x.clone(), x.clone()
    noon[:, 3], midnight[:, 3] = NIGHTS[0] + 17, NIGHTS[0] + LENGTH / 2
    day, night = (Migration().density(points).max() for points in (noon, midnight))
    assert day < 1e-3
    assert night > 10
