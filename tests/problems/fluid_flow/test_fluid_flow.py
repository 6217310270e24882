"""The simulated fluid flow: models, losses, metrics, figures, a whole run."""

import json
import subprocess
import sys

import deepxde as dde
import numpy as np
import pytest
import torch

from ncl_deepxde.data import Penalty
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.problems.fluid_flow import measures as _fluid_flow_measures
from ncl_deepxde.problems.fluid_flow.exact import MovingGaussians
from ncl_deepxde.problems.fluid_flow.measures import accuracy, measure
from ncl_deepxde.problems.fluid_flow.models import (
    Model,
    Term,
    continuity_of_velocity,
    normal_velocity,
    root_mean_square,
)
from ncl_deepxde.problems.fluid_flow.problem import MODELS, PROBLEM
from ncl_deepxde.problems.fluid_flow.reference import box_grid, compute, describe, exact
from ncl_deepxde.problems.fluid_flow.regions import EXTENT, HORIZON
from ncl_deepxde.problems.fluid_flow.results import trajectories
from ncl_deepxde.problems.fluid_flow.stages import ClippedAdam
from ncl_deepxde.problems.observed.siren import SirenFlow
from ncl_deepxde.runs.cells import list_cells

CASES = ("2d", "3d")
TIMES = np.linspace(0, HORIZON, 4)


def settings_of(preset, case):
    """Settings of a case, whichever the models."""
    cells = list_cells(["pinn"], PROBLEM.presets[preset].settings, 0)
    return next(c.settings for c in cells if c.case == case)


def built(model, case, preset="smoke"):
    return PROBLEM.build(model, settings_of(preset, case), 0)


class Truth(torch.nn.Module):
    """The exact flow as a plain network of (rho, u)."""

    def __init__(self, dim):
        super().__init__()
        self.flow = MovingGaussians(dim)
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs):
        x, t = inputs[:, :-1], inputs[:, -1:]
        return torch.cat([self.flow.density(x, t), self.flow.velocity(x, t)], dim=1)


@pytest.mark.parametrize("case", CASES)
def test_truth_has_perfect_metrics(case):
    dim = int(case[0])
    found = measure(NetworkSolution(Truth(dim), "velocity"), settings_of("smoke", case))
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

    monkeypatch.setattr(_fluid_flow_measures, "consistency_smape", refuse)
    truth = NetworkSolution(Truth(2), "velocity")
    assert "consistency_smape_2d" not in measure(truth, settings_of("smoke", "2d"))
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


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_builds_and_steps_down(model, case):
    experiment = built(model, case)
    dim = int(case[0])
    *_, last = experiment.stages
    last.compile(experiment.model)
    history, _ = experiment.model.train(iterations=10, display_every=10, verbose=0)
    assert np.sum(history.loss_test[-1]) < np.sum(history.loss_test[0])
    names = experiment.model.data.loss_names
    assert names[:2] == ["density", "velocity"]
    assert len(experiment.model.loss_weights) == len(names)
    fields = experiment.solution(0.9 * EXTENT * torch.rand(7, dim).numpy(), 0.3)
    assert (fields["rho"].shape, fields["u"].shape) == ((7, 1), (7, dim))


@pytest.mark.parametrize("preset", PROBLEM.presets)
def test_every_preset_builds_every_model(preset):
    for cell in list_cells(tuple(MODELS), PROBLEM.presets[preset].settings, 0):
        if cell.seed == 0:
            experiment = PROBLEM.build(cell.model, cell.settings, 0)
            assert experiment.model.net.dim == cell.settings["dim"]
            assert experiment.settings["case"] == cell.case


def test_rivals_see_the_same_observations():
    data = [built(m, "2d").model.data for m in ("lflow", "pinn", "ncl-subharmonic")]
    first, *others = (d.train_next_batch()[0] for d in data)
    assert first.shape == (128, 3)
    assert all(torch.equal(first, points) for points in others)


