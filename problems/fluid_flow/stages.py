"""What the models of the simulated fluid flow are trained on, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ncl_deepxde.data import Observations
from ncl_deepxde.runs import Stage

from ..observed import stages as observed
from ..observed.model import ObservedModel
from .exact import training_source

__all__ = ["observations", "stages"]

Settings = Mapping[str, Any]


def observations(parts: ObservedModel, own: Settings, seed: int) -> Observations:
    """Return what a model is trained on.

    Args:
        parts: The model.
        own: Its settings.
        seed: Of the points.
    """
    return Observations(
        training_source(own["dim"]),
        own["num_observations"],
        density=parts.density,
        velocity=parts.velocity,
        output="velocity",
        conditions=parts.conditions,
        penalties=[penalty for penalty, _ in parts.penalties],
        seed=seed,
        num_test=min(own["num_observations"], 1000),
    )


def stages(parts: ObservedModel, own: Settings, data: Observations) -> list[Stage]:
    """Return the stages of training.

    Args:
        parts: The model.
        own: Its settings, with ``adam`` and perhaps ``pretraining``.
        data: What it is trained on.
    """
    at_start = training_source(own["dim"], times=1)
    return observed.stages(parts, own, data, at_start)
