"""Optimal transport as the command line sees it: a run, presets, metrics, reference."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from ncl_deepxde.nn import SubharmonicNCL
from ncl_deepxde.problems.optimal_transport.densities.known import quantile_cost
from ncl_deepxde.problems.optimal_transport.densities.targets import (
    GaussianMixture,
    pair,
)
from ncl_deepxde.problems.optimal_transport.measures import (
    arrival,
    mass_error,
    terminal_mse,
)
from ncl_deepxde.problems.optimal_transport.problem import PROBLEM
from ncl_deepxde.problems.optimal_transport.reference import (
    Reference,
    compute,
    describe,
    load,
)
from ncl_deepxde.problems.optimal_transport.solutions import Flow
from ncl_deepxde.runs import run as runs
from ncl_deepxde.runs.cells import list_cells, merge

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
    settings = PROBLEM.presets[preset].settings
    for cell in list_cells([*PROBLEM.models], settings, 0)[:: settings.get("seeds", 1)]:
        small = {"batch": 4, "reference": {"n": 10}}
        own = merge(cell.settings, small, {cell.model: small})
        experiment = PROBLEM.build(cell.model, own, 0)
        experiment.stages[0].compile(experiment.model)
        experiment.model.train(iterations=1, display_every=10, verbose=0)


def test_a_preset_takes_any_pair():
    presets = PROBLEM.presets
    assert "quick@moons-circles" in presets
    settings = presets["quick@moons-circles"].settings
    assert settings["cases"] == {"moons-circles": {"box": None}}
    assert settings["lflow"] == presets["quick"].settings["lflow"]
    assert "nothing@moons-circles" not in presets
    assert "nothing" not in presets
    with pytest.raises(ValueError, match="target: must be one of circles"):
        presets["quick@moons-nothing"]
    with pytest.raises(ValueError, match="pair: must be two names"):
        presets["quick@"]


def write_samples(folder, d=2, scale=1.0, n=40):
    x = np.random.default_rng(0).normal(size=(2, n, d)) * scale
    np.savetxt(folder / "before.csv", x[0], delimiter=",")
    np.save(folder / "after.npy", x[1] / 2)
    return [folder / "before.csv", folder / "after.npy"]


@pytest.mark.parametrize("d", [1, 2])
def test_own_samples_are_the_only_case(tmp_path, d):
    problem = PROBLEM.with_data(write_samples(tmp_path, d))
    assert list(problem.presets) == list(PROBLEM.presets)
    settings = problem.presets["smoke"].settings
    assert list(settings["cases"]) == ["before-after"]
    settings = merge(settings, {"reference": {"n": [10, 20]}})
    path = tmp_path / "reference.npz"
    problem.compute_reference(settings, path)
    reference = problem.load_reference(path)["before-after"]
    start, end = reference.pair
    np.testing.assert_array_equal(end.centers, np.load(tmp_path / "after.npy"))
    assert start.dim == d
    (cell,) = list_cells(["icnn"], settings, 0)
    experiment = problem.build("icnn", cell.settings, 0)
    assert experiment.model.data.rho_0.std == pytest.approx(start.std)
    found = problem.measure(experiment, problem.load_reference(path))
    assert list(found["w2_relative_to_limit"]) == ["before-after"]


@pytest.mark.parametrize(
    ("options", "keep", "message"),
    [
        ({}, 1, "--data: must be given twice, .* got 1"),
        ({"d": 3}, 2, "must have 1 or 2 coordinates, got 3"),
        ({"scale": 100.0}, 2, "distances of order 1, got up to"),
        ({"scale": 0.01}, 2, "Subtract one vector"),
        ({"n": 5}, 2, "before.csv: samples: at least 10 are needed"),
    ],
)
def test_own_samples_that_do_not_fit_are_refused(tmp_path, options, keep, message):
    files = write_samples(tmp_path, **options)[:keep]
    with pytest.raises(ValueError, match=message):
        PROBLEM.with_data(files)


def test_metrics_of_a_flow_that_rests():
    # Weights of a network of time that is zero: the Gaussian stays as it is.
    net = SubharmonicNCL(2, components=1, construction="transport", width=0.5)
    for p in net.mixture.network.parameters():
        p.detach().zero_()
    net.mixture.start.detach()[:2] = 0.0
    rho = GaussianMixture([[0.0, 0.0]], 0.5)
    assert terminal_mse(net, (rho, rho), 1000) < 1e-25
    # Midpoint rule of a Gaussian with 16 points per standard deviation: round-off.
    assert mass_error(Flow(net), (rho, rho), 288) < 1e-12
    other = GaussianMixture([[0.3, 0.0]], 0.5)
    found = terminal_mse(net, (rho, other), 50_000)
    n = 200
    axis = 8 * ((torch.arange(n) + 0.5) / n - 0.5)
    x = torch.cartesian_prod(axis, axis)
    square = (x.abs() <= 2).all(dim=1, keepdim=True) / 16
    defect = (rho.density(x) - other.density(x)).square()
    drawn = (other.density(x) + square) / 2
    exact = float((defect * drawn).sum()) * (8 / n) ** 2 / 2
    # The mean of 50,000 squares, each about as wide as its mean: 0.5 %.
    assert found == pytest.approx(exact, rel=0.02)


def test_arrival_is_the_distance_of_the_image_from_the_target():
    pair = GaussianMixture([[0.0, 0.0]], 0.5), GaussianMixture([[0.3, 0.4]], 0.5)
    shift = torch.tensor([0.3, 0.4])
    # Means of two samples differ by d = 0.5 sqrt(2 / 400) = 0.035: noise of d squared
    # where the densities agree, and of 2 * 0.5 * d where they are 0.5 apart.
    assert abs(arrival(lambda x: x + shift, pair, 400)) < 0.01
    assert arrival(lambda x: x, pair, 400) == pytest.approx(0.25, abs=4 * 0.035)


def test_terminal_error_is_that_of_each_end():
    class Shifting:
        def density(self, inputs):
            return rho.density(inputs[:, :2] - 0.3 * inputs[:, 2:])

    rho = GaussianMixture([[0.0, 0.0]], 0.5)
    shifted = GaussianMixture([[0.3, 0.3]], 0.5)
    assert terminal_mse(Shifting(), (rho, shifted), 1000) < 1e-25
    assert terminal_mse(Shifting(), (shifted, rho), 1000) > 1e-3


def test_reference_on_a_line_is_exact(tmp_path):
    own = {"n": [50, 100], "repeats": 3}
    compute({LINE: pair(LINE)}, own, tmp_path / "reference.npz")
    reference = load(tmp_path / "reference.npz")[LINE]
    assert reference.best == quantile_cost(*pair(LINE))
    assert len(reference.costs.values) == 3
    x = np.linspace(-6, 6, 2001)[:, None]
    step = x[1, 0] - x[0, 0]
    for time in (0.0, 0.4, 1.0):
        rho = reference(x, time)["rho"]
        assert rho.shape == (2001, 1)
        # Linear interpolation between nodes that a steep map pulls apart.
        assert rho.sum() * step == pytest.approx(1, abs=2e-3)
    # Continuous in time up to the ends, which are known in another way.
    for end, near in ((0.0, 1e-6), (1.0, 1 - 1e-6)):
        gap = reference(x, end)["rho"] - reference(x, near)["rho"]
        assert abs(gap).max() < 1e-2
    described = describe(tmp_path / "reference.npz")
    assert described["n"] == [50, 100]
    assert described["w2_squared_exact"] == {LINE: reference.best}
    assert described["w2_squared_limit_error"][LINE] > 0


def test_reference_in_the_plane_moves_particles_straight():
    trend = {"n": [10], "mean": [0.1], "std": [0.1], "limit": None}
    reference = Reference(pair(PLANE), {}, trend)
    start, middle, end = reference.paths([0.0, 0.5, 1.0])
    assert start.shape == (2000, 2)
    np.testing.assert_allclose(middle, (start + end) / 2)
    rho_0, rho_1 = reference.pair
    points = np.random.default_rng(0).uniform(-2, 2, (50, 2))
    for time, rho in ((0.0, rho_0), (1.0, rho_1)):
        exact = rho.density(torch.as_tensor(points)).numpy()
        np.testing.assert_array_equal(reference(points, time)["rho"], exact)
    # Kernels keep the mass; the box ends at five of their widths from all particles.
    n, side = 100, 6.0
    axis = side * ((np.arange(n) + 0.5) / n - 0.5)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    mass = reference(grid, 0.5)["rho"].sum() * (side / n) ** 2
    assert math.isclose(mass, 1, abs_tol=1e-3)
