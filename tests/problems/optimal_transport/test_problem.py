"""Optimal transport as the command line sees it: runs, presets, samples of a user."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ncl_deepxde.problems.optimal_transport.densities import pair, quantile_cost
from ncl_deepxde.problems.optimal_transport.problem import PROBLEM
from ncl_deepxde.runs import run as runs

LINE = "gaussian1d-modes1d"
PLANE = "8gaussians-circles"


@pytest.mark.slow
def test_smoke_run_has_all_metrics_and_figures(tmp_path, capsys):
    options = runs.RunOptions("optimal-transport", "smoke", (), 0, "cpu")
    runs.run(options, tmp_path / "run")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(metrics["models"]) == list(PROBLEM.models)
    for name, model in metrics["models"].items():
        for case in (LINE, PLANE):
            assert (
                model["w2_squared"][case]["mean"] > 0 < model["w2_squared"][case]["std"]
            )
            assert model["w2_relative_difference"][case] > -1
            assert model["w2_relative_to_limit"][case] > -1
            assert math.isfinite(model["arrival"][case])
            if name != "icnn":
                assert model["terminal_mse"][case] > 0
                assert model["kinetic_energy"][case] > 0
                # Round-off of float32, in units of the largest term.
                assert model["continuity_relative"][case] < 1e-5
                assert model["mass_error"][case] < 1e-5
    figures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert figures == {
        "costs.png",
        "convergence.png",
        "discrete.png",
        f"density_{LINE}.png",
        f"map_{LINE}.png",
        f"density_{PLANE}.png",
        f"density_{PLANE}.gif",
        f"particles_{PLANE}.png",
        f"velocity_{PLANE}.png",
    }
    report = (tmp_path / "run" / "report.html").read_text()
    assert "lflow, 8gaussians-circles: W2 squared" in report
    assert f"exactly {quantile_cost(*pair(LINE)):.4f}." in report
    assert "Squared Wasserstein distance" in capsys.readouterr().out


@pytest.mark.slow
def test_a_map_alone_has_its_figures_and_another_pair(tmp_path):
    preset = "smoke@gaussian-circles"
    options = runs.RunOptions("optimal-transport", preset, ("icnn",), 0, "cpu")
    metrics = runs.run(options, tmp_path / "run")
    assert list(metrics["models"]["icnn"]["w2_squared"]) == ["gaussian-circles"]
    figures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert "particles_gaussian-circles.png" in figures
    assert "velocity_gaussian-circles.png" not in figures


@pytest.mark.parametrize("preset", PROBLEM.presets)
def test_every_preset_builds_every_model(preset):
    content = PROBLEM.presets[preset]
    for model, case in product(PROBLEM.models, content.cases):
        settings = replace(content.settings(model, case), batch=4)
        experiment = PROBLEM.build(model, settings, 0)
        experiment.stages[0].compile(experiment.model)
        experiment.model.train(iterations=1, display_every=10, verbose=0)


@pytest.mark.parametrize("d", [1, 2])
def test_samples_of_a_user_are_the_only_case(tmp_path, write_samples, d):
    problem = PROBLEM.with_data(write_samples(d))
    assert list(problem.presets) == list(PROBLEM.presets)
    preset = problem.presets["smoke"].with_reference({"n": [10, 20]})
    assert preset.cases == ("before-after",)
    path = tmp_path / "reference.npz"
    problem.compute_reference(preset, path)
    reference = problem.load_reference(path)["before-after"]
    start, end = reference.pair
    np.testing.assert_array_equal(end.centers, np.load(tmp_path / "after.npy"))
    assert start.dim == d
    settings = preset.settings("icnn", "before-after")
    experiment = problem.build("icnn", settings, 0)
    assert experiment.model.data.rho_0.std == pytest.approx(start.std)
    found = problem.measure(experiment, problem.load_reference(path))
    assert list(found["w2_relative_to_limit"]) == ["before-after"]
