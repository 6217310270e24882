"""What decides a result of the bird migration."""

from __future__ import annotations

from typing import Literal

from ncl_deepxde.runs import Settings, checked

from ..observed import Adam, Count, GridAdam, NonNegative, Positive

__all__ = [
    "SCHEMAS",
    "BirdEvaluation",
    "BirdFigures",
    "BirdLFlow",
    "BirdMlp",
    "BirdModel",
    "BirdPinn",
    "BirdSettings",
    "BirdSlda",
    "BirdSubharmonic",
    "Enlargement",
    "Scans",
    "Selection",
]


@checked
class Selection:
    """Which of the measurements count.

    Attributes:
        nights: Largest number of nights; where there are more, those in a row with the
            most birds count.
        clock: ``"utc"``, or ``"dusk"`` for the hours since each radar's first record of
            a night, with nights one after the other: the clock of the paper, in which
            a flow is no motion.
        moving: Density in birds/km3 below which velocities do not count.
        start: Earliest time in UTC; no limit where it is ``None``.
        end: Latest time in UTC; no limit where it is ``None``.
    """

    nights: Count
    clock: Literal["utc", "dusk"]
    moving: NonNegative
    start: str | None
    end: str | None


@checked
class Scans:
    """What the synthetic radars measure.

    Attributes:
        n: Number of altitude bins.
        dt: Hours between scans.
    """

    n: Count
    dt: Positive


@checked
class Enlargement:
    """Factors by which a box is larger than that of the observations.

    Attributes:
        plane: Factor in the plane.
        altitude: Factor in altitude.
    """

    plane: Positive
    altitude: Positive


@checked
class BirdEvaluation:
    """Where the models are measured.

    Attributes:
        consistency_grid: Number of points per axis of the plane.
        consistency_times: Number of times.
        continuity_points: Number of points for continuity, and of the truth.
        memory_batches: Numbers of observations for which memory is measured.
        box: Box that holds the paths of the consistency.
    """

    consistency_grid: Count
    consistency_times: Count
    continuity_points: Count
    memory_batches: tuple[Count, ...]
    box: Enlargement


@checked
class BirdFigures:
    """Sizes of the figures.

    Attributes:
        n: Number of points per axis.
        frames: Number of frames of the animation.
        tolerance: Tolerance of the tracks.
    """

    n: Count
    frames: Count
    tolerance: Positive


@checked
class BirdSettings(Settings):
    """What no model changes.

    Attributes:
        data: Choice of the measurements.
        reference: Scans of the synthetic network.
        evaluation: Points of the metrics.
        figures: Sizes of the figures.
    """

    data: Selection
    reference: Scans
    evaluation: BirdEvaluation
    figures: BirdFigures


@checked
class BirdModel(BirdSettings):
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
class BirdLFlow(BirdModel):
    """Settings of ``lflow``.

    Attributes:
        blocks: Number of blocks.
        depth: Number of layers of a block.
        width: Width of these layers.
        frequency: Frequency of their activation.
        affine: Whether blocks hold an affine map.
        box: Box that holds all birds.
        time_embedding: Widths of the network of time.
        time_scale: Half the length of the times of interest, in network units.
        mass: Weight of the mass.
    """

    blocks: Count
    depth: Count
    width: Count
    frequency: Positive
    affine: bool
    box: Enlargement
    time_embedding: tuple[Count, ...]
    time_scale: Positive
    mass: NonNegative


@checked
class BirdSubharmonic(BirdModel):
    """Settings of ``ncl-subharmonic``.

    Attributes:
        components: Number of Gaussians.
        hidden: Widths of the network of the time, which moves them.
        solenoidal: Widths of the network of the divergence-free part.
        activation: Activation of both.
        construction: How the momentum is made of the density.
        width: Standard deviation of the Gaussians before training.
        duration: Time scale of the flow, in network units.
        floor: Density below which the velocity fades out, as ``SubharmonicNCL`` takes
            it.
        mass: Weight of the mass.
    """

    components: Count
    hidden: tuple[Count, ...]
    solenoidal: tuple[Count, ...]
    activation: str
    construction: Literal["subharmonic", "transport"]
    width: Positive
    duration: Positive
    floor: Positive
    mass: NonNegative


@checked
class BirdSlda(BirdModel):
    """Settings of ``slda``.

    Attributes:
        grid: Number of nodes per axis.
        box: Box of the grid.
        width: Width of the hidden layers of the velocity.
        depth: Number of these layers.
        activation: Activation of the velocity.
        tolerance: Tolerance of the trajectories.
        noise: Standard deviation of the log-density before training.
        mass: Weight of the mass.
        adam: Budget of the training.
    """

    grid: Count
    box: Enlargement
    width: Count
    depth: Count
    activation: str
    tolerance: Positive
    noise: NonNegative
    mass: NonNegative
    adam: GridAdam


@checked
class BirdPinn(BirdModel):
    """Settings of ``pinn``.

    Attributes:
        width: Width of the hidden layers.
        depth: Number of hidden layers.
        frequency: Frequency of the first layer.
        num_domain: Number of collocation points of a step.
        continuity: Weight of the continuity equation.
    """

    width: Count
    depth: Count
    frequency: Positive
    num_domain: Count
    continuity: NonNegative


@checked
class BirdMlp(BirdModel):
    """Settings of ``mlp``.

    Attributes:
        width: Width of all layers.
        blocks: Number of blocks.
    """

    width: Count
    blocks: Count


SCHEMAS: dict[str, type[BirdModel]] = {
    "lflow": BirdLFlow,
    "ncl-subharmonic": BirdSubharmonic,
    "slda": BirdSlda,
    "pinn": BirdPinn,
    "mlp": BirdMlp,
}
