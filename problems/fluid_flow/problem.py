r"""Simulated fluid flow: densities and velocities observed in half of a box.

Four Gaussians swirl in the box (``_moving_gaussians``), in the plane and in space. In
two opposite quadrants, noisy densities and velocities are known at 21 times in
:math:`[0, 1]`; the task is the density in the other two, for :math:`t \in [0, 1.2]`.
Nothing but

.. math:: \partial_t\rho + \nabla\cdot(\rho u) = 0

connects the quadrants. Loss of all models: squared differences of :math:`\log(1 +
\rho)` (of :math:`\rho` for ``ncl-subharmonic``) and of the velocity (its momentum),
besides terms of their own (``_fluid_flow_models``).

Metrics: R2 of the density in the test region; consistency, the SMAPE between the
density and the one that the model's own velocity makes of its initial density.

Source: F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024),
section 5.1 and appendix A.4, https://arxiv.org/abs/2305.16846. Preset ``paper`` has the
weights and schedules of the released code; put right are the columns of the collocation
points of ``pinn`` in space, the kernel of ``ncl-subharmonic`` in space, and that the
threshold of the consistency is one for the density at the time in question.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import deepxde as dde

from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.runs import Experiment, Figure, Problem
from ncl_deepxde.runs.cells import merge

from . import measures as _fluid_flow_measures
from . import reference as _fluid_flow_reference
from . import results as _fluid_flow_results
from .models import MODELS, build_model
from .presets import PRESETS
from .stages import observations, stages

__all__ = ["PROBLEM", "FluidFlow"]


class FluidFlow(Problem):
    """The problem as the command line sees it."""

    name = "fluid-flow"
    summary = "Density of a swirling fluid from observations in half of a box"
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
        parts = build_model(model, own)
        data = observations(parts, own, seed)
        return Experiment(
            dde.Model(data, parts.net),
            stages(parts, own, data),
            NetworkSolution(parts.net, output="velocity"),
            settings,
        )

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Write values of the exact flow on a grid."""
        _fluid_flow_reference.compute(settings, path)

    def load_reference(self, path: Path) -> Solution:
        """Return the exact flow, for points in the plane or in space."""
        return _fluid_flow_reference.exact

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return how the exact flow is known, and its conservation on the grid."""
        return _fluid_flow_reference.describe(path)

    def measure(self, experiment: Experiment, reference: Solution) -> dict[str, Any]:
        """Return R2, consistency, errors of velocity, continuity and mass."""
        net = experiment.model.net
        solution = NetworkSolution(net, output="velocity")
        return _fluid_flow_measures.measure(solution, experiment.settings)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw density, velocity, trajectories, spread over seeds, losses."""
        settings = self.presets[metrics["preset"]].settings
        return _fluid_flow_results.draw(directory, solutions, metrics, settings)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in numbers."""
        cases = list(self.presets[metrics["preset"]].settings["cases"])
        return _fluid_flow_results.summarize(metrics, cases)


PROBLEM = FluidFlow()