def test_paper_preset_has_the_batches_weights_and_steps_of_the_code():
    settings = PROBLEM.presets["paper"].settings
    assert (settings["seeds"], list(settings["cases"])) == (10, ["2d", "3d"])
    for case, velocity, steps in (("2d", 5.951e-5, 2000), ("3d", 1.3967e-5, 2000)):
        experiment = built("lflow", case, "paper")
        (stage,) = experiment.stages
        assert stage.steps == steps
        stage.compile(experiment.model)
        assert list(experiment.model.loss_weights)[:2] == [1.0, velocity]
        assert experiment.model.data.num_observations == 16384
    start, main = built("slda", "2d", "paper").stages
    assert (start.steps, main.steps) == (5, 3000)
    assert built("pinn", "3d", "paper").model.data.conditions[0].num_points == 65536


@pytest.mark.parametrize("dim", [2, 3])
def test_continuity_of_the_exact_flow_vanishes_and_of_a_wrong_one_does_not(dim):
    inputs = torch.rand(7, dim + 1, requires_grad=True)
    outputs = Truth(dim)(inputs)
    residual = continuity_of_velocity(inputs, outputs)
    assert residual.shape == (7, 1)
    # Terms are of order 10, with a few hundred roundings.
    assert residual.abs().max() < 1e-12
    dde.gradients.gradients.clear()
    shear = torch.zeros(dim + 1)
    shear[1] = 1.0
    wrong = continuity_of_velocity(inputs, outputs + shear)
    assert wrong.abs().max() > 1e-3


@pytest.mark.parametrize("dim", [2, 3])
def test_collocation_points_have_time_last(dim):
    condition = built("pinn", f"{dim}d").model.data.conditions[0]
    points = condition.sampler(512, torch.Generator().manual_seed(0))
    assert points.shape == (512, dim + 1)
    assert 0 <= points[:, dim].min() < 0.01 < 1.19 < points[:, dim].max() <= HORIZON
    assert (points[:, :dim].min(0).values < -3.9).all()
    assert (points[:, :dim].max(0).values > 3.9).all()


def test_normal_velocity_points_outward():
    x = EXTENT * torch.tensor([[1.0, 0.2], [-1.0, 0.2], [0.3, 1.0], [0.3, -1.0]])
    u = torch.tensor([[5.0, 7.0]]).expand(4, 2)
    found = normal_velocity(torch.cat([x, torch.rand(4, 1)], dim=1), u)
    assert torch.equal(found, torch.tensor([[5.0], [-5.0], [7.0], [-7.0]]))


def test_siren_scales_its_inputs_and_first_layer():
    """The formula of one hidden layer, written once more."""
    net = SirenFlow([-2.0, 0.0], [2.0, 5.0], 4, 1, 12.0)
    first, last = net.log_density
    unit = torch.tensor([[0.75, 0.2]])
    hidden = torch.sin(12 * (unit @ first.weight.T + first.bias))
    expected = (hidden @ last.weight.T + last.bias).exp()
    torch.testing.assert_close(net(torch.tensor([[1.0, 1.0]]))[:, :1], expected)


def test_weights_and_losses_follow_the_terms():
    mass = Penalty("mass", lambda net: net.log_mass)
    terms = [Term(1.0), Term(0.5, "root mean square")]
    model = Model(None, "log1p", "velocity", terms, [(mass, 0.1)])
    assert model.weights() == [1.0, 0.5, 0.1]
    residual = torch.tensor([[3.0], [4.0]])
    values = [loss(0 * residual, residual) for loss in model.losses()]
    torch.testing.assert_close(torch.stack(values), torch.tensor([12.5, 12.5**0.5]))


def test_root_mean_square_has_a_finite_slope_at_zero():
    r = torch.zeros(3, 1, requires_grad=True)
    root_mean_square(0 * r, r).backward()
    assert torch.isfinite(r.grad).all()


