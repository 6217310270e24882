r"""Bird migration: densities and velocities measured by a few weather radars.

Radars count birds above them, some tens of kilometers around: densities in birds/km3
and horizontal velocities by altitude, for several nights. The task is the flow
everywhere between them, judged at radars that were held out. Nothing but

.. math:: \partial_t\rho + \nabla\cdot(\rho u) = 0

connects the radars, in three dimensions: the vertical velocity is not measured, and
birds that land by day go on below the ground, where no radar sees them. Loss of all
models: squared differences of :math:`\log(1 + \rho)` and of the velocity in 1000 km per
day, besides terms of their own (``_bird_models``).

Data: files that ``ncl_deepxde.radar.read`` knows, by ``--data``; without, what 37 real
stations would see of a migration in closed form (``_bird_synthetic``). Of more than
three nights those with the most birds count. All radars share one clock, UTC.

Metrics: errors of density and velocity at the held-out radars (``_bird_measures``);
consistency, the SMAPE between the density and the one that the model's own velocity
makes of its density at the start.

Source: F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), section 5.3
and appendix A.6, https://arxiv.org/abs/2305.16846. Preset ``paper`` has the weights and
schedules of the released code. Put right are: densities are not multiplied by the share
of birds again; the clock is the same for all radars; slow birds below a threshold of
density have no velocity, as the paper says; ``pinn`` is a network whose derivatives do
not depend on the rest of the batch; density and momentum of ``ncl-subharmonic`` belong
together; the network of time has more than one output.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import deepxde as dde
import numpy as np

import ncl_deepxde.radar  # noqa: F401  first: it says how to get what is missing
from ncl_deepxde.data import Observations
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.runs import DataProblem, Experiment, Figure
from ncl_deepxde.runs.cells import merge

from ..observed.stages import stages
from . import measures as _bird_measures
from . import reference as _bird_reference
from . import results as _bird_results
from .campaign import Campaign
from .memory import peak_memory
from .models import MODELS, build_model, velocity_noise
from .presets import PRESETS
from .rows import read_campaign, report
from .solution import solution_of

__all__ = ["PROBLEM", "BirdMigration"]


class BirdMigration(DataProblem):
    """The problem as the command line sees it.

    Args:
        files: Measurements; the synthetic network where there are none.
    """

    name = "bird-migration"
    summary = "Density and flight of migrating birds between weather radars"
    models = MODELS
    presets = PRESETS

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self.files = tuple(files)
        self._campaigns: dict[str, Campaign] = {}

    def with_data(self, files: Sequence[Path]) -> BirdMigration:
        """Return the problem of some files."""
        return BirdMigration(files)

    def build(self, model: str, settings: Mapping[str, Any], seed: int) -> Experiment:
        """Return a fresh model with its stages of training.

        Args:
            model: A key of ``models``.
            settings: Of a case of a preset.
            seed: Of the rows of each step.
        """
        own = merge(settings, settings.get(model, {}))
        campaign = self.campaign(settings)
        units = campaign.units
        train, _ = campaign.table(velocity_noise(units)).hold_out(campaign.held_out)
        is_held_out = np.isin(campaign.labels, campaign.held_out)
        density = float(np.nanmean(campaign.density[~is_held_out]))
        parts = build_model(model, own, units, density)
        data = Observations(
            train,
            own["num_observations"],
            density=parts.density,
            velocity=parts.velocity,
            output="velocity",
            conditions=parts.conditions,
            penalties=[penalty for penalty, _ in parts.penalties],
            seed=seed,
            num_test=min(own["num_observations"], 1000),
        )
        return Experiment(
            dde.Model(data, parts.net),
            stages(parts, own, data),
            solution_of(parts.net, units),
            {**settings, "model": model},
        )

    def campaign(self, settings: Mapping[str, Any]) -> Campaign:
        """Return the observations; reads files and reports once."""
        key = json.dumps([settings["data"], settings["reference"]])
        if key not in self._campaigns:
            self._campaigns[key] = read_campaign(self.files, settings)
            report(self._campaigns[key])
        return self._campaigns[key]

    def compute_reference(self, settings: Mapping[str, Any], path: Path) -> None:
        """Write the observations."""
        self.campaign(settings).save(path)

    def load_reference(self, path: Path) -> Solution:
        """Return the truth, or the nearest observation where it is not known."""
        return _bird_reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Return what was observed, and what was left out."""
        return _bird_reference.describe(path)

    def measure(self, experiment: Experiment, reference: Any) -> dict[str, Any]:
        """Return errors at the held-out radars, consistency, continuity, memory."""
        own: Mapping[str, Any] = experiment.settings
        solution: Any = experiment.solution
        found: dict[str, Any] = {
            **_bird_measures.measure(solution, reference, own["evaluation"])
        }
        batches = own["evaluation"]["memory_batches"]
        build = partial(self.build, own["model"], seed=0)
        found["peak_mib"] = peak_memory(build, own["model"], own, batches)
        suffix = f"_{own['case']}" if "case" in own else ""
        return {f"{key}{suffix}": value for key, value in found.items()}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw maps, tracks, held-out radars, spread over seeds, losses."""
        settings = self.presets[metrics["preset"]].settings
        return _bird_results.draw(directory, solutions, metrics, settings)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Return what the run shows, in numbers."""
        cases = list(self.presets[metrics["preset"]].settings.get("cases", {}))
        return _bird_results.summarize(metrics, cases)


PROBLEM = BirdMigration()
