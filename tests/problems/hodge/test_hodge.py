"""The Hodge decomposition as the command line sees it: models, metrics, a run."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch.func import jacrev, vmap

from ncl_deepxde.problems.hodge.measures import (
    divergence_error,
    points,
    relative_squared_l2,
)
from ncl_deepxde.problems.hodge.models import MODELS, Part, build_model, network
from ncl_deepxde.problems.hodge.presets import PRESETS
from ncl_deepxde.problems.hodge.problem import PROBLEM
from ncl_deepxde.problems.hodge.reference import compute, describe, load
from ncl_deepxde.problems.hodge.target import PERIOD, Target
from ncl_deepxde.runs import run as runs
from ncl_deepxde.runs.cells import list_cells, merge
from ncl_deepxde.runs.log import read_log

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")

SMALL = {"hidden": [16], "hidden_gradient": [16], "batch": 8}
ROUND_OFF = 1e3 * torch.finfo(torch.float64).eps
EXACT = [name for name in MODELS if name != "potential"]


def settings_of(model, n=4):
    common = PRESETS["quick"].settings
    return merge(common, common[model], SMALL, {"case": str(n)})


def part_of(model, n=4):
    return Part(network(model, n, settings_of(model, n)), Target(n, gradient=1.0))


@pytest.mark.parametrize("n", [2, 4, 10])
@pytest.mark.parametrize("model", EXACT)
def test_models_are_divergence_free_and_periodic(model, n):
    part, x = part_of(model, n), points(n, 5)
    assert part.solenoidal(x).shape == (5, n)
    assert divergence_error(part.solenoidal, x) < ROUND_OFF
    shift = torch.zeros(n)
    shift[-1] = PERIOD
    moved = part.solenoidal(x + shift) - part.solenoidal(x)
    assert 0 < moved.abs().max() < ROUND_OFF


@pytest.mark.parametrize("model", ["potential", "both-parts"])
def test_gradients_have_no_curl(model):
    net = part_of(model).net
    field = net if model == "potential" else net.gradient
    J = vmap(jacrev(lambda y: field(y[None])[0]))(points(4, 5)).detach()
    assert (J - J.transpose(1, 2)).abs().max() < ROUND_OFF < J.abs().max()


def test_target_is_not_in_the_class_of_the_models():
    # The target is one layer of sines, the potential of its gradient two.
    for preset in PRESETS.values():
        for model in MODELS:
            own = merge(preset.settings, preset.settings[model])
            if own["activation"] != "sin":
                continue
            if model in EXACT:
                assert len(own["hidden"]) > 1
            if model in ("potential", "both-parts"):
                assert len(own.get("hidden_gradient", own["hidden"])) > 2


def test_error_and_divergence_of_known_fields():
    target = Target(3, gradient=0.5)
    x = points(3, 5000)

    class Known(torch.nn.Module):
        def __init__(self, field):
            super().__init__()
            self.field, self.weight = field, torch.nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return self.field(x)

    def error(field):
        return relative_squared_l2(Part(Known(field), target), x)

    assert error(target.solenoidal) == 0
    assert error(lambda x: 0.9 * target.solenoidal(x)) == pytest.approx(0.01)
    # A mean of 5000 points.
    assert error(target) == pytest.approx(0.25, rel=0.05)
    # div x = 3 in terms of 1; those of (x_1, -x_2) cancel.
    assert divergence_error(lambda x: x, x[:5]) == 3.0
    saddle = divergence_error(lambda x: torch.stack([x[:, 0], -x[:, 1]], 1), x[:5, :2])
    assert saddle == 0.0


def test_points_stay():
    assert torch.equal(points(3, 5), points(3, 5))
    assert points(3, 1000).abs().max() < PERIOD / 2
    assert points(3, 1000).std() == pytest.approx(PERIOD / math.sqrt(12), rel=0.05)


def test_reference_knows_the_parts(tmp_path):
    path = tmp_path / "reference.npz"
    settings = {"cases": {"2": {}, "3": {"gradient": None}}, "gradient": 0.5}
    compute(settings, path)
    targets, found = load(path), describe(path)
    x = points(3, 4)
    assert torch.equal(targets["3"](x), Target(3)(x))
    assert torch.equal(targets["2"](x[:, :2]), Target(2, gradient=0.5)(x[:, :2]))
    # Means of 20,000 and of 4096 points.
    ratio = found["error_of_the_field_itself"]
    assert ratio["2"] == pytest.approx(0.25, rel=0.1)
    assert found["mean_square_gradient"]["3"] == pytest.approx(
        ratio["3"] * found["mean_square_eta"]["3"]
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_builds_every_model(preset):
    settings = PRESETS[preset].settings
    for cell in list_cells([*MODELS], settings, 0):
        if cell.case != next(iter(settings["cases"])) or cell.seed:
            continue
        own = merge(cell.settings, {"case": "3"}, {cell.model: SMALL})
        experiment = PROBLEM.build(cell.model, own, 0)
        experiment.stages[0].compile(experiment.model)
        experiment.model.train(iterations=1, display_every=10, verbose=0)
        assert experiment.evaluate()["relative_squared_l2"] > 0


@pytest.mark.parametrize("model", EXACT)
def test_training_lowers_the_error(model):
    own = merge(settings_of(model, 2), {"steps": 60, "hidden": [32], "batch": 64})
    experiment = build_model(model, own, 0)
    x = points(2, 500)
    before = relative_squared_l2(experiment.solution, x)
    experiment.stages[0].compile(experiment.model)
    experiment.model.train(iterations=60, display_every=100, verbose=0)
    assert relative_squared_l2(experiment.solution, x) < 0.7 * before


def test_unknown_optimizer():
    own = merge(settings_of("potential"), {"optimizer": "sgd"})
    with pytest.raises(ValueError, match="optimizer: must be one of 'adam', 'soap'"):
        build_model("potential", own, 0)


@pytest.mark.slow
def test_smoke_run_has_all_metrics_and_figures(tmp_path, capsys):
    options = runs.RunOptions("hodge", "smoke", (), 0, "cpu")
    runs.run(options, tmp_path / "run")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(metrics["models"]) == list(MODELS)
    for name, model in metrics["models"].items():
        for case in ("2", "4"):
            assert model["relative_squared_l2"][case] > 0
            assert model["memory_per_point"][case] > 0
            # Round-off of float32, in units of the largest term.
            assert (model["divergence_relative"][case] < 1e-5) == (name in EXACT)
    records = read_log(tmp_path / "run" / "log.jsonl")
    assert len(records) == 16
    assert all(r["errors"]["relative_squared_l2"] > 0 for r in records)
    figures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert figures == {"error.png", "slices_2.png", "slices_4.png"}
    report = (tmp_path / "run" / "report.html").read_text()
    assert "divfree-matrix, n = 4: error" in report
    assert "Relative squared L2 error" in capsys.readouterr().out
