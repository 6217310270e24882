"""Which stages the models of the simulated fluid flow are trained in."""

from __future__ import annotations

from ncl_deepxde.data import Observations
from ncl_deepxde.runs import Stage

from ..observed import ObservedModel, adam, pretraining
from .exact import training_source
from .settings import FluidModel, FluidSlda

__all__ = ["list_stages"]


def list_stages(
    observed: ObservedModel, settings: FluidModel, data: Observations
) -> list[Stage]:
    """List the stages of training: a grid sees the density at the start before all.

    Args:
        observed: The model.
        settings: What the preset says of the model in this case.
        data: What it is trained on.
    """
    main = adam(observed, settings.adam, data)
    if not isinstance(settings, FluidSlda):
        return [main]
    at_start = training_source(settings.dim, times=1)
    return [pretraining(observed, settings.pretraining, at_start, data.seed), main]
