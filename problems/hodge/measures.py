"""Metrics of the Hodge decomposition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from ncl_deepxde.data import uniform_box
from ncl_deepxde.data.samplers import keyed_generator
from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.evaluation.rows import MetricRow
from ncl_deepxde.runs import Experiment

from .models import SolenoidalPart, in_chunks
from .settings import HodgeModel
from .target import PERIOD, Target

__all__ = ["divergence_error", "error_while_training", "measure", "relative_squared_l2"]

KEY = "relative_squared_l2"
ROWS = (
    MetricRow(KEY, "Relative squared L2 error", "dimension", "smallest"),
    MetricRow(
        "divergence_relative",
        "Conservation",
        "divergence / largest term, dimension",
        "smallest",
        law="The divergence vanishes at every point",
    ),
    MetricRow(
        "memory_per_point", "Training", "memory per point, dimension", "smallest", "KiB"
    ),
)
# Points of the Jacobian, n^2 numbers each.
JACOBIANS = 64


def measure(experiment: Experiment[HodgeModel]) -> dict[str, float]:
    """Return the error, the largest divergence and the memory of a trained model.

    Args:
        experiment: The trained model, whose settings are those of its case.
    """
    part: Any = experiment.solution
    x = points(part.field.dim, experiment.settings.evaluation.points)
    return {
        KEY: relative_squared_l2(part, x),
        "divergence_relative": divergence_error(part.solenoidal, x[:JACOBIANS]),
        "memory_per_point": memory_per_point(experiment),
    }


def relative_squared_l2(part: SolenoidalPart, x: Tensor) -> float:
    r"""Return :math:`\sum |v_\theta - \eta|^2 / \sum |\eta|^2` over points (N, n)."""
    eta, found = (in_chunks(f.solenoidal, x) for f in (part.field, part))
    return float((found - eta).square().sum() / eta.square().sum())


def divergence_error(field: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """Return the largest divergence of a field, in units of its largest term.

    By reverse mode, independently of how a network computes the field.

    Args:
        field: Maps (N, n) to (N, n), row by row.
        x: Points, (N, n).
    """
    J = vmap(jacrev(lambda y: field(y[None])[0]))(x).detach()
    terms = J.diagonal(dim1=1, dim2=2)
    return float(terms.sum(dim=1).abs().max() / terms.abs().max())


def memory_per_point(experiment: Experiment[HodgeModel]) -> float:
    """Measure the memory that one more point adds to a step of training, in KiB.

    Args:
        experiment: The model; its weights stay as they are.
    """
    net, terms = experiment.model.net, experiment.model.data.terms
    weights = [p for p in net.parameters() if p.requires_grad]
    peaks = []
    for factor in (1, 2):
        objective = terms.with_batch(factor * terms.batch)

        def step(objective: Any = objective) -> None:
            (loss,) = objective(net, keyed_generator(0)).values()
            torch.autograd.grad(loss, weights, allow_unused=True)

        step()
        peaks.append(peak_mib(step))
    return 1024 * (peaks[1] - peaks[0]) / int(terms.batch)


def error_while_training(
    part: SolenoidalPart, settings: HodgeModel
) -> Callable[[], dict[str, float]]:
    """Return a function that measures the error at points that stay.

    Args:
        part: What is trained.
        settings: What the preset says of the model in this case.
    """
    x = points(part.field.dim, settings.evaluation.points_while_training)
    return lambda: {KEY: relative_squared_l2(part, x)}


def points(dim: int, number: int) -> Tensor:
    """Return uniform points of the torus, the same at every call, (number, dim)."""
    side = PERIOD / 2
    generator = keyed_generator(Target.SEED, dim)
    return uniform_box([-side] * dim, [side] * dim)(number, generator)
