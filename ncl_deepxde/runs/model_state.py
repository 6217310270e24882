"""Everything that decides the next training step of a DeepXDE model, as plain data."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import deepxde as dde
import numpy as np
import torch


@runtime_checkable
class Stateful(Protocol):
    """Data that can continue where it stopped, such as ``data.Collocation``."""

    def state_dict(self) -> dict[str, Any]:
        """Return tensors, numbers, strings, and dicts and lists of them."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state that ``state_dict`` returned."""


def sampling_state(model: dde.Model) -> dict[str, Any]:
    """Return the state of the data and of the random generators.

    The data classes of DeepXDE have no state: their points are drawn when they are
    built.
    """
    numbers: Any = np.random.get_state(legacy=True)  # noqa: NPY002
    _, keys, position, has_gauss, gauss = numbers
    state: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "numpy": [torch.from_numpy(keys.astype(np.int64)), position, has_gauss, gauss],
        "python": random.getstate(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    if isinstance(model.data, Stateful):
        state["data"] = model.data.state_dict()
    return state


def restore_sampling(model: dde.Model, state: Mapping[str, Any]) -> None:
    """Continue with the same points and random numbers as when ``state`` was taken."""
    torch.set_rng_state(state["torch"])
    keys, *rest = state["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    random.setstate(state["python"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    if "data" in state:
        model.data.load_state_dict(state["data"])


def model_state(model: dde.Model) -> dict[str, Any]:
    """Return weights, optimizer, learning rate schedule, data and generators."""
    schedule = model.lr_scheduler
    return {
        "weights": model.net.state_dict(),
        "external": [v.detach() for v in model.external_trainable_variables],
        "optimizer": model.opt.state_dict(),
        "schedule": None if schedule is None else schedule.state_dict(),
        "sampling": sampling_state(model),
    }


def restore_model(model: dde.Model, state: Mapping[str, Any]) -> None:
    """Put a compiled model into a state that ``model_state`` returned."""
    model.net.load_state_dict(state["weights"])
    with torch.no_grad():
        for variable, value in zip(
            model.external_trainable_variables, state["external"], strict=True
        ):
            variable.copy_(value)
    model.opt.load_state_dict(state["optimizer"])
    if model.lr_scheduler is not None:
        model.lr_scheduler.load_state_dict(state["schedule"])
    restore_sampling(model, state["sampling"])


def has_finite_weights(model: dde.Model) -> bool:
    """Whether no weight of the network is infinite or not a number."""
    weights = model.net.state_dict().values()
    return all(bool(torch.isfinite(w).all()) for w in weights)
