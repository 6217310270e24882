"""Whole runs of a toy problem: cells, means, resume, and what is refused."""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import deepxde as dde
import pytest
import torch

from ncl_deepxde.data import Collocation, uniform_box
from ncl_deepxde.files import read_json
from ncl_deepxde.runs import Experiment, Preset, Problem, Settings, Stage, checked
from ncl_deepxde.runs import run as runs
from ncl_deepxde.runs.run import RunOptions, run, select_device

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
    assert read_json(tmp_path / "metrics.json") == metrics


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


OPTIONS = RunOptions("toy", "quick", ("net", "other net"), 5, "cpu", ("a/b.csv",))


def test_command_repeats_the_run() -> None:
    words = shlex.split(OPTIONS.command(Path("runs/my run")))
    assert words == [
        *("ncl-deepxde", "run", "toy", "--model", "net", "--model", "other net"),
        *("--preset", "quick", "--data", "a/b.csv", "--seed", "5", "--device", "cpu"),
        *("--out", "my run"),
    ]


def test_data_are_kept_by_name_and_content(tmp_path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("1")
    options = replace(OPTIONS, data=(str(path),))
    content = options.content()
    assert set(content["data"]) == {"b.csv"}
    path.write_text("2")
    assert options.content() != content
    assert "data" not in replace(OPTIONS, data=()).content()


def refusal(monkeypatch, out, **changes):
    """Return the message of a run of the toy problem with other options."""
    monkeypatch.setattr(runs, "find", lambda name: Toy(CONTENT))
    options = RunOptions(
        **{"problem": "toy", "preset": "quick", "models": ()}
        | {"seed": 5, "device": "cpu"}
        | changes
    )
    with pytest.raises(ValueError, match=r"^--") as error:
        run(options, out)
    return str(error.value)


def test_bad_options_are_named_before_any_work(monkeypatch, tmp_path) -> None:
    def said(**changes):
        return refusal(monkeypatch, tmp_path / "run", **changes)

    assert said(preset="slow") == "--preset: must be one of quick, got 'slow'."
    assert said(models=("fnn",)) == "--model: must be one of net, got 'fnn'."
    assert said(seed=-1) == "--seed: must be from 0 to 2**32 - 1, got -1."
    takes_none = "--data: toy takes no data, got a.csv. Leave --data out."
    assert said(data=("a.csv",)) == takes_none
    assert not (tmp_path / "run").exists()


def test_a_directory_with_a_run_is_kept_or_continued(monkeypatch, tmp_path) -> None:
    content = {**CONTENT, "seeds": 1, "cases": {"2d": CASES["2d"]}}
    train(monkeypatch, tmp_path, Toy(content))
    with pytest.raises(ValueError, match=r"^--out: .* holds a run already.*--resume"):
        train(monkeypatch, tmp_path, Toy(content))
    wider = {**content, "net": {"width": 6, "depth": 1}}
    with pytest.raises(ValueError, match=r"^--resume: .* other values of settings"):
        train(monkeypatch, tmp_path, Toy(wider), resume=True)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"^--resume: .*config.json is damaged"):
        train(monkeypatch, tmp_path, Toy(content), resume=True)


def test_a_second_run_into_the_directory_is_refused(monkeypatch, tmp_path) -> None:
    content = {**CONTENT, "seeds": 1, "cases": {"2d": CASES["2d"]}}
    toy = Toy(content)
    refused = []

    def load(path):
        with pytest.raises(ValueError, match=r"^--out: another run writes to") as error:
            train(monkeypatch, tmp_path, Toy(content), resume=True)
        refused.append(error)

    toy.load_reference = load
    train(monkeypatch, tmp_path, toy)
    assert len(refused) == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    train(monkeypatch, tmp_path, Toy(content), resume=True)


def test_device_is_chosen_or_refused(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert select_device("auto") == select_device("cpu") == "cpu"
    with pytest.raises(ValueError, match=r"^--device: cuda needs .*Use --device cpu"):
        select_device("cuda")
    with pytest.raises(ValueError, match=r"^--device: must be auto, cpu or cuda, got"):
        select_device("tpu")


def test_resumed_run_has_as_many_threads_as_before(monkeypatch, tmp_path) -> None:
    content = {**CONTENT, "seeds": 1, "cases": {"2d": CASES["2d"]}}
    monkeypatch.setattr(runs, "find", lambda name: Toy(content))
    options = RunOptions("toy", "quick", (), 5, "cpu", threads=2)
    metrics = run(options, tmp_path)
    assert metrics["threads"] == torch.get_num_threads() == 2
    assert json.loads((tmp_path / "config.json").read_text())["threads"] == 2
    torch.set_num_threads(1)
    resumed = run(replace(options, threads=None), tmp_path, resume=True)
    assert resumed["threads"] == torch.get_num_threads() == 2
    assert "--threads 2" in options.command(tmp_path)
    with pytest.raises(ValueError, match=r"^--resume: .* other values of threads"):
        run(replace(options, threads=1), tmp_path, resume=True)
    with pytest.raises(ValueError, match=r"^--threads: must be from 1 .*got 0"):
        run(replace(options, threads=0), tmp_path / "new")
    assert set(metrics["training"]) == {"net-2d"}
    assert metrics["training"]["net-2d"]["state"] == "unknown"
