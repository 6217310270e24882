r"""The Hodge decomposition of a vector field on a torus of many dimensions.

.. math:: \hat v = \nabla w + \eta + c, \qquad \nabla\cdot\eta = 0,

a gradient, a divergence-free field of mean 0 and a constant, which are orthogonal in
:math:`L^2(\mathbb T^n)` and unique. Models see the field :math:`\hat v` alone, at fresh
random points; known are its parts (``target``), with c = 0. A case is a
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
from ncl_deepxde.runs import Experiment, Figure, Preset, Problem

from . import reference, results
from .measures import ROWS, error_while_training, measure
from .models import MODELS, build_model
from .presets import PRESETS
from .settings import HodgeModel

__all__ = ["PROBLEM", "Hodge"]


class Hodge(Problem[HodgeModel]):
    """The problem as the command line sees it."""

    name = "hodge"
    summary = "Hodge decomposition of a vector field in many dimensions"
    models = MODELS
    presets = PRESETS
    rows = ROWS

    def build(
        self, model: str, settings: HodgeModel, seed: int
    ) -> Experiment[HodgeModel]:
        """Build a fresh model with its stages of training."""
        found = build_model(model, settings, seed)
        part: Any = found.solution
        return replace(found, evaluate=error_while_training(part, settings))

    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Write the sizes of the known parts, for all cases."""
        reference.compute(preset, path)

    def load_reference(self, path: Path) -> Any:
        """Read the fields with their known parts, by case."""
        return reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell the sizes of the known parts."""
        return reference.describe(path)

    def measure(
        self, experiment: Experiment[HodgeModel], reference: Any
    ) -> dict[str, Any]:
        """Measure a case; each metric is by the dimension."""
        case = experiment.settings.case
        return {key: {case: value} for key, value in measure(experiment).items()}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw the error against the time of training, and slices of the fields."""
        preset = self.presets[metrics["preset"]]
        return results.draw(directory, solutions, metrics, preset)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Say what the run shows, in numbers."""
        return results.summarize(metrics)


PROBLEM = Hodge()
