"""The benchmark of accuracy per second: a tiny run, its resumption, its clock."""

import importlib
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import warm_process
from tqdm import tqdm

FOLDER = Path(__file__).parents[2] / "benchmarks"
MODELS = ("pinn", "ncl-matrix")
OPTIMIZERS = ("adam", "l-bfgs", "nncg", "gauss-newton")


def run(out, *arguments):
    """Run the script as a user does; it sets globals of torch and DeepXDE."""
    script = FOLDER / "accuracy_per_second.py"
    models = [word for model in MODELS for word in ("--model", model)]
    return warm_process.run([script, "--quick", *models, "--out", out, *arguments])


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accuracy")
    result = run(folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("accuracy_per_second")


@pytest.mark.slow
def test_every_pair_has_errors_until_its_time_is_up(out):
    content = json.loads((out / "results.json").read_text())
    runs = content["runs"]
    pairs = [(r["model"], r["optimizer"]) for r in runs]
    assert pairs == [(m, o) for m in MODELS for o in OPTIMIZERS]
    for found in runs:
        assert found["failure"] is None
        seconds = np.array([h["seconds"] for h in found["history"]])
        assert (np.diff(seconds) > 0).all()
        assert seconds[-1] >= content["header"]["seconds"]
        for moment in found["history"]:
            assert list(moment["rho"]) == ["0.1", "0.2", "0.3333"]
            # The mean density, a constant, would have the error 1.
            assert all(0.1 < error < 10 for error in moment["rho"].values())
    assert (out / "results.png").stat().st_size > 20_000


@pytest.mark.slow
def test_finished_pairs_are_not_repeated(out):
    before = json.loads((out / "results.json").read_text())
    dropped = {**before, "runs": before["runs"][:-1]}
    (out / "results.json").write_text(json.dumps(dropped))
    result = run(out)
    assert result.returncode == 0, result.stderr
    after = json.loads((out / "results.json").read_text())
    assert after["runs"][:-1] == before["runs"][:-1]
    assert after["runs"][-1]["history"] != before["runs"][-1]["history"]


@pytest.mark.slow
def test_results_of_other_conditions_are_refused(benchmark, out):
    path = out / "results.json"
    header = json.loads(path.read_text())["header"]
    assert benchmark.load(path, header)
    with pytest.raises(ValueError, match="Choose another directory"):
        benchmark.load(path, {**header, "seed": 1})


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_only_the_stages_of_a_pair_differ_from_the_preset(benchmark, optimizer, quick):
    whole = benchmark.PROBLEM.presets["smoke" if quick else "quick"].content
    content = benchmark.content_of("pinn", optimizer, quick)
    expected = {**whole, **whole.get("pinn", {})}
    may_differ = {*benchmark.PROBLEM.models, *OPTIMIZERS, *expected["stages"], "stages"}
    may_differ |= {"num_domain", "num_initial"} if not quick else set()
    for key in expected.keys() - may_differ:
        assert content[key] == expected[key]
    assert content["stages"][-1] == optimizer
    assert "seconds" not in content[optimizer]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_settings_of_a_pair_end_with_its_optimizer(benchmark, optimizer):
    for model in benchmark.MODELS:
        content = benchmark.content_of(model, optimizer, quick=False)
        settings = benchmark.settings_of(model, content)
        *_, (name, budget) = settings.schedule
        assert name == budget.optimizer == optimizer
        assert (budget.steps, budget.seconds) == (sys.maxsize, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "curl"], "--model: must be one of pinn,"),
        (["--optimizer", "sgd"], "--optimizer: must be one of adam,"),
        (["--seconds", "0"], "--seconds: must be positive, got 0"),
    ],
)
def test_bad_arguments_are_named(benchmark, tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit):
        benchmark.options_of([*arguments, "--out", str(tmp_path)])
    assert message in capsys.readouterr().err


def test_clock_stands_while_errors_are_computed(benchmark):
    def slow(points, _):
        time.sleep(0.2)
        return {"rho": points[:, :1]}

    model = SimpleNamespace(
        train_state=SimpleNamespace(loss_train=[1.0, 2.0]), stop_training=False
    )
    instants = [0.01, 0.02, 0.03]
    with tqdm(total=1.0, disable=True) as bar:
        recorder = benchmark.Recorder(slow, slow, instants, bar)
        recorder.set_model(model)
        recorder.on_train_begin()
        while not model.stop_training:
            time.sleep(0.012)
            recorder.on_epoch_end()
    assert 1 < len(recorder.history) <= len(instants)
    # One look at the errors takes six times 0.2 s.
    assert 0.03 <= recorder.seconds < 0.2
    assert [h["loss"] for h in recorder.history] == [3.0] * len(recorder.history)
