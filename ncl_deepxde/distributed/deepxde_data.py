"""Points of DeepXDE's own data, shared by the processes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import deepxde as dde
import numpy as np
from torch import Tensor

from .gradients import fingerprint
from .processes import SharesPoints, processes
from .shared_rows import SharedRows
from .start import start

__all__ = [
    "SHARED",
    "SharedLoss",
    "WholeLoss",
    "is_pointwise",
    "rows_of_share",
    "share",
]

LossFunction = Callable[[Tensor, Tensor], Tensor]

POINT_SETS = (dde.icbc.PointSetBC, dde.icbc.PointSetOperatorBC)
# Their errors at a point, or at a pair of points, depend on no other.
POINTWISE = (
    dde.icbc.DirichletBC,
    dde.icbc.NeumannBC,
    dde.icbc.RobinBC,
    dde.icbc.PeriodicBC,
    dde.icbc.OperatorBC,
    dde.icbc.IC,
    *POINT_SETS,
)


def share(model: dde.Model) -> None:
    """Let the processes that ``torchrun`` started share the points of a model.

    One line of a script, after the model is built. Data of this package and
    ``dde.data.PDE``, ``TimePDE`` and ``DataSet`` are shared; with others each process
    computes everything, which is right but no faster. Without ``torchrun`` nothing
    happens.

    Args:
        model: Its network and points must be the same on all processes: call
            ``dde.config.set_random_seed`` before they are made.

    Raises:
        ValueError: The weights or the points of two processes differ, or ``start``
            refuses the processes.

    Example:
        >>> share(model)  # doctest: +SKIP
        >>> model.compile("adam", lr=1e-3)  # doctest: +SKIP
    """
    here = start()
    if here.size == 1:
        return
    data = model.data
    if type(data) in SHARED and is_pointwise(data):
        kind: Any = SHARED[type(data)]
        model.data = kind.__new__(kind)
        # What others do to the data they hold, such as resampling, is seen here, too.
        model.data.__dict__ = vars(data)
        model.data.whole = None
        data = model.data
    if not isinstance(data, SharesPoints) and here.is_first:
        warnings.warn(
            f"distributed: the {here.size} processes cannot share the points of a "
            f"{type(data).__name__} with these conditions: each computes all of them, "
            "which is right and no faster. Use a Collocation, or start one process.",
            stacklevel=2,
        )
    facts = {"weights": fingerprint(list(model.net.state_dict().values()))}
    if isinstance(data, dde.data.PDE):
        facts["points"] = repr(float(np.sum(data.train_x, dtype=float)))
    here.check_same(facts)


def is_pointwise(data: Any) -> bool:
    """Tell whether the errors of conditions at a point depend on no other."""
    bcs = data.bcs if isinstance(data, dde.data.PDE) else []
    return all(type(bc) in POINTWISE for bc in bcs)


class SharedLoss:
    """A loss function that knows that it sees the errors of one process alone."""


class WholeLoss(SharedLoss):
    """A loss function of the errors of all processes.

    Args:
        function: Maps targets and outputs of all points to a number.
    """

    def __init__(self, function: LossFunction) -> None:
        self._function = function

    def __call__(self, target: Tensor, output: Tensor) -> Tensor:
        """Gather what the processes have and return the loss."""
        rows = SharedRows.of([len(target), len(output)])
        return self._function(*rows.gather([target, output]))


def _whole(loss: Any) -> Any:
    if isinstance(loss, (list, tuple)):
        return [_whole(one) for one in loss]
    return loss if isinstance(loss, SharedLoss) else WholeLoss(loss)


class _Shared(SharesPoints):
    """Data that give this process its share of the points they were built with.

    Attributes:
        whole: The points of all processes that ``here`` was made of.
        here: The same data at the share of this process.
    """

    whole: Any
    here: Any

    def train_next_batch(self: Any, batch_size: int | None = None) -> tuple[Any, ...]:
        """Return the points of this process, and what belongs to them."""
        found = super().train_next_batch(batch_size)  # type: ignore[misc]
        here = _share_of(self)
        names = ("train_x", "train_y", "train_aux_vars")
        return tuple(getattr(here, name) for name in names[: len(found)])

    def losses_train(
        self: Any,
        targets: Any,
        outputs: Any,
        loss_fn: Any,
        inputs: Any,
        model: dde.Model,
        aux: Any = None,
    ) -> Any:
        """Return the losses at the points of all processes."""
        here = _share_of(self)
        arguments = (targets, outputs, _whole(loss_fn), inputs, model)
        return super(_Shared, here).losses_train(  # type: ignore[misc]
            *arguments, aux=aux
        )


class SharedPDE(_Shared, dde.data.PDE):  # type: ignore[misc]
    """See ``share``."""


class SharedTimePDE(_Shared, dde.data.TimePDE):  # type: ignore[misc]
    """See ``share``."""


class SharedDataSet(_Shared, dde.data.DataSet):  # type: ignore[misc]
    """See ``share``."""


SHARED: dict[type, type] = {
    dde.data.PDE: SharedPDE,
    dde.data.TimePDE: SharedTimePDE,
    dde.data.DataSet: SharedDataSet,
}


def _share_of(data: Any) -> Any:
    """Return the same data at the points of this process."""
    if data.whole is data.train_x:
        return data.here
    here = rows_of_share(data)
    # DeepXDE remembers targets by the place of points in memory: none may be reused.
    data.earlier = [*getattr(data, "earlier", ()), here.train_x]
    data.whole, data.here = data.train_x, here
    return here


def rows_of_share(data: Any) -> Any:
    """Return a copy of data at the points of this process."""
    here = copy.copy(data)
    counts = data.num_bcs if isinstance(data, dde.data.PDE) else []
    edges = np.cumsum([0, *counts])
    parts = []
    if counts:
        here.bcs = list(data.bcs)
    for i, (bc, first) in enumerate(zip(getattr(data, "bcs", ()), edges, strict=False)):
        rows, here.bcs[i] = _rows_of(bc, counts[i], f"{type(bc).__name__} {i + 1}")
        parts.append(first + rows)
    here.num_bcs = [len(part) for part in parts]
    rest = np.arange(edges[-1], len(data.train_x))
    if len(rest) or not counts:
        parts.append(rest[processes().share(len(rest), "num_domain")])
    index = np.concatenate(parts)
    for name in ("train_x", "train_y", "train_aux_vars"):
        value = getattr(data, name, None)
        setattr(here, name, None if value is None else value[index])
    return here


def _rows_of(bc: Any, count: int, name: str) -> tuple[Any, Any]:
    """Return which of the points of a condition are ours, and the condition there."""
    every = np.arange(count)
    if isinstance(bc, dde.icbc.PeriodicBC):
        # Points on one side, then their images on the other.
        pairs = every.reshape(2, -1)
        return pairs[:, processes().share(count // 2, name)].ravel(), bc
    rows = every[processes().share(count, name)]
    if isinstance(bc, POINT_SETS):
        bc = copy.copy(bc)
        if bc.batch_size is not None:
            bc.batch_indices = bc.batch_indices[rows]
        elif bc.values.ndim == 2 and len(bc.values) == count:
            bc.values = bc.values[rows]
    return rows, bc
