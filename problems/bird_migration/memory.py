"""Peak memory of a training step against the number of observations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.runs import Experiment

from .settings import BirdModel, BirdPinn

__all__ = ["peak_memory"]


def peak_memory(
    build: Callable[[BirdModel], Experiment[BirdModel]], settings: BirdModel
) -> dict[str, float]:
    """Measure the peak by the number of observations of a step, in MiB.

    Each step is the second one of a fresh model: the first one also starts its
    normalizations.

    Args:
        build: Builds a model from settings.
        settings: What the preset says of the model in this case.
    """
    found = {}
    for number in settings.evaluation.memory_batches:
        experiment = build(resized(settings, number))
        experiment.stages[-1].compile(experiment.model)
        inputs, _ = experiment.model.data.train_next_batch()
        step = partial(experiment.model.train_step, inputs, None, None)
        step()
        found[str(number)] = peak_mib(step)
    return found


def resized(settings: BirdModel, number: int) -> BirdModel:
    """Change the number of observations of a step; collocation points grow alike."""
    if isinstance(settings, BirdPinn):
        share = settings.num_domain / settings.num_observations
        num_domain = max(1, round(share * number))
        return replace(settings, num_observations=number, num_domain=num_domain)
    return replace(settings, num_observations=number)
