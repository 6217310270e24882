"""Runs of several cases and seeds: names, settings, means, resume."""

import json

import deepxde as dde
import pytest

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.evaluation.rows import MetricRow
from ncl_deepxde.reports.tables import metric_rows
from ncl_deepxde.runs import Experiment, Preset, Problem, Settings, Stage, checked
from ncl_deepxde.runs import run as runs
from ncl_deepxde.runs.cells import add_case, list_cells, mean_over_seeds, with_costs
from ncl_deepxde.runs.run import RunOptions, run

CASES = {"2d": {"dim": 2, "net": {"width": 3}}, "3d": {"dim": 3}}
CONTENT = {
    "float": "float64",
    "net": {"width": 5, "depth": 1},
    "seeds": 2,
    "cases": CASES,
}


@checked
class Common(Settings):
    dim: int


@checked
class ToySettings(Common):
    width: int = 5
    depth: int = 1


def preset(content):
    return Preset("fast", ("net",), content, {"net": ToySettings}, Common)


def test_preset_without_cases_makes_one_cell_per_model():
    content = {"float": "float32", "dim": 8}
    cells = list_cells(["a", "b"], preset(content), 7)
    assert [(c.name, c.label, c.case, c.seed) for c in cells] == [
        ("a", "a", None, 7),
        ("b", "b", None, 7),
    ]
    assert all(c.content == content for c in cells)


def test_every_model_is_trained_for_every_case_and_seed():
    cells = list_cells(["a", "b"], preset(CONTENT), 4)
    names = [f"{m}-{d}-seed{k}" for m in "ab" for d in ("2d", "3d") for k in (4, 5)]
    assert [c.name for c in cells] == names
    assert [c.label for c in cells[:3]] == ["a-2d", "a-2d", "a-3d"]
    assert [c.seed for c in cells[:4]] == [4, 5, 4, 5]


def test_one_seed_is_not_in_the_name():
    cells = list_cells(["a"], preset({**CONTENT, "seeds": 1}), 0)
    assert [c.name for c in cells] == ["a-2d", "a-3d"]


def test_content_of_a_case_overrides_and_the_preset_stays():
    plane, _, space, _ = (c.content for c in list_cells(["a"], preset(CONTENT), 0))
    assert (plane["case"], plane["dim"]) == ("2d", 2)
    assert plane["net"] == {"width": 3, "depth": 1}
    assert space["net"] == {"width": 5, "depth": 1}
    assert CONTENT["net"] == {"width": 5, "depth": 1}
    assert "case" not in CONTENT


def test_costs_of_cases_add_up_and_carry_the_case():
    costs = {"train_seconds": 2.0, "steps": 10, "parameters": 7, "loss": 0.5}
    plane, _, space, _ = list_cells(["a"], preset(CONTENT), 0)
    first = add_case({}, with_costs(plane, costs, {"r2_2d": 0.9}))
    both = add_case(first, with_costs(space, {**costs, "steps": 30}, {"r2_3d": 0.8}))
    assert both["steps"] == 40
    assert (both["steps_2d"], both["steps_3d"]) == (10, 30)
    assert both["train_seconds"] == 4.0
    assert (both["loss_2d"], both["r2_2d"], both["r2_3d"]) == (0.5, 0.9, 0.8)
    assert "loss" not in both


def test_means_run_over_seeds_and_keep_what_they_are_of():
    records = {
        3: {"r2": 0.8, "errors": {"rho": {"0.1": 1.0}}, "steps": 5},
        4: {"r2": 0.6, "errors": {"rho": {"0.1": 3.0}}, "steps": 5, "rare": 2.0},
    }
    means = mean_over_seeds(records)
    assert means["r2"] == pytest.approx(0.7, abs=1e-15)
    assert means["errors"] == {"rho": {"0.1": 2.0}}
    assert (means["steps"], means["rare"]) == (5, 2.0)
    assert isinstance(means["steps"], int)
    assert means["seeds"] == {"3": records[3], "4": records[4]}
    assert mean_over_seeds({3: records[3]}) == records[3]


def test_tables_show_means_and_no_single_seeds():
    means = mean_over_seeds({0: {"r2_2d": 1.0}, 1: {"r2_2d": 0.0}})
    rows = metric_rows({"a": means}, [MetricRow("r2", "Accuracy", "R2", "largest")])
    assert [(r.label, r.values["a"]) for r in rows] == [("R2 2D", 0.5)]


