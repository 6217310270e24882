"""Training within CPU seconds: the clock, the moments, every optimizer."""

import importlib
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from tqdm import tqdm

FOLDER = Path(__file__).parents[2] / "benchmarks"
OPTIMIZERS = ("gauss-newton", "adam", "soap", "l-bfgs", "nncg")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@pytest.fixture
def training(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("precision_training")


@pytest.fixture
def problem(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module("precision_problems").problem


def test_clock_counts_steps_alone(training, monkeypatch):
    now, noted = [0.0], []
    monkeypatch.setattr(time, "process_time", lambda: now[0])

    def note(seconds, steps):
        noted.append((seconds, steps))
        now[0] += 100  # what the error costs

    group = {"lr": 1.0}
    with tqdm(total=4, disable=True) as bar:
        clock = training.Clock(4.0, [2.0, 4.0], note, bar)
        clock.cools = True
        clock.model = SimpleNamespace(opt=SimpleNamespace(param_groups=[group]))
        clock.on_train_begin()
        rates = []
        for _ in range(4):
            now[0] += 1
            clock.on_epoch_end()
            rates.append(group["lr"])
            assert clock.model.stop_training == (clock.steps == 4)
    assert noted == [(2.0, 2), (4.0, 4)]
    assert rates == pytest.approx([0.853553, 0.5, 0.146447, 0.0], abs=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_lowers_the_error(training, problem, optimizer):
    model, error = problem("heat", "plain", 0, 50)
    noted = []
    before = error()
    training.train(
        model, optimizer, {}, 1.5, 3, lambda s, n: noted.append((s, n, error()))
    )
    seconds, steps, errors = zip(*noted, strict=True)
    assert sorted(seconds) == list(seconds)
    assert seconds[-1] >= 1.5
    assert steps[-1] >= 3
    assert errors[-1] < before / 2
