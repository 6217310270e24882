"""The Hodge decomposition as the command line sees it: models, metrics, a run."""

from __future__ import annotations

import json

import pytest
from small_models import EXACT, small_settings

from ncl_deepxde.problems.hodge.models import MODELS
from ncl_deepxde.problems.hodge.presets import PRESETS
from ncl_deepxde.problems.hodge.problem import PROBLEM
from ncl_deepxde.runs import run as runs
from ncl_deepxde.runs.log import read_log

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script:FutureWarning")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_builds_every_model(preset):
    for model in MODELS:
        settings = small_settings(model, 3, preset)
        experiment = PROBLEM.build(model, settings, 0)
        experiment.stages[0].compile(experiment.model)
        experiment.model.train(iterations=1, display_every=10, verbose=0)
        assert experiment.evaluate()["relative_squared_l2"] > 0


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
