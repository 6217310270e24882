r"""Whether a step of training fits into memory, told before it is done.

A step at K points, with R residuals in proportion, needs

.. math:: M(K) = a + b K + O(R)

bytes for its tensors. The network with its streams of derivatives and the equation
decide a and b: the step is done at two small numbers of points and counted, up to its
gradient, since what is kept depends on the network, on what the residuals ask for, and
on how they are written. O is what the optimizer adds: its state, or matrices of
Gauss-Newton, by their sizes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import deepxde as dde
import torch
from deepxde.gradients.gradients import clear
from torch import Tensor

from ..distributed import SharesPoints, alone, part_of, processes
from .available_memory import available_memory
from .memory import peak_mib

__all__ = [
    "CountsState",
    "HasMemory",
    "StepMemory",
    "TellsMemory",
    "check_memory",
    "step_memory",
]

MIB, GIB = 2**20, 2**30
# Points that a step is done with to count what it needs.
FEW, SOME = 16, 48
# What is counted is that of tensors, without what operations need inside, and what
# malloc keeps: right within this factor (tests, docs/scaling.md). Beyond it a step
# cannot fit, and is refused.
CERTAIN = 2.0
# Bytes of a point by unit of the network: forty times the most in benchmarks/memory.py.
# A step that would fit even so is not counted.
MOST_PER_UNIT = 5e4
# More residuals than most steps have at a point.
RESIDUALS = 10


@runtime_checkable
class HasMemory(Protocol):
    """An optimizer that does more than a gradient.

    Attributes:
        memory: What it needs.
    """

    memory: TellsMemory


class TellsMemory(Protocol):
    """What the step of an optimizer needs."""

    def at_few(self, model: dde.Model) -> int:
        """Do what grows with the points alone; return the number of residuals."""
        ...

    def beside(self, residuals: int) -> float:
        """Return the bytes beside, by the number of residuals of all processes."""
        ...


@runtime_checkable
class CountsState(Protocol):
    """An optimizer that knows what it keeps."""

    def state_numbers(self) -> int:
        """Return how many numbers it keeps, and computes beside, for all weights."""
        ...


@dataclass(frozen=True)
class StepMemory:
    """What a step needs, in bytes.

    Attributes:
        points: Number of points of the first network call of a step of this process.
        fixed: a, whatever their number.
        per_point: b.
        more: Maps their number to what the optimizer adds.
    """

    points: int
    fixed: float
    per_point: float
    more: Callable[[int], float]

    def at(self, points: int) -> float:
        """Return what a step with another number of points needs."""
        return self.fixed + self.per_point * points + self.more(points)

    def fitting(self, available: float) -> int:
        """Return the largest number of points that fits, at most that of the step."""
        low, high = 0, self.points + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (middle, high) if self.at(middle) <= available else (low, middle)
            )
        return low


def check_memory(model: dde.Model) -> None:
    """Warn of a step that may not fit into memory, refuse one that cannot.

    Args:
        model: A compiled model.

    Raises:
        ValueError: A step needs more than twice the memory that there is.
    """
    available = _least(available_memory(next(model.net.parameters()).device))
    if _is_small(model, available):
        return
    found = step_memory(model)
    if found is None or (needed := found.at(found.points)) <= available:
        return
    message = (
        f"{_name(model)}: a step with {found.points} points must fit into memory, got "
        f"{needed / GIB:.3g} GiB for {available / GIB:.3g} GiB that are free; about "
        f"{found.fitting(available)} points fit. Take fewer points, float32 or a "
        "smaller network, or start more processes on more machines by torchrun."
    )
    if needed > CERTAIN * available:
        raise ValueError(message)
    warnings.warn(message, RuntimeWarning, stacklevel=3)


def step_memory(model: dde.Model) -> StepMemory | None:
    """Return what a step of this process needs, by doing it at a few points.

    Nothing of the model changes.

    Args:
        model: A compiled model.

    Returns:
        The bytes, or ``None`` for data that cannot be had at a few points.
    """
    told = _told(model)
    shares, peaks, residuals = [], [], 0
    for few in (FEW, SOME):
        part = part_of(model.data, few)
        if part is None:
            return None
        data, share = part
        with _trial(model, data):
            # What is made once is no part of a step.
            residuals = round(told.at_few(model) / share)
            peaks.append(MIB * peak_mib(partial(told.at_few, model)))
        shares.append(share)
    points = max(1, round(_points(model) * _share(model)))
    fixed, slope = _line(shares, peaks)
    return StepMemory(
        points,
        fixed,
        slope * _share(model) / points,
        lambda count: told.beside(residuals * count // points),
    )


def _line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Return value at 0 and slope of a line that rises through two points."""
    if x[0] == x[1]:
        return 0.0, y[1] / x[1]
    slope = max(0.0, (y[1] - y[0]) / (x[1] - x[0]))
    return max(0.0, y[1] - slope * x[1]), slope


