r"""Simulated fluid flow: densities and velocities observed in half of a box.

Four Gaussians swirl in the box (``exact``), in the plane and in space. In two opposite
quadrants, noisy densities and velocities are known at 21 times in :math:`[0, 1]`; the
task is the density in the other two, for :math:`t \in [0, 1.2]`. Nothing but

.. math:: \partial_t\rho + \nabla\cdot(\rho u) = 0

connects the quadrants. The loss of all models holds squared differences of
:math:`\log(1 + \rho)` and of the velocity (for ``ncl-subharmonic`` of :math:`\rho` and
of the momentum), besides terms of each model (``models``).

Metrics: R2 of the density in the test region; consistency, the SMAPE between the
density and the one that the model's velocity makes of its initial density.

Preset ``paper`` has the weights and schedules of the released code. Put right are the
columns of the collocation points of ``pinn`` in space, the kernel of
``ncl-subharmonic`` in space, and that the threshold of the consistency is one for the
density at the time in question.

References:
    F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), section 5.1 and
    appendix A.4, https://arxiv.org/abs/2305.16846.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import deepxde as dde

from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.evaluation.solution import NetworkSolution
from ncl_deepxde.runs import Experiment, Figure, Preset, Problem

from ..observed import COLORS, observations
from . import reference, results
from .exact import training_source
from .measures import ROWS, measure
from .models import MODELS, build_model
from .presets import PRESETS
from .settings import FluidModel, FluidSettings
from .stages import list_stages

__all__ = ["PROBLEM", "FluidFlow"]


class FluidFlow(Problem[FluidModel]):
    """The problem as the command line sees it."""

    name = "fluid-flow"
    summary = "Density of a swirling fluid from observations in half of a box"
    models = MODELS
    presets = PRESETS
    rows = ROWS
    colors = COLORS

    def build(
        self, model: str, settings: FluidModel, seed: int
    ) -> Experiment[FluidModel]:
        """Build a fresh model with its stages of training."""
        observed = build_model(settings)
        source = training_source(settings.dim)
        data = observations(observed, source, settings.num_observations, seed)
        return Experiment(
            dde.Model(data, observed.net),
            list_stages(observed, settings, data),
            NetworkSolution(observed.net, output="velocity"),
            settings,
        )

    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Write values of the exact flow on a grid."""
        settings: FluidSettings = preset.settings(case=preset.cases[0])
        reference.compute(settings.reference, path)

    def load_reference(self, path: Path) -> Solution:
        """Return the exact flow, for points in the plane or in space."""
        return reference.exact

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell how the exact flow is known, and its conservation on the grid."""
        return reference.describe(path)

    def measure(
        self, experiment: Experiment[FluidModel], reference: Solution
    ) -> dict[str, Any]:
        """Measure R2, consistency, errors of velocity, continuity and mass."""
        solution = NetworkSolution(experiment.model.net, output="velocity")
        return measure(solution, experiment.settings)

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw density, velocity, trajectories, spread over seeds, losses."""
        preset = self.presets[metrics["preset"]]
        return results.draw(directory, solutions, metrics, preset)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Say what the run shows, in numbers."""
        return results.summarize(metrics, self.presets[metrics["preset"]].cases)


PROBLEM = FluidFlow()