@pytest.mark.parametrize(("clip", "moved"), [(0.05, 0.05), (torch.inf, 20.0)])
def test_clipped_adam_bounds_the_gradient(clip, moved):
    """Seen by the first moment, which is a tenth of the gradient."""
    p = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    adam = ClippedAdam([p], clip, lr=0.1)

    def closure():
        adam.zero_grad()
        loss = 2 * p.square().sum()
        loss.backward()
        return loss

    assert float(adam.step(closure).detach()) == 50
    first = adam.state[p]["exp_avg"]
    assert float(first.norm()) == pytest.approx(0.1 * moved, rel=1e-4)


def test_pretraining_leaves_the_velocity_alone():
    experiment = built("slda", "2d")
    net, start = experiment.model.net, experiment.stages[0]
    before = [p.clone() for p in net.velocity_parameters()]
    grid = [p.clone() for p in net.grid_parameters()]
    start.compile(experiment.model)
    history, _ = experiment.model.train(iterations=1, display_every=1, verbose=0)
    pairs = zip(before, net.velocity_parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(grid[0], net.grid_parameters()[0])
    assert np.sum(history.loss_train[-1]) < np.sum(history.loss_train[0])


def test_reference_file_holds_the_exact_flow(tmp_path):
    path = tmp_path / "reference.npz"
    compute({"reference": {"n": 32, "dt": 0.5}}, path)
    with np.load(path) as data:
        np.testing.assert_allclose(data["times"], [0, 0.5, 1, 1.2])
        state = exact(data["points"], 1.2)
        # Written in float32.
        np.testing.assert_allclose(data["rho"][-1], state["rho"], atol=1e-7)
        assert data["u"].shape == (4, 32 * 32, 2)
    facts = describe(path)
    assert facts["mass"] == pytest.approx(1.0, abs=1e-3)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="damaged"):
        describe(path)
    with pytest.raises(ValueError, match="n and dt must be positive"):
        compute({"reference": {"n": 8, "dt": -1}}, path)


def test_trajectories_follow_the_map():
    start = np.array([[0.5, 0.2], [-1.0, 0.4]])
    times = np.linspace(0, 1.2, 121)
    path = trajectories(exact, start, times)
    assert path.shape == (121, 2, 2)
    t = torch.full((2, 1), 1.2)
    x = MovingGaussians(2).transport(torch.as_tensor(start), 0 * t, t)
    # Runge-Kutta of order 4: (2 pi / 100)^5 / 120 for each of 120 steps, amplified.
    np.testing.assert_allclose(path[-1], x, atol=1e-5)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run directory of the smallest preset."""
    out = tmp_path_factory.mktemp("runs") / "fluid"
    words = ["run", "fluid-flow", "--preset", "smoke", "--device", "cpu"]
    words += ["--model", "lflow", "--model", "pinn", "--out", str(out)]
    command = [sys.executable, "-m", "ncl_deepxde", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
def test_run_writes_what_the_contract_says(finished):
    metrics = json.loads((finished / "metrics.json").read_text())
    assert list(metrics["models"]) == ["lflow", "pinn"]
    for model in metrics["models"].values():
        wanted = {"train_seconds", "steps", "parameters"}
        for case in CASES:
            wanted |= {f"r2_{case}", f"consistency_smape_{case}", f"steps_{case}"}
        assert wanted <= set(model)
    lflow, pinn = metrics["models"].values()
    for case in CASES:
        # The target of the issue, in float32 and trained or not.
        assert lflow[f"consistency_smape_{case}"] < 1e-4
        assert pinn[f"consistency_smape_{case}"] > 1e-2
        assert lflow[f"continuity_relative_{case}"] < 1e-5
    names = {p.relative_to(finished).as_posix() for p in finished.rglob("*")}
    drawn = {"density", "velocity", "trajectories", "losses"}
    figures = {f"figures/{kind}_{case}.png" for kind in drawn for case in CASES}
    gifs = {f"figures/density_{case}.gif" for case in CASES}
    checkpoints = {f"checkpoints/{m}-{c}.pt" for m in ("lflow", "pinn") for c in CASES}
    assert figures | gifs | checkpoints <= names
    assert {"figures/boxes.png", "reference.npz", "report.html"} <= names
