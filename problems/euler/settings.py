"""What decides a result of the Euler problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, ValidationInfo

from ncl_deepxde.data import kronecker_box, uniform_box
from ncl_deepxde.data.samplers import Sampler
from ncl_deepxde.runs import Count, Positive, Settings, checked

from .budgets import (
    AdamBudget,
    GaussNewtonBudget,
    LBFGSBudget,
    NNCGBudget,
    StageBudget,
)

__all__ = ["BudgetedStages", "Discretization", "EulerSettings", "Stages"]

Stages: TypeAlias = tuple[
    Literal["adam", "l-bfgs", "nncg", "gauss-newton", "more points", "most points"],
    ...,
]

BOXES = {"uniform": uniform_box, "kronecker": kronecker_box}


@checked
class Discretization:
    """How fine the reference is.

    Attributes:
        n: Number of cells along an axis of the torus or a radius of the ball.
        dt: Time step.
    """

    n: Count
    dt: Positive


@checked
class EulerSettings(Settings):
    """What the Euler problems share.

    Attributes:
        t_end: Last time.
        points: How points spread, at random or evenly.
        per_volume: Whether residuals are divided by a power of the density, see
            :func:`.equations.flow_residuals`.
        ramp: Time in which a hard initial state fades.
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        initializer: DeepXDE's name of the initializer, or that of the paper.
        num_domain: Number of points of the equations.
        num_initial: Number of points of a soft initial state.
        initial: Weight of each component of the initial state.
        reference: How fine the reference is.
        adam: Budget of the stage of this name, as are those that follow.
        more_points: Budget of a stage that goes on with more points.
        most_points: Budget of a further stage of this kind.
        stages: Names of the stages in their order.
    """

    t_end: Positive
    points: Literal["uniform", "kronecker"]
    per_volume: bool
    ramp: Positive
    width: Count
    depth: Count
    initializer: Literal["LeCun normal", "Glorot normal"]
    num_domain: Count
    num_initial: Count
    initial: Positive
    reference: Discretization
    adam: AdamBudget | None = None
    l_bfgs: Annotated[LBFGSBudget | None, Field(alias="l-bfgs")] = None
    nncg: NNCGBudget | None = None
    gauss_newton: Annotated[GaussNewtonBudget | None, Field(alias="gauss-newton")] = (
        None
    )
    more_points: Annotated[StageBudget | None, Field(alias="more points")] = None
    most_points: Annotated[StageBudget | None, Field(alias="most points")] = None
    stages: Stages

    @property
    def hidden(self) -> list[int]:
        """Widths of the hidden layers."""
        return [self.width] * self.depth

    @property
    def box(self) -> Callable[[Sequence[float], Sequence[float]], Sampler]:
        """Makes the sampler of a box from its corners."""
        return BOXES[self.points]

    @property
    def schedule(self) -> list[tuple[str, StageBudget]]:
        """Stages in their order, each with its name and its budget."""
        budgets: Mapping[str, StageBudget | None] = {
            "adam": self.adam,
            "l-bfgs": self.l_bfgs,
            "nncg": self.nncg,
            "gauss-newton": self.gauss_newton,
            "more points": self.more_points,
            "most points": self.most_points,
        }
        found = [(name, budgets[name]) for name in self.stages]
        return [(name, budget) for name, budget in found if budget is not None]


def _have_budgets(stages: Stages, known: ValidationInfo) -> Stages:
    """Refuse stages without a budget; fields of a name come first, with underscores."""
    for name in stages:
        field = name.replace("-", "_").replace(" ", "_")
        # A budget that is wrong is missing here, and refused already.
        if known.data.get(field, name) is None:
            raise ValueError(f"every stage needs a budget, {name!r} has none")
    return stages


BudgetedStages = Annotated[Stages, Field(min_length=1), AfterValidator(_have_budgets)]
"""Of what a model sees: stages that all have a budget."""
