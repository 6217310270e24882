"""Metrics of the bird migration: those of the truth, and of flows that are off."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from migration_network import MigrationNetwork

from ncl_deepxde.problems.bird_migration.measures import accuracy, measure, truth_error
from ncl_deepxde.problems.bird_migration.mlp import ResidualFlow
from ncl_deepxde.problems.bird_migration.problem import PROBLEM
from ncl_deepxde.problems.bird_migration.solution import FlightSolution, TrueSolution


def test_truth_has_perfect_metrics(campaign):
    """As a network in units of its own, through all changes of units, in one night."""
    assert campaign.start == np.datetime64("2018-04-05T18:00")
    night = campaign.rows(campaign.points[:, 3] < 13)
    truth = TrueSolution(night)
    solution = FlightSolution(MigrationNetwork(night), night.units)
    sizes = replace(
        PROBLEM.presets["smoke"].settings().evaluation,
        consistency_grid=2,
        consistency_times=1,
        continuity_points=200,
    )
    found = measure(solution, truth, sizes)
    assert set(found) == {
        "density_mse",
        "r2",
        "velocity_mse",
        "r2_truth",
        "consistency_smape",
        "continuity_relative",
    }
    assert found["r2_truth"] == pytest.approx(1, abs=1e-12)
    # Noise of 10 % and 1 m/s is in the observations.
    assert found["r2"] > 0.95
    assert found["density_mse"] < 0.01
    assert found["velocity_mse"] == pytest.approx(1, rel=0.1)
    # Paths to 1e-5, over some time units of the divergence.
    assert found["consistency_smape"] < 1e-4
    assert found["continuity_relative"] < 1e-12


def test_accuracy_is_that_of_log1p_and_of_known_rows(campaign):
    held_out = campaign.select(campaign.held_out)

    def off(points):
        """Twice the density plus one, and 5 m/s too fast along x."""
        velocity = np.pad(held_out.velocity, [(0, 0), (0, 1)])
        return {
            "rho": np.nan_to_num(2 * held_out.density + 1),
            "u": np.nan_to_num(velocity) + np.array([18.0, 0, 3]),
        }

    found = accuracy(off, held_out)
    rho = held_out.density[~np.isnan(held_out.density)]
    # log(2 + 2 rho) - log(1 + rho) = log 2
    assert found["density_mse"] == pytest.approx(np.log(2) ** 2)
    expected = 1 - np.mean((rho + 1) ** 2) / np.var(rho)
    assert found["r2"] == pytest.approx(expected)
    assert found["velocity_mse"] == pytest.approx(25 / 2)


def test_evaluating_leaves_the_mode_of_the_network(campaign):
    net = ResidualFlow(3, 8, 1).train()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    truth_error(FlightSolution(net, campaign.units), TrueSolution(campaign), 50)
    assert net.training
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
