"""Peak memory of a training step against the number of observations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ncl_deepxde.evaluation.memory import peak_mib
from ncl_deepxde.runs.cells import merge
from ncl_deepxde.runs.problem import Experiment

__all__ = ["peak_memory"]


def peak_memory(
    build: Callable[[Mapping[str, Any]], Experiment],
    model: str,
    settings: Mapping[str, Any],
    batches: Sequence[int],
) -> dict[str, float]:
    """Return the peak by the number of observations of a step, in MiB.

    Collocation points grow with the observations. Each step is the second one of a
    fresh model: the first one also starts its normalizations.

    Args:
        build: Makes the model from settings.
        model: Its name, the key of its own settings.
        settings: Of a case of a preset.
        batches: Numbers of observations.
    """
    own, found = settings[model], {}
    for batch in batches:
        sizes = {"num_observations": batch}
        if "num_domain" in own:
            share = own["num_domain"] / own["num_observations"]
            sizes["num_domain"] = max(1, round(share * batch))
        experiment = build(merge(settings, {model: sizes}))
        experiment.stages[-1].compile(experiment.model)
        inputs, _ = experiment.model.data.train_next_batch()
        step = partial(experiment.model.train_step, inputs, None, None)
        step()
        found[str(batch)] = peak_mib(step)
    return found
