"""What decides a result of the simulated fluid flow."""

from __future__ import annotations

from typing import Literal

from ncl_deepxde.runs import Settings, checked

from ..observed import Adam, Count, GridAdam, NonNegative, Positive, Pretraining

__all__ = [
    "SCHEMAS",
    "FluidEvaluation",
    "FluidLFlow",
    "FluidModel",
    "FluidPinn",
    "FluidSettings",
    "FluidSlda",
    "FluidSubharmonic",
    "SampledGrid",
]


@checked
class SampledGrid:
    """Where the file of the reference holds the exact flow.

    Attributes:
        n: Number of points per axis.
        dt: Time between two states.
    """

    n: Count
    dt: Positive


@checked
class FluidEvaluation:
    """Where the models are compared with the exact flow.

    Attributes:
        points: Number of points of the test region.
        times: Number of times.
        consistency_points: Largest number of points of the consistency, at each time.
        consistency_candidates: Number of points among which these are chosen.
        least_density: Density above which a point is chosen.
        grid: Number of points per axis that measure the mass.
    """

    points: Count
    times: Count
    consistency_points: Count
    consistency_candidates: Count
    least_density: Positive
    grid: Count


@checked
class FluidFigures:
    """Sizes of the figures.

    Attributes:
        n: Number of points per axis.
        frames: Number of frames of the animation.
        steps: Number of steps of a trajectory.
    """

    n: Count
    frames: Count
    steps: Count


@checked
class FluidSettings(Settings):
    """What no model changes; cases are two and three dimensions.

    Attributes:
        dim: Number of space dimensions.
        reference: Grid of the reference file.
        evaluation: Points of the metrics.
        figures: Sizes of the figures.
    """

    dim: Literal[2, 3]
    reference: SampledGrid
    evaluation: FluidEvaluation
    figures: FluidFigures


@checked
class FluidModel(FluidSettings):
    """What every model has.

    Attributes:
        num_observations: Number of observations of a step.
        velocity: Weight of the velocity.
        adam: Budget of the training.
    """

    num_observations: Count
    velocity: NonNegative
    adam: Adam


@checked
class FluidLFlow(FluidModel):
    """Settings of ``lflow``.

    Attributes:
        blocks: Number of blocks.
        depth: Number of layers of a block.
        width: Width of these layers.
        time_embedding: Widths of the network of time.
        mass: Weight of the mass.
    """

    blocks: Count
    depth: Count
    width: Count
    time_embedding: tuple[Count, ...]
    mass: NonNegative


@checked
class FluidSubharmonic(FluidModel):
    """Settings of ``ncl-subharmonic``.

    Attributes:
        components: Number of Gaussians.
        hidden: Widths of the network of the time, which moves them.
        solenoidal: Widths of the network of the divergence-free part.
        activation: Activation of both.
        construction: How the momentum is made of the density.
        spread: Length scale of the flow.
        width: Standard deviation of the Gaussians before training.
        floor: Density below which the velocity fades out, as ``SubharmonicNCL`` takes
            it.
        num_boundary: Number of points on the sides of the box.
        boundary: Weight of the density there.
        mass: Weight of the mass.
    """

    components: Count
    hidden: tuple[Count, ...]
    solenoidal: tuple[Count, ...]
    activation: str
    construction: Literal["subharmonic", "transport"]
    spread: Positive
    width: Positive
    floor: Positive
    num_boundary: Count
    boundary: NonNegative
    mass: NonNegative


@checked
class FluidPinn(FluidModel):
    """Settings of ``pinn``.

    Attributes:
        frequency: Frequency of the first layer.
        depth: Number of hidden layers.
        width: Width of these layers.
        num_domain: Number of collocation points of a step.
        continuity: Weight of the continuity equation.
        num_boundary: Number of points on the sides of the box.
        boundary: Weight of the density there.
    """

    frequency: Positive
    depth: Count
    width: Count
    num_domain: Count
    continuity: NonNegative
    num_boundary: Count
    boundary: NonNegative


@checked
class FluidSlda(FluidModel):
    """Settings of ``slda``.

    Attributes:
        half_side: Half side of the box of the grid.
        grid: Number of nodes per axis.
        depth: Number of hidden layers of the velocity.
        width: Width of these layers.
        activation: Activation of the velocity.
        tolerance: Tolerance of the trajectories.
        noise: Standard deviation of the log-density before training.
        num_boundary: Number of points on the sides of the box.
        density: Weight of the density.
        boundary: Weight of the normal velocity on the sides.
        mass: Weight of the mass.
        adam: Budget of the training.
        pretraining: Budget of the training before, on the density at the start.
    """

    half_side: Positive
    grid: Count
    depth: Count
    width: Count
    activation: str
    tolerance: Positive
    noise: NonNegative
    num_boundary: Count
    density: NonNegative
    boundary: NonNegative
    mass: NonNegative
    adam: GridAdam
    pretraining: Pretraining


SCHEMAS: dict[str, type[FluidModel]] = {
    "lflow": FluidLFlow,
    "ncl-subharmonic": FluidSubharmonic,
    "pinn": FluidPinn,
    "slda": FluidSlda,
}
