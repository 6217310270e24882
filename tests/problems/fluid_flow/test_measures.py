"""Metrics of the simulated fluid flow: of the truth, and of flows that are off."""

import numpy as np
import pytest
from exact_network import CASES, ExactNetwork

from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.problems.fluid_flow import measures
from ncl_deepxde.problems.fluid_flow.measures import accuracy, measure
from ncl_deepxde.problems.fluid_flow.presets import PRESETS
from ncl_deepxde.problems.fluid_flow.reference import box_grid, exact
from ncl_deepxde.problems.fluid_flow.regions import HORIZON

TIMES = np.linspace(0, HORIZON, 4)
SMOKE = PRESETS["smoke"]


@pytest.mark.parametrize("case", CASES)
def test_truth_has_perfect_metrics(case):
    dim = int(case[0])
    truth = NetworkSolution(ExactNetwork(dim), "velocity")
    found = measure(truth, SMOKE.settings(case=case))
    assert set(found) == {
        f"{key}_{case}"
        for key in (
            "r2",
            "r2_interpolation",
            "velocity_mse",
            "consistency_smape",
            "continuity_max",
            "continuity_relative",
            "mass_drift",
        )
    }
    assert found[f"r2_{case}"] == found[f"r2_interpolation_{case}"] == 1
    assert found[f"velocity_mse_{case}"] == 0
    # Paths to 1e-5, over some time units of the divergence.
    assert found[f"consistency_smape_{case}"] < 1e-4
    assert found[f"continuity_relative_{case}"] < 1e-12
    # The grid of this preset resolves the Gaussians with two cells each.
    assert found[f"mass_drift_{case}"] < 0.1


def test_consistency_is_left_out_where_no_path_can_be_followed(monkeypatch, capsys):
    def refuse(*arguments, **options):
        raise RuntimeError("dopri8 cannot follow the velocity")

    monkeypatch.setattr(measures, "consistency_smape", refuse)
    truth = NetworkSolution(ExactNetwork(2), "velocity")
    assert "consistency_smape_2d" not in measure(truth, SMOKE.settings(case="2d"))
    assert "cannot follow" in capsys.readouterr().err


def test_accuracy_counts_variance_and_velocity_where_there_is_fluid():
    points = box_grid(24, 2)

    def off(points, time):
        state = exact(points, time)
        return {"rho": 1.5 * state["rho"], "u": state["u"] + np.array([2.0, 0.0])}

    found = accuracy(off, points, TIMES)
    rho = np.stack([exact(points, t)["rho"] for t in TIMES])
    expected = 1 - 0.25 * np.mean(rho**2) / np.var(rho)
    assert found["r2"] == pytest.approx(expected, rel=1e-12)
    # Half of the components are off by 2.
    assert found["velocity_mse"] == pytest.approx(2.0, rel=1e-12)
    early = 1 - 0.25 * np.mean(rho[:3] ** 2) / np.var(rho[:3])
    assert found["r2_interpolation"] == pytest.approx(early, rel=1e-12)
