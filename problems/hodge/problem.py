r"""The Hodge decomposition of a vector field on a torus of many dimensions.

.. math:: \hat v = \nabla w + \eta + c, \qquad \nabla\cdot\eta = 0,

a gradient, a divergence-free field of mean 0 and a constant, which are orthogonal in
:math:`L^2(\mathbb T^n)` and unique. Models see the field :math:`\hat v` alone, at fresh
random points; known are its parts (``_hodge_target``), with c = 0. A case is a
dimension n.

Metrics, each by case: :math:`\|v_\theta - \eta\|^2 / \|\eta\|^2`, the divergence of
:math:`v_\theta` in units of its largest term, memory of a step of training by point.

Source: J. Richter-Powell et al., Neural Conservation Laws (NeurIPS 2022), section 6,
https://arxiv.org/abs/2210.01741. Put right are the period, which is that of the cube
the points are drawn from, and the potential, whose gradient is periodic too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.runs import Experiment, Figure, Problem
from ncl_deepxde.runs.cells import merge

from . import reference as _hodge_reference
from . import results as _hodge_results
from .measures import error_while_training, measure
from .models import MODELS, build_model
from .presets import PRESETS

__all__ = ["PROBLEM", "Hodge"]


class Hodge(Problem):
    """The problem as the command line sees it."""

    name = "hodge"
    summary = "Hodge decomposition of a vector field in many dimensions"
    models = MODELS
    presets = PRESETS

    def build(self, model: str, settings: Mapping[str, Any], seed: int) -> Experiment:
        """Return a fresh model with its stages of training.

        Args:
            model: A key of ``models``.
            settings: Of a case of a preset.
            seed: Of the points.
        """
        own = merge(settings, settings.get(model, {}))
        found = build_model(model, own, seed)
        part: Any = found.solution
        evaluate = error_while_training(part, settings)
        return replace(found, settings=settings, evaluate=evaluate)

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Write the sizes of the known parts, for all cases."""
        _hodge_reference.compute(settings, path)

    def load_reference(self, path: Path) -> Any:
        """Return the fields with their known parts, by case."""
        return _hodge_reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return the sizes of the known parts."""
        return _hodge_reference.describe(path)

    def measure(self, experiment: Experiment, reference: Any) -> dict[str, Any]:
        """Return all metrics of a case, each by the dimension."""
        case = experiment.settings["case"]
        return {key: {case: value} for key, value in measure(experiment).items()}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw the error against the time of training, and slices of the fields."""
        settings = self.presets[metrics["preset"]].settings
        return _hodge_results.draw(directory, solutions, metrics, settings)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in numbers."""
        return _hodge_results.summarize(metrics)


PROBLEM = Hodge()
