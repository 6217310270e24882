"""Budgets of the stages of training: how long, at how many points, by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from ncl_deepxde.runs import Count, Positive, checked

__all__ = [
    "AdamBudget",
    "Budget",
    "GaussNewtonBudget",
    "GaussNewtonOptions",
    "LBFGSBudget",
    "LBFGSOptions",
    "NNCGBudget",
    "NNCGOptions",
    "StageBudget",
    "given",
]


@checked
class Budget:
    """How long a stage lasts and which points it sees.

    Attributes:
        steps: Number of steps; the limit that is reached first ends the stage.
        seconds: Training time of the stage.
        resample_every: Number of steps that share their points.
        num_domain: Number of points of the equations, where it changes.
        num_initial: Number of points of the initial state, where it changes.
        num_wall: Number of points on the wall, where it changes.

    Raises:
        ValueError: Neither steps nor seconds are given.
    """

    steps: Count | None = None
    seconds: Positive | None = None
    resample_every: Count = 1
    num_domain: Count | None = None
    num_initial: Count | None = None
    num_wall: Count | None = None

    def __post_init__(self) -> None:
        if self.steps is None and self.seconds is None:
            raise ValueError("steps or seconds must be given, or both")

    @property
    def condition_points(self) -> Mapping[str, int | None]:
        """Numbers of points by condition, ``None`` where a number stays."""
        return {"initial": self.num_initial, "wall": self.num_wall}


def _has_both(drop: float | None, known: ValidationInfo) -> float | None:
    """Refuse one of ``drop`` and ``drop_at`` without the other."""
    if (drop is None) != (known.data.get("drop_at") is None):
        raise ValueError("drop and drop_at must be given together, or left out")
    return drop


@checked
class AdamBudget(Budget):
    """A stage by Adam, whose learning rate may drop once.

    Attributes:
        optimizer: Name of the optimizer.
        lr: Learning rate at the start.
        drop_at: Step at which the learning rate drops.
        drop: Factor of the learning rate from that step on.
    """

    optimizer: Literal["adam"] = "adam"
    lr: Positive
    drop_at: Count | None = None
    drop: Annotated[
        Positive | None, Field(validate_default=True), AfterValidator(_has_both)
    ] = None


@checked
class LBFGSOptions:
    """Keywords of ``torch.optim.LBFGS``, of its defaults where left out."""

    max_iter: Count | None = None
    history_size: Count | None = None


@checked
class LBFGSBudget(Budget):
    """A stage by L-BFGS; one step is ``max_iter`` iterations at the same points."""

    optimizer: Literal["l-bfgs"] = "l-bfgs"
    options: LBFGSOptions = LBFGSOptions()


@checked
class NNCGOptions:
    """Keywords of DeepXDE's ``NNCG``, of its defaults where left out."""

    rank: Count | None = None
    mu: Positive | None = None
    update_freq: Count | None = None
    cg_max_iters: Count | None = None


@checked
class NNCGBudget(Budget):
    """A stage by DeepXDE's NysNewtonCG."""

    optimizer: Literal["nncg"] = "nncg"
    options: NNCGOptions = NNCGOptions()


@checked
class GaussNewtonOptions:
    """Keywords of ``ncl_deepxde.optimizers.GaussNewton``, see there."""

    damping: Positive | None = None
    damping_range: tuple[Positive, Positive] | None = None
    decay: Positive | None = None


@checked
class GaussNewtonBudget(Budget):
    """A stage by Gauss-Newton."""

    optimizer: Literal["gauss-newton"] = "gauss-newton"
    options: GaussNewtonOptions = GaussNewtonOptions()


StageBudget = Annotated[
    AdamBudget | LBFGSBudget | NNCGBudget | GaussNewtonBudget,
    Field(discriminator="optimizer"),
]
"""Of a stage whose name is free: its budget names the optimizer."""


def given(options: LBFGSOptions | NNCGOptions | GaussNewtonOptions) -> dict[str, Any]:
    """Return the keywords that are given."""
    return {key: value for key, value in asdict(options).items() if value is not None}
