"""Checks of the arguments that the network classes share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from inspect import isfunction
from numbers import Integral, Real
from typing import Any

import torch
from torch import Tensor

__all__ = [
    "MOST_STREAMS",
    "check_choice",
    "check_counts",
    "check_dtype",
    "check_kind",
    "check_layer_sizes",
    "check_periods",
    "check_positive",
    "check_streams",
    "is_count",
    "num_streams",
    "time_column",
]

MOST_STREAMS = 2000
"""Streams beyond which a jet takes minutes to set up and gigabytes to train."""


def check_choice(argument: str, value: Any, choices: Sequence[Any]) -> None:
    """Raise ``ValueError`` unless ``value`` is one of ``choices``."""
    if value not in choices:
        listed = ", ".join(map(repr, choices))
        raise ValueError(f"{argument}: must be one of {listed}, got {value!r}.")


def check_kind(argument: str, value: Any, *kinds: type) -> None:
    """Raise ``ValueError`` unless ``value`` is ``None`` or of one of the classes."""
    if value is not None and not isinstance(value, kinds):
        listed = " or ".join(f"nn.{kind.__name__}" for kind in kinds)
        remedy = ""
        if argument == "initial" and isfunction(value):
            remedy = f" Wrap it: nn.{kinds[0].__name__}(...)."
        elif hasattr(value, "on_boundary"):  # a geometry of DeepXDE
            remedy = f" Write nn.{kinds[0].__name__}.of(...)."
        raise ValueError(
            f"{argument}: must be an {listed} or None, got {value!r}.{remedy}"
        )


def check_counts(**counts: tuple[Any, int]) -> None:
    """Raise ``ValueError`` unless each value is an integer and at least its bound."""
    for name, (value, least) in counts.items():
        if not is_count(value, least):
            raise ValueError(
                f"{name}: must be an integer and at least {least}, got {value!r}."
            )


def is_count(value: Any, least: int) -> bool:
    """Tell whether a value is an integer and at least ``least``; True is no number."""
    is_integer = isinstance(value, Integral) and not isinstance(value, bool)
    return is_integer and int(value) >= least


def check_positive(**numbers: Any) -> None:
    """Raise ``ValueError`` unless each value is a positive finite number."""
    for name, value in numbers.items():
        if not _is_positive(value):
            raise ValueError(f"{name}: must be positive and finite, got {value!r}.")


def check_dtype(argument: str, value: Tensor, dtype: torch.dtype) -> None:
    """Raise ``ValueError`` unless a tensor has the dtype of the network."""
    if value.dtype != dtype:
        raise ValueError(
            f"{argument}: must have the dtype of the network, {dtype}, got "
            f"{value.dtype}. Call dde.config.set_default_float before building data "
            "and network."
        )


def check_streams(argument: str, num_inputs: int, order: int, remedy: str) -> None:
    """Raise ``ValueError`` if jets carry too many derivatives of every unit.

    Args:
        argument: Name of the argument to blame.
        num_inputs: Number of variables of the jets.
        order: Order of the jets.
        remedy: Sentence that ends the message.
    """
    streams = num_streams(num_inputs, order)
    if streams > MOST_STREAMS:
        raise ValueError(
            f"{argument}: jets of order {order} in {num_inputs} variables carry "
            f"{streams} derivatives of every unit, at most {MOST_STREAMS} are allowed. "
            f"{remedy}"
        )


def num_streams(num_inputs: int, order: int) -> int:
    """Return how many derivatives of every unit jets of an order carry."""
    return math.comb(num_inputs + order, num_inputs)


def time_column(argument: str, time: float | Tensor, x: Tensor) -> Tensor:
    """Return times, a number or shape (N, 1), as a column for points x, (N, d).

    Raises:
        ValueError: Another shape.
    """
    t = torch.as_tensor(time, dtype=x.dtype, device=x.device)
    if t.ndim and t.shape != (len(x), 1):
        raise ValueError(
            f"{argument}: must be a number or have shape ({len(x)}, 1), one time per "
            f"point, got shape {tuple(t.shape)}."
        )
    return t.expand(len(x), 1)


def check_layer_sizes(
    layer_sizes: Sequence[int], min_inputs: int, field: str, *, has_time: bool = False
) -> int:
    """Return the number of extra outputs.

    Args:
        layer_sizes: Number of inputs, hidden widths, number of outputs.
        min_inputs: Least number of inputs.
        field: Names of the outputs that must be there, for the message.
        has_time: Whether one of the inputs, the time, has no output of its own.

    Raises:
        ValueError: The sizes cannot be those of such a network.
    """
    sizes = list(layer_sizes) if isinstance(layer_sizes, Sequence) else []
    if len(sizes) < 3 or not all(isinstance(n, Integral) and n > 0 for n in sizes):
        raise ValueError(
            "layer_sizes: must hold the number of inputs, at least one hidden width "
            "and the number of outputs, all positive integers, got "
            f"{layer_sizes!r}. Use for example [3] + [64] * 4 + [4]."
        )
    if sizes[0] < min_inputs:
        raise ValueError(
            f"layer_sizes: the first entry, the number of inputs, must be at least "
            f"{min_inputs}, got {sizes[0]}."
        )
    least = sizes[0] - has_time
    extras = sizes[-1] - least
    if extras < 0:
        raise ValueError(
            f"layer_sizes: the last entry must be at least {least}, for the "
            f"outputs {field}, got {sizes[-1]}. Further outputs are free; features of "
            "the inputs do not count as inputs."
        )
    return extras


def check_periods(
    periods: Sequence[float | None] | float | None, num_axes: int, rest: int
) -> tuple[float | None, ...]:
    """Return one period or ``None`` per input column.

    Args:
        periods: One number for all ``num_axes`` space axes, one entry per axis, or
            ``None``.
        num_axes: Number of axes that may be periodic.
        rest: Number of further columns (time), never periodic.

    Raises:
        ValueError: Wrong number of entries, or an entry that is not positive.
    """
    entries = list(periods) if isinstance(periods, Sequence) else [periods] * num_axes
    if len(entries) != num_axes or not all(
        p is None or _is_positive(p) for p in entries
    ):
        raise ValueError(
            f"periods: must be a positive number or one entry (positive or None) for "
            f"each of the {num_axes} space axes, time excluded, got {periods!r}."
        )
    return (*(None if p is None else float(p) for p in entries), *(None,) * rest)


def _is_positive(value: Any) -> bool:
    """Tell whether a value is a positive finite number; True counts as no number."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return is_number and 0 < value < math.inf
