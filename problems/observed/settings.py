"""Budgets of the trainings on observed densities and velocities."""

from __future__ import annotations

from ncl_deepxde.runs import Count, NonNegative, Positive, checked

__all__ = ["Adam", "Count", "GridAdam", "NonNegative", "Positive", "Pretraining"]


@checked
class Adam:
    """Budget of Adam, whose learning rate falls by a cosine.

    Attributes:
        lr: Learning rate at the start.
        steps: Number of steps.
        least_lr: Learning rate at the end of the cosine.
        cosine: Number of steps of the cosine, where training ends before it does.
        clip: Largest norm of the gradient.
        weight_decay: Factor of the weights that is added to their gradient.
    """

    lr: Positive
    steps: Count
    least_lr: NonNegative
    cosine: Count | None = None
    clip: Positive | None = None
    weight_decay: NonNegative = 0.0


@checked
class GridAdam(Adam):
    """Budget of Adam for a network with a density on a grid.

    Attributes:
        grid_lr: Learning rate of the density, to which no weight decay applies.
    """

    grid_lr: Positive


@checked
class Pretraining:
    """Budget of L-BFGS on a density at the start.

    Attributes:
        steps: Number of steps, each with points of its own.
        iterations: Number of iterations of a step.
        num_observations: Number of observations of a step.
    """

    steps: Count
    iterations: Count
    num_observations: Count
