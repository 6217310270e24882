"""What the models of the bird migration are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from ncl_deepxde.evaluation.metrics import Array

from .campaign import Campaign
from .solution import TrueSolution

__all__ = ["FlightReference", "NearestObservation", "describe", "load"]


@dataclass(frozen=True)
class NearestObservation:
    """The density and velocity that the nearest radar has measured.

    Distances are in network units; the vertical velocity is 0. Unknown values are NaN.

    Attributes:
        campaign: The observations.
    """

    campaign: Campaign

    def __call__(self, points: Array, time: float | None = None) -> dict[str, Array]:
        """Look up ``rho`` (N, 1) in birds/km3 and ``u`` (N, 3) in km/h.

        Args:
            points: Columns x, y, z in km and t in hours, (N, 4); without t, (N, 3), if
                a time is given.
            time: Hours since the start.
        """
        if time is not None:
            points = np.pad(points, [(0, 0), (0, 1)], constant_values=time)
        _, rows = self._tree.query(self.campaign.units.points_in(points))
        velocity = np.pad(self.campaign.velocity[rows], [(0, 0), (0, 1)])
        return {"rho": self.campaign.density[rows], "u": velocity}

    @cached_property
    def _tree(self) -> Any:
        return cKDTree(self.campaign.units.points_in(self.campaign.points))


FlightReference: TypeAlias = NearestObservation | TrueSolution


def load(path: Path) -> FlightReference:
    """Read the truth of a synthetic campaign, or the observations of a real one.

    Args:
        path: A file that ``Campaign.save`` wrote.
    """
    campaign = Campaign.load(path)
    if campaign.is_synthetic:
        return TrueSolution(campaign)
    return NearestObservation(campaign)


def describe(path: Path) -> dict[str, Any]:
    """Tell what was observed, and what was left out."""
    campaign = Campaign.load(path)
    return {
        "solver": "closed form" if campaign.is_synthetic else "observations",
        "radars": len(campaign.radars),
        "held_out": campaign.held_out,
        "rows": len(campaign),
        "start": f"{campaign.start} UTC",
        "hours": float(campaign.points[:, 3].max()),
        "projection": campaign.projection.definition,
        "left_out": dict(campaign.left_out),
    }