@dataclass(frozen=True)
class _FirstOrder:
    """See ``TellsMemory``: the loss and its gradient."""

    model: dde.Model

    def at_few(self, model: dde.Model) -> int:
        inputs, targets, *more = model.data.train_next_batch()
        auxiliary = more[0] if more else None
        losses = model.outputs_losses_train(inputs, targets, auxiliary)[1]
        torch.autograd.grad(losses.sum(), _weights(model), allow_unused=True)
        return 0

    def beside(self, residuals: int) -> float:
        weights, optimizer = _weights(self.model), self.model.opt
        count = sum(p.numel() for p in weights)
        # The gradient and the two means of Adam, or a copy of each.
        numbers = 3 * count
        if isinstance(optimizer, CountsState):
            numbers = optimizer.state_numbers()
        elif isinstance(optimizer, torch.optim.LBFGS):
            # Pairs of steps and differences of gradients.
            numbers += 2 * optimizer.param_groups[0]["history_size"] * count
        return float(sum(p.element_size() for p in weights[:1]) * numbers)


@contextmanager
def _trial(model: dde.Model, data: Any) -> Iterator[None]:
    """Give a model other data inside, and leave no trace."""
    own, is_training = model.data, model.net.training
    # The first call of some networks sets what later ones need.
    weights = {k: v.clone() for k, v in model.net.state_dict().items()}
    device = next(model.net.parameters()).device
    devices = [device] if device.type == "cuda" else []
    model.data = data
    try:
        with (
            alone(),
            torch.enable_grad(),
            torch.random.fork_rng(devices),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        clear()
        model.data = own
        with torch.no_grad():
            for name, value in model.net.state_dict().items():
                if not torch.equal(value, weights[name]):
                    value.copy_(weights[name])
        model.net.train(is_training)


def _least(available: float | None) -> float:
    """Return what the process with the least has: all refuse the same."""
    known = math.inf if available is None else available
    numbers = torch.tensor([known], dtype=torch.float64, device="cpu")
    return float(processes().collect(numbers).min())


def _share(model: dde.Model) -> float:
    """Return which share of the points is of this process."""
    return 1 / processes().size if isinstance(model.data, SharesPoints) else 1.0


def _is_small(model: dde.Model, available: float) -> bool:
    """Tell whether a step fits whatever the network is."""
    units = sum(p.shape[0] if p.ndim else 1 for p in _weights(model))
    points = _points(model)
    most = MOST_PER_UNIT * units * points * _share(model)
    return most + _told(model).beside(RESIDUALS * points) < available


def _told(model: dde.Model) -> TellsMemory:
    is_told = isinstance(model.opt, HasMemory)
    return model.opt.memory if is_told else _FirstOrder(model)


def _weights(model: dde.Model) -> list[Tensor]:
    return [p for p in model.net.parameters() if p.requires_grad]


def _points(model: dde.Model) -> int:
    """Return the number of points of the first network call of all processes."""
    data = model.data
    known = getattr(data, "num_points", None)
    rows = getattr(data, "train_x", None)
    return int(known if known is not None else 0 if rows is None else len(rows))


def _name(model: dde.Model) -> str:
    return type(model.opt).__name__
