"""Networks seen as flows in km and hours."""

import numpy as np
import torch
from migration_network import MigrationNetwork

from ncl_deepxde.nn import LFlow
from ncl_deepxde.problems.bird_migration.solution import (
    CarriedSolution,
    FlightSolution,
    TrueSolution,
    solution_of,
)


def test_solution_takes_points_with_or_without_time(campaign):
    solution = FlightSolution(MigrationNetwork(campaign), campaign.units)
    points = campaign.points[:7]
    one = solution(points)
    assert (one["rho"].shape, one["u"].shape) == ((7, 1), (7, 3))
    two = solution(points[:1, :3], float(points[0, 3]))
    np.testing.assert_equal(two["rho"], one["rho"][:1])
    truth = TrueSolution(campaign)(points)
    # Roundings of some thousand km in steep slopes.
    np.testing.assert_allclose(one["rho"], truth["rho"], rtol=1e-9)
    np.testing.assert_allclose(one["u"], truth["u"], rtol=1e-9, atol=1e-9)


def test_trajectories_follow_the_velocity_in_km_and_hours(campaign):
    net = LFlow(3, blocks=2, width=8, learn_mass=True, output="velocity")
    net(torch.rand(64, 4))
    solution = solution_of(net.eval(), campaign.units)
    x, t, h = campaign.points[:7, :3], np.full((7, 1), 5.0), 1e-3
    ahead, back = (solution.transport(x, t, t + s * h) for s in (1, -1))
    u = solution(np.hstack([x, t]))["u"]
    # Central differences: h^2 times a third derivative, in units of half a day.
    np.testing.assert_allclose((ahead - back) / (2 * h), u, rtol=1e-5, atol=1e-6)
    other = solution_of(MigrationNetwork(campaign), campaign.units)
    assert not isinstance(other, CarriedSolution)
