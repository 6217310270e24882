"""What decides a result of optimal transport."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ncl_deepxde.runs import Count, NonNegative, Positive, Settings, checked

__all__ = [
    "CostSamples",
    "FlowSettings",
    "ICNNSettings",
    "LFlowSettings",
    "ReferenceSamples",
    "StageSettings",
    "SubharmonicSettings",
    "TransportEvaluation",
    "TransportSettings",
]

Size = Annotated[int, Field(ge=2)]


def _as_tuple(value: Any) -> Any:
    """Read a single number as a list of one."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


@checked
class ReferenceSamples:
    """Samples between which discrete transport is solved.

    Attributes:
        n: Sizes of the samples; a single one needs no list in JSON.
        repeats: Number of samples of each size.
        method: Estimator of the cost, a key of ``ESTIMATORS``.
    """

    n: Annotated[tuple[Size, ...], BeforeValidator(_as_tuple)]
    repeats: Count
    method: Literal["exact", "sinkhorn", "sliced", "minibatch"] = "exact"


@checked
class CostSamples:
    """Samples that a map moves, so that its cost is known.

    Attributes:
        n: Points of each sample.
        repeats: Number of samples.
    """

    n: Count
    repeats: Count


@checked
class TransportEvaluation:
    """How precisely a trained model is measured and drawn.

    Attributes:
        cost: Samples for the cost of the map.
        arrival_points: Points of each sample for the distance from image to target.
        terminal_points: Points of each end for the error of the density.
        continuity_points: Points for the residual of continuity.
        mass_grid: Points per axis for the error of the mass.
        frames: Frames of the animation.
    """

    cost: CostSamples
    arrival_points: Count
    terminal_points: Size
    continuity_points: Count
    mass_grid: Count
    frames: Count


@checked
class TransportSettings(Settings):
    """What no model changes; a case is a pair of densities by name.

    Attributes:
        box: Half side of the box in which some points are drawn uniformly; ``None`` for
            one that holds nearly all mass.
        times: Number of distinct times in a batch; ``None`` for one for each point.
        reference: Samples of the reference.
        evaluation: Numbers of points of the metrics.
    """

    box: Positive | None
    times: Count | None
    reference: ReferenceSamples
    evaluation: TransportEvaluation


@checked
class StageSettings:
    """A stage of training a flow.

    Attributes:
        steps: Number of steps.
        terminal_weight: Weight of each end against the kinetic energy.
        lr: Learning rate at the first step.
        least_lr: Learning rate at the last step.
    """

    steps: Count
    terminal_weight: Positive
    lr: Positive
    least_lr: Positive


@checked
class FlowSettings(TransportSettings):
    """What all flows share.

    Attributes:
        batch: Points of each of the two ends and of the box, at every step.
        terminal: How far an end is from its density, a key of ``TERMINALS``.
        clip: Largest norm of the gradient.
        terminal_weight: Weight of the ends in stages that leave it out.
        lr: Learning rate at the first step of stages that leave it out.
        least_lr: Learning rate at the last step of stages that leave it out.
        stages: Stages of training, one after the other.
    """

    batch: Count
    terminal: Literal["squared", "absolute", "divergence"]
    clip: Positive
    terminal_weight: Positive | None = None
    lr: Positive | None = None
    least_lr: Positive | None = None
    stages: tuple[StageSettings, ...]

    @field_validator("stages", mode="before")
    @classmethod
    def _complete(cls, stages: Any, info: ValidationInfo) -> Any:
        """Give each stage what it leaves out."""
        shared = {
            name: info.data[name]
            for name in ("terminal_weight", "lr", "least_lr")
            if info.data.get(name) is not None
        }
        return tuple(
            {**shared, **stage} if isinstance(stage, dict) else stage
            for stage in stages
        )


@checked
class LFlowSettings(FlowSettings):
    """What a Lagrangian flow network sees; sizes as in ``ncl_deepxde.nn.LFlow``."""

    blocks: Count
    depth: Count
    width: Count
    frequency: Positive
    affine: bool
    time_embedding: tuple[Count, ...]


@checked
class SubharmonicSettings(FlowSettings):
    """What a mixture of moving Gaussians sees.

    Sizes as in ``ncl_deepxde.nn.SubharmonicNCL``, whose ``width`` is ``gaussian_width``
    here.
    """

    components: Count
    hidden: tuple[Count, ...]
    solenoidal: tuple[Count, ...]
    activation: str
    construction: Literal["subharmonic", "transport"]
    spread: Positive
    gaussian_width: Positive


@checked
class ICNNSettings(TransportSettings):
    """What a pair of input-convex networks sees.

    Attributes:
        widths: Widths of the hidden layers.
        has_parabola: Whether both start from a parabola.
        batch: Samples of each density at every step.
        penalty: Weight of the penalty for negative weights.
        inner: Steps of the second network for each step of the first.
        betas: Decay rates of Adam.
        lr: Learning rate at the first step.
        least_lr: Learning rate at the last step.
        steps: Number of steps of the first network.
    """

    widths: tuple[Count, ...]
    has_parabola: bool
    batch: Count
    penalty: NonNegative
    inner: Count
    betas: tuple[float, float]
    lr: Positive
    least_lr: Positive
    steps: Count
