r"""Bird migration: densities and velocities measured by a few weather radars.

Radars count birds above them, some tens of kilometers around: densities in birds/km3
and horizontal velocities by altitude, for several nights. The task is the flow
everywhere between them, judged at radars that were held out. Nothing but

.. math:: \partial_t\rho + \nabla\cdot(\rho u) = 0

connects the radars, in three dimensions: the vertical velocity is not measured, and
birds that land by day go on below the ground, where no radar sees them. The loss of
all models holds squared differences of :math:`\log(1 + \rho)` and of the velocity in
1000 km per day, besides terms of each model (``models``).

Data: files that ``ncl_deepxde.radar.read`` knows, by ``--data``; without, what 37 real
stations would see of a migration in closed form (``synthetic``). Of more than three
nights those with the most birds count. All radars share one clock, UTC.

Metrics: errors of density and velocity at the held-out radars (``measures``);
consistency, the SMAPE between the density and the one that the model's velocity makes
of its density at the start.

Preset ``paper`` has the weights and schedules of the released code. Put right are:
densities are not multiplied by the share of birds again; the clock is the same for all
radars; slow birds below a threshold of density have no velocity, as the paper says;
``pinn`` is a network whose derivatives do not depend on the rest of the batch; density
and momentum of ``ncl-subharmonic`` belong together; the network of time has more than
one output.

References:
    F. Arend Torres et al., Lagrangian Flow Networks (ICLR 2024), section 5.3 and
    appendix A.6, https://arxiv.org/abs/2305.16846.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import deepxde as dde
import numpy as np

import ncl_deepxde.radar  # noqa: F401  first: it says how to get what is missing
from ncl_deepxde.evaluation.metrics import Solution
from ncl_deepxde.runs import DataProblem, Experiment, Figure, Preset

from ..observed import COLORS, adam, observations
from . import reference, results
from .campaign import Campaign
from .measures import ROWS, measure
from .memory import peak_memory
from .models import MODELS, build_model, velocity_noise
from .presets import PRESETS
from .selection import print_campaign, read_campaign
from .settings import BirdModel, BirdSettings, Scans, Selection
from .solution import solution_of

__all__ = ["PROBLEM", "BirdMigration"]


class BirdMigration(DataProblem[BirdModel]):
    """The problem as the command line sees it.

    Args:
        files: Measurements; the synthetic network where there are none.
    """

    name = "bird-migration"
    summary = "Density and flight of migrating birds between weather radars"
    models = MODELS
    presets = PRESETS
    rows = ROWS
    colors = COLORS

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self.files = tuple(files)
        self._campaigns: dict[tuple[Selection, Scans], Campaign] = {}

    def with_data(self, files: Sequence[Path]) -> BirdMigration:
        """Pose the problem of some files."""
        return BirdMigration(files)

    def build(
        self, model: str, settings: BirdModel, seed: int
    ) -> Experiment[BirdModel]:
        """Build a fresh model with its stages of training."""
        return self._build(settings, seed)

    def _build(self, settings: BirdModel, seed: int) -> Experiment[BirdModel]:
        """Build the model that the class of the settings tells."""
        campaign = self.campaign(settings)
        units = campaign.units
        train, _ = campaign.table(velocity_noise(units)).hold_out(campaign.held_out)
        is_held_out = np.isin(campaign.labels, campaign.held_out)
        density = float(np.nanmean(campaign.density[~is_held_out]))
        observed = build_model(settings, units, density)
        data = observations(observed, train, settings.num_observations, seed)
        return Experiment(
            dde.Model(data, observed.net),
            [adam(observed, settings.adam, data)],
            solution_of(observed.net, units),
            settings,
        )

    def campaign(self, settings: BirdSettings) -> Campaign:
        """Read the observations, once, and print what was left out."""
        key = settings.data, settings.reference
        if key not in self._campaigns:
            self._campaigns[key] = read_campaign(self.files, *key)
            print_campaign(self._campaigns[key])
        return self._campaigns[key]

    def compute_reference(self, preset: Preset, path: Path) -> None:
        """Write the observations."""
        self.campaign(preset.settings()).save(path)

    def load_reference(self, path: Path) -> Solution:
        """Read the truth, or the nearest observation where it is not known."""
        return reference.load(path)

    def describe_reference(self, path: Path) -> dict[str, Any]:
        """Tell what was observed, and what was left out."""
        return reference.describe(path)

    def measure(
        self, experiment: Experiment[BirdModel], reference: Any
    ) -> dict[str, Any]:
        """Measure errors at the held-out radars, consistency, continuity, memory."""
        settings = experiment.settings
        solution: Any = experiment.solution
        found: dict[str, Any] = {**measure(solution, reference, settings.evaluation)}
        found["peak_mib"] = peak_memory(partial(self._build, seed=0), settings)
        suffix = f"_{settings.case}" if settings.case else ""
        return {f"{key}{suffix}": value for key, value in found.items()}

    def draw(
        self,
        directory: Path,
        solutions: Mapping[str, Solution],
        metrics: Mapping[str, Any],
    ) -> list[Figure]:
        """Draw maps, tracks, held-out radars, spread over seeds, losses."""
        preset = self.presets[metrics["preset"]]
        return results.draw(directory, solutions, metrics, preset)

    def summarize(self, metrics: Mapping[str, Any]) -> str:
        """Say what the run shows, in numbers."""
        return results.summarize(metrics, self.presets[metrics["preset"]].cases)


PROBLEM = BirdMigration()
