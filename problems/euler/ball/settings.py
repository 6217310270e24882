"""What decides a result of the Euler ball."""

from __future__ import annotations

from typing import Literal

from ncl_deepxde.runs import Count, Positive, checked

from ..settings import BudgetedStages, EulerSettings

__all__ = ["BallSettings"]


@checked
class BallSettings(EulerSettings):
    """What every model sees.

    Attributes:
        start: Velocity that soft models start from: the one the wall admits, or that
            of the paper.
        construction: Construction of ``curl``.
        mean_density: Mean density of ``ncl-vector``, see ``nn.NCL``.
        activation: Activation of all networks.
        scale: Factor of the initial weights.
        num_wall: Number of points on a soft wall.
        momentum: Weight of each component of the momentum residual.
        incompressibility: Weight of incompressibility.
        continuity: Weight of continuity.
        wall: Weight of the momentum through the wall.
    """

    start: Literal["compatible", "printed"]
    construction: Literal["matrix", "vector"]
    mean_density: float | Literal["trained"]
    activation: Literal["sharp softplus", "tanh"]
    scale: Positive
    num_wall: Count
    momentum: Positive
    incompressibility: Positive
    continuity: Positive
    wall: Positive
    stages: BudgetedStages
