"""What decides a result of the Euler torus."""

from __future__ import annotations

from typing import Literal

from ncl_deepxde.runs import Count, Positive, checked

from ..settings import BudgetedStages, EulerSettings

__all__ = ["ExactSettings", "PlainSettings", "TorusModel", "TorusSettings"]


@checked
class TorusSettings(EulerSettings):
    """What no model changes by itself; the paper leaves some to the models.

    Attributes:
        windows: Number of windows of time of the models with a hard start.
        harmonics: Harmonics of the embedding of each axis.
        activation: Activation of all networks.
        scale: Factor of the initial weights.
        momentum: Weight of each component of the momentum residual.
        incompressibility: Weight of incompressibility.
        continuity: Weight of continuity, for plain networks.
        closure: Weight of each component of the closure, for ``ncl-tensor``.
    """

    windows: Count
    harmonics: Count
    activation: Literal["sin", "tanh"]
    scale: Positive | None = None
    momentum: Positive | None = None
    incompressibility: Positive | None = None
    continuity: Positive | None = None
    closure: Positive


@checked
class TorusModel(TorusSettings):
    """What a model sees."""

    scale: Positive
    momentum: Positive
    incompressibility: Positive
    stages: BudgetedStages


@checked
class PlainSettings(TorusModel):
    """What a plain network sees."""

    continuity: Positive


@checked
class ExactSettings(TorusModel):
    """What a network with exact continuity sees.

    Attributes:
        potential_scale: Factor of the field of the potentials, see ``nn.NCL``.
    """

    potential_scale: Positive | None = None
