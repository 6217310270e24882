"""The cavity as the command line sees it: a run from end to end."""

import json
from importlib.util import find_spec

import pytest

from ncl_deepxde.problems.cavity.models import MODELS
from ncl_deepxde.runs import run as runs

pytestmark = [
    pytest.mark.fem,
    pytest.mark.skipif(
        None in map(find_spec, ("dolfinx", "netgen")),
        reason="dolfinx or netgen is not installed: ncl-deepxde[fem,mesh]",
    ),
]


def test_smoke_run_has_all_metrics_and_figures(tmp_path, capsys):
    options = runs.RunOptions("cavity", "smoke", (), 0, "cpu")
    runs.run(options, tmp_path / "run")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert list(metrics["models"]) == list(MODELS)
    for name, model in metrics["models"].items():
        assert 0 < model["relative_l2"]["u"]["0.0"] < 2
        assert set(model["extremum_error"]) == {"u_min", "v_max", "v_min"}
        assert (model["divergence_relative"] < 1e-13) == (name == "incompressible")
    assert metrics["reference"]["triangles"] > 10
    figures = {path.name for path in (tmp_path / "run" / "figures").iterdir()}
    assert figures >= {"speed.png", "difference.png", "center_lines.png"}
    assert "largest divergence" in capsys.readouterr().out