class Toy(Problem):
    """Fit zero in two dimensions or three."""

    name, summary, models = "toy", "A toy", {"net": "a network"}

    def __init__(self, content, fails_at=None):
        self.presets = {"quick": preset(content)}
        self.fails_at, self.measured, self.drawn = fails_at, [], None

    def build(self, model, settings, seed):
        dim = settings.dim
        sizes = [dim, settings.width, 1]
        net = dde.nn.FNN(sizes, "tanh", "Glorot normal")
        data = Collocation(lambda x, y: y, uniform_box([0] * dim, [1] * dim), 9)
        data.seed = seed
        model = dde.Model(data, net)

        def compile_model(model):
            model.compile("adam", lr=1e-2, verbose=0)

        stages = [Stage("adam", compile_model, steps=3)]
        return Experiment(model, stages, lambda *_: {}, settings)

    def compute_reference(self, preset, path):
        path.touch()

    def load_reference(self, path):
        return None

    def measure(self, experiment, reference):
        if len(self.measured) == self.fails_at:
            raise RuntimeError("the power is gone")
        self.measured.append(experiment.settings.case)
        key = f"size_{experiment.settings.case}"
        weights = experiment.model.net.state_dict().values()
        return {key: float(sum(w.abs().sum() for w in weights))}

    def draw(self, directory, solutions, metrics):
        self.drawn = set(solutions)
        return []

    def summarize(self, metrics):
        return "Toy."


def train(monkeypatch, out, problem, **options):
    monkeypatch.setattr(runs, "find", lambda name: problem)
    return run(RunOptions("toy", "quick", (), 5, "cpu"), out, **options)


def test_run_trains_all_cells_and_reports_means(monkeypatch, tmp_path):
    toy = Toy(CONTENT)
    metrics = train(monkeypatch, tmp_path, toy)
    net = metrics["models"]["net"]
    assert toy.measured == ["2d", "2d", "3d", "3d"]
    assert toy.drawn == {"net-2d", "net-3d", "reference"}
    assert {p.name for p in (tmp_path / "checkpoints").glob("*[0-9].pt")} == {
        f"net-{case}-seed{k}.pt" for case in CASES for k in (5, 6)
    }
    # 2 x 3 + 3 + 3 + 1 and 3 x 5 + 5 + 5 + 1 parameters.
    assert (net["parameters_2d"], net["parameters_3d"]) == (13, 26)
    assert (net["parameters"], net["steps"], net["steps_2d"]) == (39, 6, 3)
    assert set(net["seeds"]) == {"5", "6"}
    sizes = [net["seeds"][k]["size_3d"] for k in "56"]
    assert sizes[0] != sizes[1]
    assert net["size_3d"] == pytest.approx(sum(sizes) / 2, rel=1e-14)
    assert json.loads((tmp_path / "metrics.json").read_text()) == metrics


def test_interrupted_run_resumes_cell_by_cell(monkeypatch, tmp_path):
    whole = train(monkeypatch, tmp_path / "whole", Toy(CONTENT))
    out = tmp_path / "broken"
    with pytest.raises(RuntimeError, match="power"):
        train(monkeypatch, out, Toy(CONTENT, fails_at=2))
    assert set(json.loads((out / "metrics.json").read_text())["models"]) == {"net"}
    resumed = train(monkeypatch, out, Toy(CONTENT), resume=True)
    for k in "56":
        of = [m["models"]["net"]["seeds"][k] for m in (whole, resumed)]
        for key in ("loss_2d", "loss_3d", "size_2d", "size_3d"):
            assert of[0][key] == of[1][key]


def test_run_of_one_case_and_seed_has_plain_costs(monkeypatch, tmp_path):
    content = {**CONTENT, "seeds": 1, "cases": {"2d": CASES["2d"]}}
    net = train(monkeypatch, tmp_path, Toy(content))["models"]["net"]
    assert (net["steps"], net["parameters"]) == (3, 13)
    assert {"loss", "size_2d"} <= set(net)
    assert not {"seeds", "steps_2d"} & set(net)
    assert (tmp_path / "checkpoints" / "net-2d.pt").exists()
