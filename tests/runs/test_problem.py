"""What a problem must offer, and what it need not."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from ncl_deepxde.runs import DataProblem, Experiment, Problem

REQUIRED = {"build", "compute_reference", "load_reference", "measure"}


class Smallest(Problem):
    """A problem that offers no more than it must."""

    name, summary, models, presets = "smallest", "Nothing", {}, {}

    def build(self, model, settings, seed):
        return Experiment(None, [], lambda points, time: {}, settings)

    def compute_reference(self, preset, path):
        path.touch()

    def load_reference(self, path):
        return lambda points, time: {}

    def measure(self, experiment, reference):
        return {}


def test_the_four_steps_of_a_problem_are_required() -> None:
    assert Problem.__abstractmethods__ == REQUIRED
    assert DataProblem.__abstractmethods__ == REQUIRED | {"with_data"}
    with pytest.raises(TypeError, match="abstract"):
        Problem()


def test_figures_sentences_and_colors_may_be_missing(tmp_path: Path) -> None:
    problem = Smallest()
    assert problem.draw(tmp_path, {}, {}) == []
    assert problem.summarize({}) == ""
    assert problem.describe_reference(tmp_path / "reference.npz") == {}
    assert (problem.rows, dict(problem.colors)) == ((), {})
    with pytest.raises(TypeError):
        problem.colors["ncl"] = "red"


def test_an_experiment_is_frozen_and_logs_no_errors_by_default() -> None:
    experiment = Smallest().build("net", None, 0)
    assert experiment.evaluate is None
    with pytest.raises(FrozenInstanceError):
        experiment.settings = 3
